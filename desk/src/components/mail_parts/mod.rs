//! What a message that came by e-mail shows beside its text: where it came from, whether that is true, its files.

use causette_shared::contact::Contact;
use causette_shared::entry::{File, Mail, SenderCheck};
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::state::mail::words::{self, FileKind, Sender};

/// Files that are listed before the rest is asked for.
const FILES_SHOWN: usize = 8;

/// The line under the name: that it came by e-mail, from which address, and what is known of that.
#[must_use]
pub fn mail_source(mail: &Mail, contact: &Contact) -> AnyView {
    let sender = words::sender(mail, contact);
    let is_shown = words::is_shown_to_visitor(mail, contact);
    let (class, picture) = match mail.sender {
        SenderCheck::Passed => ("mail-source__check mail-source__check--passed", Some(Icon::Check)),
        SenderCheck::Unknown => ("mail-source__check", None),
        SenderCheck::Failed => ("mail-source__check mail-source__check--failed", Some(Icon::Warning)),
    };
    // Where the address stands as the name already, it is not said twice.
    let address = match sender {
        Sender::Visitor => Some(view! { <bdi class="mail-source__address">{mail.from.clone()}</bdi> }),
        Sender::Address { .. } => None,
    };
    let is_other = sender == Sender::Address { is_other: true };
    view! {
        <p class="mail-source">
            <span class="mail-source__way">{icon(Icon::Mail)}"by e-mail"</span>
            {address}
            <span class=class>{picture.map(icon)}{words::check(mail.sender)}</span>
            {is_other.then(|| view! { <span class="mail-source__check">"not the visitor’s address"</span> })}
            {(!is_shown).then(|| view! { <span class="mail-source__check">"only agents can read it"</span> })}
        </p>
    }
    .into_any()
}

/// What an agent is warned of before they read a mail whose sender is not who it says.
#[must_use]
pub fn mail_warning(mail: &Mail) -> Option<AnyView> {
    (mail.sender == SenderCheck::Failed).then(|| {
        view! {
            <div class="mail-warning" role="note">
                {icon(Icon::Warning)}
                <p>
                    <strong>"This mail may not be from the address it names."</strong>
                    " Do not act on it, or open its files, before its sender has confirmed it in another way."
                </p>
            </div>
        }
        .into_any()
    })
}

/// What stands in place of a text that is not there.
#[must_use]
pub fn no_text(mail: &Mail) -> AnyView {
    let text = match (mail.files.is_empty(), mail.is_cut) {
        (false, _) => "No text, only files.",
        (true, true) => "No text but what it quotes.",
        (true, false) => "An empty mail.",
    };
    view! { <p class="mail-empty">{text}</p> }.into_any()
}

/// The files that came with a mail.
#[component]
pub fn MailFiles(
    /// Them, at least one.
    files: Vec<File>,
) -> impl IntoView {
    let count = files.len();
    let rest = count.saturating_sub(FILES_SHOWN);
    let all_shown = RwSignal::new(rest <= 1);
    let row = |file: &File| file_row(file);
    let first = files.iter().take(FILES_SHOWN).map(row).collect_view();
    let more = StoredValue::new(files.into_iter().skip(FILES_SHOWN).collect::<Vec<_>>());
    let label = words::counted(u32::try_from(count).unwrap_or(u32::MAX), "file", "files");
    view! {
        <ul class="mail-files" role="list" aria-label=label>
            {first}
            {move || all_shown.get().then(|| more.with_value(|more| more.iter().map(row).collect_view()))}
        </ul>
        {move || (!all_shown.get()).then(|| view! {
            <button class="mail-files__more" type="button" on:click=move |_| all_shown.set(true)>
                {format!("Show {rest} more files")}
            </button>
        })}
    }
}

/// The name says what the sender wants it to be, the kind what its first bytes say.
fn file_row(file: &File) -> AnyView {
    let kind = words::file_kind(&file.media_type);
    let picture = match kind {
        FileKind::Picture => Icon::Picture,
        FileKind::Sound => Icon::Sound,
        FileKind::Film => Icon::Film,
        FileKind::Archive => Icon::Archive,
        FileKind::Document => Icon::Document,
        FileKind::Other => Icon::File,
    };
    let name = words::file_name(&file.name).into_owned();
    let saved_as = name.clone();
    let facts = [words::file_kind_name(kind), " · ", &words::size(file.size)].concat();
    view! {
        <li>
            <a
                class="mail-file"
                href=["/api/v1/desk/files/", &file.id.to_string()].concat()
                title="Download"
                download=saved_as
            >
                {icon(picture)}
                <span class="mail-file__name"><bdi>{name}</bdi></span>
                <span class="mail-file__facts">{facts}</span>
            </a>
        </li>
    }
    .into_any()
}
