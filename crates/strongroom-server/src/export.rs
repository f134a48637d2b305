//! An export of the record on its way out: CSV or JSON Lines, a page in memory at a time.
//! It never ends as if it were whole when it is not: whatever breaks it breaks the answer.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use chrono::SecondsFormat;
use futures_util::stream;
use strongroom_service::ActivityExport;
use strongroom_types::{Activity, ExportFormat};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::Instrument;

use crate::problem::Refusal;

/// How long an export may take: it outlives the time limit of requests.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);
/// How long a client may take for a page.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// What is handed from the task that reads to the answer; without the last, the answer is cut off.
enum Part {
    Page(Bytes),
    End,
}

/// Answers with the export. The first page is read before: a refusal is still a problem.
///
/// # Errors
/// Whatever keeps the first page from being read.
pub async fn answer(mut export: ActivityExport, format: ExportFormat) -> Result<Response, Refusal> {
    let first = written(format, export.next_page().await?.unwrap_or_default(), true)?;
    // One page waits while another is written: memory is bound by that, however slow the client is.
    let (sender, receiver) = mpsc::channel(1);
    let reading = async move {
        if timeout(TIME_LIMIT, send_all(export, format, first, &sender)).await.is_err() {
            tracing::warn!("an export was cut off: it took too long");
        }
    };
    tokio::spawn(reading.in_current_span());
    let (media_type, disposition) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", r#"attachment; filename="record.csv""#),
        ExportFormat::Jsonl => ("application/jsonl", r#"attachment; filename="record.jsonl""#),
    };
    let mut response = Response::new(body(receiver));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    Ok(response)
}

/// Reads and hands over, page by page, until there is no more, the client is gone, or something fails.
async fn send_all(mut export: ActivityExport, format: ExportFormat, first: Bytes, sender: &mpsc::Sender<Part>) {
    let mut part = Part::Page(first);
    loop {
        let last = matches!(part, Part::End);
        match timeout(IDLE_LIMIT, sender.send(part)).await {
            Ok(Ok(())) if !last => {}
            Ok(Ok(())) => return,
            Ok(Err(_)) => return tracing::info!("an export was given up by its client"),
            Err(_) => return tracing::warn!("an export was cut off: its client takes nothing"),
        }
        part = match export.next_page().await.map_err(Refusal::from) {
            Ok(None) => Part::End,
            Ok(Some(rows)) => match written(format, rows, false) {
                Ok(page) => Part::Page(page),
                Err(_) => return,
            },
            Err(refusal) => return tracing::warn!(?refusal, "an export was cut off"),
        };
    }
}

/// The pages as a body. One that stops before its end fails, and the connection with it: HTTP/1.1 then lacks the last chunk
/// (RFC 9112, section 7.1), HTTP/2 resets the stream.
fn body(receiver: mpsc::Receiver<Part>) -> Body {
    Body::from_stream(stream::try_unfold(Some(receiver), async |receiver| {
        let Some(mut receiver) = receiver else { return Ok(None) };
        match receiver.recv().await {
            Some(Part::Page(page)) => Ok(Some((page, Some(receiver)))),
            Some(Part::End) => Ok(None),
            None => Err(io::Error::other("the export was cut off")),
        }
    }))
}

fn written(format: ExportFormat, rows: Vec<Activity>, is_first: bool) -> Result<Bytes, Refusal> {
    let written = match format {
        ExportFormat::Csv => csv_lines(&rows, is_first),
        ExportFormat::Jsonl => json_lines(&rows),
    };
    written.map(Bytes::from).map_err(|error| Refusal::internal(&error))
}

fn json_lines(rows: &[Activity]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, row)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// A heading, and what stands below it.
type Column = (&'static str, fn(&Activity) -> String);

/// The columns of the CSV, in order.
const COLUMNS: [Column; 19] = [
    ("id", |row| row.id.to_string()),
    ("occurred_at", |row| row.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
    ("action", |row| row.action.to_string()),
    ("outcome", |row| row.outcome.to_string()),
    ("reason", |row| said(&row.reason)),
    ("actor_id", |row| said(&row.actor_id)),
    ("actor_name", |row| said(&row.actor_name)),
    ("entity_type", |row| row.entity_type.to_string()),
    ("entity_id", |row| row.entity_id.to_string()),
    ("workspace_id", |row| said(&row.workspace_id)),
    ("scope", |row| said(&row.scope)),
    ("provider", |row| said(&row.provider)),
    ("name", |row| said(&row.name)),
    ("version", |row| said(&row.version)),
    ("grantee_id", |row| said(&row.grantee_id)),
    ("request_id", |row| said(&row.request_id)),
    ("token_id", |row| said(&row.token_id)),
    ("address", |row| said(&row.address)),
    ("user_agent", |row| said(&row.user_agent)),
];

fn csv_lines(rows: &[Activity], with_headings: bool) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if with_headings {
        writer.write_record(COLUMNS.map(|(heading, _)| heading))?;
    }
    for row in rows {
        writer.write_record(COLUMNS.map(|(_, cell)| harmless(cell(row))))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn said<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// A cell that spreadsheets take for a text, and not for a formula, which could send elsewhere what is beside it.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_take_for_a_formula_is_a_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\u{ff1d}1"] {
            assert_eq!(harmless(formula.into()), format!("'{formula}"));
        }
        for text in ["", "GitHub", "a=b", "2026-11-23T09:00:00Z"] {
            assert_eq!(harmless(text.into()), text);
        }
    }
}
