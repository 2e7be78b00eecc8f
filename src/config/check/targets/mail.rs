//! `[target.email]` and `[target.file]`: mail that is protected on its way.

use std::sync::Arc;

use crate::config::check::sources::inside;
use crate::config::check::targets::fetched;
use crate::config::kind::address::is_loopback;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::target::Email;
use crate::config::shape::target::Mails;
use crate::config::shape::target::Target;
use crate::config::tree::Place;
use crate::domain::secret::Secret;
use crate::render;
use crate::render::mail::Tls;

/// The channel, where it is one of these and could be read as a whole.
pub(super) fn channel(target: &Target, reader: &mut Reader<'_>) -> Option<render::Settings> {
    if let Some(email) = &target.email {
        return mail(&email.value, reader).map(render::Settings::Email);
    }
    target.file.as_ref().and_then(|mails| folder(&mails.value)).map(render::Settings::File)
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
        bounce: email.bounce.as_ref().map(|bounce| bounce.value.0.clone()),
        look: Arc::default(),
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

fn folder(mails: &Mails) -> Option<render::file::Settings> {
    Some(render::file::Settings {
        folder: mails.folder.as_ref()?.value.0.clone(),
        from: mails.from.value.0.clone(),
        to: mails.to.value.0.clone(),
        look: Arc::default(),
    })
}
