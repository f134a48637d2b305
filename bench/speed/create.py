# Writes with their durable record: a new credential, and the next version of one, beside OpenBao's KV v2.
# Each request makes something that was not there: no two are for the same version.
from speed.figures import Report, Rounds, table
from speed.stage import EACH, shuffled, value

CONNECTIONS = (8, 32)
NEW = '{"name": "New {n}", "provider": "github", "type": "ACCESS_TOKEN", "value": "%s"}' % value(1)
NEXT = '{"value": "%s"}' % value(1)


def run(stage, report: Report):
    numbers = shuffled(stage.credentials)
    create = stage.requests("create", "/api/credentials", NEW)
    rotate = stage.requests("rotate", "/api/credentials/{id}/rotate", NEXT)
    bao_new = stage.openbao.requests(numbers, EACH, value, "new-{{n}}").rename(stage.machine.folder / "bao-new")
    bao_next = stage.openbao.requests(numbers, EACH, value).rename(stage.machine.folder / "bao-next")
    rows = []
    for connections in CONNECTIONS:
        rounds = Rounds({
            "Strongroom, create": stage.strongroom(create, connections, "POST"),
            "OpenBao, KV v2 write": stage.bao(bao_new, connections, "POST"),
            "Strongroom, rotate": stage.strongroom(rotate, connections, "POST", "in-turn"),
            "OpenBao, KV v2 write of a next version": stage.bao(bao_next, connections, "POST", "in-turn"),
        }, stage.size.short_rounds, stage.settle)
        rows += rounds.rows(connections)
        for what, theirs in (("create", "OpenBao, KV v2 write"), ("rotate", "OpenBao, KV v2 write of a next version")):
            report.at_least(f"{what} with {connections} connections, beside OpenBao",
                            rounds.median(f"Strongroom, {what}", "rate") / rounds.median(theirs, "rate"), 3)
    report.section("Create and rotate", "New credentials of random users, and next versions of credentials, each taken once. OpenBao's are "
                   "written without check-and-set; it syncs its raft log for them, and not its audit file.",
                   table(("connections", *report.HEAD), rows))
