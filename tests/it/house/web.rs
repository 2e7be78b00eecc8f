//! A web server of a few lines, so that the daemon talks to a real socket, and a client for its pages.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

/// What somebody asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    /// Names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What they get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    /// A reply without body and further headers.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }
}

/// A server on a free port that ends with this value.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers every request with `answer`. It can be reached when this returns.
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (stop, answer) = (Arc::new(AtomicBool::new(false)), Arc::new(answer));
        let told = Arc::clone(&stop);
        let listener = thread::spawn(move || {
            for connection in socket.incoming().map_while(Result::ok) {
                if told.load(Ordering::SeqCst) {
                    return;
                }
                let answer = Arc::clone(&answer);
                // Who goes away in the middle has had their reasons; stories kill on purpose.
                thread::spawn(move || speak(&connection, &*answer));
            }
        });
        Self { address, stop, listener: Some(listener) }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// One request, one reply, and the connection ends.
fn speak(connection: &TcpStream, answer: &dyn Fn(&Request) -> Reply) -> Option<()> {
    connection.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let mut reader = BufReader::new(connection);
    let request = read(&mut reader)?;
    let reply = answer(&request);
    let mut head = format!("HTTP/1.1 {} -\r\nconnection: close\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
    head.extend(reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    let mut connection = connection;
    connection.write_all(format!("{head}\r\n{}", reply.body).as_bytes()).ok()
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let headers = headers(reader)?;
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { path, headers, body })
}

fn headers(reader: &mut BufReader<&TcpStream>) -> Option<BTreeMap<String, String>> {
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Some(headers) };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
}

/// Status and body of a page; `None` where nobody answers.
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    ask(address, "GET", path, "")
}

/// The same with another method, and with a form.
pub fn ask(address: SocketAddr, method: &str, path: &str, form: &str) -> Option<(u16, String)> {
    let mut connection = TcpStream::connect(address).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let kind = if form.is_empty() { "" } else { "content-type: application/x-www-form-urlencoded\r\n" };
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{kind}content-length: {}\r\n\r\n", form.len());
    connection.write_all(format!("{head}{form}").as_bytes()).ok()?;
    let mut text = String::new();
    connection.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
