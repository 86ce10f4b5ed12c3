//! A mail as its reader will see it: where it goes, its subject, and its page in a frame that runs nothing, or its plain
//! text.
//!
//! The page comes from the server, which is asked for it with a form: under its own policy it may have the styles that
//! mails need, and the desk's own stays as strict as it is.

use causette_shared::protocol::conversation_mail::InvitePreview;
use leptos::html;
use leptos::prelude::*;

/// The frame, as the form names it.
const FRAME: &str = "mail-preview";

/// Draws the mail.
#[component]
pub fn MailPreview(
    /// The mail.
    mail: InvitePreview,
    /// Where its page is asked for.
    page: String,
    /// What the agent wrote.
    text: String,
) -> impl IntoView {
    let as_text = RwSignal::new(false);
    let form = NodeRef::<html::Form>::new();
    // Whoever asked for the preview goes on from here: the button they pressed is gone.
    let head = NodeRef::<html::Dl>::new();
    Effect::new(move |_| {
        if let Some(head) = head.get() {
            let _ = head.focus();
        }
    });
    let field = NodeRef::<html::Textarea>::new();
    // The frame stands by then, so that the form finds it. The field is filled here: what is drawn with a value has it
    // only later.
    Effect::new(move |_| {
        if let (Some(form), Some(field)) = (form.get(), field.get()) {
            field.set_value(&text);
            let _ = form.submit();
        }
    });
    let InvitePreview { to, from_name, subject, text: plain } = mail;
    let fact = |term: &'static str, value: String| {
        view! {
            <div class="mail-preview__fact">
                <dt class="mail-preview__term">{term}</dt>
                <dd class="mail-preview__value" dir="auto">{value}</dd>
            </div>
        }
    };
    let choice = move |label: &'static str, wants_text: bool| {
        view! {
            <button
                class="mail-preview__choice"
                type="button"
                aria-pressed=move || if as_text.get() == wants_text { "true" } else { "false" }
                on:click=move |_| as_text.set(wants_text)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="mail-preview">
            <dl class="mail-preview__head" tabindex="-1" aria-label="The e-mail" node_ref=head>
                {fact("To", to)} {fact("From", from_name)} {fact("Subject", subject)}
            </dl>
            <div class="mail-preview__choices" role="group" aria-label="Show the e-mail as">
                {choice("Formatted", false)} {choice("Plain text", true)}
            </div>
            <iframe
                class="mail-preview__page"
                title="The e-mail as it will be"
                name=FRAME
                sandbox=""
                hidden=as_text
            ></iframe>
            <pre class="mail-preview__page mail-preview__text" tabindex="0" dir="auto" hidden=move || !as_text.get()>
                {plain}
            </pre>
            <form hidden=true method="post" enctype="text/plain" action=page target=FRAME node_ref=form>
                <textarea name="text" node_ref=field></textarea>
            </form>
        </div>
    }
}
