# Strongroom as it is delivered: the release binary on a database, with people, tokens and credentials that are real.
# Rows are put in place by a superuser, for speed; their envelopes are sealed under the server's own key file, and open.
import base64
import hashlib
import os
import subprocess
import uuid

from speed import machine, web

SEALER = machine.ROOT / "target/release/examples/seal_rows"
HEADER = "Authorization"
# Load is what is measured, and not its limits.
UNLIMITED = ["--reveals-per-minute=0", "--uses-per-minute=0", "--requests-per-minute-by-address=0",
             "--requests-per-minute-by-token=0", "--requests-per-minute-by-user=0"]


class Server:
    def __init__(self, scope, name, app_url, system_url, key_file=None):
        folder = scope.make_folder(name)
        self.key_file, self.port = key_file or folder / "keys.json", machine.free_port()
        settings = [f"--listen=127.0.0.1:{self.port}", f"--data-dir={folder}", f"--key-file={self.key_file}", *UNLIMITED]
        environment = {"PATH": os.environ["PATH"], "STRONGROOM_DATABASE_URL": app_url, "STRONGROOM_SYSTEM_DATABASE_URL": system_url}
        self.process = scope.start([str(machine.STRONGROOM), "serve", *settings], env=environment)
        machine.until(lambda: web.answers(self.port, "/ready", 200), "Strongroom", self.process)

    @classmethod
    def on(cls, scope, postgres, database="bench", name="strongroom"):
        return cls(scope, name, postgres.url("strongroom_app", database), postgres.url("strongroom_system", database))

    def client(self, number):
        return web.Client(self.port, Authorization=bearer(number))


def user_id(number):
    return uuid.UUID(f"00000000-0000-7000-8000-{number:012}")


def credential_id(number):
    return uuid.UUID(f"00000000-0000-7000-a000-{number:012}")


def value_of(credential):
    """What is sealed in it; examples/seal_rows.rs says the same."""
    return f"ghp_{credential}"


def bearer(number):
    secret = user_id(number).bytes + hashlib.sha256(f"bench {number}".encode()).digest()
    return "Bearer srt_" + base64.urlsafe_b64encode(secret).decode().rstrip("=")


# The same in SQL.
USER = "format('00000000-0000-7000-8000-%s', lpad(({0})::text, 12, '0'))::uuid"
CREDENTIAL = "format('00000000-0000-7000-a000-%s', lpad(({0})::text, 12, '0'))::uuid"
SECRET = f"uuid_send({USER}) || sha256(convert_to('bench ' || ({{0}})::text, 'UTF8'))"

PEOPLE = f"""
INSERT INTO strongroom.users (id, email, display_name)
SELECT {USER.format("n")}, 'u' || n || '@example.org', 'User ' || n FROM generate_series(1, {{users}}) AS n;
INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
SELECT gen_random_uuid(), {USER.format("n")}, 'bench', sha256({SECRET.format("n")}), now() + interval '1 day'
FROM generate_series(1, {{users}}) AS n;
"""
CREDENTIALS = """
SET session_replication_role = replica;
CREATE TEMP TABLE sealed (id uuid, user_id uuid, envelope text);
COPY sealed FROM STDIN;
INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
SELECT id, user_id, 'Credential ' || right(id::text, 12), 'github', 'ACCESS_TOKEN', envelope, '****' || right(id::text, 4) FROM sealed;
"""


def fill(postgres, server, users, each, database="bench"):
    """So many people with so many credentials each: the first has the first ones."""
    postgres.sql(PEOPLE.format(users=users), database)
    rows = "".join(f"{credential_id(n * each + m + 1)}\t{user_id(n + 1)}\n" for n in range(users) for m in range(each))
    sealed = postgres.folder / "sealed"
    with sealed.open("w") as out:
        subprocess.run([SEALER, server.key_file], input=rows, text=True, stdout=out, check=True)
    with sealed.open() as stdin:
        postgres.sql(CREDENTIALS, database, stdin)
    sealed.unlink()
    postgres.sql("VACUUM ANALYZE", database)
    last = credential_id(users * each)
    if server.client(users).ask("GET", f"/api/credentials/{last}/value")["value"] != value_of(last):
        raise SystemExit("bench: a value that was filled in does not open")
