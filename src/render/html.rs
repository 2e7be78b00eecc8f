//! The HTML part of a mail: one column, nothing from outside but the chart that the mail carries, and
//! colours that read on white and on black.

use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::Value;
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::domain::incident::Level;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::render::pages::shown_link;
use crate::render::storm;
use crate::render::story::Story;
use crate::render::wording::short_count;

/// Height of the highest bar in pixels.
const BAR: u32 = 48;

/// What stands around the story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    /// Colour of the headline's ground; white reads on it.
    pub tone: &'static str,
    /// Name of the chart within the mail; empty where there is none.
    pub picture: &'a str,
    /// The operator's paragraph before it; may be empty.
    pub intro: &'a str,
    /// And the one behind it.
    pub outro: &'a str,
}

/// A colour for how bad it is, dark enough for white letters.
pub(super) fn tone(facts: &Facts) -> &'static str {
    match (facts.event, if facts.event == Event::Storm { storm::level(facts) } else { facts.level }) {
        (Event::Resolved, _) => "#15703a",
        (Event::Test | Event::Digest, _) | (_, Level::Low) => "#475569",
        (_, Level::Critical) => "#a51d14",
        (_, Level::High) => "#b93b0a",
        (_, Level::Medium) => "#8a5a00",
    }
}

/// A piece of a paragraph: words, or an address that can be opened.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Piece {
    text: String,
    link: bool,
}

/// The whole part.
pub(super) fn part(story: &Story, frame: &Frame<'_>) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let highest = story.recent.iter().copied().max().unwrap_or(0).max(1);
    let bars: Vec<_> = story
        .recent
        .iter()
        .map(|&count| context! { count => short_count(count), height => (u64::from(count) * u64::from(BAR)).div_ceil(u64::from(highest)) })
        .collect();
    let given = context! {
        story => Value::from(Serde(story)),
        bars,
        tone => frame.tone,
        picture => frame.picture,
        intro => Value::from(Serde(pieces(frame.intro))),
        outro => Value::from(Serde(pieces(frame.outro))),
    };
    environment
        .render_str(include_str!("mail.html"), given)
        .expect("the template is a part of the program, and its tests render every branch of it")
}

/// A paragraph with its addresses apart, so that both parts of a mail have the same links.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("https://") {
        let length = rest[at..].find(|letter: char| letter.is_whitespace() || "<>\"')]".contains(letter)).unwrap_or(rest.len() - at);
        let address = rest[at..at + length].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        // What is no address that may be shown stays a word.
        let link = shown_link(address).is_some();
        pieces.push(Piece { text: rest[..at].to_owned(), link: false });
        pieces.push(Piece { text: address.to_owned(), link });
        rest = &rest[at + address.len()..];
    }
    pieces.push(Piece { text: rest.to_owned(), link: false });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn html(row: &crate::domain::notice::Row) -> String {
        part(&Story::of(row), &Frame { tone: tone(&row.facts), picture: "chart-1@example.com", intro: "", outro: "" })
    }

    #[test]
    fn the_page_begins_with_what_happened() {
        let html = html(&sample::opened());
        let (_, head) = html.split("<h2").next().unwrap().split_once("<body>\n").unwrap();
        insta::assert_snapshot!(head, @r##"
        <div style="max-width:600px;margin:0 auto">
        <p style="margin:0 0 14px;padding:8px 12px;border-radius:6px;background:#b93b0a;color:#ffffff;font-weight:bold">OPENED - high - Sat 21 Nov 2026 14:05 CET</p>
        <h1 style="font-size:20px;line-height:1.3;margin:0 0 10px">47 complaints about &quot;login fails&quot; in the last 6 hours.</h1>
        <p>Usual at this time on a Saturday: 6 (range 2-11). That is 7.8 times the usual, 41 more than expected.</p>
        <p>Share of all messages: 31 % (usual 4.1 %).</p>
        <p>Since 10:00, 4 h 5 min ago; odds that it is no chance: 790 to 1.</p>
        <p style="margin:16px 0 0;line-height:1.9">
        Acknowledge: <code>uproar incident ack i-7f3k2</code><br>
        All of them: <code>uproar incident show i-7f3k2</code><br>
        </p>
        "##);
    }

    #[test]
    fn a_quote_is_escaped_and_its_link_is_not_remote_content() {
        let html = html(&sample::opened());
        assert!(html.contains("can&#x27;t sign in, the code never comes &lt;3 &amp; &quot;help&quot;"), "{html}");
        assert!(html.contains(r#"<a href="https:&#x2f;&#x2f;shop.example&#x2f;reviews&#x2f;918""#), "{html}");
        assert!(!html.contains("<img") && !html.contains("url(") && !html.contains("<script"));
    }

    #[test]
    fn the_chart_is_a_picture_of_the_mail_with_its_words() {
        let html = html(&sample::charted());
        let (_, chart) = html.split_once("Last 48 hours").unwrap();
        let chart = chart.split("<h2").next().unwrap();
        assert!(chart.contains(r#"<img src="cid:chart-1@example.com" width="560" alt="Bars from 19 Nov 2026 15:00"#), "{chart}");
        assert!(chart.contains("b 07:00: 5.2 released, 5 h before the rise began"), "{chart}");
        assert!(!html.contains("<svg") && html.matches("<img").count() == 1 && html.len() < 30_000, "{}", html.len());
    }

    #[test]
    fn without_the_picture_its_words_stand_alone() {
        let html = part(&Story::of(&sample::charted()), &Frame { tone: "#475569", picture: "", intro: "", outro: "" });
        assert!(!html.contains("<img") && html.contains(">Bars from 19 Nov 2026 15:00"), "{html}");
    }

    #[test]
    fn addresses_in_a_paragraph_can_be_opened() {
        let piece = |text: &str, link| Piece { text: text.to_owned(), link };
        assert_eq!(
            pieces("See https://a.example/x?y=1, or (https://b.example/)."),
            [
                piece("See ", false),
                piece("https://a.example/x?y=1", true),
                piece(", or (", false),
                piece("https://b.example/", true),
                piece(").", false)
            ]
        );
        assert_eq!(pieces("https://anna@c.example"), [piece("https://anna@c.example", false)]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn with_pages_the_acts_are_buttons() {
        let html = html(&sample::linked(sample::opened()));
        assert_eq!(html.matches("class=\"button\"").count(), 3, "{html}");
        assert!(!html.contains("uproar incident"), "{html}");
    }

    #[test]
    fn nothing_hostile_becomes_markup() {
        let html = html(&sample::hostile());
        for word in ["<script", "{{7*7}} &amp;lt;", "49", "href", "\r", "\u{202e}", "https://evil"] {
            assert!(!html.contains(word), "{word} in {html}");
        }
        assert!(html.len() < 30_000, "{}", html.len());
    }

    #[test]
    fn every_event_renders() {
        let few = [sample::opened(), sample::worse(), sample::resolved(), sample::reopened(), sample::test(), sample::digest()];
        for row in few.into_iter().chain([sample::reminder(), sample::silent(), sample::message(), sample::storm(9)]) {
            let html = html(&row);
            assert!(html.contains(&Story::of(&row).headline.replace('/', "&#x2f;")), "{html}");
            assert!(html.trim_end().ends_with("</html>"));
        }
    }
}
