//! Dropping from a wasm file what no browser reads or runs.
//!
//! After wasm-bindgen nothing looks at custom sections any more, yet the names of functions alone are a third of the
//! file. They stay in Trunk's output, for a look at what weighs how much. What words panics goes too: `panics` says which.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

use crate::web::panics;

/// The bytes every wasm file of version 1 begins with.
const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";

/// The id of a section that means nothing to the machine.
const CUSTOM: u8 = 0;

/// The id of the section with the bodies of functions.
const CODE: u8 = 10;

/// The file as a browser gets it: without custom sections and without the words of panics.
///
/// # Errors
///
/// When it is not wasm, or ends in the middle of a section.
pub fn shipped(wasm: &[u8]) -> Result<Vec<u8>> {
    let needless = panics::needless_bodies(wasm)?;
    sections(wasm, |id, content| match id {
        CUSTOM => Ok(None),
        CODE => with_traps(content, &needless).map(Some),
        _ => Ok(Some(content.to_vec())),
    })
}

/// The code section with bodies that only trap in place of those named.
fn with_traps(code: &[u8], needless: &BTreeSet<usize>) -> Result<Vec<u8>> {
    const CUT_OFF: &str = "the code section of the wasm file is cut off";
    let (count, mut rest) = read_length(code).context(CUT_OFF)?;
    let mut changed = Vec::new();
    put_length(&mut changed, count);
    for index in 0..count {
        let (length, after) = read_length(rest).context(CUT_OFF)?;
        let (body, next) = after.split_at_checked(length).context(CUT_OFF)?;
        let body = if needless.contains(&index) { &panics::TRAP } else { body };
        put_length(&mut changed, body.len());
        changed.extend_from_slice(body);
        rest = next;
    }
    Ok(changed)
}

/// The file with what `change` makes of each section; `None` drops it.
fn sections(wasm: &[u8], change: impl Fn(u8, &[u8]) -> Result<Option<Vec<u8>>>) -> Result<Vec<u8>> {
    let Some(mut rest) = wasm.strip_prefix(&HEADER) else { bail!("not a wasm file") };
    let mut kept = HEADER.to_vec();
    while let Some((&id, after_id)) = rest.split_first() {
        let (length, content) = read_length(after_id).context("a section of the wasm file has no length")?;
        let (content, after) =
            content.split_at_checked(length).context("a section of the wasm file is cut off")?;
        if let Some(changed) = change(id, content)? {
            kept.push(id);
            put_length(&mut kept, changed.len());
            kept.extend_from_slice(&changed);
        }
        rest = after;
    }
    Ok(kept)
}

/// Writes an unsigned LEB128 number.
pub fn put_length(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
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
    use std::collections::BTreeSet;

    use super::{HEADER, shipped, with_traps};

    fn file(sections: &[u8]) -> Vec<u8> {
        [&HEADER[..], sections].concat()
    }

    #[test]
    fn custom_sections_go_and_the_others_stay() {
        // A memory of one page, and data.
        let memory = [5, 3, 1, 0, 1];
        let data = [&[11, 0x86, 0x01, 1, 1, 0x80, 0x01][..], &[7; 130]].concat();
        let wasm = file(&[&memory[..], &[0, 3, 1, b'n', 5][..], &data, &[0, 2, 1, b'm']].concat());
        let kept = file(&[&memory[..], &data].concat());
        assert_eq!(shipped(&wasm).expect("is wasm"), kept);
    }

    #[test]
    fn a_needless_body_becomes_a_trap() {
        let long = [&[0x80, 0x01][..], &[1; 128]].concat();
        let code = [&[3, 2, 0, 0x0b][..], &long, &[2, 0, 0x0b]].concat();
        let changed = with_traps(&code, &BTreeSet::from([0])).expect("is code");
        assert_eq!(changed, [&[3, 3, 0, 0, 0x0b][..], &long, &[2, 0, 0x0b]].concat());
        let changed = with_traps(&code, &BTreeSet::from([1])).expect("is code");
        assert_eq!(changed, [3, 2, 0, 0x0b, 3, 0, 0, 0x0b, 2, 0, 0x0b]);
        assert!(with_traps(&code[..9], &BTreeSet::new()).is_err());
    }

    #[test]
    fn a_broken_file_is_an_error() {
        assert!(shipped(b"<!doctype html>").is_err());
        assert!(shipped(&file(&[1])).is_err());
        assert!(shipped(&file(&[1, 5, 0])).is_err());
        assert!(shipped(&file(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0])).is_err());
    }
}
