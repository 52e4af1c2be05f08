"""The table of the proofs fails where one lost something, was not tried, or has no control that finds anything."""
import collections
import json
import re
import subprocess
import sys

import pytest

import proof
import prove
from documents import ROOT, rows, text_of
from seed import difference

LINE = {"fault": "a kill", "tried": 20, "acknowledged": 900, "lost": 0, "doubled": 0, "wrong": 0, "note": ""}
CONTROL = {"fault": "a kill", "control": 7, "how": "set back"}


def table_of(tmp_path, *lines):
    record = tmp_path / "record"
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return subprocess.run([sys.executable, "tests/prove.py", "--table", str(record)], cwd=ROOT, capture_output=True, text=True, timeout=30)


def test_a_proof_with_its_control_passes(tmp_path):
    done = table_of(tmp_path, LINE, CONTROL)
    assert done.returncode == 0 and "| a kill | 20 | 900 | 0 | 0 | 0 | 7: set back |" in done.stdout, done


@pytest.mark.parametrize("lines", [
    [], [LINE], [CONTROL], [LINE, {**CONTROL, "control": 0}], [{**LINE, "tried": 0}, CONTROL], [{**LINE, "lost": 1}, CONTROL],
    [{**LINE, "doubled": 1}, CONTROL], [{**LINE, "wrong": 1}, CONTROL], [LINE, CONTROL, {**LINE, "fault": "another"}],
])
def test_anything_less_fails(tmp_path, lines):
    assert table_of(tmp_path, *lines).returncode == 1


def test_the_last_line_of_a_fault_counts(tmp_path):
    assert table_of(tmp_path, {**LINE, "lost": 1}, CONTROL, LINE).returncode == 0


def test_time_is_shared_out():
    hours = prove.settings(prove.parsed(["--hours", "2"]))
    assert int(hours["KILL_POINTS"]) > 10 and hours["FAILING_CALLS"] == str(min(200, int(hours["FAILING_CALLS"])))
    given = prove.settings(prove.parsed(["--only", "race,cuts", "--races", "1000000", "--cuts", "10000"]))
    assert given == {"RACE_REQUESTS": "1000000", "SEEDED_CUTS": "10000"}
    assert prove.settings(prove.parsed([])) == {}, "the short form is what the tests do by themselves"
    assert 0.9 < sum(one.share for one in prove.PROOFS.values()) <= 1.001
    with pytest.raises(SystemExit):
        prove.parsed(["--only", "nothing"])


def test_every_setting_is_one_that_a_test_reads():
    for one in prove.PROOFS.values():
        paths = [ROOT / file.split("::")[0] for file in one.files]
        assert all(path.exists() for path in paths)
        assert one.setting is None or any(f'"{one.setting}"' in path.read_text() for path in paths), one


def test_the_page_shows_what_was_proven():
    """docs/proof.md as the command left it: every row zero, with a control that found something."""
    proven = [row for row in rows(text_of("docs/proof.md")) if "fault" in row]
    assert len(proven) >= 35
    for row in proven:
        assert (row["lost"], row["doubled"], row["wrong answers"]) == ("0", "0", "0") and int(row["tried"].replace(",", "")) > 0, row
        assert int(re.match(r"[\d,]+", row["negative control: found"])[0].replace(",", "")) > 0, row
    assert len([row for row in rows(text_of("docs/proof.md")) if "file" in row]) >= 9, "every file, harmed"


Report = collections.namedtuple("Report", "click goal_id")


def stored(click, goal="6", **more):
    return {"click_id": click, "goal_id": goal, "amount": 10, "affiliate_id": "7", **more}


def test_the_judge_sees_each_kind():
    acked, maybe = [Report("a", "6"), Report("b", "6")], [Report("c", "6")]
    sound = [stored("a"), stored("b")]
    assert proof.judge(sound, acked, maybe) == proof.SOUND == proof.judge([*sound, stored("c")], acked, maybe)
    assert proof.judge([stored("a")], acked, maybe) == proof.Verdict(1, 0, 0)
    assert proof.judge([stored("a"), stored("b", "5")], acked, maybe) == proof.Verdict(1, 0, 1), "another goal is another conversion"
    assert proof.judge([*sound, stored("b"), stored("b")], acked, maybe) == proof.Verdict(0, 2, 0)
    assert proof.judge([*sound, stored("nobody's")], acked, maybe) == proof.Verdict(0, 0, 1)
    for other in ({"amount": 11}, {"affiliate_id": "8"}):
        assert proof.judge([stored("a"), stored("b", **other)], acked, maybe) == proof.Verdict(0, 0, 1), other
    assert proof.added(proof.Verdict(1, 2, 3), proof.Verdict(1, 0, 0)) == proof.Verdict(2, 2, 3)


def test_a_control_that_finds_nothing_fails(monkeypatch):
    monkeypatch.delenv("PROOF_RECORD", raising=False)
    with pytest.raises(AssertionError, match="blind"):
        proof.control("a made-up fault", 0, "nothing was harmed")


def test_the_judge_of_a_move_sees_each_kind():
    one = {"conversions": [{"_id": 1, "a": 1}, {"_id": 2, "a": 1}]}
    assert difference(one, one) == (0, 0, 0)
    assert difference(one, {"conversions": [{"_id": 1, "a": 1}]}) == (1, 0, 0) and difference(one, {}) == (2, 0, 0)
    assert difference(one, {"conversions": [{"_id": 1, "a": 1}, {"_id": 2, "a": 2}]}) == (0, 0, 1)
    assert difference(one, {"conversions": [*one["conversions"], {"_id": 2, "a": 1}]}) == (0, 1, 0)
    assert difference(one, {**one, "contacts": [{"_id": 9}]}) == (0, 0, 1)
