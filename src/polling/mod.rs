//! The rules of polite and exact polling: when to come back, what to believe, what to remember.
//!
//! Pure. What is remembered of a stream and an answer's outline come in, the next thing to remember
//! goes out; `engine::poller` carries it out. One rule a file:
//!
//! - [`pace`]: the wait that a document asks for
//! - [`backoff`]: the wait after an error, and what is gone for good
//! - [`address`]: redirects that are for ever, and another address in the configuration
//! - [`conditional`]: when to ask without validators
//! - [`belief`]: whether a page is what it always was
//! - [`identity`]: ids made of contents, where a source's own are worth nothing
//! - [`pages`]: how far older pages are followed
//! - [`event`]: the moment that a message counts at
//! - [`base`]: when what comes is history
//! - [`state`]: how a stream fares, in words for people
//!
//! A function that changes a [`Standing`](crate::domain::standing::Standing) says whether it did:
//! a poll that changes nothing writes nothing of it.

pub mod address;
pub mod backoff;
pub mod base;
pub mod belief;
pub mod conditional;
pub mod event;
pub mod identity;
pub mod pace;
pub mod pages;
pub mod state;
