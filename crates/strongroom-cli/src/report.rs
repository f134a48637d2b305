//! What became of each of many: for a person, what was left and why; for programs, all of them. Never a value.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::error::ClientError;
use crate::output::{Answer, Column};

/// What became of all.
#[derive(Default, Serialize)]
pub struct Report {
    done: usize,
    skipped: usize,
    failed: usize,
    items: Vec<Line>,
}

/// What became of one.
#[derive(Serialize)]
struct Line {
    place: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Outcome {
    Done,
    Skipped,
    Failed,
}

impl Report {
    /// It was done, or would be.
    pub fn done(&mut self, place: impl Into<String>) {
        self.done += 1;
        self.add(place.into(), Outcome::Done, String::new());
    }

    /// It was not for us, or is there already.
    pub fn skipped(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.skipped += 1;
        self.add(place.into(), Outcome::Skipped, reason.into());
    }

    /// It should have been done.
    pub fn failed(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.failed += 1;
        self.add(place.into(), Outcome::Failed, reason.into());
    }

    fn add(&mut self, place: String, outcome: Outcome, reason: String) {
        self.items.push(Line { place, outcome, reason });
    }

    /// Whether anything was done, or would be.
    pub fn any_done(&self) -> bool {
        self.done > 0
    }

    /// The lines of what was left, or of all; `done` says what was done to the rest.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub fn answer(&self, done: &str, all: bool) -> Result<Answer, ClientError> {
        let shown = self.items.iter().filter(|line| all || line.outcome != Outcome::Done);
        let row = |line: &Line| {
            let outcome = match line.outcome {
                Outcome::Done => done,
                Outcome::Skipped => "skipped",
                Outcome::Failed => "failed",
            };
            [outcome.to_owned(), line.place.clone(), line.reason.clone()]
        };
        let rows: Vec<[String; 3]> = shown.map(row).collect();
        let note = format!("{} {done}, {} skipped, {} failed", self.done, self.skipped, self.failed);
        Ok(Answer::rows(self, &rows, COLUMNS)?.with_note(note))
    }

    /// Lets the command end as one that failed, if something did.
    ///
    /// # Errors
    /// [`ClientError::Input`].
    pub fn conclude(&self) -> Result<(), ClientError> {
        match self.failed {
            0 => Ok(()),
            count => Err(ClientError::Input(format!("{count} failed; see the report"))),
        }
    }
}

const COLUMNS: &[Column<[String; 3]>] = &[
    ("Outcome", |[outcome, _, _]| outcome.clone()),
    ("What", |[_, place, _]| place.clone()),
    ("Reason", |[_, _, reason]| reason.clone()),
];

/// How far a long command is, on stderr, where that is a terminal.
pub fn progress(length: Option<usize>, what: &'static str) -> ProgressBar {
    let template = if length.is_some() { "{msg} {wide_bar} {pos}/{len}" } else { "{msg} {spinner} {pos}" };
    let bar = length.map_or_else(ProgressBar::new_spinner, |length| ProgressBar::new(length as u64));
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_message(what)
}
