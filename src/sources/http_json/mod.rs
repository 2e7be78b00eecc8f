//! Any API that answers with JSON: programs of jq say what is what.

pub mod jq;
