"""A result of bench/peers.py into docs/performance/: measured.md with its tables, and pictures by matplotlib.

The same result makes the same bytes, so that a picture changes only where a figure has.
"""
import argparse
import json
import pathlib

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

import peer_report  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
OURS, OTHERS = "#0b6e99", "#9aa5ad"
NAMES = {"ours": "barracuda", "ours-mongo": "barracuda\nover MongoDB", "pipeline": "its prototype", "floor": "durable floor",
         "bare-http": "bare HTTP", "commit": "commit path alone", "writer": "bare RocksDB writer", "nginx": "nginx, constant",
         "redis": "Redis, always", "postgres": "PostgreSQL alone", "go-postgres": "Go + PostgreSQL", "node-mongo": "Node + MongoDB",
         "native-mongo": "MongoDB upserts,\nnative"}


def bars(title, unit, values, file, log=False):
    """Horizontal bars, greatest on top; each with its number."""
    ordered = sorted(((name, value) for name, value in values.items() if value is not None), key=lambda pair: pair[1])
    if not ordered:
        return
    figure, axes = plt.subplots(figsize=(8, 0.42 * len(ordered) + 1.3))
    drawn = axes.barh([NAMES.get(name, name) for name, _ in ordered], [value for _, value in ordered],
                      color=[OURS if name in ("ours", "ours-mongo", "commit") else OTHERS for name, _ in ordered])
    axes.bar_label(drawn, [f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" for _, value in ordered], padding=3, fontsize=8)
    axes.set(title=title, xlabel=unit, **({"xscale": "log"} if log else {}))
    finish(figure, axes, file)


def waits(title, peers, file):
    """p50, p99 and p99.9 of those that were asked by the clock."""
    shown = {name: of for name, of in peers.items() if of["p999_us"] is not None}
    if not shown:
        return
    figure, axes = plt.subplots(figsize=(8, 0.42 * len(shown) + 1.6))
    for figure_name, label, marker in (("p50_us", "p50", "o"), ("p99_us", "p99", "s"), ("p999_us", "p99.9", "D")):
        axes.plot([of[figure_name] / 1000 for of in shown.values()], [NAMES.get(name, name) for name in shown], marker, label=label)
    axes.set(title=title, xlabel="ms from the moment the request fell due", xscale="log")
    axes.legend(fontsize=8)
    finish(figure, axes, file)


def finish(figure, axes, file):
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.margins(x=0.15)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    print(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)


MEASURED = """# Beside others, measured

Made by `./dev bench plots` out of a run of `./dev bench peers`; what the rows and the columns are: [peers.md](peers.md).
A conversion of route 5 where no load is named (distinct keys, `GET`, 64 connections).

{report}

{pictures}
"""


def write(result, into):
    """measured.md beside the pictures that are there."""
    pictures = "\n".join(f"![{file.stem}]({file.name})" for file in sorted(into.glob("*.svg")))
    report = peer_report.report(result, True).strip()
    (into / "measured.md").write_text(MEASURED.format(report=report, pictures=pictures), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench plots", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=pathlib.Path, default=ROOT / "build" / "results" / "peers.json")
    parser.add_argument("--into", type=pathlib.Path, default=ROOT / "docs" / "performance")
    options = parser.parse_args()
    # Text stays text: smaller, and to be read and searched.
    plt.rcParams.update({"svg.hashsalt": "barracuda", "svg.fonttype": "none", "font.family": "sans-serif"})
    result = json.loads(options.file.read_text(encoding="utf-8"))
    found = peer_report.medians(result)
    options.into.mkdir(parents=True, exist_ok=True)
    main_load = found.get(peer_report.MAIN, {})

    def of(figure):
        return {name: values[figure] for name, values in main_load.items()}

    bars("Conversions a second: distinct keys, GET, 64 connections", "a second", of("rate"), options.into / "rate.svg", log=True)
    bars("CPU of the server, a conversion", "microseconds", of("cpu_us"), options.into / "cpu.svg", log=True)
    bars("Bytes given to the disk, a conversion", "bytes", {name: value for name, value in of("bytes").items() if value},
         options.into / "bytes.svg", log=True)
    waits("How long callers wait, at half of each one's own rate", found.get("half", {}), options.into / "half.svg")
    waits("How long callers wait, at one rate for all", found.get("fixed", {}), options.into / "fixed.svg")
    write(result, options.into)


if __name__ == "__main__":
    main()
