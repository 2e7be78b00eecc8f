//! Stories of the real binary: what people do with it, from outside.

mod feed;
