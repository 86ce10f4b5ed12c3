//! Reading a mail: what people's programs send, and what nobody should be able to send.

use causette_server::mail::inbound::automatic::Automatic;
use causette_server::mail::inbound::files::{FILES, Placement};
use causette_server::mail::inbound::{
    Folded, InboundMail, RECIPIENTS, REFERENCES, TEXT_CHARS, Unreadable, mime, parse,
};
use causette_server::mail::reply_address::{self, ReplyKey};
use causette_shared::id::ConversationId;
use causette_shared::limits;
use causette_shared::time::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

fn read(raw: &str) -> InboundMail {
    parse(raw.replace('\n', "\r\n").as_bytes()).expect("it is a mail")
}

const MIXED: &str = "\
Return-Path: <ann@example.org>
Delivered-To: inbox@lamps.example
X-Original-To: reply+token@lamps.example
Message-ID: <1@example.org>
In-Reply-To: <5.causette@lamps.example>
References: <first@lamps.example>
 <5.causette@lamps.example>
From: =?utf-8?q?Ann_=C3=89l=C3=A8ve?= <Ann@Example.org>
To: Lamp Shop <reply+token@lamps.example>, other@example.net
Cc: carol@example.net
Date: Tue, 3 Nov 2026 10:12:00 +0100
Subject: =?utf-8?b?UmU6IExhbXBlcyDinKg=?=
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/related; boundary=related

--related
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

C'est tr=E8s bien.

On Tue, Nov 3, 2026 at 10:00 AM Lamp Shop <reply@lamps.example> wrote:
> Is it?
--inner
Content-Type: text/html

<p>not this</p>
--inner--
--related
Content-Type: image/png; name=logo.png
Content-ID: <logo>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--related--
--outer
Content-Type: application/pdf; name=\"old.pdf\"
Content-Disposition: attachment; filename*=utf-8''fa%C3%A7ade%2Fplan.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--outer--
";

#[test]
fn a_mail_of_several_parts_is_understood() {
    let mail = read(MIXED);
    assert_eq!(mail.message_id.as_deref(), Some("1@example.org"));
    assert_eq!(mail.in_reply_to, ["5.causette@lamps.example"]);
    assert_eq!(mail.references, ["first@lamps.example", "5.causette@lamps.example"]);
    let recipients =
        ["inbox@lamps.example", "reply+token@lamps.example", "other@example.net", "carol@example.net"];
    assert_eq!(mail.recipients, recipients);
    let from = mail.from.expect("it is there");
    assert_eq!((from.name.as_str(), from.address.as_str()), ("Ann \u{c9}l\u{e8}ve", "Ann@Example.org"));
    assert_eq!(mail.subject, "Re: Lampes \u{2728}");
    assert_eq!(mail.date, Some(Timestamp(1_793_697_120_000)));
    assert_eq!(mail.visible, "C'est tr\u{e8}s bien.");
    assert_eq!(mail.folded, Folded::Tail);
    assert!(mail.text.ends_with("> Is it?"));
    assert_eq!((mail.automatic, mail.bounce, mail.encrypted), (None, None, false));
    let files: Vec<_> = mail
        .files
        .taken
        .iter()
        .map(|file| (file.name.as_str(), file.media_type.as_str(), file.placement))
        .collect();
    assert_eq!(
        files,
        [("logo.png", "image/png", Placement::Inline), ("plan.pdf", "application/pdf", Placement::Attached)]
    );
    assert_eq!(mail.files.taken[1].bytes, b"%PDF-1.4");
}

#[test]
fn a_mail_that_is_only_a_file_or_a_quotation_has_no_visible_text() {
    let file = read(
        "From: a@example.org\nContent-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
    );
    assert_eq!((file.visible.as_str(), file.text.as_str(), file.folded), ("", "", Folded::Nothing));
    assert_eq!(file.files.taken.len(), 1);
    let quotation =
        read("From: a@example.org\n\nOn 3 Nov 2026 at 10:12, B <b@example.org> wrote:\n> Hello\n");
    assert_eq!((quotation.visible.as_str(), quotation.folded), ("", Folded::Tail));
    let nothing = read("From: a@example.org\n\n");
    assert_eq!(
        (nothing.visible.as_str(), nothing.folded, nothing.files.taken.len()),
        ("", Folded::Nothing, 0)
    );
}

#[test]
fn a_long_answer_is_cut_and_says_so() {
    let longest = "\u{e9}".repeat(limits::MESSAGE_CHARS);
    let mail = read(&format!("From: a@example.org\nContent-Type: text/plain; charset=utf-8\n\n{longest}\n"));
    assert_eq!((mail.visible.chars().count(), mail.folded), (limits::MESSAGE_CHARS, Folded::Nothing));
    let mail = read(&format!("From: a@example.org\nContent-Type: text/plain; charset=utf-8\n\n{longest}x\n"));
    assert_eq!((mail.visible.chars().count(), mail.folded), (limits::MESSAGE_CHARS, Folded::Rest));
    assert!(mail.text.trim_end().ends_with('x'));
}

#[test]
fn html_alone_is_text_and_several_texts_are_joined() {
    let mail = read(
        "From: a@example.org\nContent-Type: text/html\n\n<style>x</style><p>One &amp; two</p><img src=http://tracker.example/>\n",
    );
    assert_eq!(mail.visible, "One & two");
    let mail = read(
        "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbefore\n--b\nContent-Type: image/gif\nContent-Disposition: inline; filename=x.gif\n\nGIF89a\n--b\n\nafter\n--b--\n",
    );
    assert_eq!(mail.visible, "before\nafter");
    let blank = "From: a@example.org\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<p>here</p>\n--b--\n";
    assert_eq!(read(blank).visible, "here");
}

#[test]
fn parts_for_programs_are_told_from_files() {
    let part = |kind: &str, extra: &str| {
        read(&format!(
            "From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: {kind}\n{extra}\nBEGIN\n--b--\n"
        ))
    };
    for kind in
        ["application/pkcs7-signature; name=smime.p7s", "application/pgp-signature", "text/x-amp-html"]
    {
        assert!(part(kind, "").files.taken.is_empty(), "{kind}");
    }
    for (kind, extra, name, media_type) in [
        ("text/calendar; method=REQUEST", "", "file.ics", "text/calendar"),
        ("application/ms-tnef; name=winmail.dat", "", "winmail.dat", "application/ms-tnef"),
        ("text/plain", "Content-Disposition: attachment; filename=notes.txt\n", "notes.txt", "text/plain"),
        ("message/rfc822", "", "file.eml", "message/rfc822"),
        ("image/svg+xml; name=a.svg", "", "a.svg", "image/svg+xml"),
        ("image/png; name=a.png", "", "a.png", "application/octet-stream"),
    ] {
        let mail = part(kind, extra);
        assert_eq!(mail.visible, "hello", "{kind}");
        let file = mail.files.taken.first().expect("it is a file");
        assert_eq!((file.name.as_str(), file.media_type.as_str()), (name, media_type), "{kind}");
    }
    let sealed = part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "");
    assert!(sealed.encrypted && sealed.files.taken[0].name == "smime.p7m");
    assert!(!part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "").encrypted);
    assert!(read("From: a@example.org\n\n-----BEGIN PGP MESSAGE-----\n").encrypted);
}

#[test]
fn automatic_mail_says_why() {
    let mail = read("From: a@example.org\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n");
    assert_eq!(mail.automatic, Some(Automatic::AutoReply));
    let mail = read("From: a@example.org\nX-Causette: follow-up\n\nhello\n");
    assert_eq!(mail.automatic, Some(Automatic::OwnMail));
}

#[test]
fn what_is_no_mail_is_put_aside() {
    assert_eq!(parse(b""), Err(Unreadable::NoHeader));
    assert_eq!(parse(b"\r\n\r\nhello"), Err(Unreadable::NoHeader));
    assert_eq!(parse(b"hello there\r\nFrom: a@example.org\r\n\r\n"), Err(Unreadable::NoHeader));
    assert_eq!(parse(&vec![b'x'; 40 * 1024 * 1024 + 1]), Err(Unreadable::TooLarge));
}

#[test]
fn lists_of_strangers_are_bounded() {
    let many = |count: usize| (0..count).map(|n| format!("<{n}@example.org>")).collect::<Vec<_>>();
    let mail = read(&format!(
        "From: a@example.org\nReferences: {}\nTo: {}\nCc: {}\n\n",
        many(2_000).join("\n "),
        many(2_000).join(",\n "),
        many(3).join(", ")
    ));
    assert_eq!(mail.references.len(), REFERENCES);
    assert_eq!(mail.references.last().map(String::as_str), Some("1999@example.org"));
    assert_eq!(mail.recipients.len(), RECIPIENTS);
}

#[test]
fn parts_are_opened_down_to_a_depth() {
    let at = |depth: usize| {
        let open: String = (1..depth)
            .map(|n| format!("--b{}\r\nContent-Type: multipart/mixed; boundary=b{n}\r\n\r\n", n - 1))
            .collect();
        let raw = format!(
            "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n{open}--b{}\r\n\r\nhello\r\n",
            depth - 1
        );
        parse(raw.as_bytes()).expect("it is a mail").visible
    };
    assert_eq!(at(mime::DEPTH), "hello");
    assert!(at(mime::DEPTH + 1).starts_with("--b10"));
}

#[test]
fn bombs_do_not_go_off() {
    // A hundred thousand mails in one another, plain and in base64: a tree of them could not even be dropped.
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let mail = parse(format!("From: a@example.org\r\n{nested}").as_bytes()).expect("it is a mail");
    assert_eq!(mail.files.taken.len(), 1);
    let multiparts: String = (0..5_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    assert!(parse(format!("From: a@example.org\r\n{multiparts}\r\nhello").as_bytes()).is_ok());
    let parts = "--b\r\nContent-Disposition: attachment; filename=x\r\n\r\ny\r\n".repeat(20_000);
    let raw = format!("From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}");
    let files = parse(raw.as_bytes()).expect("it is a mail").files;
    assert_eq!((files.taken.len(), files.left_out), (FILES, mime::PARTS - FILES));
    let long = format!("From: a@example.org\r\nContent-Type: text/html\r\n\r\n{}", "<a b=\"".repeat(200_000));
    assert!(parse(long.as_bytes()).is_ok());
    let words = format!(
        "From: a@example.org\r\nSubject: {}\r\n\r\n{}",
        "=?utf-8?q?=C3=A9?= ".repeat(50_000),
        "x: y\n".repeat(200_000)
    );
    let mail = parse(words.as_bytes()).expect("it is a mail");
    assert!(mail.subject.chars().count() <= 300 && mail.text.chars().count() <= TEXT_CHARS);
}

#[test]
fn nul_and_bad_bytes_never_reach_a_text() {
    let raw = b"From: \"A\0nn\" <a\0@example.org>\r\nSubject: a\0b \xff\r\nMessage-ID: <a\0b@example.org>\r\n\r\nhe\0llo \xff\xfe\r\n";
    let mail = parse(raw).expect("it is a mail");
    assert_eq!(mail.subject.trim_end_matches('\u{fffd}').trim(), "ab");
    assert!(mail.visible.starts_with("hello "));
    assert!(!format!("{mail:?}").contains("\\0"));
}

/// Pieces from which broken mails are made.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"--b\r\n".to_vec()),
        Just(b"--b--\r\n".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
        Just(b"Content-Type: multipart/alternative; boundary=\"b\r\n".to_vec()),
        Just(b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n".to_vec()),
        Just(b"Content-Type: message/delivery-status\r\n\r\n".to_vec()),
        Just(b"Final-Recipient: rfc822; a@example.org\r\nStatus: 5.1.1\r\n".to_vec()),
        Just(b"Content-Type: text/html; charset=utf-16\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: quoted-printable\r\n".to_vec()),
        Just(b"From: MAILER-DAEMON\r\nSubject: failure notice\r\n".to_vec()),
        Just(b"<a@example.org>:\r\n550 5.1.1 no\r\n".to_vec()),
        Just(b"Content-Disposition: attachment; filename*0*=utf-8''%ff; filename*1=\r\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(pieces in prop::collection::vec(piece(), 0..40)) {
        let raw = pieces.concat();
        if let Ok(mail) = parse(&raw) {
            prop_assert!(mail.visible.chars().count() <= limits::MESSAGE_CHARS);
            prop_assert!(!mail.text.contains('\0') && !mail.visible.contains('\0') && !mail.subject.contains('\0'));
            prop_assert!(mail.files.taken.len() <= FILES);
            prop_assert!(mail.files.taken.iter().all(|file| !file.name.is_empty() && !file.name.contains(['/', '\\', '\0', '\n'])));
            prop_assert!(mail.text.contains(mail.visible.as_str()));
        }
    }

    #[test]
    fn a_reply_address_survives_the_way_and_no_other_is_accepted(
        key in any::<[u8; 32]>(), id in any::<u128>(), flip in 0_usize..42, digit in 0_usize..32, upper in any::<bool>(),
    ) {
        let id = ConversationId(Uuid::from_u128(id));
        let key = ReplyKey::from_bytes(key);
        let address = reply_address::make(&key, id, "reply@example.com").expect("it fits");
        let travelled = if upper { address.to_uppercase() } else { address.clone() };
        prop_assert_eq!(reply_address::find(&key, ["x@example.com", &travelled, "y"]), Some(id));
        let mentioned = format!("<{travelled}>");
        prop_assert!(reply_address::looks_mentioned(&mentioned));
        let other = ReplyKey::from_bytes([0x5a; 32]);
        prop_assert_eq!(reply_address::find(&other, [&address]), None);
        // One digit changed is another conversation's token, or none: never accepted.
        let mut forged = address.clone().into_bytes();
        let new = b"abcdefghijklmnopqrstuvwxyz234567"[digit];
        let at = "reply+".len() + flip;
        prop_assume!(forged[at] != new);
        forged[at] = new;
        let forged = String::from_utf8(forged).expect("it is ASCII");
        prop_assert_eq!(reply_address::find(&key, [forged]), None);
    }

    #[test]
    fn any_text_is_no_reply_address(text in "\\PC{0,20}\\+?[a-z2-7]{0,60}@?[a-z.]{0,20}") {
        prop_assert_eq!(reply_address::find(&ReplyKey::from_bytes([1; 32]), [&text]), None);
        let _ = reply_address::job_of(&text, "example.com");
    }
}
