//! What the columns of a file are for, and what was decided about their values.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::file::Settings;
use crate::sources::file::dates;
use crate::sources::file::dates::Order;
use crate::sources::file::finder;
use crate::sources::file::finder::Sample;
use crate::sources::file::ratings;
use crate::sources::file::ratings::Scale;
use crate::sources::file::words;
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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Columns {
    /// Names as written.
    pub names: Vec<String>,
    /// What each is for.
    pub roles: Vec<Role>,
    /// Positions of those that are not kept because they tell of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub personal: Vec<usize>,
    /// Order of day and month.
    pub order: Option<Order>,
    /// Zone of times that name none: from the column's name.
    pub zone: Option<String>,
    /// Best rating, where cells and rows do not say.
    pub rating_max: Option<f64>,
    /// Worst rating on that scale.
    #[serde(default)]
    pub rating_min: f64,
    /// Decimal comma.
    pub decimal_comma: bool,
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
        since_1904: bool,
    ) -> Result<(Self, Vec<Warning>), ReadError> {
        let (roles, personal) = finder::roles(samples, rows, settings, decimal_comma)?;
        let mut columns = Self {
            names: samples.iter().map(|sample| sample.name.clone()).collect(),
            roles,
            personal,
            order: settings.date_order.map(Order::from),
            zone: None,
            rating_max: settings.columns.rating_max.map(f64::from),
            rating_min: 0.0,
            decimal_comma,
        };
        let mut warnings = Vec::new();
        columns.decide_dates(samples, settings, since_1904, &mut warnings)?;
        columns.decide_scale(samples, settings, &mut warnings);
        columns.note_duplicates(&mut warnings);
        Ok((columns, warnings))
    }

    /// Position of the first column with a role.
    pub(super) fn position(&self, role: &Role) -> Option<usize> {
        self.roles.iter().position(|other| other == role)
    }

    fn decide_dates(
        &mut self,
        samples: &[Sample<'_>],
        settings: &Settings,
        since_1904: bool,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), ReadError> {
        let Some(at) = self.position(&Role::Date) else {
            if samples.iter().any(|sample| !sample.values.is_empty()) {
                warnings.push(Warning::new("no_date", "", "no column of dates was found: answers count from when they are first seen"));
            }
            return Ok(());
        };
        let sample = &samples[at];
        let values = || sample.values.iter().map(|(line, value)| (*line, value.as_ref()));
        if dates::are_serials(values()) {
            self.order = Some(if since_1904 { Order::Days1904 } else { Order::Days1900 });
            let since = if since_1904 { 1904 } else { 1900 };
            let message = format!("numbers without a date format are read as days since {since}");
            warnings.push(Warning::new("excel_serial", sample.name.clone(), message));
        } else if let Some(order) = self.order {
            dates::contradicted(&sample.name, values(), order)?;
        } else {
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

    fn decide_scale(&mut self, samples: &[Sample<'_>], settings: &Settings, warnings: &mut Vec<Warning>) {
        let Some(at) = self.position(&Role::Rating) else {
            return;
        };
        if self.rating_max.is_some() || self.position(&Role::RatingMax).is_some() {
            return;
        }
        let sample = &samples[at];
        let read =
            sample.values.iter().filter_map(|(_, value)| ratings::read_with(value, self.decimal_comma, &settings.columns.rating_words));
        let bare: Vec<f64> = read.filter(|given| given.max.is_none()).map(|given| given.value).collect();
        // Where many values lie outside, what the name says is about something else.
        let fits = |scale: &Scale| bare.iter().filter(|value| !scale.holds(**value)).count() * 5 <= bare.len();
        if let Some(scale) = ratings::scale_in_name(&sample.described, &words::of(&sample.described)).filter(fits) {
            (self.rating_min, self.rating_max) = (scale.least, Some(scale.best));
        } else if !bare.is_empty() {
            let max = ratings::assumed_scale(&bare);
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

/// `Submit Date (UTC)`, `Timestamp [Europe/Berlin]`.
fn zone_in_name(name: &str) -> Option<String> {
    name.split(['(', '[', ')', ']']).skip(1).map(str::trim).find(|part| Zone::named(part).is_some()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

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
        match Columns::find(&samples, rows, &Settings::default(), false, false) {
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
        let settings = Settings {
            columns: crate::sources::file::Columns { date: Some("When".to_owned()), ..Default::default() },
            ..Settings::default()
        };
        let samples = [Sample { described: "a".to_owned(), name: "a".to_owned(), values: Vec::new() }];
        let error = Columns::find(&samples, 0, &settings, false, false).unwrap_err();
        assert_eq!(error.to_string(), "no column is called `When`; the file has `a`: correct `columns` of the source");
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn exports_of_the_usual_tools_are_understood() {
        let day = "2026-01-02 10:00:00Z | 2026-01-03 10:00:00Z";
        let shown = |columns: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|column| column.replace("DAY", day)).collect();
            roles(&columns.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let mut wrong = Vec::new();
        for (columns, found) in [
            (
                &[
                    "Respondent ID: 1 | 2",
                    "Collector ID: 7 | 7",
                    "Date Created: DAY",
                    "Date Modified: DAY",
                    "IP Address: 192.0.2.1",
                    "Email Address: a@x.test",
                    "First Name: Kim | Bo",
                    "Last Name: Berg | Dahl",
                    "Custom Data 1: ",
                    "How likely is it that you would recommend us to a friend?: 3 | 4",
                    "Please tell us why.: Slow | Fine",
                ][..],
                "Id Dropped Date Updated Dropped Dropped Dropped Dropped Dropped Rating Text []",
            ),
            (
                &[
                    "StartDate: DAY",
                    "EndDate: DAY",
                    "RecordedDate: DAY",
                    "ResponseId: R_1 | R_2",
                    "RecipientLastName: Berg | Dahl",
                    "RecipientFirstName: Kim | Bo",
                    "ExternalReference: ",
                    "UserLanguage: EN | SV",
                    "Q1: 3 | 9",
                    "Q2: Why not at all, in fact | No idea what to say to that",
                ],
                "Dropped Dropped Date Id Dropped Dropped Dropped Language Dropped Text []",
            ),
            (
                &[
                    "#: a1 | a2",
                    "How many visits did you make?: 2 | 3",
                    "How was it?: 2 | 5",
                    "What happened?: a lot | b c",
                    "Response Type: completed | completed",
                    "Start Date (UTC): DAY",
                    "Submit Date (UTC): DAY",
                    "Network ID: x | y",
                    "Tags: late delivery and refund | much too expensive",
                    "Ending: Thanks",
                ],
                "Id Dropped Rating Text Status Dropped Date Dropped Dropped Dropped [scale_assumed]",
            ),
            (
                &[
                    "Ticket ID: 1 | 2",
                    "Ticket subject: a | b",
                    "Ticket status: Closed | Open",
                    "Assignee name: Kim | Bo",
                    "Ticket satisfaction rating: Good | Bad",
                    "Satisfaction comment: a b | c",
                    "Ticket solved - Timestamp: DAY",
                    "Satisfaction updated - Timestamp: DAY",
                    "Brand: A | B",
                    "Job title: Head of Something Long | Boss of Many People",
                ],
                "Id Title Dropped Dropped Rating Text Dropped Date Field(\"brand\") Dropped []",
            ),
            (
                &[
                    "Review Id: 1 | 2",
                    "Company Reply Date (UTC): DAY",
                    "Review created (UTC): DAY",
                    "Review Last Updated (UTC): DAY",
                    "Reviewer Name: Kim | Bo",
                    "Review Stars: 1 | 5",
                    "Review Title: a | b",
                    "Review Content: x y | z",
                    "Company Reply: We are so sorry to hear that, dear Kim | Thank you so much for your words",
                    "Review Status: published | published",
                    "Location Name: North | South",
                    "Language: en | de",
                ],
                "Id Dropped Date Updated Dropped Rating Title Text Dropped Dropped Dropped Language [scale_assumed]",
            ),
            (
                &[
                    "Marca temporal: DAY",
                    "Dirección de correo electrónico: a@x.test",
                    "Puntuación: 3 / 5 | 5 / 5",
                    "¿Qué podemos mejorar?: Casi todo lo que hay en la web | Nada de lo que yo sepa",
                ],
                "Date Dropped Rating Text []",
            ),
            (
                &["Carimbo de data/hora: DAY", "Endereço de e-mail: ", "Nome: Ana | Rui", "Nota: 2 | 9", "Comentário: a | b"],
                "Date Dropped Dropped Rating Text [scale_assumed]",
            ),
            (
                &[
                    "Horodateur: DAY",
                    "Adresse e-mail: ",
                    "Prénom: Ana | Rui",
                    "Quelle est la probabilité que vous puissiez nous recommander ?: 2 | 5",
                    "Nom du produit: Lampe | Table",
                    "Avis: a | b",
                ],
                "Date Dropped Dropped Rating Field(\"product\") Text []",
            ),
            (
                &["Tijdstempel: DAY", "E-mailadres: ", "Cijfer: 2 | 9", "Toelichting: a | b", "Winkel: x | y"],
                "Date Dropped Rating Text Dropped [scale_assumed]",
            ),
            (
                &[
                    "Zeitstempel: DAY",
                    "E-Mail-Adresse: ",
                    "Kundenname: Kim | Bo",
                    "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?: 2 | 3",
                    "Kommentar: a | b",
                    "Filiale: Nord | Ost",
                ],
                "Date Dropped Dropped Rating Text Field(\"store\") []",
            ),
            (
                &["Tidstämpel: DAY", "E-postadress: ", "Efternamn: Berg | Dahl", "Hur nöjd är du?: 2 | 3", "Fritext: a | b"],
                "Date Dropped Dropped Rating Text [scale_assumed]",
            ),
            (
                &[
                    "id: 1 | 2",
                    "Custom Data: ",
                    "when: DAY",
                    "Store manager name: Kim | Bo",
                    "App user: kim | bo",
                    "Last name: Berg | Dahl",
                    "Product: Espresso machine with a grinder | Espresso machine with a lid",
                    "Browser: Mozilla on some machine or other | Another one, with a longer name",
                    "Average rating: 4 | 4",
                    "Rating: 2 | 5",
                    "Customer: Kim Berg of the Long Street | Bo Dahl of the Long Street",
                    "Feedback type: bug | idea",
                    "Customer feedback: a | b",
                ],
                "Id Dropped Date Dropped Dropped Dropped Field(\"product\") Dropped Dropped Rating Dropped Dropped Text [scale_assumed]",
            ),
        ] {
            let said = shown(columns);
            wrong.extend((said != found).then(|| format!("{columns:?}\n  {said}\n  {found}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
