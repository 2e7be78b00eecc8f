//! What a page without reviews is instead: a wall, a check, a shell that scripts fill. None of them
//! is ever worked around: the reason is said, and what can be asked of those who run the site.

use scraper::ElementRef;
use scraper::Html;
use scraper::Selector;

use crate::sources::ReadError;
use crate::sources::html::page::tree;

/// A page with more letters than this is a page, whatever else it has on it.
const SHORT: usize = 3_000;

/// Whether a page forbids programs to use it.
pub(super) fn forbidden(page: &Html) -> Option<ReadError> {
    let stop = elements(page, "meta[name][content]").find_map(|meta| {
        let name = meta.attr("name")?.trim().to_ascii_lowercase();
        let content = meta.attr("content")?.to_ascii_lowercase();
        let tokens: Vec<&str> = content.split([',', ' ']).map(str::trim).collect();
        let forbids = match name.as_str() {
            "robots" | "uproar" => tokens.iter().any(|token| matches!(*token, "noai" | "noml" | "noscrape" | "notdm")),
            "tdm-reservation" => tokens == ["1"],
            _ => false,
        };
        forbids.then_some(name)
    })?;
    Some(ReadError::new(
        format!("robots_tag: the page forbids programs to use its text (its tag `{stop}` says so)"),
        "ask those who gave the permission for an export or another page; nothing was read",
    ))
}

/// Why a page that has no reviews has none, if it can be told.
pub(super) fn reason(page: &Html) -> Option<ReadError> {
    let body = tree::words_of(page).to_lowercase();
    let heads: String = elements(page, "title, h1, h2").take(20).map(|head| tree::line_of(head).to_lowercase() + "\n").collect();
    let short = body.chars().count() <= SHORT;
    // The whole of a short page speaks; of a long one only its headlines.
    let said = if short { format!("{heads}{body}") } else { heads.clone() };
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let marked = |selector: &str| short && elements(page, selector).next().is_some();

    let checks = [
        "captcha",
        "not a robot",
        "are you human",
        "verify you are human",
        "verifying you are human",
        "checking your browser",
        "attention required",
        "unusual traffic",
        "bist du ein mensch",
        "kein roboter",
        "inte en robot",
        "pas un robot",
        "no eres un robot",
    ];
    if has(&checks)
        || marked(
            "[data-sitekey], [class*=captcha], [id*=captcha], [src*=captcha], [src*=challenge-platform], [class*=cf-turnstile], [id*=challenge-form]",
        )
    {
        return Some(ReadError::new(
            "captcha: a check for robots stands in front of the page (a captcha)",
            "it is never worked around: ask those who run the site for an export, a feed, or leave for Uproar",
        ));
    }
    let cookies = ["cookie", "consent", "einwilligung", "samtycke", "consentement", "consentimiento", "consenso", "toestemming"];
    let choice = [
        "accept",
        "reject",
        "agree",
        "akzeptieren",
        "ablehnen",
        "zustimmen",
        "godkänn",
        "acceptera",
        "neka",
        "accepter",
        "refuser",
        "aceptar",
        "rechazar",
        "accetta",
        "accepteren",
        "weigeren",
        "before you continue",
    ];
    if (has(&cookies) && has(&choice)) || marked("form[action*=consent]") {
        return Some(ReadError::new(
            "consent_wall: a form that asks for consent to cookies stands in front of the page",
            "nobody consents for you: ask those who run the site for an address without it",
        ));
    }
    if marked("input[type=password i]")
        || heads.lines().any(|head| {
            ["log in", "login", "sign in", "anmelden", "einloggen", "logga in", "se connecter", "iniciar sesión", "accedi", "inloggen"]
                .iter()
                .any(|word| head.starts_with(word))
        })
    {
        return Some(ReadError::new(
            "login: the page wants somebody to log in",
            "only pages that everybody can see are read: check the address in a private window of a browser",
        ));
    }
    needs_scripts(page, &body).then(|| {
        ReadError::new(
            "needs_scripts: the page is a shell that scripts fill, and scripts are not run",
            "look for a feed, an export or an API of the site, and use `feed`, `file` or `http_json`",
        )
    })
}

fn needs_scripts(page: &Html, body: &str) -> bool {
    let asks = |text: &str| text.contains("javascript") || text.contains("enable scripts");
    // The parser takes what stands in `noscript` for elements of the page; the text reader leaves them out.
    let noscript = elements(page, "noscript").any(|element| asks(&element.text().collect::<String>().to_lowercase()));
    let waits = ["loading reviews", "loading…", "loading...", "please wait", "wird geladen", "laddar", "chargement", "cargando"]
        .iter()
        .any(|word| body.contains(word));
    let shell =
        elements(page, "#root, #app, #__next, #__nuxt, [ng-app], [data-reactroot], app-root").any(|root| tree::line_of(root).is_empty());
    let lazy =
        elements(page, "[class*=skeleton], [class*=lazy-review], [data-lazy], [data-reviews-url], [aria-busy=true]").next().is_some();
    noscript || (asks(body) && body.len() < SHORT) || waits || shell || lazy
}

fn elements<'a>(page: &'a Html, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    // All selectors of this file parse; the tests go through each.
    let selector = Selector::parse(selector).ok();
    page.tree
        .nodes()
        .filter_map(ElementRef::wrap)
        .filter(move |element| selector.as_ref().is_some_and(|selector| selector.matches(element)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(html: &str) -> String {
        reason(&tree::build(html).unwrap())
            .map_or_else(|| "none".to_owned(), |error| error.what.split(':').next().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_wall_is_known_by_what_it_says_or_by_what_stands_on_it() {
        for (html, expected) in [
            ("<title>One moment</title><h1>Please show that you are not a robot</h1>", "captcha"),
            ("<body><div class=h-captcha data-sitekey=x></div>", "captcha"),
            ("<script src=/cdn-cgi/challenge-platform/x.js></script>Wait", "captcha"),
            ("<h1>Your privacy</h1><p>We and 340 partners use cookies.</p><button>Accept all</button>", "consent_wall"),
            ("<h1>Datenschutz</h1><p>Wir brauchen deine Einwilligung.</p><button>Alle akzeptieren</button>", "consent_wall"),
            ("<form action=/consent/save><button>OK</button></form>", "consent_wall"),
            ("<form><input type=text><input type=PASSWORD></form>", "login"),
            ("<title>Sign in – Shop</title>", "login"),
            ("<div id=root></div><script src=/app.js></script>", "needs_scripts"),
            ("<noscript>You need to enable JavaScript to run this app.</noscript><div id=main></div>", "needs_scripts"),
            ("<h1>Tent</h1><div class=reviews aria-busy=true>Loading reviews</div>", "needs_scripts"),
            ("<h1>Tent</h1><p>A tent for two.</p>", "none"),
        ] {
            assert_eq!(reason_of(html), expected, "{html}");
        }
    }

    #[test]
    fn a_long_page_with_a_cookie_banner_and_a_login_field_is_no_wall() {
        let page = format!(
            "<h1>Tent</h1><input type=password><div class=g-recaptcha></div><p>We use cookies. Accept.</p>{}",
            "<p>More about it. </p>".repeat(300)
        );
        assert_eq!(reason_of(&page), "none");
    }

    #[test]
    fn tags_that_forbid_programs_are_obeyed_and_those_about_search_engines_are_not_meant() {
        for (meta, forbids) in [
            ("<meta name=robots content='noai, noimageai'>", true),
            ("<meta name=ROBOTS content='index,NOAI'>", true),
            ("<meta name=uproar content=noml>", true),
            ("<meta name=tdm-reservation content=1>", true),
            ("<meta name=tdm-reservation content=0>", false),
            ("<meta name=robots content='noindex, nofollow, noarchive'>", false),
            ("<meta name=description content=noai>", false),
        ] {
            assert_eq!(forbidden(&tree::build(meta).unwrap()).is_some(), forbids, "{meta}");
        }
    }
}
