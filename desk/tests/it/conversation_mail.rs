//! Messages that came by e-mail, in their conversation.

use causette_desk::pages::Inbox;
use causette_desk::router::Route;
use causette_shared::entry::{Author, Body, File, Mail, SenderCheck};
use causette_shared::id::FileId;
use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::answers::{Answer, answer, asked, json};
use crate::stage::{Stage, settle};
use crate::told::{MARKUP, entries, entry, me, of_ada, welcome};

/// The inbox with Ada's conversation open, whose messages came by these mails.
async fn reading(mails: Vec<Mail>) -> Stage {
    let stage = Stage::new(Some(me()), Route::Conversation(1), |desk, router| {
        view! { <Inbox desk router/> }.into_any()
    });
    settle().await;
    stage.desk.handle(welcome(vec![of_ada()]));
    settle().await;
    let mails = (1..).zip(mails).map(|(seq, mail)| entry(seq, Author::Visitor, Body::Mail(mail)));
    stage.desk.handle(entries(1, mails.collect()));
    settle().await;
    stage
}

fn mail(text: &str, from: &str, sender: SenderCheck, files: Vec<File>) -> Mail {
    Mail { text: text.to_owned(), from: from.to_owned(), sender, is_cut: true, files }
}

fn file(name: &str, media_type: &str, size: u32) -> File {
    let (name, media_type) = (name.to_owned(), media_type.to_owned());
    File { id: FileId(Uuid::from_u128(7)), name, media_type, size }
}

#[wasm_bindgen_test]
async fn a_mail_says_where_it_came_from_and_no_name_stands_over_one_that_may_be_forged() {
    answer(&[]);
    let stage = reading(vec![
        mail("one", "Ada@X.example", SenderCheck::Passed, vec![]),
        mail("two", "ada@x.example", SenderCheck::Unknown, vec![]),
        mail("three", "ada@x.example", SenderCheck::Failed, vec![]),
        mail("four", "eve@y.example", SenderCheck::Passed, vec![]),
        mail("five", "", SenderCheck::Unknown, vec![]),
    ])
    .await;
    let authors = ["Ada", "Ada", "ada@x.example", "eve@y.example", "Unknown sender"];
    assert_eq!(stage.text(".message__author"), authors);
    let sources = stage.text(".mail-source");
    assert_eq!(sources[0], "by e-mailAda@X.examplesender verified");
    assert_eq!(sources[1], "by e-mailada@x.examplesender not verified");
    assert_eq!(sources[2], "by e-mailsender not genuineonly agents can read it");
    assert_eq!(sources[3], "by e-mailsender verifiednot the visitor’s addressonly agents can read it");
    let warnings = stage.text(".mail-warning");
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("This mail may not be from the address it names."), "{}", warnings[0]);
    let warned = stage.all(".message")[2].query_selector(".mail-warning").expect("a good selector");
    assert!(warned.is_some(), "the warning stands at its mail");
}

#[wasm_bindgen_test]
async fn files_are_named_sized_and_linked_and_nothing_of_a_mail_is_parsed() {
    answer(&[]);
    let files = vec![file("a\u{202e}fdp.exe", "application/pdf", 13_400), file(MARKUP, "image/png", 1)];
    let stage = reading(vec![mail(MARKUP, MARKUP, SenderCheck::Failed, files)]).await;
    assert_eq!(stage.text(".message__text"), [MARKUP]);
    assert_eq!(stage.text(".mail-file__name"), ["afdp.exe", MARKUP]);
    assert_eq!(stage.text(".mail-file__facts"), ["Document · 14 kB", "Picture · 1 byte"]);
    let link = &stage.all(".mail-file")[0];
    let href = link.get_attribute("href").expect("it leads to the file");
    assert_eq!(href, format!("/api/v1/desk/files/{}", Uuid::from_u128(7)));
    assert_eq!(link.get_attribute("download").as_deref(), Some("afdp.exe"));
    stage.assert_plain();
}

#[wasm_bindgen_test]
async fn a_mail_without_text_says_so_and_forty_files_do_not_fill_the_screen() {
    answer(&[]);
    let files: Vec<_> = (0..40).map(|n| file(&format!("{n}.png"), "image/png", 2_000)).collect();
    let stage = reading(vec![
        mail("", "ada@x.example", SenderCheck::Passed, files),
        mail(" ", "ada@x.example", SenderCheck::Passed, vec![]),
    ])
    .await;
    assert!(stage.all(".message__text").is_empty(), "no empty bubble");
    assert_eq!(stage.text(".mail-empty"), ["No text, only files.", "No text but what it quotes."]);
    assert_eq!(stage.text(".row__line"), ["E-mail without text"]);
    assert_eq!(stage.all(".mail-file").len(), 8);
    stage.press("Show 32 more files").await;
    assert_eq!(stage.all(".mail-file").len(), 40);
    assert!(stage.all(".mail-files__more").is_empty());
}

#[wasm_bindgen_test]
async fn the_original_is_asked_for_shown_as_text_and_asked_for_again_after_a_failure() {
    let path = format!("GET /api/v1/desk/conversations/{}/mails/{}", of_ada().id, Uuid::from_u128(1_001));
    answer(&[Answer::text(&path, 502, "<html>")]);
    let stage = reading(vec![mail("hi", "ada@x.example", SenderCheck::Passed, vec![])]).await;
    assert!(asked().iter().all(|asked| *asked != path), "not before somebody wants it");
    stage.press("Show original").await;
    assert!(stage.says("The desk cannot be reached."));
    let said = format!(
        r#"{{"subject":{subject},"from":"ada@x.example","date":5,"message_id":"m@x","text":{text},"spf":"pass","dkim":"fail","dmarc":"none"}}"#,
        subject = json(&"Re: lamp"),
        text = json(&format!("hi\n> {MARKUP}")),
    );
    answer(&[Answer::text(&path, 200, &said)]);
    stage.press("Try again").await;
    assert_eq!(asked(), std::slice::from_ref(&path));
    assert_eq!(stage.text(".original__text"), [format!("hi\n> {MARKUP}")]);
    assert_eq!(stage.text(".original__check"), ["SPF pass", "DKIM fail", "DMARC none"]);
    assert!(stage.says("Re: lamp") && stage.all("img").is_empty());
    stage.all(".dialog [aria-label=Close]")[0].click();
    settle().await;
    assert!(stage.all(".dialog").is_empty());
    answer(&[]);
    stage.press("Show original").await;
    assert!(stage.says("The original is not kept any more."));
}
