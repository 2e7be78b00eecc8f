//! What operators make of the mails: a prefix, a paragraph before and after, whole parts of their own.

/// The texts as configured. A part is a template of minijinja.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Begins every subject.
    pub subject_prefix: String,
    /// A paragraph before what happened.
    pub intro: Option<String>,
    /// A paragraph at the end.
    pub outro: Option<String>,
    /// The text part instead of ours.
    pub text: Option<String>,
    /// The HTML part instead of ours.
    pub html: Option<String>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { subject_prefix: "[Uproar]".to_owned(), intro: None, outro: None, text: None, html: None }
    }
}

/// The texts, ready to be filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// As configured.
    pub texts: Texts,
}

/// A text is no template, or asks for what is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` {why}")]
pub struct BadTemplate {
    /// The key in `[templates]`.
    pub part: &'static str,
    /// What is wrong, with the line.
    pub why: String,
}

impl Look {
    /// Reads the templates.
    ///
    /// # Errors
    ///
    /// [`BadTemplate`] for the first one that cannot be used.
    pub fn compile(texts: &Texts) -> Result<Self, BadTemplate> {
        Ok(Self { texts: texts.clone() })
    }
}
