"""A disk without room, a slow disk, and a queue without room, under load: what is acknowledged is there, what is not is answered 503
with a time to come back, reads go on, and once there is room again a restart serves everything.

DISK_ROUNDS (default 2) rounds of each.
"""
import errno
import os
import random
import time

import pytest

import faults
import harness
import proof
from harness import Server, wait_until
from load import WAIT, Load, new_report, send

ROUNDS = int(os.environ.get("DISK_ROUNDS", "2"))
FULL = "the disk is full for a while under load"
SLOW = "every sync takes 50 ms, some a second"
QUEUE = "the ledger's queue is full"
rocksdb = pytest.mark.skipif(harness.STORE != "rocksdb", reason="the calls are RocksDB's")


def reads(srv, acked):
    """While nothing can be written, what is there is served."""
    sent = random.choice(acked)
    page = srv.admin("GET", "/api/admin/conversions", query={"search": sent.click, "limit": 5})
    duplicate = send(srv, sent)
    return (page.status != 200 or [c["click_id"] for c in page.data] != [sent.click]) + (duplicate.status not in (200, 202, 503))


@rocksdb
@pytest.mark.bounded(60 + 20 * ROUNDS)
def test_a_full_disk(net, tmp_path, library):
    full, acked, maybe, wrong, refused = tmp_path / "full", [], [], 0, 0
    with Server(tmp_path, net, env=WAIT, start=False) as srv:
        for number in range(ROUNDS):
            srv.start(env=faults.environment(library, srv.data, "write", 1, for_=0, errno=errno.ENOSPC, torn=number % 2, while_=full))
            with Load(srv, routes="4567") as load:
                wait_until(lambda: len(load.acked) >= 30, 20, "load")
                full.touch()
                wait_until(lambda: len(load.refused) >= 20, 20, "writes are refused")
                assert srv.alive()
                wrong += reads(srv, acked + load.acked[:30])
                answer = send(srv, new_report("5"))
                wrong += answer.status != 503 or "Retry-After" not in answer.headers
                full.unlink()
            refused += len(load.refused)
            acked += load.acked
            maybe += load.unanswered + load.refused
            srv.process.terminate()
            assert srv.process.wait(15) == 0, srv.log_tail()
            srv.start()
            found = proof.judge(srv.conversions(), acked, maybe)
            verdict = found._replace(wrong=found.wrong + wrong, doubled=found.doubled + proof.twice_told(net, acked))
            assert srv.command("verify").stdout == "the store is sound\n"
            srv.stop()
            assert verdict == proof.SOUND, (number, verdict)
    proof.tried(FULL, ROUNDS, verdict, len(acked), f"{refused} reports were answered 503")


@rocksdb
@pytest.mark.bounded(60 + 20 * ROUNDS)
def test_a_slow_disk(net, tmp_path, library):
    acked, maybe, verdict, slowest = [], [], proof.SOUND, 0.0
    with Server(tmp_path, net, env=WAIT, start=False) as srv:
        for number in range(ROUNDS):
            flag = tmp_path / "slow"
            srv.start(env=faults.environment(library, srv.data, "sync", 1, for_=0, then="delay", ending=".log",
                                             delay_us=(50_000, 1_000_000)[number % 2], while_=flag))
            with Load(srv, clients=32, routes="4567") as load:
                wait_until(lambda: len(load.acked) >= 30, 20, "load")
                flag.touch()
                before, begin = len(load.acked), time.monotonic()
                wait_until(lambda: len(load.acked) >= before + 64, 30, "it goes on")
                slowest = max(slowest, time.monotonic() - begin)
            flag.unlink()
            acked += load.acked
            maybe += load.unanswered + load.refused
            found = proof.judge(srv.conversions(), acked, maybe)
            srv.kill9()
            srv.start()
            verdict = proof.added(found, proof.judge(srv.conversions(), acked, maybe))
            assert srv.command("verify").stdout == "the store is sound\n"
            srv.stop()
            assert verdict == proof.SOUND and not load.refused and not load.unanswered, (number, verdict)
    proof.tried(SLOW, ROUNDS, verdict, len(acked), f"64 reports of 32 clients took at most {slowest:.1f} s")


@rocksdb
@pytest.mark.bounded(60 + 20 * ROUNDS)
def test_a_full_queue(net, tmp_path, library):
    """The ledger waits for its disk, and only eight reports may wait for the ledger."""
    verdict, acked, refused = proof.SOUND, [], 0
    with Server(tmp_path, net, env={**WAIT, "BARRACUDA_LIMITS_QUEUE": "8"}, start=False) as srv:
        for number in range(ROUNDS):
            flag = tmp_path / "slow"
            srv.start(env=faults.environment(library, srv.data, "sync", 1, for_=0, then="delay", ending=".log",
                                             delay_us=100_000, while_=flag))
            flag.touch()
            with Load(srv, clients=48, routes="457") as load:
                wait_until(lambda: len(load.refused) >= 60 and len(load.acked) >= 20, 30, "some are refused, some are not")
                answers = [send(srv, new_report("5")) for _ in range(4)]
            flag.unlink()
            wrong = sum(a.status == 503 and "Retry-After" not in a.headers for a in answers)
            refused += len(load.refused)
            acked += load.acked
            stored = [c for c in srv.conversions()]
            known = {s.click for s in load.acked + load.refused + load.unanswered}
            found = proof.judge([c for c in stored if c["click_id"] in known], load.acked)
            # Refused for want of room: it is not there either.
            verdict = proof.added(verdict, found._replace(wrong=found.wrong + wrong))
            srv.stop()
            assert srv.command("verify").stdout == "the store is sound\n"
            assert verdict == proof.SOUND, (number, verdict)
    proof.tried(QUEUE, ROUNDS, verdict, len(acked), f"{refused} reports were answered 503, none of them is stored")


@rocksdb
@pytest.mark.bounded(60)
def test_the_control_of_the_disks(net, tmp_path, library):
    with Server(tmp_path, net, env=WAIT, start=False) as srv:
        with proof.set_back(srv, tmp_path):
            srv.start()
            with Load(srv, routes="45") as load:
                wait_until(lambda: len(load.acked) >= 40, 20, "load")
            srv.stop()
        srv.start()
        lost = proof.judge(srv.conversions(), load.acked).lost
    for fault in (FULL, SLOW, QUEUE):
        proof.control(fault, lost, "the store set back to its state before the load")
