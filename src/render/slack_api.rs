//! Slack, by its API: an incident is a thread, and its first message shows how it stands.

use serde_json::json;

use crate::domain::Timestamp;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Method;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::brief::Size;
use crate::render::brief::brief;
use crate::render::judge;
use crate::render::post;

/// Where the messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Begins with `xoxb-`.
    pub token: Secret,
    /// Name or id of the channel.
    pub channel: String,
    /// Address of the API, with a slash at its end.
    pub api: Secret,
}

impl Channel for Settings {
    fn recipients(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let brief = brief(row, Size::steps(row)[0]);
        let body = json!({ "channel": self.channel, "text": brief.text() });
        post::with(
            row,
            Method::Post,
            &Secret::new(format!("{}chat.postMessage", self.api.reveal())),
            vec![("authorization".to_owned(), format!("Bearer {}", self.token.reveal()))],
            &body,
        )
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}
