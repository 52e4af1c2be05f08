"""Every write of the desk, refused in every way it can be refused: the answer names what is to blame, and everything that is stored
is as it was before."""
import json

import pytest

import desk_state
from harness import Server
from openapi import OPERATIONS, body_of, faults, properties, required, resolve
from seven_routes import check

# A report like those of the keyed routes: it refuses no name that it does not know (test_bad_input.py).
REPORT = ("/api/admin/conversions", "POST")
WRITES = [(path, method) for path, method in OPERATIONS if (path, method) != REPORT
          and path.startswith("/api/admin/") and "/auth/" not in path and method not in ("GET", "HEAD", "OPTIONS")]
# What begins no write: it is answered like a list.
READS = {("/api/admin/contacts", "POST"), ("/api/admin/networks/{id}/preview", "POST")}
WITH_BODY = [(path, method) for path, method in WRITES if body_of(path, method) and (path, method) not in READS]


@pytest.fixture(scope="module")
def desk(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("desk"), net, ingest="key") as server:
        server.made = desk_state.furnish(server, net)
        server.roles = {role: desk_state.person(server, f"{role}@example.com", role) for role in ("read_only", "operator", "owner")}
        server.ingest_key = server.create_key("ingest")
        yield server


class Unchanged:
    """Holds what is stored, and which calls went out, against what was there before."""

    def __init__(self, srv, net):
        self.srv, self.net = srv, net

    def __enter__(self):
        self.before, self.calls = desk_state.of(self.srv), len(self.net.calls)

    def __exit__(self, kind, *_):
        if kind is None:
            after = desk_state.of(self.srv)
            assert {name: after[name] for name in after if after[name] != self.before[name]} == {}
            assert len(self.net.calls) == self.calls, "nobody was told"


def good(path, method, srv):
    """A body that is taken, so that the fault put into it is the only one."""
    bodies = {
        ("/api/admin/conversions/{id}", "PATCH"): {"amount": "99.5", "reason": "r", "rev": srv.admin("GET", one(srv, "conversions")).data["rev"]},
        ("/api/admin/conversions/bulk", "POST"): {"action": "reject", "ids": [srv.made["conversion"]], "reason": "r"},
        ("/api/admin/jobs/{id}/undo", "POST"): {"reason": "back"},
        ("/api/admin/deliveries/retry", "POST"): {"click_id": srv.made["dead click"], "goal_id": "6"},
        ("/api/admin/replays", "POST"): {"click_id": srv.made["dead click"]},
        ("/api/admin/admins", "POST"): {"email": "new@example.com", "name": "New", "role": "owner"},
        ("/api/admin/admins/{id}", "PUT"): {"name": "Other", "role": "owner"},
        ("/api/admin/keys", "POST"): {"name": "new", "scope": "ingest"},
        ("/api/admin/contacts/{id}", "PUT"): {"notes": "called"},
        ("/api/admin/contacts/{id}/approve-affiliate", "POST"): {"reason": "r"},
        ("/api/admin/contacts/{id}/reject-affiliate", "POST"): {"reason": "r"},
        ("/api/admin/erasures", "POST"): {"email": srv.made["email"]},
        ("/api/admin/networks", "POST"): desk_state.template("new", f"http://127.0.0.1:{srv.net.port}/?c={{click_id}}", active=False),
        ("/api/admin/networks/{id}", "PUT"): desk_state.template("tracker", f"http://127.0.0.1:{srv.net.port}/other", active=False),
        ("/api/admin/networks/{id}/test", "POST"): {"parameters": {"click_id": "x"}},
        ("/api/admin/goals", "POST"): {"id": "32", "type": "other"},
        ("/api/admin/goals/{id}", "PUT"): {"id": "31", "type": "other", "then": "6"},
        ("/api/admin/offers", "POST"): {"id": "78", "title": "T"},
        ("/api/admin/offers/{id}", "PUT"): {"id": "77", "title": "Other"},
    }
    return bodies[path, method]


def one(srv, kind):
    return desk_state.path_of(f"/api/admin/{kind}/{{id}}", srv.made)


def test_the_writes_are_found():
    assert len(WRITES) > 25 and len(WITH_BODY) == 19
    assert ("/api/admin/conversions/bulk", "POST") in WITH_BODY and ("/api/admin/networks/{id}/stop", "POST") in WRITES


# ------------------------------------------------------------------------------------------------ bodies that are none

def wrong_bodies(body):
    """-> (what, bytes, headers, status) of bodies that no route may take."""
    text = json.dumps(body)
    twice = text[:-1] + f', {json.dumps(next(iter(body)))}: {json.dumps(next(iter(body.values())))}}}'
    kind = {"Content-Type": "application/json"}
    yield "cut off", text[:-1].encode(), kind, 400
    yield "more behind its end", text.encode() + b"{}", kind, 400
    yield "a list", f"[{text}]".encode(), kind, 400
    yield "null", b"null", kind, 400
    yield "text", json.dumps(text).encode(), kind, 400
    yield "a name twice", twice.encode(), kind, 400
    yield "a name nobody knows", (text[:-1] + ', "nobody_knows": 1}').encode(), kind, 400
    yield "no UTF-8", text.encode()[:-1] + b', "x\xff": "\xfe"}', kind, 400
    yield "UTF-16", text.encode("utf-16"), kind, 400
    yield "too deep", (text[:-1] + ', "deep": ' + "[" * 200 + "]" * 200 + "}").encode(), kind, 400
    yield "in a coding", text.encode(), {**kind, "Content-Encoding": "gzip"}, 415
    yield "over 1 MiB", text[:-1].encode() + b" " * (1 << 20) + b"}", kind, 413


@pytest.mark.parametrize("path,method", WITH_BODY)
def test_a_body_that_is_none_changes_nothing(desk, net, path, method):
    with Unchanged(desk, net):
        for what, body, headers, status in wrong_bodies(good(path, method, desk)):
            answer = desk.admin(method, desk_state.path_of(path, desk.made), body=body, headers=headers)
            assert answer.status == status and answer.json["success"] is False, (what, answer)
            assert not faults(path, method, answer), (what, faults(path, method, answer))
            if what == "a name nobody knows":
                assert answer.json["field"] == "nobody_knows", answer
            if what == "a name twice":
                assert answer.json["field"] in good(path, method, desk), answer


@pytest.mark.parametrize("path,method", WITH_BODY)
def test_each_field_of_each_wrong_type_changes_nothing(desk, net, path, method):
    """The good body with one field of another type: refused by that name, as `field` and as the message's first word."""
    told = {"history", "createdAt", "updatedAt", "builtIn"}  # of an answer that comes back: not read
    with Unchanged(desk, net):
        for field, schema in properties(body_of(path, method)).items():
            kind = resolve(schema).get("type")
            for wrong, value in (("object", {"$ne": None}), ("array", [[{}]]), ("boolean", True)):
                if field in told or wrong == kind:
                    continue
                body = {**good(path, method, desk), field: value}
                if field == "filter":
                    del body["ids"]
                    body["expect"] = 1
                answer = desk.admin(method, desk_state.path_of(path, desk.made), json_body=body)
                check(answer, 400, success=False)
                assert answer.json["field"].split("[")[0] == field and answer.message.startswith(field), (field, value, answer)


@pytest.mark.parametrize("path,method", [(p, m) for p, m in WITH_BODY if required(body_of(p, m))])
def test_each_field_that_must_be_there(desk, net, path, method):
    body = good(path, method, desk)
    with Unchanged(desk, net):
        for field in sorted(required(body_of(path, method))):
            for left in ({k: v for k, v in body.items() if k != field}, {**body, field: None}, {**body, field: ""}):
                if field in ("id", "name") and method == "PUT" and left.get(field, None) is None:
                    continue  # the path says it
                answer = desk.admin(method, desk_state.path_of(path, desk.made), json_body=left)
                check(answer, 400, success=False)
                assert answer.json["field"] == field, (left, answer)


# -------------------------------------------------------------------------------------------------- the wrong asker

@pytest.mark.parametrize("path,method", [one for one in WRITES if one not in READS])
def test_who_may_not_changes_nothing(desk, net, path, method):
    """By a good body: only who asks is wrong."""
    parts = {"json_body": good(path, method, desk)} if (path, method) in WITH_BODY else {}
    target = desk_state.path_of(path, desk.made)
    foreign = {"Cookie": f"barracuda_session={desk.roles['owner']}", "Origin": "https://evil.example"}
    with Unchanged(desk, net):
        assert desk.request(method, target, **parts).status == 401
        assert desk.request(method, target, key=desk.admin_key[:-1] + "~", **parts).status == 401
        assert desk.request(method, target, key=desk.ingest_key, **parts).status == 403
        assert desk.request(method, target, key=desk.roles["read_only"], **parts).status == 403
        assert desk.request(method, target, headers=foreign, **parts).status == 403, "a page of another site rides on the cookie"
        if "/keys" in path or "/admins" in path:
            assert desk.request(method, target, key=desk.roles["operator"], **parts).status == 403


# ---------------------------------------------------------------------------------------------- the wrong address

@pytest.mark.parametrize("path,method", WRITES)
def test_a_slip_in_the_address_changes_nothing(desk, net, path, method):
    parts = {"json_body": good(path, method, desk)} if (path, method) in WITH_BODY else {}
    target = desk_state.path_of(path, desk.made)
    with Unchanged(desk, net):
        for slip in ("?dry=1", "?x", "?dry_run=perhaps", "?check=perhaps", "?%ff=1", "?rev=1"):
            answer = desk.admin(method, target + slip, **parts)
            check(answer, 400, success=False)
        for other in (target + "/", target.replace("/admin/", "/Admin/"), target.replace("/api/", "//api/")):
            check(desk.admin(method, other, **parts), 404, success=False)


@pytest.mark.parametrize("path,method", [(p, m) for p, m in WRITES if "{id}" in p])
def test_what_is_not_there_is_404_and_is_not_made(desk, net, path, method):
    parts = {"json_body": good(path, method, desk)} if (path, method) in WITH_BODY else {}
    made = method == "PUT" and path.split("/")[3] in ("networks", "goals", "offers")  # the body names another than the path
    by_digits = path.split("/")[3] in ("conversions", "contacts")
    with Unchanged(desk, net):
        for id in ("0" * 24, "nobody", "%2e%2e", "a%2fb", "x" * 600, "%00", "%20", "%F0%9F%90%9F"):
            answer = desk.admin(method, path.replace("{id}", id), **parts)
            wanted = {400, 404} if made or by_digits else {400} if id == "%00" else {404}
            assert answer.status in wanted and answer.json["success"] is False, (id, answer)


# --------------------------------------------------------------------------------------------- values that cannot be

def cases():
    """(path, method, what is put into the good body, the field that is to blame)"""
    one_of = {"networks": ("/api/admin/networks", "POST"), "network": ("/api/admin/networks/{id}", "PUT"), "goals": ("/api/admin/goals", "POST"),
              "goal": ("/api/admin/goals/{id}", "PUT"), "offers": ("/api/admin/offers", "POST"), "offer": ("/api/admin/offers/{id}", "PUT"),
              "replays": ("/api/admin/replays", "POST"), "bulk": ("/api/admin/conversions/bulk", "POST"),
              "retry": ("/api/admin/deliveries/retry", "POST"), "admins": ("/api/admin/admins", "POST"), "admin": ("/api/admin/admins/{id}", "PUT"),
              "contact": ("/api/admin/contacts/{id}", "PUT"), "conversion": ("/api/admin/conversions/{id}", "PATCH"),
              "undo": ("/api/admin/jobs/{id}/undo", "POST"), "erasures": ("/api/admin/erasures", "POST"), "test": ("/api/admin/networks/{id}/test", "POST")}
    long, nul = "x" * 17_000, "a\x00b"
    table = [
        ("networks", {"name": ""}, "name"), ("networks", {"name": "a b"}, "name"), ("networks", {"name": "n" * 65}, "name"),
        ("networks", {"name": "ä"}, "name"), ("networks", {"name": "../x"}, "name"), ("networks", {"kind": ""}, "kind"),
        ("networks", {"kind": "template "}, "kind"), ("networks", {"active": "true"}, "active"), ("networks", {"every_offer": 1}, "every_offer"),
        ("networks", {"updates": "no"}, "updates"), ("networks", {"statuses": "approved"}, "statuses"), ("networks", {"statuses": [1]}, "statuses[0]"),
        ("networks", {"goals": {"6": 1}}, "goals"), ("networks", {"goals": ["6", "99"]}, "goals[1]"), ("networks", {"goals": ["{goal}"]}, "goals[0]"),
        ("networks", {"goals": ["6"] * 257}, "goals"), ("networks", {"secrets": ["env:"]}, "secrets[0]"), ("networks", {"secrets": [nul]}, "secrets[0]"),
        ("networks", {"limits": []}, "limits"), ("networks", {"limits": {"concurrency": 1.5}}, "limits.concurrency"),
        ("networks", {"limits": {"concurrency": 2 ** 63}}, "limits.concurrency"), ("networks", {"limits": {"rate_per_second": -1}}, "limits.rate_per_second"),
        ("networks", {"limits": {"ports": [70_000]}}, "limits.ports[0]"), ("networks", {"limits": {"ports": [2 ** 40]}}, "limits.ports[0]"),
        ("networks", {"limits": {"retry_ms": ["1s"]}}, "limits.retry_ms[0]"), ("networks", {"limits": {"nothing": 1}}, "limits.nothing"),
        ("networks", {"postback": {"url": ""}}, "postback.url"), ("networks", {"postback": {"url": "ftp://127.0.0.1/"}}, "postback.url"),
        ("networks", {"postback": {"url": "http://u:p@127.0.0.1/"}}, "postback.url"), ("networks", {"postback": {"url": long}}, "postback.url"),
        ("networks", {"postback": {"url": "http://127.0.0.1/\r\nX: 1"}}, "postback.url"),
        ("networks", {"postback": {"url": "http://127.0.0.1/", "method": "DELETE"}}, "postback.method"),
        ("networks", {"postback": {"url": "http://127.0.0.1/", "headers": ["no colon"]}}, "postback.headers[0]"),
        ("networks", {"postback": {"url": "http://127.0.0.1/", "headers": ["A: b\r\nC: d"]}}, "postback.headers[0]"),
        ("networks", {"postback": {"url": "http://127.0.0.1/", "body_type": "xml", "method": "POST"}}, "postback.body_type"),
        ("networks", {"rev": "1"}, "rev"), ("network", {"name": "halted"}, "name"), ("network", {"rev": 1.5}, "rev"),
        ("goals", {"id": ""}, "id"), ("goals", {"id": "a/b"}, "id"), ("goals", {"id": "x" * 65}, "id"), ("goals", {"id": 5.5}, "id"),
        ("goals", {"type": "Other"}, "type"), ("goals", {"then": "32"}, "then"), ("goals", {"then": "nobody"}, "then"),
        ("goals", {"then_amount": "much"}, "then_amount"), ("goals", {"then_amount": -0.01}, "then_amount"),
        ("goals", {"then_amount": "1000000000001"}, "then_amount"), ("goals", {"then_when": "later"}, "then_when"),
        ("goals", {"repeatable": "no"}, "repeatable"), ("goals", {"repeatable": True}, "repeatable"),
        ("goal", {"id": "5"}, "id"), ("goal", {"repeatable": True}, "repeatable"), ("goal", {"then": "31"}, "then"),
        ("offers", {"id": ""}, "id"), ("offers", {"id": "a b"}, "id"), ("offers", {"title": 5}, "title"), ("offers", {"title": nul}, "title"),
        ("offers", {"title": long}, "title"), ("offers", {"networks": ["tracker", "nobody"]}, "networks[1]"), ("offers", {"networks": "tracker"}, "networks"),
        ("offers", {"goals": ["99"]}, "goals[0]"), ("offers", {"goals": [{}]}, "goals[0]"), ("offer", {"id": "78"}, "id"), ("offer", {"goals": ["6", "nobody"]}, "goals[1]"),
        ("replays", {"rate": "fast"}, "rate"), ("replays", {"rate": -1}, "rate"), ("replays", {"rate": 1.5}, "rate"), ("replays", {"kind": "mail"}, "kind"),
        ("replays", {"code": 1000}, "code"), ("replays", {"code": -1}, "code"), ("replays", {"from": "2026-02-30"}, "from"), ("replays", {"to": "2026-01-01T25:00:00Z"}, "to"),
        ("replays", {"action": "erase"}, "action"), ("replays", {"action": "cancel", "state": "done", "network": "tracker"}, "state"),
        ("replays", {"action": "cancel", "state": "dead"}, "network"), ("replays", {"state": "cancelled"}, "state"),
        ("bulk", {"ids": [1]}, "ids"), ("bulk", {"ids": {}}, "ids"), ("bulk", {"ids": ["g" * 24]}, "ids"), ("bulk", {"expect": -1}, "expect"),
        ("bulk", {"expect": "one"}, "expect"), ("bulk", {"action": "undo"}, "action"), ("bulk", {"action": "Approve"}, "action"), ("bulk", {"reason": "r" * 1001}, "reason"),
        ("retry", {"click_id": ""}, "click_id"), ("retry", {"click_id": "{click_id}"}, "click_id"), ("retry", {"goal_id": []}, "goal_id"),
        ("retry", {"transaction_id": 1.5}, "transaction_id"), ("retry", {"delivery_id": {"$ne": 1}}, "delivery_id"),
        ("admins", {"email": "a@b@c"}, "email"), ("admins", {"email": "a\nb@example.com"}, "email"), ("admins", {"name": "a\x07b"}, "name"), ("admins", {"name": "  "}, "name"),
        ("admins", {"role": "Owner"}, "role"), ("admins", {"token": "mine"}, "token"), ("admin", {"email": "other@example.com"}, "email"), ("admin", {"name": "n" * 65}, "name"),
        ("admin", {"totp": True}, "totp"), ("admin", {"totp": "off"}, "totp"), ("admin", {"password": "a new password"}, "password"),
        ("contact", {"notes": "n" * 4097}, "notes"), ("contact", {"status": "s" * 65}, "status"), ("contact", {"notes": nul}, "notes"), ("contact", {"affiliate_status": []}, "affiliate_status"),
        ("conversion", {"status": "open"}, "status"), ("conversion", {"amount": "1e400", "reason": "r"}, "amount"), ("conversion", {"currency": "XXX", "reason": "r"}, "currency"),
        ("conversion", {"rev": -1}, "rev"), ("conversion", {"rev": 1.5}, "rev"), ("conversion", {"rev": 10 ** 12}, "rev"), ("conversion", {"payout": 1}, "payout"),
        ("erasures", {"email": nul}, "email"), ("erasures", {"email": ""}, "email"),
        ("erasures", {"click_id": "c1"}, "email"), ("erasures", {"email": None, "click_id": long}, "click_id"),
        ("undo", {"reason": "r" * 1001}, "reason"), ("undo", {"reason": nul}, "reason"), ("undo", {"expect": 1}, "expect"),
        ("test", {"parameters": {"click_id": 5}}, "parameters.click_id"), ("test", {"parameters": {"timestamp": "1"}}, "parameters.timestamp"),
        ("test", {"conversion": {"click_id": "nobody"}}, "conversion"), ("test", {"conversion": {}}, "conversion"),
        ("test", {"conversion": {"click_id": "x" * 5000, "goal_id": "6"}}, "conversion"), ("test", {"conversion": {"click_id": True, "goal_id": None}}, "conversion"),
        ("test", {"network": {"kind": "nothing"}}, "kind"),
    ]
    return [pytest.param(*one_of[kind], change, field, id=f"{kind} {json.dumps(change)[:48]}") for kind, change, field in table]


@pytest.mark.parametrize("path,method,change,field", cases())
def test_a_value_that_cannot_be_is_named(desk, net, path, method, change, field):
    with Unchanged(desk, net):
        answer = desk.admin(method, desk_state.path_of(path, desk.made), json_body={**good(path, method, desk), **change})
        check(answer, 400, success=False)
        assert answer.json["field"] == field, answer
        assert answer.message.startswith(field), answer
        assert not faults(path, method, answer), faults(path, method, answer)


# --------------------------------------------------------------------------------------------------------- controls

def test_the_good_bodies_are_good(net, tmp_path):
    """Negative control: unspoilt each of them is taken, and of most of them something is seen to have changed."""
    with Server(tmp_path, net, ingest="key") as server:
        server.made = desk_state.furnish(server, net)
        for path, method in WITH_BODY:
            before = desk_state.of(server)
            answer = server.admin(method, desk_state.path_of(path, server.made), json_body=good(path, method, server))
            assert answer.status in (200, 201), (path, method, answer)
            if not path.endswith("/test"):
                assert desk_state.of(server) != before, (path, method, "is seen where it happens")


def test_a_change_is_seen(desk, net):
    """Negative control of the comparison: one word of one thing is enough."""
    goal = desk.admin("GET", "/api/admin/goals/31").data
    with pytest.raises(AssertionError, match="goals"):
        with Unchanged(desk, net):
            assert desk.admin("PUT", "/api/admin/goals/31", json_body={**goal, "then_when": "delivered"}).status == 200
