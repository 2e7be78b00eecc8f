//! `[source.mailbox]`

use crate::config::kind::address::MailHost;
use crate::config::kind::address::Web;
use crate::config::kind::address::is_loopback;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::number::Size;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::domain::mails::After;
use crate::domain::mails::Tls;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::mailbox::Home;
use crate::sources::mailbox::Server;

/// What becomes of mails that were stored, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// Nothing.
    Keep,
    /// They are marked as seen.
    Seen,
    /// They go to another folder.
    Move,
}

table! {
    /// A source that is a mailbox of complaint mails, on a server or on this machine.
    Mailbox "[source.mailbox]" one_of(imap maildir) {
        /// The server. Port 993 without one, or 143 with another `tls` than "implicit".
        imap: MailHost, optional = "mail.example.com:993";
        /// A maildir on this machine instead: the folder that holds `new` and `cur`.
        maildir: FilePath, optional = "/var/mail/complaints";
        /// Name for the server.
        user: Line, optional = "complaints@example.com";
        /// Password for the server.
        password: Kept, optional = { credential = "mailbox" };
        /// The folder on the server.
        folder: Line, default = "INBOX";
        /// "implicit": TLS from the first byte; "starttls": STARTTLS or nothing is said; "none": only for
        /// a server on this machine, or in a private network that `allow_private` names.
        tls: Choice<Tls>, default = "implicit";
        /// What becomes of mails on the server once they are stored: "keep", "seen" or "move".
        after: Choice<Afterwards>, default = "keep";
        /// The folder that they are moved to.
        move_to: Line, optional = "Counted";
        /// Senders whose mails are left out, as addresses or "@domain": your own.
        skip_from: List<Line>, default = [], such_as = ["@example.com"];
        /// Of each mail at most so much is read.
        max_mail: Size<10_000>, default = "1 MB";
    }
}

impl ServiceTable for Mailbox {
    fn base_url(&self) -> Option<&Placed<Web>> {
        None
    }

    fn asks_somebody(&self) -> bool {
        false
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        self.idle(reader);
        let home = match (&self.imap, &self.maildir) {
            (Some(host), _) => Home::Server(self.server(&host.value, common, reader)?),
            (None, Some(path)) => Home::Maildir(path.value.0.clone()),
            (None, None) => return None,
        };
        let settings = sources::mailbox::Settings {
            home,
            since: common.since,
            max_mail: usize::try_from(self.max_mail.value.0).unwrap_or(usize::MAX).min(32_000_000),
            skip_from: self.skip_from.value.iter().map(|line| line.value.0.trim().to_lowercase()).collect(),
        };
        Some(settings.into())
    }
}

impl Mailbox {
    /// Warns of options that do nothing beside the others.
    fn idle(&self, reader: &mut Reader<'_>) {
        let (mut idle, help) = if self.maildir.is_some() {
            let after = self.after.at.as_ref().filter(|_| self.after.value.0 != Afterwards::Keep);
            let others = [
                ("after", after),
                ("move_to", self.move_to.as_ref().and_then(|line| line.at.as_ref())),
                ("folder", self.folder.at.as_ref()),
                ("user", self.user.as_ref().and_then(|line| line.at.as_ref())),
                ("tls", self.tls.at.as_ref()),
            ];
            (others.to_vec(), "take the line out: mails of a maildir stay as they are")
        } else {
            let to = self.move_to.as_ref().and_then(|line| line.at.as_ref()).filter(|_| self.after.value.0 != Afterwards::Move);
            (vec![("move_to", to)], "write `after = \"move\"` too, or take the line out")
        };
        idle.retain(|(_, at)| at.is_some());
        for (key, at) in idle {
            let beside = if self.maildir.is_some() { "for a maildir" } else { "without `after = \"move\"`" };
            let message = format!("`{key}` means nothing {beside}");
            let problem = Problem::warning(Code::OptionIdle, at.cloned().unwrap_or_default(), message);
            reader.report(problem.label("it does nothing here").help(help));
        }
    }

    fn server(&self, host: &MailHost, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<Server> {
        let tls = self.tls.value.0;
        let port = host.port.unwrap_or(if tls == Tls::Implicit { 993 } else { 143 });
        let shown = if host.host.contains(':') { format!("[{}]", host.host) } else { host.host.clone() };
        let mut missing = |key: &str, help: &str| {
            let message = format!("a mailbox on a server needs `{key}`");
            reader.report(Problem::error(Code::Missing, common.at.clone(), message).label("missing here").help(help));
        };
        if self.user.is_none() {
            missing("user", "for example `user = \"complaints@example.com\"`");
        }
        if self.password.is_none() {
            missing("password", "for example `password = { credential = \"mailbox\" }`");
        }
        let after = match (self.after.value.0, &self.move_to) {
            (Afterwards::Keep, _) => After::Keep,
            (Afterwards::Seen, _) => After::Seen,
            (Afterwards::Move, Some(to)) => After::Move(to.value.0.clone()),
            (Afterwards::Move, None) => {
                missing("move_to", "name the folder that mails are moved to: `move_to = \"Counted\"`");
                After::Keep
            }
        };
        // Whoever allows a host to be asked in a private network has named it; a name of this machine too.
        let near = is_loopback(&host.host) || common.allows(&shown, port);
        if tls == Tls::Plain && !near {
            let at = self.tls.at.clone().or_else(|| self.imap.as_ref()?.at.clone()).unwrap_or_default();
            reader.report(
                Problem::error(Code::Unprotected, at, "`tls = \"none\"` would send the password across a network unprotected")
                    .label("refused")
                    .help("write `tls = \"implicit\"` or \"starttls\"; a host in a private network may be named in `allow_private` of `[fetch]`"),
            );
        }
        let scheme = if tls == Tls::Implicit { "imaps" } else { "imap" };
        Some(Server {
            address: format!("{scheme}://{shown}:{port}"),
            host: host.host.clone(),
            port,
            tls,
            user: self.user.as_ref()?.value.0.clone(),
            password: self.password.as_ref()?.value.secret.clone().unwrap_or_else(|| Secret::new(String::new())),
            folder: self.folder.value.0.clone(),
            after,
        })
    }
}
