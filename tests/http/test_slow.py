"""Thousands of slow clients of each kind hold up nobody: the slowest hundredth of the others' reports waits at most half as long again.

SLOW_CLIENTS: how many of each kind (2,000 and more at length; as many as the machine's descriptors allow)."""
import ast
import http.client
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clients import Clients
from harness import Server, ask, new_id, request

EACH = int(os.environ.get("SLOW_CLIENTS", "400"))
KINDS = ("silent", "idle", "header", "body", "chunks", "reader", "answers")
WINDOW_S, ROUNDS = 1.5, 3
WITHIN = 1.5
GRAIN_S = 0.004  # a wait of so much is the machine's, not the others'


class Healthy(Clients):
    """Four that report and wait, on connections of their own. `waits`: in seconds; `refused`: what went wrong."""

    def __init__(self, port, fresh=False):
        super().__init__(4)
        self.port, self.fresh, self.waits, self.refused = port, fresh, [], []

    def run(self, i):
        connection = None
        while not self.stopping.is_set():
            begun = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                answer = ask(connection, "GET", "/api/postback", query={"click_id": new_id(), "affiliate_id": "7", "goal": "deposit"})
                bad = None if answer.status == 200 else repr(answer)
            except (OSError, http.client.HTTPException) as error:
                bad = repr(error)
            with self.lock:
                (self.refused if bad else self.waits).append(bad or time.monotonic() - begun)
            if bad or self.fresh:
                connection.close()
                connection = None


def p99(server):
    """-> (seconds, what was refused) of a window."""
    with Healthy(server.port) as clients:
        time.sleep(WINDOW_S)
    waits = sorted(clients.waits)
    return (waits[int(len(waits) * 0.99)] if waits else float("inf")), clients.refused


class SlowOnes:
    def __init__(self, port, each):
        words = [f"{kind}={each}" for kind in KINDS]
        desk = request(port, "GET", "/admin").body.decode()
        file = max(re.findall(r'(?:src|href)="(/admin/assets/[^"]+)"', desk), key=lambda path: len(request(port, "GET", path).body))
        self.process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("slow_clients.py")), str(port), file, *words],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        assert self.process.stdout.readline() == "open\n"
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=20)
        self.cut = ast.literal_eval(out)


@pytest.fixture
def room():
    """Descriptors for both ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.alone
@pytest.mark.bounded(240)
def test_slow_clients_of_each_kind_slow_nobody_else(net, tmp_path, room):
    each = min(EACH, (room - 2000) // len(KINDS))
    env = {"BARRACUDA_LIMITS_CONNECTIONS": str(each * len(KINDS) + 2000)}
    with Server(tmp_path, net, env=env) as server:
        p99(server)  # warm
        alone, beside, cut = [], [], dict.fromkeys(KINDS, 0)
        for _ in range(ROUNDS):
            alone.append(p99(server))
            with SlowOnes(server.port, each) as slow:
                time.sleep(2)  # all of them are at it
                beside.append(p99(server))
            cut = {kind: cut[kind] + slow.cut[kind] for kind in KINDS}
        print(f"\n{each} of each of {len(KINDS)} kinds: p99 alone {[round(1000 * s, 2) for s, _ in alone]} ms,"
              f" beside them {[round(1000 * s, 2) for s, _ in beside]} ms; cut off: {cut}")
        assert not [bad for _, refused in alone + beside for bad in refused]
        best = min(s for s, _ in alone)
        assert min(s for s, _ in beside) <= WITHIN * max(best, GRAIN_S)
        server.stop()


@pytest.mark.alone
def test_control_clients_that_take_every_place_are_felt(net, tmp_path, room):
    """The same look where there is no room for both: reports are refused, and the measure says so."""
    env = {"BARRACUDA_LIMITS_CONNECTIONS": "60"}
    with Server(tmp_path, net, env=env) as server:
        assert not p99(server)[1]
        with SlowOnes(server.port, 20):
            time.sleep(1)
            with Healthy(server.port, fresh=True) as clients:
                time.sleep(1)
        assert clients.refused
