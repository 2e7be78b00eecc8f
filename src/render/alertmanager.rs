//! Prometheus Alertmanager, by its API v2. It forgets: what stands is told to it every minute.

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
    /// Address of the server, without a slash at its end.
    pub url: Secret,
}

impl Channel for Settings {
    fn recipients(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let brief = brief(row, Size::steps(row)[0]);
        let body =
            json!([{ "labels": { "alertname": "Uproar", "incident": row.facts.incident }, "annotations": { "summary": brief.title } }]);
        post::json(row, Method::Post, &Secret::new(format!("{}/api/v2/alerts", self.url.reveal())), &body)
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}
