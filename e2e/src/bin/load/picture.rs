//! The picture in docs/benchmarks.md: times over rate, memory over visitors, the return of a herd.

use super::herd::{BAR, Return};
use super::idle::Idle;
use super::plot::{Axis, Direction, Panel, Series, draw};
use super::samples::millis;
use super::talk::Round;
use super::verdict::{MEMORY_MIB, RETURN, SEEN_WITHIN};

/// How far an axis goes beyond a limit at least, as a factor.
const ROOM: f64 = 1.1;

/// Draws what was measured.
pub fn of(idle: Option<&Idle>, rounds: &[Round], returns: &[Return]) -> String {
    let mut panels = Vec::new();
    if !rounds.is_empty() {
        panels.push(times(rounds));
    }
    panels.extend(idle.map(memory));
    if !returns.is_empty() {
        panels.push(herd(returns));
    }
    let description = "Left: milliseconds from send to seen over messages a second, as quantiles, beside the limit. \
        Middle: the server's memory over the number of idle visitors. Right: how many clients are back how long after \
        a restart. The figures stand in the table beside this picture.";
    draw("Causette under load", description, &panels)
}

fn times(rounds: &[Round]) -> Panel {
    let both: Vec<_> = rounds.iter().map(|round| (round.rate, round.both())).collect();
    let series = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map(|(name, share)| Series {
        name: name.to_owned(),
        points: both.iter().map(|(rate, times)| (*rate, millis(times.quantile(share)).max(1.0))).collect(),
    });
    let most = both.iter().map(|(_, times)| millis(times.quantile(0.99))).fold(0.0, f64::max);
    let ticks = rounds.iter().map(|round| round.rate).collect();
    let limit = millis(SEEN_WITHIN);
    Panel {
        title: "Send to seen on the other side".to_owned(),
        x: Axis { label: "messages a second, both sides".to_owned(), ticks, logarithmic: true },
        y: Axis::decades("ms", most.max(limit)),
        series: series.into(),
        limit: Some((Direction::Across, limit, format!("goal for p99: {limit:.0} ms"))),
    }
}

fn memory(idle: &Idle) -> Panel {
    let mib = |(count, kib): &(usize, f64)| (*count as f64, kib / 1024.0);
    let all_open = idle.open.last().map_or(idle.alone, |(_, kib)| *kib);
    let points = |first: f64, rest: &[(usize, f64)]| {
        std::iter::once(mib(&(0, first))).chain(rest.iter().map(mib)).collect()
    };
    let most = idle.open.last().map_or(0, |(count, _)| *count);
    Panel {
        title: "Memory of the server".to_owned(),
        x: Axis::linear("idle visitors", most as f64),
        y: Axis::linear("MiB", (idle.most() / 1024.0).max(MEMORY_MIB * ROOM)),
        series: vec![
            Series { name: "panel open".to_owned(), points: points(idle.alone, &idle.open) },
            // They say hello when all are there.
            Series {
                name: "of all, in a conversation".to_owned(),
                points: points(all_open, &idle.conversing),
            },
        ],
        limit: Some((Direction::Across, MEMORY_MIB, format!("goal: {MEMORY_MIB:.0} MiB"))),
    }
}

fn herd(returns: &[Return]) -> Panel {
    let series = returns.iter().map(|one| {
        let mut here = 0;
        let mut points = vec![(0.0, 0.0)];
        for (bar, count) in one.arrivals.histogram(BAR).into_iter().enumerate() {
            here += count;
            points.push((
                BAR.as_secs_f64() * (bar + 1) as f64,
                f64::from(u32::try_from(here).unwrap_or(u32::MAX)),
            ));
        }
        Series { name: one.name(), points }
    });
    let clients = returns.iter().map(|one| one.clients).max().unwrap_or_default();
    let last = returns.iter().map(|one| one.arrivals.max()).max().unwrap_or_default();
    Panel {
        title: "Clients that are back after a restart".to_owned(),
        x: Axis::linear(
            "seconds since the server was started again",
            last.max(RETURN.mul_f64(ROOM)).as_secs_f64(),
        ),
        y: Axis::linear("clients", clients as f64),
        series: series.collect(),
        limit: Some((Direction::Upright, RETURN.as_secs_f64(), format!("goal: {} s", RETURN.as_secs()))),
    }
}
