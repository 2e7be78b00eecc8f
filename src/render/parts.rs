//! The parts of a mail: text, HTML and the picture in it, as the operator wants them, or ours.

use minijinja::Value;
use minijinja::context;
use minijinja::value::Serde;

use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Row;
use crate::render::chart;
use crate::render::html;
use crate::render::storm;
use crate::render::story::Story;
use crate::render::template::Look;
use crate::render::text;
use crate::render::wording;
use crate::render::wording::Clock;
use crate::text::excerpt;

/// What a mail is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts {
    /// The text part, with `\n` as line ends.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The chart, if the HTML part shows it.
    pub picture: Option<Vec<u8>>,
}

impl Parts {
    /// The parts of a row. `picture` is the name by which the HTML part shows the chart; where it is
    /// empty there is none.
    pub(super) fn of(row: &Row, look: &Look, picture: &str) -> Self {
        let story = Story::of(row);
        let given = given(row, picture);
        let mut filled = Filled { look, given: &given, faults: Vec::new() };
        let intro = excerpt::one_line(&filled.part("intro").unwrap_or_default());
        let outro = excerpt::one_line(&filled.part("outro").unwrap_or_default());
        let (own_text, own_html) = (filled.part("text"), filled.part("html"));
        let outro = [&[outro], filled.faults.as_slice()].concat().join(" ").trim().to_owned();
        let text = own_text.unwrap_or_else(|| text::part(&story, &intro, &outro));
        let html = own_html
            .unwrap_or_else(|| html::part(&story, &html::Frame { tone: html::tone(&row.facts), picture, intro: &intro, outro: &outro }));
        // A picture that nothing shows would be taken for an attachment.
        let shows = !picture.is_empty() && html.contains(&format!("cid:{picture}"));
        Self { picture: story.chart.as_ref().filter(|_| shows).map(|shown| chart::png(&shown.chart)), text, html }
    }
}

struct Filled<'a> {
    look: &'a Look,
    given: &'a Value,
    faults: Vec<String>,
}

impl Filled<'_> {
    /// A part of the operator's. One that cannot be filled in is ours again, and the mail says why: an
    /// alert without a template is better than none.
    fn part(&mut self, part: &str) -> Option<String> {
        match self.look.fill(part, self.given)? {
            Ok(text) => Some(text),
            Err(why) => {
                self.faults.push(format!("(The template \"{part}\" {}; this is Uproar's own text.)", wording::quote(&why, 200)));
                None
            }
        }
    }
}

/// What a template is given: all of the story, and the facts by their names, nothing as a stranger
/// wrote it.
pub(super) fn given(row: &Row, picture: &str) -> Value {
    let facts = &row.facts;
    let clock = Clock::of(&facts.zone, facts.at);
    let story = Story::of(row);
    let picture = if story.chart.is_some() { picture } else { "" };
    let names = context! {
        event => facts.event.word(),
        level => facts.level.word(),
        kind => facts.kind.word(),
        incident => wording::name(&facts.incident),
        watch => wording::name(&facts.watch),
        theme => wording::name(&facts.theme),
        title => wording::name(&title(facts)),
        part => wording::name(&facts.segment.to_string()),
        count => wording::amount(facts.numbers.count),
        usual => wording::amount(facts.numbers.expected),
        at => clock.full(facts.at),
        since => clock.full(facts.since),
        target => wording::name(&row.target),
        base_url => facts.base_url.as_deref().unwrap_or_default(),
        picture,
    };
    context! { ..names, ..Value::from(Serde(story)) }
}

/// What it is about, for a sentence.
fn title(facts: &Facts) -> String {
    match facts.event {
        Event::Storm => storm::subject(facts),
        Event::Test => "a test".to_owned(),
        Event::Digest => "Uproar itself".to_owned(),
        _ => facts.theme_title.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use crate::render::template::Texts;

    fn parts(texts: &Texts) -> Parts {
        Parts::of(&sample::charted(), &Look::compile(texts).unwrap(), "chart-1@example.com")
    }

    #[test]
    fn paragraphs_of_the_operator_stand_before_and_after() {
        let texts = Texts {
            intro: Some("Dear desk, {{ title }} is <loud>.".to_owned()),
            outro: Some("See https://handbook.example.com/{{ theme }}.".to_owned()),
            ..Texts::default()
        };
        let parts = parts(&texts);
        assert!(parts.text.contains("CET\n\nDear desk, login fails is <loud>.\n\n47 complaints"), "{}", parts.text);
        assert!(parts.text.ends_with("\nSee https://handbook.example.com/login_fails.\n"), "{}", parts.text);
        assert!(parts.html.contains("Dear desk, login fails is &lt;loud&gt;."), "{}", parts.html);
        let link = r#"<a href="https:&#x2f;&#x2f;handbook.example.com&#x2f;login_fails">"#;
        assert!(parts.html.contains(link), "{}", parts.html);
    }

    #[test]
    fn whole_parts_of_the_operator_are_taken_instead_and_a_picture_only_where_it_is_shown() {
        let texts = |html: &str| Texts { text: Some("{{ headline }}".to_owned()), html: Some(html.to_owned()), ..Texts::default() };
        let without = parts(&texts("<p>{{ lead[0] }}</p>"));
        assert_eq!((without.text.as_str(), without.picture), ("OPENED - high - Sat 21 Nov 2026 14:05 CET", None));
        assert_eq!(without.html, "<p>47 complaints about &quot;login fails&quot; in the last 6 hours.</p>");
        let with = parts(&texts("{% if picture %}<img src=\"cid:{{ picture }}\" alt=\"{{ chart.alt }}\">{% endif %}"));
        assert!(with.picture.is_some() && with.html.contains("alt=\"Bars from"), "{}", with.html);
    }

    #[test]
    fn a_template_that_fails_on_a_real_notice_is_ours_again_and_the_mail_says_so() {
        let texts = Texts { text: Some("{% if count == '48' %}{{ lead[99] }}{% endif %}mine".to_owned()), ..Texts::default() };
        let look = Look::compile(&texts).unwrap();
        let mut row = sample::opened();
        assert_eq!(Parts::of(&row, &look, "").text, "mine");
        row.facts.numbers.count = 48.0;
        let text = Parts::of(&row, &look, "").text;
        assert!(text.starts_with("OPENED") && text.contains("(The template \"text\" has a mistake in line 1: undefined value;"), "{text}");
    }
}
