# Loads, rounds and goals: medians with their spread, tables, and bench/RESULTS.md.
# A figure of goals is a ratio wherever it can be one; whether it is met is computed, and never written by hand.
import collections
import datetime
import math
import statistics
from typing import NamedTuple


class Load(NamedTuple):
    """What a generator measured: requests a second, latencies in ms, and how many were answered."""
    rate: float
    p50: float
    p99: float
    answers: int


class Goal(NamedTuple):
    what: str
    figure: str
    goal: str
    met: bool


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else math.nan


class Rounds:
    """Contenders in turn, round after round, so that what else the machine does hits all alike."""

    def __init__(self, contenders, rounds, settle=lambda: None):
        self.loads = collections.defaultdict(list)
        for contender in contenders.values():
            contender(2)
            settle()
        for _ in range(rounds.count):
            for name, contender in contenders.items():
                self.loads[name].append(contender(rounds.seconds))
                settle()

    def median(self, name, field):
        return statistics.median(getattr(load, field) for load in self.loads[name])

    def answers(self, *names):
        return sum(load.answers for name in names for load in self.loads[name])

    def rows(self, *before):
        for name, loads in self.loads.items():
            rates = [load.rate for load in loads]
            yield (*before, name, f"{self.median(name, 'rate'):,.0f}", f"{min(rates):,.0f} to {max(rates):,.0f}",
                   f"{self.median(name, 'p50'):.2f}", f"{self.median(name, 'p99'):.2f}")


class Report:
    HEAD = ("", "requests/s", "rounds", "p50 ms", "p99 ms")

    def __init__(self):
        self.sections, self.goals, self.started = [], [], datetime.datetime.now(datetime.timezone.utc)

    def section(self, title, *paragraphs):
        self.sections.append(f"## {title}\n\n" + "\n\n".join(paragraphs))
        print("\n" + self.sections[-1], flush=True)

    def at_least(self, what, figure, goal, unit=" ×"):
        self.goals.append(Goal(what, f"{figure:.2f}{unit}", f"at least {goal:g}{unit}", figure >= goal))

    def at_most(self, what, figure, goal, unit=" ×"):
        self.goals.append(Goal(what, f"{figure:.2f}{unit}", f"at most {goal:g}{unit}", figure <= goal))

    def summary(self):
        return table(("goal", "figure", "wanted", "met"), ((*goal[:3], "yes" if goal.met else "**no**") for goal in self.goals))

    def text(self, head):
        minutes = (datetime.datetime.now(datetime.timezone.utc) - self.started).total_seconds() / 60
        run = f"{head} Measured on {self.started:%Y-%m-%d}, in {minutes:.0f} minutes."
        return "\n\n".join(["# Speed, side by side", run, "## Goals", self.summary(), *self.sections]) + "\n"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
