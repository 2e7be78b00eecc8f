//! Secrets, which the file only names, and addresses that may be one.

use serde_json::Value as Json;
use serde_json::json;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::address;
use crate::config::kind::quoted;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::problem::Severity;
use crate::config::reader::Reader;
use crate::config::secrets::Reference;
use crate::config::shape::Shape;
use crate::config::suggest;
use crate::config::tree::Entry;
use crate::config::tree::Node;
use crate::config::tree::Table;
use crate::config::tree::Value;
use crate::domain::secret::Secret;
use crate::domain::secret::ShownUrl;

/// A secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Where it is kept.
    pub reference: Reference,
    /// What it is; `None` when it could not be read, which was reported.
    pub secret: Option<Secret>,
}

/// An address on the web that may be a secret: as a text without a password, or kept elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Discreet {
    /// In the file.
    Open(Secret),
    /// Elsewhere.
    Kept(Kept),
}

impl Discreet {
    /// The address; `None` when it could not be read.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Open(secret) => Some(secret),
            Self::Kept(kept) => kept.secret.as_ref(),
        }
    }
}

const PLACES: [&str; 3] = ["credential", "file", "env"];
const HOW: &str = "name the place instead: `{ credential = \"...\" }`, `{ file = \"...\" }` or `{ env = \"...\" }`";

fn table_schema() -> Json {
    let one =
        |key: &str| json!({"type": "object", "properties": {key: {"type": "string"}}, "required": [key], "additionalProperties": false});
    json!({"oneOf": PLACES.map(one)})
}

impl Kind for Kept {
    const SHAPE: Shape = Shape::Secret(table_schema);

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Table(table) = &node.value else {
            reader.hide(&node.at);
            let message = format!("`{}` is a secret and must not stand in the file", reader.key());
            reader.report(Problem::error(Code::PlainSecret, node.at.clone(), message).label("the secret itself").help(HOW));
            return None;
        };
        let reference = reference(table, node, reader)?;
        let secret = fetch(&reference, node, reader);
        Some(Self { reference, secret })
    }

    fn shown(&self) -> Shown {
        Shown::Secret(self.reference.to_string())
    }
}

/// Reads which place a table names.
fn reference(table: &Table, node: &Node, reader: &mut Reader<'_>) -> Option<Reference> {
    let (known, unknown): (Vec<&Entry>, Vec<&Entry>) = table.entries.iter().partition(|entry| PLACES.contains(&entry.key.as_str()));
    for entry in &unknown {
        // Who writes `{ value = "..." }` wrote the secret.
        reader.hide(&entry.node.at);
        let message = format!("unknown key `{}` in the secret `{}`", entry.key, reader.key());
        let help = suggest::question(&entry.key, PLACES);
        reader.report(Problem::error(Code::UnknownKey, entry.key_at.clone(), message).label("no such place").help(help));
    }
    match known.as_slice() {
        [] if !unknown.is_empty() => None,
        [entry] => match &entry.node.value {
            Value::Text(text) if !text.is_empty() => Some(match entry.key.as_str() {
                "credential" => Reference::Credential(text.clone()),
                "file" => Reference::File(text.into()),
                _ => Reference::Env(text.clone()),
            }),
            _ => {
                reader.hide(&entry.node.at);
                reader.refuse(Code::WrongKind, &entry.node, "must name its place with a text in quotes")
            }
        },
        _ => {
            let message = format!("the secret `{}` needs exactly one of `credential`, `file` and `env`", reader.key());
            reader.report(Problem::error(Code::NotOneOf, node.at.clone(), message).label("one place, please").help(HOW));
            None
        }
    }
}

fn fetch(reference: &Reference, node: &Node, reader: &mut Reader<'_>) -> Option<Secret> {
    match reader.secrets.read(reference) {
        Ok(text) => Some(Secret::new(text)),
        Err(error) => {
            let message = format!("the secret `{}` cannot be read: {}", reader.key(), error.why);
            let mut problem = Problem::error(Code::UnreadableSecret, node.at.clone(), message).label(reference.to_string());
            if error.tolerated {
                problem.severity = Severity::Warning;
            }
            reader.report(problem.help(error.cure));
            None
        }
    }
}

impl Kind for Discreet {
    const SHAPE: Shape = Shape::Secret(|| {
        let mut places = vec![json!({"type": "string", "format": "uri"})];
        places.extend(table_schema()["oneOf"].as_array().cloned().unwrap_or_default());
        json!({"oneOf": places})
    });

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let Value::Table(_) = node.value {
            let kept = Kept::read(node, reader)?;
            // What was fetched is checked like what is written, but never shown.
            if let Some(secret) = &kept.secret
                && let Err(why) = check(secret.reveal())
            {
                reader.refuse::<()>(Code::BadSecret, node, &format!("was read, but {why}"));
            }
            return Some(Self::Kept(kept));
        }
        // Hooks carry their key in the path: a message may not show it.
        reader.hide(&node.at);
        address::web(node, reader).map(|web| Self::Open(Secret::new(web.text)))
    }

    fn shown(&self) -> Shown {
        match self {
            Self::Open(secret) => {
                let shown = ShownUrl::of(secret.reveal()).to_string();
                let whole = secret.reveal().trim_end_matches('/') == shown;
                Shown::Inline(quoted(&if whole { shown } else { format!("{shown}/[secret]") }))
            }
            Self::Kept(kept) => kept.shown(),
        }
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        Ok(_) => Err("it does not begin with `https://` or `http://`"),
        Err(_) => Err("it is no address on the web"),
    }
}
