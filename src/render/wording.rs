//! Numbers, times and names as people read them, the same in every channel.

use chrono::Datelike;
use chrono::TimeDelta;
use chrono::Timelike;
use chrono::Weekday;
use chrono_tz::Tz;

use crate::domain::Timestamp;
use crate::text::excerpt;
use crate::text::redact::redact;

/// Longest name of a watch, theme or label that is shown, in characters.
const NAME: usize = 80;

/// A count or an expectation: one decimal below ten, whole numbers above.
#[must_use]
pub fn amount(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    if value.abs() >= 1e9 {
        return format!("{value:.1e}");
    }
    let text = if value.abs() < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    let text = text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned);
    if text == "-0" { "0".to_owned() } else { text }
}

/// A count in at most four columns: `950`, `12k`, `3M`.
pub(super) fn short_count(value: u32) -> String {
    match value {
        0..=9_999 => value.to_string(),
        10_000..=999_999 => format!("{}k", value / 1_000),
        1_000_000..=999_999_999 => format!("{}M", value / 1_000_000),
        _ => format!("{}G", value / 1_000_000_000),
    }
}

/// A share as per cent, `31 %`.
#[must_use]
pub fn share(value: f64) -> String {
    format!("{} %", amount(value.clamp(0.0, 1.0) * 100.0))
}

/// `about 1 in 160 million` for a surprise, which is minus the common logarithm of a chance.
#[must_use]
pub fn chance(surprise: f64) -> String {
    if surprise >= 9.0 {
        return "less than 1 in a billion".to_owned();
    }
    let one_in = 10_f64.powf(surprise.max(0.0));
    // Two digits: the tail of a distribution is not known better than that.
    let step = 10_f64.powi((one_in.log10().floor() as i32 - 1).max(0));
    let rounded = ((one_in / step).round() * step) as u64;
    match rounded {
        0..10_000 => format!("about 1 in {rounded}"),
        10_000..1_000_000 => format!("about 1 in {},{:03}", rounded / 1_000, rounded % 1_000),
        _ => format!("about 1 in {} million", amount(rounded as f64 / 1e6)),
    }
}

/// `160 to 1`, `1 to 8` for a score, which is the common logarithm of odds in thousandths.
#[must_use]
pub fn odds(score: f64) -> String {
    let exponent = if score.is_nan() { -3.0 } else { score.clamp(0.0, 9.0) - 3.0 };
    let odds = 10_f64.powf(exponent.abs());
    // Two digits, as for a chance.
    let step = 10_f64.powi((odds.log10().floor() as i32 - 1).max(0));
    let rounded = (odds / step).round() * step;
    let number = match rounded as u64 {
        ..1_000 => amount(rounded),
        thousands => format!("{},{:03}", thousands / 1_000, thousands % 1_000),
    };
    match exponent {
        exponent if exponent >= 6.0 => "more than a million to 1".to_owned(),
        exponent if exponent >= 0.0 => format!("{number} to 1"),
        exponent if exponent <= -3.0 => "less than 1 to 1,000".to_owned(),
        _ => format!("1 to {number}"),
    }
}

/// What is to be known of a part that has not yet learnt its own usual share.
pub const BORROWED: &str =
    "Little is known of this part yet: what is usual is taken from all messages, and an alert takes three times the odds.";

/// `complaint` or `complaints`.
#[must_use]
pub fn plural(count: &str, one: &str) -> String {
    if count == "1" { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// `hour`, `6 hours`, `7 days`: what stands behind "the last".
#[must_use]
pub fn window(seconds: i64) -> String {
    match seconds {
        ..=0 => "time".to_owned(),
        3600 => "hour".to_owned(),
        86_400 => "24 hours".to_owned(),
        _ if seconds % 86_400 == 0 => format!("{} days", seconds / 86_400),
        _ if seconds % 3600 == 0 => format!("{} hours", seconds / 3600),
        _ => format!("{} minutes", (seconds / 60).max(1)),
    }
}

/// `9 h 20 min`, `3 d 4 h`.
pub(super) fn lasting(length: TimeDelta) -> String {
    let minutes = length.num_minutes().max(0);
    let parts = [(minutes / 1440, "d"), (minutes / 60 % 24, "h"), (minutes % 60, "min")];
    let from = parts.iter().position(|part| part.0 > 0).unwrap_or(2);
    let shown = parts[from..].iter().take(2).filter(|part| part.0 > 0 || from == 2);
    shown.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}

/// Where a moment lies that is so much earlier than the beginning of a rise, which is known to a bucket.
pub(super) fn beside(earlier: TimeDelta, bucket: TimeDelta) -> String {
    match earlier {
        earlier if earlier >= bucket => format!("{} before the rise began", lasting(earlier)),
        earlier if -earlier >= bucket => format!("{} after the rise began", lasting(-earlier)),
        _ => "about when the rise began".to_owned(),
    }
}

/// Times in the zone of an incident.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    zone: Tz,
    today: Timestamp,
}

impl Clock {
    /// `zone` by its name, UTC where there is none of this name; `today` is the day of the notice.
    pub(super) fn of(zone: &str, today: Timestamp) -> Self {
        Self { zone: zone.parse().unwrap_or(Tz::UTC), today }
    }

    /// The zone.
    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// `Sat 21 Nov 2026 14:05 CET`
    pub(super) fn full(&self, at: Timestamp) -> String {
        at.with_timezone(&self.zone).format("%a %-d %b %Y %H:%M %Z").to_string()
    }

    /// `Saturday`
    pub(super) fn weekday(&self, at: Timestamp) -> String {
        at.with_timezone(&self.zone).format("%A").to_string()
    }

    /// A window that is over: `on Tue 3 Nov`, `in the week of 2 to 8 November`, `from Sun 1 Nov to
    /// Tue 3 Nov`, `on Tue 3 Nov between 14:00 and 17:00`.
    pub(super) fn days(&self, from: Timestamp, until: Timestamp) -> String {
        let (first, end) = (from.with_timezone(&self.zone), until.with_timezone(&self.zone));
        let last = (until - TimeDelta::seconds(1)).with_timezone(&self.zone);
        let same_year = [first, last].iter().all(|at| at.year() == self.today.with_timezone(&self.zone).year());
        let day = |at: &chrono::DateTime<Tz>| at.format(if same_year { "%a %-d %b" } else { "%a %-d %b %Y" }).to_string();
        let begins_day = |at: &chrono::DateTime<Tz>| at.num_seconds_from_midnight() == 0;
        let one_day = first.date_naive() == last.date_naive();
        if begins_day(&first) && begins_day(&end) {
            let week = (last.date_naive() - first.date_naive()).num_days() == 6 && first.weekday() == Weekday::Mon;
            return match (one_day, week) {
                (true, _) => format!("on {}", day(&first)),
                (_, true) if first.month() == last.month() => {
                    format!("in the week of {} to {}", first.day(), last.format(if same_year { "%-d %B" } else { "%-d %B %Y" }))
                }
                (_, true) => {
                    format!("in the week of {} to {}", first.format("%-d %B"), last.format(if same_year { "%-d %B" } else { "%-d %B %Y" }))
                }
                _ => format!("from {} to {}", day(&first), day(&last)),
            };
        }
        let until = if begins_day(&end) { "24:00".to_owned() } else { end.format("%H:%M").to_string() };
        if one_day {
            format!("on {} between {} and {until}", day(&first), first.format("%H:%M"))
        } else {
            format!("from {} {} to {} {until}", day(&first), first.format("%H:%M"), day(&last))
        }
    }

    /// `13:41`, with the day where it is not that of the notice: `20 Nov 13:41`.
    pub(super) fn short(&self, at: Timestamp) -> String {
        let (at, today) = (at.with_timezone(&self.zone), self.today.with_timezone(&self.zone));
        let form = if at.date_naive() == today.date_naive() { "%H:%M" } else { "%-d %b %H:%M" };
        at.format(form).to_string()
    }
}

/// A name from the configuration or a label, fit for a line of text.
pub(super) fn name(text: &str) -> String {
    let tame = untagged(&excerpt::shorten(text, NAME)).replace("://", ": //");
    if tame.contains('@') { redact(&tame) } else { tame }
}

/// Customers' words: they were redacted when they were frozen, and are once more, because this is
/// the last door. Nothing in them is markup or a link to any program.
pub(super) fn quote(text: &str, most: usize) -> String {
    untagged(&redact(&excerpt::shorten(&decoded(text), most)))
}

/// Marks that a program could take for tags become marks that it can't.
fn untagged(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let tag = letter == '<' && letters.peek().is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'));
        match letter {
            '<' if tag => {
                open = true;
                out.push('‹');
            }
            '>' if open => {
                open = false;
                out.push('›');
            }
            other => out.push(other),
        }
    }
    out
}

/// Entities that a source forgot to decode, however often they were encoded: `&amp;amp;lt;` is `<`.
fn decoded(text: &str) -> String {
    const ENTITIES: [(&str, &str); 8] =
        [("amp;", "&"), ("lt;", "<"), ("gt;", ">"), ("quot;", "\""), ("apos;", "'"), ("nbsp;", " "), ("#39;", "'"), ("#x27;", "'")];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut meant = "&";
        while let Some((entity, sign)) = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)) {
            rest = &rest[entity.len()..];
            meant = sign;
            if meant != "&" {
                break;
            }
        }
        out.push_str(meant);
        let other = rest.strip_prefix('#').map(|code| code.trim_start_matches(|digit: char| digit.is_ascii_hexdigit() || digit == 'x'));
        if meant == "&" && other.is_some_and(|code| code.starts_with(';')) {
            // A letter by its number: rare enough to be left, but not as an entity.
            out.push(' ');
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_one_decimal_only_where_it_matters() {
        for (value, text) in [
            (0.0, "0"),
            (-0.01, "0"),
            (0.25, "0.2"),
            (7.83, "7.8"),
            (6.0, "6"),
            (9.97, "10"),
            (47.4, "47"),
            (f64::NAN, "?"),
            (3e12, "3.0e12"),
        ] {
            assert_eq!(amount(value), text);
        }
        assert_eq!((share(0.312), share(0.041), share(7.0)), ("31 %".to_owned(), "4.1 %".to_owned(), "100 %".to_owned()));
        assert_eq!(
            (short_count(9_999), short_count(10_499), short_count(2_000_000)),
            ("9999".to_owned(), "10k".to_owned(), "2M".to_owned())
        );
    }

    #[test]
    fn a_surprise_is_told_as_a_chance() {
        assert_eq!(chance(0.0), "about 1 in 1");
        assert_eq!(chance(3.3), "about 1 in 2000");
        assert_eq!(chance(4.2), "about 1 in 16,000");
        assert_eq!(chance(8.2), "about 1 in 160 million");
        assert_eq!(chance(12.0), "less than 1 in a billion");
        assert_eq!(chance(f64::NAN), "about 1 in 1");
    }

    #[test]
    fn a_score_is_told_as_odds() {
        for (score, text) in [
            (3.0, "1 to 1"),
            (2.1, "1 to 8"),
            (3.55, "4 to 1"),
            (5.2, "160 to 1"),
            (7.31, "20,000 to 1"),
            (0.0, "less than 1 to 1,000"),
            (f64::NAN, "less than 1 to 1,000"),
            (31.0, "more than a million to 1"),
        ] {
            assert_eq!(odds(score), text);
        }
    }

    #[test]
    fn lengths_of_time_have_two_units_at_most() {
        for (minutes, text) in [(0, "0 min"), (5, "5 min"), (560, "9 h 20 min"), (600, "10 h"), (4 * 1440 + 61, "4 d 1 h"), (-3, "0 min")] {
            assert_eq!(lasting(TimeDelta::minutes(minutes)), text);
        }
        assert_eq!(
            (window(3600), window(21_600), window(86_400), window(604_800)),
            ("hour".into(), "6 hours".into(), "24 hours".into(), "7 days".into())
        );
    }

    #[test]
    fn a_mark_is_told_beside_the_beginning_of_the_rise() {
        let hour = TimeDelta::hours(1);
        for (minutes, text) in [
            (185, "3 h 5 min before the rise began"),
            (60, "1 h before the rise began"),
            (59, "about when the rise began"),
            (-30, "about when the rise began"),
            (-2880, "2 d after the rise began"),
        ] {
            assert_eq!(beside(TimeDelta::minutes(minutes), hour), text);
        }
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let at: Timestamp = "2026-11-21T13:05:00Z".parse().unwrap();
        let clock = Clock::of("Europe/Stockholm", at);
        assert_eq!(clock.full(at), "Sat 21 Nov 2026 14:05 CET");
        assert_eq!(clock.short(at - TimeDelta::hours(20)), "20 Nov 18:05");
        assert_eq!(Clock::of("No/Where", at).full(at), "Sat 21 Nov 2026 13:05 UTC");
    }

    #[test]
    fn a_window_that_is_over_is_told_by_its_days() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let clock = Clock::of("Europe/Stockholm", at("2026-11-09T08:05:00Z"));
        for (from, until, words) in [
            ("2026-11-02T23:00:00Z", "2026-11-03T23:00:00Z", "on Tue 3 Nov"),
            ("2026-11-01T23:00:00Z", "2026-11-08T23:00:00Z", "in the week of 2 to 8 November"),
            ("2026-10-25T23:00:00Z", "2026-11-01T23:00:00Z", "in the week of 26 October to 1 November"),
            ("2026-10-31T23:00:00Z", "2026-11-03T23:00:00Z", "from Sun 1 Nov to Tue 3 Nov"),
            ("2025-11-02T23:00:00Z", "2025-11-03T23:00:00Z", "on Mon 3 Nov 2025"),
            ("2026-11-03T13:00:00Z", "2026-11-03T16:00:00Z", "on Tue 3 Nov between 14:00 and 17:00"),
            ("2026-11-03T13:00:00Z", "2026-11-03T23:00:00Z", "on Tue 3 Nov between 14:00 and 24:00"),
            ("2026-11-02T21:00:00Z", "2026-11-03T03:00:00Z", "from Mon 2 Nov 22:00 to Tue 3 Nov 04:00"),
        ] {
            assert_eq!(clock.days(at(from), at(until)), words);
        }
    }

    #[test]
    fn customers_words_are_neither_tags_nor_entities_nor_links() {
        assert_eq!(quote("<script>alert(1)</script> a < b > c", 90), "‹script›alert(1)‹/script› a < b > c");
        assert_eq!(quote("&amp;lt;b&amp;gt; you &amp; me &#60; &nbsp;x", 90), "‹b› you & me & #60; x");
        assert_eq!(quote("see https://evil.example/x and anna@example.com", 90), "see [link] and [email]");
        assert_eq!(quote("a\r\nBcc: b\u{202e}", 90), "a Bcc: b");
        assert_eq!(name("<b>watch</b> https://x.example anna@example.com"), "‹b›watch‹/b› https: //x[.]example [email]");
    }

    #[test]
    fn entities_upon_entities_are_decoded_in_one_pass() {
        assert_eq!(decoded(&format!("&{}lt;", "amp;".repeat(10_000))), "<");
    }
}
