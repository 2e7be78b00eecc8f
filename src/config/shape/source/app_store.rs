//! `[source.app_store]`

use chrono::TimeDelta;

use crate::config::check::sources::inside;
use crate::config::kind::address::Web;
use crate::config::kind::list::List;
use crate::config::kind::number::Whole;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::kind::text::Word;
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
use crate::sources::app_store::connect;

table! {
    /// A source that is Apple's App Store: the public feed of reviews, or App Store Connect with `connect`.
    AppStore "[source.app_store]" {
        /// Number of the app, as in its address in the store.
        app: Whole<1, { i64::MAX }>, required = 1115120118;
        /// Storefronts of the public feed, two letters each; they become the label `country`. Not with
        /// `connect`.
        countries: List<Word>, default = [], such_as = ["se", "us"];
        /// Pages of each storefront that are read, fifty reviews each.
        pages: Whole<1, 10>, default = 10;
        /// A key of App Store Connect, which lists all reviews of one's own app.
        connect: Connect, optional = {};
        /// Storefronts, three letters each, with `connect`; all of them without it.
        territories: List<Line>, default = [], such_as = ["SWE", "USA"];
        /// How far back every poll reads again, with `connect`: an edit keeps its date.
        overlap: Span<SECOND, { 366 * DAY }>, default = "14d";
        /// How often everything is read again, with `connect`: that is how deletions show.
        full_walk: Span<SECOND, { 366 * DAY }>, default = "24h";
        /// Address of the service; of App Store Connect it is another one.
        base_url: Web, default = "https://itunes.apple.com";
    }
}

table! {
    /// A key of App Store Connect with the role Customer Support.
    Connect "[source.app_store.connect]" {
        /// Its `Key ID`.
        key_id: Line, required = "ABC123DEFG";
        /// The `Issuer ID` above the list of team keys; keys of one person have none.
        issuer: Line, optional = "57246542-96fe-1a63-e053-0824d011072a";
        /// The key itself: the file `AuthKey_....p8` as it was downloaded.
        key: Kept, required = { credential = "asc.p8" };
    }
}

impl ServiceTable for AppStore {
    fn base_url(&self) -> Option<&Placed<Web>> {
        Some(&self.base_url)
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let connect = match &self.connect {
            Some(table) => Some(self.own(&table.value, reader)?),
            None => None,
        };
        let countries = self.storefronts(reader);
        let is_missing = connect.is_none() && self.countries.value.0.is_empty();
        if is_missing
            && !reader.is_spoilt("countries")
            && !reader.problems.iter().any(|problem| inside(problem, self.countries.at.as_ref()))
        {
            let at = self.countries.at.clone().unwrap_or_else(|| self.at.clone());
            reader.report(
                Problem::error(Code::OutOfRange, at, "`countries` is empty")
                    .label("nothing would be read")
                    .help("for example `countries = [\"se\", \"us\"]`, or a key of App Store Connect as `connect`"),
            );
        }
        let base = match (&connect, &self.base_url.at) {
            (Some(_), None) => connect::BASE,
            _ => self.base_url.value.text.trim_end_matches('/'),
        };
        let settings = sources::app_store::Settings {
            app: self.app.as_ref()?.value.0 as u64,
            countries,
            pages: self.pages.value.0 as u32,
            connect,
            since: common.since,
            base: base.to_owned(),
        };
        Some(settings.into())
    }
}

impl AppStore {
    /// The storefronts of the public feed that are some.
    fn storefronts(&self, reader: &mut Reader<'_>) -> Vec<String> {
        let mut read: Vec<String> = Vec::new();
        for country in self.countries.value.iter() {
            let code = &country.value.0;
            let at = country.at.clone().unwrap_or_default();
            if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
                reader.report(
                    Problem::error(Code::UnknownWord, at, format!("`{code}` is no storefront"))
                        .label("two small letters, please")
                        .help("for example `countries = [\"se\", \"us\"]`"),
                );
            } else if read.contains(code) {
                reader.report(
                    Problem::error(Code::NameTwice, at, format!("the storefront `{code}` is listed twice"))
                        .label("the second one")
                        .help("keep one of them"),
                );
            } else {
                read.push(code.clone());
            }
        }
        read
    }

    /// What App Store Connect wants to know.
    fn own(&self, table: &Connect, reader: &mut Reader<'_>) -> Option<connect::Connect> {
        let span = |span: TimeDelta| span.max(TimeDelta::seconds(1));
        if !self.countries.value.0.is_empty() {
            idle("countries", "App Store Connect lists all storefronts at once", self.countries.at.as_ref(), reader);
        }
        let mut territories = Vec::new();
        for territory in self.territories.value.iter() {
            let code = &territory.value.0;
            if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                territories.push(code.clone());
                continue;
            }
            let at = territory.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::UnknownWord, at, format!("`{code}` is no storefront"))
                    .label("three capital letters, please")
                    .help("for example `territories = [\"SWE\", \"USA\"]`"),
            );
        }
        let key = table.key.as_ref()?;
        if let Some(secret) = key.value.secret.as_ref().filter(|secret| !secret.reveal().contains("-----BEGIN PRIVATE KEY-----")) {
            let at = key.at.clone().unwrap_or_default();
            let what = if secret.reveal().is_empty() { "the secret `key` is empty" } else { "the secret `key` was read, but is no key" };
            reader.report(
                Problem::error(Code::BadSecret, at, what)
                    .label("a text that begins with `-----BEGIN PRIVATE KEY-----`, please")
                    .help("name the file `AuthKey_....p8` as App Store Connect gave it"),
            );
        }
        Some(connect::Connect {
            key_id: table.key_id.as_ref()?.value.0.clone(),
            issuer: table.issuer.as_ref().map(|issuer| issuer.value.0.clone()),
            key: key.value.secret.clone().unwrap_or_else(|| Secret::new(String::new())),
            territories,
            overlap: span(self.overlap.value.0),
            full_walk: span(self.full_walk.value.0),
        })
    }
}

fn idle(option: &str, label: &str, at: Option<&Place>, reader: &mut Reader<'_>) {
    reader.report(
        Problem::warning(Code::OptionIdle, at.cloned().unwrap_or_default(), format!("`{option}` means nothing beside `connect`"))
            .label(label)
            .help("take the line out"),
    );
}
