//! Cuts a rule into signs: operators, and items such as `"on hold"/refund*/@bot`.

use std::ops::Range;

/// What is wrong with a rule, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) why: String,
    pub(super) cure: String,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, why: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { span, why: why.into(), cure: cure.into() }
    }
}

/// One sign with its place in the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Or,
    And,
    Not,
    /// `NEAR/5` or, in this order, `BEFORE/5`.
    Near {
        most: u32,
        ordered: bool,
    },
    /// Alternatives with `/` between.
    Item(Vec<Piece>),
}

/// One alternative of an item; the places leave out quotes and `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Word(Range<usize>),
    Phrase(Range<usize>),
    Name(Range<usize>),
}

/// Two words further apart than this have nothing to do with each other; `&` says "in the same
/// sentence".
const FARTHEST: u32 = 50;

/// All signs of a rule.
pub(super) fn signs(text: &str) -> Result<Vec<Sign>, Fault> {
    let mut signs = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let single = match c {
            '(' => Some(Kind::Open),
            ')' => Some(Kind::Close),
            '|' => Some(Kind::Or),
            '&' => Some(Kind::And),
            '!' => Some(Kind::Not),
            _ => None,
        };
        if let Some(kind) = single {
            signs.push(Sign { kind, span: at..at + 1 });
            at += 1;
        } else if c.is_whitespace() {
            at += c.len_utf8();
        } else {
            let sign = operator(text, at).unwrap_or_else(|| item(text, at))?;
            at = sign.span.end;
            signs.push(sign);
        }
    }
    Ok(signs)
}

/// An operator that is a word, if one begins here.
fn operator(text: &str, at: usize) -> Option<Result<Sign, Fault>> {
    let end = word_end(text, at);
    let kind = match &text[at..end] {
        "AND" => Kind::And,
        "OR" => Kind::Or,
        "NOT" => Kind::Not,
        "NEAR" | "BEFORE" => return Some(distance(text, at, end)),
        word if word.eq_ignore_ascii_case("near") || word.eq_ignore_ascii_case("before") => {
            // `near/shop` is a choice of two words; `near/3` is a slip of the keyboard.
            let number = digits(text, end);
            return (number.len() > 1).then(|| {
                let cure = format!("write {}{}", word.to_uppercase(), &text[number.clone()]);
                Err(Fault::new(at..number.end, "operators are written in capitals", cure))
            });
        }
        _ => return None,
    };
    Some(Ok(Sign { kind, span: at..end }))
}

fn distance(text: &str, at: usize, end: usize) -> Result<Sign, Fault> {
    let word = &text[at..end];
    let number = digits(text, end);
    let span = at..number.end;
    if number.len() < 2 {
        let cure = format!("say how many words may stand between, {word}/5; for anywhere in the sentence write &");
        return Err(Fault::new(span, format!("{word} does not say how near"), cure));
    }
    let most = text[number.start + 1..number.end].parse().ok().filter(|most| *most <= FARTHEST);
    let Some(most) = most else {
        return Err(Fault::new(
            number,
            format!("words so far apart are not near; {FARTHEST} is the most"),
            "for anywhere in the sentence write &",
        ));
    };
    Ok(Sign { kind: Kind::Near { most, ordered: word == "BEFORE" }, span })
}

/// A slash with the digits after it.
fn digits(text: &str, at: usize) -> Range<usize> {
    let Some(rest) = text[at..].strip_prefix('/') else { return at..at };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    at..at + 1 + count
}

fn item(text: &str, from: usize) -> Result<Sign, Fault> {
    let mut pieces = Vec::new();
    let mut at = from;
    loop {
        let (piece, end) = piece(text, at)?;
        pieces.push(piece);
        // Long choices are easier to read over several lines, so white space around `/` is free.
        let slash = end + blank(&text[end..]);
        if !text[slash..].starts_with('/') {
            return Ok(Sign { kind: Kind::Item(pieces), span: from..end });
        }
        at = slash + 1;
        at += blank(&text[at..]);
        if at == text.len() || text[at..].starts_with(['/', '(', ')', '|', '&', '!']) {
            return Err(Fault::new(slash..slash + 1, SLASH, SLASH_CURE));
        }
    }
}

fn piece(text: &str, at: usize) -> Result<(Piece, usize), Fault> {
    match text[at..].chars().next() {
        Some('"') => match text[at + 1..].find('"') {
            Some(length) => Ok((Piece::Phrase(at + 1..at + 1 + length), at + length + 2)),
            None => Err(Fault::new(at..text.len(), "this phrase does not end", "add the closing quote")),
        },
        Some('@') => match name_end(text, at + 1) {
            end if end > at + 1 => Ok((Piece::Name(at + 1..end), end)),
            end => Err(Fault::new(at..end, "@ stands without a name", "write the name of a choice from the table `words`, such as @bot")),
        },
        Some(c @ ('~' | '>' | '<')) => {
            let cure = "write NEAR/5 for within five words, BEFORE/5 where the order matters";
            Err(Fault::new(at..at + 1, format!("`{c}` means nothing here"), cure))
        }
        Some(c @ ('“' | '”' | '„' | '«' | '»')) => {
            Err(Fault::new(at..at + c.len_utf8(), format!("`{c}` is not the quote that rules use"), "write straight quotes: \"on hold\""))
        }
        _ => match word_end(text, at) {
            end if end > at => Ok((Piece::Word(at..end), end)),
            // All other ends of words were seen to before: this is a slash.
            end => Err(Fault::new(at..end + 1, SLASH, SLASH_CURE)),
        },
    }
}

const SLASH: &str = "`/` stands without a word";
const SLASH_CURE: &str = "write words on both sides of it, or phrases in quotes: call/phone/\"rang up\"";

/// Length of the white space that a text begins with.
fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn word_end(text: &str, at: usize) -> usize {
    let ends = |c: char| c.is_whitespace() || "()|&!\"/@“”„«»".contains(c);
    text[at..].find(ends).map_or(text.len(), |length| at + length)
}

/// Names are letters, digits and `_`.
pub(super) fn name_end(text: &str, at: usize) -> usize {
    text[at..].find(|c: char| c != '_' && !c.is_alphanumeric()).map_or(text.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        signs(text).unwrap().into_iter().map(|sign| sign.kind).collect()
    }

    #[test]
    fn operators_are_signs_or_words_in_capitals() {
        assert_eq!(kinds("& | ! ( )"), kinds("AND OR NOT ( )"));
        assert_eq!(kinds("NEAR/3 BEFORE/0"), [Kind::Near { most: 3, ordered: false }, Kind::Near { most: 0, ordered: true }]);
        assert!(matches!(&kinds("and near before")[..], [Kind::Item(_), Kind::Item(_), Kind::Item(_)]));
    }

    #[test]
    fn an_item_is_a_choice_with_slashes() {
        assert_eq!(kinds("a /\n b"), [Kind::Item(vec![Piece::Word(0..1), Piece::Word(5..6)])]);
        let text = r#"call*/"on hold"/@bot"#;
        assert_eq!(kinds(text), [Kind::Item(vec![Piece::Word(0..5), Piece::Phrase(7..14), Piece::Name(17..20)])]);
    }

    #[test]
    fn each_slip_is_told_with_its_place_and_its_cure() {
        for (text, span, why) in [
            ("a near/3 b", 2..8, "operators are written in capitals"),
            ("a NEAR b", 2..6, "NEAR does not say how near"),
            ("a BEFORE/900 b", 8..12, "words so far apart are not near; 50 is the most"),
            ("a | \"on hold", 4..12, "this phrase does not end"),
            ("a/ | b", 1..2, "`/` stands without a word"),
            ("a | /b", 4..5, "`/` stands without a word"),
            ("a & @", 4..5, "@ stands without a name"),
            ("“on hold”", 0..3, "`“` is not the quote that rules use"),
        ] {
            let fault = signs(text).unwrap_err();
            assert_eq!((fault.span, fault.why.as_str()), (span, why), "{text}");
            assert!(!fault.cure.is_empty(), "{text}");
        }
    }
}
