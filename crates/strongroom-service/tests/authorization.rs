//! The table of service/authorization.rs against the policies of the database, cell by cell: every capacity tries every
//! action in SQL, past the service, and must be let do what the table says and nothing else.

use strongroom_service::{Action, Standing, allows};
use strongroom_testing::{Person, Sql, TestDatabase};
use strongroom_types::{CredentialId, WorkspaceId, WorkspaceRole};
use strum::VariantArray;

struct Scene {
    app: Sql,
    system: Sql,
    database: TestDatabase,
    owner: Person,
    workspace: WorkspaceId,
    own: CredentialId,
    shared: CredentialId,
    instance: CredentialId,
    guest: Person,
    newcomer: Person,
}

async fn scene() -> Scene {
    let database = TestDatabase::create().await;
    let (app, system) = (database.sql("strongroom_app").await, database.sql("strongroom_system").await);
    let owner = Person::create(&database, "owner").await;
    owner.begin(&app).await;
    let workspace = owner.insert_workspace(&app, "team").await;
    let own = owner.insert_credential(&app, "own").await;
    let shared = owner.insert_workspace_credential(&app, workspace, "shared").await;
    app.batch_execute("COMMIT").await.unwrap();
    let (guest, newcomer) = (Person::create(&database, "guest").await, Person::create(&database, "newcomer").await);
    seat(&database, workspace, &guest, WorkspaceRole::Guest).await;
    let other_admin = Person::create_admin(&database, "other-admin").await;
    let instance = CredentialId::generate();
    other_admin.begin(&system).await;
    system.execute(INSERT_SYSTEM, &[&instance.0, &other_admin.id.0]).await.unwrap();
    system.batch_execute("COMMIT").await.unwrap();
    Scene { app, system, database, owner, workspace, own, shared, instance, guest, newcomer }
}

const INSERT_SYSTEM: &str =
    "INSERT INTO strongroom.user_credentials (id, user_id, scope, name, provider, type, encrypted_value, masked_value)
     VALUES ($1, $2, 'SYSTEM', 'n', 'p', 'API_KEY', 'v', '****')";
const READ: &str = "SELECT FROM strongroom.user_credentials WHERE id = $1";
const CHANGE: &str = "UPDATE strongroom.user_credentials SET description = 'd' WHERE id = $1";

async fn seat(database: &TestDatabase, workspace: WorkspaceId, person: &Person, role: WorkspaceRole) {
    let statement =
        format!("INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, '{role}')");
    database.sql("postgres").await.execute(&statement, &[&workspace.0, &person.id.0]).await.unwrap();
}

/// The person who meets the scene in that capacity.
async fn person(scene: &Scene, standing: Standing) -> Person {
    let name = unique_name();
    match standing {
        Standing::CredentialOwner => Person { id: scene.owner.id, token: scene.owner.token.clone() },
        Standing::Member(role) => {
            let person = Person::create(&scene.database, &name).await;
            seat(&scene.database, scene.workspace, &person, role).await;
            person
        }
        Standing::InstanceAdmin => Person::create_admin(&scene.database, &name).await,
        Standing::Stranger => Person::create(&scene.database, &name).await,
    }
}

fn unique_name() -> String {
    CredentialId::generate().to_string()
}

/// Whether the database lets that person do it, in raw SQL and rolled back.
async fn attempt(scene: &Scene, person: &Person, action: Action) -> bool {
    let (workspace, guest, newcomer) = (&scene.workspace.0, &scene.guest.id.0, &scene.newcomer.id.0);
    let fresh = CredentialId::generate().0;
    let sql = match action {
        Action::UseSystemCredential | Action::Invite => &scene.system,
        _ => &scene.app,
    };
    person.begin(sql).await;
    let done = match action {
        Action::UsePersonalCredential => both(sql, scene.own).await,
        Action::UseWorkspaceCredential => both(sql, scene.shared).await,
        Action::UseSystemCredential => {
            let used = both(sql, scene.instance).await;
            let added = sql.execute(INSERT_SYSTEM, &[&fresh, &person.id.0]).await.is_ok();
            assert_eq!(used, added);
            used
        }
        Action::CreateWorkspaceCredential => {
            let statement = "INSERT INTO strongroom.user_credentials
                 (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value)
                 VALUES ($1, $2, $3, 'WORKSPACE', 'n', 'p', 'API_KEY', 'v', '****')";
            sql.execute(statement, &[&fresh, &person.id.0, workspace]).await.is_ok()
        }
        Action::ReadWorkspaceRecord => {
            let statement = "SELECT FROM strongroom.activity_logs WHERE workspace_id = $1 AND actor_id = $2";
            !sql.query(statement, &[workspace, &scene.owner.id.0]).await.unwrap().is_empty()
        }
        Action::ReadWorkspace => {
            !sql.query("SELECT FROM strongroom.workspaces WHERE id = $1", &[workspace]).await.unwrap().is_empty()
        }
        Action::ReadMembers => {
            let statement = "SELECT FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2";
            !sql.query(statement, &[workspace, guest]).await.unwrap().is_empty()
        }
        Action::RenameWorkspace => {
            let rename = "UPDATE strongroom.workspaces SET name = 'renamed' WHERE id = $1";
            sql.execute(rename, &[workspace]).await.unwrap() == 1
        }
        Action::DeleteWorkspace => {
            sql.execute("DELETE FROM strongroom.workspaces WHERE id = $1", &[workspace]).await.unwrap() == 1
        }
        Action::LeaveWorkspace => {
            let leave = "DELETE FROM strongroom.workspace_members WHERE workspace_id = $1 AND user_id = $2";
            sql.execute(leave, &[workspace, &person.id.0]).await.unwrap() == 1
        }
        Action::ManageServiceAccounts => {
            let make = "INSERT INTO strongroom.users (id, display_name, workspace_id) VALUES ($1, 'robot', $2)";
            let made = sql.execute(make, &[&fresh, workspace]).await.is_ok();
            let disable = "UPDATE strongroom.users SET disabled_at = now() WHERE id = $1";
            assert!(!made || sql.execute(disable, &[&fresh]).await.unwrap() == 1);
            made
        }
        Action::ManageMembers => {
            let raise =
                "UPDATE strongroom.workspace_members SET role = 'MEMBER' WHERE workspace_id = $1 AND user_id = $2";
            sql.execute(raise, &[workspace, guest]).await.unwrap_or(0) == 1
        }
        Action::ManageAdmins => {
            let add = "INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'ADMIN')";
            sql.execute(add, &[workspace, newcomer]).await.is_ok()
        }
        Action::Invite => {
            let invite = "INSERT INTO strongroom.invitations (id, token_hash, email, created_by, expires_at)
                 VALUES ($1, sha256('x'), 'new@example.org', $2, now() + interval '1 day')";
            sql.execute(invite, &[&fresh, &person.id.0]).await.is_ok()
        }
    };
    sql.batch_execute("ROLLBACK").await.unwrap();
    done
}

/// Sees and changes, or neither.
async fn both(sql: &Sql, id: CredentialId) -> bool {
    let seen = sql.query_opt(READ, &[&id.0]).await.unwrap().is_some();
    assert_eq!(sql.execute(CHANGE, &[&id.0]).await.unwrap() == 1, seen);
    seen
}

#[tokio::test]
async fn the_database_allows_what_the_table_allows_and_nothing_else() {
    let scene = scene().await;
    let members = WorkspaceRole::VARIANTS.iter().map(|role| Standing::Member(*role));
    let standings: Vec<_> = members.chain([Standing::InstanceAdmin, Standing::Stranger]).collect();
    let mut table = format!("{:<27}{}\n", "", "owner of it    OWNER    ADMIN   MEMBER    GUEST  instance  stranger");
    for action in Action::VARIANTS {
        let mut row = format!("{:<27}", action.to_string());
        // Its owner, where the action is about something that one person owns.
        let personal = [Standing::CredentialOwner].into_iter().filter(|_| *action == Action::UsePersonalCredential);
        row += &" ".repeat(if *action == Action::UsePersonalCredential { 0 } else { 11 });
        for standing in personal.chain(standings.iter().copied()) {
            let person = person(&scene, standing).await;
            let done = attempt(&scene, &person, *action).await;
            assert_eq!(done, allows(standing, *action), "{standing:?}: {action}");
            row += &format!("{:>9}", if done { "yes" } else { "-" });
            if standing == Standing::CredentialOwner {
                row += "  ";
            }
        }
        table += &(row.trim_end().to_owned() + "\n");
    }
    insta::assert_snapshot!(table);
}
