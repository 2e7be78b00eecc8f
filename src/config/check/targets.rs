//! `[[target]]`: mail that is protected, and signing keys that are keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::check::names;
use crate::config::check::sources::inside;
use crate::config::kind::address::is_loopback;
use crate::config::kind::secret::Kept;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings;
use crate::config::shape::target::Email;
use crate::config::shape::target::Mails;
use crate::config::shape::target::Target;
use crate::config::shape::target::Webhook;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::domain::secret::Secret;
use crate::render;
use crate::render::mail::Tls;

/// The targets that could be read as a whole.
pub fn targets(top: &Top, reader: &mut Reader<'_>) -> Vec<settings::Target> {
    let named = top.target.iter().filter_map(|target| target.name.as_ref());
    names::unique("target", named.map(|name| (name.value.0.as_str(), name.at.clone())), reader);
    top.target.iter().filter_map(|target| one(target, reader)).collect()
}

fn one(target: &Target, reader: &mut Reader<'_>) -> Option<settings::Target> {
    let channel = if let Some(email) = &target.email {
        mail(&email.value, reader).map(render::Settings::Email)
    } else if let Some(webhook) = &target.webhook {
        hook(&webhook.value, reader).map(render::Settings::Webhook)
    } else {
        target.file.as_ref().and_then(|mails| folder(&mails.value)).map(render::Settings::File)
    };
    Some(settings::Target { name: target.name.as_ref()?.value.0.clone(), channel: channel? })
}

fn mail(email: &Email, reader: &mut Reader<'_>) -> Option<render::mail::Settings> {
    let tls = email.tls.value.0;
    if let Some(to) = &email.to
        && to.value.0.is_empty()
        && !reader.problems.iter().any(|problem| inside(problem, to.at.as_ref()))
    {
        let at = to.at.clone().unwrap_or_default();
        reader.report(Problem::error(Code::OutOfRange, at, "`to` is empty").label("nobody").help("add an address, or take the target out"));
    }
    if let Some(smtp) = &email.smtp
        && tls == Tls::Plain
        && !is_loopback(&smtp.value.host)
    {
        let at = email.tls.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::Unprotected, at, "`tls = \"none\"` is only for a mail server on this machine")
                .label("mail would cross the network unprotected")
                .also(smtp.at.clone().unwrap_or_default(), "another machine")
                .help("write `tls = \"required\"`, or \"implicit\" for port 465"),
        );
    }
    let login = login(email, reader);
    let smtp = &email.smtp.as_ref()?.value;
    Some(render::mail::Settings {
        to: email.to.as_ref()?.value.iter().map(|mailbox| mailbox.value.0.clone()).collect(),
        from: email.from.as_ref()?.value.0.clone(),
        server: render::mail::Server {
            host: smtp.host.clone(),
            port: smtp.port.unwrap_or(if tls == Tls::Implicit { 465 } else { 587 }),
            tls,
            login,
        },
    })
}

fn login(email: &Email, reader: &mut Reader<'_>) -> Option<(String, Secret)> {
    let half = |at: &Option<Place>, has: &str, lacks: &str| {
        Problem::error(Code::Missing, at.clone().unwrap_or_default(), format!("`{has}` needs a `{lacks}` beside it"))
            .label(format!("`{lacks}` is missing"))
            .help("a server wants both or neither")
    };
    match (&email.user, &email.password) {
        (Some(user), Some(password)) => Some((user.value.0.clone(), fetched(&password.value))),
        (Some(user), None) => {
            // A password that is there but could not be read has its own message.
            if !reader.is_spoilt("password") {
                reader.report(half(&user.at, "user", "password"));
            }
            None
        }
        (None, Some(password)) => {
            reader.report(half(&password.at, "password", "user"));
            None
        }
        (None, None) => None,
    }
}

/// A secret that could not be read was reported; where that is tolerated, nothing stands in for it.
fn fetched(kept: &Kept) -> Secret {
    kept.secret.clone().unwrap_or_else(|| Secret::new(String::new()))
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
    let url = webhook.url.as_ref()?.value.secret().cloned().unwrap_or_else(|| Secret::new(String::new()));
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

fn folder(mails: &Mails) -> Option<render::file::Settings> {
    Some(render::file::Settings {
        folder: mails.folder.as_ref()?.value.0.clone(),
        from: mails.from.value.0.clone(),
        to: mails.to.value.0.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
