//! `[target.webhook]`, `[target.pagerduty]` and others that programs read: keys that are keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::check::sources::inside;
use crate::config::check::targets::address;
use crate::config::check::targets::fetched;
use crate::config::kind::secret::Kept;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::target::Target;
use crate::config::shape::target::Webhook;
use crate::config::shape::target_machine::Alertmanager;
use crate::config::shape::target_machine::Command;
use crate::config::shape::target_machine::Ntfy;
use crate::config::shape::target_machine::PagerDuty;
use crate::config::tree::Placed;
use crate::domain::secret::Secret;
use crate::render;

/// The channel, where it is one of these and could be read as a whole.
pub(super) fn channel(target: &Target, reader: &mut Reader<'_>) -> Option<render::Settings> {
    if let Some(webhook) = &target.webhook {
        return hook(&webhook.value, reader).map(render::Settings::Webhook);
    }
    if let Some(pagerduty) = &target.pagerduty {
        return pager(&pagerduty.value, reader).map(render::Settings::PagerDuty);
    }
    if let Some(alertmanager) = &target.alertmanager {
        return prometheus(&alertmanager.value).map(render::Settings::Alertmanager);
    }
    if let Some(ntfy) = &target.ntfy {
        return phones(&ntfy.value, reader).map(render::Settings::Ntfy);
    }
    target.command.as_ref().and_then(|command| program(&command.value, reader)).map(render::Settings::Command)
}

fn pager(pagerduty: &PagerDuty, reader: &mut Reader<'_>) -> Option<render::pagerduty::Settings> {
    let key = pagerduty.key.as_ref()?;
    if let Some(secret) = &key.value.secret
        && !is_integration_key(secret.reveal())
    {
        let message = "the integration key was read, but it does not have 32 letters and digits";
        let at = key.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::BadSecret, at, message)
                .label(key.value.reference.to_string())
                .help("copy it from the service's integration `Events API V2`; an API access key is another thing"),
        );
    }
    Some(render::pagerduty::Settings { key: fetched(&key.value), url: address(&pagerduty.url.value) })
}

fn prometheus(alertmanager: &Alertmanager) -> Option<render::alertmanager::Settings> {
    let url = address(&alertmanager.url.as_ref()?.value);
    Some(render::alertmanager::Settings { url: Secret::new(url.reveal().trim_end_matches('/').to_owned()) })
}

fn phones(ntfy: &Ntfy, reader: &mut Reader<'_>) -> Option<render::ntfy::Settings> {
    let topic = ntfy.topic.as_ref()?;
    if !is_topic(&topic.value.0) {
        let at = topic.at.clone().unwrap_or_default();
        let problem = Problem::error(Code::BadName, at, "`topic` is no topic of ntfy").label("not allowed");
        reader.report(problem.help("use up to 64 letters of a-z and A-Z, digits, `-` and `_`; whoever knows it can read along"));
    }
    Some(render::ntfy::Settings {
        server: address(&ntfy.server.value),
        topic: topic.value.0.clone(),
        token: ntfy.token.as_ref().map(|token| fetched(&token.value)),
    })
}

fn program(command: &Command, reader: &mut Reader<'_>) -> Option<render::command::Settings> {
    let run = command.run.as_ref()?;
    let words: Vec<String> = run.value.iter().map(|word| word.value.0.clone()).collect();
    if !words.first().is_some_and(|program| program.starts_with('/'))
        && !reader.problems.iter().any(|problem| inside(problem, run.at.as_ref()))
    {
        let at = run.at.clone().unwrap_or_default();
        let problem =
            Problem::error(Code::OutOfRange, at, "`run` names no program by its whole path").label("the first word is the program");
        reader.report(
            problem.help("write it from `/` on, and each argument by itself: [\"/usr/local/bin/page\", \"--urgent\"]; there is no shell"),
        );
    }
    Some(render::command::Settings { run: words })
}

fn is_integration_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_topic(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn hook(webhook: &Webhook, reader: &mut Reader<'_>) -> Option<render::webhook::Settings> {
    let mut kept: Vec<&Placed<Kept>> = Vec::new();
    kept.extend(&webhook.key);
    kept.extend(webhook.keys.iter().flat_map(|keys| keys.value.iter()));
    for key in &kept {
        if let Some(secret) = &key.value.secret
            && let Err(why) = signing_key(secret.reveal())
        {
            let at = key.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::BadSecret, at, format!("the signing key was read, but {why}"))
                    .label(key.value.reference.to_string())
                    .help("make one with `printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\"`"),
            );
        }
    }
    if let Some(keys) = &webhook.keys
        && keys.value.0.is_empty()
        && !reader.problems.iter().any(|problem| inside(problem, keys.at.as_ref()))
    {
        let at = keys.at.clone().unwrap_or_default();
        reader.report(Problem::error(Code::OutOfRange, at, "`keys` is empty").label("nothing to sign with").help("name one key at least"));
    }
    let url = address(&webhook.url.as_ref()?.value);
    Some(render::webhook::Settings { url, keys: kept.iter().map(|key| fetched(&key.value)).collect() })
}

/// Says what is wrong with a key of the Standard Webhooks specification, without showing it.
fn signing_key(text: &str) -> Result<(), String> {
    let code = text.strip_prefix("whsec_").ok_or("it does not begin with `whsec_`")?;
    let bytes = STANDARD.decode(code).map_err(|_| "what follows `whsec_` is not base64")?;
    if (24..=64).contains(&bytes.len()) {
        return Ok(());
    }
    Err(format!("it has {} bytes instead of 24 to 64", bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_topics_are_what_the_services_take() {
        assert!(is_integration_key("0123456789abcdefABCDEF0123456789"));
        assert!(!is_integration_key("u+0123456789abcdefghi") && !is_integration_key(&"é".repeat(16)));
        assert!(is_topic("uproar-support_2") && !is_topic("") && !is_topic("a b") && !is_topic(&"a".repeat(65)) && !is_topic("a/b"));
    }

    #[test]
    fn a_signing_key_is_checked_without_being_shown() {
        assert_eq!(signing_key("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"), Ok(()));
        for (key, why) in [
            ("hunter2", "it does not begin with `whsec_`"),
            ("whsec_***", "what follows `whsec_` is not base64"),
            ("whsec_aGVsbG8=", "it has 5 bytes instead of 24 to 64"),
        ] {
            assert_eq!(signing_key(key), Err(why.to_owned()));
        }
    }
}
