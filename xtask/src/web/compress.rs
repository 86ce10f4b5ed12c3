//! Compression at the highest level, once, so that the server only has to hand files out.

use std::io::Write;

use anyhow::Result;
use brotli::enc::BrotliEncoderParams;

/// Compresses with brotli at quality 11.
///
/// # Errors
///
/// Never in practice: memory is all it writes to.
pub fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters =
        BrotliEncoderParams { quality: 11, lgwin: 24, size_hint: bytes.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

/// Compresses with gzip at level 9, for what does not speak brotli (plain HTTP among it).
///
/// # Errors
///
/// Never in practice: memory is all it writes to.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    #[test]
    fn what_is_compressed_comes_back_and_is_smaller() {
        let text = "conversation ".repeat(100);
        let brotli = super::brotli(text.as_bytes()).expect("compresses");
        let gzip = super::gzip(text.as_bytes()).expect("compresses");
        assert!(brotli.len() < 40 && gzip.len() < 80, "{} and {}", brotli.len(), gzip.len());
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &brotli[..], &mut plain).expect("decompresses");
        assert_eq!(plain, text.as_bytes());
        let mut plain = String::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut plain).expect("decompresses");
        assert_eq!(plain, text);
    }
}
