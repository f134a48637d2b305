#!/usr/bin/env bash
# How long verification of a large record takes, from the database and from an exported file, and how much memory: with a tenth of
# the rows, and with all. For ten million, some 15 GB under /tmp are needed. Beside a throwaway PostgreSQL:
#   cargo build --release --bin strongroom && scripts/with-postgres bench/verify/run.sh [rows]
set -euo pipefail
rows=${1:-10000000}
psql() { "$STRONGROOM_TEST_PGBIN/psql" -h "$STRONGROOM_TEST_PGHOST" -U postgres -v ON_ERROR_STOP=1 -qAt "$@"; }
here=$(dirname "$0") strongroom="$(dirname "$0")/../../target/release/strongroom"
url() { echo "postgres://$1@localhost/bench?host=$STRONGROOM_TEST_PGHOST"; }
folder=$(mktemp -d /tmp/strongroom-bench.XXXXXX)
trap 'rm -rf "$folder"' EXIT

measure() { # what, rows, command...
    local what=$1 rows=$2
    shift 2
    # The last line is ours, whatever the command says.
    python3 - "$what" "$rows" "$@" <<'PYTHON'
import resource, subprocess, sys, time
what, rows, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
begin = time.monotonic()
done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
seconds = time.monotonic() - begin
if done.returncode:
    sys.exit(done.stdout)
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{what:26} {rows:9} rows  {seconds:6.1f} s  {rows / seconds:8.0f} rows/s  {memory:6.1f} MB")
PYTHON
}

psql -d postgres -c "CREATE DATABASE bench"
"$strongroom" migrate --admin-database-url "$(url postgres)" >/dev/null
keys="$folder/keys.json"
"$strongroom" keys create --key-file "$keys" >/dev/null
seal=("$strongroom" audit seal --database-url "$(url strongroom_app)" --system-database-url "$(url strongroom_system)" --key-file "$keys")
auditor=$(url strongroom_auditor)
sealed=0
for size in $((rows / 10)) "$rows"; do
    psql -d bench -v rows="$size" -f "$here/fill.sql"
    measure "seal" $((size - sealed)) "${seal[@]}"
    sealed=$size
    key=$("$strongroom" audit key --auditor-database-url "$auditor" --key-file "$keys")
    measure "verify the database" "$size" "$strongroom" audit verify --auditor-database-url "$auditor" --key "$key"
    measure "export" "$size" "$strongroom" audit export --auditor-database-url "$auditor" --out "$folder/record-$size"
    measure "verify the file" "$size" "$strongroom" audit verify --export "$folder/record-$size" --key "$key"
    echo "the file has $(($(stat -c %s "$folder/record-$size") / 1000000)) MB"
    rm "$folder/record-$size"
done
psql -d bench -c "SELECT count(*) || ' rows, and ' || (SELECT max(size) FROM strongroom.record_checkpoints) || ' of them sealed'
                  FROM strongroom.activity_logs"
