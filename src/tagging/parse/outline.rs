//! A rule in its parts, for telling which of them a text has.

use std::ops::Range;

use super::Expression;
use super::Reader;
use crate::tagging::lex;
use crate::tagging::lex::Fault;
use crate::tagging::lex::Kind;
use crate::tagging::words::Vocabulary;

/// A part of a rule that holds or does not hold by itself, with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tagging) struct Clause {
    pub(in crate::tagging) span: Range<usize>,
    pub(in crate::tagging) expression: Expression,
    /// The two sides, where it is about how near they are.
    pub(in crate::tagging) sides: Vec<Clause>,
}

/// The ways in which a rule may match, each with the parts that must all hold.
pub(in crate::tagging) fn outline(text: &str, names: &Vocabulary) -> Result<Vec<Vec<Clause>>, Fault> {
    let mut reader = Reader { text, names, signs: lex::signs(text)?, next: 0, depth: 0 };
    let mut ways = Vec::new();
    loop {
        let mut parts = Vec::new();
        loop {
            let (from, at) = (reader.next, reader.next);
            let expression = reader.near()?;
            let span = reader.signs[from].span.start..reader.signs[reader.next - 1].span.end;
            let mut sides = Vec::new();
            if matches!(expression, Expression::Near { .. }) {
                let end = reader.next;
                reader.next = at;
                while reader.next < end {
                    let from = reader.next;
                    let expression = reader.one()?;
                    let span = reader.signs[from].span.start..reader.signs[reader.next - 1].span.end;
                    sides.push(Clause { span, expression, sides: Vec::new() });
                    reader.next += 1;
                }
                reader.next = end;
            }
            parts.push(Clause { span, expression, sides });
            if !reader.takes(&Kind::And) {
                break;
            }
        }
        ways.push(parts);
        if !reader.takes(&Kind::Or) {
            return Ok(ways);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&[&str]]) {
        let ways = outline(text, &Vocabulary::default()).unwrap();
        let written: Vec<Vec<&str>> = ways.iter().map(|way| way.iter().map(|clause| &text[clause.span.clone()]).collect()).collect();
        assert_eq!(written, expected, "{text}");
    }

    #[test]
    fn a_rule_is_told_way_by_way_and_part_by_part() {
        check("a & \"b c\" | d", &[&["a", "\"b c\""], &["d"]]);
        check("(a | b) NEAR/3 c BEFORE/2 d & !e", &[&["(a | b) NEAR/3 c BEFORE/2 d", "!e"]]);
    }

    #[test]
    fn the_sides_of_nearness_are_parts_too() {
        let text = "(a | b) NEAR/3 c BEFORE/2 \"d e\"";
        let ways = outline(text, &Vocabulary::default()).unwrap();
        let sides: Vec<&str> = ways[0][0].sides.iter().map(|side| &text[side.span.clone()]).collect();
        assert_eq!(sides, ["(a | b)", "c", "\"d e\""]);
    }
}
