//! The screens as a person meets them.

mod acts;
mod contacts;
mod desk;
mod host;
mod install;
mod mail;
mod numbered;
mod panel;
mod shop;
mod view;

pub use contacts::Contacts;
pub use desk::Desk;
pub use host::HostPage;
pub use install::Install;
pub use mail::Mail;
pub use panel::Panel;
pub use shop::Shop;
pub use view::{Place, Role, View};
