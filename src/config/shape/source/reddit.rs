//! `[source.reddit]`

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::choice::Words;
use crate::config::kind::list::List;
use crate::config::kind::number::Whole;
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

/// What of a subreddit is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Things {
    /// Posts.
    Posts,
    /// Comments.
    Comments,
}

impl Words for Things {
    const WORDS: &'static [(&'static str, Self)] = &[("posts", Self::Posts), ("comments", Self::Comments)];
}

table! {
    /// A source that is subreddits, a search of all of Reddit, or both.
    Reddit "[source.reddit]" {
        /// Id of the app that was made for this at Reddit; no secret.
        client_id: Line, required = "p-jcoLKBynTLew";
        /// Secret of the app.
        client_secret: Kept, required = { credential = "reddit" };
        /// Reddit account of whoever answers for this; Reddit wants it in the user agent.
        user_agent_contact: Line, required = "u/example_ops";
        /// Subreddits, without `r/`.
        subreddits: List<Line>, default = [], such_as = ["example"];
        /// Words of a search of all of Reddit; it finds posts, not comments.
        search: Line, optional = "\"example app\" OR exampleapp";
        /// What of the subreddits is read: "posts", "comments".
        what: List<Choice<Things>>, default = ["posts", "comments"];
        /// So many of the newest are looked at once an hour, also where nothing is new.
        depth: Whole<100, 1000>, default = 200;
        /// How often stored posts and comments are looked up, so that what was deleted at Reddit is deleted
        /// here: its terms demand that, so it cannot be turned off.
        recheck_deleted: Span<HOUR, DAY>, default = "24h";
        /// Another address for calls and for tokens, such as that of a proxy.
        base_url: Web, optional = "https://reddit-proxy.example.com";
    }
}

impl ServiceTable for Reddit {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let subreddits: Vec<String> = self.subreddits.value.iter().map(|name| named(&name.value.0, "r/")).collect();
        let odd = self.subreddits.value.iter().zip(&subreddits).find(|(_, name)| !is_name(name));
        if let Some((written, name)) = odd {
            let at = written.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::BadName, at, format!("`{name}` is no name of a subreddit"))
                    .label("letters, digits and `_` only")
                    .help("write it as it stands in its address behind `r/`"),
            );
        }
        if subreddits.is_empty() && self.search.is_none() {
            reader.report(
                Problem::error(Code::NotOneOf, common.at.clone(), "`[source.reddit]` needs `subreddits`, `search` or both")
                    .label("nothing would be read")
                    .help("for example `subreddits = [\"example\"]`"),
            );
        }
        let wants = |things| self.what.value.iter().any(|what| what.value.0 == things);
        if !subreddits.is_empty() && self.what.value.0.is_empty() {
            let at = self.what.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::OutOfRange, at, "`what` is empty")
                    .label("nothing would be read")
                    .help("for example `what = [\"posts\"]`"),
            );
        }
        let settings = sources::reddit::Settings {
            client_id: self.client_id.as_ref()?.value.0.clone(),
            client_secret: self.client_secret.as_ref()?.value.secret.clone().unwrap_or_else(|| Secret::new(String::new())),
            contact: named(&self.user_agent_contact.as_ref()?.value.0, "u/"),
            subreddits,
            search: self.search.as_ref().map(|search| search.value.0.clone()),
            posts: wants(Things::Posts),
            comments: wants(Things::Comments),
            depth: usize::try_from(self.depth.value.0).unwrap_or(200),
            recheck: self.recheck_deleted.value.0,
            since: common.since,
            base: self.base_url.as_ref().map(|base| base.value.text.trim_end_matches('/').to_owned()),
        };
        Some(settings.into())
    }
}

/// A name without what people write before it.
fn named(written: &str, before: &str) -> String {
    let name = written.trim().trim_start_matches('/');
    name.strip_prefix(before).unwrap_or(name).trim_matches('/').to_owned()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
