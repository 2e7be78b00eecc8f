//! Visits of a server that is played here: honest, large, strange or hostile.

use std::sync::Mutex;

use proptest::prelude::*;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;
use tokio::net::TcpListener;

use super::*;
use crate::domain::Timestamp;
use crate::domain::mails::Place;
use crate::domain::secret::Secret;
use crate::fetch::tls;

/// A mail as the played server has it.
#[derive(Clone)]
struct Kept {
    number: u32,
    date: &'static str,
    /// What it says of its size.
    size: usize,
    /// What it writes behind `BODY[]<0> `; `None` where it refuses.
    body: Option<Vec<u8>>,
}

const NEW: &str = "20-Nov-2026 10:00:00 +0000";
const OLD: &str = "20-Nov-2020 10:00:00 +0000";

fn kept(number: u32, body: &str) -> Kept {
    Kept { number, date: NEW, size: body.len(), body: Some(format!("{{{}}}\r\n{body}", body.len()).into_bytes()) }
}

/// Answers one command of a visit.
fn answer(mails: &[Kept], command: &str) -> Vec<u8> {
    let (tag, rest) = command.split_once(' ').unwrap();
    let mut said = Vec::new();
    let places = |set: &str| {
        let ranges = set.split(',').map(|part| part.split_once(':').unwrap_or((part, part)));
        let places = ranges.flat_map(|(first, last)| first.parse().unwrap()..=last.parse().unwrap());
        places.collect::<Vec<usize>>()
    };
    let mut words = rest.split(' ');
    let mut refused = false;
    match (words.next().unwrap(), words.next()) {
        ("EXAMINE" | "SELECT", _) => {
            let next = mails.last().map_or(1, |mail| mail.number + 1);
            let text = format!("* {} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT {next}] next {{9}}\r\n", mails.len());
            said.extend(text.into_bytes());
        }
        ("FETCH", Some(set)) => {
            for (at, mail) in places(set).into_iter().filter_map(|place| Some((place - 1, mails.get(place - 1)?))) {
                let date = if rest.contains("INTERNALDATE") { format!(" INTERNALDATE \"{}\"", mail.date) } else { String::new() };
                said.extend(format!("* {} FETCH (UID {}{date})\r\n", at + 1, mail.number).into_bytes());
            }
        }
        ("UID", Some("FETCH")) => {
            let set = words.next().unwrap();
            let of = |number: usize| mails.binary_search_by_key(&(number as u32), |mail| mail.number).ok();
            for (at, mail) in places(set).into_iter().filter_map(|number| of(number).map(|at| (at, &mails[at]))) {
                said.extend(format!("* {} FETCH (UID {} ", at + 1, mail.number).into_bytes());
                match &mail.body {
                    _ if rest.contains("SIZE") => said.extend(format!("RFC822.SIZE {}", mail.size).into_bytes()),
                    Some(body) => said.extend([b"BODY[]<0> ".as_slice(), body].concat()),
                    None => refused = true,
                }
                said.extend(b")\r\n");
            }
        }
        _ => {}
    }
    if refused {
        return format!("{tag} NO [SERVERBUG] sorry\r\n").into_bytes();
    }
    said.extend(format!("{tag} OK done\r\n").into_bytes());
    said
}

/// One visit; what came of it, and every command that was said.
async fn visit(mails: Vec<Kept>, imap: Imap, most: usize, most_bytes: usize) -> (Result<Batch, FetchError>, Vec<String>) {
    visit_of(move |command| (answer(&mails, command), false), imap, most, most_bytes).await
}

/// The same with any answers, each with whether the server hangs up after it.
async fn visit_of(
    answers: impl Fn(&str) -> (Vec<u8>, bool),
    imap: Imap,
    most: usize,
    most_bytes: usize,
) -> (Result<Batch, FetchError>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let said = Mutex::new(Vec::new());
    let serve = async {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let _ = write.write_all(b"* OK welcome {3}\r\n").await;
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            said.lock().unwrap().push(line.split_once(' ').unwrap().1.to_owned());
            let (bytes, is_last) = answers(&line);
            if write.write_all(&bytes).await.is_err() || is_last {
                break;
            }
        }
        drop(write);
        std::future::pending::<()>().await;
    };
    let imap = Imap { port, ..imap };
    let request = Mails { place: Place::Imap(Box::new(imap.clone())), most, most_bytes };
    let visitor = Visitor::new(tls::config(None).unwrap(), &[format!("127.0.0.1:{port}")], Duration::from_secs(30));
    let login = Login::at("imap://127.0.0.1").with_header("desk", Secret::new("hush".to_owned()));
    let batch = tokio::select! {
        batch = visitor.read(&request, &imap, Some(&login)) => batch,
        () = serve => panic!("it does not end"),
    };
    (batch, said.into_inner().unwrap())
}

fn imap() -> Imap {
    Imap {
        host: "127.0.0.1".to_owned(),
        port: 0,
        tls: Tls::Plain,
        folder: "INBOX".to_owned(),
        validity: None,
        from: 1,
        known: Vec::new(),
        border: 0,
        since: "2026-11-15T00:00:00Z".parse::<Timestamp>().unwrap(),
        after: After::Keep,
        done: Vec::new(),
    }
}

fn texts(batch: &Batch) -> Vec<(u32, String)> {
    batch.mails.iter().map(|mail| (mail.number, String::from_utf8(mail.bytes.clone()).unwrap())).collect()
}

fn own(mails: &[(u32, &str)]) -> Vec<(u32, String)> {
    mails.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
}

#[tokio::test]
async fn a_body_may_come_counted_in_quotes_or_not_at_all() {
    let mut mails = vec![kept(3, "counted"), kept(5, "quoted"), kept(9, "nothing")];
    mails[1].body = Some(br#""it \"says\" {3}""#.to_vec());
    mails[2].body = Some(b"NIL".to_vec());
    let batch = visit(mails.clone(), imap(), 9, 1_000).await.0.unwrap();
    assert_eq!(texts(&batch), own(&[(3, "counted"), (5, "it \"says\" {3}"), (9, "")]));
    assert_eq!(batch.reached, Reached::Imap { validity: 7, border: 10, looked: 9 });
    assert_eq!(batch.mails[0].delivered, "2026-11-20T10:00:00Z".parse::<Timestamp>().ok().map(|at| at.timestamp_millis()));
    mails[1].body = Some(b"(a (list))".to_vec());
    let told = visit(mails, imap(), 9, 1_000).await.0.unwrap_err().to_string();
    assert!(told.contains("in a way that IMAP does not know"), "{told}");
}

#[tokio::test]
async fn no_command_asks_for_more_than_is_known_to_fit() {
    let large = "x".repeat(300_000);
    let mut mails: Vec<Kept> = (1..=45).map(|number| kept(number, "small")).collect();
    mails.push(kept(46, &large));
    mails.push(kept(47, "after it"));
    // What a server says of a size may be wrong.
    mails[2] = Kept { size: 5, ..kept(3, &"y".repeat(270_000)) };
    for mail in &mut mails {
        let most = if mail.number == 46 { 280_000 } else { usize::MAX };
        let text = mail.body.as_ref().unwrap().splitn(2, |byte| *byte == b'\n').nth(1).unwrap().to_vec();
        let cut = &text[..text.len().min(most)];
        mail.body = Some([format!("{{{}}}\r\n", cut.len()).as_bytes(), cut].concat());
    }
    let (batch, said) = visit(mails, imap(), 100, 280_000).await;
    let batch = batch.unwrap();
    assert_eq!(batch.mails.len(), 47);
    let cut: Vec<u32> = batch.mails.iter().filter(|mail| mail.cut).map(|mail| mail.number).collect();
    assert_eq!((cut, batch.mails[45].bytes.len(), batch.mails[2].bytes.len()), (vec![46], 280_000, 270_000), "and it is said which is cut");
    let asked: Vec<&String> = said.iter().filter(|command| command.contains("BODY")).collect();
    assert_eq!(asked.len(), 6, "{asked:?}");
    assert!(
        asked[0].ends_with(",20 (UID BODY.PEEK[]<0.262144>)") && asked[1].ends_with("UID FETCH 3 (UID BODY.PEEK[]<0.280000>)"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_batch_ends_when_it_has_enough_bytes_and_goes_on_behind_them() {
    let text = "x".repeat(900_000);
    let mails: Vec<Kept> = (1..=20).map(|number| kept(number * 2, &text)).collect();
    let batch = visit(mails, imap(), 100, 1_000_000).await.0.unwrap();
    assert_eq!((batch.mails.len(), batch.more), (9, true));
    assert_eq!(batch.reached, Reached::Imap { validity: 7, border: 41, looked: 19 });
}

#[tokio::test]
async fn half_a_million_mails_are_looked_through_in_windows() {
    let mails: Vec<Kept> = (1..=500_000).map(|number| Kept { number: number * 3, date: OLD, size: 1, body: None }).collect();
    let mut mails: Vec<Kept> = mails.into_iter().map(|mail| Kept { body: Some(b"\"m\"".to_vec()), ..mail }).collect();
    mails[250_000].date = NEW;
    let known = Imap { validity: Some(7), from: 1_500_000 - 64, border: 1_499_995, ..imap() };
    let (batch, said) = visit(mails.clone(), known, 100, 1_000).await;
    let batch = batch.unwrap();
    assert_eq!(batch.mails.iter().map(|mail| mail.number).collect::<Vec<_>>(), [1_499_997, 1_500_000], "two came later");
    assert!(said.len() < 12, "{said:?}");
    let far = Imap { validity: Some(7), from: 30_000, border: u32::MAX, ..imap() };
    let (_, said) = visit(mails, far, 100, 1_000).await;
    let windows: Vec<&String> = said.iter().filter(|command| command.contains("INTERNALDATE")).collect();
    assert!(!windows.is_empty() && said.iter().all(|command| !command.contains("SEARCH")));
    assert!(windows[0].starts_with("FETCH 9") || windows[0].starts_with("FETCH 10000:"), "{}", windows[0]);
}

#[tokio::test]
async fn the_first_look_goes_back_to_since_and_later_ones_to_whatever_came() {
    let mut mails: Vec<Kept> = (1..=4).map(|number| kept(number, "m")).collect();
    mails[0].date = OLD;
    mails[2].date = OLD;
    let batch = visit(mails.clone(), imap(), 9, 1_000).await.0.unwrap();
    assert_eq!(texts(&batch), own(&[(2, "m"), (4, "m")]));
    // An old mail is moved into the folder.
    mails.push(Kept { date: OLD, ..kept(5, "moved here") });
    let known = Imap { validity: Some(7), from: 1, known: vec![2, 4], border: 5, ..imap() };
    let batch = visit(mails.clone(), known.clone(), 9, 1_000).await.0.unwrap();
    assert_eq!(texts(&batch), own(&[(5, "moved here")]));
    let none = visit(Vec::new(), known, 9, 1_000).await.0.unwrap();
    assert_eq!((none.mails.len(), none.more), (0, false), "an emptied folder is nothing to wonder at");
    // Of another UIDVALIDITY nothing is known.
    let other = Imap { validity: Some(8), from: 5, known: vec![2, 4], border: 5, ..imap() };
    let batch = visit(mails, other, 9, 1_000).await.0.unwrap();
    assert_eq!(texts(&batch), own(&[(2, "m"), (4, "m")]));
    assert_eq!(batch.reached, Reached::Imap { validity: 7, border: 6, looked: 5 });
}

#[tokio::test]
async fn a_mail_that_the_server_cannot_hand_out_does_not_stand_in_the_way() {
    let mut mails: Vec<Kept> = (1..=3).map(|number| kept(number, "m")).collect();
    mails[1].body = None;
    let batch = visit(mails.clone(), imap(), 9, 1_000).await.0.unwrap();
    assert_eq!(texts(&batch), own(&[(1, "m"), (2, ""), (3, "m")]));
    // The last one is refused for now, as far as anybody knows.
    let batch = visit(mails[..2].to_vec(), imap(), 9, 1_000).await.0.unwrap();
    assert_eq!((texts(&batch), batch.more), (own(&[(1, "m")]), true));
    assert_eq!(batch.reached, Reached::Imap { validity: 7, border: 3, looked: 1 });
    mails.retain(|mail| mail.number == 2);
    let told = visit(mails, imap(), 9, 1_000).await.0.unwrap_err().to_string();
    assert!(told.contains("does not hand mails out"), "it may be busy: {told}");
}

#[tokio::test]
async fn what_a_server_refuses_because_it_has_had_enough_of_us_is_asked_for_again() {
    for (handed_out, commands) in [(20_usize, 23), (95, 25)] {
        let mails: Vec<Kept> = (1..=150).map(|number| kept(number * 2, "m")).collect();
        let answers = {
            let given = std::cell::Cell::new(0);
            move |command: &str| {
                let asked = if command.contains("BODY") { command.matches(',').count() + 1 } else { 0 };
                if asked > 0 && given.get() + asked > handed_out {
                    return (format!("{} NO [LIMIT] slow down\r\n", command.split(' ').next().unwrap()).into_bytes(), false);
                }
                given.set(given.get() + asked);
                (answer(&mails, command), false)
            }
        };
        let (batch, said) = visit_of(answers, imap(), 100, 1_000).await;
        let batch = batch.unwrap();
        assert_eq!((batch.mails.len(), batch.more), (handed_out, true));
        assert!(batch.mails.iter().all(|mail| !mail.bytes.is_empty()), "no mail is believed to be none");
        assert_eq!(batch.reached, Reached::Imap { validity: 7, border: 301, looked: 2 * (handed_out as u32) + 1 });
        assert_eq!(said.iter().filter(|command| command.contains("BODY")).count(), commands, "{said:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_ends_the_visit() {
    for (of, piece) in [
        ("EXAMINE", "* OK blah\r\n"),
        ("FETCH 1:1 ", "* 1 FETCH (UID 1)\r\n"),
        ("UID FETCH 1 (UID BODY", "x"),
        ("LOGIN", "* 1 FETCH (UID {99999999999}\r\n"),
    ] {
        let mails = vec![kept(1, "m")];
        let answers = move |command: &str| {
            let endless = || piece.repeat(4_000_000 / piece.len()).into_bytes();
            (if command.contains(of) { endless() } else { answer(&mails, command) }, false)
        };
        let told = visit_of(answers, imap(), 9, 1_000).await.0.unwrap_err().to_string();
        assert!(told.contains("more than it was asked for"), "{of}: {told}");
    }
}

#[tokio::test]
async fn a_login_that_is_refused_for_now_blames_no_password() {
    for (said, says) in
        [("NO [UNAVAILABLE] later", "no logins at the moment"), ("NO [AUTHENTICATIONFAILED] no", "check `user` and `password`")]
    {
        let answers = |command: &str| (format!("{} {said}\r\n", command.split(' ').next().unwrap()).into_bytes(), false);
        let told = visit_of(answers, imap(), 9, 1_000).await.0.unwrap_err().to_string();
        assert!(told.contains(says) && !told.contains("hush"), "{told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_answer_whatever_makes_a_visit_panic(
        command in 1..7_u32,
        at in 0..400_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..8),
        keep in 0..600_usize,
    ) {
        let mails = vec![kept(1, "first mail"), kept(2, "second mail")];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers = move |said: &str| {
            let mut answer = answer(&mails, said);
            let is_bad = said.starts_with(&format!("u{command} "));
            if is_bad {
                let at = at.min(answer.len());
                answer.splice(at..at, bytes.iter().copied());
                answer.truncate(keep);
            }
            (answer, is_bad)
        };
        let (outcome, _) = runtime.block_on(visit_of(answers, imap(), 9, 1_000));
        let shown = format!("{outcome:?}");
        prop_assert!(!shown.contains("hush"));
    }
}
