//! Mail: whether it can go and come, what waits, what was given up, what came and belongs nowhere.

use std::sync::Arc;

use causette_shared::protocol::outbox::Outbox;
use causette_shared::time::Timestamp;
use leptos::prelude::*;

use crate::components::banner::Banner;
use crate::components::dead_mails::DeadMails;
use crate::components::icon::{Icon, icon};
use crate::components::top_bar::TopBar;
use crate::router::Router;
use crate::state::calendar::{self, Local};
use crate::state::desk::Desk;
use crate::state::mail::requests::InboundRow;
use crate::state::mail::words;

/// Draws the page.
#[component]
pub fn MailPage(
    /// The store.
    desk: Desk,
    /// The address.
    router: Router,
) -> impl IntoView {
    desk.open_conversation(None);
    desk.ask_for_outbox();
    desk.ask_for_inbound();
    Effect::new(move |_| {
        let count = match desk.count_dead_mail() {
            0 => String::new(),
            count => format!("({count}) "),
        };
        document().set_title(&format!("{count}Mail · Causette"));
    });
    // Shared: of a hundred mails, each row reads its own.
    let outbox = Memo::new(move |_| desk.mail.outbox.answer.get().map(Arc::new));
    let is_known = Memo::new(move |_| outbox.with(Option::is_some));
    view! {
        <div class="desk">
            <TopBar desk router/>
            <Banner desk/>
            <main class="mail-page">
                <div class="mail-page__sheet">
                    <h1 class="mail-page__title">"Mail"</h1>
                    {move || failure(desk, is_known.get())}
                    {move || match is_known.get() {
                        true => view! {
                            {move || outbox.get().filter(|outbox| !outbox.is_configured).map(|_| no_server())}
                            {move || outbox.get().map(|outbox| waiting(&outbox, desk.now.get()))}
                            <DeadMails desk router outbox/>
                            {move || inbound(desk, outbox.get().is_some_and(|outbox| outbox.has_mailbox))}
                        }
                        .into_any(),
                        false if desk.mail.outbox.failure.with(Option::is_some) => ().into_any(),
                        false => view! {
                            <p class="mail-page__loading" role="status">
                                <span class="spinner" aria-hidden="true"></span>
                                "Loading…"
                            </p>
                        }
                        .into_any(),
                    }}
                </div>
            </main>
            <div class="notice-place" role="status">
                {move || desk.notice.get().map(|text| view! { <p class="notice">{text}</p> })}
            </div>
        </div>
    }
}

/// That what is shown is old, or that there is nothing to show.
fn failure(desk: Desk, is_known: bool) -> Option<AnyView> {
    let text = desk.mail.outbox.failure.get()?;
    let again = move |_| desk.ask_for_outbox();
    Some(match is_known {
        true => view! {
            <p class="mail-page__stale" role="status">
                "This may be out of date. "
                {text}
                " "
                <button class="link-button" type="button" on:click=again>"Try again"</button>
            </p>
        }
        .into_any(),
        false => view! {
            <div class="nothing" role="alert">
                <span class="nothing__picture">{icon(Icon::Alert)}</span>
                <h2 class="nothing__title">"The outbox did not come"</h2>
                <p class="nothing__text">{text}</p>
                <button class="button" type="button" on:click=again>"Try again"</button>
            </div>
        }
        .into_any(),
    })
}

fn no_server() -> AnyView {
    view! {
        <section class="mail-setup" aria-labelledby="setup-title">
            {icon(Icon::Warning)}
            <div>
                <h2 class="mail-setup__title" id="setup-title">"No mail server is set"</h2>
                <p>
                    "Mails wait in the outbox and go out as soon as there is one. Whoever runs the server sets "
                    <code>"CAUSETTE_SMTP_URL"</code>
                    " and "
                    <code>"CAUSETTE_MAIL_FROM"</code>
                    ", and starts it again."
                </p>
                <pre class="mail-setup__example">
                    "CAUSETTE_SMTP_URL=smtp://user:password@mail.example.com:587\nCAUSETTE_MAIL_FROM=chat@example.com"
                </pre>
            </div>
        </section>
    }
    .into_any()
}

fn waiting(outbox: &Outbox, now: Timestamp) -> AnyView {
    let next = outbox.next_due_at.filter(|_| outbox.is_configured);
    let text = match (outbox.waiting, outbox.is_configured, next) {
        (0, ..) => "Nothing waits.".to_owned(),
        (1, false, _) => "1 mail waits for a mail server.".to_owned(),
        (count, false, _) => format!("{} wait for a mail server.", words::mails(count)),
        (1, true, Some(at)) => format!("1 mail waits. It is due {}.", words::due(now, at)),
        (count, true, Some(at)) => {
            format!("{} wait. The next is due {}.", words::mails(count), words::due(now, at))
        }
        (count, true, None) => format!("{} to be sent.", words::mails(count)),
    };
    let delayed = match outbox.delayed {
        0 => None,
        1 if outbox.waiting == 1 => Some("An attempt has failed; it is tried again by itself.".to_owned()),
        count => Some(format!("{count} of them failed and are tried again by themselves.")),
    };
    view! {
        <section class="mail-part" aria-labelledby="waiting-title">
            <h2 class="mail-part__title" id="waiting-title">"Waiting"</h2>
            <p>{text}</p>
            {delayed.map(|delayed| view! { <p class="mail-part__text">{delayed}</p> })}
            {outbox.delay_error.clone().map(|error| view! { <p class="dead-mail__error" dir="auto">{error}</p> })}
        </section>
    }
    .into_any()
}

/// What the mailbox held that became no message.
fn inbound(desk: Desk, has_mailbox: bool) -> AnyView {
    let asked = desk.mail.inbound;
    let inside = match (asked.answer.get(), asked.failure.get()) {
        (Some(rows), _) if rows.is_empty() && !has_mailbox => view! {
            <p class="mail-part__text">
                "Answers by e-mail are not read: no mailbox is set ("<code>"CAUSETTE_IMAP_URL"</code>")."
            </p>
        }
        .into_any(),
        (Some(rows), _) if rows.is_empty() => view! {
            <p class="mail-part__calm">
                {icon(Icon::Check)}
                "Every mail from the mailbox has found its conversation, or was an automatic one."
            </p>
        }
        .into_any(),
        (Some(rows), _) => {
            let rows = rows.iter().map(|row| inbound_row(desk, row)).collect_view();
            view! {
                <p class="mail-part__text">
                    "These lie in the mailbox and are in no conversation. Look there for what they say."
                </p>
                <ul class="dead-mails" role="list" aria-label="Not taken in">{rows}</ul>
            }
            .into_any()
        }
        (None, Some(text)) => view! {
            <p class="mail-page__stale" role="status">
                {text}
                " "
                <button class="link-button" type="button" on:click=move |_| desk.ask_for_inbound()>"Try again"</button>
            </p>
        }
        .into_any(),
        (None, None) => view! { <p class="mail-part__text" role="status">"Loading…"</p> }.into_any(),
    };
    view! {
        <section class="mail-part" aria-labelledby="inbound-title">
            <h2 class="mail-part__title" id="inbound-title">"Not taken in"</h2>
            {inside}
        </section>
    }
    .into_any()
}

fn inbound_row(desk: Desk, row: &InboundRow) -> AnyView {
    let InboundRow { outcome, detail, subject, from, received_at: at, .. } = row.clone();
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let subject = given(subject).unwrap_or_else(|| "No subject".to_owned());
    let why = match outcome.as_str() {
        "unmatched" => "Belongs to no conversation",
        "set_aside" => "Put aside",
        _ => "Not taken in",
    };
    view! {
        <li class="dead-mail">
            <p class="dead-mail__what"><strong dir="auto">{subject}</strong></p>
            <p class="dead-mail__facts">
                {given(from).map(|from| view! { <bdi>{from}</bdi> })}
                <time datetime=calendar::machine_time(at)>{move || Local::of(at).full(Local::of(desk.now.get()))}</time>
                <span>{why}</span>
            </p>
            {given(Some(detail)).map(|detail| view! { <p class="dead-mail__error" dir="auto">{detail}</p> })}
        </li>
    }
    .into_any()
}
