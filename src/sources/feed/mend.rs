//! What is mended in the text of a document before anybody takes it apart: characters that do not
//! belong in it, entities that it declares itself, and letters that were encoded twice.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::domain::item::Warning;
use crate::sources::markup;
use crate::sources::markup::escape_into;
use crate::sources::markup::resolve;

/// What declared entities may add to a document in all, in bytes.
const MOST_EXPANDED: usize = 64 * 1024;

/// Declared entities that are looked at.
const MOST_ENTITIES: usize = 200;

/// Letters encoded twice in one document from which on it is no accident and no quotation.
const LEAST_TWICE: usize = 3;

/// The text, mended.
pub(super) fn mended<'a>(text: &'a str, warnings: &mut Vec<Warning>) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for mend in [without_controls, expanded, encoded_once] {
        if let Some((better, warning)) = mend(&text) {
            text = Cow::Owned(better);
            warnings.push(warning);
        }
    }
    text
}

/// Without control characters, which XML forbids and no message needs.
fn without_controls(text: &str) -> Option<(String, Warning)> {
    let control = |byte: u8| byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r';
    // Without an early end, so that it is fast.
    if !text.as_bytes().chunks(4096).any(|chunk| chunk.iter().fold(false, |found, byte| found | control(*byte))) {
        return None;
    }
    let count = text.bytes().filter(|byte| control(*byte)).count();
    // A vertical tab and a form feed stand between words.
    let kept = |letter: char| match letter {
        '\u{b}' | '\u{c}' => Some(' '),
        letter if letter.is_ascii() && control(letter as u8) => None,
        letter => Some(letter),
    };
    let message = format!("{count} control {} left out", if count == 1 { "character" } else { "characters" });
    Some((text.chars().filter_map(kept).collect(), Warning::new("control_character", "", message)))
}

/// With the entities that its own DTD declares as plain text. One that names another, or a file, is
/// never expanded, and all of them together add no more than [`MOST_EXPANDED`].
fn expanded(text: &str) -> Option<(String, Warning)> {
    let start = markup::cut(text, 64 * 1024).find("<!DOCTYPE")?;
    let subset = markup::cut(&text[start..], 256 * 1024).split_once('>')?.0.contains('[').then(|| subset_of(&text[start..]))??;
    let entities = declared(subset);
    let body = start + (subset.as_ptr() as usize - text[start..].as_ptr() as usize) + subset.len();
    if entities.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..body]);
    let (mut rest, mut added, mut count, mut left) = (&text[body..], 0, 0_usize, 0_usize);
    while let Some(at) = rest.find(['&', '<']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        if after.starts_with("<![CDATA[") {
            let end = after.find("]]>").unwrap_or(after.len());
            out.push_str(&after[..end]);
            rest = &after[end..];
            continue;
        }
        let named = name_of(after).and_then(|name| entities.get_key_value(name));
        let skipped = named.map_or(1, |(name, _)| name.len() + 2);
        match named {
            Some((_, value)) if added + value.len() <= MOST_EXPANDED => {
                added += value.len();
                count += 1;
                out.push_str(value);
            }
            _ => {
                left += usize::from(named.is_some());
                out.push_str(&after[..skipped]);
            }
        }
        rest = &after[skipped..];
    }
    out.push_str(rest);
    let message = if left > 0 {
        format!("{count} uses of entities that the document declares were expanded, {left} stay as written: more than 64 KiB in all")
    } else {
        format!("{count} uses of entities that the document declares were expanded")
    };
    (count + left > 0).then(|| (out, Warning::new("declared_entity", "", message)))
}

/// The name in a reference that a text begins with. Looks no further than the next reference may
/// begin, so that all of them together cost one reading, whatever a hostile document is made of.
fn name_of(text: &str) -> Option<&str> {
    let name = text.strip_prefix('&')?;
    let end = name.find(|letter: char| matches!(letter, ';' | '&' | '<') || letter.is_whitespace())?;
    name[end..].starts_with(';').then(|| &name[..end])
}

/// What stands between the brackets of a document type.
fn subset_of(doctype: &str) -> Option<&str> {
    let doctype = markup::cut(doctype, 256 * 1024);
    let (start, end) = (doctype.find('[')? + 1, doctype.find("]>").or_else(|| doctype.find(']'))?);
    doctype.get(start..end)
}

/// Names and values, ready to be put into a document. Of two of one name the first counts.
fn declared(subset: &str) -> HashMap<&str, String> {
    let mut entities = HashMap::new();
    for declaration in subset.split("<!ENTITY").skip(1).take(MOST_ENTITIES) {
        let Some((name, rest)) = declaration.trim_start().split_once(char::is_whitespace) else { continue };
        let rest = rest.trim_start();
        let Some(quote @ ('"' | '\'')) = rest.chars().next() else { continue };
        let Some((value, _)) = rest[1..].split_once(quote) else { continue };
        let value = resolve(value);
        // What is still a reference after that would be one entity inside another.
        if value.contains('&') && value.contains(';') || name.is_empty() {
            continue;
        }
        let mut escaped = String::new();
        escape_into(&mut escaped, &value);
        entities.entry(name).or_insert(escaped);
    }
    entities
}

/// With letters as they were meant that somebody took for Windows-1252 and encoded again: `Ã¼` for
/// `ü`. Only where there are several, and more than letters that are right: who writes of broken
/// letters quotes some.
fn encoded_once(text: &str) -> Option<(String, Warning)> {
    if text.is_ascii() {
        return None;
    }
    let (mut out, mut rest, mut twice, mut right) = (String::new(), text, 0_usize, 0_usize);
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = after.chars();
        if let Some((letter, length)) = meant(after) {
            out.push(letter);
            twice += 1;
            rest = &after[length..];
        } else if let Some(letter) = letters.next() {
            right += usize::from(letter.is_alphabetic());
            out.push(letter);
            rest = letters.as_str();
        }
    }
    out.push_str(rest);
    let message = format!("{twice} letters were encoded twice, `\u{c3}\u{bc}` for `\u{fc}`, and are read as they were meant");
    (twice >= LEAST_TWICE && twice > right).then(|| (out, Warning::new("encoded_twice", "", message)))
}

/// The letter that the first letters of a text stand for if each of them was one byte of UTF-8, and
/// their length.
fn meant(text: &str) -> Option<(char, usize)> {
    let mut letters = text.chars();
    let first = byte_of(letters.next()?)?;
    let count = match first {
        0xC2..=0xDF => 2,
        0xE2..=0xEF => 3,
        _ => return None,
    };
    let mut bytes = [first, 0, 0];
    for byte in &mut bytes[1..count] {
        *byte = byte_of(letters.next()?)?;
    }
    let letter = std::str::from_utf8(&bytes[..count]).ok()?.chars().next()?;
    let plausible = matches!(letter,
        '\u{a0}'..='\u{17f}' | '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{4ff}' | '\u{2010}'..='\u{203a}' | '\u{20ac}' | '\u{2122}'
        | '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
    plausible.then(|| (letter, text.len() - letters.as_str().len()))
}

/// The byte that a letter is in Windows-1252, or in Latin-1 where that has none.
fn byte_of(letter: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(letter)) {
        return (byte >= 0x80).then_some(byte);
    }
    let at = "\u{20ac}\u{81}\u{201a}\u{192}\u{201e}\u{2026}\u{2020}\u{2021}\u{2c6}\u{2030}\u{160}\u{2039}\u{152}\u{8d}\u{17d}\u{8f}\
              \u{90}\u{2018}\u{2019}\u{201c}\u{201d}\u{2022}\u{2013}\u{2014}\u{2dc}\u{2122}\u{161}\u{203a}\u{153}\u{9d}\u{17e}\u{178}"
        .chars()
        .position(|other| other == letter)?;
    Some(0x80 + at as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut warnings = Vec::new();
        let mended = mended(text, &mut warnings).into_owned();
        warnings.iter().fold(mended, |shown, warning| format!("{shown} [{}]", warning.code))
    }

    #[test]
    fn letters_that_were_encoded_twice_are_read_as_they_were_meant() {
        let twice = |text: &str| text.bytes().map(char::from).collect::<String>();
        assert_eq!(shown(&twice("für größere Übel")), "für größere Übel [encoded_twice]");
        let wrong = encoding_rs::WINDOWS_1252.decode_without_bom_handling("“Geht’s noch?”".as_bytes()).0.into_owned();
        assert_eq!(shown(&wrong), "“Geht’s noch?” [encoded_twice]");
    }

    #[test]
    fn who_writes_of_broken_letters_is_quoted() {
        let text = "Überall \u{c3}\u{bc} und \u{c3}\u{a4} statt \u{c3}\u{b6}, für größere Wörter ändert sich nichts";
        assert_eq!(shown(text), text);
        assert_eq!(shown("NESTL\u{c9}\u{ae} NESTL\u{c9}\u{ae} NESTL\u{c9}\u{ae}"), "NESTL\u{c9}\u{ae} NESTL\u{c9}\u{ae} NESTL\u{c9}\u{ae}");
        assert_eq!(shown("one \u{c3}\u{bc} alone"), "one \u{c3}\u{bc} alone");
    }

    #[test]
    fn control_characters_are_left_out() {
        assert_eq!(shown("a\0b\u{1f}c\u{b}d\te"), "abc d\te [control_character]");
    }

    #[test]
    fn entities_that_the_document_declares_are_expanded_within_a_bound() {
        let doctype = "<!DOCTYPE rss [<!ENTITY us 'Bags & \"Co\"'><!ENTITY file SYSTEM 'file:///x'><!ENTITY a '&b;'><!ENTITY b '&a;'>]>";
        let rest = |text: &str| shown(&format!("{doctype}{text}")).replace(doctype, "");
        assert_eq!(
            rest("<t>&us;, &file; &a; &other; &amp; <![CDATA[&us;]]></t>"),
            "<t>Bags &amp; &quot;Co&quot;, &file; &a; &other; &amp; <![CDATA[&us;]]></t> [declared_entity]"
        );
        let long = format!("<!DOCTYPE rss [<!ENTITY x '{}'>]>{}", "a".repeat(10_000), "&x;".repeat(10_000));
        let mut warnings = Vec::new();
        let text = mended(&long, &mut warnings);
        assert!(text.len() < long.len() + MOST_EXPANDED, "{}", text.len());
        assert!(warnings[0].message.contains("9994 stay"), "{warnings:?}");
    }

    #[test]
    fn a_reference_ends_at_its_semicolon_and_is_looked_for_no_further_than_the_next() {
        for (text, name) in
            [("&us; &a;", Some("us")), ("&;", Some("")), ("&&us;", None), ("&us<b>;", None), ("&us &a;", None), ("us;", None)]
        {
            assert_eq!(name_of(text), name, "{text}");
        }
        let doctype = "<!DOCTYPE rss [<!ENTITY us 'Bags'><!ENTITY us 'Boots'><!ENTITY user 'Ann'>]>";
        let mended = shown(&format!("{doctype}<t>&user; of &us; &use; &&us;</t>"));
        assert_eq!(mended, format!("{doctype}<t>Ann of Bags &use; &Bags</t> [declared_entity]"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(<!DOCTYPE |\\[|<!ENTITY |x|y| |'|\"|>|\\]|&|;|<!\\[CDATA\\[|\u{c3}|\u{bc}|\u{e2}|\u{20ac}|\0){0,60}") {
            let _ = shown(&text);
        }
    }
}
