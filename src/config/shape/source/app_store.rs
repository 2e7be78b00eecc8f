//! `[source.app_store]`

use crate::config::check::sources::inside;
use crate::config::kind::address::Web;
use crate::config::kind::list::List;
use crate::config::kind::number::Whole;
use crate::config::kind::text::Word;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::sources;

table! {
    /// A source that is Apple's public feed of reviews.
    AppStore "[source.app_store]" {
        /// Number of the app, as in its address in the store.
        app: Whole<1, { i64::MAX }>, required = 1115120118;
        /// Storefronts, two letters each; they become the label `country`.
        countries: List<Word>, required = ["se", "us"];
        /// Address of the service.
        base_url: Web, default = "https://itunes.apple.com";
    }
}

impl ServiceTable for AppStore {
    fn base_url(&self) -> Option<&Placed<Web>> {
        Some(&self.base_url)
    }

    fn settings(&self, _common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let countries = self.countries.as_ref()?;
        let mut read: Vec<String> = Vec::new();
        for country in countries.value.iter() {
            let code = &country.value.0;
            let at = country.at.clone().unwrap_or_default();
            if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_lowercase()) {
                reader.report(
                    Problem::error(Code::UnknownWord, at, format!("`{code}` is no storefront"))
                        .label("two small letters, please")
                        .help("for example `countries = [\"se\", \"us\"]`"),
                );
            } else if read.contains(code) {
                reader.report(
                    Problem::error(Code::NameTwice, at, format!("the storefront `{code}` is listed twice"))
                        .label("the second one")
                        .help("keep one of them"),
                );
            } else {
                read.push(code.clone());
            }
        }
        if countries.value.0.is_empty() && !reader.problems.iter().any(|problem| inside(problem, countries.at.as_ref())) {
            reader.report(
                Problem::error(Code::OutOfRange, countries.at.clone().unwrap_or_default(), "`countries` is empty")
                    .label("nothing would be read")
                    .help("for example `countries = [\"se\", \"us\"]`"),
            );
        }
        let settings = sources::app_store::Settings {
            app: self.app.as_ref()?.value.0 as u64,
            countries: read,
            base: self.base_url.value.text.trim_end_matches('/').to_owned(),
        };
        Some(settings.into())
    }
}
