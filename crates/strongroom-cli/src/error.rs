//! Why a command did not do what was asked, and with which code it ends.
//! A sentence here is for the person at the terminal: it says what to do, and has no secret in it.

use std::fmt::Write;
use std::io::ErrorKind;
use std::process::ExitCode;

use strongroom_types::Problem;
use strum::VariantArray;

use crate::printable::printable;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server said no, and why.
    #[error("{}", told(.0))]
    Refused(Box<Problem>),
    /// There was no answer.
    #[error("no answer from the server: {0}. Is it running? --url or STRONGROOM_URL says where it is")]
    Unreachable(String),
    /// Something else answered.
    #[error("the answer is not from a Strongroom, or from one of another version (status {0})")]
    Foreign(u16),
    /// A stream ended before its end.
    #[error("it was cut off after {0} bytes, and is not whole; ask for it again")]
    CutOff(u64),
    /// There is nothing to prove the caller with.
    #[error(
        "you are not signed in at {0}: run `strongroom login`, or set STRONGROOM_TOKEN to an API token, or give --token-file"
    )]
    NotSignedIn(String),
    /// What was given cannot be read.
    #[error("{0}")]
    Input(String),
    /// There is nothing of that name.
    #[error("{0}")]
    NotFound(String),
    /// The act wants a yes that nobody could be asked for.
    #[error("nothing was done: {}. Add --yes to go ahead.", printable(.0))]
    Unconfirmed(String),
    /// The answer was no.
    #[error("nothing was done")]
    Declined,
    /// A command was not run.
    #[error("{reason}")]
    NotRun { reason: String, code: u8 },
    /// What was asked for cannot be handed over.
    #[error("the answer cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

/// The codes that a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    WrongUsage = 2,
    NotSignedIn = 3,
    Forbidden = 4,
    NotFound = 5,
    Conflict = 6,
    TooMany = 7,
    Unavailable = 8,
}

impl Exit {
    /// When a command ends with it; the sentence of docs/cli.md.
    pub fn when(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed for another reason",
            Self::WrongUsage => "wrong usage, or not confirmed",
            Self::NotSignedIn => "not signed in, or the token is no longer valid (401)",
            Self::Forbidden => "not allowed (403)",
            Self::NotFound => "not found, not visible to you, or destroyed (404, 410)",
            Self::Conflict => "conflicts with the current state (409, 412, 422)",
            Self::TooMany => "too many requests; wait a minute (429)",
            Self::Unavailable => {
                "the server cannot be reached or cannot answer now, or something else is there (408, 502, 503, 504)"
            }
        }
    }

    /// All of them, for the end of a help.
    pub fn help() -> String {
        Self::VARIANTS.iter().fold("Exit codes:".to_owned(), |mut help, code| {
            // Writing to a String does not fail.
            let _ = write!(help, "\n  {}  {}", *code as u8, code.when());
            help
        })
    }

    /// The code for whatever a command failed with.
    pub fn of(failure: &(dyn std::error::Error + 'static)) -> Self {
        match failure.downcast_ref() {
            // Whoever reads the answer has had enough of it, as `head` has.
            Some(ClientError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Self::Done,
            Some(ClientError::Refused(problem)) => Self::of_status(problem.status),
            // Something else is there, where a server should be.
            Some(ClientError::Foreign(404 | 410)) => Self::Unavailable,
            Some(ClientError::Foreign(status)) => Self::of_status(*status),
            Some(ClientError::Unreachable(_) | ClientError::CutOff(_)) => Self::Unavailable,
            Some(ClientError::NotSignedIn(_)) => Self::NotSignedIn,
            Some(ClientError::NotFound(_)) => Self::NotFound,
            Some(ClientError::Unconfirmed(_) | ClientError::Declined) => Self::WrongUsage,
            Some(ClientError::Input(_) | ClientError::Output(_) | ClientError::NotRun { .. }) | None => Self::Failed,
        }
    }

    /// What a program ends with that failed so.
    pub fn code(failure: &(dyn std::error::Error + 'static)) -> ExitCode {
        match failure.downcast_ref() {
            // As env(1) would, which `strongroom run` stands in the place of.
            Some(ClientError::NotRun { code, .. }) => (*code).into(),
            _ => Self::of(failure).into(),
        }
    }

    /// The code for what a server refused with that status.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::NotSignedIn,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            409 | 412 | 422 => Self::Conflict,
            429 => Self::TooMany,
            408 | 502..=504 => Self::Unavailable,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        (exit as u8).into()
    }
}

fn told(problem: &Problem) -> String {
    let request = problem.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
    let told = printable(&format!("{}: {}{request}", problem.title, problem.detail));
    if problem.status == 401 {
        format!("{told}\nSign in with `strongroom login`, or look at the token that was given")
    } else {
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_cli_md_lists_every_exit_code_with_its_meaning() {
        let page = include_str!("../../../docs/cli.md");
        for code in Exit::VARIANTS {
            assert!(page.contains(&format!("| {} | {} |\n", *code as u8, code.when())), "{code:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_told_from_a_server_that_is_not_there() {
        let missing =
            Problem { kind: String::new(), title: String::new(), status: 404, detail: String::new(), request_id: None };
        assert_eq!(Exit::of(&ClientError::Refused(Box::new(missing))), Exit::NotFound);
        assert_eq!(Exit::of(&ClientError::Foreign(404)), Exit::Unavailable);
    }

    #[test]
    fn what_a_server_says_does_not_steer_the_terminal() {
        let problem = Problem {
            kind: String::new(),
            title: "\u{1b}[2J".into(),
            status: 400,
            detail: "\u{9b}1A".into(),
            request_id: Some("\r".into()),
        };
        let said = ClientError::Refused(Box::new(problem)).to_string();
        assert_eq!(said, r"\u{1b}[2J: \u{9b}1A (request \u{d})");
    }
}
