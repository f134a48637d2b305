# Sealing and opening in this process, by criterion, beside OpenBao's Transit over HTTP; and instructions, by callgrind.
# On all cores, as Transit has them, and on one.
import json
import re
import subprocess

from speed import machine
from speed.figures import Report, Rounds, table
from speed.stage import value

EXAMPLE = machine.ROOT / "target/release/examples/seal_and_open"


def run(stage, report: Report):
    transit = stage.openbao.transit(value(1))
    rounds = Rounds({"8 connections": stage.bao(transit, 8, "POST"), "32 connections": stage.bao(transit, 32, "POST")},
                    stage.size.short_rounds)
    theirs = max(rounds.median(name, "rate") for name in rounds.loads)
    subprocess.run(["cargo", "bench", "--locked", "-p", "strongroom-crypto", "--bench", "seal", "--", "--warm-up-time", "1",
                    "--measurement-time", str(stage.size.criterion_seconds)], cwd=machine.ROOT, check=True, stdout=subprocess.DEVNULL)
    rows = []
    for act in ("seal", "open"):
        one, (low, high) = estimate(act)
        all_cores, _ = estimate(f"{act}-on-all-cores")
        rows.append((act, f"{one / 1000:.2f}", f"{low / 1000:.2f} to {high / 1000:.2f}", f"{1e9 / one:,.0f}", f"{1e9 / all_cores:,.0f}",
                     f"{instructions(act):,.0f}"))
        report.at_least(f"{act} in process, beside Transit, both on all cores", 1e9 / all_cores / theirs, 100)
    report.section("Seal and open", "A value of 40 bytes, under a key file; mean, and its confidence interval of 95 %.",
                   table(("", "µs, on one core", "between", "a second, on one core", "on all", "instructions"), rows),
                   "OpenBao's Transit, encrypt, over HTTP:", table(report.HEAD, rounds.rows()))


def estimate(name):
    """Of one act, in ns: the mean, and its bounds."""
    mean = json.loads((machine.ROOT / f"target/criterion/{name}/new/estimates.json").read_text())["mean"]
    bounds = mean["confidence_interval"]
    return mean["point_estimate"], (bounds["lower_bound"], bounds["upper_bound"])


def instructions(act):
    """Of one act: a thousand more of them make the difference."""
    few, many = (collected(times, 0) if act == "seal" else collected(0, times) for times in (1000, 2000))
    return (many - few) / 1000


def collected(seals, opens):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", EXAMPLE, str(seals), str(opens)],
                          stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])
