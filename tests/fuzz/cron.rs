//! A cron line is refused with the place of its fault, or runs: later each time, in any time zone, and as
//! its printed form does.
//!
//! Four bytes of an input are a minute since 1970, one is a time zone, the rest is the line.

#![no_main]

use chrono::DateTime;
use chrono::Utc;
use chrono_tz::TZ_VARIANTS;
use libfuzzer_sys::fuzz_target;
use uproar::schedule::cron::Line;

/// Runs that are looked at.
const RUNS: usize = 4;

fuzz_target!(|input: &[u8]| {
    let Some((head, line)) = input.split_first_chunk::<5>() else { return };
    let Ok(text) = std::str::from_utf8(line) else { return };
    let [minute @ .., zone] = head;
    // Two hundred years are more than any daemon sees, and in all of them clocks have changed.
    let minute = i64::from(u32::from_le_bytes(*minute)) % (200 * 525_960);
    let zone = TZ_VARIANTS[usize::from(*zone) % TZ_VARIANTS.len()];
    let line = match Line::parse(text) {
        Ok(line) => line,
        Err(fault) => {
            assert!(text.get(fault.span.clone()).is_some(), "{:?} is no part of {text:?}", fault.span);
            return;
        }
    };
    assert_eq!(Line::parse(&line.to_string()), Ok(line.clone()), "{text:?} is printed as another line");
    let mut now = DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::minutes(minute);
    for _ in 0..RUNS {
        let Some(next) = line.after(now, zone) else { return };
        assert!(next > now, "{text:?} in {zone}: {next} after {now}");
        now = next;
    }
});
