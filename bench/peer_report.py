"""What a result of bench/peers.py says: medians, a table, and the figures that are to be held.

As a program it prints the table of a result that is kept: python3 bench/peer_report.py [FILE] [--markdown]
"""
import json
import pathlib
import statistics
import sys

FIGURES = ("rate", "cpu_us", "bytes", "p50_us", "p99_us", "p999_us", "load_cpu_us")
MAIN = "distinct/get/64"


def medians(result):
    """{load: {peer: {figure: median over the rounds}}}, in the order of the first round"""
    found = {}
    for run in result["runs"]:
        found.setdefault(run["load"], {}).setdefault(run["peer"], []).append(run)
    return {load: {peer: {figure: _median(runs, figure) for figure in (*FIGURES, "rate_due")} for peer, runs in peers.items()}
            for load, peers in found.items()}


def _median(runs, figure):
    values = [run[figure] for run in runs if run.get(figure) is not None]
    return statistics.median(values) if values else None


def ratio(result, load, over, under, figure="rate"):
    """The median of the rounds' ratios, each of two turns of one round; None where one was not measured."""
    by_round = {}
    for run in result["runs"]:
        if run["load"] == load and run["peer"] in (over, under) and run.get(figure) is not None:
            by_round.setdefault(run["round"], {})[run["peer"]] = run[figure]
    ratios = [of[over] / of[under] for of in by_round.values() if over in of and of.get(under)]
    return statistics.median(ratios) if ratios else None


# What is to be held: words, figure, ours, theirs, at least (or at most), then.
HELD = [
    ("rate : the prototype's way", "rate", "ours", "pipeline", 1.0, 1.2),
    ("CPU : the prototype's way", "cpu_us", "ours", "pipeline", 1.1, 1.0),
    ("rate : durable floor", "rate", "ours", "floor", 0.5, 0.7),
    ("rate : Go + PostgreSQL", "rate", "ours", "go-postgres", 4, 5),
    ("rate : PostgreSQL alone", "rate", "ours", "postgres", 2.5, 3),
    ("rate : Redis", "rate", "ours", "redis", 0.65, 0.9),
    ("CPU : bare epoll HTTP", "cpu_us", "ours", "bare-http", 5, 4),
    ("commit path, rate : bare writer", "rate", "commit", "writer", 0.85, 0.95),
    ("rate over MongoDB : one upsert a request, native", "rate", "ours-mongo", "native-mongo", 5, 8),
    ("rate over MongoDB : Node", "rate", "ours-mongo", "node-mongo", None, None),
]


def held(result):
    """Yields (words, found, wanted, then, whether it is reached) of every figure that was measured."""
    for words, figure, ours, theirs, least, then in HELD:
        found = ratio(result, MAIN, ours, theirs, figure)
        if found is not None:
            reached = None if least is None else found <= least if figure == "cpu_us" else found >= least
            yield words, found, least, then, reached
    half = medians(result).get("half", {}).get("ours", {})
    if half.get("p99_us") is not None:
        sync = result["machine"]["sync_ms"]
        found = half["p99_us"] / 1000
        yield "p99 at half the rate, ms", found, 5 + sync, 2 + sync, found <= 5 + sync


def _number(value, form="{:,.0f}"):
    return "-" if value is None else form.format(value)


def _ms(value):
    return "-" if value is None else f"{value / 1000:.2f}"


HEAD = ("", "a second", "CPU us", "bytes", "p50 ms", "p99 ms", "p99.9 ms")


def cells(name, of):
    return (name, _number(of.get("rate")), _number(of.get("cpu_us"), "{:.1f}"), _number(of.get("bytes")), _ms(of.get("p50_us")),
            _ms(of.get("p99_us")), _ms(of.get("p999_us")))


def line(run):
    """One turn, as it is printed when it ends."""
    load = run["load"] if not run["rate_due"] else f"{run['load']}: {run['rate_due']:,}/s due"
    _, rate, cpu, written, p50, p99, p999 = cells("", run)
    return (f"{run['peer']:<13} {load:<22} {rate:>8} a second  {cpu:>7} us CPU each  {written:>7} bytes  "
            f"p50 {p50} p99 {p99} p99.9 {p999} ms  load average {run['load_average']:.1f}")


def report(result, markdown=False):
    out = []
    for load, peers in medians(result).items():
        title = {"half": "at half of its own rate", "fixed": "at one rate"}.get(load, load)
        rows = [cells(name, of) for name, of in peers.items()]
        out += ["", *(_markdown(title, rows) if markdown else _plain(title, rows))]
    out += ["", "| to be held | found | wanted | |", "|---|---|---|---|"] if markdown else [""]
    for words, found, least, then, reached in held(result):
        wanted = "" if least is None else f"at {'least' if least < then else 'most'} {least:.4g}, then {then:.4g}"
        said = {True: "held", False: "MISSED", None: ""}[reached]
        out.append(f"| {words} | {found:.2f} | {wanted} | {said} |" if markdown else f"{words:<50} {found:6.2f}   {wanted:<28} {said}")
    loads = [run["load_average"] for run in result["runs"]]
    out += ["", f"medians of {result['rounds']} rounds of {result['seconds']:g} s; {result['machine']['cores']} cores shared with the load; "
                f"one sync {result['machine']['sync_ms']:.2f} ms; load average of the machine {min(loads):.1f} to {max(loads):.1f}"]
    return "\n".join(out)


def _plain(title, rows):
    yield f"{title:<14}" + "".join(f"{name:>11}" for name in HEAD[1:])
    for name, *values in rows:
        yield f"{name:<14}" + "".join(f"{value:>11}" for value in values)


def _markdown(title, rows):
    yield f"| {title} | " + " | ".join(HEAD[1:]) + " |"
    yield "|---" * len(HEAD) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    files = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    file = pathlib.Path(files[0]) if files else root / "build" / "results" / "peers.json"
    print(report(json.loads(file.read_text(encoding="utf-8")), "--markdown" in sys.argv))


if __name__ == "__main__":
    main()
