//! `[[target]]` and its channels.

use crate::config::kind::address::MailHost;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::mailbox::Mailbox;
use crate::config::kind::secret::Discreet;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::kind::text::Name;
use crate::config::shape::hours::Quiet;
use crate::config::shape::target_chat::Discord;
use crate::config::shape::target_chat::GoogleChat;
use crate::config::shape::target_chat::Mattermost;
use crate::config::shape::target_chat::Slack;
use crate::config::shape::target_chat::Teams;
use crate::config::shape::target_machine::Alertmanager;
use crate::config::shape::target_machine::Command;
use crate::config::shape::target_machine::Ntfy;
use crate::config::shape::target_machine::PagerDuty;
use crate::domain::notice::Event;
use crate::render::mail::Tls;

table! {
    /// Where alerts go; one table for each target. It has a name and exactly one of the tables for
    /// its channel. A secret is never in the file: { credential = "smtp" } is read from the service
    /// manager, { file = "..." } from a file that only the service may read, { env = "..." } from
    /// the environment.
    Target "[[target]]" one_of(email slack teams google_chat discord mattermost pagerduty alertmanager ntfy webhook file command) {
        /// Its name, in watches and commands.
        name: Name, required = "support-leads";
        /// What it is told of, where that is not all it can take: "opened", "worse", "reminder",
        /// "resolved", "reopened", "acked", "digest".
        kinds: List<Choice<Event>>, default = [], such_as = ["opened", "worse", "resolved", "reopened"];
        /// Name of the target that is told instead when this one has taken nothing for ten minutes.
        failover: Line, optional = "ops-mail";
        /// Quiet hours.
        quiet: Quiet, optional = {};
        /// By mail.
        email: Email, optional = {};
        /// To a channel of Slack.
        slack: Slack, optional = {};
        /// To a channel of Microsoft Teams.
        teams: Teams, optional = {};
        /// To a space of Google Chat.
        google_chat: GoogleChat, optional = {};
        /// To a channel of Discord.
        discord: Discord, optional = {};
        /// To a channel of Mattermost.
        mattermost: Mattermost, optional = {};
        /// To a service of PagerDuty.
        pagerduty: PagerDuty, optional = {};
        /// To an Alertmanager.
        alertmanager: Alertmanager, optional = {};
        /// To a topic of ntfy.
        ntfy: Ntfy, optional = {};
        /// To a program elsewhere.
        webhook: Webhook, optional = {};
        /// Into a folder.
        file: Mails, optional = {};
        /// To a program of this machine.
        command: Command, optional = {};
    }
}

table! {
    /// A target that gets mail.
    Email "[target.email]" {
        /// Recipients; each gets a message of their own.
        to: List<Mailbox>, required = ["leads@example.com"];
        /// Sender.
        from: Mailbox, required = "Uproar <uproar@example.com>";
        /// Sender on the envelope, where bounces go; the address of `from` without it. Somebody should
        /// read it.
        bounce: Mailbox, optional = "bounces@example.com";
        /// The server. Port 587 without one, or 465 with `tls = "implicit"`.
        smtp: MailHost, required = "smtp.example.com:587";
        /// Name for the server, if it wants one.
        user: Line, optional = "uproar";
        /// Password for the server.
        password: Kept, optional = { credential = "smtp" };
        /// "required": STARTTLS or nothing is sent; "implicit": TLS from the first byte; "none": only
        /// for a server on this machine.
        tls: Choice<Tls>, default = "required";
    }
}

table! {
    /// A target that gets signed JSON, as the Standard Webhooks specification has it.
    Webhook "[target.webhook]" one_of(key keys) {
        /// Where it is sent; often a secret itself: { file = "..." }.
        url: Discreet, required = "https://hooks.example.com/uproar";
        /// Signing key: `whsec_` and 24 to 64 bytes in base64.
        key: Kept, optional = { credential = "hook" };
        /// Several keys instead, while one replaces the other; the first signs first.
        keys: List<Kept>, optional = [{ credential = "hook" }, { credential = "hook_old" }];
    }
}

table! {
    /// A target that writes mails as `.eml` files: for trying, and for hosts without mail.
    Mails "[target.file]" {
        /// The folder; made when it is missing.
        folder: FilePath, required = "/var/lib/uproar/mails";
        /// Sender.
        from: Mailbox, default = "Uproar <uproar@localhost>";
        /// Recipient.
        to: Mailbox, default = "you@localhost";
    }
}
