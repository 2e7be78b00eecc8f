//! Finds out what each column is for, from its name and its values.
//!
//! The settings decide first. Then what is certain by name (ids, dates), then what must never be
//! kept (personal data), then ratings, texts and fields among what is left.

use std::borrow::Cow;

use crate::sources::ReadError;
use crate::sources::file::Settings;
use crate::sources::file::columns::Role;
use crate::sources::file::dates;
use crate::sources::file::ids;
use crate::sources::file::ratings;
use crate::sources::file::words;
use crate::sources::times;

/// What is seen of a column before it gets its role.
pub(super) struct Sample<'a> {
    /// Name with everything that explains it, for finding out what it is.
    pub described: String,
    /// Name as written.
    pub name: String,
    /// Values that are not blank, with their lines.
    pub values: Vec<(u64, Cow<'a, str>)>,
}

/// The role of each column, and which of those that are not kept tell of a person. `rows` is how many rows the samples are of.
///
/// # Errors
///
/// A column that the settings name is not there.
pub(super) fn roles(
    samples: &[Sample<'_>],
    rows: usize,
    settings: &Settings,
    decimal_comma: bool,
) -> Result<(Vec<Role>, Vec<usize>), ReadError> {
    let mut finder = Finder {
        samples,
        rows,
        decimal_comma,
        rating_words: &settings.columns.rating_words,
        known_ids: samples.iter().map(|sample| ids::is_known(settings, &sample.name)).collect(),
        words: Vec::new(),
        roles: vec![None; samples.len()],
        personal: Vec::new(),
    };
    finder.words = samples.iter().map(|sample| words::of(&sample.described)).collect();
    finder.configured(settings)?;
    finder.find_all(settings);
    Ok((finder.roles.into_iter().map(|role| role.unwrap_or(Role::Dropped)).collect(), finder.personal))
}

/// Whether a column is the one that somebody names: case and blanks around it do not matter.
pub(super) fn is_called(column: &str, name: &str) -> bool {
    column.trim().to_lowercase() == name.trim().to_lowercase()
}

/// Whether a column tells of a person, by the words of its name.
fn is_personal(words: &[String]) -> bool {
    let mail = words.windows(2).any(|pair| pair[0] == "e" && (pair[1].starts_with("mail") || pair[1].starts_with("post")));
    let is_alone = words.len() == 1 && words::any(words, words::PERSONAL_ALONE);
    let is_named = words::any(words, words::PERSONAL);
    let is_harmless = words::any(words, words::HARMLESS) && !words::any(words, words::PERSONAL_ALWAYS);
    // `User language` says nothing of who it is, `App user` does.
    let is_user = words::any(words, &["user"]) && !words::any(words, &["country", "lang", "language", "locale", "version"]);
    mail || is_alone || is_user || is_named && !is_harmless
}

fn is_date(value: &str) -> bool {
    times::certain(value).is_some() || times::slashed(value).is_some()
}

struct Finder<'a> {
    samples: &'a [Sample<'a>],
    rows: usize,
    decimal_comma: bool,
    rating_words: &'a [(String, f64)],
    /// Whether a column was taken for ids before.
    known_ids: Vec<bool>,
    words: Vec<Vec<String>>,
    roles: Vec<Option<Role>>,
    personal: Vec<usize>,
}

impl Finder<'_> {
    /// Gives columns the roles that the settings name.
    fn configured(&mut self, settings: &Settings) -> Result<(), ReadError> {
        let columns = &settings.columns;
        let wanted = [
            (&columns.id, Role::Id),
            (&columns.date, Role::Date),
            (&columns.rating, Role::Rating),
            (&columns.url, Role::Link),
            (&columns.lang, Role::Language),
        ];
        for (name, role) in wanted.into_iter().filter_map(|(name, role)| Some((name.as_ref()?, role))) {
            self.assign(name, &role)?;
        }
        for name in &columns.text {
            self.assign(name, &Role::Text)?;
        }
        for name in &columns.fields {
            self.assign(name, &Role::Field(name.clone()))?;
        }
        for (name, _) in &columns.drop_rows {
            self.is_there(name)?;
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, role: &Role) -> Result<(), ReadError> {
        self.is_there(name)?;
        for (at, sample) in self.samples.iter().enumerate() {
            if is_called(&sample.name, name) && self.roles[at].is_none() {
                self.roles[at] = Some(role.clone());
            }
        }
        Ok(())
    }

    fn is_there(&self, name: &str) -> Result<(), ReadError> {
        if self.samples.iter().any(|sample| is_called(&sample.name, name)) {
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
            self.first(&Role::Updated, |words, sample| {
                let dates = sample.values.iter().filter(|(_, value)| is_date(value)).count();
                words::any(words, words::DATE_OF_CHANGE) && !is_personal(words) && dates * 2 >= sample.values.len()
            });
        }
        self.first(&Role::RatingMax, |words, _| matches!(words.join(" ").as_str(), "rating max" | "max rating" | "best rating"));
        self.first(&Role::Author, |words, _| words.len() == 1 && words[0] == "author");
        self.personal();
        self.first(&Role::Status, |words, _| words == words::STATUS || words.join(" ").ends_with("response type"));
        self.first(&Role::Language, |words, _| words.len() <= 3 && words::any(words, words::LANGUAGE) && !words::any(words, words::RATING));
        self.first(&Role::Link, |words, sample| {
            words::any(words, words::LINK)
                && sample.values.iter().all(|(_, value)| value.starts_with("http://") || value.starts_with("https://"))
        });
        if !self.has(&Role::Rating) {
            self.rating();
        }
        self.first(&Role::Title, |words, _| {
            words.len() <= 2 && words::any(words, words::TITLE) && !words::any(words, words::TITLE_OF_OTHERS)
        });
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
        // What was found good enough once stays so while its file grows, unless most of it repeats.
        let known = self.known_ids[at];
        let mostly_different = mostly_different || known && values.len() * 2 > filled;
        // Rows without an id are known by their content. Of what may be a number of something else few may be blank.
        let blank = self.rows.saturating_sub(filled);
        let is_there = known || rank <= 1 || blank <= (self.rows / 10).max(usize::from(self.rows > 2));
        let rank = if blank * 2 > self.rows && !known { rank + 10 } else { rank };
        (is_there && mostly_different && values.iter().all(|value| value.len() <= 200)).then_some(rank)
    }

    fn date_rank(&self, at: usize) -> Option<u32> {
        let (words, sample) = (&self.words[at], &self.samples[at]);
        let read = sample.values.iter().filter(|(_, value)| is_date(value)).count();
        // A spreadsheet's number of days is a date only where the column says so.
        let said = || words::any(words, words::DATE_OF_ANSWER) || words::any(words, words::DATE) || words::any(words, words::DATE_OF_START);
        let serials = if read < sample.values.len() && said() {
            sample.values.iter().filter(|(_, value)| dates::serial(value).is_some()).count()
        } else {
            0
        };
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
        if sample.values.is_empty() {
            // Only where no column has dates in it: `Data` is a date in some languages.
            return words::any(words, words::DATE).then_some(rank + 10);
        }
        (read + serials > 0 && (read + serials) * 2 >= sample.values.len()).then_some(rank)
    }

    fn personal(&mut self) {
        for at in 0..self.samples.len() {
            let words = &self.words[at];
            let personal = is_personal(words);
            // A long question about an account or a card is a question, not a column of accounts.
            let asked = words.len() > 6 || self.samples[at].described.contains('?');
            let contact =
                self.samples[at].values.iter().take(50).filter(|(_, value)| value.contains('@') && !value.trim().contains(' ')).count();
            let contacts = contact > 0 && contact * 2 >= self.samples[at].values.len().min(50);
            if self.roles[at].is_none() && (contacts || (personal && !asked)) {
                self.roles[at] = Some(Role::Dropped);
                self.personal.push(at);
            }
        }
    }

    fn rating(&mut self) {
        let fits = |at: usize| {
            let values = &self.samples[at].values;
            let read =
                values.iter().filter(|(_, value)| ratings::read_with(value, self.decimal_comma, self.rating_words).is_some()).count();
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
                let values = self.samples[*at]
                    .values
                    .iter()
                    .filter_map(|(_, value)| ratings::read_with(value, self.decimal_comma, self.rating_words));
                let values: Vec<f64> = values.map(|given| given.max.unwrap_or(given.value)).collect();
                let is_count = self.words[*at].iter().take(3).any(|word| words::COUNTING.contains(&word.as_str()));
                let question = self.samples[*at].described.contains('?') && !is_count;
                let slips = filled / 10;
                let best = ratings::assumed_scale(&values);
                question && filled > 0 && filled - read <= slips && best <= 10.0 && values.iter().any(|value| (2.0..=best).contains(value))
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
            let (called, sample) = (&self.words[at], &self.samples[at]);
            let filled = sample.values.len();
            let long = sample.values.iter().filter(|(_, value)| value.trim().contains(' ') && value.chars().count() > 20).count();
            let numeric = sample.values.iter().filter(|(_, value)| ratings::number(value.trim(), self.decimal_comma).is_some()).count();
            let is_asked = sample.described.contains('?');
            let is_of_staff = words::any(called, words::STAFF) && words::any(called, words::ANSWER);
            let is_about = called.len() <= 3 && words::any(called, words::ABOUT_TEXT);
            // What has a name of its own among the fields is no text for its length: products have long names.
            let is_field = called.len() <= 2
                && words::FIELDS.iter().any(|(_, list)| words::any(called, list))
                && !words::any(called, words::TEXT)
                && sample.values.iter().all(|(_, value)| value.len() <= 100);
            if !is_asked && (is_of_staff || is_about || is_field) {
                continue;
            }
            let named =
                words::any(called, words::TEXT) || (words::any(called, &["anything", "happened"]) && sample.described.contains('?'));
            let mut distinct = sample.values.iter().take(200).map(|(_, value)| value.as_ref()).collect::<Vec<_>>();
            distinct.sort_unstable();
            distinct.dedup();
            // One value all over is a tick box: the answer's own wording in every row that ticked it.
            let tick_box = filled > 2 && distinct.len() == 1;
            let mostly_long = filled > 0 && long * 2 > filled;
            if !tick_box && (mostly_long || (named && numeric * 2 <= filled)) {
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
                    && ![&["id"][..], words::RATING, words::DATE, words::TEXT].iter().any(|others| words::any(words, others))
                    && sample.values.iter().all(|(_, value)| value.len() <= 100)
            });
        }
    }
}
