//! Secrets at the terminal, without an echo. It leaves the terminal as it was, and nothing of a secret to whoever reads there next.

use std::fs::File;
use std::io::{Error, ErrorKind, Result, stdin};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::termios::{FlushArg, LocalFlags, SetArg, Termios, tcflush, tcgetattr, tcsetattr};
use secrecy::SecretString;

/// What was pasted arrives together; nobody types so fast.
const PASTED_WITHIN_MS: u8 = 50;

/// Asks for a line. More than one at once is refused, and thrown away: the rest of a key of several lines would be the next commands of
/// the shell, and in its history.
///
/// # Errors
/// Where there is no terminal, or there were several lines.
pub fn prompt(words: &str) -> Result<SecretString> {
    // rpassword raises Ctrl-C before the terminal shows again what is typed. It waits until then.
    let mut interrupt = SigSet::empty();
    interrupt.add(Signal::SIGINT);
    let former = interrupt.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let line = Hushed::terminal().and_then(|terminal| terminal.line(words));
    former.thread_set_mask()?;
    line
}

/// The terminal while a secret is typed, and until the rest of what was pasted is gone. Nothing is shown, and Ctrl-C is a character.
struct Hushed {
    terminal: File,
    before: Termios,
}

impl Hushed {
    fn terminal() -> Result<Self> {
        let terminal = File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut hushed = before.clone();
        hushed.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::ISIG);
        tcsetattr(&terminal, SetArg::TCSANOW, &hushed)?;
        Ok(Self { terminal, before })
    }

    fn line(self, words: &str) -> Result<SecretString> {
        let line = rpassword::prompt_password(words)?;
        let mut is_alone = true;
        while more_waits()? {
            tcflush(&self.terminal, FlushArg::TCIFLUSH)?;
            is_alone = false;
        }
        if is_alone {
            return Ok(line.into());
        }
        let several = "a prompt takes one line, and there were several; give them from stdin or a file";
        Err(Error::new(ErrorKind::InvalidInput, several))
    }
}

impl Drop for Hushed {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
    }
}

/// Asks stdin, which is the same terminal: macOS does not wait for /dev/tty.
fn more_waits() -> Result<bool> {
    let stdin = stdin();
    let mut terminal = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    poll(&mut terminal, PASTED_WITHIN_MS)?;
    Ok(terminal.iter().any(|terminal| terminal.revents().is_some_and(|events| events.contains(PollFlags::POLLIN))))
}
