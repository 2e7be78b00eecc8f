//! The environment, read in one place.

/// The value of a variable, if it is set and is text.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn read(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether a variable is set to anything but nothing.
#[must_use]
pub fn is_set(name: &str) -> bool {
    read(name).is_some_and(|value| !value.is_empty())
}
