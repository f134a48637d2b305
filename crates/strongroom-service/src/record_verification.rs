//! Whether the record is what was sealed. It trusts the verifier's key and nothing else: neither the database nor a file, whoever
//! brings their parts in order. Its memory does not grow with the record.

use std::collections::HashMap;
use std::fmt;
use std::iter::Peekable;

use strongroom_crypto::{Checkpoint, MerkleTree, NoteError, Statement, VerifierKey, leaf_hash};
use strongroom_store::{RecordReader, SchemaError, SealedBatch, TreeState, Unsealed};
use strongroom_types::RecordRow;

use crate::record::checkpoint;

/// Notes from elsewhere, the oldest first.
pub type Notes = Box<dyn Iterator<Item = Checkpoint> + Send>;

/// How many findings are kept; the others are counted.
const KEPT: usize = 50;

/// What is wrong with a record, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A row differs from what was sealed: by itself, or by having changed places with another one.
    RowChanged {
        id: i64,
        place: u64,
    },
    RowMissing {
        id: i64,
        place: u64,
    },
    /// Rows that were not there when their place was sealed.
    RowsInserted {
        count: u64,
        first: Vec<i64>,
    },
    /// The batch that ends there is not what was signed, while no row can be named: its list of rows was changed.
    OrderChanged {
        size: u64,
    },
    /// The checkpoint is not what a server wrote.
    CheckpointForged {
        size: u64,
        why: String,
    },
    /// There are none from the one size to the other.
    CheckpointsMissing {
        from: u64,
        to: u64,
    },
    /// The beginning was cut off, and not by the retention.
    CutForged {
        size: u64,
    },
    /// A checkpoint from elsewhere is beyond the end: the record was truncated, or the database rolled back.
    RolledBack {
        size: u64,
        noted: u64,
    },
    /// A checkpoint from elsewhere is of another past.
    AnotherPast {
        noted: u64,
    },
    /// A checkpoint from elsewhere is from before the cut, and nothing can be told of it.
    BeforeCut {
        noted: u64,
        cut: u64,
    },
}

/// A verification under way: first the cut, if there is one; then all batches in order; then the end.
pub struct RecordVerification {
    key: VerifierKey,
    notes: Peekable<Notes>,
    last_note: u64,
    /// None after a batch from which it cannot be gone on.
    tree: Option<MerkleTree>,
    /// The end of the last batch.
    size: u64,
    cut: u64,
    rows: u64,
    /// The time of the newest row of the last batch, in microseconds since 1970.
    newest: Option<i64>,
    findings: Vec<Finding>,
    more_findings: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct VerifiedRecord {
    pub rows: u64,
    /// How many rows the retention has cut off, by signed statements.
    pub cut: u64,
    pub waiting: u64,
    /// In the order of the record; empty: it is what was sealed.
    pub findings: Vec<Finding>,
    /// Beyond those.
    pub more_findings: u64,
}

impl RecordVerification {
    /// By that key, against those notes.
    pub fn new(key: VerifierKey, notes: Notes) -> Self {
        Self {
            key,
            notes: notes.peekable(),
            last_note: 0,
            tree: Some(MerkleTree::default()),
            size: 0,
            cut: 0,
            rows: 0,
            newest: None,
            findings: Vec::new(),
            more_findings: 0,
        }
    }

    /// All of it, from a database; says after each part how many leaves are behind it.
    ///
    /// # Errors
    /// As the store's. What is wrong with the record is a result.
    pub async fn run(
        mut self,
        reader: &mut RecordReader,
        mut progress: impl FnMut(u64),
    ) -> Result<VerifiedRecord, SchemaError> {
        if let Some((size, cut)) = reader.last_cut().await? {
            self.begin_at(size, &cut);
        }
        loop {
            let batches = reader.batches(self.size).await?;
            if batches.is_empty() {
                break;
            }
            let rows = reader.rows(&batches).await?;
            batches.iter().for_each(|batch| self.batch(batch, &rows));
            progress(self.size);
        }
        let unsealed = reader.unsealed(self.newest).await?;
        Ok(self.end(&unsealed))
    }

    /// Begins after a cut.
    fn begin_at(&mut self, size: u64, cut: &TreeState) {
        let signed = self.key.verify(Statement::Cut, &cut.note).ok().filter(|signed| signed.size == size);
        self.tree = signed.and_then(|signed| own(&cut.frontier, &signed));
        if self.tree.is_none() {
            self.find(Finding::CutForged { size });
        }
        (self.size, self.cut) = (size, size);
        while let Some(note) = self.notes.next_if(|note| note.size <= size) {
            match signed {
                Some(signed) if signed == note => {}
                Some(signed) if signed.size == note.size => self.find(Finding::AnotherPast { noted: note.size }),
                _ => self.find(Finding::BeforeCut { noted: note.size, cut: size }),
            }
        }
    }

    /// The next batch, with the rows that there are.
    fn batch(&mut self, batch: &SealedBatch, rows: &HashMap<i64, RecordRow>) {
        let start = batch.size.saturating_sub(batch.ids.len() as u64);
        if start != self.size {
            self.find(Finding::CheckpointsMissing { from: self.size, to: start });
            self.tree = None;
        }
        let before = self.findings.len() as u64 + self.more_findings;
        self.leaves(start, batch, rows);
        let row_found = self.findings.len() as u64 + self.more_findings > before;
        self.size = batch.size;
        let signed = match self.signed(batch) {
            Ok(signed) => signed,
            Err(why) => {
                self.find(Finding::CheckpointForged { size: batch.size, why });
                return;
            }
        };
        let ours = own(&batch.tree.frontier, &signed);
        if ours.is_none() {
            self.find(Finding::CheckpointForged {
                size: batch.size,
                why: "its tree is not the one that was signed".into(),
            });
        }
        let as_signed = self.tree.as_ref().is_none_or(|tree| checkpoint(tree) == signed);
        if !as_signed && !row_found {
            self.find(Finding::OrderChanged { size: batch.size });
        }
        if !as_signed || self.tree.is_none() {
            self.tree = ours;
        }
        self.compare(&signed);
    }

    /// What is left when all batches have been there.
    fn end(mut self, unsealed: &Unsealed) -> VerifiedRecord {
        while let Some(note) = self.next_note(|_| true) {
            self.find(Finding::RolledBack { size: self.size, noted: note.size });
        }
        if unsealed.late > 0 {
            self.find(Finding::RowsInserted { count: unsealed.late, first: unsealed.first_late.clone() });
        }
        let Self { rows, cut, findings, more_findings, .. } = self;
        VerifiedRecord { rows, cut, waiting: unsealed.waiting, findings, more_findings }
    }

    fn leaves(&mut self, start: u64, batch: &SealedBatch, rows: &HashMap<i64, RecordRow>) {
        let (marks, _) = batch.marks.as_chunks::<8>();
        let mut newest = None;
        for (n, id) in batch.ids.iter().enumerate() {
            let (id, place) = (*id, start + n as u64);
            let Some(row) = rows.get(&id) else {
                self.find(Finding::RowMissing { id, place });
                continue;
            };
            let leaf = leaf_hash(&row.bytes());
            if marks.get(n).map(|mark| &mark[..]) != leaf.get(..8) {
                self.find(Finding::RowChanged { id, place });
            }
            if let Some(tree) = &mut self.tree {
                tree.push(leaf);
            }
            newest = newest.max(row.occurred_at());
            self.rows += 1;
        }
        self.newest = newest.or(self.newest);
    }

    fn signed(&self, batch: &SealedBatch) -> Result<Checkpoint, String> {
        let signed = self.key.verify(Statement::Sealed, &batch.tree.note).map_err(|why: NoteError| why.to_string())?;
        if signed.size == batch.size { Ok(signed) } else { Err("it is one of another size".into()) }
    }

    /// Against the notes from elsewhere, which are of checkpoints and of nothing in between.
    fn compare(&mut self, signed: &Checkpoint) {
        let end = signed.size;
        while let Some(note) = self.next_note(|note| note.size <= end) {
            if note != *signed {
                self.find(Finding::AnotherPast { noted: note.size });
            }
        }
    }

    /// The next note from elsewhere. One that is smaller than the one before it tells that sealing began anew from an earlier
    /// place.
    fn next_note(&mut self, wanted: impl Fn(&Checkpoint) -> bool) -> Option<Checkpoint> {
        let note = self.notes.next_if(wanted)?;
        if note.size < self.last_note {
            self.find(Finding::RolledBack { size: note.size, noted: self.last_note });
        }
        self.last_note = note.size;
        Some(note)
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < KEPT { self.findings.push(finding) } else { self.more_findings += 1 }
    }
}

impl VerifiedRecord {
    /// Whether it is what was sealed.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The tree with that frontier, if it is the one that was signed.
fn own(frontier: &[u8], signed: &Checkpoint) -> Option<MerkleTree> {
    MerkleTree::resume(signed.size, frontier).filter(|tree| checkpoint(tree) == *signed)
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowChanged { id, place } => write!(f, "row {id} (leaf {place}) is not what was sealed"),
            Self::RowMissing { id, place } => write!(f, "row {id} (leaf {place}) was removed"),
            Self::RowsInserted { count, first } => write!(
                f,
                "{count} rows were inserted where the record had been sealed, the first of them {}",
                first.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
            ),
            Self::OrderChanged { size } => {
                write!(f, "the rows of the checkpoint of size {size} are others than were sealed, or in another order")
            }
            Self::CheckpointForged { size, why } => {
                write!(f, "the checkpoint of size {size} is not the server's: {why}")
            }
            Self::CheckpointsMissing { from, to } => write!(f, "checkpoints from size {from} to {to} are missing"),
            Self::CutForged { size } => {
                write!(f, "the beginning, up to size {size}, was cut off without the server's signature")
            }
            Self::RolledBack { size, noted } => write!(
                f,
                "the record ends at size {size} and has been at {noted}: it was truncated, or the database rolled back"
            ),
            Self::AnotherPast { noted } => {
                write!(f, "the record is of another past than the checkpoint of size {noted} that was kept elsewhere")
            }
            Self::BeforeCut { noted, cut } => write!(
                f,
                "the checkpoint of size {noted} that was kept elsewhere is from before the cut at {cut}; compare with a later one"
            ),
        }
    }
}
