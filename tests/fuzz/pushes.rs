//! Any bytes that are pushed, and any bytes that lie in a mailbox, are messages or an error; ids hold nobody's
//! address, and the same bytes read the same.
//!
//! The first byte of an input says what it is: a push of one of the formats, or a mail.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use uproar::domain::item::Page;
use uproar::domain::secret::Secret;
use uproar::sources::ReadError;
use uproar::sources::mailbox;
use uproar::sources::services::Saved;
use uproar::sources::webhook;
use uproar::sources::webhook::Brings;
use uproar::sources::webhook::Format;
use uproar::sources::webhook::Push;
use uproar::sources::webhook::Settings;
use uproar::sources::webhook::Webhook;

static WEBHOOKS: LazyLock<Vec<Webhook>> = LazyLock::new(|| {
    let of = |format| Webhook::new(Settings::new("/in/x", format, vec![Secret::new("whsec_eA==".to_owned())]));
    [Format::Standard, Format::Typeform, Format::SurveyMonkey, Format::Delighted, Format::Zendesk, Format::Json].map(of).into()
});

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    if let Ok(page) = read(*first, body) {
        for item in &page.items {
            assert!(!item.id.is_empty() && item.id.len() <= 200 && !item.id.contains('@'), "{}", item.id);
        }
    }
    assert_eq!(read(*first, body), read(*first, body), "the same bytes read differently");
});

fn read(first: u8, body: &[u8]) -> Result<Page, ReadError> {
    let now = chrono::DateTime::UNIX_EPOCH;
    let saved = Saved { body, ..Saved::default() };
    match WEBHOOKS.get(usize::from(first % 8)) {
        Some(webhook) => {
            let push = Push { headers: Vec::new(), body: body.to_vec() };
            assert!(webhook.trusts(&push, now).is_err(), "nothing is trusted unsigned");
            match webhook.open(&push, now)?.brings {
                Brings::Page(page) => Ok(*page),
                Brings::Asked(_) => Ok(Page::default()),
            }
        }
        None if first % 8 == 6 => webhook::saved(&saved),
        None => mailbox::saved(&saved),
    }
}
