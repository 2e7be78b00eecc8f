//! How an incident moves, and what people hear of it.
//!
//! Pure. [`step::step`] is the whole state machine: a verdict, a person's act or the clock comes
//! in, a transition and at most one notice go out. [`storm`] keeps parts quiet
//! while the whole speaks. [`route`] says who is told. [`outbox`] names rows and spaces their tries,
//! [`fold`] makes one notice of many, and [`breaker`] leaves a target alone that takes nothing.

pub mod breaker;
pub mod fold;
pub mod outbox;
pub mod route;
pub mod step;
pub mod storm;
