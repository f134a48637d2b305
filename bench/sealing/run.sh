#!/usr/bin/env bash
# What sealing the record costs those who write it: transactions that prove a caller and leave one record each, on a database
# without it (no transaction_id, no index, no server) and on one that a server seals every second, by turns.
#   cargo build --bin strongroom && scripts/with-postgres bench/sealing/run.sh [seconds] [rounds]
set -euo pipefail
seconds=${1:-15} rounds=${2:-3}
psql() { "$STRONGROOM_TEST_PGBIN/psql" -h "$STRONGROOM_TEST_PGHOST" -U postgres -v ON_ERROR_STOP=1 -qAt "$@"; }
strongroom="$(dirname "$0")/../../target/debug/strongroom"
url() { echo "postgres://$1@localhost/$2?host=$STRONGROOM_TEST_PGHOST"; }
folder=$(mktemp -d /tmp/strongroom-bench.XXXXXX)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
for database in without with; do
    psql -d postgres -c "CREATE DATABASE bench_$database"
    "$strongroom" migrate --admin-database-url "$(url postgres bench_$database)" >/dev/null
done
"$strongroom" serve --listen 127.0.0.1:0 --data-dir "$folder" --database-url "$(url strongroom_app bench_with)" \
    --system-database-url "$(url strongroom_system bench_with)" >/dev/null 2>"$folder/log" &
server=$!
# It makes its key file before there are people.
until [ "$(psql -d bench_with -c "SELECT count(*) FROM strongroom.record_keys")" = 1 ]; do kill -0 "$server"; sleep 0.1; done
for database in without with; do
    psql -d "bench_$database" -f - <<'SQL'
INSERT INTO strongroom.users (id, email, display_name)
SELECT format('00000000-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, 'u' || n || '@example.org', 'u' || n FROM generate_series(1, 500) AS n;
INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
SELECT gen_random_uuid(), id, 'bench', sha256(uuid_send(id) || '\x00'), now() + interval '1 day' FROM strongroom.users;
SQL
done
psql -d bench_without -c "ALTER TABLE strongroom.activity_logs DROP COLUMN transaction_id"
cat >"$folder/act.sql" <<'SQL'
\set n random(1, 500)
BEGIN\; SELECT strongroom.prove_caller(decode('00000000000070008000' || lpad(:n::text, 12, '0'), 'hex') || '\x00')\; SELECT strongroom.record_reading('RECORD_EXPORTED', 'provider=github', NULL)\; COMMIT;
SQL
rate() { # database, clients
    "$STRONGROOM_TEST_PGBIN/pgbench" -n -h "$STRONGROOM_TEST_PGHOST" -U strongroom_app -c "$2" -j 2 -T "$seconds" -f "$folder/act.sql" \
        "bench_$1" 2>/dev/null | sed -n 's/^tps = \([0-9]*\).*/\1/p'
}
rate with 8 >/dev/null; rate without 8 >/dev/null
for clients in 8 32; do
    for _ in $(seq "$rounds"); do
        echo "$clients clients: without $(rate without "$clients")/s, with $(rate with "$clients")/s"
    done
done
sleep 3
psql -d bench_with -c "SELECT count(*) || ' records, of which are sealed: ' || (SELECT max(size) FROM strongroom.record_checkpoints)
                       || ', by checkpoints: ' || (SELECT count(*) FROM strongroom.record_checkpoints) FROM strongroom.activity_logs"
