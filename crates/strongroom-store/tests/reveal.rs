//! Promise 4 at the database: one round trip, one commit, and no envelope without its record.
//! Round trips are counted on the wire.

use std::num::NonZeroU32;

use strongroom_store::{RevealLimit, RevealOutcome, Store, StoreError};
use strongroom_testing::{Person, TestDatabase, Wire};
use strongroom_types::{Caller, CredentialId, IdReference, Purpose, Reference, RuntimeRole};

async fn recorded(database: &TestDatabase, id: CredentialId) -> Vec<(String, Option<String>)> {
    let rows = database
        .sql("postgres")
        .await
        .query(
            "SELECT outcome::text, reason FROM strongroom.activity_logs
             WHERE action = 'CREDENTIAL_ACCESSED' AND entity_id = $1 ORDER BY id",
            &[&id.0],
        )
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn reveal(
    store: &Store,
    caller: &Caller,
    role: RuntimeRole,
    id: CredentialId,
    limit: RevealLimit,
) -> Result<RevealOutcome, StoreError> {
    let reference = Reference::Id(IdReference { id, version: None });
    let mut outcomes = store.reveal_credentials(caller, role, Purpose::Reveal, &[reference], limit).await?;
    assert_eq!(outcomes.len(), 1);
    Ok(outcomes.remove(0))
}

#[tokio::test]
async fn a_reveal_is_one_round_trip_and_leaves_its_record() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let id = ada.keep(&database.sql("strongroom_app").await, "one").await;
    let wire = Wire::listen(&database);
    let store =
        Store::connect(&wire.url(&database, "strongroom_app"), &database.url("strongroom_system"), 1).await.unwrap();
    let once = async || reveal(&store, &ada.caller(), RuntimeRole::App, id, NonZeroU32::new(10)).await.unwrap();
    once().await; // The first one prepares the statement.
    wire.take_round_trips();
    let RevealOutcome::Allowed { binding, envelope } = once().await else { panic!("not allowed") };
    assert_eq!(wire.take_round_trips(), 1);
    assert_eq!((binding.owner_id, binding.version, envelope.as_str()), (ada.id, 1, "sealed"));
    assert_eq!(recorded(&database, id).await, [("ALLOWED".into(), None), ("ALLOWED".into(), None)]);
}

#[tokio::test]
async fn a_hundred_values_are_one_round_trip_and_leave_a_record_each_in_their_order() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let (one, two) = (ada.keep(&app, "one").await, ada.keep(&app, "two").await);
    let wire = Wire::listen(&database);
    let store =
        Store::connect(&wire.url(&database, "strongroom_app"), &database.url("strongroom_system"), 1).await.unwrap();
    let by_id = |id| Reference::Id(IdReference { id, version: None });
    let unknown = CredentialId::generate();
    let references: Vec<_> = (0..100).map(|n| by_id([one, unknown, two][n % 3])).collect();
    let once = async || {
        store.reveal_credentials(&ada.caller(), RuntimeRole::App, Purpose::Reveal, &references, None).await.unwrap()
    };
    once().await; // The first one prepares the statement.
    wire.take_round_trips();
    let outcomes = once().await;
    assert_eq!(wire.take_round_trips(), 1);
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            RevealOutcome::Allowed { binding, .. } => assert_eq!(binding.credential_id, [one, unknown, two][n % 3]),
            RevealOutcome::NotFound => assert_eq!(n % 3, 1),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((recorded(&database, one).await.len(), recorded(&database, two).await.len()), (2 * 34, 2 * 33));
    assert_eq!(recorded(&database, unknown).await, []);
}

#[tokio::test]
async fn each_of_a_batch_counts_for_its_purpose_alone() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let id = ada.keep(&database.sql("strongroom_app").await, "one").await;
    let store = database.store().await;
    let references: Vec<_> = (0..5).map(|_| Reference::Id(IdReference { id, version: None })).collect();
    for purpose in [Purpose::Reveal, Purpose::Use] {
        let limit = NonZeroU32::new(3);
        let outcomes = store.reveal_credentials(&ada.caller(), RuntimeRole::App, purpose, &references, limit).await;
        let allowed = outcomes.unwrap().iter().map(|o| matches!(o, RevealOutcome::Allowed { .. })).collect::<Vec<_>>();
        assert_eq!(allowed, [true, true, true, false, false], "{purpose}");
    }
    // Three, and the first refusal.
    assert_eq!(recorded(&database, id).await.len(), 4);
}

#[tokio::test]
async fn a_reveal_whose_record_does_not_commit_reveals_nothing() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let id = ada.keep(&database.sql("strongroom_app").await, "one").await;
    let store = database.store().await;
    // Fails at the commit itself, after the row with the envelope has been sent.
    let sabotage =
        "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;
         CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON strongroom.activity_logs
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fail()";
    database.sql("postgres").await.batch_execute(sabotage).await.unwrap();
    let outcome = reveal(&store, &ada.caller(), RuntimeRole::App, id, None).await;
    assert!(matches!(outcome, Err(StoreError::Database(_))), "{outcome:?}");
    assert_eq!(recorded(&database, id).await, []);
}

#[tokio::test]
async fn an_act_that_is_given_up_while_it_begins_leaves_no_transaction_open_behind_it() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let id = ada.keep(&database.sql("strongroom_app").await, "one").await;
    let store = Store::connect(&database.url("strongroom_app"), &database.url("strongroom_system"), 1).await.unwrap();
    let mut allowed = 0;
    for n in 0..40_u64 {
        // From before BEGIN is sent to after the proof is answered.
        let patience = std::time::Duration::from_micros(n * 25);
        let _ = tokio::time::timeout(patience, store.begin(&ada.caller(), RuntimeRole::App)).await;
        // On the one connection there is; its record must be there for others as soon as it is answered.
        if let RevealOutcome::Allowed { .. } = reveal(&store, &ada.caller(), RuntimeRole::App, id, None).await.unwrap()
        {
            allowed += 1;
        }
        assert_eq!(recorded(&database, id).await.len(), allowed, "after {patience:?}");
    }
    assert_eq!(allowed, 40);
}

#[tokio::test]
async fn a_reveal_of_what_the_caller_may_not_know_of_is_nothing_and_leaves_nothing() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create_admin(&database, "bob").await);
    let id = ada.keep(&database.sql("strongroom_app").await, "one").await;
    let store = database.store().await;
    for role in [RuntimeRole::App, RuntimeRole::System] {
        let outcome = reveal(&store, &bob.caller(), role, id, None).await.unwrap();
        assert!(matches!(outcome, RevealOutcome::NotFound));
    }
    assert_eq!(recorded(&database, id).await, []);
}

#[tokio::test]
async fn a_denied_reveal_is_recorded_and_hands_out_no_envelope() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let id = ada.keep(&app, "one").await;
    ada.begin(&app).await;
    app.execute("UPDATE strongroom.user_credentials SET is_active = false", &[]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    let outcome = reveal(&database.store().await, &ada.caller(), RuntimeRole::App, id, None).await.unwrap();
    assert!(matches!(outcome, RevealOutcome::Revoked));
    assert_eq!(recorded(&database, id).await, [("DENIED".into(), Some("REVOKED".into()))]);
    let raw = app
        .query_one(
            "SELECT encrypted_value FROM strongroom.reveal_credentials(
                 $1, NULL, NULL, NULL, 'REVEAL', NULL, ARRAY[$2::uuid], '{NULL}', '{NULL}', '{NULL}', '{NULL}')",
            &[&ada.token.expose(), &id.0],
        )
        .await
        .unwrap();
    assert_eq!(raw.get::<_, Option<String>>(0), None);
}

#[tokio::test]
async fn reveals_at_once_stay_within_the_limit_and_one_users_limit_is_not_anothers() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    let (hers, his) = (ada.keep(&app, "one").await, bob.keep(&app, "one").await);
    let store = database.store().await;
    let attempts: Vec<_> = (0..12)
        .map(|_| {
            let (store, caller) = (store.clone(), ada.caller());
            tokio::spawn(
                async move { reveal(&store, &caller, RuntimeRole::App, hers, NonZeroU32::new(3)).await.unwrap() },
            )
        })
        .collect();
    let mut allowed = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            RevealOutcome::Allowed { .. } => allowed += 1,
            RevealOutcome::RateLimited { retry_after_seconds } => {
                assert!((1..=60).contains(&retry_after_seconds))
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(allowed, 3);
    // The first refusal is recorded, and not the eight after it: hammering does not fill the log.
    let rows = recorded(&database, hers).await;
    assert_eq!(rows.iter().filter(|(outcome, _)| outcome == "DENIED").count(), 1, "{rows:?}");
    let outcome = reveal(&store, &bob.caller(), RuntimeRole::App, his, NonZeroU32::new(3)).await.unwrap();
    assert!(matches!(outcome, RevealOutcome::Allowed { .. }));
}

#[tokio::test]
async fn a_token_that_proves_nobody_reveals_nothing() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let id = ada.keep(&app, "one").await;
    let store = database.store().await;
    ada.begin(&app).await;
    app.execute("UPDATE strongroom.api_tokens SET revoked_at = now()", &[]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    let outcome = reveal(&store, &ada.caller(), RuntimeRole::App, id, None).await;
    assert!(matches!(outcome, Err(StoreError::Unauthenticated)));
}

#[tokio::test]
async fn reveals_without_end_leave_connections_to_others() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let id = ada.keep(&database.sql("strongroom_app").await, "one").await;
    let [app, system] = ["strongroom_app", "strongroom_system"].map(|role| database.url(role));
    let store = Store::connect(&app, &system, 1).await.unwrap();
    let reveals = (0..64).map(|_| {
        let (store, caller) = (store.clone(), ada.caller());
        tokio::spawn(async move {
            loop {
                reveal(&store, &caller, RuntimeRole::App, id, None).await.unwrap();
            }
        })
    });
    let reveals: Vec<_> = reveals.collect();
    for _ in 0..5 {
        store.begin(&bob.caller(), RuntimeRole::App).await.unwrap().commit().await.unwrap();
    }
    assert!(reveals.iter().all(|reveals| !reveals.is_finished()), "each is answered, too");
    reveals.iter().for_each(tokio::task::JoinHandle::abort);
}
