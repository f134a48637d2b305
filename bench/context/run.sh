#!/usr/bin/env bash
# Measures the candidates of docs/adr/0001-caller-context.md on one PostgreSQL, in one run, and prints a table.
# Usage: PGHOST=/socket/folder PGUSER=someone-who-may-create bench/context/run.sh [seconds per cell]
# It creates and drops the schema context_bench. One transaction = prove once, then check twice.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-5}
script=$(mktemp)
trap 'rm -f "$script"; psql -qc "DROP SCHEMA IF EXISTS context_bench CASCADE" 2>/dev/null' EXIT
psql -qc 'DROP SCHEMA IF EXISTS context_bench CASCADE' 2>/dev/null
psql -qv ON_ERROR_STOP=1 -f "$here/candidates.sql"

rate() { # candidate clients
    if [ "$1" = plain ]; then
        prove="set_config('bench.plain', (SELECT user_id::text FROM context_bench.tokens WHERE token_hash = sha256(convert_to('token-' || :n, 'UTF8'))), true)"
    else
        prove="context_bench.$1_prove(convert_to('token-' || :n, 'UTF8'))"
    fi
    cat > "$script" <<SQL
\set n random(1, 1000)
BEGIN\; SELECT $prove\; SELECT context_bench.$1_caller(), (SELECT context_bench.$1_caller())\; COMMIT;
SQL
    pgbench -n -c "$2" -j 2 -T "$seconds" -f "$script" 2>/dev/null | sed -n 's/^tps = \([0-9]*\).*/\1/p'
}

printf '%-10s %12s %12s\n' candidate '8 clients/s' '32 clients/s'
for candidate in plain signed row keyed register; do
    printf '%-10s %12s %12s\n' "$candidate" "$(rate "$candidate" 8)" "$(rate "$candidate" 32)"
done
