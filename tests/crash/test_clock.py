"""The system's clock jumps a day, forwards or backwards, while clients report and the network fails: nothing is doubled, nothing
acknowledged is lost, what waits for its next attempt is sent once its time has come (after a jump backwards that is so much later:
docs/operating/runbook.md), and no session lives longer than it may, or comes back.

CLOCK_JUMPS (default 4) jumps, forwards and backwards by turns.
"""
import os
import struct
import subprocess
from pathlib import Path

import pytest

import harness
import proof
from harness import Server, wait_until
from load import WAIT, Load, Sent, send

SOURCE = Path(__file__).with_name("clock_jump.c")
JUMPS = int(os.environ.get("CLOCK_JUMPS", "4"))
DAY = 86_400
FAULT = "the clock jumps a day, forwards or backwards, under load"
# Attempts a second or two apart, so that some wait across every jump.
ENV = {**WAIT, "BARRACUDA_DELIVERY_RETRY_SCHEDULE": "0s" + 31 * ", 2s",
       "BARRACUDA_STORE_URL": "rocksdb"}
EMAIL, PASSWORD = "owner@example.com", "a long password"


class Clock:
    """The clock of a server under the shim."""

    def __init__(self, directory):
        self.library, self.file = directory / "clock_jump.so", directory / "clock"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", self.library, SOURCE, "-ldl"], check=True, timeout=60)
        self.set(0)
        self.env = {"LD_PRELOAD": str(self.library), "CLOCK_FILE": str(self.file)}

    def set(self, seconds):
        """In place: the server has the file mapped."""
        self.off = seconds
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))


def signed_in(srv):
    answer = srv.post("/api/admin/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert answer.status == 200, answer
    return answer.data["token"]


def lives(srv, token):
    status = srv.get("/api/admin/auth/profile", key=token).status
    assert status in (200, 401), status
    return status == 200


def refused_by_the_network(srv, net, count=4):
    """-> reports whose deliveries wait for one attempt after the other"""
    reports = [Sent("6", harness.new_hash(), "6") for _ in range(count)]
    for one in reports:
        net.per_key[one.click] = "error"
        assert send(srv, one).status == 202
    return reports


@pytest.mark.bounded(150 + 15 * JUMPS)
@pytest.mark.skipif(harness.STORE != "rocksdb", reason="over MongoDB nodes.md says what a clock may do")
def test_a_clock_that_jumps(net, tmp_path):
    clock = Clock(tmp_path)
    sessions = []
    with Server(tmp_path, net, env={**ENV, **clock.env}) as srv:
        srv.command("admin", "create", "--email", EMAIL, "--name", "O", "--password-stdin", stdin=PASSWORD + "\n")
        acked, maybe = [], []
        for number in range(JUMPS):
            token = signed_in(srv)
            assert lives(srv, token)
            acked += refused_by_the_network(srv, net)
            with Load(srv, routes="4567") as load:
                wait_until(lambda: len(load.acked) >= 40, 20, "load before the jump")
                clock.set(0 if clock.off else (DAY, -DAY)[number // 2 % 2])
                before = len(load.acked)
                wait_until(lambda: len(load.acked) >= before + 40, 20, "load after the jump")
            acked += load.acked
            maybe += load.unanswered + load.refused
            sessions.append((token, lives(srv, token)))
            found = proof.judge(srv.conversions(), acked, maybe)
            assert found == proof.SOUND and not load.refused, (number, found)
            assert lives(srv, signed_in(srv)), "one can sign in at any time"
        net.set_mode("ok")  # for all clicks
        clock.set(3 * DAY)
        reports = [s for s in acked if s.route == "6"]
        wait_until(lambda: {s.click for s in reports} <= {c.query["click_id"] for c in net.goals(accepted=True)}, 90,
                   "what waited is sent when its time has come", step=0.25)
        verdict = proof.judge(srv.conversions(), acked, maybe)
        verdict = verdict._replace(doubled=verdict.doubled + proof.twice_told(net, acked) + accepted_twice(net, reports))
        verdict = verdict._replace(wrong=verdict.wrong + risen(srv, sessions))
        far = sum(abs(c["createdAt"] - harness.time.time()) > DAY / 2 for c in dated(srv))
        srv.stop()
        assert srv.command("verify").stdout == "the store is sound\n"
        assert far > 0, "no jump reached the server"
    assert proof.tried(FAULT, JUMPS, verdict, len(acked), f"{far} of the conversions have the other day's date") == proof.SOUND


def accepted_twice(net, reports):
    """Nothing crashes here, so no attempt is made again after one that was accepted."""
    return sum(len(net.goals(s.click, accepted=True)) - 1 for s in reports)


def risen(srv, sessions):
    """A session that a jump has ended never comes back. -> how many did"""
    return sum(lives(srv, token) and not lived for token, lived in sessions)


def dated(srv):
    from datetime import datetime
    return [{**c, "createdAt": datetime.fromisoformat(c["createdAt"].replace("Z", "+00:00")).timestamp()} for c in srv.conversions()]


@pytest.mark.bounded(60)
def test_the_control_of_the_clock(net, tmp_path):
    """The same look after a real loss; and a server without the shim dates nothing otherwise."""
    clock = Clock(tmp_path)
    with Server(tmp_path, net, env={**ENV, **clock.env}) as srv:
        clock.set(DAY)
        srv.stop()
        with proof.set_back(srv, tmp_path):
            srv.start()
            with Load(srv, routes="45") as load:
                wait_until(lambda: len(load.acked) >= 40, 20, "load")
            srv.kill9()
        srv.start(env={"LD_PRELOAD": ""})
        proof.control(FAULT, proof.judge(srv.conversions(), load.acked).lost, "the store set back to its state before the load")
        with Load(srv, routes="45") as load:
            wait_until(lambda: len(load.acked) >= 5, 20, "load")
        assert not [c for c in dated(srv) if abs(c["createdAt"] - harness.time.time()) > DAY / 2]
