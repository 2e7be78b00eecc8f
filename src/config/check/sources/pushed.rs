//! Sources that are pushed to us: somebody has to listen, each at a path of its own.

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::top::Top;

/// Reports webhooks that nobody listens for, two at one path, and schedules that mean nothing.
pub(super) fn check(top: &Top, reader: &mut Reader<'_>) {
    let webhooks = || top.source.iter().filter_map(|source| Some((source, source.webhook.as_ref()?)));
    let Some((first, _)) = webhooks().next() else { return };
    let listens = top.listen.address.is_some() || top.listen.pages.is_some();
    if !listens && !reader.is_spoilt("address") && !reader.is_spoilt("pages") {
        reader.report(
            Problem::error(Code::NobodyListens, first.at.clone(), "a webhook needs an address to listen at")
                .label("nobody would hear what is sent")
                .help("write `[listen]` and below it `address = \"127.0.0.1:8787\"`, with a proxy for TLS in front of it"),
        );
    }
    let paths: Vec<_> = webhooks().filter_map(|(_, webhook)| webhook.value.path.as_ref()).collect();
    for (number, path) in paths.iter().enumerate() {
        if let Some(other) = paths[..number].iter().find(|other| other.value == path.value) {
            reader.report(
                Problem::error(Code::NameTwice, path.at.clone().unwrap_or_default(), format!("two webhooks listen at `{}`", path.value.0))
                    .label("the second one")
                    .also(other.at.clone().unwrap_or_default(), "the first one")
                    .help("give each a path of its own"),
            );
        }
    }
    for (source, _) in webhooks() {
        let every = source.every.as_ref().map(|every| ("every", every.at.clone()));
        let Some((key, at)) = every.or_else(|| source.cron.as_ref().map(|cron| ("cron", cron.at.clone()))) else { continue };
        reader.report(
            Problem::warning(Code::OptionIdle, at.unwrap_or_default(), format!("`{key}` means nothing for a webhook"))
                .label("nobody is asked: its messages are pushed")
                .help("take the line out"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Document;
    use crate::config::parse;
    use crate::config::print;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;

    fn problems(text: &str) -> String {
        let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
        let hush = |_: &Reference| -> Result<String, Unreadable> { Ok("whsec_aHVzaA==".to_owned()) };
        print::show(&parse(&documents, &hush).problems, &documents, false)
    }

    fn source(name: &str, webhook: &str) -> String {
        format!("[[source]]\nname = \"{name}\"\nwebhook = {{ secret = {{ env = \"HUSH\" }}, {webhook} }}\n")
    }

    const LISTEN: &str = "[listen]\naddress = \"127.0.0.1:8787\"\n";

    #[test]
    fn what_cannot_work_is_refused_with_its_place() {
        let plain = "path = \"/in/forms\", format = \"standard\"";
        for (text, says) in [
            (source("a", plain), "a webhook needs an address to listen at"),
            (format!("{LISTEN}{}{}", source("a", plain), source("b", plain)), "two webhooks listen at `/in/forms`"),
            (format!("{LISTEN}{}", source("a", "path = \"/metrics\", format = \"standard\"")), "among our own pages"),
            (format!("{LISTEN}{}", source("a", "path = \"/a/forms\", format = \"standard\"")), "among our own pages"),
            (format!("{LISTEN}{}", source("a", "path = \"/\", format = \"standard\"")), "must begin with `/`"),
            (format!("{LISTEN}{}", source("a", "path = \"/{id}\", format = \"standard\"")), "must begin with `/`"),
            (format!("{LISTEN}{}", source("a", "path = \"/in/x\", format = \"json\"")), "exactly one of `header` and `user`"),
            (format!("{LISTEN}{}", source("a", "path = \"/in/x\", format = \"surveymonkey\"")), "needs `client_id`"),
            (format!("{LISTEN}{}", source("a", "path = \"/in/x\", format = \"surveymonkey\", client_id = \"c\"")), "needs `fetch`"),
            (format!("{LISTEN}{}", source("a", &format!("{plain}, allow_from = [\"10.0.0.0/40\"]"))), "no address in numbers"),
            (
                format!("{LISTEN}{}", source("a", "path = \"/in/x\", format = \"json\", user = \"u\", map = { id = \"uuid\" }")),
                "must begin with a dot",
            ),
        ] {
            let told = problems(&text);
            assert!(told.contains(says) && told.contains("error["), "{text}: {told}");
        }
    }

    #[test]
    fn a_webhook_alone_needs_no_contact_and_no_schedule() {
        let source = source("a", "path = \"/in/forms\", format = \"standard\"");
        let told = problems(&format!("{LISTEN}{source}"));
        assert!(!told.contains("error[") && !told.contains("contact"), "{told}");
        let told = problems(&format!("{LISTEN}{}", source.replace("webhook", "every = \"1h\"\nwebhook")));
        assert!(told.contains("`every` means nothing for a webhook"), "{told}");
    }

    #[test]
    fn what_has_no_effect_for_a_format_is_told() {
        let json = "path = \"/in/x\", format = \"json\", user = \"u\"";
        for (webhook, says) in [
            (format!("{json}, map = {{ rating = \".stars\" }}"), "ratings are left out where nobody says what the best one is"),
            (format!("{json}, rating = \"stars\", rating_max = 5"), "`rating` means nothing for \"json\""),
            (format!("{json}, fields = [\"plan\"]"), "`fields` means nothing for \"json\""),
            ("path = \"/in/x\", format = \"standard\", text = [\"why\"]".to_owned(), "`text` means nothing for \"standard\""),
            ("path = \"/in/x\", format = \"typeform\", map = { id = \".a\" }".to_owned(), "`map` means nothing for \"typeform\""),
        ] {
            let told = problems(&format!("{LISTEN}{}", source("a", &webhook)));
            assert!(told.contains(says) && told.contains("warning[") && !told.contains("error["), "{webhook}: {told}");
        }
        let fine = format!("{json}, map = {{ rating = \".stars\" }}, rating_max = 5");
        let told = problems(&format!("{LISTEN}{}", source("a", &fine)));
        assert!(!told.contains("means nothing") && !told.contains("left out"), "{told}");
    }
}
