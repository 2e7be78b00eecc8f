//! `[source.webhook]`

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::list::Map as Texts;
use crate::config::kind::list::OneOrMany;
use crate::config::kind::number::Size;
use crate::config::kind::number::Whole;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Place;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::config::units::SECOND;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::webhook;
use crate::sources::webhook::Format;
use crate::sources::webhook::Proof;
use crate::sources::webhook::paths::Path;

/// First parts of paths that are our own.
const OURS: [&str; 6] = ["healthz", "readyz", "metrics", "i", "a", "q"];

table! {
    /// A source that is pushed to us: somebody sends messages to a path under the address of `[listen]`.
    Webhook "[source.webhook]" {
        /// The path, such as "/in/forms": each webhook has one of its own.
        path: Line, required = "/in/forms";
        /// What is sent: "standard" (Standard Webhooks), "typeform", "surveymonkey", "delighted",
        /// "zendesk", or "json" for any JSON.
        format: Choice<Format>, required = "standard";
        /// What messages are signed with, or the token or password of `header` or `user`. Several, with
        /// spaces between, while one gives way to another.
        secret: Kept, required = { credential = "forms" };
        /// How far the time of a signature may be from ours.
        tolerance: Span<SECOND, DAY>, default = "5m";
        /// Largest message.
        max_body: Size<1_000>, default = "1 MB";
        /// Addresses and networks that may send; everybody without it.
        allow_from: List<Line>, default = [], such_as = ["192.0.2.0/24"];
        /// The field or question that is the rating, where it is not found by itself.
        rating: Line, optional = "stars";
        /// Its best value, where what is sent does not say.
        rating_max: Whole<1, 1000>, optional = 5;
        /// Fields or questions that are the text, where they are not found by themselves.
        text: OneOrMany<Line>, default = [], such_as = ["why"];
        /// Further fields that are kept as labels. Nothing that names a person, please.
        fields: List<Line>, default = [], such_as = ["plan"];
        /// The client's id, for "surveymonkey": the key of its signatures is made of it and the secret.
        client_id: Line, optional = "gPx2wQ";
        /// The header that has the secret, for "json": `Authorization` takes it behind `Bearer` too.
        header: Line, optional = "X-Token";
        /// The user of basic authentication, for "json"; the secret is the password.
        user: Line, optional = "forms";
        /// Where things stand, for "json" and for what a trigger of Zendesk sends.
        map: Map, table = {};
        /// How events that bring ids alone are completed, for "surveymonkey".
        fetch: Fetch, optional = {};
    }
}

table! {
    /// Places in JSON: `.data.text`, `.rows[0].id`. What is not named is looked for under its own name.
    Map "[source.webhook.map]" {
        /// A list of messages in what is sent.
        items: Line, optional = ".payload.rows";
        /// The message's own id.
        id: Line, optional = ".uuid";
        /// What the customer wrote.
        text: Line, optional = ".attrs.message";
        /// Its headline.
        title: Line, optional = ".attrs.subject";
        /// The rating.
        rating: Line, optional = ".attrs.score";
        /// When it was written.
        published: Line, optional = ".time.created";
        /// When it was changed.
        updated: Line, optional = ".time.changed";
        /// Where people can read it.
        url: Line, optional = ".link";
        /// Who wrote it; hashed before it is stored.
        author: Line, optional = ".user.id";
        /// Its language.
        lang: Line, optional = ".attrs.lang";
        /// Whether it was deleted.
        deleted: Line, optional = ".deleted";
        /// Further values that are kept, by the name of their label.
        fields: Texts, default = {}, such_as = { page = ".attrs.page" };
    }
}

table! {
    /// How events of SurveyMonkey are completed.
    Fetch "[source.webhook.fetch]" {
        /// Access token of the app.
        token: Kept, required = { credential = "surveymonkey" };
        /// Address of the service; accounts of the European Union have another one.
        base_url: Web, default = "https://api.surveymonkey.com";
    }
}

impl ServiceTable for Webhook {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.fetch.as_ref().map(|fetch| &fetch.value.base_url)
    }

    fn asks_somebody(&self) -> bool {
        self.fetch.is_some()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let path = self.path.as_ref().filter(|path| is_free(path, reader));
        let format = self.format.as_ref()?.value.0;
        let secrets = self.secrets(format, reader);
        let proof = self.proof(format, common.at, reader);
        self.tell_idle(format, reader);
        let map = self.map(reader);
        let fetch = self.fetch.as_ref().and_then(|fetch| {
            Some(webhook::Fetch {
                base: fetch.value.base_url.value.text.trim_end_matches('/').to_owned(),
                token: fetch.value.token.as_ref()?.value.secret.clone().unwrap_or_else(|| Secret::new(String::new())),
            })
        });
        let lines = |lines: &[Placed<Line>]| lines.iter().map(|line| line.value.0.clone()).collect();
        let settings = webhook::Settings {
            path: path?.value.0.clone(),
            format,
            secrets: secrets?,
            proof: proof?,
            tolerance: self.tolerance.value.0,
            max_body: usize::try_from(self.max_body.value.0).unwrap_or(usize::MAX).min(32_000_000),
            allow_from: self.networks(reader),
            rating: self.rating.as_ref().map(|rating| rating.value.0.clone()),
            rating_max: self.rating_max.as_ref().map(|max| max.value.0 as f64),
            text: lines(&self.text.value.0),
            fields: lines(&self.fields.value.0),
            map,
            fetch,
        };
        Some(settings.into())
    }
}

impl Webhook {
    /// The secrets; none where they could not be read, which is told elsewhere.
    fn secrets(&self, format: Format, reader: &mut Reader<'_>) -> Option<Vec<Secret>> {
        let kept = self.secret.as_ref()?;
        let Some(secret) = &kept.value.secret else { return Some(Vec::new()) };
        let all: Vec<&str> = secret.reveal().split_whitespace().collect();
        let why = match format {
            _ if all.is_empty() => "it is empty",
            Format::Standard if all.iter().any(|secret| webhook::signature::key(secret).is_none()) => {
                "a secret of Standard Webhooks is `whsec_` and base64"
            }
            _ => return Some(all.into_iter().map(|secret| Secret::new(secret.to_owned())).collect()),
        };
        let at = kept.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::BadSecret, at, format!("`secret` was read, but {why}"))
                .label("no secret of this format")
                .help("copy it from where the sender shows it, without quotes; several have spaces between them"),
        );
        None
    }

    fn proof(&self, format: Format, table: &Place, reader: &mut Reader<'_>) -> Option<Proof> {
        match (format, &self.header, &self.user, &self.client_id) {
            (Format::Json, Some(header), None, _) => return Some(Proof::Header(header.value.0.clone())),
            (Format::Json, None, Some(user), _) => return Some(Proof::Basic(user.value.0.clone())),
            (Format::Json, ..) => reader.report(
                Problem::error(Code::NotOneOf, table.clone(), "a webhook of any JSON needs exactly one of `header` and `user`")
                    .label("how does the sender prove itself?")
                    .help("for example `header = \"Authorization\"`, with the token as `secret`"),
            ),
            (Format::SurveyMonkey, _, _, Some(client)) if self.fetch.is_some() => return Some(Proof::OfClient(client.value.0.clone())),
            (Format::SurveyMonkey, ..) => {
                let missing = if self.client_id.is_none() { "client_id" } else { "fetch" };
                reader.report(
                    Problem::error(Code::Missing, table.clone(), format!("a webhook of SurveyMonkey needs `{missing}`"))
                        .label("its events are signed with the client's id, and bring ids alone")
                        .help("write `client_id = \"...\"` and `fetch = { token = { credential = \"surveymonkey\" } }`"),
                );
            }
            _ => return Some(Proof::Signature),
        }
        None
    }

    fn networks(&self, reader: &mut Reader<'_>) -> Vec<webhook::addresses::Network> {
        let mut networks = Vec::new();
        for line in self.allow_from.value.iter() {
            if let Ok(network) = line.value.0.parse() {
                networks.push(network);
                continue;
            }
            let at = line.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::BadAddress, at, format!("`{}` is no address in numbers, and no network", line.value.0))
                    .label("refused")
                    .help("for example `allow_from = [\"192.0.2.7\", \"2001:db8::/32\"]`"),
            );
        }
        networks
    }

    /// Tells of options that do nothing for a format, and of ratings that nobody can read.
    fn tell_idle(&self, format: Format, reader: &mut Reader<'_>) {
        let (asks, maps) = (matches!(format, Format::Typeform | Format::SurveyMonkey), matches!(format, Format::Json | Format::Zendesk));
        let text = self.text.value.0.first();
        let mapped = [&self.map.items, &self.map.id, &self.map.text, &self.map.rating].into_iter().find_map(Option::as_ref);
        let instead = |line: &'static str| if maps { line } else { "take the line out: it is found by itself" };
        let idle = [
            (
                "rating",
                self.rating.as_ref().filter(|_| !asks).map(|line| &line.at),
                instead("write `rating` into `map`, as a place in what is sent"),
            ),
            ("text", text.filter(|_| !asks).map(|line| &line.at), instead("write `text` into `map`, as a place in what is sent")),
            (
                "rating_max",
                self.rating_max.as_ref().filter(|_| !asks && !maps).map(|max| &max.at),
                "take the line out: what is sent says it",
            ),
            ("map", mapped.filter(|_| !maps).map(|line| &line.at), "take it out: what this format sends is known"),
            ("fields", self.fields.value.0.first().filter(|_| format == Format::Json).map(|line| &line.at), "write `fields` into `map`"),
        ];
        for (option, at, help) in idle {
            if let Some(at) = at {
                let message = format!("`{option}` means nothing for \"{}\"", format.word());
                let place = at.clone().unwrap_or_default();
                reader.report(Problem::warning(Code::OptionIdle, place, message).label("has no effect").help(help));
            }
        }
        if let Some(rating) = self.map.rating.as_ref().filter(|_| maps && self.rating_max.is_none()) {
            let message = "ratings are left out where nobody says what the best one is";
            reader.report(
                Problem::warning(Code::OptionIdle, rating.at.clone().unwrap_or_default(), message)
                    .label("has no effect unless each message has a `rating_max` too")
                    .help("write `rating_max = 5` into `[source.webhook]`"),
            );
        }
    }

    fn map(&self, reader: &mut Reader<'_>) -> webhook::Map {
        let map = &self.map;
        let mut read = |path: &str, at: Option<&Place>| match Path::parse(path) {
            Ok(path) => Some(path),
            Err(why) => {
                let at = at.cloned().unwrap_or_default();
                let shown = path.chars().take(60).collect::<String>();
                reader.report(
                    Problem::error(Code::BadAddress, at, format!("`{shown}` {why}"))
                        .label("no place in JSON")
                        .help("for example `.data.text` or `.rows[0].id`"),
                );
                None
            }
        };
        let mut line = |line: &Option<Placed<Line>>| line.as_ref().and_then(|line| read(&line.value.0, line.at.as_ref()));
        let items = line(&map.items);
        let named = [
            ("id", &map.id),
            ("text", &map.text),
            ("title", &map.title),
            ("rating", &map.rating),
            ("published", &map.published),
            ("updated", &map.updated),
            ("url", &map.url),
            ("author", &map.author),
            ("lang", &map.lang),
            ("deleted", &map.deleted),
        ];
        let places = named.into_iter().filter_map(|(name, place)| Some((name, line(place)?))).collect();
        let fields = map.fields.value.0.iter().filter_map(|entry| Some((entry.key.clone(), read(&entry.text, Some(&entry.at))?))).collect();
        webhook::Map { items, places, rating_max: self.rating_max.as_ref().map(|max| max.value.0 as f64), fields }
    }
}

/// Whether a path can be a webhook's; what is wrong with it goes to the reader.
fn is_free(path: &Placed<Line>, reader: &mut Reader<'_>) -> bool {
    let text = &path.value.0;
    let plain = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    let parts: Vec<&str> = text.strip_prefix('/').unwrap_or_default().split('/').collect();
    let why = if text.len() > 200 || !parts.iter().all(|part| plain(part)) {
        "must begin with `/` and be made of letters, digits, `-`, `_`, `.` and `~`"
    } else if OURS.contains(&parts[0]) {
        "is among our own pages"
    } else {
        return true;
    };
    reader.report(
        Problem::error(Code::BadAddress, path.at.clone().unwrap_or_default(), format!("`path` {why}"))
            .label("refused")
            .help("for example `path = \"/in/forms\"`"),
    );
    false
}
