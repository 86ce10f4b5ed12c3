//! What hosts report of mails that we sent: with the fields of RFC 3464, or in words of their own.

use std::fs;
use std::path::PathBuf;

use causette_server::mail::inbound::automatic::Automatic;
use causette_server::mail::inbound::bounce::{Action, Cause, Failure, Permanence};
use causette_server::mail::inbound::{InboundMail, parse};

fn mail(name: &str) -> InboundMail {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mail/bounces");
    let text = fs::read_to_string(directory.join(format!("{name}.eml"))).expect("it is there");
    parse(text.replace('\n', "\r\n").as_bytes()).expect("it is a mail")
}

fn failure(name: &str) -> Failure {
    let mail = mail(name);
    assert_eq!(mail.automatic, Some(Automatic::Bounce), "{name}");
    let bounce = mail.bounce.unwrap_or_else(|| panic!("{name} is a bounce"));
    assert_eq!(bounce.recipients.len(), 1, "{name}: {:?}", bounce.recipients);
    bounce.recipients.into_iter().next().expect("there is one")
}

#[test]
fn each_report_says_what_became_of_the_mail() {
    use Permanence::{Permanent, Transient};
    for (name, action, status, permanence, cause) in [
        ("dsn_no_such_user", Action::Failed, Some("5.1.1"), Permanent, Cause::NoSuchAddress),
        ("dsn_mailbox_full", Action::Failed, Some("5.2.2"), Permanent, Cause::MailboxFull),
        ("dsn_refused_by_policy", Action::Failed, Some("5.7.1"), Permanent, Cause::Refused),
        ("dsn_vague_status", Action::Failed, Some("5.1.1"), Permanent, Cause::NoSuchAddress),
        ("dsn_delayed", Action::Delayed, Some("4.4.1"), Transient, Cause::Unreachable),
        ("dsn_gave_up", Action::Failed, Some("4.4.7"), Transient, Cause::Unreachable),
        ("dsn_delivered", Action::Delivered, Some("2.1.5"), Transient, Cause::NoSuchAddress),
        ("dsn_international", Action::Failed, Some("5.1.1"), Permanent, Cause::NoSuchAddress),
        ("qmail", Action::Failed, Some("5.1.1"), Permanent, Cause::NoSuchAddress),
        ("exim", Action::Failed, Some("5.2.1"), Permanent, Cause::NoSuchAddress),
        ("exim_delayed", Action::Delayed, None, Transient, Cause::Other),
        ("exchange_2003", Action::Failed, Some("5.1.1"), Permanent, Cause::NoSuchAddress),
        ("postfix_without_dsn", Action::Failed, Some("4.2.2"), Transient, Cause::MailboxFull),
    ] {
        let failure = failure(name);
        assert_eq!(failure.address, "ann@example.org", "{name}");
        assert_eq!(failure.action, action, "{name}");
        assert_eq!(failure.status.map(|status| status.to_string()).as_deref(), status, "{name}");
        assert_eq!((failure.permanence(), failure.cause()), (permanence, cause), "{name}");
    }
}

#[test]
fn the_mail_that_came_back_is_known_by_its_message_id() {
    for name in [
        "dsn_no_such_user",
        "dsn_refused_by_policy",
        "dsn_international",
        "qmail",
        "exim",
        "postfix_without_dsn",
    ] {
        let id = mail(name).bounce.and_then(|bounce| bounce.original_message_id);
        assert_eq!(id.as_deref(), Some("5.causette@lamps.example"), "{name}");
    }
    assert_eq!(mail("exchange_2003").bounce.and_then(|bounce| bounce.original_message_id), None);
}

#[test]
fn the_words_of_the_host_are_kept() {
    let words = failure("dsn_no_such_user").diagnostic.expect("they are there");
    assert_eq!(words, "550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown");
    assert_eq!(failure("qmail").diagnostic.as_deref(), Some("Sorry, no mailbox here by that name. (#5.1.1)"));
}

#[test]
fn a_complaint_is_no_bounce_and_a_persons_question_about_one_is_a_message() {
    let complaint = mail("complaint");
    assert_eq!((complaint.automatic, complaint.bounce), (Some(Automatic::Complaint), None));
    let question = mail("person_who_quotes_a_bounce");
    assert_eq!((question.automatic, question.bounce), (None, None));
    assert_eq!(question.visible, "I got this when I wrote to you, what is wrong?");
}
