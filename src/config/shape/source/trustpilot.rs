//! `[source.trustpilot]`

use crate::config::kind::address::Web;
use crate::config::kind::list::List;
use crate::config::kind::number::Whole;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::trustpilot::Business;

table! {
    /// A source that is a business at Trustpilot.
    Trustpilot "[source.trustpilot]" one_of(business business_unit_id) {
        /// Domain of the business, as in the address of its page there.
        business: Line, optional = "example.com";
        /// Id of its business unit instead.
        business_unit_id: Line, optional = "507f191e810c19729de860ea";
        /// Key of the application.
        key: Kept, required = { credential = "trustpilot_key" };
        /// Its secret. Without it the public list is read.
        secret: Kept, optional = { credential = "trustpilot_secret" };
        /// Only reviews with so many stars; all without it.
        stars: List<Whole<1, 5>>, default = [], such_as = [1, 2];
        /// Only reviews in these languages; all without it.
        languages: List<Line>, default = [], such_as = ["da", "sv"];
        /// So much is read again once an hour, for edits, deletions and what was held back.
        overlap: Span<DAY, { 366 * DAY }>, default = "30d";
        /// And so much once a week.
        full_window: Span<DAY, { 3660 * DAY }>, default = "365d";
        /// Address of the service.
        base_url: Web, default = "https://api.trustpilot.com";
    }
}

impl ServiceTable for Trustpilot {
    fn base_url(&self) -> Option<&Placed<Web>> {
        Some(&self.base_url)
    }

    fn settings(&self, common: &Common<'_>, _reader: &mut Reader<'_>) -> Option<sources::Settings> {
        // What could not be read was reported.
        let secret = |kept: &Placed<Kept>| kept.value.secret.clone().unwrap_or_else(|| Secret::new(String::new()));
        let domain = self.business.as_ref().map(|domain| Business::Domain(domain.value.0.trim().to_lowercase()));
        let id = || self.business_unit_id.as_ref().map(|id| Business::Id(id.value.0.trim().to_owned()));
        let settings = sources::trustpilot::Settings {
            business: domain.or_else(id)?,
            key: secret(self.key.as_ref()?),
            secret: self.secret.as_ref().map(secret),
            stars: self.stars.value.iter().map(|stars| stars.value.0 as u8).collect(),
            languages: self.languages.value.iter().map(|language| language.value.0.clone()).collect(),
            overlap: self.overlap.value.0,
            full_window: self.full_window.value.0,
            since: common.since,
            base: self.base_url.value.text.trim_end_matches('/').to_owned(),
        };
        Some(settings.into())
    }
}
