//! `[source.trustpilot]`

use crate::config::kind::address::Web;
use crate::config::kind::list::List;
use crate::config::kind::number::Whole;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::config::units::DAY;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::trustpilot::Business;

table! {
    /// A source that is a business at Trustpilot.
    Trustpilot "[source.trustpilot]" one_of(business business_unit_id) {
        /// Domain of the business, as in the address of its page there.
        business: Line, optional = "example.com";
        /// Id of its business unit instead.
        business_unit_id: Line, optional = "507f191e810c19729de860ea";
        /// Key of the application.
        key: Kept, required = { credential = "trustpilot_key" };
        /// Its secret. Without it the public list is read.
        secret: Kept, optional = { credential = "trustpilot_secret" };
        /// Only reviews with so many stars; all without it.
        stars: List<Whole<1, 5>>, default = [], such_as = [1, 2];
        /// Only reviews in these languages; all without it.
        languages: List<Line>, default = [], such_as = ["da", "sv"];
        /// So much is read again once an hour, for edits, deletions and what was held back.
        overlap: Span<DAY, { 366 * DAY }>, default = "30d";
        /// And so much once a week.
        full_window: Span<DAY, { 3660 * DAY }>, default = "365d";
        /// Address of the service.
        base_url: Web, default = "https://api.trustpilot.com";
    }
}

impl ServiceTable for Trustpilot {
    fn base_url(&self) -> Option<&Placed<Web>> {
        Some(&self.base_url)
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        // What could not be read was reported.
        let secret = |kept: &Placed<Kept>| kept.value.secret.clone().unwrap_or_else(|| Secret::new(String::new()));
        let business = self.business(reader);
        let settings = sources::trustpilot::Settings {
            business: business?,
            key: secret(self.key.as_ref()?),
            secret: self.secret.as_ref().map(secret),
            stars: self.stars.value.iter().map(|stars| stars.value.0 as u8).collect(),
            languages: self.languages.value.iter().map(|language| language.value.0.clone()).collect(),
            overlap: self.overlap.value.0,
            full_window: self.full_window.value.0,
            since: common.since,
            base: self.base_url.value.text.trim_end_matches('/').to_owned(),
        };
        Some(settings.into())
    }
}

impl Trustpilot {
    /// Which business; what is wrong with it goes to the reader.
    fn business(&self, reader: &mut Reader<'_>) -> Option<Business> {
        if let Some(id) = &self.business_unit_id {
            let text = id.value.0.trim();
            if !is_id(text) {
                let at = id.at.clone().unwrap_or_default();
                reader.report(
                    Problem::error(Code::BadName, at, "`business_unit_id` is no id of a business unit")
                        .label("24 letters from `a` to `f` and digits, please")
                        .help("or write the domain of the business instead: `business = \"example.com\"`"),
                );
            }
            return Some(Business::Id(text.to_owned()));
        }
        let written = self.business.as_ref()?;
        let text = written.value.0.trim().to_lowercase();
        if is_id(&text) {
            return Some(Business::Id(text));
        }
        if is_domain(&text) {
            return Some(Business::Domain(text));
        }
        // The address of its page there ends with the domain; that of its own begins with it.
        let last = text.split(['/', '?', '#']).rfind(|part| is_domain(part));
        let help = last.map_or_else(
            || "write the domain, as in the address of its page there: `business = \"example.com\"`; or its `business_unit_id`".to_owned(),
            |domain| format!("write `business = \"{domain}\"`"),
        );
        let at = written.at.clone().unwrap_or_default();
        let problem = Problem::error(Code::BadName, at, "`business` is no domain, and no id of a business unit");
        reader.report(problem.label("refused").help(help));
        None
    }
}

/// 24 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_domain(text: &str) -> bool {
    let label = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    text.contains('.') && text.split('.').all(label)
}
