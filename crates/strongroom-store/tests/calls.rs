//! The calls that prove their caller and act in one statement, by an attacker who speaks SQL as the runtime role: they let him do
//! nothing that he may not do without them. Each wall has a caller who passes it.

use strongroom_testing::{Person, Sql, TestDatabase};
use strongroom_types::{CredentialId, UserId, WorkspaceId};
use tokio_postgres::Error;
use uuid::Uuid;

const ROLES: [&str; 2] = ["strongroom_app", "strongroom_system"];

/// A secret, and the calls that are made with it on a connection.
struct Calls<'a> {
    sql: &'a Sql,
    secret: Option<&'a [u8]>,
}

/// Where a credential is to be added.
#[derive(Clone, Copy)]
struct Place {
    owner: UserId,
    workspace: Option<WorkspaceId>,
    scope: &'static str,
}

impl<'a> Calls<'a> {
    fn of(sql: &'a Sql, person: &'a Person) -> Self {
        Self { sql, secret: Some(person.token.expose()) }
    }

    async fn list(&self) -> Result<Vec<String>, Error> {
        let list = "SELECT name FROM strongroom.list_credentials($1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                                                 NULL, NULL, 100) ORDER BY name";
        Ok(self.sql.query(list, &[&self.secret]).await?.iter().map(|row| row.get(0)).collect())
    }

    async fn find(&self, id: CredentialId) -> Result<usize, Error> {
        let find = "SELECT * FROM strongroom.find_credential($1, NULL, NULL, NULL, NULL, NULL, $2)";
        Ok(self.sql.query(find, &[&self.secret, &id.0]).await?.len())
    }

    async fn create(&self, place: Place, name: &str, key: Option<&str>) -> Result<usize, Error> {
        let create = "SELECT * FROM strongroom.create_credential(
            $1, NULL, NULL, NULL, $2, sha256('request'), $3, $4, $5, $6, $7, 'github', 'API_KEY', 'sealed', '****', NULL, NULL, '{}', '{}')";
        let (id, workspace) = (CredentialId::generate().0, place.workspace.map(|id| id.0));
        let rows =
            self.sql.query(create, &[&self.secret, &key, &id, &place.owner.0, &workspace, &place.scope, &name]).await?;
        Ok(rows.len())
    }

    async fn rotate(&self, id: CredentialId, key: Option<&str>) -> Result<usize, Error> {
        let rotate = "SELECT * FROM strongroom.rotate_credential($1, NULL, NULL, NULL, $2, sha256('request'), $3, NULL, 2, 'next', '****',
                                                                 NULL, NULL)";
        Ok(self.sql.query(rotate, &[&self.secret, &key, &id.0]).await?.len())
    }
}

/// A personal credential's.
fn own(person: &Person) -> Place {
    Place { owner: person.id, workspace: None, scope: "USER" }
}

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    answer.unwrap_err().code().unwrap().code().to_owned()
}

/// What a superuser sees: names and versions of all credentials.
async fn kept(database: &TestDatabase) -> Vec<(String, i32)> {
    let all = "SELECT name::text, version FROM strongroom.user_credentials ORDER BY name";
    database.sql("postgres").await.query(all, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn without_a_callers_secret_no_call_does_anything() {
    let database = TestDatabase::create().await;
    let ada = Person::create_admin(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let id = ada.keep(&app, "one").await;
    let stranger = Person::with_new_token(ada.id);
    let revoke = "SET session_replication_role = replica; INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at, revoked_at)";
    let revoked = Person::with_new_token(ada.id);
    let hash = data_encoding::HEXLOWER.encode(revoked.token.expose());
    let postgres = database.sql("postgres").await;
    postgres
        .batch_execute(&format!(
            "{revoke} VALUES (gen_random_uuid(), '{}', 'r', sha256('\\x{hash}'), now() + interval '1 day', now())",
            ada.id
        ))
        .await
        .unwrap();
    for role in ROLES {
        let sql = database.sql(role).await;
        for secret in [None, Some(&b"guessed"[..]), Some(stranger.token.expose()), Some(revoked.token.expose())] {
            let calls = Calls { sql: &sql, secret };
            assert_eq!(code(calls.list().await), "SR401");
            assert_eq!(code(calls.find(id).await), "SR401");
            assert_eq!(code(calls.create(own(&ada), "two", None).await), "SR401");
            assert_eq!(code(calls.rotate(id, None).await), "SR401");
        }
        // The queries inside are refused before they are planned, as any other.
        let page = "_page(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1)";
        for inner in [
            format!("SELECT * FROM strongroom.credential_by_id('{id}')"),
            format!("SELECT * FROM strongroom.credential{page}"),
            format!("SELECT * FROM strongroom.own_credential{page}"),
            format!("SELECT * FROM strongroom.system_credential{page}"),
        ] {
            assert_eq!(code(sql.simple_query(&inner).await.map(|_| ())), "SR401", "{inner}");
            assert_eq!(code(sql.simple_query(&format!("EXPLAIN {inner}")).await.map(|_| ())), "SR401", "{inner}");
        }
    }
    assert_eq!(kept(&database).await, [("one".into(), 1)]);
    assert_eq!(Calls::of(&app, &ada).list().await.unwrap(), ["one"]);
    assert_eq!(Calls::of(&app, &ada).rotate(id, None).await.unwrap(), 1);
}

#[tokio::test]
async fn with_a_secret_of_his_own_nobody_reaches_what_is_anothers() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let hers = ada.insert_credential(&app, "hers").await;
    let team = ada.insert_workspace(&app, "team").await;
    let teams = ada.insert_workspace_credential(&app, team, "teams").await;
    app.batch_execute("COMMIT").await.unwrap();
    bob.begin(&app).await;
    let his_team = bob.insert_workspace(&app, "his team").await;
    app.batch_execute("COMMIT").await.unwrap();

    let calls = Calls::of(&app, &bob);
    assert_eq!(calls.list().await.unwrap(), Vec::<String>::new());
    for id in [hers, teams] {
        assert_eq!(calls.find(id).await.unwrap(), 0);
        assert_eq!(code(calls.rotate(id, None).await), "SR412");
    }
    for (owner, workspace, scope) in [
        (&ada, None, "USER"),
        (&ada, Some(his_team), "WORKSPACE"),
        (&bob, Some(team), "WORKSPACE"),
        (&bob, None, "SYSTEM"),
    ] {
        let place = Place { owner: owner.id, workspace, scope };
        assert_eq!(code(calls.create(place, "forged", None).await), "42501");
    }
    // On the admin path he is told that he is none.
    let system = database.sql("strongroom_system").await;
    assert_eq!(code(Calls::of(&system, &bob).list().await), "42501");
    assert_eq!(code(Calls::of(&system, &bob).rotate(hers, None).await), "42501");
    assert_eq!(kept(&database).await, [("hers".into(), 1), ("teams".into(), 1)]);

    let here = Place { owner: bob.id, workspace: Some(his_team), scope: "WORKSPACE" };
    assert_eq!(calls.create(here, "his team's", None).await.unwrap(), 1);
    assert_eq!(calls.create(own(&bob), "his", None).await.unwrap(), 1);
    assert_eq!(calls.list().await.unwrap(), ["his", "his team's"]);
    assert_eq!(Calls::of(&app, &ada).list().await.unwrap(), ["hers", "teams"]);
}

#[tokio::test]
async fn a_limited_token_reaches_as_far_as_it_says() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let hers = ada.insert_credential(&app, "hers").await;
    let team = ada.insert_workspace(&app, "team").await;
    let teams = ada.insert_workspace_credential(&app, team, "teams").await;
    let limited = async |workspace: Option<WorkspaceId>, provider: Option<&str>, actions: &str| {
        let limited = Person::with_new_token(ada.id);
        let insert = format!(
            "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at, workspace_id, provider, actions)
             VALUES (gen_random_uuid(), $1, 'limited', sha256($2), now() + interval '1 day', $3, $4, '{actions}')"
        );
        let workspace: Option<Uuid> = workspace.map(|id| id.0);
        app.execute(&insert, &[&ada.id.0, &limited.token.expose(), &workspace, &provider]).await.unwrap();
        limited
    };
    let lists = limited(None, None, "{LIST}").await;
    let of_team = limited(Some(team), None, "{LIST,MANAGE}").await;
    let of_gitlab = limited(None, Some("gitlab"), "{LIST,MANAGE}").await;
    app.batch_execute("COMMIT").await.unwrap();

    let lists = Calls::of(&app, &lists);
    assert_eq!(lists.list().await.unwrap(), ["hers", "teams"]);
    assert_eq!(code(lists.create(own(&ada), "two", None).await), "42501");
    assert_eq!(code(lists.rotate(hers, None).await), "SR412");
    let of_gitlab = Calls::of(&app, &of_gitlab);
    assert_eq!(of_gitlab.list().await.unwrap(), Vec::<String>::new());
    assert_eq!(of_gitlab.find(hers).await.unwrap(), 0);
    assert_eq!(code(of_gitlab.create(own(&ada), "two", None).await), "42501");
    let of_team = Calls::of(&app, &of_team);
    assert_eq!(of_team.list().await.unwrap(), ["teams"]);
    assert_eq!(code(of_team.create(own(&ada), "two", None).await), "42501");
    assert_eq!(code(of_team.rotate(hers, None).await), "SR412");
    assert_eq!(of_team.rotate(teams, None).await.unwrap(), 1);
    assert_eq!(kept(&database).await, [("hers".into(), 1), ("teams".into(), 2)]);
}

#[tokio::test]
async fn a_transaction_has_one_caller_whom_a_call_does_not_change_and_who_does_not_stay() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    let hers = ada.keep(&app, "hers").await;
    ada.begin(&app).await;
    assert_eq!(code(Calls::of(&app, &bob).create(own(&bob), "his", None).await), "SR401");
    app.batch_execute("ROLLBACK").await.unwrap();
    ada.begin(&app).await;
    app.batch_execute("SAVEPOINT before").await.unwrap();
    assert_eq!(code(Calls::of(&app, &bob).list().await), "SR401");
    // Back to where Ada was proven, whose caller it still is.
    app.batch_execute("ROLLBACK TO before").await.unwrap();
    assert_eq!(Calls::of(&app, &ada).list().await.unwrap(), ["hers"]);
    app.batch_execute("COMMIT").await.unwrap();
    // An older snapshot would hold what has ended since.
    app.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    assert_eq!(code(Calls::of(&app, &ada).find(hers).await), "25000");
    app.batch_execute("ROLLBACK").await.unwrap();
    // After a call, there is no caller.
    assert_eq!(Calls::of(&app, &ada).list().await.unwrap(), ["hers"]);
    assert_eq!(code(app.simple_query("SELECT 1 FROM strongroom.user_credentials").await.map(|_| ())), "SR401");
    // Nor are its plans of use to the next one, who sees what is his.
    assert_eq!(Calls::of(&app, &bob).list().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_refused_keeps_no_key_and_what_is_repeated_changes_nothing() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let id = ada.keep(&app, "one").await;
    let calls = Calls::of(&app, &ada);
    let keys = async || -> i64 {
        let count = "SELECT count(*) FROM strongroom.idempotency_keys";
        database.sql("postgres").await.query_one(count, &[]).await.unwrap().get(0)
    };
    assert_eq!(code(calls.create(own(&ada), "one", Some("a")).await), "23505");
    assert_eq!(code(calls.rotate(CredentialId::generate(), Some("a")).await), "SR412");
    assert_eq!(keys().await, 0);
    assert_eq!(calls.create(own(&ada), "two", Some("a")).await.unwrap(), 1);
    assert_eq!(calls.create(own(&ada), "three", Some("a")).await.unwrap(), 1);
    assert_eq!(calls.rotate(id, Some("b")).await.unwrap(), 1);
    assert_eq!(calls.rotate(id, Some("b")).await.unwrap(), 1);
    assert_eq!(keys().await, 2);
    assert_eq!(kept(&database).await, [("one".into(), 2), ("two".into(), 1)]);
}
