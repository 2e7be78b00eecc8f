//! `base_url` and `[listen]`: links in alerts lead somewhere.

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::top::Top;

/// Refuses two listeners at one place; and where there is no error, warns of links that nobody
/// answers and of pages that nobody has a link to.
pub fn links(top: &Top, reader: &mut Reader<'_>) {
    let (address, pages) = (&top.listen.address, &top.listen.pages);
    // With port 0 each gets one of its own.
    if let Some(pages) = pages
        && pages.value.0.port() != 0
        && address.as_ref().is_some_and(|address| address.value.0 == pages.value.0)
    {
        reader.report(
            Problem::error(Code::BadAddress, pages.at.clone().unwrap_or_default(), "`pages` is the same as `address`")
                .label("two listeners cannot have one address")
                .help("leave `pages` out to have the pages at `address`, or choose another port"),
        );
    }
    if reader.problems.iter().any(Problem::is_error) {
        return;
    }
    let warning = match (&top.base_url, address, pages) {
        (Some(web), None, None) => {
            Problem::warning(Code::DeadLinks, web.at.clone().unwrap_or_default(), "the links in alerts lead nowhere")
                .label("alerts link to pages here, and nothing serves them")
                .help("write `address` or `pages` into `[listen]`, or leave `base_url` out for commands in place of links")
        }
        (None, _, Some(pages)) => Problem::warning(Code::DeadLinks, pages.at.clone().unwrap_or_default(), "no alert links to these pages")
            .label("served, and nobody has a link to them")
            .help("write where people reach them: `base_url = \"https://uproar.example.com\"`"),
        _ => return,
    };
    reader.report(warning);
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
        let none = |_: &Reference| -> Result<String, Unreadable> { Ok(String::new()) };
        print::show(&parse(&documents, &none).problems, &documents, false)
    }

    #[test]
    fn links_that_nobody_answers_are_told() {
        for (text, says) in [
            ("base_url = \"https://u.example.com\"\n", "W0012"),
            ("[listen]\npages = \"127.0.0.1:8788\"\n", "no alert links to these pages"),
            ("base_url = \"https://u.example.com\"\n[listen]\naddress = \"127.0.0.1:87\"\npages = \"127.0.0.1:87\"\n", "same as `address`"),
        ] {
            let told = problems(text);
            assert!(told.contains(says), "{text}: {told}");
        }
        for text in [
            "base_url = \"https://u.example.com\"\n[listen]\naddress = \"127.0.0.1:8787\"\n",
            "base_url = \"https://u.example.com\"\n[listen]\naddress = \"127.0.0.1:8787\"\npages = \"127.0.0.1:8788\"\n",
            "[listen]\naddress = \"127.0.0.1:8787\"\n",
        ] {
            assert!(!problems(text).contains("links"), "{text}: {}", problems(text));
        }
    }
}
