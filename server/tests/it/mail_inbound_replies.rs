//! What stays visible of an answer, in the forms in which mail programs write them.
//!
//! Each mail of `fixtures/mail/replies` holds a line where the visible part ends; without it, all of it must stay visible.

use std::fs;
use std::path::PathBuf;

use causette_server::mail::inbound::{Folded, html, parse, reply_text};
use proptest::prelude::*;

const CUT: &str = "\n~~~ folded away ~~~\n";

#[test]
fn each_mail_is_parted_where_its_writer_ended() {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mail/replies");
    let mut wrong = Vec::new();
    let mut read = 0;
    for entry in fs::read_dir(directory).expect("the mails are there").flatten() {
        let text = fs::read_to_string(entry.path()).expect("it is text");
        let (visible, folded) = text.split_once(CUT).unwrap_or((&text, ""));
        let whole = format!("{visible}\n{folded}");
        for whole in [whole.clone(), whole.replace('\n', "\r\n")] {
            let reply = reply_text::separate(&whole, None);
            let seen = reply.visible.replace("\r\n", "\n");
            if seen.trim() != visible.trim() || reply.folded.trim().is_empty() != folded.trim().is_empty() {
                wrong.push((entry.file_name(), seen));
            }
        }
        read += 1;
    }
    assert!(read >= 36, "the mails were not found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn html_mail(html: &str) -> Vec<u8> {
    format!("From: ann@example.org\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}").into_bytes()
}

#[test]
fn html_is_parted_by_the_containers_of_mail_programs() {
    for (name, page) in [
        (
            "Gmail, in any language",
            "<div dir=ltr>It does.</div><br><div class=\"gmail_quote gmail_quote_container\"><div class=gmail_attr>Hadi Lampa yn dweud<br></div>\
             <blockquote class=gmail_quote><p>Does it?</p></blockquote></div>",
        ),
        (
            "Outlook on the web",
            "<div>It does.</div><div id=\"x_appendonsend\"></div><hr><div id=divRplyFwdMsg><b>Od:</b> Lampy<br><b>Kdy:</b> dnes</div><div>Does it?</div>",
        ),
        (
            "Outlook",
            "<p>It does.</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt'><p><b>X:</b> Lamps</p></div></div><p>Does it?</p>",
        ),
        (
            "Thunderbird",
            "<p>It does.</p><div class=\"moz-cite-prefix\">Ar 3.11.26 dywedodd Lampau:<br></div><blockquote type=\"cite\">Does it?</blockquote>",
        ),
        (
            "Apple Mail",
            "<div>It does.</div><br><div>Sent from my iPhone</div><div><br><blockquote type=\"cite\">On 3 Nov 2026, at 10:12, Lamps &lt;reply@lamps.example&gt; wrote:<br><br></blockquote></div>\
             <blockquote type=\"cite\"><div>Does it?</div></blockquote>",
        ),
        (
            "Yahoo",
            "<div>It does.</div><div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div>Anything at all</div><div>Does it?</div></div>",
        ),
    ] {
        let mail = parse(&html_mail(page)).expect("it is a mail");
        assert_eq!(mail.visible, "It does.", "{name}");
        assert_eq!(mail.folded, Folded::Tail, "{name}");
        assert!(mail.text.contains("Does it?"), "{name}");
    }
}

#[test]
fn answers_within_html_quotations_are_shown() {
    let page = "<div class=gmail_quote><div>On 3 Nov 2026 at 10:12, Lamps &lt;reply@lamps.example&gt; wrote:</div>\
                <blockquote>Does it?</blockquote><div>It does.</div><blockquote>And the cable?</blockquote></div>";
    let mail = parse(&html_mail(page)).expect("it is a mail");
    assert!(mail.visible.contains("It does."), "{}", mail.visible);
    assert!(mail.visible.contains("> Does it?"), "{}", mail.visible);
    assert!(!mail.visible.contains("And the cable?"), "{}", mail.visible);
}

#[test]
fn what_was_forwarded_in_a_container_is_shown() {
    let page = "<div>See:</div><div class=gmail_quote>---------- Forwarded message ---------<br>From: Carrier<br><br>It is late.</div>";
    assert!(parse(&html_mail(page)).expect("it is a mail").visible.ends_with("It is late."));
}

/// Lines of the kinds that the rules look at, and others.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("> quoted".to_owned()),
        Just(">".to_owned()),
        Just("-- ".to_owned()),
        Just("________________".to_owned()),
        Just("-----Original Message-----".to_owned()),
        Just("---------- Forwarded message ----------".to_owned()),
        Just("Sent from my iPhone".to_owned()),
        Just("From: Ann <ann@example.org>".to_owned()),
        Just("Date: 3 May 2026 10:12".to_owned()),
        Just("To: bob@example.org".to_owned()),
        Just("Objet : x".to_owned()),
        Just("On 3 May 2026 at 10:12, Ann <ann@example.org>".to_owned()),
        Just("wrote:".to_owned()),
        Just("answer".to_owned()),
        "\\PC{0,60}",
    ]
}

proptest! {
    #[test]
    fn visible_and_folded_are_the_whole(lines in prop::collection::vec(line(), 0..40), ending in "\r?\n", at in prop::option::of(0_usize..3_000)) {
        let text = lines.join(&ending);
        let reply = reply_text::separate(&text, at);
        prop_assert_eq!(format!("{}{}", reply.visible, reply.folded), text.as_str());
        // What is folded away always begins a quotation or a signature, and never stands before the visible part.
        prop_assert!(reply.folded.is_empty() || !reply.folded.trim().is_empty());
    }

    #[test]
    fn an_answer_below_marked_lines_is_visible(before in prop::collection::vec(line(), 0..5), quoted in 1_usize..5) {
        // Lines that begin an unmarked quotation take all that follows with them, and are not meant here.
        let before: Vec<String> = before.into_iter().filter(|line| line.starts_with('>') || line.is_empty() || line == "answer").collect();
        let text = format!("{}\n{}\nThe answer stands here.\n", before.join("\n"), "> quoted\n".repeat(quoted));
        prop_assert!(reply_text::separate(&text, None).visible.contains("The answer stands here."));
    }

    #[test]
    fn any_html_becomes_text(html in "(<[a-z!/]{0,10}[ =\"'>a-z]{0,20}|&[a-z#0-9]{0,8};?|\\PC{0,10}|\0){0,60}") {
        let page = html::to_text(&html);
        prop_assert!(!page.text.contains('\0'));
        prop_assert!(page.quote_at.is_none_or(|at| page.text.is_char_boundary(at)));
    }
}
