//! App Store Connect: all reviews of one's own app, by the interface that Apple documents
//! (developer.apple.com/documentation/appstoreconnectapi, "List All Customer Reviews for an App").
//!
//! Newest first, all storefronts in one list. An edit keeps the date, and a deletion only shows as an
//! absence; so the last two weeks are read again at every poll, and now and then everything back to
//! where the first poll began. The number of all reviews stands on every page: while it stays the same,
//! the list has not shifted, and what is missing from it is gone.

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use url::Url;
use url::form_urlencoded;

use crate::domain::Timestamp;
use crate::domain::http::Refused;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Item;
use crate::domain::item::Listed;
use crate::domain::item::Page;
use crate::domain::item::Rating;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Algorithm;
use crate::domain::login::Claims;
use crate::domain::login::Login;
use crate::domain::login::Token;
use crate::domain::secret::Secret;
use crate::sources::ReadError;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::api::Been;
use crate::sources::refusal;
use crate::sources::refusal::Meaning;
use crate::sources::refusal::Refusal;

const SERVICE: &str = "App Store Connect";
/// Where it is asked.
pub const BASE: &str = "https://api.appstoreconnect.apple.com";
/// Reviews of a page, the most that there may be.
const PAGE: usize = 200;
/// A token may be good for twenty minutes.
const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(15);
/// There are limits in short windows that no header tells.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);
/// A whole walk during which the list shifted is made again after this.
const SOON: TimeDelta = TimeDelta::hours(1);

/// Whose reviews, and how they are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Number of the app, as in its address in the store.
    pub app: u64,
    /// Who calls.
    pub connect: Connect,
    /// How far back the first poll reads.
    pub since: Since,
    /// Address of the service without a slash at its end.
    pub base: String,
}

/// A key of App Store Connect, and what is read with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Connect {
    /// `Key ID` as the site shows it.
    pub key_id: String,
    /// `Issuer ID`; a key of one person has none.
    pub issuer: Option<String>,
    /// The key itself, the text of `AuthKey_....p8`.
    pub key: Secret,
    /// Storefronts, three letters each; all of them where the list is empty.
    pub territories: Vec<String>,
    /// How far back every poll reads again.
    pub overlap: TimeDelta,
    /// Time between two polls that read everything again.
    pub full_walk: TimeDelta,
}

/// The reviews of one's own app.
#[derive(Debug)]
pub struct OwnApp {
    settings: Settings,
    login: Login,
}

/// What is known when a walk has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    newest: Option<Timestamp>,
    /// Nothing older is read: the first poll began there.
    from: Option<Timestamp>,
    /// When everything back to there was read.
    whole_at: Option<Timestamp>,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Walk {
    /// Nothing older is read, ever.
    from: Option<Timestamp>,
    /// It ends there.
    until: Option<Timestamp>,
    whole: bool,
    newest: Option<Timestamp>,
    /// Reviews on its pages so far.
    seen: u64,
    /// How many there are, by its first page.
    total: Option<u64>,
    /// The number was another one on a later page.
    shifted: bool,
    /// Pages that were asked for.
    #[serde(default)]
    been: Been,
}

impl OwnApp {
    /// A source for the reviews of an app.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = Login::at(&settings.base).with_token(Token::Signed(claims(&settings.connect)));
        Self { settings, login }
    }

    /// The next page, at the address that the service names. Another host gets no credentials, and no call.
    fn next(&self, answer: &Value) -> Result<Option<String>, ReadError> {
        let Some(next) = api::text(answer, &["links", "next"]) else { return Ok(None) };
        let stays = |next: &Url| Url::parse(&self.settings.base).is_ok_and(|home| api::stays(next, &home));
        if !Url::parse(&next).is_ok_and(|next| stays(&next)) {
            return Err(ReadError::new(
                format!("no answer of {SERVICE}: its next page is at another address"),
                "check `base_url` of the source",
            ));
        }
        Ok(Some(next))
    }

    /// What is known at the end of a walk.
    fn mark(&self, walk: &Walk, before: &Mark, now: Timestamp) -> Mark {
        let whole_at = match (walk.whole, walk.shifted) {
            (false, _) => before.whole_at,
            (true, false) => Some(now),
            (true, true) => Some(now - self.settings.connect.full_walk + SOON.min(self.settings.connect.full_walk)),
        };
        Mark { newest: walk.newest.max(before.newest), from: walk.from, whole_at }
    }
}

impl Source for OwnApp {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let mark: Mark = api::mark(cursor);
        let Settings { app, connect, since, base } = &self.settings;
        let from = mark.from.unwrap_or_else(|| since.from(now));
        let whole = mark.whole_at.is_none_or(|at| now - at >= connect.full_walk || at > now);
        let until = mark.newest.filter(|_| !whole).map_or(from, |newest| (newest - connect.overlap).max(from));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("sort", "-createdDate").append_pair("limit", &PAGE.to_string());
        if !connect.territories.is_empty() {
            query.append_pair("filter[territory]", &connect.territories.join(","));
        }
        let url = format!("{base}/v1/apps/{app}/customerReviews?{}", query.finish());
        Request::Call(api::call(url, &Walk { from: Some(from), until: Some(until), whole, ..Walk::default() }))
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let answer = api::json(&reply.body, SERVICE)?;
        let mut page = reviews(&answer)?;
        let mut walk: Walk = api::notes(&reply.call.context);
        let oldest = page.items.iter().filter_map(|item| item.published).min();
        let total = api::at(&answer, &["meta", "paging", "total"]).and_then(Value::as_u64);
        walk.shifted |= walk.seen > 0 && total != walk.total;
        walk.total = total;
        walk.seen += page.items.len() as u64;
        walk.newest = walk.newest.max(page.items.iter().filter_map(|item| item.published).max());
        page.items.retain(|item| item.published.is_none_or(|published| Some(published) >= walk.from));
        walk.been.is_new(&reply.call.url);
        let next = self.next(&answer)?;
        let is_far = oldest.is_some_and(|oldest| Some(oldest) < walk.until);
        if let Some(next) = next.clone().filter(|_| !is_far) {
            if walk.been.is_new(&next) {
                page.next = Some(Request::Call(api::call(next, &walk)));
            } else {
                // What is behind it was not read: no mark says so.
                page.warnings.push(api::circle(SERVICE));
            }
            return Ok(page);
        }
        // At its very end the list must have held as many as it says; before that it must not have shifted.
        walk.shifted |= walk.total.is_none() || next.is_none() && walk.total != Some(walk.seen);
        if walk.whole && !walk.shifted {
            // What holds nothing at all may be a slip of the service: it has to say so twice.
            page.listed = Some(Listed { since: walk.from, certain: walk.seen > 0, ..Listed::default() });
        }
        page.cursor = Some(api::cursor(&self.mark(&walk, &api::mark(cursor), now)));
        Ok(page)
    }

    fn login(&self) -> Option<&Login> {
        Some(&self.login)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        refusal(refused)
    }

    fn patience(&self) -> Option<TimeDelta> {
        Some(PATIENCE)
    }
}

/// What a token says (developer.apple.com, "Generating Tokens for API Requests").
fn claims(connect: &Connect) -> Claims {
    let whose = match &connect.issuer {
        Some(issuer) => ("iss".to_owned(), Value::from(issuer.as_str())),
        None => ("sub".to_owned(), Value::from("user")),
    };
    Claims {
        algorithm: Algorithm::Es256,
        key: connect.key.clone(),
        key_id: Some(connect.key_id.clone()),
        claims: vec![whose, ("aud".to_owned(), Value::from("appstoreconnect-v1"))],
        good_for: TOKEN_LIFE,
    }
}

fn refusal(refused: &Refused) -> Option<Refusal> {
    let names = refusal::Names {
        service: SERVICE,
        login: "`key_id`, `issuer` and `key` of `connect`, and that the clock of this machine is right",
        permission: "a key with the role Customer Support that may see this app",
        thing: "`app`",
    };
    let code = serde_json::from_str::<Value>(&refused.body).ok();
    let code = code.as_ref().and_then(|body| body.pointer("/errors/0/code")?.as_str()).unwrap_or_default();
    if code.contains("REQUIRED_AGREEMENTS") {
        let words = format!(
            "{SERVICE} refuses access until an agreement with Apple is accepted: \
             the holder of the account does that under Business in App Store Connect; no setting here helps"
        );
        return Some(Refusal { meaning: Meaning::Denied, words });
    }
    if refused.status == 400 {
        let said = refusal::said(&refused.body).map(|said| format!(" (\u{201c}{said}\u{201d})")).unwrap_or_default();
        return Some(Refusal {
            meaning: Meaning::Anew,
            words: format!("{SERVICE} does not understand the call{said}: check `territories`"),
        });
    }
    refusal::usual(refused, &names)
}

/// The reviews of an answer.
pub(super) fn reviews(answer: &Value) -> Result<Page, ReadError> {
    let mut page = Page { format: "app_store", ..Page::default() };
    for (at, review) in api::list(answer, "data", SERVICE)?.iter().enumerate() {
        match item(review) {
            Some(item) => page.items.push(item),
            None => page.warnings.push(Warning::new("bad_item", format!("review {}", at + 1), "a review without `id`")),
        }
    }
    Ok(page)
}

fn item(review: &Value) -> Option<Item> {
    let of = |key: &str| api::text(review, &["attributes", key]);
    let mut item = Item {
        id: api::id(review, &["id"])?,
        title: of("title").unwrap_or_default(),
        text: of("body").unwrap_or_default(),
        author: of("reviewerNickname"),
        published: api::moment(review, &["attributes", "createdDate"]),
        rating: api::number(review, &["attributes", "rating"])
            .filter(|stars| (1.0..=5.0).contains(stars))
            .map(|value| Rating { value, max: 5.0 }),
        ..Item::default()
    };
    if let Some(territory) = of("territory") {
        item.fields.insert("territory".to_owned(), territory);
    }
    Some(item)
}

#[cfg(test)]
mod tests;
