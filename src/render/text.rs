//! The text part of a mail: 72 columns, readable in a terminal and when read aloud.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::render::shown::Shown;
use crate::render::storm::Group;
use crate::render::story::From;
use crate::render::story::Said;
use crate::render::story::Story;
use crate::render::story::Tune;
use crate::render::story::Way;
use crate::render::wording::short_count;

/// Columns of a line. RFC 5322 asks for at most 78; an answer adds `> ` and needs room.
const COLUMNS: usize = 72;

/// The whole part, with `\n` as line ends. `intro` and `outro` are the operator's paragraphs; both may
/// be empty.
pub(super) fn part(story: &Story, intro: &str, outro: &str) -> String {
    let mut out = String::new();
    paragraph(&mut out, &story.headline);
    out.push('\n');
    if !intro.is_empty() {
        paragraph(&mut out, intro);
        out.push('\n');
    }
    let (first, rest) = story.lead.split_at(story.lead.len().min(1));
    first.iter().chain(&story.changed).chain(rest).for_each(|sentence| paragraph(&mut out, sentence));
    out.push('\n');
    story.ways.iter().for_each(|way| self::way(&mut out, way));
    groups(&mut out, &story.groups);
    if !story.quotes.is_empty() {
        let _ = writeln!(out, "\n{} ({})\n", story.quotes_title, story.quotes_note);
        for (at, said) in story.quotes.iter().enumerate() {
            quote(&mut out, at + 1, said);
        }
    }
    if !story.shares.is_empty() {
        shares(&mut out, story);
    }
    if !story.risen.is_empty() {
        risen(&mut out, story);
    }
    if let Some(chart) = &story.chart {
        self::chart(&mut out, chart);
    }
    if !story.recent.is_empty() {
        let _ = writeln!(out, "\nLAST 24 HOURS, complaints per 2 hours (now on the right)");
        recent(&mut out, &story.recent);
    }
    block(&mut out, "WHY THIS FIRED", &story.why);
    tune(&mut out, &story.tune);
    out.push('\n');
    paragraph(&mut out, &story.next);
    if !outro.is_empty() {
        out.push('\n');
        paragraph(&mut out, outro);
    }
    out
}

/// A command or an address behind its name; an address that is too long for that stands below it.
fn way(out: &mut String, way: &Way) {
    let text = if way.label.is_empty() { way.how.clone() } else { format!("{:<13} {}", format!("{}:", way.label), way.how) };
    if way.link && text.width() > COLUMNS && !way.label.is_empty() {
        let _ = writeln!(out, "{}:\n{}", way.label, way.how);
    } else {
        line(out, &text);
    }
}

fn groups(out: &mut String, groups: &[Group]) {
    for group in groups {
        let column = group.lines.iter().map(|line| line.name.width()).max().unwrap_or(0).clamp(14, 26);
        let _ = writeln!(out);
        paragraph(out, &group.title.to_uppercase());
        let _ = writeln!(out, "{} {:<16} {:>6} {:>6}", " ".repeat(column), "", "now", "usual");
        for member in &group.lines {
            let name = padded(&clipped(&member.name, column), column);
            line(out, &format!("{name} {:<16} {:>6} {:>6}  {}", member.level, member.now, member.usual, member.incident));
            if let Some(quote) = &member.quote {
                wrap(out, "  ", "  ", &format!("\"{}\"", quote.replace('"', "'")));
            }
            if let Some(link) = &member.link {
                let _ = writeln!(out, "  {link}");
            }
        }
    }
}

fn chart(out: &mut String, chart: &Shown) {
    let _ = writeln!(out, "\n{}", chart.title);
    for line in &chart.drawing {
        let _ = writeln!(out, "{line}");
    }
    for mark in &chart.marks {
        wrap(out, "", "  ", mark);
    }
}

fn tune(out: &mut String, tune: &Tune) {
    if tune.ways.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", tune.title);
    if !tune.note.is_empty() {
        paragraph(out, tune.note);
    }
    for way in &tune.ways {
        // The sentence before an address says what it is.
        line(out, &way.how);
    }
    if !tune.settings.is_empty() {
        paragraph(out, &tune.settings);
    }
}

fn block(out: &mut String, title: &str, sentences: &[String]) {
    if !sentences.is_empty() {
        let _ = writeln!(out, "\n{title}");
        for sentence in sentences {
            paragraph(out, sentence);
        }
    }
}

fn quote(out: &mut String, number: usize, said: &Said) {
    let text = format!("\"{}\" ({})", said.words.replace('"', "'"), said.about);
    wrap(out, &format!("{number}. "), "   ", &text);
    if let Some(link) = &said.link {
        // A line that is one address may be long: broken, it could not be opened.
        let _ = writeln!(out, "   {link}");
    }
}

fn shares(out: &mut String, story: &Story) {
    let column = table(out, "WHERE IT COMES FROM", &story.shares);
    let with_parts = story.shares.iter().any(|share| !share.part.is_empty());
    let _ = writeln!(out, "{}", if with_parts { "  of excess" } else { "" });
    for share in &story.shares {
        let part = if with_parts { format!("  {:>9}", share.part) } else { String::new() };
        line(out, format!("{}{part}  {}", cells(share, column), share.note).trim_end());
    }
    if !story.shares_note.is_empty() {
        paragraph(out, story.shares_note);
    }
}

fn risen(out: &mut String, story: &Story) {
    let column = table(out, "WORDS THAT ROSE", &story.risen);
    out.push('\n');
    story.risen.iter().for_each(|word| line(out, &cells(word, column)));
}

/// The beginning of a table's first line; gives the width of the first column.
fn table(out: &mut String, title: &str, rows: &[From]) -> usize {
    let column = rows.iter().map(|row| row.name.width()).max().unwrap_or(0).clamp(26, 40);
    let _ = write!(out, "\n{} {:>6} {:>6}", padded(title, column), "now", "usual");
    column
}

fn cells(row: &From, column: usize) -> String {
    format!("{} {:>6} {:>6}", padded(&clipped(&row.name, column), column), row.now, row.usual)
}

/// A bar over each count.
fn recent(out: &mut String, counts: &[u32]) {
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let numbers: Vec<String> = counts.iter().map(|&count| short_count(count)).collect();
    // Two blanks at least: single ones would make a long number of it to programs that look for cards.
    let width = numbers.iter().map(String::len).max().unwrap_or(1) + 2;
    for &count in counts {
        let _ = write!(out, "{:>width$}", bar(count, highest));
    }
    out.push('\n');
    for number in numbers {
        let _ = write!(out, "{number:>width$}");
    }
    out.push('\n');
}

/// An eighth of a block for each eighth of the highest count; anything above none is seen.
fn bar(count: u32, highest: u32) -> char {
    const BARS: [char; 9] = ['.', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BARS[(u64::from(count) * 8).div_ceil(u64::from(highest)) as usize % 9]
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// As much of `text` as fits.
fn clipped(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.graphemes(true).take_while(|cluster| (used += cluster.width(), used <= columns).1).collect()
}

fn paragraph(out: &mut String, text: &str) {
    wrap(out, "", "", text);
}

/// A line that is to be copied as it stands; only what no line could hold is broken.
fn line(out: &mut String, text: &str) {
    if text.width() <= 76 || text.contains("://") {
        let _ = writeln!(out, "{text}");
    } else {
        paragraph(out, text);
    }
}

/// Writes `text` in lines of at most [`COLUMNS`], the first behind `first`, the others behind
/// `then`. A word that is longer than a line is broken between letters.
fn wrap(out: &mut String, first: &str, then: &str, text: &str) {
    let mut line = first.to_owned();
    let mut used = first.width();
    let mut empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = word.width();
        if !empty && used + 1 + width > COLUMNS {
            let _ = writeln!(out, "{line}");
            (line, used, empty) = (then.to_owned(), then.width(), true);
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        for cluster in word.graphemes(true) {
            let width = cluster.width();
            if used + width > COLUMNS && used > then.width() {
                let _ = writeln!(out, "{}", line.trim_end());
                (line, used) = (then.to_owned(), then.width());
            }
            line.push_str(cluster);
            used += width;
        }
        empty = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::sample;

    fn text(row: &crate::domain::notice::Row) -> String {
        part(&Story::of(row), "", "")
    }

    #[test]
    fn an_opened_mail_reads_from_the_number_to_the_commands() {
        insta::assert_snapshot!(text(&sample::opened()), @r#"
        OPENED - high - Sat 21 Nov 2026 14:05 CET

        47 complaints about "login fails" in the last 6 hours.
        Usual at this time on a Saturday: 6 (range 2-11). That is 7.8 times the
        usual, 41 more than expected.
        Share of all messages: 31 % (usual 4.1 %).
        Since 10:00, 4 h 5 min ago; odds that it is no chance: 790 to 1.

        Acknowledge:  uproar incident ack i-7f3k2
        All of them:  uproar incident show i-7f3k2

        WHAT PEOPLE SAY (3 of 47, the most typical first)

        1. "Since the update I get a white page instead of the login, and
           support answered [email] with a form letter" (1 star, Play, de,
           5.2.0, 13:41)
           https://play.example/app?id=shop&review=91a
        2. "can't sign in, the code never comes <3 & 'help'" (2 of 5, Shop, us,
           13:20)
           https://shop.example/reviews/918
        3. "Kann mich nicht anmelden, Bestellung [number] hängt fest 😡" (Play,
           20 Nov 23:58)

        WHERE IT COMES FROM           now  usual  of excess
        Play                           31      3       68 %  driver
        Shop                           16      3       32 %
        country de                     31    1.2       73 %  same as Play
        version 5.2.0                  38      0       93 %  driver: new

        WORDS THAT ROSE               now  usual
        white page                     19    0.4
        update                         12    1.1

        LAST 24 HOURS, complaints per 2 hours (now on the right)
           .   ▁   .   .   ▁   .   ▁   ▁   ▂   ▄   █   █
           0   1   0   0   1   0   1   2   3   9  17  19

        WHY THIS FIRED
        Watch "app reviews", theme "login_fails", all messages.
        The chance of 47 or more where 6 are usual is about 1 in 160 million.
        The odds of an outbreak are 790 to 1 (score 5.9); the budget of 4 false
        alarms a year asks for 4 to 1 (score 3.6), and for at least 5
        complaints.
        Sources read in time: 3 of 3. Words: log in, login, sign in.

        TOO MUCH, TOO LITTLE?
        uproar incident snooze i-7f3k2 2h
        uproar incident resolve i-7f3k2 --reason false-alarm
        uproar explain i-7f3k2
        For good: false_alarms_per_year (now 4) and min_complaints (now 5) of
        the watch.

        Next mail: if it gets worse, or when it is over.
        "#);
    }

    #[test]
    fn a_mail_draws_the_series_with_what_is_usual_and_what_was_marked() {
        let text = text(&sample::charted());
        let (_, rest) = text.split_once("LAST").unwrap();
        insta::assert_snapshot!(rest.split("\nTOO MUCH").next().unwrap(), @r#"
         48 HOURS, complaints an hour (now on the right)
         20┤                                               ▅
           ┤                                              ▆█
           ┤                                              ██
           ┤                                              ██
         10┤                                             ▅██
           ┤                                             ███
           ┤                                            ▂███
           ┤▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▆▃░▃▆████
                                                         ▲▲▲
                                                       ━━━━━
                              a                     b
          0┼┬──────────────┬──────────────┬──────────────┬──
            19 Nov 15:00   20 Nov 06:00   20 Nov 21:00   21 Nov 12:00
        █ complaints an hour, ░ usual, ▲ loud, ━ incident
        times in Europe/Stockholm
        a 20 Nov 09:30: refunds of orders from abroad need the consent of the
          second line, 1 d 2 h before the rise began
        b 07:00: 5.2 released, 5 h before the rise began

        WHY THIS FIRED
        Watch "app reviews", theme "login_fails", all messages.
        The chance of 47 or more where 6 are usual is about 1 in 160 million.
        The odds of an outbreak are 790 to 1 (score 5.9); the budget of 4 false
        alarms a year asks for 4 to 1 (score 3.6), and for at least 5
        complaints.
        2 alerts were called false alarms: the budget of 4 false alarms a year
        is used as 2.6.
        Sources read in time: 3 of 3. Words: log in, login, sign in.
        "#);
        assert!(text.lines().all(|line| line.width() <= COLUMNS || line.contains("://")), "{text}");
    }

    #[test]
    fn a_slow_rise_tells_of_28_days_and_the_reference() {
        insta::assert_snapshot!(text(&sample::slow_rise()), @r#"
        OPENED - slow rise - medium - Sat 21 Nov 2026 14:05 CET

        Over the last 28 days 5.2 % of messages complain about "login fails", in
        the reference 2.1 %.
        Usual: 2.1 % (Jan-Mar 2026), 126 complaints among as many messages of
        the same sources. These are 2.5 times as many: 312.

        Acknowledge:  uproar incident ack i-7f3k2
        All of them:  uproar incident show i-7f3k2

        WHAT PEOPLE SAY (3 of 47, the most typical first)

        1. "Since the update I get a white page instead of the login, and
           support answered [email] with a form letter" (1 star, Play, de,
           5.2.0, 13:41)
           https://play.example/app?id=shop&review=91a
        2. "can't sign in, the code never comes <3 & 'help'" (2 of 5, Shop, us,
           13:20)
           https://shop.example/reviews/918
        3. "Kann mich nicht anmelden, Bestellung [number] hängt fest 😡" (Play,
           20 Nov 23:58)

        WHERE IT COMES FROM           now  usual  of excess
        Play                           31      3       68 %  driver
        Shop                           16      3       32 %
        country de                     31    1.2       73 %  same as Play
        version 5.2.0                  38      0       93 %  driver: new

        WORDS THAT ROSE               now  usual
        white page                     19    0.4
        update                         12    1.1

        WHY THIS FIRED
        Watch "app reviews", theme "login_fails", all messages.
        The chance of so many in 28 days, with shares that wander by themselves,
        is about 1 in 2500 (score 3.4). The budget of 1 false slow rise a year
        asks for a score of 2.1. What is over the reference stays so until
        somebody accepts it: resolved with the reason "other" or "false-alarm",
        the level of that day is the reference.
        Sources read in time: 3 of 3. Words: log in, login, sign in.

        TOO MUCH, TOO LITTLE?
        uproar incident snooze i-7f3k2 7d
        uproar incident resolve i-7f3k2 --reason other
        uproar explain i-7f3k2
        For good: slow_rises_per_year (now 1) of the watch.

        Next mail: if it gets worse, or when it is over.
        "#);
    }

    #[test]
    fn a_measure_that_fell_tells_its_mean() {
        insta::assert_snapshot!(text(&sample::fallen()), @r#"
        OPENED - high - Sat 21 Nov 2026 14:05 CET

        Mean rating 2.9 over the last 24 hours, usually 4.2 (n = 48).
        Usual: 4.2; nine of ten windows are between 3.8 and 4.6.

        Acknowledge:  uproar incident ack i-7f3k2
        All of them:  uproar incident show i-7f3k2

        WHY THIS FIRED
        Watch "app reviews", measure "rating", all messages.
        The chance of this is about 1 in 1.3 million. The score is 6.1; the
        budget of 4 false alarms a year asks for 2.9. At least 5 ratings are
        needed.
        Sources read in time: 3 of 3.

        TOO MUCH, TOO LITTLE?
        uproar incident snooze i-7f3k2 2h
        uproar incident resolve i-7f3k2 --reason false-alarm
        uproar explain i-7f3k2
        For good: false_alarms_per_year (now 4) and min_complaints (now 5) of
        the watch.

        Next mail: if it gets worse, or when it is over.
        "#);
    }

    #[test]
    fn a_worse_mail_says_what_changed_first() {
        insta::assert_snapshot!(text(&sample::worse()), @r#"
        WORSE - critical (was high) - Sat 21 Nov 2026 18:00 CET

        It got worse: 112 complaints about "login fails" in the last 6 hours;
        you were told of 47.
        Usual at this time on a Saturday: 6 (range 2-11). That is 19 times the
        usual, 106 more than expected.
        Share of all messages: 74 % (usual 4.1 %).
        Since 10:00, 8 h ago; odds that it is no chance: more than a million to
        1.

        Acknowledge:  uproar incident ack i-7f3k2
        All of them:  uproar incident show i-7f3k2

        WHAT PEOPLE SAY (3 of 112, the most typical first)

        1. "Since the update I get a white page instead of the login, and
           support answered [email] with a form letter" (1 star, Play, de,
           5.2.0, 13:41)
           https://play.example/app?id=shop&review=91a
        2. "can't sign in, the code never comes <3 & 'help'" (2 of 5, Shop, us,
           13:20)
           https://shop.example/reviews/918
        3. "Kann mich nicht anmelden, Bestellung [number] hängt fest 😡" (Play,
           20 Nov 23:58)

        WHERE IT COMES FROM           now  usual  of excess
        Play                           62      3       68 %  driver
        Shop                           32      3       32 %
        country de                     62    1.2       73 %  same as Play
        version 5.2.0                  76      0       93 %  driver: new

        WORDS THAT ROSE               now  usual
        white page                     19    0.4
        update                         12    1.1

        LAST 24 HOURS, complaints per 2 hours (now on the right)
           .   ▁   .   .   ▁   .   ▁   ▁   ▂   ▄   █   █
           0   1   0   0   1   0   1   2   3   9  17  19

        WHY THIS FIRED
        Watch "app reviews", theme "login_fails", all messages.
        The chance of 112 or more where 6 are usual is less than 1 in a billion.
        The odds of an outbreak are more than a million to 1 (score 9); the
        budget of 4 false alarms a year asks for 4 to 1 (score 3.6), and for at
        least 5 complaints.
        Sources read in time: 3 of 3. Words: log in, login, sign in.

        TOO MUCH, TOO LITTLE?
        uproar incident snooze i-7f3k2 2h
        uproar incident resolve i-7f3k2 --reason false-alarm
        uproar explain i-7f3k2
        For good: false_alarms_per_year (now 4) and min_complaints (now 5) of
        the watch.

        Next mail: if it gets worse, or when it is over.
        "#);
    }

    #[test]
    fn a_resolved_mail_says_how_long_and_how_many() {
        insta::assert_snapshot!(text(&sample::resolved()), @r##"
        RESOLVED after 13 h 20 min - Sat 21 Nov 2026 23:20 CET

        Complaints about "login fails" are as usual again.
        4 complaints about "login fails" in the last 6 hours, where 6 are usual
        (range 2-11).
        Since it began: 214 complaints; at the peak 61 in a window of 6 hours.

        All of them:  uproar incident show i-7f3k2

        WHERE IT COMES FROM           now  usual
        Play                           31      3
        Shop                           16      3
        country de                     31    1.2
        version 5.2.0                  38      0

        LAST 24 HOURS, complaints per 2 hours (now on the right)
           .   .   ▁   .   ▁   ▁   ▂   ▄   █   █   ▃   ▁
           0   0   1   0   1   2   3   9  17  19   6   1

        NOT OVER, OR NEVER TRUE?
        uproar incident reopen i-7f3k2
        uproar incident resolve i-7f3k2 --reason false-alarm
        uproar explain i-7f3k2

        Next mail: if it comes back.
        "##);
    }

    #[test]
    fn a_reopened_mail_begins_with_being_back() {
        let text = text(&sample::reopened());
        assert!(text.starts_with("REOPENED - high - Sun 22 Nov 2026 08:00 CET\n\nIt is back: 47 complaints"), "{text}");
    }

    #[test]
    fn a_reopened_mail_says_how_long_it_was_over_and_not_how_long_ago_people_were_first_told() {
        let mut row = sample::reopened();
        row.facts.told_at = Some(row.facts.at - chrono::TimeDelta::minutes(10));
        row.facts.resolved_at = Some(row.facts.at - chrono::TimeDelta::minutes(2));
        let text = text(&row);
        assert!(text.starts_with("REOPENED - high (resolved 2 min ago) - Sun 22 Nov 2026 08:00 CET\n"), "{text}");
    }

    #[test]
    fn a_mail_about_days_that_are_over_names_them() {
        let mut row = sample::opened();
        row.facts.at = sample::at("2026-11-09T08:05:00Z");
        row.facts.numbers.window_seconds = 86_400;
        row.facts.window = Some((sample::at("2026-11-02T23:00:00Z"), sample::at("2026-11-03T23:00:00Z")));
        row.facts.recent.clear();
        let text = text(&row);
        let lead = text.lines().take(5).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(lead, @r##"
        OPENED - high - Mon 9 Nov 2026 09:05 CET

        47 complaints about "login fails" on Tue 3 Nov.
        Usual for a Tuesday: 6 (range 2-11). That is 7.8 times the usual, 41
        more than expected.
        "##);
        assert!(!text.contains("24 HOURS"), "{text}");
    }

    #[test]
    fn a_test_mail_says_that_nothing_is_wrong() {
        insta::assert_snapshot!(text(&sample::test()), @r##"
        TEST - Sat 21 Nov 2026 14:05 CET

        This is a test of the target "leads". Nothing is wrong.
        If you can read this, alerts for this target reach you. Somebody asked
        for it with the command below.

        Asked for by: uproar target test leads

        An alert has the same sender, and a subject that begins the same.
        "##);
    }

    #[test]
    fn with_pages_all_links_go_there() {
        let mut row = sample::opened();
        row.facts.quotes.truncate(1);
        let text = text(&sample::linked(row));
        let links: Vec<&str> = text.lines().filter(|word| word.contains("://")).collect();
        let ticket = "AAcqMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM";
        let expected = [
            format!("https://uproar.example.com/a/i-7f3k2/{ticket}"),
            format!("https://uproar.example.com/i/i-7f3k2?k={ticket}"),
            "   https://uproar.example.com/q/910?k=AAcqQm9vLWFuZC1hLXRpY2tldC1mb3ItcXVvdGU".to_owned(),
            format!("https://uproar.example.com/i/i-7f3k2/tune?k={ticket}"),
        ];
        assert_eq!(links, expected);
        assert!(text.contains("\nAcknowledge:\nhttps://") && !text.contains("uproar incident"), "{text}");
    }

    #[test]
    fn a_hostile_text_stays_within_its_columns_and_lines() {
        let text = text(&sample::hostile());
        assert!(text.lines().all(|line| line.width() <= 78), "{text}");
        assert!(!text.contains("https://") && !text.contains("<script") && !text.contains("\nBcc") && !text.contains('\u{202e}'), "{text}");
        assert!(text.len() < 8_000, "{}", text.len());
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_word_is_lost(words in "(\\PC{0,90} ?){0,6}") {
            let mut out = String::new();
            wrap(&mut out, "1. ", "   ", &words);
            prop_assert!(out.lines().all(|line| line.width() <= COLUMNS + 2), "{out}");
            let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&out), format!("1.{}", letters(&words)));
        }
    }
}
