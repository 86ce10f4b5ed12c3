//! The files of a mail: what they are, by their content before their word, and a name that is safe to show.
//!
//! The name is for display alone: a stranger wrote it, and nothing is ever stored under it (SECURITY).

use crate::mail::inbound::mime::Part;

/// Files that are taken from one mail.
pub const FILES: usize = 20;
/// Bytes of all of them together, as transferred.
pub const FILES_BYTES: usize = 25 * 1024 * 1024;
/// Characters of a name.
pub const NAME_CHARS: usize = 120;
/// What a file is called that we can say nothing of.
pub const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Whether a picture was meant to be seen within the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Beside the text.
    Attached,
    /// Within the text: the writer's pasted picture, or the logo in their signature.
    Inline,
}

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundFile {
    /// Cleaned for display: one line, no path, no characters that change the direction of writing.
    pub name: String,
    /// Lower-case media type: what the bytes are where that shows, else what was declared; a picture that its
    /// bytes deny is `application/octet-stream`.
    pub media_type: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// Where it was put.
    pub placement: Placement,
}

/// The files of a mail, and how many were left in the original because the limits were reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The files, in order.
    pub taken: Vec<InboundFile>,
    /// Files beyond `FILES` or `FILES_BYTES`.
    pub left_out: usize,
}

/// Takes the files among these parts.
#[must_use]
pub fn files(parts: &[Part<'_>]) -> Files {
    let mut files = Files::default();
    let mut room = FILES_BYTES;
    for part in parts.iter().filter(|part| counts(part)) {
        let size = part.transferred();
        if files.taken.len() >= FILES || size > room {
            files.left_out += 1;
            continue;
        }
        let bytes = part.bytes(size);
        if bytes.is_empty() {
            continue;
        }
        room -= size;
        let media_type = media_type(&part.media_type, &bytes);
        let name = clean_name(part.name().unwrap_or_default(), &media_type);
        let declared = part.disposition.as_ref().map(|kind| kind.ctype());
        let inline = declared.is_some_and(|kind| kind.eq_ignore_ascii_case("inline"))
            || (declared.is_none() && part.header.has("content-id"));
        let placement = if inline { Placement::Inline } else { Placement::Attached };
        files.taken.push(InboundFile { name, media_type, bytes, placement });
    }
    files
}

/// Whether a part is a file for the reader. Text is not, nor are the seals that programs check.
fn counts(part: &Part<'_>) -> bool {
    match part.media_type.as_str() {
        "text/plain" | "text/html" => part.is_file(),
        // The same text once more, for programs that animate it, and words for the mail's own programs.
        "text/x-amp-html"
        | "text/rfc822-headers"
        | "message/delivery-status"
        | "message/feedback-report"
        | "message/disposition-notification" => false,
        "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature" => {
            false
        }
        // "Version: 1", the first half of an encrypted mail (RFC 3156 §4).
        "application/pgp-encrypted" => false,
        _ => true,
    }
}

/// What the bytes show, else what was declared.
fn media_type(declared: &str, bytes: &[u8]) -> String {
    match sniff(bytes) {
        // Documents of offices and books are archives by their bytes, and more than that by their name.
        Some("application/zip") if declared.starts_with("application/") && declared != UNKNOWN_TYPE => {
            declared.to_owned()
        }
        Some(seen) => seen.to_owned(),
        None if RASTER.contains(&declared) || !well_formed(declared) => UNKNOWN_TYPE.to_owned(),
        None => declared.to_owned(),
    }
}

/// Pictures that browsers draw: they are believed only when their bytes say the same.
const RASTER: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/jpg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/heic",
    "image/bmp",
];

/// Recognises the formats that people send by their first bytes.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    const SIGNS: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
        (b"Rar!\x1a\x07", "application/vnd.rar"),
        (b"OggS", "audio/ogg"),
        (b"ID3", "audio/mpeg"),
        (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    ];
    if let Some((_, kind)) = SIGNS.iter().find(|(sign, _)| bytes.starts_with(sign)) {
        return Some(kind);
    }
    match (bytes.get(..4), bytes.get(4..8), bytes.get(8..12)) {
        (Some(b"RIFF"), _, Some(b"WEBP")) => Some("image/webp"),
        (Some(b"RIFF"), _, Some(b"WAVE")) => Some("audio/wav"),
        (_, Some(b"ftyp"), Some(b"avif")) => Some("image/avif"),
        (_, Some(b"ftyp"), Some(b"heic" | b"heix" | b"mif1")) => Some("image/heic"),
        (_, Some(b"ftyp"), Some(b"qt  ")) => Some("video/quicktime"),
        (_, Some(b"ftyp"), Some(_)) => Some("video/mp4"),
        _ => None,
    }
}

fn well_formed(media_type: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty()
            && text.len() <= 100
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    media_type.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// A name for display. Of a path the last step; without control characters and without those that turn the direction of
/// writing, by which `exe.gpj` is made to look like a picture; not hidden, not empty, not long.
#[must_use]
pub fn clean_name(name: &str, media_type: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !c.is_control() && !turns_direction(*c)).collect();
    let shown = shown.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if shown.is_empty() {
        return format!("file{}", extension(media_type));
    }
    if shown.chars().count() <= NAME_CHARS {
        return shown.to_owned();
    }
    // The end of a long name says what it is.
    let ending = shown.rsplit_once('.').map(|(_, end)| end).filter(|end| end.chars().count() <= 10);
    let ending = ending.map(|end| format!(".{end}")).unwrap_or_default();
    let kept = NAME_CHARS - ending.chars().count() - 1;
    format!("{}\u{2026}{ending}", shown.chars().take(kept).collect::<String>())
}

/// Marks of bidirectional writing, and characters without width.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{2028}' | '\u{2029}')
}

fn extension(media_type: &str) -> &'static str {
    match media_type {
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "application/pdf" => ".pdf",
        "application/zip" => ".zip",
        "text/calendar" => ".ics",
        "text/vcard" => ".vcf",
        "text/plain" => ".txt",
        "text/html" => ".html",
        "message/rfc822" | "message/global" => ".eml",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => ".p7m",
        "application/ms-tnef" => ".dat",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cleaned_for_display() {
        for (given, shown) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\cv.doc", "cv.doc"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            (".htaccess", "htaccess"),
            ("a\r\nB: c\0.txt", "aB: c.txt"),
            ("", "file.pdf"),
            ("...", "file.pdf"),
            (" \u{200b} ", "file.pdf"),
        ] {
            assert_eq!(clean_name(given, "application/pdf"), shown, "{given:?}");
        }
        let long = clean_name(&format!("{}.jpeg", "\u{e9}".repeat(500)), "image/jpeg");
        assert_eq!(long.chars().count(), NAME_CHARS);
        assert!(long.ends_with("\u{2026}.jpeg"));
    }

    #[test]
    fn bytes_are_believed_before_words() {
        assert_eq!(media_type("text/html", b"\x89PNG\r\n\x1a\n"), "image/png");
        assert_eq!(media_type("image/png", b"<svg onload=alert(1)>"), UNKNOWN_TYPE);
        assert_eq!(media_type("text/calendar", b"BEGIN:VCALENDAR"), "text/calendar");
        assert_eq!(media_type("te xt/x\r\n", b"x"), UNKNOWN_TYPE);
        let office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(media_type(office, b"PK\x03\x04"), office);
        assert_eq!(media_type("image/png", b"PK\x03\x04"), "application/zip");
    }
}
