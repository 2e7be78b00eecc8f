//! Any program of jq over any reply ends, and gives messages or an error, the same each time.
//!
//! The first line of an input is a program, the rest is the reply. The program is tried as the one for records,
//! as the one for texts, and as the one for ids.

#![no_main]

use libfuzzer_sys::fuzz_target;
use uproar::sources::http_json::HttpJson;
use uproar::sources::http_json::Map;
use uproar::sources::http_json::Next;
use uproar::sources::http_json::Settings;
use uproar::sources::http_json::SinceFormat;

fuzz_target!(|input: &[u8]| {
    let split = input.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (head, body) = input.split_at(split);
    let Ok(program) = std::str::from_utf8(head) else { return };
    let program = program.trim();
    for (items, id, text) in [(program, ".id", ".text"), (".rows[]", ".id", program), (".[]", program, ".text")] {
        let source = HttpJson::new(settings(items, id, text));
        let now = chrono::DateTime::UNIX_EPOCH;
        let read = || source.document(body, now);
        let page = read();
        assert_eq!(page, read(), "the same reply reads differently");
        for item in page.iter().flat_map(|page| &page.items) {
            assert!(!item.id.trim().is_empty() && item.id.len() <= 4096, "an id of {} bytes", item.id.len());
            assert!(item.text.len() <= 256 * 1024, "a text of {} bytes", item.text.len());
            assert!(item.rating.is_none_or(|rating| rating.max > 0.0 && rating.value.is_finite()), "{:?}", item.rating);
        }
    }
});

fn settings(items: &str, id: &str, text: &str) -> Settings {
    let some = |code: &str| Some(code.to_owned());
    Settings {
        url: "https://api.example/v1".to_owned(),
        post: false,
        headers: Vec::new(),
        login: None,
        body: String::new(),
        ok: None,
        items: items.to_owned(),
        next: Next::Url(".next".to_owned()),
        since: uproar::sources::Since::default(),
        since_format: SinceFormat::Rfc3339,
        overlap: chrono::TimeDelta::zero(),
        time_zone: chrono_tz::Tz::UTC,
        map: Map { id: id.to_owned(), text: some(text), rating: some(".stars"), published: some(".at"), ..Map::default() },
    }
}
