//! `[target.slack]` and the other chats.

use crate::config::check::targets::address;
use crate::config::check::targets::fetched;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::target::Target;
use crate::config::shape::target_chat::Slack;
use crate::domain::secret::Secret;
use crate::render;

/// The channel, where it is one of these and could be read as a whole.
pub(super) fn channel(target: &Target, reader: &mut Reader<'_>) -> Option<render::Settings> {
    if let Some(slack) = &target.slack {
        return by_slack(&slack.value, reader);
    }
    if let Some(teams) = &target.teams {
        return Some(render::Settings::Teams(render::teams::Settings { url: address(&teams.value.url.as_ref()?.value) }));
    }
    if let Some(space) = &target.google_chat {
        return Some(render::Settings::GoogleChat(render::google_chat::Settings { url: address(&space.value.url.as_ref()?.value) }));
    }
    if let Some(discord) = &target.discord {
        return Some(render::Settings::Discord(render::discord::Settings { url: address(&discord.value.url.as_ref()?.value) }));
    }
    let mattermost = target.mattermost.as_ref()?;
    Some(render::Settings::Mattermost(render::mattermost::Settings { url: address(&mattermost.value.url.as_ref()?.value) }))
}

fn by_slack(slack: &Slack, reader: &mut Reader<'_>) -> Option<render::Settings> {
    if let Some(webhook) = &slack.webhook {
        return Some(render::Settings::Slack(render::slack::Settings { webhook: address(&webhook.value) }));
    }
    let token = slack.token.as_ref()?;
    if slack.channel.is_none() && !reader.is_spoilt("channel") {
        let at = token.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::Missing, at, "`token` needs a `channel` beside it")
                .label("`channel` is missing")
                .help("for example `channel = \"#support\"`"),
        );
    }
    let api = slack.api.value.text.trim_end_matches('/');
    Some(render::Settings::SlackApi(render::slack_api::Settings {
        token: fetched(&token.value),
        channel: slack.channel.as_ref()?.value.0.clone(),
        api: Secret::new(format!("{api}/")),
    }))
}
