//! How far messages were told one by one.
