//! A program of this machine that is given every notice.

use crate::domain::Timestamp;
use crate::domain::notice::Row;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::brief::Size;
use crate::render::brief::brief;
use crate::render::judge;
use crate::render::mail::token;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program, by its whole path, and its arguments.
    pub run: Vec<String>,
}

impl Channel for Settings {
    fn recipients(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let env = [("UPROAR_ID", token(&row.id)), ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()), ("LANG", "C.UTF-8".to_owned())];
        Parcel::Command {
            run: self.run.clone(),
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            stdin: brief(row, Size::steps(row)[0]).text().into_bytes(),
        }
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}
