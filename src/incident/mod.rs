//! How an incident moves, and what people hear of it.
