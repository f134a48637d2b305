//! Secrets at the terminal, without an echo. It leaves the terminal as it was, and nothing of a secret to whoever reads there next.

use std::fs::OpenOptions;
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::termios::{FlushArg, tcflush};
use secrecy::SecretString;

/// What was pasted arrives together; nobody types so fast.
const PASTED_WITHIN_MS: u8 = 50;

/// Asks for a line.
///
/// # Errors
/// Where there is no terminal.
pub fn prompt(words: &str) -> std::io::Result<SecretString> {
    // rpassword raises Ctrl-C before the terminal shows again what is typed. It waits until then.
    let mut interrupt = SigSet::empty();
    interrupt.add(Signal::SIGINT);
    let former = interrupt.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let typed = rpassword::prompt_password(words);
    former.thread_set_mask()?;
    Ok(typed?.into())
}

/// Asks for a line; `None` where more than one came at once. The rest of a key of several lines would be the next commands of the shell,
/// and in its history: it is thrown away.
///
/// # Errors
/// Where there is no terminal.
pub fn prompt_for_one_line(words: &str) -> std::io::Result<Option<SecretString>> {
    let line = prompt(words)?;
    let terminal = OpenOptions::new().read(true).open("/dev/tty")?;
    let mut is_alone = true;
    while poll(&mut [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)], PASTED_WITHIN_MS)? > 0 {
        tcflush(&terminal, FlushArg::TCIFLUSH)?;
        is_alone = false;
    }
    Ok(is_alone.then_some(line))
}
