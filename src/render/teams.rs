//! Microsoft Teams, by a workflow that posts what it is sent: an adaptive card.

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
    /// The address; a secret.
    pub url: Secret,
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
        let body = json!({ "type": "message", "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "content": { "type": "AdaptiveCard", "version": "1.4", "body": [{ "type": "TextBlock", "text": brief.text(), "wrap": true }] } }] });
        post::json(row, Method::Post, &self.url, &body)
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}
