//! What a server does by itself: the real binary, on a vault whose settings do not keep its oldest records.
//! And that it ends in order while it is at it.

use crate::support::process::{Process, data_folder};
use strongroom_testing::TestDatabase;

#[tokio::test]
async fn a_server_that_starts_removes_what_the_record_is_not_to_keep() {
    let database = TestDatabase::create().await;
    let postgres = database.sql("postgres").await;
    let fill = "INSERT INTO strongroom.activity_logs (occurred_at, action, actor_id, entity_type, entity_id)
                SELECT now() - make_interval(days => CASE WHEN n <= 20000 THEN 20 ELSE 5 END), 'CREDENTIAL_CREATED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid()
                FROM generate_series(1, 25000) AS n";
    postgres.batch_execute(fill).await.unwrap();
    postgres.batch_execute("UPDATE strongroom.settings SET record_retention_days = 10").await.unwrap();
    let folder = data_folder();
    let (app, system) = (database.url("strongroom_app"), database.url("strongroom_system"));
    let _process = Process::start(folder.path(), &["--database-url", &app, "--system-database-url", &system]);
    let old = "SELECT FROM strongroom.activity_logs WHERE occurred_at < now() - interval '10 days' LIMIT 1";
    while postgres.query_opt(old, &[]).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    let left =
        "SELECT count(*) FILTER (WHERE action = 'CREDENTIAL_CREATED'), count(*) FILTER (WHERE action = 'RECORD_PURGED')
                FROM strongroom.activity_logs";
    let row = postgres.query_one(left, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (5000, 2), "in batches of ten thousand");
}
