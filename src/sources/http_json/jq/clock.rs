//! Times in programs: seconds since 1970, ISO 8601, and the list of eight numbers that jq calls broken down.

use std::fmt::Write as _;

use chrono::DateTime;
use chrono::Datelike as _;
use chrono::NaiveDate;
use chrono::NaiveDateTime;
use chrono::Timelike as _;
use chrono::Utc;
use jaq_core::Error;
use jaq_core::ValR;

use crate::sources::http_json::jq::functions::text_of;
use crate::sources::http_json::jq::meter;
use crate::sources::http_json::jq::value::Number;
use crate::sources::http_json::jq::value::Value;

/// `"2026-03-01T10:00:00Z"`
pub(super) fn to_iso(value: &Value) -> ValR<Value> {
    let moment = moment(value)?;
    let form = if moment.nanosecond() == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.fZ" };
    Ok(Value::text(moment.format(form).to_string()))
}

/// Seconds since 1970.
pub(super) fn from_iso(value: &Value) -> ValR<Value> {
    let text = text_of(value)?;
    let moment = DateTime::parse_from_rfc3339(text.trim()).map_err(|_| Error::str("no time as RFC 3339 writes it"))?;
    Ok(epoch(moment.to_utc()))
}

/// `[2026, 2, 1, 10, 0, 0, 0, 59]`: month and day of the year count from 0, the week begins on Sunday.
pub(super) fn broken_down(value: &Value) -> ValR<Value> {
    Ok(parts(moment(value)?.naive_utc()))
}

/// Seconds since 1970 of what is broken down.
pub(super) fn seconds(value: &Value) -> ValR<Value> {
    Ok(epoch(joined(value)?.and_utc()))
}

/// A text by its form, broken down.
pub(super) fn parsed(value: &Value, form: &Value) -> ValR<Value> {
    let (text, form) = (text_of(value)?, short(form)?);
    let read = DateTime::parse_from_str(text, form)
        .map(|moment| moment.naive_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, form))
        .or_else(|_| NaiveDate::parse_from_str(text, form).map(|day| day.and_time(chrono::NaiveTime::MIN)));
    read.map(parts).map_err(|_| Error::str(format!("the date does not have the form {form}")))
}

/// A time in some form.
pub(super) fn written(value: &Value, form: &Value) -> ValR<Value> {
    let moment = match value {
        Value::List(_) => joined(value)?.and_utc(),
        other => moment(other)?,
    };
    let form = short(form)?;
    // A single letter can stand for a hundred.
    meter::make(200 * form.len() as u64);
    let mut text = String::new();
    write!(text, "{}", moment.format(form)).map_err(|_| Error::str(format!("{form} is no form of a date")))?;
    Ok(Value::text(text))
}

fn short(form: &Value) -> Result<&str, Error<Value>> {
    let form = text_of(form)?;
    if form.len() > 100 { Err(Error::str("a form of a date longer than 100 bytes")) } else { Ok(form) }
}

fn moment(value: &Value) -> Result<DateTime<Utc>, Error<Value>> {
    let outside = || Error::str("a time outside of the calendar");
    match value {
        Value::Number(Number::Whole(whole)) => DateTime::from_timestamp(*whole, 0).ok_or_else(outside),
        Value::Number(number) => {
            let seconds = number.float();
            if !seconds.is_finite() || seconds.abs() > 1e12 {
                return Err(outside());
            }
            // Microseconds: a float has no more to give for times of this century.
            DateTime::from_timestamp_micros((seconds * 1e6).round() as i64).ok_or_else(outside)
        }
        other => Err(Error::typ(other.clone(), "number")),
    }
}

fn epoch(moment: DateTime<Utc>) -> Value {
    if moment.nanosecond() == 0 {
        return Value::Number(Number::Whole(moment.timestamp()));
    }
    Value::Number(Number::Float(moment.timestamp_micros() as f64 / 1e6))
}

fn parts(time: NaiveDateTime) -> Value {
    let second = f64::from(time.second()) + f64::from(time.nanosecond() % 1_000_000_000) / 1e9;
    let second = if second.fract() == 0.0 { Number::Whole(second as i64) } else { Number::Float(second) };
    let whole = [time.year(), time.month0() as i32, time.day() as i32, time.hour() as i32, time.minute() as i32];
    let rest = [time.weekday().num_days_from_sunday() as i32, time.ordinal0() as i32];
    let number = |number: i32| Value::Number(Number::Whole(i64::from(number)));
    let second = std::iter::once(Value::Number(second));
    whole.into_iter().map(number).chain(second).chain(rest.into_iter().map(number)).collect()
}

fn joined(value: &Value) -> Result<NaiveDateTime, Error<Value>> {
    let wrong = || Error::str("no broken down time: six numbers at least, the month from 0");
    let Value::List(list) = value else { return Err(wrong()) };
    let number = |at: usize| list.values.get(at).and_then(Value::as_number).filter(|number| number.abs() < 1e6).ok_or_else(wrong);
    let day = NaiveDate::from_ymd_opt(number(0)? as i32, number(1)? as u32 + 1, number(2)? as u32).ok_or_else(wrong)?;
    let second = number(5)?;
    day.and_hms_nano_opt(number(3)? as u32, number(4)? as u32, second as u32, (second.fract() * 1e9) as u32).ok_or_else(wrong)
}
