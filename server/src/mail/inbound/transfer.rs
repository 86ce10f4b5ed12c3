//! Bodies as they were before they were transferred (RFC 2045 §6), and their charsets. Lenient: faults are the rule.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Bytes of a named charset as text. Where the name says nothing (US-ASCII is what old programs put on anything) UTF-8
/// is tried first, and what is not that either is read as Windows-1252, in which every byte is a character.
pub(super) fn in_charset(bytes: &[u8], charset: &str) -> String {
    let charset = charset.trim().to_ascii_lowercase();
    let named = match charset.as_str() {
        "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" | "x-unknown" => None,
        other => charset_decoder(other.as_bytes()),
    };
    match (named, std::str::from_utf8(bytes)) {
        (Some(decode), _) => decode(bytes),
        (None, Ok(text)) => text.trim_start_matches('\u{feff}').to_owned(),
        // A text that a limit cut within a character is UTF-8 all the same.
        (None, Err(error)) if charset.starts_with("utf") || bytes.len() - error.valid_up_to() < 4 => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        (None, Err(_)) => match charset_decoder(b"windows-1252") {
            Some(decode) => decode(bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

/// Base64 as it arrives: whatever is not one of its digits is skipped (RFC 2045 §6.8), and a torn end is left out.
pub(super) fn base64(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(raw.len() / 4 * 3);
    let (mut held, mut digits) = (0_u32, 0);
    for byte in raw {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // The end of one run of digits: some programs join several.
            b'=' => {
                if digits >= 2 {
                    flush(&mut bytes, held, digits);
                }
                (held, digits) = (0, 0);
                continue;
            }
            _ => continue,
        };
        held = (held << 6) | u32::from(value);
        digits += 1;
        if digits == 4 {
            flush(&mut bytes, held, 4);
            (held, digits) = (0, 0);
        }
    }
    if digits >= 2 {
        flush(&mut bytes, held, digits);
    }
    bytes
}

fn flush(bytes: &mut Vec<u8>, held: u32, digits: u32) {
    let all = (held << (6 * (4 - digits))).to_be_bytes();
    bytes.extend_from_slice(&all[1..digits as usize]);
}

/// Quoted-printable as it arrives: what is not a proper escape stays as it is (RFC 2045 §6.7).
pub(super) fn quoted_printable(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        if raw[at] != b'=' {
            bytes.push(raw[at]);
            at += 1;
            continue;
        }
        let hex = raw.get(at + 1..at + 3).and_then(|two| {
            let high = char::from(two[0]).to_digit(16)?;
            let low = char::from(two[1]).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        if let Some(byte) = hex {
            bytes.push(byte);
            at += 3;
            continue;
        }
        let blanks = raw[at + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        if raw.get(at + 1 + blanks) == Some(&b'\n') {
            at += blanks + 2;
        } else {
            bytes.push(b'=');
            at += 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_its_faults() {
        assert_eq!(base64(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(base64(b"aGVs bG8"), b"hello");
        assert_eq!(base64(b"aGVsbG8=\r\nIQ=="), b"hello!");
        assert_eq!(base64(b"aGVsb"), b"hel");
        assert_eq!(base64(b"===="), b"");
    }

    #[test]
    fn quoted_printable_is_read_with_its_faults() {
        assert_eq!(quoted_printable(b"a=C3=A9=\r\nb=  \nc"), "a\u{e9}bc".as_bytes());
        assert_eq!(quoted_printable(b"1=2 =X= ="), b"1=2 =X= =");
    }

    #[test]
    fn a_charset_is_believed_where_it_says_something() {
        assert_eq!(in_charset(b"caf\xe9", "ISO-8859-1"), "caf\u{e9}");
        assert_eq!(in_charset("caf\u{e9}".as_bytes(), "us-ascii"), "caf\u{e9}");
        assert_eq!(in_charset(b"caf\xe9 au lait", "us-ascii"), "caf\u{e9} au lait");
        assert_eq!(in_charset(b"caf\xe9 au lait", "x-nobody-knows"), "caf\u{e9} au lait");
        assert_eq!(in_charset(b"\x93\xfa\x96{", "Shift_JIS"), "\u{65e5}\u{672c}");
    }
}
