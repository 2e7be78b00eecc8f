//! Many things at once, told in one notice.
