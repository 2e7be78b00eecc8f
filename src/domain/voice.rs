//! What finds the earlier messages that a message may be a copy of.

/// Keys of a message's words and of its author. Which of the messages found by them are the same
/// person's complaint is decided by comparing the words themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Likeness {
    /// Equal for the same words; where they are few, for the same words by the same author.
    pub exact: Option<u64>,
    /// Long messages that differ in a few words share at least one of these.
    pub words: Vec<u64>,
    /// Equal for the same author.
    pub author: Option<u64>,
}
