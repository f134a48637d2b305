//! A child whose output is shown without the values that it was given. Signals that reach us reach it, and its exit code is ours.
//! Its input is our own, and untouched. What we know besides, such as our token, it cannot read from us.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgrp, tcgetpgrp};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, stderr, stdout};
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::mask::Mask;

const FORWARDED: [Signal; 7] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
];
/// What a terminal sends to all that run in its foreground, and so to the child by itself.
const OF_TERMINALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGWINCH];
/// A shell says so that a command was ended by a signal: with the signal's number above this.
const ENDED_BY_SIGNAL: i32 = 128;
const READ_BYTES: usize = 64 * 1024;

/// Runs it to its end, and until nobody writes to its output any more.
///
/// # Errors
/// Where it cannot be started.
pub async fn run(command: std::process::Command, mask: Mask) -> std::io::Result<ExitCode> {
    // Before there is a child, so that none is lost.
    let mut signals = listen()?;
    close_to_others()?;
    let mut command = tokio::process::Command::from(command);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let shown = async { tokio::join!(show(out, stdout(), &mask), show(err, stderr(), &mask)) };
    tokio::pin!(shown);
    let mut all_is_shown = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            Some(signal) = signals.recv() => forward(signal, &child),
            _ = &mut shown, if !all_is_shown => all_is_shown = true,
        }
    };
    // Others may hold its output open. Whoever does not want to wait for them says so as ever.
    while !all_is_shown {
        tokio::select! {
            _ = &mut shown => all_is_shown = true,
            Some(signal) = signals.recv() => all_is_shown = signal != Signal::SIGWINCH,
        }
    }
    Ok(code(status))
}

/// Without it, the child could read our environment and memory, as any process of the same user. It gets its own, open as ever, by exec.
#[cfg(target_os = "linux")]
fn close_to_others() -> std::io::Result<()> {
    Ok(nix::sys::prctl::set_dumpable(false)?)
}

/// Elsewhere, a process has no such switch.
#[cfg(not(target_os = "linux"))]
fn close_to_others() -> std::io::Result<()> {
    Ok(())
}

fn listen() -> std::io::Result<mpsc::Receiver<Signal>> {
    let (sender, receiver) = mpsc::channel(FORWARDED.len());
    let ignored = ignored();
    for each in FORWARDED.into_iter().filter(|signal| ignored & 1 << (*signal as i32 - 1) == 0) {
        let mut arrivals = signal(SignalKind::from_raw(each as i32))?;
        let sender = sender.clone();
        tokio::spawn(async move { while arrivals.recv().await.is_some() && sender.send(each).await.is_ok() {} });
    }
    Ok(receiver)
}

/// The signals that we were started to ignore, as by nohup, and the child with us: a bit each, the lowest for signal 1. Where the system
/// does not tell, none.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn forward(signal: Signal, child: &Child) {
    if OF_TERMINALS.contains(&signal) && is_in_foreground() {
        return;
    }
    // None: it has ended, and its id may be another's by now.
    if let Some(id) = child.id().and_then(|id| id.try_into().ok()) {
        let _ = kill(Pid::from_raw(id), signal);
    }
}

/// Whether the terminal sends what is typed there to us, and so to the child as well, which is in the same group.
fn is_in_foreground() -> bool {
    let foreground = File::open("/dev/tty").ok().and_then(|terminal| tcgetpgrp(terminal).ok());
    foreground == Some(getpgrp())
}

/// Writes at once what is clear. Stops where nobody reads it, so that the child learns of that, too.
async fn show(
    from: Option<impl AsyncRead + Unpin>,
    mut to: impl AsyncWrite + Unpin,
    mask: &Mask,
) -> std::io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let (mut stream, mut read, mut clear) = (mask.stream(), vec![0; READ_BYTES], Vec::new());
    loop {
        let length = from.read(&mut read).await?;
        match read.get(..length) {
            None | Some([]) => stream.end(&mut clear),
            Some(bytes) => stream.read(bytes, &mut clear),
        }
        to.write_all(&clear).await?;
        to.flush().await?;
        clear.clear();
        if length == 0 {
            return Ok(());
        }
    }
}

fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| ENDED_BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
