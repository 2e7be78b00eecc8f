//! `[source.hacker_news]`

use crate::config::kind::address::Web;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::config::units::HOUR;
use crate::sources;

table! {
    /// A source that is a search of Hacker News.
    HackerNews "[source.hacker_news]" {
        /// The words, as one types them in the search of the site.
        query: Line, required = "kestrel parcels";
        /// Comments too, not only stories.
        comments: bool, default = true;
        /// How often stored messages are looked up, for deletions.
        recheck: Span<HOUR, { 7 * DAY }>, default = "24h";
        /// Another address, of the search and of the site's own interface, such as that of a proxy.
        base_url: Web, optional = "https://news-proxy.example.com";
    }
}

impl ServiceTable for HackerNews {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, _reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let base = self.base_url.as_ref().map(|base| base.value.text.trim_end_matches('/').to_owned());
        let settings = sources::hacker_news::Settings {
            query: self.query.as_ref()?.value.0.clone(),
            comments: self.comments.value,
            since: common.since,
            recheck: self.recheck.value.0,
            base: base.clone().unwrap_or_else(|| sources::hacker_news::BASE.to_owned()),
            items: base.unwrap_or_else(|| sources::hacker_news::ITEMS.to_owned()),
        };
        Some(settings.into())
    }
}
