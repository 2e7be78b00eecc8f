//! The functions of jq that work on JSON, texts, patterns and times, each paid for.
//!
//! What is in the libraries of jaq is taken from there (`prelude.rs`). What has to know our values,
//! or brings a library along of which there is one already, stands here.

use std::borrow::Cow;

use base64::Engine as _;
use jaq_core::Bind;
use jaq_core::Error;
use jaq_core::RunPtr;
use jaq_core::ValR;
use jaq_core::native::Filter;
use jaq_core::native::bome;
use jaq_core::native::unary;
use jaq_core::native::v;
use regex::Regex;
use regex::RegexBuilder;

use crate::sources::html;
use crate::sources::http_json::jq::Metered;
use crate::sources::http_json::jq::clock;
use crate::sources::http_json::jq::meter;
use crate::sources::http_json::jq::read;
use crate::sources::http_json::jq::value::Number;
use crate::sources::http_json::jq::value::Value;

/// All of them.
pub(super) fn all() -> Vec<Filter<RunPtr<Metered>>> {
    let mut all: Vec<Filter<RunPtr<Metered>>> = vec![
        ("tojson", v(0), |cv| bome(Ok(Value::text(cv.1.json())))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("tonumber", v(0), |cv| bome(to_number(cv.1))),
        ("toboolean", v(0), |cv| bome(to_boolean(cv.1))),
        ("length", v(0), |cv| bome(length(&cv.1))),
        ("flatten_", v(1), |cv| unary(cv, |value, depth| flatten(value, depth.as_number().unwrap_or(0.0).clamp(0.0, 300.0) as u32))),
        ("has", v(1), |cv| unary(cv, |value, name| has(&value, &name))),
        ("contains", v(1), |cv| unary(cv, |value, part| Ok(Value::Bool(contains(&value, &part))))),
        ("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part))),
        ("strip_html", v(0), |cv| bome(on_text(&cv.1, |text| Cow::Owned(html::to_text(text))))),
        ("escape_html", v(0), |cv| bome(on_text(&cv.1, escape_html))),
        ("unescape_html", v(0), |cv| bome(on_text(&cv.1, |text| crate::sources::markup::resolve(text)))),
        ("encode_uri", v(0), |cv| bome(on_text(&cv.1, |text| Cow::Owned(encode_uri(text))))),
        ("decode_uri", v(0), |cv| bome(on_text(&cv.1, |text| Cow::Owned(decode_uri(text))))),
        ("encode_base64", v(0), |cv| bome(on_text(&cv.1, |text| Cow::Owned(base64::engine::general_purpose::STANDARD.encode(text))))),
        ("decode_base64", v(0), |cv| bome(decode_base64(&cv.1))),
        ("todateiso8601", v(0), |cv| bome(clock::to_iso(&cv.1))),
        ("fromdateiso8601", v(0), |cv| bome(clock::from_iso(&cv.1))),
        ("gmtime", v(0), |cv| bome(clock::broken_down(&cv.1))),
        ("mktime", v(0), |cv| bome(clock::seconds(&cv.1))),
        ("strptime", v(1), |cv| unary(cv, |value, form| clock::parsed(&value, &form))),
        ("strftime", v(1), |cv| unary(cv, |value, form| clock::written(&value, &form))),
    ];
    let two = || -> Box<[Bind]> { [Bind::Var(()), Bind::Var(())].into() };
    all.push(("matches", two(), |mut cv| {
        let (flags, pattern) = (cv.0.pop_var(), cv.0.pop_var());
        bome(matches(&cv.1, &pattern, &flags, false, true))
    }));
    all.push(("split_matches", two(), |mut cv| {
        let (flags, pattern) = (cv.0.pop_var(), cv.0.pop_var());
        bome(matches(&cv.1, &pattern, &flags, true, true))
    }));
    all.push(("split_", two(), |mut cv| {
        let (flags, pattern) = (cv.0.pop_var(), cv.0.pop_var());
        bome(matches(&cv.1, &pattern, &flags, true, false))
    }));
    all
}

pub(super) fn text_of(value: &Value) -> Result<&str, Error<Value>> {
    let text = value.as_text().ok_or_else(|| Error::typ(value.clone(), "string"))?;
    meter::step(text.len() as u64 / 8);
    Ok(text)
}

fn on_text<'a>(value: &'a Value, change: impl Fn(&'a str) -> Cow<'a, str>) -> ValR<Value> {
    let text = text_of(value)?;
    // None of them makes it more than six times as long.
    meter::make(6 * text.len() as u64);
    Ok(Value::text(change(text)))
}

fn from_json(value: &Value) -> ValR<Value> {
    let text = text_of(value)?;
    read::document(text).map_err(|broken| Error::str(format!("no JSON: {broken}")))
}

fn to_number(value: Value) -> ValR<Value> {
    let number = match &value {
        Value::Number(_) => return Ok(value),
        Value::Text(text) => Number::read(text.trim()).filter(|number| number.float().is_finite()),
        _ => None,
    };
    number.map(Value::Number).ok_or_else(|| Error::typ(value, "number"))
}

fn to_boolean(value: Value) -> ValR<Value> {
    match (&value, value.as_text()) {
        (Value::Bool(_), _) => Ok(value),
        (_, Some("true")) => Ok(Value::Bool(true)),
        (_, Some("false")) => Ok(Value::Bool(false)),
        _ => Err(Error::typ(value, "boolean")),
    }
}

fn length(value: &Value) -> ValR<Value> {
    match value {
        Value::Null => Ok(Value::from(0_usize)),
        Value::Number(Number::Whole(whole)) => Ok(Value::Number(Number::Whole(whole.saturating_abs()))),
        Value::Number(number) => Ok(Value::from(number.float().abs())),
        Value::Text(_) => Ok(Value::from(text_of(value)?.chars().count())),
        Value::List(list) => Ok(Value::from(list.values.len())),
        Value::Object(object) => Ok(Value::from(object.values.len())),
        Value::Bool(_) => Err(Error::str(format!("{value} has no length"))),
    }
}

/// No deeper than values are.
fn flatten(value: Value, depth: u32) -> ValR<Value> {
    fn into(values: Vec<Value>, depth: u32, flat: &mut Vec<Value>) {
        for value in values {
            match value {
                Value::List(_) if depth > 0 => into(value.into_values().unwrap_or_default(), depth - 1, flat),
                value => {
                    meter::make(32);
                    flat.push(value);
                }
            }
        }
    }
    let mut flat = Vec::new();
    into(value.into_values().map_err(|other| Error::typ(other, "array"))?, depth, &mut flat);
    Ok(Value::list(flat))
}

fn has(value: &Value, name: &Value) -> ValR<Value> {
    match (value, name) {
        (Value::Object(object), Value::Text(name)) => Ok(Value::Bool(object.values.contains_key(name))),
        (Value::List(list), Value::Number(number)) => {
            Ok(Value::Bool(number.whole().is_some_and(|at| at >= 0 && (at as usize) < list.values.len())))
        }
        _ => Err(Error::index(value.clone(), name.clone())),
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    meter::step(1);
    match (value, part) {
        (Value::Text(text), Value::Text(part)) => {
            meter::step(text.len() as u64 / 8);
            text.contains(&**part)
        }
        (Value::List(list), Value::List(parts)) => parts.values.iter().all(|part| list.values.iter().any(|value| contains(value, part))),
        (Value::Object(object), Value::Object(parts)) => {
            parts.values.iter().all(|(name, part)| object.values.get(name).is_some_and(|value| contains(value, part)))
        }
        (value, part) => value == part,
    }
}

fn indices(value: &Value, part: &Value) -> ValR<Value> {
    match (value, part) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Text(text), Value::Text(part)) if !part.is_empty() => {
            meter::step(text.len() as u64 / 4);
            // Places are counted in letters.
            let (mut letters, mut before) = (0, 0);
            Ok(text
                .match_indices(&**part)
                .map(|(at, _)| {
                    letters += text[before..at].chars().count();
                    before = at;
                    Value::from(letters)
                })
                .collect())
        }
        (Value::Text(_), Value::Text(_)) => Ok(Value::Null),
        (Value::List(list), Value::List(parts)) if parts.values.is_empty() || list.values.is_empty() => Ok(Value::list(Vec::new())),
        (Value::List(list), Value::List(parts)) => {
            let found = list.values.windows(parts.values.len()).enumerate().filter(|(_, window)| *window == parts.values.as_slice());
            Ok(found.map(|(at, _)| Value::from(at)).collect())
        }
        (Value::List(list), part) => {
            Ok(list.values.iter().enumerate().filter(|(_, value)| *value == part).map(|(at, _)| Value::from(at)).collect())
        }
        _ => Err(Error::index(value.clone(), part.clone())),
    }
}

fn escape_html(text: &str) -> Cow<'_, str> {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    Cow::Owned(escaped)
}

fn encode_uri(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase()));
        }
    }
    encoded
}

fn decode_uri(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn decode_base64(value: &Value) -> ValR<Value> {
    let text = text_of(value)?;
    meter::make(text.len() as u64);
    let plain = text.trim_end_matches('=');
    let decoded = base64::engine::general_purpose::STANDARD_NO_PAD.decode(plain).map_err(|_| Error::str("no base64"))?;
    Ok(Value::text(String::from_utf8_lossy(&decoded)))
}

/// What matches, what does not, or both in turn, in the form that the definitions of jq expect: a list of
/// matches, each a list of groups.
fn matches(value: &Value, pattern: &Value, flags: &Value, rest: bool, found: bool) -> ValR<Value> {
    let (text, pattern, flags) = (text_of(value)?, text_of(pattern)?, flags.as_text().unwrap_or_default());
    let regex = expression(pattern, flags)?;
    // The engine goes through the text once for each state of the pattern, at worst.
    meter::step((text.len() as u64 / 8 + 1) * (pattern.len() as u64 + 1));
    let mut parts = Vec::new();
    let mut end = 0;
    let mut letters = Letters { text, at: 0, count: 0 };
    for groups in regex.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        if flags.contains('n') && whole.is_empty() {
            continue;
        }
        if rest {
            parts.push(Value::text(&text[end..whole.start()]));
            end = whole.end();
        }
        if found {
            let start = letters.up_to(whole.start());
            let group = |(group, name): (Option<regex::Match<'_>>, Option<&str>)| {
                let group = group?;
                let offset = start + text[whole.start().min(group.start())..group.start()].chars().count();
                let fields = [
                    ("offset", Value::from(offset)),
                    ("length", Value::from(group.as_str().chars().count())),
                    ("string", Value::text(group.as_str())),
                ];
                let named = name.map(|name| ("name", Value::text(name)));
                Some(Value::object(fields.into_iter().chain(named).map(|(name, value)| (name.into(), value)).collect()))
            };
            parts.push(groups.iter().zip(regex.capture_names()).filter_map(group).collect());
        }
        if !flags.contains('g') {
            break;
        }
    }
    if rest {
        parts.push(Value::text(&text[end..]));
    }
    Ok(Value::list(parts))
}

fn expression(pattern: &str, flags: &str) -> Result<Regex, Error<Value>> {
    if let Some(flag) = flags.chars().find(|flag| !"gnimslxp".contains(*flag)) {
        return Err(Error::str(format!("invalid regex flag: {flag}")));
    }
    if pattern.len() > 1000 {
        return Err(Error::str("a regular expression longer than 1000 bytes"));
    }
    // Compiling costs more than most of what is matched with it.
    meter::step(1000 + 20 * pattern.len() as u64);
    let both = flags.contains('p');
    RegexBuilder::new(pattern)
        .case_insensitive(flags.contains('i'))
        .multi_line(both || flags.contains('m'))
        .dot_matches_new_line(both || flags.contains('s'))
        .swap_greed(flags.contains('l'))
        .ignore_whitespace(flags.contains('x'))
        .size_limit(256 * 1024)
        .dfa_size_limit(256 * 1024)
        .nest_limit(50)
        .build()
        .map_err(|_| Error::str("invalid regex"))
}

/// Counts letters up to places that come in order.
struct Letters<'a> {
    text: &'a str,
    at: usize,
    count: usize,
}

impl Letters<'_> {
    fn up_to(&mut self, at: usize) -> usize {
        self.count += self.text[self.at..at].chars().count();
        self.at = at;
        self.count
    }
}
