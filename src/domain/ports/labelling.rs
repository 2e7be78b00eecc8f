//! Giving stored items the labels that segments are made of.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

/// Which labels the stored items have segments for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelling {
    /// Labels that all items have: a key, or `key@source=value` for one that a source gives to all
    /// of its messages.
    pub built: BTreeSet<String>,
    /// Labels that items are being given.
    pub building: BTreeSet<String>,
    /// Number of the last item that has them.
    pub done_to: i64,
}

/// What the labels of a stored item are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFields {
    /// Number of the item.
    pub item: i64,
    /// Name of its source.
    pub source: String,
    /// Language.
    pub lang: Option<String>,
    /// What else the source gave.
    pub fields: BTreeMap<String, String>,
}

/// A page of items that are given labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// Numbers of items with the labels they should have. What one has already stays as it is.
    pub items: Vec<(i64, BTreeMap<String, String>)>,
    /// How far it has come with them.
    pub labelling: Labelling,
}
