//! Angle brackets taken apart without any demand on their order: what a broken document still says.
//!
//! Linear, without recursion, never fails.

use std::borrow::Cow;

use markup5ever::data::NAMED_ENTITIES;

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    /// `<name attributes>`
    Open {
        /// With its prefix.
        name: &'a str,
        /// Everything between the name and the end.
        attributes: &'a str,
        /// Ends with `/>`.
        empty: bool,
    },
    /// `</name>`
    Close {
        /// With its prefix.
        name: &'a str,
    },
    /// Text with its references as written.
    Text(&'a str),
    /// What stands in a CDATA section.
    Verbatim(&'a str),
}

/// What was odd about the references of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Oddities {
    /// Signs `&` that begin no reference.
    pub bare: u32,
    /// Names that HTML knows and XML does not.
    pub named: u32,
    /// References to characters that XML forbids; they are left out.
    pub forbidden: u32,
}

/// The tokens of a document; comments, instructions and declarations are left out.
pub(super) struct Tokens<'a> {
    text: &'a str,
    rest: &'a str,
    /// No CDATA section ends from here on; looked for once only.
    unclosed: bool,
    /// It is a text that people wrote, not a document.
    words: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, rest: text, unclosed: false, words: false }
    }

    /// The tokens of a text that people wrote and that may hold a `<` of its own.
    pub(super) fn of_words(text: &'a str) -> Self {
        Self { words: true, ..Self::of(text) }
    }

    /// How far the document is read, in bytes.
    pub(super) fn offset(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// Takes what comes before `end` and skips `end`; without one it takes all.
    fn up_to(&mut self, end: &str) -> &'a str {
        let (taken, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// An unclosed CDATA section ends where its item ends, or it would swallow all that follow.
    fn verbatim(&mut self) -> &'a str {
        self.rest = &self.rest["<![CDATA[".len()..];
        if !self.unclosed
            && let Some((taken, rest)) = self.rest.split_once("]]>")
        {
            self.rest = rest;
            return taken;
        }
        self.unclosed = true;
        let near = cut(self.rest, 256 * 1024);
        let end = ["</description>", "</content", "</summary>", "</title>", "</item>", "</entry>"]
            .iter()
            .filter_map(|mark| near.find(mark))
            .min()
            .unwrap_or(near.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn declaration(&mut self) {
        let bytes = self.rest.as_bytes();
        let mut brackets = 0_u32;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                b'>' if brackets == 0 => {
                    self.rest = &self.rest[at + 1..];
                    return;
                }
                _ => {}
            }
        }
        self.rest = "";
    }

    fn tag(&mut self) -> Token<'a> {
        let inside = &self.rest[1..];
        let (inside, closing) = inside.strip_prefix('/').map_or((inside, false), |inside| (inside, true));
        let end = end_of_tag(inside);
        // What the end of the text cuts and is but a name is none: `a <b`.
        if self.words && end == inside.len() && !closing && inside.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Token::Text(std::mem::take(&mut self.rest));
        }
        self.rest = inside.get(end + 1..).unwrap_or_default();
        let inside = &inside[..end];
        let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let name_end = inside.find(|letter: char| letter.is_whitespace() || letter == '/').unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(name_end);
        if closing { Token::Close { name } } else { Token::Open { name, attributes, empty } }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if self.rest.starts_with("<!--") {
                self.up_to("-->");
            } else if self.rest.starts_with("<![CDATA[") {
                return Some(Token::Verbatim(self.verbatim()));
            } else if self.rest.starts_with("<?") {
                self.up_to("?>");
            } else if self.rest.starts_with("<!") {
                self.declaration();
            } else if starts_tag(self.rest) {
                return Some(self.tag());
            } else {
                let end = text_end(self.rest);
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Token::Text(text));
            }
        }
    }
}

/// Names and values of attributes, references resolved.
pub(super) fn attributes(mut text: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    std::iter::from_fn(move || {
        text = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        let name_end = text.find(|letter: char| letter.is_whitespace() || letter == '=')?;
        let name = &text[..name_end];
        text = text[name_end..].trim_start();
        let Some(after) = text.strip_prefix('=') else {
            return Some((name, Cow::Borrowed("")));
        };
        let after = after.trim_start();
        let value;
        if let Some(quote @ ('"' | '\'')) = after.chars().next() {
            (value, text) = after[1..].split_once(quote).unwrap_or((&after[1..], ""));
        } else {
            (value, text) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
        }
        Some((name, resolve(value)))
    })
}

/// Text with its references resolved once; what is no reference stays as it is.
pub(super) fn resolve(text: &str) -> Cow<'_, str> {
    resolve_noting(text, &mut Oddities::default())
}

/// As [`resolve`], and notes what was odd.
pub(super) fn resolve_noting<'a>(text: &'a str, odd: &mut Oddities) -> Cow<'a, str> {
    let Some(first) = text.find('&') else {
        return Cow::Borrowed(text);
    };
    let mut resolved = String::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    resolved.push_str(before);
    let mut high = None;
    loop {
        // A name ends where its letters end: `R&D &amp; sons` has one reference.
        let end = 1 + rest.bytes().skip(1).take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
        let reference = (end > 1 && rest.as_bytes().get(end) == Some(&b';')).then(|| &rest[1..=end]);
        match reference {
            None => {
                odd.bare += 1;
                resolved.push('&');
                rest = &rest[1..];
            }
            Some(reference) => {
                rest = &rest[reference.len() + 1..];
                one_reference(reference, &mut high, &mut resolved, odd);
            }
        }
        let Some(at) = rest.find('&') else { break };
        let (before, after) = rest.split_at(at);
        resolved.push_str(before);
        rest = after;
    }
    resolved.push_str(rest);
    Cow::Owned(resolved)
}

/// Appends what a reference stands for, written without its `&` and with its `;`. `high` is the
/// first half of a character that is written as two, as JavaScript counts it.
fn one_reference(reference: &str, high: &mut Option<u32>, out: &mut String, odd: &mut Oddities) {
    let name = &reference[..reference.len() - 1];
    match number_of(name) {
        Some(half @ 0xD800..=0xDBFF) => *high = Some(half),
        Some(half @ 0xDC00..=0xDFFF) => {
            let whole = high.take().map(|high| 0x1_0000 + ((high - 0xD800) << 10) + (half - 0xDC00));
            out.extend(whole.and_then(char::from_u32));
        }
        // What HTML says of numbers that are no letters but were ones in Windows-1252.
        Some(code @ 0x80..=0x9F) => out.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[code as u8]).0),
        Some(code) => {
            let letter = char::from_u32(code).filter(|letter| allowed(*letter));
            odd.forbidden += u32::from(letter.is_none());
            out.extend(letter);
        }
        None => named(reference, out, odd),
    }
}

/// Appends text so that XML reads it back the same; characters that XML forbids are left out.
pub(super) fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(|letter| matches!(letter, '&' | '<' | '>' | '"') || !allowed(letter)) {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = after.chars();
        match letters.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') => out.push_str("&quot;"),
            _ => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
}

/// At most so many bytes of a text, cut at a character.
pub(super) fn cut(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

/// Whether XML 1.0 allows the character.
pub(super) fn allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn number_of(reference: &str) -> Option<u32> {
    let digits = reference.strip_prefix('#')?;
    digits.strip_prefix(['x', 'X']).map_or_else(|| digits.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
}

/// Appends what a named reference stands for; one that nobody knows stays as it is.
fn named(reference: &str, out: &mut String, odd: &mut Oddities) {
    match reference {
        "amp;" => out.push('&'),
        "lt;" => out.push('<'),
        "gt;" => out.push('>'),
        "quot;" => out.push('"'),
        "apos;" => out.push('\''),
        other => match NAMED_ENTITIES.get(other) {
            // The table holds beginnings of names too, with zeros for what they stand for.
            Some((first, second)) if *first > 0 => {
                odd.named += 1;
                out.extend(char::from_u32(*first));
                out.extend(char::from_u32(*second).filter(|letter| *letter != '\0'));
            }
            _ => {
                odd.bare += 1;
                out.push('&');
                out.push_str(other);
            }
        },
    }
}

fn starts_tag(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('<')
        && letters.next().is_some_and(|letter| {
            letter.is_alphabetic() || letter == '_' || (letter == '/' && letters.next().is_some_and(char::is_alphabetic))
        })
}

/// End of a tag: the first `>` outside quotes, unless another tag begins before.
fn end_of_tag(inside: &str) -> usize {
    let mut quote = None;
    let mut first = None;
    for (at, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') if at > 0 && inside[..at].trim_end().ends_with('=') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (Some(_), b'>') => first = first.or(Some(at)),
            // A quote that never ends is taken for none after this much.
            (Some(_), _) if at > 256 * 1024 => break,
            _ => {}
        }
    }
    first.unwrap_or(inside.len())
}

fn text_end(text: &str) -> usize {
    let mut from = 1.min(text.len());
    while !text.is_char_boundary(from) {
        from += 1;
    }
    while let Some(at) = text[from..].find('<') {
        if starts_tag(&text[from + at..]) || text[from + at..].starts_with("<!") || text[from + at..].starts_with("<?") {
            return from + at;
        }
        from += at + 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Tokens::of(text).map(|token| format!("{token:?}")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_document_falls_into_tokens() {
        insta::assert_snapshot!(shown("<?xml?><!DOCTYPE r [<!ENTITY a '>'>]><a b='x>y'>1 < 2<!-- no --><c/><![CDATA[<raw>]]></a>"), @r#"
        Open { name: "a", attributes: " b='x>y'", empty: false }
        Text("1 < 2")
        Open { name: "c", attributes: "", empty: true }
        Verbatim("<raw>")
        Close { name: "a" }
        "#);
    }

    #[test]
    fn what_is_cut_still_ends() {
        for text in
            ["<", "<a", "</", "<a b=\"", "<![CDATA[x</description></item>", "<!--", "<!DOCTYPE", "a<", "&", "&#", "<a b", "</a", "é<é"]
        {
            assert!(Tokens::of(text).count() < 10, "{text}");
        }
        assert_eq!(Tokens::of("<![CDATA[x</description>y").count(), 3);
    }

    #[test]
    fn references_are_resolved_once() {
        for (text, resolved) in [
            ("a &amp;lt; b", "a &lt; b"),
            ("&#233;&#xE9;&#XE9;", "ééé"),
            ("&#55357;&#56832;", "😀"),
            ("AT&T & co; R&D", "AT&T & co; R&D"),
            ("caf&eacute;", "café"),
            ("&nosuchname;", "&nosuchname;"),
            ("&#1;&#0;x", "x"),
        ] {
            assert_eq!(resolve(text), resolved, "{text}");
        }
    }

    #[test]
    fn attributes_come_in_any_quotes_or_none() {
        let read = attributes(" a=\"1\" b='2' c = 3 d e=\"x &amp; y\"").map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        assert_eq!(read, ["a=1", "b=2", "c=3", "d=", "e=x & y"]);
    }

    proptest::proptest! {
        #[test]
        fn tokens_end_for_any_text(text in "[<>/!?\\[\\]a-c&;#x0-9\"'= é-]{0,80}") {
            proptest::prop_assert!(Tokens::of(&text).count() <= text.len());
            let _ = attributes(&text).count();
            let _ = resolve(&text);
        }
    }
}
