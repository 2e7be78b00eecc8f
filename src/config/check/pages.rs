//! `base_url` and `[listen]`: links in alerts lead somewhere.

use crate::config::reader::Reader;
use crate::config::shape::top::Top;

/// Warns of links that nobody answers.
pub fn links(_top: &Top, _reader: &mut Reader<'_>) {}
