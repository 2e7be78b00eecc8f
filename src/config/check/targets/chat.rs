//! `[target.slack]` and the other chats: addresses and tokens that can be what they should be.
//!
//! Addresses of the services themselves are looked at, for there it is known what they look like; one of
//! another host may be a relay of somebody's own. What is wrong is said without showing the address.

use url::Url;

use crate::config::check::targets::address;
use crate::config::check::targets::fetched;
use crate::config::kind::secret::Discreet;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::target::Target;
use crate::config::shape::target_chat::Slack;
use crate::config::tree::Placed;
use crate::domain::secret::Secret;
use crate::render;

/// The channel, where it is one of these and could be read as a whole.
pub(super) fn channel(target: &Target, reader: &mut Reader<'_>) -> Option<render::Settings> {
    if let Some(slack) = &target.slack {
        return by_slack(&slack.value, reader);
    }
    if let Some(teams) = &target.teams {
        let url = seen(teams.value.url.as_ref()?, of_teams, reader);
        return Some(render::Settings::Teams(render::teams::Settings { url }));
    }
    if let Some(space) = &target.google_chat {
        let url = seen(space.value.url.as_ref()?, of_google, reader);
        return Some(render::Settings::GoogleChat(render::google_chat::Settings { url }));
    }
    if let Some(discord) = &target.discord {
        let url = seen(discord.value.url.as_ref()?, of_discord, reader);
        return Some(render::Settings::Discord(render::discord::Settings { url }));
    }
    let mattermost = target.mattermost.as_ref()?;
    let url = seen(mattermost.value.url.as_ref()?, of_mattermost, reader);
    Some(render::Settings::Mattermost(render::mattermost::Settings { url }))
}

fn by_slack(slack: &Slack, reader: &mut Reader<'_>) -> Option<render::Settings> {
    if let Some(webhook) = &slack.webhook {
        let webhook = seen(webhook, of_slack, reader);
        return Some(render::Settings::Slack(render::slack::Settings { webhook }));
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
    if let Some(secret) = &token.value.secret
        && !["xoxb-", "xoxp-"].iter().any(|begin| secret.reveal().starts_with(begin))
    {
        let at = token.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::BadSecret, at, "the token was read, but it does not begin with `xoxb-`")
                .label(token.value.reference.to_string())
                .help("take the \"Bot User OAuth Token\" from the page \"OAuth & Permissions\" of the app"),
        );
    }
    let api = slack.api.value.text.trim_end_matches('/');
    Some(render::Settings::SlackApi(render::slack_api::Settings {
        token: fetched(&token.value),
        channel: slack.channel.as_ref()?.value.0.clone(),
        api: Secret::new(format!("{api}/")),
    }))
}

/// What is wrong with an address, and what to do.
struct Odd {
    what: &'static str,
    cure: &'static str,
    /// Taken today all the same.
    works: bool,
}

#[allow(clippy::unnecessary_wraps, reason = "it is what a look gives")]
fn odd(what: &'static str, cure: &'static str) -> Option<Odd> {
    Some(Odd { what, cure, works: false })
}

/// The address, after a look at it.
fn seen(url: &Placed<Discreet>, look: fn(&Url) -> Option<Odd>, reader: &mut Reader<'_>) -> Secret {
    let address = address(&url.value);
    if let Ok(parsed) = Url::parse(address.reveal())
        && let Some(Odd { what, cure, works }) = look(&parsed)
    {
        let at = url.at.clone().unwrap_or_default();
        let message = format!("the address {what}");
        let problem = match (&url.value, works) {
            (_, true) => Problem::warning(Code::RetiredAddress, at, message),
            (Discreet::Open(_), false) => Problem::error(Code::BadAddress, at, message),
            (Discreet::Kept(_), false) => Problem::error(Code::BadSecret, at, message),
        };
        let label = match &url.value {
            Discreet::Open(_) => String::new(),
            Discreet::Kept(kept) => kept.reference.to_string(),
        };
        reader.report(problem.label(label).help(cure));
    }
    address
}

fn of_slack(url: &Url) -> Option<Odd> {
    let host = url.host_str()?;
    match host {
        "hooks.slack.com" | "hooks.slack-gov.com" if url.path().starts_with("/services/") => None,
        "hooks.slack.com" | "hooks.slack-gov.com" => odd(
            "is that of a workflow, which takes no messages like ours",
            "make an incoming webhook: its address goes on with `/services/`",
        ),
        _ if host == "slack.com" || host.ends_with(".slack.com") => {
            odd("is a page of Slack", "make an incoming webhook: its address begins with `https://hooks.slack.com/services/`")
        }
        _ => None,
    }
}

fn of_teams(url: &Url) -> Option<Odd> {
    const MAKE: &str = "make a workflow \"Send webhook alerts to a channel\" in Teams, and take its address";
    match url.host_str()? {
        "teams.microsoft.com" | "teams.live.com" => odd("is a page of Teams", MAKE),
        host if host.ends_with("webhook.office.com") || host == "outlook.office.com" => {
            Some(Odd { what: "is that of an Office connector, which Microsoft is switching off", cure: MAKE, works: true })
        }
        _ => None,
    }
}

fn of_google(url: &Url) -> Option<Odd> {
    const MAKE: &str = "copy it whole from \"Apps & integrations\", \"Webhooks\" of the space";
    match url.host_str()? {
        "chat.google.com" | "mail.google.com" => odd("is a page of Google Chat", MAKE),
        "chat.googleapis.com" => {
            let has = |key: &str| url.query_pairs().any(|(name, value)| name == key && !value.is_empty());
            if has("key") && has("token") { None } else { odd("lacks its `key` or its `token`", MAKE) }
        }
        _ => None,
    }
}

fn of_discord(url: &Url) -> Option<Odd> {
    const MAKE: &str = "copy it from \"Integrations\", \"Webhooks\" of the channel: `https://discord.com/api/webhooks/...`";
    let host = url.host_str()?;
    if !["discord.com", "discordapp.com"].iter().any(|own| host == *own || host.ends_with(&format!(".{own}"))) {
        return None;
    }
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let at = parts.iter().position(|part| *part == "webhooks");
    match at.map(|at| &parts[at + 1..]) {
        Some([number, _]) if number.bytes().all(|digit| digit.is_ascii_digit()) => None,
        Some([_, _, "slack" | "github"]) => odd("ends for messages of another service", "take `/slack` or `/github` off its end"),
        _ => odd("is no webhook of Discord", MAKE),
    }
}

fn of_mattermost(url: &Url) -> Option<Odd> {
    // Every server is somebody's own; but what is made for another service is known.
    match url.host_str()? {
        "hooks.slack.com" => odd("is one of Slack", "write it as `webhook` under `[target.slack]`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_service_is_one_that_takes_messages() {
        let what = |look: fn(&Url) -> Option<Odd>, url: &str| look(&Url::parse(url).unwrap()).map(|odd| odd.what);
        for (look, url) in [
            (of_slack as fn(&Url) -> Option<Odd>, "https://hooks.slack.com/services/T000/B000/XXXX"),
            (of_slack, "http://127.0.0.1:8080/services/T000/B000/XXXX"),
            (of_teams, "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=x"),
            (of_google, "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k&token=t"),
            (of_discord, "https://discord.com/api/webhooks/123/token"),
            (of_discord, "https://canary.discord.com/api/v10/webhooks/123/token?thread_id=9"),
            (of_discord, "https://relay.example.com/x"),
            (of_mattermost, "https://chat.example.com/hooks/xxx"),
        ] {
            assert_eq!(what(look, url), None, "{url}");
        }
        for (look, url, expected) in [
            (
                of_slack as fn(&Url) -> Option<Odd>,
                "https://hooks.slack.com/triggers/T000/1/x",
                "is that of a workflow, which takes no messages like ours",
            ),
            (of_slack, "https://acme.slack.com/archives/C1", "is a page of Slack"),
            (of_teams, "https://teams.microsoft.com/l/channel/x", "is a page of Teams"),
            (of_teams, "https://acme.webhook.office.com/webhookb2/x", "is that of an Office connector, which Microsoft is switching off"),
            (of_google, "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k", "lacks its `key` or its `token`"),
            (of_google, "https://mail.google.com/chat/u/0/", "is a page of Google Chat"),
            (of_discord, "https://discord.com/channels/1/2", "is no webhook of Discord"),
            (of_discord, "https://discord.com/api/webhooks/123/token/slack", "ends for messages of another service"),
            (of_mattermost, "https://hooks.slack.com/services/T/B/x", "is one of Slack"),
        ] {
            assert_eq!(what(look, url), Some(expected), "{url}");
        }
    }
}
