//! Pictograms, drawn with lines in the text's colour. They say nothing to a screen reader: what they mean stands in the
//! control's name.

use leptos::prelude::*;

/// A pictogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Back to the list.
    Back,
    /// Something failed.
    Alert,
    /// Sent.
    Check,
    /// Seen.
    Checks,
    /// Under way.
    Clock,
    /// Close.
    Close,
    /// Down.
    Down,
    /// Who the visitor is.
    Person,
    /// One more.
    Plus,
    /// Filter.
    Search,
    /// Send.
    Send,
    /// More that can be done.
    More,
    /// The end of something.
    End,
    /// A copy.
    Copy,
    /// A link that leads nowhere.
    Unlink,
    /// Leave.
    SignOut,
    /// As the system has it.
    Screen,
    /// Light.
    Sun,
    /// Dark.
    Moon,
    /// A conversation.
    Bubble,
    /// E-mail.
    Mail,
    /// A file of any kind.
    File,
    /// A file to read.
    Document,
    /// A picture.
    Picture,
    /// Something to hear.
    Sound,
    /// A film.
    Film,
    /// Files in one.
    Archive,
    /// Not to be trusted.
    Warning,
}

/// Draws a pictogram.
#[must_use]
pub fn icon(icon: Icon) -> AnyView {
    let path = match icon {
        Icon::Back => "M12.5 4.5 7 10l5.5 5.5",
        Icon::Alert => "M10 6.5v4.25M10 13.6v.05M10 2.75a7.25 7.25 0 1 0 0 14.5 7.25 7.25 0 0 0 0-14.5Z",
        Icon::Check => "m4.5 10.5 3.5 3.5 7.5-8",
        Icon::Checks => "m1.75 10.75 3.25 3.25 6.75-7.5M9.25 13l1 1 7-7.5",
        Icon::Clock => "M10 6v4.25l2.75 1.75M10 2.75a7.25 7.25 0 1 0 0 14.5 7.25 7.25 0 0 0 0-14.5Z",
        Icon::Close => "m5 5 10 10M15 5 5 15",
        Icon::Down => "M10 4v12m5-5-5 5-5-5",
        Icon::Person => {
            "M10 9.5a3.25 3.25 0 1 0 0-6.5 3.25 3.25 0 0 0 0 6.5ZM3.75 17c.5-3 3-4.75 6.25-4.75s5.75 1.75 6.25 4.75"
        }
        Icon::Plus => "M10 4.5v11M4.5 10h11",
        Icon::Search => "m17 17-3.9-3.9M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Z",
        Icon::Send => {
            "M3.5 10h6.25M3.5 10 2.75 4.2c-.1-.8.7-1.4 1.4-1.05l12.6 6.1c.65.3.65 1.2 0 1.5l-12.6 6.1c-.7.35-1.5-.25-1.4-1.05L3.5 10Z"
        }
        Icon::More => "M4.75 10v.05M10 10v.05M15.25 10v.05",
        Icon::End => "m7 10.25 2.25 2.25L13.25 8M10 2.75a7.25 7.25 0 1 0 0 14.5 7.25 7.25 0 0 0 0-14.5Z",
        Icon::Copy => {
            "M8 7h7.5c.55 0 1 .45 1 1v7.5c0 .55-.45 1-1 1H8c-.55 0-1-.45-1-1V8c0-.55.45-1 1-1ZM4.5 13h-.25c-.55 0-1-.45-1-1V4.5c0-.55.45-1 1-1h7.5c.55 0 1 .45 1 1v.25"
        }
        Icon::Unlink => {
            "m8.5 5.5 1.6-1.6a3.5 3.5 0 0 1 5 5l-1.6 1.6M11.5 14.5l-1.6 1.6a3.5 3.5 0 0 1-5-5l1.6-1.6M7.5 3v2M3 7.5h2M12.5 17v-2M17 12.5h-2"
        }
        Icon::SignOut => {
            "M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M13 13.5l3.5-3.5L13 6.5M16.25 10H8"
        }
        Icon::Screen => {
            "M4 3.75h12c.7 0 1.25.55 1.25 1.25v7.5c0 .7-.55 1.25-1.25 1.25H4c-.7 0-1.25-.55-1.25-1.25V5c0-.7.55-1.25 1.25-1.25ZM7.5 16.75h5M10 13.75v3"
        }
        Icon::Sun => {
            "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 1.75v1.5M10 16.75v1.5M4.17 4.17l1.06 1.06M14.77 14.77l1.06 1.06M1.75 10h1.5M16.75 10h1.5M4.17 15.83l1.06-1.06M14.77 5.23l1.06-1.06"
        }
        Icon::Moon => "M16.75 11.7A7 7 0 0 1 8.3 3.25a7 7 0 1 0 8.45 8.45Z",
        Icon::Bubble => {
            "M10 3c4.15 0 7.25 2.75 7.25 6.4S14.15 15.8 10 15.8c-.8 0-1.55-.1-2.25-.3L4 17l.8-3.1c-1.3-1.15-2.05-2.7-2.05-4.5C2.75 5.75 5.85 3 10 3Z"
        }
        Icon::Mail => {
            "M4 4.25h12c.85 0 1.5.65 1.5 1.5v8.5c0 .85-.65 1.5-1.5 1.5H4c-.85 0-1.5-.65-1.5-1.5v-8.5c0-.85.65-1.5 1.5-1.5Zm-1 1.5 7 5.25 7-5.25"
        }
        Icon::File => {
            "M11.5 2.75H6c-.7 0-1.25.55-1.25 1.25v12c0 .7.55 1.25 1.25 1.25h8c.7 0 1.25-.55 1.25-1.25V6.5l-3.75-3.75ZM11.5 3v3.5H15"
        }
        Icon::Document => {
            "M11.5 2.75H6c-.7 0-1.25.55-1.25 1.25v12c0 .7.55 1.25 1.25 1.25h8c.7 0 1.25-.55 1.25-1.25V6.5l-3.75-3.75ZM7.5 10h5M7.5 13h5"
        }
        Icon::Picture => {
            "M4.25 3.5h11.5c.7 0 1.25.55 1.25 1.25v10.5c0 .7-.55 1.25-1.25 1.25H4.25C3.55 16.5 3 15.95 3 15.25V4.75c0-.7.55-1.25 1.25-1.25ZM3.25 14l4-4 3 3 2.5-2.5 4 4M12.5 7.25v.05"
        }
        Icon::Sound => {
            "M7.5 14.5V5l8-1.75v9.5M7.5 14.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0Zm8-1.75a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z"
        }
        Icon::Film => {
            "M4 4.5h12c.7 0 1.25.55 1.25 1.25v8.5c0 .7-.55 1.25-1.25 1.25H4c-.7 0-1.25-.55-1.25-1.25v-8.5c0-.7.55-1.25 1.25-1.25ZM8.5 7.75v4.5L12.25 10 8.5 7.75Z"
        }
        Icon::Archive => {
            "M3.5 3.75h13v3.5h-13v-3.5ZM4.5 7.25V15c0 .7.55 1.25 1.25 1.25h8.5c.7 0 1.25-.55 1.25-1.25V7.25M8 10.25h4"
        }
        Icon::Warning => {
            "M10 7.5v3.75M10 13.85v.05M8.9 3.4 2.4 14.6c-.5.85.1 1.9 1.1 1.9h13c1 0 1.6-1.05 1.1-1.9L11.1 3.4c-.5-.85-1.7-.85-2.2 0Z"
        }
    };
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
            <path d=path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
    }
    .into_any()
}

/// The product's mark.
#[must_use]
pub fn mark() -> AnyView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
            <path class="mark__bubble" d="M16 3.5c7.6 0 13.25 5 13.25 11.75S23.6 27 16 27c-1.35 0-2.65-.15-3.85-.45L5.6 29.1c-.75.3-1.5-.4-1.25-1.15l1.3-4.3C3.8 21.4 2.75 18.5 2.75 15.25 2.75 8.5 8.4 3.5 16 3.5Z"/>
            <circle class="mark__dot" cx="10.25" cy="15.25" r="1.9"/>
            <circle class="mark__dot" cx="16" cy="15.25" r="1.9"/>
            <circle class="mark__dot" cx="21.75" cy="15.25" r="1.9"/>
        </svg>
    }
    .into_any()
}
