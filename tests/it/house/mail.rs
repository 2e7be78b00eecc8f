//! Mails as they lie in a file: headers, and the parts as people see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The first header of this name, unfolded.
pub fn header(mail: &str, name: &str) -> Option<String> {
    let mail = mail.replace("\r\n", "\n");
    let head = mail.split("\n\n").next()?.replace("\n ", " ").replace("\n\t", " ");
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// The plain text of a mail with the usual two parts, words in one line.
pub fn text(mail: &str) -> String {
    let mail = mail.replace("\r\n", "\n");
    let at = mail.find("Content-Type: text/plain").expect("a plain part");
    let part = &mail[at..];
    let (head, body) = part.split_once("\n\n").unwrap();
    let body = body.split("\n--").next().unwrap();
    let head = head.to_ascii_lowercase();
    let plain = if head.contains("quoted-printable") {
        unquoted(body)
    } else if head.contains("base64") {
        String::from_utf8(STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap()).unwrap()
    } else {
        body.to_owned()
    };
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unquoted(body: &str) -> String {
    let body = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = (*first == b'=').then(|| more.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()));
        bytes.push(code.flatten().unwrap_or(*first));
        rest = if code.flatten().is_some() { &more[2..] } else { more };
    }
    String::from_utf8(bytes).unwrap()
}
