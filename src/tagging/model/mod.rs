//! A linear model for a theme, trained from what people said of messages, that joins its rules.
//!
//! Pure, and small enough to be read: a model is a weight for each word or pair of neighbouring
//! words, for each rule of the theme, and for each other theme that fired. Their sum is held against
//! a threshold. It stands in a [`mod@file`] that a person can open.
//!
//! [`train`] makes models, and keeps one only where it beats the rules on texts that it has not
//! seen; [`join`] lets a kept one decide, and tells the words that made it do so. The rest serves
//! these two: [`corpus`] turns texts into numbers, [`folds`] deals them out, [`solve`] finds the
//! weights, [`choose`] the strength and the threshold, [`measure`] says how good somebody is.

pub mod choose;
pub mod corpus;
pub mod file;
pub mod folds;
pub mod join;
pub mod measure;
mod random;
pub mod solve;
pub mod train;
