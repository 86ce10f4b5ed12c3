//! Mails as bytes: whatever strangers put into names, subjects, addresses and texts, a reader of mail finds exactly the
//! headers that were meant, one recipient, and the texts as they were.

use causette_server::mail::message::{Headers, MailAddress, MessageId, Outgoing, build};
use causette_server::mail::reply_address::job_of;
use causette_server::mail::words::one_line;
use causette_server::mail::{Cause, Link, Rendered};
use causette_shared::entry::MailKind;
use causette_shared::time::Timestamp;
use mail_parser::{Address, MessageParser};
use proptest::prelude::*;

const AT: Timestamp = Timestamp(1_795_269_900_000);

fn address(text: &str) -> MailAddress {
    MailAddress::parse(text).expect("an address")
}

fn id(text: &str) -> MessageId {
    MessageId::parse(text).expect("an id")
}

fn rendered(from_name: &str, subject: &str, text: &str, html: &str) -> Rendered {
    Rendered {
        from_name: from_name.to_owned(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: html.to_owned(),
        cause: Cause::Rule,
    }
}

/// A mail with every header that there can be.
fn full(mail: &Rendered) -> Outgoing {
    let (from, to) = (address("chat@shop.example"), address("camille@mail.example"));
    let reply_to = address("reply+abc@shop.example");
    let (own, parent) = (id("<job-1@shop.example>"), id("<job-0@shop.example>"));
    let unsubscribe = Link::parse("https://chat.example/stop/abc").expect("a link");
    let headers = Headers {
        from: &from,
        to: &to,
        reply_to: Some(&reply_to),
        at: AT,
        message_id: &own,
        in_reply_to: Some(&parent),
        references: &[id("<first@mail.example>"), parent.clone()],
        unsubscribe: Some(&unsubscribe),
        kind: MailKind::FollowUp.as_str(),
    };
    build(mail, &headers).expect("it is built")
}

fn bare(from: &MailAddress, to: &MailAddress, mail: &Rendered) -> Outgoing {
    let own = id("<job-1@shop.example>");
    let headers = Headers {
        from,
        to,
        reply_to: None,
        at: AT,
        message_id: &own,
        in_reply_to: None,
        references: &[],
        unsubscribe: None,
        kind: MailKind::FollowUp.as_str(),
    };
    build(mail, &headers).expect("it is built")
}

fn head(mail: &Outgoing) -> String {
    let raw = std::str::from_utf8(&mail.raw).expect("text");
    raw.split("\r\n\r\n").next().unwrap_or_default().to_owned()
}

fn names(mail: &Outgoing) -> Vec<String> {
    let parsed = MessageParser::default().parse(&mail.raw).expect("a mail");
    let mut names: Vec<String> =
        parsed.headers().iter().map(|header| header.name.as_str().to_owned()).collect();
    names.sort_unstable();
    names
}

const ALL_HEADERS: [&str; 15] = [
    "Auto-Submitted",
    "Content-Type",
    "Date",
    "From",
    "In-Reply-To",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Message-ID",
    "References",
    "Reply-To",
    "Subject",
    "To",
    "X-Auto-Response-Suppress",
    "X-Causette",
];

#[test]
fn a_mail_has_the_headers_that_it_should() {
    let mail =
        full(&rendered("Alice – Maison Lumen", "Maison Lumen answered you", "Hello\n", "<p>Hello</p>\n"));
    insta::assert_snapshot!(head(&mail));
    assert_eq!(mail.to.as_str(), "camille@mail.example");
    assert_eq!(mail.from.as_str(), "chat@shop.example");
    assert_eq!(mail.message_id.as_str(), "<job-1@shop.example>");
}

#[test]
fn the_same_mail_gives_the_same_bytes() {
    let mail = rendered("Maison Lumen", "Hello", "Hello\n", "<p>Hello</p>\n");
    assert_eq!(full(&mail).raw, full(&mail).raw);
    assert!(!format!("{:?}{mail:?}", full(&mail)).contains("Hello"), "logs carry no bodies");
}

#[test]
fn what_an_agent_wrote_is_not_automatic() {
    let mut mail = rendered("Alice", "Hello", "", "");
    mail.cause = Cause::Agent;
    let (from, to) = (address("chat@shop.example"), address("camille@mail.example"));
    let expected = [
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
        "X-Auto-Response-Suppress",
        "X-Causette",
    ];
    assert_eq!(names(&bare(&from, &to, &mail)), expected);
}

#[test]
fn one_click_is_offered_over_https_alone() {
    let (from, to, own) = (address("a@b.example"), address("c@d.example"), id("<1@b.example>"));
    let unsubscribe = Link::parse("http://127.0.0.1:8080/stop").expect("a link");
    let headers = Headers {
        from: &from,
        to: &to,
        reply_to: None,
        at: AT,
        message_id: &own,
        in_reply_to: None,
        references: &[],
        unsubscribe: Some(&unsubscribe),
        kind: MailKind::FollowUp.as_str(),
    };
    let head = head(&build(&rendered("", "", "", ""), &headers).expect("it is built"));
    assert!(head.contains("List-Unsubscribe: <http://127.0.0.1:8080/stop>"));
    assert!(!head.contains("List-Unsubscribe-Post"));
}

#[test]
fn a_long_thread_keeps_its_first_mail_and_the_newest() {
    let ids: Vec<MessageId> = (0..200).map(|number| id(&format!("<{number}@shop.example>"))).collect();
    let (from, to) = (address("a@b.example"), address("c@d.example"));
    for (given, expected) in [(1, 1), (20, 20), (21, 20), (200, 20)] {
        let headers = Headers {
            from: &from,
            to: &to,
            reply_to: None,
            at: AT,
            message_id: &ids[0],
            in_reply_to: None,
            references: &ids[..given],
            unsubscribe: None,
            kind: MailKind::FollowUp.as_str(),
        };
        let mail = build(&rendered("", "", "", ""), &headers).expect("it is built");
        let parsed = MessageParser::default().parse(&mail.raw).expect("a mail");
        let kept = parsed.references().as_text_list().expect("a list").to_vec();
        assert_eq!(kept.len(), expected);
        assert_eq!(kept[0], "0@shop.example");
        assert_eq!(kept[expected - 1], format!("{}@shop.example", given - 1));
    }
}

#[test]
fn a_date_beyond_the_calendar_of_mail_is_its_nearest() {
    let (from, to, own) = (address("a@b.example"), address("c@d.example"), id("<1@b.example>"));
    let date = |at| {
        let headers = Headers {
            from: &from,
            to: &to,
            reply_to: None,
            at: Timestamp(at),
            message_id: &own,
            in_reply_to: None,
            references: &[],
            unsubscribe: None,
            kind: MailKind::FollowUp.as_str(),
        };
        let head = head(&build(&rendered("", "", "", ""), &headers).expect("it is built"));
        head.lines().find_map(|line| line.strip_prefix("Date: ").map(str::to_owned)).expect("a date")
    };
    assert_eq!(date(AT.0), "Sat, 21 Nov 2026 14:05:00 +0000");
    assert_eq!(date(i64::MIN), "Thu, 01 Jan 1970 00:00:00 +0000");
    assert_eq!(date(i64::MAX), "Fri, 31 Dec 9999 23:59:59 +0000");
}

#[test]
fn only_what_is_one_address_is_an_address() {
    for (good, kept) in [
        ("camille@mail.example", "camille@mail.example"),
        ("o'hara+shop@x-y.example", "o'hara+shop@x-y.example"),
        ("chat@localhost", "chat@localhost"),
        ("jörg@KÖLN.example", "jörg@xn--kln-sna.example"),
    ] {
        assert_eq!(MailAddress::parse(good).as_ref().map(MailAddress::as_str), Ok(kept));
    }
    for bad in [
        "",
        "camille",
        "@mail.example",
        "a@",
        "a b@mail.example",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\nBcc: c@d.example",
        "a\0@b.example",
        "<a@b.example>",
        "a@b.example>, <c@d.example",
        "a@b.example,c@d.example",
        "\"a@b\"@c.example",
        "\"a\r\nRCPT TO:<x@y.example>\"@c.example",
        "a(comment)@b.example",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@b.example%0d%0a",
        "=?utf-8?b?DQpCY2M6IGVAZS5leGFtcGxl?=@c.example",
        ".a@b.example",
        "a..b@c.example",
        "a\u{202e}@b.example",
        "a@b\u{2028}.example",
    ] {
        assert!(MailAddress::parse(bad).is_err(), "{bad:?}");
    }
    assert!(MailAddress::parse(&format!("a@{}.example", "b.".repeat(200))).is_err());
}

#[test]
fn only_what_is_one_id_is_an_id() {
    for good in ["<a@b>", "<018f-1@shop.example>", "<a=b?c#d@[127.0.0.1]>"] {
        assert_eq!(MessageId::parse(good).map(|id| id.as_str().to_owned()).as_deref(), Some(good));
    }
    for bad in [
        "",
        "a@b",
        "<a@b",
        "<@b>",
        "<a@>",
        "<a>",
        "<a@b> <c@d>",
        "<a@b\r\n>",
        "<é@b>",
        "<a@b\r\n X: y>",
        "<<a@b>>",
    ] {
        assert_eq!(MessageId::parse(bad), None, "{bad:?}");
    }
    assert_eq!(MessageId::parse(&format!("<{}@b>", "x".repeat(250))), None);
    let job = uuid::Uuid::from_u128(7);
    let own = MessageId::of_job(job, &address("chat@shop.example"));
    assert_eq!(own.as_str(), "<00000000000000000000000000000007.causette@shop.example>");
    // By it an answer or a bounce finds its way back.
    assert_eq!(job_of(own.as_str(), "shop.example"), Some(job));
}

/// Text as an attacker writes it: anything, and between it what means something to mail.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~]{0,80}",
        prop::sample::select(vec![
            "\r\n",
            "\n",
            "\r",
            "\0",
            "\t",
            "\r\n.\r\n",
            "\n.\n",
            "\r\n..",
            ".",
            "\r\n\r\n",
            "Bcc: eve@evil.example",
            "\r\nBcc: eve@evil.example",
            "\r\nRCPT TO:<eve@evil.example>",
            "=?utf-8?q?Bcc:_eve=40evil.example?=",
            "=?utf-8?b?DQpCY2M6IGVAZS5leGFtcGxl?=",
            "=?",
            "?=",
            "<eve@evil.example>",
            "\"",
            "\\",
            ",",
            ";",
            "(",
            ")",
            "\u{202e}",
            "\u{2028}",
            "\u{85}",
            "🎉",
            "é",
            "日本語",
            "=\r\n",
            "=0D=0A",
            "--=_",
            "From ",
            " ",
            "  ",
            "&",
            "<",
        ])
        .prop_map(str::to_owned),
        "[a-z]{200,1200}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[test]
fn what_looks_encoded_is_not_decoded() {
    for text in [
        "=?utf-8?q?Bcc:_eve=40evil.example?=",
        "=?utf-8?b?DQpCY2M6IGVAZS5leGFtcGxl?=",
        "a =?us-ascii?q?b?= c",
        "=?",
    ] {
        let mail = full(&rendered(text, text, text, text));
        let parsed = MessageParser::default().parse(&mail.raw).expect("a mail");
        assert_eq!(parsed.subject(), Some(text));
        let from = Some((Some(text.to_owned()), "chat@shop.example".to_owned()));
        assert_eq!(one_address(parsed.from()), from);
    }
}

/// What a text is once its line ends are those of Unix.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn one_address(address: Option<&Address<'_>>) -> Option<(Option<String>, String)> {
    let Some(Address::List(list)) = address else {
        return None;
    };
    match list.as_slice() {
        [one] => Some((one.name.as_deref().map(str::to_owned), one.address.as_deref()?.to_owned())),
        _ => None,
    }
}

proptest! {
    #[test]
    fn strangers_texts_stay_in_their_place(name in hostile(), subject in hostile(), text in hostile(), html in hostile()) {
        let mail = full(&rendered(&name, &subject, &text, &html));
        prop_assert_eq!(names(&mail), ALL_HEADERS);
        prop_assert_eq!(mail.to.as_str(), "camille@mail.example");

        let parsed = MessageParser::default().parse(&mail.raw).expect("a mail");
        let name = Some(one_line(&name, 120)).filter(|name| !name.is_empty());
        prop_assert_eq!(one_address(parsed.from()), Some((name.clone(), "chat@shop.example".to_owned())));
        prop_assert_eq!(one_address(parsed.reply_to()), Some((name, "reply+abc@shop.example".to_owned())));
        prop_assert_eq!(one_address(parsed.to()), Some((None, "camille@mail.example".to_owned())));
        prop_assert!(parsed.cc().is_none() && parsed.bcc().is_none());
        prop_assert_eq!(parsed.subject().unwrap_or_default(), one_line(&subject, 200));
        prop_assert_eq!(parsed.message_id(), Some("job-1@shop.example"));

        prop_assert_eq!(parsed.parts.len(), 3, "the two texts and what holds them");
        // Lines arrive ended by CR LF, and nothing else ends one.
        let arrived = |body: Option<std::borrow::Cow<'_, str>>| body.unwrap_or_default().replace("\r\n", "\n");
        prop_assert_eq!(arrived(parsed.body_text(0)), unix(&text));
        prop_assert_eq!(arrived(parsed.body_html(0)), unix(&html));
    }

    #[test]
    fn lines_are_those_of_smtp(name in hostile(), subject in hostile(), text in hostile()) {
        let mail = full(&rendered(&name, &subject, &text, &text));
        let raw = std::str::from_utf8(&mail.raw).expect("ASCII");
        prop_assert!(raw.is_ascii());
        for line in raw.split("\r\n") {
            prop_assert!(line.len() <= 78, "{}", line);
            prop_assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        }
    }

    #[test]
    fn an_id_that_is_taken_is_one_id(inner in "[!-~]{0,30}@[!-~]{1,30}", text in hostile()) {
        for candidate in [format!("<{inner}>"), format!("<{text}@b.example>"), text] {
            let Some(parent) = MessageId::parse(&candidate) else { continue };
            let (from, to, own) = (address("a@b.example"), address("c@d.example"), id("<1@b.example>"));
            let headers = Headers {
                from: &from,
                to: &to,
                reply_to: None,
                at: AT,
                message_id: &own,
                in_reply_to: Some(&parent),
                references: &[own.clone(), parent.clone()],
                unsubscribe: None,
                kind: MailKind::FollowUp.as_str(),
            };
            let mail = build(&rendered("", "", "", ""), &headers).expect("it is built");
            let parsed = MessageParser::default().parse(&mail.raw).expect("a mail");
            let kept = parent.as_str().trim_matches(['<', '>']);
            prop_assert_eq!(parsed.in_reply_to().as_text(), Some(kept));
            let thread = parsed.references().as_text_list().map(<[_]>::to_vec).unwrap_or_default();
            prop_assert_eq!(thread, ["1@b.example", kept]);
            prop_assert_eq!(names(&mail).len(), 12);
        }
    }

    #[test]
    fn an_address_that_is_taken_is_the_only_recipient(text in hostile(), local in "[a-zé.+'=?_-]{1,12}", domain in "[a-zö.-]{1,12}") {
        for candidate in [text.clone(), format!("{local}@{domain}"), format!("{text}@{domain}.example"), format!("a@{text}")] {
            let Ok(to) = MailAddress::parse(&candidate) else { continue };
            let mail = bare(&address("chat@shop.example"), &to, &rendered("", "", "", ""));
            let parsed = MessageParser::default().parse(&mail.raw).expect("a mail");
            prop_assert_eq!(one_address(parsed.to()), Some((None, to.as_str().to_owned())));
            prop_assert_eq!(names(&mail).len(), 10);
        }
    }
}
