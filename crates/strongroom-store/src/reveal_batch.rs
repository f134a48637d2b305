//! Single reveals that go together (batcher.rs): what the statement asks, and which row is whose.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row, query};
use strongroom_types::{Caller, Purpose, Reference};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::batcher::{Batched, Callers};
use crate::reveals::{Asked, RevealLimit, RevealOutcome, most, outcome};

/// One credential that one caller asks for.
pub(crate) struct SingleReveal {
    pub(crate) caller: Caller,
    pub(crate) purpose: Purpose,
    pub(crate) reference: Reference,
    pub(crate) limit: RevealLimit,
}

impl Batched for SingleReveal {
    type Outcome = RevealOutcome;

    fn caller(&self) -> &Caller {
        &self.caller
    }

    async fn ask(connection: &mut PgConnection, batch: &[Self]) -> Result<Vec<PgRow>, sqlx::Error> {
        let asked = Asked::of(batch.iter().map(|one| &one.reference));
        let callers = Callers::of(batch);
        // fetch_all, as in reveals.rs: it returns after the commit.
        query(
            "SELECT * FROM strongroom.reveal_together($1, $2, $3::text[]::inet[], $4, $5, $6, $7, $8, $9, $10, $11)
             ORDER BY position",
        )
        .bind(callers.secrets)
        .bind(callers.requests)
        .bind(callers.addresses)
        .bind(callers.agents)
        .bind(batch.iter().map(|one| one.purpose.to_string()).collect::<Vec<_>>())
        .bind(batch.iter().map(|one| one.limit.map(most)).collect::<Vec<_>>())
        .bind(asked.ids)
        .bind(asked.providers)
        .bind(asked.names)
        .bind(asked.workspaces)
        .bind(asked.versions)
        .fetch_all(connection)
        .instrument(info_span!("reveal", together = batch.len()))
        .await
    }

    fn is_answered_by(&self, row: &PgRow) -> bool {
        let id = match &self.reference {
            Reference::Id(by_id) => Some(by_id.id.0),
            Reference::Name(_) => None,
        };
        row.try_get::<Option<Uuid>, _>("id").is_ok_and(|found| found.is_none() || id.is_none() || found == id)
    }

    fn outcome(row: &PgRow) -> Result<RevealOutcome, sqlx::Error> {
        outcome(row)
    }
}
