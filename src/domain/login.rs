//! How a source shows a service who it is, as plain values.
//!
//! A source says what a login is made of; `fetch` asks for tokens, signs, renews them before they end
//! and adds them to calls. Credentials go to the login's home alone: whatever address a reply names,
//! and wherever a redirect leads, another host gets none.

use chrono::TimeDelta;
use serde_json::Value;

use crate::domain::secret::Secret;

/// How a source shows a service who it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Login {
    /// An address of the service; only its scheme, host and port count.
    pub home: String,
    /// What every call bears, as it stands.
    pub stamps: Vec<Stamp>,
    /// A token that every call bears in `Authorization: Bearer`.
    pub token: Option<Token>,
}

/// A secret that is sent as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamp {
    /// Where it is put.
    pub place: Place,
    /// Its name there.
    pub name: String,
    /// The whole value, `Basic ...` included.
    pub value: Secret,
}

/// Where a stamp is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A header.
    Header,
    /// A parameter of the query.
    Query,
}

/// A token that does not last.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// It is asked for.
    Granted(Grant),
    /// It is made here and signed with a key (RFC 7519).
    Signed(Claims),
}

/// A request for a token (RFC 6749, section 4). The reply is a JSON object.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Where it is asked for; credentials in here go there, wherever that is.
    pub url: String,
    /// What the service wants to see, in order.
    pub fields: Vec<(String, Secret)>,
    /// A field whose value is made and signed here (RFC 7523).
    pub assertion: Option<(String, Claims)>,
    /// The fields are sent as a JSON object and not as a form.
    pub as_json: bool,
    /// User and password of `Authorization: Basic`.
    pub basic: Option<(String, Secret)>,
    /// Further headers of the request for a token, such as a user agent of one's own.
    pub headers: Vec<(String, String)>,
    /// Key of the token in the reply, `access_token` nearly everywhere.
    pub token_key: String,
    /// How long it is good where the reply has no `expires_in`.
    pub good_for: TimeDelta,
}

/// What a token that is made here says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The key, PEM with PKCS #8.
    pub key: Secret,
    /// `kid` of the header.
    pub key_id: Option<String>,
    /// All claims but `iat` and `exp`.
    pub claims: Vec<(String, Value)>,
    /// Time between `iat` and `exp`.
    pub good_for: TimeDelta,
}

/// How a token is signed (RFC 7518, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Login {
    /// No credentials yet, for a service at an address.
    pub fn at(home: impl Into<String>) -> Self {
        Self { home: home.into(), stamps: Vec::new(), token: None }
    }

    /// With a header on every call.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: Secret) -> Self {
        self.stamps.push(Stamp { place: Place::Header, name: name.to_owned(), value });
        self
    }

    /// With a parameter in the query of every call.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: Secret) -> Self {
        self.stamps.push(Stamp { place: Place::Query, name: name.to_owned(), value });
        self
    }

    /// With `Authorization: Bearer` and a token that lasts.
    #[must_use]
    pub fn with_bearer(self, token: &Secret) -> Self {
        self.with_header("Authorization", Secret::new(format!("Bearer {}", token.reveal())))
    }

    /// With `Authorization: Basic` (RFC 7617).
    #[must_use]
    pub fn with_basic(self, user: &str, password: &Secret) -> Self {
        self.with_header("Authorization", basic(user, password))
    }

    /// With a token that does not last.
    #[must_use]
    pub fn with_token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }
}

impl Login {
    /// A text of the service without what it repeats of our secrets.
    #[must_use]
    pub fn covered(&self, text: &str) -> String {
        let stamps = self.stamps.iter().map(|stamp| &stamp.value);
        let granted = self.token.iter().filter_map(|token| if let Token::Granted(grant) = token { Some(grant) } else { None });
        // The user of a grant is half of a pair of keys.
        let (fields, users): (Vec<&Secret>, Vec<&str>) = granted.fold((Vec::new(), Vec::new()), |(mut fields, mut users), grant| {
            let secret = |(name, _): &&(String, Secret)| !matches!(name.as_str(), "grant_type" | "scope");
            fields.extend(
                grant.fields.iter().filter(secret).map(|(_, value)| value).chain(grant.basic.as_ref().map(|(_, password)| password)),
            );
            users.extend(grant.basic.as_ref().map(|(user, _)| user.as_str()));
            (fields, users)
        });
        let whole = stamps.chain(fields).map(Secret::reveal).chain(users);
        // Of `Bearer abc` the second word is the secret.
        let parts = whole.flat_map(|value| [Some(value), value.split_once(' ').map(|(_, rest)| rest)]).flatten();
        let mut parts: Vec<&str> = parts.filter(|part| part.len() >= SHORTEST).collect();
        parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.len()));
        parts.into_iter().fold(text.to_owned(), |text, part| text.replace(part, "[secret]"))
    }
}

/// What is shorter stands in any text by chance.
const SHORTEST: usize = 6;

impl Grant {
    /// A request for a token as most services want it: a form with these fields.
    #[must_use]
    pub fn form(url: impl Into<String>, fields: &[(&str, &Secret)]) -> Self {
        Self {
            url: url.into(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect(),
            assertion: None,
            as_json: false,
            basic: None,
            headers: Vec::new(),
            token_key: "access_token".to_owned(),
            good_for: TimeDelta::hours(1),
        }
    }

    /// The grant of a service that acts for itself (RFC 6749, section 4.4).
    #[must_use]
    pub fn client_credentials(url: impl Into<String>, id: &str, secret: &Secret) -> Self {
        let grant_type = Secret::new("client_credentials".to_owned());
        Self { basic: Some((id.to_owned(), secret.clone())), ..Self::form(url, &[("grant_type", &grant_type)]) }
    }
}

/// The value of `Authorization: Basic`.
#[must_use]
pub fn basic(user: &str, password: &Secret) -> Secret {
    use base64::Engine as _;
    let pair = format!("{user}:{}", password.reveal());
    Secret::new(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_repeats_of_a_login_is_covered() {
        let (token, secret) = (Secret::new("abcdef123".to_owned()), Secret::new("quiet-please".to_owned()));
        let grant = Grant::client_credentials("https://desk.example/token", "our-client", &secret);
        let login = Login::at("https://desk.example").with_bearer(&token).with_token(Token::Granted(grant));
        let said = "Quota of abcdef123, given for client_credentials of our-client with quiet-please, is used up";
        assert!(!login.covered(said).contains("abcdef") && !login.covered(said).contains("quiet"), "{}", login.covered(said));
        assert!(login.covered(said).starts_with("Quota of [secret], given for client_credentials of "));
    }

    #[test]
    fn a_login_never_prints_what_it_holds() {
        let hush = Secret::new("hush".to_owned());
        let login = Login::at("https://desk.example")
            .with_basic("ops", &hush)
            .with_bearer(&hush)
            .with_query("key", hush.clone())
            .with_token(Token::Granted(Grant::client_credentials("https://desk.example/token", "id", &hush)));
        let printed = format!("{login:?}");
        assert!(!printed.contains("hush") && !printed.contains("b3BzOmh1c2g"), "{printed}");
        assert_eq!(login.stamps[0].value.reveal(), "Basic b3BzOmh1c2g=");
    }
}
