//! `causette doctor --mail` against a real Dovecot and a mail server that delivers into it, or does not.

use std::process::Output;
use std::sync::Arc;

use causette_server::mail::reply_address::looks_mentioned;

use crate::doctor::{doctor, findings};
use crate::harness::burst::Shop;
use crate::harness::database::Database;
use crate::harness::dovecot::Dovecot;
use crate::harness::smtp::{Encryption, How, Phase, ReceivedMail, SmtpServer};

/// What a host writes on top of a mail that it takes for one of its mailboxes.
fn received(mail: &ReceivedMail, to: &str) -> Vec<u8> {
    let trace = format!(
        "Delivered-To: {to}\r\nAuthentication-Results: mx.mail.example;\r\n spf=pass smtp.mailfrom=mail.example;\r\n \
         dkim=none; dmarc=pass header.from=mail.example\r\n"
    );
    [trace.as_bytes(), &mail.raw].concat()
}

struct Place {
    shop: Shop,
    smtp: Arc<SmtpServer>,
    dovecot: Dovecot,
}

impl Place {
    async fn new() -> Self {
        let dovecot = tokio::task::spawn_blocking(Dovecot::start).await.expect("it starts");
        Self { shop: Shop::on(Database::Sqlite).await, smtp: Arc::new(SmtpServer::start().await), dovecot }
    }

    async fn look(&self, arguments: &[&str], smtp: &str, imap: &str) -> Output {
        let environment = [
            ("CAUSETTE_SMTP_URL", smtp),
            ("CAUSETTE_IMAP_URL", imap),
            ("CAUSETTE_MAIL_FROM", "shop@mail.example"),
        ];
        let output = doctor(self.shop.path(), &[&["--json"], arguments].concat(), &environment).await;
        for secret in ["correct-horse", "pä/ss", "%2Fss", "hunter2"] {
            let told = [&output.stdout[..], &output.stderr].concat();
            assert!(!String::from_utf8_lossy(&told).contains(secret), "a password was told");
        }
        output
    }

    /// A round trip whose mail goes through `deliver`.
    async fn round_trip(&self, deliver: impl Fn(&Dovecot, &ReceivedMail)) -> Output {
        let (smtp, imap) = (self.smtp.url(), self.dovecot.url());
        let delivering = async {
            let mails = self.smtp.wait_for(1).await;
            deliver(&self.dovecot, &mails[0]);
        };
        tokio::join!(self.look(&["--mail"], &smtp, &imap), delivering).0
    }
}

fn one(output: &Output, check: &str) -> String {
    let all = findings(output, check);
    assert_eq!(all.len(), 1, "{check}: {all:?}\n{}", String::from_utf8_lossy(&output.stdout));
    all[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_out_comes_back_with_its_tag_and_is_taken_out_again() {
    let place = Place::new().await;
    place.dovecot.deliver(b"Subject: Somebody else's\r\n\r\nText\r\n");
    let output = place
        .round_trip(|dovecot, mail| {
            dovecot.deliver(&received(mail, &mail.to[0]));
        })
        .await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(one(&output, "mail server").starts_with("ok: localhost:"));
    assert!(one(&output, "mailbox").starts_with("ok: 127."));
    assert!(one(&output, "DNS").starts_with("skipped: mail.example is no name of the public internet"));
    let told = one(&output, "round trip");
    assert!(told.starts_with("ok: taken in ") && told.contains("the address was kept"), "{told}");
    assert!(told.ends_with("mx.mail.example says SPF pass, DKIM none, DMARC pass"), "{told}");
    assert_eq!(place.dovecot.count(), 1, "ours is gone, and no other");
    let mails = place.smtp.mails();
    assert_eq!((mails.len(), mails[0].to.len(), mails[0].from.as_str()), (1, 1, "shop@mail.example"));
    assert!(mails[0].to[0].starts_with("shop+") && looks_mentioned(&mails[0].to[0]), "{:?}", mails[0].to);
    let raw = String::from_utf8_lossy(&mails[0].raw);
    for header in ["X-Causette: ", "Auto-Submitted: auto-generated", "Message-ID: <doctor."] {
        assert_eq!(raw.matches(header).count(), 1, "{header}: {raw}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_a_running_server_has_seen_first_is_found_all_the_same() {
    let place = Place::new().await;
    let output = place.round_trip(|dovecot, mail| dovecot.deliver_seen(&received(mail, &mail.to[0]))).await;
    assert_eq!(output.status.code(), Some(0), "{}", one(&output, "round trip"));
    assert_eq!(place.dovecot.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_drops_the_tag_is_found_out() {
    let place = Place::new().await;
    let output = place
        .round_trip(|dovecot, mail| {
            let raw = String::from_utf8_lossy(&received(mail, "shop@mail.example")).into_owned();
            // Rewritten on the way, in the header too.
            dovecot.deliver(raw.replace(&mail.to[0], "shop@mail.example").as_bytes());
        })
        .await;
    assert_eq!(output.status.code(), Some(1));
    let told = one(&output, "round trip");
    assert!(told.starts_with("failed: ") && told.contains("behind the + was lost"), "{told}");
    assert_eq!(place.dovecot.count(), 0, "it is taken out all the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_host_says_against_the_sender_is_a_warning() {
    let place = Place::new().await;
    let output = place
        .round_trip(|dovecot, mail| {
            let raw = String::from_utf8_lossy(&received(mail, &mail.to[0])).into_owned();
            dovecot.deliver(
                raw.replace("spf=pass", "spf=softfail").replace("dmarc=pass", "dmarc=fail").as_bytes(),
            );
        })
        .await;
    assert_eq!(output.status.code(), Some(0));
    let told = one(&output, "round trip");
    assert!(told.starts_with("warning: ") && told.ends_with("SPF fail, DKIM none, DMARC fail"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_never_arrives_is_not_waited_for_for_ever() {
    let place = Place::new().await;
    let (smtp, imap) = (place.smtp.url(), place.dovecot.url());
    let output = place.look(&["--mail", "--wait-s", "1"], &smtp, &imap).await;
    assert_eq!(output.status.code(), Some(1));
    let told = one(&output, "round trip");
    assert!(told.contains("it was not in the mailbox 1 s later"), "{told}");
    assert_eq!(place.smtp.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_refuses_the_tag_is_told_apart() {
    let place = Place::new().await;
    place.smtp.fail_at(Phase::Rcpt, How::Reply("550 5.1.1 no such user here"));
    let (smtp, imap) = (place.smtp.url(), place.dovecot.url());
    let output = place.look(&["--mail"], &smtp, &imap).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "round trip").contains("no such user here"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("sub-addressing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_closed_ports_and_mistrust_are_told() {
    let place = Place::new().await;
    let encrypted = SmtpServer::encrypted(Encryption::StartTls).await;
    let right = (encrypted.url(), place.dovecot.encrypted_url("imaps", crate::harness::dovecot::LOGIN));
    let output = place.look(&[], &right.0, &right.1).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(one(&output, "mail server").ends_with("lets us in, encrypted"));
    assert!(one(&output, "mailbox").ends_with("opens INBOX, encrypted"));
    assert!(one(&output, "round trip").starts_with("skipped: not tried"), "no mail without a wish");
    assert!(encrypted.mails().is_empty());

    let untrusted =
        |url: &str| url.split("ca=").next().unwrap_or_default().trim_end_matches(['&', '?']).to_owned();
    let wrong_imap = place.dovecot.encrypted_url("imaps", "shop%40mail.example:hunter2");
    let wrong_smtp = encrypted.url_as("shop%40mail.example:hunter2@");
    let cases = [
        (wrong_smtp, wrong_imap, "the login was refused", "the login was refused"),
        (untrusted(&right.0), untrusted(&right.1), "the encryption", "not to be trusted"),
        (
            "smtp://u:hunter2@127.0.0.1:9".to_owned(),
            "imap://u:hunter2@127.0.0.1:9".to_owned(),
            "the connection",
            "cannot be reached",
        ),
    ];
    for (smtp, imap, of_smtp, of_imap) in cases {
        let output = place.look(&[], &smtp, &imap).await;
        assert_eq!(output.status.code(), Some(1));
        let (sender, mailbox) = (one(&output, "mail server"), one(&output, "mailbox"));
        assert!(sender.starts_with("failed: ") && sender.contains(of_smtp), "{sender}");
        assert!(mailbox.starts_with("failed: ") && mailbox.contains(of_imap), "{mailbox}");
    }
    // What is wrong in the configuration is told without being quoted.
    let output = place.look(&[], "http://u:hunter2@x", "imaps://u:hunter2@x/Bo%C3%AEte").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "mail server").contains("smtp:// or smtps:// is expected"));
    assert!(one(&output, "mailbox").contains("modified UTF-7"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_wished_for_needs_both_sides() {
    let shop = Shop::on(Database::Sqlite).await;
    let output = doctor(shop.path(), &["--json", "--mail"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(one(&output, "round trip").starts_with("failed: there is nothing to send by"));
}
