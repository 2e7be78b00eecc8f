//! SurveyMonkey: events bring ids alone, so that each is followed by one call for the answer. Only what
//! that call says is stored.

use serde_json::Value;

use crate::domain::http::Call;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::refusal::Names;
use crate::sources::webhook;
use crate::sources::webhook::Brings;
use crate::sources::webhook::Fetch;
use crate::sources::webhook::Settings;

/// Where answers are asked for.
pub const BASE: &str = "https://api.surveymonkey.com";

pub(super) const NAMES: Names = Names {
    service: "SurveyMonkey",
    login: "`token` of `fetch`",
    permission: "the scope `View Responses` and, for answers in full, `View Response Details`",
    thing: "whether the survey belongs to the account of the token",
};

/// What an event says of a response.
struct Event {
    verb: String,
    survey: String,
    response: String,
}

impl Event {
    /// `None` where it is about something else than a response.
    fn of(value: &Value) -> Result<Option<Self>, ReadError> {
        let wrong = || ReadError::new("JSON without `event_type` and `object_id`", "check `format` of the source against what is sent");
        let kind = api::text(value, &["event_type"]).ok_or_else(wrong)?;
        let response = api::id(value, &["object_id"]).ok_or_else(wrong)?;
        let Some(verb) = kind.strip_prefix("response_") else { return Ok(None) };
        let of_filter = || api::id(value, &["filter_id"]).filter(|_| api::text(value, &["filter_type"]).as_deref() == Some("survey"));
        let survey = api::id(value, &["resources", "survey_id"]).or_else(of_filter).ok_or_else(wrong)?;
        // They become parts of an address.
        let is_number = |id: &str| !id.is_empty() && id.len() < 24 && id.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(&survey) || !is_number(&response) {
            return Err(ReadError::new("an event of SurveyMonkey with ids that are no numbers", "check what is sent"));
        }
        Ok(Some(Self { verb: verb.to_owned(), survey, response }))
    }
}

/// What an event asks for.
pub(super) fn event(value: &Value, fetch: Option<&Fetch>) -> Result<Brings, ReadError> {
    let Some(event) = Event::of(value)? else { return Ok(Brings::Page(Box::new(page_with(other())))) };
    match (event.verb.as_str(), fetch) {
        ("deleted", _) => Ok(Brings::Page(Box::new(page(gone(&event.response, webhook::time(value, &["event_datetime"])))))),
        ("completed" | "updated", Some(fetch)) => {
            let Event { survey, response, .. } = event;
            Ok(Brings::Asked(Box::new(Request::Call(Call {
                url: format!("{}/v3/surveys/{survey}/responses/{response}/details?simple=true", fetch.base),
                headers: vec![("Accept".to_owned(), "application/json".to_owned())],
                takes: vec![404],
                context: response,
                ..Call::default()
            }))))
        }
        _ => Ok(Brings::Page(Box::new(page_with(other())))),
    }
}

/// What a saved event shows without anybody being asked.
pub(super) fn shown(value: &Value) -> Result<Page, ReadError> {
    Ok(match event(value, None)? {
        Brings::Page(page) if !page.items.is_empty() => *page,
        _ => page_with(Warning::new("ids_only", "", "SurveyMonkey sends ids alone; the daemon asks for the answer with `fetch`")),
    })
}

/// The answer to such a call.
pub(super) fn details(reply: &Reply, settings: &Settings) -> Result<Page, ReadError> {
    if reply.status == 404 {
        // It was deleted before anybody asked.
        return Ok(page(gone(&reply.call.context, None)));
    }
    let item = message(&api::json(&reply.body, "SurveyMonkey")?, settings)?;
    if item.id != reply.call.context {
        return Err(ReadError::new("an answer of SurveyMonkey about another response", "it is tried again later"));
    }
    Ok(page(item))
}

pub(super) fn page(item: Item) -> Page {
    webhook::page_of("surveymonkey", vec![item])
}

fn page_with(warning: Warning) -> Page {
    Page { warnings: vec![warning], ..webhook::page_of("surveymonkey", Vec::new()) }
}

fn other() -> Warning {
    Warning::new("other_event", "", "the event brings no complete response: nothing is stored")
}

fn gone(id: &str, updated: Option<crate::domain::Timestamp>) -> Item {
    Item { id: id.to_owned(), updated, gone: true, ..Item::default() }
}

/// A response in full.
pub(super) fn message(value: &Value, settings: &Settings) -> Result<Item, ReadError> {
    let id = api::id(value, &["id"])
        .ok_or_else(|| ReadError::new("no response of SurveyMonkey: JSON without `id`", "it is tried again later"))?;
    let pages = api::list(value, "pages", "SurveyMonkey")?;
    let nothing = Vec::new();
    let questions = || {
        let list = |value: &'_ Value| -> Vec<Value> { value.as_array().unwrap_or(&nothing).clone() };
        pages.iter().flat_map(move |page| page.get("questions").map(list).unwrap_or_default())
    };
    let (mut text, mut rating, mut fields) = (Vec::new(), None, std::collections::BTreeMap::new());
    for question in questions() {
        let name = api::id(&question, &["id"]).unwrap_or_default();
        let answers = question.get("answers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        // Name, address and telephone number of whoever answered.
        let is_private = matches!(api::text(&question, &["family"]).as_deref(), Some("demographic" | "presentation" | "datetime"));
        let is_rating = settings.rating.as_ref() == Some(&name);
        let is_text = if settings.text.is_empty() { !is_rating } else { settings.text.contains(&name) };
        if is_rating {
            rating = answers.iter().find_map(scored);
        }
        if is_text && !is_private {
            text.extend(answers.iter().filter_map(|answer| api::text(answer, &["text"])));
        }
        if settings.fields.contains(&name) {
            let said = answers.iter().find_map(|answer| api::text(answer, &["simple_text"]).or_else(|| api::text(answer, &["text"])));
            fields.extend(said.map(|said| (name, said)));
        }
    }
    let max = settings.rating_max.unwrap_or(5.0);
    Ok(Item {
        id: webhook::short(&id),
        text: text.join("\n"),
        published: webhook::time(value, &["date_created"]),
        updated: webhook::time(value, &["date_modified"]),
        url: api::text(value, &["analyze_url"]),
        rating: rating.map(|value| Rating { value, max }),
        fields,
        ..Item::default()
    })
}

/// The value of an answer of a scale: its weight, else the number that its words begin with.
fn scored(answer: &Value) -> Option<f64> {
    let weight = api::number(answer, &["choice_metadata", "weight"]);
    weight.or_else(|| {
        let said = api::text(answer, &["simple_text"]).or_else(|| api::text(answer, &["text"]))?;
        let last = said.rsplit('|').next().unwrap_or_default().trim();
        let digits: String = last.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}
