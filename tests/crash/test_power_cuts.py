"""Power cuts that tear: from one seed after another the process stops at one of its writes, syncs, renames or removals, and of what
was not synced by then a random part is left: some of the names that a directory's last sync does not cover, and a beginning of each
file, cut at any byte. Every start must serve all that was ever acknowledged, with no repair.

SEEDED_CUTS (default 12; the long form 10,000), CUT_SEED: the first seed, to try one again. What fails is kept below build/cuts, with
its journal.
"""
import os
import random
import secrets
import shutil
from pathlib import Path

import pytest

import faults
import harness
import powercut
import proof
from harness import Server, wait_until
from load import WAIT, Load

pytestmark = pytest.mark.skipif(harness.STORE != "rocksdb", reason="MongoDB keeps its own files")

CUTS = int(os.environ.get("SEEDED_CUTS", "12"))
SEED = int(os.environ.get("CUT_SEED", "0")) or secrets.randbits(31)
RENEWED = 25  # cuts of one store
FAULT = "power cut at any call, what is not synced torn, names forgotten"
CALLS = (("write", 60), ("sync", 30), ("rename", 2), ("unlink", 3), ("open", 20), ("write,sync,unlink,rename", 400))
KEPT = Path(__file__).resolve().parent.parent.parent / "build" / "cuts"


def until_the_cut(srv, both, dice, flush):
    """One life: from its start on, or from the middle of its load, to the call that the seed names. -> what it promised"""
    kind, at = dice.choice(CALLS)
    flag = srv.directory / "now"
    flag.touch() if dice.random() < 0.3 else flag.unlink(missing_ok=True)
    env = faults.environment(both, srv.data, kind, dice.randint(1, at), then=dice.choice(("kill", "kill-half", "kill-after")), while_=flag)
    srv.start(ready=False, env=env)
    wait_until(lambda: not srv.alive() or answers(srv), 20, "it serves, or was cut off")
    load = Load(srv, routes="456")
    if srv.alive():
        with load:
            wait_until(lambda: not srv.alive() or len(load.acked) >= 12, 20, "load")
            flag.touch()
            if flush:
                srv.command("backup", str(srv.directory / f"backup-{dice.random()}"), check=False)
            begin = harness.time.monotonic()
            wait_until(lambda: not srv.alive() or harness.time.monotonic() > begin + 0.6, 20, "cut off")
            srv.kill9()
    srv.kill9()
    return load


def answers(srv):
    try:
        return srv.get("/readyz").status == 200
    except (OSError, harness.http.client.HTTPException):
        return False


def tried(srv, both, cut, seed, acked, maybe):
    """-> the verdict after one cut, and what the cut took"""
    dice = random.Random(seed)
    load = until_the_cut(srv, both, dice, dice.random() < 0.25)
    acked += load.acked
    maybe += load.unanswered + load.refused
    before = srv.directory / "before"
    shutil.rmtree(before, ignore_errors=True)
    shutil.copytree(srv.data, before, ignore=shutil.ignore_patterns("control.sock"))
    shutil.copy(srv.directory / "journal", before)
    lost = cut(dice)
    shutil.rmtree(srv.directory / "after", ignore_errors=True)
    shutil.copytree(srv.data, srv.directory / "after", ignore=shutil.ignore_patterns("control.sock"))
    srv.start()
    return proof.judge(srv.conversions(), acked, maybe), lost


@pytest.mark.bounded(120 + 6 * CUTS)
def test_seeded_cuts(net, shim, library, tmp_path):
    verdict, promised, bytes_lost, names = proof.SOUND, 0, 0, 0
    for first in range(0, CUTS, RENEWED):
        acked, maybe, directory = [], [], tmp_path / str(first)
        with powercut.server(directory, net, shim) as (srv, cut):
            srv.stop()
            both = f"{library} {shim}"
            for seed in range(SEED + first, SEED + min(CUTS, first + RENEWED)):
                try:
                    found, lost = tried(srv, both, cut, seed, acked, maybe)
                    assert found == proof.SOUND, found
                    srv.stop()
                    srv.command("verify")
                except AssertionError as error:
                    shutil.copytree(directory, KEPT / str(seed), ignore=shutil.ignore_patterns("control.sock"), dirs_exist_ok=True)
                    raise AssertionError(f"seed {seed}, kept in {KEPT / str(seed)}: {error}") from error
                verdict = proof.added(verdict, found)
                bytes_lost += lost.bytes_lost
                names += lost.names_back
        promised += len(acked)
        shutil.rmtree(directory)
    assert bytes_lost > 0 and names > 0, "the cuts take nothing: this test would prove nothing"
    note = f"seeds {SEED} to {SEED + CUTS - 1}, {names} names and {bytes_lost} bytes lost"
    proof.tried(FAULT, CUTS, verdict, promised, note)


@pytest.mark.bounded(90)
def test_the_control_of_seeded_cuts(net, shim, tmp_path):
    """On a disk that only says that it has synced the same cuts take what was acknowledged, and it is seen."""
    seen = 0
    for seed in range(3):
        with powercut.server(tmp_path / str(seed), net, shim) as (srv, cut):
            lied_to = powercut.cut_while_the_disk_lies(srv, lambda: cut(random.Random(seed)), routes="456")
            srv.start(ready=False)
            wait_until(lambda: not srv.alive() or answers(srv), 20, "it serves or refuses")
            seen += not srv.alive() or proof.judge(srv.conversions(), lied_to.acked).lost > 0
    proof.control(FAULT, seen, "3 cuts on a disk that only says it has synced")


def test_the_cut_itself(shim, tmp_path):
    """Names that were made, moved or removed come back as they were at their directory's last sync; synced, they stay."""
    import subprocess
    import sys
    script = """if True:
        import os, sys
        def put(name, text):
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(fd, text); os.fsync(fd); os.close(fd)
        def synced():
            fd = os.open('.', os.O_RDONLY | os.O_DIRECTORY); os.fsync(fd); os.close(fd)
        put('a', b'a'); put('b', b'b'); put('c', b'c'); put('gone', b'x'); synced()
        if sys.argv[1] == '1': os.unlink('gone')
        put('new', b'n')
        os.rename('b', 'moved'); put('c2', b'2'); os.rename('c2', 'c'); os.unlink('a')
        if sys.argv[1] == '1': synced()
    """
    forgotten = {"a": b"a", "b": b"b", "c": b"c", "gone": b"x"}
    kept = {"new": b"n", "moved": b"b", "c": b"2"}
    for synced, expected in (("0", forgotten), ("1", kept)):
        data, journal = tmp_path / f"data{synced}", tmp_path / f"journal{synced}"
        data.mkdir()
        env = {**os.environ, **powercut.environment(shim, journal)}
        subprocess.run([sys.executable, "-c", script, synced], cwd=data, env=env, check=True, timeout=20)
        powercut.cut(data, journal)
        assert {p.name: p.read_bytes() for p in data.iterdir()} == expected
