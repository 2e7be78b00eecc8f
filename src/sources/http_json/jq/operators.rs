//! What operators and paths of jq do to values.

use std::collections::BTreeMap;
use std::ops;
use std::rc::Rc;

use jaq_core::Error;
use jaq_core::ValR;
use jaq_core::ValX;
use jaq_core::box_iter::BoxIter;
use jaq_core::box_iter::box_once;
use jaq_core::path::Opt;
use jaq_core::val::Range;

use crate::sources::http_json::jq::meter;
use crate::sources::http_json::jq::value::Number;
use crate::sources::http_json::jq::value::Value;

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Self::Bool(is)
    }
}

impl From<isize> for Value {
    fn from(whole: isize) -> Self {
        meter::step(1);
        Self::Number(Number::Whole(whole as i64))
    }
}

impl From<usize> for Value {
    fn from(whole: usize) -> Self {
        meter::step(1);
        Self::Number(Number::Whole(whole as i64))
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        meter::step(1);
        Self::Number(Number::Float(float))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Range<Self>> for Value {
    fn from(range: Range<Self>) -> Self {
        let ends = [("start", range.start), ("end", range.end)];
        Self::object(ends.into_iter().filter_map(|(name, value)| Some((Rc::from(name), value?))).collect())
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(values: I) -> Self {
        // Each is paid for when it is put in, or a generator without end would fill the memory first.
        let paid = values.into_iter().inspect(|_| meter::make(32));
        Self::list(paid.collect())
    }
}

fn mismatch(left: Value, sign: jaq_core::ops::Math, right: Value) -> ValR<Value> {
    Err(Error::math(left, sign, right))
}

fn calculated(left: &Number, right: &Number, whole: fn(i64, i64) -> Option<i64>, float: fn(f64, f64) -> f64) -> ValR<Value> {
    let both = left.whole().zip(right.whole()).and_then(|(left, right)| whole(left, right));
    Ok(Value::Number(both.map_or_else(|| Number::Float(float(left.float(), right.float())), Number::Whole)))
}

impl ops::Add for Value {
    type Output = ValR<Self>;

    fn add(self, other: Self) -> ValR<Self> {
        meter::step(1);
        match (self, other) {
            (Self::Null, value) | (value, Self::Null) => Ok(value),
            (Self::Number(left), Self::Number(right)) => calculated(&left, &right, i64::checked_add, |left, right| left + right),
            (Self::Text(left), Self::Text(right)) => {
                meter::make((left.len() + right.len()) as u64);
                Ok(Self::Text(Rc::from(format!("{left}{right}"))))
            }
            (left @ Self::List(_), Self::List(right)) => {
                let mut values = left.into_values().unwrap_or_default();
                meter::make(32 * (values.len() + right.values.len()) as u64);
                values.extend(right.values.iter().cloned());
                Ok(Self::list(values))
            }
            (Self::Object(left), Self::Object(right)) => {
                let mut values = owned(left);
                values.extend(right.values.iter().map(|(name, value)| (Rc::clone(name), value.clone())));
                Ok(Self::object(values))
            }
            (left, right) => mismatch(left, jaq_core::ops::Math::Add, right),
        }
    }
}

impl ops::Sub for Value {
    type Output = ValR<Self>;

    fn sub(self, other: Self) -> ValR<Self> {
        meter::step(1);
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => calculated(&left, &right, i64::checked_sub, |left, right| left - right),
            (left @ Self::List(_), Self::List(right)) => {
                let gone: std::collections::BTreeSet<&Self> = right.values.iter().collect();
                let values = left.into_values().unwrap_or_default();
                Ok(Self::list(values.into_iter().filter(|value| !gone.contains(value)).collect()))
            }
            (left, right) => mismatch(left, jaq_core::ops::Math::Sub, right),
        }
    }
}

impl ops::Mul for Value {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> ValR<Self> {
        meter::step(1);
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => calculated(&left, &right, i64::checked_mul, |left, right| left * right),
            (Self::Text(text), Self::Number(times)) | (Self::Number(times), Self::Text(text)) => {
                let times = times.float();
                if times <= 0.0 || times.is_nan() {
                    return Ok(Self::Null);
                }
                let times = times.ceil().min(1e15) as u64;
                meter::make(times.saturating_mul(text.len() as u64).saturating_add(times / 64));
                Ok(Self::text(text.repeat(if text.is_empty() { 0 } else { times as usize })))
            }
            (Self::Object(left), Self::Object(right)) => Ok(Self::object(merged(owned(left), &right.values))),
            (left, right) => mismatch(left, jaq_core::ops::Math::Mul, right),
        }
    }
}

impl ops::Div for Value {
    type Output = ValR<Self>;

    fn div(self, other: Self) -> ValR<Self> {
        meter::step(1);
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => {
                let whole = |left: i64, right: i64| {
                    if right != 0 { left.checked_rem(right).filter(|rest| *rest == 0).map(|_| left / right) } else { None }
                };
                calculated(&left, &right, whole, |left, right| left / right)
            }
            (Self::Text(text), Self::Text(mark)) => {
                meter::step(text.len() as u64 / 8);
                Ok(match (text.is_empty(), mark.is_empty()) {
                    (true, _) => Self::list(Vec::new()),
                    (false, true) => text.chars().map(|letter| Self::text(letter.encode_utf8(&mut [0; 4]))).collect(),
                    (false, false) => text.split(&*mark).map(Self::text).collect(),
                })
            }
            (left, right) => mismatch(left, jaq_core::ops::Math::Div, right),
        }
    }
}

impl ops::Rem for Value {
    type Output = ValR<Self>;

    fn rem(self, other: Self) -> ValR<Self> {
        meter::step(1);
        match (self, other) {
            (Self::Number(left), Self::Number(right)) if right.float() != 0.0 => {
                calculated(&left, &right, i64::checked_rem, |left, right| left % right)
            }
            (left, right) => mismatch(left, jaq_core::ops::Math::Rem, right),
        }
    }
}

impl ops::Neg for Value {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        match self {
            Self::Number(number) => calculated(&Number::Whole(0), &number, i64::checked_sub, |_, right| -right),
            other => Err(Error::typ(other, "number")),
        }
    }
}

/// The names and values of an object, taken out where nobody else has it.
fn owned(object: Rc<super::value::Object>) -> BTreeMap<Rc<str>, Value> {
    meter::step(object.values.len() as u64);
    Rc::try_unwrap(object).map_or_else(|object| object.values.clone(), |object| object.values)
}

/// Objects inside objects are merged too. As deep as values are.
fn merged(mut left: BTreeMap<Rc<str>, Value>, right: &BTreeMap<Rc<str>, Value>) -> BTreeMap<Rc<str>, Value> {
    for (name, value) in right {
        let merged = match (left.remove(name), value) {
            (Some(Value::Object(inside)), Value::Object(other)) => Value::object(merged(owned(inside), &other.values)),
            (_, value) => value.clone(),
        };
        left.insert(Rc::clone(name), merged);
    }
    left
}

/// Where an index of a list points, from its end where it is negative.
fn place(index: i64, length: usize) -> Option<usize> {
    let place = if index < 0 { index + length as i64 } else { index };
    usize::try_from(place).ok().filter(|place| *place < length)
}

/// The ends of a slice.
fn bounds(range: &Range<&Value>, length: usize) -> Result<(usize, usize), Error<Value>> {
    let end = |value: Option<&Value>, otherwise: usize| match value {
        None | Some(Value::Null) => Ok(otherwise),
        Some(Value::Number(number)) => {
            let at = number.float();
            let at = if at < 0.0 { at + length as f64 } else { at };
            Ok((at.clamp(0.0, length as f64)) as usize)
        }
        Some(other) => Err(Error::typ(other.clone(), "integer")),
    };
    let (from, to) = (end(range.start, 0)?, end(range.end, length)?);
    Ok((from, to.max(from)))
}

impl jaq_core::ValT for Value {
    fn from_num(written: &str) -> ValR<Self> {
        let number = Number::read(written).ok_or_else(|| Error::str(format!("cannot read {written} as a number")))?;
        Ok(Self::Number(number))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(pairs: I) -> ValR<Self> {
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            meter::make(96);
            match name {
                Self::Text(name) => values.insert(name, value),
                other => return Err(Error::typ(other, "name in an object")),
            };
        }
        Ok(Self::object(values))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::List(_) => {
                let values = self.into_values().unwrap_or_default();
                Box::new(values.into_iter().enumerate().map(|(at, value)| Ok((Self::from(at), value))))
            }
            Self::Object(object) => Box::new(owned(object).into_iter().map(|(name, value)| {
                meter::step(1);
                Ok((Self::Text(name), value))
            })),
            other => box_once(Err(Error::typ(other, "iterable (array or object)"))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Self::List(_) => Box::new(self.into_values().unwrap_or_default().into_iter().map(|value| {
                meter::step(1);
                Ok(value)
            })),
            Self::Object(object) => Box::new(owned(object).into_values().map(|value| {
                meter::step(1);
                Ok(value)
            })),
            other => box_once(Err(Error::typ(other, "iterable (array or object)"))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        match (&self, index) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Object(object), Self::Text(name)) => Ok(object.values.get(name).cloned().unwrap_or(Self::Null)),
            (Self::List(list), Self::Number(number)) => {
                let at = number.float().floor();
                let at = if at.abs() < 1e15 { place(at as i64, list.values.len()) } else { None };
                Ok(at.map_or(Self::Null, |at| list.values[at].clone()))
            }
            (Self::List(_) | Self::Text(_), Self::Object(range)) => {
                let (start, end) = (range.values.get("start").cloned(), range.values.get("end").cloned());
                self.range(start.as_ref()..end.as_ref())
            }
            _ => Err(Error::index(self, index.clone())),
        }
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::List(list) => {
                let (from, to) = bounds(&range, list.values.len())?;
                Ok(list.values[from..to].iter().cloned().collect())
            }
            Self::Text(text) => {
                meter::step(text.len() as u64 / 8);
                let (from, to) = bounds(&range, text.chars().count())?;
                Ok(Self::text(text.chars().skip(from).take(to - from).collect::<String>()))
            }
            other => Err(Error::typ(other, "rangeable (array or string)")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self {
            Self::List(_) => {
                let values = self.into_values().unwrap_or_default();
                values.into_iter().flat_map(f).inspect(|_| meter::make(32)).collect::<Result<Vec<_>, _>>().map(Self::list)
            }
            Self::Object(object) => {
                let changed = owned(object).into_iter().filter_map(|(name, value)| f(value).next().map(|value| Ok((name, value?))));
                changed.collect::<Result<BTreeMap<_, _>, jaq_core::Exn<'a, Self>>>().map(Self::object)
            }
            other => opt.fail(other, |other| Error::typ(other, "iterable (array or object)").into()),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(self, index: &Self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match (self, index) {
            (Self::Null, Self::Text(_)) => Self::object(BTreeMap::new()).map_index(index, opt, f),
            (Self::Object(object), Self::Text(name)) => {
                let mut values = owned(object);
                let old = values.remove(name).unwrap_or(Self::Null);
                if let Some(new) = f(old).next().transpose()? {
                    values.insert(Rc::clone(name), new);
                }
                Ok(Self::object(values))
            }
            (list @ Self::List(_), Self::Number(number)) => {
                let mut values = list.into_values().unwrap_or_default();
                let Some(at) = number.whole().and_then(|at| place(at, values.len())) else {
                    let outside = || Error::str(format!("index {number} is out of bounds")).into();
                    return opt.fail(Self::list(values), |_| outside());
                };
                let old = std::mem::replace(&mut values[at], Self::Null);
                match f(old).next().transpose()? {
                    Some(new) => values[at] = new,
                    None => drop(values.remove(at)),
                }
                Ok(Self::list(values))
            }
            (list @ Self::List(_), Self::Object(range)) => {
                let (start, end) = (range.values.get("start").cloned(), range.values.get("end").cloned());
                list.map_range(start.as_ref()..end.as_ref(), opt, f)
            }
            (other, index) => {
                let index = index.clone();
                opt.fail(other, |other| Error::index(other, index).into())
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(self, range: Range<&Self>, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self {
            Self::List(_) => {
                let mut values = self.into_values().unwrap_or_default();
                let (from, to) = match bounds(&range, values.len()) {
                    Ok(bounds) => bounds,
                    Err(error) => return opt.fail(Self::list(values), |_| error.into()),
                };
                let slice = values[from..to].iter().cloned().collect();
                let new = f(slice).next().transpose()?.unwrap_or_else(|| Self::list(Vec::new()));
                let new = new.into_values().map_err(|other| Error::typ(other, "array"))?;
                values.splice(from..to, new);
                Ok(Self::list(values))
            }
            other => opt.fail(other, |other| Error::typ(other, "array").into()),
        }
    }

    fn as_bool(&self) -> bool {
        self.is_true()
    }

    fn into_string(self) -> Self {
        match self {
            Self::Text(_) => self,
            other => Self::text(other.json()),
        }
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        self.into_values().map(|values| values.into_iter().collect())
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Number(number) if number.whole().is_some())
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Self::Number(number) => number.whole().map(|whole| whole as isize),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.float()),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        // Whoever asks for the bytes goes through them.
        let text = self.as_text()?;
        meter::step(text.len() as u64 / 8);
        Some(text.as_bytes())
    }

    fn as_sub_str(&self, piece: &[u8]) -> Self {
        Self::text(String::from_utf8_lossy(piece))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(String::from_utf8_lossy(bytes.as_ref()))
    }
}
