//! `[source.discourse]`

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
use crate::config::units::HOUR;
use crate::domain::secret::Secret;
use crate::sources;

table! {
    /// A source that is a forum that runs Discourse.
    Discourse "[source.discourse]" {
        /// Address of the forum.
        base_url: Web, required = "https://forum.example.com";
        /// Key of its interface; without one, what everybody sees is read.
        key: Kept, optional = { credential = "forum" };
        /// The user whom the key is used for.
        user: Line, default = "system";
        /// Numbers of categories, as at the end of their addresses; all without any.
        categories: List<Whole<1, { i64::MAX }>>, default = [], such_as = [5];
        /// Posts of administrators and moderators too.
        staff: bool, default = false;
        /// What is younger is looked at again for edits and deletions, four times a day.
        overlap: Span<HOUR, { 90 * DAY }>, default = "3d";
    }
}

impl ServiceTable for Discourse {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, _reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let key = self.key.as_ref().map(|key| key.value.secret.clone().unwrap_or_else(|| Secret::new(String::new())));
        let settings = sources::discourse::Settings {
            base: self.base_url.as_ref()?.value.text.trim_end_matches('/').to_owned(),
            key: key.map(|key| (key, self.user.value.0.clone())),
            categories: self.categories.value.iter().map(|category| category.value.0).collect(),
            staff: self.staff.value,
            overlap: self.overlap.value.0,
            since: common.since,
        };
        Some(settings.into())
    }
}
