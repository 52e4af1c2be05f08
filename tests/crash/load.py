"""Clients that keep writing until the server dies, and remember exactly what they were promised."""
import collections
import http.client
import random
import time

import harness
from clients import Clients

WAIT = {"BARRACUDA_DELIVERY_INLINE_WAIT": "1s"}

Sent = collections.namedtuple("Sent", "route click goal_id")


class Load(Clients):
    """with Load(srv) as load: …; srv.kill9(). Then load.acked (answered 2xx) and load.unanswered (may be either)."""

    def __init__(self, srv, clients=8, routes="4567"):
        super().__init__(clients)
        self.srv, self.routes = srv, routes
        self.acked, self.unanswered, self.refused, self.surprises = [], [], [], []

    def __exit__(self, *exc):
        super().__exit__(*exc)
        assert not self.surprises, self.surprises[:3]

    def run(self, i):
        connection = http.client.HTTPConnection("127.0.0.1", self.srv.port, timeout=20)
        try:
            while not self.stopping.is_set():
                sent = new_report(random.choice(self.routes))
                try:
                    answer = send(self.srv, sent, connection)
                except (OSError, http.client.HTTPException):
                    with self.lock:
                        self.unanswered.append(sent)
                    return
                with self.lock:
                    if answer.status in (200, 202):
                        self.acked.append(sent)
                        if answer.json.get("verdict") != "recorded":
                            self.surprises.append((sent, answer))
                    elif answer.status == 503:
                        self.refused.append(sent)
                    else:
                        self.surprises.append((sent, answer))
        finally:
            connection.close()


def loaded_and_killed(srv, least=1, seconds=(0.0, 0.0), **load):
    """Kills the server under load: once `least` reports are acknowledged, and a random moment later. -> the load."""
    with Load(srv, **load) as clients:
        harness.wait_until(lambda: len(clients.acked) >= least, 20, f"{least} acknowledged")
        time.sleep(random.uniform(*seconds))
        srv.kill9()
    return clients


def new_report(route):
    return Sent(route, harness.new_hash(), "6" if route == "4" else random.choice("56"))


def send(srv, sent, connection=None):
    goal = {"5": "registration", "6": "deposit"}[sent.goal_id]
    base = {"click_id": sent.click, "affiliate_id": "7", "amount": 10}
    method, path, parts = {
        "1": ("POST", "/api/private/conversions", {"json_body": {"click_hash": sent.click, "goal_type_id": sent.goal_id}}),
        "4": ("POST", "/api/ftd", {"json_body": base}),
        "5": ("GET", "/api/postback", {"query": {**base, "goal": goal}}),
        "6": ("POST", "/api/goals/postback", {"json_body": {**base, "goal_type": goal}}),
        "7": ("POST", "/api/admin/conversions", {"key": srv.admin_key, "json_body": {**base, "goal_id": sent.goal_id, "goal_type": goal}}),
    }[sent.route]
    if connection is None:
        return srv.request(method, path, **parts)
    return harness.ask(connection, method, path, **parts)
