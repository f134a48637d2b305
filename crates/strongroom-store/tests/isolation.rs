//! Promises 1 and 6 in SQL: who sees and changes which credential, and that no row moves to somebody else.
//! Each test has somebody who may, so that a wall that keeps everybody out would fail it too.

use strongroom_testing::{Person, Sql, SqlState, TestDatabase};
use strongroom_types::{CredentialId, UserId, WorkspaceId};

async fn sees(sql: &Sql, id: CredentialId) -> bool {
    sql.query_opt("SELECT FROM strongroom.user_credentials WHERE id = $1", &[&id.0]).await.unwrap().is_some()
}

async fn changes(sql: &Sql, id: CredentialId) -> bool {
    let statement = "UPDATE strongroom.user_credentials SET description = 'changed' WHERE id = $1";
    sql.execute(statement, &[&id.0]).await.unwrap() == 1
}

async fn seat(database: &TestDatabase, workspace: WorkspaceId, user: UserId, role: &str) {
    let statement = format!(
        "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, '{role}')
         ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role"
    );
    database.sql("postgres").await.execute(&statement, &[&workspace.0, &user.0]).await.unwrap();
}

/// Ada owns a workspace with a credential in it, and has one of her own.
struct Scene {
    database: TestDatabase,
    app: Sql,
    ada: Person,
    workspace: WorkspaceId,
    own: CredentialId,
    shared: CredentialId,
}

async fn scene() -> Scene {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    let own = ada.insert_credential(&app, "own").await;
    let shared = ada.insert_workspace_credential(&app, workspace, "shared").await;
    app.batch_execute("COMMIT").await.unwrap();
    Scene { database, app, ada, workspace, own, shared }
}

#[tokio::test]
async fn a_user_sees_nothing_of_another_users_credentials() {
    let Scene { database, app, ada, own, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    bob.begin(&app).await;
    assert!(!sees(&app, own).await && !changes(&app, own).await);
    app.batch_execute("COMMIT").await.unwrap();
    ada.begin(&app).await;
    assert!(sees(&app, own).await && changes(&app, own).await);
}

#[tokio::test]
async fn a_personal_credential_is_closed_to_workspace_admins_and_instance_admins_on_every_path() {
    let Scene { database, ada, workspace, own, .. } = scene().await;
    let admin = Person::create_admin(&database, "admin").await;
    seat(&database, workspace, admin.id, "OWNER").await;
    seat(&database, workspace, ada.id, "MEMBER").await;
    for role in ["strongroom_app", "strongroom_system"] {
        let sql = database.sql(role).await;
        admin.begin(&sql).await;
        assert!(!sees(&sql, own).await && !changes(&sql, own).await, "{role}");
    }
}

#[tokio::test]
async fn a_workspace_credential_is_open_to_its_owners_and_admins_alone() {
    let Scene { database, app, workspace, shared, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    for (role, open) in [("GUEST", false), ("MEMBER", false), ("ADMIN", true), ("OWNER", true)] {
        seat(&database, workspace, bob.id, role).await;
        bob.begin(&app).await;
        assert_eq!(sees(&app, shared).await, open, "{role} sees");
        assert_eq!(changes(&app, shared).await, open, "{role} changes");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_removed_member_sees_nothing_from_the_next_statement_on() {
    let Scene { database, app, workspace, shared, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    seat(&database, workspace, bob.id, "ADMIN").await;
    bob.begin(&app).await;
    assert!(sees(&app, shared).await);
    let removal = "DELETE FROM strongroom.workspace_members WHERE user_id = $1";
    database.sql("postgres").await.execute(removal, &[&bob.id.0]).await.unwrap();
    assert!(!sees(&app, shared).await, "even in the transaction that began before");
}

#[tokio::test]
async fn an_admin_of_one_workspace_sees_nothing_of_another() {
    let Scene { database, app, shared, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    bob.begin(&app).await;
    bob.insert_workspace(&app, "elsewhere").await;
    assert!(!sees(&app, shared).await && !changes(&app, shared).await);
}

#[tokio::test]
async fn no_row_moves_to_another_owner_workspace_scope_or_id() {
    let Scene { database, app, ada, own, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    for change in [
        "id = gen_random_uuid()".to_owned(),
        format!("user_id = '{}'", bob.id),
        "workspace_id = gen_random_uuid()".to_owned(),
        "scope = 'SYSTEM'".to_owned(),
        "created_at = now()".to_owned(),
        "last_used_at = 'infinity'".to_owned(),
    ] {
        ada.begin(&app).await;
        let statement = format!("UPDATE strongroom.user_credentials SET {change} WHERE id = $1");
        let refused = app.execute(&statement, &[&own.0]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{change}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn nobody_adds_a_credential_for_another_or_where_he_is_no_admin() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    seat(&database, workspace, bob.id, "MEMBER").await;
    for (owner, scope, workspace) in [
        (&ada, "USER", None),
        (&bob, "WORKSPACE", Some(workspace.0)),
        (&ada, "WORKSPACE", Some(workspace.0)),
        (&bob, "SYSTEM", None),
    ] {
        bob.begin(&app).await;
        let statement = format!(
            "INSERT INTO strongroom.user_credentials
                 (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value)
             VALUES (gen_random_uuid(), $1, $2, '{scope}', 'n', 'p', 'API_KEY', 'v', '****')"
        );
        let refused = app.execute(&statement, &[&owner.id.0, &workspace]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{scope}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn system_credentials_are_reached_on_the_admin_path_by_admins_alone() {
    let database = TestDatabase::create().await;
    let (admin, bob) = (Person::create_admin(&database, "admin").await, Person::create(&database, "bob").await);
    let insert = "INSERT INTO strongroom.user_credentials (id, user_id, scope, name, provider, type, encrypted_value, masked_value)
                  VALUES ($1, $2, 'SYSTEM', 'n', 'p', 'API_KEY', 'v', '****')";
    let id = CredentialId::generate();
    let system = database.sql("strongroom_system").await;
    admin.begin(&system).await;
    system.execute(insert, &[&id.0, &admin.id.0]).await.unwrap();
    assert!(sees(&system, id).await && changes(&system, id).await);
    system.batch_execute("COMMIT").await.unwrap();

    bob.begin(&system).await;
    assert!(!sees(&system, id).await && !changes(&system, id).await);
    let refused = system.execute(insert, &[&CredentialId::generate().0, &bob.id.0]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));

    let app = database.sql("strongroom_app").await;
    admin.begin(&app).await;
    assert!(!sees(&app, id).await && !changes(&app, id).await);
    assert!(app.batch_execute("SET ROLE strongroom_system").await.is_err());
}

#[tokio::test]
async fn no_runtime_role_can_truncate_or_refer_nor_delete_anything_but_memberships_grants_and_workspaces() {
    let Scene { database, app, ada, .. } = scene().await;
    for role in ["strongroom_app", "strongroom_system", "strongroom_auditor"] {
        let sql = database.sql(role).await;
        let undeletable =
            ["users", "user_credentials", "credential_versions", "activity_logs", "api_tokens", "token_uses"];
        let deletable = ["workspace_members", "workspaces", "credential_grants"];
        for table in undeletable.into_iter().chain(deletable) {
            let mut statements = vec![format!("TRUNCATE strongroom.{table}")];
            if undeletable.contains(&table) || role != "strongroom_app" {
                statements.push(format!("DELETE FROM strongroom.{table}"));
            }
            for statement in statements {
                // With a caller, where the role can have one: without, it would be refused before grants are looked at.
                if role == "strongroom_auditor" {
                    sql.batch_execute("BEGIN").await.unwrap();
                } else {
                    ada.begin(&sql).await;
                }
                let refused = sql.execute(&statement, &[]).await.unwrap_err();
                assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {statement}");
                sql.batch_execute("ROLLBACK").await.unwrap();
            }
        }
    }
    ada.begin(&app).await;
    let mine = "CREATE TEMP TABLE mine (id uuid REFERENCES strongroom.user_credentials)";
    assert!(app.batch_execute(mine).await.is_err(), "a foreign key would tell which ids exist");
}

#[tokio::test]
async fn a_taken_name_tells_an_outsider_nothing() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    // The same provider and name under his own id: no collision with hers.
    bob.begin(&app).await;
    bob.insert_credential(&app, "own").await;
    // Under her id or in her workspace: refused as not his, before any key is looked at, taken or not.
    for name in ["own", "not taken"] {
        app.batch_execute("SAVEPOINT s").await.unwrap();
        let statement =
            "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
                         VALUES (gen_random_uuid(), $1, $2, 'github', 'API_KEY', 'v', '****')";
        let refused = app.execute(statement, &[&ada.id.0, &name]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{name}");
        app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    }
    // A workspace that exists and one that does not are refused alike.
    for workspace in [workspace, WorkspaceId::generate()] {
        app.batch_execute("SAVEPOINT s").await.unwrap();
        let statement =
            "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'GUEST')";
        let refused = app.execute(statement, &[&workspace.0, &bob.id.0]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
        app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    }
}

#[tokio::test]
async fn an_active_name_is_taken_once_and_free_again_after_revocation() {
    let Scene { app, ada, own, .. } = scene().await;
    let again =
        "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
                 VALUES (gen_random_uuid(), $1, 'own', 'github', 'API_KEY', 'v', '****')";
    ada.begin(&app).await;
    app.batch_execute("SAVEPOINT s").await.unwrap();
    let refused = app.execute(again, &[&ada.id.0]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::UNIQUE_VIOLATION));
    app.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
    app.execute("UPDATE strongroom.user_credentials SET is_active = false WHERE id = $1", &[&own.0]).await.unwrap();
    app.execute(again, &[&ada.id.0]).await.unwrap();
}

#[tokio::test]
async fn the_schema_holds_the_bounds_of_a_credential() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    for (column, value) in [
        ("name", "''".to_owned()),
        ("name", format!("'{}'", "x".repeat(256))),
        ("provider", format!("'{}'", "x".repeat(101))),
        ("masked_value", format!("'{}'", "x".repeat(21))),
        ("encrypted_value", "''".to_owned()),
        ("metadata", "'[]'".to_owned()),
        ("description", format!("'{}'", "x".repeat(2001))),
        ("type", "'NOT_A_TYPE'".to_owned()),
        ("workspace_id", "gen_random_uuid()".to_owned()),
    ] {
        let mut columns = vec![
            ("id", "gen_random_uuid()".to_owned()),
            ("user_id", format!("'{}'", ada.id)),
            ("name", "'n'".to_owned()),
            ("provider", "'p'".to_owned()),
            ("type", "'API_KEY'".to_owned()),
            ("encrypted_value", "'v'".to_owned()),
            ("masked_value", "'****'".to_owned()),
        ];
        columns.retain(|(name, _)| *name != column);
        columns.push((column, value));
        let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        ada.begin(&app).await;
        let statement =
            format!("INSERT INTO strongroom.user_credentials ({}) VALUES ({})", names.join(", "), values.join(", "));
        let refused = app.execute(&statement, &[]).await.unwrap_err();
        let class = refused.code().unwrap().code()[..2].to_owned();
        assert!(["22", "23"].contains(&class.as_str()), "{column}: {refused:?}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}
