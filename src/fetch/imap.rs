//! Mails in a folder of a server that speaks IMAP (RFC 3501): logged in, looked at, and left as they are
//! unless the configuration says otherwise.
//!
//! Mails are listed by their place in the folder, so many at a time, and are asked for by size: no command
//! brings more than is known to fit, however many mails lie there. The rest of the protocol is read past. Every
//! answer is bounded in bytes, and the whole visit in time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::domain::login::Login;
use crate::domain::mails::After;
use crate::domain::mails::Batch;
use crate::domain::mails::Imap;
use crate::domain::mails::Mail;
use crate::domain::mails::Mails;
use crate::domain::mails::Reached;
use crate::domain::mails::Tls;
use crate::domain::private::is_public;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::imap::answer::Fetched;
use crate::fetch::imap::answer::fetched;
use crate::fetch::imap::choice::Haul;
use crate::fetch::imap::choice::Listed;
use crate::fetch::imap::choice::Portion;
use crate::fetch::imap::choice::TOGETHER;
use crate::fetch::imap::choice::Wish;
use crate::fetch::imap::choice::portions;
use crate::fetch::imap::wire::BRIEF;
use crate::fetch::imap::wire::Talk;
use crate::fetch::imap::wire::Wire;
use crate::fetch::imap::words::folder;
use crate::fetch::imap::words::quoted;
use crate::fetch::imap::words::set;

mod answer;
mod choice;
mod wire;
mod words;

/// Numbers that are marked or moved by one command.
const AT_ONCE: usize = 500;
/// Places of a folder that are listed by one command, and bytes that the server may need for one.
const WINDOW: u32 = 500;
const LISTED: usize = 1_000;
/// Where the search for what is new begins, in places before the end.
const NEAR: u32 = 100;
/// Bytes of one batch, but for the mails that go beyond them.
const MOST_BYTES: usize = 8_000_000;

/// Visits mailboxes.
#[derive(Debug)]
pub(super) struct Visitor {
    tls: Arc<ClientConfig>,
    allowed: Vec<String>,
    timeout: Duration,
}

/// A visit under way.
struct Visit<'a> {
    talk: Talk<'a>,
    imap: &'a Imap,
    /// Of each mail at most so many bytes.
    most_bytes: usize,
    /// From then on the visit comes to an end, so that it has one.
    late: Instant,
}

/// What a server says of a folder that it opens.
#[derive(Debug, Default, Clone, Copy)]
struct Opened {
    validity: Option<u32>,
    /// How many mails lie there.
    count: u32,
    /// The number of the next mail that will come.
    next: Option<u32>,
}

impl Visitor {
    pub(super) fn new(tls: ClientConfig, allow_private: &[String], timeout: Duration) -> Self {
        Self { tls: Arc::new(tls), allowed: allow_private.to_vec(), timeout }
    }

    /// Logs in, does what is left to do for what was stored, and reads some mails.
    pub(super) async fn read(&self, request: &Mails, imap: &Imap, login: Option<&Login>) -> Result<Batch, FetchError> {
        let visited = timeout(self.timeout, self.visit(request, imap, login)).await;
        visited.unwrap_or_else(|_| {
            let message = format!("{} did not answer in full within {} s; it is tried again later", shown(imap), self.timeout.as_secs());
            Err(FetchError::new(Kind::Timeout, message))
        })
    }

    async fn visit(&self, request: &Mails, imap: &Imap, login: Option<&Login>) -> Result<Batch, FetchError> {
        let mut visit = self.enter(request, imap).await?;
        visit.log_in(login).await?;
        let mut opened = visit.open().await?;
        let validity = opened.validity.ok_or_else(|| broken(imap, "it does not number its mails"))?;
        let same = imap.validity == Some(validity);
        if same && visit.settle().await? {
            // What was moved has left its place.
            opened = visit.open().await?;
        }
        let border = if same { imap.border } else { visit.behind_all(opened).await? };
        let mut listed = visit.list(opened.count, same, border, request.most).await?;
        let mails = visit.fetch(&mut listed).await?;
        // Whether it hears that we go is its own business.
        let _ = visit.talk.say("LOGOUT").await;
        let reached = Reached::Imap { validity, border, looked: listed.looked };
        Ok(Batch { request: request.clone(), mails, more: listed.more, unreadable: Vec::new(), reached })
    }

    async fn enter<'a>(&self, request: &Mails, imap: &'a Imap) -> Result<Visit<'a>, FetchError> {
        let late = Instant::now() + self.timeout / 2;
        let stream = self.connect(imap).await?;
        let wire: Box<dyn Wire> = if imap.tls == Tls::Implicit { self.protected(stream, imap).await? } else { Box::new(stream) };
        let mut talk = Talk::over(wire, imap);
        let greeting = talk.line().await?;
        if !greeting.text.starts_with(b"* OK") {
            return Err(broken(imap, "it does not greet as a server of mailboxes does; check `imap` and `tls`"));
        }
        if imap.tls == Tls::Starttls {
            talk.command("STARTTLS", BRIEF, |_| Ok(())).await?.map_err(|_| {
                FetchError::new(
                    Kind::Denied,
                    format!("{} has no STARTTLS; write `tls = \"implicit\"` and its port, usually 993", shown(imap)),
                )
            })?;
            // What came before TLS is nobody's word: RFC 3501, section 6.2.1.
            let bare = talk.bare().ok_or_else(|| broken(imap, "it went on speaking before TLS began"))?;
            talk = Talk::over(self.protected(bare, imap).await?, imap);
        }
        Ok(Visit { talk, imap, most_bytes: request.most_bytes, late })
    }

    async fn connect(&self, imap: &Imap) -> Result<TcpStream, FetchError> {
        let failed =
            |error: std::io::Error| FetchError::new(Kind::Network, format!("{} cannot be reached: {error}; check `imap`", shown(imap)));
        let found: Vec<_> = tokio::net::lookup_host((imap.host.as_str(), imap.port)).await.map_err(failed)?.collect();
        let host = if imap.host.contains(':') { format!("[{}]", imap.host) } else { imap.host.clone() };
        let pair = format!("{host}:{}", imap.port);
        if !self.allowed.contains(&pair)
            && let Some(private) = found.iter().find(|address| !is_public(address.ip()))
        {
            let message = format!(
                "{pair} was not asked: it leads to {}, which is not a public address; if it is meant, name it in `allow_private` of [fetch]",
                private.ip()
            );
            return Err(FetchError::new(Kind::Refused, message));
        }
        TcpStream::connect(found.as_slice()).await.map_err(failed)
    }

    async fn protected(&self, stream: impl Wire + 'static, imap: &Imap) -> Result<Box<dyn Wire>, FetchError> {
        let name = ServerName::try_from(imap.host.clone()).map_err(|_| broken(imap, "its name is none that a certificate can have"))?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
        let why = "no protected connection: check `tls`, the port, and `extra_ca` of [fetch] where its certificate is your own";
        Ok(Box::new(stream.map_err(|error| broken(imap, &format!("{why} ({error})")))?))
    }
}

impl<'a> Visit<'a> {
    async fn log_in(&mut self, login: Option<&Login>) -> Result<(), FetchError> {
        let stamp = login.and_then(|login| login.stamps.first());
        let (user, password) = stamp.map_or(("", ""), |stamp| (stamp.name.as_str(), stamp.value.reveal()));
        let (Some(user), Some(password)) = (quoted(user), quoted(password)) else {
            return Err(FetchError::new(
                Kind::Settings,
                "`user` or `password` has a line break or a letter that is not ASCII, which IMAP cannot take",
            ));
        };
        let taken = self.talk.command(&format!("LOGIN {user} {password}"), BRIEF, |_| Ok(())).await?;
        taken.map_err(|said| {
            let said = said.to_ascii_uppercase();
            // RFC 5530: nothing is wrong with the login.
            if ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"].iter().any(|code| said.contains(code)) {
                return broken(self.imap, "it takes no logins at the moment; it is tried again later");
            }
            let why = if said.contains("[PRIVACYREQUIRED]") {
                "it wants TLS first: write `tls = \"starttls\"` or \"implicit\""
            } else {
                "check `user` and `password`"
            };
            FetchError::new(Kind::Denied, format!("{} does not take the login: {why}", shown(self.imap)))
        })
    }

    /// Opens the folder, to be read only where nothing is to be changed in it.
    async fn open(&mut self) -> Result<Opened, FetchError> {
        let verb = if self.imap.after == After::Keep { "EXAMINE" } else { "SELECT" };
        let mut opened = Opened::default();
        let hear = |line: wire::Line| {
            let text = String::from_utf8_lossy(&line.text).to_ascii_uppercase();
            let said = |name: &str| text.split_once(name)?.1.split(']').next()?.trim().parse::<u32>().ok();
            opened.validity = said("[UIDVALIDITY ").or(opened.validity);
            opened.next = said("[UIDNEXT ").or(opened.next);
            let count = || text.strip_prefix("* ")?.strip_suffix(" EXISTS")?.parse().ok();
            opened.count = count().unwrap_or(opened.count);
            Ok(())
        };
        let taken = self.talk.command(&format!("{verb} {}", folder(&self.imap.folder)), BRIEF, hear).await?;
        taken.map_err(|_| {
            FetchError::new(
                Kind::NotFound,
                format!("{} has no folder `{}` that may be read; check `folder`", shown(self.imap), self.imap.folder),
            )
        })?;
        Ok(opened)
    }

    /// Marks or moves what was stored; whether places have changed by that.
    async fn settle(&mut self) -> Result<bool, FetchError> {
        for numbers in self.imap.done.chunks(AT_ONCE) {
            let numbers = set(numbers);
            let command = match &self.imap.after {
                After::Keep => return Ok(false),
                After::Seen => format!("UID STORE {numbers} +FLAGS.SILENT (\\Seen)"),
                After::Move(to) => format!("UID MOVE {numbers} {}", folder(to)),
            };
            // Those that are gone meanwhile are no error; another one says what to change.
            if let Err(said) = self.talk.command(&command, BRIEF, |_| Ok(())).await? {
                let what = if matches!(self.imap.after, After::Seen) { "marked as seen" } else { "moved; check `move_to`" };
                let said: String = said.chars().filter(char::is_ascii_graphic).take(40).collect();
                return Err(FetchError::new(Kind::Denied, format!("at {} mails cannot be {what} ({said})", shown(self.imap))));
            }
        }
        Ok(!self.imap.done.is_empty() && matches!(self.imap.after, After::Move(_)))
    }

    /// The number behind those of all mails that lie there.
    async fn behind_all(&mut self, opened: Opened) -> Result<u32, FetchError> {
        match (opened.next, opened.count) {
            (Some(next), _) => Ok(next),
            (None, 0) => Ok(1),
            (None, last) => Ok(self.number_at(last).await?.map_or(1, |number| number.saturating_add(1))),
        }
    }

    /// Lists what is wanted, lowest numbers first, window by window.
    async fn list(&mut self, count: u32, same: bool, border: u32, most: usize) -> Result<Listed<'a>, FetchError> {
        let imap = self.imap;
        let wish = Wish {
            from: if same { imap.from } else { 1 },
            known: if same { &imap.known } else { &[] },
            border,
            since: imap.since.timestamp_millis(),
            most,
        };
        let (mut place, mut listed) = (self.first_place(count, wish.from).await?, Listed::of(wish));
        while place <= count {
            let last = count.min(place.saturating_add(WINDOW - 1));
            let window = self.window(place, last).await?;
            if !window.into_iter().all(|(number, delivered)| listed.look_at(number, delivered)) {
                break;
            }
            place = last.saturating_add(1);
            if place <= count && Instant::now() >= self.late {
                listed.more = true;
                break;
            }
        }
        Ok(listed)
    }

    /// Numbers and times of the mails at some places, in their order.
    async fn window(&mut self, first: u32, last: u32) -> Result<Vec<(u32, Option<i64>)>, FetchError> {
        let mut mails = Vec::new();
        let places = (last - first) as usize + 1;
        let command = format!("FETCH {first}:{last} (UID INTERNALDATE)");
        let told = self.told(&command, BRIEF + places * LISTED, |mail| {
            // Flags of others, which a server may tell at any time, have no time with them.
            if let Some(number) = mail.number.filter(|_| mails.len() < places) {
                mails.push((number, mail.delivered));
            }
        });
        told.await?.map_err(|_| broken(self.imap, "it does not list its mails"))?;
        mails.sort_unstable();
        mails.dedup_by_key(|(number, _)| *number);
        Ok(mails)
    }

    /// A place before which all numbers are lower: numbers rise with places, so it is found in a few steps.
    async fn first_place(&mut self, count: u32, from: u32) -> Result<u32, FetchError> {
        if from <= 1 {
            return Ok(1);
        }
        // At `low` numbers are lower, at `high` they are not.
        let (mut low, mut high, mut back) = (0, count.saturating_add(1), NEAR);
        while back < count {
            let place = count - back;
            if self.is_before(place, from).await? {
                low = place;
                break;
            }
            (high, back) = (place, back.saturating_mul(2));
        }
        while high - low > WINDOW {
            let middle = low + (high - low) / 2;
            if self.is_before(middle, from).await? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low + 1)
    }

    /// Whether the mail at a place has a lower number. One that has left it is taken for none that has.
    async fn is_before(&mut self, place: u32, from: u32) -> Result<bool, FetchError> {
        Ok(self.number_at(place).await?.is_some_and(|number| number < from))
    }

    async fn number_at(&mut self, place: u32) -> Result<Option<u32>, FetchError> {
        let mut number = None;
        let told = self.told(&format!("FETCH {place} (UID)"), BRIEF, |mail| number = number.or(mail.number)).await?;
        told.map_err(|_| broken(self.imap, "it does not list its mails"))?;
        Ok(number)
    }

    /// Fetches what is listed, as far as there is room and time.
    async fn fetch(&mut self, listed: &mut Listed<'_>) -> Result<Vec<Mail>, FetchError> {
        let numbers: Vec<u32> = listed.wanted.iter().map(|(number, _)| *number).collect();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let sizes = self.sizes(&numbers).await?;
        let mut haul = Haul::default();
        for portion in portions(&numbers, &sizes, self.most_bytes) {
            let is_enough = haul.bytes() >= MOST_BYTES || Instant::now() >= self.late;
            if is_enough && !haul.is_empty() {
                listed.more = true;
                listed.looked = portion.numbers.first().map_or(listed.looked, |number| number - 1);
                break;
            }
            self.portion(portion, &sizes, &mut haul).await?;
            // A server that hands out nothing for now is not asked for each of a hundred mails.
            let last = numbers.last().filter(|_| haul.refused_in_a_row() >= TOGETHER);
            if let Some(last) = last
                && self.bodies(&[*last], 1).await?.is_err()
            {
                break;
            }
        }
        if haul.is_empty() && haul.refused_in_a_row() > 0 {
            return Err(broken(self.imap, "it does not hand mails out; it is tried again later"));
        }
        let (mut mails, in_doubt) = haul.sorted_out();
        if let Some(number) = in_doubt {
            (listed.more, listed.looked) = (true, listed.looked.min(number - 1));
        }
        for mail in &mut mails {
            mail.delivered = listed.wanted.iter().find(|(number, _)| *number == mail.number).and_then(|(_, delivered)| *delivered);
        }
        Ok(mails)
    }

    /// How large mails are by the server's word.
    async fn sizes(&mut self, numbers: &[u32]) -> Result<HashMap<u32, u64>, FetchError> {
        let mut sizes = HashMap::new();
        let command = format!("UID FETCH {} (UID RFC822.SIZE)", set(numbers));
        let told = self.told(&command, BRIEF + numbers.len() * LISTED, |mail| {
            if let (Some(number), Some(size)) = (mail.number.filter(|number| numbers.contains(number)), mail.size) {
                sizes.insert(number, size);
            }
        });
        told.await?.map_err(|_| broken(self.imap, "it does not say how large its mails are"))?;
        Ok(sizes)
    }

    /// Fetches some mails, and each alone where the server refuses them together or its word on a size was wrong.
    async fn portion(&mut self, portion: Portion, sizes: &HashMap<u32, u64>, haul: &mut Haul) -> Result<(), FetchError> {
        let most = portion.most;
        let mut left = vec![portion];
        while let Some(Portion { numbers, most: asked }) = left.pop() {
            let Ok(bodies) = self.bodies(&numbers, asked).await? else {
                match numbers.as_slice() {
                    [number] => haul.refuse(*number),
                    // The lowest number is asked for first: a higher one that comes later says that others are not all refused.
                    several => left.extend(several.iter().rev().map(|number| Portion { numbers: vec![*number], most })),
                }
                continue;
            };
            for (number, bytes) in bodies {
                if bytes.len() >= asked && asked < self.most_bytes {
                    left.push(Portion { numbers: vec![number], most: self.most_bytes });
                    continue;
                }
                let cut = bytes.len() >= asked && sizes.get(&number) != Some(&(bytes.len() as u64));
                haul.take(Mail { number, delivered: None, bytes, cut });
            }
        }
        Ok(())
    }

    async fn bodies(&mut self, numbers: &[u32], most: usize) -> Result<Result<Vec<(u32, Vec<u8>)>, String>, FetchError> {
        let mut bodies = Vec::new();
        let command = format!("UID FETCH {} (UID BODY.PEEK[]<0.{most}>)", set(numbers));
        // In quotes a byte may take two.
        let told = self.told(&command, BRIEF + numbers.len() * (2 * most + LISTED), |mail| {
            if let (Some(number), Some(mut body)) = (mail.number.filter(|number| numbers.contains(number)), mail.body) {
                body.truncate(most);
                bodies.push((number, body));
            }
        });
        Ok(told.await?.map(|()| bodies))
    }

    /// Says a command and hears what it says of mails.
    async fn told(&mut self, command: &str, most: usize, mut hear: impl FnMut(Fetched) + Send) -> Result<Result<(), String>, FetchError> {
        let hear = |line| {
            fetched(line)?.into_iter().for_each(&mut hear);
            Ok(())
        };
        self.talk.command(command, most, hear).await
    }
}

fn shown(imap: &Imap) -> String {
    format!("{}:{}", imap.host, imap.port)
}

fn broken(imap: &Imap, why: &str) -> FetchError {
    FetchError::new(Kind::Network, format!("the visit of the mailbox at {} failed: {why}", shown(imap)))
}

#[cfg(test)]
mod tests;
