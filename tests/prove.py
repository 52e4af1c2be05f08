"""Runs the proofs and makes docs/proof.md of what they found.

    tests/prove.py                                  the short form, as ./dev test has it
    tests/prove.py --hours 2                        each proof as often as its share of two hours has room for
    tests/prove.py --races 1000000 --cuts 10000     so many of these
    tests/prove.py --only kill,clock                some of them
    tests/prove.py --only kill,clock --add          and what the runs before found of the others stays
    tests/prove.py --table FILE                     only the table, of the lines that a run wrote
"""
import argparse
import collections
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "proof.md"
DAMAGE = "## Every file of the data directory, harmed"

# files: what pytest runs. setting: the environment's name for how often. seconds: what one costs on the two-core machine of
# docs/performance.md, by which --hours shares out the time. Without a setting it is always the same.
Proof = collections.namedtuple("Proof", "files setting seconds share option")
PROOFS = {
    "race": Proof(["tests/race/test_race_plan.py"], "RACE_REQUESTS", 1 / 1500, 0.15, "races"),
    "kill": Proof(["tests/crash/test_kill.py"], "CRASH_ROUNDS", 1.5, 0.1, "kills"),
    "points": Proof(["tests/crash/test_kill_points.py"], "KILL_POINTS", 40, 0.2, "points"),
    "commands": Proof(["tests/crash/test_kill_commands.py"], "KILL_COMMANDS", 8, 0.1, "commands"),
    "cuts": Proof(["tests/crash/test_power_cuts.py"], "SEEDED_CUTS", 1.2, 0.25, "cuts"),
    "calls": Proof(["tests/crash/test_failing_calls.py"], "FAILING_CALLS", 20, 0.1, "calls"),
    "clock": Proof(["tests/crash/test_clock.py"], "CLOCK_JUMPS", 2, 0.02, "jumps"),
    "disk": Proof(["tests/crash/test_disk.py"], "DISK_ROUNDS", 10, 0.03, "disks"),
    "files": Proof(["tests/crash/test_store_files.py"], None, 0, 0, None),
    "moving": Proof(["tests/e2e/test_adopt.py::test_killed_at_any_moment_it_comes_to_the_same_end",
                     "tests/e2e/test_migrate.py::test_killed_at_any_moment_both_ways"], None, 0, 0, None),
    "soak": Proof(["tests/soak/test_soak.py"], "SOAK_SECONDS", 1, 0.05, "soak"),
}
CALLS_MAX = 200  # the sweep over failing calls has an end


def read(path):
    """-> {fault: its row}, in the order of their names; of several lines for one the last counts"""
    rows = {}
    for line in Path(path).read_text().splitlines() if Path(path).exists() else []:
        one = json.loads(line)
        rows.setdefault(one["fault"], {}).update(one)
    return dict(sorted(rows.items()))


def faults_in(rows):
    """What is not proven, in words."""
    for fault, row in rows.items():
        if "tried" not in row:
            yield f"{fault}: only its control was run"
        elif row["tried"] < 1 or any(row[name] for name in ("lost", "doubled", "wrong")):
            yield f"{fault}: {row['tried']} tried, {row['lost']} lost, {row['doubled']} doubled, {row['wrong']} wrong"
        if row.get("control", 0) < 1:
            yield f"{fault}: a proof without a control that finds something"


def table(rows):
    head = ["fault", "tried", "acknowledged", "lost", "doubled", "wrong answers", "negative control: found"]
    out = ["| " + " | ".join(head) + " |", "|---" + "|--:" * 5 + "|---|"]
    for fault, row in rows.items():
        number = lambda name: f"{row[name]:,}" if row.get(name) is not None else "–"
        cells = [fault, *(number(name) for name in ("tried", "acknowledged", "lost", "doubled", "wrong"))]
        out.append("| " + " | ".join([*cells, f"{number('control')}: {row.get('how', '')}"]) + " |")
    return "\n".join(out) + "\n"


def notes(rows):
    return "".join(f"- {fault}: {row['note']}\n" for fault, row in rows.items() if row.get("note"))


def page(rows, harms, arguments, seconds):
    """docs/proof.md"""
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    text = PAGE.read_text().split("<!-- made by ./dev prove: do not edit below -->")[0] if PAGE.exists() else "# Proof\n\n"
    text += "<!-- made by ./dev prove: do not edit below -->\n"
    command = " ".join(["./dev prove", *arguments])
    text += f"## What was found\n`{command}`, ended {when}, {seconds / 60:,.0f} minutes on {os.cpu_count()} cores.\n\n"
    text += table(rows) + "\n" + notes(rows)
    if not harms:
        return text
    return text + f"\n{DAMAGE}\nWhat both starts after it do; what it means: [damage.md](operating/damage.md).\n\n{harms}"


def settings(options):
    """-> the environment of the proofs that are asked for"""
    env = {}
    for name in options.only:
        proof = PROOFS[name]
        if not proof.setting:
            continue
        given = getattr(options, proof.option)
        count = given or (int(options.hours * 3600 * proof.share / proof.seconds) if options.hours else 0)
        if name == "calls":
            count = min(count, CALLS_MAX)
        if count:
            env[proof.setting] = str(count)
    if "RACE_REQUESTS" in env and options.hours and not options.races:
        env["RACE_REQUESTS"] = str(min(int(env["RACE_REQUESTS"]), 1_000_000))
    if "CRASH_ROUNDS" in env:
        env["POWERCUT_ROUNDS"] = str(max(6, int(env["CRASH_ROUNDS"]) // 4))
    return env


def parsed(arguments):
    parser = argparse.ArgumentParser(prog="./dev prove", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=0, help="about so long in all")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PROOFS), help=",".join(PROOFS))
    parser.add_argument("--add", action="store_true", help="keep what earlier runs found of what is not tried now")
    parser.add_argument("--table", type=Path, help="only the table of this file's lines; fails where something is not proven")
    for name, proof in PROOFS.items():
        if proof.option:
            parser.add_argument(f"--{proof.option}", type=int, default=0, help=f"how often: {name}")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.only if name not in PROOFS]
    if unknown:
        parser.error(f"--only: there is no proof {', '.join(unknown)}")
    return options


def run(options, results):
    """The proofs, as many at a time as the short form of ./dev test has. -> pytest's status"""
    results.mkdir(parents=True, exist_ok=True)
    record, harms = results / "proof.jsonl", results / "harms.md"
    for old in () if options.add else (record, harms):
        old.unlink(missing_ok=True)
    env = {**os.environ, **settings(options), "PROOF_RECORD": str(record), "STORE_FILES_TABLE": str(harms)}
    print("settings: " + (", ".join(f"{name}={env[name]}" for name in settings(options)) or "the short form"), flush=True)
    files = [file for name in options.only if name != "soak" for file in PROOFS[name].files]
    beside = ["-n", str(max(2, os.cpu_count() or 2)), "--dist", "loadfile"]
    status = 0
    if files:
        status = subprocess.run([sys.executable, "-m", "pytest", *files, "-q", *beside, f"--junitxml={results / 'prove.xml'}"], cwd=ROOT, env=env, check=False).returncode
    if "soak" in options.only:  # alone: it measures
        soak = [*PROOFS["soak"].files, "-q", "-s", f"--junitxml={results / 'soak.xml'}"]
        status |= subprocess.run([sys.executable, "-m", "pytest", *soak], cwd=ROOT, env=env, check=False).returncode
    return status


def main(arguments):
    options = parsed(arguments)
    if options.table:
        rows = read(options.table)
        print(table(rows) + notes(rows))
        found = list(faults_in(rows))
        print("\n".join(found) if found else f"{len(rows)} faults, nothing lost, nothing doubled, no wrong answer")
        return 1 if found or not rows else 0
    begin, results = datetime.datetime.now(), ROOT / "build" / "results"
    status = run(options, results)
    rows = read(results / "proof.jsonl")
    harms = (results / "harms.md").read_text() if (results / "harms.md").exists() else ""
    found = list(faults_in(rows))
    print(table(rows) + notes(rows))
    text = page(rows, harms, arguments, (datetime.datetime.now() - begin).total_seconds())
    whole = options.only == list(PROOFS) or options.add
    to = PAGE if whole and not status and not found else results / "proof.md"
    to.write_text(text)
    print("\n".join([*found, f"written: {to.relative_to(ROOT)}"]))
    return 1 if status or found or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
