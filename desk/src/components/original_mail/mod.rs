//! The dialog that shows a mail as it came: who it says it is from, what their domain says of that, the whole text.

use causette_shared::id::{ConversationId, EntryId};
use leptos::prelude::*;

use crate::components::dialog::Dialog;
use crate::state::calendar::Local;
use crate::state::contacts::Load;
use crate::state::desk::Desk;
use crate::state::mail::Original;
use crate::state::mail::requests::OriginalMail;

/// Draws the dialog. It is there as long as it is open.
#[component]
pub fn OriginalMailDialog(
    /// The store.
    desk: Desk,
    /// The conversation.
    conversation: ConversationId,
    /// The message that the mail became.
    entry: EntryId,
    /// Closes it.
    close: Callback<()>,
) -> impl IntoView {
    let original = Original::open(desk, conversation, entry);
    let inside = move || match original.mail.get() {
        Load::Ready(mail) => shown(&mail, Local::of(desk.now.get_untracked())),
        Load::Missing => view! {
            <p class="dialog__text" role="status">"The original is not kept any more."</p>
        }
        .into_any(),
        Load::Failed(text) => view! {
            <div class="original__state" role="alert">
                <p class="dialog__error">{text}</p>
                <button class="button" type="button" on:click=move |_| original.ask()>"Try again"</button>
            </div>
        }
        .into_any(),
        Load::Nothing | Load::Loading => view! {
            <p class="original__state" role="status">
                <span class="spinner" aria-hidden="true"></span>
                "Loading the mail…"
            </p>
        }
        .into_any(),
    };
    let inside = view! { <div class="original">{inside}</div> }.into_any();
    view! { <Dialog title="Original mail" close inside/> }
}

fn shown(mail: &OriginalMail, today: Local) -> AnyView {
    let date = mail.date.map(|at| Local::of(at).full(today));
    let facts =
        [("From", &mail.from), ("Subject", &mail.subject), ("Date", &date), ("Message-ID", &mail.message_id)];
    let facts = facts.into_iter().filter_map(|(term, value)| {
        let value = value.clone().filter(|value| !value.trim().is_empty())?;
        Some(view! { <div><dt>{term}</dt><dd dir="auto">{value}</dd></div> })
    });
    let checks = [("SPF", &mail.spf), ("DKIM", &mail.dkim), ("DMARC", &mail.dmarc)];
    let checks = checks.into_iter().filter_map(|(name, said)| {
        let said = said.clone().filter(|said| !said.trim().is_empty())?;
        let class = match said.to_ascii_lowercase().as_str() {
            "pass" => "original__check original__check--pass",
            "fail" => "original__check original__check--fail",
            _ => "original__check",
        };
        Some(view! { <li class=class><b>{name}</b>" "<bdi>{said}</bdi></li> })
    });
    let text = mail.text.clone().filter(|text| !text.trim().is_empty());
    let text = match text {
        Some(text) => view! {
            <pre class="original__text" dir="auto" tabindex="0" role="region" aria-label="Text of the mail">{text}</pre>
        }
        .into_any(),
        None => view! { <p class="dialog__text">"This mail has no text."</p> }.into_any(),
    };
    view! {
        <dl class="original__facts">{facts.collect_view()}</dl>
        <ul class="original__checks" role="list" aria-label="What the sender’s domain says">{checks.collect_view()}</ul>
        {text}
    }
    .into_any()
}
