//! Pixels as a PNG file of few colours: small, opaque, and the same bytes for the same pixels.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::Crc;
use flate2::write::ZlibEncoder;

/// Most colours that a palette holds.
const PALETTE: usize = 256;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A file of `rgb`, three bytes a pixel, row by row. Colours that are nearly the same become one.
pub(super) fn png(rgb: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    // Steps that divide 255, so that white stays white. The coarsest has 216 colours at most.
    let (palette, pixels) =
        [1, 5, 17, 51].into_iter().map(|step| indexed(rgb, step)).find(|(palette, _)| palette.len() <= 3 * PALETTE).unwrap_or_default();
    let row = width.max(1) as usize;
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    for pixels in pixels.chunks(row) {
        // No filter: neighbours in a palette have nothing to do with each other. Writing to memory cannot fail.
        let _ = packed.write_all(&[0]).and_then(|()| packed.write_all(pixels));
    }
    let mut out = SIGNATURE.to_vec();
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([8, 3, 0, 0, 0]); // eight bits, a palette, and the only ways to pack, filter and interlace
    chunk(&mut out, *b"IHDR", &head);
    chunk(&mut out, *b"PLTE", &palette);
    chunk(&mut out, *b"IDAT", &packed.finish().unwrap_or_default());
    chunk(&mut out, *b"IEND", &[]);
    out
}

/// The palette and each pixel's place in it, with colours rounded to multiples of `step`. A palette of
/// too many colours is given up early.
fn indexed(rgb: &[u8], step: u8) -> (Vec<u8>, Vec<u8>) {
    let mut known: BTreeMap<[u8; 3], u8> = BTreeMap::new();
    let mut palette = Vec::new();
    let mut pixels = Vec::with_capacity(rgb.len() / 3);
    for pixel in rgb.chunks_exact(3) {
        let colour = [pixel[0], pixel[1], pixel[2]].map(|part| rounded(part, step));
        let next = known.len();
        let at = *known.entry(colour).or_insert_with(|| {
            palette.extend(colour);
            (next % PALETTE) as u8
        });
        pixels.push(at);
        if palette.len() > 3 * PALETTE {
            break;
        }
    }
    (palette, pixels)
}

fn rounded(part: u8, step: u8) -> u8 {
    let (part, step) = (u16::from(part), u16::from(step));
    // The nearest multiple of a divisor of 255 is at most 255.
    ((part + step / 2) / step * step).min(255) as u8
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    out.extend(name);
    out.extend(data);
    let mut sum = Crc::new();
    sum.update(&name);
    sum.update(data);
    out.extend(sum.sum().to_be_bytes());
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;

    use super::*;

    /// Reads a file back: its size and its pixels as red, green, blue.
    pub fn read(png: &[u8]) -> ((u32, u32), Vec<u8>) {
        assert_eq!(&png[..8], SIGNATURE);
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        let (mut at, mut chunks) = (8, BTreeMap::new());
        while at < png.len() {
            let length = number(at) as usize;
            let body = &png[at + 4..at + 8 + length];
            let mut sum = Crc::new();
            sum.update(body);
            assert_eq!(sum.sum(), number(at + 8 + length), "check sum");
            chunks.insert(body[..4].to_vec(), body[4..].to_vec());
            at += 12 + length;
        }
        let head = &chunks[b"IHDR".as_slice()];
        assert_eq!(head[8..], [8, 3, 0, 0, 0], "a palette, and nothing seen through");
        let size = (number(16), number(20));
        let mut rows = Vec::new();
        ZlibDecoder::new(chunks[b"IDAT".as_slice()].as_slice()).read_to_end(&mut rows).unwrap();
        let palette = &chunks[b"PLTE".as_slice()];
        let colour = |at: &u8| palette[3 * usize::from(*at)..][..3].to_vec();
        let pixels = rows.chunks(size.0 as usize + 1).flat_map(|row| row[1..].iter().flat_map(colour).collect::<Vec<u8>>()).collect();
        (size, pixels)
    }

    #[test]
    fn few_colours_are_kept_as_they_are() {
        let rgb = [255, 255, 255, 200, 50, 31, 0, 0, 0, 1, 2, 3, 255, 255, 255, 7, 7, 7];
        assert_eq!(read(&png(&rgb, (3, 2))), ((3, 2), rgb.to_vec()));
    }

    #[test]
    fn many_colours_become_few_and_white_stays_white() {
        let mut rgb: Vec<u8> = (0..64 * 64 * 3).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        rgb[..3].copy_from_slice(&[255, 255, 255]);
        let (size, pixels) = read(&png(&rgb, (64, 64)));
        assert_eq!((size, pixels.len(), &pixels[..3]), ((64, 64), rgb.len(), [255, 255, 255].as_slice()));
        let off = rgb.iter().zip(&pixels).map(|(wanted, given)| wanted.abs_diff(*given)).max();
        assert!(off <= Some(26), "{off:?}");
    }
}
