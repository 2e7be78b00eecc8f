//! HTML: to plain text, which all sources need, and pages with reviews, which are a source (`source.rs`).
//!
//! The text is what a person would read, a block a line, entities resolved once. No tree is built for
//! it: nesting of any depth costs nothing, and unclosed elements do no harm.

use crate::sources::markup::Token;
use crate::sources::markup::Tokens;
use crate::sources::markup::cut;
use crate::sources::markup::resolve;

pub mod page;

mod source;

pub use crate::sources::html::source::LEAST;
pub use crate::sources::html::source::MAPPING;
pub use crate::sources::html::source::Settings;
pub use crate::sources::html::source::saved;
#[cfg(test)]
pub use crate::sources::html::source::specimen;

/// Longer markup is cut before it is read: a message of a customer is shorter.
pub(super) const LONGEST: usize = 256 * 1024;

/// The text of a piece of HTML, without outer blanks.
#[must_use]
pub(super) fn to_text(html: &str) -> String {
    let html = cut(html, LONGEST);
    if !html.contains(['<', '&']) {
        return tidy(html);
    }
    let mut text = String::with_capacity(html.len());
    // Name of the element whose content nobody reads.
    let mut unread: Option<&str> = None;
    let mut preformatted = 0_u32;
    for token in Tokens::of_words(html) {
        match token {
            Token::Close { name } if unread.is_some_and(|open| open.eq_ignore_ascii_case(name)) => unread = None,
            _ if unread.is_some() => {}
            Token::Open { name, empty, .. } => {
                if is(name, &["script", "style", "head", "template", "noscript"]) && !empty {
                    unread = Some(name);
                }
                preformatted += u32::from(is(name, &["pre"]));
                separate(name, &mut text);
            }
            Token::Close { name } => {
                preformatted = preformatted.saturating_sub(u32::from(is(name, &["pre"])));
                separate(name, &mut text);
            }
            Token::Text(written) if preformatted > 0 => text.push_str(&resolve(written)),
            Token::Text(written) => push_folded(&resolve(written), &mut text),
            Token::Verbatim(written) => push_folded(written, &mut text),
        }
    }
    tidy(&text)
}

/// What an element puts between what stands before and after it.
fn separate(name: &str, text: &mut String) {
    const PARAGRAPHS: &[&str] = &["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "hr", "article", "section"];
    const LINES: &[&str] =
        &["li", "div", "tr", "ul", "ol", "dl", "dt", "dd", "figure", "figcaption", "header", "footer", "form", "option", "title"];
    if is(name, PARAGRAPHS) {
        text.push_str("\n\n");
    } else if is(name, &["br"]) || (is(name, LINES) && !text.ends_with('\n')) {
        text.push('\n');
    } else if is(name, &["td", "th"]) && !text.ends_with(char::is_whitespace) {
        text.push(' ');
    }
}

fn is(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Appends a text as a browser shows it: blanks and line ends of the source are one blank. Blanks
/// that do not break stay.
fn push_folded(written: &str, text: &mut String) {
    const BLANKS: [char; 5] = [' ', '\t', '\r', '\n', '\u{c}'];
    let mut rest = written;
    while !rest.is_empty() {
        let words = rest.trim_start_matches(BLANKS);
        if words.len() < rest.len() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
        // As far as single blanks go, nothing needs folding.
        let bytes = words.as_bytes();
        let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xc);
        let end = (0..bytes.len())
            .find(|at| blank(bytes[*at]) && (bytes[*at] != b' ' || bytes.get(at + 1).is_none_or(|next| blank(*next))))
            .unwrap_or(bytes.len());
        let (plain, after) = words.split_at(end);
        text.push_str(plain);
        rest = after;
    }
}

/// Lines without blanks at their ends, at most one empty line in a row, no control characters.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !tidied.is_empty() {
            tidied.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        let control = |letter: char| letter.is_control() && letter != '\t';
        if line.contains(control) {
            tidied.extend(line.chars().filter(|letter| !control(*letter)));
        } else {
            tidied.push_str(line);
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_entities_are_resolved_once() {
        for (html, text) in [
            ("plain", "plain"),
            ("  two\r\nlines ", "two\nlines"),
            ("a < b & c", "a < b & c"),
            ("AT&amp;T &amp;lt;b&amp;gt;", "AT&T &lt;b&gt;"),
            ("<p>One\n more</p><p>Two<br>Three</p>", "One more\n\nTwo\nThree"),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("<h1>Head</h1>body", "Head\n\nbody"),
            ("x<script>alert('<p>')</script><STYLE>p{}</style><!-- no -->y", "xy"),
            ("<a href='http://x.test/'>here</a> <img src='p.png' alt='cat'>", "here"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
            ("caf&eacute; &hellip; &#x1F600; &nbsp;x", "café … 😀 \u{a0}x"),
            ("<b>unclosed <i>tags", "unclosed tags"),
            ("<pre>a\n  b</pre>", "a\nb"),
            ("in<b>side</b>", "inside"),
            ("rated A<B", "rated A<B"),
            ("cut in a <a href=\"http://x.te", "cut in a"),
            ("it doesn&#146;t open", "it doesn\u{2019}t open"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn deep_and_long_markup_ends() {
        assert_eq!(to_text(&("<div>".repeat(50_000) + "x")), "x");
        assert!(to_text(&"<b>y".repeat(60_000)).starts_with("yy"));
        assert!(to_text(&"&foo;".repeat(50_000)).starts_with("&foo;"));
    }
}
