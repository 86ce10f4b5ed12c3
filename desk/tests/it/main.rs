//! The desk's pages and components in a real browser, fed with frames. Requests are answered by a stand-in for `fetch`.
#![cfg(target_arch = "wasm32")]

mod answers;
mod stage;
mod told;

mod conversation_mail;
mod drafts;
mod flows;
mod forestalled;
mod inbox;
mod install;
mod mail_line;
mod mail_page;
mod replies;
mod sign_in;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
