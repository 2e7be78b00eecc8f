//! JSON into values. A reader of our own, for numbers have to stay as they are written: an id of
//! twenty digits is an id.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::sources::http_json::jq::meter;
use crate::sources::http_json::jq::value::Number;
use crate::sources::http_json::jq::value::Value;

/// Lists and objects in one another, at most.
const DEEPEST: usize = 128;

/// Why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at line {line}, column {column}")]
pub struct Broken {
    what: &'static str,
    line: usize,
    column: usize,
}

/// Reads one document.
///
/// # Errors
///
/// [`Broken`] with the place where it ends to be JSON.
pub fn document(text: &str) -> Result<Value, Broken> {
    let mut reader = Reader { text, at: 0 };
    let read = reader.value(0).and_then(|value| {
        reader.blanks();
        if reader.at < text.len() { Err("more behind the end") } else { Ok(value) }
    });
    read.map_err(|what| {
        let before = &text[..text.floor_char_boundary(reader.at)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Broken { what, line, column }
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, &'static str>;

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Read<Value> {
        self.blanks();
        meter::step(1);
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err("no value"),
            None => Err("the end too early"),
        }
    }

    fn object(&mut self, depth: usize) -> Read<Value> {
        self.deeper(depth)?;
        let mut values = BTreeMap::new();
        self.blanks();
        if self.take(b'}') {
            return Ok(Value::object(values));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err("no name");
            }
            let name = self.string()?;
            self.blanks();
            if !self.take(b':') {
                return Err("no colon");
            }
            let value = self.value(depth + 1)?;
            meter::make(96 + name.len() as u64);
            values.insert(Rc::from(name), value);
            self.blanks();
            if self.take(b'}') {
                return Ok(Value::object(values));
            }
            if !self.take(b',') {
                return Err("neither comma nor brace");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Read<Value> {
        self.deeper(depth)?;
        let mut values = Vec::new();
        self.blanks();
        if self.take(b']') {
            return Ok(Value::list(values));
        }
        loop {
            meter::make(32);
            values.push(self.value(depth + 1)?);
            self.blanks();
            if self.take(b']') {
                return Ok(Value::list(values));
            }
            if !self.take(b',') {
                return Err("neither comma nor bracket");
            }
        }
    }

    fn deeper(&mut self, depth: usize) -> Read<()> {
        if depth >= DEEPEST {
            return Err("values 128 deep");
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut read = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(['"', '\\']).ok_or("a text without end")?;
            read.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Ok(read);
            }
            let escape = self.peek().ok_or("a text without end")?;
            self.at += 1;
            read.push(match escape {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'"' | b'\\' | b'/' => char::from(escape),
                b'u' => self.unicode()?,
                _ => {
                    self.at -= 1;
                    return Err("an unknown escape");
                }
            });
        }
    }

    /// Half of a pair alone becomes U+FFFD.
    fn unicode(&mut self) -> Read<char> {
        let high = self.four()?;
        if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.four()?;
            if (0xdc00..0xe000).contains(&low) {
                return Ok(char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).unwrap_or('\u{fffd}'));
            }
            self.at = back;
        }
        Ok(char::from_u32(high).unwrap_or('\u{fffd}'))
    }

    fn four(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or("no four hexadecimal digits")?;
        self.at += 4;
        Ok(value)
    }

    fn number(&mut self) -> Read<Value> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let written = &rest[..length];
        let number = Number::read(written).filter(|_| is_number(written)).ok_or("no number")?;
        self.at += length;
        Ok(Value::Number(number))
    }

    fn word(&mut self, word: &str, value: Value) -> Read<Value> {
        if !self.text[self.at..].starts_with(word) {
            return Err("an unknown word");
        }
        self.at += word.len();
        Ok(value)
    }

    fn blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }
}

/// Whether JSON writes a number so: no zero before it, digits around its point.
fn is_number(written: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = written.strip_prefix('-').unwrap_or(written);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_with_their_numbers_as_written() {
        for (text, shown) in [
            ("{\"b\": [1, 2.50, -0.0, 1e2], \"a\": \"\\u00e9\\uD83D\\uDE00\\n\"}", "{\"a\":\"é😀\\n\",\"b\":[1,2.5,-0,100]}"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("18446744073709551615", "18446744073709551615"),
            (" [ ] ", "[]"),
            ("\"\\ud800x\"", "\"\u{fffd}x\""),
            ("{\"a\":1,\"a\":2}", "{\"a\":2}"),
        ] {
            assert_eq!(document(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_said_with_its_place() {
        for (text, said) in [
            ("", "the end too early at line 1, column 1"),
            ("{\"a\":\n x}", "no value at line 2, column 2"),
            ("[1,]", "no value at line 1, column 4"),
            ("[1 2]", "neither comma nor bracket at line 1, column 4"),
            ("{a:1}", "no name at line 1, column 2"),
            ("01", "no number at line 1, column 1"),
            ("\"x", "a text without end at line 1, column 2"),
            ("\"\\x\"", "an unknown escape at line 1, column 3"),
            ("tru", "an unknown word at line 1, column 1"),
            ("1 2", "more behind the end at line 1, column 3"),
        ] {
            assert_eq!(document(text).unwrap_err().to_string(), said, "{text}");
        }
        assert_eq!(document(&"[".repeat(100_000)).unwrap_err().to_string(), "values 128 deep at line 1, column 129");
    }

    proptest::proptest! {
        #[test]
        fn what_serde_json_reads_is_read_and_nothing_else(text in "[\\[\\]{}:,\"0-9eE.+\\-ntrufalse\\\\ ]{0,16}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            let ours = document(&text);
            // Numbers beyond a float are an error there.
            if !theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
                proptest::prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}", text);
            }
        }
    }
}
