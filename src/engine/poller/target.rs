//! A stream with the source that reads it, and what follows from its settings.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::Timestamp;
use crate::domain::item::Shard;
use crate::domain::ports::Stream;
use crate::domain::ports::StreamKey;
use crate::engine::plan::Plan;
use crate::engine::plan::ReadySource;
use crate::polling::address;
use crate::schedule;
use crate::schedule::Schedule;
use crate::sources;
use crate::sources::feed;
use crate::text::hash;

/// An item is news although it comes so late: reviews are moderated, exports are made at night.
const USUAL_DELAY: TimeDelta = TimeDelta::hours(24);

/// A stream with the source that reads it.
#[derive(Clone)]
pub struct Target {
    /// Which stream.
    pub key: StreamKey,
    /// What reads it.
    pub source: Arc<ReadySource>,
}

impl Target {
    /// Every stream of a plan.
    #[must_use]
    pub fn all(plan: &Plan) -> Vec<Self> {
        let of = |source: &Arc<ReadySource>| {
            let name = source.settings.name.clone();
            let shards: Vec<Shard> = source.source.shards();
            shards.into_iter().map(move |shard| StreamKey { source: name.clone(), shard })
        };
        let all = plan.sources.iter().flat_map(|source| of(source).map(|key| Self { key, source: Arc::clone(source) }));
        let mut all: Vec<Self> = all.collect();
        all.shrink_to_fit();
        all
    }

    /// Spreads streams that share an interval; the same after every restart.
    #[must_use]
    pub fn seed(&self) -> u64 {
        hash::of_parts([self.key.source.as_str(), self.key.shard.0.as_str()])
    }

    /// When it is polled next, as far as what is stored of it tells: at a time, or, where that is `None`,
    /// as soon as the daemon can or never.
    #[must_use]
    pub fn awaited(&self, stream: &Stream, now: Timestamp) -> Option<Timestamp> {
        let standing = &stream.standing;
        let (held, ours) = (stream.errors > 0 || standing.put_off.is_some(), standing.address == 0 || self.is_of(standing.address));
        schedule::awaited(&self.known(stream.due.filter(|_| ours), held), now)
    }

    /// What its schedule has to know, with what is stored of it.
    pub(in crate::engine) fn known(&self, due: Option<Timestamp>, held: bool) -> schedule::Known<'_> {
        let settings = &self.source.settings;
        let hinted = !settings.own_pace && settings.kind.is_remote();
        schedule::Known { schedule: &settings.schedule, due, held, hinted, seed: self.seed() }
    }

    /// Whether what is stored of a subject with this hash is about the configured one.
    pub(in crate::engine) fn is_of(&self, subject: u64) -> bool {
        self.subject().is_none_or(|configured| address::mark(&configured) == subject)
    }

    /// What its mark and all that is remembered of it belong to: an address, or what is read of a service.
    pub(super) fn subject(&self) -> Option<String> {
        match self.source.settings.kind.service() {
            Some(service) => Some(service.subject(&self.key.shard)),
            None => self.address().map(str::to_owned),
        }
    }

    /// Hash of all settings of a service. It may change with a release too, which costs nothing but proofs.
    pub(super) fn settings_mark(&self) -> Option<u64> {
        let service = self.source.settings.kind.service()?;
        Some(hash::of_parts([format!("{service:?}").as_str()]))
    }

    /// Time between two polls.
    pub(super) fn interval(&self, now: Timestamp) -> TimeDelta {
        match &self.source.settings.schedule {
            Schedule::Every(interval) => *interval,
            schedule @ Schedule::Cron(..) => {
                let next = schedule.next(Some(now), now, self.seed());
                schedule.next(Some(next), next, self.seed()) - next
            }
        }
    }

    /// The configured address of a feed, or of an export behind one.
    pub(super) fn address(&self) -> Option<&str> {
        match &self.source.settings.kind {
            sources::Settings::Feed(feed::Settings::Url(url)) => Some(url),
            sources::Settings::File(export) => export.url.as_deref(),
            _ => None,
        }
    }

    /// Whether its pages are the newest of a list, so that one can be compared with the one before.
    pub(super) fn is_list(&self) -> bool {
        matches!(&self.source.settings.kind, sources::Settings::Feed(_))
    }
}

/// How late an item may come and still be news: as late as it usually does, as learnt, and a day at
/// least, for in a crisis moderators are slower than ever. Whatever happened since the last good poll
/// is news too, however long that was: a night without network, a weekly survey export.
pub(in crate::engine) fn usual_delay(target: &Target, stream: &Stream, now: Timestamp) -> TimeDelta {
    if let Some(configured) = target.source.settings.max_delay {
        return configured;
    }
    let last = match &target.source.settings.kind {
        sources::Settings::File(_) => stream.last_new,
        _ => stream.complete_to,
    };
    let gap = last.map_or(TimeDelta::zero(), |last| now - last + TimeDelta::hours(1));
    let interval = target.interval(now);
    let learnt = stream.longest_delay.unwrap_or_default() + interval;
    USUAL_DELAY.max(interval * 2).max(gap).max(learnt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::host::credentials::Credentials;

    #[test]
    fn an_export_behind_an_address_has_one_as_a_feed_has() {
        let text = "[fetch]\ncontact = \"ops@example.com\"\n\
                    [[source]]\nname = \"feed\"\nfeed = { url = \"https://a.example/f\" }\n\
                    [[source]]\nname = \"export\"\nfile = { url = \"https://a.example/x.csv\" }\n\
                    [[source]]\nname = \"folder\"\nfile = { folder = \"x\" }\n";
        let outcome = parse(&[Document { name: "u".to_owned(), text: text.to_owned() }], &Credentials::of_this_process());
        let plan = Plan::to_show(outcome.config.expect("the text is right")).unwrap();
        let addresses: Vec<_> = Target::all(&plan).iter().map(|target| target.address().map(str::to_owned)).collect();
        assert_eq!(addresses, [Some("https://a.example/f".to_owned()), Some("https://a.example/x.csv".to_owned()), None]);
    }
}
