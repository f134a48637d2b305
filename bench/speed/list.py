# A user's list of twenty of his hundred credentials, among a thousand, a million and ten million of others'.
# Three databases of one PostgreSQL, asked in turn. His rows lie scattered among the others', as they would after years.
from speed import machine, strongroom, web
from speed.figures import Report, Rounds, table
from speed.postgres import Postgres
from speed.stage import EACH

COLUMNS = "id, user_id, name, provider, type, encrypted_value, masked_value"
# Nobody lists or opens what is others': their envelopes are copies, as long as his.
OTHERS = f"""
CREATE TEMP TABLE his AS SELECT row_number() OVER (ORDER BY id) AS position, {COLUMNS} FROM strongroom.user_credentials;
DELETE FROM strongroom.user_credentials;
INSERT INTO strongroom.users (id, email, display_name)
SELECT {strongroom.USER.format("n")}, 'u' || n || '@example.org', 'User ' || n FROM generate_series(2, 1 + {{rows}} / {EACH}) AS n;
DO $$ BEGIN FOR part IN 1..{EACH} LOOP
    INSERT INTO strongroom.user_credentials ({COLUMNS})
    SELECT {strongroom.CREDENTIAL.replace("a000", "b000").format("n")}, {strongroom.USER.format(f"2 + (n - 1) % ({{rows}} / {EACH})")},
           'Credential ' || n, 'github', 'ACCESS_TOKEN', h.encrypted_value, h.masked_value
    FROM generate_series((part - 1) * ({{rows}} / {EACH}) + 1, part * ({{rows}} / {EACH})) AS n, his AS h WHERE h.position = part;
    INSERT INTO strongroom.user_credentials ({COLUMNS}) SELECT {COLUMNS} FROM his WHERE position = part;
END LOOP; END $$;
"""


def run(stage, report: Report):
    size = stage.size
    machine.needs_room(1 + max(size.listed) * 9e-7)
    with machine.Machine() as scope:
        postgres, contenders, sizes = Postgres(scope), {}, {}
        for rows in size.listed:
            name, database = f"{rows:,} of others", f"bench_{rows}"
            postgres.create(database)
            server = strongroom.Server.on(scope, postgres, database, database)
            strongroom.fill(postgres, server, 1, EACH, database)
            postgres.fill("user_credentials", OTHERS.format(rows=rows), database)
            sizes[name] = postgres.sql("SELECT pg_size_pretty(pg_total_relation_size('strongroom.user_credentials'))", database)
            file = scope.folder / database / "list"
            # A line for each thread.
            file.write_text(f"{strongroom.bearer(1)}\t/api/credentials?limit=20\n" * 2)
            if len(server.client(1).ask("GET", "/api/credentials?limit=20")["items"]) != 20:
                raise SystemExit("bench: a list of 20 has other than 20")
            contenders[name] = lambda seconds, port=server.port, file=file: web.load(port, file, 8, seconds, strongroom.HEADER)
        rounds = Rounds(contenders, size.short_rounds)
    first, *_, last = rounds.loads
    report.at_most(f"list of 20 among {last}, beside {first}", rounds.median(last, "p50") / rounds.median(first, "p50"), 1.3)
    report.section("List", f"GET /api/credentials?limit=20 of a user with {EACH} credentials, 8 connections.",
                   table((*Report.HEAD, "table and indexes"), ((*row, sizes[row[0]]) for row in rounds.rows())))
