//! The end of a workspace in SQL: who may bring it about, what goes with it, what the record keeps, and what happens at the
//! same moment. And its new name.

use strongroom_testing::{Person, Sql, SqlState, TestDatabase};
use strongroom_types::{CredentialId, TokenId, UserId, WorkspaceId};

const DELETE: &str = "DELETE FROM strongroom.workspaces WHERE id = $1";

/// Ada owns a workspace; Bob is its ADMIN; a service account is in it, with a credential that it made and a token.
struct Scene {
    database: TestDatabase,
    app: Sql,
    ada: Person,
    bob: Person,
    workspace: WorkspaceId,
    robot: UserId,
    credentials: Vec<CredentialId>,
}

async fn scene() -> Scene {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    let add = "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'ADMIN')";
    app.execute(add, &[&workspace.0, &bob.id.0]).await.unwrap();
    let robot = UserId::generate();
    let make = "INSERT INTO strongroom.users (id, display_name, workspace_id) VALUES ($1, 'robot', $2)";
    app.execute(make, &[&robot.0, &workspace.0]).await.unwrap();
    let token = "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
                 VALUES ($1, $2, 'its token', sha256('robot'), now() + interval '1 day')";
    app.execute(token, &[&TokenId::generate().0, &robot.0]).await.unwrap();
    let mut credentials = Vec::new();
    for name in ["one", "two"] {
        credentials.push(ada.insert_workspace_credential(&app, workspace, name).await);
    }
    let revoke = "UPDATE strongroom.user_credentials SET is_active = false WHERE id = $1";
    app.execute(revoke, &[&credentials[1].0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    ada.keep(&app, "her own").await;
    Scene { database, app, ada, bob, workspace, robot, credentials }
}

async fn count(sql: &Sql, table: &str) -> i64 {
    sql.query_one(&format!("SELECT count(*) FROM strongroom.{table}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_workspace_goes_with_everything_in_it_and_the_record_keeps_what_went() {
    let Scene { database, app, ada, bob, workspace, robot, credentials } = scene().await;
    ada.begin(&app).await;
    assert_eq!(app.execute(DELETE, &[&workspace.0]).await.unwrap(), 1);
    app.batch_execute("COMMIT").await.unwrap();

    let postgres = database.sql("postgres").await;
    for table in ["workspaces", "workspace_members"] {
        assert_eq!(count(&postgres, table).await, 0, "{table}");
    }
    assert_eq!((count(&postgres, "users").await, count(&postgres, "user_credentials").await), (2, 1));
    let left = "SELECT FROM strongroom.api_tokens WHERE user_id = $1";
    assert!(postgres.query(left, &[&robot.0]).await.unwrap().is_empty());

    let recorded = "SELECT action::text, entity_id::text FROM strongroom.activity_logs
                    WHERE workspace_id = $1 AND actor_id = $2 AND token_id IS NOT NULL ORDER BY id";
    let last_of = async |who: &Person| -> Vec<(String, String)> {
        who.begin(&app).await;
        let rows = app.query(recorded, &[&workspace.0, &ada.id.0]).await.unwrap();
        app.batch_execute("COMMIT").await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    };
    let hers = last_of(&ada).await;
    let purged = |id: &CredentialId| ("CREDENTIAL_PURGED".to_owned(), id.to_string());
    let expected =
        [purged(&credentials[0]), purged(&credentials[1]), ("WORKSPACE_DELETED".to_owned(), workspace.to_string())];
    assert_eq!(hers[hers.len() - 3..], expected, "and no word of each member and service account");
    assert!(last_of(&bob).await.is_empty(), "its former ADMIN reads its record no more");
    let auditor = database.sql("strongroom_auditor").await;
    let audited = auditor.query(recorded, &[&workspace.0, &ada.id.0]).await.unwrap();
    assert_eq!(audited.len(), hers.len(), "the auditor does");
}

#[tokio::test]
async fn a_proof_that_is_taken_back_in_the_middle_of_a_deletion_deletes_nothing() {
    let Scene { app, ada, workspace, .. } = scene().await;
    for statement in [
        "DELETE FROM strongroom.workspaces WHERE id = $1 AND set_config('strongroom.proven', '', true) IS NOT NULL",
        "UPDATE strongroom.workspaces SET name = set_config('strongroom.proven', '', true) || 'x' WHERE id = $1",
    ] {
        ada.begin(&app).await;
        assert_eq!(app.execute(statement, &[&workspace.0]).await.unwrap_or(0), 0, "{statement}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn what_is_added_at_the_moment_of_deletion_is_recorded_as_gone_or_not_added() {
    let Scene { database, app, ada, bob, workspace, .. } = scene().await;
    let other = database.sql("strongroom_app").await;
    bob.begin(&other).await;
    let third = bob.insert_workspace_credential(&other, workspace, "three").await;
    ada.begin(&app).await;
    let id = workspace.0;
    let deleting = tokio::spawn(async move {
        let deleted = app.execute(DELETE, &[&id]).await;
        app.batch_execute("COMMIT").await.unwrap();
        deleted
    });
    until_somebody_waits(&database.sql("postgres").await).await;
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(deleting.await.unwrap().unwrap(), 1);
    let auditor = database.sql("strongroom_auditor").await;
    let gone = "SELECT FROM strongroom.activity_logs WHERE entity_id = $1 AND action = 'CREDENTIAL_PURGED'";
    assert_eq!(auditor.query(gone, &[&third.0]).await.unwrap().len(), 1);
    bob.begin(&other).await;
    let late = "INSERT INTO strongroom.user_credentials
                    (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value)
                VALUES ($1, $2, $3, 'WORKSPACE', 'n', 'p', 'API_KEY', 'v', '****')";
    assert!(other.execute(late, &[&CredentialId::generate().0, &bob.id.0, &workspace.0]).await.is_err());
}

#[tokio::test]
async fn an_owner_who_is_demoted_meanwhile_does_not_delete() {
    let Scene { database, app, ada, bob, workspace, .. } = scene().await;
    let promote = "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE user_id = $1";
    database.sql("postgres").await.execute(promote, &[&bob.id.0]).await.unwrap();
    let other = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let demote = "UPDATE strongroom.workspace_members SET role = 'MEMBER' WHERE user_id = $1";
    assert_eq!(app.execute(demote, &[&bob.id.0]).await.unwrap(), 1);
    bob.begin(&other).await;
    let id = workspace.0;
    let deleting = tokio::spawn(async move { other.execute(DELETE, &[&id]).await });
    until_somebody_waits(&database.sql("postgres").await).await;
    app.batch_execute("COMMIT").await.unwrap();
    let refused = deleting.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn a_token_that_is_limited_neither_renames_nor_deletes_nor_leaves() {
    let Scene { database, app, ada, bob, workspace, .. } = scene().await;
    let limit = "UPDATE strongroom.api_tokens SET actions = '{LIST}' WHERE user_id = ANY ($1)";
    let people = vec![ada.id.0, bob.id.0];
    database.sql("postgres").await.execute(limit, &[&people]).await.unwrap();
    for (person, statement) in [
        (&ada, DELETE),
        (&ada, "UPDATE strongroom.workspaces SET name = 'renamed' WHERE id = $1"),
        (
            &bob,
            "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = (SELECT strongroom.current_user_id())",
        ),
    ] {
        person.begin(&app).await;
        assert_eq!(app.execute(statement, &[&workspace.0]).await.unwrap(), 0, "{statement}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_new_name_is_recorded_and_nothing_else_of_a_workspace_can_be_changed() {
    let Scene { app, bob, workspace, .. } = scene().await;
    bob.begin(&app).await;
    app.execute("UPDATE strongroom.workspaces SET name = 'renamed' WHERE id = $1", &[&workspace.0]).await.unwrap();
    app.execute("UPDATE strongroom.workspaces SET name = 'renamed' WHERE id = $1", &[&workspace.0]).await.unwrap();
    let recorded = "SELECT name FROM strongroom.activity_logs WHERE action = 'WORKSPACE_RENAMED' AND entity_id = $1";
    let names: Vec<String> = app.query(recorded, &[&workspace.0]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["renamed"]);
    for change in ["id = gen_random_uuid()", "created_by = NULL", "created_at = now()"] {
        app.batch_execute("SAVEPOINT s").await.unwrap();
        let refused = app.batch_execute(&format!("UPDATE strongroom.workspaces SET {change}")).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{change}");
        app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    }
}

async fn until_somebody_waits(postgres: &Sql) {
    let waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while postgres.query(waiting, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}
