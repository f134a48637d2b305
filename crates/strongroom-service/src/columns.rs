//! Fields of applications' columns, sealed under the keys of the vault, brought under the current one, and opened again: by
//! batches, as often as one likes, beside whoever writes meanwhile. What a run does is in the vault's record before it does
//! it. A field that was written meanwhile is never overwritten.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use strongroom_crypto::{Field, KeyId, KeyName, SealingError, is_sealed};
use strongroom_store::{ApplicationColumn, ApplicationField, ReplacedField, SealedColumn};
use strongroom_types::{ColumnRunId, SecretValue};

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
    /// As it was found in this pass: in the clear, and under which key.
    pub clear: u64,
    pub by_key: BTreeMap<String, u64>,
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

impl Envelopes {
    /// Goes through a column. It can be ended at any moment, and run again.
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
        if act == ColumnAct::Inspect {
            return self.pass(column, key, act, &current, 0, &mut tell).await;
        }
        let id = self.begin_run(column, key, act).await?;
        let mut run = ColumnRun::default();
        for _ in 0..PASSES {
            run = self.pass(column, key, act, &current, run.replaced, &mut tell).await?;
            if run.settled {
                let under = (act == ColumnAct::Seal).then_some(current.as_str());
                run.settled = self.store.end_column_run(self.secret.expose(), column.name(), id, under).await?;
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

    async fn begin_run(
        &self,
        column: &ApplicationColumn,
        key: KeyName,
        act: ColumnAct,
    ) -> Result<ColumnRunId, ServiceError> {
        let (run, secret) = (ColumnRunId::generate(), self.secret.expose());
        let sealed = SealedColumn {
            name: column.name().into(),
            row_column: column.row_column().into(),
            key_name: key.to_string(),
            key_id: None,
        };
        let former = self.store.sealed_columns(secret).await?.into_iter().find(|former| former.name == sealed.name);
        if former.is_some_and(|f| (f.row_column, f.key_name) != (sealed.row_column.clone(), sealed.key_name.clone())) {
            return Err(ServiceError::Invalid(
                "the column was sealed by another row column or under another named key; strongroom keys list shows both",
            ));
        }
        self.store.begin_column_run(secret, &sealed, act == ColumnAct::Open, run).await?;
        Ok(run)
    }

    async fn pass(
        &self,
        column: &mut ApplicationColumn,
        key: KeyName,
        act: ColumnAct,
        current: &KeyId,
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
            let (table, name) = (column.table().to_owned(), column.column().to_owned());
            let renewed: Vec<Renewed> = stream::iter(&fields)
                .map(|field| self.renewed(field, key, &table, &name, act, current))
                .buffered(AT_ONCE)
                .collect()
                .await;
            let mut replacements = Vec::new();
            for (field, renewed) in fields.into_iter().zip(renewed) {
                match (renewed, field) {
                    (Ok(Some(renewed)), ApplicationField { row, value: Some(former) }) => {
                        replacements.push(ReplacedField { row, former, renewed });
                    }
                    (Ok(_), _) => {}
                    (Err(failure), _) => {
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
    async fn renewed(
        &self,
        field: &ApplicationField,
        key: KeyName,
        table: &str,
        column: &str,
        act: ColumnAct,
        current: &KeyId,
    ) -> Renewed {
        let failed = |why: String| FieldFailure { row: field.row.clone(), why };
        let unsealed = |error: SealingError| failed(error.to_string());
        let place = Field::new(key, table, column, &field.row).map_err(|e| failed(e.0))?;
        let text = field.value.as_deref().ok_or_else(|| failed("it is longer than 64 KiB".into()))?;
        match (act, is_sealed(text)) {
            (ColumnAct::Inspect, true) => self.keys.open_field(&place, text).await.map(|_| None).map_err(unsealed),
            (ColumnAct::Seal, true) => self.keys.rewrap_field(&place, text, current).await.map_err(unsealed),
            (ColumnAct::Open, true) => {
                let opened = self.keys.open_field(&place, text).await.map_err(unsealed)?;
                Ok(Some(opened.expose().to_owned()))
            }
            (ColumnAct::Open, false) => Ok(None),
            (ColumnAct::Inspect | ColumnAct::Seal, false) => {
                let value = SecretValue::new(text.to_owned()).map_err(|e| failed(e.0))?;
                match act {
                    ColumnAct::Seal => self.keys.seal_field(&place, &value).await.map(Some).map_err(unsealed),
                    _ => Ok(None),
                }
            }
        }
    }
}

impl ColumnRun {
    fn count(&mut self, field: &ApplicationField) {
        self.seen += 1;
        let text = field.value.as_deref().filter(|text| is_sealed(text));
        match text.and_then(|text| KeyId::of_envelope(text).ok()) {
            Some(key) => *self.by_key.entry(key.to_string()).or_default() += 1,
            None => self.clear += u64::from(text.is_none()),
        }
    }
}
