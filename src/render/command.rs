//! A program of this machine that is given every notice.

use serde_json::json;

use crate::domain::Timestamp;
use crate::domain::notice::Row;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::judge;
use crate::render::mail::token;
use crate::render::webhook;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program, by its whole path, and its arguments.
    pub run: Vec<String>,
}

impl Channel for Settings {
    /// On its input it gets what a webhook gets, with the id by which it can tell a repeat. Nothing
    /// of a notice is in its arguments or its environment: customers wrote parts of it.
    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let env = [("UPROAR_ID", token(&row.id)), ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()), ("LANG", "C.UTF-8".to_owned())];
        let mut document = webhook::whole(row);
        document["id"] = json!(token(&row.id));
        Parcel::Command {
            run: self.run.clone(),
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            stdin: format!("{document}\n").into_bytes(),
        }
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::render::sample;

    #[test]
    fn a_program_reads_what_a_webhook_gets_and_an_id() {
        let settings = Settings { run: vec!["/usr/local/bin/page".to_owned()] };
        let Parcel::Command { env, stdin, run } = settings.pack(&sample::opened(), sample::opened().created) else {
            panic!("a program was expected")
        };
        let document: Value = serde_json::from_slice(&stdin).unwrap();
        assert_eq!((&document["id"], &document["type"]), (&json!("k0q7v2m4hxopened"), &json!("incident.opened")));
        assert_eq!(document["data"]["incident_id"], "i-7f3k2");
        assert_eq!(run, ["/usr/local/bin/page"]);
        let names: Vec<&str> = env.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["UPROAR_ID", "PATH", "LANG"]);
        assert_eq!(stdin.split(|byte| *byte == b'\n').count(), 2, "one line with its end");
    }
}
