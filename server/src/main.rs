//! `causette`: reads the arguments and hands over.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    causette_server::cli::main().await
}
