//! Where complaints come from, in the same words in notices, documents and the terminal.

use serde_json::Value;
use serde_json::json;

use crate::domain::notice::RisenWord;
use crate::domain::notice::Role;
use crate::domain::notice::Share;
use crate::render::wording;
use crate::text::excerpt;

/// Characters of a note.
const NOTE: usize = 40;

/// `Google Play` for a source, `country se` for a label.
#[must_use]
pub fn name(key: &str, value: &str) -> String {
    let value = wording::name(value);
    if key == "source" { value } else { format!("{} {value}", wording::name(key)) }
}

/// `68 %` of the excess; nothing where nothing is in excess.
#[must_use]
pub fn part(share: &Share) -> String {
    share.part.map(|part| format!("{:.0} %", part.clamp(0.0, 1.0) * 100.0)).unwrap_or_default()
}

/// `driver`, `driver: new`, `new`, `same as country se` or nothing.
#[must_use]
pub fn note(role: &Role) -> String {
    match role {
        Role::Ordinary => String::new(),
        Role::Driver => "driver".to_owned(),
        Role::NewDriver => "driver: new".to_owned(),
        Role::New => "new".to_owned(),
        Role::SameAs { key, value } => excerpt::shorten(&format!("same as {}", name(key, value)), NOTE),
    }
}

/// One line of the breakdown as a program reads it.
#[must_use]
pub fn share(share: &Share) -> Value {
    let (role, same_as) = match &share.role {
        Role::Ordinary => (None, None),
        Role::Driver => (Some("driver"), None),
        Role::NewDriver => (Some("new_driver"), None),
        Role::New => (Some("new"), None),
        Role::SameAs { key, value } => (Some("same_as"), Some(wording::name(&format!("{key}={value}")))),
    };
    json!({
        "key": wording::name(&share.key),
        "value": wording::name(&share.value),
        "now": share.now,
        "usual": share.usual,
        "messages": share.messages,
        "part_of_excess": share.part,
        "role": role,
        "same_as": same_as,
    })
}

/// A word that rose as a program reads it.
#[must_use]
pub fn word(word: &RisenWord) -> Value {
    json!({ "text": wording::quote(&word.text, 40), "now": word.now, "usual": word.usual })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(role: Role) -> Share {
        Share { key: "country".into(), value: "se <b>".into(), now: 9, usual: 1.5, messages: Some(40), part: Some(0.678), role }
    }

    #[test]
    fn a_line_is_the_same_for_people_and_programs() {
        let same = of(Role::SameAs { key: "source".into(), value: "Play".into() });
        assert_eq!(
            (name(&same.key, &same.value), part(&same), note(&same.role)),
            ("country se ‹b›".into(), "68 %".into(), "same as Play".into())
        );
        insta::assert_snapshot!(share(&same), @r#"{"key":"country","value":"se ‹b›","now":9,"usual":1.5,"messages":40,"part_of_excess":0.678,"role":"same_as","same_as":"source=Play"}"#);
        assert_eq!(share(&of(Role::NewDriver))["role"], "new_driver");
        assert_eq!(share(&of(Role::Ordinary))["role"], Value::Null);
    }

    #[test]
    fn where_nothing_is_in_excess_there_are_no_parts() {
        let calm = Share { part: None, ..of(Role::Ordinary) };
        assert_eq!((part(&calm), note(&calm.role)), (String::new(), String::new()));
    }
}
