# A real OpenBao on raft storage, with an audit file, as one would run it, save TLS, which nobody here has.
# As many secrets as Strongroom has credentials, of as many users, each with a token and a policy of his own.
import base64
import concurrent.futures

from speed import machine, web

BINARY = machine.ROOT / "target/openbao/bin/bao"
HEADER = "X-Vault-Token"
WRITERS = 16
CONFIGURATION = """
storage "raft" {{ path = "{folder}/raft" node_id = "one" }}
listener "tcp" {{ address = "127.0.0.1:{port}" cluster_address = "127.0.0.1:{cluster_port}" tls_disable = true }}
audit "file" "record" {{ options {{ file_path = "{folder}/audit.log" }} }}
api_addr = "http://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster_port}"
"""
POLICY = 'path "secret/data/{user}/*" {{ capabilities = ["create", "read", "update"] }}'
TRANSIT_POLICY = 'path "transit/encrypt/bench" { capabilities = ["update"] }'


class OpenBao:
    def __init__(self, scope):
        self.folder, self.port = scope.make_folder("openbao"), machine.free_port()
        (self.folder / "raft").mkdir()
        file = self.folder / "openbao.hcl"
        file.write_text(CONFIGURATION.format(folder=self.folder, port=self.port, cluster_port=machine.free_port()))
        process = scope.start([str(BINARY), "server", "-config", str(file)])
        machine.until(lambda: web.answers(self.port, "/v1/sys/health", 501), "OpenBao", process)
        made = web.Client(self.port).ask("PUT", "/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1})
        web.Client(self.port).ask("PUT", "/v1/sys/unseal", {"key": made["keys"][0]})
        machine.until(lambda: web.answers(self.port, "/v1/sys/health", 200), "OpenBao's election", process)
        self.root_token, self.tokens = made["root_token"], []
        root = self.root()
        root.ask("POST", "/v1/sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
        root.ask("POST", "/v1/sys/mounts/transit", {"type": "transit"})
        root.ask("POST", "/v1/transit/keys/bench", {})
        machine.until(lambda: root.send("GET", "/v1/secret/config")[0] == 200, "OpenBao's KV v2", process)

    def root(self):
        return web.Client(self.port, X_Vault_Token=self.root_token)

    def token(self, name, policy):
        root = self.root()
        root.ask("PUT", f"/v1/sys/policies/acl/{name}", {"policy": policy})
        made = root.ask("POST", "/v1/auth/token/create-orphan", {"policies": [name], "no_default_policy": True, "ttl": "24h"})
        return made["auth"]["client_token"]

    def fill(self, users, each, value):
        """Writes them over HTTP, as there is no other way."""
        self.tokens = [self.token(f"user-{n}", POLICY.format(user=f"user-{n}")) for n in range(1, users + 1)]
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
            # The list, so that a refusal is raised.
            list(writers.map(lambda first: self.write(range(first, users * each + 1, WRITERS), each, value), range(1, WRITERS + 1)))
        last = f"/v1/secret/data/user-{users}/{users * each}"
        if self.root().ask("GET", last)["data"]["data"]["value"] != value(users * each):
            raise SystemExit("bench: OpenBao does not have the secrets that it was given")

    def write(self, numbers, each, value):
        client = web.Client(self.port)
        for number in numbers:
            user = (number - 1) // each + 1
            client.headers[HEADER] = self.tokens[user - 1]
            client.ask("POST", f"/v1/secret/data/user-{user}/{number}", {"data": {"value": value(number)}})

    def requests(self, numbers, each, value=None, name="{0}"):
        """A file of requests for the secrets of those numbers; with a value, to write it."""
        file = self.folder / "requests"
        with file.open("w") as out:
            for number in numbers:
                user = (number - 1) // each + 1
                body = "" if value is None else f'{{"data": {{"value": "{value(number)}"}}}}'
                out.write(f"{self.tokens[user - 1]}\t/v1/secret/data/user-{user}/{name.format(number)}\t{body}\n")
        return file

    def transit(self, value):
        """A file of one request to Transit, to encrypt that value."""
        file, token = self.folder / "transit", self.token("transit", TRANSIT_POLICY)
        line = f'{token}\t/v1/transit/encrypt/bench\t{{"plaintext": "{base64.b64encode(value.encode()).decode()}"}}\n'
        # One for each thread of the load.
        file.write_text(line * 2)
        return file
