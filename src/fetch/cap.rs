//! Bodies that end: read piece by piece, counted after decompression.

use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;

use crate::domain::secret::ShownUrl;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::answer;

/// Space is reserved for a body as announced, but at most so much before a byte has come.
const RESERVED_AT_MOST: u64 = 64 * 1024;

/// Reads a body of at most `max_body` bytes. What is larger ends the connection as soon as that is
/// known: by its announced length, or by the first byte too many, however well it was compressed.
pub(super) async fn body(mut response: Response, max_body: u64, host: &ShownUrl) -> Result<Vec<u8>, FetchError> {
    // The client undoes what it asked for and takes the header away; what is left was not asked for.
    if let Some(encoding) =
        answer::text(response.headers(), &CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        let encoding: String = encoding.chars().filter(char::is_ascii_graphic).take(40).collect();
        return Err(FetchError::new(
            Kind::Network,
            format!("{host} sent its answer as `{encoding}`, which was not asked for; tell its owner"),
        ));
    }
    let announced = response.content_length().unwrap_or(0);
    if announced > max_body {
        return Err(too_large(host, max_body));
    }
    let mut body = Vec::with_capacity(announced.min(RESERVED_AT_MOST) as usize);
    while let Some(piece) = response.chunk().await.map_err(|error| FetchError::of_exchange(&error, host))? {
        if (body.len() + piece.len()) as u64 > max_body {
            return Err(too_large(host, max_body));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn too_large(host: &ShownUrl, max_body: u64) -> FetchError {
    FetchError::new(Kind::TooLarge, format!("{host} sent more than {max_body} bytes; if that is right, raise `max_body` in [fetch]"))
}
