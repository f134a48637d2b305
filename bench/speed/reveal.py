# A reveal with its durable record, over HTTP: beside OpenBao's read, and beside the same SQL sent by pgbench.
# Every answer of Strongroom's must have left its record in the database, or there is no figure.
from speed.figures import Report, Rounds, table
from speed.stage import EACH, shuffled
from speed.strongroom import CREDENTIAL, SECRET, USER

CONNECTIONS = (8, 32)
PICK = f"\\set n random(1, {{users}})\n\\set m random(1, {EACH})\n\\set c (:n - 1) * {EACH} + :m\n"
SECRET_OF, CREDENTIAL_OF, USER_OF = SECRET.format(":n"), CREDENTIAL.format(":c"), USER.format(":n")
ONE_CALL = PICK + f"""SELECT * FROM strongroom.reveal_credentials({SECRET_OF}, gen_random_uuid(), '127.0.0.1', 'pgbench', 'REVEAL', NULL,
    ARRAY[{CREDENTIAL_OF}], ARRAY[NULL]::text[], ARRAY[NULL]::text[], ARRAY[NULL]::uuid[], ARRAY[NULL]::integer[]) ORDER BY position;
"""
# What one would do by hand on a table with row-level security.
STATEMENTS = PICK + f"""BEGIN;
SELECT strongroom.prove_request({SECRET_OF}, gen_random_uuid(), '127.0.0.1', 'pgbench');
SELECT * FROM by_hand.user_credentials WHERE id = {CREDENTIAL_OF};
INSERT INTO by_hand.activity_logs (action, actor_id, entity_type, entity_id, owner_id, scope, provider, name, version)
VALUES ('CREDENTIAL_ACCESSED', {USER_OF}, 'CREDENTIAL', {CREDENTIAL_OF}, {USER_OF}, 'USER', 'github', 'Credential', 1);
COMMIT;
"""
BY_HAND = """
CREATE SCHEMA by_hand;
CREATE TABLE by_hand.user_credentials (LIKE strongroom.user_credentials INCLUDING ALL);
INSERT INTO by_hand.user_credentials SELECT * FROM strongroom.user_credentials;
CREATE TABLE by_hand.activity_logs (LIKE strongroom.activity_logs INCLUDING ALL);
ALTER TABLE by_hand.user_credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE by_hand.activity_logs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_read ON by_hand.user_credentials USING (scope = 'USER' AND user_id = (SELECT strongroom.current_user_id()));
CREATE POLICY own_acts ON by_hand.activity_logs FOR INSERT WITH CHECK (actor_id = (SELECT strongroom.current_user_id()));
GRANT USAGE ON SCHEMA by_hand TO strongroom_app;
GRANT SELECT ON by_hand.user_credentials TO strongroom_app;
GRANT INSERT ON by_hand.activity_logs TO strongroom_app;
"""
RECORDS = "SELECT count(*) FROM strongroom.activity_logs WHERE action = 'CREDENTIAL_ACCESSED' AND outcome = 'ALLOWED'"


def requests(stage):
    return stage.requests("reveal", "/api/credentials/{id}/value")


def run(stage, report: Report):
    file, bao_file = requests(stage), stage.openbao.requests(shuffled(stage.credentials), EACH)
    reveals = {connections: stage.strongroom(file, connections) for connections in CONNECTIONS}
    # A copy of what has been filled in by now.
    stage.postgres.sql(BY_HAND)
    stage.postgres.sql("VACUUM ANALYZE")
    rows = []
    for connections in CONNECTIONS:
        before = int(stage.postgres.sql(RECORDS))
        sent = []

        def recorded(load):
            """Notes what has to be in the record, warm-up and all."""
            def measured(seconds):
                sent.append(load(seconds))
                return sent[-1]
            return measured

        def sql(script, clients=connections):
            return lambda seconds: stage.postgres.pgbench(script.format(users=stage.size.users), clients, seconds)

        rounds = Rounds({
            "Strongroom": recorded(reveals[connections]),
            "OpenBao, KV v2 read": stage.bao(bao_file, connections),
            "pgbench, the same call": recorded(sql(ONE_CALL)),
            "pgbench, statement by statement": sql(STATEMENTS),
        }, stage.size.rounds, stage.settle)
        answered, records = sum(load.answers for load in sent), int(stage.postgres.sql(RECORDS)) - before
        if records < answered:
            raise SystemExit(f"bench: {answered} values were revealed, and {records} records are there")
        rows += rounds.rows(connections)
        ours = rounds.median("Strongroom", "rate")
        with_connections = f"with {connections} connections"
        report.at_least(f"reveal {with_connections}, beside OpenBao", ours / rounds.median("OpenBao, KV v2 read", "rate"), 1.5)
        report.at_most(f"p99 of a reveal {with_connections}, beside OpenBao",
                       rounds.median("Strongroom", "p99") / rounds.median("OpenBao, KV v2 read", "p99"), 1)
        report.at_least(f"reveal {with_connections}, beside the same call by pgbench",
                        ours / rounds.median("pgbench, the same call", "rate"), 0.6)
    report.section("Reveal", f"{stage.credentials:,} credentials of {stage.size.users:,} users, taken at random; each answer of Strongroom's "
                   "has its record in the database, counted afterwards. OpenBao writes an audit file, which it does not sync; "
                   "raft is not asked to read.", table(("connections", *report.HEAD), rows))
