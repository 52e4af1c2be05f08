"""Networks, goals and offers by API; what a template network then receives, byte for byte."""
import base64
import hashlib
import hmac
import http.server
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Server, new_id, wait_until
from ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLDER = "older-secret"


class Receiver:
    """A tracker on loopback: keeps every request as it came, answers `status`."""

    def __init__(self):
        self.requests, self.status, self.by_click, self.delay = [], 200, {}, 0
        outer, self.lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with outer.lock:
                    outer.requests.append((self.command, self.path, dict(self.headers.items()), body))
                    status = next((s for c, s in outer.by_click.items() if c in self.path + body.decode()), outer.status)
                time.sleep(outer.delay)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            do_GET = do_POST = serve

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def of(self, click):
        with self.lock:
            return [r for r in self.requests if click in r[1] or click.encode() in r[3]]

    def wait(self, click, n, seconds=10):
        wait_until(lambda: len(self.of(click)) >= n, seconds, f"{n} calls of {click}")
        return self.of(click)


@pytest.fixture(scope="module")
def tracker():
    receiver = Receiver()
    yield receiver
    receiver.http.shutdown()


@pytest.fixture(scope="module")
def srv(net, tmp_path_factory):
    env = {"BARRACUDA_SECRET_NEW": SECRET, "BARRACUDA_SECRET_OLD": OLDER}
    with Server(tmp_path_factory.mktemp("networks"), net, env=env) as server:
        yield server


@pytest.fixture
def made(srv):
    """Creates entities, and removes them after the test."""
    names = []

    def make(kind, body):
        answer = srv.admin("POST", f"/api/admin/{kind}", json_body=body)
        assert answer.status == 200, answer
        names.append((kind, body.get("name") or body["id"]))
        return answer.data

    yield make
    for kind, name in reversed(names):
        def gone(path=f"/api/admin/{kind}/{name}"):
            answer = srv.admin("DELETE", path)
            return answer.status in (200, 404)
        wait_until(gone, 10, f"{name} can be deleted", step=0.1)


def template(name, url, **more):
    postback = {k: more.pop(k) for k in ("method", "headers", "body_type", "body") if k in more}
    return {"name": name, "kind": "template", "postback": {"url": url, **postback}, **more}


def report(srv, click, **more):
    query = {"click_id": click, "affiliate_id": "7", "goal": "deposit", **more}
    answer = srv.get("/api/postback", **query)
    assert answer.status == 200, answer
    return answer


def together(calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [f.result() for f in [pool.submit(c) for c in calls]]


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def test_a_template_network_receives_the_exact_url(srv, net, tracker, made):
    made("networks", template(
        "exact", tracker.url + "/in/{goal_type}?cid={click_id}&a={amount}&cur={currency}&st={status:approved=1,pending=0}"
        "&s1={sub1}&raw={_sub2}&d={delivery_id}"))
    click = new_id()
    report(srv, click, amount="12.50", status="approved", sub1="a b&c", sub2="x%20y")
    (method, path, headers, body), = tracker.wait(click, 1)
    delivery = headers["Barracuda-Delivery"]
    assert (method, body) == ("GET", b"")
    assert path == f"/in/deposit?cid={click}&a=12.5&cur=USD&st=1&s1=a%20b%26c&raw=x%20y&d={delivery}"
    # A second, equal report adds nothing; route 5 alone does not tell the default network.
    report(srv, click, amount="12.50", status="approved", sub1="a b&c", sub2="x%20y")
    assert len(tracker.of(click)) == 1 and net.goals(click) == []
    # Its yes decides nothing.
    other = new_id()
    report(srv, other)
    tracker.wait(other, 1)
    wait_until(lambda: srv.admin("DELETE", "/api/admin/networks/exact").status == 200, 10, "its yes is recorded")
    assert srv.conversion(other)["status"] == "pending"


def test_bodies_are_signed_by_both_live_secrets(srv, tracker, made):
    made("networks", template(
        "signed", tracker.url + "/hook", method="POST", body_type="json", headers=["X-Goal: {goal_id}"],
        body='{"click":"{click_id}","amount":{amount},"at":{timestamp},"s":"{status:approved=yes,pending=no}"}',
        secrets=["env:BARRACUDA_SECRET_NEW", "env:BARRACUDA_SECRET_OLD"]))
    click = new_id() + '"\\é'
    answer = srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 10})
    assert answer.status == 200, answer
    (method, path, headers, body), = tracker.wait(click[:12], 1)
    sent = json.loads(body)
    assert (method, path, headers["X-Goal"]) == ("POST", "/hook", "6")
    assert headers["Content-Type"] == "application/json"
    assert sent == {"click": click, "amount": 10, "at": int(headers["webhook-timestamp"]), "s": "yes"}
    assert headers["webhook-id"] == headers["Barracuda-Delivery"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    keys = [base64.b64decode(SECRET[6:]), OLDER.encode()]
    assert headers["webhook-signature"] == " ".join("v1," + base64.b64encode(mac(k, signed)).decode() for k in keys)


def test_urls_are_signed_up_to_the_signature(srv, tracker, made):
    made("networks", template("url-signed", tracker.url + "/s?c={click_id}&t={timestamp}&sig={sig}",
                              secrets=["env:BARRACUDA_SECRET_OLD"]))
    click = new_id()
    report(srv, click)
    (_, path, _, _), = tracker.wait(click, 1)
    target, signature = path.rsplit("=", 1)
    assert signature == mac(OLDER.encode(), (target + "=").encode()).hex()


def test_the_default_and_further_networks_are_told_of_one_conversion(srv, net, tracker, made):
    made("networks", template("first", tracker.url + "/1?c={click_id}"))
    made("networks", template("second", tracker.url + "/2", method="POST", body_type="form", body="c={click_id}&e={event}"))
    click = new_id()
    answer = srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "registration"})
    assert answer.status == 200 and answer.data["postbackStatusCode"] == 200, answer
    calls = tracker.wait(click, 2)
    assert sorted(c[1] for c in calls) == ["/1?c=" + click, "/2"]
    assert [c[3] for c in calls if c[0] == "POST"] == [f"c={click}&e=conversion".encode()]
    assert len(net.goals(click)) == 1
    assert len({c[2]["Barracuda-Delivery"] for c in calls} | {net.goals(click)[0].delivery}) == 3


def test_goals_statuses_and_offers_say_who_is_told(srv, tracker, made):
    made("networks", template("approved-only", tracker.url + "/approved?c={click_id}", statuses=["approved"]))
    made("networks", template("registrations", tracker.url + "/reg?c={click_id}", goals=["5"]))
    made("networks", template("offer-9", tracker.url + "/o9?c={click_id}", every_offer=False))
    made("networks", template("last", tracker.url + "/last?c={click_id}"))
    made("offers", {"id": "9", "title": "Nine", "networks": ["offer-9", "last"]})

    def told(n, **more):
        click = new_id()
        report(srv, click, **more)
        return click, sorted(c[1].split("?")[0] for c in tracker.wait(click, n))

    click, paths = told(1)
    assert paths == ["/last"], "pending deposit, no offer"
    report(srv, click, status="approved")
    assert sorted(c[1].split("?")[0] for c in tracker.wait(click, 2)) == ["/approved", "/last"]
    assert told(2, goal="registration")[1] == ["/last", "/reg"]
    assert told(2, offer_id="9", status="approved")[1] == ["/last", "/o9"]


def test_changes_are_told_once_and_in_order(srv, tracker, made):
    made("networks", template(
        "updates", tracker.url + "/u?c={click_id}&e={event}&n={change}&a={amount}&s={status}", updates=True))
    click = new_id()
    tracker.by_click[click] = 500  # the first one fails, so that the changes must wait for it
    report(srv, click)
    tracker.wait(click, 1)
    report(srv, click, status="approved")
    report(srv, click, status="approved")
    answer = srv.admin("POST", "/api/admin/conversions", json_body={
        "click_id": click, "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": 30})
    assert answer.status == 200, answer
    report(srv, click, status="rejected")
    del tracker.by_click[click]
    calls = tracker.wait(click, 5, seconds=20)
    told = [re.sub(r".*&e=", "", c[1]) for c in calls]
    assert told[0] == told[1] == "conversion&n=0&a=0&s=pending", "tried again after 5 s, as it was"
    assert told[2:] == ["update&n=1&a=0&s=approved", "update&n=2&a=30&s=approved", "update&n=3&a=30&s=rejected"]
    ids = [c[2]["Barracuda-Delivery"] for c in calls]
    assert ids[0] == ids[1] and len(set(ids)) == 4


@pytest.mark.parametrize("change, field, position, reason", [
    ({"postback": {"url": "http://127.0.0.1/?c={clickid}"}}, "postback.url", 20, "no macro {clickid}"),
    ({"postback": {"url": "http://{sub1}.example/"}}, "postback.url", 7, "host takes no macro"),
    ({"postback": {"url": "http://127.0.0.1/?s={status:approved=1}"}}, "postback.url", 20, "pending"),
    ({"postback": {"url": "http://127.0.0.1/?s={status:ok=1}"}}, "postback.url", 28, "no status"),
    ({"postback": {"url": "http://127.0.0.1/", "method": "POST", "body_type": "json", "body": "{"}}, "postback.body", 1, "JSON"),
    ({"postback": {"url": "http://127.0.0.1/", "headers": ["Host: x"]}}, "postback.headers[0]", 0, "set by the program"),
    ({"postback": {"url": "http://nowhere.invalid/"}}, "postback.url", 7, "does not resolve"),
    ({"postback": {"url": "http://10.1.2.3/"}}, "postback.url", 7, "not public"),
    ({"postback": {"url": "http://127.0.0.1:81/"}, "limits": {"ports": [80]}}, "postback.url", 7, "port 81"),
    ({"postback": {"url": "http://127.0.0.1/", "bodytype": "json"}}, "postback.bodytype", None, "no such field"),
    ({"secrets": ["hunter2"]}, "secrets[0]", None, "name of a secret"),
    ({"goals": ["77"]}, "goals[0]", None, "no goal"),
    ({"statuses": ["paid"]}, "statuses[0]", None, "pending, approved or rejected"),
    ({"limits": {"allowed_addresses": ["10.0.0.0/99"]}}, "limits.allowed_addresses[0]", None, "range"),
    ({"limits": {"allowed_addresses": ["127.0.0.0/9", "10.0.0.0/8"]}}, "limits.allowed_addresses[1]", None, "network.allow_addresses"),
    ({"limits": {"concurrency": "many"}}, "limits.concurrency", None, "whole number"),
    ({"kind": "smtp"}, "kind", None, "expected irev_v3"),
    ({"name": "a/b"}, "name", None, "letters"),
    ({"colour": "red"}, "colour", None, "no such field"),
])
def test_bad_networks_are_refused_with_place_and_reason(srv, change, field, position, reason):
    body = {**template("bad", "http://127.0.0.1/?c={click_id}"), **change}
    answer = srv.admin("POST", "/api/admin/networks", json_body=body)
    assert answer.status == 400 and answer.json["success"] is False, answer
    assert (answer.json["field"], answer.json["position"]) == (field, position), answer
    assert reason in answer.json["reason"] and field in answer.message, answer
    assert srv.admin("GET", "/api/admin/networks/bad").status == 404


def test_check_connects_and_stores_nothing(srv, tracker):
    good = template("checked", tracker.url + "/?c={click_id}")
    answer = srv.admin("POST", "/api/admin/networks?check=1", json_body=good)
    assert answer.status == 200 and answer.json["reached"][0]["connected"] is True, answer
    closed = template("checked", f"http://127.0.0.1:{free_port()}/?c=1")
    answer = srv.admin("POST", "/api/admin/networks?check=1", json_body=closed)
    assert answer.status == 400 and answer.json["field"] == "postback.url" and "refused" in answer.json["reason"], answer
    for slip in ("check", "check=", "check=2", "check=yes", "chek=1", "dry_run=1", "Check=1"):  # would create it
        answer = srv.admin("POST", "/api/admin/networks?" + slip, json_body=good)
        assert answer.status == 400 and answer.json["field"] == slip.split("=")[0], answer
    for kind, body in (("goals", {"id": "31", "type": "other"}), ("offers", {"id": "31"})):  # these cannot be checked
        for method, path in (("POST", f"/api/admin/{kind}?check=1"), ("PUT", f"/api/admin/{kind}/31?check=1")):
            answer = srv.admin(method, path, json_body=body)
            assert answer.status == 400 and answer.json["field"] == "check", answer
        assert srv.admin("GET", f"/api/admin/{kind}/31").status == 404
    assert srv.admin("POST", "/api/admin/networks?check=true", json_body=good).json["reached"]
    assert srv.admin("GET", "/api/admin/networks/checked").status == 404


def test_check_looks_for_the_secrets(srv, tracker, made):
    for secrets, missing in ((["env:BARRACUDA_SECRET_NOPE"], 0), (["env:BARRACUDA_SECRET_OLD", "file:nope"], 1)):
        body = template("unsigned", tracker.url + "/?c={click_id}&sig={sig}", secrets=secrets)
        answer = srv.admin("POST", "/api/admin/networks?check=1", json_body=body)
        assert answer.status == 400 and answer.json["field"] == f"secrets[{missing}]", answer
        assert answer.json["reason"].startswith(secrets[missing] + ": "), answer
    there = template("unsigned", tracker.url + "/?c={click_id}&sig={sig}", secrets=["env:BARRACUDA_SECRET_OLD"])
    assert srv.admin("POST", "/api/admin/networks?check=1", json_body=there).status == 200
    assert made("networks", template("open", tracker.url + "/?c={click_id}"))["secretsSet"] is False
    assert made("networks", {**there, "name": "signed"})["secretsSet"] is True


def test_preview_and_test_send(srv, tracker, made):
    made("networks", template("tried", tracker.url + "/t?c={click_id}&k={secret}&s={status}", headers=["X-Key: {secret}"],
                              secrets=["env:BARRACUDA_SECRET_OLD"]))
    answer = srv.admin("POST", "/api/admin/networks/tried/preview", json_body={"parameters": {"click_id": "p q"}})
    assert answer.status == 200 and answer.data["url"] == tracker.url + "/t?c=p%20q&k=***&s=approved", answer
    assert answer.data["headers"] == ["X-Key: ***"] and OLDER not in answer.body.decode()
    assert tracker.of("p%20q") == []
    click = new_id()
    report(srv, click, status="rejected")
    stored = {"conversion": {"click_id": click, "goal_id": "6"}}
    assert f"c={click}&k=***&s=rejected" in srv.admin("POST", "/api/admin/networks/tried/preview", json_body=stored).data["url"]

    probe = new_id("test")
    answer = srv.admin("POST", "/api/admin/networks/tried/test", json_body={"parameters": {"click_id": probe}})
    assert answer.status == 200 and answer.json["success"] is True, answer
    assert (answer.data["status"], answer.data["response"]) == (200, "ok") and answer.data["timings"]["total_us"] > 0
    assert OLDER not in answer.body.decode()
    (_, path, headers, _), = tracker.of(probe)
    assert path == f"/t?c={probe}&k={OLDER}&s=approved" and headers["X-Key"] == OLDER
    assert srv.of_click(probe) == []
    number = {"conversion": {"click_id": click, "goal_id": 6}}
    assert f"c={click}&" in srv.admin("POST", "/api/admin/networks/tried/preview", json_body=number).data["url"]
    # A slip is refused: it would send a sample's values.
    before = len(tracker.requests)
    for body, field in (({"parmeters": {"click_id": "x"}}, "parmeters"), ({"name": "tried"}, "name"), ({"parameters": "x"}, "parameters"),
                        ({"conversion": click}, "conversion"), ({"network": []}, "network"),
                        ({"parameters": {"clik_id": "x"}}, "parameters.clik_id"), ({"parameters": {"sig": "x"}}, "parameters.sig")):
        for action in ("preview", "test"):
            answer = srv.admin("POST", f"/api/admin/networks/tried/{action}", json_body=body)
            assert (answer.status, answer.json["field"]) == (400, field), answer
    assert len(tracker.requests) == before
    for action in ("preview", "test", "stop", "resume"):
        assert srv.admin("POST", f"/api/admin/networks/none/{action}", json_body={}).status == 404
    # What is not stored yet can be previewed.
    unsaved = {"network": template("unsaved", "http://127.0.0.1/?x={goal_id}")}
    assert srv.admin("POST", "/api/admin/networks/unsaved/preview", json_body=unsaved).data["url"] == "http://127.0.0.1/?x=6"


def test_a_test_respects_a_stop_and_is_bounded(srv, tracker, made):
    made("networks", template("held", tracker.url + "/t?c={click_id}"))
    path = "/api/admin/networks/held"
    assert srv.admin("POST", path + "/stop", json_body={}).status == 200
    click = new_id()
    answer = srv.admin("POST", path + "/test", json_body={"parameters": {"click_id": click}})
    assert answer.status == 409 and "stopped" in answer.message, answer
    assert not tracker.of(click)
    assert srv.admin("POST", path + "/resume", json_body={}).status == 200
    tracker.delay = 1.5
    answers = together([lambda: srv.admin("POST", path + "/test", json_body={"parameters": {"click_id": click}})] * 12)
    tracker.delay = 0
    assert sorted({a.status for a in answers}) == [200, 429], answers
    assert len(tracker.of(click)) == sum(a.status == 200 for a in answers) <= 8
    assert all(a.headers["Retry-After"] for a in answers if a.status == 429)
    assert srv.admin("POST", path + "/test", json_body={"parameters": {"click_id": click}}).status == 200


def test_more_networks_than_a_conversion_can_owe_are_refused(srv, net, tracker, made):
    names, refused = [], None
    while not refused and len(names) < 60:
        name = f"many{len(names)}"
        answer = srv.admin("POST", "/api/admin/networks", json_body=template(name, f"{tracker.url}/{name}?c={{click_id}}"))
        if answer.status == 200:
            names.append(name)
        else:
            refused = answer
    try:
        assert refused is not None and refused.status == 400 and refused.json["field"] == "active", refused
        assert "room for 30" in refused.message
        click = new_id()
        assert srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"}).status == 200
        srv.post("/api/private/conversions", {"click_hash": click, "goal_type_id": "6"})
        for name in names:
            wait_until(lambda name=name: any(f"/{name}?" in r[1] for r in tracker.of(click)), 20, f"{name} is told")
        assert "dead" not in [d["state"] for d in srv.conversion(click, "6")["deliveries"]]
        off = {**template("one-more", tracker.url + "/x?c={click_id}"), "active": False}
        made("networks", off)
        answer = srv.admin("PUT", "/api/admin/networks/one-more", json_body={**off, "active": True})
        assert answer.status == 400 and answer.json["field"] == "active", answer
        kept = template(names[0], f"{tracker.url}/{names[0]}?c={{click_id}}&x=1")
        path = f"/api/admin/networks/{names[0]}"
        assert srv.admin("PUT", path, json_body=kept).status == 200, "it gets no worse"
        assert srv.admin("PUT", path, json_body={**kept, "updates": True}).status == 400
    finally:
        for name in names:
            path = f"/api/admin/networks/{name}"
            wait_until(lambda path=path: srv.admin("DELETE", path).status in (200, 404), 10, f"{name} goes", step=0.1)


def test_a_network_that_is_down_leaves_room_for_the_default_one(srv, net, tracker, made):
    made("networks", template("far", tracker.url + "/far?c={click_id}&e={event}&a={amount}", updates=True))
    assert srv.admin("POST", "/api/admin/networks/far/stop", json_body={}).status == 200
    click = new_id()
    report(srv, click)
    for amount in range(1, 40):
        answer = srv.admin("POST", "/api/admin/conversions", json_body={
            "click_id": click, "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": amount})
        assert answer.status == 200, answer
    answer = srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"})
    assert answer.status == 200 and answer.json["success"] is True, answer
    assert answer.message == "Conversion delivered to the network" and len(net.goals(click)) == 1
    assert srv.admin("POST", "/api/admin/networks/far/resume", json_body={}).status == 200
    wait_until(lambda: any("e=update&a=39" in r[1] for r in tracker.of(click)), 20, "how it stands")


def test_edits_keep_a_history_and_a_rev(srv, tracker, made):
    first = made("networks", template("edited", tracker.url + "/?c={click_id}"))
    assert (first["rev"], first["builtIn"]) == (1, False)
    again = srv.admin("POST", "/api/admin/networks", json_body=template("edited", tracker.url + "/"))
    assert again.status == 409, again
    changed = {**first, "active": False}  # an answer comes back with one field changed
    answer = srv.admin("PUT", "/api/admin/networks/edited", json_body=changed)
    assert answer.status == 200 and answer.data["rev"] == 2, answer
    last = answer.data["history"][-1]
    assert (last["field"], last["from"], last["to"]) == ("active", "true", "false") and last["by"].startswith("key:")
    stale = srv.admin("PUT", "/api/admin/networks/edited", json_body=changed)
    assert stale.status == 409 and "rev is 2" in stale.message, stale
    click = new_id()
    report(srv, click)
    assert srv.admin("GET", "/api/admin/networks/edited").data["active"] is False
    assert tracker.of(click) == []


def test_what_is_in_use_is_not_deleted(srv, tracker, made):
    made("networks", template("used", tracker.url + "/?c={click_id}"))
    made("offers", {"id": "77", "networks": ["used"]})
    answer = srv.admin("DELETE", "/api/admin/networks/used")
    assert answer.status == 409 and "offer 77" in answer.message, answer
    assert srv.admin("DELETE", "/api/admin/networks/default").status == 409
    assert srv.admin("DELETE", "/api/admin/networks/nobody").status == 404
    assert srv.admin("DELETE", "/api/admin/goals/5").status == 409
    built_in = srv.admin("DELETE", "/api/admin/offers/2")
    assert built_in.status == 409 and "of the settings" in built_in.message, built_in
    assert srv.admin("DELETE", "/api/admin/offers/nobody").status == 404
    assert srv.admin("POST", "/api/admin/offers", json_body={"id": "78", "networks": ["nobody"]}).json["field"] == "networks[0]"


def test_a_waiting_delivery_keeps_its_network(srv, tracker, made):
    made("networks", template("waited-for", tracker.url + "/w?c={click_id}"))
    click = new_id()
    tracker.by_click[click] = 500
    report(srv, click)
    tracker.wait(click, 1)
    wait_until(lambda: srv.admin("DELETE", "/api/admin/networks/waited-for").status == 409, 5)
    del tracker.by_click[click]
    tracker.wait(click, 2, seconds=20)


def test_goals_are_entities(srv, made):
    listed = {g["id"]: g for g in srv.admin("GET", "/api/admin/goals").data}
    assert listed["5"]["then"] == "6" and listed["5"]["builtIn"] and listed["6"]["type"] == "deposit"
    made("goals", {"id": "12", "type": "other"})
    click = new_id()
    answer = srv.post("/api/private/conversions", {"click_hash": click, "goal_type_id": "12"})
    assert answer.status == 200 and answer.data["goal_type"] == "other", answer
    for body, field in [({"id": "13", "type": "other", "then": "99"}, "then"), ({"id": "13", "type": "sale"}, "type"),
                        ({"id": "13", "type": "other", "then": "13"}, "then"), ({"id": "a b", "type": "other"}, "id"),
                        ({"id": "13", "type": "other", "then_amount": -1}, "then_amount")]:
        refused = srv.admin("POST", "/api/admin/goals", json_body=body)
        assert refused.status == 400 and refused.json["field"] == field, refused
    # Deposits are followed by the registration, which is followed by them: a cycle.
    cycle = srv.admin("PUT", "/api/admin/goals/6", json_body={"id": "6", "type": "deposit", "then": "5"})
    assert cycle.status == 400 and "back to itself" in cycle.json["reason"], cycle


def test_a_goals_keys_are_not_changed_by_api(srv):
    answer = srv.admin("POST", "/api/admin/goals", json_body={"id": "20", "type": "other", "repeatable": True})
    assert answer.status == 400 and answer.json["field"] == "repeatable" and "settings" in answer.json["reason"], answer


def test_chain_rules_follow_an_edit(srv, net):
    def contact():
        answer = srv.post("/api/contact", {"email": new_id("m") + "@example.com", "type": "affiliate"})
        assert answer.status == 200, answer
        return answer.data

    assert contact()["ftd"] is True
    put = srv.admin("PUT", "/api/admin/goals/5", json_body={"type": "registration"})
    assert put.status == 200 and put.data["then"] == "", put
    assert contact()["ftd"] is False
    assert srv.admin("DELETE", "/api/admin/goals/5").status == 200
    assert contact()["ftd"] is True


def test_entities_survive_a_restart_and_need_an_admin(srv, tracker, made):
    made("networks", template("kept", tracker.url + "/k?c={click_id}"))
    assert srv.get("/api/admin/networks").status == 401
    assert srv.post("/api/admin/networks", template("x", tracker.url)).status == 401
    srv.restart()
    assert srv.admin("GET", "/api/admin/networks/kept").data["rev"] == 1
    click = new_id()
    report(srv, click)
    tracker.wait(click, 1)


def test_the_default_network_can_be_replaced_and_comes_back(srv, net):
    other = {"kind": "irev_v3", "base_url": net.base_url + "/", "secrets": ["env:BARRACUDA_SECRET_OLD"]}
    put = srv.admin("PUT", "/api/admin/networks/default", json_body=other)
    assert put.status == 200 and "in place of the settings' [network]" in put.message, put
    click = new_id()
    body = {"click_id": click, "affiliate_id": "7", "goal_type": "deposit", "amount": 5}
    assert srv.post("/api/goals/postback", body).status == 200
    assert net.goals(click)[0].query["hash"] == OLDER
    assert OLDER not in srv.admin("GET", "/api/admin/networks/default").body.decode()
    assert srv.admin("DELETE", "/api/admin/networks/default").status == 200
    click = new_id()
    assert srv.post("/api/goals/postback", {**body, "click_id": click}).status == 200
    assert net.goals(click)[0].query["hash"] == "testhash"
