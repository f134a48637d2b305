//! How PostgreSQL finds a page of credentials: along one index for each way in which a row can be the caller's, never through
//! everybody's rows; and what helps the policies is asked once a query.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use strongroom_testing::{Person, SimpleQueryMessage, Sql, TestDatabase, rows_looked_at};
use uuid::Uuid;

/// Ada has 100 credentials, a workspace with 100 and ten that are shared with her, all older than the thousand of a hundred
/// others; one workspace of somebody else has ten thousand.
async fn scene() -> (TestDatabase, Person, Person) {
    let database = TestDatabase::create().await;
    let ada = Person::create(&database, "ada").await;
    let root = Person::create_admin(&database, "root").await;
    let app = database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    app.batch_execute("COMMIT").await.unwrap();
    let fill = format!(
        "SET session_replication_role = replica;
         CREATE FUNCTION pg_temp.number(kind text, n bigint) RETURNS uuid LANGUAGE sql
             AS $$ SELECT ('0190' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
         INSERT INTO strongroom.user_credentials
             (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value)
         SELECT id, owner, workspace, scope::strongroom.credential_scope, id::text, 'github', 'API_KEY', 'sealed', '****' FROM (
             SELECT pg_temp.number('0000', n), '{ada}'::uuid, NULL::uuid, 'USER' FROM generate_series(1, 100) AS n
             UNION ALL SELECT pg_temp.number('0001', n), '{ada}', '{workspace}', 'WORKSPACE' FROM generate_series(1, 100) AS n
             UNION ALL SELECT pg_temp.number('0002', n), '{root}', NULL, 'SYSTEM' FROM generate_series(1, 100) AS n
             UNION ALL SELECT pg_temp.number('0003', n), pg_temp.number('ffff', n % 100), NULL, 'USER' FROM generate_series(1, 1000) AS n
             UNION ALL SELECT pg_temp.number('0004', n), pg_temp.number('ffff', n % 100), pg_temp.number('eeee', 1), 'WORKSPACE'
                       FROM generate_series(1, 10000) AS n) AS made (id, owner, workspace, scope);
         INSERT INTO strongroom.credential_grants (id, credential_id, grantee_user_id, permissions, owner_id)
         SELECT id, id, '{ada}', '{{USE}}', user_id FROM strongroom.user_credentials
         WHERE id BETWEEN pg_temp.number('0003', 1) AND pg_temp.number('0003', 10);
         ANALYZE",
        ada = ada.id,
        root = root.id,
    );
    database.sql("postgres").await.batch_execute(&fill).await.unwrap();
    (database, ada, root)
}

/// The plan with which list_credentials() runs that query: one for all values, under the settings of the function.
async fn plan(sql: &Sql, page: &str) -> Value {
    let settings = "SELECT set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true)
                    FROM pg_proc, unnest(proconfig) AS setting WHERE oid = 'strongroom.list_credentials'::regproc";
    assert!(sql.query(settings, &[]).await.unwrap().len() > 1);
    let (types, explain) = (
        "uuid, text, text, text, uuid, boolean, text, text, timestamptz, timestamptz, bigint",
        "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, FORMAT JSON)",
    );
    let statements = format!(
        "PREPARE page ({types}) AS SELECT * FROM strongroom.{page}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
         {explain} EXECUTE page ('ffffffff-ffff-ffff-ffff-ffffffffffff', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 21)"
    );
    let answer = sql.simple_query(&statements).await.unwrap();
    let explained = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let explained: Value = serde_json::from_str(explained.unwrap()).unwrap();
    explained[0]["Plan"].clone()
}

/// Every node of a plan, from the top.
fn nodes(plan: &Value) -> Vec<&Value> {
    let below = plan["Plans"].as_array().into_iter().flatten().flat_map(nodes);
    std::iter::once(plan).chain(below).collect()
}

/// Where rows are read, by which condition, and how many were read and passed over; the helpers that ran, and how often.
/// PostgreSQL's versions number what they compute beforehand in different ways.
fn walks(plan: &Value) -> String {
    let mut told = String::new();
    for node in nodes(plan) {
        let kind = node["Node Type"].as_str().unwrap();
        if kind.ends_with("Scan") && kind != "Subquery Scan" {
            let direction = if node["Scan Direction"] == "Backward" { " backward" } else { "" };
            let of = node["Index Name"].as_str().or(node["Function Name"].as_str()).unwrap_or("");
            let condition = unnumbered(node["Index Cond"].as_str().unwrap_or("-"));
            let (rows, removed) = (&node["Actual Rows"], node["Rows Removed by Filter"].as_f64().unwrap_or(0.0));
            let loops = &node["Actual Loops"];
            writeln!(
                told,
                "{kind}{direction} {of}: {condition}; {:.0} rows, {removed:.0} removed, {loops} loops",
                rows.as_f64().unwrap()
            )
            .unwrap();
        }
        if node["Parent Relationship"] == "InitPlan" && node["Actual Loops"] != 0 {
            writeln!(told, "  helper {}: {} loops", node["Output"][0].as_str().unwrap(), node["Actual Loops"]).unwrap();
        }
    }
    told
}

/// Without the numbers of parameters and of what was computed beforehand.
fn unnumbered(condition: &str) -> String {
    let mut words = condition.replace("(InitPlan ", "$").replace(").col1", "");
    words.retain(|c| !c.is_ascii_digit());
    words
}

#[tokio::test]
async fn a_page_walks_one_index_for_each_way_and_asks_each_helper_once_a_query() {
    let (database, ada, root) = scene().await;
    let mut told = String::new();
    for (role, who, page) in [
        ("strongroom_app", &ada, "own_credential_page"),
        ("strongroom_app", &ada, "credential_page"),
        ("strongroom_system", &root, "system_credential_page"),
    ] {
        let sql = database.sql(role).await;
        who.begin(&sql).await;
        let plan = plan(&sql, page).await;
        for node in nodes(&plan) {
            assert_ne!(node["Node Type"], "Seq Scan", "{page}");
            if node["Parent Relationship"] == "InitPlan" {
                assert!(node["Actual Loops"].as_f64().unwrap() <= 1.0, "{page}: {node}");
            }
        }
        writeln!(told, "{page}\n{}", walks(&plan)).unwrap();
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn page_by_page_a_list_is_all_that_the_policies_show() {
    let (database, ada, root) = scene().await;
    let bob = Person::create(&database, "bob").await;
    for (role, who, visible) in
        [("strongroom_app", &ada, 210), ("strongroom_system", &root, 100), ("strongroom_app", &bob, 0)]
    {
        let sql = database.sql(role).await;
        let (mut listed, mut cursor) = (Vec::<Uuid>::new(), None::<Uuid>);
        loop {
            let page = "SELECT id FROM strongroom.list_credentials($1, NULL, NULL, NULL, $2, NULL, NULL, NULL, NULL, NULL, NULL,
                                                                   NULL, NULL, NULL, 21)";
            let rows = sql.query(page, &[&who.token.expose(), &cursor]).await.unwrap();
            listed.extend(rows.iter().map(|row| row.get::<_, Uuid>(0)));
            cursor = listed.last().copied();
            if rows.len() < 21 {
                break;
            }
        }
        who.begin(&sql).await;
        let shown = sql.query("SELECT id FROM strongroom.user_credentials ORDER BY id DESC", &[]).await.unwrap();
        assert_eq!(shown.len(), visible, "{role}");
        assert_eq!(listed, shown.iter().map(|row| row.get(0)).collect::<Vec<Uuid>>(), "{role}");
    }
}

#[tokio::test]
async fn a_longer_page_asks_the_helpers_no_more_often() {
    let (database, ada, _) = scene().await;
    let counting = format!("ALTER DATABASE {} SET track_functions = 'all'", database.name());
    database.sql("postgres").await.batch_execute(&counting).await.unwrap();
    let app = database.sql("strongroom_app").await;
    // What has been counted, since the session began.
    let counted = async || {
        let counted = "SELECT funcname::text, calls FROM pg_stat_xact_user_functions";
        let rows = app.query(counted, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect::<BTreeMap<String, i64>>()
    };
    let calls = async |rows: i64| {
        app.batch_execute("BEGIN").await.unwrap();
        let before = counted().await;
        let list = "SELECT id FROM strongroom.list_credentials($1, NULL, NULL, NULL, NULL, NULL, NULL, 'WORKSPACE', NULL, NULL, NULL,
                                                               NULL, NULL, NULL, $2)";
        let listed = app.query(list, &[&ada.token.expose(), &rows]).await.unwrap();
        assert_eq!(i64::try_from(listed.len()).unwrap(), rows);
        let mut calls = counted().await;
        app.batch_execute("ROLLBACK").await.unwrap();
        calls.iter_mut().for_each(|(name, calls)| *calls -= before.get(name).unwrap_or(&0));
        calls
    };
    // The first makes the plan, which asks require_caller().
    calls(1).await;
    let few = calls(1).await;
    assert!(few["token_is_unlimited"] > 0, "{few:?}");
    assert_eq!(calls(100).await, few);
}

#[tokio::test]
async fn no_call_reads_a_table_of_credentials_from_end_to_end() {
    let (database, ada, _) = scene().await;
    let app = database.sql("strongroom_app").await;
    let scans = async || {
        let scans = "SELECT sum(seq_scan)::bigint, sum(idx_scan)::bigint FROM pg_stat_xact_user_tables
                     WHERE relname IN ('user_credentials', 'credential_versions')";
        let row = app.query_one(scans, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let (secret, of_request) = (ada.token.expose(), "$1, NULL, NULL, NULL");
    let place = format!("gen_random_uuid(), '{}', NULL, 'USER'", ada.id);
    let value = "'sealed', '****', NULL, NULL, '{}', '{}'";
    for call in [
        format!("list_credentials({of_request}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 21)"),
        format!("find_credential({of_request}, NULL, NULL, '01900000-0000-7000-8000-000000000001')"),
        format!("create_credential({of_request}, NULL, NULL, {place}, 'one', 'github', 'API_KEY', {value})"),
        format!("create_credential({of_request}, 'a', sha256('a'), {place}, 'two', 'github', 'API_KEY', {value})"),
        // The same again.
        format!("create_credential({of_request}, 'a', sha256('a'), {place}, 'two', 'github', 'API_KEY', {value})"),
        format!(
            "rotate_credential({of_request}, 'b', sha256('b'), '01900000-0000-7000-8000-000000000001', NULL, 2, 'next', '****',
                               NULL, NULL)"
        ),
    ] {
        app.batch_execute("BEGIN").await.unwrap();
        let before = scans().await;
        assert_ne!(app.query(&format!("SELECT * FROM strongroom.{call}"), &[&secret]).await.unwrap().len(), 0, "{call}");
        let after = scans().await;
        app.batch_execute("COMMIT").await.unwrap();
        assert_eq!(after.0, before.0, "{call}");
        assert!(after.1 > before.1, "{call}");
    }
}

#[tokio::test]
async fn a_name_that_others_have_takes_no_longer_than_one_that_nobody_has() {
    let (database, ada, _) = scene().await;
    let others = "SET session_replication_role = replica;
        INSERT INTO strongroom.user_credentials
            (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value)
        SELECT gen_random_uuid(), gen_random_uuid(), workspace, scope::strongroom.credential_scope, 'default', 'github', 'API_KEY', 'sealed', '****'
        FROM generate_series(1, 3000), (VALUES ('USER', NULL), ('WORKSPACE', gen_random_uuid())) AS of (scope, workspace);
        ANALYZE";
    database.sql("postgres").await.batch_execute(others).await.unwrap();
    let app = database.sql("strongroom_app").await;
    let secret = ada.token.expose();
    let reveal = "SELECT * FROM strongroom.reveal_credentials(
        $1, gen_random_uuid(), NULL, NULL, 'USE', NULL, '{NULL}', '{github}', ARRAY[$2], '{NULL}', '{NULL}')";
    let resolve = "SELECT strongroom.resolve_credential('github', $1, NULL)";
    for _ in 0..2 {
        ada.begin(&app).await;
        let [mut revealed, mut resolved] = [vec![], vec![]];
        for name in ["default", "nobody's"] {
            revealed.push(rows_looked_at(&app, "user_credentials", reveal, &[&secret, &name]).await);
            resolved.push(rows_looked_at(&app, "user_credentials", resolve, &[&name]).await);
        }
        // The ten that are shared with her.
        assert_eq!((revealed, resolved), (vec![10, 10], vec![10, 10]));
        app.batch_execute("COMMIT").await.unwrap();
    }
}
