//! The HTML part of a mail: one column, nothing from outside, colours that read on white and on black.

use minijinja::AutoEscape;
use minijinja::Environment;
use minijinja::Value;
use minijinja::context;
use minijinja::value::Serde;

use crate::render::story::Story;
use crate::render::wording::short_count;

/// Height of the highest bar in pixels.
const BAR: u32 = 48;

/// The whole part.
pub(super) fn part(story: &Story) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let highest = story.recent.iter().copied().max().unwrap_or(0).max(1);
    let bars: Vec<_> = story
        .recent
        .iter()
        .map(|&count| context! { count => short_count(count), height => (u64::from(count) * u64::from(BAR)).div_ceil(u64::from(highest)) })
        .collect();
    environment
        .render_str(include_str!("mail.html"), context! { story => Value::from(Serde(story)), bars })
        .expect("the template is a part of the program, and its tests render every branch of it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn html(row: &crate::domain::notice::Row) -> String {
        part(&Story::of(row))
    }

    #[test]
    fn the_page_begins_with_what_happened() {
        let html = html(&sample::opened());
        let head = html.split("<h2").next().unwrap();
        insta::assert_snapshot!(head, @r##"
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Uproar</title>
        </head>
        <body style="margin:0;padding:16px;font-family:sans-serif;font-size:15px;line-height:1.45">
        <div style="max-width:600px;margin:0 auto">
        <h1 style="font-size:18px;margin:0 0 12px">OPENED - high - Sat 21 Nov 2026 14:05 CET</h1>
        <p style="margin:0 0 8px">47 complaints about &quot;login fails&quot; in the last 6 hours.</p>
        <p style="margin:0 0 8px">Usual at this time on a Saturday: 6 (range 2-11). That is 7.8 times the usual, 41 more than expected.</p>
        <p style="margin:0 0 8px">Share of all messages: 31 % (usual 4.1 %).</p>
        <p style="margin:12px 0">
        Acknowledge: <code>uproar incident ack i-7f3k2</code><br>
        All of them: <code>uproar incident show i-7f3k2</code>
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
    fn the_chart_is_a_table_without_anything_active() {
        let html = html(&sample::charted());
        let (_, chart) = html.split_once("Last 48 hours").unwrap();
        let chart = chart.split("<h2").next().unwrap();
        assert_eq!(chart.matches("<td valign").count(), 48);
        assert_eq!(chart.matches("#d97706").count(), 6, "three loud hours reach above the usual: {chart}");
        assert!(chart.contains("b 07:00: 5.2 released, 5 h before the rise began"), "{chart}");
        assert!(!html.contains("<svg") && !html.contains("<img") && html.len() < 30_000, "{}", html.len());
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
        for row in [sample::opened(), sample::worse(), sample::resolved(), sample::reopened(), sample::test()] {
            let html = html(&row);
            assert!(html.contains(&Story::of(&row).headline.replace('/', "&#x2f;")), "{html}");
            assert!(html.trim_end().ends_with("</html>"));
        }
    }
}
