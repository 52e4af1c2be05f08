"""What the received log costs: two servers, one with the log and one without, driven in turns with route 5.

Prints both medians; exits 1 when the log costs more than 5 % of the throughput. Turns are short and
alternate who goes first, so that what else the machine does meets both.
"""
import argparse
import pathlib
import statistics
import sys

import run

MOST = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=run.ROOT / "build" / "release" / "barracuda", type=pathlib.Path)
    parser.add_argument("--seconds", default=3, type=int)
    parser.add_argument("--turns", default=10, type=int)
    parser.add_argument("--connections", default=64, type=int)
    parser.add_argument("--threads", default=2, type=int)
    options = parser.parse_args()
    figures = {"off": [], "on": []}
    with run.server(options.program, {"BARRACUDA_LOG_RECEIVED_MAX_MB": "0"}) as off, run.server(options.program) as on:
        sides = {"off": off, "on": on}
        for turn in range(options.turns):
            for side in ("off", "on") if turn % 2 == 0 else ("on", "off"):
                figures[side].append(run.drive(*sides[side], f"{side}-{turn}", 0, options))
    rate = {side: statistics.median(f["rate"] for f in of) for side, of in figures.items()}
    cpu = {side: statistics.median(f["cpu_us"] for f in of) for side, of in figures.items()}
    cost = statistics.median(1 - a["rate"] / b["rate"] for a, b in zip(figures["on"], figures["off"]))
    print(f"median of {options.turns}: off {rate['off']:,.0f}/s {cpu['off']:.1f} us CPU, on {rate['on']:,.0f}/s "
          f"{cpu['on']:.1f} us CPU; the log costs {100 * cost:.1f} % of the throughput")
    return 0 if cost <= MOST else 1


sys.exit(main())
