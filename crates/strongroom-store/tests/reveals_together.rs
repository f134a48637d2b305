//! Reveals that share a statement and a commit: for each what it would be alone, and never another's. The attacker of these
//! tests holds the app role's login and tokens of his own; his moves are made in SQL, past the server.

use std::num::NonZeroU32;

use pretty_assertions::assert_eq;
use strongroom_store::{RevealOutcome, Store, StoreError};
use strongroom_testing::{Person, Sql, SqlState, TestDatabase, Wire, await_lock_waits, is_refused};
use strongroom_types::{Caller, CredentialId, IdReference, Purpose, Reference, RuntimeRole};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// One reveal as SQL has it.
#[derive(Clone)]
struct Asked {
    secret: Vec<u8>,
    request: Uuid,
    purpose: &'static str,
    limit: Option<i32>,
    id: Option<Uuid>,
    name: Option<&'static str>,
    version: Option<i32>,
}

impl Asked {
    fn of(person: &Person, id: CredentialId) -> Self {
        let secret = person.token.expose().to_vec();
        Self {
            secret,
            request: CredentialId::generate().0,
            purpose: "REVEAL",
            limit: None,
            id: Some(id.0),
            name: None,
            version: None,
        }
    }
}

/// Outcome, reason, envelope, whose, version.
type Row = (String, Option<String>, Option<String>, Option<Uuid>, Option<i32>);

fn row(row: &tokio_postgres::Row) -> Row {
    (row.get("outcome"), row.get("reason"), row.get("encrypted_value"), row.get("id"), row.get("version"))
}

async fn alone(app: &Sql, a: &Asked) -> Result<Row, tokio_postgres::Error> {
    let statement = "SELECT * FROM strongroom.reveal_credentials($1, $2, '192.0.2.7', 'agent', $3, $4, ARRAY[$5::uuid],
        ARRAY[CASE WHEN $6::text IS NOT NULL THEN 'github' END], ARRAY[$6::text], '{NULL}', ARRAY[$7::integer])";
    let parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
        &[&a.secret, &a.request, &a.purpose, &a.limit, &a.id, &a.name, &a.version];
    Ok(row(&app.query_one(statement, parameters).await?))
}

async fn together(app: &Sql, asked: &[Asked]) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement =
        "SELECT * FROM strongroom.reveal_together($1, $2, array_fill('192.0.2.7'::inet, ARRAY[$8::integer]),
        array_fill('agent'::text, ARRAY[$8]), $3, $4, $5,
        ARRAY(SELECT CASE WHEN name IS NOT NULL THEN 'github' END FROM unnest($6::text[]) AS name), $6,
        array_fill(NULL::uuid, ARRAY[$8]), $7) ORDER BY position";
    let (mut secrets, mut requests, mut purposes, mut limits) = (vec![], vec![], vec![], vec![]);
    let (mut ids, mut names, mut versions) = (vec![], vec![], vec![]);
    for a in asked {
        secrets.push(a.secret.clone());
        requests.push(a.request);
        purposes.push(a.purpose);
        limits.push(a.limit);
        ids.push(a.id);
        names.push(a.name);
        versions.push(a.version);
    }
    let many = i32::try_from(asked.len()).unwrap();
    let rows = app.query(statement, &[&secrets, &requests, &purposes, &limits, &ids, &names, &versions, &many]).await?;
    Ok(rows.iter().map(row).collect())
}

fn outcomes(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.0.as_str()).collect()
}

/// One of each kind, with a name for it.
async fn one_of_each(database: &TestDatabase) -> Vec<(&'static str, Asked)> {
    let (ada, bob) = (Person::create(database, "ada").await, Person::create(database, "bob").await);
    let (app, postgres) = (database.sql("strongroom_app").await, database.sql("postgres").await);
    let [plain, revoked, purged, rotated] = [
        ada.keep(&app, "plain").await,
        ada.keep(&app, "revoked").await,
        ada.keep(&app, "purged").await,
        ada.keep(&app, "rotated").await,
    ];
    ada.begin(&app).await;
    for team in ["one team", "another team"] {
        let workspace = ada.insert_workspace(&app, team).await;
        ada.insert_workspace_credential(&app, workspace, "twin").await;
        if team == "one team" {
            let seat =
                "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'MEMBER')";
            app.execute(seat, &[&workspace.0, &bob.id.0]).await.unwrap();
        }
    }
    let grant = "INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, permissions)
                 VALUES (gen_random_uuid(), $1, $2, '{USE}')";
    app.execute(grant, &[&plain.0, &bob.id.0]).await.unwrap();
    let rotate = "UPDATE strongroom.user_credentials SET version = 2, encrypted_value = 'sealed anew',
                  former_answers_until = now() + interval '1 hour' WHERE id = $1";
    app.execute(rotate, &[&rotated.0]).await.unwrap();
    app.execute("UPDATE strongroom.user_credentials SET is_active = false WHERE id = $1", &[&revoked.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    postgres.batch_execute("SET session_replication_role = replica").await.unwrap();
    let purge = "UPDATE strongroom.user_credentials SET encrypted_value = NULL, is_active = false, revoked_at = now(),
                 purged_at = now() WHERE id = $1";
    postgres.execute(purge, &[&purged.0]).await.unwrap();
    let narrow = ada.limited(database, "'{USE}', NULL, NULL").await.token;

    let base = Asked::of(&ada, plain);
    let named = |name| Asked { id: None, name: Some(name), ..base.clone() };
    vec![
        ("allowed", base.clone()),
        ("used", Asked { purpose: "USE", ..base.clone() }),
        ("restored", Asked { purpose: "RESTORE", ..base.clone() }),
        ("by name", named("plain")),
        ("ambiguous", named("twin")),
        ("no such name", named("nothing")),
        ("no such id", Asked { id: Some(CredentialId::generate().0), ..base.clone() }),
        ("not his to know of", Asked::of(&bob, rotated)),
        ("not granted for that", Asked::of(&bob, plain)),
        ("granted for that", Asked { purpose: "USE", ..Asked::of(&bob, plain) }),
        ("revoked", Asked::of(&ada, revoked)),
        ("purged", Asked::of(&ada, purged)),
        ("in its grace", Asked { version: Some(1), ..Asked::of(&ada, rotated) }),
        ("no such version", Asked { version: Some(7), ..Asked::of(&ada, rotated) }),
        ("not that token", Asked { secret: narrow.expose().to_vec(), ..base.clone() }),
        // Bob has one reveal this minute by now.
        ("rate limited", Asked { limit: Some(1), ..Asked::of(&bob, plain) }),
        ("rate limited again", Asked { limit: Some(1), ..Asked::of(&bob, plain) }),
        ("within the limit", Asked { limit: Some(100), ..base.clone() }),
    ]
}

/// What is recorded of each, by the position of its request.
async fn recorded(database: &TestDatabase, asked: &[(&'static str, Asked)]) -> Vec<(&'static str, Vec<String>)> {
    let postgres = database.sql("postgres").await;
    let statement =
        "SELECT concat_ws(' ', action, outcome, reason, l.name, version, scope, host(l.address), l.user_agent,
                            u.display_name, t.name)
                     FROM strongroom.activity_logs AS l JOIN strongroom.users AS u ON u.id = l.actor_id
                     JOIN strongroom.api_tokens AS t ON t.id = l.token_id WHERE request_id = $1 ORDER BY l.id";
    let mut all = Vec::new();
    for (what, asked) in asked {
        let rows = postgres.query(statement, &[&asked.request]).await.unwrap();
        all.push((*what, rows.iter().map(|row| row.get(0)).collect()));
    }
    all
}

#[tokio::test]
async fn outcomes_and_records_are_the_same_alone_and_together() {
    let (apart, joint) = (TestDatabase::create().await, TestDatabase::create().await);
    let (mut one_by_one, mut at_once) = (one_of_each(&apart).await, one_of_each(&joint).await);
    for (_, asked) in one_by_one.iter_mut().chain(&mut at_once) {
        asked.request = CredentialId::generate().0;
    }
    let app = apart.sql("strongroom_app").await;
    let mut answers = Vec::new();
    for (what, asked) in &one_by_one {
        let (outcome, reason, envelope, id, version) = alone(&app, asked).await.unwrap();
        answers.push((*what, outcome, reason, envelope, id.is_some(), version));
    }
    let requests: Vec<_> = at_once.iter().map(|(_, asked)| asked.clone()).collect();
    let rows = together(&joint.sql("strongroom_app").await, &requests).await.unwrap();
    let joint_answers: Vec<_> = at_once
        .iter()
        .zip(&rows)
        .map(|((what, _), (outcome, reason, envelope, id, version))| {
            (*what, outcome.clone(), reason.clone(), envelope.clone(), id.is_some(), *version)
        })
        .collect();
    assert_eq!(answers, joint_answers);
    let kinds = ["ALLOWED", "NOT_FOUND", "AMBIGUOUS", "REVOKED", "PURGED", "FORBIDDEN", "RATE_LIMITED"];
    assert!(kinds.iter().all(|kind| answers.iter().any(|answer| answer.1 == *kind)), "{answers:?}");
    let (apart, joint) = (recorded(&apart, &one_by_one).await, recorded(&joint, &at_once).await);
    assert_eq!(apart, joint);
    assert_eq!(apart[0].1, ["CREDENTIAL_ACCESSED ALLOWED plain 1 USER 192.0.2.7 agent ada test"]);
}

#[tokio::test]
async fn nobody_is_judged_by_anothers_proof() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    let (hers, eves) = (ada.keep(&app, "one").await, eve.keep(&app, "one").await);
    let dead = Asked { secret: [ada.id.0.as_bytes().as_slice(), &[7; 32]].concat(), ..Asked::of(&ada, hers) };
    let asked = [
        Asked::of(&eve, hers),
        dead.clone(),
        Asked::of(&ada, hers),
        dead.clone(),
        Asked::of(&eve, hers),
        Asked { id: None, name: Some("one"), ..Asked::of(&eve, hers) },
        Asked { id: None, name: Some("one"), ..dead },
        Asked::of(&ada, eves),
    ];
    let rows = together(&app, &asked).await.unwrap();
    let expected = [
        "NOT_FOUND",
        "UNAUTHENTICATED",
        "ALLOWED",
        "UNAUTHENTICATED",
        "NOT_FOUND",
        "ALLOWED",
        "UNAUTHENTICATED",
        "NOT_FOUND",
    ];
    assert_eq!(outcomes(&rows), expected);
    assert_eq!((rows[2].3, rows[5].3), (Some(hers.0), Some(eves.0)));
    assert!(rows.iter().all(|row| row.2.is_some() == (row.0 == "ALLOWED")));
    let records = "SELECT actor_id = owner_id FROM strongroom.activity_logs WHERE action = 'CREDENTIAL_ACCESSED'";
    let records = database.sql("postgres").await.query(records, &[]).await.unwrap();
    assert_eq!(records.iter().map(|row| row.get(0)).collect::<Vec<Option<bool>>>(), [Some(true), Some(true)]);
}

async fn proves(app: &Sql, person: &Person) -> bool {
    app.batch_execute("SAVEPOINT proof").await.unwrap();
    let proven = app.execute("SELECT strongroom.prove_caller($1)", &[&person.token.expose()]).await;
    if proven.is_err() {
        app.batch_execute("ROLLBACK TO proof").await.unwrap();
    }
    proven.is_ok()
}

#[tokio::test]
async fn a_transaction_of_several_callers_has_none_afterwards_and_gets_none() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    let hers = ada.keep(&app, "one").await;
    let asked = [Asked::of(&ada, hers), Asked::of(&eve, hers)];
    for forget in ["SELECT 1", "SET LOCAL strongroom.proven = 'yes'", "ROLLBACK TO s", "DISCARD SEQUENCES"] {
        app.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
        assert_eq!(outcomes(&together(&app, &asked).await.unwrap()), ["ALLOWED", "NOT_FOUND"]);
        app.batch_execute(forget).await.unwrap();
        app.batch_execute("SET LOCAL strongroom.proven = 'yes'; SAVEPOINT t").await.unwrap();
        let caller = app.query_one("SELECT strongroom.current_user_id()::text", &[]).await;
        assert!(caller.is_err() || caller.unwrap().get::<_, Option<String>>(0).is_none(), "{forget}");
        app.batch_execute("ROLLBACK TO t").await.unwrap();
        for person in [&ada, &eve] {
            assert!(!proves(&app, person).await, "{forget}");
        }
        assert!(alone(&app, &asked[1]).await.is_err(), "{forget}");
        app.batch_execute("ROLLBACK TO t").await.unwrap();
        assert!(together(&app, &asked).await.is_err(), "{forget}");
        app.batch_execute("ROLLBACK TO t; SET LOCAL strongroom.proven = 'yes'; SAVEPOINT u").await.unwrap();
        assert!(app.query("SELECT * FROM strongroom.user_credentials", &[]).await.is_err(), "{forget}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    // It is the transaction that is over, not the connection.
    ada.begin(&app).await;
    app.query_one("SELECT FROM strongroom.user_credentials", &[]).await.unwrap();
}

#[tokio::test]
async fn whoever_has_a_caller_gets_no_others_with_it() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    let (hers, eves) = (ada.keep(&app, "one").await, eve.keep(&app, "one").await);
    for forget in ["SELECT 1", "SET LOCAL strongroom.proven = ''", "ROLLBACK TO s", "DISCARD SEQUENCES"] {
        app.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
        app.execute("SELECT strongroom.prove_caller($1)", &[&eve.token.expose()]).await.unwrap();
        app.batch_execute(forget).await.unwrap();
        let refused = together(&app, &[Asked::of(&ada, hers), Asked::of(&eve, eves)]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "SR401", "{forget}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    assert!(is_refused(&app, "user_credentials").await);
}

#[tokio::test]
async fn a_call_that_is_cut_off_leaves_its_transaction_to_that_caller_at_most() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    let (hers, eves) = (ada.keep(&app, "one").await, eve.keep(&app, "cut").await);
    let cut = "CREATE FUNCTION public.cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$;
               CREATE TRIGGER cut BEFORE INSERT ON strongroom.activity_logs
                   FOR EACH ROW WHEN (NEW.name = 'cut') EXECUTE FUNCTION public.cut()";
    database.sql("postgres").await.batch_execute(cut).await.unwrap();
    app.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
    let (a, e) = (Asked::of(&ada, hers), Asked::of(&eve, eves));
    assert!(together(&app, &[a.clone(), e.clone()]).await.is_err());
    app.batch_execute("ROLLBACK TO s").await.unwrap();
    assert!(!proves(&app, &ada).await);
    assert!(together(&app, &[a]).await.is_err());
    app.batch_execute("ROLLBACK TO s; SET LOCAL strongroom.proven = 'yes'").await.unwrap();
    let seen = app.query("SELECT name FROM strongroom.user_credentials", &[]).await.unwrap();
    assert_eq!(seen.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["cut"]);
}

#[tokio::test]
async fn what_proves_and_reveals_inside_is_closed_to_every_runtime_role() {
    let database = TestDatabase::create().await;
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = database.sql(role).await;
        for call in [
            "strongroom.live_tokens('{}')",
            "strongroom.hold_caller(NULL)",
            "strongroom.prove_token('')",
            "strongroom.require_provable()",
            "strongroom.used_minute(NULL, 'USE', 1)",
            "strongroom.limit_is_told(NULL, 'CREDENTIAL_USED')",
            "strongroom.attempt_reveal(NULL, NULL, NULL, NULL, 'USE', NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
            "strongroom.record_reveals(NULL)",
        ] {
            let refused = sql.execute(&format!("SELECT {call}"), &[]).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {call}");
        }
    }
}

#[tokio::test]
async fn one_whose_attempts_are_counted_elsewhere_is_busy_and_holds_nobody_up() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    let (hers, his) = (ada.keep(&app, "one").await, bob.keep(&app, "one").await);
    let limited = |asked: Asked| Asked { limit: Some(2), ..asked };
    let mut elsewhere = database.sql("postgres").await;
    let lock = elsewhere.transaction().await.unwrap();
    lock.execute("SELECT FROM strongroom.users WHERE id = $1 FOR UPDATE", &[&ada.id.0]).await.unwrap();
    let asked: Vec<_> = [limited(Asked::of(&ada, hers)), limited(Asked::of(&bob, his)), Asked::of(&ada, hers)].into();
    assert_eq!(outcomes(&together(&app, &asked).await.unwrap()), ["BUSY", "ALLOWED", "ALLOWED"]);

    // The server asks again for whoever is busy, alone, and that one waits.
    let store = database.store().await;
    let waiting = ask(&store, ada.caller(), hers, NonZeroU32::new(2));
    assert!(is_allowed(&ask(&store, bob.caller(), his, NonZeroU32::new(2)).await.unwrap()));
    assert!(!waiting.is_finished());
    lock.commit().await.unwrap();
    assert!(is_allowed(&waiting.await.unwrap()));
    // A minute's attempts in one call count one after the other.
    let asked: Vec<_> = (0..3).map(|_| limited(Asked { purpose: "USE", ..Asked::of(&ada, hers) })).collect();
    assert_eq!(outcomes(&together(&app, &asked).await.unwrap()), ["ALLOWED", "ALLOWED", "RATE_LIMITED"]);
}

#[tokio::test]
async fn those_after_one_who_takes_long_are_busy_and_go_alone() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    let (hers, his) = (ada.keep(&app, "one").await, bob.keep(&app, "one").await);
    // Whoever is asked what others granted him waits.
    let mut elsewhere = database.sql("postgres").await;
    let lock = elsewhere.transaction().await.unwrap();
    lock.execute("LOCK TABLE strongroom.credential_grants IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    let by_name = Asked { id: None, name: Some("one"), ..Asked::of(&ada, hers) };
    let asked = [by_name, Asked::of(&bob, his), Asked::of(&bob, his)];
    let waiting = tokio::spawn(async move { together(&app, &asked).await });
    await_lock_waits(&database.sql("postgres").await, 1).await;
    lock.execute("SELECT pg_sleep(1.01)", &[]).await.unwrap();
    lock.commit().await.unwrap();
    assert_eq!(outcomes(&waiting.await.unwrap().unwrap()), ["ALLOWED", "BUSY", "BUSY"]);
}

#[tokio::test]
async fn a_call_holds_one_to_32_whole_reveals() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let asked = Asked::of(&ada, ada.keep(&app, "one").await);
    assert_eq!(together(&app, &vec![asked.clone(); 32]).await.unwrap().len(), 32);
    let unknown = Asked { purpose: "LOOK", ..asked.clone() };
    for wrong in [vec![], vec![asked.clone(); 33], vec![asked, unknown]] {
        let refused = together(&app, &wrong).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INVALID_PARAMETER_VALUE));
    }
    // Each array has one for each: what is missing would be no limit, or no request.
    let whole = ["'{\\x00,\\x00}'", "'{NULL,NULL}'", "'{NULL,NULL}'", "'{NULL,NULL}'", "'{USE,USE}'", "'{1,1}'"];
    let rest = ["'{NULL,NULL}'"; 5];
    let arrays = [&whole[..], &rest[..]].concat();
    app.execute(&format!("SELECT strongroom.reveal_together({})", arrays.join(", ")), &[]).await.unwrap();
    for place in 0..arrays.len() {
        for wrong in ["NULL", "'{}'", "'{NULL}'", "'{NULL,NULL,NULL}'"] {
            let mut arrays = arrays.clone();
            arrays[place] = wrong;
            let call = format!("SELECT strongroom.reveal_together({})", arrays.join(", "));
            let refused = app.execute(&call, &[]).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INVALID_PARAMETER_VALUE), "{call}");
        }
    }
}

fn ask(
    store: &Store,
    caller: Caller,
    id: CredentialId,
    limit: Option<NonZeroU32>,
) -> JoinHandle<Result<RevealOutcome, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move {
        let reference = [Reference::Id(IdReference { id, version: None })];
        let outcomes = store.reveal_credentials(&caller, RuntimeRole::App, Purpose::Reveal, &reference, limit).await;
        outcomes.map(|mut outcomes| outcomes.remove(0))
    })
}

fn is_allowed(outcome: &Result<RevealOutcome, StoreError>) -> bool {
    matches!(outcome, Ok(RevealOutcome::Allowed { .. }))
}

/// So many people with a credential each.
async fn people(database: &TestDatabase, app: &Sql, many: usize) -> Vec<(Person, CredentialId)> {
    let mut people = Vec::new();
    for n in 0..many {
        let person = Person::create(database, &format!("p{n}")).await;
        let id = person.keep(app, "one").await;
        people.push((person, id));
    }
    people
}

/// A call that waits keeps the worker, so that those that come next go together.
async fn keep_worker(
    store: &Store,
    postgres: &Sql,
    (person, id): (&Person, CredentialId),
) -> JoinHandle<Result<RevealOutcome, StoreError>> {
    postgres.batch_execute("BEGIN; LOCK TABLE strongroom.activity_logs IN SHARE MODE").await.unwrap();
    let kept = ask(store, person.caller(), id, None);
    await_lock_waits(postgres, 1).await;
    kept
}

#[tokio::test]
async fn those_that_arrive_while_one_is_under_way_share_a_round_trip_and_a_commit() {
    let database = TestDatabase::create().await;
    let (postgres, app) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    let people = people(&database, &app, 17).await;
    let ((first, of_first), company) = people.split_first().unwrap();
    let wire = Wire::listen(&database);
    let store =
        Store::connect(&wire.url(&database, "strongroom_app"), &database.url("strongroom_system"), 1).await.unwrap();
    // Prepares the statement.
    assert!(is_allowed(&ask(&store, first.caller(), *of_first, None).await.unwrap()));
    let before = keep_worker(&store, &postgres, (first, *of_first)).await;
    wire.take_round_trips();
    let asked: Vec<_> = company.iter().map(|(person, id)| ask(&store, person.caller(), *id, None)).collect();
    // Their tasks run while this waits: they are in the queue when the worker goes on.
    postgres.query_one("SELECT 1", &[]).await.unwrap();
    postgres.batch_execute("COMMIT").await.unwrap();
    for (asked, (person, id)) in asked.into_iter().zip(company) {
        let Ok(RevealOutcome::Allowed { binding, .. }) = asked.await.unwrap() else { panic!("not allowed") };
        assert_eq!((binding.owner_id, binding.credential_id), (person.id, *id));
    }
    assert!(is_allowed(&before.await.unwrap()));
    assert_eq!(wire.take_round_trips(), 2);
    let commits = "SELECT count(DISTINCT transaction_id), count(DISTINCT request_id) FROM strongroom.activity_logs
                   WHERE action = 'CREDENTIAL_ACCESSED' AND actor_id <> $1";
    let row = postgres.query_one(commits, &[&first.id.0]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 16));
}

#[tokio::test]
async fn where_more_wait_than_the_next_call_takes_there_is_another_call() {
    let database = TestDatabase::create().await;
    let (postgres, app) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    let people = people(&database, &app, 18).await;
    let store = database.store().await;
    let ((first, of_first), company) = people.split_first().unwrap();
    let before = keep_worker(&store, &postgres, (first, *of_first)).await;
    let asked: Vec<_> = company.iter().map(|(person, id)| ask(&store, person.caller(), *id, None)).collect();
    await_lock_waits(&postgres, 2).await;
    postgres.batch_execute("COMMIT").await.unwrap();
    for asked in asked.into_iter().chain([before]) {
        assert!(is_allowed(&asked.await.unwrap()));
    }
}

#[tokio::test]
async fn one_that_fails_fails_alone() {
    let database = TestDatabase::create().await;
    let (postgres, app) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    let [ada, bob, eve, dan] = [
        Person::create(&database, "ada").await,
        Person::create(&database, "bob").await,
        Person::create(&database, "eve").await,
        Person::create(&database, "dan").await,
    ];
    let (hers, his) = (ada.keep(&app, "hers").await, bob.keep(&app, "fails").await);
    let (eves, dans) = (eve.keep(&app, "eves").await, dan.keep(&app, "dans").await);
    let store = database.store().await;
    // At the commit itself, after the rows with the envelopes have been sent.
    let sabotage =
        "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;
         CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON strongroom.activity_logs DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW WHEN (NEW.name = 'fails') EXECUTE FUNCTION public.fail()";
    postgres.batch_execute(sabotage).await.unwrap();
    let before = keep_worker(&store, &postgres, (&dan, dans)).await;
    let asked = [(&ada, hers), (&bob, his), (&eve, eves)].map(|(person, id)| ask(&store, person.caller(), id, None));
    // Revoked while she waits.
    let revoke = "UPDATE strongroom.api_tokens SET revoked_at = now() WHERE user_id = $1";
    let other = database.sql("postgres").await;
    other.batch_execute("SET session_replication_role = replica").await.unwrap();
    other.execute(revoke, &[&eve.id.0]).await.unwrap();
    postgres.batch_execute("COMMIT").await.unwrap();
    let [of_ada, of_bob, of_eve] = asked;
    assert!(is_allowed(&of_ada.await.unwrap()));
    assert!(matches!(of_bob.await.unwrap(), Err(StoreError::Database(_))));
    assert!(matches!(of_eve.await.unwrap(), Err(StoreError::Unauthenticated)));
    assert!(is_allowed(&before.await.unwrap()));
    let records =
        "SELECT count(*) FROM strongroom.activity_logs WHERE action = 'CREDENTIAL_ACCESSED' AND entity_id = $1";
    for (id, expected) in [(hers, 1_i64), (his, 0), (eves, 0)] {
        assert_eq!(postgres.query_one(records, &[&id.0]).await.unwrap().get::<_, i64>(0), expected);
    }
}

#[tokio::test]
async fn one_whose_lock_or_time_runs_out_takes_nobody_with_him() {
    let database = TestDatabase::create().await;
    let (postgres, app) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    let people = people(&database, &app, 3).await;
    let [(dan, dans), (ada, hers), (bob, his)] = people.as_slice() else { panic!("three") };
    let store = database.store().await;
    for code in ["query_canceled", "lock_not_available", "deadlock_detected"] {
        let sabotage = format!(
            "CREATE OR REPLACE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$;
             CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON strongroom.activity_logs
                 FOR EACH ROW WHEN (NEW.actor_id = '{}') EXECUTE FUNCTION public.fail()",
            bob.id
        );
        postgres.batch_execute(&sabotage).await.unwrap();
        let before = keep_worker(&store, &postgres, (dan, *dans)).await;
        let [of_ada, of_bob] = [(ada, hers), (bob, his)].map(|(person, id)| ask(&store, person.caller(), *id, None));
        postgres.batch_execute("COMMIT").await.unwrap();
        assert!(is_allowed(&of_ada.await.unwrap()), "{code}");
        assert!(matches!(of_bob.await.unwrap(), Err(StoreError::Unavailable(_))), "{code}");
        assert!(is_allowed(&before.await.unwrap()));
    }
}

#[tokio::test]
async fn whoever_goes_away_takes_nothing_from_the_others() {
    let database = TestDatabase::create().await;
    let (postgres, app) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let eve = Person::create(&database, "eve").await;
    let (hers, his, eves) = (ada.keep(&app, "one").await, bob.keep(&app, "one").await, eve.keep(&app, "one").await);
    let store = database.store().await;
    let before = keep_worker(&store, &postgres, (&eve, eves)).await;
    let gone = ask(&store, bob.caller(), his, None);
    let stays = ask(&store, ada.caller(), hers, None);
    postgres.query_one("SELECT 1", &[]).await.unwrap();
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    postgres.batch_execute("COMMIT").await.unwrap();
    assert!(is_allowed(&stays.await.unwrap()));
    assert!(is_allowed(&before.await.unwrap()));
    // What has begun goes on, and is recorded.
    let records =
        "SELECT count(*) FROM strongroom.activity_logs WHERE action = 'CREDENTIAL_ACCESSED' AND actor_id = $1";
    assert_eq!(postgres.query_one(records, &[&bob.id.0]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn one_users_many_reveals_are_counted_one_after_the_other_in_one_call() {
    let database = TestDatabase::create().await;
    let (postgres, app) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let (hers, his) = (ada.keep(&app, "one").await, bob.keep(&app, "one").await);
    let store = database.store().await;
    postgres.batch_execute("BEGIN; LOCK TABLE strongroom.activity_logs IN SHARE MODE").await.unwrap();
    let limit = NonZeroU32::new(10);
    let first = ask(&store, ada.caller(), hers, limit);
    await_lock_waits(&postgres, 1).await;
    let more: Vec<_> = (0..12).map(|_| ask(&store, ada.caller(), hers, limit)).collect();
    let his = ask(&store, bob.caller(), his, limit);
    postgres.query_one("SELECT 1", &[]).await.unwrap();
    postgres.batch_execute("COMMIT").await.unwrap();
    assert!(is_allowed(&first.await.unwrap()) && is_allowed(&his.await.unwrap()));
    let mut allowed = 1;
    for asked in more {
        allowed += usize::from(is_allowed(&asked.await.unwrap()));
    }
    assert_eq!(allowed, 10);
    let commits = "SELECT count(DISTINCT transaction_id) FROM strongroom.activity_logs WHERE actor_id = $1 AND action = 'CREDENTIAL_ACCESSED'";
    assert_eq!(postgres.query_one(commits, &[&ada.id.0]).await.unwrap().get::<_, i64>(0), 2);
}
