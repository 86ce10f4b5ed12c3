//! The list of conversations: tabs, filter, rows, and what stands there when there are none.

use causette_shared::id::ConversationId;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::components::conversation_row::ConversationRow;
use crate::components::empty_list::{EmptyList, Reason};
use crate::components::icon::{Icon, icon};
use crate::router::Router;
use crate::state::conversations::{Conversations, Filter, Tab};
use crate::state::desk::Desk;

/// Pixels before the end of the list at which the next part is asked for.
const AHEAD: i32 = 600;
/// Rows of the sketch that stands there until the list has come.
const SKETCHED_ROWS: usize = 8;

/// Draws the list.
#[component]
pub fn ConversationList(
    /// The store.
    desk: Desk,
    /// The way to a conversation.
    router: Router,
) -> impl IntoView {
    let tab = RwSignal::new(Tab::All);
    let query = RwSignal::new(String::new());
    let focused = RwSignal::new(None::<ConversationId>);
    let ids = Memo::new(move |_| {
        let filter = Filter {
            tab: tab.get(),
            query: query.get(),
            me: desk.me.with(|me| me.as_ref().map(|agent| agent.id)),
            open: desk.open.get(),
        };
        desk.list.with(|list| list.list(&filter))
    });
    // The Tab key must always reach one of the rows that are shown: the last focused one, else the first.
    let reachable = Memo::new(move |_| {
        let wanted = focused.get();
        ids.with(|ids| wanted.filter(|id| ids.contains(id)).or(ids.first().copied()))
    });
    let unread = move || desk.list.with(Conversations::unread);
    let has_more = Memo::new(move |_| desk.list.with(|list| list.end().is_some()));
    let is_filtered = move || tab.get() != Tab::All || !query.with(|query| query.trim().is_empty());

    let empty = move || {
        let searching = query.with(|query| !query.trim().is_empty());
        let reason = match (searching, tab.get()) {
            (true, _) => Reason::NothingFound,
            (false, Tab::Unread) => Reason::AllRead,
            (false, Tab::Mine) => Reason::NoneMine,
            (false, Tab::All) => Reason::NoConversations,
        };
        (desk.list_loaded.get() && ids.with(Vec::is_empty)).then_some(reason)
    };

    let scroller = NodeRef::<html::Div>::new();
    let scrolled = move |_| {
        if let Some(scroller) = scroller.get_untracked()
            && scroller.scroll_height() - scroller.scroll_top() - scroller.client_height() < AHEAD
            && !query.with_untracked(|query| !query.trim().is_empty())
        {
            desk.load_more();
        }
    };
    let tab_button = move |this: Tab, label: &'static str| {
        view! {
            <button
                class="list__tab"
                type="button"
                aria-pressed=move || if tab.get() == this { "true" } else { "false" }
                on:click=move |_| tab.set(this)
            >
                {label}
                {move || {
                    (this == Tab::Unread && unread() > 0)
                        .then(|| view! { <span class="list__count">{unread()}</span> })
                }}
            </button>
        }
    };
    view! {
        <section class="list" aria-labelledby="list-title">
            <div class="list__head">
                <h2 class="list__title" id="list-title">"Inbox"</h2>
                <div class="list__tabs" role="group" aria-label="Show">
                    {tab_button(Tab::All, "All")}
                    {tab_button(Tab::Unread, "Unread")}
                    {tab_button(Tab::Mine, "Mine")}
                </div>
                <div class="list__search">
                    {icon(Icon::Search)}
                    <input
                        class="list__query"
                        type="search"
                        aria-label="Filter conversations"
                        placeholder="Filter by name, number or text"
                        autocomplete="off"
                        spellcheck="false"
                        prop:value=query
                        on:input=move |event| query.set(event_target_value(&event))
                        on:keydown=move |event| {
                            if event.key() == "Escape" && !query.with_untracked(String::is_empty) {
                                event.prevent_default();
                                query.set(String::new());
                            }
                        }
                    />
                </div>
            </div>
            <div class="list__scroll" node_ref=scroller on:scroll=scrolled on:keydown=move_with_keys>
                {move || {
                    (!desk.list_loaded.get()).then(|| {
                        view! {
                            <div class="list__sketch" aria-hidden="true">
                                {(0..SKETCHED_ROWS).map(|_| view! { <div class="list__sketch-row"></div> }).collect_view()}
                            </div>
                            <p class="visually-hidden" role="status">"Loading conversations"</p>
                        }
                    })
                }}
                <ul class="list__rows" role="list" aria-label="Conversations">
                    <For each=move || ids.get() key=|id| *id let:id>
                        <ConversationRow desk router id reachable focused/>
                    </For>
                </ul>
                {move || empty().map(|reason| view! { <EmptyList desk reason/> })}
                {move || {
                    (desk.list_loaded.get() && has_more.get()).then(|| {
                        view! {
                            <button
                                class="list__more"
                                type="button"
                                prop:disabled=desk.loading_more
                                on:click=move |_| desk.load_more()
                            >
                                {move || {
                                    if desk.loading_more.get() {
                                        "Loading…"
                                    } else if is_filtered() {
                                        "Look through older conversations"
                                    } else {
                                        "Show older conversations"
                                    }
                                }}
                            </button>
                        }
                    })
                }}
            </div>
        </section>
    }
}

/// Arrow keys, and j and k, move between rows; Home and End go to the ends. They work while a row has the focus only
/// (WCAG 2.1.4).
fn move_with_keys(event: KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let links = document().query_selector_all(".list__rows .row__link");
    let (Ok(links), Some(focused)) = (links, document().active_element()) else { return };
    let count = links.length();
    let same = |index: &u32| links.item(*index).is_some_and(|link| link.is_same_node(Some(&focused)));
    let Some(place) = (0..count).find(same) else { return };
    let target = match event.key().as_str() {
        "ArrowDown" | "j" => place + 1,
        "ArrowUp" | "k" => place.saturating_sub(1),
        "Home" => 0,
        "End" => count.saturating_sub(1),
        _ => return,
    };
    event.prevent_default();
    if let Some(link) = links.item(target).and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let _ = link.focus();
    }
}
