//! Health and metrics over HTTP, and the pages that the links in alerts lead to.

pub mod board;
pub mod desk;
pub mod limit;
pub mod pages;
pub mod router;
pub mod view;
pub mod wish;
