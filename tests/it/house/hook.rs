//! A receiver of signed documents that checks the signature as the Standard Webhooks specification
//! tells receivers to, without any of the sender's code.

use std::sync::Arc;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;

use super::now;
use super::web::Reply;
use super::web::Request;
use super::web::Server;

/// A document whose signature was right.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// `webhook-id`
    pub id: String,
    pub document: serde_json::Value,
}

/// A receiver that ends with this value.
pub struct Hook {
    server: Server,
    taken: Arc<Mutex<Vec<Received>>>,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    /// Takes what is signed with `key`, which is `whsec_` and base64.
    pub fn start(key: &str) -> Self {
        let key = STANDARD.decode(key.strip_prefix("whsec_").unwrap()).unwrap();
        let (taken, refused) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (good, bad) = (Arc::clone(&taken), Arc::clone(&refused));
        let server = Server::start(move |request| match verify(&key, request) {
            Ok(received) => {
                good.lock().unwrap().push(received);
                Reply::empty(204)
            }
            Err(why) => {
                bad.lock().unwrap().push(why);
                Reply::empty(400)
            }
        });
        Self { server, taken, refused }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    /// What came, in order.
    ///
    /// # Panics
    ///
    /// When something came that was not signed as it has to be.
    pub fn received(&self) -> Vec<Received> {
        let refused = self.refused.lock().unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        self.taken.lock().unwrap().clone()
    }
}

fn verify(key: &[u8], request: &Request) -> Result<Received, String> {
    let header = |name: &str| request.headers.get(name).cloned().ok_or(format!("no {name}"));
    let (id, time) = (header("webhook-id")?, header("webhook-timestamp")?);
    let sent: i64 = time.parse().map_err(|_| format!("webhook-timestamp {time}"))?;
    if (now().timestamp() - sent).abs() > 300 {
        return Err(format!("webhook-timestamp {time} is not of now"));
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(&request.body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let given = header("webhook-signature")?;
    if !given.split(' ').any(|signature| signature == expected) {
        return Err(format!("webhook-signature {given}"));
    }
    let document = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    Ok(Received { id, document })
}
