//! Dropping from a wasm file what no browser reads.
//!
//! After wasm-bindgen nothing looks at custom sections any more, yet the names of functions alone are a third of the
//! file. They stay in Trunk's output, for a look at what weighs how much.

use anyhow::{Context, Result, bail};

/// The bytes every wasm file of version 1 begins with.
const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";

/// The id of a section that means nothing to the machine.
const CUSTOM: u8 = 0;

/// The file without its custom sections.
///
/// # Errors
///
/// When it is not wasm, or ends in the middle of a section.
pub fn without_custom_sections(wasm: &[u8]) -> Result<Vec<u8>> {
    let Some(mut rest) = wasm.strip_prefix(&HEADER) else { bail!("not a wasm file") };
    let mut kept = HEADER.to_vec();
    while let Some((&id, after_id)) = rest.split_first() {
        let (length, content) = read_length(after_id).context("a section of the wasm file has no length")?;
        let after = content.get(length..).context("a section of the wasm file is cut off")?;
        if id != CUSTOM {
            kept.extend_from_slice(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    Ok(kept)
}

/// Reads an unsigned LEB128 number of at most 32 bits.
fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{HEADER, without_custom_sections};

    fn file(sections: &[u8]) -> Vec<u8> {
        [&HEADER[..], sections].concat()
    }

    #[test]
    fn custom_sections_go_and_the_others_stay() {
        let long = [&[10, 0x80, 0x01][..], &[7; 128]].concat();
        let wasm = file(&[&[1, 2, 8, 9, 0, 3, 1, b'n', 5][..], &long, &[0, 0]].concat());
        let kept = file(&[&[1, 2, 8, 9][..], &long].concat());
        assert_eq!(without_custom_sections(&wasm).expect("is wasm"), kept);
    }

    #[test]
    fn a_broken_file_is_an_error() {
        assert!(without_custom_sections(b"<!doctype html>").is_err());
        assert!(without_custom_sections(&file(&[1])).is_err());
        assert!(without_custom_sections(&file(&[1, 5, 0])).is_err());
        assert!(without_custom_sections(&file(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0])).is_err());
    }
}
