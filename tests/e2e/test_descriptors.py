"""Clients that take every connection take nothing else: the store, deliveries and commands have descriptors of their own."""
import http.client
import os
import resource
import socket
import subprocess
import time

import pytest

from harness import ask, BINARY, descriptors, new_id, read_answer, request, Server, STORE, wait_until
from ports import free_port
from test_log import lines_of
from test_metrics import read

REPORTS = 600  # with 15 KB each they outgrow a memtable's log several times in a small store
TEXT = {f"k{i}": "x" * 1000 for i in range(15)}


def limited(monkeypatch, soft, hard):
    """The next servers get these limits; this process keeps its own."""
    start = subprocess.Popen

    def popen(*arguments, **more):
        return start(*arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)), **more)

    monkeypatch.setattr("harness.subprocess.Popen", popen)


def only(server, limit):
    """As many descriptors and no more, from now on."""
    hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (limit, hard))


def leave_none(server):
    """From now on no descriptor is free: a new one gets the lowest number, which some file of a moment may hold just now."""
    lowest = set()
    for _ in range(15):
        held = set(descriptors(server.process.pid))
        lowest.add(min(set(range(len(held) + 1)) - held))
        time.sleep(0.1)
    only(server, min(lowest))


def hold(port, count):
    """Idle connections, none of which asks anything; as many as are let in or more."""
    held = []
    for _ in range(count):
        s = socket.socket()
        s.settimeout(5)
        s.connect(("127.0.0.1", port))
        held.append(s)
    return held


def metric(answer, name):
    values = read(answer.body.decode())[name][1]
    assert len(values) == 1
    return next(iter(values.values()))


@pytest.mark.parametrize("soft,hard", [(128, 128), (128, 512), (1024, 1024)])
def test_idle_connections_stop_nothing(net, tmp_path, monkeypatch, soft, hard):
    limited(monkeypatch, soft, hard)
    with Server(tmp_path, net, env={"BARRACUDA_SERVER_THREADS": "2"}) as server:
        assert resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[0] == hard, "the soft limit is raised"
        reporter = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        assert ask(reporter, "GET", "/livez").status == 200
        held = hold(server.port, 2 * hard)
        try:
            refused = 0
            for s in held[-8:]:  # those beyond have been told so
                answer = read_answer(s)
                refused += answer.status == 503 and answer.headers["Retry-After"] is not None
            assert refused == 8
            for i in range(REPORTS):
                answer = ask(reporter, "POST", "/api/admin/conversions", key=server.admin_key, json_body={
                    "click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "metadata": TEXT})
                assert answer.status == 200, (i, answer)
            for _ in range(20):
                answer = ask(reporter, "POST", "/api/goals/postback", json_body={
                    "click_id": new_id(), "affiliate_id": "7", "goal_type": "deposit", "amount": 1})
                assert answer.status == 200, answer
            assert server.command("key", "list").returncode == 0
            assert server.command("backup", str(tmp_path / "backup")).returncode == 0
            # Health and metrics are answered on a new connection all the same.
            wait_until(lambda: server.get("/livez").status == 200, 20, "alive")
            answer = wait_until(lambda: (a := server.get("/metrics")).status == 200 and a, 20, "metrics")
            assert metric(answer, "process_open_fds") < hard and metric(answer, "barracuda_connections_refused_total") >= 8
        finally:
            for s in held:
                s.close()
        wait_until(lambda: server.get("/readyz").status == 200, 20, "ready")
        assert len(server.conversions()) == REPORTS + 20
        warned = [line for line in lines_of(server) if line["message"] == "fewer open files than the settings ask for"]
        assert len(warned) == 1 and f"{hard} open files" in warned[0]["why"]
        assert not [line for line in lines_of(server) if "Too many open files" in str(line)]
        server.stop()


@pytest.mark.skipif(STORE != "rocksdb", reason="MongoDB keeps its own files")
def test_without_a_reserve_the_store_fails(net, tmp_path):
    """The negative control: the same flushes fail when somebody does take the descriptors."""
    with Server(tmp_path, net, env={"BARRACUDA_SERVER_THREADS": "2"}) as server:
        reporter = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        assert ask(reporter, "GET", "/livez").status == 200
        leave_none(server)

        def refused():
            return ask(reporter, "POST", "/api/admin/conversions", key=server.admin_key, json_body={
                "click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "metadata": TEXT}).status == 503

        wait_until(refused, 120, "the store lacks a descriptor", step=0)


def test_a_call_without_a_descriptor_is_no_outage(net, tmp_path):
    env = {"BARRACUDA_SERVER_THREADS": "1", "BARRACUDA_DELIVERY_INLINE_WAIT": "0s"}
    with Server(tmp_path, net, env=env) as server:
        reporter = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        assert ask(reporter, "GET", "/livez").status == 200
        leave_none(server)
        click = new_id()
        answer = ask(reporter, "POST", "/api/goals/postback", json_body={
            "click_id": click, "affiliate_id": "7", "goal_type": "deposit", "amount": 1})
        assert answer.json["verdict"] == "recorded"
        wait_until(lambda: [line for line in lines_of(server) if line["message"] == "a fault of ours"
                            and line["kind"] == "delivery"], 20, "it is told")
        time.sleep(1)
        answer = ask(reporter, "GET", "/metrics")
        values = {name: v for name, (_, values) in read(answer.body.decode()).items() for v in values.values()}
        assert values["barracuda_deliveries_dead_total"] == values["barracuda_deliveries_alarms_total"] == 0
        assert values["barracuda_destination_breaker_opened_total"] == 0 and values["barracuda_destination_retried_total"] == 0
        only(server, 1024)
        wait_until(lambda: len(net.goals(click)) == 1, 20, "sent once there is one")


def test_an_operators_address_has_places_of_its_own(net, tmp_path, monkeypatch):
    ops = free_port()
    limited(monkeypatch, 256, 256)
    env = {"BARRACUDA_SERVER_OPS_LISTEN": f"127.0.0.1:{ops}", "BARRACUDA_LIMITS_CONNECTIONS": "20"}
    with Server(tmp_path, net, env=env, start=False) as server:
        server.start(ready=False)
        def ready():
            try:
                return request(ops, "GET", "/readyz").status == 200
            except OSError:
                return False

        wait_until(ready, 15, "ready")
        held = hold(server.port, 100)
        for path in ("/livez", "/readyz", "/metrics"):
            assert request(ops, "GET", path).status == 200
        for s in held:
            s.close()


def test_doctor_names_a_low_limit(net, tmp_path):
    with Server(tmp_path, net, start=False) as server:
        def doctor(limit):
            done = subprocess.run([str(BINARY), "doctor", "--data", str(server.data)], env=server.env, cwd=tmp_path,
                                  capture_output=True, text=True, timeout=60,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            return next(line for line in done.stdout.splitlines() if "open files" in line)
        assert "warn" in doctor(1024) and "connections of 10000" in doctor(1024)
        assert "ok" in doctor(min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
