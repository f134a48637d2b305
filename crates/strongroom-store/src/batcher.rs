//! Requests that arrive while others are under way go together: one statement, one commit, each caller proven for himself
//! (docs/adr/0010-reveals-together.md). Nobody waits for company, and no outcome is handed out before the commit.
//! What a statement asks and answers is in reveal_batch.rs and act_batch.rs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgDatabaseError, PgRow, PgSeverity};
use sqlx::{PgConnection, Postgres, Row};
use strongroom_types::{Caller, RuntimeRole, UserId};
use tokio::sync::oneshot;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;

/// How many go together; the functions in the database take 32. Where more wait than the next call can take, there is
/// another one.
const TOGETHER: usize = 16;
/// How many calls of a kind are under way at once, at most; nor does a kind take more than a quarter of the connections,
/// where there are four.
const WORKERS: usize = 4;
/// After how many calls a worker gives its connection back: others wait for one, too, and the pool renews those that are old.
const CALLS: usize = 64;

/// A request that can go together with others of its kind, as the application's role.
pub(crate) trait Batched: Send + Sync + Sized + 'static {
    type Outcome: Send;

    fn caller(&self) -> &Caller;

    /// One statement for all of them, committed when it returns; its rows in their order.
    fn ask(
        connection: &mut PgConnection,
        batch: &[Self],
    ) -> impl Future<Output = Result<Vec<PgRow>, sqlx::Error>> + Send;

    /// Whether the row is about this one: what is opened is what the row names.
    fn is_answered_by(&self, row: &PgRow) -> bool;

    /// What the row says of one that was proven and is not to be asked for alone.
    fn outcome(row: &PgRow) -> Result<Self::Outcome, sqlx::Error>;
}

/// Those who ask, as the columns that the statements take.
pub(crate) struct Callers<'a> {
    pub(crate) secrets: Vec<&'a [u8]>,
    pub(crate) requests: Vec<Uuid>,
    pub(crate) addresses: Vec<Option<String>>,
    pub(crate) agents: Vec<Option<&'a str>>,
}

impl<'a> Callers<'a> {
    pub(crate) fn of<R: Batched>(batch: &'a [R]) -> Self {
        let callers = || batch.iter().map(R::caller);
        Self {
            secrets: callers().map(|c| c.token.expose()).collect(),
            requests: callers().map(|c| c.request_id.0).collect(),
            addresses: callers().map(|c| c.address.map(|address| address.to_string())).collect(),
            agents: callers().map(|c| c.user_agent.as_ref().map(|agent| agent.as_str())).collect(),
        }
    }
}

/// What came of one; None: it is to be asked for alone, and nothing of it has happened.
pub(crate) type Answer<O> = Result<Option<O>, StoreError>;

type Connection = PoolConnection<Postgres>;

/// Those of a kind that wait for a worker.
pub(crate) struct Batcher<R: Batched> {
    state: Mutex<State<R>>,
    /// The histogram of how many went together.
    metric: &'static str,
    /// How many may wait. Whoever comes then is told that the database is not available.
    most_waiting: usize,
    most_workers: usize,
}

struct State<R: Batched> {
    waiting: VecDeque<Waiting<R>>,
    workers: usize,
    /// Whose requests are under way. A user's next ones wait here for that call, and go together: in another one his
    /// reveals, which are counted one call after the other, would be busy, and a row that both change would be locked.
    under_way: Vec<UserId>,
}

struct Waiting<R: Batched> {
    request: R,
    /// Of the request, for the traces.
    span: Span,
    answer: oneshot::Sender<Answer<R::Outcome>>,
}

impl<R: Batched> Waiting<R> {
    /// Whose token it says it is; nobody has believed it yet. Whoever writes another one's id into his waits with him, and
    /// gains nothing.
    fn user(&self) -> UserId {
        self.request.caller().token.user_id()
    }
}

impl Store {
    /// Asks at once if a worker is free, or else together with those that wait too. Whoever gives up does not take it back.
    pub(crate) async fn ask_in_company<R: Batched>(&self, batcher: &Arc<Batcher<R>>, request: R) -> Answer<R::Outcome> {
        let (answer, answered) = oneshot::channel();
        if batcher.enter(Waiting { request, span: Span::current(), answer })? {
            tokio::spawn(work(self.clone(), batcher.clone()));
        }
        answered.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }
}

impl<R: Batched> Batcher<R> {
    /// Of a store that has so many connections.
    pub(crate) fn new(metric: &'static str, most_waiting: usize, connections: u32) -> Self {
        let state = State { waiting: VecDeque::new(), workers: 0, under_way: Vec::new() };
        let quarter = usize::try_from(connections / 4).unwrap_or(WORKERS);
        Self { state: Mutex::new(state), metric, most_waiting, most_workers: quarter.clamp(1, WORKERS) }
    }

    /// True: it is to get a worker.
    fn enter(&self, one: Waiting<R>) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.waiting.len() >= self.most_waiting {
            return Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut));
        }
        state.waiting.push_back(one);
        // A call that what comes meanwhile waits for is a larger one, and costs each less than two at once.
        let needs_worker = state.workers == 0 || (state.workers < self.most_workers && state.waiting.len() > TOGETHER);
        state.workers += usize::from(needs_worker);
        Ok(needs_worker)
    }

    /// Those that go next, after the requests of those users; None: the worker is not needed any more. Whoever is left then
    /// waits for a call that another worker has under way, and goes with that one's next.
    fn next(&self, done: &[UserId]) -> Option<Vec<Waiting<R>>> {
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

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn work<R: Batched>(store: Store, batcher: Arc<Batcher<R>>) {
    let mut done = Vec::new();
    // One for many calls: a backend that has just done the same is the fastest, and the pool, which would hand out another each
    // time, looks at each that comes back.
    let mut connection = None;
    for calls in 1.. {
        let Some(batch) = batcher.next(&done) else { return };
        done = batch.iter().map(Waiting::user).collect();
        metrics::histogram!(batcher.metric).record(batch.len() as f64);
        // The first one's trace has the call.
        let span = batch.first().map_or_else(Span::none, |first| first.span.clone());
        // In a task of its own, so that a panic ends this call and not the worker.
        let kept = tokio::spawn(answer(store.clone(), connection, batch).instrument(span)).await;
        let kept = kept.inspect_err(|panic| tracing::error!(%panic, "a call for several requests panicked"));
        connection = kept.ok().flatten().filter(|_| calls % CALLS != 0);
    }
}

/// Returns the connection, where nothing speaks against using it once more.
async fn answer<R: Batched>(
    store: Store,
    connection: Option<Connection>,
    batch: Vec<Waiting<R>>,
) -> Option<Connection> {
    let (requests, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.request, one.answer)).unzip();
    let (answers, connection) = match ask(&store, connection, &requests).await {
        Ok((answers, connection)) => (answers, Some(connection)),
        Err(error) => (requests.iter().map(|_| shared(&error)).collect(), None),
    };
    for (waiting, answer) in waiting.into_iter().zip(answers) {
        // Whoever has gone away does not hear of it.
        let _ = waiting.send(answer);
    }
    connection
}

async fn ask<R: Batched>(
    store: &Store,
    connection: Option<Connection>,
    requests: &[R],
) -> Result<(Vec<Answer<R::Outcome>>, Connection), StoreError> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => store.acquire(RuntimeRole::App).await?,
    };
    let rows = R::ask(&mut connection, requests).await?;
    let is_of = |((row, place), request): ((&PgRow, i32), &R)| {
        row.try_get::<i32, _>("position").is_ok_and(|position| position == place) && request.is_answered_by(row)
    };
    if rows.len() != requests.len() || !rows.iter().zip(1..).zip(requests).all(is_of) {
        // Whatever it says next is not for whoever asks next.
        connection.close_on_drop();
        return Err(StoreError::Database(sqlx::Error::Decode("not an outcome for each".into())));
    }
    let answers = rows.iter().map(|row| match row.try_get::<&str, _>("outcome")? {
        "UNAUTHENTICATED" => Err(StoreError::Unauthenticated),
        "ALONE" | "BUSY" => Ok(None),
        _ => Ok(Some(R::outcome(row)?)),
    });
    Ok((answers.collect(), connection))
}

/// What the failure of a call is to each in it. What the database refused, it has undone, and only one of them may be the
/// cause, by a lock or the time that he took, too: each is asked for alone. All else is everybody's.
fn shared<O>(error: &StoreError) -> Answer<O> {
    let again = |cause: &sqlx::Error| sqlx::Error::Protocol(cause.to_string());
    match error {
        StoreError::Unavailable(cause) if !is_undone(cause) => Err(StoreError::Unavailable(again(cause))),
        StoreError::Database(cause) if !is_undone(cause) => Err(StoreError::Database(again(cause))),
        _ => Ok(None),
    }
}

/// Whether the database says so, by an ERROR. Where the connection is gone, or the session was ended (FATAL, as also PgBouncer
/// says), the commit may have come before: whoever went alone now would do it twice.
fn is_undone(cause: &sqlx::Error) -> bool {
    let error = cause.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| error.severity() == PgSeverity::Error)
}
