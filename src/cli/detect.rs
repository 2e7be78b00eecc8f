//! `uproar detect`: alarms for a file of counts, judged as the daemon would have judged them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use crate::calendar::bucket::Width;
use crate::cli::Console;
use crate::cli::detect::looks::Step;
use crate::cli::detect::rows::Series;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::detect::Settings;
use crate::detect::drift;
use crate::detect::drift::DriftDetector;
use crate::detect::share::ShareDetector;

mod looks;
mod rows;
mod slow;

/// Complaints that a window needs: a file of counts has no watch to say more.
const LEAST_COMPLAINTS: u32 = 3;

const EXAMPLE: &str = "\
Example: a month of days with two complaints among forty messages, and nineteen
on the last day. Prints that day with its score.

  {
    echo series_id,bucket_start,total,complaints
    for day in $(seq -w 1 30); do echo shop,2026-03-$day,40,2; done
    echo shop,2026-03-31,40,19
  } | uproar detect --series -";

/// Find alarms in a file of counts
///
/// Reads a CSV with the header `series_id,bucket_start,total,complaints` and
/// prints a CSV `series_id,bucket_start,score`; a higher score is surer. Buckets
/// are hours or days; which, is found from the data. Shorter ones (five minutes)
/// are looks at the hour or day that goes on. Where `total` is empty,
/// complaints alone are judged. Each bucket is judged with what was known at its
/// end. Nothing is said of the first week of hours or the first two weeks of days.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// The CSV; `-` is standard input
    #[arg(long, value_name = "FILE")]
    series: PathBuf,
    /// Print a score for every judged bucket, not only the alarms
    #[arg(long)]
    all: bool,
    /// False alarms that each series may give in a year; 0.1 where slow rises are looked for
    #[arg(long, value_name = "N", default_value = "4", default_value_if("slow_rise", "true", "0.1"), value_parser = budget)]
    false_alarms_per_year: f64,
    /// Look for slow rises: the last 28 days against the year before; hours are summed to days
    #[arg(long)]
    slow_rise: bool,
}

fn budget(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("a number above 0 is needed, such as 4 or 0.5".to_owned()),
    }
}

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let all = rows::read(open(&args.series)?).map_err(|error| unreadable(&args.series, error))?;
    let step = step(&all).map_err(|error| unreadable(&args.series, error))?;
    if args.slow_rise {
        return slow_rises(args, &all, console);
    }
    let width = step.width;
    let settings = Settings { width, false_alarms_per_year: args.false_alarms_per_year, min_complaints: LEAST_COMPLAINTS };
    let detector = ShareDetector::new(settings);
    let buckets: usize = all.iter().map(|series| series.rows.len()).sum();
    let (name, learnt) = match width {
        Width::Hour => ("hour", 7 * 24),
        Width::Day => ("day", 14),
    };
    let length = match step.parts() {
        1 => format!("one {name}"),
        parts => format!("{}, {parts} to a judged {name}", spoken(step.seconds)),
    };
    writeln!(console.err, "{} series, {buckets} buckets of {length}, alarms from score {:.2} on", all.len(), detector.limit())?;
    let short = all.iter().filter(|series| series.rows.len() as i64 <= learnt * step.parts()).count();
    if short > 0 {
        writeln!(console.err, "{short} series have no more than the {learnt} {name}s that are learnt before any is judged")?;
    }
    let mut out = csv::Writer::from_writer(&mut console.out);
    out.write_record(["series_id", "bucket_start", "score"]).map_err(written)?;
    for series in &all {
        for (row, score) in looks::scores(series, &detector, step, args.all).map_err(|error| unreadable(&args.series, error))? {
            out.write_record([series.id.as_str(), &row.text, &format!("{score:.4}")]).map_err(written)?;
        }
    }
    out.flush()?;
    drop(out);
    Ok(Code::Done)
}

/// The slow rises of all series.
fn slow_rises(args: &Args, all: &[Series], console: &mut Console) -> Result<Code, Failure> {
    let (slow_rises_per_year, min_complaints) = (args.false_alarms_per_year, LEAST_COMPLAINTS);
    let detector = DriftDetector::new(drift::Settings { slow_rises_per_year, min_complaints, reference: None, accepted: None });
    writeln!(console.err, "{} series, slow rises from score {:.2} on", all.len(), detector.limit())?;
    let mut out = csv::Writer::from_writer(&mut console.out);
    out.write_record(["series_id", "bucket_start", "score"]).map_err(written)?;
    for series in all {
        for (row, score) in slow::judge(series, &detector, args.all) {
            out.write_record([series.id.as_str(), &row.text, &format!("{score:.4}")]).map_err(written)?;
        }
    }
    out.flush()?;
    drop(out);
    Ok(Code::Done)
}

fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => {
            Err(Failure::new(Code::Io, format!("{}: can't be opened: {error}; name a CSV file, or `-` for standard input", path.display())))
        }
    }
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> Failure {
    let name = if path == Path::new("-") { "standard input".into() } else { path.to_string_lossy() };
    Failure::new(Code::Data, format!("{name}: {error}"))
}

fn written(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::from(error),
        other => Failure::new(Code::Bug, format!("a row could not be written: {other:?}")),
    }
}

/// The commonest gap between rows.
fn step(all: &[Series]) -> Result<Step, String> {
    let mut gaps: BTreeMap<i64, usize> = BTreeMap::new();
    for series in all {
        for pair in series.rows.windows(2) {
            *gaps.entry(pair[1].start - pair[0].start).or_default() += 1;
        }
    }
    // Among equals the shortest: the longer ones are more likely to be holes.
    let commonest = gaps.iter().rev().max_by_key(|(_, times)| **times).map(|(gap, _)| *gap);
    match commonest {
        Some(seconds) if seconds > 0 && 3600 % seconds == 0 => Ok(Step { seconds, width: Width::Hour }),
        Some(seconds) if seconds > 0 && 86_400 % seconds == 0 => Ok(Step { seconds, width: Width::Day }),
        Some(gap) => Err(format!(
            "the commonest gap between buckets is {}, which neither an hour nor a day is made of; add the counts up by hour or day",
            spoken(gap)
        )),
        None => Err("no series has two rows, so the length of a bucket can't be found; give at least two buckets of a series".to_owned()),
    }
}

fn spoken(seconds: i64) -> String {
    let (number, unit) = match seconds {
        _ if seconds % 86_400 == 0 => (seconds / 86_400, "day"),
        _ if seconds % 3600 == 0 => (seconds / 3600, "hour"),
        _ if seconds % 60 == 0 => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fmt::Write as _;
    use std::rc::Rc;

    use clap::CommandFactory as _;
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// What was printed, kept where the test can see it.
    #[derive(Clone, Default)]
    struct Paper(Rc<RefCell<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    /// Runs `uproar detect` on a file with this text: code or failure, standard output, standard error.
    fn detect(text: &str, options: &[&str]) -> (Result<Code, Failure>, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.csv");
        std::fs::write(&path, text).unwrap();
        let line = Line::parse_from(["detect", "--series", path.to_str().unwrap()].iter().chain(options));
        let (out, err) = (Paper::default(), Paper::default());
        let mut console = Console { config: PathBuf::new(), out: Box::new(out.clone()), err: Box::new(err.clone()), colours: false };
        let ended = run(&line.args, &mut console);
        (ended, out.text(), err.text())
    }

    fn refused(text: &str) -> String {
        let failure = detect(text, &[]).0.unwrap_err();
        assert_eq!(failure.code, Code::Data);
        failure.message.split_once("counts.csv: ").map(|(_, message)| message.to_owned()).unwrap()
    }

    /// March 2026 by days with a spike on the 31st, as the example in the help makes it.
    fn march() -> String {
        let mut text = "series_id,bucket_start,total,complaints\n".to_owned();
        for day in 1..=31 {
            writeln!(text, "shop,2026-03-{day:02},40,{}", if day == 31 { 19 } else { 2 }).unwrap();
        }
        text
    }

    #[test]
    fn the_example_in_the_help_prints_its_last_day() {
        let (ended, out, err) = detect(&march(), &[]);
        assert_eq!(ended.unwrap(), Code::Done);
        insta::assert_snapshot!(out, @"
        series_id,bucket_start,score
        shop,2026-03-31,6.1050
        ");
        insta::assert_snapshot!(err, @"1 series, 31 buckets of one day, alarms from score 1.93 on");
        assert!(Line::command().render_long_help().to_string().ends_with("} | uproar detect --series -\n"));
    }

    #[test]
    fn all_gives_every_bucket_after_the_first_two_weeks() {
        let (_, out, _) = detect(&march(), &["--all"]);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 1 + 31 - 14);
        assert!(lines[1].starts_with("shop,2026-03-15,") && lines[30 - 13].starts_with("shop,2026-03-31,"), "{out}");
        assert_eq!(
            detect("series_id,bucket_start,total,complaints\na,2026-03-01,1,0\na,2026-03-02,1,0\n", &["--all"]).1.lines().count(),
            1
        );
    }

    #[test]
    fn a_small_budget_keeps_small_alarms_back() {
        let text = march().replace("40,19", "40,7");
        assert_eq!(detect(&text, &["--false-alarms-per-year", "12"]).1.lines().count(), 2);
        assert_eq!(detect(&text, &["--false-alarms-per-year", "0.01"]).1.lines().count(), 1);
        for wrong in ["0", "-4", "many", "NaN"] {
            assert!(Line::try_parse_from(["detect", "--series", "-", "--false-alarms-per-year", wrong]).is_err(), "{wrong}");
        }
    }

    /// Twenty days of hours, two complaints each, with `spikes` at these hours.
    fn hours(spikes: &[i64]) -> String {
        let mut text = "series_id,bucket_start,total,complaints\n".to_owned();
        for hour in 0..480 {
            let at = chrono::DateTime::from_timestamp(1_772_409_600 + 3600 * hour, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ");
            writeln!(text, "bot,{at},40,{}", if spikes.contains(&hour) { 25 } else { 2 }).unwrap();
        }
        text
    }

    #[test]
    fn a_series_is_told_of_once_a_day() {
        let (_, out, err) = detect(&hours(&[410, 411, 415, 440]), &[]);
        let told: Vec<&str> = out.lines().skip(1).map(|line| &line[..24]).collect();
        assert_eq!(told, ["bot,2026-03-19T02:00:00Z", "bot,2026-03-20T08:00:00Z"]);
        assert!(err.contains("buckets of one hour"), "{err}");
    }

    #[test]
    fn rows_of_five_minutes_are_looks_at_the_hour_that_goes_on() {
        let mut text = "series_id,bucket_start,total,complaints\n".to_owned();
        for row in 0..12 * 480 {
            let at = chrono::DateTime::from_timestamp(1_772_409_600 + 300 * row, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ");
            // Two complaints an hour, and six in each of three rows of the hour from 06:00 on.
            let complaints = if (12 * 414 + 2..12 * 414 + 5).contains(&row) { 6 } else { i64::from(row % 6 == 3) };
            writeln!(text, "bot,{at},,{complaints}").unwrap();
        }
        let (_, out, err) = detect(&text, &[]);
        let told: Vec<&str> = out.lines().skip(1).map(|line| &line[..24]).collect();
        assert_eq!(told, ["bot,2026-03-19T06:20:00Z"], "as soon as it is sure, and once");
        assert!(err.contains("buckets of 5 minutes, 12 to a judged hour"), "{err}");
        let (_, all, _) = detect(&text, &["--all"]);
        assert_eq!(all.lines().count(), 1 + 12 * (480 - 7 * 24 - 1), "the hour in which learning ends is not judged");
    }

    #[test]
    fn a_hole_is_filled_with_silence() {
        let text: String = hours(&[450]).lines().filter(|line| !line.contains("2026-03-15") && !line.contains("2026-03-16")).fold(
            String::new(),
            |mut text, line| {
                text.push_str(line);
                text.push('\n');
                text
            },
        );
        let (ended, out, _) = detect(&text, &["--all"]);
        assert_eq!(ended.unwrap(), Code::Done);
        assert!(!out.contains("2026-03-15"), "a bucket that was not there has no score");
        assert_eq!(detect(&text, &[]).1.lines().count(), 2);
    }

    #[test]
    fn days_of_a_zone_may_have_23_hours() {
        let mut text = "series_id,bucket_start,total,complaints\n".to_owned();
        for day in 1..=31 {
            let offset = if day >= 30 { 2 } else { 1 };
            writeln!(text, "shop,2026-03-{day:02}T00:00:00+0{offset}:00,40,{}", if day == 31 { 19 } else { 2 }).unwrap();
        }
        assert!(detect(&text, &[]).1.contains("shop,2026-03-31T00:00:00+02:00,"));
    }

    #[test]
    fn other_buckets_are_refused_by_name() {
        const HEAD: &str = "series_id,bucket_start,total,complaints\n";
        insta::assert_snapshot!(refused(&format!("{HEAD}a,2026-03-02T00:00Z,9,1\na,2026-03-02T00:15Z,9,1\n")), @"line 2: `2026-03-02T00:00Z` is no time; write `bucket_start` like 2026-03-02T13:00:00Z or 2026-03-02");
        insta::assert_snapshot!(refused(&format!("{HEAD}a,2026-03-02 00:00,9,1\na,2026-03-02 00:07,9,1\n")), @"the commonest gap between buckets is 7 minutes, which neither an hour nor a day is made of; add the counts up by hour or day");
        insta::assert_snapshot!(refused(&format!("{HEAD}a,2026-03-02,9,1\na,2026-03-09,9,1\n")), @"the commonest gap between buckets is 7 days, which neither an hour nor a day is made of; add the counts up by hour or day");
        insta::assert_snapshot!(refused(&format!("{HEAD}a,2026-03-02,9,1\nb,2026-03-09,9,1\n")), @"no series has two rows, so the length of a bucket can't be found; give at least two buckets of a series");
        insta::assert_snapshot!(refused(&format!("{HEAD}a,2026-03-02,9,1\na,2026-03-03,9,1\na,2026-03-04,9,1\na,2026-03-04 12:00,9,1\n")), @"line 5: 2026-03-04 12:00 is 12 hours after the row before it in series `a`, but the buckets of this file are 1 day long; add the counts up by bucket");
    }

    /// Five hundred days of forty messages; from day 300 on complaints double within a hundred days.
    fn slow(hourly: bool) -> String {
        let mut text = "series_id,bucket_start,total,complaints\n".to_owned();
        let parts = if hourly { 24 } else { 1 };
        for bucket in 0..500 * parts {
            let day = bucket / parts;
            let at = looks::moment(1_704_067_200 + 86_400 / parts * bucket).format("%Y-%m-%dT%H:%M:%SZ");
            let complaints = (8.0 + 8.0 * ((day - 300) as f64 / 100.0).clamp(0.0, 1.0) + (day % 3) as f64) / parts as f64;
            writeln!(text, "bot,{at},{},{complaints:.3}", 160.0 / parts as f64).unwrap();
        }
        text
    }

    #[test]
    fn a_slow_rise_is_told_once_by_days_and_by_hours() {
        let (ended, out, err) = detect(&slow(false), &["--slow-rise"]);
        assert_eq!(ended.unwrap(), Code::Done);
        assert_eq!(err, "1 series, slow rises from score 2.10 on\n");
        assert_eq!(out.lines().count(), 2, "{out}");
        assert!(out.contains("bot,2024-12-") || out.contains("bot,2025-01-"), "{out}");
        assert_eq!(
            detect(&slow(true), &["--slow-rise"]).1.lines().nth(1).map(|line| &line[..11]),
            out.lines().nth(1).map(|line| &line[..11])
        );
        let (_, all, _) = detect(&slow(false), &["--slow-rise", "--all"]);
        assert_eq!(all.lines().count(), 1 + 500 - 56);
        assert!(all.lines().last().unwrap().ends_with(",0.0000"), "it stands, and was told");
    }

    #[test]
    fn a_file_that_is_not_there_is_no_bad_data() {
        let line = Line::parse_from(["detect", "--series", "/nowhere/counts.csv"]);
        let mut console =
            Console { config: PathBuf::new(), out: Box::new(Paper::default()), err: Box::new(Paper::default()), colours: false };
        let failure = run(&line.args, &mut console).unwrap_err();
        assert_eq!(failure.code, Code::Io);
        assert!(failure.message.starts_with("/nowhere/counts.csv: can't be opened"), "{}", failure.message);
    }
}
