//! The line over the composer that says what becomes of what is written: when unseen replies are e-mailed, with the way to
//! hasten or stop that, or that the visitor has left and how to call them back.

use std::sync::Arc;

use causette_client::timer::Timer;
use causette_shared::conversation::Status;
use causette_shared::id::ConversationId;
use causette_shared::presence::Presence;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::ConversationSummary;
use causette_shared::protocol::conversation_mail::Wish;
use causette_shared::time::Timestamp;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::components::conversation_acts::Act;
use crate::components::icon::{Icon, icon};
use crate::state::contacts::Failure;
use crate::state::conversation_mail;
use crate::state::countdown::{Countdown, next_change};
use crate::state::desk::{Connection, Desk};
use crate::state::words;

/// What the line says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// Unseen replies will be e-mailed, then.
    Mail(Timestamp),
    /// Nothing waits, and the visitor, by this name, can be reached by mail only.
    Left(String),
}

/// Draws the line; nothing where there is nothing to say.
#[component]
pub fn MailLine(
    /// The store.
    desk: Desk,
    /// Which conversation.
    id: ConversationId,
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// What the agent is about to do.
    act: RwSignal<Option<Act>>,
    /// Gets the focus when the button that had it goes.
    field: NodeRef<html::Textarea>,
) -> impl IntoView {
    let line = Memo::new(move |_| {
        row.with(|row| {
            let row = row.as_ref()?;
            match (row.follow_up_at, row.presence) {
                (Some(at), _) => Some(Line::Mail(at)),
                (None, Presence::Reachable) if row.status != Status::Closed => {
                    Some(Line::Left(words::person(&row.contact)))
                }
                _ => None,
            }
        })
    });
    let to = Memo::new(move |_| row.with(|row| row.as_ref().and_then(|row| row.contact.email.clone())));
    move || {
        Some(match line.get()? {
            Line::Mail(due) => view! { <Waiting desk id due to field/> }.into_any(),
            Line::Left(name) => view! {
                <div class="mail-line">
                    {icon(Icon::Mail)}
                    <p class="mail-line__text">
                        <span dir="auto">{name}</span>" has left and can be reached by e-mail."
                    </p>
                    <button class="button button--small" type="button" on:click=move |_| act.set(Some(Act::Invite))>
                        "Invite by e-mail…"
                    </button>
                </div>
            }
            .into_any(),
        })
    }
}

/// The countdown of a follow-up.
#[component]
fn Waiting(
    desk: Desk,
    id: ConversationId,
    due: Timestamp,
    to: Memo<Option<String>>,
    field: NodeRef<html::Textarea>,
) -> impl IntoView {
    let clock = RwSignal::new(desk.server_now());
    let timer = StoredValue::new_local(None::<Timer>);
    tick(desk, due, clock, timer);
    let countdown = Memo::new(move |_| Countdown::at(clock.get(), due));
    let busy = RwSignal::new(false);
    let online = move || desk.connection.get() == Connection::Open;
    let decide = move |wish: Wish| {
        if busy.get_untracked() || !desk.is_online() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = conversation_mail::decide_follow_up(id, wish).await;
            // The line may be gone: the row comes over the socket.
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => {
                    if wish == Wish::Not {
                        desk.tell("It will not be e-mailed. Your next reply schedules another.".to_owned());
                    }
                    if let Some(field) = field.try_get_untracked().flatten() {
                        let _ = field.focus();
                    }
                }
                Err(Failure::Refused(problem)) if problem.kind == ProblemKind::WrongState => {
                    desk.tell("It was just sent or read: there is nothing to decide any more.".to_owned());
                }
                Err(failure) => desk.tell(desk.failure_told(&failure)),
            }
        });
    };
    let button = move |label: &'static str, wish: Wish| {
        view! {
            <button
                class="button button--small"
                type="button"
                prop:disabled=move || busy.get() || !online()
                on:click=move |_| decide(wish)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="mail-line mail-line--waits" title=move || to.get()>
            {icon(Icon::Mail)}
            <p class="mail-line__text">
                {move || match countdown.get() {
                    // Read out when it is asked for, not every second (ARIA: a timer is not live).
                    Countdown::Waits(rest) => view! {
                        "Will be e-mailed in "<span class="mail-line__rest" role="timer">{rest}</span>
                    }
                    .into_any(),
                    _ if !online() => "Due to be e-mailed: the desk is cut off and cannot tell.".into_any(),
                    Countdown::UnderWay => view! {
                        <span class="spinner" aria-hidden="true"></span>" Being e-mailed…"
                    }
                    .into_any(),
                    Countdown::Overdue => "Due to be e-mailed: waits for the mail server.".into_any(),
                }}
            </p>
            <div class="mail-line__buttons">
                {move || match countdown.get() {
                    Countdown::Waits(_) => {
                        view! { {button("Send now", Wish::Now)}{button("Do not send", Wish::Not)} }.into_any()
                    }
                    Countdown::UnderWay => ().into_any(),
                    Countdown::Overdue => button("Do not send", Wish::Not).into_any(),
                }}
            </div>
        </div>
    }
}

/// Brings the clock up to date, and again when the countdown reads differently. It ends with the line.
fn tick(
    desk: Desk,
    due: Timestamp,
    clock: RwSignal<Timestamp>,
    timer: StoredValue<Option<Timer>, LocalStorage>,
) {
    let now = desk.server_now();
    if clock.try_set(now).is_some() {
        return;
    }
    let next = Timer::after(next_change(now, due), move || tick(desk, due, clock, timer));
    timer.try_update_value(|timer| *timer = Some(next));
}
