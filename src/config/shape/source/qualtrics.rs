//! `[source.qualtrics]`

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::choice::Words;
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
use crate::config::units::MINUTE;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::qualtrics::By;

table! {
    /// A source that is the answers to a survey of Qualtrics.
    Qualtrics "[source.qualtrics]" {
        /// The data centre, as in the account's address and settings.
        datacenter: Line, required = "fra1";
        /// Id of the survey.
        survey: Line, required = "SV_bwrylOA5nNnI9M1";
        /// The API token of a user who may see the answers.
        token: Kept, required = { credential = "qualtrics" };
        /// Id of the question that is a rating.
        rating: Line, optional = "QID1";
        /// Best value of the rating.
        rating_max: Whole<1, 1000>, default = 10;
        /// Ids of the open answers; all of them without it.
        text: List<Line>, default = [], such_as = ["QID2_TEXT", "QID7_TEXT"];
        /// Also answers of those who tried the survey out.
        include_previews: bool, default = false;
        /// Also answers that were broken off.
        include_unfinished: bool, default = true;
        /// By which date answers are looked for that have changed: "last_modified" or "recorded".
        by: Choice<By>, default = "last_modified";
        /// How often everything is exported again: that is how deletions show.
        full_export: Span<MINUTE, { 366 * DAY }>, default = "7d";
        /// Address of the service; without it the data centre's.
        base_url: Web, optional = "https://fra1.qualtrics.com";
    }
}

impl Words for By {
    const WORDS: &'static [(&'static str, Self)] = &[("last_modified", Self::LastModified), ("recorded", Self::Recorded)];
}

impl ServiceTable for Qualtrics {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let is_plain =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        for (what, line, example) in [("data centre", &self.datacenter, "fra1"), ("survey", &self.survey, "SV_bwrylOA5nNnI9M1")] {
            if let Some(line) = line.as_ref().filter(|line| !is_plain(&line.value.0)) {
                let at = line.at.clone().unwrap_or_default();
                // Of an address the part that counts: `https://fra1.qualtrics.com`.
                let host = line.value.0.rsplit("//").next().unwrap_or_default();
                let part = host.split_once(".qualtrics.com").map(|(part, _)| part).filter(|part| is_plain(part));
                let help = part.map_or_else(|| format!("for example \"{example}\""), |part| format!("write \"{part}\" alone"));
                reader.report(
                    Problem::error(Code::UnknownWord, at, format!("`{}` is no {what}", line.value.0))
                        .label("letters, digits, `-` and `_`, please")
                        .help(help),
                );
            }
        }
        // What is no id for its letters was told above.
        let is_name = |line: &&Placed<Line>| is_plain(&line.value.0) && !line.value.0.starts_with("SV_");
        if let Some(survey) = self.survey.as_ref().filter(is_name) {
            let at = survey.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::BadName, at, "`survey` is no id of a survey: those begin with `SV_`")
                    .label("its name, perhaps")
                    .help("it stands in the address of the survey there: `survey = \"SV_bwrylOA5nNnI9M1\"`"),
            );
        }
        let home = format!("https://{}.qualtrics.com", self.datacenter.as_ref()?.value.0);
        let questions = sources::qualtrics::Questions {
            rating: self.rating.as_ref().map(|rating| rating.value.0.clone()),
            rating_max: self.rating_max.value.0 as f64,
            text: self.text.value.iter().map(|text| text.value.0.clone()).collect(),
            include_previews: self.include_previews.value,
            include_unfinished: self.include_unfinished.value,
        };
        let settings = sources::qualtrics::Settings {
            survey: self.survey.as_ref()?.value.0.clone(),
            token: self.token.as_ref()?.value.secret.clone().unwrap_or_else(|| Secret::new(String::new())),
            questions,
            by: self.by.value.0,
            full_export: self.full_export.value.0,
            since: common.since,
            base: self.base_url.as_ref().map_or(home, |base| base.value.text.trim_end_matches('/').to_owned()),
        };
        Some(settings.into())
    }
}
