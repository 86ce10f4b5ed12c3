//! One conversation in the list.

use causette_shared::conversation::Status;
use causette_shared::id::ConversationId;
use causette_shared::presence::Presence;
use causette_shared::protocol::agent::ConversationSummary;
use leptos::prelude::*;

use crate::components::avatar::Avatar;
use crate::components::icon::{Icon, icon};
use crate::components::presence_dot::PresenceDot;
use crate::components::status_chip::StatusChip;
use crate::router::{Route, Router};
use crate::state::calendar::{self, Local};
use crate::state::desk::Desk;
use crate::state::words;

/// Draws a row: a link, so that it can be opened in a tab of its own.
#[component]
pub fn ConversationRow(
    /// The store.
    desk: Desk,
    /// The way to the conversation.
    router: Router,
    /// Which conversation.
    id: ConversationId,
    /// The row that the Tab key reaches; arrow keys reach the others.
    #[prop(into)]
    reachable: Signal<Option<ConversationId>>,
    /// Is told when this row has the focus.
    focused: RwSignal<Option<ConversationId>>,
) -> impl IntoView {
    let row = Memo::new(move |_| desk.list.with(|list| list.find(id)));
    let typing = Memo::new(move |_| desk.typists.with(|typists| typists.is_visitor_typing(id)));
    let failed = Memo::new(move |_| desk.failed.with(|failed| failed.contains(&id)));
    let is_open = Memo::new(move |_| desk.open.get() == Some(id));
    // A row whose conversation has just left the list is drawn once more before it goes.
    let of = move |read: fn(&ConversationSummary) -> String| {
        row.with(|row| row.as_deref().map_or_else(String::new, read))
    };
    let name = Signal::derive(move || of(|row| words::person(&row.contact)));
    let number = row.with_untracked(|row| row.as_ref().map_or(0, |row| row.number));
    let unread = move || row.with(|row| row.as_ref().map_or(0, |row| row.unread));
    let presence =
        Signal::derive(move || row.with(|row| row.as_ref().map_or(Presence::Idle, |row| row.presence)));
    let status = Signal::derive(move || row.with(|row| row.as_ref().map_or(Status::New, |row| row.status)));
    let assignee = move || row.with(|row| Some(row.as_ref()?.assignee.as_ref()?.name.clone()));
    let is_mailed = move || row.with(|row| row.as_ref().is_some_and(|row| row.follow_up_at.is_some()));
    let at = move || row.with(|row| row.as_ref().map_or_else(Default::default, |row| row.last_message_at));
    let today = move || Local::of(desk.now.get());
    let open = router.follow(Route::Conversation(number));
    view! {
        <li class="row" class:row--open=is_open class:row--unread=move || unread() != 0>
            <a
                class="row__link"
                id=format!("conversation-{number}")
                href=Route::Conversation(number).path()
                aria-current=move || is_open.get().then_some("true")
                tabindex=move || if reachable.get() == Some(id) { "0" } else { "-1" }
                on:click=open
                on:focus=move |_| focused.set(Some(id))
            >
                <span class="row__face">
                    <Avatar name=name hue_of=number.to_string()/>
                    <PresenceDot presence/>
                </span>
                <span class="row__name" dir="auto">{name}</span>
                <time
                    class="row__time"
                    datetime=move || calendar::machine_time(at())
                    title=move || Local::of(at()).full(today())
                >
                    {move || calendar::ago(desk.now.get(), at(), today(), Local::of(at()))}
                </time>
                <span class="row__line" class:row__line--typing=typing dir="auto">
                    {move || if typing.get() { "typing…".to_owned() } else { of(words::last_line) }}
                </span>
                {move || {
                    (unread() > 0).then(|| {
                        let count = unread();
                        let shown = if count > 99 { "99+".to_owned() } else { count.to_string() };
                        view! {
                            <span class="row__unread">
                                {shown}<span class="visually-hidden">" unread"</span>
                            </span>
                        }
                    })
                }}
                <span class="row__facts">
                    <span class="row__number">{format!("#{number}")}</span>
                    <StatusChip status/>
                    {move || is_mailed().then(|| view! {
                        <span class="row__mail" title="Unseen replies will be e-mailed">
                            {icon(Icon::Mail)}<span class="visually-hidden">"An e-mail waits"</span>
                        </span>
                    })}
                    {move || failed.get().then(|| view! { <span class="row__failed">"Not sent"</span> })}
                </span>
                {move || {
                    assignee().map(|name| {
                        view! {
                            <span class="row__assignee" title=format!("Assigned to {name}")>
                                <Avatar name=name.clone() small=true/>
                                <span class="visually-hidden">{format!("Assigned to {name}")}</span>
                            </span>
                        }
                    })
                }}
            </a>
        </li>
    }
}
