//! Undoes one layer of compression, and ends what grows out of proportion.
//!
//! What a server sends is not trusted to be what it says: `deflate` comes with and without its
//! wrapper, plain text is called gzip, and a few hundred bytes open to gigabytes.

use std::io;
use std::io::Read;

use brotli_decompressor::Decompressor;
use flate2::bufread::DeflateDecoder;
use flate2::bufread::GzDecoder;
use flate2::bufread::ZlibDecoder;

/// What is asked for with `Accept-Encoding`: all that is undone here.
pub(super) const ACCEPTED: &str = "gzip, br, deflate";

/// Nothing honest is packed tighter than this. Text of a feed comes to 10, one of blanks to 1,000.
const MOST_FOLD: u64 = 200;
/// The fold is judged above so many bytes: a short page may well be all blanks.
const JUDGED_ABOVE: u64 = 1024 * 1024;
/// However large a body may be uncompressed, more is not unpacked.
const MOST_UNPACKED: u64 = 32 * 1024 * 1024;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not at all.
    Plain,
    /// `gzip` or `x-gzip`.
    Gzip,
    /// `deflate`, with the wrapper of zlib or without.
    Deflate,
    /// `br`.
    Brotli,
}

/// Why a body could not be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is broken or cut.
    Broken,
    /// It opens to more than is allowed.
    TooLarge,
    /// It opens to far more than honest compression gives.
    Bomb,
}

impl Encoding {
    /// Reads `Content-Encoding`; `None` for several layers and for what was not asked for.
    pub(super) fn of(value: &str) -> Option<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Plain),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            _ => None,
        }
    }

    /// The most that so many bytes are unpacked to.
    pub(super) fn most(self, sent: usize) -> u64 {
        match self {
            Self::Plain => sent as u64,
            _ => (sent as u64 * MOST_FOLD).max(JUDGED_ABOVE),
        }
    }

    /// Unpacks `sent` to at most `most` bytes.
    pub(super) fn unpack(self, sent: Vec<u8>, most: u64) -> Result<Vec<u8>, Fault> {
        if self == Self::Plain {
            return Ok(sent);
        }
        let mut sink = Sink { body: Vec::new(), most: most.min(MOST_UNPACKED) };
        self.pour(&sent, &mut sink)?;
        Ok(sink.body)
    }

    /// Unpacks the first `most` bytes of what may go on behind `sent`, as far as that goes: where it
    /// is `cut`, its end is missing for no fault of the server's.
    pub(super) fn unpack_beginning(self, mut sent: Vec<u8>, most: usize, cut: bool) -> Result<Vec<u8>, Fault> {
        if self == Self::Plain {
            sent.truncate(most);
            return Ok(sent);
        }
        let mut sink = Sink { body: Vec::new(), most: most as u64 };
        match self.pour(&sent, &mut sink) {
            // Nothing at all would read as a page that says nothing.
            Err(Fault::Broken) if cut && !sink.body.is_empty() => {}
            Ok(()) | Err(Fault::TooLarge) => {}
            Err(fault) => return Err(fault),
        }
        sink.body.truncate(most);
        Ok(sink.body)
    }

    fn pour(self, sent: &[u8], sink: &mut Sink) -> Result<(), Fault> {
        match self {
            Self::Plain => sink.drain(sent, sent.len(), |left| left.len()),
            Self::Gzip => sink.members(sent),
            // The wrapper begins with a method and a check of 31.
            Self::Deflate if is_zlib(sent) => sink.drain(ZlibDecoder::new(sent), sent.len(), |inner| inner.get_ref().len()),
            Self::Deflate => sink.drain(DeflateDecoder::new(sent), sent.len(), |inner| inner.get_ref().len()),
            Self::Brotli => sink.drain(Decompressor::new(sent, 4096), sent.len(), |inner| inner.get_ref().len()),
        }
    }
}

/// What has come out so far.
struct Sink {
    body: Vec<u8>,
    most: u64,
}

impl Sink {
    /// Reads to the end. `left` tells how much of the `sent` bytes the reader has not taken yet.
    fn drain<R: Read>(&mut self, mut reader: R, sent: usize, left: impl Fn(&R) -> usize) -> Result<(), Fault> {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = match reader.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Fault::Broken),
            };
            self.body.extend_from_slice(&piece[..length]);
            let (come, taken) = (self.body.len() as u64, (sent - left(&reader)) as u64);
            if come > JUDGED_ABOVE && come / MOST_FOLD > taken {
                return Err(Fault::Bomb);
            }
            if come > self.most {
                return Err(Fault::TooLarge);
            }
        }
    }

    /// Reads one gzip member after the other. What follows the last and is no member is left out,
    /// as browsers do.
    fn members(&mut self, sent: &[u8]) -> Result<(), Fault> {
        let mut rest = sent;
        loop {
            let mut member = GzDecoder::new(rest);
            self.drain(&mut member, sent.len(), |member| member.get_ref().len())?;
            rest = member.into_inner();
            if !rest.starts_with(&[0x1f, 0x8b]) {
                return Ok(());
            }
        }
    }
}

fn is_zlib(sent: &[u8]) -> bool {
    matches!(sent, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use flate2::write::GzEncoder;
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;

    use super::*;

    /// `brotli` of the word "complaint", a raw block of it: no encoder is among what we use.
    const BROTLI: &[u8] = b"\x21\x20\x00\x04complaint\x03";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(encoding: Encoding, sent: Vec<u8>) -> Result<String, Fault> {
        encoding.unpack(sent, 10_000_000).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn each_encoding_is_undone() {
        for (name, encoding, sent) in [
            ("plain", Encoding::Plain, b"complaint".to_vec()),
            ("gzip", Encoding::Gzip, gzip(b"complaint")),
            ("two members", Encoding::Gzip, [gzip(b"comp"), gzip(b"laint")].concat()),
            ("something behind", Encoding::Gzip, [&gzip(b"complaint")[..], b"garbage"].concat()),
            ("wrapped deflate", Encoding::Deflate, zlib(b"complaint")),
            ("bare deflate", Encoding::Deflate, raw(b"complaint")),
            ("brotli", Encoding::Brotli, BROTLI.to_vec()),
        ] {
            assert_eq!(unpacked(encoding, sent).as_deref(), Ok("complaint"), "{name}");
        }
    }

    #[test]
    fn what_is_broken_or_cut_is_said_to_be() {
        let long = "one complaint, ".repeat(100);
        for (name, encoding, sent) in [
            ("not gzip at all", Encoding::Gzip, b"<rss/>".to_vec()),
            ("nothing", Encoding::Gzip, Vec::new()),
            ("cut gzip", Encoding::Gzip, gzip(long.as_bytes())[..30].to_vec()),
            ("cut deflate", Encoding::Deflate, zlib(long.as_bytes())[..20].to_vec()),
            ("not brotli at all", Encoding::Brotli, b"<rss/>".to_vec()),
            ("cut brotli", Encoding::Brotli, BROTLI[..8].to_vec()),
        ] {
            assert_eq!(unpacked(encoding, sent), Err(Fault::Broken), "{name}");
        }
    }

    #[test]
    fn a_beginning_is_unpacked_as_far_as_it_goes() {
        let mut seed = 7_u32;
        let text: String = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + (seed >> 24) as u8 % 26)
        })
        .take(200_000)
        .collect();
        for (encoding, sent) in [(Encoding::Gzip, gzip(text.as_bytes())), (Encoding::Deflate, zlib(text.as_bytes()))] {
            let half = sent[..sent.len() / 2].to_vec();
            let begun = encoding.unpack_beginning(half.clone(), 150_000, true).unwrap();
            assert!(begun.len() > 50_000 && text.as_bytes().starts_with(&begun), "{} {encoding:?}", begun.len());
            assert_eq!(encoding.unpack_beginning(half, 150_000, false), Err(Fault::Broken), "the server cut it");
            assert_eq!(encoding.unpack_beginning(sent, 1000, false).unwrap(), &text.as_bytes()[..1000]);
        }
        assert_eq!(Encoding::Gzip.unpack_beginning(b"user-agent: *".to_vec(), 1000, true), Err(Fault::Broken));
        assert_eq!(Encoding::Gzip.unpack_beginning(gzip(&vec![b' '; 8_000_000]), 1000, false).map(|body| body.len()), Ok(1000));
        assert_eq!(Encoding::Plain.unpack_beginning(b"plain".to_vec(), 3, true).as_deref(), Ok(&b"pla"[..]));
    }

    #[test]
    fn one_layer_of_a_known_kind_is_undone() {
        for value in ["gzip, gzip", "gzip,br", "zstd", "compress", "gzip; q=1"] {
            assert_eq!(Encoding::of(value), None, "{value}");
        }
        for (value, encoding) in
            [("", Encoding::Plain), (" Identity", Encoding::Plain), ("X-GZIP", Encoding::Gzip), ("br ", Encoding::Brotli)]
        {
            assert_eq!(Encoding::of(value), Some(encoding), "{value}");
        }
    }

    #[test]
    fn a_bomb_ends_after_the_first_mebibyte_and_a_large_page_at_its_limit() {
        let blanks = gzip(&vec![b' '; 8_000_000]);
        assert_eq!(Encoding::Gzip.unpack(blanks, 100_000_000), Err(Fault::Bomb));
        let short = gzip(&vec![b' '; 1_000_000]);
        assert_eq!(Encoding::Gzip.unpack(short.clone(), 100_000_000).map(|body| body.len()), Ok(1_000_000));
        assert_eq!(Encoding::Gzip.unpack(short, 999_999), Err(Fault::TooLarge));
    }

    proptest! {
        #[test]
        fn nothing_that_comes_makes_it_stumble(sent: Vec<u8>, most in 0_u64..10_000) {
            for encoding in [Encoding::Plain, Encoding::Gzip, Encoding::Deflate, Encoding::Brotli] {
                let _ = encoding.unpack(sent.clone(), most);
            }
        }

        #[test]
        fn what_was_packed_comes_out_as_it_was(text: Vec<u8>) {
            prop_assert_eq!(Encoding::Gzip.unpack(gzip(&text), 100_000), Ok(text.clone()));
            prop_assert_eq!(Encoding::Deflate.unpack(zlib(&text), 100_000), Ok(text.clone()));
        }
    }
}
