//! Health and metrics over HTTP, the pages that the links in alerts lead to, and the doors of
//! webhooks.

pub mod board;
pub mod desk;
pub mod inbox;
pub mod limit;
pub mod pages;
pub mod router;
pub mod view;
pub mod wish;
