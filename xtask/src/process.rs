//! Running other programs: a clean environment for them, one line for their failure.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::machine::{self, Checkout, Stopwatch};

/// A command that inherits output and environment, except for what cargo has set for this program; it has no input,
/// so that nothing waits for an answer that nobody gives.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in machine::variables_set_by_cargo() {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// A cargo command in the root of the checkout.
pub fn cargo(checkout: &Checkout, arguments: &[&str]) -> Command {
    let mut command = command("cargo");
    command.current_dir(checkout.root()).args(arguments);
    command
}

/// Runs a command to its end.
///
/// # Errors
///
/// When it cannot be started or ends with anything but success.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", describe(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", describe(command));
    }
    Ok(())
}

/// Runs a command to its end; each line that it writes to its standard output is shown, and told to `read`.
///
/// # Errors
///
/// When it cannot be started or ends with anything but success.
pub fn run_watched(command: &mut Command, mut read: impl FnMut(&str)) -> Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", describe(command)))?;
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).split(b'\n')) {
        let line = line.with_context(|| format!("cannot read what `{}` writes", describe(command)))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        read(&line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`{}` failed ({status})", describe(command));
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote to its standard output.
///
/// # Errors
///
/// When it cannot be started or ends with anything but success.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start `{}`", describe(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", describe(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a quiet command that takes minutes, and says once a minute that it is still alive.
///
/// # Errors
///
/// When it cannot be started or ends with anything but success.
pub fn run_patiently(command: &mut Command, what: &str) -> Result<()> {
    let clock = Stopwatch::start();
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", describe(command)))?;
    let mut minutes = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                bail!("`{}` failed ({status})", describe(command));
            }
            return Ok(());
        }
        if clock.elapsed().as_secs() / 60 > minutes {
            minutes += 1;
            println!("still {what} ({minutes} min) …");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Runs a quiet command that may hang, such as one that asks the network, for at most `limit`.
///
/// # Errors
///
/// When it cannot be started, fails, or has not ended in time; then it is stopped.
pub fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    let clock = Stopwatch::start();
    let mut child =
        Running(command.spawn().with_context(|| format!("cannot start `{}`", describe(command)))?);
    loop {
        match child.0.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{}` failed ({status})", describe(command)),
            None if clock.elapsed() > limit => {
                bail!("`{}` took longer than {} s", describe(command), limit.as_secs())
            }
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// A program that is stopped when it is no longer needed.
#[derive(Debug)]
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command as one would type it, with the program's name alone.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
