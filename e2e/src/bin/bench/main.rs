//! `cargo xtask bench`: the figures of DESIGN 8 that need a browser or a running server, as a table in Markdown.
//!
//! Everything runs on this machine over loopback, so the network counts for nothing and the neighbours for something:
//! each figure is the median of several runs, with the best and the worst beside it.

mod before_click;
mod delivery;
mod memory;
mod opening;

use causette_e2e::report::Report;

#[tokio::main]
async fn main() {
    let mut report = Report::default();
    before_click::measure(&mut report).await;
    opening::measure(&mut report).await;
    delivery::measure(&mut report).await;
    memory::measure(&mut report).await;
    print!("{report}");
}
