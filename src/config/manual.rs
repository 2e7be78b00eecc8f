//! The pages about kinds of sources, as they lie in `config/sources`: what each needs, where to click at
//! the vendor, how edits and deletions are seen, and what the terms allow. Whoever has the program has
//! them, too.

/// A page about a kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The kind, as its table is called.
    pub kind: &'static str,
    /// The page.
    pub text: &'static str,
}

macro_rules! pages {
    ($($kind:literal)+) => {
        /// All of them, by kind.
        pub const PAGES: &[Page] =
            &[$(Page { kind: $kind, text: include_str!(concat!("../../config/sources/", $kind, ".md")) }),+];
    };
}

pages! {
    "app_store" "bluesky" "discourse" "google_play" "hacker_news" "html" "http_json" "intercom" "mailbox" "mastodon" "qualtrics" "reddit"
    "trustpilot" "webhook" "zendesk"
}

impl Page {
    /// The page about a kind.
    #[must_use]
    pub fn of(kind: &str) -> Option<&'static Self> {
        PAGES.iter().find(|page| page.kind == kind)
    }

    /// Its headline, without the kind.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
        line.split_once(": ").map_or(line, |(_, title)| title)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::sources::Settings;

    #[test]
    fn every_page_is_there_and_every_service_has_one() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/sources");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(PAGES.iter().map(|page| format!("{}.md", page.kind)).collect::<Vec<_>>(), files);
        for service in Settings::SERVICES {
            assert!(Page::of(service.kind).is_some_and(|page| !page.title().is_empty()), "{}", service.kind);
        }
    }
}
