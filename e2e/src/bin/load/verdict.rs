//! The figures beside their goals (DESIGN 8).

use std::time::Duration;

use causette_e2e::report::{self, Report};

use super::herd::Return;
use super::idle::Idle;
use super::options::Options;
use super::stored::Stored;
use super::talk::Round;

/// What the server may hold with `Options::idle` visitors, MiB.
pub const MEMORY_MIB: f64 = 300.0;
/// The 99th percentile from send to seen on the other side.
pub const SEEN_WITHIN: Duration = Duration::from_millis(150);
/// The time in which everybody is back after a restart.
pub const RETURN: Duration = Duration::from_secs(15);

/// Makes the table.
pub fn report(
    options: &Options,
    idle: Option<&Idle>,
    rounds: &[Round],
    returns: &[Return],
    stored: Option<Stored>,
) -> Report {
    let mut report = Report::default();
    report.set_beside(format!("{}, {}", report::system(), options.database_name()));
    if let Some(idle) = idle {
        add_memory(&mut report, options.idle, idle);
    }
    for round in rounds {
        add_round(&mut report, options, round);
    }
    for back in returns {
        let (half, last) = (back.arrivals.quantile(0.5), back.arrivals.max());
        let all = back.arrivals.len() == back.clients;
        report.add(
            &format!("{} clients are back: {}", back.clients, back.story()),
            format!("all after {:.1} s (half after {:.1})", last.as_secs_f64(), half.as_secs_f64()),
            &format!("≤ {} s", RETURN.as_secs()),
            all && last <= RETURN,
        );
    }
    if let Some(stored) = stored {
        let what = format!("of {} messages: lost, doubled, misplaced", stored.written);
        let figure = format!("{}, {}, {}", stored.lost, stored.doubled, stored.holes);
        report.add(&what, figure, "0, 0, 0", stored.is_whole());
    }
    report
}

fn add_memory(report: &mut Report, visitors: usize, idle: &Idle) {
    let mib = |points: &[(usize, f64)]| points.last().map_or(0.0, |(_, kib)| kib / 1024.0);
    let goal = format!("≤ {MEMORY_MIB:.0} MiB");
    let (open, conversing) = (mib(&idle.open), mib(&idle.conversing));
    let each = idle.each();
    let mut add = |how: &str, mib: f64, each: f64| {
        let what = format!("resident memory with {visitors} idle visitors, {how}");
        report.add(&what, format!("{mib:.0} MiB ({each:.1} KiB each)"), &goal, mib <= MEMORY_MIB);
    };
    add("panel open", open, each.0);
    add("in a conversation", conversing, each.1);
}

fn add_round(report: &mut Report, options: &Options, round: &Round) {
    let is_judged = (round.rate - options.judged).abs() < f64::EPSILON;
    let goal = format!("p99 ≤ {} ms", SEEN_WITHIN.as_millis());
    for (way, times) in [("visitor to desk", &round.questions), ("desk to visitor", &round.answers)] {
        let what = format!("{:.0} messages/s, {way}", round.rate);
        if is_judged {
            report.add(&what, times, &goal, times.quantile(0.99) <= SEEN_WITHIN && round.unseen == 0);
        } else {
            report.note(&what, times);
        }
    }
    let troubles = round.troubles;
    report.note(
        &format!("{:.0} messages/s: seen a second; server's cores; refused, reconnects, late", round.rate),
        format!(
            "{:.0}; {:.2}; {}, {}, {}",
            round.throughput, round.cores, troubles.refused, troubles.lost, round.unseen
        ),
    );
}
