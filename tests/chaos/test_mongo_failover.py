"""Two nodes on one database of a replica set that is broken under 64 clients.

CHAOS_STEP_DOWNS and CHAOS_KILLS (default 1 each; `./dev chaos` asks for 10 and 5) say how often, CHAOS_CUT_OFF_S (5; 60)
how long a secondary is away.
"""
import collections
import contextlib
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import CLIENTS, Server, burst, new_id, raw_request, read_answer, request, wait_until
from mock_network import MockNetwork
from mongo_load import Load, back
from mongo_server import ReplicaSet

STEP_DOWNS = int(os.environ.get("CHAOS_STEP_DOWNS", "1"))
KILLS = int(os.environ.get("CHAOS_KILLS", "1"))
DATABASE = "barracuda_chaos"
CUT_OFF_S = float(os.environ.get("CHAOS_CUT_OFF_S", "5"))
QUIET_S = 2.0  # under load before and after each blow

pytestmark = pytest.mark.bounded(120 + 40 * (STEP_DOWNS + KILLS))


@pytest.fixture(scope="module")
def mongo():
    with ReplicaSet() as replica_set:
        yield replica_set


@pytest.fixture(scope="module")
def nodes(mongo, tmp_path_factory):
    store = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": DATABASE}
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(MockNetwork())
        yield [stack.enter_context(Server(tmp_path_factory.mktemp(f"node{i}"), network, env=store)) for i in (1, 2)]


@pytest.fixture(autouse=True)
def whole(mongo, nodes):
    """Every test begins and ends with three healthy members and two nodes that write."""
    back([n.port for n in nodes], 30)
    yield
    mongo.heal()
    for i in range(3):
        mongo.resume(i)
        if mongo.processes[i] is None:
            mongo.start_member(i)
    mongo.wait_healthy(90)


def ports(nodes):
    return [n.port for n in nodes]


def test_equal_keys_over_both_nodes(nodes, mongo):
    for _ in range(10):
        click = new_id()
        report = raw_request("GET", "/api/postback", query={
            "click_id": click, "affiliate_id": "7", "goal": "deposit", "amount": "10"})
        answers = burst_over(nodes, report)
        assert all(a.status == 200 for a in answers), [a for a in answers if a.status != 200][:3]
        assert sum(a.json["verdict"] == "recorded" for a in answers) == 1
        assert sum(not a.json["isDuplicate"] for a in answers) == 1
        assert mongo.database(DATABASE).conversions.count_documents({"click_id": click}) == 1


def burst_over(nodes, report):
    sockets = [socket.create_connection(("127.0.0.1", nodes[i % len(nodes)].port), 20) for i in range(CLIENTS)]
    try:
        def one(i):
            sockets[i].sendall(report)
            return read_answer(sockets[i])
        return burst(len(sockets), one)
    finally:
        for s in sockets:
            s.close()


def test_step_downs(nodes, mongo):
    with Load(ports(nodes)) as load:
        for _ in range(STEP_DOWNS):
            time.sleep(QUIET_S)
            begin = time.monotonic()
            mongo.step_down()  # its command may itself wait 10 s for a secondary to catch up
            print(f"stepped down: back after {back(ports(nodes), since=begin):.1f} s")
        time.sleep(QUIET_S)
    print(load.check(mongo.database(DATABASE)))


def test_kill9_of_the_primary(nodes, mongo):
    with Load(ports(nodes)) as load:
        for _ in range(KILLS):
            time.sleep(QUIET_S)
            killed = mongo.primary()
            begin = time.monotonic()
            mongo.kill9(killed)
            print(f"killed: back after {back(ports(nodes), since=begin):.1f} s")
            mongo.start_member(killed)
            mongo.wait_healthy(90)
        time.sleep(QUIET_S)
    print(load.check(mongo.database(DATABASE)))


def test_deliveries_while_the_primary_is_killed(nodes, mongo):
    """Outcomes that no store takes for longer than any deadline are not forgotten: where no node dies, every call to the
    network is an attempt that is recorded. A starved machine may let a call time out, and so make another."""
    net = nodes[0].net
    database = mongo.database(DATABASE)
    dead_before = database.nodes.count_documents({"state": "dead"})
    with Load(ports(nodes), clients=16, deliver=True) as load:
        time.sleep(QUIET_S)
        begin, killed = time.monotonic(), mongo.primary()
        mongo.kill9(killed)
        print(f"killed: back after {back(ports(nodes), since=begin):.1f} s")
        mongo.start_member(killed)
        time.sleep(QUIET_S)
    print(load.check(database))
    mine = {"click_id": {"$gte": load.prefix, "$lt": load.prefix + "~"}}
    wait_until(lambda: database.conversions.count_documents({**mine, "due": {"$exists": True}}) == 0, 60, "all delivered")
    calls = collections.Counter(call.query["click_id"] for call in net.goals() if call.query["click_id"].startswith(load.prefix))
    attempts = {d["click_id"]: sum(one["attempts"] for one in d["deliveries"]) for d in database.conversions.find(mine)}
    forgotten = sorted(click for click, made in calls.items() if made > attempts.get(click, 0))
    dead = database.nodes.count_documents({"state": "dead"}) - dead_before
    print(f"{len(attempts)} conversions, {sum(calls.values())} calls, {sum(attempts.values())} attempts, {dead} nodes declared dead")
    assert set(calls) == set(attempts), f"untold {sorted(set(attempts) - set(calls))[:3]}"
    assert not forgotten or dead, f"{len(forgotten)} calls of which no attempt tells: {forgotten[:3]}"


def test_a_secondary_that_is_cut_off(nodes, mongo):
    cut = mongo.secondaries()[0]
    with Load(ports(nodes)) as load:
        begin = time.monotonic()
        mongo.pause(cut)
        back(ports(nodes), since=begin)
        answered = load.answered()
        time.sleep(CUT_OFF_S)
        print(f"a secondary cut off for {CUT_OFF_S} s: {(load.answered() - answered) / CUT_OFF_S:.0f} answers a second")
        assert load.answered() > answered, "a majority is left"
        mongo.resume(cut)
        time.sleep(QUIET_S)
    print(load.check(mongo.database(DATABASE)))


def test_a_primary_that_hangs_for_good(nodes, mongo):
    """A machine that loses its power closes no connection. Nodes that were reading from it, lists or who else lives, waited
    for ten minutes, fenced, while another member had taken over after ten seconds."""
    def lists(node):
        with contextlib.suppress(OSError):
            return node.admin("GET", "/api/admin/conversions?limit=1").status
    with Load(ports(nodes)) as load, ThreadPoolExecutor(8) as asking:
        time.sleep(QUIET_S)
        reads = [asking.submit(lists, node) for _ in range(4) for node in nodes]
        hung = mongo.primary()
        mongo.pause(hung)
        begin = time.monotonic()
        took = back(ports(nodes), 45, since=begin)
        for node in nodes:
            wait_until(lambda n=node: lists(n) == 200, 30, "lists are answered, too", step=0.2)
        listed = time.monotonic() - begin
        print(f"a primary that hangs: writes go on after {took:.1f} s, lists after {listed:.1f} s")
        time.sleep(QUIET_S)
        mongo.resume(hung)
        assert all(r.result(60) in (200, 503, None) for r in reads)
    print(load.check(mongo.database(DATABASE)))


def test_lost_answers_and_unconfirmed_writes(nodes, mongo):
    with Load(ports(nodes)) as load:
        for _ in range(4):
            for blow in ({"close_connection": True}, {"error_code": 10107}, {"error_code": 11602},
                         {"write_concern_error": {"code": 64, "errmsg": "waiting for replication timed out"}},
                         {"write_concern_error": {"code": 91, "errmsg": "shutting down"}}):
                mongo.fail("insert", "update", "find", times=3, **blow)
                time.sleep(0.3)
        mongo.heal()
        time.sleep(QUIET_S)
    print(load.check(mongo.database(DATABASE)))


def owe(node, click):
    return request(node.port, "POST", "/api/goals/postback", timeout=30, json_body={
        "click_id": click, "affiliate_id": "7", "goal_type": "deposit"})


def owe_all(nodes, clicks, send=owe):
    return burst(len(clicks), lambda i: send(nodes[i % len(nodes)], clicks[i]))


def owe_until_answered(node, click):
    """503 means: send it again. A connection that slept with the primary may still end so."""
    until = time.monotonic() + 20
    while (answer := owe(node, click)).status == 503 and time.monotonic() < until:
        time.sleep(0.2)
    return answer


def test_a_primary_that_sleeps_and_goes_on(nodes, mongo):
    """SIGSTOP of the primary past every deadline, and SIGCONT before an election: what was answered 503 lands then. Nobody
    who sends it again is told a second `recorded`, and no network hears of anything twice."""
    net = nodes[0].net
    told, untold = [new_id("told") for _ in range(20)], [new_id("late") for _ in range(30)]
    mongo.elect_after(120)
    try:
        net.set_mode("slow", "goal", delay=3)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(owe_all, nodes, told)
            wait_until(lambda: all(net.goals(c) for c in told), 20, "the network is being told")
            asleep = mongo.primary()
            mongo.pause(asleep)  # before the outcomes are written
            begin = time.monotonic()
            answers = owe_all(nodes, untold)
            assert {a.status for a in answers} == {503}, answers
            assert time.monotonic() - begin < 20, "the deadline is 8 s"
            first.result()
            net.set_mode("ok")
            wait_until(lambda: time.monotonic() - begin > 11, 20, "the outcomes, too, are past their first deadline")
            mongo.resume(asleep)
        print(f"awake after {time.monotonic() - begin:.0f} s, back after {back(ports(nodes)):.1f} s")
        again = owe_all(nodes[::-1], untold, owe_until_answered)  # each through the other node
        assert {a.status for a in again} <= {200, 202}, again
        verdicts = collections.Counter(a.json["verdict"] for a in again)
        print(f"of {len(untold)} answered 503, sent again: {dict(verdicts)}")
        assert verdicts["duplicate"] > 0, "nothing landed late: this showed nothing"
        stored = mongo.database(DATABASE).conversions
        for c in told + untold:
            wait_until(lambda c=c: net.goals(c, accepted=True), 30, "delivered")
        wait_until(lambda: stored.count_documents({"click_id": {"$in": told + untold}, "due": {"$exists": True}}) == 0, 30,
                   "every outcome is stored")
        for c in told + untold:
            assert len(net.goals(c)) == 1, "told once"
            assert stored.count_documents({"click_id": c}) == 1
    finally:
        net.set_mode("ok")
        for i in range(3):
            mongo.resume(i)
        mongo.elect_after(10)


def test_no_primary(nodes, mongo):
    """Without a majority nothing is promised; the nodes say why, and come back by themselves."""
    lost = mongo.secondaries()
    for i in lost:
        mongo.kill9(i)
    for node in nodes:
        # The heartbeat may be the first to miss its acknowledgement ("fenced"); then the store says why.
        wait_until(
            lambda n=node: (a := request(n.port, "GET", "/readyz")).status == 503 and "primary" in a.message,
            40,
            "/readyz names the missing primary",
        )
        answer = node.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="deposit")
        assert answer.status == 503 and answer.headers["Retry-After"], answer
        assert request(node.port, "GET", "/livez").status == 200
    for i in lost:
        mongo.start_member(i)
    mongo.wait_healthy(90)
    assert back(ports(nodes)) < 15
    for node in nodes:
        wait_until(lambda n=node: request(n.port, "GET", "/readyz").status == 200, 15, "ready again")
        wait_until(lambda n=node: turns(n) and turns(n)[-1] == "info", 10, "the end of it is in the log")
        assert turns(node) == ["error", "info"] * (len(turns(node)) // 2), "one line when it begins, one when it ends"


def turns(node):
    lines = [json.loads(line) for line in node.stderr.read_text().splitlines() if line.startswith("{")]
    return [line["level"] for line in lines if line["message"] in ("nothing can be written", "writes are taken again")]
