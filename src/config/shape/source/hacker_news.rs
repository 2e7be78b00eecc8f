//! `[source.hacker_news]`

use crate::config::kind::address::Web;
use crate::config::kind::text::Line;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::sources;

table! {
    /// A source that is a search of Hacker News.
    HackerNews "[source.hacker_news]" {
        /// The words, as one types them in the search of the site.
        query: Line, required = "kestrel parcels";
        /// Comments too, not only stories.
        comments: bool, default = true;
        /// Address of the service.
        base_url: Web, default = "https://hn.algolia.com";
    }
}

impl ServiceTable for HackerNews {
    fn base_url(&self) -> Option<&Placed<Web>> {
        Some(&self.base_url)
    }

    fn settings(&self, common: &Common<'_>, _reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let settings = sources::hacker_news::Settings {
            query: self.query.as_ref()?.value.0.clone(),
            comments: self.comments.value,
            since: common.since,
            base: self.base_url.value.text.trim_end_matches('/').to_owned(),
        };
        Some(settings.into())
    }
}
