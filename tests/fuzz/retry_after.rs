//! What a host asks for by `Retry-After` is a wait of up to a day, or nothing that can be obeyed.
//!
//! Four bytes of an input are the second at which it is read, the rest is the header's value.

#![no_main]

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use libfuzzer_sys::fuzz_target;
use uproar::fetch::retry_after;

fuzz_target!(|input: &[u8]| {
    let Some((now, value)) = input.split_first_chunk::<4>() else { return };
    let value = String::from_utf8_lossy(value);
    let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(u32::from_le_bytes(*now).into());
    let wish = retry_after(&value, now);
    assert_eq!(wish, retry_after(&format!("\t{value} "), now), "white space around {value:?}");
    if let Some(wish) = wish {
        assert!(wish > TimeDelta::zero() && wish <= TimeDelta::days(1), "{value:?} is {wish}");
    }
    if let Ok(seconds @ 1..=86_400) = value.trim().parse::<i64>() {
        assert!(wish == Some(TimeDelta::seconds(seconds)) || value.contains('+'), "{value:?} is {wish:?}");
    }
});
