//! Tokens that services give and that do not last: asked for once, shared by all who log in the same
//! way, renewed before they end, never written anywhere.

use chrono::TimeDelta;
use serde_json::Map;
use serde_json::Value;
use tokio::sync::Mutex;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Method;
use crate::domain::http::Refused;
use crate::domain::http::Response;
use crate::domain::login::Grant;
use crate::domain::login::Login;
use crate::domain::login::Place;
use crate::domain::login::Token;
use crate::domain::login::basic;
use crate::domain::secret::Secret;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::Kind;
use crate::fetch::client::Client;
use crate::fetch::credentials::Credentials;
use crate::fetch::error::shown;
use crate::fetch::lanes::Watch;
use crate::fetch::shelf::Shelf;
use crate::fetch::sign;

/// A token is renewed so long before its end, or a tenth of its time where that is less.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// However long a service says that its token is good.
const LONGEST: TimeDelta = TimeDelta::days(7);

/// The tokens of all logins.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    held: Shelf<Mutex<Option<Held>>>,
}

/// A token that is good until then.
#[derive(Debug)]
struct Held {
    token: Secret,
    until: Timestamp,
}

impl Tokens {
    /// The token of a login, and whether it was made just now. Whoever asks for the same one meanwhile
    /// waits for it.
    pub(super) async fn token(&self, login: &Login, client: &Client, watch: Watch) -> Result<(Option<Secret>, bool), FetchError> {
        let Some(wanted) = &login.token else { return Ok((None, false)) };
        let slot = self.slot(login, watch);
        let mut held = slot.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.until > watch.time()) {
            return Ok((Some(held.token.clone()), false));
        }
        let (token, good_for) = match wanted {
            Token::Signed(claims) => (sign::token(claims, watch.time())?, claims.good_for),
            Token::Granted(grant) => granted(grant, client, watch).await?,
        };
        let margin = MARGIN.min(good_for / 10);
        *held = Some(Held { token: token.clone(), until: watch.time() + good_for.min(LONGEST) - margin });
        Ok((Some(token), true))
    }

    /// The service takes this token no more. Another one that came meanwhile stays.
    pub(super) async fn forget(&self, login: &Login, token: Option<&Secret>, watch: Watch) {
        let slot = self.slot(login, watch);
        let mut held = slot.lock().await;
        held.take_if(|held| Some(&held.token) == token);
    }

    fn slot(&self, login: &Login, watch: Watch) -> std::sync::Arc<Mutex<Option<Held>>> {
        let is_idle =
            |slot: &Mutex<Option<Held>>| slot.try_lock().is_ok_and(|held| held.as_ref().is_none_or(|held| held.until <= watch.time()));
        self.held.of(&name(login), is_idle)
    }
}

/// A name for logins that are given the same token. The secrets are in it only as a hash.
fn name(login: &Login) -> String {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(&login.home);
    let claims = match &login.token {
        None => None,
        Some(Token::Signed(claims)) => Some(claims),
        Some(Token::Granted(grant)) => {
            add(&grant.url);
            grant.fields.iter().for_each(|(key, value)| {
                add(key);
                add(value.reveal());
            });
            if let Some((user, password)) = &grant.basic {
                add(user);
                add(password.reveal());
            }
            grant.assertion.as_ref().map(|(_, claims)| claims)
        }
    };
    if let Some(claims) = claims {
        add(claims.key.reveal());
        add(claims.key_id.as_deref().unwrap_or_default());
        add(&format!("{:?}", claims.claims));
    }
    hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Asks for a token.
async fn granted(grant: &Grant, client: &Client, watch: Watch) -> Result<(Secret, TimeDelta), FetchError> {
    let mut fields: Vec<(String, Secret)> = grant.fields.clone();
    if let Some((name, claims)) = &grant.assertion {
        fields.push((name.clone(), sign::token(claims, watch.time())?));
    }
    let (content_type, body) = if grant.as_json {
        let fields: Map<String, Value> = fields.iter().map(|(name, value)| (name.clone(), Value::from(value.reveal()))).collect();
        ("application/json", Value::Object(fields).to_string())
    } else {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &fields {
            form.append_pair(name, value.reveal());
        }
        ("application/x-www-form-urlencoded", form.finish())
    };
    let mut headers = vec![("Content-Type".to_owned(), content_type.to_owned()), ("Accept".to_owned(), "application/json".to_owned())];
    headers.extend(grant.headers.iter().cloned());
    let call = Call { method: Method::Post, url: grant.url.clone(), headers, body, ..Call::default() };
    let mut login = Login::at(&grant.url);
    if let Some((user, password)) = &grant.basic {
        login.stamps.push(crate::domain::login::Stamp {
            place: Place::Header,
            name: "Authorization".to_owned(),
            value: basic(user, password),
        });
    }
    let credentials = Credentials { login: &login, token: None };
    let outcome = client.call_with(&call, Some(&credentials), false, watch).await;
    let fetched = outcome.map_err(|mut error| {
        if let Some(refused) = &mut error.refused {
            refused.at_login = true;
        }
        error
    })?;
    let Fetched::New { response: Response::Call(reply), .. } = fetched else {
        return Err(FetchError::new(Kind::Network, "the service gave no answer when it was asked for a token; it is tried again later"));
    };
    token_in(&reply.body, grant).ok_or_else(|| {
        let host = url::Url::parse(&grant.url).map(|url| shown(&url).to_string()).unwrap_or_default();
        let mut error =
            FetchError::new(Kind::Denied, format!("{host} was asked for a token and gave none; check the credentials of the source"));
        let start = &reply.body[..reply.body.len().min(4096)];
        error.refused = Some(Box::new(Refused { status: reply.status, body: String::from_utf8_lossy(start).into_owned(), at_login: true }));
        error
    })
}

/// The token in a reply, and how long it is good. Some vendors write the number as a text.
fn token_in(body: &[u8], grant: &Grant) -> Option<(Secret, TimeDelta)> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    let token = reply.get(&grant.token_key)?.as_str().filter(|token| !token.is_empty())?;
    let seconds = reply.get("expires_in").and_then(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()));
    let good_for = seconds
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
        .map(|seconds| TimeDelta::milliseconds((seconds.min(LONGEST.num_seconds() as f64) * 1000.0) as i64));
    Some((Secret::new(token.to_owned()), good_for.unwrap_or(grant.good_for)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hush(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_token_is_found_with_its_time_however_it_is_written() {
        let grant = Grant::client_credentials("https://x.example/token", "id", &hush("s"));
        for (body, expected) in [
            (r#"{"access_token":"a","expires_in":3599}"#, Some(3599)),
            (r#"{"access_token":"a","expires_in":"359999"}"#, Some(359_999)),
            (r#"{"access_token":"a"}"#, Some(3600)),
            (r#"{"access_token":"a","expires_in":-1}"#, Some(3600)),
            (r#"{"access_token":"a","expires_in":1e300}"#, Some(604_800)),
            (r#"{"error":"unsupported_grant_type"}"#, None),
            (r#"{"access_token":""}"#, None),
            (r#"{"access_token":7}"#, None),
            ("<html>", None),
            ("", None),
        ] {
            let found = token_in(body.as_bytes(), &grant).map(|(_, good_for)| good_for.num_seconds());
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn logins_share_a_token_only_where_everything_is_the_same() {
        let of = |id: &str, secret: &str| {
            Login::at("https://x.example").with_token(Token::Granted(Grant::client_credentials("https://x.example/t", id, &hush(secret))))
        };
        assert_eq!(name(&of("id", "s")), name(&of("id", "s")));
        assert_ne!(name(&of("id", "s")), name(&of("id", "t")));
        assert_ne!(name(&of("id", "s")), name(&of("ids", "")));
    }
}
