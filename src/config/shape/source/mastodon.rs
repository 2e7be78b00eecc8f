//! `[source.mastodon]`

use crate::config::kind::address::Web;
use crate::config::kind::list::List;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::config::units::HOUR;
use crate::domain::secret::Secret;
use crate::sources;

table! {
    /// A source that is posts with a tag on an instance of Mastodon, or what its search finds.
    Mastodon "[source.mastodon]" {
        /// Address of the instance.
        base_url: Web, required = "https://mastodon.example";
        /// Tags, with or without `#`.
        tags: List<Line>, default = [], such_as = ["examplebroadband"];
        /// Words of a search; takes a `token`.
        search: Line, optional = "example broadband";
        /// Token of an account there; many instances show tags without one.
        token: Kept, optional = { credential = "mastodon" };
        /// How often stored posts are looked up, for edits and deletions.
        recheck: Span<HOUR, { 7 * DAY }>, default = "24h";
    }
}

impl ServiceTable for Mastodon {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let tags: Vec<String> = self.tags.value.iter().map(|tag| tag.value.0.trim().trim_start_matches('#').to_owned()).collect();
        if let Some((written, tag)) = self.tags.value.iter().zip(&tags).find(|(_, tag)| !is_tag(tag)) {
            reader.report(
                Problem::error(Code::BadName, written.at.clone().unwrap_or_default(), format!("`{tag}` is no tag"))
                    .label("letters, digits and `_` only")
                    .help("for several words, use `search`"),
            );
        }
        if tags.is_empty() && self.search.is_none() {
            reader.report(
                Problem::error(Code::NotOneOf, common.at.clone(), "`[source.mastodon]` needs `tags`, `search` or both")
                    .label("nothing would be read")
                    .help("for example `tags = [\"examplebroadband\"]`"),
            );
        }
        if let Some(search) = self.search.as_ref().filter(|_| self.token.is_none() && !reader.is_spoilt("token")) {
            reader.report(
                Problem::error(Code::Missing, search.at.clone().unwrap_or_default(), "`search` takes a `token`")
                    .label("Mastodon searches posts for its users only")
                    .help("add `token = { credential = \"mastodon\" }`"),
            );
        }
        let settings = sources::mastodon::Settings {
            base: self.base_url.as_ref()?.value.text.trim_end_matches('/').to_owned(),
            tags,
            search: self.search.as_ref().map(|search| search.value.0.clone()),
            token: self.token.as_ref().map(|token| token.value.secret.clone().unwrap_or_else(|| Secret::new(String::new()))),
            recheck: self.recheck.value.0,
            since: common.since,
        };
        Some(settings.into())
    }
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty() && tag.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}
