//! Places in any JSON, written as jq writes the simple ones: `.data.items[0].text`.

use serde_json::Value;

/// A place in JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    At(usize),
}

/// Longest path in steps.
const MOST: usize = 32;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        if !rest.starts_with('.') {
            return Err("must begin with a dot, as in `.data.text`");
        }
        if rest == "." {
            return Ok(Self::default());
        }
        while !rest.is_empty() {
            if steps.len() == MOST {
                return Err("has more than 32 steps");
            }
            let after = rest.strip_prefix(".[").or_else(|| rest.strip_prefix('['));
            let (step, left) = if let Some(after) = after { bracketed(after)? } else { named(rest)? };
            steps.push(step);
            rest = left;
        }
        Ok(Self(steps))
    }

    /// What stands there; nothing and null are the same.
    #[must_use]
    pub fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        let found = self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::At(place) => value.get(place),
        });
        found.filter(|value| !value.is_null())
    }
}

fn named(rest: &str) -> Result<(Step, &str), &'static str> {
    let rest = rest.strip_prefix('.').ok_or("needs a dot between two keys")?;
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let key = &rest[..end];
    if key.is_empty() || !key.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return Err("may have keys of letters, digits and `_` alone; write others as `[\"a key\"]`");
    }
    Ok((Step::Key(key.to_owned()), &rest[end..]))
}

fn bracketed(rest: &str) -> Result<(Step, &str), &'static str> {
    if let Some(quoted) = rest.strip_prefix('"') {
        let (key, left) = quoted.split_once("\"]").ok_or("has a bracket that does not end")?;
        return Ok((Step::Key(key.to_owned()), left));
    }
    let (place, left) = rest.split_once(']').ok_or("has a bracket that does not end")?;
    let place = place.parse().map_err(|_| "may have a number or a key in quotes in brackets, nothing else")?;
    Ok((Step::At(place), left))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_where_it_says() {
        let value = json!({"data": {"rows": [{"a key": 7}, {"t": "x"}], "no": null}});
        for (path, found) in [
            (".data.rows[1].t", Some(json!("x"))),
            (".data.rows[0][\"a key\"]", Some(json!(7))),
            (".[\"data\"].rows[0].[\"a key\"]", Some(json!(7))),
            (".data.no", None),
            (".data.rows[2]", None),
            (".data.rows.t", None),
        ] {
            assert_eq!(Path::parse(path).unwrap().of(&value), found.as_ref(), "{path}");
        }
        assert_eq!(Path::parse(".").unwrap().of(&value), Some(&value));
    }

    #[test]
    fn what_is_no_path_is_refused_in_words() {
        for bad in ["", "data", ".a..b", ".a | b", ".a[", ".a[x]", ".a[\"b]", ".a-b", "..", ".a[0]b"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
