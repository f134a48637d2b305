//! The record as a file: its parts as JSON, a line each. The last line is the end, so that a file that was cut short is noticed.
//! Reading believes nothing of it: it brings the parts, in bounded memory, and verification judges them.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use strongroom_store::RecordReader;
use strongroom_types::RecordPart;

use crate::command::Failure;

/// A batch has ten thousand rows at most, of some hundred bytes each.
const LINE_LIMIT: u64 = 64 * 1024 * 1024;

/// Writes all parts, and says after each how many leaves are behind it.
///
/// # Errors
/// As the reader's, and where it cannot be written.
pub async fn write(record: &mut RecordReader, file: impl Write, mut progress: impl FnMut(u64)) -> Result<(), Failure> {
    let mut file = BufWriter::new(file);
    loop {
        let part = record.next().await?;
        serde_json::to_writer(&mut file, &part)?;
        file.write_all(b"\n")?;
        match part {
            RecordPart::Cut(cut) => progress(cut.size),
            RecordPart::Batch(batch) => progress(batch.size),
            RecordPart::End(_) => return Ok(file.flush()?),
        }
    }
}

/// A file that is being read.
pub struct RecordFile {
    path: PathBuf,
    file: BufReader<File>,
    line: Vec<u8>,
    lines: u64,
    /// In bytes.
    length: u64,
    position: u64,
}

impl RecordFile {
    /// Opens it.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let wrong = |e| format!("{}: {e}", path.display());
        let file = File::open(path).map_err(wrong)?;
        let length = file.metadata().map_err(wrong)?.len();
        let file = BufReader::new(file);
        Ok(Self { path: path.to_owned(), file, line: Vec::new(), lines: 0, length, position: 0 })
    }

    /// In bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// How many bytes have been read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next part; nothing comes after the end.
    ///
    /// # Errors
    /// Where the file ends before it should, goes on after that, or a line is too long or no part of a record.
    pub fn next(&mut self) -> Result<RecordPart, Failure> {
        if !self.read_line()? {
            return Err(self.wrong("it ends without its last line: it was cut short"));
        }
        let part = serde_json::from_slice(&self.line).map_err(|_| self.wrong("it is no part of an exported record"))?;
        if matches!(part, RecordPart::End(_)) && self.read_line()? {
            return Err(self.wrong("there is more after the end"));
        }
        Ok(part)
    }

    /// False: there is none.
    fn read_line(&mut self) -> Result<bool, Failure> {
        self.line.clear();
        self.lines += 1;
        let read = (&mut self.file).take(LINE_LIMIT).read_until(b'\n', &mut self.line);
        let read = read.map_err(|e| self.wrong(&e.to_string()))? as u64;
        self.position += read;
        if read == LINE_LIMIT && !self.line.ends_with(b"\n") {
            return Err(self.wrong("it is too long"));
        }
        Ok(read > 0)
    }

    fn wrong(&self, why: &str) -> Failure {
        format!("{}, line {}: {why}", self.path.display(), self.lines).into()
    }
}
