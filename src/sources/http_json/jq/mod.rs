//! Programs in the language of jq, run by jaq within limits.
//!
//! A program is compiled when the configuration is checked ([`Program::compile`]); a mistake has its place.
//! What runs, runs inside [`within`], on a thread of its own that ends when the measure is full, whatever
//! the program does and whatever the reply holds. `meter.rs` says why nothing goes round that.

use std::fmt;

use jaq_core::Compiler;
use jaq_core::Ctx;
use jaq_core::DataT;
use jaq_core::Lut;
use jaq_core::Vars;
use jaq_core::data::HasLut;
use jaq_core::load;
use jaq_core::load::Arena;
use jaq_core::load::File;
use jaq_core::load::Loader;

mod check;
mod clock;
mod functions;
mod meter;
mod operators;
mod prelude;
mod read;
mod value;

pub use crate::sources::http_json::jq::check::Wrong;
pub use crate::sources::http_json::jq::meter::Limits;
pub use crate::sources::http_json::jq::meter::Spent;
pub use crate::sources::http_json::jq::meter::within;
pub use crate::sources::http_json::jq::read::Broken;
pub use crate::sources::http_json::jq::read::document;
pub use crate::sources::http_json::jq::value::Value;

/// Values of one run, at most.
pub(super) const MOST_VALUES: usize = 100_000;

/// The kind of data that programs work on: our values, and a table that counts who looks into it.
pub struct Metered;

impl DataT for Metered {
    type V<'a> = Value;
    type Data<'a> = Counted<'a>;
}

/// The table of a program's terms.
#[derive(Clone)]
pub struct Counted<'a>(&'a Lut<Metered>);

impl<'a> HasLut<'a, Metered> for Counted<'a> {
    /// Called for every term that is evaluated.
    fn lut(&self) -> &'a Lut<Metered> {
        meter::step(1);
        self.0
    }
}

/// A compiled program.
pub struct Program {
    filter: jaq_core::Filter<Metered>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Program")
    }
}

impl Program {
    /// Compiles a program.
    ///
    /// # Errors
    ///
    /// [`Wrong`] with the place of the mistake.
    pub fn compile(code: &str) -> Result<Self, Wrong> {
        if code.len() > check::LONGEST {
            let reason = format!("a program of {} bytes, longer than {}", code.len(), check::LONGEST);
            return Err(Wrong { reason, cure: "take apart only what is needed".to_owned(), span: 0..code.len() });
        }
        // On a deep stack: the parser calls itself for every bracket.
        let failed =
            |_| Wrong { reason: "the program cannot be compiled".to_owned(), cure: "write it shorter".to_owned(), span: 0..code.len() };
        within(Limits { steps: u64::MAX, bytes: u64::MAX }, || compile(code)).map_err(failed)?
    }

    /// All values that it gives for an input, and the error that ended it, if one did; that there are more
    /// than `MOST_VALUES` is one. To be called inside [`within`].
    #[must_use]
    pub fn run(&self, input: Value) -> (Vec<Value>, Option<String>) {
        let mut values = Vec::new();
        let context = Ctx::<Metered>::new(Counted(&self.filter.lut), Vars::new([]));
        for output in self.filter.id.run((context, input)) {
            match output {
                _ if values.len() == MOST_VALUES => return (values, Some(format!("it gives more than {MOST_VALUES} values"))),
                Ok(value) => values.push(value),
                Err(thrown) => return (values, Some(said(thrown))),
            }
        }
        (values, None)
    }

    /// The first value, or why there is none.
    ///
    /// # Errors
    ///
    /// The message of the program's error.
    pub fn first(&self, input: Value) -> Result<Option<Value>, String> {
        let context = Ctx::<Metered>::new(Counted(&self.filter.lut), Vars::new([]));
        self.filter.id.run((context, input)).next().transpose().map_err(said)
    }
}

/// The message of an error, not longer than a line.
fn said(thrown: jaq_core::Exn<'_, Value>) -> String {
    let Ok(error) = thrown.get_err() else { return "it breaks out of nothing".to_owned() };
    let mut line = Line(String::new());
    // Ends with an error as soon as the line is full: values in it may be long.
    let _ = fmt::write(&mut line, format_args!("{error}"));
    line.0
}

/// A line of at most 200 letters without control characters.
struct Line(String);

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            if self.0.len() > 200 {
                self.0.push('…');
                return Err(fmt::Error);
            }
            self.0.push(if letter.is_control() { ' ' } else { letter });
        }
        Ok(())
    }
}

fn compile(code: &str) -> Result<Program, Wrong> {
    if code.trim().is_empty() {
        return Err(Wrong { reason: "an empty program".to_owned(), cure: "write `.` for the whole".to_owned(), span: 0..code.len() });
    }
    let arena = Arena::default();
    let loaded = Loader::new(prelude::definitions()).load(&arena, File { code, path: () });
    let modules = loaded.map_err(|errors| syntax(code, errors))?;
    if let Some(wrong) = load::parse(code, |parser| parser.term()).as_ref().and_then(|term| check::recursion(code, term)) {
        return Err(wrong);
    }
    let theirs = jaq_core::funs::<Metered>().chain(jaq_std::base_funs());
    let theirs = theirs.filter(|(name, ..)| !prelude::NATIVES_LEFT_OUT.contains(name));
    let funs = functions::all().into_iter().map(jaq_core::native::run::<Metered>).chain(theirs);
    let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
        let first = errors.into_iter().flat_map(|(file, errors)| errors.into_iter().map(move |error| (file.code, error))).next();
        match first {
            Some((inside, (name, undefined))) if inside == code => check::unknown(name, undefined.as_str(), load::span(code, name)),
            Some((_, (name, undefined))) => check::unknown(name, undefined.as_str(), 0..code.len()),
            None => check::unknown(code, "program", 0..code.len()),
        }
    })?;
    Ok(Program { filter })
}

/// The first mistake in the form of a program.
fn syntax(code: &str, errors: load::Errors<&str, ()>) -> Wrong {
    use load::Error;
    let cure = || "try the program with jq on a reply of the server".to_owned();
    // What was expected at the end has no letters of its own there.
    let place = |found: &str| {
        let span = load::span(code, found);
        if span.is_empty() { code.floor_char_boundary(span.start.saturating_sub(1))..code.len() } else { span }
    };
    for (_, error) in errors {
        match error {
            Error::Lex(mistakes) => {
                if let Some((expected, found)) = mistakes.into_iter().next() {
                    let span = place(found);
                    // The rest of the program is what was found: its first letter is the place.
                    let end = code[span.start..].chars().next().map_or(span.end, |letter| span.start + letter.len_utf8());
                    return Wrong { reason: format!("{} expected", expected.as_str()), cure: cure(), span: span.start..end };
                }
            }
            Error::Parse(mistakes) => {
                if let Some((expected, found)) = mistakes.into_iter().next() {
                    let what = if found.is_empty() {
                        "the end of the program".to_owned()
                    } else {
                        format!("`{}`", found.lines().next().unwrap_or_default().chars().take(20).collect::<String>())
                    };
                    return Wrong { reason: format!("{} expected, and not {what}", expected.as_str()), cure: cure(), span: place(found) };
                }
            }
            Error::Io(files) => {
                let span = files.first().map_or(0..code.len(), |(path, _)| place(path));
                return Wrong { reason: "a program has no modules".to_owned(), cure: "write what it needs into it".to_owned(), span };
            }
        }
    }
    Wrong { reason: "no program of jq".to_owned(), cure: cure(), span: 0..code.len() }
}

#[cfg(test)]
mod tests;
