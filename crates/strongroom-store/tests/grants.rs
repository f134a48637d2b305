//! Grants in SQL: what a grantee can do, and the moves by which he would do more. The attacker holds the app role's login
//! and a full token of his own. Each wall has somebody whom it lets through.

use strongroom_testing::{Person, Sql, SqlState, TestDatabase};
use strongroom_types::{CredentialId, GrantId, UserId, WorkspaceId};
use uuid::Uuid;

/// Ada owns a workspace with a credential in it, and has one of her own. Bob is a MEMBER there.
struct Scene {
    database: TestDatabase,
    app: Sql,
    ada: Person,
    bob: Person,
    workspace: WorkspaceId,
    own: CredentialId,
    shared: CredentialId,
}

async fn scene() -> Scene {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    let own = ada.insert_credential(&app, "own").await;
    let shared = ada.insert_workspace_credential(&app, workspace, "shared").await;
    app.batch_execute("COMMIT").await.unwrap();
    seat(&database, workspace, bob.id, "MEMBER").await;
    Scene { database, app, ada, bob, workspace, own, shared }
}

async fn seat(database: &TestDatabase, workspace: WorkspaceId, user: UserId, role: &str) {
    let statement = format!(
        "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, '{role}')
         ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role"
    );
    database.sql("postgres").await.execute(&statement, &[&workspace.0, &user.0]).await.unwrap();
}

/// To whom a grant is.
#[derive(Clone, Copy)]
enum To {
    User(Uuid),
    Workspace(Uuid),
}

fn to(person: &Person) -> To {
    To::User(person.id.0)
}

/// Grants in the transaction that is open; the code of the refusal where there is one.
async fn grant(sql: &Sql, id: CredentialId, to: To, permissions: &str) -> Result<Uuid, String> {
    let (user, workspace) = match to {
        To::User(id) => (Some(id), None),
        To::Workspace(id) => (None, Some(id)),
    };
    let grant = GrantId::generate().0;
    let statement = format!(
        "INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, grantee_workspace_id, permissions)
         VALUES ($1, $2, $3, $4, '{permissions}')"
    );
    match sql.execute(&statement, &[&grant, &id.0, &user, &workspace]).await {
        Ok(_) => Ok(grant),
        Err(refused) => Err(refused.as_db_error().unwrap().to_string()),
    }
}

/// Grants in a transaction of its own, as somebody who may.
async fn share(sql: &Sql, who: &Person, id: CredentialId, to: To, permissions: &str) -> Uuid {
    who.begin(sql).await;
    let made = grant(sql, id, to, permissions).await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();
    made
}

/// Whether somebody's try to grant is refused by a policy, in a transaction that is rolled back.
async fn may_not_grant(sql: &Sql, who: &Person, id: CredentialId, to: To) -> bool {
    who.begin(sql).await;
    let tried = grant(sql, id, to, "{USE}").await;
    sql.batch_execute("ROLLBACK").await.unwrap();
    tried.is_err_and(|refusal| refusal.contains("row-level security"))
}

async fn counted(sql: &Sql, who: &Person, statement: &str) -> u64 {
    who.begin(sql).await;
    let count = sql.execute(statement, &[]).await.unwrap();
    sql.batch_execute("ROLLBACK").await.unwrap();
    count
}

async fn sees(sql: &Sql, who: &Person, id: CredentialId) -> bool {
    counted(sql, who, &format!("SELECT FROM strongroom.user_credentials WHERE id = '{id}'")).await == 1
}

async fn changes(sql: &Sql, who: &Person, id: CredentialId) -> bool {
    let statement = format!("UPDATE strongroom.user_credentials SET description = 'changed' WHERE id = '{id}'");
    counted(sql, who, &statement).await == 1
}

/// The outcome of one value asked for, and whether an envelope came with it.
async fn outcome(sql: &Sql, who: &Person, purpose: &str, id: CredentialId, version: Option<i32>) -> (String, bool) {
    let statement = "SELECT outcome, encrypted_value IS NOT NULL FROM strongroom.reveal_credentials(
        $1, NULL, NULL, NULL, $2, NULL, ARRAY[$3::uuid], '{NULL}', '{NULL}', '{NULL}', ARRAY[$4::integer])";
    let row = sql.query_one(statement, &[&who.token.expose(), &purpose, &id.0, &version]).await.unwrap();
    (row.get(0), row.get(1))
}

const ALL: [&str; 3] = ["USE", "REVEAL", "MANAGE"];

#[tokio::test]
async fn a_grant_shows_the_credential_and_allows_what_it_says_and_nothing_else() {
    let Scene { app, ada, bob, own, shared, .. } = scene().await;
    for id in [own, shared] {
        assert!(!sees(&app, &bob, id).await);
        for permission in ALL {
            let made = share(&app, &ada, id, to(&bob), &format!("{{{permission}}}")).await;
            assert!(sees(&app, &bob, id).await, "{permission}");
            assert_eq!(changes(&app, &bob, id).await, permission == "MANAGE", "{permission}");
            for (purpose, needed) in [("USE", "USE"), ("REVEAL", "REVEAL"), ("RESTORE", "MANAGE")] {
                let expected = if permission == needed { ("ALLOWED", true) } else { ("FORBIDDEN", false) };
                let (outcome, envelope) = outcome(&app, &bob, purpose, id, None).await;
                assert_eq!((outcome.as_str(), envelope), expected, "{purpose} with {permission}");
            }
            ada.begin(&app).await;
            app.execute("DELETE FROM strongroom.credential_grants WHERE id = $1", &[&made]).await.unwrap();
            app.batch_execute("COMMIT").await.unwrap();
            assert!(!sees(&app, &bob, id).await && !changes(&app, &bob, id).await);
            assert_eq!(outcome(&app, &bob, "REVEAL", id, None).await, ("NOT_FOUND".into(), false));
        }
    }
}

#[tokio::test]
async fn a_grantee_cannot_widen_prolong_end_or_hand_on_his_grant() {
    let Scene { database, app, ada, bob, workspace, own, shared } = scene().await;
    let carol = Person::create(&database, "carol").await;
    seat(&database, workspace, carol.id, "MEMBER").await;
    for id in [own, shared] {
        // With all there is to have: it is not the right to grant.
        share(&app, &ada, id, to(&bob), "{USE,REVEAL,MANAGE}").await;
        for grantee in [to(&carol), to(&bob), To::Workspace(workspace.0)] {
            assert!(may_not_grant(&app, &bob, id, grantee).await);
        }
    }
    for change in [
        "UPDATE strongroom.credential_grants SET permissions = '{USE,REVEAL,MANAGE}'",
        "UPDATE strongroom.credential_grants SET expires_at = NULL",
        "DELETE FROM strongroom.credential_grants",
        "SELECT FROM strongroom.credential_grants FOR UPDATE",
    ] {
        assert_eq!(counted(&app, &bob, change).await, 0, "{change}");
        assert_eq!(counted(&app, &ada, change).await, 2, "{change}");
    }
}

#[tokio::test]
async fn a_grantee_who_manages_gives_no_name_and_so_learns_none_that_is_taken() {
    let Scene { app, ada, bob, own, shared, .. } = scene().await;
    ada.begin(&app).await;
    ada.insert_credential(&app, "taken").await;
    app.batch_execute("COMMIT").await.unwrap();
    for id in [own, shared] {
        share(&app, &ada, id, to(&bob), "{USE,REVEAL,MANAGE}").await;
        for name in ["taken", "free"] {
            let rename = format!("UPDATE strongroom.user_credentials SET name = '{name}' WHERE id = '{id}'");
            bob.begin(&app).await;
            let refused = app.execute(&rename, &[]).await.unwrap_err();
            app.batch_execute("ROLLBACK").await.unwrap();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{name}");
        }
        let rename = format!("UPDATE strongroom.user_credentials SET name = 'free' WHERE id = '{id}'");
        assert_eq!(counted(&app, &ada, &rename).await, 1);
        // Nor does he take the name of a revoked one back, which may be another's by now.
        let revoke = format!("UPDATE strongroom.user_credentials SET is_active = false WHERE id = '{id}'");
        let restore = format!("UPDATE strongroom.user_credentials SET is_active = true WHERE id = '{id}'");
        bob.begin(&app).await;
        assert_eq!(app.execute(&revoke, &[]).await.unwrap(), 1);
        let refused = app.execute(&restore, &[]).await.unwrap_err();
        app.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    }
}

#[tokio::test]
async fn a_grant_moves_to_no_other_credential_grantee_or_owner() {
    let Scene { app, ada, bob, own, .. } = scene().await;
    share(&app, &ada, own, to(&bob), "{USE}").await;
    for forged in [
        "UPDATE strongroom.credential_grants SET credential_id = gen_random_uuid()".to_owned(),
        format!("UPDATE strongroom.credential_grants SET grantee_user_id = '{}'", bob.id),
        "UPDATE strongroom.credential_grants SET grantee_workspace_id = gen_random_uuid()".to_owned(),
        format!("UPDATE strongroom.credential_grants SET owner_id = '{}'", bob.id),
        "UPDATE strongroom.credential_grants SET workspace_id = NULL".to_owned(),
        "UPDATE strongroom.credential_grants SET created_by = NULL".to_owned(),
        "SELECT owner_id FROM strongroom.credential_grants".to_owned(),
        format!(
            "INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, permissions, owner_id)
             VALUES (gen_random_uuid(), '{own}', '{}', '{{USE}}', '{}')",
            bob.id, bob.id
        ),
        format!(
            "INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, permissions, created_by)
             VALUES (gen_random_uuid(), '{own}', '{}', '{{USE}}', '{}')",
            bob.id, bob.id
        ),
    ] {
        ada.begin(&app).await;
        let refused = app.execute(&forged, &[]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{forged}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn an_expired_grant_shows_nothing() {
    let Scene { database, app, ada, bob, own, .. } = scene().await;
    share(&app, &ada, own, to(&bob), "{USE,REVEAL,MANAGE}").await;
    assert!(sees(&app, &bob, own).await && changes(&app, &bob, own).await);
    let expire = "UPDATE strongroom.credential_grants SET expires_at = clock_timestamp()";
    database.sql("postgres").await.execute(expire, &[]).await.unwrap();
    assert!(!sees(&app, &bob, own).await && !changes(&app, &bob, own).await);
    for purpose in ["USE", "REVEAL", "RESTORE"] {
        assert_eq!(outcome(&app, &bob, purpose, own, None).await, ("NOT_FOUND".into(), false), "{purpose}");
    }
    for table in ["credential_grants", "credential_versions"] {
        assert_eq!(counted(&app, &bob, &format!("SELECT FROM strongroom.{table}")).await, 0, "{table}");
    }
    assert_eq!(counted(&app, &ada, "SELECT FROM strongroom.credential_grants").await, 1, "whoever granted it sees it");
}

#[tokio::test]
async fn a_grant_to_a_workspace_is_for_its_members_and_not_for_its_guests_or_former_ones() {
    let Scene { database, app, ada, bob, workspace, own, .. } = scene().await;
    share(&app, &ada, own, To::Workspace(workspace.0), "{REVEAL}").await;
    for (role, reached) in [("MEMBER", true), ("GUEST", false), ("ADMIN", true), ("OWNER", true)] {
        seat(&database, workspace, bob.id, role).await;
        assert_eq!(sees(&app, &bob, own).await, reached, "{role}");
        assert_eq!(outcome(&app, &bob, "REVEAL", own, None).await.1, reached, "{role}");
        assert_eq!(counted(&app, &bob, "SELECT FROM strongroom.credential_grants").await == 1, reached, "{role}");
    }
    let removal = "DELETE FROM strongroom.workspace_members WHERE user_id = $1";
    database.sql("postgres").await.execute(removal, &[&bob.id.0]).await.unwrap();
    assert!(!sees(&app, &bob, own).await);
}

#[tokio::test]
async fn a_stranger_is_granted_nothing_and_it_does_not_tell_whether_he_exists() {
    let Scene { database, app, ada, own, shared, .. } = scene().await;
    let stranger = Person::create(&database, "stranger").await;
    stranger.begin(&app).await;
    let elsewhere = stranger.insert_workspace(&app, "elsewhere").await;
    app.batch_execute("COMMIT").await.unwrap();
    for id in [own, shared] {
        let mut refusals = Vec::new();
        for grantee in [
            to(&stranger),
            To::User(UserId::generate().0),
            To::Workspace(elsewhere.0),
            To::Workspace(WorkspaceId::generate().0),
        ] {
            ada.begin(&app).await;
            refusals.push(grant(&app, id, grantee, "{USE}").await.unwrap_err());
            app.batch_execute("ROLLBACK").await.unwrap();
        }
        assert!(refusals[0].contains("row-level security"), "{refusals:?}");
        assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
    }
}

#[tokio::test]
async fn nobody_grants_what_he_does_not_control() {
    let Scene { database, app, ada, bob, workspace, own, shared } = scene().await;
    let carol = Person::create(&database, "carol").await;
    seat(&database, workspace, carol.id, "MEMBER").await;
    // A MEMBER: not the workspace's.
    assert!(may_not_grant(&app, &bob, shared, to(&carol)).await);
    // Its OWNER: the workspace's, but nobody's own, granted to the workspace or to him or not.
    seat(&database, workspace, bob.id, "OWNER").await;
    assert!(!may_not_grant(&app, &bob, shared, to(&carol)).await);
    assert!(may_not_grant(&app, &bob, own, to(&carol)).await);
    share(&app, &ada, own, To::Workspace(workspace.0), "{USE,REVEAL,MANAGE}").await;
    share(&app, &ada, own, to(&bob), "{USE,REVEAL,MANAGE}").await;
    assert!(may_not_grant(&app, &bob, own, to(&carol)).await);
    // Of a credential that does not exist, and of one that he may not know of, he is told the same.
    let hers = carol.keep(&app, "carol's").await;
    for id in [hers, CredentialId::generate()] {
        bob.begin(&app).await;
        let refusal = grant(&app, id, to(&ada), "{USE}").await.unwrap_err();
        app.batch_execute("ROLLBACK").await.unwrap();
        assert!(refusal.contains("row-level security") || refusal.contains("null value"), "{refusal}");
    }
}

#[tokio::test]
async fn system_credentials_cannot_be_granted_and_instance_admins_see_nothing_of_grants() {
    let Scene { database, app, ada, bob, workspace, own, .. } = scene().await;
    let admin = Person::create_admin(&database, "admin").await;
    seat(&database, workspace, admin.id, "MEMBER").await;
    share(&app, &ada, own, to(&bob), "{USE}").await;
    let system = database.sql("strongroom_system").await;
    let id = CredentialId::generate();
    admin.begin(&system).await;
    let insert = "INSERT INTO strongroom.user_credentials (id, user_id, scope, name, provider, type, encrypted_value, masked_value)
                  VALUES ($1, $2, 'SYSTEM', 'n', 'p', 'API_KEY', 'v', '****')";
    system.execute(insert, &[&id.0, &admin.id.0]).await.unwrap();
    system.batch_execute("COMMIT").await.unwrap();
    admin.begin(&system).await;
    assert!(grant(&system, id, to(&bob), "{USE}").await.unwrap_err().contains("permission denied"));
    system.batch_execute("ROLLBACK").await.unwrap();
    admin.begin(&app).await;
    grant(&app, id, to(&bob), "{USE}").await.unwrap_err();
    app.batch_execute("ROLLBACK").await.unwrap();

    admin.begin(&system).await;
    let refused = system.execute("SELECT id FROM strongroom.credential_grants", &[]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    system.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(counted(&app, &admin, "SELECT FROM strongroom.credential_grants").await, 0);
    assert!(!sees(&app, &admin, own).await);
}

#[tokio::test]
async fn leaving_or_being_removed_ends_what_was_granted_through_the_workspace_both_ways() {
    for removed_by_ada in [true, false] {
        let Scene { database, app, ada, bob, workspace, own, shared } = scene().await;
        let account = service_account(&app, &ada, workspace).await;
        let bobs = bob.keep(&app, "bob's").await;
        // Of the workspace to him; of him to the workspace and to its service account.
        share(&app, &ada, shared, to(&bob), "{REVEAL}").await;
        share(&app, &bob, bobs, To::Workspace(workspace.0), "{REVEAL}").await;
        share(&app, &bob, bobs, To::User(account), "{USE}").await;
        // Between persons: it is theirs to end.
        share(&app, &ada, own, to(&bob), "{REVEAL}").await;
        share(&app, &bob, bobs, to(&ada), "{USE}").await;
        let actor = if removed_by_ada { &ada } else { &bob };
        actor.begin(&app).await;
        let leave = "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2";
        assert_eq!(app.execute(leave, &[&workspace.0, &bob.id.0]).await.unwrap(), 1);
        app.batch_execute("COMMIT").await.unwrap();

        assert!(!sees(&app, &bob, shared).await && sees(&app, &bob, own).await);
        let postgres = database.sql("postgres").await;
        let left = "SELECT grantee_user_id FROM strongroom.credential_grants ORDER BY id";
        let left: Vec<Uuid> = postgres.query(left, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        assert_eq!(left, [bob.id.0, ada.id.0]);
        let ended = "SELECT DISTINCT actor_id FROM strongroom.activity_logs WHERE action = 'GRANT_REVOKED'";
        let ended: Vec<Uuid> = postgres.query(ended, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        assert_eq!(ended, [actor.id.0]);
    }
}

/// A service account of that workspace.
async fn service_account(sql: &Sql, who: &Person, workspace: WorkspaceId) -> Uuid {
    let id = UserId::generate().0;
    who.begin(sql).await;
    let insert = "INSERT INTO strongroom.users (id, workspace_id, display_name) VALUES ($1, $2, 'deployer')";
    sql.execute(insert, &[&id, &workspace.0]).await.unwrap();
    sql.batch_execute("COMMIT").await.unwrap();
    id
}

#[tokio::test]
async fn a_service_account_that_loses_its_seat_loses_all_that_was_granted_to_it() {
    let Scene { database, app, ada, workspace, own, shared, .. } = scene().await;
    for end in [
        "UPDATE strongroom.users SET disabled_at = now() WHERE id = $1",
        "DELETE FROM strongroom.workspace_members WHERE user_id = $1",
    ] {
        let account = service_account(&app, &ada, workspace).await;
        share(&app, &ada, own, To::User(account), "{USE}").await;
        share(&app, &ada, shared, To::User(account), "{USE}").await;
        ada.begin(&app).await;
        assert_eq!(app.execute(end, &[&account]).await.unwrap(), 1);
        app.batch_execute("COMMIT").await.unwrap();
        let left = database.sql("postgres").await.query("SELECT FROM strongroom.credential_grants", &[]).await.unwrap();
        assert_eq!(left.len(), 0, "{end}");
    }
}

#[tokio::test]
async fn a_proof_that_is_taken_back_in_the_middle_of_a_statement_evades_no_record_of_a_grant() {
    let Scene { database, app, ada, bob, own, shared, .. } = scene().await;
    share(&app, &ada, own, to(&bob), "{USE}").await;
    let insert = format!(
        "INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, permissions)
         VALUES (gen_random_uuid(), '{shared}', '{}', '{{USE}}')",
        bob.id
    );
    for statement in [
        insert.as_str(),
        "UPDATE strongroom.credential_grants SET permissions = '{REVEAL}'",
        "DELETE FROM strongroom.credential_grants",
    ] {
        ada.begin(&app).await;
        assert_eq!(app.execute(statement, &[]).await.unwrap(), 1, "{statement}");
        app.batch_execute("ROLLBACK").await.unwrap();
        ada.begin(&app).await;
        let taken_back = format!("{statement} RETURNING set_config('strongroom.proven', '', true)");
        assert!(app.execute(&taken_back, &[]).await.is_err(), "{statement}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    let rows = "SELECT FROM strongroom.activity_logs WHERE action::text LIKE 'GRANT_%'";
    assert_eq!(database.sql("postgres").await.query(rows, &[]).await.unwrap().len(), 1);
}

async fn until_somebody_waits(postgres: &Sql) {
    let waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while postgres.query(waiting, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

const REMOVE: &str = "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2";

#[tokio::test]
async fn a_grant_that_is_being_made_is_found_by_the_removal_of_its_grantee_or_granter() {
    for of_granter in [false, true] {
        let Scene { database, app, ada, bob, workspace, shared, .. } = scene().await;
        let admin = Person::create(&database, "admin").await;
        seat(&database, workspace, admin.id, "ADMIN").await;
        let (postgres, other) = (database.sql("postgres").await, database.sql("strongroom_app").await);
        admin.begin(&app).await;
        grant(&app, shared, to(&bob), "{REVEAL}").await.unwrap();
        let leaver = if of_granter { admin.id.0 } else { bob.id.0 };
        ada.begin(&other).await;
        let removal = tokio::spawn(async move {
            let removed = other.execute(REMOVE, &[&workspace.0, &leaver]).await.unwrap();
            other.batch_execute("COMMIT").await.unwrap();
            removed
        });
        until_somebody_waits(&postgres).await;
        app.batch_execute("COMMIT").await.unwrap();
        assert_eq!(removal.await.unwrap(), 1);
        // Whose removal waited for the grant finds it: that of the grantee ends it, that of the granter can show it.
        assert_eq!(sees(&app, &bob, shared).await, of_granter);
    }
}

#[tokio::test]
async fn a_grant_that_waited_for_a_removal_is_not_made() {
    for of_granter in [false, true] {
        let Scene { database, app, ada, bob, workspace, shared, .. } = scene().await;
        let admin = Person::create(&database, "admin").await;
        seat(&database, workspace, admin.id, "ADMIN").await;
        let (postgres, other) = (database.sql("postgres").await, database.sql("strongroom_app").await);
        let leaver = if of_granter { admin.id.0 } else { bob.id.0 };
        ada.begin(&app).await;
        app.execute(REMOVE, &[&workspace.0, &leaver]).await.unwrap();
        admin.begin(&other).await;
        let grantee = to(&bob);
        let granting = tokio::spawn(async move { grant(&other, shared, grantee, "{REVEAL}").await });
        until_somebody_waits(&postgres).await;
        app.batch_execute("COMMIT").await.unwrap();
        let refusal = granting.await.unwrap().unwrap_err();
        assert!(refusal.contains("any more"), "{refusal}");
    }
}

#[tokio::test]
async fn every_grant_its_change_and_its_end_are_recorded_with_the_grantee() {
    let Scene { database, app, ada, bob, workspace, own, .. } = scene().await;
    let made = share(&app, &ada, own, to(&bob), "{USE}").await;
    ada.begin(&app).await;
    let change = "UPDATE strongroom.credential_grants SET permissions = '{REVEAL}' WHERE id = $1";
    app.execute(change, &[&made]).await.unwrap();
    app.execute("DELETE FROM strongroom.credential_grants WHERE id = $1", &[&made]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    share(&app, &ada, own, To::Workspace(workspace.0), "{USE}").await;
    let rows = database
        .sql("postgres")
        .await
        .query(
            "SELECT action::text, grantee_id, owner_id = actor_id, name, scope::text FROM strongroom.activity_logs
             WHERE action::text LIKE 'GRANT_%' ORDER BY id",
            &[],
        )
        .await
        .unwrap();
    let rows: Vec<(String, Uuid)> = rows
        .iter()
        .map(|row| {
            assert_eq!((row.get(2), row.get(3), row.get(4)), (true, "own", "USER"));
            (row.get(0), row.get(1))
        })
        .collect();
    let expected = [
        ("GRANT_CREATED", bob.id.0),
        ("GRANT_CHANGED", bob.id.0),
        ("GRANT_REVOKED", bob.id.0),
        ("GRANT_CREATED", workspace.0),
    ];
    assert_eq!(rows, expected.map(|(action, id)| (action.to_owned(), id)));
}

#[tokio::test]
async fn a_deleted_workspace_takes_grants_of_and_to_it_along() {
    let Scene { database, app, ada, bob, workspace, own, shared } = scene().await;
    share(&app, &ada, own, To::Workspace(workspace.0), "{USE}").await;
    share(&app, &ada, shared, to(&bob), "{USE}").await;
    ada.begin(&app).await;
    let delete = "DELETE FROM strongroom.workspaces WHERE id = $1";
    assert_eq!(app.execute(delete, &[&workspace.0]).await.unwrap(), 1);
    app.batch_execute("COMMIT").await.unwrap();
    let left = database.sql("postgres").await.query("SELECT FROM strongroom.credential_grants", &[]).await.unwrap();
    assert_eq!(left.len(), 0);
}
