//! What an item adds to which counter. One pure function, so that a recount is its sum.
