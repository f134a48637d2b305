#!/usr/bin/env bash
# How long a page of the record takes, for five readers and eleven filters, among three million rows; and a batch of a purge.
# The statement is that of strongroom-store/src/activity.rs. Run it beside a throwaway PostgreSQL:
#   cargo build --bin strongroom && scripts/with-postgres bench/record/run.sh
set -euo pipefail
psql() { "$STRONGROOM_TEST_PGBIN/psql" -h "$STRONGROOM_TEST_PGHOST" -d bench -v ON_ERROR_STOP=1 -qAt "$@"; }
psql -U postgres -d postgres -c "CREATE DATABASE bench"
"$(dirname "$0")/../../target/debug/strongroom" migrate --admin-database-url "postgres://postgres@localhost/bench?host=$STRONGROOM_TEST_PGHOST" >/dev/null
psql -U postgres -f "$(dirname "$0")/fill.sql"
echo "table and indexes: $(psql -U postgres -c "SELECT pg_size_pretty(pg_total_relation_size('strongroom.activity_logs'))")"

branch() { echo "SELECT l.id FROM strongroom.activity_logs AS l WHERE $1 $2 ORDER BY l.id DESC LIMIT 21"; }

page() { # reader, what, conditions
    local id="00000000-0000-7000-8000-$(printf %012d "$1")"
    psql -U strongroom_app <<SQL | awk -v what="$2" '/Execution Time/ { printf "    %-34s %8.1f ms\n", what, $3 }'
BEGIN; SET LOCAL enable_bitmapscan = off;
SELECT strongroom.prove_caller(decode(replace('$id', '-', ''), 'hex') || '\x00');
EXPLAIN (ANALYZE, COSTS OFF)
SELECT l.*, u.display_name FROM strongroom.activity_logs AS l LEFT JOIN strongroom.users AS u ON u.id = l.actor_id
WHERE l.id IN (SELECT way.id FROM (
    ($(branch "l.actor_id = (SELECT strongroom.current_user_id())" "$3"))
    UNION ($(branch "session_user = 'strongroom_app' AND l.owner_id = (SELECT strongroom.current_user_id()) AND l.scope = 'USER'" "$3"))
    UNION (SELECT of_one.id FROM unnest(strongroom.caller_workspaces('{OWNER,ADMIN}')) AS w (id) CROSS JOIN LATERAL
           ($(branch "session_user = 'strongroom_app' AND l.workspace_id = w.id" "$3")) AS of_one)
    UNION ($(branch "session_user = 'strongroom_system' AND (l.scope = 'SYSTEM' OR l.entity_type = 'INVITATION')" "$3"))
) AS way (id) ORDER BY way.id DESC LIMIT 21) ORDER BY l.id DESC;
COMMIT;
SQL
}

reader() { # number, who
    local workspace="AND l.workspace_id = '00000000-0000-7000-9000-000000000001'"
    local day="AND l.occurred_at >= now() - interval '731 days' AND l.occurred_at < now() - interval '730 days'"
    echo "$2"
    page "$1" "first page" ""
    page "$1" "page at the middle" "AND l.id < 1500000"
    page "$1" "provider" "AND l.provider = 'p7'"
    page "$1" "name that none has" "AND l.name ILIKE '%nobody%'"
    page "$1" "action that none is" "AND l.action = 'CREDENTIAL_REVOKED'"
    page "$1" "denied" "AND l.outcome = 'DENIED'"
    page "$1" "credential" "AND l.entity_type = 'CREDENTIAL' AND l.entity_id = '00000000-0000-7000-a000-000000000064'"
    page "$1" "actor" "AND l.actor_id = '00000000-0000-7000-8000-000000000500'"
    page "$1" "workspace 1" "$workspace"
    page "$1" "workspace 1, a day two years ago" "$workspace $day"
    page "$1" "a day two years ago" "$day"
}
reader 1 "OWNER of the workspace with 900 000 records"
reader 2 "OWNER of a workspace with 5 000"
reader 500 "person with 1 000"
reader 2000 "program with 600 000"
reader 1999 "person without any"

psql -U postgres -c "UPDATE strongroom.settings SET record_retention_days = 730"
psql -U strongroom_system -c '\timing on' -c "SELECT strongroom.purge_record()" -c "SELECT strongroom.purge_record()" -c "SELECT strongroom.purge_record()"
