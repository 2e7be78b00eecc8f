//! `[target.slack]` and the other chats.

use crate::config::kind::address::Web;
use crate::config::kind::secret::Discreet;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;

table! {
    /// A target that is a channel of Slack. With a webhook every notice is a message of its own; with
    /// the token of an app an incident is a thread whose first message shows how it stands.
    Slack "[target.slack]" one_of(webhook token) {
        /// Address of an incoming webhook; a secret.
        webhook: Discreet, optional = { credential = "slack_url" };
        /// Token of the app, `xoxb-...`; it needs the scope `chat:write`, and must be a member of the
        /// channel (`/invite @app` there) unless it has `chat:write.public` too.
        token: Kept, optional = { credential = "slack_token" };
        /// Name or id of the channel, with `token`.
        channel: Line, optional = "#support";
        /// Address of the API, with `token`.
        api: Web, default = "https://slack.com/api/";
    }
}

table! {
    /// A target that is a channel of Microsoft Teams.
    Teams "[target.teams]" {
        /// Address of a workflow that posts what it is sent; a secret.
        url: Discreet, required = { credential = "teams_url" };
    }
}

table! {
    /// A target that is a space of Google Chat. An incident is a thread there.
    GoogleChat "[target.google_chat]" {
        /// Address of the space's webhook, with its key and token; a secret.
        url: Discreet, required = { credential = "google_chat_url" };
    }
}

table! {
    /// A target that is a channel of Discord.
    Discord "[target.discord]" {
        /// Address of the channel's webhook; a secret.
        url: Discreet, required = { credential = "discord_url" };
    }
}

table! {
    /// A target that is a channel of Mattermost.
    Mattermost "[target.mattermost]" {
        /// Address of an incoming webhook; a secret.
        url: Discreet, required = { credential = "mattermost_url" };
    }
}
