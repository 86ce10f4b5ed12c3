//! What the server keeps in memory: alone, and for each visitor who is only there.

use causette_e2e::harness::{Server, VisitorSocket, environment, wait_for};
use causette_shared::protocol::visitor::ServerFrame;

use causette_e2e::report::Report;

/// Visitors at once.
const VISITORS: usize = 1_000;

/// Measures with visitors who have only opened the panel, and with visitors who have a conversation.
pub async fn measure(report: &mut Report) {
    let settings = [("CONVERSATIONS_PER_MINUTE", "1000000")];
    let server = Server::start_with(&settings).await;
    // One connection first: what the first one brings to life stays for all.
    let _first = VisitorSocket::connect(&server.origin, None, None).await;
    let idle = resident(&server);
    report.add(
        "resident memory of an idle server",
        format!("{:.1} MiB", idle / 1024.0),
        "≤ 40 MiB",
        idle <= 40.0 * 1024.0,
    );

    let mut visitors = Vec::with_capacity(VISITORS);
    for _ in 0..VISITORS {
        visitors.push(VisitorSocket::connect(&server.origin, None, None).await);
    }
    let each = (resident(&server) - idle) / VISITORS as f64;
    report.add(
        "resident memory per idle visitor, panel open",
        format!("{each:.1} KiB"),
        "≤ 8 KiB",
        each <= 8.0,
    );

    let before = resident(&server);
    let mut writers = Vec::with_capacity(VISITORS);
    for _ in 0..VISITORS {
        let secret = environment::session_secret();
        let mut writer = VisitorSocket::connect(&server.origin, Some(&secret), None).await;
        let id = writer.say("Hello").await.expect("the connection is open");
        wait_for("the acknowledgement", async || {
            let frame = writer.receive().await.ok_or("the connection went")?;
            Ok(matches!(frame, ServerFrame::Acknowledged { id: acknowledged, .. } if acknowledged == id)
                .then_some(()))
        })
        .await;
        writers.push(writer);
    }
    let each = (resident(&server) - before) / VISITORS as f64;
    report.add(
        "resident memory per idle visitor, in a conversation",
        format!("{each:.1} KiB"),
        "≤ 8 KiB",
        each <= 8.0,
    );
    drop((visitors, writers));
}

/// Resident memory of the server's process, KiB.
fn resident(server: &Server) -> f64 {
    environment::resident_kib(server.process())
}
