//! One of a few words.

use serde_json::json;

use crate::calendar::bucket::Width;
use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::shape::source_file::Decimal;
use crate::config::shape::source_file::Delimiter;
use crate::config::shape::source_file::Done;
use crate::config::suggest;
use crate::config::tree::Node;
use crate::domain::http::Method;
use crate::domain::incident::Kind as Trouble;
use crate::domain::incident::Level;
use crate::domain::measure::Measure;
use crate::domain::notice::Event;
use crate::domain::theme::Scope;
use crate::render::mail::Tls;
use crate::sources::Robots;
use crate::sources::file::DateOrder;
use crate::sources::http_json::SinceFormat;
use crate::sources::webhook::Format;

/// A value that is written as one of a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<T>(pub T);

/// The words of a [`Choice`].
pub trait Words: Copy + PartialEq + 'static {
    /// Each word with what it means.
    const WORDS: &'static [(&'static str, Self)];
}

impl<T: Words> Kind for Choice<T> {
    const SHAPE: Shape = Shape::Value(|| json!({"enum": T::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>()}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let words = || T::WORDS.iter().map(|(word, _)| *word);
        let written = text::text(node, "a word in quotes", reader)?;
        if let Some((_, meaning)) = T::WORDS.iter().find(|(word, _)| *word == written) {
            return Some(Self(*meaning));
        }
        let all: Vec<String> = words().map(|word| format!("\"{word}\"")).collect();
        let help = match suggest::nearest(written, words()) {
            Some(near) => format!("did you mean \"{near}\"? It may be {}", all.join(", ")),
            None => format!("it may be {}", all.join(", ")),
        };
        let message = format!("`{}` cannot be \"{written}\"", reader.key());
        reader.report(Problem::error(Code::UnknownWord, node.at.clone(), message).label("unknown word").help(help));
        None
    }

    fn shown(&self) -> Shown {
        let word = T::WORDS.iter().find(|(_, meaning)| *meaning == self.0).map_or("", |(word, _)| word);
        Shown::Inline(quoted(word))
    }
}

impl Words for Method {
    const WORDS: &'static [(&'static str, Self)] = &[("GET", Self::Get), ("POST", Self::Post)];
}

impl Words for SinceFormat {
    const WORDS: &'static [(&'static str, Self)] =
        &[("rfc3339", Self::Rfc3339), ("unix", Self::Unix), ("unix_ms", Self::UnixMs), ("date", Self::Date)];
}

impl Words for Width {
    const WORDS: &'static [(&'static str, Self)] = &[("1h", Self::Hour), ("1d", Self::Day)];
}

impl Words for Measure {
    const WORDS: &'static [(&'static str, Self)] =
        &[("rating", Self::Rating), ("one_star", Self::OneStar), ("csat", Self::Csat), ("nps", Self::Nps)];
}

impl Words for Scope {
    const WORDS: &'static [(&'static str, Self)] =
        &[("sentence", Self::Sentence), ("pair", Self::Pair), ("text", Self::Text), ("title", Self::Title)];
}

impl Words for Robots {
    const WORDS: &'static [(&'static str, Self)] = &[("obey", Self::Obey), ("ignore", Self::Ignore)];
}

/// `refuse` is what no order means: dates that could be read two ways are not read.
impl Words for Option<DateOrder> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("refuse", None),
        ("dmy", Some(DateOrder::DayMonthYear)),
        ("mdy", Some(DateOrder::MonthDayYear)),
        ("ymd", Some(DateOrder::YearMonthDay)),
    ];
}

impl Words for Done {
    const WORDS: &'static [(&'static str, Self)] = &[("keep", Self::Keep), ("move", Self::Move), ("delete", Self::Delete)];
}

impl Words for Delimiter {
    const WORDS: &'static [(&'static str, Self)] = &[(",", Self(b',')), (";", Self(b';')), ("\t", Self(b'\t')), ("|", Self(b'|'))];
}

impl Words for Decimal {
    const WORDS: &'static [(&'static str, Self)] = &[(",", Self { comma: true }), (".", Self { comma: false })];
}

impl Words for Format {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("standard", Self::Standard),
        ("typeform", Self::Typeform),
        ("surveymonkey", Self::SurveyMonkey),
        ("delighted", Self::Delighted),
        ("zendesk", Self::Zendesk),
        ("json", Self::Json),
    ];
}

impl Words for Level {
    const WORDS: &'static [(&'static str, Self)] =
        &[("low", Self::Low), ("medium", Self::Medium), ("high", Self::High), ("critical", Self::Critical)];
}

impl Words for Trouble {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("spike", Self::Spike),
        ("slow_rise", Self::SlowRise),
        ("drop", Self::Drop),
        ("no_data", Self::NoData),
        ("message", Self::Message),
    ];
}

/// What a target may be told of. A storm stands for what opened; a test is always wanted.
impl Words for Event {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("opened", Self::Opened),
        ("worse", Self::Worse),
        ("reminder", Self::Reminder),
        ("resolved", Self::Resolved),
        ("reopened", Self::Reopened),
        ("acked", Self::Acked),
        ("digest", Self::Digest),
    ];
}

impl Words for Tls {
    const WORDS: &'static [(&'static str, Self)] = &[("required", Self::Required), ("implicit", Self::Implicit), ("none", Self::Plain)];
}
