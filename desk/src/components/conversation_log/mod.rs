//! The log of the open conversation.
//!
//! The box is laid out from its end (`flex-direction: column-reverse`): the browser itself keeps the newest message in
//! view when something is added or the composer grows, and the place where one reads when earlier messages are put in
//! front. `scroll_top` is 0 at the end and negative above it. What is left to do by hand is to keep that place when
//! something is added at the end (`keep_place`); the browser's own anchoring is off, for it would follow the button at
//! the start, and ask for earlier messages again and again.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use causette_shared::form::Introduction;
use causette_shared::id::{ConversationId, EntryId, Seq};
use causette_shared::time::Timestamp;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::message::Message;
use crate::state::calendar::Local;
use crate::state::desk::{Connection, Desk};
use crate::state::timeline::{Row, RowKey, Timeline};

/// Pixels from the end within which the end counts as in view.
const NEAR_END: i32 = 48;
/// Pixels from the start within which earlier entries are asked for.
const NEAR_START: i32 = 160;

/// Draws the log.
#[component]
pub fn ConversationLog(
    /// The store.
    desk: Desk,
    /// Which conversation.
    id: ConversationId,
    /// What the visitor is called.
    #[prop(into)]
    visitor: Signal<String>,
    /// Gets the text of a refused message that is to be edited.
    edit: Callback<String>,
) -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    // The last entry when the end went out of view: what comes after it is new. `None` while the end is in view.
    let left_at = RwSignal::new(None::<Seq>);
    let at_end = move || left_at.with(Option::is_none);
    let order = Memo::new(move |_| desk.timeline.with(|timeline| timeline.order().to_vec()));
    let loaded = Memo::new(move |_| desk.log.get().loaded);
    let has_news = move || left_at.get().is_some_and(|seq| desk.log.get().last_seq > seq);
    let typing = Memo::new(move |_| desk.typists.with(|typists| typists.is_visitor_typing(id)));

    let to_end = move || {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(0);
        }
    };
    let scrolled = move |_| {
        let Some(scroller) = scroller.get_untracked() else { return };
        let above_end = -scroller.scroll_top();
        let now_at_end = above_end < NEAR_END;
        if left_at.with_untracked(Option::is_none) != now_at_end {
            left_at.set((!now_at_end).then(|| desk.log.get_untracked().last_seq));
        }
        let to_start = scroller.scroll_height() - scroller.client_height() - above_end;
        if to_start < NEAR_START && desk.log.get_untracked().has_earlier {
            desk.load_earlier();
        }
    };

    keep_place(desk, scroller, left_at, typing);

    // What we write ourselves is always brought into view.
    Effect::new(move |before: Option<usize>| {
        let now = desk.timeline.with(Timeline::count_outgoing);
        if before.is_some_and(|before| now > before) {
            to_end();
        }
        now
    });

    let visible = RwSignal::new(!document().hidden());
    let listener =
        window_event_listener_untyped("visibilitychange", move |_| visible.set(!document().hidden()));
    let focus = window_event_listener(ev::focus, move |_| visible.set(!document().hidden()));
    on_cleanup(move || {
        listener.remove();
        focus.remove();
    });
    Effect::new(move |_| {
        let log = desk.log.get();
        if visible.get() && at_end() && log.loaded && desk.connection.get() == Connection::Open {
            desk.mark_seen();
        }
    });

    // The button that was pressed goes with what it stood at.
    let come_back = move || {
        if let Some(scroller) = scroller.get_untracked() {
            let _ = scroller.focus();
        }
    };
    let retry = Callback::new(move |entry: EntryId| {
        desk.retry(entry);
        come_back();
    });
    let discard = Callback::new(move |entry: EntryId| {
        desk.take_back(entry);
        come_back();
    });
    let take_back = Callback::new(move |entry: EntryId| {
        if let Some(text) = desk.take_back(entry) {
            edit.run(text);
        }
    });
    view! {
        <div class="log-place">
            <div
                class="log"
                role="log"
                aria-label="Conversation"
                aria-live="off"
                aria-busy=move || if loaded.get() { "false" } else { "true" }
                tabindex="0"
                node_ref=scroller
                on:scroll=scrolled
            >
                <div class="log__rows">
                    {move || earlier(desk)}
                    {move || (!loaded.get() && order.with(Vec::is_empty)).then(sketch)}
                    <For each=move || order.get() key=|key| *key let:key>
                        <LogRow desk key visitor retry take_back discard/>
                    </For>
                    {move || typing.get().then(|| view! {
                        <p class="log__typing">
                            <span class="log__dots" aria-hidden="true"><i></i><i></i><i></i></span>
                            <span dir="auto">{move || visitor.get()}</span>
                            " is typing…"
                        </p>
                    })}
                </div>
            </div>
            {move || (!at_end()).then(|| view! {
                <button class="log__pill" class:log__pill--news=has_news type="button" on:click=move |_| to_end()>
                    {icon(Icon::Down)}
                    {move || if has_news() { "New messages" } else { "Newest messages" }}
                </button>
            })}
        </div>
    }
}

/// Keeps the place where one reads when something is added or taken away at the end.
fn keep_place(desk: Desk, scroller: NodeRef<html::Div>, left_at: RwSignal<Option<Seq>>, typing: Memo<bool>) {
    let height = Rc::new(Cell::new(0));
    Effect::new(move |first_before: Option<Option<RowKey>>| {
        typing.track();
        let first = desk.timeline.with(Timeline::first);
        let same_start = first_before == Some(first);
        let height = height.clone();
        // Drawn, and not painted yet.
        request_animation_frame(move || {
            let Some(scroller) = scroller.try_get_untracked().flatten() else { return };
            let now = scroller.scroll_height();
            let grown = now - height.replace(now);
            if same_start && left_at.try_get_untracked().flatten().is_some() {
                scroller.set_scroll_top(scroller.scroll_top() - grown);
            }
        });
        first
    });
}

/// One row. Its kind never changes, so it is chosen once; what a message says of itself does.
#[component]
fn LogRow(
    desk: Desk,
    key: RowKey,
    visitor: Signal<String>,
    retry: Callback<EntryId>,
    take_back: Callback<EntryId>,
    discard: Callback<EntryId>,
) -> impl IntoView {
    let row = Memo::new(move |_| desk.timeline.with(|timeline| timeline.find(key)));
    match row.get_untracked().as_deref() {
        None => ().into_any(),
        Some(Row::Day(at)) => {
            let at = *at;
            view! {
                <h3 class="log__day">
                    <span>{move || Local::of(at).day(Local::of(desk.now.get()))}</span>
                </h3>
            }
            .into_any()
        }
        Some(Row::Unread) => view! { <p class="log__unread"><span>"New"</span></p> }.into_any(),
        Some(Row::Message(_)) => {
            let message = Memo::new(move |_| match row.get().as_deref() {
                Some(Row::Message(message)) => Some(Arc::new(message.clone())),
                _ => None,
            });
            view! { <Message desk row=message visitor retry edit=take_back discard/> }.into_any()
        }
        Some(Row::Introduction(title, answers, at)) => introduction(title.clone(), answers, *at),
        Some(Row::Ended(text, at) | Row::Happened(text, at)) => view! {
            <p class="log__event" class:log__event--end=matches!(row.get_untracked().as_deref(), Some(Row::Ended(..)))>
                <span dir="auto">{text.clone()}</span>" "<time>{Local::of(*at).clock()}</time></p>
        }
        .into_any(),
    }
}

/// The answers to a form, as a card.
fn introduction(title: String, answers: &Introduction, at: Timestamp) -> AnyView {
    let given = [("Name", &answers.name), ("E-mail", &answers.email), ("Phone", &answers.phone)];
    let facts = given
        .into_iter()
        .filter_map(|(term, value)| Some((term, value.clone()?)))
        .map(|(term, value)| {
            view! { <div class="form-card__fact"><dt>{term}</dt><dd dir="auto">{value}</dd></div> }
        })
        .collect_view();
    view! {
        <article class="form-card">
            <h3 class="form-card__title">
                {icon(Icon::Person)}
                <span>{title}</span>
                <time>{Local::of(at).clock()}</time>
            </h3>
            <dl class="form-card__facts">{facts}</dl>
        </article>
    }
    .into_any()
}

fn earlier(desk: Desk) -> Option<AnyView> {
    let log = desk.log.get();
    log.has_earlier.then(|| {
        view! {
            <button
                class="log__earlier"
                type="button"
                prop:disabled=log.loading_earlier
                on:click=move |_| desk.load_earlier()
            >
                {if log.loading_earlier { "Loading…" } else { "Show earlier messages" }}
            </button>
        }
        .into_any()
    })
}

fn sketch() -> AnyView {
    view! {
        <div class="log__sketch" aria-hidden="true">
            <div></div><div></div><div></div><div></div>
        </div>
    }
    .into_any()
}
