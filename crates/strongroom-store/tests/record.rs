//! The record and the versions in SQL: what the database writes by itself, and that nobody can take it back.
//! Raw SQL with a proven caller is the strongest client there is.

use strongroom_testing::{Person, Sql, SqlState, TestDatabase, rows_looked_at};
use strongroom_types::{ActivityFilter, RuntimeRole, WorkspaceId};

#[tokio::test]
async fn every_change_of_a_credential_is_recorded_by_the_database_itself() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let id = ada.insert_credential(&app, "one").await;
    for change in ["name = 'two'", "encrypted_value = 'again', version = 2", "is_active = false", "is_active = true"] {
        let statement = format!("UPDATE strongroom.user_credentials SET {change} WHERE id = $1");
        app.execute(&statement, &[&id.0]).await.unwrap();
    }
    let rows = app
        .query("SELECT action::text FROM strongroom.activity_logs WHERE entity_id = $1 ORDER BY id", &[&id.0])
        .await
        .unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected =
        ["CREDENTIAL_CREATED", "CREDENTIAL_UPDATED", "CREDENTIAL_ROTATED", "CREDENTIAL_REVOKED", "CREDENTIAL_RESTORED"];
    assert_eq!(actions, expected);
}

#[tokio::test]
async fn no_runtime_role_writes_to_the_record_by_itself() {
    let database = TestDatabase::create().await;
    let ada = Person::create_admin(&database, "ada").await;
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = database.sql(role).await;
        for statement in [
            "UPDATE strongroom.activity_logs SET outcome = 'ALLOWED'",
            "DELETE FROM strongroom.activity_logs",
            "TRUNCATE strongroom.activity_logs",
            "ALTER TABLE strongroom.activity_logs DISABLE ROW LEVEL SECURITY",
            "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id)
             VALUES ('CREDENTIAL_ACCESSED', gen_random_uuid(), 'CREDENTIAL', gen_random_uuid())",
        ] {
            sql.batch_execute("BEGIN").await.unwrap();
            if role != "strongroom_auditor" {
                sql.execute("SELECT strongroom.prove_caller($1)", &[&ada.token.expose()]).await.unwrap();
            }
            let refused = sql.batch_execute(statement).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {statement}");
            sql.batch_execute("ROLLBACK").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_record_bears_the_time_of_the_act_however_long_its_transaction_was_open() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let id = ada.insert_credential(&app, "one").await;
    let statement = "SELECT occurred_at > now() FROM strongroom.activity_logs WHERE entity_id = $1";
    assert!(app.query_one(statement, &[&id.0]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn a_denial_is_recorded_in_the_callers_name_and_in_his_own_workspaces_only() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "hers").await;
    app.batch_execute("COMMIT").await.unwrap();
    let deny = "SELECT strongroom.record_denial($1, 'MEMBER_ADDED')";
    app.execute(deny, &[&workspace.0]).await.unwrap();
    bob.begin(&app).await;
    app.execute(deny, &[&workspace.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    ada.begin(&app).await;
    // Twice: hammering does not fill the log.
    app.execute(deny, &[&workspace.0]).await.unwrap();
    app.execute(deny, &[&workspace.0]).await.unwrap();
    let statement = "SELECT actor_id::text FROM strongroom.activity_logs WHERE outcome = 'DENIED'";
    let rows = app.query(statement, &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>(), [ada.id.to_string()]);
}

/// Records a reading, as the product does after it has read.
async fn note_reading(sql: &Sql, reading: &str, filter: &str, workspace: Option<WorkspaceId>) -> Result<u64, SqlState> {
    let statement = format!("SELECT strongroom.record_reading('{reading}', $1, $2)");
    let done = sql.execute(&statement, &[&filter, &workspace.map(|id| id.0)]).await;
    done.map_err(|error| error.code().unwrap().clone())
}

/// Who read what, as that connection's caller sees it.
async fn readings(sql: &Sql) -> Vec<String> {
    let seen = "SELECT concat_ws(' ', action::text, u.display_name, name) FROM strongroom.activity_logs AS l
                JOIN strongroom.users AS u ON u.id = l.actor_id WHERE entity_type = 'RECORD' ORDER BY l.id";
    sql.query(seen, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_reading_is_recorded_once_a_minute_and_an_export_each_time() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    for filter in ["", "", "provider=github", "", "provider=github"] {
        note_reading(&app, "RECORD_READ", filter, None).await.unwrap();
    }
    note_reading(&app, "RECORD_EXPORTED", "", None).await.unwrap();
    note_reading(&app, "RECORD_EXPORTED", "", None).await.unwrap();
    note_reading(&app, "RECORD_READ", &"x".repeat(5000), None).await.unwrap();
    let expected = ["RECORD_READ ada", "RECORD_READ ada provider=github", "RECORD_EXPORTED ada", "RECORD_EXPORTED ada"];
    let seen = readings(&app).await;
    assert_eq!((&seen[..4], seen.len()), (&expected.map(str::to_owned)[..], 5), "{seen:?}");
}

#[tokio::test]
async fn a_reading_is_seen_by_the_reader_and_by_whoever_could_have_read_the_same() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let eve = Person::create(&database, "eve").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "hers").await;
    for (person, role) in [(&bob, "ADMIN"), (&eve, "MEMBER")] {
        let add = "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, $3::text::strongroom.workspace_role)";
        app.execute(add, &[&workspace.0, &person.id.0, &role]).await.unwrap();
    }
    note_reading(&app, "RECORD_READ", "", None).await.unwrap();
    note_reading(&app, "RECORD_READ", "", Some(workspace)).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    eve.begin(&app).await;
    assert!(readings(&app).await.is_empty());
    // She is no admin there: what she writes of it is hers alone.
    note_reading(&app, "RECORD_READ", "forged", Some(workspace)).await.unwrap();
    assert_eq!(readings(&app).await, ["RECORD_READ eve forged"]);
    app.batch_execute("COMMIT").await.unwrap();
    bob.begin(&app).await;
    assert_eq!(readings(&app).await, ["RECORD_READ ada"]);
}

#[tokio::test]
async fn a_reading_on_the_admin_path_is_seen_by_the_other_administrators() {
    let database = TestDatabase::create().await;
    let (one, two) = (Person::create_admin(&database, "one").await, Person::create_admin(&database, "two").await);
    let (ada, system) = (Person::create(&database, "ada").await, database.sql("strongroom_system").await);
    for person in [&one, &ada] {
        person.begin(&system).await;
        note_reading(&system, "RECORD_EXPORTED", "", None).await.unwrap();
        system.batch_execute("COMMIT").await.unwrap();
    }
    two.begin(&system).await;
    let seen = "SELECT actor_id::text FROM strongroom.activity_logs WHERE entity_type = 'RECORD'";
    let seen: Vec<String> = system.query(seen, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(seen, [one.id.to_string()], "and not what somebody else claims there");
}

/// What the product lists, beside all that the policies show.
async fn lists_what_the_policies_show(database: &TestDatabase, role: RuntimeRole, person: &Person) -> usize {
    let store = database.store().await;
    let mut transaction = store.begin(&person.caller(), role).await.unwrap();
    let listed = transaction.activity(&ActivityFilter::default(), None, 1000).await.unwrap();
    let listed: Vec<i64> = listed.iter().map(|row| row.id).collect();
    let sql = database.sql(if role == RuntimeRole::App { "strongroom_app" } else { "strongroom_system" }).await;
    person.begin(&sql).await;
    let shown = sql.query("SELECT id FROM strongroom.activity_logs ORDER BY id DESC", &[]).await.unwrap();
    assert_eq!(listed, shown.iter().map(|row| row.get(0)).collect::<Vec<i64>>());
    listed.len()
}

#[tokio::test]
async fn a_list_has_each_row_that_the_policies_show_and_has_it_once() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let (one, two) = (Person::create_admin(&database, "one").await, Person::create_admin(&database, "two").await);
    // A row for every way in which it can, or cannot, be somebody's.
    let fill = "INSERT INTO strongroom.activity_logs (action, actor_id, entity_type, entity_id, owner_id, workspace_id, scope)
                SELECT 'CREDENTIAL_UPDATED', a, e, gen_random_uuid(), o, w, s
                FROM unnest($1::uuid[]) AS a, unnest($1::uuid[] || NULL::uuid) AS o, unnest($2::uuid[] || NULL::uuid) AS w,
                     unnest(enum_range(NULL::strongroom.credential_scope) || NULL) AS s,
                     unnest('{CREDENTIAL,INVITATION,RECORD}'::strongroom.entity_type[]) AS e";
    let app = database.sql("strongroom_app").await;
    let mut workspaces = Vec::new();
    for (person, name) in [(&ada, "hers"), (&ada, "hers, too"), (&bob, "his")] {
        person.begin(&app).await;
        workspaces.push(person.insert_workspace(&app, name).await.0);
        app.batch_execute("COMMIT").await.unwrap();
    }
    let people = vec![ada.id.0, bob.id.0, one.id.0];
    database.sql("postgres").await.execute(fill, &[&people, &workspaces]).await.unwrap();
    for (role, person) in [(RuntimeRole::App, &ada), (RuntimeRole::App, &bob), (RuntimeRole::App, &two)] {
        lists_what_the_policies_show(&database, role, person).await;
    }
    assert!(lists_what_the_policies_show(&database, RuntimeRole::System, &one).await > 100);
    assert!(lists_what_the_policies_show(&database, RuntimeRole::System, &two).await > 100);
}

#[tokio::test]
async fn a_reading_is_forged_in_nobodys_name_and_nothing_else_with_it() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    for unproven in [false, true] {
        ada.begin(&app).await;
        let attempts: &[&str] = if unproven {
            app.batch_execute("SET LOCAL strongroom.proven = ''").await.unwrap();
            &["RECORD_READ", "RECORD_EXPORTED"]
        } else {
            &["CREDENTIAL_ACCESSED", "RECORD_PURGED", "SETTINGS_CHANGED", "WORKSPACE_DELETED"]
        };
        for reading in attempts {
            app.batch_execute("SAVEPOINT s").await.unwrap();
            let refused = note_reading(&app, reading, "", None).await.unwrap_err();
            assert_eq!(refused, SqlState::INSUFFICIENT_PRIVILEGE, "{reading}");
            app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
        }
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn the_auditor_reads_the_log_and_nothing_else() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    app.batch_execute("BEGIN").await.unwrap();
    let prove = "SELECT strongroom.prove_request($1, gen_random_uuid(), '192.0.2.7', 'curl/8')";
    app.execute(prove, &[&ada.token.expose()]).await.unwrap();
    ada.insert_credential(&app, "one").await;
    app.batch_execute("COMMIT").await.unwrap();
    let auditor = database.sql("strongroom_auditor").await;
    let whence =
        "SELECT FROM strongroom.activity_logs WHERE actor_id = $1 AND token_id IS NOT NULL AND request_id IS NOT NULL
                  AND address = '192.0.2.7' AND user_agent = 'curl/8'";
    assert_eq!(auditor.query(whence, &[&ada.id.0]).await.unwrap().len(), 1);
    for table in
        ["users", "user_credentials", "credential_versions", "api_tokens", "workspaces", "invitations", "settings"]
    {
        let refused = auditor.query(&format!("SELECT * FROM strongroom.{table}"), &[]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{table}");
    }
    assert!(auditor.query("SELECT strongroom.prove_caller($1)", &[&ada.token.expose()]).await.is_err());
}

#[tokio::test]
async fn a_value_is_never_overwritten_for_good() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let id = ada.insert_credential(&app, "one").await;
    for refused in [
        "encrypted_value = 'lost'",
        "encrypted_value = 'lost', version = 3",
        "masked_value = 'lost'",
        "version = 2, encrypted_value = 'lost', is_active = false",
    ] {
        app.batch_execute("SAVEPOINT s").await.unwrap();
        let statement = format!("UPDATE strongroom.user_credentials SET {refused} WHERE id = $1");
        let error = app.execute(&statement, &[&id.0]).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::CHECK_VIOLATION), "{refused}");
        app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    }
    let rotate = "UPDATE strongroom.user_credentials SET encrypted_value = 'next', version = 2 WHERE id = $1";
    app.execute(rotate, &[&id.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    let postgres = database.sql("postgres").await;
    let kept: String = postgres
        .query_one("SELECT encrypted_value FROM strongroom.credential_versions WHERE version = 1", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(kept, "sealed");
    ada.begin(&app).await;
    for statement in [
        "UPDATE strongroom.credential_versions SET encrypted_value = 'x'",
        "DELETE FROM strongroom.credential_versions",
    ] {
        app.batch_execute("SAVEPOINT s").await.unwrap();
        assert!(app.batch_execute(statement).await.is_err());
        app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    }
    app.batch_execute("COMMIT").await.unwrap();

    let bob = Person::create(&database, "bob").await;
    bob.begin(&app).await;
    assert!(app.query("SELECT version FROM strongroom.credential_versions", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_last_minute_had_is_not_looked_for_in_all_that_somebody_ever_did() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let id = ada.keep(&app, "one").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    app.batch_execute("COMMIT").await.unwrap();
    let history = format!(
        "SET session_replication_role = replica;
         INSERT INTO strongroom.activity_logs (occurred_at, action, actor_id, entity_type, entity_id)
         SELECT now() - make_interval(mins => 10000 - n), 'CREDENTIAL_ACCESSED', '{}', 'CREDENTIAL', gen_random_uuid()
         FROM generate_series(1, 9990) AS n;
         ANALYZE",
        ada.id
    );
    database.sql("postgres").await.batch_execute(&history).await.unwrap();
    let secret = ada.token.expose();
    let reveal = "SELECT * FROM strongroom.reveal_credentials(
        $1, gen_random_uuid(), NULL, NULL, 'REVEAL', $3, ARRAY[$2::uuid], '{NULL}', '{NULL}', '{NULL}', '{NULL}')";
    ada.begin(&app).await;
    for limit in [10, 1] {
        let looked_at = rows_looked_at(&app, "activity_logs", reveal, &[&secret, &id.0, &limit]).await;
        assert!(looked_at < 100, "a reveal with the limit {limit}: {looked_at}");
    }
    let reading =
        rows_looked_at(&app, "activity_logs", "SELECT strongroom.record_reading('RECORD_READ', '', NULL)", &[]).await;
    assert!(reading < 100, "a reading: {reading}");
    let deny = "SELECT strongroom.record_denial($1, 'MEMBER_ADDED')";
    let denial = rows_looked_at(&app, "activity_logs", deny, &[&workspace.0]).await;
    assert!(denial < 100, "a denial: {denial}");
}
