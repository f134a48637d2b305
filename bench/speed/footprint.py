# What the server takes: memory under the load of the reveals, the size of the binary, and the time from nothing to the first
# value, on the embedded PostgreSQL.
import statistics
import subprocess
import time

from speed import machine, web
from speed.figures import Report, table
from speed.reveal import requests

WANTED_MEMORY, WANTED_FIRST, WANTED_LATER = 40, 3, 1


def run(stage, report: Report):
    stage.strongroom(requests(stage), 32)(stage.size.rounds.seconds)
    memory = machine.peak_memory(stage.server.process)
    stripped = stage.machine.folder / "stripped"
    machine.run(["strip", "-o", stripped, machine.STRONGROOM])
    starts = [cold_starts(stage.machine, f"cold-{n}") for n in range(stage.size.rounds.count)]
    first, later = (statistics.median(times) for times in zip(*starts))
    report.at_most("memory of the server at its peak, under that load", memory, WANTED_MEMORY, " MiB")
    report.at_most("from a new data folder to the first value", first, WANTED_FIRST, " s")
    report.at_most("from a later start to the first value", later, WANTED_LATER, " s")
    between = [f"{min(times):.2f} to {max(times):.2f}" for times in zip(*starts)]
    report.section("Footprint", table(("", "", "rounds"), [
        ("memory at its peak (VmHWM)", f"{memory:.1f} MiB", ""),
        ("binary, stripped", f"{stripped.stat().st_size / 1024**2:.1f} MiB", ""),
        ("new data folder to first value", f"{first:.2f} s", between[0]),
        ("later start to first value", f"{later:.2f} s", between[1]),
    ]), "A new data folder: PostgreSQL's cluster is made, the schema migrated, a key file made, an administrator comes in by the "
        "one-time token, keeps a credential and reveals it. Later: the server, and its PostgreSQL, start and the value is revealed.")


def cold_starts(scope, name):
    """Seconds to the first value, from nothing and from then on."""
    folder = scope.make_folder(name)
    # PostgreSQL's user has to come through.
    folder.chmod(0o755)
    began = time.monotonic()
    process, port, invitation = serve(scope, folder)
    admin = {"display_name": "Ada", "email": "ada@example.org"}
    token = web.Client(port, Authorization=f"Bearer {invitation}").ask("POST", "/api/invitations/accept", admin)["token"]
    new = {"name": "CI", "provider": "github", "type": "API_KEY", "value": "ghp_0123456789abcdef"}
    client = web.Client(port, Authorization=f"Bearer {token}")
    path = f"/api/credentials/{client.ask('POST', '/api/credentials', new)['id']}/value"
    client.ask("GET", path)
    first = time.monotonic() - began
    machine.end(process)
    began = time.monotonic()
    process, port, _ = serve(scope, folder)
    web.Client(port, Authorization=f"Bearer {token}").ask("GET", path)
    later = time.monotonic() - began
    machine.end(process)
    return first, later


def serve(scope, folder):
    """A server of that folder that says that it is ready, and the one-time token if it shows one."""
    port, invitation = machine.free_port(), None
    process = scope.start([str(machine.STRONGROOM), "serve", f"--listen=127.0.0.1:{port}", f"--data-dir={folder}"],
                          output=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "sri_" in line:
            invitation = "sri_" + line.split("sri_")[1].strip()
        if line.startswith("Ready"):
            return process, port, invitation
    raise SystemExit(f"bench: Strongroom ended: {process.log.read_text()[-2000:]}")
