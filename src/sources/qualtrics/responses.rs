//! The document of an export: answers are taken out of it one by one, and only what the settings name
//! is kept. Addresses, places and names of people stand in every answer, and are dropped here.

use std::fmt;
use std::io::Read;

use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::Error as _;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Value;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::api;
use crate::sources::qualtrics::Questions;

/// The code of a warning about an answer that cannot be read.
pub(super) const BAD: &str = "bad_item";
/// Where a question has no answer in so many, its id is probably wrong.
const MANY: usize = 20;

/// Reads a document to its end.
pub(super) fn read(document: impl Read, questions: &Questions, page: &mut Page) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_reader(document);
    let mut answers = Answers { questions, page, seen: vec![false; questions.text.len()], kept: 0, at: 0 };
    reader.deserialize_map(&mut answers)?;
    // To the very end: an archive says there whether it is as it was packed.
    reader.end()?;
    answers.tell_unknown();
    Ok(())
}

/// What is read so far.
struct Answers<'a> {
    questions: &'a Questions,
    page: &'a mut Page,
    /// Whether any answer holds the text of that number.
    seen: Vec<bool>,
    kept: usize,
    at: usize,
}

impl<'de> Visitor<'de> for &mut Answers<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object with the list `responses`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut is_there = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "responses" {
                is_there = true;
                map.next_value_seed(List(&mut *self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if is_there { Ok(()) } else { Err(A::Error::custom("JSON without the list `responses`")) }
    }
}

/// The list of answers, of which one is in memory at a time.
struct List<'a, 'b>(&'a mut Answers<'b>);

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list of answers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(response) = list.next_element::<Value>()? {
            self.0.take(&response);
        }
        Ok(())
    }
}

impl Answers<'_> {
    fn take(&mut self, response: &Value) {
        self.at += 1;
        let Some(id) = api::id(response, &["responseId"]).or_else(|| api::id(response, &["values", "_recordId"])) else {
            self.page.warnings.push(Warning::new(BAD, format!("answer {}", self.at), "an answer without `responseId`"));
            return;
        };
        let is_unfinished = matches!(api::number(response, &["values", "finished"]), Some(finished) if finished == 0.0);
        if is_trial(response) && !self.questions.include_previews || is_unfinished && !self.questions.include_unfinished {
            return;
        }
        self.kept += 1;
        let mut item = Item {
            id,
            text: self.text(response),
            published: ["recordedDate", "endDate"].iter().find_map(|key| api::moment(response, &["values", key])),
            rating: self.rating(response),
            lang: api::text(response, &["values", "userLanguage"]).and_then(|tag| language(&tag)),
            ..Item::default()
        };
        if let Some(channel) = api::text(response, &["values", "distributionChannel"]) {
            item.fields.insert("channel".to_owned(), channel);
        }
        self.page.items.push(item);
    }

    /// The open answers, one below the other.
    fn text(&mut self, response: &Value) -> String {
        let mut texts = Vec::new();
        for (at, question) in self.questions.text.iter().enumerate() {
            if let Some(text) = api::text(response, &["values", question]) {
                self.seen[at] = true;
                texts.push(text);
            }
        }
        if self.questions.text.is_empty()
            && let Some(values) = api::at(response, &["values"]).and_then(Value::as_object)
        {
            let open = values.iter().filter(|(key, _)| key.starts_with("QID") && key.contains("TEXT"));
            texts.extend(open.filter_map(|(_, value)| api::text(value, &[])));
        }
        texts.join("\n\n")
    }

    fn rating(&self, response: &Value) -> Option<Rating> {
        let value = api::number(response, &["values", self.questions.rating.as_ref()?])?;
        (0.0..=self.questions.rating_max).contains(&value).then_some(Rating { value, max: self.questions.rating_max })
    }

    /// Says which questions nobody ever answered.
    fn tell_unknown(&mut self) {
        if self.kept < MANY {
            return;
        }
        for (question, _) in self.questions.text.iter().zip(&self.seen).filter(|(_, seen)| !**seen) {
            let message = format!("none of {} answers has a text for `{question}`: check `text`", self.kept);
            self.page.warnings.push(Warning::new("no_such_question", question.as_str(), message));
        }
    }
}

/// Whether somebody tried the survey out: a preview, a test, or a preview of the app for use without network.
fn is_trial(response: &Value) -> bool {
    let by_number = matches!(api::number(response, &["values", "status"]), Some(status) if [1.0, 2.0, 9.0, 17.0].contains(&status));
    let by_word = |text: String| ["preview", "test"].iter().any(|word| text.to_ascii_lowercase().contains(word));
    by_number || api::text(response, &["labels", "status"]).or_else(|| api::text(response, &["values", "status"])).is_some_and(by_word)
}

/// A language as Qualtrics names it (`EN`, `PT-BR`, `ZH-S`) as others do.
fn language(tag: &str) -> Option<String> {
    let mut parts = tag.split(['-', '_']);
    let is_code = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let main = parts.next().filter(is_code)?.to_ascii_lowercase();
    Some(match parts.next().filter(is_code) {
        Some(region) => format!("{main}-{}", region.to_ascii_uppercase()),
        None => main,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_named_as_others_name_them() {
        for (tag, expected) in [("EN", Some("en")), ("PT-BR", Some("pt-BR")), ("ZH-S", Some("zh")), ("Q_Language", None), ("", None)] {
            assert_eq!(language(tag).as_deref(), expected, "{tag}");
        }
    }

    #[test]
    fn a_question_that_nobody_answers_is_told() {
        let questions = Questions { text: vec!["QID2_TEXT".to_owned(), "QID9_TEXT".to_owned()], ..Questions::default() };
        let responses: Vec<Value> =
            (0..MANY).map(|number| serde_json::json!({"responseId": number.to_string(), "values": {"QID2_TEXT": "fine"}})).collect();
        let mut page = Page::default();
        read(serde_json::json!({ "responses": responses }).to_string().as_bytes(), &questions, &mut page).unwrap();
        let told: Vec<String> = page.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["QID9_TEXT: none of 20 answers has a text for `QID9_TEXT`: check `text` [no_such_question]"]);
    }
}
