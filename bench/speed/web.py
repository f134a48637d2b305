# HTTP on loopback: single requests, and load by wrk, the same for whoever answers.
# A load with one answer that is not a success is no measurement, and ends the run.
import http.client
import json
import secrets

from speed import machine
from speed.figures import Load

SCRIPT = machine.ROOT / "bench/speed/requests.lua"


class Client:
    """A connection that is kept."""

    def __init__(self, port, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def send(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, self.headers | ({"Content-Type": "application/json"} if text else {}))
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def ask(self, method, path, body=None):
        """The JSON of an answer that must be a success."""
        status, text = self.send(method, path, body)
        if status >= 300:
            raise SystemExit(f"bench: {method} {path.split('?')[0]} was answered {status}: {text[:500]}")
        return json.loads(text) if text else None


def answers(port, path, *statuses):
    """Whether somebody answers there, so."""
    try:
        return Client(port).send("GET", path)[0] in statuses
    except OSError:
        return False


def load(port, file, connections, seconds, header, method="GET", order="random", threads=2):
    """A load of the requests of that file (requests.lua)."""
    return loaded(machine.run(command(port, file, connections, seconds, header, method, order, threads)))


def command(port, file, connections, seconds, header, method="GET", order="random", threads=2):
    salt = secrets.randbelow(1 << 30)
    return ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", SCRIPT, f"http://127.0.0.1:{port}",
            "--", file, threads, method, header, order, salt]


def loaded(said):
    """What wrk printed, as a load."""
    told = json.loads(said.strip().splitlines()[-1])
    if told["refused"] or told["broken"] or not told["requests"]:
        raise SystemExit(f"bench: of {told['requests']} requests, {told['refused']} were refused and {told['broken']} got no answer")
    return Load(told["requests"] / told["seconds"], told["p50"], told["p99"], told["requests"])
