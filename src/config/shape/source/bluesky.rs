//! `[source.bluesky]`

use crate::config::kind::address::Web;
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
use crate::sources::bluesky;

table! {
    /// A source that is a search of Bluesky.
    Bluesky "[source.bluesky]" {
        /// The words, as one types them in the search of the app.
        query: Line, required = "kestrel parcels";
        /// Only posts in this language.
        lang: Line, optional = "en";
        /// Handle of an account; without one, Bluesky answers searches only at times.
        handle: Line, optional = "ops.example.com";
        /// App password of the account, not the one that it logs in with.
        app_password: Kept, optional = { credential = "bluesky" };
        /// How often stored posts are looked up, for deletions.
        recheck: Span<HOUR, { 7 * DAY }>, default = "24h";
        /// Address of the server of the account. Without it Bluesky's own: `https://bsky.social`, or
        /// `https://api.bsky.app` without an account.
        base_url: Web, optional = "https://pds.example.com";
    }
}

impl ServiceTable for Bluesky {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let halves = [("handle", self.handle.is_some()), ("app_password", self.app_password.is_some())];
        if let [(present, true), (missing, false)] | [(missing, false), (present, true)] = halves
            && !reader.is_spoilt(missing)
        {
            reader.report(
                Problem::error(Code::Missing, common.at.clone(), format!("`{present}` needs `{missing}` beside it"))
                    .label("half a login")
                    .help(format!("add `{missing}`, or take `{present}` out")),
            );
        }
        let account = self.handle.as_ref().zip(self.app_password.as_ref()).map(|(handle, password)| {
            let password = password.value.secret.clone().unwrap_or_else(|| Secret::new(String::new()));
            (handle.value.0.trim_start_matches('@').to_owned(), password)
        });
        let own = if account.is_some() { bluesky::HOME } else { bluesky::OPEN };
        let settings = bluesky::Settings {
            query: self.query.as_ref()?.value.0.clone(),
            lang: self.lang.as_ref().map(|lang| lang.value.0.clone()),
            account,
            recheck: self.recheck.value.0,
            since: common.since,
            base: self.base_url.as_ref().map_or(own, |base| base.value.text.trim_end_matches('/')).to_owned(),
        };
        Some(settings.into())
    }
}
