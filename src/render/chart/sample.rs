//! Charts that the tests draw.

use chrono::TimeDelta;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::domain::Timestamp;
use crate::render::chart::Chart;
use crate::render::chart::Mark;
use crate::render::chart::Point;
use crate::render::chart::Span;

/// A week of hours with a rhythm of days, a release, and a spike of three hours.
pub(super) fn week() -> Chart {
    let begin: Timestamp = "2026-11-15T23:00:00Z".parse().unwrap();
    let hour = |at: i64| begin + TimeDelta::hours(at);
    let point = |at: i64| {
        let expected = 2.0 + 4.0 * ((at % 24 - 12).abs() as f64 / -12.0 + 1.0);
        let spike = (110..113).contains(&at);
        let count = if spike { 28.0 } else { (expected + ((at * 7919 % 11) as f64 - 5.0) / 2.5).max(0.0).round() };
        Point { start: hour(at), end: hour(at + 1), count, expected, usual: ((expected - 3.0).max(0.0), expected + 4.0), firing: spike }
    };
    Chart {
        title: "payments / login_fails / all".to_owned(),
        zone: chrono_tz::Europe::Stockholm,
        points: (0..168).map(point).collect(),
        marks: vec![Mark { at: hour(100), text: "5.2 released".to_owned() }],
        spans: vec![Span { from: hour(110), until: hour(116), text: "i-7f3k2".to_owned() }],
    }
}

/// Any times, any numbers, any words.
pub(super) fn wild() -> impl Strategy<Value = Chart> {
    let time = -9_000_000_000_000..9_000_000_000_000_i64;
    let moment = |seconds: i64| Timestamp::from_timestamp(seconds / 10, 0).unwrap();
    let point = (time.clone(), -1000..100_000_i64, any::<f64>(), any::<f64>(), any::<(f64, f64)>(), any::<bool>());
    let points = vec(point, 0..300);
    let marks = vec((time.clone(), ".{0,40}"), 0..40);
    let spans = vec((time.clone(), time, ".{0,20}"), 0..5);
    (points, marks, spans, ".{0,200}").prop_map(move |(points, marks, spans, title)| Chart {
        title,
        zone: chrono_tz::Pacific::Apia,
        points: points
            .into_iter()
            .map(|(start, length, count, expected, usual, firing)| Point {
                start: moment(start),
                end: moment(start.saturating_add(10 * length)),
                count,
                expected,
                usual,
                firing,
            })
            .collect(),
        marks: marks.into_iter().map(|(at, text)| Mark { at: moment(at), text }).collect(),
        spans: spans.into_iter().map(|(from, until, text)| Span { from: moment(from), until: moment(until), text }).collect(),
    })
}
