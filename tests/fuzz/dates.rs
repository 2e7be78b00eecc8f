//! What a feed says of its time is a believable moment or nothing, however it is written; and a moment
//! written the standard way is read as itself.

#![no_main]

use chrono::SecondsFormat;
use libfuzzer_sys::fuzz_target;
use uproar::sources::time_of_feed as of_feed;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let Some(moment) = of_feed(&text) else { return };
    assert!((788_918_400..7_258_118_400).contains(&moment.timestamp()), "{text:?} is {moment}");
    assert_eq!(of_feed(&format!(" \n{text}\t")), Some(moment), "white space around {text:?}");
    let written = moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    assert_eq!(of_feed(&written).map(|again| again.timestamp()), Some(moment.timestamp()), "{text:?} is {written}");
});
