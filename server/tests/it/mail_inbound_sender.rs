//! Whether a sender is who the mail says: mails signed here, records known beforehand, and a name server that never answers.

use std::net::SocketAddr;
use std::time::Duration;

use causette_server::mail::inbound::sender::{
    Authenticator, Authenticity, Check, Records, Source, Trust, Verdict,
};
use mail_auth::common::crypto::Ed25519Key;
use mail_auth::common::headers::HeaderWriter as _;
use mail_auth::dkim::DkimSigner;
use mail_auth::dkim::generate::DkimKeyPair;
use mail_auth::hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};

const TRACE: &str = "Return-Path: <ann@example.org>\r\n\
    Received: from out.example.org (out.example.org [203.0.113.9])\r\n\tby mx.lamps.example (Postfix) with ESMTPS id 1\r\n\tfor <reply@lamps.example>; Tue, 3 Nov 2026 10:12:00 +0000\r\n";
const MAIL: &str = "From: Ann <ann@example.org>\r\nTo: reply@lamps.example\r\nSubject: Re: lamp\r\nDate: Tue, 3 Nov 2026 10:12:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nIt does.\r\n";

fn authenticator(records: Records) -> Authenticator {
    // No name servers at all: whatever is not known beforehand fails at once.
    let config = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
    Authenticator::new(config, ResolverOpts::default(), Duration::from_secs(20))
        .expect("it can be made")
        .knowing(records)
}

fn trust() -> Trust {
    Trust { receiving_host: Some("mx.lamps.example".to_owned()), results_of: None }
}

/// A signed mail and the record of its key (Ed25519, RFC 8463).
fn signed(domain: &str, mail: &str) -> (String, String) {
    let keys = DkimKeyPair::generate_ed25519().expect("it can be made");
    let key = Ed25519Key::from_pkcs8_der(keys.private_key()).expect("it is one");
    let public = base64_of(keys.public_key());
    let signature = DkimSigner::from_key(key)
        .domain(domain)
        .selector("s1")
        .headers(["From", "To", "Subject", "Date"])
        .sign(mail.as_bytes())
        .expect("it can be signed");
    (format!("{}{mail}", signature.to_header()), format!("v=DKIM1; k=ed25519; p={public}"))
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn seen(verdict: &Verdict) -> (Authenticity, Check, Check, Check) {
    (verdict.sender, verdict.spf, verdict.dkim, verdict.dmarc)
}

const STRICT: &str = "v=DMARC1; p=reject; rua=mailto:d@example.org";

#[tokio::test]
async fn a_signed_mail_of_the_authors_domain_passes() {
    let (mail, key) = signed("example.org", MAIL);
    let records =
        Records::default().with("s1._domainkey.example.org", &key).with("_dmarc.example.org", STRICT);
    let authenticator = std::sync::Arc::new(authenticator(records));
    // As the worker does that reads the mailbox: in a task of its own.
    let (shared, raw) = (std::sync::Arc::clone(&authenticator), format!("{TRACE}{mail}"));
    let verdict =
        tokio::spawn(async move { shared.verify(raw.as_bytes(), &trust()).await }).await.expect("it ends");
    assert_eq!(seen(&verdict), (Authenticity::Passed, Check::None, Check::Pass, Check::Pass));
    let stored = serde_json::to_string(&verdict).expect("it can be written");
    assert_eq!(
        stored,
        r#"{"sender":"passed","spf":"none","dkim":"pass","dmarc":"pass","domain":"example.org","source":"own"}"#
    );
    assert_eq!(serde_json::from_str::<Verdict>(&stored).expect("it can be read"), verdict);
    assert_eq!((verdict.domain.as_deref(), verdict.source), (Some("example.org"), Source::Own));

    let changed = format!("{TRACE}{}", mail.replace("It does.", "It does not."));
    let verdict = authenticator.verify(changed.as_bytes(), &trust()).await;
    assert_eq!(seen(&verdict), (Authenticity::Failed, Check::None, Check::Fail, Check::Fail));
}

#[tokio::test]
async fn a_signature_of_another_domain_does_not_speak_for_the_author() {
    let (mail, key) = signed("evil.example", MAIL);
    let records =
        Records::default().with("s1._domainkey.evil.example", &key).with("_dmarc.example.org", STRICT);
    let verdict = authenticator(records).verify(format!("{TRACE}{mail}").as_bytes(), &trust()).await;
    assert_eq!(seen(&verdict), (Authenticity::Failed, Check::None, Check::Pass, Check::Fail));
}

#[tokio::test]
async fn the_host_that_connected_is_what_spf_is_asked_of() {
    let records = || {
        Records::default()
            .with("example.org", "v=spf1 ip4:203.0.113.9 -all")
            .with("_dmarc.example.org", STRICT)
    };
    let raw = format!("{TRACE}{MAIL}");
    let verdict = authenticator(records()).verify(raw.as_bytes(), &trust()).await;
    assert_eq!(seen(&verdict), (Authenticity::Passed, Check::Pass, Check::None, Check::Pass));

    let elsewhere = raw.replace("203.0.113.9", "203.0.113.66");
    let verdict = authenticator(records()).verify(elsewhere.as_bytes(), &trust()).await;
    assert_eq!(seen(&verdict), (Authenticity::Failed, Check::Fail, Check::None, Check::Fail));

    // The sender brings a trace of the right host along: ours stands above it.
    let forged = format!("{}{raw}", TRACE.replace("203.0.113.9", "203.0.113.66"));
    let verdict = authenticator(records()).verify(forged.as_bytes(), &trust()).await;
    assert_eq!(verdict.sender, Authenticity::Failed);
}

#[tokio::test]
async fn without_the_name_of_our_host_spf_is_unknown_and_nothing_fails_for_it() {
    let records = Records::default().with("example.org", "v=spf1 -all").with("_dmarc.example.org", STRICT);
    let verdict = authenticator(records).verify(format!("{TRACE}{MAIL}").as_bytes(), &Trust::default()).await;
    assert_eq!(seen(&verdict), (Authenticity::Unknown, Check::Unknown, Check::None, Check::Unknown));
}

#[tokio::test]
async fn a_domain_that_says_nothing_leaves_the_sender_unknown() {
    let verdict =
        authenticator(Records::default()).verify(format!("{TRACE}{MAIL}").as_bytes(), &trust()).await;
    assert_eq!(seen(&verdict), (Authenticity::Unknown, Check::None, Check::None, Check::None));
    let verdict = authenticator(Records::default()).verify(b"Subject: nobody\r\n\r\n", &trust()).await;
    assert_eq!(verdict, Verdict::unknown(None));
}

#[tokio::test]
async fn only_the_named_hosts_topmost_results_are_believed() {
    let believing = Trust { results_of: Some("mx.lamps.example".to_owned()), ..trust() };
    let results = "Authentication-Results: mx.lamps.example; dmarc=pass header.from=example.org\r\n";
    let none = authenticator(Records::default());
    let verdict = none.verify(format!("{results}{TRACE}{MAIL}").as_bytes(), &believing).await;
    assert_eq!((verdict.sender, verdict.source), (Authenticity::Passed, Source::Host));

    let other = results.replace("mx.lamps.example", "mx.evil.example");
    for raw in [format!("{other}{TRACE}{MAIL}"), format!("{other}{results}{TRACE}{MAIL}")] {
        let verdict = none.verify(raw.as_bytes(), &believing).await;
        assert_eq!((verdict.sender, verdict.source), (Authenticity::Unknown, Source::Own));
    }
    let verdict = none.verify(format!("{results}{TRACE}{MAIL}").as_bytes(), &trust()).await;
    assert_eq!(verdict.source, Source::Own);
}

#[tokio::test]
async fn a_name_server_that_never_answers_leaves_it_unknown() {
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port is free");
    let address: SocketAddr = silent.local_addr().expect("it has one");
    let mut server = NameServerConfig::udp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let authenticator = Authenticator::new(config, ResolverOpts::default(), Duration::from_millis(200))
        .expect("it can be made");
    let (mail, _) = signed("example.org", MAIL);
    let verdict = authenticator.verify(format!("{TRACE}{mail}").as_bytes(), &trust()).await;
    assert_eq!(verdict, Verdict::unknown(Some("example.org".to_owned())));
    let mut question = [0; 512];
    assert!(silent.try_recv(&mut question).is_ok_and(|length| length > 12), "nobody was asked");
}

#[tokio::test]
async fn a_mail_of_many_signatures_is_answered() {
    let (mail, key) = signed("example.org", MAIL);
    let signature = &mail[..mail.len() - MAIL.len()];
    let records = Records::default().with("s1._domainkey.example.org", &key);
    let raw = format!("{TRACE}{}{MAIL}", signature.repeat(500));
    let verdict = authenticator(records).verify(raw.as_bytes(), &trust()).await;
    assert_eq!(seen(&verdict), (Authenticity::Passed, Check::None, Check::Pass, Check::None));
}

#[tokio::test]
async fn rsa_signatures_are_verified() {
    // Signed once, with a key of 2048 bits that was thrown away: making one takes as long as all other tests of this file.
    let mail = include_str!("../fixtures/mail/signed/rsa.eml").replace('\n', "\r\n");
    let record = include_str!("../fixtures/mail/signed/rsa_record.txt");
    let records = Records::default().with("s2._domainkey.mail.example.org", record.trim());
    let authenticator = authenticator(records);
    let verdict = authenticator.verify(format!("{TRACE}{mail}").as_bytes(), &trust()).await;
    assert_eq!(seen(&verdict), (Authenticity::Passed, Check::None, Check::Pass, Check::None));
    let changed = format!("{TRACE}{}", mail.replace("Re: lamp", "Re: lamps"));
    assert_eq!(authenticator.verify(changed.as_bytes(), &trust()).await.dkim, Check::Fail);
}
