//! How far a long command has come, on standard error: a bar on a terminal, else a line now and then.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressState, ProgressStyle};

use super::CommandError;
use super::serve::told_to_stop;
use crate::backup::Meter;

const DRAW_EVERY: Duration = Duration::from_millis(100);
/// A log of a night's work stays short, and a person who waits learns that it goes on.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Bytes,
    Rows,
}

/// Does something long, shows how far it is, and gives it up when the person or the machine wants the process to end.
pub(super) async fn shown<T>(
    label: &'static str,
    unit: Unit,
    meter: &Meter,
    work: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    let terminal = std::io::stderr().is_terminal();
    let bar = if terminal { bar(label, unit) } else { ProgressBar::hidden() };
    let mut ticks = tokio::time::interval(if terminal { DRAW_EVERY } else { TELL_EVERY });
    // The first one comes at once, and there is nothing to tell yet.
    ticks.tick().await;
    let mut work = std::pin::pin!(work);
    let mut stop = std::pin::pin!(told_to_stop());
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            () = &mut stop => {
                if meter.is_settling() {
                    break work.await;
                }
                break Err(CommandError::Failure("stopped: nothing was changed and no file was left".to_owned()));
            }
            _ = ticks.tick() => {
                if terminal {
                    draw(&bar, meter);
                } else {
                    eprintln!("{}", line(label, unit, meter));
                }
            }
        }
    };
    bar.finish_and_clear();
    done
}

fn bar(label: &'static str, unit: Unit) -> ProgressBar {
    let template = match unit {
        Unit::Bytes => "{prefix} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        Unit::Rows => "{prefix} [{bar:30}] {human_pos} of {human_len} rows{msg}, {rate}, {eta} left",
    };
    // The default style does as well, should the template not be understood.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{:.0}/s", state.per_sec());
    };
    ProgressBar::new(0).with_prefix(label).with_style(style.with_key("rate", rate))
}

fn draw(bar: &ProgressBar, meter: &Meter) {
    bar.set_length(meter.total());
    bar.set_position(meter.done());
    if meter.bytes() > 0 {
        bar.set_message(format!(", {}", HumanBytes(meter.bytes())));
    }
    bar.tick();
}

fn line(label: &str, unit: Unit, meter: &Meter) -> String {
    let percent = meter.done().saturating_mul(100).checked_div(meter.total()).unwrap_or(0);
    match unit {
        Unit::Bytes => {
            format!("{label}: {} of {} ({percent} %)", HumanBytes(meter.done()), HumanBytes(meter.total()))
        }
        Unit::Rows => format!("{label}: {} of {} rows ({percent} %)", meter.done(), meter.total()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_understood_and_a_line_tells_how_far_it_is() {
        for unit in [Unit::Bytes, Unit::Rows] {
            draw(&bar("reading", unit), &Meter::default());
        }
        let meter = Meter::default();
        assert_eq!(line("reading", Unit::Rows, &meter), "reading: 0 of 0 rows (0 %)");
        meter.set_total(4096);
        meter.advance(1024);
        assert_eq!(line("reading", Unit::Rows, &meter), "reading: 1024 of 4096 rows (25 %)");
        assert_eq!(line("checking", Unit::Bytes, &meter), "checking: 1.00 KiB of 4.00 KiB (25 %)");
    }
}
