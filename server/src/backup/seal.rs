//! The end of a backup: the SHA-256 of all bytes before it, so that a file that was cut off or altered is found out.
//!
//! The seal is a gzip member of its own (RFC 1952) whose content is stored, not compressed: every byte of it follows
//! from the digest, so that there is no byte in the file that could change unnoticed, and the whole is still a gzip file
//! that `zcat` reads, with the digest as its last line.

use std::io::{self, Read, Write};

use flate2::Crc;
use sha2::{Digest as _, Sha256};

/// No time, no name, no operating system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const OPENING: &[u8] = b"{\"sha256\":\"";
const CLOSING: &[u8] = b"\"}\n";
const LINE: usize = OPENING.len() + 64 + CLOSING.len();
/// The bytes of a seal: gzip's header, that of a stored block, the line, its checksum and length.
pub const SEAL_BYTES: usize = GZIP_HEADER.len() + 5 + LINE + 8;

fn seal_of(digest: Sha256) -> Vec<u8> {
    let mut line = OPENING.to_vec();
    for byte in digest.finalize() {
        for half in [byte >> 4, byte & 15] {
            line.push(b"0123456789abcdef"[usize::from(half)]);
        }
    }
    line.extend(CLOSING);
    let length = LINE as u16;
    let mut crc = Crc::new();
    crc.update(&line);
    let mut seal = GZIP_HEADER.to_vec();
    // The last block, stored (RFC 1951 §3.2.4).
    seal.push(1);
    seal.extend(length.to_le_bytes());
    seal.extend((!length).to_le_bytes());
    seal.extend(line);
    seal.extend(crc.sum().to_le_bytes());
    seal.extend(u32::from(length).to_le_bytes());
    seal
}

/// Passes bytes on and keeps their digest.
pub struct SealingWriter<W> {
    inner: W,
    digest: Sha256,
}

impl<W: Write> SealingWriter<W> {
    /// Writes to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, digest: Sha256::new() }
    }

    /// Writes the seal and hands everything on.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn seal(mut self) -> io::Result<W> {
        self.inner.write_all(&seal_of(self.digest))?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What the end of a file says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The file is what was written.
    Holds,
    /// It ends with a seal, of other bytes.
    Broken,
    /// It does not end with a seal.
    Missing,
}

/// Reads what stands before the seal of a file, and compares.
pub struct SealedReader<R> {
    inner: R,
    left: u64,
    digest: Sha256,
}

impl<R: Read> SealedReader<R> {
    /// Reads a file of `length` bytes from its beginning.
    pub fn new(inner: R, length: u64) -> Self {
        Self { inner, left: length.saturating_sub(SEAL_BYTES as u64), digest: Sha256::new() }
    }

    /// Reads what is left and looks at the seal.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn finish(mut self) -> io::Result<Seal> {
        io::copy(&mut self, &mut io::sink())?;
        let mut found = Vec::with_capacity(SEAL_BYTES);
        self.inner.take(SEAL_BYTES as u64 + 1).read_to_end(&mut found)?;
        let shape = found.get(GZIP_HEADER.len() + 5..).is_some_and(|line| line.starts_with(OPENING));
        Ok(match found == seal_of(self.digest) && self.left == 0 {
            true => Seal::Holds,
            false if shape => Seal::Broken,
            false => Seal::Missing,
        })
    }
}

impl<R: Read> Read for SealedReader<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let read = self.inner.read(&mut bytes[..room])?;
        self.digest.update(&bytes[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use flate2::read::MultiGzDecoder;
    use flate2::write::GzEncoder;

    use super::*;

    fn sealed(content: &[u8]) -> Vec<u8> {
        let mut writer = GzEncoder::new(SealingWriter::new(Vec::new()), flate2::Compression::default());
        writer.write_all(content).expect("memory takes it");
        writer.finish().and_then(SealingWriter::seal).expect("memory takes it")
    }

    fn look(file: &[u8]) -> Seal {
        SealedReader::new(file, file.len() as u64).finish().expect("memory is read")
    }

    #[test]
    fn a_sealed_file_is_a_gzip_file_whose_last_line_is_the_digest() {
        let file = sealed(b"hello\n");
        let mut text = String::new();
        MultiGzDecoder::new(&file[..]).read_to_string(&mut text).expect("it is gzip");
        let (hello, line) = text.split_once('\n').expect("two lines");
        assert_eq!(hello, "hello");
        let expected = crate::secret::SecretHash::of("").to_hex().len();
        let digest = line.trim_end().trim_start_matches("{\"sha256\":\"").trim_end_matches("\"}");
        assert_eq!(digest.len(), expected);
        assert_eq!(look(&file), Seal::Holds);
    }

    #[test]
    fn a_byte_more_or_less_and_every_altered_bit_are_found_out() {
        let file = sealed(b"hello\n");
        for end in 0..file.len() {
            assert_eq!(look(&file[..end]), Seal::Missing, "cut at {end}");
        }
        assert_ne!(look(&[&file[..], b"\n"].concat()), Seal::Holds);
        for place in 0..file.len() {
            for bit in 0..8 {
                let mut altered = file.clone();
                altered[place] ^= 1 << bit;
                assert_ne!(look(&altered), Seal::Holds, "bit {bit} of byte {place}");
            }
        }
        assert_eq!(look(&[]), Seal::Missing);
    }
}
