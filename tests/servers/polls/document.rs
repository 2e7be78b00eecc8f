//! Posts as RSS, Atom and JSON Feed.

use chrono::SecondsFormat;
use serde_json::json;

use crate::house::feed::Post;
use crate::polls::world::Form;
use crate::polls::world::Identity;

/// One page of a source.
pub struct Page<'a> {
    pub form: Form,
    pub identity: Identity,
    pub posts: &'a [Post],
    /// What changes from answer to answer where nothing else does.
    pub turn: usize,
    /// Address of older entries.
    pub next: Option<String>,
}

impl Page<'_> {
    /// The value of `Content-Type`.
    pub fn content_type(&self) -> &'static str {
        match self.form {
            Form::Rss => "application/rss+xml; charset=utf-8",
            Form::Atom => "application/atom+xml",
            Form::Json => "application/feed+json",
        }
    }

    /// The document.
    pub fn text(&self) -> String {
        match self.form {
            Form::Rss => self.rss(),
            Form::Atom => self.atom(),
            Form::Json => self.json(),
        }
    }

    /// The id of an entry, unless it is known by its link.
    fn id(&self, post: &Post) -> Option<String> {
        match self.identity {
            Identity::Own => Some(post.id.clone()),
            Identity::Churn => Some(format!("{}-{}", self.turn, post.id)),
            Identity::Link => None,
        }
    }

    /// Where an entry can be read. A link that changes is what a campaign's counter makes of it.
    fn link(&self, post: &Post) -> String {
        let link = format!("https://places.example/{}", post.id);
        if self.identity == Identity::Link { format!("{link}?utm_source=feed&utm_id={}", self.turn) } else { link }
    }

    fn rss(&self) -> String {
        let item = |post: &Post| {
            let id = self.id(post).map(|id| format!("<guid isPermaLink=\"false\">{id}</guid>")).unwrap_or_default();
            let (link, date) = (escaped(&self.link(post)), post.at.to_rfc2822());
            format!(
                "<item>{id}<title>Review</title><link>{link}</link><pubDate>{date}</pubDate><description>{}</description></item>",
                escaped(&post.text)
            )
        };
        let items: String = self.posts.iter().map(item).collect();
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Reviews</title><link>https://places.example/</link>{items}</channel></rss>"
        )
    }

    fn atom(&self) -> String {
        let entry = |post: &Post| {
            let id = self.id(post).map(|id| format!("<id>{id}</id>")).unwrap_or_default();
            let (link, date) = (escaped(&self.link(post)), post.at.to_rfc3339_opts(SecondsFormat::Secs, true));
            format!(
                "<entry>{id}<title>Review</title><link href=\"{link}\"/><published>{date}</published><content>{}</content></entry>",
                escaped(&post.text)
            )
        };
        let next = self.next.as_ref().map(|next| format!("<link rel=\"next\" href=\"{next}\"/>")).unwrap_or_default();
        let entries: String = self.posts.iter().map(entry).collect();
        format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:places</id><title>Reviews</title>{next}{entries}</feed>")
    }

    fn json(&self) -> String {
        let item = |post: &Post| {
            let mut item = json!({ "url": self.link(post), "content_text": post.text, "date_published": post.at.to_rfc3339() });
            if let Some(id) = self.id(post) {
                item["id"] = id.into();
            }
            item
        };
        let items: Vec<_> = self.posts.iter().map(item).collect();
        json!({ "version": "https://jsonfeed.org/version/1.1", "title": "Reviews", "items": items }).to_string()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
