# What several topics measure on: PostgreSQL with Strongroom, and OpenBao, each with the same number of secrets of as many
# users. Made when the first topic asks, so that one topic can be run alone.
import contextlib
import functools
import random
from typing import NamedTuple

from speed import openbao, strongroom, web
from speed.machine import Machine
from speed.postgres import Postgres


class RoundsOf(NamedTuple):
    count: int
    seconds: int


class Size(NamedTuple):
    """How much a run does."""
    users: int
    rounds: RoundsOf
    short_rounds: RoundsOf
    listed: tuple[int, ...]
    record: tuple[int, int]
    criterion_seconds: int


FULL = Size(1000, RoundsOf(3, 10), RoundsOf(9, 2), (1_000, 1_000_000, 10_000_000), (100_000, 10_000_000), 5)
QUICK = Size(50, RoundsOf(2, 3), RoundsOf(2, 2), (1_000, 10_000, 100_000), (10_000, 100_000), 1)
EACH = 100


class Stage(contextlib.ExitStack):
    def __init__(self, size):
        super().__init__()
        self.size, self.credentials = size, size.users * EACH

    @functools.cached_property
    def machine(self):
        return self.enter_context(Machine())

    @functools.cached_property
    def postgres(self):
        postgres = Postgres(self.machine)
        postgres.create()
        return postgres

    @functools.cached_property
    def server(self):
        server = strongroom.Server.on(self.machine, self.postgres)
        strongroom.fill(self.postgres, server, self.size.users, EACH)
        return server

    @functools.cached_property
    def openbao(self):
        bao = openbao.OpenBao(self.machine)
        bao.fill(self.size.users, EACH, value)
        return bao

    def requests(self, name, path, body="", numbers=None):
        """A file of requests to Strongroom for credentials, {id} in path and body being that of each."""
        file = self.machine.folder / name
        with file.open("w") as out:
            for number in numbers or shuffled(self.credentials):
                user, credential = (number - 1) // EACH + 1, str(strongroom.credential_id(number))
                out.write("\t".join([strongroom.bearer(user), path.replace("{id}", credential), body]) + "\n")
        return file

    def strongroom(self, file, connections, method="GET", order="random"):
        """A load that is ready to be measured."""
        port = self.server.port
        return lambda seconds: web.load(port, file, connections, seconds, strongroom.HEADER, method, order)

    def bao(self, file, connections, method="GET", order="random"):
        port = self.openbao.port
        return lambda seconds: web.load(port, file, connections, seconds, openbao.HEADER, method, order)

    def settle(self):
        self.postgres.settle()


def value(number):
    return strongroom.value_of(strongroom.credential_id(number))


def shuffled(count):
    numbers = list(range(1, count + 1))
    random.Random(count).shuffle(numbers)
    return numbers
