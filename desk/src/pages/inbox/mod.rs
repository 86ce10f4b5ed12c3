//! The desk itself: list, open conversation, side panel.

use causette_shared::id::ConversationId;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::components::banner::Banner;
use crate::components::composer::Composer;
use crate::components::conversation_acts::{Act, ActDialog};
use crate::components::conversation_header::ConversationHeader;
use crate::components::conversation_list::ConversationList;
use crate::components::conversation_log::ConversationLog;
use crate::components::details::Details;
use crate::components::icon::{Icon, icon};
use crate::components::mail_line::MailLine;
use crate::components::mail_notice::MailNotice;
use crate::components::top_bar::TopBar;
use crate::router::{Route, Router};
use crate::state::conversations::Conversations;
use crate::state::desk::Desk;
use crate::state::{kept, words};

/// How many conversations are looked through for a number that the address names.
const LOOKED_THROUGH: usize = 1_000;
/// The width below which list and conversation take turns; `inbox.css` says the same.
const NARROW: &str = "(max-width: 767px)";

/// The width from which on the side panel always stands beside; `inbox.css` and `details.css` say the same.
const WIDE: &str = "(min-width: 1200px)";

/// What became of the number in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookup {
    /// There is none.
    Nothing,
    /// It is looked for.
    Searching,
    /// It is this conversation.
    Found(ConversationId),
    /// It is none that we know of.
    Missing(u32),
}

/// Draws the desk.
#[component]
pub fn Inbox(
    /// The store.
    desk: Desk,
    /// The address.
    router: Router,
) -> impl IntoView {
    let lookup = Memo::new(move |_| {
        let Some(number) = router.number() else { return Lookup::Nothing };
        desk.list.with(|list| match list.find_by_number(number) {
            Some(id) => Lookup::Found(id),
            None if !desk.list_loaded.get() => Lookup::Searching,
            None if list.end().is_some() && list.len() < LOOKED_THROUGH => Lookup::Searching,
            None => Lookup::Missing(number),
        })
    });
    Effect::new(move |_| match lookup.get() {
        Lookup::Found(id) => desk.open_conversation(Some(id)),
        Lookup::Searching => {
            desk.open_conversation(None);
            // Tracked: each part that comes without it asks for the next.
            if desk.list_loaded.get() && !desk.loading_more.get() {
                desk.load_more();
            }
        }
        Lookup::Nothing | Lookup::Missing(_) => desk.open_conversation(None),
    });
    Effect::new(move |_| document().set_title(&title(desk)));
    let details_open = RwSignal::new(false);
    leave_with_escape(desk, router, details_open);

    let has_number = move || router.number().is_some();
    view! {
        <div class="desk" class:desk--conversation=has_number>
            <TopBar desk router/>
            <Banner desk/>
            <MailNotice desk router/>
            <main class="desk__columns">
                <h1 class="visually-hidden">"Desk"</h1>
                <ConversationList desk router/>
                <div class="desk__conversation">
                    {move || match lookup.get() {
                        Lookup::Found(id) => view! { <OpenConversation desk router id details_open/> }.into_any(),
                        Lookup::Searching => view! { <p class="desk__searching" role="status">"Loading…"</p> }.into_any(),
                        Lookup::Missing(number) => missing(number, router),
                        Lookup::Nothing => nothing_open(desk),
                    }}
                </div>
            </main>
            <div class="visually-hidden" aria-live="polite">{desk.announcement}</div>
            <div class="notice-place" role="status">
                {move || desk.notice.get().map(|text| view! { <p class="notice">{text}</p> })}
            </div>
        </div>
    }
}

#[component]
fn OpenConversation(
    desk: Desk,
    router: Router,
    id: ConversationId,
    details_open: RwSignal<bool>,
) -> impl IntoView {
    let row = Memo::new(move |_| desk.list.with(|list| list.find(id)));
    let visitor = Signal::derive(move || {
        row.with(|row| row.as_ref().map_or_else(|| "Visitor".to_owned(), |row| words::person(&row.contact)))
    });
    let draft = RwSignal::new(desk.my_id().map(|agent| kept::draft(agent, id)).unwrap_or_default());
    let act = RwSignal::new(None::<Act>);
    details_open.set(false);
    let details_button = NodeRef::<html::Button>::new();
    let close_button = NodeRef::<html::Button>::new();
    let field = NodeRef::<html::Textarea>::new();
    let heading = NodeRef::<html::H2>::new();

    // Whoever opens a conversation wants to answer; on a phone the keyboard would hide what there is to read.
    Effect::new(move |_| {
        if let (Some(field), Some(heading)) = (field.get(), heading.get()) {
            let _ = if matches(NARROW) || field.disabled() { heading.focus() } else { field.focus() };
        }
    });
    Effect::new(move |was_open: Option<bool>| {
        let open = details_open.get();
        let button = if open { close_button } else { details_button };
        if was_open.is_some_and(|was_open| was_open != open)
            && let Some(button) = button.get_untracked()
        {
            // After the style has made it visible.
            request_animation_frame(move || {
                let _ = button.focus();
            });
        }
        open
    });
    // On a wide window the panel stands beside: there is nothing to open, nor to shut off meanwhile.
    let resized = window_event_listener(ev::resize, move |_| {
        if details_open.get_untracked() && matches(WIDE) {
            details_open.set(false);
        }
    });
    on_cleanup(move || resized.remove());

    let edit = Callback::new(move |text: String| {
        draft.update(|draft| {
            *draft = if draft.trim().is_empty() { text } else { format!("{text}\n\n{draft}") }
        });
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
        }
    });
    view! {
        <section
            class="conversation"
            aria-label=move || format!("Conversation with {}", visitor.get())
            inert=details_open
        >
            <ConversationHeader router row act details_open details_button heading/>
            <ConversationLog desk id visitor edit/>
            <MailLine desk id row act field/>
            <Composer desk id row draft field/>
        </section>
        <ActDialog desk id row act/>
        <div
            class="desk__veil"
            class:desk__veil--shown=details_open
            aria-hidden="true"
            on:click=move |_| details_open.set(false)
        ></div>
        <Details desk router row open=details_open close_button/>
    }
}

/// Escape closes the side panel, else leaves the conversation. A filled filter has claimed the key before it comes here.
fn leave_with_escape(desk: Desk, router: Router, details_open: RwSignal<bool>) {
    let listener = window_event_listener(ev::keydown, move |event| {
        let is_claimed = event.default_prevented() || event.is_composing();
        if event.key() != "Escape" || is_claimed || has_dialog() {
            return;
        }
        if details_open.get_untracked() {
            event.prevent_default();
            details_open.set(false);
            return;
        }
        let Some(number) = untrack(move || router.number()) else { return };
        event.prevent_default();
        desk.set_typing(false);
        router.go(Route::Inbox);
        focus_row(number);
    });
    on_cleanup(move || listener.remove());
}

/// Whether a dialog is open, whose key it is.
fn has_dialog() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}

/// The row that a conversation was opened from is where the agent left the list.
fn focus_row(number: u32) {
    request_animation_frame(move || {
        let row = document().get_element_by_id(&format!("conversation-{number}"));
        if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
            let _ = row.focus();
        }
    });
}

/// "(3) Ada #1042 · Causette": how many conversations wait, and where the agent is.
fn title(desk: Desk) -> String {
    let unread = desk.list.with(Conversations::unread);
    let row = desk.open.get().and_then(|id| desk.list.with(|list| list.find(id)));
    let place =
        row.map(|row| format!("{} #{} · ", words::person(&row.contact), row.number)).unwrap_or_default();
    let count = if unread > 0 { format!("({unread}) ") } else { String::new() };
    format!("{count}{place}Causette")
}

fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
}

fn nothing_open(desk: Desk) -> AnyView {
    let is_quiet = move || desk.list.with(Conversations::is_empty);
    let title = move || if is_quiet() { "All quiet" } else { "No conversation open" };
    let text = move || {
        if is_quiet() {
            "Leave this page open: you see every visitor who writes."
        } else {
            "Choose one from the list. Arrow keys move, Enter opens, Escape comes back here."
        }
    };
    view! {
        <div class="nothing desk__nothing">
            <span class="nothing__picture">{icon(Icon::Bubble)}</span>
            <h2 class="nothing__title">{title}</h2>
            <p class="nothing__text">{text}</p>
        </div>
    }
    .into_any()
}

fn missing(number: u32, router: Router) -> AnyView {
    view! {
        <div class="nothing">
            <span class="nothing__picture">{icon(Icon::Search)}</span>
            <h2 class="nothing__title">{format!("Conversation #{number} was not found")}</h2>
            <p class="nothing__text">"It does not exist, or it is older than the conversations that the list goes back to."</p>
            <button class="button" type="button" on:click=move |_| router.go(Route::Inbox)>"Back to the inbox"</button>
        </div>
    }
    .into_any()
}
