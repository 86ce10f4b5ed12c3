//! Starts and stops what a story needs. Dropping a value ends what it started.

mod agent_socket;
mod bidi;
mod browser;
mod chance;
mod driver;
pub mod environment;
mod gate;
mod host_site;
mod mailbox;
mod native_app;
mod process;
mod proxy;
mod server;
mod switchboard;
mod visitor_socket;
mod wait;

pub use agent_socket::AgentSocket;
pub use browser::{Browser, Cookie, Engine, Looks, Media, Storage};
pub use chance::Chance;
pub use driver::Command;
pub use gate::{Gate, Sockets};
pub use host_site::{HostSite, Policy};
pub use mailbox::Mail;
pub use native_app::{NativeApp, Screen};
pub use proxy::{Damage, Delay, Proxy, Way, Wire};
pub use server::{ALICE, BOB, PASSWORD, Server};
pub use visitor_socket::{Burst, VisitorSocket};
pub use wait::{PATIENCE, Problem, wait_for, wait_for_at_most, wait_until, wait_until_at_most};
