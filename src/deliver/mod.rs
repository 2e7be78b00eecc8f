//! Carries parcels: by SMTP, by HTTP, into a folder, to a program. What is in them was decided elsewhere.
//!
//! A carrier makes one try and tells what came back; what that means, and whether there is another
//! try, is not its business. No address of a webhook is in what it tells: addresses are often secrets.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use crate::domain::secret::Secret;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::mail::Server;

mod command;
mod file;
mod guard;
mod http;
mod smtp;

/// How parcels are carried.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whole time of one try. Below the lease of a row (90 s), so that two tries never overlap.
    pub deadline: Duration,
    /// Time to reach the other side, within `deadline`.
    pub connect: Duration,
    /// What this host calls itself to mail servers; an address literal without it.
    pub hello: Option<String>,
    /// Further certificate authorities as PEM, for mail servers and webhooks.
    pub extra_ca: Option<Vec<u8>>,
    /// Proxy for webhooks; may hold a password.
    pub proxy: Option<Secret>,
    /// `host:port` pairs in private networks that webhooks may go to. They are reached without the proxy.
    pub allow_private: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            hello: None,
            extra_ca: None,
            proxy: None,
            allow_private: Vec::new(),
        }
    }
}

/// Why nothing can be carried.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// The further authorities are not PEM certificates.
    #[error("the extra certificate authority can't be read: {0}; it must be a file of PEM certificates")]
    Authority(String),
    /// The HTTP client can't be made.
    #[error("webhooks can't be sent: {0}")]
    Client(String),
    /// The proxy's address makes no sense.
    #[error("the proxy can't be used: write `http://host:port`")]
    Proxy,
}

/// Carries one parcel at a time or many at once; holds no connection between two of them.
#[derive(Debug)]
pub struct Carrier {
    smtp: smtp::Sender,
    http: http::Poster,
    deadline: Duration,
}

impl Carrier {
    /// A carrier.
    ///
    /// # Errors
    ///
    /// [`CarrierError`] when the authorities or the proxy can't be used.
    pub fn new(options: &Options) -> Result<Self, CarrierError> {
        Ok(Self { smtp: smtp::Sender::new(options)?, http: http::Poster::new(options)?, deadline: options.deadline })
    }

    /// Talks to a mail server up to the login, and sends nothing.
    ///
    /// # Errors
    ///
    /// What the server said, or why it could not be asked.
    pub async fn greet(&self, server: &Server) -> Result<(), String> {
        self.smtp.greet(server, self.deadline).await.map_err(|reply| match reply {
            Reply::Smtp { code, text } => format!("the mail server answered {code} {text}"),
            Reply::Nothing(why) | Reply::Unable(why) => why,
            other => format!("{other:?}"),
        })
    }

    /// Makes one try.
    ///
    /// It ends within the deadline and some seconds for good-byes. Dropped, it leaves at worst a
    /// message that was taken without our knowing, which the next try repeats under the same id.
    pub async fn carry(&self, parcel: &Parcel) -> Reply {
        let carried = async {
            match parcel {
                Parcel::Mail { server, from, to, bytes } => self.smtp.send(server, from, to, bytes, self.deadline).await,
                Parcel::Post { method, url, headers, body } => self.http.send(*method, url, headers, body).await,
                Parcel::File { folder, name, bytes } => file::write(folder, name, bytes).await,
                Parcel::Command { run, env, stdin } => command::run(run, env, stdin, self.deadline).await,
            }
        };
        // A library that panics on odd input must not take the courier's other parcels with it.
        AssertUnwindSafe(carried).catch_unwind().await.unwrap_or_else(|_| Reply::Nothing("a bug: carrying it panicked".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_parcel_goes_where_it_says() {
        let home = tempfile::tempdir().unwrap();
        let carrier = Carrier::new(&Options::default()).unwrap();
        let parcel = Parcel::File { folder: home.path().join("mail"), name: "a.eml".to_owned(), bytes: b"Subject: x\r\n\r\n".to_vec() };
        assert_eq!(carrier.carry(&parcel).await, Reply::Written(home.path().join("mail/a.eml")));
    }

    #[test]
    fn an_authority_that_is_none_is_told_when_the_carrier_is_made() {
        let options = Options { extra_ca: Some(b"no certificate".to_vec()), ..Options::default() };
        let error = Carrier::new(&options).unwrap_err().to_string();
        assert!(error.starts_with("the extra certificate authority can't be read: "), "{error}");
    }
}
