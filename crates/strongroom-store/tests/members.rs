//! Memberships in SQL: who may seat, raise and remove whom, and that an OWNER stays.
//! Races are forced, not hoped for.

use strongroom_testing::{Person, Sql, SqlState, TestDatabase};
use strongroom_types::{RuntimeRole, UserId, WorkspaceId, WorkspaceRole};

const ROLES: [&str; 4] = ["OWNER", "ADMIN", "MEMBER", "GUEST"];

struct Team {
    database: TestDatabase,
    app: Sql,
    workspace: WorkspaceId,
    members: Vec<Person>,
    newcomer: Person,
}

async fn team() -> Team {
    let database = TestDatabase::create().await;
    let app = database.sql("strongroom_app").await;
    let owner = Person::create(&database, "owner").await;
    owner.begin(&app).await;
    let workspace = owner.insert_workspace(&app, "team").await;
    app.batch_execute("COMMIT").await.unwrap();
    let mut members = vec![owner];
    let postgres = database.sql("postgres").await;
    for role in &ROLES[1..] {
        let person = Person::create(&database, role).await;
        let statement =
            format!("INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, '{role}')");
        postgres.execute(&statement, &[&workspace.0, &person.id.0]).await.unwrap();
        members.push(person);
    }
    let newcomer = Person::create(&database, "newcomer").await;
    Team { database, app, workspace, members, newcomer }
}

/// Whether a statement changed a row; a refusal by policy is a no.
async fn succeeds(sql: &Sql, statement: &str, workspace: WorkspaceId, user: UserId) -> bool {
    sql.execute(statement, &[&workspace.0, &user.0]).await.unwrap_or(0) == 1
}

#[tokio::test]
async fn owners_manage_everybody_admins_manage_members_and_guests_and_others_only_leave() {
    let Team { app, workspace, members, newcomer, .. } = team().await;
    let mut matrix = String::new();
    for (actor, role) in members.iter().zip(ROLES) {
        let mut cells = Vec::new();
        for target in ROLES {
            actor.begin(&app).await;
            let add = format!(
                "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, '{target}')"
            );
            if succeeds(&app, &add, workspace, newcomer.id).await {
                cells.push(format!("add {target}"));
            }
            app.batch_execute("ROLLBACK").await.unwrap();
        }
        for (target, target_role) in members.iter().zip(ROLES) {
            for (verb, statement) in [
                (
                    "raise",
                    "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE workspace_id = $1 AND user_id = $2",
                ),
                (
                    "lower",
                    "UPDATE strongroom.workspace_members SET role = 'GUEST' WHERE workspace_id = $1 AND user_id = $2",
                ),
                ("remove", "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2"),
            ] {
                actor.begin(&app).await;
                if succeeds(&app, statement, workspace, target.id).await {
                    cells.push(format!("{verb} {target_role}"));
                }
                app.batch_execute("ROLLBACK").await.unwrap();
            }
        }
        matrix += &format!("{role}: {}\n", cells.join(", "));
    }
    let expected = "\
OWNER: add OWNER, add ADMIN, add MEMBER, add GUEST, raise ADMIN, lower ADMIN, remove ADMIN, \
raise MEMBER, lower MEMBER, remove MEMBER, raise GUEST, lower GUEST, remove GUEST
ADMIN: add MEMBER, add GUEST, remove ADMIN, lower MEMBER, remove MEMBER, lower GUEST, remove GUEST
MEMBER: remove MEMBER\nGUEST: remove GUEST\n";
    pretty_assertions::assert_eq!(matrix, expected);
}

#[tokio::test]
async fn two_owners_who_remove_each_other_at_once_do_not_both_succeed() {
    let Team { database, app, workspace, members, .. } = team().await;
    let (one, two) = (&members[0], &members[1]);
    let promote = "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE user_id = $1";
    database.sql("postgres").await.execute(promote, &[&two.id.0]).await.unwrap();
    let remove = "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2";
    let other = database.sql("strongroom_app").await;
    one.begin(&app).await;
    two.begin(&other).await;
    assert!(succeeds(&app, remove, workspace, two.id).await);
    let (ids, postgres) = ([workspace.0, one.id.0], database.sql("postgres").await);
    let second = tokio::spawn(async move { other.execute(remove, &[&ids[0], &ids[1]]).await });
    until_somebody_waits(&postgres).await;
    app.batch_execute("COMMIT").await.unwrap();
    let refused = second.await.unwrap().unwrap_err();
    // Whoever waited is refused by the guard, or as the victim of a deadlock that the other has won.
    let codes = [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::T_R_DEADLOCK_DETECTED];
    assert!(refused.code().is_some_and(|code| codes.contains(code)), "{refused:?}");
}

#[tokio::test]
async fn whoever_is_being_removed_cannot_leave_an_owner_behind() {
    let Team { database, app, workspace, members, newcomer } = team().await;
    let (owner, admin) = (&members[0], &members[1]);
    let promote = "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE user_id = $1";
    database.sql("postgres").await.execute(promote, &[&admin.id.0]).await.unwrap();
    // He adds an accomplice, and has not committed yet; whoever would remove him has to wait for that, and gives up. Also
    // where he does it by a trigger of his own.
    let by_trigger = format!(
        "CREATE TEMP TABLE doing (user_id uuid);
         CREATE FUNCTION pg_temp.add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ('{workspace}', NEW.user_id, 'OWNER');
             RETURN NULL;
         END $$;
         CREATE TRIGGER add AFTER INSERT ON doing FOR EACH ROW EXECUTE FUNCTION pg_temp.add()"
    );
    app.batch_execute(&by_trigger).await.unwrap();
    for add in [
        "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')",
        "INSERT INTO doing SELECT $2 WHERE $1::uuid IS NOT NULL",
    ] {
        admin.begin(&app).await;
        assert!(succeeds(&app, add, workspace, newcomer.id).await);
        let other = database.sql("strongroom_app").await;
        owner.begin(&other).await;
        other.batch_execute("SET LOCAL lock_timeout = '100ms'").await.unwrap();
        let remove = "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2";
        let refused = other.execute(remove, &[&workspace.0, &admin.id.0]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::LOCK_NOT_AVAILABLE), "{add}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_proof_that_is_taken_back_in_the_middle_of_a_statement_evades_neither_guard_nor_record() {
    let Team { app, workspace, members, newcomer, .. } = team().await;
    let owner = &members[0];
    for statement in [
        "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')
         RETURNING set_config('strongroom.proven', '', true)",
        "UPDATE strongroom.workspace_members SET role = 'GUEST' WHERE workspace_id = $1 AND user_id <> $2
         RETURNING set_config('strongroom.proven', '', true)",
        "DELETE FROM strongroom.workspace_members
         WHERE workspace_id = $1 AND user_id <> $2 AND set_config('strongroom.proven', '', true) IS NOT NULL",
    ] {
        owner.begin(&app).await;
        let changed = app.execute(statement, &[&workspace.0, &newcomer.id.0]).await.unwrap_or(0);
        assert_eq!(changed, 0, "{statement}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn an_owner_who_is_demoted_meanwhile_does_not_act_as_one() {
    let Team { database, app, workspace, members, newcomer } = team().await;
    let (one, two) = (&members[0], &members[1]);
    let postgres = database.sql("postgres").await;
    let promote = "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE user_id = $1";
    postgres.execute(promote, &[&two.id.0]).await.unwrap();
    let demote = "UPDATE strongroom.workspace_members SET role = 'ADMIN' WHERE workspace_id = $1 AND user_id = $2";
    let other = database.sql("strongroom_app").await;
    one.begin(&app).await;
    two.begin(&other).await;
    assert!(succeeds(&app, demote, workspace, two.id).await);
    let add = "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'OWNER')";
    let ids = [workspace.0, newcomer.id.0];
    let second = tokio::spawn(async move { other.execute(add, &[&ids[0], &ids[1]]).await });
    until_somebody_waits(&postgres).await;
    app.batch_execute("COMMIT").await.unwrap();
    let refused = second.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn owners_who_change_different_members_at_once_do_not_get_in_each_others_way() {
    let Team { database, workspace, members, .. } = team().await;
    let promote = "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE user_id = $1";
    database.sql("postgres").await.execute(promote, &[&members[1].id.0]).await.unwrap();
    let store = database.store().await;
    let changes: Vec<_> = [(&members[0], &members[2]), (&members[1], &members[3])]
        .into_iter()
        .map(|(actor, target)| {
            let (store, caller, target) = (store.clone(), actor.caller(), target.id);
            tokio::spawn(async move {
                for n in 0..20 {
                    let mut transaction = store.begin(&caller, RuntimeRole::App).await.unwrap();
                    let role = if n % 2 == 0 { WorkspaceRole::Member } else { WorkspaceRole::Guest };
                    transaction.set_member(workspace, target, role).await.unwrap();
                    transaction.commit().await.unwrap();
                }
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap();
    }
}

async fn until_somebody_waits(postgres: &Sql) {
    let waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while postgres.query(waiting, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn everyone_but_the_last_owner_may_leave() {
    let Team { database, app, workspace, members, .. } = team().await;
    for (person, role) in members.iter().zip(ROLES) {
        person.begin(&app).await;
        assert_eq!(succeeds(&app, LEAVE, workspace, person.id).await, role != "OWNER", "{role}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
    promote(&database, &members[1]).await;
    members[0].begin(&app).await;
    assert!(succeeds(&app, LEAVE, workspace, members[0].id).await);
    app.batch_execute("COMMIT").await.unwrap();
    members[1].begin(&app).await;
    let refused = app.execute(LEAVE, &[&workspace.0, &members[1].id.0]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::CHECK_VIOLATION));
}

#[tokio::test]
async fn two_owners_who_leave_at_once_do_not_both_succeed() {
    let Team { database, app, workspace, members, .. } = team().await;
    let (one, two) = (&members[0], &members[1]);
    promote(&database, two).await;
    let other = database.sql("strongroom_app").await;
    one.begin(&app).await;
    two.begin(&other).await;
    assert!(succeeds(&app, LEAVE, workspace, one.id).await);
    let ids = [workspace.0, two.id.0];
    let second = tokio::spawn(async move { other.execute(LEAVE, &[&ids[0], &ids[1]]).await });
    until_somebody_waits(&database.sql("postgres").await).await;
    app.batch_execute("COMMIT").await.unwrap();
    let refused = second.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::CHECK_VIOLATION));
}

#[tokio::test]
async fn an_owner_who_leaves_is_not_followed_by_one_who_is_being_removed() {
    let Team { database, app, workspace, members, .. } = team().await;
    let (one, two) = (&members[0], &members[1]);
    promote(&database, two).await;
    // One removes the other, who leaves at the same time: one of them stays.
    let other = database.sql("strongroom_app").await;
    one.begin(&app).await;
    one.begin(&other).await;
    assert!(succeeds(&app, LEAVE, workspace, two.id).await);
    let ids = [workspace.0, one.id.0];
    let leaving = tokio::spawn(async move { other.execute(LEAVE, &[&ids[0], &ids[1]]).await });
    until_somebody_waits(&database.sql("postgres").await).await;
    app.batch_execute("COMMIT").await.unwrap();
    assert_eq!(leaving.await.unwrap().unwrap_err().code(), Some(&SqlState::CHECK_VIOLATION));
}

const LEAVE: &str = "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2";

async fn promote(database: &TestDatabase, person: &Person) {
    let statement = "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE user_id = $1";
    database.sql("postgres").await.execute(statement, &[&person.id.0]).await.unwrap();
}

#[tokio::test]
async fn an_admin_here_who_is_an_owner_elsewhere_is_no_owner_here() {
    let Team { app, workspace, members, .. } = team().await;
    let admin = &members[1];
    admin.begin(&app).await;
    admin.insert_workspace(&app, "elsewhere").await;
    let raise = "UPDATE strongroom.workspace_members SET role = 'OWNER' WHERE workspace_id = $1 AND user_id = $2";
    assert!(!succeeds(&app, raise, workspace, members[2].id).await);
}

#[tokio::test]
async fn people_see_themselves_and_their_colleagues_only() {
    let Team { app, members, newcomer, .. } = team().await;
    let names = async |person: &Person| -> i64 {
        person.begin(&app).await;
        let count = app.query_one("SELECT count(*) FROM strongroom.users", &[]).await.unwrap().get(0);
        app.batch_execute("COMMIT").await.unwrap();
        count
    };
    assert_eq!(names(&members[3]).await, 4);
    assert_eq!(names(&newcomer).await, 1);
}

#[tokio::test]
async fn deleting_a_person_or_a_workspace_takes_its_rows_along_and_leaves_the_record() {
    let Team { database, app, workspace, members, .. } = team().await;
    let (owner, admin) = (&members[0], &members[1]);
    owner.begin(&app).await;
    owner.insert_workspace_credential(&app, workspace, "shared").await;
    app.batch_execute("COMMIT").await.unwrap();
    admin.keep(&app, "own").await;

    let postgres = database.sql("postgres").await;
    let count = async |table: &str| -> i64 {
        postgres.query_one(&format!("SELECT count(*) FROM strongroom.{table}"), &[]).await.unwrap().get(0)
    };
    let recorded = count("activity_logs").await;
    assert_eq!(count("user_credentials").await, 2);
    postgres.execute("DELETE FROM strongroom.users WHERE id = $1", &[&admin.id.0]).await.unwrap();
    assert_eq!(count("user_credentials").await, 1);
    postgres.execute("DELETE FROM strongroom.workspaces WHERE id = $1", &[&workspace.0]).await.unwrap();
    assert_eq!((count("user_credentials").await, count("workspace_members").await), (0, 0));
    assert_eq!(count("activity_logs").await, recorded);
}
