//! Civil time: zones with their gaps and folds, the buckets that a watch counts in, and days off.
//!
//! Pure. Everything takes the moment it speaks of as an argument.

pub mod bucket;
pub mod holidays;
pub mod hours;
