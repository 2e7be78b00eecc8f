//! What we say to a server, written so that nothing can slip out of it.

use base64::Engine as _;

/// Numbers as IMAP lists them.
pub(super) fn set(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// A text in quotes; `None` where it cannot be one.
pub(super) fn quoted(text: &str) -> Option<String> {
    let fits = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    fits.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A folder's name: letters beyond ASCII are written in the UTF-7 of RFC 3501, section 5.1.3.
pub(super) fn folder(name: &str) -> String {
    let alphabet = base64::engine::general_purpose::STANDARD_NO_PAD;
    let (mut text, mut beyond) = (String::new(), Vec::new());
    let end = |text: &mut String, beyond: &mut Vec<u8>| {
        if !beyond.is_empty() {
            text.extend(["&", alphabet.encode(&*beyond).replace('/', ",").as_str(), "-"]);
            beyond.clear();
        }
    };
    for letter in name.chars() {
        if (' '..='~').contains(&letter) {
            end(&mut text, &mut beyond);
            text.push(letter);
            if letter == '&' {
                text.push('-');
            }
        } else {
            beyond.extend(letter.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    end(&mut text, &mut beyond);
    quoted(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_so_that_nothing_can_slip_out_of_them() {
        assert_eq!(set(&[1, 2, 9]), "1,2,9");
        assert_eq!(quoted(r#"a"b\c"#).as_deref(), Some(r#""a\"b\\c""#));
        assert_eq!((quoted("a\r\nLOGOUT"), quoted("\u{e5}")), (None, None));
        assert_eq!(folder("Klagom\u{e5}l"), "\"Klagom&AOU-l\"");
        assert_eq!(folder("R&D"), "\"R&-D\"");
        assert_eq!(folder("a\r\nb"), "\"a&AA0ACg-b\"");
        assert_eq!(folder("\u{65e5}\u{672c}\u{8a9e}"), "\"&ZeVnLIqe-\"");
    }
}
