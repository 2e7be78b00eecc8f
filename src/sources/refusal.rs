//! What it means that a service refused a call, in words that name the setting to change.
//!
//! The status decides what is done; what the service says about it is for people, shortened and never
//! more than its own sentence.

use serde_json::Value;

use crate::domain::http::Refused;
use crate::text::redact::redact;

/// A refusal that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is to be done.
    pub meaning: Meaning,
    /// A sentence or two: what happened, and which setting cures it.
    pub words: String,
}

/// What is to be done after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A person must change something: the login, a permission.
    Denied,
    /// The service asks for patience.
    Busy,
    /// What the walk went on from is not known any more: it begins anew.
    Anew,
    /// There is no such thing.
    NotFound,
    /// It passes by itself.
    Passing,
}

/// The names of settings that cure what services complain of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// What the service is called: `Zendesk`.
    pub service: &'static str,
    /// What logs in: "`email` and `token`".
    pub login: &'static str,
    /// What the account needs: "the role of an admin".
    pub permission: &'static str,
    /// What says of whom or what messages are read: "`subdomain`".
    pub thing: &'static str,
}

/// What a refusal means for a service that uses the statuses as they are meant.
#[must_use]
pub fn usual(refused: &Refused, names: &Names) -> Option<Refusal> {
    let Names { service, login, permission, thing } = names;
    let said = said(&refused.body).map(|said| format!(" (\u{201c}{said}\u{201d})")).unwrap_or_default();
    let status = refused.status;
    let (meaning, words) = match status {
        _ if refused.at_login && status < 429 => {
            (Meaning::Denied, format!("{service} gives no token{said}: check {login}; a secret may have been renewed or revoked"))
        }
        401 => (Meaning::Denied, format!("{service} does not take the login{said}: check {login}")),
        402 | 403 => (Meaning::Denied, format!("{service} refuses access{said}: it takes {permission}; check that, and {thing}")),
        404 => (Meaning::NotFound, format!("{service} knows nothing of that name{said}: check {thing}")),
        429 => (Meaning::Busy, format!("{service} asks for patience{said}; if this comes often, a longer `every` helps")),
        500..=599 => (Meaning::Passing, format!("{service} is out of order ({status}){said}; it is tried again later")),
        _ => return None,
    };
    Some(Refusal { meaning, words })
}

/// Keys under which services say what is wrong, the most telling first.
const KEYS: [&str; 11] =
    ["detail", "error_description", "errorMessage", "message", "description", "faultstring", "title", "reason", "error", "errors", "fault"];
/// Letters of what a service says.
const MOST: usize = 160;
/// Levels that are looked into.
const DEEPEST: usize = 4;

/// What the body of a refusal says, as one short line without anything that may be private. `None` where
/// it says nothing that a person could read.
#[must_use]
pub fn said(body: &str) -> Option<String> {
    let text = match serde_json::from_str::<Value>(body) {
        Ok(value) => found(&value, 0)?,
        Err(_) if body.trim_start().starts_with(['<', '{', '[']) => return None,
        Err(_) => body.to_owned(),
    };
    let line: Vec<&str> =
        text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty()).collect();
    let line = redact(&line.join(" "));
    let short: String = line.chars().take(MOST).collect();
    (!short.is_empty()).then(|| if short.len() < line.len() { format!("{short}\u{2026}") } else { short })
}

fn found(value: &Value, depth: usize) -> Option<String> {
    match value {
        _ if depth > DEEPEST => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Array(values) => values.iter().take(3).find_map(|value| found(value, depth + 1)),
        Value::Object(object) => {
            KEYS.iter().find_map(|key| found(object.get(*key)?, depth + 1)).or_else(|| found(object.get("meta")?, depth + 1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = Names { service: "Desk", login: "`token`", permission: "the role of an admin", thing: "`subdomain`" };

    #[test]
    fn what_services_say_is_found_in_their_forms() {
        for (body, expected) in [
            (r#"{"errors":[{"status":"401","title":"Not authorised","detail":"Sign with a newer key."}]}"#, Some("Sign with a newer key.")),
            (r#"{"error":{"code":403,"message":"No access to the app"}}"#, Some("No access to the app")),
            (r#"{"error":"invalid_client"}"#, Some("invalid_client")),
            (r#"{"fault":{"faultstring":"Token has ended","detail":{"errorcode":"keys.ended"}}}"#, Some("Token has ended")),
            (r#"{"meta":{"error":{"errorMessage":"Unknown token."}}}"#, Some("Unknown token.")),
            ("Slow down,\n please", Some("Slow down, please")),
            (r#"{"message":"write to ann@example.com"}"#, Some("write to [email]")),
            ("<html><body>Sorry</body></html>", None),
            (r#"{"errors":[]}"#, None),
            ("", None),
        ] {
            assert_eq!(said(body).as_deref(), expected, "{body}");
        }
        assert_eq!(said(&"x".repeat(500)).unwrap().chars().count(), MOST + 1);
        assert_eq!(said(&format!("{}1{}", "[".repeat(5000), "]".repeat(5000))), None);
    }

    #[test]
    fn a_refusal_names_the_setting_to_change() {
        let of = |status, at_login| {
            let refused = Refused { status, body: r#"{"error":"nope"}"#.to_owned(), at_login };
            usual(&refused, &NAMES).map(|refusal| refusal.words)
        };
        insta::assert_snapshot!(of(401, false).unwrap(), @"Desk does not take the login (“nope”): check `token`");
        insta::assert_snapshot!(of(400, true).unwrap(), @"Desk gives no token (“nope”): check `token`; a secret may have been renewed or revoked");
        insta::assert_snapshot!(of(403, false).unwrap(), @"Desk refuses access (“nope”): it takes the role of an admin; check that, and `subdomain`");
        assert_eq!(of(418, false), None);
    }
}
