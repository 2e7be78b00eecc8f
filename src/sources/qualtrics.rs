//! Answers to a survey of Qualtrics, by the export that its interface has for them
//! (api.qualtrics.com, "Start Response Export").
//!
//! An export is a job: it is started, asked after until it says `complete` (100 percent is not enough),
//! and fetched as an archive. Where the service gave a token with the last export, the next one goes on
//! behind it; now and then what has changed is exported by its date, and once a week everything, which
//! is how deletions show.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Method;
use crate::domain::http::Refused;
use crate::domain::http::Reply;
use crate::domain::http::Request;
use crate::domain::http::Response;
use crate::domain::item::Cursor;
use crate::domain::item::Listed;
use crate::domain::item::Page;
use crate::domain::item::Shard;
use crate::domain::item::Warning;
use crate::domain::login::Login;
use crate::domain::secret::Secret;
use crate::sources::Mapping;
use crate::sources::ReadError;
use crate::sources::Service;
use crate::sources::Since;
use crate::sources::Source;
use crate::sources::api;
use crate::sources::refusal;
use crate::sources::refusal::Meaning;
use crate::sources::refusal::Refusal;
use crate::sources::services::Saved;

mod archive;
mod responses;

const SERVICE: &str = "Qualtrics";
/// An export by date begins so long before the last one.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// What goes on behind a token may not show what has changed before it.
const CHANGES_EVERY: TimeDelta = TimeDelta::hours(6);
/// Seconds until a job is first asked after, and between two questions at most.
const FIRST_WAIT: u32 = 5;
const LONGEST_WAIT: u32 = 30;
/// A job that takes longer than this has been forgotten.
const LONGEST_JOB: TimeDelta = TimeDelta::hours(2);
/// So many jobs in a row that fail or do not end are an error.
const MOST_JOBS: u8 = 3;
/// Time before another one is started in place of one that failed.
const BETWEEN_JOBS: TimeDelta = TimeDelta::minutes(1);

/// Which survey, and what of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Its id: `SV_...`.
    pub survey: String,
    /// Who calls.
    pub token: Secret,
    /// What of an answer is read.
    pub questions: Questions,
    /// Which date an export by date goes by.
    pub by: By,
    /// Time between two exports of everything.
    pub full_export: TimeDelta,
    /// How far back the first poll reads, and all exports of everything.
    pub since: Since,
    /// Address of the service without a slash at its end.
    pub base: String,
}

/// What of an answer is read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Questions {
    /// Id of the question that is a rating.
    pub rating: Option<String>,
    /// Its best value.
    pub rating_max: f64,
    /// Ids of open answers; every open answer where the list is empty.
    pub text: Vec<String>,
    /// Answers of those who tried the survey out, too.
    pub include_previews: bool,
    /// Answers that were broken off, too.
    pub include_unfinished: bool,
}

/// Which date an export by date goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// When an answer was last changed.
    LastModified,
    /// When it was first recorded.
    Recorded,
}

/// A survey.
#[derive(Debug)]
pub struct Qualtrics {
    settings: Settings,
    login: Login,
}

/// What is known when an export was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    /// Nothing older is read: the first export began there.
    from: Option<Timestamp>,
    /// The next export goes on behind it.
    token: Option<String>,
    /// When the last export by date began.
    dated_at: Option<Timestamp>,
    /// When the last export of everything began.
    full_at: Option<Timestamp>,
}

/// An export under way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Job {
    what: What,
    step: Step,
    began: Option<Timestamp>,
    from: Option<Timestamp>,
    /// Seconds until it is asked after again.
    wait: u32,
    /// What the service gives to go on behind this export.
    token: Option<String>,
    /// Jobs for the same export before, which failed or did not end.
    #[serde(default)]
    given_up: u8,
}

/// What is exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    /// Everything from the beginning on.
    #[default]
    Everything,
    /// What has a newer date.
    Dated,
    /// What is behind the token.
    Continued,
}

/// What was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    #[default]
    Start,
    Progress,
    File,
}

impl Qualtrics {
    /// A source for a survey.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let login = Login::at(&settings.base).with_header("X-API-TOKEN", settings.token.clone());
        Self { settings, login }
    }

    /// The call that starts an export.
    fn start(&self, what: What, mark: &Mark, now: Timestamp, given_up: u8) -> Request {
        let from = mark.from.unwrap_or_else(|| self.settings.since.from(now));
        let mut wish = json!({"format": "json", "allowContinuation": true});
        match what {
            What::Everything => wish["startDate"] = Value::from(api::stamp(from)),
            What::Dated => {
                let last = mark.dated_at.or(mark.full_at).unwrap_or(from);
                wish["startDate"] = Value::from(api::stamp(last - OVERLAP));
                if self.settings.by == By::LastModified {
                    wish["sortByLastModifiedDate"] = Value::from(true);
                }
            }
            What::Continued => wish["continuationToken"] = Value::from(mark.token.as_deref()),
        }
        let job = Job { what, began: Some(now), from: Some(from), wait: FIRST_WAIT, given_up, ..Job::default() };
        let mut call = self.call("", &job);
        (call.method, call.body) = (Method::Post, wish.to_string());
        call.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        if what == What::Continued {
            // The token is too old, or of a former version of the survey: it is done without.
            call.takes = vec![400, 404, 409, 410, 422];
        }
        Request::Call(call)
    }

    /// A call below the exports of the survey.
    fn call(&self, path: &str, job: &Job) -> Call {
        let Settings { base, survey, .. } = &self.settings;
        api::call(format!("{base}/API/v3/surveys/{survey}/export-responses{path}"), job)
    }

    /// What follows from the answer to the start.
    fn started(&self, reply: &Reply, mut job: Job, mark: &Mark, now: Timestamp) -> Result<Page, ReadError> {
        if !(200..300).contains(&reply.status) {
            return Ok(Page { next: Some(self.start(What::Dated, mark, now, 0)), ..empty() });
        }
        let answer = api::json(&reply.body, SERVICE)?;
        let id = part(&answer, "progressId")?;
        job.step = Step::Progress;
        Ok(self.wait(&id, &job, &answer))
    }

    /// What follows from the answer to how far a job is.
    fn progressed(&self, reply: &Reply, mut job: Job, mark: &Mark, now: Timestamp) -> Result<Page, ReadError> {
        let answer = api::json(&reply.body, SERVICE)?;
        match part(&answer, "status")?.as_str() {
            "complete" => {
                let file = part(&answer, "fileId")?;
                job.token = api::text(&answer, &["result", "continuationToken"]);
                job.step = Step::File;
                let mut call = self.call(&format!("/{file}/file"), &job);
                call.headers = vec![("Accept".to_owned(), "application/zip, application/octet-stream, */*;q=0.5".to_owned())];
                Ok(Page { next: Some(Request::Call(call)), warnings: notices(&answer), ..empty() })
            }
            "failed" => {
                let said = refusal::said(&String::from_utf8_lossy(&reply.body)).map(|said| format!(" (\u{201c}{said}\u{201d})"));
                let what = format!("{SERVICE} could not make the export{}", said.unwrap_or_default());
                self.given_up(&job, &what, mark, now)
            }
            _ if job.began.is_none_or(|began| now - began > LONGEST_JOB) => {
                self.given_up(&job, &format!("{SERVICE} does not end the export after two hours"), mark, now)
            }
            _ => {
                let id = reply.call.url.rsplit('/').next().unwrap_or_default().to_owned();
                job.wait = (job.wait * 3 / 2).clamp(FIRST_WAIT, LONGEST_WAIT);
                Ok(self.wait(&id, &job, &answer))
            }
        }
    }

    /// The job brings nothing: another one is started in its place.
    fn given_up(&self, job: &Job, what: &str, mark: &Mark, now: Timestamp) -> Result<Page, ReadError> {
        let given_up = job.given_up.saturating_add(1);
        if given_up >= MOST_JOBS {
            let what = format!("{what}, for the third time");
            return Err(ReadError::new(what, "another one is started later; if this stays, look at the survey there"));
        }
        let warning = Warning::new("export_given_up", "", format!("{what}; another one is started"));
        let next = Some(self.start(job.what, mark, now, given_up));
        Ok(Page { next, pause: Some(BETWEEN_JOBS), warnings: vec![warning], ..empty() })
    }

    fn wait(&self, id: &str, job: &Job, answer: &Value) -> Page {
        let pause = Some(TimeDelta::seconds(i64::from(job.wait)));
        Page { next: Some(Request::Call(self.call(&format!("/{id}"), job))), pause, warnings: notices(answer), ..empty() }
    }

    /// The answers in a file, and what is known with them.
    fn exported(&self, reply: &Reply, job: Job, mark: &Mark) -> Result<Page, ReadError> {
        let mut page = archive::read(&reply.body, &self.settings.questions)?;
        // What cannot be read might be any of those that seem to be missing.
        let is_whole = page.warnings.iter().all(|warning| warning.code != responses::BAD);
        // And an export of nothing may be a right that was taken away.
        if job.what == What::Everything && is_whole && !page.items.is_empty() {
            page.listed = Some(Listed { since: job.from, certain: true, ..Listed::default() });
        }
        let dated_at = if job.what == What::Continued { mark.dated_at } else { job.began };
        let full_at = if job.what == What::Everything { job.began } else { mark.full_at };
        page.cursor = Some(api::cursor(&Mark { from: mark.from.or(job.from), token: job.token, dated_at, full_at }));
        Ok(page)
    }
}

impl Source for Qualtrics {
    fn first(&self, _shard: &Shard, cursor: &Cursor, now: Timestamp) -> Request {
        let mark: Mark = api::mark(cursor);
        let is_over = |at: Option<Timestamp>, span: TimeDelta| at.is_none_or(|at| now - at >= span || at > now);
        let what = if mark.from.is_none() || is_over(mark.full_at, self.settings.full_export) {
            What::Everything
        } else if mark.token.is_none() || self.settings.by == By::LastModified && is_over(mark.dated_at, CHANGES_EVERY) {
            What::Dated
        } else {
            What::Continued
        };
        self.start(what, &mark, now, 0)
    }

    fn read(&self, _shard: &Shard, cursor: &Cursor, response: &Response, now: Timestamp) -> Result<Page, ReadError> {
        let reply = api::reply(response)?;
        let (job, mark): (Job, Mark) = (api::notes(&reply.call.context), api::mark(cursor));
        match job.step {
            Step::Start => self.started(reply, job, &mark, now),
            Step::Progress => self.progressed(reply, job, &mark, now),
            Step::File => self.exported(reply, job, &mark),
        }
    }

    fn login(&self) -> Option<&Login> {
        Some(&self.login)
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let names = refusal::Names {
            service: SERVICE,
            login: "`token` and `datacenter`",
            permission: "a user who may see the answers of the survey and use the API",
            thing: "`survey` and `datacenter`",
        };
        if refused.status != 400 {
            return refusal::usual(refused, &names);
        }
        if refused.body.contains("ATP_2") {
            return refusal::usual(&Refused { status: 401, ..refused.clone() }, &names);
        }
        let said = refusal::said(&refused.body).map(|said| format!(" (\u{201c}{said}\u{201d})")).unwrap_or_default();
        Some(Refusal { meaning: Meaning::Passing, words: format!("{SERVICE} does not understand the call{said}: check `survey` and `by`") })
    }
}

fn empty() -> Page {
    Page { format: "qualtrics", ..Page::default() }
}

/// A text that the result of an answer has to hold.
fn part(answer: &Value, key: &str) -> Result<String, ReadError> {
    api::text(answer, &["result", key]).filter(|text| !text.contains(['/', '?', '#'])).ok_or_else(|| {
        ReadError::new(
            format!("no answer of {SERVICE}: JSON without the text `{key}`"),
            "it is tried again later; if it stays, check `base_url`",
        )
    })
}

/// What the service wants to be told to people: above all that the data centre is another one.
fn notices(answer: &Value) -> Vec<Warning> {
    let notice = api::text(answer, &["meta", "notice"]);
    notice.map(|notice| Warning::new("notice", "", format!("{SERVICE} says: {notice}"))).into_iter().collect()
}

/// Shortest time between two polls of any source of this kind.
pub const LEAST: Duration = Duration::from_mins(5);

impl Service for Settings {
    fn kind(&self) -> &'static str {
        "qualtrics"
    }

    fn source(&self) -> Arc<dyn Source> {
        Arc::new(Qualtrics::new(self.clone()))
    }

    fn address(&self) -> Option<&str> {
        Some(&self.base)
    }

    fn every(&self) -> Duration {
        Duration::from_mins(30)
    }

    fn least_every(&self) -> Duration {
        LEAST
    }

    fn reads(&self) -> Vec<String> {
        vec![format!("qualtrics {}", self.survey)]
    }

    fn fields(&self) -> Option<&'static [&'static str]> {
        Some(&["channel", "language"])
    }
}

/// Where a message has what from.
pub const MAPPING: Mapping = &[
    ("id", "responseId"),
    ("text", "the answers to the questions of `text`"),
    ("rating", "the answer to the question of `rating`"),
    ("published", "recordedDate"),
    ("lang", "userLanguage"),
    ("channel", "distributionChannel"),
];

/// Reads a saved export, as an archive or unpacked. Which question is a rating nobody knows then.
///
/// # Errors
///
/// [`ReadError`] when it is none.
pub fn saved(saved: &Saved<'_>) -> Result<Page, ReadError> {
    archive::read(saved.body, &Questions { include_unfinished: true, ..Questions::default() })
}

/// Settings for tests that go through all services.
#[cfg(test)]
#[must_use]
pub fn specimen() -> Settings {
    let questions = Questions {
        rating: Some("QID1".to_owned()),
        rating_max: 10.0,
        text: vec!["QID2_TEXT".to_owned(), "QID5_TEXT".to_owned()],
        include_previews: false,
        include_unfinished: true,
    };
    Settings {
        survey: "SV_1".to_owned(),
        token: Secret::new("hush".to_owned()),
        questions,
        by: By::LastModified,
        full_export: TimeDelta::days(7),
        since: Since::default(),
        base: "https://x.test".to_owned(),
    }
}

#[cfg(test)]
mod tests;
