//! Feeds, whole and broken.

use super::*;
use crate::domain::http::Answer;

const RSS: &[u8] = include_bytes!("../../../tests/fixtures/feed/shop.rss");
const ATOM: &[u8] = include_bytes!("../../../tests/fixtures/feed/reviews.atom");
const JSON: &[u8] = include_bytes!("../../../tests/fixtures/feed/posts.json");
const BROKEN: &[u8] = include_bytes!("../../../tests/fixtures/feed/broken.rss");

/// A page as text: an item a line.
fn shown(body: &[u8], url: Option<&str>) -> String {
    let page = document(body, "", url).unwrap();
    let mut shown = vec![format!("{} {:?} {:?}", page.format, page.title.unwrap_or_default(), page.link.unwrap_or_default())];
    for item in page.items {
        let time = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.format("%dT%H:%MZ").to_string());
        let text = item.text.replace('\n', "/");
        let rating = item.rating.map_or("-".to_owned(), |rating| format!("{}/{}", rating.value, rating.max));
        let (published, updated) = (time(item.published), time(item.updated));
        let (url, author, lang) = (item.url.unwrap_or_default(), item.author.unwrap_or_default(), item.lang.unwrap_or_default());
        let line = format!("[{}] {published} {updated} {rating} {lang} <{author}> {:?} {text:?} {url}", item.id, item.title);
        shown.push(line.trim_end().to_owned());
    }
    shown.extend(page.warnings.iter().map(|warning| format!("! {warning}")));
    shown.join("\n")
}

/// What a poll makes of a body from the web.
fn polled(body: &[u8]) -> Result<Page, ReadError> {
    let feed = Feed::new(Settings::Url("https://x.test/feed".to_owned()));
    let Request::Get(request) = feed.first(&Shard::whole(), &Cursor::default(), Timestamp::default()) else {
        panic!("a feed at an address is fetched");
    };
    assert!(request.conditional);
    let answer = Answer { url: request.url.clone(), request, content_type: String::new(), body: body.to_vec() };
    feed.read(&Shard::whole(), &Cursor::default(), &Response::Http(answer), Timestamp::default())
}

#[test]
fn rss_is_read() {
    insta::assert_snapshot!(shown(RSS, None), @r#"
    rss "Boots & Bags forum" "https://forum.bags.test/"
    [post-7] 05T07:30Z - -  <mika> "Refund & bot" "The bot sends me in circles.//Three\u{a0}times." https://forum.bags.test/t/7
    [https://forum.bags.test/t/8?page=2] - - -  <> "No guid" "Zip broke again" https://forum.bags.test/t/8?utm_source=rss&page=2#new
    [h1:3cd8701eea4ca4da] - - -  <> "" "Neither guid nor link."
    [https://forum.bags.test/t/9] - - -  <> "Permalink" "" https://forum.bags.test/t/9
    ! 1 of 4 items have neither id nor link: they are known by their content, and an edit looks like a new one [no_id]
    ! 1 item has a date that cannot be used, such as `Thu, 01 Jan 1970 00:00:00 GMT`: what is new counts from when it is first seen [unread_date]
    "#);
}

#[test]
fn atom_is_read() {
    insta::assert_snapshot!(shown(ATOM, Some("https://apps.bags.test/feed")), @r#"
    atom "Reviews" "https://apps.bags.test/"
    [r-1] 04T08:00Z 05T08:00Z 1/5 sv <noor> "5 < 6 stars" "Kraschar & hänger sig." https://apps.bags.test/r/1
    [r-2] 03T08:00Z 03T08:00Z -  <> "Same id" "one"
    [r-2] 03T08:00Z 03T08:00Z -  <> "Same id" "two"
    [r-2] 03T08:00Z 03T08:00Z -  <> "Same id" "two"
    ! 2 items have the id of another one: the daemon tells them apart by their content [duplicate_id]
    "#);
}

#[test]
fn json_feed_is_read() {
    insta::assert_snapshot!(shown(JSON, None), @r#"
    json_feed "Posts" "https://posts.test/"
    [17] 05T06:00Z 06T08:00Z - en <lou> "" "Charged twice." https://posts.test/17
    [h1:f890e6ba4b6bc1c6] - - -  <> "" "No id, no link."
    ! item 3: not an object [bad_item]
    ! 1 of 2 items have neither id nor link: they are known by their content, and an edit looks like a new one [no_id]
    "#);
}

#[test]
fn what_is_broken_is_read_as_far_as_it_goes() {
    insta::assert_snapshot!(shown(BROKEN, None), @r#"
    rss "Old & broken" ""
    [https://old.test/?a=1&b=2] - - -  <> "Bell & whistles" "An unclosed tag and a bare & sign" https://old.test/?a=1&b=2
    ! what stands before the document was left out [text_before]
    ! 3 signs `&` begin no reference and stay [bare_ampersand]
    ! 1 element was never closed, and ended with the item [unclosed_element]
    ! the document ends inside an item, which is left out [document_cut]
    "#);
}

#[test]
fn ids_are_the_same_on_every_poll() {
    for body in [RSS, ATOM, JSON, BROKEN] {
        let ids = || polled(body).unwrap().items.into_iter().map(|item| item.id).collect::<Vec<_>>();
        assert_eq!(ids(), ids());
    }
}

#[test]
fn a_poll_tells_items_with_one_id_apart() {
    let ids = polled(ATOM).unwrap().items.into_iter().map(|item| item.id).collect::<Vec<_>>();
    assert_eq!(ids.len(), 3, "an exact copy is dropped: {ids:?}");
    assert!(ids[2].starts_with("r-2#"), "{ids:?}");
}

#[test]
fn a_document_in_another_encoding_is_decoded_first() {
    let text = "<rss version=\"2.0\"><channel><title>Блог</title></channel></rss>";
    let title = |body: &[u8], content_type: &str| document(body, content_type, None).unwrap().title.unwrap();
    let koi8 = encoding_rs::KOI8_R.encode(text).0.into_owned();
    assert_eq!(title(&koi8, "application/rss+xml; charset=koi8-r"), "Блог");
    let declared = ["<?xml version='1.0' encoding='koi8-r'?>".as_bytes(), &koi8].concat();
    assert_eq!(title(&declared, ""), "Блог");
    let big = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect::<Vec<_>>();
    assert_eq!(title(&big, ""), "Блог");
}

#[test]
fn a_second_declaration_of_an_encoding_does_no_harm() {
    let filler = "x".repeat(20_000);
    let text = format!(
        "<rss version='2.0'><channel><title>{filler}</title><?xml version='1.0' encoding='utf-16'?><item><guid>1</guid></item></channel></rss>"
    );
    assert_eq!(document(text.as_bytes(), "", None).unwrap().items.len(), 1);
}

#[test]
fn a_page_that_is_no_feed_is_an_error_with_a_cure() {
    let error = polled(b"<!DOCTYPE html><html><form><input type=\"password\"></form></html>").unwrap_err();
    assert_eq!(error.to_string(), "not a feed: a login page; use the feed's public address, or one with its access key in it");
}

#[test]
fn a_file_is_read_whole_or_refused() {
    let feed = Feed::new(Settings::File(PathBuf::from("a.rss")));
    let Request::Slice(request) = feed.first(&Shard::whole(), &Cursor::default(), Timestamp::default()) else {
        panic!("a feed in a file is a slice");
    };
    let bytes = |size| crate::domain::http::Bytes {
        request: request.clone(),
        from: 0,
        body: RSS.to_vec(),
        size,
        modified: Timestamp::default(),
        part: None,
    };
    let read = |size| feed.read(&Shard::whole(), &Cursor::default(), &Response::Slice(bytes(size)), Timestamp::default());
    assert_eq!(read(RSS.len() as u64).unwrap().items.len(), 4);
    assert!(read(LARGEST + 1).unwrap_err().what.contains("more than"));
}

#[test]
fn ten_thousand_items_are_enough() {
    let many = format!(
        "<rss version='2.0'><channel>{}</channel></rss>",
        (0..10_010).map(|n| format!("<item><guid>{n}</guid></item>")).collect::<Vec<_>>().concat()
    );
    let page = document(many.as_bytes(), "", None).unwrap();
    assert_eq!(page.items.len(), 10_000);
    assert!(page.warnings.iter().any(|warning| warning.code == "too_many_items"));
}

#[test]
fn what_only_wears_a_reader_out_is_refused() {
    let (deep, name, value) = ("<a>".repeat(300), "n".repeat(2_000), "v".repeat(300 * 1024));
    let many = (0..2_000).map(|n| format!(" a{n}=''")).collect::<Vec<_>>().concat();
    for inside in [deep, format!("<{name}/>"), format!("<a b='{value}'/>"), format!("<a{many}/>")] {
        let text = format!("<rss version='2.0'><channel><item><guid>1</guid><x>{inside}</x></item></channel></rss>");
        let error = polled(text.as_bytes()).unwrap_err();
        assert!(error.what.starts_with("a feed that no reader should have to bear: "), "{error}");
    }
    let breaks = format!("<rss version='2.0'><channel><item><description>{}</description></item></channel></rss>", "line<br>".repeat(300));
    assert_eq!(polled(breaks.as_bytes()).unwrap().items.len(), 1);
}

#[test]
fn what_is_too_long_is_cut_at_a_letter() {
    let text = format!("<rss version='2.0'><channel><item><guid>1</guid><title>{}</title></item></channel></rss>", "ü".repeat(2_000));
    assert_eq!(polled(text.as_bytes()).unwrap().items[0].title.len(), 1024);
}

#[test]
fn base64_of_either_atom_is_opened() {
    let titles = |text: &str| document(text.as_bytes(), "", None).unwrap().items.into_iter().map(|item| item.title).collect::<Vec<_>>();
    let packed = "PGI+VG9ybjwvYj4gYmFn";
    let one = format!("<feed><entry><id>1</id><title type='application/octet-stream'>{packed}</title></entry></feed>");
    let old = format!("<feed version='0.3'><entry><id>1</id><title mode='base64' type='text/html'>{packed}</title></entry></feed>");
    assert_eq!((titles(&one), titles(&old)), (vec!["Torn bag".to_owned()], vec!["Torn bag".to_owned()]));
    assert_eq!(titles("<feed><entry><id>1</id><title type='application/x'>Torn bag</title></entry></feed>"), ["Torn bag"]);
}

#[test]
fn an_encoding_that_is_not_true_is_named() {
    let codes =
        |text: &str| document(text.as_bytes(), "", None).unwrap().warnings.into_iter().map(|warning| warning.code).collect::<Vec<_>>();
    let feed = "<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><title>Größe</title></channel></rss>";
    assert_eq!(codes(feed), ["encoding_overruled"]);
    assert_eq!(codes(&feed.replace("iso-8859-1", "utf-8")), [""; 0]);
}

#[test]
fn older_pages_are_named_by_every_kind_of_feed() {
    let older = |text: &str| polled(text.as_bytes()).unwrap().older.is_some();
    assert!(older("<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><link rel='next' href='?page=2'/></feed>"));
    assert!(older(
        "<rss version='2.0' xmlns:a='http://www.w3.org/2005/Atom'><channel><a:link rel='next' href='/feed?page=2'/></channel></rss>"
    ));
    assert!(older("{\"version\":\"https://jsonfeed.org/version/1.1\",\"next_url\":\"https://x.test/2\",\"items\":[]}"));
    assert!(!older("<rss version='2.0'><channel><link>https://x.test/next</link></channel></rss>"));
}

proptest::proptest! {
    #[test]
    fn a_damaged_feed_gives_a_value(which in 0_usize..4, cut in 0.0_f64..1.0, at in 0.0_f64..1.0, bit in 0_u8..8) {
        let body = [RSS, ATOM, JSON, BROKEN][which];
        let place = |part: f64| (body.len() as f64 * part) as usize;
        let _ = polled(&body[..place(cut)]);
        let mut flipped = body.to_vec();
        flipped[place(at)] ^= 1 << bit;
        let _ = polled(&flipped);
    }

    #[test]
    fn noise_gives_a_value(text in "(<rss|<feed|<item>|<entry>|</item>|<title>|<!\\[CDATA\\[|\\]\\]>|&|;|>|<\\?xml |x| |\"|='){0,40}") {
        let _ = polled(text.as_bytes());
    }
}

#[test]
fn a_link_is_an_address_or_none() {
    let link = |guid: &str| {
        let text = format!("<rss version='2.0'><channel><item><guid>{guid}</guid></item></channel></rss>");
        polled(text.as_bytes()).unwrap().items.remove(0).url
    };
    assert_eq!(link("http\u{1}ne y '&amp;x;'"), None, "it only begins like one");
    assert_eq!(link("httpbin"), None);
    assert_eq!(link("ht\ntps://x.te\tst/1"), Some("https://x.test/1".to_owned()));
    assert_eq!(link(" https://x.test/a?b "), Some("https://x.test/a?b".to_owned()));
}

#[test]
fn an_escaped_nul_in_json_is_dropped() {
    let text =
        r#"{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"j\u00001","title":"\u0000","content_text":"a\u0000b\u001b"}]}"#;
    let item = polled(text.as_bytes()).unwrap().items.remove(0);
    assert_eq!((item.id.as_str(), item.title.as_str(), item.text.as_str()), ("j1", "", "ab"));
}

#[test]
fn a_date_that_cannot_be_read_is_named() {
    let item = |date: &str| format!("<item><guid>{date}</guid><title>x</title><pubDate>{date}</pubDate></item>");
    let items = ["yesterday-ish", "Mon, 02 Nov 2026 10:00:00 GMT", "", "soon"].map(item).concat();
    let rss = format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>");
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","content_text":"x","date_published":"soon"}]}"#;
    let said = |text: &str| {
        let page = document(text.as_bytes(), "", None).unwrap();
        page.warnings.iter().filter(|warning| warning.code == "unread_date").map(|warning| warning.message.clone()).collect::<String>()
    };
    insta::assert_snapshot!(said(&rss), @"2 items have a date that cannot be used, such as `yesterday-ish`: what is new counts from when it is first seen");
    insta::assert_snapshot!(said(json), @"1 item has a date that cannot be used, such as `soon`: what is new counts from when it is first seen");
}
