//! Fields of applications' columns, sealed under the keys of the vault, brought under the current one, and opened again: by
//! batches, as often as one likes, beside whoever writes meanwhile. What a run does is in the vault's record before it does
//! it. A field that was written meanwhile is never overwritten.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use strongroom_crypto::{Field, KeyId, KeyName, SealingError, is_sealed};
use strongroom_store::{ApplicationColumn, ApplicationField, ReplacedField, SealedColumn, StoreError};
use strongroom_types::SecretValue;

use crate::envelopes::{AT_ONCE, Envelopes};
use crate::error::ServiceError;

/// A run goes through the column until it finds nothing more to do, and so often at most.
const PASSES: u32 = 5;

/// What is to become of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnAct {
    /// Nothing: it is counted, and what is sealed is tried.
    Inspect,
    /// Every field is sealed, under the current key.
    Seal,
    /// Every field is put back in the clear.
    Open,
}

/// What came of it, or how far it is.
#[derive(Clone, Debug, Default)]
pub struct ColumnRun {
    /// Fields that were looked at in this pass.
    pub seen: u64,
    /// Fields that were replaced in all passes.
    pub replaced: u64,
    /// As it was found in this pass: in the clear, under which key, and what can be neither.
    pub clear: u64,
    pub by_key: BTreeMap<String, u64>,
    pub unreadable: u64,
    /// Fields of this pass that could not be sealed or opened, and are as they were.
    pub failed: u64,
    /// Whether nothing was left to do, so that every field is as it is to be.
    pub settled: bool,
}

/// A field that could not be sealed or opened.
#[derive(Debug)]
pub struct FieldFailure {
    /// Its row.
    pub row: String,
    pub why: String,
}

/// What a field is to become; None: it is that.
type Renewed = Result<Option<String>, FieldFailure>;

/// What each field of a column is to become, and where it is.
struct Work {
    act: ColumnAct,
    key: KeyName,
    current: KeyId,
    table: String,
    column: String,
}

impl Envelopes {
    /// Goes through a column that this run has locked. It can be ended at any moment, and run again.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] where the column was sealed by another row column or under another named key; where one of the
    /// two databases cannot be used. A field that does not let itself be sealed or opened is told, and stays.
    pub async fn run_column(
        &self,
        column: &mut ApplicationColumn,
        key: KeyName,
        act: ColumnAct,
        mut tell: impl FnMut(Result<&ColumnRun, FieldFailure>),
    ) -> Result<ColumnRun, ServiceError> {
        let current = self.keys.current(key).await?;
        let work = Work { act, key, current, table: column.table().into(), column: column.column().into() };
        if act == ColumnAct::Inspect {
            return self.pass(column, &work, 0, &mut tell).await;
        }
        self.begin_run(column, &work).await?;
        let mut run = ColumnRun::default();
        for _ in 0..PASSES {
            run = self.pass(column, &work, run.replaced, &mut tell).await?;
            if run.settled {
                self.end_run(column, &work).await?;
                break;
            }
        }
        Ok(run)
    }

    /// Columns that are sealed under the keys of this vault, and whether all their fields are under the current one.
    ///
    /// # Errors
    /// Where the database cannot be read, or the provider of the keys be asked.
    pub async fn columns(&self) -> Result<Vec<(SealedColumn, bool)>, ServiceError> {
        let mut columns = Vec::new();
        for column in self.store.sealed_columns(self.secret.expose()).await? {
            let name =
                column.key_name.parse().map_err(|_| ServiceError::Invalid("a column is under an unknown key"))?;
            let settled = column.key_id.as_deref() == Some(self.keys.current(name).await?.as_str());
            columns.push((column, settled));
        }
        Ok(columns)
    }

    /// Keeps no key for that column any more. False: there is none of that name.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn forget_column(&self, name: &str) -> Result<bool, ServiceError> {
        Ok(self.store.forget_column(self.secret.expose(), name).await?)
    }

    async fn begin_run(&self, column: &ApplicationColumn, work: &Work) -> Result<(), ServiceError> {
        let sealed = SealedColumn {
            name: column.name().into(),
            row_column: column.row_column().into(),
            key_name: work.key.to_string(),
            key_id: None,
        };
        let opens = work.act == ColumnAct::Open;
        match self.store.begin_column_run(self.secret.expose(), &sealed, opens).await {
            Err(StoreError::Constraint) => Err(ServiceError::Invalid(
                "the column was sealed by another row column or under another named key; strongroom keys list shows both",
            )),
            other => Ok(other?),
        }
    }

    async fn end_run(&self, column: &ApplicationColumn, work: &Work) -> Result<(), ServiceError> {
        if work.act == ColumnAct::Open {
            self.forget_column(column.name()).await?;
            return Ok(());
        }
        Ok(self.store.end_column_run(self.secret.expose(), column.name(), work.current.as_str()).await?)
    }

    async fn pass(
        &self,
        column: &mut ApplicationColumn,
        work: &Work,
        replaced: u64,
        tell: &mut impl FnMut(Result<&ColumnRun, FieldFailure>),
    ) -> Result<ColumnRun, ServiceError> {
        let mut run = ColumnRun { replaced, settled: true, ..ColumnRun::default() };
        let mut last: Option<String> = None;
        loop {
            let fields = column.fields(last.as_deref()).await?;
            let Some(end) = fields.last() else { return Ok(run) };
            last = Some(end.row.clone());
            fields.iter().for_each(|field| run.count(field));
            let mut renewals =
                stream::iter(fields).map(async |field| (self.renewed(&field, work).await, field)).buffered(AT_ONCE);
            let mut replacements = Vec::new();
            while let Some((renewed, ApplicationField { row, digest, .. })) = renewals.next().await {
                match renewed {
                    Ok(Some(renewed)) => replacements.push(ReplacedField { row, former: digest, renewed }),
                    Ok(None) => {}
                    Err(failure) => {
                        run.failed += 1;
                        tell(Err(failure));
                    }
                }
            }
            run.settled &= replacements.is_empty() && run.failed == 0;
            if !replacements.is_empty() {
                run.replaced += column.replace(&replacements).await?;
            }
            tell(Ok(&run));
        }
    }

    /// What a field is to become.
    async fn renewed(&self, field: &ApplicationField, work: &Work) -> Renewed {
        let failed = |why: String| FieldFailure { row: field.row.clone(), why };
        let unsealed = |error: SealingError| failed(error.to_string());
        let place = Field::new(work.key, &work.table, &work.column, &field.row).map_err(|e| failed(e.0))?;
        let text = field.value.as_deref().ok_or_else(|| failed("it is longer than 64 KiB".into()))?;
        let value = || SecretValue::new(text.to_owned()).map_err(|e| failed(e.0));
        match (work.act, is_sealed(text)) {
            (ColumnAct::Inspect, true) => self.keys.open_field(&place, text).await.map(|_| None).map_err(unsealed),
            (ColumnAct::Seal, true) => self.keys.rewrap_field(&place, text, &work.current).await.map_err(unsealed),
            (ColumnAct::Open, true) => {
                let opened = self.keys.open_field(&place, text).await.map_err(unsealed)?;
                Ok(Some(opened.expose().to_owned()))
            }
            (ColumnAct::Open, false) => Ok(None),
            (ColumnAct::Inspect, false) => value().map(|_| None),
            (ColumnAct::Seal, false) => self.keys.seal_field(&place, &value()?).await.map(Some).map_err(unsealed),
        }
    }
}

impl ColumnRun {
    fn count(&mut self, field: &ApplicationField) {
        self.seen += 1;
        match field.value.as_deref() {
            Some(text) if !is_sealed(text) => self.clear += 1,
            text => match text.and_then(|text| KeyId::of_envelope(text).ok()) {
                Some(key) => *self.by_key.entry(key.to_string()).or_default() += 1,
                None => self.unreadable += 1,
            },
        }
    }
}
