//! Whole pages, as sites write them.

use super::*;

const AT: &str = "https://tents.test/p/two/reviews";

fn now() -> Timestamp {
    "2026-05-31T15:30:00Z".parse().unwrap()
}

fn read_with(html: &str, manner: &Manner) -> Result<Sheet, ReadError> {
    document(html.as_bytes(), "text/html; charset=utf-8", Some(AT), now(), manner)
}

fn read(html: &str) -> Sheet {
    read_with(html, &Manner::default()).unwrap()
}

fn picking(item: &str, change: impl FnOnce(&mut Selectors)) -> Manner {
    let mut selectors = Selectors { item: item.to_owned(), ..Selectors::default() };
    change(&mut selectors);
    Manner { selectors: Some(selectors), ..Manner::default() }
}

fn jsonld(reviews: &str) -> String {
    format!("<html><script type=application/ld+json>{{\"@type\":\"Product\",\"review\":[{reviews}]}}</script>")
}

fn ids(sheet: &Sheet) -> Vec<&str> {
    sheet.page.items.iter().map(|item| item.id.as_str()).collect()
}

fn codes(sheet: &Sheet) -> Vec<&str> {
    sheet.page.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

#[test]
fn selectors_read_a_list_without_structured_data() {
    let page = "<ul><li class=rv data-n=4><i class='st s-2'></i><h3>Poles</h3><em>12 May 2026</em><p>Bent on the   first night.</p><a href=/r/4>#</a><u>Vera</u>
                <li class=ad>Buy!<li class=rv data-n=5><i class='st s-5'></i><h3>Fine</h3><em>2 days ago</em><p>Dry.</p><a href=/r/5>#</a><u>Olga</u></ul>";
    let manner = picking("li.rv", |selectors| {
        let some = |text: &str| Some(text.to_owned());
        selectors.id = some("@data-n");
        selectors.text = some("p");
        selectors.title = some("h3");
        selectors.rating = some(r"i@class | /s-(\d)/");
        selectors.date = some("em");
        selectors.url = some("a@href");
        selectors.author = some("u");
    });
    let sheet = read_with(page, &manner).unwrap();
    assert_eq!(ids(&sheet), ["4", "5"]);
    let item = &sheet.page.items[0];
    assert_eq!((item.title.as_str(), item.text.as_str()), ("Poles", "Bent on the first night."));
    assert_eq!(item.rating, Some(Rating { value: 2.0, max: 5.0 }));
    assert_eq!(item.published, Some("2026-05-12T00:00:00Z".parse().unwrap()));
    assert_eq!(item.url.as_deref(), Some("https://tents.test/r/4"));
    assert_eq!(item.author.as_deref(), Some("Vera"));
    assert_eq!(sheet.page.items[1].published, Some("2026-05-29T00:00:00Z".parse().unwrap()));
    assert_eq!(codes(&sheet), ["approximate_date"]);
}

#[test]
fn json_ld_comes_before_microdata_and_microdata_before_selectors() {
    let linked = jsonld(r#"{"@type":"Review","@id":"j","reviewBody":"a"}"#);
    let micro = "<p itemscope itemtype=https://schema.org/Review itemid=m><b itemprop=reviewBody>b</b></p>";
    let manner = picking("p", |_| {});
    assert_eq!(ids(&read_with(&format!("{linked}{micro}"), &manner).unwrap()), ["j"]);
    assert_eq!(ids(&read_with(micro, &manner).unwrap()), ["m"]);
    let only = Manner { structured: false, ..manner };
    assert!(ids(&read_with(&format!("{linked}{micro}"), &only).unwrap())[0].starts_with("h1:"));
}

#[test]
fn an_id_is_its_own_else_its_permalink_else_its_content() {
    for (review, id) in [
        (r##"{"@type":"Review","@id":"#r7","url":"/r/7","reviewBody":"a"}"##, "https://tents.test/p/two/reviews#r7"),
        (r#"{"@type":"Review","@id":"urn:x:7","reviewBody":"a"}"#, "urn:x:7"),
        (r#"{"@type":"Review","url":"/r/7","reviewBody":"a"}"#, "https://tents.test/r/7"),
        (r#"{"@type":"Review","url":"/p/two/reviews?page=2","reviewBody":"a"}"#, "h1:"),
        (r#"{"@type":"Review","reviewBody":"a"}"#, "h1:"),
    ] {
        let sheet = read(&jsonld(review));
        assert!(sheet.page.items[0].id.starts_with(id), "{review}: {}", sheet.page.items[0].id);
    }
    let second = document(
        jsonld(r##"{"@type":"Review","@id":"#r7","reviewBody":"a"}"##).as_bytes(),
        "",
        Some("https://tents.test/p/two/reviews?page=3"),
        now(),
        &Manner::default(),
    );
    assert_eq!(ids(&second.unwrap()), ["https://tents.test/p/two/reviews#r7"], "the number of the page is no part of it");
}

#[test]
fn an_address_that_all_reviews_share_names_none_of_them() {
    let sheet = read(&jsonld(r#"{"@type":"Review","url":"/other","reviewBody":"a"},{"@type":"Review","url":"/other","reviewBody":"b"}"#));
    assert!(sheet.page.items.iter().all(|item| item.id.starts_with("h1:")), "{:?}", ids(&sheet));
    assert_eq!(codes(&sheet), ["no_id"]);
}

#[test]
fn the_same_review_twice_is_one_and_two_with_one_id_are_two() {
    let sheet = read(&jsonld(
        r#"{"@type":"Review","@id":"x","reviewBody":"a"},{"@type":"Review","@id":"x","reviewBody":"a"},{"@type":"Review","@id":"x","reviewBody":"b"}"#,
    ));
    assert_eq!((sheet.page.items.len(), codes(&sheet)), (2, vec!["duplicate_id"]));
}

#[test]
fn an_id_from_content_does_not_move_with_a_date_that_counts_from_now() {
    let page = |date: &str| format!("<p class=c><i>{date}</i><b>Torn.</b></p>");
    let manner = picking(".c", |selectors| {
        selectors.date = Some("i".to_owned());
        selectors.text = Some("b".to_owned());
    });
    let of = |date: &str| read_with(&page(date), &manner).unwrap().page.items[0].id.clone();
    assert_eq!(of("2 days ago"), of("3 days ago"));
    assert_ne!(of("2 May 2026"), of("3 May 2026"));
}

#[test]
fn numeric_dates_are_decided_by_the_page_or_by_the_configuration_or_refused() {
    let page = |first: &str, second: &str| {
        jsonld(&format!(
            r#"{{"@id":"1","reviewBody":"a","datePublished":"{first}"}},{{"@id":"2","reviewBody":"b","datePublished":"{second}"}}"#
        ))
    };
    let day = |sheet: &Sheet, at: usize| sheet.page.items[at].published.unwrap().format("%F").to_string();
    let decided = read(&page("04/03/2026", "25/03/2026"));
    assert_eq!((day(&decided, 0), day(&decided, 1)), ("2026-03-04".to_owned(), "2026-03-25".to_owned()));
    let refused = read_with(&page("04/03/2026", "05/03/2026"), &Manner::default()).unwrap_err();
    assert!(refused.what.starts_with("ambiguous_date: `04/03/2026`"), "{refused}");
    let told = Manner { date_order: Some(DateOrder::MonthDayYear), ..Manner::default() };
    assert_eq!(day(&read_with(&page("04/03/2026", "05/03/2026"), &told).unwrap(), 0), "2026-04-03");
}

#[test]
fn an_empty_list_is_fine_and_a_list_that_is_gone_is_an_error() {
    let empty = read(&jsonld(""));
    assert_eq!((empty.page.items.len(), codes(&empty)), (0, vec!["no_records"]));
    let manner = picking(".rv", |selectors| selectors.empty = Some("#reviews[data-count='0']".to_owned()));
    assert_eq!(read_with("<div id=reviews data-count=0>None yet", &manner).unwrap().page.items.len(), 0);
    for (page, manner) in
        [("<div id=reviews data-count=3>", &manner), ("<p>Something else", &manner), ("<p>Something else", &Manner::default())]
    {
        let refused = read_with(page, manner).unwrap_err();
        assert!(refused.what.starts_with("layout_changed"), "{page}: {refused}");
    }
}

#[test]
fn walls_shells_and_refusals_are_errors_with_reason_and_cure() {
    for (page, reason) in [
        ("<h1>Are you human?</h1>", "captcha"),
        ("<form action=/consent><button>Accept</button></form>", "consent_wall"),
        ("<input type=password>", "login"),
        ("<div id=app></div>", "needs_scripts"),
        (
            r#"<script type=application/ld+json>{"@type":"Product","aggregateRating":{"reviewCount":12}}</script><h1>Tent</h1>"#,
            "needs_scripts",
        ),
        ("<meta name=robots content=noai><p itemscope itemtype=https://schema.org/Review><b itemprop=reviewBody>b</b>", "robots_tag"),
        ("  ", "an empty answer"),
    ] {
        let refused = read_with(page, &Manner::default()).unwrap_err();
        assert!(refused.what.starts_with(reason), "{page}: {refused}");
        assert!(!refused.cure.is_empty());
    }
}

#[test]
fn the_next_page_is_followed_on_the_same_host_only() {
    let review = "<p itemscope itemtype=https://schema.org/Review><b itemprop=reviewBody>b</b></p>";
    for (link, next) in [
        ("<link rel=next href='?page=2&amp;sort=new'>", Some("https://tents.test/p/two/reviews?page=2&sort=new")),
        ("<a rel='nofollow NEXT' href='/p/two/3#top'>", Some("https://tents.test/p/two/3")),
        ("<base href=/q/><a rel=next href=2>", Some("https://tents.test/q/2")),
        ("<a rel=next href='https://elsewhere.test/?page=2'>", None),
        ("<a rel=next href='http://tents.test/?page=2'>", None),
        ("<a rel=next href='https://me@tents.test/?page=2'>", None),
        ("<a rel=next href='javascript:next()'>", None),
        ("<a rel=next href='#more'>", None),
        ("<link rel=canonical href=/p/two>", None),
    ] {
        assert_eq!(read(&format!("{link}{review}")).next.as_deref(), next, "{link}");
    }
    let manner = picking("p", |selectors| selectors.next = Some(".on@data-href".to_owned()));
    let sheet = read_with(&format!("<i class=on data-href='?p=2'></i>{review}"), &manner).unwrap();
    assert_eq!(sheet.next.as_deref(), Some("https://tents.test/p/two/reviews?p=2"));
}

#[test]
fn a_page_in_another_encoding_is_read_as_its_head_says() {
    let mut page =
        b"<meta charset='iso-8859-1'><p itemscope itemtype=https://schema.org/Review><b itemprop=reviewBody>T\xe4t nog? N\xe5".to_vec();
    page.extend_from_slice(b"</b></p>");
    let sheet = document(&page, "text/html", Some(AT), now(), &Manner::default()).unwrap();
    assert_eq!(sheet.page.items[0].text, "Tät nog? Nå");
}

#[test]
fn reviews_without_anything_in_them_are_left_out() {
    let sheet = read(&jsonld(
        r#"{"@type":"Review","@id":"1"},{"@type":"Review","@id":"2","reviewRating":{"ratingValue":4}},{"@type":"Review","@id":"3","reviewBody":"x","reviewRating":{"ratingValue":9}}"#,
    ));
    assert_eq!(ids(&sheet), ["2", "3"]);
    assert_eq!(codes(&sheet), ["empty_record", "unread_rating"]);
}

#[test]
fn what_is_no_page_of_reviews_is_told_from_what_is() {
    assert!(has_reviews(jsonld("").as_bytes()));
    assert!(!has_reviews(b"<html><link rel=alternate type=application/rss+xml href=/f><p>Blog"));
    assert!(is_wall(b"<h1>Are you human?</h1>"));
}

proptest::proptest! {
    /// Whatever is cut off or overwritten, there is an answer.
    #[test]
    fn any_damage_gives_a_page_or_an_error(cut in 0_usize..2000, at in 0_usize..2000, byte in 0_u8..=255) {
        let page = format!(
            "<meta charset=utf-8><base href=/x/>{}<article itemscope itemtype=https://schema.org/Review><time itemprop=datePublished datetime=2026-02-03></time>\
             <p itemprop=reviewBody>Zu spät &amp; <b>nass</b></p></article><ul><li class=rv data-n=1><em>vor 3 Tagen</em><p>Nass</p></ul><a rel=next href='?p=2'>",
            jsonld(r#"{"@type":"Review","@id":"a","reviewBody":"b","datePublished":"2026-01-02","reviewRating":{"ratingValue":"3,5"}}"#)
        );
        let mut bytes = page.into_bytes();
        if let Some(old) = bytes.get_mut(at) {
            *old = byte;
        }
        bytes.truncate(cut);
        let manner = picking("li.rv", |selectors| selectors.date = Some("em".to_owned()));
        let _ = document(&bytes, "", Some(AT), now(), &manner);
        let _ = has_reviews(&bytes);
    }
}
