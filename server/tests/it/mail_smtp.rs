//! Handing mails to a real server: what arrives, and what is said of each way to fail.

use std::time::Duration;

use causette_server::mail::server_url::SmtpUrl;
use causette_server::mail::smtp::{
    Accepted, Concern, Outgoing, Patience, Phase as Step, SendError, SendErrorKind, Sender, SenderOptions,
};

use crate::harness::smtp::{Character, Encryption, How, Phase, SmtpServer, USER};
use crate::harness::{PATIENCE, within};

const MAIL: &[u8] = b"Subject: Hello\r\nTo: bob@mail.example\r\n\r\nHello Bob\r\n";

fn sender_of(url: &str, options: SenderOptions) -> Sender {
    let url: SmtpUrl = url.parse().expect("it is an address");
    Sender::new(&url, options).expect("there is what to trust")
}

fn sender(server: &SmtpServer) -> Sender {
    sender_of(&server.url(), SenderOptions::default())
}

/// Gives up early, but not so early that a busy machine would be taken for a dead server.
fn hasty(server: &SmtpServer) -> Sender {
    let brief = Duration::from_secs(3);
    let patience = Patience { connect: brief, command: brief, body: brief, answer: brief, total: PATIENCE };
    sender_of(&server.url(), SenderOptions { patience, ..SenderOptions::default() })
}

async fn send_to(sender: &Sender, to: &str, raw: &[u8]) -> Result<Accepted, SendError> {
    within("the answer", sender.send(Outgoing { from: "shop@mail.example", to, raw })).await
}

async fn send(sender: &Sender) -> Result<Accepted, SendError> {
    send_to(sender, "bob@mail.example", MAIL).await
}

#[tokio::test]
async fn a_mail_arrives_byte_for_byte_over_each_kind_of_connection() {
    for encryption in [Encryption::None, Encryption::StartTls, Encryption::Implicit] {
        let server = SmtpServer::encrypted(encryption).await;
        let accepted = send(&sender(&server)).await.expect("it is taken");
        assert_eq!(accepted.response, "2.0.0 ok: queued as 12345");
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].raw, MAIL);
        assert_eq!(
            (mails[0].from.as_str(), mails[0].to.as_slice()),
            ("shop@mail.example", &["bob@mail.example".to_owned()][..])
        );
        assert_eq!(mails[0].user.as_deref(), Some(USER));
        assert_eq!(mails[0].encrypted, encryption != Encryption::None);
        assert_eq!(mails[0].parameters, format!("SIZE={}", MAIL.len() - 2));
    }
}

#[tokio::test]
async fn login_works_where_there_is_only_the_old_way_or_none_is_needed() {
    let old = Character { offers: vec!["AUTH LOGIN"], ..Character::default() };
    let server = SmtpServer::with(old).await;
    send(&sender(&server)).await.expect("it is taken");
    assert_eq!(server.mails()[0].user.as_deref(), Some(USER));
    let open = sender_of(&server.url_as(""), SenderOptions::default());
    send(&open).await.expect("it is taken");
    assert_eq!(server.mails()[1].user, None);
    let unknown = Character { offers: vec!["AUTH XYZ"], ..Character::default() };
    let server = SmtpServer::with(unknown).await;
    let error = send(&sender(&server)).await.expect_err("there is no way in");
    assert_eq!((error.kind(), error.phase()), (SendErrorKind::Permanent, Step::Login));
    assert!(error.is_of_the_server());
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_cannot_be_trusted() {
    let stranger = Character {
        encryption: Encryption::StartTls,
        names: vec!["elsewhere.example"],
        ..Character::default()
    };
    let wrong_name = SmtpServer::with(stranger).await;
    let error = send(&sender(&wrong_name)).await.expect_err("it is somebody else");
    assert_eq!(error.to_string(), "the encryption failed: the server's certificate is not to be trusted");
    // The authority is not known unless the address names it.
    let server = SmtpServer::encrypted(Encryption::Implicit).await;
    let url = server.url();
    let url = url.split("ca=").next().expect("there is a beginning").trim_end_matches(['?', '&']);
    let error = send(&sender_of(url, SenderOptions::default())).await.expect_err("nobody vouches for it");
    assert_eq!((error.kind(), error.phase()), (SendErrorKind::Temporary, Step::Encryption));
    assert!(error.is_of_the_server());
    // STARTTLS is required where the address does not say otherwise.
    let plain = SmtpServer::start().await;
    let url = format!("{}?tls=starttls", plain.url());
    let error = send(&sender_of(&url, SenderOptions::default())).await.expect_err("it cannot encrypt");
    assert_eq!(error.to_string(), "the encryption is not offered by the server");
    assert_eq!(plain.commands(), ["EHLO"], "no password was told");
    for server in [&wrong_name, &server, &plain] {
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn words_put_before_the_encryption_are_not_taken_for_the_servers() {
    let injecting = Character {
        encryption: Encryption::StartTls,
        injected: "\r\n250-mail.example\r\n250 AUTH PLAIN",
        ..Character::default()
    };
    let server = SmtpServer::with(injecting).await;
    let error = send(&sender(&server)).await.expect_err("somebody is between");
    assert_eq!(error.to_string(), "the encryption was answered out of turn");
    assert_eq!(server.commands(), ["EHLO", "STARTTLS"]);
}

#[tokio::test]
async fn dots_and_ends_of_lines_cannot_end_the_mail_early() {
    let raw = b"Subject: x\r\n\r\n.\n.\r\n..\r\n.x\nMAIL FROM:<eve@mail.example>\n.\nRCPT TO:<eve@mail.example>\r.\rend\n\n.\r";
    let expected = b"Subject: x\r\n\r\n.\r\n.\r\n..\r\n.x\r\nMAIL FROM:<eve@mail.example>\r\n.\r\nRCPT TO:<eve@mail.example>\r\n.\r\nend\r\n\r\n.\r\n";
    for takes_bare_ends in [false, true] {
        let server = SmtpServer::with(Character { takes_bare_ends, ..Character::default() }).await;
        let sender = sender(&server);
        send_to(&sender, "bob@mail.example", raw).await.expect("it is taken");
        send(&sender).await.expect("the dialogue goes on");
        let mails = server.mails();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].raw, expected);
        assert_eq!(mails[0].to, ["bob@mail.example"]);
        assert_eq!(mails[1].raw, MAIL);
    }
}

#[tokio::test]
async fn an_address_cannot_bring_a_command_with_it() {
    let server = SmtpServer::start().await;
    let sender = sender(&server);
    for to in ["bob@mail.example>\r\nRCPT TO:<eve@mail.example", "\"bob> X=\"@mail.example", "bob", ""] {
        let error = send_to(&sender, to, MAIL).await.expect_err("it is no address");
        assert_eq!((error.kind(), error.concern()), (SendErrorKind::Permanent, Concern::Recipient));
    }
    let from = Outgoing { from: "shop@mail.example>\r\nDATA", to: "bob@mail.example", raw: MAIL };
    let error = sender.send(from).await.expect_err("it is no address");
    assert!(error.is_of_the_server());
    assert_eq!(server.connections(), 0, "nobody was bothered");
}

#[tokio::test]
async fn what_the_server_cannot_take_is_refused_with_a_reason() {
    let poor = Character { offers: vec!["SIZE 100", "AUTH PLAIN"], ..Character::default() };
    let server = SmtpServer::with(poor).await;
    let sender = sender(&server);
    let error = send_to(&sender, "bob@mail.example", &[b'x'; 101]).await.expect_err("too large");
    assert_eq!((error.kind(), error.concern()), (SendErrorKind::Permanent, Concern::Mail));
    let error = send_to(&sender, "böb@köln.example", MAIL).await.expect_err("no SMTPUTF8");
    assert_eq!((error.kind(), error.concern()), (SendErrorKind::Permanent, Concern::Recipient));
    assert!(error.to_string().contains("SMTPUTF8"), "{error}");
    let error =
        send_to(&sender, "bob@mail.example", "x: y\r\n\r\né".as_bytes()).await.expect_err("no 8BITMIME");
    assert_eq!((error.kind(), error.concern()), (SendErrorKind::Permanent, Concern::Mail));
    // A name in ASCII needs nothing of that, and none of this cost a connection.
    send_to(&sender, "bob@köln.example", MAIL).await.expect("it is taken");
    assert_eq!(server.mails()[0].to, ["bob@xn--kln-sna.example"]);
    assert_eq!((server.mails().len(), server.connections()), (1, 1));
}

#[tokio::test]
async fn international_addresses_and_eight_bits_go_where_they_are_spoken() {
    let server = SmtpServer::start().await;
    let raw = "Subject: Grüße\r\n\r\nHallo Bjørn\r\n".as_bytes();
    send_to(&sender(&server), "bjørn@køb.example", raw).await.expect("it is taken");
    let mail = server.mails().remove(0);
    assert_eq!((mail.to[0].as_str(), mail.raw.as_slice()), ("bjørn@køb.example", raw));
    assert_eq!(mail.parameters, format!("SIZE={} SMTPUTF8 BODY=8BITMIME", raw.len() - 2));
}

#[tokio::test]
async fn each_refusal_says_whether_to_try_again_and_whom_it_concerns() {
    use Concern::{Mail, Recipient, Server};
    use SendErrorKind::{Permanent, Temporary};
    for (phase, reply, step, kind, concern, code) in [
        (Phase::Greeting, "554 5.3.2 no service", Step::Greeting, Permanent, Server, 554),
        (Phase::Greeting, "421 4.3.2 busy", Step::Greeting, Temporary, Server, 421),
        (Phase::Ehlo, "550 5.7.1 go away", Step::Hello, Permanent, Server, 550),
        (Phase::Auth, "535 5.7.8 not you", Step::Login, Permanent, Server, 535),
        (Phase::Auth, "454 4.7.0 later", Step::Login, Temporary, Server, 454),
        (Phase::Mail, "550 5.1.8 who are you", Step::Sender, Permanent, Server, 550),
        (Phase::Mail, "451 4.3.0 later", Step::Sender, Temporary, Server, 451),
        (Phase::Rcpt, "550 5.1.1 unknown", Step::Recipient, Permanent, Recipient, 550),
        (Phase::Rcpt, "550-5.1.1 unknown\r\n550 5.1.1 really", Step::Recipient, Permanent, Recipient, 550),
        (Phase::Rcpt, "450 4.2.0 greylisted", Step::Recipient, Temporary, Recipient, 450),
        (Phase::Rcpt, "554 5.7.1 relay access denied", Step::Recipient, Permanent, Server, 554),
        (Phase::Data, "554 5.5.1 no", Step::Data, Permanent, Mail, 554),
        (Phase::Data, "451 4.3.0 later", Step::Data, Temporary, Mail, 451),
        (Phase::Answer, "554 5.6.0 spam", Step::Answer, Permanent, Mail, 554),
        (Phase::Answer, "552 5.2.2 mailbox full", Step::Answer, Permanent, Recipient, 552),
        (Phase::Answer, "452 4.3.1 disk full", Step::Answer, Temporary, Mail, 452),
    ] {
        let server = SmtpServer::start().await;
        let sender = sender(&server);
        server.fail_once(phase, How::Reply(reply));
        let error = send(&sender).await.expect_err(reply);
        assert_eq!(
            (error.phase(), error.kind(), error.concern()),
            (step, kind, concern),
            "{phase:?} {reply}"
        );
        assert_eq!(error.code(), Some(code), "{reply}");
        assert!(error.status().is_some() && reply.contains(&error.text()[..5]), "{reply}: {}", error.text());
        assert!(server.mails().is_empty(), "{reply}");
        send(&sender).await.expect("it goes on afterwards");
        assert_eq!(server.wait_for(1).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_between_the_dot_and_its_answer_nobody_knows() {
    let cases = [
        (Phase::Connect, Step::Greeting),
        (Phase::Greeting, Step::Greeting),
        (Phase::Ehlo, Step::Hello),
        (Phase::Auth, Step::Login),
        (Phase::Mail, Step::Sender),
        (Phase::Rcpt, Step::Recipient),
        (Phase::Data, Step::Data),
        (Phase::Answer, Step::Answer),
        (Phase::Accepted, Step::Answer),
    ];
    let ways = [How::Close, How::Stall];
    let all = cases.iter().flat_map(|(phase, step)| ways.iter().map(move |how| (*phase, *step, how.clone())));
    // At once, as half of them wait.
    futures_util::future::join_all(all.map(|(phase, step, how)| async move {
        let server = SmtpServer::start().await;
        let sender = hasty(&server);
        server.fail_once(phase, how.clone());
        let error = send(&sender).await.expect_err("there was no answer");
        let kind = if step == Step::Answer { SendErrorKind::Uncertain } else { SendErrorKind::Temporary };
        assert_eq!((error.phase(), error.kind()), (step, kind), "{phase:?} {how:?}");
        assert!(error.is_of_the_server(), "{phase:?} {how:?}");
        let arrived = usize::from(phase == Phase::Accepted);
        assert_eq!(server.mails().len(), arrived, "{phase:?} {how:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_connection_that_dies_within_the_mail_has_not_sent_it() {
    // More than sockets hold by themselves, so that the end of the mail cannot have left.
    let mut raw = b"Subject: long\r\n\r\n".to_vec();
    raw.resize(40_000_000, b'x');
    let offers = vec!["SIZE 0", "AUTH PLAIN"];
    for how in [How::Close, How::Stall] {
        let server = SmtpServer::with(Character { offers: offers.clone(), ..Character::default() }).await;
        server.fail_at(Phase::Body, how.clone());
        let sender = hasty(&server);
        let error = send_to(&sender, "bob@mail.example", &raw).await.expect_err("there was no answer");
        assert_eq!((error.phase(), error.kind()), (Step::Body, SendErrorKind::Temporary), "{how:?}");
    }
}

#[tokio::test]
async fn all_together_has_an_end_too() {
    let server = SmtpServer::start().await;
    server.fail_at(Phase::Rcpt, How::Stall);
    let patience = Patience { total: Duration::from_millis(300), ..Patience::default() };
    let sender = sender_of(&server.url(), SenderOptions { patience, ..SenderOptions::default() });
    let error = send(&sender).await.expect_err("there was no answer");
    assert_eq!((error.phase(), error.kind()), (Step::Recipient, SendErrorKind::Temporary));
    server.heal();
    send(&sender_of(&server.url(), SenderOptions::default())).await.expect("it is taken");
}

#[tokio::test]
async fn where_nobody_listens_the_mail_waits() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = free.local_addr().expect("it is bound");
    drop(free);
    for url in [format!("smtp://{address}"), "smtp://nowhere.invalid:25".to_owned()] {
        let error = send(&sender_of(&url, SenderOptions::default())).await.expect_err("nobody is there");
        assert_eq!((error.phase(), error.kind()), (Step::Connect, SendErrorKind::Temporary));
        assert!(error.is_of_the_server());
    }
}

#[tokio::test]
async fn a_connection_serves_the_next_mail_and_is_replaced_when_it_died() {
    let server = SmtpServer::start().await;
    let sender = sender(&server);
    for _ in 0..3 {
        send(&sender).await.expect("it is taken");
    }
    server.fail_once(Phase::Rcpt, How::Reply("550 5.1.1 unknown"));
    send(&sender).await.expect_err("it is refused");
    send(&sender).await.expect("it is taken");
    assert_eq!(server.connections(), 1);
    assert_eq!(
        server.commands().iter().filter(|verb| *verb == "RSET").count(),
        4,
        "before each further mail"
    );
    // It died while it was kept: that is seen before a mail is entrusted to it.
    for how in [How::Close, How::Reply("421 4.4.2 idle for too long")] {
        let before = (server.connections(), server.mails().len());
        server.fail_once(Phase::Rset, how);
        send(&sender).await.expect("it is taken");
        assert_eq!((server.connections(), server.mails().len()), (before.0 + 1, before.1 + 1));
    }
    sender.close().await;
    assert_eq!(server.commands().last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn a_connection_is_given_up_after_its_share_of_mails_or_of_idleness() {
    let server = SmtpServer::start().await;
    let few = SenderOptions { mails_per_connection: 2, ..SenderOptions::default() };
    let sender = sender_of(&server.url(), few);
    for _ in 0..4 {
        send(&sender).await.expect("it is taken");
    }
    let came_by: Vec<usize> = server.mails().iter().map(|mail| mail.connection).collect();
    assert_eq!(came_by, [1, 1, 2, 2]);
    let brief = SenderOptions { keep_for: Duration::ZERO, ..SenderOptions::default() };
    let sender = sender_of(&server.url(), brief);
    for _ in 0..2 {
        send(&sender).await.expect("it is taken");
    }
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_check_logs_in_and_sends_nothing() {
    let server = SmtpServer::encrypted(Encryption::StartTls).await;
    within("the check", sender(&server).check()).await.expect("it is right");
    assert_eq!(server.commands(), ["EHLO", "STARTTLS", "EHLO", "EHLO", "AUTH", "QUIT"]);
    let wrong = sender_of(&server.url_as("shop:wrong@"), SenderOptions::default());
    let error = within("the check", wrong.check()).await.expect_err("the password is wrong");
    assert_eq!(error.to_string(), "the login was refused (535 5.7.8)");
}
