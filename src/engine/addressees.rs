//! Who is told of a step, through which target, and when.
