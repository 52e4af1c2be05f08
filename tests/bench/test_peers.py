"""What ./dev bench peers says of its turns: the table, the ratios, what they cost, and what it would fetch."""
import json
import subprocess
import sys
import time

import pytest

from harness import ROOT

sys.path.append(str(ROOT / "bench"))
import guard  # noqa: E402
import peer_report  # noqa: E402
import peers  # noqa: E402
from processes import Use  # noqa: E402


def run_of(peer, number, rate, cpu, **more):
    return {"peer": peer, "load": "distinct/get/64", "rate_due": 0, "round": number, "rate": rate, "cpu_us": cpu, "bytes": None,
            "load_average": 1.0, **more}


def result_of(runs):
    return {"runs": runs, "rounds": 3, "seconds": 5, "machine": {"cores": 2, "sync_ms": 0.5}}


def test_a_ratio_is_of_two_turns_of_one_round():
    """The machine was busy in the second round: both were slow, and their ratio is what it was."""
    rates = [(30_000, 60_000), (3_000, 6_000), (33_000, 60_000)]
    runs = [run for number, (ours, floor) in enumerate(rates)
            for run in (run_of("ours", number, ours, 30), run_of("floor", number, floor, 6))]
    assert peer_report.ratio(result_of(runs), peer_report.MAIN, "ours", "floor") == 0.5
    assert peer_report.medians(result_of(runs))[peer_report.MAIN]["ours"]["rate"] == 30_000
    held = {words: reached for words, _, _, _, reached in peer_report.held(result_of(runs))}
    assert held == {"rate : durable floor": True}
    slower = [{**run, "rate": run["rate"] * 0.9} if run["peer"] == "ours" else run for run in runs]
    assert [reached for *_, reached in peer_report.held(result_of(slower))] == [False]


def test_cpu_is_held_from_above_and_the_wait_with_one_sync():
    runs = [run_of("ours", 0, 1, 26), run_of("bare-http", 0, 1, 5),
            run_of("ours", 0, 1, 26, load="half", rate_due=10, p50_us=1, p99_us=5_400, p999_us=9_000)]
    found = {words: (value, reached) for words, value, _, _, reached in peer_report.held(result_of(runs))}
    assert found["CPU : bare epoll HTTP"] == (5.2, False)
    assert found["p99 at half the rate, ms"] == (5.4, True), "5 ms and a sync of 0.5"


def test_the_table_names_what_was_missed_and_how_busy_the_machine_was():
    runs = [run_of("ours", 0, 10, 30), run_of("floor", 0, 100, 6, load_average=7.5)]
    for markdown in (False, True):
        text = peer_report.report(result_of(runs), markdown)
        assert "MISSED" in text and "load average of the machine 1.0 to 7.5" in text


# A child that writes 1 MiB and works for a while, and has ended when the parent says so.
CHILD = """read go; sh -c 'dd if=/dev/zero of="$0" bs=1M count=1 conv=fsync 2>/dev/null
i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done' "$1"
echo done; read go"""


def test_what_children_used_counts_also_after_they_have_ended(tmp_path):
    with subprocess.Popen(["sh", "-c", CHILD, "sh", tmp_path / "f"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        try:
            with Use([parent.pid]) as use:
                parent.stdin.write("go\n")
                parent.stdin.flush()
                assert parent.stdout.readline() == "done\n"
            with Use([parent.pid]) as idle:
                time.sleep(0.05)
        finally:
            parent.stdin.close()
    assert use.cpu_us > 0.1e6
    assert use.bytes is None or use.bytes >= 1 << 20
    assert idle.cpu_us < 0.1e6 and not idle.bytes


def needs(*arguments):
    return sorted({need for peer in peers.read_options(list(arguments)).peers for need in peer.needs})


def test_it_says_what_it_would_do_and_fetches_only_what_that_needs(capsys):
    assert needs("--short") == []
    assert needs("--only", "ours,redis") == ["debian"]
    assert needs() == ["debian", "go", "mongo", "nginx", "node"]
    peers.plan(peers.read_options(["--long"]))
    long = capsys.readouterr().out
    for load in ("distinct/get/64", "repeats/post/1000", "one/get/1,"):
        assert load in long
    assert "minutes" in long
    peers.plan(peers.read_options([]))
    assert "repeats" not in capsys.readouterr().out
    for wrong in (["--only", "oracle"], ["--short", "--long"], ["--seconds", "0.1"], ["--rounds", "101"]):
        with pytest.raises(SystemExit) as refused:
            peers.read_options(wrong)
        assert refused.value.code == 2
    assert "no peer oracle" in capsys.readouterr().err


def test_the_help_teaches(capsys):
    with pytest.raises(SystemExit):
        peers.read_options(["--help"])
    said = capsys.readouterr().out
    for word in ("--short", "--dry-run", "examples:", "go-postgres", "ratios"):
        assert word in said


def test_rates_are_half_of_what_was_seen_and_one_that_all_can_do():
    options = peers.read_options(["--only", "ours,redis,commit", "--rate", "2000"])
    seen = [run_of("ours", 0, 30_000, 1), run_of("ours", 1, 10_000, 1), run_of("ours", 2, 20_000, 1), run_of("redis", 0, 2_100, 1),
            run_of("commit", 0, 9_000, 1)]
    turns = [(peer.name, load.rate, kind) for peer, load, kind in peers.open_turns(options, seen)]
    assert turns == [("ours", 10_000, "half"), ("ours", 2_000, "fixed"), ("redis", 1_050, "half")], "2,000 is too near to its most"


@pytest.mark.parametrize(("times", "is_lost"), [(1.0, False), (1.7, False), (1.8, True), (2.0, True)])
def test_the_guard_lets_noise_pass_and_half_the_speed_not(times, is_lost):
    recorded = json.loads(guard.RECORDED.read_text(encoding="utf-8"))
    for name, value in recorded.items():
        assert (guard.lost({name: times * value}, recorded) == [name]) is is_lost
        on_a_busy_machine = is_lost and name.endswith("_cpu")
        assert (guard.lost({name: times * value}, recorded, cpu_alone=True) == [name]) is on_a_busy_machine
