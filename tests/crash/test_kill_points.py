"""kill -9 at named points of the program's work: the shim failing_calls.c stops the process before, in the middle of, or right
after one of its calls to the system, with no word of it in the program itself. Then it starts anew, and what clients hold as
acknowledged is compared with what it serves, with what the network was told, and with what `verify` says.

KILL_POINTS (default 1) kills at each point.
"""
import collections
import os
import random
import time

import pytest

import faults
import harness
import proof
from harness import Server, wait_until
from load import WAIT, Load, send

pytestmark = pytest.mark.skipif(harness.STORE != "rocksdb", reason="the calls are RocksDB's")

KILLS = int(os.environ.get("KILL_POINTS", "1"))
RENEWED = 20  # kills of one store, which grows with each
LOG, TABLE, MANIFEST = {"ending": ".log"}, {"ending": ".sst"}, {"beginning": "MANIFEST-"}

# name; kind of call and what is done there; of which files or thread; which of these calls, at most; what brings it about
Point = collections.namedtuple("Point", "name kind then more at act")


def load_alone(srv, _):
    pass


def flushes(srv, number):
    """A backup writes what is in memory into a table first; the fourth table has them compacted."""
    for i in range(12):
        if not srv.alive():
            return
        srv.command("backup", str(srv.directory / f"backup-{number}-{i}"), check=False)
        time.sleep(0.05)


def stops(srv, _):
    srv.process.terminate()


POINTS = [
    Point("before a batch is appended to the log", "write", "kill", LOG, 30, load_alone),
    Point("in the middle of appending a batch", "write", "kill-half", LOG, 30, load_alone),
    Point("after the append, before its sync", "sync", "kill", LOG, 30, load_alone),
    Point("after the sync, before the answer", "sync", "kill-after", LOG, 30, load_alone),
    Point("before an answer is sent", "send", "kill", {"thread": "io"}, 40, load_alone),
    Point("in the middle of an answer", "send", "kill-half", {"thread": "io"}, 40, load_alone),
    Point("after an answer is sent", "send", "kill-after", {"thread": "io"}, 40, load_alone),
    Point("before a delivery is sent", "send", "kill", {"thread": "dispatcher"}, 12, load_alone),
    Point("after a delivery is sent, before the network's answer", "send", "kill-after", {"thread": "dispatcher"}, 12, load_alone),
    Point("after the network's answer, before its outcome is stored", "receive", "kill", {"thread": "dispatcher"}, 12, load_alone),
    Point("in a flush, within its table", "write", "kill-half", {**TABLE, "thread": "rocksdb:high"}, 3, flushes),
    Point("in a flush, before its table is synced", "sync", "kill", {**TABLE, "thread": "rocksdb:high"}, 3, flushes),
    Point("in a flush, before the manifest knows of it", "write", "kill", MANIFEST, 3, flushes),
    Point("in a flush, before the manifest is synced", "sync", "kill", MANIFEST, 3, flushes),
    Point("after a flush, before an old log goes", "unlink", "kill", LOG, 2, flushes),
    Point("in a compaction, within its table", "write", "kill-half", {**TABLE, "thread": "rocksdb:low"}, 2, flushes),
    Point("after a compaction, before what it read goes", "unlink", "kill", TABLE, 2, flushes),
    Point("in a stop", "write,sync,unlink", "kill", {}, 3, stops),
    Point("while the high-water mark is written", "write", "kill-half", {"beginning": "HIGH_WATER"}, 20, load_alone),
]


def fault(point):
    return f"kill -9 {point.name}"


def killed(srv, library, point, number, prepared=8):
    """Load, and the process is gone at the point. -> the load"""
    flag, tally = srv.directory / "now", srv.directory / "tally"
    tally.unlink(missing_ok=True)
    srv.start(env=faults.environment(library, srv.data, point.kind, random.randint(1, point.at), then=point.then, flat=1,
                                     while_=flag, tally=tally, **point.more))
    with Load(srv, routes="4566") as load:
        wait_until(lambda: len(load.acked) >= prepared, 20, "load")
        flag.touch()
        point.act(srv, number)
        wait_until(lambda: not srv.alive(), 30, f"the process comes to the point: {point.name}")
    flag.unlink()
    assert srv.process.returncode == -9 and faults.tally_of(tally)[1] == 1, (point, srv.process.returncode, srv.log_tail())
    srv.kill9()
    return load


def looked_at(srv, net, acked, maybe):
    """After the restart. -> what is wrong"""
    verdict = proof.judge(srv.conversions(), acked, maybe)
    assert srv.command("verify").stdout == "the store is sound\n"
    return verdict._replace(doubled=verdict.doubled + proof.twice_told(net, acked))


def again(srv, load):
    """The clients do what clients do: what had no answer is sent again, and is there once. -> how many answers were wrong"""
    wrong = 0
    for sent in load.unanswered[:8]:
        answer = send(srv, sent)
        wrong += answer.status not in (200, 202) or answer.json["verdict"] not in ("recorded", "duplicate", "updated")
    for sent in random.sample(load.acked, min(4, len(load.acked))):
        wrong += send(srv, sent).json["isDuplicate"] is not True
    return wrong


def paid(net, reports):
    wait_until(lambda: {s.click for s in reports} <= {c.query["click_id"] for c in net.goals(accepted=True)}, 60,
               "what was owed is paid", step=0.25)


@pytest.mark.bounded(60 + 12 * KILLS)
@pytest.mark.parametrize("point", POINTS, ids=[p.name for p in POINTS])
def test_killed_at(net, tmp_path, library, point):
    net.set_mode("slow", "goal", delay=0.01)
    verdict, promised = proof.SOUND, 0
    for first in range(0, KILLS, RENEWED):
        acked, maybe = [], []
        with Server(tmp_path / str(first), net, env=WAIT, start=False) as srv:
            for number in range(first, min(KILLS, first + RENEWED)):
                load = killed(srv, library, point, number)
                acked += load.acked
                maybe += load.unanswered + load.refused
                srv.start()
                found = looked_at(srv, net, acked, maybe)
                wrong = again(srv, load)
                srv.stop()
                verdict = proof.added(verdict, found._replace(wrong=found.wrong + wrong))
                assert verdict == proof.SOUND, (point, verdict)
            srv.start()
            paid(net, [s for s in acked if s.route == "6"])
        promised += len(acked)
    proof.tried(fault(point), KILLS, verdict, promised)


@pytest.mark.bounded(120)
def test_the_control_of_the_points(net, tmp_path, library):
    """The same kill, and the store set back to what it was before it: the same look sees what is missing."""
    with Server(tmp_path, net, env=WAIT, start=False) as srv:
        with proof.set_back(srv, tmp_path):
            load = killed(srv, library, POINTS[3], 0, prepared=60)
        srv.start()
        found = looked_at(srv, net, load.acked, load.unanswered)
    assert found.lost == len({(s.click, s.goal_id) for s in load.acked})
    for point in POINTS:
        proof.control(fault(point), found.lost, "after the kill the store is set back to its state before the load")


def test_the_control_that_is_told_twice(net, tmp_path):
    """A network that hears of a report under a second id is seen to."""
    with Server(tmp_path, net, env=WAIT) as srv, Load(srv, routes="6") as load:
        wait_until(lambda: len(load.acked) >= 5, 20, "load")
    paid(net, load.acked)
    assert proof.twice_told(net, load.acked) == 0
    one = next(call for call in net.goals() if call.query["click_id"] == load.acked[0].click)
    net.record(one._replace(delivery="another"))
    assert proof.twice_told(net, load.acked) == 1
