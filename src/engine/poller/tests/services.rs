//! What only services do: lists that prove deletions, second looks at stored messages, waits in the
//! middle of a poll, and refusals that are understood.

use serde_json::Value;

use super::*;
use crate::domain::http::Call;
use crate::domain::http::Refused;
use crate::domain::item::Item;
use crate::domain::item::Listed;
use crate::domain::ports::PollNote;
use crate::domain::ports::WantedIds;
use crate::domain::standing::Gone;
use crate::sources::Recheck;
use crate::sources::refusal;
use crate::sources::refusal::Refusal;

/// A service that answers `{"ids": [...], "gone": [...], "next": "/path", "all": true, "pause": 5, "mark": "m"}`.
struct Desk {
    base: String,
    certain: bool,
    recheck: Option<Recheck>,
}

impl Source for Desk {
    fn first(&self, _shard: &Shard, cursor: &Cursor, _now: Timestamp) -> Request {
        let mark = cursor.0.as_deref().unwrap_or("none");
        Request::Call(Call { url: format!("{}/list?mark={mark}", self.base), ..Call::default() })
    }

    fn read(&self, _shard: &Shard, _cursor: &Cursor, response: &Response, _now: Timestamp) -> Result<Page, ReadError> {
        let Response::Call(reply) = response else { panic!("{response:?}") };
        let answer: Value = serde_json::from_slice(&reply.body).map_err(|_| ReadError::new("no JSON", "try again"))?;
        let ids = |key: &str| answer[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
        let item = |id: String, gone| Item { text: format!("{id} is late"), id, gone, ..Item::default() };
        let next = |path: &str| Request::Call(Call { url: format!("{}{path}", self.base), ..Call::default() });
        Ok(Page {
            items: ids("silent")
                .into_iter()
                .map(|id| Item { id, ..Item::default() })
                .chain(ids("ids").into_iter().map(|id| item(id, false)))
                .chain(ids("gone").into_iter().map(|id| item(id, true)))
                .collect(),
            next: answer["next"].as_str().map(next),
            pause: answer["pause"].as_i64().map(TimeDelta::seconds),
            cursor: answer["mark"].as_str().map(|mark| Cursor(Some(mark.to_owned()))),
            listed: answer["all"].as_bool().map(|_| Listed { certain: self.certain, ..Listed::default() }),
            ..Page::default()
        })
    }

    fn refused(&self, refused: &Refused) -> Option<Refusal> {
        let names = refusal::Names { service: "Desk", login: "`token`", permission: "the role of an admin", thing: "`subdomain`" };
        let anew = Refusal { meaning: refusal::Meaning::Anew, words: "the place is not known".to_owned() };
        if refused.status == 410 { Some(anew) } else { refusal::usual(refused, &names) }
    }

    fn recheck(&self) -> Option<&Recheck> {
        self.recheck.as_ref()
    }

    fn ask_again(&self, ids: &[String]) -> Request {
        Request::Call(Call { url: format!("{}/again?ids={}", self.base, ids.join(",")), ..Call::default() })
    }
}

/// A desk, its server, and one poller that lives as long as its configuration.
struct Office {
    place: Place,
    target: Target,
    poller: Poller<Sqlite>,
    hand: &'static std::sync::atomic::AtomicI64,
}

impl Office {
    fn new(certain: bool, recheck: Option<Recheck>, says: impl Fn(&str, usize) -> Says + Send + 'static) -> Self {
        let place = Place::new(says);
        let hand = Box::leak(Box::new(std::sync::atomic::AtomicI64::new(at(0.0).timestamp_millis())));
        let desk = Desk { base: format!("http://127.0.0.1:{}", place.port), certain, recheck };
        let (target, poller) = configured(&place, "query = \"x\"", desk, hand);
        Self { place, target, poller, hand }
    }

    /// The same source with other settings.
    fn with(self, settings: &str, certain: bool) -> Self {
        let Self { place, hand, target, .. } = self;
        let recheck = target.source.source.recheck().cloned();
        let desk = Desk { base: format!("http://127.0.0.1:{}", place.port), certain, recheck };
        let (target, poller) = configured(&place, settings, desk, hand);
        Self { place, target, poller, hand }
    }

    async fn poll(&self, hours: f64) -> Polled {
        self.hand.store(at(hours).timestamp_millis(), std::sync::atomic::Ordering::SeqCst);
        self.poller.poll(&self.target).await.unwrap()
    }

    /// Ids of what is stored and not gone.
    async fn stored(&self) -> String {
        let wanted = WantedIds { source: "s".to_owned(), limit: 100, ..WantedIds::default() };
        self.place.store.stored_ids(wanted).await.unwrap().join(" ")
    }
}

fn configured(place: &Place, settings: &str, desk: Desk, hand: &'static std::sync::atomic::AtomicI64) -> (Target, Poller<Sqlite>) {
    let text = format!(
        "[fetch]\ncontact = \"ops@theatre.example\"\nallow_private = [\"127.0.0.1:{}\"]\nhost_gap = \"0s\"\n[[source]]\nname = \"s\"\nevery = \"1h\"\n\
         hacker_news = {{ {settings}, base_url = \"{}\" }}\n",
        place.port, desk.base
    );
    let config = parse(&[Document { name: "u".to_owned(), text }], &Credentials::of_this_process()).config.unwrap();
    let plan = Arc::new(Plan::build(config, &[7; 32]).unwrap());
    let target = Target::all(&plan).remove(0);
    let source = Arc::new(ReadySource { settings: target.source.settings.clone(), source: Arc::new(desk) });
    let (store, fetcher) = (place.store.clone(), Arc::clone(&place.fetcher));
    let poller = Poller::new(store, plan, fetcher, Arc::new(vec![7; 32]), Clock::by_hand(hand), Board::default());
    (Target { source, ..target }, poller)
}

fn busy(wish: &str) -> Says {
    Says { status: "429 Slow", headers: format!("Retry-After: {wish}\r\n"), body: "{\"error\":\"slow down\"}".to_owned() }
}

#[tokio::test]
async fn what_a_whole_list_lacks_twice_is_gone() {
    let office = Office::new(false, None, |path, number| match (path, number) {
        // At the third request b is deleted, and c slides from the second page to the first behind it.
        ("/list?mark=none", ..=3) => said(r#"{"ids":["a","b"],"next":"/2"}"#.to_owned()),
        ("/2", ..=2) => said(r#"{"ids":["c","d"],"all":true}"#.to_owned()),
        ("/list?mark=none", _) => said(r#"{"ids":["a","c"],"next":"/2"}"#.to_owned()),
        _ => said(r#"{"ids":["d"],"all":true}"#.to_owned()),
    });
    office.poll(0.0).await;
    assert_eq!(office.stored().await, "a b c d");
    // One walk lacks c and the next one b: nobody is missing twice.
    for hours in [1.0, 2.0, 3.0] {
        let polled = office.poll(hours).await;
        assert_eq!((polled.error, polled.committed.gone, office.stored().await.as_str()), (None, 0, "a b c d"));
    }
    let polled = office.poll(4.0).await;
    assert_eq!((polled.committed.gone, office.stored().await.as_str()), (1, "a c d"));
    assert_eq!((office.poll(5.0).await.committed.gone, office.place.requests().len()), (0, 12));
}

#[tokio::test]
async fn what_other_settings_listed_is_not_gone() {
    let office = Office::new(true, None, |_, number| match number {
        1 => said(r#"{"ids":["a","b"],"all":true,"mark":"m"}"#.to_owned()),
        2 => said(r#"{"ids":["a","c","d"],"all":true}"#.to_owned()),
        _ => said(r#"{"ids":["a","c"],"all":true}"#.to_owned()),
    });
    office.poll(0.0).await;
    let office = office.with("query = \"x\", comments = false", true);
    assert_eq!((office.poll(1.0).await.committed.gone, office.stored().await.as_str()), (0, "a b c d"));
    assert_eq!((office.poll(2.0).await.committed.gone, office.stored().await.as_str()), (1, "a b c"), "what these settings listed is");
    assert_eq!(office.place.requests(), ["/list?mark=none", "/list?mark=m", "/list?mark=m"], "the mark is still theirs");
}

#[tokio::test]
async fn another_thing_under_the_same_name_is_read_from_its_start() {
    let office = Office::new(true, None, |_, number| match number {
        1 => said(r#"{"ids":["a"],"mark":"m"}"#.to_owned()),
        2 => said(r#"{"ids":["b"],"next":"/2"}"#.to_owned()),
        3 => Says { status: "502 Bad", ..Says::default() },
        4 => said(r#"{"ids":["c"],"mark":"n"}"#.to_owned()),
        _ => said(r#"{"ids":["d"]}"#.to_owned()),
    });
    office.poll(0.0).await;
    let office = office.with("query = \"y\"", true);
    assert!(office.poll(1.0).await.error.is_some());
    for hours in [2.0, 3.0] {
        assert_eq!(office.poll(hours).await.error, None);
    }
    assert_eq!(office.place.requests(), ["/list?mark=none", "/list?mark=none", "/2", "/2", "/list?mark=n"]);
    let (all, news) = office.place.counted().await;
    assert_eq!((all, news, office.stored().await.as_str()), (4, 1, "a b c d"), "what was there before is history");
}

#[tokio::test]
async fn another_thing_under_the_same_name_is_not_asked_for_what_it_never_had() {
    let recheck = Recheck { every: TimeDelta::hours(1), batch: 5, requests: 1, within: None, field: None };
    let office = Office::new(true, Some(recheck), |path, number| match path {
        "/again?ids=b" => said("{}".to_owned()),
        _ if number == 1 => said(r#"{"ids":["a"]}"#.to_owned()),
        _ => said(r#"{"ids":["b"]}"#.to_owned()),
    });
    office.poll(0.0).await;
    let office = office.with("query = \"y\"", true);
    for hours in [1.0, 2.0, 3.0, 4.0] {
        assert_eq!(office.poll(hours).await.error, None);
    }
    let again: Vec<String> = office.place.requests().into_iter().filter(|path| path.starts_with("/again")).collect();
    assert!(again.len() > 1 && again.iter().all(|path| path == "/again?ids=b"), "{again:?}");
}

#[tokio::test]
async fn a_service_that_is_gone_is_asked_again_when_it_is_another_one() {
    let office = Office::new(true, None, |_, _| said(r#"{"ids":["a"]}"#.to_owned()));
    office.poll(0.0).await;
    let mut standing = office.place.store.stream(&office.target.key).await.unwrap().standing;
    standing.gone = Some(Box::new(Gone { since: at(0.0), confirmed: true, url: String::new() }));
    let note = PollNote { standing: Some(Box::new(standing)), ..PollNote::failed("gone for good", at(1.0), at(0.5)) };
    office.place.store.note_poll(&office.target.key, note).await.unwrap();
    office.poll(2.0).await;
    assert_eq!(office.place.requests().len(), 1, "it is left alone");
    let office = office.with("query = \"y\"", true);
    assert_eq!((office.poll(3.0).await.error, office.place.requests().len()), (None, 2));
}

#[tokio::test]
async fn a_mapping_that_takes_all_words_away_is_not_believed() {
    let office = Office::new(true, None, |_, number| match number {
        1 => said(r#"{"ids":["a","b","c"],"mark":"m"}"#.to_owned()),
        2 => said(r#"{"silent":["a","b","c"],"ids":[],"mark":"n"}"#.to_owned()),
        _ => said(r#"{"silent":["a","b"],"ids":["d"],"mark":"n"}"#.to_owned()),
    });
    office.poll(0.0).await;
    let polled = office.poll(1.0).await;
    assert!(
        polled.error.as_deref().is_some_and(|error| error.starts_with("3 stored messages would lose all their words at once")),
        "{polled:?}"
    );
    assert_eq!((polled.committed.edited, polled.stream.cursor), (0, Cursor(Some("m".to_owned()))));
    assert_eq!(office.poll(20.0).await.committed.edited, 2, "one may take back what they said");
}

#[tokio::test]
async fn an_outage_does_not_throw_a_long_walk_back() {
    let office = Office::new(false, None, |path, number| match (path, number) {
        ("/2", 2..=8) => Says { status: "502 Bad", ..Says::default() },
        ("/2", _) => said(r#"{"ids":["b"],"mark":"m"}"#.to_owned()),
        _ => said(r#"{"ids":["a"],"next":"/2"}"#.to_owned()),
    });
    for poll in 0..8 {
        office.poll(f64::from(poll)).await;
    }
    assert_eq!(office.stored().await, "a b");
    assert_eq!(office.place.requests().iter().filter(|path| path.starts_with("/list")).count(), 1);
}

#[tokio::test]
async fn messages_that_cannot_be_looked_at_again_do_not_hold_up_the_others() {
    let recheck = Recheck { every: TimeDelta::hours(1), batch: 1, requests: 1, within: None, field: None };
    let office = Office::new(false, Some(recheck), |path, _| match path {
        "/again?ids=a" => Says { status: "403 No", ..Says::default() },
        "/again?ids=b" => said(r#"{"gone":["b"]}"#.to_owned()),
        _ => said(r#"{"ids":["a","b"],"mark":"m"}"#.to_owned()),
    });
    let mut gone = 0;
    for poll in 0..4 {
        gone += office.poll(f64::from(poll)).await.committed.gone;
    }
    assert_eq!(gone, 0);
    let polled = office.poll(4.0).await;
    assert_eq!((polled.error, polled.committed.gone), (None, 1));
}

#[tokio::test]
async fn a_list_that_cannot_shift_proves_a_deletion_at_once_and_one_that_is_not_whole_never() {
    let office = Office::new(true, None, |_, number| match number {
        1 => said(r#"{"ids":["a","b"],"all":true}"#.to_owned()),
        2 => said(r#"{"ids":["a"]}"#.to_owned()),
        _ => said(r#"{"ids":["a"],"all":true}"#.to_owned()),
    });
    office.poll(0.0).await;
    office.poll(1.0).await;
    assert_eq!(office.stored().await, "a b");
    assert_eq!(office.poll(2.0).await.committed.gone, 1);
    assert_eq!((office.stored().await.as_str(), office.place.requests().len()), ("a", 3));
}

#[tokio::test]
async fn stored_messages_are_looked_at_again_in_batches() {
    let recheck = Recheck { every: TimeDelta::hours(24), batch: 2, requests: 1, within: None, field: None };
    let office = Office::new(false, Some(recheck), |path, _| match path {
        "/list?mark=none" => said(r#"{"ids":["a","b","c"]}"#.to_owned()),
        "/again?ids=a,b" => said(r#"{"ids":["a"],"gone":["b"]}"#.to_owned()),
        _ => said(r#"{"ids":["c"]}"#.to_owned()),
    });
    // New messages are not looked at again at once: the first pass comes after a day and takes three polls.
    let again = |requests: Vec<String>| requests.into_iter().filter(|path| path.starts_with("/again")).collect::<Vec<_>>();
    for hours in [0.0, 1.0, 23.0] {
        assert_eq!(office.poll(hours).await.error, None);
    }
    assert!(again(office.place.requests()).is_empty());
    for hours in [24.0, 25.0, 26.0, 27.0] {
        assert_eq!(office.poll(hours).await.error, None);
    }
    assert_eq!(again(office.place.requests()), ["/again?ids=a,b", "/again?ids=c"]);
    // The list says that it is back, which the service has to know.
    assert_eq!(office.stored().await, "a b c");
    office.poll(49.0).await;
    office.poll(50.0).await;
    assert_eq!(again(office.place.requests()).len(), 3, "a day after the end of the first pass");
}

#[tokio::test]
async fn a_poll_waits_for_what_is_being_made_and_goes_on_from_there() {
    let office = Office::new(false, None, |path, _| match path {
        "/list?mark=none" => said(r#"{"next":"/progress","pause":30}"#.to_owned()),
        "/progress" => said(r#"{"ids":["a"],"mark":"m"}"#.to_owned()),
        _ => said("{}".to_owned()),
    });
    let polled = office.poll(0.0).await;
    assert_eq!((polled.error, polled.put_off.is_some()), (None, true));
    assert!((30..=33).contains(&(polled.due - at(0.0)).num_seconds()), "{}", polled.due);
    let polled = office.poll(0.01).await;
    assert_eq!((polled.error, polled.put_off, office.stored().await.as_str()), (None, None, "a"));
    office.poll(1.0).await;
    assert_eq!(office.place.requests(), ["/list?mark=none", "/progress", "/list?mark=m"]);
}

#[tokio::test]
async fn a_short_wish_is_no_error_and_a_refusal_is_told_in_the_services_words() {
    let office = Office::new(false, None, |_, number| match number {
        1 => said(r#"{"ids":["a"],"mark":"m"}"#.to_owned()),
        2 => busy("20"),
        3 => busy("3000"),
        _ => Says { status: "401 No", body: "{\"error\":\"token revoked\"}".to_owned(), ..Says::default() },
    });
    office.poll(0.0).await;
    let polled = office.poll(1.0).await;
    assert_eq!((polled.error, polled.stream.errors), (None, 0));
    assert!((20..=23).contains(&(polled.due - at(1.0)).num_seconds()), "{}", polled.due);
    let polled = office.poll(1.1).await;
    assert_eq!(
        polled.error.as_deref(),
        Some("Desk asks for patience (\u{201c}slow down\u{201d}); if this comes often, a longer `every` helps")
    );
    let polled = office.poll(3.0).await;
    assert_eq!(polled.error.as_deref(), Some("Desk does not take the login (\u{201c}token revoked\u{201d}): check `token`"));
}

#[tokio::test]
async fn a_walk_whose_place_is_forgotten_begins_anew() {
    let office = Office::new(false, None, |path, number| match (path, number) {
        ("/list?mark=none", 1) => said(r#"{"ids":["a"],"next":"/2"}"#.to_owned()),
        ("/2", 2) => Says { status: "502 Bad", ..Says::default() },
        ("/2", 3) => Says { status: "410 Gone", ..Says::default() },
        ("/list?mark=none", _) => said(r#"{"ids":["a","b"],"mark":"m"}"#.to_owned()),
        _ => said("{}".to_owned()),
    });
    assert!(office.poll(0.0).await.error.is_some());
    assert_eq!((office.poll(3.0).await.error, office.stored().await.as_str()), (None, "a b"));
}

#[tokio::test]
async fn a_long_walk_gets_to_its_end_however_often_it_is_cut() {
    let office = Office::new(false, None, |path, number| {
        let page: usize = path.trim_start_matches('/').parse().unwrap_or(0);
        match page {
            _ if number.is_multiple_of(2) => Says { status: "502 Bad", ..Says::default() },
            12 => said(r#"{"ids":["z"],"mark":"m"}"#.to_owned()),
            _ => said(format!(r#"{{"ids":["{page:02}"],"next":"/{}"}}"#, page + 1)),
        }
    });
    let mut errors = Vec::new();
    for poll in 0..13 {
        errors.push(office.poll(f64::from(poll)).await.stream.errors);
    }
    assert_eq!(office.stored().await, "00 01 02 03 04 05 06 07 08 09 10 11 z");
    assert_eq!(errors, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    assert_eq!(office.place.requests().iter().filter(|path| path.starts_with("/list")).count(), 1, "it never began anew");
}
