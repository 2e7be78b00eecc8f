//! The configuration, built: sources, channels and rules ready to run.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::calendar::bucket::Buckets;
use crate::config::settings;
use crate::config::settings::Config;
use crate::config::settings::Target;
use crate::config::settings::Watch;
use crate::domain::Timestamp;
use crate::domain::incident::SeriesKey;
use crate::domain::measure::Measure;
use crate::domain::theme::ThemeText;
use crate::render::Channel;
use crate::render::template::Look;
use crate::sources::Source;
use crate::store::sqlite::Keyring;
use crate::tagging::Rules;
use crate::text::ticket;

/// Labels that every item keeps where its source gives them, so that a watch can be split by them
/// later without reading anything again.
pub(super) const USUAL_LABELS: [&str; 4] = ["country", "language", "product", "version"];

/// What runs until the next reload.
pub struct Plan {
    /// The settings it was built from.
    pub config: Config,
    /// The themes, compiled.
    pub rules: Arc<Rules>,
    /// The sources, built.
    pub sources: Vec<Arc<ReadySource>>,
    /// The targets, built, by name.
    pub channels: BTreeMap<String, Arc<dyn Channel>>,
    /// Label keys that become segments.
    pub label_keys: BTreeSet<String>,
    /// Names this installation in ids, so that two that watch the same thing are told apart.
    pub instance: String,
    /// Keys of the tickets in links; without any there are no tickets.
    pub link_keys: Option<Arc<Keyring>>,
}

/// A source with the settings that reading it needs.
pub struct ReadySource {
    /// As configured.
    pub settings: Arc<settings::Source>,
    /// Reads it.
    pub source: Arc<dyn Source>,
}

/// The themes of a configuration that passed its check do not compile: a bug, never a user's mistake.
#[derive(Debug, thiserror::Error)]
#[error("the theme rules do not compile: {0}")]
pub struct BadRules(String);

impl Plan {
    /// Builds everything. `author_key` is the store's; the installation's name is derived from it.
    ///
    /// # Errors
    ///
    /// [`BadRules`] when a theme's rules do not compile; `check` reports those with their place.
    pub fn build(config: Config, author_key: &[u8]) -> Result<Self, BadRules> {
        let rules = crate::tagging::compile(&config.themes)
            .map_err(|errors| BadRules(errors.iter().map(|error| error.why.clone()).collect::<Vec<_>>().join("; ")))?
            .with_models(&config.models.used);
        let sources = config
            .sources
            .iter()
            .map(|settings| Arc::new(ReadySource { settings: Arc::clone(settings), source: settings.kind.build() }))
            .collect();
        let look = Look::compile(&config.templates.texts).unwrap_or_default();
        let look = Arc::new(look);
        let channels = config.targets.iter().map(|target| (target.name.clone(), target.channel.build(&look))).collect();
        let asked = config.watches.iter().flat_map(|watch| watch.by.iter().cloned());
        let label_keys = asked.chain(USUAL_LABELS.map(str::to_owned)).collect();
        let instance = crate::text::hash::of_author(author_key, "this installation");
        Ok(Self { rules: Arc::new(rules), sources, channels, label_keys, instance, link_keys: None, config })
    }

    /// The same for a command that only shows what is stored: its rules tag nothing, for compiling them
    /// takes longer than all it does.
    ///
    /// # Errors
    ///
    /// [`BadRules`] never, as there are none.
    pub fn to_show(mut config: Config) -> Result<Self, BadRules> {
        let themes = std::mem::take(&mut config.themes);
        let models = std::mem::take(&mut config.models.used);
        let mut plan = Self::build(config, &[])?;
        (plan.config.themes, plan.config.models.used) = (themes, models);
        Ok(plan)
    }

    /// The same with keys for tickets.
    #[must_use]
    pub fn with_link_keys(self, link_keys: Option<Arc<Keyring>>) -> Self {
        Self { link_keys, ..self }
    }

    /// A ticket for what a notice of `at` tells to a recipient of a target; none where links lead
    /// nowhere. `subject` as in [`ticket::sign`].
    #[must_use]
    pub fn ticket(&self, subject: &str, target: &str, recipient: &str, at: Timestamp) -> Option<String> {
        let key = self.link_keys.as_ref().filter(|_| self.config.base_url.is_some())?.newest()?;
        Some(ticket::sign(&key, subject, ticket::tag(target, recipient), at + ticket::GOOD_FOR))
    }

    /// Whom a ticket was sent to, for people: the recipient, or the target where it has none. None
    /// when the configuration names them no more.
    #[must_use]
    pub fn sent_to(&self, tag: [u8; 6]) -> Option<String> {
        self.channels.iter().find_map(|(target, channel)| {
            let recipient = channel.recipients().into_iter().find(|recipient| ticket::tag(target, recipient) == tag)?;
            Some(if recipient.is_empty() { target.clone() } else { recipient })
        })
    }

    /// The target of a name.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.config.targets.iter().find(|target| target.name == name)
    }

    /// The theme of a name. A stored series may speak of a theme that is configured no more.
    #[must_use]
    pub fn theme(&self, name: &str) -> Option<&ThemeText> {
        self.config.themes.iter().find(|theme| theme.name == name)
    }

    /// What a series is about, for people: the title of its theme, or of its measure.
    #[must_use]
    pub fn title<'a>(&'a self, key: &'a SeriesKey) -> &'a str {
        match Measure::of(key) {
            Some(measure) => measure.title(),
            None => self.theme(&key.theme).map_or(key.theme.as_str(), |theme| theme.title.as_str()),
        }
    }

    /// The watch of a name.
    #[must_use]
    pub fn watch(&self, name: &str) -> Option<&Watch> {
        self.config.watches.iter().find(|watch| watch.name == name)
    }

    /// How a watch cuts time.
    #[must_use]
    pub fn buckets(&self, watch: &Watch) -> Buckets {
        Buckets { width: watch.bucket, zone: self.config.time_zone, holidays: watch.holidays }
    }

    /// Seconds of the daemon's clock in a real second: more than one only while a recording is
    /// replayed faster than it happened.
    #[must_use]
    pub fn speed(&self) -> f64 {
        let replay = |source: &Arc<settings::Source>| match &source.kind {
            crate::sources::Settings::Replay(replay) => Some(replay.speed),
            _ => None,
        };
        self.config.sources.iter().find_map(replay).unwrap_or(1.0)
    }
}
