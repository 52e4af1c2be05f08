"""Clients that press on several nodes at once, remember every answer, and compare with the database afterwards."""
import collections
import http.client
import itertools
import time

from clients import Clients
from harness import CLIENTS, ask, new_id, request

ANSWERED = (200, 202)
EACH_KEY = 4  # clients that send one key, to any node
PAUSE_S = 0.004


class Load(Clients):
    """Reports of ever new clicks, each sent by several clients over all nodes: by route 5, or with `deliver` by route 6, whose
    every conversion is owed to the network.

        with Load([a.port, b.port]) as load:
            mongo.step_down()
        load.check(mongo.database(name))
    """

    def __init__(self, ports, clients=CLIENTS, deliver=False):
        super().__init__(clients)
        self.ports, self.prefix, self.deliver = ports, new_id("load"), deliver
        self.statuses = collections.Counter()
        self.verdicts = collections.defaultdict(collections.Counter)  # click -> verdict or status -> count
        self.wrong, self.broken = [], collections.Counter()
        self.numbers = itertools.count()

    def run(self, i):
        connection, port = None, self.ports[i % len(self.ports)]
        while not self.stopping.is_set():
            click = f"{self.prefix}-{next(self.numbers) // EACH_KEY}"
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                self._note(click, self._report(connection, click))
            except (OSError, http.client.HTTPException) as error:
                connection = None
                with self.lock:
                    self.broken[repr(error)] += 1
                    self.verdicts[click]["broken"] += 1
            time.sleep(PAUSE_S)

    def _report(self, connection, click):
        fields = {"click_id": click, "affiliate_id": "7"}
        if not self.deliver:
            return ask(connection, "GET", "/api/postback", query={**fields, "goal": "deposit", "amount": "10"})
        return ask(connection, "POST", "/api/goals/postback", json_body={**fields, "goal_type": "deposit"})

    def _note(self, click, answer):
        with self.lock:
            self.statuses[answer.status] += 1
            if answer.status in ANSWERED:
                verdict = answer.json["verdict"]
                self.verdicts[click][verdict] += 1
                if verdict not in ("recorded", "duplicate"):
                    self.wrong.append((click, answer.status, answer.body[:200]))
                return
            self.verdicts[click]["unknown"] += 1
            if answer.status != 503 or "Retry-After" not in answer.headers or b"E11000" in answer.body:
                self.wrong.append((click, answer.status, answer.body[:200]))

    def answered(self):
        with self.lock:
            return sum(self.statuses[s] for s in ANSWERED)

    def check(self, database):
        """Nothing acknowledged is missing, nothing is there twice, nobody was told what is not so."""
        assert self.wrong == [], self.wrong[:5]
        assert not self.broken, self.broken
        stored = collections.Counter(
            d["click_id"] for d in database.conversions.find({"click_id": {"$gte": self.prefix, "$lt": self.prefix + "~"}},
                                                             {"click_id": 1}))
        doubled = [c for c, n in stored.items() if n != 1]
        missing = [c for c, v in self.verdicts.items() if (v["recorded"] or v["duplicate"]) and c not in stored]
        twice = [c for c, v in self.verdicts.items() if v["recorded"] > 1]
        # Told to nobody only where an answer was lost to a 503.
        nobody = [c for c, v in self.verdicts.items() if not v["recorded"] and v["duplicate"] and not v["unknown"]]
        assert (doubled, missing, twice, nobody) == ([], [], [], []), \
            f"doubled {doubled[:3]}, missing {missing[:3]}, recorded twice {twice[:3]}, recorded for nobody {nobody[:3]}"
        assert self.answered() > 0
        return dict(self.statuses)


def back(ports, seconds=15, since=None):
    """Waits until every node takes writes again; -> how long it took, from `since` on."""
    begin = time.monotonic() if since is None else since
    for port in ports:
        while True:
            answer = request(port, "GET", "/api/postback", timeout=30, query={
                "click_id": new_id("back"), "affiliate_id": "7", "goal": "deposit"})
            if answer.status == 200:
                break
            assert answer.status == 503, answer
            assert time.monotonic() - begin < seconds, f"not back within {seconds} s: {answer}"
            time.sleep(0.1)
    took = time.monotonic() - begin
    assert took < seconds, f"back after {took:.1f} s"
    return took
