"""A storm: many deliveries to receivers that fail 30 % of the time, the server killed -9 again and again meanwhile.

Short here; `./dev chaos` makes it 100,000 deliveries and 100 kills (STORM_DELIVERIES, STORM_KILLS), and 10,000 failures at
once (STORM_FAILURES).
"""
import bisect
import contextlib
import os
import random
import time

import pytest

from harness import BINARY, Server, wait_until
from receiver import Clients, receiver

DELIVERIES = int(os.environ.get("STORM_DELIVERIES", "4000"))
KILLS = int(os.environ.get("STORM_KILLS", "5"))
FAILURES = int(os.environ.get("STORM_FAILURES", "2000"))
IN_FLIGHT = 64  # attempts at a time at one network
ENV = {
    # Thirty attempts within a minute: none is to die of a network that fails three times in ten.
    "BARRACUDA_DELIVERY_RETRY_SCHEDULE": ", ".join(["0s"] + ["200ms"] * 10 + ["1s"] * 19),
    "BARRACUDA_NETWORK_ALLOW_ADDRESSES": "127.0.0.0/8",
}


@contextlib.contextmanager
def told(net, tmp_path, env):
    """A receiver, and a server that tells it of every conversion."""
    with receiver(BINARY) as rec, Server(tmp_path, net, env=env) as srv:
        answer = srv.admin("POST", "/api/admin/networks", json_body={
            "name": "storm", "kind": "template", "postback": {"url": rec.address("storm")}})
        assert answer.status == 200, answer
        yield rec, srv


@pytest.fixture
def storm(net, tmp_path):
    with told(net, tmp_path, ENV) as both:
        yield both


def settle(rec, srv, count, seconds):
    def nothing_waits():
        return not srv.admin("GET", "/api/admin/deliveries", query={"state": "waiting", "limit": 1}).json["data"]

    wait_until(lambda: rec.stats("storm")["accepted"] >= count, seconds, "all are delivered", step=0.2)
    wait_until(nothing_waits, seconds, "nothing waits", step=0.2)


@pytest.mark.bounded(60 + DELIVERIES // 50 + KILLS * 6)
def test_every_delivery_arrives_whatever_is_killed(storm):
    rec, srv = storm
    rec.set("storm", "500", 30)
    kills = 0
    with Clients(srv, DELIVERIES) as clients:
        while kills < KILLS:
            # Some fall on the reports, some on the retries after the last one.
            time.sleep(random.uniform(0.1, 1.5))
            srv.kill9()
            kills += 1
            srv.start()
    settle(rec, srv, DELIVERIES, 60 + DELIVERIES // 200)
    arrived = rec.deliveries("storm")
    by_click = {}
    for one in arrived:
        by_click.setdefault(one.click, []).append(one)
    assert clients.acknowledged == set(clients.clicks)
    assert set(by_click) == clients.acknowledged, "delivered is what was owed"
    assert all(len(ids) == 1 for ids in by_click.values()), "one id on every attempt"
    assert all(one.accepted >= 1 for one in arrived)
    twice = sum(one.accepted - 1 for one in arrived)
    print(f"storm: {len(arrived)} deliveries, {sum(one.calls for one in arrived)} calls, {kills} kills, {twice} taken twice")
    assert twice <= kills * IN_FLIGHT
    assert not srv.admin("GET", "/api/admin/deliveries", query={"state": "dead", "limit": 1}).json["data"]
    srv.stop()
    srv.command("verify", seconds=30 + DELIVERIES // 2000)


@pytest.mark.bounded(60 + DELIVERIES // 50)
def test_without_a_kill_nothing_is_taken_twice(storm):
    rec, srv = storm
    rec.set("storm", "503", 30)  # and it is not slowed down to a trickle by that
    with Clients(srv, DELIVERIES // 2):
        pass
    settle(rec, srv, DELIVERIES // 2, 60 + DELIVERIES // 200)
    arrived = rec.deliveries("storm")
    assert len(arrived) == DELIVERIES // 2
    assert {one.accepted for one in arrived} == {1}
    assert sum(one.calls for one in arrived) > 1.2 * len(arrived), "it did fail"


def test_control_a_lost_delivery_would_be_seen(storm):
    """What the first test compares does tell: a click that was never delivered, and one sent under two ids."""
    rec, srv = storm
    rec.set("storm", "500", 100)
    with Clients(srv, 20) as clients:
        pass
    wait_until(lambda: rec.stats("storm")["calls"] >= 5, 20, "attempts were made")
    assert {one.click for one in rec.deliveries("storm") if one.accepted} != clients.acknowledged
    rec.set("storm", "ok")
    rec.get("/d/storm", c="forged")  # no id of ours
    assert len({one.id for one in rec.deliveries("storm")}) > len({one.id for one in rec.deliveries("storm") if one.id})


def busiest(moments):
    """The most of these sorted moments within any one second."""
    return max(i + 1 - bisect.bisect_left(moments, at - 1) for i, at in enumerate(moments))


@pytest.mark.alone
@pytest.mark.bounded(120 + FAILURES // 50)
def test_what_failed_together_is_tried_again_apart(net, tmp_path):
    """425 is no outage, so no breaker and no slowing down hides what the schedule does."""
    jitter = 0.2
    delay = max(5, FAILURES // 500)  # longer than it takes to report them, so that the reports' own spread is not what is seen
    env = {**ENV, "BARRACUDA_DELIVERY_RETRY_SCHEDULE": f"0s, {delay}s, 1h"}
    with told(net, tmp_path, env) as (rec, srv):
        rec.set("storm", "425", calls=1)
        with Clients(srv, FAILURES):
            pass
        settle(rec, srv, FAILURES, 60 + 2 * delay)
        failed, again = rec.calls("storm", 1), rec.calls("storm", 2)
    assert len(failed) == len(again) == FAILURES
    mean = FAILURES / (failed[-1] - failed[0] + 2 * jitter * delay)
    print(f"{FAILURES} failures within {failed[-1] - failed[0]:.1f} s; again at {mean:.0f}/s on average, at most {busiest(again)}/s")
    assert busiest(failed) > 2 * mean, "a schedule without jitter would be seen"
    assert busiest(again) <= 2 * mean
