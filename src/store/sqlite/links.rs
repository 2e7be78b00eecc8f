//! What the pages behind links show.
