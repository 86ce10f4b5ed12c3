//! Where the agent writes. Enter sends, Shift+Enter begins a line; the draft is kept per conversation.

use std::sync::Arc;

use causette_shared::conversation::Status;
use causette_shared::id::{ConversationId, Seq};
use causette_shared::limits::MESSAGE_CHARS;
use causette_shared::presence::{Presence, UnreachableReason};
use causette_shared::protocol::agent::ConversationSummary;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::state::desk::Desk;
use crate::state::kept;
use crate::state::timeline::Timeline;

/// From how many characters on their number is shown.
const COUNTED_FROM: usize = MESSAGE_CHARS - 500;
/// The key code that browsers report while an input method composes (UI Events, §"keyCode for input method editors").
const COMPOSING: u32 = 229;

/// Draws the composer.
#[component]
pub fn Composer(
    /// The store.
    desk: Desk,
    /// Which conversation.
    id: ConversationId,
    /// The conversation.
    row: Memo<Option<Arc<ConversationSummary>>>,
    /// The text; others may put one in.
    draft: RwSignal<String>,
    /// The text box.
    field: NodeRef<html::Textarea>,
) -> impl IntoView {
    let closed =
        Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.status == Status::Closed)));
    let length = move || draft.with(|draft| draft.trim().chars().count());
    let too_long = move || length() > MESSAGE_CHARS;
    let can_send = move || !closed.get() && length() > 0 && !too_long();
    // The last entry when writing began: an answer of a colleague after it makes the draft stale.
    let begun_after = RwSignal::new(None::<Seq>);
    let loaded = Memo::new(move |_| desk.log.get().loaded);

    Effect::new(move |_| {
        let empty = draft.with(String::is_empty);
        let loaded = loaded.get();
        let begun = begun_after.get_untracked();
        if empty && begun.is_some() {
            begun_after.set(None);
        } else if loaded && !empty && begun.is_none() {
            begun_after.set(Some(desk.log.get_untracked().last_seq));
        }
    });
    // Storage and height follow the text, whoever put it in.
    Effect::new(move |_| {
        draft.with(|text| {
            if let Some(agent) = desk.my_id() {
                kept::set_draft(agent, id, text);
            }
        });
        if let Some(field) = field.get() {
            request_animation_frame(move || grow(&field));
        }
    });

    let send = move || {
        if can_send() && draft.with_untracked(|draft| desk.send(draft)) {
            draft.set(String::new());
            if let Some(field) = field.get_untracked() {
                let _ = field.focus();
            }
        }
    };
    let pressed = move |event: KeyboardEvent| {
        let composing = event.is_composing() || event.key_code() == COMPOSING;
        if event.key() == "Enter" && !composing && !event.shift_key() && !event.alt_key() {
            event.prevent_default();
            send();
        }
    };
    let typed = move |event| {
        draft.set(event_target_value(&event));
        desk.set_typing(draft.with_untracked(|draft| !draft.trim().is_empty()));
    };
    view! {
        <form
            class="composer"
            class:composer--closed=closed
            aria-label="Reply to the visitor"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <div class="composer__hints" role="status">{move || hint(desk, id, row, begun_after)}</div>
            <div class="composer__box">
                <textarea
                    class="composer__field"
                    aria-label="Reply"
                    aria-describedby="composer-note"
                    rows="1"
                    placeholder=move || if closed.get() { "" } else { "Write a reply…" }
                    dir="auto"
                    node_ref=field
                    prop:value=draft
                    prop:disabled=closed
                    aria-invalid=move || too_long().then_some("true")
                    on:input=typed
                    on:keydown=pressed
                    on:blur=move |_| desk.set_typing(false)
                ></textarea>
                <button class="button button--primary composer__send" type="submit" prop:disabled=move || !can_send()>
                    <span>"Send"</span>
                    {icon(Icon::Send)}
                </button>
            </div>
            <p class="composer__note" id="composer-note">
                {move || {
                    if closed.get() {
                        "This conversation is closed and takes no more answers.".to_owned()
                    } else if length() >= COUNTED_FROM {
                        format!("{} of {MESSAGE_CHARS} characters", length())
                    } else {
                        "Enter sends · Shift + Enter begins a new line".to_owned()
                    }
                }}
            </p>
        </form>
    }
}

/// What the agent should know before sending: the most pressing thing alone.
fn hint(
    desk: Desk,
    id: ConversationId,
    row: Memo<Option<Arc<ConversationSummary>>>,
    begun_after: RwSignal<Option<Seq>>,
) -> Option<AnyView> {
    let answered = begun_after
        .get()
        .and_then(|seq| desk.timeline.with(|timeline| timeline.find_colleague_after(seq)))
        .map(|name| format!("{name} answered while you were writing."));
    let typing = || {
        let names = desk.typists.with(|typists| typists.agents(id));
        (!names.is_empty()).then(|| format!("{} is typing an answer.", names.join(", ")))
    };
    let away = || {
        let presence = row.with(|row| row.as_ref().map(|row| (row.presence, row.status)));
        let why = match presence? {
            (Presence::Unreachable(_), Status::Closed) => None,
            (Presence::Unreachable(UnreachableReason::NoAddress), _) => Some("gave no address"),
            (Presence::Unreachable(UnreachableReason::Bounced), _) => Some("mail to them came back"),
            (Presence::Unreachable(UnreachableReason::OptedOut), _) => Some("wants no e-mail"),
            _ => None,
        };
        why.map(|why| format!("The visitor has left and {why}: they read this only if they come back."))
    };
    let ended = || {
        let is_open = row.with(|row| row.as_ref().is_some_and(|row| row.status != Status::Closed));
        (is_open && desk.timeline.with(Timeline::has_ended))
            .then(|| "The chat has ended. What you write goes on in the same conversation.".to_owned())
    };
    let pressing = answered.is_some();
    let text = answered.or_else(typing).or_else(away).or_else(ended)?;
    Some(view! { <p class="composer__hint" class:composer__hint--warning=pressing>{text}</p> }.into_any())
}

/// Makes the field as high as its text; the style sheet sets the most.
fn grow(field: &web_sys::HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(field);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", field.scroll_height()));
}
