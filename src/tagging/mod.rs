//! Which complaint themes a text has, and which words say so.
//!
//! Pure. [`compile`] turns themes as written into [`Rules`]; [`Rules::tag`] is then one call a
//! message.
