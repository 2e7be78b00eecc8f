//! ntfy: a line on a telephone.

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
    /// Address of the server.
    pub server: Secret,
    /// The topic.
    pub topic: String,
    /// Access token, where the server wants one.
    pub token: Option<Secret>,
}

impl Channel for Settings {
    fn recipients(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let brief = brief(row, Size::steps(row)[0]);
        let body = json!({ "topic": self.topic, "title": brief.title, "message": brief.summary });
        post::with(
            row,
            Method::Post,
            &self.server,
            self.token.iter().map(|token| ("authorization".to_owned(), format!("Bearer {}", token.reveal()))).collect(),
            &body,
        )
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}
