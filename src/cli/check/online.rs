//! `uproar check --online`: tries every source and target, without storing or sending anything.

use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::settings::Config;
use crate::config::settings::Source;
use crate::config::settings::Target;
use crate::deliver::Carrier;
use crate::domain::item::Cursor;
use crate::domain::secret::Secret;
use crate::fetch::Fetched;
use crate::fetch::Fetcher;
use crate::fetch::Manner;
use crate::host::clock::Clock;
use crate::render;

/// What does not work, a sentence each.
pub(super) fn look(config: &Config) -> Result<Vec<String>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let fetcher = Fetcher::new(&config.fetch, config.fetch.settle).map_err(|error| Failure::new(Code::Config, error))?;
    let mut findings = Vec::new();
    for source in &config.sources {
        let tried = runtime.block_on(source_answers(source, &fetcher));
        findings.extend(tried.err().map(|why| format!("source `{}`: {why}", source.name)));
    }
    for target in &config.targets {
        let tried = runtime.block_on(target_answers(target, config));
        findings.extend(tried.err().map(|why| format!("target `{}`: {why}", target.name)));
    }
    Ok(findings)
}

/// Asks for the first page of each part and reads it.
async fn source_answers(source: &Source, fetcher: &Fetcher) -> Result<(), String> {
    let reader = source.kind.build();
    for shard in reader.shards() {
        let now = Clock::real().now();
        let cursor = Cursor::default();
        let request = reader.first(&shard, &cursor, now);
        match fetcher.fetch(&request, Manner { validators: None, robots: source.robots, login: reader.login() }, now).await {
            Ok(Fetched::New { response, .. }) => {
                reader.read(&shard, &cursor, &response, now).map_err(|error| error.to_string())?;
            }
            Ok(Fetched::Unchanged { .. }) => {}
            Err(error) => return Err(crate::engine::refusal::worded(reader.as_ref(), error).to_string()),
        }
    }
    Ok(())
}

/// Talks to a mail server up to the login; a folder must be one. Slack's API and Discord say whether
/// they know who asks. Other webhooks can't be asked without posting, so only the host is looked up.
async fn target_answers(target: &Target, config: &Config) -> Result<(), String> {
    match &target.channel {
        render::Settings::Email(mail) => carrier(config)?.greet(&mail.server).await,
        render::Settings::Webhook(webhook) => known(&webhook.url).await,
        render::Settings::Slack(slack) => known(&slack.webhook).await,
        render::Settings::SlackApi(slack) => {
            let reply = carrier(config)?.carry(&slack.question()).await;
            slack.answered(&reply).map_err(|error| error.to_string())
        }
        render::Settings::Teams(teams) => known(&teams.url).await,
        render::Settings::GoogleChat(space) => known(&space.url).await,
        render::Settings::Discord(discord) => {
            let reply = carrier(config)?.carry(&discord.question()).await;
            discord.answered(&reply).map_err(|error| error.to_string())
        }
        render::Settings::Mattermost(mattermost) => known(&mattermost.url).await,
        render::Settings::PagerDuty(pagerduty) => known(&pagerduty.url).await,
        render::Settings::Alertmanager(alertmanager) => known(&alertmanager.url).await,
        render::Settings::Ntfy(ntfy) => known(&ntfy.server).await,
        render::Settings::Command(command) => {
            let program = command.run.first().map(String::as_str).unwrap_or_default();
            if std::fs::metadata(program).is_ok_and(|about| about.is_file()) {
                Ok(())
            } else {
                Err(format!("there is no program {program}"))
            }
        }
        render::Settings::File(file) => match std::fs::metadata(&file.folder) {
            Ok(about) if !about.is_dir() => Err(format!("{} is no folder", file.folder.display())),
            _ => Ok(()),
        },
    }
}

fn carrier(config: &Config) -> Result<Carrier, String> {
    crate::cli::open::carrier(config).map_err(|failure| failure.message)
}

/// The host of an address has one of its own.
async fn known(address: &Secret) -> Result<(), String> {
    let url = url::Url::parse(address.reveal()).map_err(|_| "its address can't be read".to_owned())?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err("its address has no host".to_owned());
    };
    let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await;
    if found.is_ok_and(|mut addresses| addresses.next().is_some()) {
        Ok(())
    } else {
        Err(format!("the host {host} is not known; check the address and the name server"))
    }
}
