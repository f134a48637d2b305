//! What a command hands over: tables for people, JSON for programs, a secret alone. The one place that prints.
//! Text of others never steers the terminal. Notes go to stderr, so that stdout is what was asked for.

use std::io::{IsTerminal, Write, stderr, stdout};

use chrono::{DateTime, Utc};
use clap::Args;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;
use strongroom_types::Page;

use crate::error::ClientError;
use crate::printable::{printable, printable_json, printable_lines};

/// Under what the help has the options that all commands have.
pub const HEADING: &str = "Server and output";

/// For whom a command prints.
#[derive(Args, Debug)]
pub struct Output {
    /// Print JSON, for programs
    #[arg(long, help_heading = HEADING, global = true)]
    json: bool,
}

/// What came of a command.
pub struct Answer {
    json: String,
    text: String,
    note: String,
}

/// A heading, and what stands below it.
pub type Column<T> = (&'static str, fn(&T) -> String);

impl Output {
    /// Hands the answer over.
    ///
    /// # Errors
    /// Where nobody takes it.
    pub fn print(&self, answer: &Answer) -> Result<(), ClientError> {
        if self.json {
            return print(&printable_json(&answer.json));
        }
        // The note is about what comes: who reads both reads it first. Where nobody takes it, the answer is no less wanted.
        let noted = note(&answer.note);
        print(&answer.text).and(noted)
    }

    /// Hands one thing of a stream over, a line.
    ///
    /// # Errors
    /// Where nobody takes it.
    pub fn line<T: Serialize>(&self, item: &T, in_words: fn(&T) -> String) -> Result<(), ClientError> {
        if self.json {
            let json = serde_json::to_string(item).map_err(|e| ClientError::Output(e.into()))?;
            return print(&printable_json(&json));
        }
        print(&printable(&in_words(item)))
    }
}

impl Answer {
    /// The rows of a list.
    ///
    /// # Errors
    /// Where they are no JSON.
    pub fn table<T: Serialize>(page: &Page<T>, columns: &[Column<T>]) -> Result<Self, ClientError> {
        Self::list(page, &page.items, columns)
    }

    /// The rows of a list, each with what a table says of it besides.
    ///
    /// # Errors
    /// Where they are no JSON.
    pub fn list<T: Serialize, R>(page: &Page<T>, rows: &[R], columns: &[Column<R>]) -> Result<Self, ClientError> {
        let note = match (&page.next_cursor, rows) {
            (Some(_), _) => "There are more; ask for them by --limit.",
            (None, []) => "Nothing found.",
            _ => "",
        };
        Ok(Self::rows(page, rows, columns)?.with_note(note))
    }

    /// A row for each item of what was said.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub fn rows<T>(said: &impl Serialize, items: &[T], columns: &[Column<T>]) -> Result<Self, ClientError> {
        let mut table = plain_table();
        table.set_header(columns.iter().map(|(heading, _)| heading.to_uppercase()));
        for item in items {
            table.add_row(columns.iter().map(|(_, cell)| printable(&cell(item))));
        }
        let text = if items.is_empty() { String::new() } else { drawn(table) };
        Ok(Self { json: json(said)?, text, note: String::new() })
    }

    /// One thing, a line for each of its fields; empty ones are left out.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub fn fields<T: Serialize>(item: &T, fields: &[Column<T>]) -> Result<Self, ClientError> {
        let mut table = plain_table();
        for (heading, cell) in fields {
            let cell = printable(&cell(item));
            if !cell.is_empty() {
                table.add_row([(*heading).to_owned(), cell]);
            }
        }
        Ok(Self { json: json(item)?, text: drawn(table), note: String::new() })
    }

    /// A secret of the server's, in that field of what it said; alone on stdout.
    ///
    /// # Errors
    /// Where there is none.
    pub fn secret(field: &str, said: &Value) -> Result<Self, ClientError> {
        let secret = said.get(field).and_then(Value::as_str).ok_or(ClientError::Foreign(200))?;
        Ok(Self { json: json(said)?, text: secret.into(), note: String::new() })
    }

    /// What the server said, for programs alone.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub fn said(said: &impl Serialize) -> Result<Self, ClientError> {
        Ok(Self { json: json(said)?, text: String::new(), note: String::new() })
    }

    /// An act of which nothing is to be shown but that it is done.
    pub fn done(note: impl Into<String>) -> Self {
        Self { json: String::new(), text: String::new(), note: note.into() }
    }

    /// With a sentence for people beside it.
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// A table without lines, as wide as the terminal; as wide as it needs where there is none.
fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match terminal_size::terminal_size_of(stdout()) {
        Some((width, _)) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.0),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

fn drawn(mut table: Table) -> String {
    // An id that is broken into two lines cannot be copied.
    table.set_constraints([ColumnConstraint::ContentWidth]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn json<T: Serialize>(said: &T) -> Result<String, ClientError> {
    serde_json::to_string_pretty(said).map_err(|e| ClientError::Output(e.into()))
}

/// To the minute, in UTC.
pub fn time(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d %H:%MZ").to_string()
}

/// To the minute, or nothing.
pub fn maybe_time(moment: Option<DateTime<Utc>>) -> String {
    moment.map(time).unwrap_or_default()
}

/// What there is, or nothing.
pub fn maybe<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Each of them.
pub fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A sentence for the person at the terminal, beside what was asked for.
///
/// # Errors
/// Where nobody takes it.
pub fn note(text: &str) -> Result<(), ClientError> {
    line(stderr(), &printable(text))
}

/// What was asked for: as it is, for a file or a program, and fit to be shown, for a terminal.
///
/// # Errors
/// Where nobody takes it.
pub fn print(text: &str) -> Result<(), ClientError> {
    if stdout().is_terminal() { line(stdout(), &printable_lines(text)) } else { line(stdout(), text) }
}

/// As [`print`], without a line break at its end.
///
/// # Errors
/// Where nobody takes it.
pub fn write(text: &str) -> Result<(), ClientError> {
    let mut stream = stdout();
    match stream.is_terminal() {
        true => stream.write_all(printable_lines(text).as_bytes())?,
        false => stream.write_all(text.as_bytes())?,
    }
    Ok(stream.flush()?)
}

fn line(mut stream: impl Write, text: &str) -> Result<(), ClientError> {
    if text.is_empty() { Ok(()) } else { Ok(writeln!(stream, "{text}")?) }
}
