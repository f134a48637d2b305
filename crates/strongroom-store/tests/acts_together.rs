//! Looks, creations and rotations that share a statement and a commit: for each what it would be alone, and never another's. The
//! attacker of these tests holds the app role's login and tokens of his own; his moves are made in SQL, past the server.

use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use strongroom_store::{SealedVersion, Store, StoreError};
use strongroom_testing::{Person, Sql, SqlState, TestDatabase, await_lock_waits};
use strongroom_types::{Binding, CredentialId, CredentialScope, NewCredential, RuntimeRole, WorkspaceId};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// One act as SQL has it, of whoever holds the secret.
#[derive(Clone)]
struct Asked {
    what: &'static str,
    secret: Vec<u8>,
    act: Value,
}

fn look(what: &'static str, who: &Person, id: CredentialId) -> Asked {
    Asked { what, secret: who.token.expose().to_vec(), act: json!({ "kind": "LOOK", "id": id.0 }) }
}

fn rotate(what: &'static str, who: &Person, id: CredentialId, version: i32) -> Asked {
    let act = json!({
        "kind": "ROTATE", "id": id.0, "version": version, "encrypted_value": format!("sealed {what}"), "masked_value": "****",
        "expires_at": "2031-05-04T23:59:59.123456Z", "grace": 60.0,
    });
    Asked { what, secret: who.token.expose().to_vec(), act }
}

fn create(what: &'static str, who: &Person, workspace: Option<WorkspaceId>) -> Asked {
    let act = json!({
        "kind": "CREATE", "id": CredentialId::generate().0, "workspace_id": workspace.map(|id| id.0), "name": what,
        "provider": "github", "type": "API_KEY", "encrypted_value": "sealed", "masked_value": "****", "description": "",
        "expires_at": "2031-05-04T23:59:59.123456Z", "metadata": { "a": [1.5, null, "ü"] }, "tags": ["one", "t,w\"o"],
    });
    Asked { what, secret: who.token.expose().to_vec(), act }
}

impl Asked {
    fn with(mut self, field: &str, value: Value) -> Self {
        self.act[field] = value;
        self
    }

    /// With a key, of a request that has that word for a fingerprint.
    fn keyed(self, key: &str, request: u8) -> Self {
        let fingerprint = format!("\\x{}", format!("{request:02x}").repeat(32));
        self.with("key", json!(key)).with("fingerprint", json!(fingerprint))
    }
}

/// What the credential is like then; or the error. None: it is not for him.
type Answer = Result<Option<Value>, String>;

fn code(error: &tokio_postgres::Error) -> String {
    error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned())
}

/// By the call that is for one.
async fn alone(app: &Sql, owner: Uuid, asked: &Asked) -> Answer {
    let request = "$1, NULL, '192.0.2.7', 'agent', a.key, a.fingerprint";
    let call = match asked.act["kind"].as_str() {
        Some("LOOK") => format!("find_credential({request}, a.id)"),
        Some("CREATE") => format!(
            "create_credential({request}, a.id, $3, a.workspace_id, CASE WHEN a.workspace_id IS NULL THEN 'USER' ELSE 'WORKSPACE' END, a.name,
                a.provider, a.type::text, a.encrypted_value, a.masked_value, a.description, a.expires_at, a.metadata, a.tags)"
        ),
        _ => format!(
            "rotate_credential({request}, a.id, a.revision, a.version, a.encrypted_value, a.masked_value, a.expires_at, a.grace)"
        ),
    };
    let statement = format!(
        "SELECT to_jsonb(kept.credential) FROM jsonb_populate_record(NULL::strongroom.credential_act, $2) AS a,
                strongroom.{call} AS kept WHERE $3::uuid IS NOT NULL"
    );
    let row = app.query_opt(&statement, &[&asked.secret, &asked.act, &owner]).await.map_err(|error| code(&error))?;
    Ok(row.map(|row| timeless(row.get(0))))
}

/// In one call: the outcome of each, and the credential.
async fn together(app: &Sql, asked: &[Asked]) -> Result<Vec<(String, Option<Value>)>, tokio_postgres::Error> {
    let statement =
        "SELECT outcome, CASE outcome WHEN 'DONE' THEN to_jsonb(credential) END, (credential).id FROM strongroom.act_together(
             $1, array_fill(NULL::uuid, ARRAY[$3::integer]), array_fill('192.0.2.7'::inet, ARRAY[$3]), array_fill('agent'::text, ARRAY[$3]), $2,
             ARRAY(SELECT (act ->> 'expires_at')::timestamptz FROM jsonb_array_elements($2) AS act))
         ORDER BY position";
    let secrets: Vec<_> = asked.iter().map(|asked| asked.secret.as_slice()).collect();
    let acts: Value = asked.iter().map(|asked| asked.act.clone()).collect();
    let many = i32::try_from(asked.len()).unwrap();
    let rows = app.query(statement, &[&secrets, &acts, &many]).await?;
    for (row, asked) in rows.iter().zip(asked) {
        let id = row.get::<_, Option<Uuid>>(2).map(|id| id.to_string());
        assert_eq!(id.as_deref(), asked.act["id"].as_str().filter(|_| row.get::<_, &str>(0) == "DONE"));
    }
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, Option<Value>>(1).map(timeless))).collect())
}

fn outcomes(rows: &[(String, Option<Value>)]) -> Vec<&str> {
    rows.iter().map(|row| row.0.as_str()).collect()
}

/// Without what differs between two databases.
fn timeless(mut facts: Value) -> Value {
    let facts = facts.as_object_mut().unwrap();
    for field in [
        "id",
        "user_id",
        "workspace_id",
        "created_at",
        "updated_at",
        "rotated_at",
        "revoked_at",
        "former_answers_until",
    ] {
        let is_there = facts.get(field).is_some_and(|value| !value.is_null());
        facts.insert(field.to_owned(), is_there.into());
    }
    Value::Object(facts.clone())
}

/// Ada owns a team, in which Bob is ADMIN and Carol MEMBER; Dan may manage one credential of hers, and Eve use it.
async fn each_kind(database: &TestDatabase) -> Vec<(Asked, Uuid)> {
    let mut people = Vec::new();
    for name in ["ada", "bob", "carol", "dan", "eve"] {
        people.push(Person::create(database, name).await);
    }
    let [ada, bob, carol, dan, eve] = people.as_slice() else { panic!("five") };
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let (team, other) = (ada.insert_workspace(&app, "team").await, ada.insert_workspace(&app, "other").await);
    let [plain, shared, revoked, turn] = [
        ada.insert_credential(&app, "plain").await,
        ada.insert_credential(&app, "shared").await,
        ada.insert_credential(&app, "revoked").await,
        ada.insert_credential(&app, "turn").await,
    ];
    let of_team = ada.insert_workspace_credential(&app, team, "of the team").await;
    let of_other = ada.insert_workspace_credential(&app, other, "of the other").await;
    let robot = ada.insert_service_account(&app, team, "robot").await;
    for (who, role) in [(bob.id, "ADMIN"), (carol.id, "MEMBER"), (dan.id, "GUEST"), (eve.id, "GUEST")] {
        let seat =
            format!("INSERT INTO strongroom.workspace_members (workspace_id, user_id, role) VALUES ($1, $2, '{role}')");
        app.execute(&seat, &[&team.0, &who.0]).await.unwrap();
    }
    for (who, permissions) in [(dan, "{MANAGE}"), (eve, "{USE}")] {
        let grant = format!(
            "INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, permissions)
             VALUES (gen_random_uuid(), $1, $2, '{permissions}')"
        );
        app.execute(&grant, &[&shared.0, &who.id.0]).await.unwrap();
    }
    app.execute("UPDATE strongroom.user_credentials SET is_active = false WHERE id = $1", &[&revoked.0]).await.unwrap();
    app.batch_execute("COMMIT").await.unwrap();
    alone(&app, ada.id.0, &create("kept before", ada, None).keyed("used", 1)).await.unwrap();

    let all = "'{LIST,USE,REVEAL,MANAGE}'";
    let seat = "UPDATE strongroom.workspace_members SET role = 'ADMIN' WHERE user_id = $1";
    database.sql("postgres").await.execute(seat, &[&robot.0]).await.unwrap();
    let robot = Person::with_new_token(robot).limited(database, &format!("{all}, NULL, NULL")).await;
    let lister = ada.limited(database, "'{LIST}', NULL, NULL").await;
    let manager = ada.limited(database, "'{LIST,MANAGE}', NULL, NULL").await;
    let revealer = ada.limited(database, "'{USE,REVEAL}', NULL, NULL").await;
    let teams = ada.limited(database, &format!("{all}, '{team}', NULL")).await;
    let hub = ada.limited(database, &format!("{all}, NULL, 'github'")).await;
    let lab = ada.limited(database, &format!("{all}, NULL, 'gitlab'")).await;
    let (in_team, in_other, nothing) = (Some(team), Some(other), CredentialId::generate());
    let acts = vec![
        look("she looks", ada, plain),
        look("at a revoked one", ada, revoked),
        look("an ADMIN looks", bob, of_team),
        look("a MEMBER looks", carol, of_team),
        look("a grantee looks", eve, shared),
        look("another looks", eve, plain),
        look("where nothing is", ada, nothing),
        look("the robot looks", &robot, of_team),
        look("the lister looks", &lister, plain),
        look("the manager looks", &manager, plain),
        look("the revealer looks", &revealer, plain),
        look("the team's looks", &teams, of_team),
        look("the team's looks elsewhere", &teams, plain),
        look("github's looks", &hub, plain),
        look("gitlab's looks", &lab, plain),
        look("again by a key", ada, plain).keyed("used", 1),
        create("hers", ada, None),
        create("numbers written out", ada, None).with("metadata", json!({ "n": vec![1e300; 1100] })),
        create("hers in the team", ada, in_team),
        create("by an ADMIN", bob, in_team),
        create("by a MEMBER", carol, in_team),
        create("by another", eve, in_team),
        create("the robot's own", &robot, None),
        create("the robot's in the team", &robot, in_team),
        create("by the lister", &lister, None),
        create("by the manager", &manager, None),
        create("by the team's", &teams, in_team),
        create("by the team's, her own", &teams, None),
        create("by the team's, elsewhere", &teams, in_other),
        create("by github's", &hub, None),
        create("by gitlab's", &lab, None),
        create("plain", ada, None),
        create("with a key", ada, None).keyed("new", 2),
        create("again", ada, None).keyed("used", 1),
        create("with a key of another request", ada, None).keyed("used", 3),
        create("too long a description", ada, None).with("description", json!("x".repeat(2001))),
        rotate("she rotates", ada, plain, 2),
        rotate("from another version", ada, turn, 3),
        rotate("of another revision", ada, turn, 2).with("revision", json!(9)),
        rotate("of that revision", ada, turn, 2).with("revision", json!(1)).with("grace", Value::Null),
        rotate("a revoked one", ada, revoked, 2),
        rotate("a MEMBER rotates", carol, of_team, 2),
        rotate("an ADMIN rotates", bob, of_team, 2).keyed("bob's", 4),
        rotate("may manage", dan, shared, 2),
        rotate("may use", eve, shared, 3),
        rotate("another rotates", eve, plain, 3),
        rotate("the robot rotates", &robot, of_team, 3),
        rotate("the lister rotates", &lister, plain, 3),
        rotate("the manager rotates", &manager, plain, 3),
        rotate("the team's rotates", &teams, of_team, 4),
        rotate("the team's rotates elsewhere", &teams, of_other, 2),
        rotate("github's rotates", &hub, of_other, 2),
        rotate("gitlab's rotates", &lab, of_other, 3),
    ];
    acts.into_iter().map(|asked| (asked.clone(), Uuid::from_slice(&asked.secret[..16]).unwrap())).collect()
}

/// All that is kept: credentials, former values, keys and records.
async fn kept(database: &TestDatabase) -> Vec<String> {
    let all =
        "SELECT concat_ws(' ', 'credential', c.name, c.provider, c.type, c.scope, u.display_name, w.name, c.encrypted_value, c.version, c.revision,
                          c.description, c.expires_at, c.metadata, c.tags, c.is_active, c.former_answers_until IS NULL, c.rotated_at IS NULL)
         FROM strongroom.user_credentials AS c JOIN strongroom.users AS u ON u.id = c.user_id LEFT JOIN strongroom.workspaces AS w ON w.id = c.workspace_id
         UNION ALL SELECT concat_ws(' ', 'version', c.name, v.version, v.encrypted_value, v.answers_until IS NULL)
         FROM strongroom.credential_versions AS v JOIN strongroom.user_credentials AS c ON c.id = v.credential_id
         UNION ALL SELECT concat_ws(' ', 'key', key, fingerprint, c.name)
         FROM strongroom.idempotency_keys AS k LEFT JOIN strongroom.user_credentials AS c ON c.id = k.credential_id
         UNION ALL SELECT concat_ws(' ', 'record', action, outcome, l.name, l.version, l.scope, l.provider, u.display_name, t.name, host(l.address), l.user_agent)
         FROM strongroom.activity_logs AS l LEFT JOIN strongroom.users AS u ON u.id = l.actor_id LEFT JOIN strongroom.api_tokens AS t ON t.id = l.token_id
         ORDER BY 1";
    database.sql("postgres").await.query(all, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn what_is_answered_kept_and_recorded_is_the_same_alone_and_together() {
    let (apart, joint) = (TestDatabase::create().await, TestDatabase::create().await);
    let app = apart.sql("strongroom_app").await;
    let mut answers = Vec::new();
    for (asked, owner) in each_kind(&apart).await {
        answers.push((asked.what, alone(&app, owner, &asked).await));
    }

    let app = joint.sql("strongroom_app").await;
    let (mut joint_answers, mut left_alone) = (Vec::new(), Vec::new());
    for batch in each_kind(&joint).await.chunks(8) {
        let asked: Vec<_> = batch.iter().map(|(asked, _)| asked.clone()).collect();
        // What cannot be undone for one is undone for all, and each goes alone.
        let rows = together(&app, &asked).await.unwrap_or(vec![("ALONE".to_owned(), None); asked.len()]);
        for ((asked, owner), (outcome, facts)) in batch.iter().zip(rows) {
            let is_done = outcome == "DONE";
            let answer = if is_done { Ok(facts) } else { alone(&app, *owner, asked).await };
            if !is_done && matches!(answer, Ok(Some(_))) {
                left_alone.push(asked.what);
            }
            joint_answers.push((asked.what, answer));
        }
    }
    assert_eq!(answers, joint_answers);
    assert_eq!(kept(&apart).await, kept(&joint).await);
    // In the batch of the description that is too long, and repetitions.
    assert_eq!(left_alone, ["again by a key", "with a key", "again", "she rotates", "of that revision"]);
    let refused: Vec<_> =
        answers.iter().filter(|(_, answer)| !matches!(answer, Ok(Some(_)))).map(|(what, _)| *what).collect();
    assert_eq!(
        refused,
        [
            "a MEMBER looks",
            "another looks",
            "where nothing is",
            "the revealer looks",
            "the team's looks elsewhere",
            "gitlab's looks",
            "numbers written out",
            "by a MEMBER",
            "by another",
            "the robot's own",
            "by the lister",
            "by the team's, her own",
            "by the team's, elsewhere",
            "by gitlab's",
            "plain",
            "with a key of another request",
            "too long a description",
            "from another version",
            "of another revision",
            "a revoked one",
            "a MEMBER rotates",
            "may use",
            "another rotates",
            "the lister rotates",
            "the team's rotates elsewhere",
            "gitlab's rotates",
        ]
    );
}

#[tokio::test]
async fn nobody_is_judged_by_anothers_proof() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let team = ada.insert_workspace(&app, "team").await;
    let hers = ada.insert_credential(&app, "hers").await;
    app.batch_execute("COMMIT").await.unwrap();
    let eves = eve.keep(&app, "eves").await;
    let nobody = |asked: Asked| Asked { secret: [ada.id.0.as_bytes().as_slice(), &[7; 32]].concat(), ..asked };
    let asked = [
        look("hers", &eve, hers),
        rotate("hers", &eve, hers, 2),
        create("in her team", &eve, Some(team)),
        nobody(look("hers", &ada, hers)),
        rotate("hers", &ada, hers, 2),
        nobody(create("nobody's", &ada, None)),
        nobody(rotate("hers", &ada, hers, 3)),
        rotate("hers once more", &eve, hers, 3),
        look("hers", &eve, hers),
        create("one of her own", &eve, None),
        rotate("eves", &ada, eves, 2),
        look("hers", &ada, hers),
    ];
    let rows = together(&app, &asked).await.unwrap();
    let (alone, nobody, done) = ("ALONE", "UNAUTHENTICATED", "DONE");
    let expected = [alone, alone, alone, nobody, done, nobody, nobody, alone, alone, done, alone, done];
    assert_eq!(outcomes(&rows), expected);
    let kept = "SELECT concat_ws(' ', c.name, c.version, u.display_name) FROM strongroom.user_credentials AS c
                JOIN strongroom.users AS u ON u.id = c.user_id ORDER BY 1";
    let postgres = database.sql("postgres").await;
    let kept: Vec<String> = postgres.query(kept, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(kept, ["eves 1 eve", "hers 2 ada", "one of her own 1 eve"]);
    let strangers = "SELECT count(*) FROM strongroom.activity_logs WHERE actor_id IS DISTINCT FROM owner_id AND entity_type = 'CREDENTIAL'";
    assert_eq!(postgres.query_one(strangers, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_transaction_of_several_callers_has_none_before_and_none_afterwards() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let app = database.sql("strongroom_app").await;
    let hers = ada.keep(&app, "hers").await;
    let asked = [look("hers", &ada, hers), look("hers", &eve, hers)];
    for forget in ["SELECT 1", "SET LOCAL strongroom.proven = 'yes'", "ROLLBACK TO s", "DISCARD SEQUENCES"] {
        app.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
        assert_eq!(outcomes(&together(&app, &asked).await.unwrap()), ["DONE", "ALONE"]);
        app.batch_execute(forget).await.unwrap();
        app.batch_execute("SET LOCAL strongroom.proven = 'yes'; SAVEPOINT t").await.unwrap();
        for person in [&ada, &eve] {
            app.execute("SELECT strongroom.prove_caller($1)", &[&person.token.expose()]).await.expect_err(forget);
            app.batch_execute("ROLLBACK TO t").await.unwrap();
        }
        assert_eq!(code(&together(&app, &asked).await.unwrap_err()), "SR401", "{forget}");
        app.batch_execute("ROLLBACK TO t; SET LOCAL strongroom.proven = 'yes'").await.unwrap();
        app.query("SELECT * FROM strongroom.user_credentials", &[]).await.expect_err(forget);
        app.batch_execute("ROLLBACK").await.unwrap();

        app.batch_execute("BEGIN; SAVEPOINT s").await.unwrap();
        app.execute("SELECT strongroom.prove_caller($1)", &[&eve.token.expose()]).await.unwrap();
        app.batch_execute(forget).await.unwrap();
        assert_eq!(code(&together(&app, &asked).await.unwrap_err()), "SR401", "{forget}");
        app.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn what_acts_inside_is_closed_to_every_runtime_role_and_the_admin_path_has_no_company() {
    let database = TestDatabase::create().await;
    let inside = ["is_in_reach(NULL, NULL, NULL)", "is_tried(NULL, NULL)", "perform_act(NULL, NULL)"];
    let with_all = [&inside[..], &["act_together('{}', '{}', '{}', '{}', '[]', '{}')"]].concat();
    for (role, closed) in
        [("strongroom_app", &inside[..]), ("strongroom_system", &with_all), ("strongroom_auditor", &with_all)]
    {
        let sql = database.sql(role).await;
        for call in closed {
            let refused = sql.execute(&format!("SELECT strongroom.{call}"), &[]).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {call}");
        }
    }
}

#[tokio::test]
async fn a_call_holds_one_to_32_whole_acts() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let asked = look("hers", &ada, ada.keep(&app, "hers").await);
    assert_eq!(together(&app, &vec![asked.clone(); 32]).await.unwrap().len(), 32);
    let unknown = asked.clone().with("kind", json!("REVEAL"));
    let nothing = asked.clone().with("kind", Value::Null);
    for wrong in [vec![], vec![asked.clone(); 33], vec![asked.clone(), unknown], vec![asked, nothing]] {
        let refused = together(&app, &wrong).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INVALID_PARAMETER_VALUE));
    }
    let whole = [
        "'{\\x00,\\x00}'",
        "'{NULL,NULL}'",
        "'{NULL,NULL}'",
        "'{NULL,NULL}'",
        "'[{\"kind\":\"LOOK\"},{\"kind\":\"LOOK\"}]'",
        "'{NULL,NULL}'",
    ];
    app.execute(&format!("SELECT strongroom.act_together({})", whole.join(", ")), &[]).await.unwrap();
    for place in 0..whole.len() {
        let wrong = if place == 4 {
            ["NULL", "'[]'", "'[{}]'", "'{}'"]
        } else {
            ["NULL", "'{}'", "'{NULL}'", "'{NULL,NULL,NULL}'"]
        };
        for wrong in wrong {
            let mut arguments = whole;
            arguments[place] = wrong;
            let call = format!("SELECT strongroom.act_together({})", arguments.join(", "));
            let refused = app.execute(&call, &[]).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INVALID_PARAMETER_VALUE), "{call}");
        }
    }
}

#[tokio::test]
async fn one_whose_row_is_locked_goes_alone_and_holds_nobody_up() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let app = database.sql("strongroom_app").await;
    let (hers, his) = (ada.keep(&app, "hers").await, bob.keep(&app, "his").await);
    let mut elsewhere = database.sql("postgres").await;
    let lock = elsewhere.transaction().await.unwrap();
    lock.execute("SELECT FROM strongroom.user_credentials WHERE id = $1 FOR UPDATE", &[&hers.0]).await.unwrap();
    let asked = [rotate("hers", &ada, hers, 2), rotate("his", &bob, his, 2), look("hers", &ada, hers)];
    assert_eq!(outcomes(&together(&app, &asked).await.unwrap()), ["ALONE", "DONE", "DONE"]);
}

#[tokio::test]
async fn a_limited_token_locks_no_row_that_it_does_not_reach() {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let app = database.sql("strongroom_app").await;
    let (hers, other) = (ada.keep(&app, "hers").await, ada.keep(&app, "other").await);
    let limited = ada.limited(&database, "'{LIST,MANAGE}', NULL, 'gitlab'").await;
    let free = "SELECT FROM strongroom.user_credentials WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED";
    let elsewhere = database.sql("postgres").await;
    app.batch_execute("BEGIN").await.unwrap();
    let asked = [rotate("hers", &limited, hers, 2), rotate("other", &ada, other, 2)];
    assert_eq!(outcomes(&together(&app, &asked).await.unwrap()), ["ALONE", "DONE"]);
    assert_eq!(elsewhere.execute(free, &[&hers.0]).await.unwrap(), 1);
    assert_eq!(elsewhere.execute(free, &[&other.0]).await.unwrap(), 0);
    app.batch_execute("ROLLBACK").await.unwrap();
}

/// That person's creation, by the server.
fn keep(store: &Store, who: &Person, name: &'static str) -> JoinHandle<Result<CredentialId, StoreError>> {
    let (store, caller, owner_id) = (store.clone(), who.caller(), who.id);
    tokio::spawn(async move {
        let new = json!({ "name": name, "provider": "github", "type": "API_KEY", "value": "never stored" });
        let new: NewCredential = serde_json::from_value(new).unwrap();
        let (credential_id, scope) = (CredentialId::generate(), CredentialScope::User);
        let binding = Binding { credential_id, owner_id, workspace_id: None, scope, version: 1 };
        let sealed = SealedVersion { envelope: "sealed".into(), masked_value: "****".into() };
        let kept = store.create_credential(&caller, RuntimeRole::App, &binding, new, &sealed, None).await?.unwrap();
        assert_eq!((kept.credential.id, kept.credential.user_id, kept.repeated), (credential_id, owner_id, false));
        Ok(kept.credential.id)
    })
}

#[tokio::test]
async fn those_that_arrive_while_one_is_under_way_share_a_commit_and_one_that_fails_fails_alone() {
    let database = TestDatabase::create().await;
    let [ada, bob, eve, dan] = [
        Person::create(&database, "ada").await,
        Person::create(&database, "bob").await,
        Person::create(&database, "eve").await,
        Person::create(&database, "dan").await,
    ];
    let (postgres, app) = (database.sql("postgres").await, database.sql("strongroom_app").await);
    bob.keep(&app, "taken").await;
    let store = database.store().await;
    // At the commit itself, after the rows have been sent.
    let sabotage =
        "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;
         CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON strongroom.activity_logs DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW WHEN (NEW.name = 'fails') EXECUTE FUNCTION public.fail()";
    postgres.batch_execute(sabotage).await.unwrap();
    let transactions = "SELECT count(DISTINCT transaction_id), count(*) FROM strongroom.activity_logs
                        WHERE action = 'CREDENTIAL_CREATED' AND name = $1";
    for (name, his, outcome) in [("company", "taken", "conflict"), ("retried", "fails", "failure")] {
        postgres.batch_execute("BEGIN; LOCK TABLE strongroom.activity_logs IN SHARE MODE").await.unwrap();
        let before = keep(&store, &dan, name);
        await_lock_waits(&postgres, 1).await;
        let [hers, his, eves] = [keep(&store, &ada, name), keep(&store, &bob, his), keep(&store, &eve, name)];
        // Their tasks run while this waits: they are in the queue when the worker goes on.
        postgres.query_one("SELECT 1", &[]).await.unwrap();
        postgres.batch_execute("COMMIT").await.unwrap();
        for kept in [before, hers, eves] {
            kept.await.unwrap().unwrap();
        }
        let refused = his.await.unwrap().unwrap_err();
        assert!(
            matches!((outcome, &refused), ("conflict", StoreError::Conflict) | ("failure", StoreError::Database(_))),
            "{refused:?}"
        );
        let row = postgres.query_one(transactions, &[&name]).await.unwrap();
        // Dan went first; of those who came then, two were one transaction, or each his own after what failed.
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (if outcome == "conflict" { 2 } else { 3 }, 3));
    }
    let kept = "SELECT count(*), count(DISTINCT user_id) FROM strongroom.user_credentials WHERE name IN ('company', 'retried')";
    let row = postgres.query_one(kept, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (6, 3));
}

#[tokio::test]
async fn nobody_waits_long_for_a_name_that_somebody_else_is_at_adding() {
    let database = TestDatabase::create().await;
    let (ada, eve) = (Person::create(&database, "ada").await, Person::create(&database, "eve").await);
    let (app, elsewhere) = (database.sql("strongroom_app").await, database.sql("strongroom_app").await);
    // Somebody with her token is at it, and takes his time.
    eve.begin(&elsewhere).await;
    eve.insert_credential(&elsewhere, "one").await;
    let asked = [create("one", &ada, None), create("one", &eve, None)];
    // Before this, and so before the five seconds that a caller waits alone, the wait is over, and all of it undone.
    app.batch_execute("SET statement_timeout = '4s'").await.unwrap();
    let refused = together(&app, &asked).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::LOCK_NOT_AVAILABLE));
    elsewhere.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(outcomes(&together(&app, &asked).await.unwrap()), ["DONE", "DONE"]);
}

#[tokio::test]
async fn what_may_have_been_committed_is_not_done_again() {
    let database = TestDatabase::create().await;
    let (ada, bob) = (Person::create(&database, "ada").await, Person::create(&database, "bob").await);
    let (postgres, other) = (database.sql("postgres").await, database.sql("postgres").await);
    let store = database.store().await;
    postgres.batch_execute("BEGIN; LOCK TABLE strongroom.activity_logs IN SHARE MODE").await.unwrap();
    let before = keep(&store, &ada, "one");
    await_lock_waits(&other, 1).await;
    let company = keep(&store, &bob, "two");
    let end = "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    other.execute(end, &[]).await.unwrap();
    postgres.batch_execute("COMMIT").await.unwrap();
    assert!(matches!(before.await.unwrap(), Err(StoreError::Unavailable(_))));
    company.await.unwrap().unwrap();
    let kept = "SELECT name::text FROM strongroom.user_credentials";
    let kept: Vec<String> = other.query(kept, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(kept, ["two"]);
}
