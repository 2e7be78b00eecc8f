//! A page as a tree, built within limits that no honest page meets.
//!
//! What HTML asks of its parsers is quadratic in the depth of open elements, in the number of
//! attributes of one tag and in formatting elements that nobody closes. So the page is handed over in
//! small pieces, and after each it is looked at what has become of the tree.

use html5ever::driver;
use html5ever::driver::ParseOpts;
use html5ever::tendril::StrTendril;
use html5ever::tendril::TendrilSink as _;
use scraper::ElementRef;
use scraper::Html;
use scraper::HtmlTreeSink;
use scraper::Node;

use crate::sources::ReadError;
use crate::sources::html;

/// Longest page that is read, in bytes.
pub(super) const LARGEST: usize = 8 * 1024 * 1024;

/// Elements and texts of a page, at most.
const MOST_NODES: usize = 300_000;

/// Elements in one another, at most. Browsers stop at as many.
const DEEPEST: usize = 512;

/// Bytes that are handed over at once.
const PIECE: usize = 4096;

/// Blanks, quotes and slashes in a stretch of which nothing becomes part of the tree: a tag with
/// thousands of attributes.
const MOST_SEPARATORS: usize = 16 * 1024;

/// Builds the tree.
///
/// # Errors
///
/// [`ReadError`] where the page is beyond the limits.
pub(super) fn build(text: &str) -> Result<Html, ReadError> {
    if text.len() > LARGEST {
        return Err(excess("a page of more than 8 MiB"));
    }
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = text;
    let mut seen = Seen::default();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        parser.process(StrTendril::from_slice(piece));
        seen.look(&parser.tokenizer.sink.sink.0.borrow(), piece)?;
        rest = after;
    }
    Ok(parser.finish())
}

/// The text of an element as a person reads it.
pub(super) fn text_of(element: ElementRef<'_>) -> String {
    // Within an element, or what has no markup inside would keep its blanks.
    html::to_text(&format!("<p>{}</p>", element.inner_html()))
}

/// All that can be read on the page, on one line, however long.
pub(super) fn words_of(page: &Html) -> String {
    let mut words = String::new();
    for node in page.tree.nodes() {
        let Node::Text(text) = node.value() else { continue };
        let parent = node.parent().and_then(ElementRef::wrap).map(|parent| parent.value().name());
        if parent.is_none_or(|name| !matches!(name, "script" | "style" | "noscript" | "template" | "title")) {
            for word in text.text.split_whitespace() {
                words.push_str(word);
                words.push(' ');
            }
        }
    }
    words
}

/// The text of an element on one line.
pub(super) fn line_of(element: ElementRef<'_>) -> String {
    text_of(element).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn excess(what: &str) -> ReadError {
    ReadError::new(format!("a page that no reader should have to bear: {what}"), "tell those who run the site")
}

/// What is known of the tree from one piece to the next.
#[derive(Debug, Default)]
struct Seen {
    nodes: usize,
    /// Length of the last node, where it is a text.
    last: usize,
    /// Separators since the tree last grew.
    separators: usize,
}

impl Seen {
    fn look(&mut self, html: &Html, piece: &str) -> Result<(), ReadError> {
        let nodes = html.tree.values().len();
        if nodes > MOST_NODES {
            return Err(excess("more than 300,000 elements"));
        }
        for node in html.tree.nodes().skip(self.nodes) {
            if node.ancestors().nth(DEEPEST).is_some() {
                return Err(excess("elements 512 deep"));
            }
        }
        let last = match html.tree.values().next_back() {
            Some(Node::Text(text)) => text.text.len(),
            _ => 0,
        };
        let separators = piece.bytes().filter(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'')).count();
        let quiet = nodes == self.nodes && last == self.last;
        self.separators = if quiet { self.separators + separators } else { 0 };
        (self.nodes, self.last) = (nodes, last);
        if self.separators > MOST_SEPARATORS { Err(excess("one tag or comment with thousands of words")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_a_tree_and_its_text_is_read_in_lines() {
        let html = build("<title>x</title><p>One <b>two</b>,<br>three &amp; four").unwrap();
        assert_eq!(text_of(html.root_element()), "One two,\nthree & four");
        assert_eq!(line_of(html.root_element()), "One two, three & four");
    }

    #[test]
    fn what_is_meant_to_choke_a_parser_is_refused_in_short_time() {
        let many = |count: usize, write: &dyn Fn(usize) -> String| (0..count).map(write).collect::<String>();
        for (page, what) in [
            ("<div>".repeat(100_000), "elements 512 deep"),
            ("<table><tr><td>".repeat(30_000), "elements 512 deep"),
            (many(20_000, &|at| format!("<p><b id={at}>")), "elements"),
            (format!("<a {}>", many(200_000, &|at| format!("a{at} "))), "one tag or comment with thousands of words"),
            ("<br>".repeat(400_000), "more than 300,000 elements"),
            ("x".repeat(LARGEST + 1), "a page of more than 8 MiB"),
        ] {
            let refused = build(&page).unwrap_err();
            assert!(refused.what.contains(what), "{} but {refused}", &page[..40.min(page.len())]);
        }
    }

    #[test]
    fn long_texts_scripts_and_pictures_in_the_page_are_no_excess() {
        let script = format!("<script>{}</script><p>after", "let a = 'b' / 2; ".repeat(20_000));
        assert_eq!(words_of(&build(&script).unwrap()), "after ");
        let picture = format!("<img src=\"data:image/png;base64,{}\"><p>after", "iVBORw0KGgo".repeat(60_000));
        assert_eq!(words_of(&build(&picture).unwrap()), "after ");
        let list = "<li>one".repeat(20_000);
        assert!(build(&list).is_ok(), "list items that nobody closes are not in one another");
    }
}
