"""Barracuda beside others that record a conversion exactly once, on this machine, in one run. `./dev bench peers`.

Each peer is fetched where it is missing, started alone on loopback with an empty store, durable before it answers, loaded,
and stopped; then the next. After a round of all comes another, in the reverse order (A B C, C B A), so that what else the
machine does meets all of them. Figures are medians over the rounds. Believe ratios within a run, not absolute times.

  --short   what needs nothing fetched: ours, its prototype (pipeline), the durable floor, bare HTTP, the commit path beside a
            bare RocksDB writer; a minute or two. What to run after a change.
  (none)    every peer under one load (distinct keys, GET, 64 connections), then at half of its own rate and at --rate.
  --long    every peer under every load it can take: distinct keys, 20 % repeats, all one key; GET and POST; 1, 64 and 1,000
            connections. An hour or more.

A line says: conversions a second; CPU of the server (all its processes, by /proc) and bytes given to the disk, a conversion;
and how long callers waited. Without a rate every connection asks again when it is answered, so these times say little.
At a rate requests fall due by the clock, and times are measured from then: nothing that waits is left out.

The result goes into build/results/peers.json; `./dev bench plots` makes the pictures of docs/performance/ of it.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import signal
import statistics
import sys
import time

import peer_report
from peer_list import EVERY, MAIN, PEERS, Load, Mongo
from processes import load_average
from run import ROOT, own_directory

RESULT = ROOT / "build" / "results" / "peers.json"
OVERHEAD_S = {"mongo": 4, "debian": 3}  # of a turn, beyond its load


def read_options(arguments):
    names = [peer.name for peer in PEERS]
    listed = "\n".join(f"  {peer.name:<13} {peer.what}" for peer in PEERS)
    parser = argparse.ArgumentParser(prog="./dev bench peers", description=__doc__, epilog=f"peers:\n{listed}\n\nexamples:\n"
                                     "  ./dev bench peers --short\n  ./dev bench peers --only ours,redis,go-postgres --rounds 5\n"
                                     "  ./dev bench peers --long --seconds 10 && ./dev bench plots",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="only what needs nothing fetched")
    form.add_argument("--long", action="store_true", help="every load, not only one")
    parser.add_argument("--only", metavar="NAMES", help="these peers, with commas between them")
    parser.add_argument("--seconds", type=float, help="of a load (default 5; 3 in a short run)")
    parser.add_argument("--rounds", type=int, help="default 3; 2 in a short run")
    parser.add_argument("--rate", type=int, default=2_000, help="the rate that is the same for all (default 2000; 0: none)")
    parser.add_argument("--result", type=pathlib.Path, default=RESULT, help="default build/results/peers.json")
    parser.add_argument("--dry-run", action="store_true", help="say what would be measured and for how long, and do nothing")
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)  # for ./dev: what to fetch
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or (3 if options.short else 5)
    options.rounds = options.rounds or (2 if options.short else 3)
    asked = options.only.split(",") if options.only else None
    unknown = [name for name in asked or [] if name not in names]
    if unknown:
        parser.error(f"no peer {', '.join(unknown)}; there are {', '.join(names)}")
    if not 0.5 <= options.seconds <= 600 or not 1 <= options.rounds <= 100:
        parser.error("a load takes 0.5 to 600 s, and there are 1 to 100 rounds")
    options.peers = [peer for peer in PEERS if (peer.name in asked if asked else peer.short or not options.short)]
    return options


def closed_turns(options):
    """The turns of one round, without a rate."""
    loads = [load for load in EVERY if options.long or load == MAIN]
    return [(peer, load) for peer in options.peers for load in loads if peer.loads(load)]


def open_turns(options, runs):
    """The turns at rates: at half of what each peer was seen to do, and at the one rate that it can surely do."""
    turns = []
    for peer in options.peers:
        rates = [run["rate"] for run in runs if run["peer"] == peer.name and run["load"] == str(MAIN)]
        if not peer.open or not rates:
            continue
        most = statistics.median(rates)
        turns.append((peer, Load(rate=max(int(most / 2), 1)), "half"))
        if options.rate and options.rate < 0.8 * most:
            turns.append((peer, Load(rate=options.rate), "fixed"))
    return turns


def sync_ms():
    """What one small append and its fdatasync take on the repository's disk: the median of 100."""
    with own_directory() as directory:
        file = os.open(directory / "sync", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        took = []
        for _ in range(100):
            os.write(file, b"x" * 512)
            begin = time.monotonic()
            os.fdatasync(file)
            took.append(time.monotonic() - begin)
        os.close(file)
    return statistics.median(took) * 1000


def machine():
    names = [line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
             if line.startswith("model name")]
    return {"cores": os.cpu_count(), "processor": names[0] if names else platform.machine(), "kernel": platform.release(),
            "sync_ms": round(sync_ms(), 3)}


class Run:
    """Turns of peers, each printed and kept."""

    def __init__(self, options):
        self.options, self.runs, self.mongo = options, [], Mongo()
        self.number = int(time.time()) % 1_000_000  # a new one for every load: no key is met again

    def round(self, number, turns):
        for peer, load, *kind in turns if number % 2 == 0 else reversed(turns):
            self.number += 1
            figures = peer.turn(peer, load, self.options.seconds, f"r{self.number}", self.mongo.of(peer))
            beside = figures.pop("beside", {})
            for name, of in {peer.name: figures, **beside}.items():
                found = {"peer": name, "load": kind[0] if kind else str(load), "rate_due": load.rate, "round": number,
                         "load_average": figures["load_average"], **of}
                self.runs.append(found)
                print(peer_report.line(found), flush=True)
        self.mongo.close()

    def all(self):
        try:
            for kind in (closed_turns, lambda options: open_turns(options, self.runs)):
                turns = kind(self.options)
                for number in range(self.options.rounds):
                    if turns:
                        self.round(number, turns)
        finally:
            self.mongo.close()
        return self.runs


def plan(options):
    turns = closed_turns(options)
    open_count = sum(2 for peer in options.peers if peer.open)
    print(f"{options.rounds} rounds of {len(turns)} loads of {options.seconds:g} s, then as many of at most {open_count} at a rate:")
    for peer in options.peers:
        loads = [str(load) for of, load in turns if of is peer]
        print(f"  {peer.name:<13} {', '.join(loads)}{', half its rate, the fixed rate' if peer.open else ''}")
    extra = sum(max([OVERHEAD_S.get(need, 1) for need in peer.needs] or [1]) for peer, _ in turns) * 2
    seconds = options.rounds * ((len(turns) + open_count) * (options.seconds + 3) + extra)
    needs = sorted({need for peer in options.peers for need in peer.needs})
    print(f"about {seconds / 60:.0f} minutes; to be fetched where missing: {', '.join(needs) or 'nothing'}")


def main():
    options = read_options(sys.argv[1:])
    if options.needs:
        print(*sorted({need for peer in options.peers for need in peer.needs}))
        return 0
    if options.dry_run:
        plan(options)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by the way that stops what was started
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for 1,000 connections, of both ends
    about = machine()
    before = load_average()
    print(f"{about['cores']} cores shared with the load ({about['processor']}), one sync {about['sync_ms']:.2f} ms, load average "
          f"{before:.1f} before", flush=True)
    runs = Run(options).all()
    result = {"at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": about,
              "load_average": [round(before, 2), round(load_average(), 2)], "seconds": options.seconds, "rounds": options.rounds,
              "runs": runs}
    options.result.parent.mkdir(parents=True, exist_ok=True)
    options.result.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(peer_report.report(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
