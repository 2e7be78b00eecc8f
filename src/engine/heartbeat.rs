//! Signs of life, for as long as there is life.
