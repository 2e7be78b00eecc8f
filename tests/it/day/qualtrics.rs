//! A day of a survey of Qualtrics: jobs that take their time, archives, answers that are changed, come
//! late or are deleted, a token that is not taken any more, and people who only try the survey out.

use std::collections::BTreeMap;
use std::io::Write as _;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;
use zip::write::SimpleFileOptions;

use super::*;

#[derive(Default)]
struct Survey {
    /// What was wished for, and when, by the number of the job.
    jobs: Vec<(Value, DateTime<Utc>, usize)>,
}

/// An answer: id, when it was recorded, when it was changed, text, score.
type Answer = (String, DateTime<Utc>, DateTime<Utc>, String, u32);

impl Survey {
    /// All answers at a time.
    fn answers(now: DateTime<Utc>) -> Vec<Answer> {
        let answer = |id: String, at: DateTime<Utc>, text: String, score: u32| (id, at, at, text, score);
        let mut all: Vec<Answer> = (0..60)
            .map(|number| answer(format!("R_{number}"), hour(-2.0 - f64::from(number)), format!("the bus {number}"), number % 11))
            .collect();
        all.extend((1..48).map(|number| answer(format!("R_d{number}"), hour(0.5 * f64::from(number)), format!("bus today {number}"), 0)));
        if now >= hour(9.2) {
            (all[3].2, all[3].3) = (hour(9.2), "on second thought, the driver was kind".to_owned());
        }
        if now >= hour(14.1) {
            // From a tablet without network.
            all.push(("R_late".to_owned(), hour(11.0), hour(14.1), "late".to_owned(), 4));
        }
        all.retain(|(id, _, changed, ..)| *changed <= now && !(now >= hour(10.2) && id == "R_5"));
        all
    }

    fn start(&mut self, asked: &Asked) -> Says {
        let wish: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(wish["format"], "json");
        // After a change of the survey no former token is good.
        let is_old = |token: &str| token.parse::<i64>().unwrap() < hour(17.0).timestamp() && asked.now >= hour(17.0);
        if wish["continuationToken"].as_str().is_some_and(is_old) {
            let error = json!({"errorCode": "ERE_9", "errorMessage": "Invalid continuation token"});
            return Says::json(&json!({"meta": {"httpStatus": "400 - Bad Request", "error": error}})).with_status(400);
        }
        self.jobs.push((wish, asked.now, 0));
        Says::json(
            &json!({"result": {"progressId": format!("ES_{}", self.jobs.len() - 1), "percentComplete": 0.0, "status": "inProgress"}}),
        )
    }

    fn progress(&mut self, number: usize) -> Says {
        let Some((_, began, polls)) = self.jobs.get_mut(number) else { return Says::json(&json!({})).with_status(404) };
        *polls += 1;
        Says::json(&match *polls {
            1 => json!({"result": {"percentComplete": 40.0, "status": "inProgress"}}),
            2 => json!({"result": {"percentComplete": 100.0, "status": "inProgress"}}),
            _ => {
                let token = began.timestamp().to_string();
                json!({"result": {"percentComplete": 100.0, "status": "complete", "fileId": format!("f-{number}"), "continuationToken": token}})
            }
        })
    }

    fn file(&self, number: usize) -> Says {
        let (wish, began, _) = &self.jobs[number];
        let time = |key: &str| wish[key].as_str().map(|text| text.parse::<DateTime<Utc>>().unwrap());
        let is_changed = wish["sortByLastModifiedDate"] == true;
        let behind = wish["continuationToken"].as_str().map(|token| DateTime::from_timestamp(token.parse().unwrap(), 0).unwrap());
        let mut responses: Vec<Value> = Self::answers(*began)
            .into_iter()
            .filter(|(_, recorded, changed, ..)| {
                time("startDate").is_none_or(|from| if is_changed { *changed >= from } else { *recorded >= from })
            })
            // What goes on behind a token are new answers, whatever became of others.
            .filter(|(id, recorded, changed, ..)| {
                behind.is_none_or(|behind| if id == "R_late" { *changed >= behind } else { *recorded >= behind })
            })
            .map(|(id, recorded, _, text, score)| {
                json!({"responseId": id, "values": {"recordedDate": recorded.to_rfc3339(), "status": 0, "finished": 1, "userLanguage": "EN",
                       "ipAddress": "192.0.2.9", "recipientEmail": "kari@example.net", "QID1": score, "QID2_TEXT": text}})
            })
            .collect();
        responses.push(
            json!({"responseId": "R_trial", "values": {"status": 1, "QID2_TEXT": "only trying"}, "labels": {"status": "Survey Preview"}}),
        );
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file("Bus.json", SimpleFileOptions::default()).unwrap();
        archive.write_all(json!({ "responses": responses }).to_string().as_bytes()).unwrap();
        let body = archive.finish().unwrap().into_inner();
        Says { status: 200, headers: vec![("Content-Type".to_owned(), "application/zip".to_owned())], body }
    }
}

impl Vendor for Survey {
    fn answer(&mut self, asked: &Asked) -> Says {
        assert_eq!(asked.headers["x-api-token"], "hush-7");
        let path = asked.path.strip_prefix("/API/v3/surveys/SV_7/export-responses").unwrap().trim_start_matches('/').to_owned();
        let number = |text: &str| text.rsplit(['_', '-']).next().unwrap().parse().unwrap();
        match (asked.method.as_str(), path.split_once('/')) {
            ("POST", None) => self.start(asked),
            ("GET", None) => self.progress(number(&path)),
            ("GET", Some((file, "file"))) => self.file(number(file)),
            other => panic!("{other:?}"),
        }
    }

    fn busy(&mut self, _asked: &Asked) -> Says {
        let error = json!({"errorCode": "RTL_1", "errorMessage": "Too many requests have been made."});
        Says::json(&json!({"meta": {"httpStatus": "429 - Too Many Requests", "error": error}})).with_status(429).with("Retry-After", "2")
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        // The last export began before now.
        let began = self.jobs.iter().rev().find(|(_, _, polls)| *polls >= 3).map_or(now, |(_, began, _)| *began);
        Self::answers(began).into_iter().map(|(id, _, _, text, score)| (id, (text, Some(f64::from(score))))).collect()
    }
}

#[test]
fn a_day_of_a_survey_is_stored_as_it_was() {
    let told = live(
        "[[source]]\nname = \"bus\"\nevery = \"30m\"\nsince = \"7d\"\n[source.qualtrics]\ndatacenter = \"fra1\"\nsurvey = \"SV_7\"\n\
         token = { file = \"HERE/token\" }\nrating = \"QID1\"\ntext = [\"QID2_TEXT\"]\nfull_export = \"5h\"\nbase_url = \"BASE\"\n",
        &[("token", "hush-7\n")],
        Survey::default(),
    );
    assert!(told.errors.iter().all(|error| !error.contains("patience")), "{:#?}", told.errors);
    let started: Vec<&Asked> = told.heard.iter().filter(|asked| asked.method == "POST").collect();
    assert!(started.iter().any(|asked| asked.body.contains("continuationToken")) && started.len() < 80, "{}", started.len());
    // Between two questions about a job lie five seconds at least.
    for pair in told.heard.windows(2).filter(|pair| pair[0].path == pair[1].path && pair[0].path.contains("/ES_")) {
        assert!((pair[1].now - pair[0].now).num_milliseconds() >= 2000, "{}", pair[0].path);
    }
    assert!(told.items.iter().all(|item| item["external_id"] != "R_trial"));
    assert!(!serde_json::to_string(&told.items).unwrap().contains("example.net"));
    let last = told.heard.last().unwrap().now;
    assert!(last > hour(24.0) - TimeDelta::minutes(40), "{last}");
}
