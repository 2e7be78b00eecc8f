//! Sources that bring nothing.
