# What a long record costs: reveals, each of which adds to it, and a viewer's first page, with few records and with many.
# The many are there as if sealed: how long sealing takes is measured by bench/verify.
from speed import machine, strongroom, web
from speed.figures import Report, Rounds, table
from speed.postgres import Postgres
from speed.reveal import ONE_CALL
from speed.stage import EACH

USERS = 100
# A tenth is the first user's; the rest is everybody's.
RECORDS = f"""
INSERT INTO strongroom.activity_logs
    (occurred_at, action, actor_id, entity_type, entity_id, owner_id, scope, provider, name, version, request_id, token_id, address, user_agent)
SELECT now() - make_interval(secs => ({{rows}} - n) * 3.15), 'CREDENTIAL_ACCESSED', person, 'CREDENTIAL',
       {strongroom.CREDENTIAL.format(f"1 + (random() * {USERS * EACH - 1})::integer")}, person, 'USER', 'github', 'Credential ' || n % 1000, 1,
       gen_random_uuid(), gen_random_uuid(), '192.0.2.7', 'strongroom/0.1.0'
FROM generate_series(1, {{rows}}) AS n,
LATERAL (SELECT {strongroom.USER.format(f"CASE WHEN n % 10 = 0 THEN 1 ELSE 1 + n % {USERS} END")} AS person) AS people;
UPDATE strongroom.record_sealing SET system_identifier = (SELECT system_identifier FROM pg_control_system()), backlog_after = NULL,
    transaction_id = pg_current_xact_id(), record_id = (SELECT max(id) FROM strongroom.activity_logs);
"""
SIZE = "SELECT pg_total_relation_size('strongroom.activity_logs'), pg_relation_size('strongroom.activity_logs')"
LEVELS = """
CREATE EXTENSION pageinspect;
SELECT max((bt_metap(indexrelid::regclass::text)).level) + 1 FROM pg_index WHERE indrelid = 'strongroom.activity_logs'::regclass
"""


def run(stage, report: Report):
    few, many = stage.size.record
    machine.needs_room(2 + many * 7e-7)
    with machine.Machine() as scope:
        postgres, contenders, sizes = Postgres(scope), {}, {}
        for rows in (few, many):
            database = f"bench_{rows}"
            postgres.create(database)
            postgres.fill("activity_logs", RECORDS.format(rows=rows), database)
            server = strongroom.Server.on(scope, postgres, database, database)
            strongroom.fill(postgres, server, USERS, EACH, database)
            sizes[rows] = (*map(int, postgres.sql(SIZE, database).split("|")), int(postgres.sql(LEVELS, database).splitlines()[-1]))
            call = ONE_CALL.format(users=USERS)
            contenders[f"reveals, {rows:,} records"] = (
                lambda seconds, database=database, call=call: settled(postgres, database, postgres.pgbench(call, 8, seconds, database)))
            for who, number in (("a busy", 1), ("another", 2)):
                file = scope.folder / database / f"user-{number}"
                file.write_text(f"{strongroom.bearer(number)}\t/api/credentials/audit?limit=20\n" * 2)
                contenders[f"page of {who} user, {rows:,} records"] = (
                    lambda seconds, port=server.port, file=file: web.load(port, file, 8, seconds, strongroom.HEADER))
        # What is compared comes one after the other.
        rounds = Rounds(dict(sorted(contenders.items())), stage.size.short_rounds)
    name = "{}, {:,} records".format
    report.at_least(f"reveals with {many:,} records, beside {few:,}",
                    rounds.median(name("reveals", many), "rate") / rounds.median(name("reveals", few), "rate"), 0.8)
    for who in ("a busy", "another"):
        report.at_most(f"page of {who} user's record among {many:,}, beside {few:,}",
                       rounds.median(name(f"page of {who} user", many), "p50") / rounds.median(name(f"page of {who} user", few), "p50"), 1.3)
    report.section("A long record", f"Reveals by pgbench, 8 clients, and GET /api/credentials/audit?limit=20, 8 connections; the busy user has "
                   f"a tenth of all records.", table(Report.HEAD, rounds.rows()), on_paper(many, *sizes[many]))


def settled(postgres, database, load):
    postgres.settle(database)
    return load


def on_paper(rows, total, heap, levels):
    at_hundred_million = total / rows * 1e8 / 1e9
    return (f"With {rows:,} records, table and indexes have {total / 1e9:.2f} GB: {total / rows:.0f} bytes a record, "
            f"{heap / rows:.0f} of them in the table, and the highest index has {levels} levels. At 100 million that makes "
            f"{at_hundred_million:.0f} GB. A page of an index holds more than a hundred entries, so that ten times the rows add at most one "
            "level to each: a page more to read in each look-up, from cache. The table is one, not partitioned by time: what is "
            "added goes to its end, and lists walk an index from there.")
