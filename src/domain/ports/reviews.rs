//! What people say about the themes of messages.

use std::future::Future;

use crate::domain::ports::StoreError;
use crate::domain::review::Review;
use crate::domain::review::ReviewedItem;

/// What people say about the themes of messages. Nothing of it moves tags or counters.
pub trait Reviews: Send + Sync {
    /// Writes reviews. One takes the place of an older one of the same message by the same person; a
    /// newer one stays. Returns how many changed something.
    fn put_reviews(&self, reviews: Vec<Review>) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Every review, by message, the newest of a message last.
    fn reviews(&self) -> impl Future<Output = Result<Vec<Review>, StoreError>> + Send;

    /// Every message that was reviewed, still has its text, and was not edited since, once.
    fn reviewed(&self) -> impl Future<Output = Result<Vec<ReviewedItem>, StoreError>> + Send;
}
