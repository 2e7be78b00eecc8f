//! A mistake in the configuration as data: where, what, why, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::config::tree::Place;

/// One mistake, or one thing that is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the configuration from being used.
    pub severity: Severity,
    /// Which kind of mistake; stable, for programs.
    pub code: Code,
    /// Number of the document.
    pub file: usize,
    /// The marked bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write under the marked bytes; may be empty.
    pub label: String,
    /// What to do; may be empty.
    pub help: String,
    /// Further places that belong to it, each with what to write there.
    pub also: Vec<(Place, String)>,
    /// Stretches of the documents that must not be shown.
    pub hidden: Arc<[Place]>,
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration is not used.
    Error,
    /// Probably not meant, and harmless.
    Warning,
}

impl Severity {
    /// The word in `check --json`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Problem {
    /// An error without label and help yet.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "a place is made for its problem")]
    pub fn error(code: Code, at: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            file: at.file(),
            span: at.span(),
            message: message.into(),
            label: String::new(),
            help: String::new(),
            also: Vec::new(),
            hidden: Arc::default(),
        }
    }

    /// A warning without label and help yet.
    #[must_use]
    pub fn warning(code: Code, at: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, at, message) }
    }

    /// The same with a label.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with a cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn also(mut self, at: Place, label: impl Into<String>) -> Self {
        self.also.push((at, label.into()));
        self
    }

    /// Numbers of the documents that it shows something of.
    pub fn files(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.file).chain(self.also.iter().map(|(place, _)| place.file()))
    }

    /// Whether it stops the configuration from being used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// Kinds of mistakes. A code is never given to another kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable word: `E0002`.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The text is not TOML.
    Syntax = "E0001",
    /// No table has such a key there.
    UnknownKey = "E0002",
    /// A key that has no default is missing.
    Missing = "E0003",
    /// The value is of another kind: a number where a text belongs.
    WrongKind = "E0004",
    /// The value is outside its limits.
    OutOfRange = "E0005",
    /// The value is none of the words that are allowed.
    UnknownWord = "E0006",
    /// Exactly one of several keys belongs there.
    NotOneOf = "E0007",
    /// Two things of a kind have the same name.
    NameTwice = "E0008",
    /// Nothing has the name that is used.
    UnknownName = "E0009",
    /// A secret stands in the file.
    PlainSecret = "E0010",
    /// A secret is not where the file says.
    UnreadableSecret = "E0011",
    /// A secret was read and is not what it should be.
    BadSecret = "E0012",
    /// Not a duration.
    BadDuration = "E0013",
    /// Not a size.
    BadSize = "E0014",
    /// Not fit to be a name.
    BadName = "E0015",
    /// Not an address on the web, or not one that may be used.
    BadAddress = "E0016",
    /// Not a mail address.
    BadMailAddress = "E0017",
    /// Not a cron line.
    BadCron = "E0018",
    /// Polled more often than the kind of source allows.
    TooOften = "E0019",
    /// Something is fetched and no contact is given.
    NoContact = "E0020",
    /// Something would cross a network unprotected.
    Unprotected = "E0021",
    /// Replays at different speeds, or beside live sources.
    BadSpeed = "E0022",
    /// A pattern matches nothing.
    MatchesNothing = "E0023",
    /// A rule of a theme cannot be understood.
    BadRule = "E0024",
    /// A table in one file and a list of tables in another.
    MixedTables = "E0025",
    /// Not a moment in time.
    BadTime = "E0026",
    /// There are more mistakes than are told.
    More = "E0027",
    /// A file of models cannot be used.
    BadModels = "E0028",
    /// Not a time of the day, or not days of the week.
    BadHours = "E0029",
    /// Quiet hours that never end.
    AlwaysQuiet = "E0030",
    /// A target that steps in for itself.
    OwnFailover = "E0031",
    /// Not a number of notices in a time, or not one that can be kept.
    BadRate = "E0032",
    /// A template that cannot be filled in.
    BadTemplate = "E0033",
    /// A former name of a source that cannot be one.
    FormerName = "E0040",
    /// Messages are stored under a source's name and under its former one.
    StoredTwice = "E0041",
    /// Not a program of jq, or not one that can be run.
    BadProgram = "E0050",
    /// Not a CSS selector, or not one that can be used.
    BadSelector = "E0051",
    /// Pages would be read and nobody is named who allowed it.
    NoPermission = "E0052",
    /// A webhook, and no address to listen at.
    NobodyListens = "E0053",
    /// A theme that no watch counts.
    ThemeUnwatched = "W0001",
    /// A source that no watch counts.
    SourceUnwatched = "W0002",
    /// A target that no watch notifies.
    TargetUnused = "W0003",
    /// A watch that notifies nobody.
    TellsNobody = "W0004",
    /// There is nothing to do at all.
    Idle = "W0005",
    /// A period that is not over yet.
    Ahead = "W0006",
    /// A label that none of the watch's sources gives.
    LabelUnknown = "W0007",
    /// A theme's own example does not come out as it says.
    Example = "W0008",
    /// A model that was trained with other rules.
    StaleModel = "W0009",
    /// A route that tells only those who are told anyway.
    RouteIdle = "W0010",
    /// A target that steps in for one which steps in for another.
    FailoverChain = "W0011",
    /// Links in alerts lead nowhere.
    DeadLinks = "W0012",
    /// An address of a service that is being switched off.
    RetiredAddress = "W0013",
    /// A target that is told of no beginnings, and so of nothing.
    NoBeginning = "W0014",
    /// A former name of a source under which nothing is stored any more.
    FormerNameDone = "W0020",
    /// Two sources that read the same.
    SameAddress = "W0021",
    /// More polls of a host than the gap between requests leaves time for.
    TooMany = "W0022",
    /// An option that does nothing where it stands.
    OptionIdle = "W0023",
    /// A source in a private network that `allow_private` does not name.
    PrivateHost = "W0024",
    /// A source at the address of one that is stored and that nobody names any more.
    FormerNameMissing = "W0025",
    /// A cron line whose years have passed.
    LinePast = "W0026",
    /// A secret stands in a text that everybody may read: a header, an address, a body.
    ReadableSecret = "W0027",
    /// Two sources that read the same files.
    SameFolder = "W0028",
    /// A path that depends on where the program is started.
    RelativePath = "W0029",
    /// A value of an example that nobody has filled in.
    NotFilledIn = "W0030",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_for_two_mistakes() {
        let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.about().ends_with('.')));
    }
}
