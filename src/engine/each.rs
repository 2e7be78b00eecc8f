//! Messages that are told one by one.
