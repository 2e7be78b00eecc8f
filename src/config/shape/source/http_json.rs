//! `[source.http_json]`

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::number::Whole;
use crate::config::kind::program::Headers;
use crate::config::kind::program::Program;
use crate::config::kind::program::Programs;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::kind::text::Text;
use crate::config::kind::time::Span;
use crate::config::literal;
use crate::config::mask;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::domain::http::Method;
use crate::domain::login::Grant;
use crate::domain::login::Login;
use crate::domain::login::Token;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::http_json::SinceFormat;

table! {
    /// A source that is any API with answers in JSON. Programs in the language of jq say what of an
    /// answer is what; they run within limits, so that none of them can stop the daemon.
    HttpJson "[source.http_json]" {
        /// Its address. `{since}` is where the latest time seen goes, less `overlap`; `{cursor}`, `{page}` and
        /// `{offset}` are what `next` gives.
        url: Web, required = "https://api.example.com/feedback?since={since}";
        /// How it is asked: "GET" or "POST".
        method: Choice<Method>, default = "GET";
        /// Further headers; no secrets, those are in `auth`.
        headers: Headers, default = {}, such_as = { Accept = "application/json" };
        /// How the API is shown who asks.
        auth: Auth, optional = {};
        /// Body of a POST; the same is filled in as in `url`.
        body: Text, default = "", such_as = "{\"since\": \"{since}\"}";
        /// A program that says whether an answer is a success, for APIs that answer 200 with an error.
        ok: Program, optional = ".ok == true";
        /// A program that gives the records of an answer.
        items: Program, default = ".[]", such_as = ".payload.rows[]";
        /// How the next page is found; without it there is one page.
        next: Next, optional = {};
        /// How `{since}` is written: "rfc3339", "unix", "unix_ms" or "date".
        since_format: Choice<SinceFormat>, default = "rfc3339";
        /// What is asked for again at every poll, for what arrives late.
        overlap: Span<0, { 366 * DAY }>, default = "1h";
        /// What of a record is what: a program each, whose input is the record.
        map: Map, table = {};
    }
}

table! {
    /// How an API is shown who asks.
    Auth "[source.http_json.auth]" one_of(bearer basic header query oauth) {
        /// A token in `Authorization: Bearer`.
        bearer: Kept, optional = { credential = "feedback-token" };
        /// A user and a password.
        basic: Basic, optional = {};
        /// A key in a header.
        header: Named, optional = {};
        /// A key in a parameter of the query.
        query: Key, optional = {};
        /// A token that is asked for and renewed (client credentials).
        oauth: OAuth, optional = {};
    }
}

table! {
    /// A user and a password.
    Basic "[source.http_json.auth.basic]" {
        /// The user.
        user: Line, required = "reader";
        /// The password.
        password: Kept, required = { credential = "feedback-password" };
    }
}

table! {
    /// A key in a header.
    Named "[source.http_json.auth.header]" {
        /// Name of the header.
        name: Line, required = "X-Api-Key";
        /// The key.
        value: Kept, required = { credential = "feedback-key" };
    }
}

table! {
    /// A key in a parameter of the query.
    Key "[source.http_json.auth.query]" {
        /// Name of the parameter.
        name: Line, required = "api_key";
        /// The key.
        value: Kept, required = { credential = "feedback-key" };
    }
}

table! {
    /// A token that is asked for and renewed before it ends: the grant of client credentials, or of a
    /// token to renew others that somebody was given when they logged in.
    OAuth "[source.http_json.auth.oauth]" {
        /// Where it is asked for.
        token_url: Web, required = "https://login.example.com/oauth/token";
        /// Who asks.
        client_id: Line, required = "uproar";
        /// The secret of who asks.
        client_secret: Kept, required = { credential = "feedback-client" };
        /// The token that others are renewed with, where the service gives none to a client alone.
        refresh_token: Kept, optional = { credential = "feedback-refresh" };
        /// What it is asked for.
        scope: Line, optional = "feedback.read";
    }
}

table! {
    /// How the next page is found. A walk ends on an empty page, on a page or a cursor that was there
    /// before, and after 500 pages.
    Next "[source.http_json.next]" one_of(cursor link url page offset) {
        /// A program that gives the cursor of the next page, or null.
        cursor: Program, optional = ".payload.next";
        /// The parameter that the cursor goes into; without it `{cursor}` stands in `url` or `body`.
        param: Line, optional = "cursor";
        /// The `Link` header of the answer has `rel="next"`.
        link: bool, optional = true;
        /// A program that gives the address of the next page, on the same host, or null.
        url: Program, optional = ".paging.next";
        /// The parameter for the number of the page.
        page: Line, optional = "page";
        /// The number of the first page; 1 without it.
        start: Whole<0, 1>, optional = 1;
        /// The parameter for the number of records to leave out.
        offset: Line, optional = "offset";
        /// Records of a page, with `offset`.
        limit: Whole<1, 100_000>, optional = 100;
    }
}

table! {
    /// What of a record is what: programs of jq.
    Map "[source.http_json.map]" {
        /// Its id: the same for the same message, another for each.
        id: Program, required = ".id";
        /// Its text; several values become paragraphs. `strip_html` makes text of HTML.
        text: Program, optional = ".comment // \"\"";
        /// Its headline.
        title: Program, optional = ".subject";
        /// Its rating, a number.
        rating: Program, optional = ".stars";
        /// Best value of the rating.
        rating_max: Program, optional = "5";
        /// When it was written: RFC 3339, or seconds or milliseconds since 1970.
        published: Program, optional = ".created_at";
        /// When it was changed.
        updated: Program, optional = ".updated_at";
        /// Where a person can read it.
        url: Program, optional = "\"https://feedback.example.com/i/\" + .id";
        /// Who wrote it. Only a hash is kept.
        author: Program, optional = ".user.mail";
        /// Its language.
        lang: Program, optional = ".locale";
        /// Whether it is deleted there: then it is deleted here.
        deleted: Program, optional = ".deleted // false";
        /// Further fields of a message, by which a watch can count.
        fields: Programs, default = {}, such_as = { page = ".page" };
    }
}

impl ServiceTable for HttpJson {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let url = self.url.as_ref()?;
        if url.value.text.split(['?', '#']).next().unwrap_or_default().split('/').nth(2).is_some_and(|host| host.contains('{')) {
            let problem =
                Problem::error(Code::BadAddress, url.at.clone().unwrap_or_default(), "nothing can be filled into the host of `url`");
            reader.report(problem.label("here").help("write the host as it is, and `{since}` behind it"));
            return None;
        }
        let post = self.method.value.0 == Method::Post;
        if !post && !self.body.value.0.is_empty() {
            let at = self.body.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::OptionIdle, at, "a GET has no `body`")
                    .label("never sent")
                    .help("write `method = \"POST\"`, or take it out"),
            );
        }
        self.readable(reader);
        let login = match &self.auth {
            Some(auth) => Some(login(&auth.value, &url.value.text)?),
            None => None,
        };
        let next = match &self.next {
            Some(next) => self.next(&next.value, reader)?,
            None => sources::http_json::Next::None,
        };
        let settings = sources::http_json::Settings {
            url: url.value.text.clone(),
            post,
            headers: self.headers.value.0.clone(),
            login,
            body: self.body.value.0.clone(),
            ok: self.ok.as_ref().map(|ok| ok.value.0.clone()),
            items: self.items.value.0.clone(),
            next,
            since: common.since,
            since_format: self.since_format.value.0,
            overlap: self.overlap.value.0,
            time_zone: common.time_zone,
            map: map(&self.map)?,
        };
        Some(settings.into())
    }
}

impl HttpJson {
    /// Warns of secrets that stand in the address and in the body.
    fn readable(&self, reader: &mut Reader<'_>) {
        let url = self.url.as_ref().map(|url| (&url.value.text, &url.at, "url"));
        let body = (&self.body.value.0, &self.body.at, "body");
        for (text, at, key) in url.into_iter().chain([body]) {
            let at = at.clone().unwrap_or_default();
            for span in mask::plain(text) {
                let name = mask::name_before(text, span.start);
                let how = if key == "url" { format!("query = {{ name = \"{name}\"") } else { "header = { name = \"X-Api-Key\"".to_owned() };
                let cure = format!("`auth = {{ {how}, value = {{ file = \"/etc/uproar/key\" }} }} }}`");
                let cure = if key == "url" {
                    format!("take it out, and name where it is kept: {cure}; `{{ credential = \"...\" }}` and `{{ env = \"...\" }}` do too")
                } else {
                    format!("where the service takes it in a header or in the query, name where it is kept: {cure}")
                };
                let message = if name.is_empty() {
                    format!("`{key}` has a secret in it")
                } else {
                    format!("`{name}` in `{key}` looks like a secret, and stands in the file")
                };
                let place = literal::place(&at, span, reader.documents);
                reader.hide(&place);
                let problem = Problem::warning(Code::ReadableSecret, place, message);
                reader.report(problem.label("for everybody who may read the file").help(cure));
            }
        }
    }

    /// How the next page is found, and what is missing for it.
    fn next(&self, next: &Next, reader: &mut Reader<'_>) -> Option<sources::http_json::Next> {
        use sources::http_json::Next as Found;
        let line = |line: &Option<Placed<Line>>| line.as_ref().map(|line| line.value.0.clone());
        let program = |program: &Option<Placed<Program>>| program.as_ref().map(|program| program.value.0.clone());
        if let Some(program) = program(&next.cursor) {
            let param = line(&next.param);
            let placed = self.url.as_ref().is_some_and(|url| url.value.text.contains("{cursor}")) || self.body.value.0.contains("{cursor}");
            if param.is_none() && !placed {
                let problem = Problem::error(Code::Missing, next.at.clone(), "nothing says where the cursor goes");
                reader.report(problem.label("here").help("add `param = \"cursor\"`, or write `{cursor}` into `url` or `body`"));
                return None;
            }
            return Some(Found::Cursor { program, param });
        }
        if let Some(program) = program(&next.url) {
            return Some(Found::Url(program));
        }
        if let Some(param) = line(&next.page) {
            return Some(Found::Page { param, start: next.start.as_ref().map_or(1, |start| start.value.0 as u64) });
        }
        if let Some(param) = line(&next.offset) {
            let Some(limit) = &next.limit else {
                let problem = Problem::error(Code::Missing, next.at.clone(), "`offset` needs `limit`: the records of a page");
                reader.report(problem.label("here").help("for example `next = { offset = \"offset\", limit = 100 }`"));
                return None;
            };
            return Some(Found::Offset { param, limit: limit.value.0 as u64 });
        }
        Some(if next.link.as_ref().is_some_and(|link| link.value) { Found::Link } else { Found::None })
    }
}

/// `None` where a secret could not be read, which was reported.
fn login(auth: &Auth, url: &str) -> Option<Login> {
    let login = Login::at(url);
    let secret = |kept: &Option<Placed<Kept>>| kept.as_ref().and_then(|kept| kept.value.secret.clone());
    if let Some(kept) = &auth.bearer {
        return Some(login.with_bearer(kept.value.secret.as_ref()?));
    }
    if let Some(basic) = &auth.basic {
        return Some(login.with_basic(&basic.value.user.as_ref()?.value.0, &secret(&basic.value.password)?));
    }
    if let Some(header) = &auth.header {
        return Some(login.with_header(&header.value.name.as_ref()?.value.0, secret(&header.value.value)?));
    }
    if let Some(query) = &auth.query {
        return Some(login.with_query(&query.value.name.as_ref()?.value.0, secret(&query.value.value)?));
    }
    let oauth = &auth.oauth.as_ref()?.value;
    let (id, client) = (&oauth.client_id.as_ref()?.value.0, secret(&oauth.client_secret)?);
    let url = &oauth.token_url.as_ref()?.value.text;
    let mut grant = if oauth.refresh_token.is_some() {
        // RFC 6749, section 6; the client shows itself in the form, which every service takes.
        let (kind, id) = (Secret::new("refresh_token".to_owned()), Secret::new(id.clone()));
        let token = secret(&oauth.refresh_token)?;
        Grant::form(url, &[("grant_type", &kind), ("refresh_token", &token), ("client_id", &id), ("client_secret", &client)])
    } else {
        Grant::client_credentials(url, id, &client)
    };
    if let Some(scope) = &oauth.scope {
        grant.fields.push(("scope".to_owned(), Secret::new(scope.value.0.clone())));
    }
    Some(login.with_token(Token::Granted(grant)))
}

fn map(map: &Map) -> Option<sources::http_json::Map> {
    let program = |program: &Option<Placed<Program>>| program.as_ref().map(|program| program.value.0.clone());
    Some(sources::http_json::Map {
        id: program(&map.id)?,
        text: program(&map.text),
        title: program(&map.title),
        rating: program(&map.rating),
        rating_max: program(&map.rating_max),
        published: program(&map.published),
        updated: program(&map.updated),
        url: program(&map.url),
        author: program(&map.author),
        lang: program(&map.lang),
        deleted: program(&map.deleted),
        fields: map.fields.value.0.0.iter().map(|entry| (entry.key.clone(), entry.text.clone())).collect(),
    })
}
