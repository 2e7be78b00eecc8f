//! Mail: one connection, one recipient, the stored bytes, and the answer that decided.
//!
//! The dialogue is led step by step, so that a refusal of the sender (nothing will be taken until
//! somebody mends the target) is told from one of the recipient (this row is dead), and so that a
//! server that takes a mail and then hangs at QUIT does not make us send it twice. lettre's own
//! time-out covers the TCP connection only; here everything up to the answer is under one deadline.

use std::error::Error as _;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::client::Certificate;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::commands::Data;
use lettre::transport::smtp::commands::Mail;
use lettre::transport::smtp::commands::Rcpt;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use crate::deliver::CarrierError;
use crate::deliver::Options;
use crate::render::Reply;
use crate::render::mail::Server;
use crate::render::mail::Tls;
use crate::text::excerpt;

/// Time for the good-bye, after which the connection is simply dropped.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// Sends mails.
#[derive(Debug)]
pub(super) struct Sender {
    hello: ClientId,
    authority: Option<Certificate>,
    connect: Duration,
}

/// Where in the dialogue a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Greeting,
    Tls,
    Login,
    Sender,
    Recipient,
    Content,
}

impl Sender {
    pub(super) fn new(options: &Options) -> Result<Self, CarrierError> {
        let authority = options.extra_ca.as_deref().map(Certificate::from_pem).transpose();
        let hello = options.hello.as_deref().map(|name| name.chars().filter(char::is_ascii_graphic).collect::<String>());
        Ok(Self {
            hello: hello.filter(|name| !name.is_empty()).map_or_else(ClientId::default, ClientId::Domain),
            authority: authority.map_err(|error| CarrierError::Authority(error.to_string()))?,
            connect: options.connect,
        })
    }

    /// One try, ended after `deadline`.
    pub(super) async fn send(&self, server: &Server, from: &str, to: &str, bytes: &[u8], deadline: Duration) -> Reply {
        let (Ok(sender), Ok(recipient)) = (from.parse::<Address>(), to.parse::<Address>()) else {
            return Reply::Unable("sender or recipient is no mail address".to_owned());
        };
        let said = timeout(deadline, async {
            let mut connection = self.open(server).await?;
            let outcome = hand_over(&mut connection, sender, recipient, bytes).await;
            Ok::<_, (Step, Error)>((connection, outcome))
        });
        let reply = match said.await {
            Err(_) => return Reply::Nothing(format!("the mail server did not answer within {} s", deadline.as_secs_f32())),
            Ok(Err((step, error))) => refused(step, &error),
            Ok(Ok((mut connection, outcome))) => {
                // What was said is said: the good-bye is not waited for long, and its failure means nothing.
                let _ = timeout(GOOD_BYE, connection.quit()).await;
                match outcome {
                    Ok(answer) => Reply::Smtp { code: answer.code().into(), text: shown(&answer.message().collect::<Vec<_>>().join(" ")) },
                    Err((step, error)) => refused(step, &error),
                }
            }
        };
        without(reply, to)
    }

    /// Connects, encrypts, logs in and says good-bye: everything but a mail.
    pub(super) async fn greet(&self, server: &Server, deadline: Duration) -> Result<(), Reply> {
        match timeout(deadline, self.open(server)).await {
            Err(_) => Err(Reply::Nothing(format!("the mail server did not answer within {} s", deadline.as_secs_f32()))),
            Ok(Err((step, error))) => Err(refused(step, &error)),
            Ok(Ok(mut connection)) => {
                let _ = timeout(GOOD_BYE, connection.quit()).await;
                Ok(())
            }
        }
    }

    /// Connects, encrypts and logs in.
    async fn open(&self, server: &Server) -> Result<AsyncSmtpConnection, (Step, Error)> {
        let tls = || {
            let builder = TlsParameters::builder(server.host.clone());
            let builder = self.authority.iter().fold(builder, |builder, authority| builder.add_root_certificate(authority.clone()));
            builder.build().map_err(|error| (Step::Tls, error))
        };
        let wrapped = if server.tls == Tls::Implicit { Some(tls()?) } else { None };
        let place = (server.host.as_str(), server.port);
        let connected = AsyncSmtpConnection::connect_tokio1(place, Some(self.connect), &self.hello, wrapped, None).await;
        let mut connection = connected.map_err(|error| (Step::Greeting, error))?;
        if server.tls == Tls::Required {
            connection.starttls(tls()?, &self.hello).await.map_err(|error| (Step::Tls, error))?;
        }
        if let Some((name, password)) = &server.login {
            let credentials = Credentials::new(name.clone(), password.reveal().to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await.map_err(|error| (Step::Login, error))?;
        }
        Ok(connection)
    }
}

/// Sender, recipient, content. The bytes are ASCII and so are the addresses: no extension is needed.
async fn hand_over(connection: &mut AsyncSmtpConnection, from: Address, to: Address, bytes: &[u8]) -> Result<Response, (Step, Error)> {
    connection.command(Mail::new(Some(from), Vec::new())).await.map_err(|error| (Step::Sender, error))?;
    connection.command(Rcpt::new(to, Vec::new())).await.map_err(|error| (Step::Recipient, error))?;
    connection.command(Data).await.map_err(|error| (Step::Content, error))?;
    connection.message(bytes).await.map_err(|error| (Step::Content, error))
}

/// What an error at a step is for those who decide.
fn refused(step: Step, error: &Error) -> Reply {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let text = shown(&words);
    if let Some(status) = error.status() {
        let code = u16::from(status);
        // A sender who may not send, or a server that serves nobody, is no fault of this row; a
        // message that is too large (552) is.
        let early = matches!(step, Step::Greeting | Step::Tls | Step::Login | Step::Sender) && (500..600).contains(&code) && code != 552;
        return if early {
            Reply::Unable(format!("the mail server refused {}: {code} {text}", step.words()))
        } else {
            Reply::Smtp { code, text }
        };
    }
    let why = if text.is_empty() { shown(&error.to_string()) } else { text };
    if error.is_client() {
        return Reply::Unable(format!("at {}: {why}", step.words()));
    }
    Reply::Nothing(format!("at {}: {why}", step.words()))
}

impl Step {
    fn words(self) -> &'static str {
        match self {
            Self::Greeting => "the connection",
            Self::Tls => "the encryption",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Content => "the message",
        }
    }
}

fn shown(text: &str) -> String {
    excerpt::shorten(text, 200)
}

/// The reply without the recipient, who has no place in a log.
fn without(reply: Reply, to: &str) -> Reply {
    let clean = |text: String| text.replace(to, "[recipient]");
    match reply {
        Reply::Smtp { code, text } => Reply::Smtp { code, text: clean(text) },
        Reply::Unable(why) => Reply::Unable(clean(why)),
        Reply::Nothing(why) => Reply::Nothing(clean(why)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncBufReadExt;
    use tokio::io::AsyncWriteExt;
    use tokio::io::BufReader;
    use tokio::net::TcpListener;

    use super::*;
    use crate::domain::secret::Secret;

    /// What the stand-in says when a line begins so, instead of a friendly answer. `close` hangs
    /// up, `hang` says nothing more.
    type Script = &'static [(&'static str, &'static str)];

    /// A server for one connection that takes everything but what the script refuses.
    async fn serve(listener: &TcpListener, script: Script) -> String {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut heard = String::new();
        let mut line = "connect".to_owned();
        let mut in_data = false;
        loop {
            let friendly = match line.get(..4).unwrap_or_default() {
                "EHLO" => "250-here\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
                "DATA" => "354 go on",
                "conn" => "220 here",
                "QUIT" => "221 bye",
                "AUTH" => "235 welcome",
                _ if in_data => "250 2.0.0 taken as Q1",
                _ => "250 ok",
            };
            in_data = line.starts_with("DATA");
            match script.iter().find(|(begin, _)| line.starts_with(begin)).map_or(friendly, |found| found.1) {
                "close" => return heard,
                "hang" => return (stream.read_line(&mut String::new()).await.unwrap_or_default(), heard).1,
                answer => stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap(),
            }
            line.clear();
            while stream.read_line(&mut line).await.unwrap_or_default() > 0 && in_data && !line.ends_with("\r\n.\r\n") {}
            if line.is_empty() {
                return heard;
            }
            heard.push_str(&line);
        }
    }

    async fn send(script: Script, login: bool, tls: Tls, deadline: Duration) -> (Reply, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let login = login.then(|| ("uproar".to_owned(), Secret::new("hush".to_owned())));
        let server = Server { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port(), tls, login };
        let sender = Sender::new(&Options { hello: Some("alerts.example.com".to_owned()), ..Options::default() }).unwrap();
        let try_once = sender.send(&server, "uproar@example.com", "leads@example.com", b"Subject: x\r\n\r\n.dot\r\n", deadline);
        tokio::join!(try_once, serve(&listener, script))
    }

    async fn reply(script: Script) -> Reply {
        send(script, false, Tls::Plain, Duration::from_secs(20)).await.0
    }

    #[tokio::test]
    async fn the_stored_bytes_reach_the_server() {
        let (reply, heard) = send(&[], true, Tls::Plain, Duration::from_secs(20)).await;
        assert_eq!(reply, Reply::Smtp { code: 250, text: "2.0.0 taken as Q1".to_owned() });
        let login = "AHVwcm9hcgBodXNo"; // NUL uproar NUL hush, in base64
        assert_eq!(
            heard,
            format!(
                "EHLO alerts.example.com\r\nAUTH PLAIN {login}\r\nMAIL FROM:<uproar@example.com>\r\nRCPT TO:<leads@example.com>\r\nDATA\r\n\
                 Subject: x\r\n\r\n..dot\r\n\r\n.\r\nQUIT\r\n"
            )
        );
    }

    #[tokio::test]
    async fn a_refused_recipient_or_message_is_told_by_its_code() {
        for (script, code) in [
            (&[("RCPT", "550 5.1.1 <leads@example.com> unknown")][..], 550),
            (&[("RCPT", "451 come again")], 451),
            (&[("Subj", "554 spam")], 554),
            (&[("DATA", "452 full")], 452),
            (&[("MAIL", "552 too large")], 552),
            (&[("connect", "421 busy")], 421),
            (&[("MAIL", "451 later")], 451),
        ] {
            let reply = reply(script).await;
            assert!(
                matches!(&reply, Reply::Smtp { code: told, text } if *told == code && !text.contains("leads@")),
                "{script:?}: {reply:?}"
            );
        }
    }

    #[tokio::test]
    async fn what_refuses_every_mail_is_no_fault_of_this_one() {
        for script in [
            &[("MAIL", "550 may not send")][..],
            &[("connect", "554 no service")],
            &[("MAIL", "530 authenticate")],
            &[("EHLO", "502 what")],
        ] {
            let reply = reply(script).await;
            assert!(matches!(&reply, Reply::Unable(why) if why.starts_with("the mail server refused the ")), "{script:?}: {reply:?}");
        }
        let (reply, heard) = send(&[("AUTH", "535 no")], true, Tls::Plain, Duration::from_secs(20)).await;
        assert!(matches!(&reply, Reply::Unable(why) if why.contains("the login: 535")), "{reply:?}");
        assert!(!heard.contains("MAIL"));
    }

    #[tokio::test]
    async fn without_starttls_nothing_is_sent() {
        let (reply, heard) = send(&[], true, Tls::Required, Duration::from_secs(20)).await;
        assert!(matches!(&reply, Reply::Unable(why) if why.starts_with("at the encryption")), "{reply:?}");
        assert!(!heard.contains("AUTH") && !heard.contains("MAIL"), "{heard}");
    }

    #[tokio::test]
    async fn a_connection_that_ends_or_hangs_is_nothing() {
        for script in [&[("connect", "close")][..], &[("RCPT", "close")], &[("Subj", "close")], &[("EHLO", "garbage")]] {
            let reply = reply(script).await;
            assert!(matches!(reply, Reply::Nothing(_)), "{script:?}: {reply:?}");
        }
        for script in [&[("connect", "hang")][..], &[("EHLO", "hang")], &[("Subj", "hang")]] {
            let (reply, _) = send(script, false, Tls::Plain, Duration::from_millis(60)).await;
            assert!(matches!(&reply, Reply::Nothing(why) if why.contains("did not answer within 0.06 s")), "{script:?}: {reply:?}");
        }
    }

    #[tokio::test]
    async fn a_mail_that_was_taken_is_not_lost_by_a_bad_good_bye() {
        assert_eq!(reply(&[("QUIT", "close")]).await, Reply::Smtp { code: 250, text: "2.0.0 taken as Q1".to_owned() });
    }

    #[tokio::test]
    async fn what_is_no_address_never_reaches_a_server() {
        let sender = Sender::new(&Options::default()).unwrap();
        let server = Server { host: "127.0.0.1".to_owned(), port: 1, tls: Tls::Plain, login: None };
        for (from, to) in [("", "a@b.example"), ("a@b.example", "a@b.example\r\nRCPT TO:<x@y.example>"), ("a@b.example", "a b")] {
            let reply = sender.send(&server, from, to, b"", Duration::from_secs(5)).await;
            assert!(matches!(reply, Reply::Unable(_)), "{from} {to}: {reply:?}");
        }
        let refused = sender.send(&server, "a@b.example", "c@d.example", b"", Duration::from_secs(5)).await;
        assert!(matches!(refused, Reply::Nothing(_)), "{refused:?}");
    }
}
