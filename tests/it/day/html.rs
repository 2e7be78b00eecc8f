//! A day of a review page: the site's own list, newest first, over several pages, that is edited, that
//! forgets old reviews, and that is a wall for an hour.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;

use crate::day::Asked;
use crate::day::Says;
use crate::day::Vendor;
use crate::day::hour;
use crate::day::live;

/// Reviews of a page.
const PAGE: usize = 8;

struct Site;

/// A review: when it stands there first, its number, its words, its stars.
type Review = (DateTime<Utc>, u32, String, u32);

impl Site {
    /// All that were ever there by then, newest first.
    fn ever(now: DateTime<Utc>) -> Vec<Review> {
        let old = (1..=18_u32).map(|number| (hour(-12.0 * f64::from(number)), 100 - number));
        let new = (1..=30_u32).map(|number| (hour(0.7 * f64::from(number)), 100 + number));
        let words = |number: u32| {
            let edited = if number == 103 && now >= hour(3.3) { ", and they answered" } else { "" };
            format!("Tent number {number} leaks{edited}")
        };
        let mut all: Vec<Review> = old.chain(new).map(|(at, number)| (at, number, words(number), 1 + number % 5)).collect();
        all.retain(|(at, ..)| *at <= now);
        all.sort_by_key(|(_, number, ..)| std::cmp::Reverse(*number));
        all
    }
}

impl Vendor for Site {
    fn answer(&mut self, asked: &Asked) -> Says {
        let html = |text: String| Says {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "text/html; charset=utf-8".to_owned())],
            body: text.into_bytes(),
        };
        if asked.path == "/robots.txt" {
            return Says {
                status: 200,
                headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
                body: b"User-agent: *\nDisallow: /account\n".to_vec(),
            };
        }
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/tents/reviews"));
        assert!(asked.headers["user-agent"].starts_with("Uproar/"), "{:?}", asked.headers);
        assert!(!asked.headers.contains_key("cookie"));
        if asked.now >= hour(15.0) && asked.now < hour(16.0) {
            return html("<html><h1>Are you human?</h1><div class=captcha></div></html>".to_owned());
        }
        let page: usize = asked.query.get("page").map_or(1, |page| page.parse().unwrap());
        let all = Self::ever(asked.now);
        let shown: String = all
            .iter()
            .skip((page - 1) * PAGE)
            .take(PAGE)
            .map(|(at, number, words, stars)| {
                let age = (asked.now - *at).num_days();
                let date = if age < 1 { at.format("%-d %B %Y").to_string() } else { format!("{age} days ago") };
                format!(
                    "<li class=rv data-n={number}><i class='s s{stars}'></i><p>{words}</p><em>{date}</em><u>Private Person {number}</u>"
                )
            })
            .collect();
        let next = if all.len() > page * PAGE { format!("<a rel=next href='?page={}'>more</a>", page + 1) } else { String::new() };
        html(format!("<html><title>Tents</title><ul>{shown}</ul>{next}<a rel=next href='https://elsewhere.test/'>partner</a></html>"))
    }

    fn truth(&self, now: DateTime<Utc>) -> BTreeMap<String, (String, Option<f64>)> {
        // The first poll reads three pages; what came later is all there. The edit is seen because it is
        // on the first page when that is read again.
        let mut first: Vec<u32> = Self::ever(hour(0.0)).iter().take(3 * PAGE).map(|(_, number, ..)| *number).collect();
        first.extend(101..=130);
        let stored = Self::ever(now).into_iter().filter(|(at, number, ..)| first.contains(number) && *at < hour(23.0));
        stored.map(|(_, number, words, stars)| (number.to_string(), (words, Some(f64::from(stars))))).collect()
    }
}

const CONFIG: &str = "[[source]]\nname = \"tents\"\nevery = \"1h\"\n[source.html]\nurls = [\"BASE/tents/reviews\"]\npermission = \"our own shop\"\n\
                      follow_next = 2\npause = \"0s\"\n[source.html.selectors]\nitem = \"li.rv\"\nid = \"@data-n\"\ntext = \"p\"\nrating = 'i@class | /s(\\d)/'\n\
                      date = \"em\"\nauthor = \"u\"\nempty = \"ul:empty\"\n";

#[test]
fn a_day_of_a_review_page_is_stored_as_it_was() {
    let told = live(CONFIG, &[], Site);
    assert!(told.errors.iter().any(|error| error.contains("captcha")), "{:#?}", told.errors);
    assert!(told.heard.iter().any(|asked| asked.path == "/robots.txt"));
    assert!(told.items.iter().all(|item| !item.to_string().contains("Private Person")));
    assert!(told.heard.iter().all(|asked| !asked.path.contains("account")));
}
