//! Which encoding some bytes are in, and the bytes as text.

use std::borrow::Cow;

use encoding_rs::Encoding;
use encoding_rs::UTF_8;
use encoding_rs::UTF_16BE;
use encoding_rs::UTF_16LE;
use encoding_rs::WINDOWS_1252;

/// What was found out about an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The encoding.
    pub encoding: &'static Encoding,
    /// Length of the byte order mark.
    pub mark: usize,
    /// Nothing but the bytes themselves spoke for it.
    pub guessed: bool,
    /// What was declared and is not true.
    pub overruled: Option<&'static Encoding>,
}

/// Finds the encoding: byte order mark, then UTF-8 if it is that, then what was declared, then the
/// pattern of zero bytes that UTF-16 leaves, then Windows-1252, which also is what calls itself UTF-8
/// and hardly ever is.
///
/// Valid UTF-8 with letters beyond ASCII beats a declaration: hardly any text in another encoding
/// looks like it, and many servers declare Latin-1 for everything. `whole` is false for a piece of
/// a longer text, whose last character may be cut.
pub(super) fn find(bytes: &[u8], declared: Option<&str>, whole: bool) -> Found {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Found { encoding, mark, guessed: false, overruled: None };
    }
    let declared = declared.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
    let utf16 = utf16_by_zeros(bytes);
    let found = |encoding, guessed| Found { encoding, mark: 0, guessed, overruled: None };
    if utf16.is_none() && is_utf8(bytes, whole) {
        let seven_bits = bytes.is_ascii();
        return match declared {
            Some(encoding) if seven_bits && !encoding.is_ascii_compatible() && encoding != UTF_16LE && encoding != UTF_16BE => {
                found(encoding, false)
            }
            _ => Found { overruled: declared.filter(|encoding| !seven_bits && *encoding != UTF_8), ..found(UTF_8, false) },
        };
    }
    match (utf16, declared) {
        (Some(encoding), _) => found(encoding, true),
        // Of all wrong declarations the commonest: old software that writes UTF-8 over whatever it stores.
        (None, Some(encoding)) if encoding == UTF_8 && whole && is_hardly_utf8(bytes) => {
            Found { overruled: declared, ..found(WINDOWS_1252, false) }
        }
        (None, Some(encoding)) if encoding != UTF_16LE && encoding != UTF_16BE => found(encoding, false),
        _ => found(WINDOWS_1252, true),
    }
}

/// The bytes as text, without byte order mark; what does not fit becomes U+FFFD.
pub(super) fn decode<'a>(bytes: &'a [u8], found: &Found) -> Cow<'a, str> {
    found.encoding.decode_without_bom_handling(&bytes[found.mark.min(bytes.len())..]).0
}

/// The `charset` of a `Content-Type`.
pub(super) fn of_content_type(content_type: &str) -> Option<&str> {
    let lower = content_type.to_ascii_lowercase();
    let at = lower.find("charset=")? + "charset=".len();
    let label = content_type[at..].split(';').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    (!label.is_empty()).then_some(label)
}

/// Whether more letters beyond ASCII break UTF-8 than keep to it.
fn is_hardly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    broken > good
}

fn is_utf8(bytes: &[u8], whole: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // `error_len` is `None` when a character is cut at the end.
        Err(error) => !whole && error.error_len().is_none(),
    }
}

/// UTF-16 without a mark: in European text every second byte is zero.
fn utf16_by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(1024) & !1];
    let pairs = head.len() / 2;
    if pairs < 4 {
        return None;
    }
    let even = head.iter().step_by(2).filter(|byte| **byte == 0).count();
    let odd = head.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
    match (even * 10 > pairs * 7, odd * 10 > pairs * 7) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], declared: Option<&str>, name: &str, text: &str) {
        let found = find(bytes, declared, true);
        assert_eq!((found.encoding.name(), decode(bytes, &found).as_ref()), (name, text));
    }

    #[test]
    fn the_mark_wins_then_utf8_then_the_declaration() {
        check(b"\xEF\xBB\xBFa", Some("iso-8859-1"), "UTF-8", "a");
        check("é".as_bytes(), Some("iso-8859-1"), "UTF-8", "é");
        check(b"\xE9", Some("iso-8859-1"), "windows-1252", "é");
        check(b"\xE9", Some("koi8-r"), "KOI8-R", "И");
        check(b"\x93x\x94", None, "windows-1252", "“x”");
        check(b"\xFE\xFF\0a\0b", None, "UTF-16BE", "ab");
        check(b"a\0b\0c\0d\0", None, "UTF-16LE", "abcd");
        check(b"plain", Some("utf-16"), "UTF-8", "plain");
        check(b"\xC5terbetalning saknas, n\xE4r?", Some("utf-8"), "windows-1252", "Återbetalning saknas, när?");
        check(b"\xC3\x85terbetalning \xC3\xA4r cut\xC3", Some("utf-8"), "UTF-8", "Återbetalning är cut\u{fffd}");
    }

    #[test]
    fn a_cut_character_is_no_reason_to_doubt_utf8() {
        assert_eq!(find(b"caf\xC3", None, false).encoding, UTF_8);
        assert_eq!(find(b"caf\xC3", None, true).encoding, WINDOWS_1252);
    }

    #[test]
    fn a_content_type_may_quote_its_charset() {
        assert_eq!(of_content_type("text/xml; Charset=\"koi8-r\"; x=y"), Some("koi8-r"));
        assert_eq!(of_content_type("text/xml"), None);
        assert_eq!(of_content_type("text/xml; charset="), None);
    }
}
