//! The rules of polite and exact polling: when to come back, what to believe, what to remember.
//!
//! Pure. What is remembered of a stream and an answer's outline come in, the next thing to remember
//! goes out; `engine::poller` carries it out. One rule a file:
//!
//! - [`state`]: how a stream fares, in words for people

pub mod state;
