//! A served feed of reviews of a made-up theatre: a calm month, and then whatever a story does to it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::now;
use super::web::Reply;
use super::web::Request;
use super::web::Server;

/// The theme of the stories, to be put into a configuration.
pub const THEME: &str = r#"
builtin_themes = false
[[theme]]
name = "dark_stage"
title = "dark stage"
rules = ["dark NEAR/4 stage", "could* NEAR/2 see"]
"#;

const PLEASED: [&str; 6] = [
    "The second act made my grandmother laugh out loud",
    "Lovely costumes and a friendly cloakroom",
    "We came by tram and were in our seats in time",
    "The flute in the overture was a delight",
    "Programme booklet is worth its price",
    "A good evening, the children liked the dragon",
];

const COMPLAINTS: [&str; 5] = [
    "The stage was far too dark for us in the upper circle",
    "Paid for row three and could not see a single face",
    "Why keep the stage this dark for two hours",
    "Dark costumes on a dark stage, we heard the play and missed it",
    "We couldn't see anything after the interval",
];

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    pub id: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

/// A month of a few messages a day, one in sixteen of them a complaint; the last is some hours old.
pub fn calm_month() -> Vec<Post> {
    let begin = now() - TimeDelta::days(29);
    (0..460_usize)
        .map(|n| Post {
            id: format!("calm-{n:03}"),
            text: if n % 16 == 7 { complaint(n) } else { format!("{}, visit {n}", PLEASED[n % PLEASED.len()]) },
            at: begin + TimeDelta::minutes(90 * n as i64),
        })
        .collect()
}

/// So many complaints of the last minutes; `from` numbers them.
pub fn spike(from: usize, count: usize) -> Vec<Post> {
    (from..from + count).map(|n| Post { id: format!("loud-{n:03}"), text: complaint(n), at: now() }).collect()
}

fn complaint(n: usize) -> String {
    format!("{}, visit {n}", COMPLAINTS[n % COMPLAINTS.len()])
}

/// A feed on a server of its own.
pub struct Feed {
    server: Server,
    posts: Arc<Mutex<Vec<Post>>>,
    /// How often it answered that nothing has changed.
    unchanged: Arc<Mutex<usize>>,
    down: Arc<AtomicBool>,
}

impl Feed {
    /// Serves these posts.
    pub fn start(posts: Vec<Post>) -> Self {
        let (posts, unchanged) = (Arc::new(Mutex::new(posts)), Arc::new(Mutex::new(0)));
        let (seen, counted) = (Arc::clone(&posts), Arc::clone(&unchanged));
        let down = Arc::new(AtomicBool::new(false));
        let is_down = Arc::clone(&down);
        let server = Server::start(move |request| {
            if is_down.load(Ordering::SeqCst) {
                return Reply { body: "<html>back soon</html>".to_owned(), ..Reply::empty(503) };
            }
            let reply = answer(request, &seen.lock().unwrap());
            *counted.lock().unwrap() += usize::from(reply.status == 304);
            reply
        });
        Self { server, posts, unchanged, down }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.server.address().to_string()
    }

    /// `[fetch]` and a source `theatre` that reads this feed every second.
    pub fn source(&self) -> String {
        self.source_beside(&[])
    }

    /// The same where further private hosts are allowed.
    pub fn source_beside(&self, others: &[String]) -> String {
        let mut allowed = vec![self.host()];
        allowed.extend_from_slice(others);
        format!(
            "[fetch]\ncontact = \"ops@theatre.example\"\nallow_private = {allowed:?}\nhost_gap = \"0s\"\n\
             [[source]]\nname = \"theatre\"\nevery = \"1s\"\nfeed = {{ url = \"http://{}/reviews.xml\" }}\n",
            self.host()
        )
    }

    /// Adds posts.
    pub fn add(&self, posts: Vec<Post>) {
        self.posts.lock().unwrap().extend(posts);
    }

    /// Changes the text of every post whose id begins so.
    pub fn edit(&self, beginning: &str, more: &str) {
        self.posts.lock().unwrap().iter_mut().filter(|post| post.id.starts_with(beginning)).for_each(|post| post.text.push_str(more));
    }

    /// While it is down, it answers everything with 503.
    pub fn be_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Ids of everything that is served.
    pub fn ids(&self) -> Vec<String> {
        self.posts.lock().unwrap().iter().map(|post| post.id.clone()).collect()
    }

    /// How often it answered that nothing has changed.
    pub fn unchanged(&self) -> usize {
        *self.unchanged.lock().unwrap()
    }
}

/// RSS 2.0, newest first, with a tag that says whether it changed.
pub fn rss(posts: &[Post]) -> String {
    let item = |post: &Post| {
        format!(
            "<item><guid isPermaLink=\"false\">{}</guid><title>Review</title><link>https://theatre.example/{}</link>\
             <pubDate>{}</pubDate><description>{}</description></item>\n",
            post.id,
            post.id,
            post.at.to_rfc2822(),
            post.text.replace('&', "&amp;").replace('<', "&lt;")
        )
    };
    let items: String = posts.iter().rev().map(item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>Reviews</title>\
         <link>https://theatre.example/</link><description>What visitors say</description>\n{items}</channel></rss>\n"
    )
}

fn answer(request: &Request, posts: &[Post]) -> Reply {
    if request.path != "/reviews.xml" {
        return Reply::empty(404);
    }
    let body = rss(posts);
    let tag = format!("\"{}-{}\"", posts.len(), body.len());
    let headers = vec![("etag", tag.clone()), ("content-type", "application/rss+xml".to_owned())];
    if request.headers.get("if-none-match") == Some(&tag) {
        return Reply { status: 304, headers, body: String::new() };
    }
    Reply { status: 200, headers, body }
}
