//! PagerDuty, by its Events API v2: an incident here is one there.

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
    /// Integration key, 32 letters and digits.
    pub key: Secret,
    /// Address of the API.
    pub url: Secret,
}

impl Channel for Settings {
    fn recipients(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let brief = brief(row, Size::steps(row)[0]);
        let body = json!({ "routing_key": self.key.reveal(), "event_action": "trigger", "dedup_key": row.facts.incident, "payload": { "summary": brief.title, "source": "uproar", "severity": "info" } });
        post::json(row, Method::Post, &self.url, &body)
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}
