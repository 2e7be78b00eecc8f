//! `[source.google_play]`

use crate::config::kind::address::Web;
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
use crate::config::units::HOUR;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::google_play::Account;

table! {
    /// A source that is the reviews of one's own app in Google Play. The service lists those of the last
    /// week and no older ones.
    GooglePlay "[source.google_play]" {
        /// Name of the app's package.
        package: Line, required = "com.example.app";
        /// The JSON file of a service account that may reply to reviews.
        service_account: Kept, required = { credential = "play.json" };
        /// Language to which the service translates reviews; without it they are as they were written.
        translate_to: Line, optional = "en";
        /// After so long without a good poll people are warned that reviews may be missing.
        warn_gap_after: Span<HOUR, { 7 * DAY }>, default = "6d";
        /// Address of the service.
        base_url: Web, default = "https://androidpublisher.googleapis.com";
    }
}

impl ServiceTable for GooglePlay {
    fn base_url(&self) -> Option<&Placed<Web>> {
        Some(&self.base_url)
    }

    fn settings(&self, _common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let account = self.account(reader);
        let package = self.package.as_ref()?;
        let name = &package.value.0;
        if !name.contains('.') || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')) {
            let at = package.at.clone().unwrap_or_default();
            reader.report(
                Problem::error(Code::UnknownWord, at, format!("`{name}` is no name of a package"))
                    .label("letters, digits, `_` and dots, please")
                    .help("it stands in the app's address in the store, behind `id=`: `package = \"com.example.app\"`"),
            );
            return None;
        }
        let settings = sources::google_play::Settings {
            package: name.clone(),
            account: account?,
            translate_to: self.translate_to.as_ref().map(|language| language.value.0.clone()).filter(|language| !language.is_empty()),
            warn_gap_after: self.warn_gap_after.value.0,
            base: self.base_url.value.text.trim_end_matches('/').to_owned(),
        };
        Some(settings.into())
    }
}

impl GooglePlay {
    /// The account in the secret. Where the secrets are elsewhere, one that does nothing stands in for it.
    fn account(&self, reader: &mut Reader<'_>) -> Option<Account> {
        let kept = self.service_account.as_ref()?;
        let Some(secret) = &kept.value.secret else {
            let (email, token_uri) = (String::new(), "https://oauth2.googleapis.com/token".to_owned());
            return Some(Account { email, key: Secret::new(String::new()), key_id: None, token_uri });
        };
        match Account::read(secret.reveal()) {
            Ok(account) => Some(account),
            Err(why) => {
                let at = kept.at.clone().unwrap_or_default();
                reader.report(
                    Problem::error(Code::BadSecret, at, format!("the secret `service_account` was read, but {why}"))
                        .label("the JSON file of a service account, please")
                        .help("Google Cloud gives it once, under Keys of the service account"),
                );
                None
            }
        }
    }
}
