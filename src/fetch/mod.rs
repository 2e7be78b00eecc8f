//! Carries requests out: over HTTP politely and safely, from folders only when files have settled.
