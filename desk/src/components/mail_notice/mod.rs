//! The line that tells administrators that mail can go nowhere, because no mail server is set.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::router::{Route, Router};
use crate::state::desk::Desk;

/// Draws the line. It can be put away until the next sign-in.
#[component]
pub fn MailNotice(
    /// The store.
    desk: Desk,
    /// The way to the page that says what to do.
    router: Router,
) -> impl IntoView {
    move || {
        desk.lacks_mail_server().then(|| {
            view! {
                <aside class="mail-notice" aria-label="Mail">
                    {icon(Icon::Mail)}
                    <p>
                        "No mail server is set: mails wait in the outbox. "
                        <a class="link" href=Route::Mail.path() on:click=router.follow(Route::Mail)>"What to set"</a>
                    </p>
                    <button
                        class="icon-button"
                        type="button"
                        aria-label="Hide this notice"
                        title="Hide"
                        on:click=move |_| desk.mail.is_notice_hidden.set(true)
                    >
                        {icon(Icon::Close)}
                    </button>
                </aside>
            }
        })
    }
}
