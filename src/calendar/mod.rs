//! Civil time: zones with their gaps and folds, and the buckets that a watch counts in.
//!
//! Pure. Everything takes the moment it speaks of as an argument.

pub mod bucket;
