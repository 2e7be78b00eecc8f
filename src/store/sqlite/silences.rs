//! Silences: quiet that people asked for.
