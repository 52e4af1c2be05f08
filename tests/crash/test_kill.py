"""Promises 2, 3 and 4 under crashes: what was answered is there, once, and what is owed is paid after the restart.

CRASH_ROUNDS (default 20) kills under load; POWERCUT_ROUNDS (default 6) with the page cache gone as well.
"""
import collections
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import powercut
import proof
from harness import BINARY, Server, burst, new_hash, new_id, wait_until
from load import WAIT, loaded_and_killed, send

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
POWERCUT_ROUNDS = int(os.environ.get("POWERCUT_ROUNDS", "6"))
KILLS = "kill -9 at a random moment under load"
CUTS = "power cut at a random moment under load, all that is not synced lost"


def assert_kept(srv, acked, unanswered=()):
    """Every acknowledged key is there once, nothing twice, and nothing that nobody sent."""
    verdict = proof.judge(srv.conversions(), acked, unanswered)
    assert verdict == proof.SOUND, verdict
    return verdict


def assert_paid(net, reports, seconds=25):
    """Every report of route 6 arrives; all attempts of one carry one id, and no two share one."""
    wait_until(lambda: {s.click for s in reports} <= {c.query["click_id"] for c in net.goals(accepted=True)}, seconds,
               "every unfinished delivery arrives after the restart", step=0.25)
    ids = collections.defaultdict(set)
    for call in net.goals():
        ids[call.query["click_id"]].add(call.delivery)
    assert all(len(ids[s.click]) == 1 and None not in ids[s.click] for s in reports), "the same id on every attempt"
    assert len({next(iter(ids[s.click])) for s in reports}) == len(reports)


@pytest.mark.bounded(120 + 3 * ROUNDS)
def test_kill9_under_load(net, tmp_path):
    net.set_mode("slow", "goal", delay=0.02)  # so that there is something in flight
    acked, unanswered = [], []
    with Server(tmp_path, net, env=WAIT) as srv:
        for _ in range(ROUNDS):
            load = loaded_and_killed(srv, seconds=(0.0, 0.35))
            acked += load.acked
            unanswered += load.unanswered + load.refused
            srv.start()
            assert_kept(srv, acked, unanswered)
            for sent in load.unanswered:  # the client does what a client does: sends it again
                answer = send(srv, sent)
                assert answer.status in (200, 202) and answer.json["verdict"] in ("recorded", "duplicate", "updated"), answer
                acked.append(sent)
            for sent in random.sample(load.acked, min(20, len(load.acked))):
                body = send(srv, sent).json
                assert body["isDuplicate"] is True and body["verdict"] != "recorded", (sent, body)
        verdict = assert_kept(srv, acked, unanswered)
        assert_paid(net, [s for s in acked if s.route == "6"])
        wait_until(lambda: not any(c.get("due") for c in srv.conversions()), 15, "nothing is owed any more", step=0.5)
        srv.stop()
        srv.command("verify")
        proof.tried(KILLS, ROUNDS, verdict, len(acked))


def test_the_control_of_the_kills(net, tmp_path):
    """The same look at a store that is older than what it acknowledged."""
    with Server(tmp_path, net, env=WAIT) as srv:
        acked = loaded_and_killed(srv, least=50).acked
        with proof.set_back(srv, tmp_path):
            srv.start()
            acked += loaded_and_killed(srv, least=50).acked
        srv.start()
        proof.control(KILLS, proof.judge(srv.conversions(), acked).lost, "the store set back to its state before the last kill")


@pytest.mark.parametrize("mode", ["down", "hang", "error"])
def test_unfinished_deliveries_arrive_after_the_restart(net, tmp_path, mode):
    with Server(tmp_path, net, env=WAIT) as srv:
        net.set_mode(mode)
        clicks = [new_id() for _ in range(5)]
        answers = burst(5, lambda i: srv.post("/api/goals/postback", {"click_id": clicks[i], "affiliate_id": "7", "goal_type": "deposit"}))
        assert {a.status for a in answers} == {202}, answers
        wait_until(lambda: all(net.goals(c) for c in clicks), 5, "one attempt each")
        srv.kill9()
        net.set_mode("ok")
        srv.start()
        wait_until(lambda: all(net.goals(c, accepted=True) for c in clicks), 15, "delivered")
        time.sleep(1)
        for click in clicks:
            assert len(net.goals(click, accepted=True)) == 1, "once"
            assert len({c.delivery for c in net.goals(click)}) == 1 and len(net.goals(click)) >= 2, "the same id"
            wait_until(lambda: srv.conversion(click)["status"] == "approved", 5, "accepted")


def test_private_delivery_arrives_after_the_restart(net, tmp_path):
    with Server(tmp_path, net, env=WAIT) as srv:
        net.set_mode("down")
        click = new_hash()
        answer = srv.post("/api/private/conversions", {"click_hash": click, "goal_type_id": "6", "deposit_amount": 5})
        assert answer.status == 200 and answer.json["success"] is False and answer.data["status"] == "pending"
        srv.kill9()
        net.set_mode("ok")
        srv.start()
        wait_until(lambda: net.creations(click, accepted=True), 15, "created")
        time.sleep(0.5)
        assert len(net.creations(click, accepted=True)) == 1
        wait_until(lambda: srv.conversion(click)["status"] == "approved", 5, "accepted")


@pytest.mark.parametrize("stuck", ["offer", "goal"])
def test_a_form_goes_on_where_it_stopped(net, tmp_path, stuck):
    """The flow of /api/register is in the contact: killed at either step, it reaches its end."""
    with Server(tmp_path, net, env=WAIT) as srv:
        net.set_mode("hang", stuck)
        email, before = new_id("m") + "@example.com", len(net.seen(stuck))
        answer = srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate"})
        assert answer.status == 200, answer
        wait_until(lambda: len(net.seen(stuck)) > before, 5, f"stuck at {stuck}")
        srv.kill9()
        net.set_mode("ok")
        srv.start()
        contact = wait_until(lambda: (c := srv.contact(email)).get("ftd") is True and c, 20, "flow done", step=0.1)
        click = contact["click_id"]
        assert contact["affiliateRegistered"] is True and sorted(c["goal_id"] for c in srv.of_click(click)) == ["5", "6"]
        for goal in ("5", "6"):
            assert len(net.goals(click, goal, accepted=True)) == 1 and len({c.delivery for c in net.goals(click, goal)}) == 1
        assert srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate"}).status == 409


def test_keys_and_admins_survive(net, tmp_path):
    with Server(tmp_path, net, ingest="key") as srv:
        key = srv.create_key("ingest")  # through the control socket
        srv.kill9()
        srv.start()
        assert srv.get("/api/postback", key=key, click_id="c", affiliate_id="7", goal="deposit").status == 200
        assert srv.page()["pagination"]["total"] == 1


def test_a_second_server_does_not_open_the_same_data(net, tmp_path):
    with Server(tmp_path, net) as srv:
        done = subprocess.run([str(BINARY), "serve", "--data", str(srv.data), "--listen", "127.0.0.1:0"],
                              env=srv.env, capture_output=True, timeout=10)
        assert done.returncode != 0 and done.stderr
        assert srv.get("/readyz").status == 200


# ------------------------------------------------------------------------------------------------- power cut

def test_the_shim_itself(shim, tmp_path):
    """What is synced stays, through a rename; what is not is cut; with ignored syncs everything goes."""
    script = """if True:
        import os
        def put(name, text, sync=True):
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(fd, text)
            if sync: os.fdatasync(fd)
            os.close(fd)
        put('a', b'kept'); put('a', b'lost', False)
        put('b.tmp', b'renamed'); os.rename('b.tmp', 'b')
        fd = os.open('.', os.O_RDONLY | os.O_DIRECTORY); os.fsync(fd); os.close(fd)
        put('never', b'x', False)
        put('old', b'xxxxxxxxxx'); os.unlink('old'); put('new', b'reused?', False)
    """
    for ignore, expected in ((False, {"a": b"kept", "b": b"renamed"}), (True, {})):
        data, journal = tmp_path / f"data{ignore}", tmp_path / f"journal{ignore}"
        data.mkdir()
        env = {**os.environ, **powercut.environment(shim, journal), **({"POWERCUT_IGNORE_SYNC": "1"} if ignore else {})}
        subprocess.run([sys.executable, "-c", script], cwd=data, env=env, check=True, timeout=20)
        assert len(list(data.iterdir())) == 4
        cut = powercut.cut(data, journal)
        assert {p.name: p.read_bytes() for p in data.iterdir()} == expected
        assert cut.syncs == (0 if ignore else 3) and cut.names_back >= 4


@pytest.mark.bounded(120 + 5 * POWERCUT_ROUNDS)
def test_power_cut_loses_nothing(net, shim, tmp_path):
    acked, unanswered = [], []
    with powercut.server(tmp_path, net, shim) as (srv, cut_power):
        for _ in range(POWERCUT_ROUNDS):
            load = loaded_and_killed(srv, seconds=(0.05, 0.4))
            acked += load.acked
            unanswered += load.unanswered + load.refused
            cut = cut_power()
            assert cut.syncs > 0, "the shim saw no sync: this test would prove nothing"
            srv.start()
            assert_kept(srv, acked, unanswered)
        assert len(acked) >= POWERCUT_ROUNDS
        assert_paid(net, [s for s in acked if s.route == "6"])
        srv.stop()
        srv.command("verify")
        proof.tried(CUTS, POWERCUT_ROUNDS, proof.SOUND, len(acked))


@pytest.mark.bounded(60)
def test_negative_control_a_disk_that_lies(net, shim, tmp_path):
    """The same test on a disk that only pretends to sync must see the loss; otherwise it cannot see any."""
    with powercut.server(tmp_path, net, shim) as (srv, cut_power):
        lied_to = powercut.cut_while_the_disk_lies(srv, cut_power)
        srv.start(ready=False)
        try:
            srv.wait_ready(10)
            stored = {(c["click_id"], c["goal_id"]) for c in srv.conversions()}
        except AssertionError:
            stored = set()  # it does not open, or even the admin's key is gone: the loss was seen
        missing = {(s.click, s.goal_id) for s in lied_to.acked} - stored
        proof.control(CUTS, len(missing), "a disk that only says it has synced")


def test_a_killed_process_leaves_no_shared_memory(net, tmp_path):
    """libmongoc names /dev/shm/mongoc-PID at its load: left there, it met the next process of that number."""
    with Server(tmp_path, net) as srv:
        shared = Path("/dev/shm") / f"mongoc-{srv.process.pid}"
        assert not shared.exists()
        srv.kill9()
        assert not shared.exists()
