//! Mails as `.eml` files in a folder: for trying, and for hosts without mail.

use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::Timestamp;
use crate::domain::notice::Row;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::judge;
use crate::render::mail;
use crate::render::template::Look;

/// Where the files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder; made when it is missing.
    pub folder: PathBuf,
    /// Sender of the mails.
    pub from: String,
    /// Recipient of the mails.
    pub to: String,
    /// What the operator made of mails.
    pub look: Arc<Look>,
}

impl Settings {
    /// The same with what the operator made of mails.
    #[must_use]
    pub fn with(self, look: &Arc<Look>) -> Self {
        Self { look: Arc::clone(look), ..self }
    }
}

impl Channel for Settings {
    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        Parcel::File { folder: self.folder.clone(), name: name(row), bytes: mail::message(row, &self.from, &self.to, &self.look) }
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}

/// `20261121T130500Z-opened-i-7f3k2-ab3d….eml`: sorted by time, and the same for a repeat, which
/// so overwrites its twin.
fn name(row: &Row) -> String {
    let facts = &row.facts;
    let time = facts.at.format("%Y%m%dT%H%M%SZ");
    // No point in the ids: no extension of theirs, and no `..`.
    let word = |id: &str| mail::token(id).replace('.', "_");
    format!("{time}-{}-{}-{}.eml", facts.event.word(), word(&facts.incident), word(&row.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn packed(row: &Row) -> (String, Vec<u8>) {
        let settings = Settings {
            folder: "/var/mail".into(),
            from: "Uproar <uproar@example.com>".into(),
            to: "leads@example.com".into(),
            look: Arc::default(),
        };
        let Parcel::File { name, bytes, .. } = settings.pack(row, row.created) else { panic!("a file was expected") };
        (name, bytes)
    }

    #[test]
    fn a_file_is_the_mail_under_a_name_that_sorts_by_time() {
        let (name, bytes) = packed(&sample::opened());
        assert_eq!(name, "20261121T130500Z-opened-i-7f3k2-k0q7v2m4hxopened.eml");
        assert_eq!(bytes, mail::message(&sample::opened(), "Uproar <uproar@example.com>", "leads@example.com", &Look::default()));
    }

    #[test]
    fn an_id_never_leaves_the_folder() {
        let mut row = sample::opened();
        row.id = "../../etc/x\n".to_owned();
        row.facts.incident = "/..".to_owned();
        assert_eq!(packed(&row).0, "20261121T130500Z-opened-__-____etcx.eml");
    }
}
