//! Messages that say nothing, because nothing stands where it is looked for. They are stored nowhere, for they
//! would count as people who have no complaint, and it is said what was looked for. Those that have been emptied
//! are handed on, so that what they said before stands no more.

use std::collections::BTreeSet;

use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::sources::webhook::Format;
use crate::sources::webhook::Settings;

/// The word of the warning.
pub const CODE: &str = "no_words";

/// Takes messages out of a page that have neither words nor a rating, but for those that are emptied, by their ids.
pub(super) fn leave_out(mut page: Page, emptied: &BTreeSet<String>, settings: &Settings) -> Page {
    let (all, mut left_out) = (page.items.len(), 0);
    let has = |text: &str| !text.trim().is_empty();
    page.items.retain(|item: &Item| {
        let says_something = item.gone || item.rating.is_some() || has(&item.text) || has(&item.title);
        left_out += usize::from(!says_something);
        says_something || emptied.contains(&item.id)
    });
    if left_out > 0 {
        let message = format!("{left_out} of {all} messages have neither words nor a rating and are not stored: {}", missing(settings));
        page.warnings.push(Warning::new(CODE, "", message));
    }
    page
}

/// What was looked for, by the names that an operator can change.
fn missing(settings: &Settings) -> String {
    let named = |name: &str| if settings.map.places.contains_key(name) { format!("`map.{name}`") } else { format!("`{name}`") };
    match settings.format {
        Format::Standard => "`data` has no `text`, `title` or `rating`".to_owned(),
        Format::Delighted => "there is no score and no comment".to_owned(),
        Format::Typeform | Format::SurveyMonkey if !settings.text.is_empty() || settings.rating.is_some() => {
            let asked = settings.text.iter().map(|name| ("text", name)).chain(settings.rating.iter().map(|name| ("rating", name)));
            let asked: Vec<String> = asked.take(10).map(|(option, name)| format!("`{name}` (`{option}`)")).collect();
            format!("no answer to {}", asked.join(", "))
        }
        Format::Typeform | Format::SurveyMonkey => {
            "no answer is a text or on a scale; name the questions by `text` and `rating`".to_owned()
        }
        Format::Zendesk | Format::Json => {
            format!("nothing stands at {}, {} or {}; check `map`", named("text"), named("title"), named("rating"))
        }
    }
}
