//! Whether the record is what was sealed. It trusts the verifier's key and nothing else: neither the database nor a file, whoever
//! brings their parts in order. Its memory does not grow with the record.

use std::collections::HashMap;
use std::fmt;
use std::iter::Peekable;
use std::vec::IntoIter;

use strongroom_crypto::{Checkpoint, MerkleTree, NoteError, Statement, VerifierKey, leaf_hash};
use strongroom_types::{RecordCut, RecordEnd, RecordPart, RecordRow, SealedBatch, TreeState};

use crate::record::checkpoint;

/// How many findings are kept; the others are counted.
const KEPT: usize = 50;
/// How many rows of one finding are named.
const SHOWN: usize = 20;

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
    /// Leaves of rows that had been sealed before.
    SealedTwice {
        count: u64,
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

/// A verification under way.
pub struct RecordVerification {
    key: VerifierKey,
    /// From elsewhere, the smallest first.
    notes: Peekable<IntoIter<Checkpoint>>,
    /// None after a batch from which it cannot be gone on.
    tree: Option<MerkleTree>,
    /// The end of the last batch.
    size: u64,
    cut: u64,
    rows: u64,
    findings: Vec<Finding>,
    more_findings: u64,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
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
    /// By that key, against those checkpoints from elsewhere.
    pub fn new(key: VerifierKey, mut notes: Vec<Checkpoint>) -> Self {
        notes.sort_unstable_by_key(|note| note.size);
        Self {
            key,
            notes: notes.into_iter().peekable(),
            tree: Some(MerkleTree::default()),
            size: 0,
            cut: 0,
            rows: 0,
            findings: Vec::new(),
            more_findings: 0,
        }
    }

    /// All of it, part by part until the end comes; says after each how many leaves are behind it.
    ///
    /// # Errors
    /// Where the next part cannot be had. What is wrong with the record is a result.
    pub async fn run<E>(
        mut self,
        mut next: impl AsyncFnMut() -> Result<RecordPart, E>,
        mut progress: impl FnMut(u64),
    ) -> Result<VerifiedRecord, E> {
        loop {
            match next().await? {
                RecordPart::Cut(cut) => self.cut(&cut),
                RecordPart::Batch(batch) => self.batch(&batch),
                RecordPart::End(end) => return Ok(self.end(&end)),
            }
            progress(self.size);
        }
    }

    /// Begins after a cut: nowhere else can one be.
    fn cut(&mut self, cut: &RecordCut) {
        let size = cut.size;
        let signed = self.key.verify(Statement::Cut, &cut.tree.note).ok();
        let signed = signed.filter(|signed| signed.size == size && self.size == 0);
        self.tree = signed.and_then(|signed| own(&cut.tree, &signed));
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

    fn batch(&mut self, batch: &SealedBatch) {
        let start = batch.size.saturating_sub(batch.ids.len() as u64);
        if start != self.size {
            self.find(Finding::CheckpointsMissing { from: self.size, to: start });
            self.tree = None;
        }
        let found = self.leaves(start, batch);
        self.size = batch.size;
        let signed = match self.signed(batch) {
            Ok(signed) => signed,
            Err(why) => {
                found.into_iter().for_each(|finding| self.find(finding));
                self.find(Finding::CheckpointForged { size: batch.size, why });
                return;
            }
        };
        let as_signed = self.tree.as_ref().map(|tree| checkpoint(tree) == signed);
        self.judge(batch.size, as_signed, found);
        let ours = own(&batch.tree, &signed);
        if ours.is_none() {
            let why = "its tree is not the one that was signed".into();
            self.find(Finding::CheckpointForged { size: batch.size, why });
        }
        if as_signed != Some(true) {
            self.tree = ours;
        }
        self.compare(&signed);
    }

    /// The rows go into the tree; returns what is wrong with them, as far as ids and marks tell, which nobody signed.
    fn leaves(&mut self, start: u64, batch: &SealedBatch) -> Vec<Finding> {
        let (marks, _) = batch.marks.as_chunks::<8>();
        let (mut rows, mut inserted) = by_id(&batch.rows);
        let mut found = Vec::new();
        for (n, id) in batch.ids.iter().enumerate() {
            let (id, place) = (*id, start.saturating_add(n as u64));
            let Some(row) = rows.remove(&id) else {
                found.push(Finding::RowMissing { id, place });
                continue;
            };
            let leaf = leaf_hash(&row.bytes());
            if marks.get(n).map(|mark| &mark[..]) != leaf.get(..8) {
                found.push(Finding::RowChanged { id, place });
            }
            if let Some(tree) = &mut self.tree {
                tree.push(leaf);
            }
            self.rows += 1;
        }
        inserted.extend(rows.into_keys());
        if !inserted.is_empty() {
            inserted.sort_unstable();
            let count = inserted.len() as u64;
            inserted.truncate(SHOWN);
            found.push(Finding::RowsInserted { count, first: inserted });
        }
        found
    }

    /// What was found, in the light of the root: where that holds, no row was changed, and the marks lie.
    fn judge(&mut self, size: u64, as_signed: Option<bool>, mut found: Vec<Finding>) {
        if as_signed == Some(true) {
            let before = found.len();
            found.retain(|finding| !matches!(finding, Finding::RowChanged { .. }));
            if found.len() < before {
                found.push(Finding::CheckpointForged { size, why: "its marks are not those of its rows".into() });
            }
        } else if as_signed == Some(false) && found.is_empty() {
            found.push(Finding::OrderChanged { size });
        }
        found.into_iter().for_each(|finding| self.find(finding));
    }

    fn signed(&self, batch: &SealedBatch) -> Result<Checkpoint, String> {
        let signed = self.key.verify(Statement::Sealed, &batch.tree.note).map_err(|why: NoteError| why.to_string())?;
        if signed.size == batch.size { Ok(signed) } else { Err("it is one of another size".into()) }
    }

    /// Against the notes from elsewhere, which are of checkpoints and of nothing in between.
    fn compare(&mut self, signed: &Checkpoint) {
        while let Some(note) = self.notes.next_if(|note| note.size <= signed.size) {
            if note != *signed {
                self.find(Finding::AnotherPast { noted: note.size });
            }
        }
    }

    /// What is left when all batches have been there.
    fn end(mut self, end: &RecordEnd) -> VerifiedRecord {
        while let Some(note) = self.notes.next() {
            self.find(Finding::RolledBack { size: self.size, noted: note.size });
        }
        if self.rows > end.sealed {
            self.find(Finding::SealedTwice { count: self.rows - end.sealed });
        }
        if end.late > 0 {
            let first = end.first_late.iter().copied().take(SHOWN).collect();
            self.find(Finding::RowsInserted { count: end.late, first });
        }
        let Self { rows, cut, findings, more_findings, .. } = self;
        VerifiedRecord { rows, cut, waiting: end.waiting, findings, more_findings }
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

/// The rows by their ids, and the ids of those that are there another time.
fn by_id(rows: &[RecordRow]) -> (HashMap<i64, &RecordRow>, Vec<i64>) {
    let mut first = HashMap::with_capacity(rows.len());
    let again = rows.iter().filter(|row| first.insert(row.id(), *row).is_some()).map(RecordRow::id).collect();
    (first, again)
}

/// The tree as the database has it, if it is the one that was signed.
fn own(tree: &TreeState, signed: &Checkpoint) -> Option<MerkleTree> {
    MerkleTree::resume(signed.size, &tree.frontier).filter(|tree| checkpoint(tree) == *signed)
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowChanged { id, place } => write!(f, "row {id} (leaf {place}) is not what was sealed"),
            Self::RowMissing { id, place } => write!(f, "row {id} (leaf {place}) was removed"),
            Self::SealedTwice { count } => write!(f, "{count} leaves are of rows that had been sealed before"),
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
