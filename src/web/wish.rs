//! What a person asks for on a page, and how it is told from what a machine sends that follows links
//! and fills in forms.
//!
//! A page has a nonce, signed for what it showed and good for about an hour; and what is asked for
//! is the name of the button that was pressed, which no form has by itself.

use chrono::TimeDelta;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::incident::Act;
use crate::domain::incident::Incident;
use crate::domain::incident::Reason;
use crate::domain::incident::State;
use crate::text::ticket;

/// How long a page can be acted from: an hour at least, two at most.
const PAGE_GOOD_FOR: TimeDelta = TimeDelta::hours(2);

/// A button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// "I am on it."
    Acknowledge,
    /// "Quiet for so many hours."
    Snooze(u8),
    /// "It is over."
    Resolve,
    /// "There was no trouble."
    FalseAlarm,
    /// "I have not meant the last thing."
    Undo,
    /// "There was a trouble after all."
    Real,
}

impl Wish {
    const ALL: [Self; 8] =
        [Self::Acknowledge, Self::Snooze(4), Self::Snooze(24), Self::Snooze(72), Self::Resolve, Self::FalseAlarm, Self::Undo, Self::Real];

    /// The button's value.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "ack",
            Self::Snooze(..=4) => "snooze-4h",
            Self::Snooze(..=24) => "snooze-1d",
            Self::Snooze(_) => "snooze-3d",
            Self::Resolve => "resolve",
            Self::FalseAlarm => "false-alarm",
            Self::Undo => "undo",
            Self::Real => "real",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wish| wish.word() == word)
    }

    /// The buttons of an incident. `by_hand`: a person brought it to where it stands.
    #[must_use]
    pub fn offered(state: State, by_hand: bool, called_false: bool) -> Vec<Self> {
        let over = matches!(state, State::Resolved | State::Closed);
        let mut wishes = Vec::new();
        if matches!(state, State::Acknowledged | State::Snoozed) || (state == State::Resolved && by_hand) {
            wishes.push(Self::Undo);
        }
        if over {
            wishes.extend((state == State::Resolved && !by_hand).then_some(Self::Undo));
            wishes.push(if called_false { Self::Real } else { Self::FalseAlarm });
            return wishes;
        }
        wishes.extend((state != State::Acknowledged).then_some(Self::Acknowledge));
        if state != State::Snoozed {
            wishes.extend([Self::Snooze(4), Self::Snooze(24), Self::Snooze(72)]);
        }
        wishes.extend([Self::Resolve, Self::FalseAlarm]);
        wishes
    }
}

/// A page that somebody looks at: what its buttons send beside their own value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The state that it shows.
    pub seen: State,
    /// When it was made, on the clock that incidents live by.
    pub at: Timestamp,
}

impl Page {
    /// What makes its buttons work.
    #[must_use]
    pub fn nonce(&self, key: &[u8], subject: &str, ticket: &str, now: Timestamp) -> String {
        // Cut to the hour, it lasts an hour at least.
        ticket::sign(key, &self.subject(subject, ticket), [0; 6], now + PAGE_GOOD_FOR)
    }

    fn subject(&self, subject: &str, ticket: &str) -> String {
        format!("page of {subject} for {ticket}: {} at {}", self.seen, self.at.timestamp())
    }

    /// Until when a button for so many hours asks for quiet. Pressed twice it asks for the same.
    #[must_use]
    pub fn quiet_until(&self, hours: u8) -> Timestamp {
        Timestamp::from_timestamp(self.at.timestamp() / 60 * 60 + 60 + i64::from(hours) * 3600, 0).unwrap_or(self.at)
    }

    /// What a wish does to an incident as it stands now; nothing where it no longer fits.
    #[must_use]
    pub fn act(&self, wish: Wish, incident: &Incident) -> Option<Act> {
        let over = matches!(incident.state, State::Resolved | State::Closed);
        match wish {
            Wish::Acknowledge => (!over).then_some(Act::Acknowledge),
            Wish::Snooze(hours) => {
                let until = self.quiet_until(hours);
                let quiet = incident.state == State::Snoozed && incident.snoozed_until == Some(until);
                (!over && !quiet).then_some(Act::Snooze(until))
            }
            Wish::Resolve => (!over).then_some(Act::Resolve(Reason::Fixed)),
            Wish::FalseAlarm => Some(Act::Resolve(Reason::FalseAlarm)),
            // Only of what the page showed: what has happened since is somebody else's.
            Wish::Undo => {
                let known = matches!(incident.state, State::Acknowledged | State::Snoozed | State::Resolved);
                (incident.state == self.seen && known).then_some(Act::Reopen)
            }
            // On what is over this moves nothing; it takes the label back.
            Wish::Real => over.then_some(Act::Resolve(Reason::Fixed)),
        }
    }
}

/// A form that came, told from a machine's: the page it was on and the button that was pressed.
#[must_use]
pub fn read(body: &[u8], keys: &[Vec<u8>], subject: &str, ticket: &str, now: Timestamp) -> Option<(Page, Wish)> {
    let (mut nonce, mut seen, mut at, mut wish) = (None, None, None, None);
    for (name, value) in form_urlencoded::parse(body) {
        match &*name {
            "nonce" => nonce = Some(value.into_owned()),
            "seen" => seen = state(&value),
            "at" => at = value.parse().ok().and_then(|at| Timestamp::from_timestamp(at, 0)),
            "do" => wish = Wish::of(&value),
            _ => {}
        }
    }
    let page = Page { seen: seen?, at: at? };
    ticket::open(keys, &page.subject(subject, ticket), &nonce?, now).ok()?;
    Some((page, wish?))
}

fn state(word: &str) -> Option<State> {
    use State::{Acknowledged, Closed, Open, Pending, Recovering, Resolved, Snoozed};
    [Pending, Open, Acknowledged, Snoozed, Recovering, Resolved, Closed].into_iter().find(|state| state.word() == word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::incident::Kind;
    use crate::domain::incident::Segment;
    use crate::domain::incident::SeriesKey;

    const KEY: &[u8] = b"key";

    fn now() -> Timestamp {
        "2026-11-22T12:34:56Z".parse().unwrap()
    }

    fn page(seen: State) -> Page {
        Page { seen, at: now() }
    }

    fn incident(state: State) -> Incident {
        let key = SeriesKey { watch: "w".to_owned(), theme: "t".to_owned(), segment: Segment::All, kind: Kind::Spike };
        Incident { state, ..Incident::new("i-1".to_owned(), key, now()) }
    }

    fn form(page: &Page, wish: &str, nonce: &str) -> String {
        format!("nonce={nonce}&seen={}&at={}&do={wish}", page.seen, page.at.timestamp())
    }

    fn sent(body: &str, later: TimeDelta) -> Option<(Page, Wish)> {
        read(body.as_bytes(), &[KEY.to_vec()], "i:i-1", "ticket", now() + later)
    }

    #[test]
    fn a_pressed_button_is_read_for_an_hour_at_least() {
        let page = page(State::Open);
        let nonce = page.nonce(KEY, "i:i-1", "ticket", now());
        for wish in Wish::ALL {
            assert_eq!(sent(&form(&page, wish.word(), &nonce), TimeDelta::hours(1)), Some((page.clone(), wish)));
        }
        assert_eq!(sent(&form(&page, "ack", &nonce), TimeDelta::hours(2)), None, "a page that lay open since yesterday");
    }

    #[test]
    fn what_no_person_pressed_is_nothing() {
        let page = page(State::Open);
        let nonce = page.nonce(KEY, "i:i-1", "ticket", now());
        let good = form(&page, "ack", &nonce);
        let (without_button, _) = good.rsplit_once('&').unwrap();
        for bad in [
            "",
            without_button,
            &form(&page, "", &nonce),
            &form(&page, "explode", &nonce),
            &form(&page, "ack", ""),
            &form(&Page { seen: State::Resolved, ..page.clone() }, "ack", &nonce),
            &form(&Page { at: now() + TimeDelta::seconds(1), ..page.clone() }, "ack", &nonce),
            &form(&page, "ack", &page.nonce(b"other key", "i:i-1", "ticket", now())),
            &form(&page, "ack", &page.nonce(KEY, "i:i-2", "ticket", now())),
            &form(&page, "ack", &page.nonce(KEY, "i:i-1", "another ticket", now())),
        ] {
            assert_eq!(sent(bad, TimeDelta::zero()), None, "{bad}");
        }
    }

    #[test]
    fn a_ticket_is_no_nonce_and_a_nonce_no_ticket() {
        let page = page(State::Open);
        let ticket = ticket::sign(KEY, "i:i-1", [0; 6], now() + TimeDelta::hours(2));
        assert_eq!(sent(&form(&page, "ack", &ticket), TimeDelta::zero()), None);
        let nonce = page.nonce(KEY, "i:i-1", "ticket", now());
        assert!(ticket::open(&[KEY.to_vec()], "i:i-1", &nonce, now()).is_err());
    }

    #[test]
    fn pressed_twice_is_pressed_once() {
        let page = page(State::Open);
        let Some(Act::Snooze(until)) = page.act(Wish::Snooze(4), &incident(State::Open)) else { panic!("it can be asked for quiet") };
        assert_eq!(until.to_rfc3339(), "2026-11-22T16:35:00+00:00");
        let quiet = Incident { snoozed_until: Some(until), ..incident(State::Snoozed) };
        assert_eq!(page.act(Wish::Snooze(4), &quiet), None);
        assert!(page.act(Wish::Snooze(24), &quiet).is_some());
        assert_eq!(page.act(Wish::Resolve, &incident(State::Resolved)), None, "or it would take back that it was a false alarm");
        let undone = Page { seen: State::Acknowledged, ..page };
        assert_eq!(undone.act(Wish::Undo, &incident(State::Acknowledged)), Some(Act::Reopen));
        assert_eq!(undone.act(Wish::Undo, &incident(State::Open)), None);
        assert_eq!(undone.act(Wish::Undo, &incident(State::Resolved)), None, "it ended meanwhile");
    }

    #[test]
    fn every_state_has_its_buttons() {
        let words = |state, by_hand, called_false| -> Vec<&str> {
            Wish::offered(state, by_hand, called_false).into_iter().map(Wish::word).collect()
        };
        let all = ["ack", "snooze-4h", "snooze-1d", "snooze-3d", "resolve", "false-alarm"];
        assert_eq!(words(State::Open, false, false), all);
        assert_eq!(words(State::Recovering, false, false), all);
        assert_eq!(words(State::Acknowledged, true, false), ["undo", "snooze-4h", "snooze-1d", "snooze-3d", "resolve", "false-alarm"]);
        assert_eq!(words(State::Snoozed, true, false), ["undo", "ack", "resolve", "false-alarm"]);
        assert_eq!(words(State::Resolved, true, true), ["undo", "real"]);
        assert_eq!(words(State::Resolved, false, false), ["undo", "false-alarm"]);
        assert_eq!(words(State::Closed, false, false), ["false-alarm"]);
        assert_eq!(words(State::Closed, false, true), ["real"]);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read(&body, &[KEY.to_vec()], "i:i-1", "ticket", now()), None);
        }
    }
}
