"""Many dead deliveries replayed by one job, the server killed in the middle: each is taken once more.

Short here; REPLAY_STORM=1000000 makes it a million (wrk then reports them).
"""
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from harness import BINARY, Server, wait_until
from receiver import Clients, receiver

DEAD = int(os.environ.get("REPLAY_STORM", "3000"))
BY_WRK = DEAD > 50_000
KILLS = 3
# What a kill cuts off: attempts under way at one network, and outcomes that wait for their commit.
IN_FLIGHT = 4 * 64
ROUTE5 = pathlib.Path(__file__).resolve().parent.parent.parent / "bench" / "route5.lua"
ENV = {"BARRACUDA_NETWORK_ALLOW_ADDRESSES": "127.0.0.0/8", "BARRACUDA_LOG_ATTEMPTS_MAX_MB": "64",
       "BARRACUDA_LOG_RECEIVED_MAX_MB": "64"}


def make_dead(rec, srv, at_least):
    """Reports until so many deliveries were refused for good. -> how many there are."""
    rec.set("storm", "422")
    if not BY_WRK:
        with Clients(srv, at_least):
            pass
    run = 0
    while BY_WRK and rec.stats("storm")["deliveries"] < at_least:
        run += 1
        assert shutil.which("wrk"), "apt-get install wrk"
        subprocess.run(["wrk", "-t1", "-c64", "-d20s", "-s", ROUTE5, f"http://127.0.0.1:{srv.port}", "--", f"r{run}", "0"],
                       check=True, timeout=60, capture_output=True)
        wait_until(lambda: not waiting(srv), 600, "all are dead", step=1)
    wait_until(lambda: not waiting(srv), 60, "all are dead", step=0.2)
    return rec.stats("storm")["deliveries"]


def waiting(srv):
    return srv.admin("GET", "/api/admin/deliveries", query={"state": "waiting", "limit": 1}).json["data"]


def job(srv, id):
    return srv.admin("GET", f"/api/admin/replays/{id}").data


@pytest.mark.bounded(120 + DEAD // 100)
def test_a_job_killed_in_the_middle_wakes_each_once(net, tmp_path):
    with receiver(BINARY) as rec, Server(tmp_path, net, env=ENV) as srv:
        answer = srv.admin("POST", "/api/admin/networks", json_body={
            "name": "storm", "kind": "template", "postback": {"url": rec.address("storm")}})
        assert answer.status == 200, answer
        dead = make_dead(rec, srv, DEAD)
        assert dead >= DEAD
        refused = {one.id: one.calls for one in rec.deliveries("storm")}
        rec.set("storm", "ok")
        begin = time.monotonic()
        made = srv.admin("POST", "/api/admin/replays", json_body={"network": "storm", "rate": 10_000})
        assert made.status == 201, made
        id = made.data["id"]
        for kill in range(1, KILLS + 1):
            wait_until(lambda: job(srv, id)["replayed"] >= dead * kill // (KILLS + 2), 60 + dead // 500, "a part is woken")
            srv.kill9()
            srv.start(seconds=60)
        done = wait_until(lambda: (j := job(srv, id))["state"] == "done" and j, 60 + dead // 500, "the job ends", step=0.2)
        wait_until(lambda: not waiting(srv), 60 + dead // 500, "nothing waits", step=0.2)
        seconds = time.monotonic() - begin
        arrived = rec.deliveries("storm")
        assert {one.id for one in arrived} == set(refused), "the same ids"
        assert all(one.accepted >= 1 for one in arrived), "each is taken"
        twice = sum(one.accepted - 1 for one in arrived)
        print(f"replay: {dead} dead, {done['replayed']} counted as woken, {KILLS} kills, {twice} taken twice, {seconds:.0f} s")
        assert twice <= KILLS * IN_FLIGHT, "no more than the kills cut off in flight"
        assert all(one.calls - refused[one.id] <= 1 + KILLS for one in arrived)
        assert not srv.admin("GET", "/api/admin/deliveries", query={"state": "dead", "limit": 1}).json["data"]
        srv.stop()
        srv.command("verify", seconds=30 + DEAD // 2000)
