//! What can be done about the trouble of a source, and by which rule it is told: the same in notices
//! and on the command line.

use crate::domain::trouble::Trouble;

/// What a person can do about the trouble of the source `name`, in one line.
#[must_use]
pub fn cure(trouble: Trouble, name: &str) -> String {
    let name = word(name);
    match trouble {
        Trouble::Paused => format!("`uproar source resume {name}` when it should be read again"),
        Trouble::Unreachable => format!("see whether its site works; `uproar preview {name}` tries it now"),
        Trouble::Missing => format!("correct its address; `uproar preview {name}` shows whether it is right"),
        Trouble::Refused => format!("ask those who run the site, or correct its address and access; `uproar preview {name}` tries it now"),
        Trouble::Login => format!("use its public address, or one with an access key; `uproar preview {name}` shows what it gives"),
        Trouble::Captcha => format!("ask those who run the site for an address that programs may read; then `uproar preview {name}`"),
        Trouble::Unreadable => format!("correct its address; `uproar preview {name}` shows what it gives"),
        Trouble::Busy => "read it less often (`every` of the source)".to_owned(),
        Trouble::Robots => "ask those who run the site to allow it; `robots = \"ignore\"` of the source if it is yours".to_owned(),
        Trouble::Gone => format!("give it another address or remove it; `uproar source resume {name}` if it is back"),
        Trouble::Empty => format!("see in a browser whether it really is empty; `uproar preview {name}` shows what it gives"),
        Trouble::AnotherFeed => format!("see whether its address is still right, before it is believed; `uproar preview {name}`"),
        Trouble::IdsChange => "nothing has to be done: its messages are known by their words, and edits are new messages".to_owned(),
        Trouble::Gap => "read it more often (`every` of the source): what was missed is not counted".to_owned(),
        Trouble::Silent => format!("see in a browser whether something new is there; `uproar preview {name}` shows what it gives"),
    }
}

/// The rule that makes an incident of a trouble, for people.
#[must_use]
pub fn rule(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Silent => {
            "A source is told of when in each of the four weeks before the same hours brought so much that nothing at all is no chance."
        }
        Trouble::Busy => "A host that asks for patience gets it for a day; then it is told of.",
        Trouble::Gap => "A full page that shares nothing with the page before says that more came in between than the page holds.",
        Trouble::Gone | Trouble::IdsChange => "This is told as soon as it is certain.",
        _ if trouble.needs_a_person() => "What waiting does not mend is told after three polls in a row.",
        _ => "A source that cannot be read is told of after three polls in a row and six hours, or when it should have brought plenty.",
    }
}

/// A name as a word of a command.
fn word(name: &str) -> String {
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    if plain { name.to_owned() } else { format!("'{}'", name.replace(['\'', '`'], "")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_a_cure_and_a_rule_and_a_name_is_one_word_of_a_command() {
        for trouble in Trouble::ALL {
            assert!(!cure(trouble, "shop").is_empty() && rule(trouble).ends_with('.'), "{trouble:?}");
        }
        assert!(cure(Trouble::Paused, "our shop").contains("`uproar source resume 'our shop'`"));
    }
}
