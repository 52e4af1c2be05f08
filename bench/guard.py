"""Sees that no change has made the product grossly slower: in half a minute, as a part of `./dev test`.

Two ratios, each of turns that alternate, so that a busy or another machine changes them little:
  http      CPU of a conversion by route 5 : CPU of a request to bare epoll HTTP. Not their rates: one waits for the disk, so a slow
            disk alone would fail
  commit    the commit path : a bare RocksDB writer of the same bytes, by CPU and by rate, as both wait for it
The best of three rounds may be WORSE times worse than the median in bench/guard.json, for what else a machine does makes a round
worse, hardly better. That is blind to a small loss: `./dev bench peers` is for those. What fails is measured once more, and
fails only if it does again. Where the load average is over four times the cores only CPU is judged.

  --control   the negative control: first the same for a program that is made slow from outside (bench/slowed.c, and
              BENCH_SLOWED_US in bench_commit) by as much CPU as it may cost in all: that must be seen
  --record    measures, and writes what it finds into bench/guard.json: after a change that made it faster
"""
import argparse
import itertools
import json
import os
import shutil
import statistics
import sys
import tempfile

import peer_servers as servers
from peer_list import MAIN, Peer, bare_loads, commit_figures, http_turn
from processes import load_average

RECORDED = servers.BENCH / "guard.json"
WORSE = 1.75
ROUNDS, SECONDS, COMMANDS = 3, 1.5, 20_000
numbers = itertools.count()
SLOW = {"http": "http_cpu", "commit": "commit_cpu"}  # which ratio shows a slow one


def turn(name, server, seconds):
    """-> CPU us of the server a request"""
    peer = Peer(name, name, http_turn, server, bare_loads)
    return http_turn(peer, MAIN, seconds, f"g{next(numbers)}", None, warm_s=0.3)["cpu_us"]


def http(rounds, slowed_us=0):
    """-> {"http_cpu": how many times the CPU of bare HTTP}, of each round; and the bare CPU"""
    cpu, bare = [], []
    with tempfile.TemporaryDirectory() as elsewhere:
        # A path with a blank would be two libraries to LD_PRELOAD.
        library = shutil.copy(servers.BUILT / "libbench_slowed.so", elsewhere)
        more = {"LD_PRELOAD": library, "BENCH_SLOWED_US": str(slowed_us)} if slowed_us else {}
        for _ in range(rounds):
            ours = turn("ours", lambda _: servers.ours(more=more), SECONDS)
            theirs = turn("bare-http", servers.bare_http, SECONDS / 2)
            cpu.append(ours / theirs)
            bare.append(theirs)
    return {"http_cpu": cpu}, statistics.median(bare)


def commit(rounds, slowed_us=0):
    """-> {"commit_cpu": how many times the CPU of the bare writer, "commit_rate": how many times slower}, of each round; and its CPU"""
    found = [commit_figures(COMMANDS, 1, BENCH_SLOWED_US=str(slowed_us)) for _ in range(rounds)]
    ratios = {"commit_cpu": [of["cpu_ratio"] for of in found], "commit_rate": [1 / of["rate_ratio"] for of in found]}
    return ratios, statistics.median(of["writer"]["cpu_us"] for of in found)


PARTS = {"http": http, "commit": commit}


def best(rounds):
    return {name: min(values) for name, values in rounds.items()}


def busy():
    """So many others wait for the cores that a rate says how long they are waited for, not how fast we are."""
    return load_average() > 4 * os.cpu_count()


def lost(found, recorded, cpu_alone=False):
    """The names of the ratios that are grossly worse than the recorded ones; of a busy machine's only those of CPU."""
    return [name for name, value in found.items()
            if value > WORSE * recorded[name] and not (cpu_alone and name.endswith("_rate"))]


def said(found, recorded):
    return ", ".join(f"{name} {value:.2f} (recorded {recorded[name]:.2f}, at most {WORSE * recorded[name]:.2f})"
                     for name, value in found.items())


def guard(name, recorded):
    for attempt in ("", ", once more"):
        rounds, bare_us = PARTS[name](ROUNDS)
        found = best(rounds)
        print(f"{name}{attempt}: {said(found, recorded)}; load average {load_average():.1f}", flush=True)
        if not lost(found, recorded, busy()):
            return True, bare_us
    return False, bare_us


def control(name, recorded, bare_us):
    """A program that costs at least as much more as it may cost in all is seen."""
    found = best(PARTS[name](2, WORSE * recorded[SLOW[name]] * bare_us)[0])
    print(f"{name}, made slow: {said(found, recorded)}", flush=True)
    return SLOW[name] in lost(found, recorded)


def record():
    found = {}
    for name in PARTS:
        found.update({ratio: round(statistics.median(values), 2) for ratio, values in PARTS[name](2 * ROUNDS + 1)[0].items()})
    RECORDED.write_text(json.dumps(found, indent=4) + "\n", encoding="utf-8")
    print(f"recorded: {found}; load average {load_average():.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--control", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if options.record:
        return record()
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    wrong = []
    for name in PARTS:
        fine, bare_us = guard(name, recorded)
        wrong += [] if fine else [f"{name}: grossly slower than recorded"]
        if options.control and not control(name, recorded, bare_us):
            wrong.append(f"{name}: a program that was made slow was not seen")
    print("\n".join(wrong) or "guard: no gross loss")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
