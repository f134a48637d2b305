//! Reveals that arrive while others are under way go together: one statement, one commit, each caller proven for himself
//! (docs/adr/0010-reveals-together.md). Nobody waits for company, and no outcome is handed out before the commit.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, query};
use strongroom_types::{Caller, Purpose, Reference, RuntimeRole, UserId};
use tokio::sync::oneshot;
use tracing::{Instrument, Span, info_span};
use uuid::Uuid;

use crate::error::StoreError;
use crate::reveals::{Asked, RevealLimit, RevealOutcome, most, outcome};
use crate::store::Store;

/// How many go together; reveal_together() takes 32. Where more wait than the next call can take, there is another one.
const TOGETHER: usize = 16;
/// How many calls are under way at once, at most; nor do they take more than half of the connections.
const WORKERS: usize = 4;
/// After how many calls a worker gives its connection back: others wait for one, too, and the pool renews those that are old.
const CALLS: usize = 64;
/// How many may wait. Whoever comes then is told that the database is not available.
const WAITING: usize = 4096;

/// One credential that one caller asks for.
#[derive(Debug)]
pub(crate) struct Single {
    pub(crate) caller: Caller,
    pub(crate) purpose: Purpose,
    pub(crate) reference: Reference,
    pub(crate) limit: RevealLimit,
}

/// What came of it; None: it is to be asked for alone, and nothing of it has happened.
type Answer = Result<Option<RevealOutcome>, StoreError>;

type Connection = PoolConnection<Postgres>;

struct Waiting {
    single: Single,
    /// Of the request, for the traces.
    span: Span,
    answer: oneshot::Sender<Answer>,
}

impl Waiting {
    /// Whose token it says it is; nobody has believed it yet. Whoever writes another one's id into his waits with him, and
    /// gains nothing.
    fn user(&self) -> UserId {
        self.single.caller.token.user_id()
    }
}

/// Those that wait for a worker.
pub(crate) struct RevealQueue {
    state: Mutex<State>,
    most_workers: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    workers: usize,
    /// Whose reveals are under way. A user's attempts are counted one call after the other, so that his next ones wait here
    /// for that call, and go together; in another one they would be busy.
    under_way: Vec<UserId>,
}

impl Store {
    /// Asks for one credential, at once if a worker is free, or else together with those that wait too. Whoever gives up
    /// does not take it back.
    pub(crate) async fn reveal_in_company(&self, single: Single) -> Answer {
        let (answer, answered) = oneshot::channel();
        if self.reveals.enter(Waiting { single, span: Span::current(), answer })? {
            tokio::spawn(work(self.clone()));
        }
        answered.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn reveal_together(
        &self,
        batch: &[Waiting],
        connection: Option<Connection>,
    ) -> Result<(Vec<Answer>, Connection), StoreError> {
        let mut connection = match connection {
            Some(connection) => connection,
            None => self.acquire(RuntimeRole::App).await?,
        };
        let asked = Asked::of(batch.iter().map(|w| &w.single.reference));
        let singles = || batch.iter().map(|w| &w.single);
        // fetch_all, as in reveals.rs: it returns after the commit.
        let rows = query(
            "SELECT * FROM strongroom.reveal_together($1, $2, $3::text[]::inet[], $4, $5, $6, $7, $8, $9, $10, $11)
             ORDER BY position",
        )
        .bind(singles().map(|s| s.caller.token.expose()).collect::<Vec<_>>())
        .bind(singles().map(|s| s.caller.request_id.0).collect::<Vec<_>>())
        .bind(singles().map(|s| s.caller.address.map(|address| address.to_string())).collect::<Vec<_>>())
        .bind(singles().map(|s| s.caller.user_agent.as_ref().map(|agent| agent.as_str())).collect::<Vec<_>>())
        .bind(singles().map(|s| s.purpose.to_string()).collect::<Vec<_>>())
        .bind(singles().map(|s| s.limit.map(most)).collect::<Vec<_>>())
        .bind(asked.ids)
        .bind(asked.providers)
        .bind(asked.names)
        .bind(asked.workspaces)
        .bind(asked.versions)
        .fetch_all(&mut *connection)
        .instrument(info_span!("reveal", together = batch.len()))
        .await?;
        if rows.len() != batch.len() || !rows.iter().zip(1..).zip(batch).all(|((row, n), one)| is_of(row, n, one)) {
            // Whatever it says next is not for whoever asks next.
            connection.close_on_drop();
            return Err(StoreError::Database(sqlx::Error::Decode("not an outcome for each".into())));
        }
        let answers = rows.iter().map(|row| match row.try_get::<&str, _>("outcome")? {
            "UNAUTHENTICATED" => Err(StoreError::Unauthenticated),
            "BUSY" => Ok(None),
            _ => Ok(Some(outcome(row)?)),
        });
        Ok((answers.collect(), connection))
    }
}

/// Whether the row in that place answers that question: what is opened is what the row names.
fn is_of(row: &PgRow, place: i32, asked: &Waiting) -> bool {
    let id = match &asked.single.reference {
        Reference::Id(by_id) => Some(by_id.id.0),
        Reference::Name(_) => None,
    };
    let found = row.try_get::<Option<Uuid>, _>("id");
    row.try_get::<i32, _>("position").is_ok_and(|position| position == place)
        && found.is_ok_and(|found| found.is_none() || id.is_none() || found == id)
}

impl RevealQueue {
    /// Of a store that has so many connections.
    pub(crate) fn new(connections: u32) -> Self {
        let half = usize::try_from(connections / 2).unwrap_or(WORKERS);
        Self { state: Mutex::default(), most_workers: half.clamp(1, WORKERS) }
    }

    /// True: it is to get a worker.
    fn enter(&self, one: Waiting) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.waiting.len() >= WAITING {
            return Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut));
        }
        state.waiting.push_back(one);
        // A call that what comes meanwhile waits for is a larger one, and costs each less than two at once.
        let needs_worker = state.workers == 0 || (state.workers < self.most_workers && state.waiting.len() > TOGETHER);
        state.workers += usize::from(needs_worker);
        Ok(needs_worker)
    }

    /// Those that go next, after the reveals of those users; None: the worker is not needed any more. Whoever is left then
    /// waits for a call that another worker has under way, and goes with that one's next.
    fn next(&self, done: &[UserId]) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        let State { waiting, workers, under_way } = &mut *state;
        under_way.retain(|user| !done.contains(user));
        let (mut batch, mut left) = (Vec::new(), VecDeque::new());
        for one in waiting.drain(..) {
            if batch.len() < TOGETHER && !under_way.contains(&one.user()) {
                batch.push(one);
            } else {
                left.push_back(one);
            }
        }
        *waiting = left;
        if batch.is_empty() {
            *workers -= 1;
            return None;
        }
        under_way.extend(batch.iter().map(Waiting::user));
        Some(batch)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn work(store: Store) {
    let mut done = Vec::new();
    // One for many calls: a backend that has just done the same is the fastest, and the pool, which would hand out another each
    // time, looks at each that comes back.
    let mut connection = None;
    for calls in 1.. {
        let Some(batch) = store.reveals.next(&done) else { return };
        done = batch.iter().map(Waiting::user).collect();
        metrics::histogram!("strongroom_reveals_together").record(batch.len() as f64);
        // The first one's trace has the call.
        let span = batch.first().map_or_else(Span::none, |first| first.span.clone());
        // In a task of its own, so that a panic ends this call and not the worker.
        let kept = tokio::spawn(answer(store.clone(), connection, batch).instrument(span)).await;
        let kept = kept.inspect_err(|panic| tracing::error!(%panic, "a call for several reveals panicked"));
        connection = kept.ok().flatten().filter(|_| calls % CALLS != 0);
    }
}

/// Returns the connection, where nothing speaks against using it once more.
async fn answer(store: Store, connection: Option<Connection>, batch: Vec<Waiting>) -> Option<Connection> {
    let (answers, connection) = match store.reveal_together(&batch, connection).await {
        Ok((answers, connection)) => (answers, Some(connection)),
        Err(error) => (batch.iter().map(|_| shared(&error)).collect(), None),
    };
    for (waiting, answer) in batch.into_iter().zip(answers) {
        // Whoever has gone away does not hear of it.
        let _ = waiting.answer.send(answer);
    }
    connection
}

/// What the failure of a call is to each in it. What the database refused, it has undone, and only one of them may be the
/// cause, by a lock or the time that he took, too: each is asked for alone. All else is everybody's.
fn shared(error: &StoreError) -> Answer {
    let again = |cause: &sqlx::Error| sqlx::Error::Protocol(cause.to_string());
    match error {
        StoreError::Unavailable(cause) if cause.as_database_error().is_none() => {
            Err(StoreError::Unavailable(again(cause)))
        }
        StoreError::Database(cause) if cause.as_database_error().is_none() => Err(StoreError::Database(again(cause))),
        _ => Ok(None),
    }
}
