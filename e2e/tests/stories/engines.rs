//! The stories that an engine cannot tell, each with its reason. All others are told in every engine.
//!
//! Such a story asks `is_left_out` first, with its own name; libtest has no other way to leave one out when it runs.

use std::io::Write as _;

use causette_e2e::harness::{Engine, environment};

/// Stories that some engines cannot tell, for one reason.
struct LeftOut {
    engines: &'static [Engine],
    reason: &'static str,
    stories: &'static [&'static str],
}

const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        engines: &[Engine::Firefox, Engine::WebKit],
        reason: "only Chromium tells a page of its long tasks and shifts, and can be slowed down",
        stories: &["weight::before_a_click_the_page_pays_one_small_request_no_shift_and_no_long_task"],
    },
    LeftOut {
        engines: &[Engine::WebKit],
        reason: "its driver does not tell what the browser itself says on the console, which is all there is to hear",
        stories: &["pinned_loader::a_loader_that_is_not_the_pinned_one_does_not_run_and_the_page_does"],
    },
    LeftOut {
        engines: &[Engine::Firefox, Engine::WebKit],
        reason: "its driver gives keys to the page and not to the frame in it that has the focus, and on this page it \
                 does not find the frame",
        stories: &["host_pages::a_page_with_a_hostile_prototype_cannot_speak_through_the_loader"],
    },
    LeftOut {
        engines: &[Engine::Firefox, Engine::WebKit],
        reason: "only Chromium's driver puts what an app's webview has into a window before the page's own scripts run; a \
                 real webview of WebKit's has a check of its own, `native`",
        stories: &[
            "native_bridge::each_of_the_four_ways_to_an_app_is_taken",
            "native_bridge::an_app_keeps_the_session_opens_the_links_and_goes_back",
            "native_bridge::an_identity_is_asked_for_and_carried_once",
            "native_bridge::the_composer_stays_above_a_keyboard_and_inside_what_is_safe",
            "native_bridge::what_is_not_understood_is_answered_and_changes_nothing",
            "native_bridge::without_an_app_or_where_apps_are_not_allowed_the_page_keeps_its_session_itself",
            "resume_full_page::in_an_app_the_link_gives_the_session_that_the_app_keeps",
        ],
    },
    LeftOut {
        engines: &[Engine::Firefox, Engine::WebKit],
        reason: "only Chromium's driver refuses a page its storage or its server",
        stories: &[
            "resume_full_page::a_browser_that_keeps_nothing_goes_on_as_long_as_the_page_is_there",
            "resume_full_page::a_link_that_cannot_be_used_now_is_there_when_it_is_tried_again",
        ],
    },
    LeftOut {
        engines: &[Engine::WebKit],
        reason: "its driver's browser keeps nothing when it is closed, so that it cannot be opened again as it was",
        stories: &[
            "drafts::with_consent_a_draft_is_there_when_the_browser_is_opened_again",
            "drafts::without_consent_and_session_a_draft_lasts_as_long_as_the_tab",
            "survival::the_very_first_messages_survive_too_when_they_were_typed_offline",
            "survival::what_was_kept_for_a_day_is_sent_once_and_before_what_is_newer",
            "survival::what_was_typed_offline_arrives_after_the_browser_was_closed",
        ],
    },
    LeftOut {
        engines: &[Engine::WebKit],
        reason: "its driver cannot draw a page for paper, nor for people who like it dark",
        stories: &[
            "hostile_hosts::nothing_of_the_chat_is_printed",
            "placement::the_theme_is_what_was_asked_for_and_else_what_the_visitor_likes",
        ],
    },
    LeftOut {
        engines: &[Engine::WebKit],
        reason: "the old libraries of the page change what the driver's own scripts work with",
        stories: &["hostile_hosts::old_libraries_do_not_come_between"],
    },
    LeftOut {
        engines: &[Engine::WebKit],
        reason: "pages note their consoles where the driver does not tell them, and frames in them do not",
        stories: &[
            "failing_panel::a_page_in_a_sandbox_has_a_launcher_and_no_exception",
            "strict_policy::the_console_of_the_panel_is_heard",
        ],
    },
];

/// Whether the engine of this run cannot tell a story; then it is said why.
pub fn is_left_out(story: &str) -> bool {
    let engine = Engine::chosen();
    let row = LEFT_OUT.iter().find(|row| row.engines.contains(&engine) && row.stories.contains(&story));
    if let Some(LeftOut { reason, .. }) = row {
        // Past libtest, which shows nothing of what passes.
        let _ = writeln!(std::io::stdout(), "not in {engine}: {story}: {reason}");
    }
    row.is_some()
}

#[test]
fn the_stories_that_are_left_out_exist_and_know_it() {
    let directory = environment::workspace().join("e2e/tests/stories");
    let read = |file: &str| std::fs::read_to_string(directory.join(format!("{file}.rs"))).unwrap_or_default();
    let mut listed: Vec<&str> = LEFT_OUT.iter().flat_map(|row| row.stories).copied().collect();
    for story in &listed {
        let (file, name) = story.split_once("::").unwrap_or_default();
        let text = read(file);
        let body = text.split_once(&format!("async fn {name}() {{")).map(|(_, body)| body.trim_start());
        let asks = format!("if crate::engines::is_left_out(\"{story}\") {{");
        let asks_first = body.is_some_and(|body| plain(body).starts_with(&plain(&asks)));
        assert!(asks_first, "{story} is not there, or does not ask first");
    }
    // Nobody asks who is not listed: a row that was taken away would leave such a question behind.
    let files = std::fs::read_dir(&directory).expect("the stories are here").flatten();
    let asking = files.filter(|file| file.file_name() != "engines.rs").map(|file| {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        text.matches("is_left_out(").count()
    });
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(asking.sum::<usize>(), listed.len());
}

/// A text as it stands on one line: the formatter gives a long name a line of its own, and a comma.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<String>().replace(",)", ")")
}
