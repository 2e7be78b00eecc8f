//! What a service meant by a refusal: its own words instead of the status' usual ones, and with them
//! what is done next.

use crate::domain::http::Refused;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::sources::Source;
use crate::sources::refusal::Meaning;

/// An error as the source understands it.
#[must_use]
pub fn worded(source: &dyn Source, error: FetchError) -> FetchError {
    let mut error = meant(source, error);
    // Some services repeat what they were sent.
    if let Some(login) = source.login() {
        error.message = login.covered(&error.message);
    }
    error
}

fn meant(source: &dyn Source, error: FetchError) -> FetchError {
    let Some(refusal) = error.refused.as_deref().and_then(|refused: &Refused| source.refused(refused)) else { return error };
    let kind = match refusal.meaning {
        Meaning::Denied => Kind::Denied,
        Meaning::Busy => Kind::Busy,
        Meaning::Anew => Kind::Anew,
        Meaning::NotFound => Kind::NotFound,
        Meaning::Passing => Kind::Status(error.refused.as_ref().map_or(500, |refused| refused.status)),
    };
    let least = source.patience().filter(|_| kind == Kind::Busy);
    FetchError { kind, message: refusal.words, retry_after: error.retry_after.max(least), ..error }
}
