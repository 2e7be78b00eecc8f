//! How a stream fares: one word for machines, one sentence for people, the same wherever it is shown.

use std::fmt;

use url::Position;
use url::Url;

use crate::domain::Timestamp;
use crate::domain::ports::Stream;
use crate::domain::secret::ShownUrl;
use crate::domain::secret::opens_no_door;
use crate::domain::standing::Doubt;

/// How a stream fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not been read yet.
    Waiting,
    /// It is read, and what it says is believed.
    Ok,
    /// It is read from another address than the configured one.
    Moved {
        /// Where it is now.
        to: String,
        /// Since when.
        since: Timestamp,
    },
    /// A full page shared nothing with the one before.
    Gap {
        /// When that was.
        at: Timestamp,
    },
    /// Its ids change from poll to poll: its messages are known by their content.
    IdsChange {
        /// Since when.
        since: Timestamp,
    },
    /// Its polls fail.
    Failing {
        /// Since when.
        since: Option<Timestamp>,
        /// Polls in a row.
        polls: u32,
        /// What the last one said.
        why: String,
    },
    /// It answers, and the answers are not believed.
    Suspect {
        /// What is odd about them.
        why: Doubt,
        /// Since when.
        since: Timestamp,
    },
    /// It said that it is gone for good, twice: it is not asked any more.
    Gone {
        /// When it said so first.
        since: Timestamp,
        /// Its host.
        host: ShownUrl,
    },
    /// A person wants it left alone.
    Paused {
        /// Since when.
        since: Timestamp,
    },
}

/// How a stream fares. What keeps it from being read comes before what is odd about it.
#[must_use]
pub fn state_of(stream: &Stream) -> State {
    let standing = &stream.standing;
    if let Some(since) = stream.paused {
        return State::Paused { since };
    }
    if let Some(gone) = standing.gone.as_ref().filter(|gone| gone.confirmed) {
        return State::Gone { since: gone.since, host: ShownUrl::of(&gone.url) };
    }
    if let Some(suspect) = &standing.suspect {
        return State::Suspect { why: suspect.why, since: suspect.since };
    }
    if stream.errors > 0 {
        let why = stream.error.clone().unwrap_or_default();
        return State::Failing { since: standing.failing_since, polls: stream.errors, why };
    }
    if stream.complete_to.is_none() {
        return State::Waiting;
    }
    if let Some(since) = standing.ids_change {
        return State::IdsChange { since };
    }
    if let Some(at) = standing.gap {
        return State::Gap { at };
    }
    if let Some(moved) = &standing.moved {
        return State::Moved { to: shown(&moved.to), since: moved.since };
    }
    State::Ok
}

impl State {
    /// Every word that [`State::word`] gives, for gauges that show all of them.
    pub const WORDS: [&'static str; 9] = ["waiting", "ok", "moved", "gap", "ids_change", "failing", "suspect", "gone", "paused"];

    /// A stable word: for JSON and for labels of metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ok => "ok",
            Self::Moved { .. } => "moved",
            Self::Gap { .. } => "gap",
            Self::IdsChange { .. } => "ids_change",
            Self::Failing { .. } => "failing",
            Self::Suspect { .. } => "suspect",
            Self::Gone { .. } => "gone",
            Self::Paused { .. } => "paused",
        }
    }

    /// Whether what it brought last can be taken for all that there is. Where it cannot, a watch
    /// has no data from it, and is not calm.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self, Self::Ok | Self::Moved { .. } | Self::Gap { .. } | Self::IdsChange { .. })
    }

    /// Whether a person should look at it.
    #[must_use]
    pub fn needs_a_look(&self) -> bool {
        !matches!(self, Self::Ok | Self::Waiting | Self::Paused { .. })
    }

    /// What is so and what to do, without the name of the source: `fails since ...`. No full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Waiting => "has not been read yet".to_owned(),
            Self::Ok => "is read well".to_owned(),
            Self::Moved { to, since } => {
                format!("has moved for good to {to} and is read there since {}; write that address as its `url`", Day(*since))
            }
            Self::Gap { at } => {
                format!("shared nothing with the poll before on {}: messages were probably missed; a shorter `every` helps", Day(*at))
            }
            Self::IdsChange { since } => {
                format!("changes the ids of its messages from poll to poll; since {} they are known by their words", Day(*since))
            }
            Self::Failing { since, polls, why } => {
                let since = since.map(|since| format!(" since {}", Day(since))).unwrap_or_default();
                let times = if *polls == 1 { "once".to_owned() } else { format!("{polls} times in a row") };
                format!("fails{since}, {times}: {why}")
            }
            Self::Suspect { why: Doubt::Empty, since } => {
                let since = Day(*since);
                format!("is empty since {since} and used to have messages; that is believed after three polls in a row or a day")
            }
            Self::Suspect { why: Doubt::AnotherFeed, since } => {
                let since = Day(*since);
                format!("looks like another feed since {since}: all is new, and the title is another; believed after three polls or a day")
            }
            Self::Gone { since, host } => format!(
                "is gone for good, as {host} says since {} (410), and is not asked any more; give it another address, or \
                 `uproar source resume` it",
                Day(*since)
            ),
            Self::Paused { since } => format!("is paused since {}; `uproar source resume` goes on", Day(*since)),
        }
    }
}

/// As much of an address as may be shown: its path only where nothing in it looks like a key.
#[must_use]
pub fn shown(address: &str) -> String {
    let host = ShownUrl::of(address).to_string();
    let Ok(url) = Url::parse(address) else { return host };
    if !opens_no_door(address) {
        return format!("another path at {host}");
    }
    host + &url[Position::BeforePath..]
}

/// A moment for people.
struct Day(Timestamp);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%-d %b %H:%M UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::standing::Gone;
    use crate::domain::standing::Moved;
    use crate::domain::standing::Standing;
    use crate::domain::standing::Suspect;

    fn at() -> Timestamp {
        "2026-11-02T10:00:00Z".parse().unwrap()
    }

    fn read(standing: Standing) -> Stream {
        Stream { complete_to: Some(at()), standing, ..Stream::default() }
    }

    fn table() -> Vec<(&'static str, Stream)> {
        let moved = Moved { from: "https://a.example/f".to_owned(), to: "https://b.example/f".to_owned(), since: at() };
        let gone = |confirmed| Some(Box::new(Gone { since: at(), confirmed, url: "https://a.example/f?key=1".to_owned() }));
        let suspect = |why| Some(Suspect { why, polls: 1, since: at() });
        let failed = |standing: Standing| Stream {
            errors: 3,
            error: Some("no answer".to_owned()),
            standing: Standing { failing_since: Some(at()), ..standing },
            ..read(Standing::default())
        };
        vec![
            ("waiting", Stream::default()),
            ("ok", read(Standing::default())),
            ("moved", read(Standing { moved: Some(Box::new(moved.clone())), ..Standing::default() })),
            ("gap", read(Standing { gap: Some(at()), moved: Some(Box::new(moved)), ..Standing::default() })),
            ("ids_change", read(Standing { ids_change: Some(at()), gap: Some(at()), ..Standing::default() })),
            ("failing", failed(Standing::default())),
            ("failing", failed(Standing { gone: gone(false), ..Standing::default() })),
            ("suspect", failed(Standing { suspect: suspect(Doubt::Empty), ..Standing::default() })),
            ("suspect", read(Standing { suspect: suspect(Doubt::AnotherFeed), ..Standing::default() })),
            ("gone", failed(Standing { gone: gone(true), ..Standing::default() })),
            ("paused", Stream { paused: Some(at()), ..failed(Standing::default()) }),
        ]
    }

    #[test]
    fn what_keeps_a_stream_from_being_read_comes_before_what_is_odd_about_it() {
        for (word, stream) in table() {
            let state = state_of(&stream);
            assert_eq!(state.word(), word, "{stream:?}");
            assert!(State::WORDS.contains(&word));
            assert_eq!(state.is_read(), matches!(word, "ok" | "moved" | "gap" | "ids_change"), "{word}");
        }
    }

    #[test]
    fn every_state_has_a_sentence_that_says_what_to_do() {
        let lines: Vec<String> = table().iter().map(|(word, stream)| format!("{word}: {}", state_of(stream).sentence())).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        waiting: has not been read yet
        ok: is read well
        moved: has moved for good to https://b.example/f and is read there since 2 Nov 10:00 UTC; write that address as its `url`
        gap: shared nothing with the poll before on 2 Nov 10:00 UTC: messages were probably missed; a shorter `every` helps
        ids_change: changes the ids of its messages from poll to poll; since 2 Nov 10:00 UTC they are known by their words
        failing: fails since 2 Nov 10:00 UTC, 3 times in a row: no answer
        failing: fails since 2 Nov 10:00 UTC, 3 times in a row: no answer
        suspect: is empty since 2 Nov 10:00 UTC and used to have messages; that is believed after three polls in a row or a day
        suspect: looks like another feed since 2 Nov 10:00 UTC: all is new, and the title is another; believed after three polls or a day
        gone: is gone for good, as https://a.example says since 2 Nov 10:00 UTC (410), and is not asked any more; give it another address, or `uproar source resume` it
        paused: is paused since 2 Nov 10:00 UTC; `uproar source resume` goes on
        "#);
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_a_key() {
        for (address, expected) in [
            ("https://a.example/reviews.xml", "https://a.example/reviews.xml"),
            ("https://a.example/feed?format=rss", "https://a.example/feed?format=rss"),
            ("https://a.example/f/3f2504e0-4f89-11d3-9a0c-0305e82c3301.xml", "another path at https://a.example"),
            ("https://a.example/reviews.xml?key=1", "another path at https://a.example"),
            ("https://ann:pw@a.example/f/9f8a7b6c5d4e3f2a1b", "another path at https://a.example"),
            ("nonsense", "[address]"),
        ] {
            assert_eq!(shown(address), expected);
        }
    }
}
