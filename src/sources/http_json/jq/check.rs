//! Refuses programs that need not end: definitions that call themselves. Everything else that a
//! program can do too often is a matter for the meter.

use std::ops::Range;

use jaq_core::load;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::BinaryOp;
use jaq_core::load::parse::Def;
use jaq_core::load::parse::Pattern;
use jaq_core::load::parse::Term;
use jaq_core::path::Part;

/// Longest program, in bytes.
pub(super) const LONGEST: usize = 4096;

/// What is wrong with a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Wrong {
    /// What it is.
    pub reason: String,
    /// What to write instead.
    pub cure: String,
    /// Where in the program, in bytes.
    pub span: Range<usize>,
}

/// Names that jq has and a mapping has not.
const MISSED: &[(&str, &str)] = &[
    ("repeat", "a program has to end for every input"),
    ("while", "a program has to end for every input"),
    ("until", "a program has to end for every input"),
    ("recurse", "a program has to end for every input: `..` goes through all values inside"),
    ("input", "a program reads one reply, which is `.`"),
    ("inputs", "a program reads one reply, which is `.`"),
    ("env", "a program sees nothing of the machine"),
    ("$ENV", "a program sees nothing of the machine"),
    ("now", "what a program gives may not hang on the time at which it runs"),
    ("halt", "a program has to end with its values"),
    ("debug", "look at the result with `uproar preview`"),
];

/// A mistake at a name that is not known.
pub(super) fn unknown(name: &str, what: &str, span: Range<usize>) -> Wrong {
    let cure = MISSED.iter().find(|(missed, _)| *missed == name).map(|(_, why)| *why);
    let reason = match cure {
        Some(_) => format!("`{name}` cannot be used here"),
        None => format!("there is no {what} `{name}`"),
    };
    Wrong { reason, cure: cure.unwrap_or("the functions of jq are in its manual, https://jqlang.org/manual").to_owned(), span }
}

/// Finds a definition that calls itself.
pub(super) fn recursion(code: &str, term: &Term<&str>) -> Option<Wrong> {
    let mut walk = Walk { open: Vec::new(), found: None };
    walk.term(term);
    let name = walk.found?;
    Some(Wrong {
        reason: format!("the definition `{name}` calls itself"),
        cure: "a program has to end for every input: go through values with `.[]`, `..`, `map` or `reduce`".to_owned(),
        span: load::span(code, name),
    })
}

struct Walk<'a> {
    /// Definitions that are being looked into.
    open: Vec<&'a str>,
    found: Option<&'a str>,
}

impl<'a> Walk<'a> {
    fn definition(&mut self, def: &Def<&'a str>) {
        self.open.push(def.name);
        self.term(&def.body);
        self.open.pop();
    }

    fn terms<'b>(&mut self, terms: impl IntoIterator<Item = &'b Term<&'a str>>)
    where
        'a: 'b,
    {
        terms.into_iter().for_each(|term| self.term(term));
    }

    fn pattern(&mut self, pattern: &Pattern<&'a str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| self.pattern(pattern)),
            Pattern::Obj(pairs) => pairs.iter().for_each(|(name, pattern)| {
                self.term(name);
                self.pattern(pattern);
            }),
        }
    }

    fn term(&mut self, term: &Term<&'a str>) {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
            Term::Str(_, parts) => parts.iter().for_each(|part| {
                if let StrPart::Term(term) = part {
                    self.term(term);
                }
            }),
            Term::Arr(inside) => self.terms(inside.as_deref()),
            Term::Obj(pairs) => pairs.iter().for_each(|(name, value)| {
                self.term(name);
                self.terms(value);
            }),
            Term::Neg(inside) | Term::Label(_, inside) => self.term(inside),
            Term::BinOp(left, sign, right) => {
                self.term(left);
                if let BinaryOp::Pipe(Some(pattern)) = sign {
                    self.pattern(pattern);
                }
                self.term(right);
            }
            Term::Fold(_, values, pattern, rest) => {
                self.term(values);
                self.pattern(pattern);
                self.terms(rest);
            }
            Term::TryCatch(inside, catch) => {
                self.term(inside);
                self.terms(catch.as_deref());
            }
            Term::IfThenElse(pairs, otherwise) => {
                pairs.iter().for_each(|(condition, then)| self.terms([condition, then]));
                self.terms(otherwise.as_deref());
            }
            Term::Def(defs, rest) => {
                defs.iter().for_each(|def| self.definition(def));
                self.term(rest);
            }
            Term::Call(name, arguments) => {
                if self.open.contains(name) && self.found.is_none() {
                    self.found = Some(name);
                }
                self.terms(arguments);
            }
            Term::Path(from, path) => {
                self.term(from);
                for (part, _) in &path.0 {
                    match part {
                        Part::Index(index) => self.term(index),
                        Part::Range(start, end) => self.terms(start.iter().chain(end)),
                    }
                }
            }
        }
    }
}
