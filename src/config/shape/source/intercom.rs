//! `[source.intercom]`

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::choice::Words;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::config::units::HOUR;
use crate::config::units::MINUTE;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::intercom::Region;

table! {
    /// A source that is a workspace at Intercom.
    Intercom "[source.intercom]" {
        /// Access token of an app that may read conversations.
        token: Kept, required = { credential = "intercom_token" };
        /// Where the workspace lives: "us", "eu" or "au".
        region: Choice<Region>, default = "us";
        /// Version of the interface.
        version: Line, default = "2.14";
        /// What of a conversation is its text: "first_message", or "customer_messages", which takes a call
        /// more for each conversation.
        text: Choice<sources::intercom::Words>, default = "first_message";
        /// Only conversations that a bot took part in.
        only_bot: bool, default = false;
        /// Every poll goes back so far, for the search finds changes late.
        overlap: Span<MINUTE, { 7 * DAY }>, default = "1h";
        /// Open conversations are looked at one by one so often, also to see whether they were deleted.
        recheck_open: Span<HOUR, { 31 * DAY }>, default = "24h";
        /// Id of the workspace, as in the address of its pages, for links. Intercom finds it without.
        workspace: Line, optional = "abcd1234";
        /// Address of the service, where it is not the region's own.
        base_url: Web, optional = "https://api.eu.intercom.io";
    }
}

impl Words for Region {
    const WORDS: &'static [(&'static str, Self)] = &[("us", Self::Us), ("eu", Self::Eu), ("au", Self::Au)];
}

impl Words for sources::intercom::Words {
    const WORDS: &'static [(&'static str, Self)] = &[("first_message", Self::FirstMessage), ("customer_messages", Self::CustomerMessages)];
}

impl ServiceTable for Intercom {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, _reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let region = self.region.value.0;
        let base = self.base_url.as_ref().map_or(region.base(), |web| web.value.text.as_str());
        let settings = sources::intercom::Settings {
            // What could not be read was reported.
            token: self.token.as_ref()?.value.secret.clone().unwrap_or_else(|| Secret::new(String::new())),
            region,
            version: self.version.value.0.clone(),
            text: self.text.value.0,
            only_bot: self.only_bot.value,
            overlap: self.overlap.value.0,
            recheck_open: self.recheck_open.value.0,
            workspace: self.workspace.as_ref().map(|workspace| workspace.value.0.clone()),
            since: common.since,
            base: base.trim_end_matches('/').to_owned(),
        };
        Some(settings.into())
    }
}
