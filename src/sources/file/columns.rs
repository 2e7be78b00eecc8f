//! Which column holds what, found from names and values, and rows turned into items by it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::file::Settings;
use crate::sources::file::dates;
use crate::sources::file::dates::Order;
use crate::sources::file::ratings;
use crate::sources::file::words;
use crate::sources::times;
use crate::sources::times::Named;
use crate::sources::times::Zone;

/// What a column is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// The record's id.
    Id,
    /// An open answer.
    Text,
    /// Headline.
    Title,
    /// When it was given.
    Date,
    /// When it was changed.
    Updated,
    /// The rating.
    Rating,
    /// Best value of the rating.
    RatingMax,
    /// Language tag.
    Language,
    /// The author, to be hashed.
    Author,
    /// Address of the original.
    Link,
    /// Zone of the row's times.
    Zone,
    /// Whether the row is a real answer.
    Status,
    /// Kept under this name.
    Field(String),
    /// Not kept.
    Dropped,
}

impl Role {
    /// What it is for, in words; nothing for what is not kept.
    pub(super) fn explained(&self) -> Option<String> {
        Some(match self {
            Self::Id => "id".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Title => "title".to_owned(),
            Self::Date => "published".to_owned(),
            Self::Updated => "updated".to_owned(),
            Self::Rating => "rating".to_owned(),
            Self::RatingMax => "best rating".to_owned(),
            Self::Language => "lang".to_owned(),
            Self::Author => "author".to_owned(),
            Self::Link => "link".to_owned(),
            Self::Zone => "time zone".to_owned(),
            Self::Status => "status".to_owned(),
            Self::Field(name) => format!("field {name}"),
            Self::Dropped => return None,
        })
    }
}

/// Columns with their roles, and what was decided about their values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Columns {
    /// Names as written.
    pub names: Vec<String>,
    /// What each is for.
    pub roles: Vec<Role>,
    /// Order of day and month.
    pub order: Option<Order>,
    /// Zone of times that name none: from the column's name.
    pub zone: Option<String>,
    /// Best rating, where cells and rows do not say.
    pub rating_max: Option<f64>,
    /// Decimal comma.
    pub decimal_comma: bool,
}

/// What is seen of a column before it gets its role.
pub(super) struct Sample<'a> {
    /// Name with everything that explains it, for finding out what it is.
    pub described: String,
    /// Name as written.
    pub name: String,
    /// Values that are not blank, with their lines.
    pub values: Vec<(u64, Cow<'a, str>)>,
}

impl Columns {
    /// Finds the roles of columns.
    ///
    /// # Errors
    ///
    /// A column that the settings name is not there, or dates can be read two ways.
    pub(super) fn find(
        samples: &[Sample<'_>],
        rows: usize,
        settings: &Settings,
        decimal_comma: bool,
    ) -> Result<(Self, Vec<Warning>), ReadError> {
        let mut finder = Finder { samples, rows, decimal_comma, words: Vec::new(), roles: vec![None; samples.len()] };
        finder.words = samples.iter().map(|sample| words::of(&sample.described)).collect();
        finder.configured(settings)?;
        finder.find_all(settings);
        let roles = finder.roles.into_iter().map(|role| role.unwrap_or(Role::Dropped)).collect::<Vec<_>>();
        let mut columns = Self {
            names: samples.iter().map(|sample| sample.name.clone()).collect(),
            roles,
            order: settings.date_order.map(Order::from),
            zone: None,
            rating_max: settings.columns.rating_max.map(f64::from),
            decimal_comma,
        };
        let mut warnings = Vec::new();
        columns.decide_dates(samples, settings, &mut warnings)?;
        columns.decide_scale(samples, &mut warnings);
        columns.note_duplicates(&mut warnings);
        Ok((columns, warnings))
    }

    /// Position of the first column with a role.
    pub(super) fn position(&self, role: &Role) -> Option<usize> {
        self.roles.iter().position(|other| other == role)
    }

    fn decide_dates(&mut self, samples: &[Sample<'_>], settings: &Settings, warnings: &mut Vec<Warning>) -> Result<(), ReadError> {
        let Some(at) = self.position(&Role::Date) else {
            if samples.iter().any(|sample| !sample.values.is_empty()) {
                warnings.push(Warning::new("no_date", "", "no column of dates was found: answers count from when they are first seen"));
            }
            return Ok(());
        };
        let sample = &samples[at];
        let values = || sample.values.iter().map(|(line, value)| (*line, value.as_ref()));
        if self.order.is_none() {
            self.order = dates::order_of(&sample.name, values())?;
        }
        dates::unknown_zone(&sample.name, values(), self.order)?;
        self.zone = self.zone.take().or_else(|| zone_in_name(&sample.described));
        let bare = values().any(|(_, value)| dates::read(value, self.order).is_some_and(|written| written.zone == Named::Nothing));
        if bare && self.zone.is_none() && settings.time_zone.is_none() && self.position(&Role::Zone).is_none() {
            warnings.push(Warning::new(
                "timezone_assumed",
                sample.name.clone(),
                "the times name no zone and are read as UTC; `time_zone` of the source says another",
            ));
        }
        Ok(())
    }

    fn decide_scale(&mut self, samples: &[Sample<'_>], warnings: &mut Vec<Warning>) {
        let Some(at) = self.position(&Role::Rating) else {
            return;
        };
        if self.rating_max.is_some() || self.position(&Role::RatingMax).is_some() {
            return;
        }
        let sample = &samples[at];
        self.rating_max = ratings::scale_in_name(&sample.described, &words::of(&sample.described));
        if self.rating_max.is_some() {
            return;
        }
        let read = sample.values.iter().filter_map(|(_, value)| ratings::read(value, self.decimal_comma));
        let bare = read.filter(|given| given.max.is_none()).map(|given| given.value);
        if let Some(largest) = bare.reduce(f64::max) {
            let max = ratings::assumed_scale(largest);
            self.rating_max = Some(max);
            warnings.push(Warning::new("scale_assumed", sample.name.clone(), format!("nothing names the best rating: taken as {max}")));
        }
    }

    fn note_duplicates(&self, warnings: &mut Vec<Warning>) {
        let mut sorted = self.names.iter().filter(|name| !name.is_empty()).collect::<Vec<_>>();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            warnings.push(Warning::new(
                "duplicate_header",
                pair[0].clone(),
                "several columns have this name: all are read, in their order",
            ));
        }
    }
}

struct Finder<'a> {
    samples: &'a [Sample<'a>],
    rows: usize,
    decimal_comma: bool,
    words: Vec<Vec<String>>,
    roles: Vec<Option<Role>>,
}

impl Finder<'_> {
    /// Gives columns the roles that the settings name.
    fn configured(&mut self, settings: &Settings) -> Result<(), ReadError> {
        let columns = &settings.columns;
        let wanted = [(&columns.id, Role::Id), (&columns.date, Role::Date), (&columns.rating, Role::Rating)];
        for (name, role) in wanted.into_iter().filter_map(|(name, role)| Some((name.as_ref()?, role))) {
            self.assign(name, &role)?;
        }
        for name in &columns.text {
            self.assign(name, &Role::Text)?;
        }
        for name in &columns.fields {
            self.assign(name, &Role::Field(name.clone()))?;
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, role: &Role) -> Result<(), ReadError> {
        let same = |sample: &Sample<'_>| sample.name.trim().to_lowercase() == name.trim().to_lowercase();
        let mut found = false;
        for (at, sample) in self.samples.iter().enumerate() {
            if same(sample) && self.roles[at].is_none() {
                self.roles[at] = Some(role.clone());
                found = true;
            }
        }
        if found || self.samples.iter().any(same) {
            return Ok(());
        }
        let there = self.samples.iter().map(|sample| format!("`{}`", sample.name)).take(30).collect::<Vec<_>>().join(", ");
        Err(ReadError::new(format!("no column is called `{name}`"), format!("the file has {there}: correct `columns` of the source")))
    }

    fn find_all(&mut self, settings: &Settings) {
        self.each(&Role::Zone, |words, _| words::any(words, words::ZONE) || words.join(" ") == "time zone");
        self.first(&Role::Updated, |words, _| {
            words.len() == 1 && words::any(words, &["updated", "modified", "updatedat"]) || words.join(" ") == "updated at"
        });
        if !self.has(&Role::Id) {
            self.best(&Role::Id, Self::id_rank);
        }
        if !self.has(&Role::Date) {
            self.best(&Role::Date, Self::date_rank);
        }
        if self.has(&Role::Date) {
            self.first(&Role::Updated, |words, _| words::any(words, words::DATE_OF_CHANGE));
        }
        self.first(&Role::RatingMax, |words, _| matches!(words.join(" ").as_str(), "rating max" | "max rating" | "best rating"));
        self.first(&Role::Author, |words, _| words.len() == 1 && words[0] == "author");
        self.personal();
        self.first(&Role::Status, |words, _| words == ["status"] || words.join(" ").ends_with("response type"));
        self.first(&Role::Language, |words, _| words.len() <= 3 && words::any(words, words::LANGUAGE));
        self.first(&Role::Link, |words, sample| {
            words::any(words, words::LINK)
                && sample.values.iter().all(|(_, value)| value.starts_with("http://") || value.starts_with("https://"))
        });
        if !self.has(&Role::Rating) {
            self.rating();
        }
        self.first(&Role::Title, |words, _| words.len() <= 2 && words::any(words, words::TITLE));
        if settings.columns.text.is_empty() {
            self.texts();
        }
        self.fields();
    }

    fn has(&self, role: &Role) -> bool {
        self.roles.iter().flatten().any(|other| other == role)
    }

    fn each(&mut self, role: &Role, is: impl Fn(&[String], &Sample<'_>) -> bool) {
        for at in 0..self.samples.len() {
            if self.roles[at].is_none() && is(&self.words[at], &self.samples[at]) {
                self.roles[at] = Some(role.clone());
            }
        }
    }

    fn first(&mut self, role: &Role, is: impl Fn(&[String], &Sample<'_>) -> bool) {
        if self.has(role) {
            return;
        }
        if let Some(at) = (0..self.samples.len()).find(|at| self.roles[*at].is_none() && is(&self.words[*at], &self.samples[*at])) {
            self.roles[at] = Some(role.clone());
        }
    }

    /// Gives the role to the column with the lowest rank.
    fn best(&mut self, role: &Role, rank: fn(&Self, usize) -> Option<u32>) {
        let ranked = (0..self.samples.len()).filter(|at| self.roles[*at].is_none());
        if let Some((_, at)) = ranked.filter_map(|at| Some((rank(self, at)?, at))).min() {
            self.roles[at] = Some(role.clone());
        }
    }

    fn id_rank(&self, at: usize) -> Option<u32> {
        let (words, sample) = (&self.words[at], &self.samples[at]);
        let has_id = words::any(words, words::ID) || words::any(words, &["#", "no", "nr", "number", "key", "token"]);
        let rank = match words.as_slice() {
            [word] if words::ID.contains(&word.as_str()) => 0,
            _ if has_id && words::any(words, words::ID_OF) && !words::any(words, &["external"]) => 1,
            [word] if words::ID_ALONE.contains(&word.as_str()) => 2,
            _ if has_id && words.len() <= 3 && !words::any(words, words::ID_OF_OTHERS) && words::any(words, words::ID) => 3,
            _ => return None,
        };
        let mut values = sample.values.iter().map(|(_, value)| value.as_ref()).collect::<Vec<_>>();
        let filled = values.len();
        values.sort_unstable();
        values.dedup();
        // The same id twice is an edit, and happens; ids that mostly repeat are something else's.
        let mostly_different = values.len() * 10 >= filled * 9 || filled - values.len() <= 1;
        (filled >= self.rows && mostly_different && values.iter().all(|value| value.len() <= 200)).then_some(rank)
    }

    fn date_rank(&self, at: usize) -> Option<u32> {
        let (words, sample) = (&self.words[at], &self.samples[at]);
        let read = sample.values.iter().filter(|(_, value)| times::certain(value).is_some() || times::slashed(value).is_some()).count();
        let others = words::any(words, words::DATE_OF_OTHERS);
        let rank = match () {
            () if words::any(words, &["birth", "birthday"]) => return None,
            () if others => 6,
            () if words::any(words, words::DATE_OF_START) => 4,
            () if words::any(words, words::DATE_OF_ANSWER) => 0,
            () if words::any(words, words::DATE_OF_CHANGE) => 5,
            () if words::any(words, words::DATE) => 1,
            // A column full of dates whatever it is called.
            () if !sample.values.is_empty() && read == sample.values.len() && sample.values[0].1.len() > 6 => 7,
            () => return None,
        };
        let empty = sample.values.is_empty() && words::any(words, words::DATE);
        (empty || (read > 0 && read * 2 >= sample.values.len())).then_some(rank)
    }

    fn personal(&mut self) {
        for at in 0..self.samples.len() {
            let words = &self.words[at];
            let mail = words.windows(2).any(|pair| pair[0] == "e" && matches!(pair[1].as_str(), "mail" | "post"));
            let personal = (mail || words::any(words, words::PERSONAL)) && !words::any(words, words::HARMLESS);
            // A long question about an account or a card is a question, not a column of accounts.
            let asked = words.len() > 6 || self.samples[at].described.contains('?');
            let contact =
                self.samples[at].values.iter().take(50).filter(|(_, value)| value.contains('@') && !value.trim().contains(' ')).count();
            let contacts = contact > 0 && contact * 2 >= self.samples[at].values.len().min(50);
            if self.roles[at].is_none() && (contacts || (personal && !asked)) {
                self.roles[at] = Some(Role::Dropped);
            }
        }
    }

    fn rating(&mut self) {
        let fits = |at: usize| {
            let values = &self.samples[at].values;
            let read = values.iter().filter(|(_, value)| ratings::read(value, self.decimal_comma).is_some()).count();
            (read, values.len())
        };
        let free = || (0..self.samples.len()).filter(|at| self.roles[*at].is_none());
        let named = free().find(|at| {
            let (read, filled) = fits(*at);
            let words = &self.words[*at];
            let called = words::any(words, words::RATING) && !words::any(words, words::RATING_OF_OTHERS);
            called && (filled == 0 || (read > 0 && read * 2 >= filled))
        });
        // A question that is answered with small numbers; 0 and 1 alone are yes and no.
        let asked = || {
            free().find(|at| {
                let (read, filled) = fits(*at);
                let values = self.samples[*at].values.iter().filter_map(|(_, value)| ratings::read(value, self.decimal_comma));
                let largest = values.map(|given| given.max.unwrap_or(given.value)).fold(0.0, f64::max);
                let question = self.samples[*at].described.contains('?');
                question && filled > 0 && read == filled && (2.0..=10.0).contains(&largest)
            })
        };
        if let Some(at) = named.or_else(asked) {
            self.roles[at] = Some(Role::Rating);
        }
    }

    fn texts(&mut self) {
        for at in 0..self.samples.len() {
            if self.roles[at].is_some() {
                continue;
            }
            let (words, sample) = (&self.words[at], &self.samples[at]);
            let filled = sample.values.len();
            let wordy = sample.values.iter().filter(|(_, value)| value.trim().contains(' ') && value.chars().count() > 20).count();
            let numeric = sample.values.iter().filter(|(_, value)| ratings::number(value.trim(), self.decimal_comma).is_some()).count();
            let called = words::any(words, words::TEXT) || (words::any(words, &["anything", "happened"]) && sample.described.contains('?'));
            let mut distinct = sample.values.iter().take(200).map(|(_, value)| value.as_ref()).collect::<Vec<_>>();
            distinct.sort_unstable();
            distinct.dedup();
            // One value all over is a tick box: the answer's own wording in every row that ticked it.
            let tick_box = filled > 2 && distinct.len() == 1;
            let long = filled > 0 && wordy * 2 > filled;
            if !tick_box && (long || (called && numeric * 2 <= filled)) {
                self.roles[at] = Some(Role::Text);
            }
        }
    }

    fn fields(&mut self) {
        for (name, list) in words::FIELDS {
            let role = Role::Field((*name).to_owned());
            self.first(&role, |words, sample| {
                words.len() <= 3
                    && words::any(words, list)
                    && !words::any(words, &["id"])
                    && sample.values.iter().all(|(_, value)| value.len() <= 100)
            });
        }
    }
}

/// `Submit Date (UTC)`, `Timestamp [Europe/Berlin]`.
fn zone_in_name(name: &str) -> Option<String> {
    name.split(['(', '[', ')', ']']).skip(1).map(str::trim).find(|part| Zone::named(part).is_some()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roles of columns given as `name: value | value`.
    fn roles(columns: &[&str]) -> String {
        let samples = columns.iter().map(|column| {
            let (name, values) = column.split_once(": ").unwrap();
            let values = values.split(" | ").enumerate().filter(|(_, value)| !value.is_empty());
            Sample {
                described: name.to_owned(),
                name: name.to_owned(),
                values: values.map(|(at, value)| (at as u64 + 2, Cow::from(value))).collect(),
            }
        });
        let samples = samples.collect::<Vec<_>>();
        let rows = samples.iter().map(|sample| sample.values.len()).max().unwrap_or(0);
        match Columns::find(&samples, rows, &Settings::default(), false) {
            Ok((columns, warnings)) => {
                let roles = columns.roles.iter().map(|role| format!("{role:?}")).collect::<Vec<_>>().join(" ");
                let codes = warnings.iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>().join(" ");
                format!("{roles} [{codes}]")
            }
            Err(error) => error.what,
        }
    }

    #[test]
    fn columns_are_found_by_name_in_several_languages() {
        for (columns, found) in [
            (
                &["id: 1 | 2", "date: 2026-01-02 | 2026-01-03", "rating (1-5): 1 | 5", "comment: a b | c"][..],
                "Id Date Rating Text [timezone_assumed]",
            ),
            (
                &["Nr.: 1 | 2", "Datum: 2.1.2026 | 3.1.2026", "Bewertung: 1 | 5", "Kommentar: a | c"],
                "Id Date Rating Text [timezone_assumed scale_assumed]",
            ),
            (
                &[
                    "Tidstämpel: 2026-01-02T01:00Z",
                    "Hur nöjd är du? (1-5): 3",
                    "Vad kan vi göra bättre?: Allt som har med chatten att göra",
                ],
                "Date Rating Text []",
            ),
            (
                &["Full name: Kim", "E-mail: k@x.test", "Date of birth: 1980-01-01", "NPS: 9", "Why: x", "Country: SE"],
                "Dropped Dropped Dropped Rating Text Field(\"country\") [no_date]",
            ),
            (&["Start Date: 2026-01-01Z", "Submit Date (UTC): 2026-01-02", "text: x"], "Dropped Date Text []"),
            (&["Collector ID: 7 | 7", "Respondent ID: 1 | 2", "title: a | b", "body: c | d"], "Dropped Id Title Text [no_date]"),
            (
                &[
                    "id: 1",
                    "ts: 2026-01-01T00:00:00Z",
                    "rating: 3",
                    "rating_max: 5",
                    "author: kim",
                    "url: https://x.test/1",
                    "lang: en",
                    "text: x",
                ],
                "Id Date Rating RatingMax Author Link Language Text []",
            ),
        ] {
            assert_eq!(roles(columns), found, "{columns:?}");
        }
    }

    #[test]
    fn a_configured_column_that_is_missing_is_named_with_those_that_are_there() {
        let settings =
            Settings { columns: super::super::Columns { date: Some("When".to_owned()), ..Default::default() }, ..Settings::default() };
        let samples = [Sample { described: "a".to_owned(), name: "a".to_owned(), values: Vec::new() }];
        let error = Columns::find(&samples, 0, &settings, false).unwrap_err();
        assert_eq!(error.to_string(), "no column is called `When`; the file has `a`: correct `columns` of the source");
    }
}
