# What more servers cost and bring: one, two and four on one database, directly and behind PgBouncer in transaction mode.
# All on one machine, cores shared with PostgreSQL and the generator: this shows what growth costs, and not how far it goes.
import pathlib
import re
import subprocess

from speed import machine, strongroom, web
from speed.figures import Load, Report, Rounds, table
from speed.reveal import requests

# The newest first: Debian 12's own does not know prepared statements.
PROGRAMS = (machine.ROOT / "target/pgbouncer/pgbouncer", pathlib.Path("/usr/sbin/pgbouncer"))
PREPARED_STATEMENTS_SINCE = (1, 21)
CONFIGURATION = """
[databases]
bench = host={postgres} dbname=bench
[pgbouncer]
unix_socket_dir = {folder}
listen_port = 6432
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 24
max_client_conn = 500
max_prepared_statements = 200
ignore_startup_parameters = extra_float_digits, options
"""
CONNECTIONS = 32


def run(stage, report: Report):
    file, first = requests(stage), stage.server
    bouncer, version = pgbouncer(stage)
    hosts = {"directly": (None, 5432)} | ({"through PgBouncer": (bouncer, 6432)} if bouncer else {})
    contenders, servers = {}, {}
    for way, (host, port) in hosts.items():
        urls = [stage.postgres.url(role, host=host, port=port) for role in ("strongroom_app", "strongroom_system")]
        started = [strongroom.Server(stage.machine, f"server-{port}-{n}", *urls, key_file=first.key_file) for n in range(4)]
        for count in (1, 2, 4):
            name = f"{count} {way}"
            servers[name] = started[:count]
            contenders[name] = lambda seconds, these=servers[name]: together(these, file, seconds)
    rounds = Rounds(contenders, stage.size.short_rounds, stage.settle)
    memory = {name: sum(machine.peak_memory(server.process) for server in these) for name, these in servers.items()}
    rows = [(*row, f"{memory[row[0]]:.0f}") for row in rounds.rows()]
    report.section("More servers", f"Reveals with {CONNECTIONS} connections in all. PgBouncer is {version}, in transaction mode, with prepared "
                   "statements." if bouncer else f"Reveals with {CONNECTIONS} connections in all. Behind PgBouncer nothing was measured: "
                   f"{version}, and in transaction mode the server needs 1.21 or newer, for prepared statements.",
                   table((*Report.HEAD, "memory of all, MiB"), rows))


def together(servers, file, seconds):
    """The same connections, shared out among the servers."""
    share = CONNECTIONS // len(servers)
    threads = 2 if len(servers) == 1 else 1
    generators = [subprocess.Popen([str(word) for word in web.command(server.port, file, share, seconds, strongroom.HEADER, threads=threads)],
                                   stdout=subprocess.PIPE, text=True) for server in servers]
    loads = [web.loaded(generator.communicate()[0]) for generator in generators]
    answers = sum(load.answers for load in loads)
    return Load(sum(load.rate for load in loads), sum(load.p50 * load.answers for load in loads) / answers,
                max(load.p99 for load in loads), answers)


def pgbouncer(stage):
    """Its socket's folder, and its version; no folder: what is there is too old, or there is none."""
    said = {str(program): machine.run([program, "--version"]).splitlines()[0] for program in PROGRAMS if program.exists()}
    found = [program for program, words in said.items() if tuple(map(int, re.findall(r"\d+", words)[:2])) >= PREPARED_STATEMENTS_SINCE]
    if not found:
        return None, next(iter(said.values()), "there is none")
    folder = stage.machine.make_folder("pgbouncer", "postgres")
    (folder / "users").write_text('"strongroom_app" ""\n"strongroom_system" ""\n')
    (folder / "pgbouncer.ini").write_text(CONFIGURATION.format(postgres=stage.postgres.folder, folder=folder))
    process = stage.machine.start([found[0], str(folder / "pgbouncer.ini")], **machine.as_user("postgres"))
    machine.until((folder / ".s.PGSQL.6432").exists, "PgBouncer", process)
    return folder, said[found[0]].removeprefix("PgBouncer ")
