//! Bodies that end: read piece by piece, counted as sent and after decompression.

use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use reqwest::header::HeaderMap;
use url::Url;

use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::answer;
use crate::fetch::decode::Encoding;
use crate::fetch::decode::Fault;
use crate::fetch::error::shown;
use crate::fetch::room::Room;
use crate::fetch::room::Rooms;
use crate::fetch::room::SMALL;

/// Space is reserved for a body as announced, but at most so much before a byte has come.
const RESERVED_AT_MOST: u64 = 64 * 1024;
/// Bytes of a header block.
const MOST_HEADERS: usize = 64 * 1024;

/// Reads a body of at most `max_body` bytes. What is larger ends the connection as soon as that is
/// known: by its announced length, or by the first byte too many, however well it was compressed.
///
/// What is no small answer waits for room before it is read on, and takes it along.
pub(super) async fn body(mut response: Response, max_body: u64, rooms: &Rooms, url: &Url) -> Result<(Vec<u8>, Room), FetchError> {
    let encoding = encoding(response.headers(), url)?;
    let announced = response.content_length().unwrap_or(0);
    if announced > max_body {
        return Err(too_large(url, max_body));
    }
    let mut body = Vec::with_capacity(announced.min(RESERVED_AT_MOST) as usize);
    let mut room = None;
    while let Some(piece) = response.chunk().await.map_err(|error| FetchError::of_exchange(&error, url))? {
        if (body.len() + piece.len()) as u64 > max_body {
            return Err(too_large(url, max_body));
        }
        if room.is_none() && (body.len() + piece.len()) as u64 > SMALL {
            // An announced length holds for what is sent as it is; else nobody knows how much it will be.
            let most = if encoding == Encoding::Plain && announced > 0 { announced } else { max_body };
            room = Some(rooms.enter(most).await);
            body.reserve_exact((announced as usize).saturating_sub(body.len()));
        }
        body.extend_from_slice(&piece);
    }
    let unpacked = encoding.most(body.len()).min(max_body);
    if room.is_none() && unpacked > SMALL {
        room = Some(rooms.enter(unpacked).await);
    }
    let body = encoding.unpack(body, max_body).map_err(|fault| of_fault(fault, max_body, url))?;
    let room = room.unwrap_or_default().of(body.len());
    Ok((body, room))
}

/// Reads the first `most` bytes of a body, as sent and after decompression, and leaves the rest.
pub(super) async fn beginning(mut response: Response, most: usize, url: &Url) -> Result<Vec<u8>, FetchError> {
    let encoding = encoding(response.headers(), url)?;
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| FetchError::of_exchange(&error, url))? {
        body.extend_from_slice(&piece[..piece.len().min(most - body.len())]);
        if body.len() == most {
            break;
        }
    }
    let cut = body.len() == most;
    encoding.unpack_beginning(body, most, cut).map_err(|fault| of_fault(fault, most as u64, url))
}

/// The library takes in a header block of some 400 KB; we do not go that far.
pub(super) fn headers(headers: &HeaderMap, url: &Url) -> Result<(), FetchError> {
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if length > MOST_HEADERS { Err(FetchError::of_headers(url)) } else { Ok(()) }
}

fn encoding(headers: &HeaderMap, url: &Url) -> Result<Encoding, FetchError> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let Some(_) = values.next() else { return Ok(Encoding::Plain) };
    let value = answer::text(headers, &CONTENT_ENCODING).filter(|_| values.next().is_none()).unwrap_or_else(|| "several".to_owned());
    Encoding::of(&value).ok_or_else(|| {
        let value: String = value.chars().filter(|letter| letter.is_ascii_graphic() || *letter == ' ').take(40).collect();
        let host = shown(url);
        FetchError::new(Kind::Network, format!("{host} sent its answer as `{value}`, which was not asked for; tell its owner"))
    })
}

fn of_fault(fault: Fault, max_body: u64, url: &Url) -> FetchError {
    let host = shown(url);
    match fault {
        Fault::Broken => {
            FetchError::new(Kind::Network, format!("{host} sent a compressed answer that is cut or broken; it is tried again later"))
        }
        Fault::TooLarge => too_large(url, max_body),
        Fault::Bomb => {
            let message =
                format!("{host} sent an answer that unpacks to more than 200 times its size, as only a trap does; tell its owner");
            FetchError::new(Kind::TooLarge, message)
        }
    }
}

fn too_large(url: &Url, max_body: u64) -> FetchError {
    let host = shown(url);
    FetchError::new(Kind::TooLarge, format!("{host} sent more than {max_body} bytes; if that is right, raise `max_body` in [fetch]"))
}
