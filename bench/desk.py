"""Measures how smooth the desk is in Debian's Chromium over a million conversions: `./dev bench desk`.

A demo is filled and served, its pages are opened, scrolled and pointed at. "Longest" is the longest time from one frame to the
next, "work" the longest time that the page's own script, style and layout held up a frame; the first also counts what other
programs took of the processors. Exits 1 when the page's work held up a frame for more than WANTED_MS.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "web")]
os.environ.setdefault("BARRACUDA_BINARY", str(ROOT / "build" / "release" / "barracuda"))
from demo import demo, node  # noqa: E402

WANTED_MS = 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversions", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as directory:
        begun = time.monotonic()
        with demo(directory, options.conversions) as shown:
            print(f"{options.conversions:,} conversions made and served after {time.monotonic() - begun:.0f} s, load {os.getloadavg()[0]:.1f}")
            done = subprocess.run([node(), ROOT / "bench/desk.mjs"], env={"PATH": os.environ["PATH"], "HOME": directory, **shown},
                                  stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    print(f"{'':<30}{'frames':>8}{'p50':>8}{'longest':>10}{'work':>8}   wanted: work within {WANTED_MS} ms")
    for name, one in figures.items():
        late = " MISSED" if one["work"] > WANTED_MS else ""
        rows = f"   {one['rows']:,} rows" if one.get("rows") else ""
        print(f"{name:<30}{one['frames']:>8}{one['p50']:>8.0f}{one['longest']:>10.0f}{one['work']:>8.0f}{late}{rows}")
    return int(any(one["work"] > WANTED_MS for one in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
