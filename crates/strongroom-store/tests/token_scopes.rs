//! What a limited token reaches, in SQL: its scope holds for whoever speaks SQL with it, past the server. And service
//! accounts, whose tokens are limited by what they are. Each wall has a token that passes it.

use strongroom_testing::{Person, Sql, SqlState, TestDatabase};
use strongroom_types::{CredentialId, TokenId, UserId, WorkspaceId};
use uuid::Uuid;

/// Ada owns two workspaces with a credential each, of different providers, and has one of her own.
struct Scene {
    database: TestDatabase,
    app: Sql,
    ada: Person,
    workspace: WorkspaceId,
    other: WorkspaceId,
    own: CredentialId,
    here: CredentialId,
    there: CredentialId,
}

async fn scene() -> Scene {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "here").await;
    let other = ada.insert_workspace(&app, "there").await;
    let own = ada.insert_credential(&app, "own").await;
    let here = ada.insert_workspace_credential(&app, workspace, "here").await;
    let there = ada.insert_workspace_credential(&app, other, "there").await;
    app.batch_execute("COMMIT").await.unwrap();
    let provider = "SET session_replication_role = replica;
                    UPDATE strongroom.user_credentials SET provider = 'gitlab' WHERE name = 'there'";
    database.sql("postgres").await.batch_execute(provider).await.unwrap();
    Scene { database, app, ada, workspace, other, own, here, there }
}

/// What a token is limited to.
#[derive(Clone, Copy, Default)]
struct Scope<'a> {
    workspace: Option<WorkspaceId>,
    provider: Option<&'a str>,
    /// All of them, unless told.
    actions: Option<&'a str>,
}

/// A token of that user's, made by that person, in the transaction that is open.
async fn insert_token(sql: &Sql, user: UserId, scope: Scope<'_>) -> Result<Person, tokio_postgres::Error> {
    let limited = Person::with_new_token(user);
    let actions = scope.actions.unwrap_or("{LIST,USE,REVEAL,MANAGE}");
    let statement = format!(
        "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at, workspace_id, provider, actions)
         VALUES ($1, $2, 'limited', sha256($3), now() + interval '1 day', $4, $5, '{actions}')"
    );
    let workspace = scope.workspace.map(|id| id.0);
    sql.execute(&statement, &[&TokenId::generate().0, &user.0, &limited.token.expose(), &workspace, &scope.provider])
        .await?;
    Ok(limited)
}

/// Somebody as his limited token makes him.
async fn limited(sql: &Sql, who: &Person, scope: Scope<'_>) -> Person {
    who.begin(sql).await;
    let limited = insert_token(sql, who.id, scope).await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();
    limited
}

/// How many rows a statement finds or changes, in a transaction that is rolled back.
async fn counted(sql: &Sql, who: &Person, statement: &str) -> u64 {
    who.begin(sql).await;
    let count = sql.execute(statement, &[]).await;
    sql.batch_execute("ROLLBACK").await.unwrap();
    count.unwrap_or_else(|error| panic!("{statement}: {error:?}"))
}

/// The code of the error that a statement ends in, in a transaction that is rolled back.
async fn refusal(sql: &Sql, who: &Person, statement: &str) -> Option<SqlState> {
    who.begin(sql).await;
    let refused = sql.execute(statement, &[]).await.err();
    sql.batch_execute("ROLLBACK").await.unwrap();
    refused.map(|error| error.code().unwrap().clone())
}

async fn names(sql: &Sql, who: &Person) -> Vec<String> {
    who.begin(sql).await;
    let rows = sql.query("SELECT name FROM strongroom.user_credentials ORDER BY name", &[]).await.unwrap();
    sql.batch_execute("ROLLBACK").await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// What comes of a value that is asked for: the outcome, and whether an envelope came with it.
async fn outcome(sql: &Sql, who: &Person, purpose: &str, id: CredentialId) -> String {
    let statement = "SELECT outcome, reason, encrypted_value IS NOT NULL FROM strongroom.reveal_credentials(
        $1, NULL, NULL, NULL, $2, NULL, ARRAY[$3::uuid], '{NULL}', '{NULL}', '{NULL}', '{NULL}')";
    let row = sql.query_one(statement, &[&who.token.expose(), &purpose, &id.0]).await.unwrap();
    let (outcome, reason): (String, Option<String>) = (row.get(0), row.get(1));
    assert_eq!(row.get::<_, bool>(2), outcome == "ALLOWED");
    reason.unwrap_or(outcome)
}

const INSUFFICIENT: Option<SqlState> = Some(SqlState::INSUFFICIENT_PRIVILEGE);

#[tokio::test]
async fn a_token_for_a_workspace_or_a_provider_sees_changes_and_obtains_what_is_of_it_and_no_more() {
    let Scene { app, ada, workspace, own, here, there, .. } = scene().await;
    let all = [(own, "own"), (here, "here"), (there, "there")];
    for (scope, reached) in [
        (Scope::default(), vec!["here", "own", "there"]),
        (Scope { workspace: Some(workspace), ..Scope::default() }, vec!["here"]),
        (Scope { provider: Some("gitlab"), ..Scope::default() }, vec!["there"]),
        (Scope { provider: Some("github"), ..Scope::default() }, vec!["here", "own"]),
        (Scope { workspace: Some(workspace), provider: Some("gitlab"), ..Scope::default() }, vec![]),
    ] {
        let token = limited(&app, &ada, scope).await;
        assert_eq!(names(&app, &token).await, reached);
        for (id, name) in all {
            let (reaches, found) = (reached.contains(&name), u64::from(reached.contains(&name)));
            let change = format!("UPDATE strongroom.user_credentials SET description = 'd' WHERE id = '{id}'");
            assert_eq!(counted(&app, &token, &change).await, found, "{name}");
            for purpose in ["USE", "REVEAL", "RESTORE"] {
                let expected = if reaches { "ALLOWED" } else { "NOT_FOUND" };
                assert_eq!(outcome(&app, &token, purpose, id).await, expected, "{purpose} {name}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_lists_uses_reveals_or_manages_as_its_actions_say() {
    let Scene { app, ada, own, .. } = scene().await;
    for actions in ["{LIST}", "{USE}", "{REVEAL}", "{LIST,MANAGE}", "{LIST,USE}", "{USE,REVEAL}"] {
        let token = limited(&app, &ada, Scope { actions: Some(actions), ..Scope::default() }).await;
        let has = |action: &str| actions.contains(action);
        assert_eq!(names(&app, &token).await.len(), if has("LIST") { 3 } else { 0 }, "{actions}");
        let change = format!("UPDATE strongroom.user_credentials SET description = 'd' WHERE id = '{own}'");
        assert_eq!(counted(&app, &token, &change).await, u64::from(has("MANAGE")), "{actions}");
        let insert = format!(
            "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
             VALUES (gen_random_uuid(), '{}', 'new', 'github', 'API_KEY', 'v', '****') RETURNING name",
            ada.id
        );
        assert_eq!(refusal(&app, &token, &insert).await, if has("MANAGE") { None } else { INSUFFICIENT }, "{actions}");
        for (purpose, needed) in [("USE", "USE"), ("REVEAL", "REVEAL"), ("RESTORE", "MANAGE")] {
            let expected = if has(needed) { "ALLOWED" } else { "TOKEN_SCOPE" };
            assert_eq!(outcome(&app, &token, purpose, own).await, expected, "{purpose} with {actions}");
        }
    }
}

#[tokio::test]
async fn a_limited_token_adds_nothing_beyond_its_workspace_and_provider() {
    let Scene { app, ada, workspace, other, .. } = scene().await;
    let token = limited(
        &app,
        &ada,
        Scope { workspace: Some(workspace), provider: Some("github"), actions: Some("{LIST,MANAGE}") },
    )
    .await;
    for (scope, workspace, provider, allowed) in [
        ("WORKSPACE", format!("'{workspace}'"), "github", true),
        ("WORKSPACE", format!("'{workspace}'"), "gitlab", false),
        ("WORKSPACE", format!("'{other}'"), "github", false),
        ("USER", "NULL".to_owned(), "github", false),
    ] {
        let insert = format!(
            "INSERT INTO strongroom.user_credentials
                 (id, user_id, scope, workspace_id, name, provider, type, encrypted_value, masked_value)
             VALUES (gen_random_uuid(), '{}', '{scope}', {workspace}, 'new', '{provider}', 'API_KEY', 'v', '****')",
            ada.id
        );
        assert_eq!(refusal(&app, &token, &insert).await, if allowed { None } else { INSUFFICIENT }, "{insert}");
        assert_eq!(refusal(&app, &ada, &insert).await, None, "{insert}");
    }
}

/// Acts that have nothing to do with credentials, and work for Ada's full token.
fn other_acts(scene: &Scene, bob: &Person) -> Vec<String> {
    let Scene { ada, workspace, own, .. } = scene;
    vec![
        format!(
            "INSERT INTO strongroom.workspaces (id, name, created_by) VALUES (gen_random_uuid(), 'w', '{}')",
            ada.id
        ),
        format!(
            "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ('{workspace}', '{}', 'MEMBER')",
            bob.id
        ),
        format!(
            "INSERT INTO strongroom.users (id, workspace_id, display_name) VALUES (gen_random_uuid(), '{workspace}', 's')"
        ),
        format!(
            "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
             VALUES (gen_random_uuid(), '{}', 'wide', sha256('known'), now() + interval '1 day')",
            ada.id
        ),
        format!(
            "INSERT INTO strongroom.credential_grants (id, credential_id, grantee_workspace_id, permissions)
             VALUES (gen_random_uuid(), '{own}', '{workspace}', '{{USE}}')"
        ),
    ]
}

#[tokio::test]
async fn a_limited_token_does_nothing_but_work_with_credentials() {
    let scene = scene().await;
    let (database, app, ada) = (&scene.database, &scene.app, &scene.ada);
    let bob = Person::create(database, "bob").await;
    let grant = other_acts(&scene, &bob).pop().unwrap();
    ada.begin(app).await;
    app.execute(&grant, &[]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    for scope in [
        Scope { actions: Some("{LIST}"), ..Scope::default() },
        Scope { actions: Some("{LIST,USE,MANAGE}"), ..Scope::default() },
        Scope { workspace: Some(scene.workspace), ..Scope::default() },
        Scope { provider: Some("github"), ..Scope::default() },
    ] {
        let token = limited(app, ada, scope).await;
        for act in other_acts(&scene, &bob) {
            assert_eq!(refusal(app, &token, &act).await, INSUFFICIENT, "{act}");
        }
        for nothing in [
            "SELECT FROM strongroom.api_tokens",
            "SELECT FROM strongroom.token_uses",
            "SELECT FROM strongroom.activity_logs",
            "SELECT FROM strongroom.credential_grants",
            "UPDATE strongroom.api_tokens SET revoked_at = now()",
            "UPDATE strongroom.credential_grants SET permissions = '{REVEAL}'",
            "UPDATE strongroom.workspaces SET name = 'x'",
            "UPDATE strongroom.workspace_members SET role = 'GUEST'",
            "DELETE FROM strongroom.credential_grants",
            "DELETE FROM strongroom.workspaces",
            "DELETE FROM strongroom.workspace_members",
        ] {
            assert_eq!(counted(app, &token, nothing).await, 0, "{nothing}");
        }
        // What he must know of himself.
        assert_eq!(counted(app, &token, "SELECT FROM strongroom.users").await, 1);
        assert_eq!(counted(app, &token, "SELECT FROM strongroom.workspace_members").await, 2);
        let workspaces = if scope.workspace.is_some() { 1 } else { 2 };
        assert_eq!(counted(app, &token, "SELECT FROM strongroom.workspaces").await, workspaces);
    }
    for act in other_acts(&scene, &bob).into_iter().take(4) {
        assert_eq!(refusal(app, ada, &act).await, None, "{act}");
    }
}

#[tokio::test]
async fn a_scope_is_never_widened_and_holds_no_hole() {
    let Scene { app, ada, .. } = scene().await;
    let token = limited(&app, &ada, Scope { actions: Some("{LIST}"), ..Scope::default() }).await;
    for who in [&ada, &token] {
        for change in [
            "actions = '{LIST,USE,REVEAL,MANAGE}'",
            "workspace_id = NULL",
            "provider = NULL",
            "expires_at = 'infinity'",
            "kind = 'SESSION'",
            "created_by = NULL",
            "user_id = user_id",
        ] {
            let widened = format!("UPDATE strongroom.api_tokens SET {change}");
            assert_eq!(refusal(&app, who, &widened).await, INSUFFICIENT, "{change}");
        }
    }
    // What a list of actions says is what it is: a NULL in it would match anything, or nothing.
    for actions in
        ["{}", "{LIST,NULL}", "{NULL}", "{MANAGE}", "{{LIST,USE},{REVEAL,MANAGE}}", "{LIST,LIST,LIST,LIST,LIST}"]
    {
        ada.begin(&app).await;
        let made = insert_token(&app, ada.id, Scope { actions: Some(actions), ..Scope::default() }).await;
        app.batch_execute("ROLLBACK").await.unwrap();
        assert!(made.is_err(), "{actions}");
    }
}

#[tokio::test]
async fn a_token_for_a_workspace_that_its_maker_does_not_know_is_refused_whether_there_is_one_or_not() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let eve = Person::create(&database, "eve").await;
    for unknown in [workspace, WorkspaceId::generate()] {
        eve.begin(&app).await;
        let refused = insert_token(&app, eve.id, Scope { workspace: Some(unknown), ..Scope::default() }).await;
        assert_eq!(refused.err().unwrap().code().cloned(), INSUFFICIENT);
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    limited(&app, &ada, Scope { workspace: Some(workspace), ..Scope::default() }).await;
}

#[tokio::test]
async fn a_limited_token_ends_itself_and_no_other() {
    let Scene { app, ada, .. } = scene().await;
    let token = limited(&app, &ada, Scope { actions: Some("{LIST}"), ..Scope::default() }).await;
    assert_eq!(counted(&app, &token, "UPDATE strongroom.api_tokens SET revoked_at = now()").await, 0);
    token.begin(&app).await;
    app.execute("SELECT strongroom.end_current_token()", &[]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    let proof = app.execute("SELECT strongroom.prove_caller($1)", &[&token.token.expose()]).await.unwrap_err();
    assert_eq!(proof.code().unwrap().code(), "SR401");
    ada.begin(&app).await;
    app.batch_execute("ROLLBACK").await.unwrap();
    assert!(app.execute("SELECT strongroom.end_current_token()", &[]).await.is_err(), "without a caller");
}

#[tokio::test]
async fn a_scope_holds_on_the_admin_path_too() {
    let database = TestDatabase::create().await;
    let admin = Person::create_admin(&database, "admin").await;
    let (app, system) = (database.sql("strongroom_app").await, database.sql("strongroom_system").await);
    let id = CredentialId::generate();
    admin.begin(&system).await;
    let insert = "INSERT INTO strongroom.user_credentials (id, user_id, scope, name, provider, type, encrypted_value, masked_value)
                  VALUES ($1, $2, 'SYSTEM', 'n', 'smtp', 'API_KEY', 'v', '****')";
    system.execute(insert, &[&id.0, &admin.id.0]).await.unwrap();
    system.batch_execute("COMMIT").await.unwrap();
    admin.begin(&app).await;
    let workspace = admin.insert_workspace(&app, "team").await;
    app.batch_execute("COMMIT").await.unwrap();
    let invite = format!(
        "INSERT INTO strongroom.invitations (id, token_hash, email, created_by, expires_at)
         VALUES (gen_random_uuid(), sha256('x'), 'eve@example.org', '{}', now() + interval '1 day')",
        admin.id
    );
    assert_eq!(refusal(&system, &admin, &invite).await, None);
    for (scope, seen, changed, revealed) in [
        (Scope { actions: Some("{LIST}"), ..Scope::default() }, 1, 0, "TOKEN_SCOPE"),
        (Scope { actions: Some("{REVEAL}"), ..Scope::default() }, 0, 0, "ALLOWED"),
        (Scope { actions: Some("{LIST,MANAGE}"), ..Scope::default() }, 1, 1, "TOKEN_SCOPE"),
        (Scope { provider: Some("smtp"), ..Scope::default() }, 1, 1, "ALLOWED"),
        (Scope { provider: Some("github"), ..Scope::default() }, 0, 0, "NOT_FOUND"),
        (Scope { workspace: Some(workspace), ..Scope::default() }, 0, 0, "NOT_FOUND"),
    ] {
        let token = limited(&app, &admin, scope).await;
        assert_eq!(names(&system, &token).await.len(), seen);
        let change = "UPDATE strongroom.user_credentials SET description = 'd'";
        assert_eq!(counted(&system, &token, change).await, changed);
        assert_eq!(outcome(&system, &token, "REVEAL", id).await, revealed);
        assert_eq!(refusal(&system, &token, &invite).await, INSUFFICIENT);
        for nothing in ["activity_logs", "invitations", "settings"] {
            assert_eq!(counted(&system, &token, &format!("SELECT FROM strongroom.{nothing}")).await, 0, "{nothing}");
        }
        assert_eq!(counted(&system, &token, "UPDATE strongroom.settings SET version_retention_days = 1").await, 0);
    }
}

/// A service account of that workspace, and it with a token.
async fn service_account(sql: &Sql, who: &Person, workspace: WorkspaceId) -> Person {
    let id = UserId::generate();
    who.begin(sql).await;
    let insert = "INSERT INTO strongroom.users (id, workspace_id, display_name) VALUES ($1, $2, 'deployer')";
    sql.execute(insert, &[&id.0, &workspace.0]).await.unwrap();
    let account = insert_token(sql, id, Scope::default()).await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();
    account
}

async fn seat(database: &TestDatabase, workspace: WorkspaceId, user: UserId, role: &str) {
    let statement = format!(
        "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, '{role}')
         ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role"
    );
    database.sql("postgres").await.execute(&statement, &[&workspace.0, &user.0]).await.unwrap();
}

#[tokio::test]
async fn a_service_account_sees_nothing_as_a_member_and_the_workspaces_credentials_as_an_admin() {
    let Scene { database, app, ada, workspace, here, there, own, .. } = scene().await;
    let account = service_account(&app, &ada, workspace).await;
    assert_eq!(names(&app, &account).await, [""; 0]);
    seat(&database, workspace, account.id, "ADMIN").await;
    assert_eq!(names(&app, &account).await, ["here"]);
    assert_eq!(outcome(&app, &account, "USE", here).await, "ALLOWED");
    for id in [there, own] {
        assert_eq!(outcome(&app, &account, "USE", id).await, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_service_account_owns_nothing_of_its_own_makes_no_workspace_and_does_nothing_but_work_with_credentials() {
    let scene = scene().await;
    let bob = Person::create(&scene.database, "bob").await;
    let account = service_account(&scene.app, &scene.ada, scene.workspace).await;
    seat(&scene.database, scene.workspace, account.id, "ADMIN").await;
    let own = format!(
        "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
         VALUES (gen_random_uuid(), '{}', 'own', 'github', 'API_KEY', 'v', '****')",
        account.id
    );
    assert_eq!(refusal(&scene.app, &account, &own).await, INSUFFICIENT);
    let shared = own.replace("(id, user_id,", "(scope, workspace_id, id, user_id,");
    let shared = shared.replace("VALUES (", &format!("VALUES ('WORKSPACE', '{}', ", scene.workspace));
    assert_eq!(refusal(&scene.app, &account, &shared).await, None, "the workspace's, as its ADMIN");
    for act in other_acts(&scene, &bob) {
        let act = act.replace(&scene.ada.id.to_string(), &account.id.to_string());
        assert_eq!(refusal(&scene.app, &account, &act).await, INSUFFICIENT, "{act}");
    }
}

#[tokio::test]
async fn a_service_account_sits_in_its_own_workspace_alone_as_member_or_admin() {
    let Scene { app, ada, workspace, other, .. } = scene().await;
    let account = service_account(&app, &ada, workspace).await;
    let elsewhere = format!(
        "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ('{other}', '{}', 'MEMBER')",
        account.id
    );
    assert_eq!(refusal(&app, &ada, &elsewhere).await, Some(SqlState::CHECK_VIOLATION));
    for (role, refused) in [
        ("OWNER", Some(SqlState::CHECK_VIOLATION)),
        ("GUEST", Some(SqlState::CHECK_VIOLATION)),
        ("MEMBER", None),
        ("ADMIN", None),
    ] {
        let change =
            format!("UPDATE strongroom.workspace_members SET role = '{role}' WHERE user_id = '{}'", account.id);
        assert_eq!(refusal(&app, &ada, &change).await, refused, "{role}");
    }
}

#[tokio::test]
async fn only_owners_and_admins_make_service_accounts_and_their_tokens() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let account = service_account(&app, &ada, workspace).await;
    let bob = Person::create(&database, "bob").await;
    for (role, allowed) in [("GUEST", false), ("MEMBER", false), ("ADMIN", true), ("OWNER", true)] {
        seat(&database, workspace, bob.id, role).await;
        let insert = format!(
            "INSERT INTO strongroom.users (id, workspace_id, display_name) VALUES (gen_random_uuid(), '{workspace}', 's')"
        );
        let expected = if allowed { None } else { INSUFFICIENT };
        assert_eq!(refusal(&app, &bob, &insert).await, expected, "{role}");
        bob.begin(&app).await;
        let made = insert_token(&app, account.id, Scope::default()).await;
        app.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(made.is_ok(), allowed, "{role}");
        let seen =
            counted(&app, &bob, "SELECT FROM strongroom.api_tokens WHERE user_id <> strongroom.current_user_id()")
                .await;
        assert_eq!(seen, u64::from(allowed), "{role}");
    }
    // Nobody makes a person so, nor an account with more than its name.
    for forged in [
        "INSERT INTO strongroom.users (id, display_name) VALUES (gen_random_uuid(), 'person')".to_owned(),
        format!(
            "INSERT INTO strongroom.users (id, workspace_id, display_name, is_admin) VALUES (gen_random_uuid(), '{workspace}', 's', true)"
        ),
        format!(
            "INSERT INTO strongroom.users (id, workspace_id, display_name, email) VALUES (gen_random_uuid(), '{workspace}', 's', 'a@b.c')"
        ),
        "UPDATE strongroom.users SET workspace_id = NULL".to_owned(),
        "UPDATE strongroom.users SET display_name = 'x'".to_owned(),
    ] {
        assert_eq!(refusal(&app, &bob, &forged).await, INSUFFICIENT, "{forged}");
    }
}

#[tokio::test]
async fn a_disabled_service_account_is_out_at_once_and_for_good() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let account = service_account(&app, &ada, workspace).await;
    seat(&database, workspace, account.id, "ADMIN").await;
    let disable = format!("UPDATE strongroom.users SET disabled_at = now() WHERE id = '{}'", account.id);
    ada.begin(&app).await;
    assert_eq!(app.execute(&disable, &[]).await.unwrap(), 1);
    app.batch_execute("COMMIT").await.unwrap();
    let proof = app.execute("SELECT strongroom.prove_caller($1)", &[&account.token.expose()]).await.unwrap_err();
    assert_eq!(proof.code().unwrap().code(), "SR401");
    // Nothing brings it back: no date, no seat, no token.
    let postgres = database.sql("postgres").await;
    let date = format!("SELECT disabled_at::text FROM strongroom.users WHERE id = '{}'", account.id);
    let disabled_at: String = postgres.query_one(&date, &[]).await.unwrap().get(0);
    ada.begin(&app).await;
    app.execute("UPDATE strongroom.users SET disabled_at = NULL WHERE id = $1", &[&account.id.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    assert_eq!(postgres.query_one(&date, &[]).await.unwrap().get::<_, String>(0), disabled_at);
    let seated = format!(
        "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ('{workspace}', '{}', 'MEMBER')",
        account.id
    );
    assert_eq!(refusal(&app, &ada, &seated).await, Some(SqlState::CHECK_VIOLATION));
    ada.begin(&app).await;
    assert_eq!(insert_token(&app, account.id, Scope::default()).await.err().unwrap().code().cloned(), INSUFFICIENT);
}

#[tokio::test]
async fn a_token_that_is_being_made_for_a_service_account_does_not_outlive_its_disabling() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let account = service_account(&app, &ada, workspace).await.id;
    ada.begin(&app).await;
    let token = insert_token(&app, account, Scope::default()).await.unwrap();
    let (postgres, other) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    ada.begin(&other).await;
    let disabling = tokio::spawn(async move {
        let disable = "UPDATE strongroom.users SET disabled_at = now() WHERE id = $1";
        assert_eq!(other.execute(disable, &[&account.0]).await.unwrap(), 1);
        other.batch_execute("COMMIT").await.unwrap();
    });
    let waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while postgres.query(waiting, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    app.batch_execute("COMMIT").await.unwrap();
    disabling.await.unwrap();
    let refused = app.execute("SELECT strongroom.prove_caller($1)", &[&token.token.expose()]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "SR401");
    ada.begin(&app).await;
    let refused = insert_token(&app, account, Scope::default()).await.err().unwrap();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn an_admin_disables_members_among_service_accounts_and_owners_disable_admins() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let bob = Person::create(&database, "bob").await;
    seat(&database, workspace, bob.id, "ADMIN").await;
    let account = service_account(&app, &ada, workspace).await;
    let disable = format!("UPDATE strongroom.users SET disabled_at = now() WHERE id = '{}'", account.id);
    assert_eq!(refusal(&app, &bob, &disable).await, None);
    seat(&database, workspace, account.id, "ADMIN").await;
    assert_eq!(refusal(&app, &bob, &disable).await, INSUFFICIENT);
    assert_eq!(refusal(&app, &ada, &disable).await, None);
}

#[tokio::test]
async fn who_makes_or_ends_a_service_accounts_token_is_recorded_even_if_he_takes_back_his_proof() {
    let Scene { database, app, ada, workspace, .. } = scene().await;
    let account = service_account(&app, &ada, workspace).await;
    let insert = format!(
        "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
         VALUES (gen_random_uuid(), '{}', 'unseen', sha256('known'), now() + interval '1 day')",
        account.id
    );
    let end = format!("UPDATE strongroom.api_tokens SET revoked_at = now() WHERE user_id = '{}'", account.id);
    for statement in [insert, end] {
        assert_eq!(refusal(&app, &ada, &statement).await, None);
        let taken_back = format!("{statement} RETURNING set_config('strongroom.proven', '', true)");
        assert_eq!(refusal(&app, &ada, &taken_back).await, Some(SqlState::CHECK_VIOLATION), "{statement}");
    }
    let actors =
        "SELECT DISTINCT actor_id FROM strongroom.activity_logs WHERE entity_type = 'API_TOKEN' AND owner_id = $1";
    let actors = database.sql("postgres").await.query(actors, &[&account.id.0]).await.unwrap();
    assert_eq!(actors.iter().map(|row| row.get(0)).collect::<Vec<Uuid>>(), [ada.id.0]);
}

#[tokio::test]
async fn whoever_may_not_seat_or_make_a_service_account_learns_nothing_of_ids() {
    let Scene { database, app, ada, workspace, other, .. } = scene().await;
    let account = service_account(&app, &ada, workspace).await;
    let eve = Person::create(&database, "eve").await;
    // Somebody who is there, one who was, and nobody; refused alike, with a caller and without.
    for known in [account.id, ada.id, UserId::generate()] {
        for workspace in [workspace, other, WorkspaceId::generate()] {
            let seat = format!(
                "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ('{workspace}', '{known}', 'OWNER')"
            );
            let make = format!(
                "INSERT INTO strongroom.users (id, workspace_id, display_name) VALUES ('{known}', '{workspace}', 's')"
            );
            assert_eq!(refusal(&app, &eve, &seat).await, INSUFFICIENT, "{seat}");
            assert_eq!(refusal(&app, &eve, &make).await, INSUFFICIENT, "{make}");
            assert_eq!(app.execute(&seat, &[]).await.unwrap_err().code().unwrap().code(), "SR401");
            assert_eq!(app.execute(&make, &[]).await.unwrap_err().code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
        }
    }
}

#[tokio::test]
async fn values_are_asked_for_with_a_secret_or_not_at_all() {
    let Scene { database, own, .. } = scene().await;
    for role in ["strongroom_app", "strongroom_system"] {
        let sql = database.sql(role).await;
        for id in [own, CredentialId::generate()] {
            let statement = "SELECT outcome FROM strongroom.reveal_credentials(
                NULL, NULL, NULL, NULL, 'USE', NULL, ARRAY[$1::uuid], '{NULL}', '{NULL}', '{NULL}', '{NULL}')";
            let refused = sql.query(statement, &[&id.0]).await.unwrap_err();
            assert_eq!(refused.code().unwrap().code(), "SR401", "{role}");
        }
    }
}
