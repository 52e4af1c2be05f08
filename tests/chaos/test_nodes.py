"""Several nodes over one MongoDB: who dies is replaced, who sleeps harms nothing, and all of them know what one was told."""
import os
import secrets
import signal
import time

import pytest

from harness import Server, burst, new_id, wait_until

pytestmark = pytest.mark.bounded(240)
TAKEOVER_S = 30
WAIT = {"BARRACUDA_DELIVERY_INLINE_WAIT": "100ms", "BARRACUDA_DELIVERY_ATTEMPT_TIMEOUT": "8s"}


@pytest.fixture
def pair(net, mongo, tmp_path):
    """Two nodes on one database of their own."""
    name = f"barracuda_nodes_{secrets.token_hex(6)}"
    env = {**WAIT, "BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": name}
    with Server(tmp_path / "a", net, env=env) as a, Server(tmp_path / "b", net, env=env, keys=False) as b:
        b.admin_key = a.admin_key
        yield a, b
    mongo.database(name).client.drop_database(name)


def metric(srv, name):
    text = srv.get("/metrics").body
    text = text.decode() if isinstance(text, bytes) else text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"barracuda_{name} "))


def owe(srv, clicks, statuses=(200, 202)):
    answers = burst(len(clicks), lambda i: srv.post(
        "/api/goals/postback", {"click_id": clicks[i], "affiliate_id": "7", "goal_type": "deposit"}))
    assert {a.status for a in answers} <= set(statuses), answers


def test_both_are_alive_and_one_call_is_made(pair, net):
    a, b = pair
    wait_until(lambda: metric(a, "nodes_alive") == metric(b, "nodes_alive") == 2, 10, "they see each other", step=0.2)
    clicks = [new_id() for _ in range(20)]
    owe(a, clicks)
    owe(b, clicks)
    wait_until(lambda: all(net.goals(c, accepted=True) for c in clicks), 15, "delivered")
    time.sleep(3)
    assert all(len(net.goals(c)) == 1 for c in clicks)


def test_kill9_of_the_owner_the_other_delivers_within_30_s(pair, net):
    a, b = pair
    net.set_mode("hang", "goal")
    clicks = [new_id() for _ in range(30)]
    owe(a, clicks)
    wait_until(lambda: net.goals(clicks[0]), 5, "an attempt is in flight")
    in_flight = {c: len(net.goals(c)) for c in clicks}
    a.kill9()
    killed = time.monotonic()
    net.set_mode("ok")
    wait_until(lambda: all(net.goals(c, accepted=True) for c in clicks), TAKEOVER_S, "the other delivers", step=0.2)
    print(f"taken over and delivered {time.monotonic() - killed:.1f} s after kill -9")
    time.sleep(3)
    for c in clicks:
        assert len(net.goals(c, accepted=True)) == 1
        assert len(net.goals(c)) <= in_flight[c] + 1, "at most once more for each attempt that was in flight"
        assert len({call.delivery for call in net.goals(c)}) == 1, "the same id"
    wait_until(lambda: metric(b, "nodes_alive") == 1, 5, "it is alone")


def test_a_node_asleep_for_30_s_sends_nothing_that_another_took(pair, net):
    a, b = pair
    net.set_mode("hang", "goal")
    clicks = [new_id() for _ in range(100)]  # more than attempts at a time: some wait in its memory
    owe(a, clicks)
    wait_until(lambda: len([c for c in clicks if net.goals(c)]) >= 60, 8, "attempts in flight")
    os.kill(a.process.pid, signal.SIGSTOP)
    wait_until(lambda: (n := len(net.goals())) == (time.sleep(1) or len(net.goals())), 15, "what was sent is counted")
    before = {c: len(net.goals(c)) for c in clicks}
    net.set_mode("ok")
    try:
        wait_until(lambda: all(net.goals(c, accepted=True) for c in clicks), TAKEOVER_S, "the other delivers", step=0.2)
        time.sleep(10)
    finally:
        os.kill(a.process.pid, signal.SIGCONT)
    time.sleep(12)  # its attempts time out, it joins again
    for c in clicks:
        assert len(net.goals(c, accepted=True)) == 1, "once"
        assert len(net.goals(c)) <= before[c] + 1, "at most once more for each attempt that was in flight"
    assert metric(a, "node_births_total") == 1
    assert metric(a, "node_fenced") == 0 and a.get("/readyz").status == 200
    fresh = new_id()
    owe(a, [fresh])
    wait_until(lambda: net.goals(fresh, accepted=True), 5, "it delivers again")


def test_a_replay_job_is_one_nodes_until_it_dies(pair, net):
    """Every node took every job for a dead one's: two went at twice the rate that was asked for."""
    a, b = pair
    wait_until(lambda: metric(a, "nodes_alive") == metric(b, "nodes_alive") == 2, 10, "they see each other", step=0.2)
    net.set_mode("status:400", "goal")
    clicks = [new_id() for _ in range(120)]
    owe(a, clicks, statuses=(202, 502))

    def dead():
        return len(a.admin("GET", "/api/admin/deliveries?state=dead&limit=200").json["data"])
    wait_until(lambda: dead() == len(clicks), 30, "all are dead", step=0.3)
    net.set_mode("ok")
    job = a.admin("POST", "/api/admin/replays", json_body={"rate": 15}).json["data"]["id"]
    begun = time.monotonic()

    def replayed(node):
        return node.admin("GET", f"/api/admin/replays/{job}").json["data"]["replayed"]
    while (passed := time.monotonic() - begun) < 3:
        # A page of a second's worth is woken at its beginning.
        assert replayed(b) <= 15 * (time.monotonic() - begun + 2), "faster than asked for"
        time.sleep(0.2)
    assert passed >= 3 and replayed(b) > 0
    a.kill9()
    wait_until(lambda: b.admin("GET", f"/api/admin/replays/{job}").json["data"]["state"] == "done", 60, "the other goes on")
    wait_until(lambda: all(net.goals(c, accepted=True) for c in clicks), 60, "delivered", step=0.3)
    twice = [c for c in clicks if len(net.goals(c, accepted=True)) > 1]
    assert len(twice) <= 15 and all(len(net.goals(c, accepted=True)) <= 2 for c in twice), "what was in flight at the kill"


def test_a_clean_stop_frees_its_work_at_once(pair, net):
    a, b = pair
    net.set_mode("error", "goal")
    click = new_id()
    owe(a, [click])
    wait_until(lambda: net.goals(click), 5, "one attempt")
    a.stop()
    net.set_mode("ok")
    wait_until(lambda: net.goals(click, accepted=True), 12, "the other goes on", step=0.1)


def test_a_key_revoked_on_one_node_ends_on_the_other(pair, net):
    a, b = pair
    key = a.create_key("ingest", name="shared")
    report = {"click_id": new_id(), "affiliate_id": "7", "amount": 5}
    assert b.post("/api/ftd", report, key=key).status == 200, "made on the other node a moment ago"
    a.command("key", "revoke", "shared")
    wait_until(lambda: b.post("/api/ftd", report, key=key).status == 401, 5, "revoked everywhere", step=0.1)


def test_a_key_made_elsewhere_is_never_refused_for_good(pair):
    """A tracker takes 401 for final. Strangers who invent keys use up what may be looked up in the store, but not that."""
    a, b = pair
    until = time.monotonic() + 4

    def invent(_):
        answers = []
        while time.monotonic() < until:
            answers.append(b.post("/api/ftd", {"click_id": new_id(), "affiliate_id": "7", "amount": 5},
                                  key="bki_" + secrets.token_hex(16)))
        return answers

    def new_keys(_):
        answers = []
        while time.monotonic() < until:
            key = a.create_key("ingest", name=secrets.token_hex(4))
            report = {"click_id": new_id(), "affiliate_id": "7", "amount": 5}
            answers.append(b.post("/api/ftd", report, key=key))
            wait_until(lambda: b.post("/api/ftd", report, key=key).status == 200, 8, "known after the next reading", step=0.2)
        return answers
    *invented, made = burst(9, lambda i: (new_keys if i == 8 else invent)(i))
    invented = sum(invented, [])
    assert {answer.status for answer in invented} == {401, 503}
    assert {answer.status for answer in made} <= {200, 503} and made
    assert all(answer.headers.get("Retry-After") for answer in [*invented, *made] if answer.status == 503)


def test_what_the_store_cannot_be_asked_is_not_called_unknown(pair, mongo):
    _, b = pair
    known = b.create_key("ingest", name="known")
    report = {"click_id": new_id(), "affiliate_id": "7", "amount": 5}
    assert b.post("/api/ftd", report, key=known).status == 200
    database = mongo.database(b.env["BARRACUDA_STORE_DATABASE"])

    def fail_point(mode, collection):
        database.client.admin.command("configureFailPoint", "failCommand", mode=mode, data={
            "failCommands": ["find"], "errorCode": 13, "namespace": f"{database.name}.{collection}", "appName": "barracuda"})
    for collection, path in (("api_keys", "/api/ftd"), ("sessions", "/api/admin/auth/profile"),
                             ("sessions", "/api/admin/auth/logout")):
        def ask():
            method, body = ("GET", None) if path.endswith("profile") else ("POST", report)
            prefix = "bki_" if collection == "api_keys" else "bks_"
            return b.request(method, path, json_body=body, key=prefix + secrets.token_hex(16))
        assert ask().status == 401
        fail_point("alwaysOn", collection)
        try:
            answer = ask()
            assert (answer.status, bool(answer.headers.get("Retry-After"))) == (503, True), (path, answer)
            assert b.post("/api/ftd", report, key=known).status == 200, "memory knows it"
        finally:
            fail_point("off", collection)
        assert ask().status == 401
