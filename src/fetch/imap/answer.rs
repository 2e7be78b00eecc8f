//! What a server says of a mail: `* 12 FETCH (UID 7 RFC822.SIZE 310 BODY[]<0> {310}` and what follows.
//!
//! A body comes as bytes that were counted, in quotes, or as NIL where there is none: RFC 3501, section 4.3.

use chrono::DateTime;

use crate::fetch::imap::wire::Line;

/// Brackets in brackets that are read past.
const DEEPEST: u32 = 64;

const UNCLEAR: &str = "it speaks of a mail in a way that IMAP does not know";

/// What was said of one mail.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fetched {
    /// Its number, which stays.
    pub(super) number: Option<u32>,
    /// Its bytes, as the server has counted them.
    pub(super) size: Option<u64>,
    /// When the server got it, in milliseconds since 1970.
    pub(super) delivered: Option<i64>,
    /// Its bytes, which may be none.
    pub(super) body: Option<Vec<u8>>,
}

/// A value of an answer.
enum Said {
    Text(Vec<u8>),
    Nothing,
    List,
}

/// Reads what a line says of a mail; `None` where it is about something else.
pub(super) fn fetched(line: Line) -> Result<Option<Fetched>, &'static str> {
    let mut words = line.text.splitn(4, |byte| *byte == b' ');
    let (star, place, verb, rest) = (words.next(), words.next(), words.next(), words.next());
    let is_fetch = star == Some(b"*") && place.is_some_and(|place| place.iter().all(u8::is_ascii_digit));
    if !is_fetch || !verb.is_some_and(|verb| verb.eq_ignore_ascii_case(b"FETCH")) {
        return Ok(None);
    }
    let mut scan = Scan { rest: rest.and_then(|rest| rest.strip_prefix(b"(")).ok_or(UNCLEAR)?, pieces: line.pieces.into_iter() };
    let mut fetched = Fetched::default();
    while let Some(name) = scan.name()? {
        let said = scan.value()?;
        let number = |said: &Said| match said {
            Said::Text(text) => std::str::from_utf8(text).ok()?.parse::<u64>().ok(),
            _ => None,
        };
        match name.as_slice() {
            b"UID" => fetched.number = number(&said).and_then(|number| number.try_into().ok()),
            b"RFC822.SIZE" => fetched.size = number(&said),
            b"INTERNALDATE" => fetched.delivered = time(&said),
            name if name.starts_with(b"BODY[]") || name == b"RFC822" => match said {
                Said::Text(bytes) => fetched.body = Some(bytes),
                Said::Nothing => fetched.body = Some(Vec::new()),
                Said::List => return Err(UNCLEAR),
            },
            _ => {}
        }
    }
    Ok(Some(fetched))
}

/// `17-Jul-1996 02:44:25 -0700`, a day below ten with a space before it.
fn time(said: &Said) -> Option<i64> {
    let Said::Text(text) = said else { return None };
    let text = std::str::from_utf8(text).ok()?.trim();
    DateTime::parse_from_str(text, "%d-%b-%Y %H:%M:%S %z").ok().map(|at| at.timestamp_millis())
}

struct Scan<'a> {
    rest: &'a [u8],
    pieces: std::vec::IntoIter<Vec<u8>>,
}

impl<'a> Scan<'a> {
    /// The name before a value, in capitals; `None` at the end.
    fn name(&mut self) -> Result<Option<Vec<u8>>, &'static str> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest == b")" {
            return Ok(None);
        }
        let mut inside = false;
        let end = self.rest.iter().position(|byte| {
            inside = (inside || *byte == b'[') && *byte != b']';
            *byte == b' ' && !inside
        });
        Ok(Some(self.taken(end.ok_or(UNCLEAR)?).to_ascii_uppercase()))
    }

    fn value(&mut self) -> Result<Said, &'static str> {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.first().ok_or(UNCLEAR)? {
            b'"' => self.quoted().map(Said::Text),
            b'{' | b'~' => self.piece().map(Said::Text),
            b'(' => self.list().map(|()| Said::List),
            _ => {
                let end = self.rest.iter().position(|byte| b" ()\"".contains(byte)).ok_or(UNCLEAR)?;
                let word = self.taken(end);
                Ok(if word.eq_ignore_ascii_case(b"NIL") { Said::Nothing } else { Said::Text(word.to_vec()) })
            }
        }
    }

    fn quoted(&mut self) -> Result<Vec<u8>, &'static str> {
        let mut text = Vec::new();
        let mut bytes = self.rest.iter().enumerate().skip(1);
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                b'\\' => text.extend(bytes.next().map(|(_, byte)| *byte)),
                byte => text.push(*byte),
            }
        }
        Err(UNCLEAR)
    }

    fn piece(&mut self) -> Result<Vec<u8>, &'static str> {
        let end = self.rest.iter().position(|byte| *byte == b'}').ok_or(UNCLEAR)?;
        self.taken(end + 1);
        self.pieces.next().ok_or(UNCLEAR)
    }

    /// Reads past a list.
    fn list(&mut self) -> Result<(), &'static str> {
        let mut depth = 0;
        loop {
            match self.rest.first().ok_or(UNCLEAR)? {
                b'"' => _ = self.quoted()?,
                b'{' => _ = self.piece()?,
                byte => {
                    depth += u32::from(*byte == b'(');
                    depth -= u32::from(*byte == b')');
                    self.taken(1);
                }
            }
            if depth == 0 {
                return Ok(());
            }
            if depth > DEEPEST {
                return Err(UNCLEAR);
            }
        }
    }

    fn taken(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(text: &str, pieces: &[&str]) -> Line {
        Line { text: text.as_bytes().to_vec(), pieces: pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect() }
    }

    fn body(text: &str, pieces: &[&str]) -> Result<(Option<u32>, Option<String>), &'static str> {
        let fetched = fetched(line(text, pieces))?.unwrap_or_default();
        Ok((fetched.number, fetched.body.map(|body| String::from_utf8(body).unwrap())))
    }

    #[test]
    fn a_body_is_read_however_it_comes() {
        for (text, pieces, expected) in [
            ("* 12 FETCH (FLAGS (\\Seen) UID 7 BODY[]<0> {5})", ["words"].as_slice(), "words"),
            ("* 12 fetch (BODY[]<0> {5} UID 7)", &["words"], "words"),
            ("* 12 FETCH (X-A ({1} \") (\\\\\") BODY[HEADER.FIELDS (A B)] {1} UID 7 BODY[] ~{5})", &["(", "h", "words"], "words"),
            ("* 12 FETCH (UID 7 BODY[]<0> \"a \\\"short\\\" one: {3} \\\\ (\")", &[], "a \"short\" one: {3} \\ ("),
            ("* 12 FETCH (UID 7 BODY[]<0> \"\")", &[], ""),
            ("* 12 FETCH (BODY[]<0> NIL UID 7)", &[], ""),
        ] {
            assert_eq!(body(text, pieces), Ok((Some(7), Some(expected.to_owned()))), "{text}");
        }
        for other in ["* 12 EXISTS", "* SEARCH 1 2", "* OK [X] FETCH (", "+ go on", ""] {
            assert_eq!(fetched(line(other, &[])), Ok(None), "{other}");
        }
        for bad in ["* 1 FETCH", "* 1 FETCH (UID", "* 1 FETCH (BODY[] (a b))", "* 1 FETCH (BODY[] \"a)", "* 1 FETCH (BODY[] {5})"] {
            assert_eq!(fetched(line(bad, &[])), Err(UNCLEAR), "{bad}");
        }
    }

    #[test]
    fn size_and_time_are_the_servers() {
        let said = "* 3 FETCH (INTERNALDATE \" 7-Nov-2026 10:00:00 +0100\" UID 9 RFC822.SIZE 4294967296)";
        let at = "2026-11-07T09:00:00Z".parse::<crate::domain::Timestamp>().unwrap();
        let expected = Fetched { number: Some(9), size: Some(1 << 32), delivered: Some(at.timestamp_millis()), body: None };
        assert_eq!(fetched(line(said, &[])), Ok(Some(expected)));
        assert_eq!(fetched(line("* 3 FETCH (INTERNALDATE \"yesterday\" UID -9)", &[])), Ok(Some(Fetched::default())));
    }

    proptest! {
        #[test]
        fn no_answer_whatever_makes_the_reader_panic(at in 0..90_usize, bytes in proptest::collection::vec(any::<u8>(), 0..12), keep in 0..120_usize) {
            let mut text = b"* 12 FETCH (FLAGS (\\Seen (\"x\")) INTERNALDATE \" 7-Nov-2026 10:00:00 +0100\" UID 7 BODY[]<0> {5})".to_vec();
            let until = (at + bytes.len()).min(text.len());
            text.splice(at.min(until)..until, bytes);
            text.truncate(keep);
            let _ = fetched(Line { text, pieces: vec![b"words".to_vec()] });
        }
    }
}
