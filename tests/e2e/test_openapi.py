"""docs/api/openapi.yaml is true: its paths are the router's, it says who may ask, every field it names is read, and
what is answered is what it describes."""
import http.client
import json
import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from documents import ROOT, text_of
from authenticator import totp
from harness import Answer, Server, new_hash, new_id, wait_until
from openapi import (OPERATIONS, SPEC, Described, body_of, faults, parameters_of, properties, required, resolve,
                     strict, template_of)

INGEST, SESSION = [{"bearer": []}, {"apiKey": []}], [{"bearer": []}, {"session": []}]
ADMIN = [INGEST + [{"session": []}]]
SECURITY = {"Ingest": [INGEST], "IngestUrl": [INGEST + [{"urlKey": []}]], "Admin": ADMIN, "Reader": ADMIN, "Owner": ADMIN,
            "Person": [SESSION],
            "Open": [[], [{}] + INGEST, SESSION]}  # forms look at a key, sessions ask for themselves
PASSWORD, NEW = "correct horse battery", "staple correct horse"


@pytest.fixture(scope="module")
def api(net, tmp_path_factory):
    """A server that asks for keys, and has no admin yet."""
    env = {"BARRACUDA_DELIVERY_INLINE_WAIT": "2s"}
    with Server(tmp_path_factory.mktemp("api"), net, ingest="key", env=env) as server:
        server.ingest_key = server.create_key("ingest")
        yield server


@pytest.fixture(scope="module")
def person(net, tmp_path_factory):
    """An admin's token, for what is about the admin who asks: takes a request's parts, answers as that server does."""
    with Server(tmp_path_factory.mktemp("person"), net) as server:
        server.command("admin", "create", "--email", "p@example.com", "--name", "P", "--password-stdin", stdin=PASSWORD + "\n")
        token = server.post("/api/admin/auth/login", {"email": "p@example.com", "password": PASSWORD}).data["token"]
        yield lambda method, path, **parts: server.request(method, path, key=token, **parts)


def concrete(path):
    return path.replace("{id}", "0" * 24)


# ------------------------------------------------------------------------------------------ paths and callers

def test_the_routers_table():
    table = re.findall(r'^    \{"(/[^"]*)",\s+"([A-Z]+)",\s+Access::k(\w+),', text_of("src/api/router.cc"), re.M)
    assert len(table) > 50 and {(path, method) for path, method, _ in table} == set(OPERATIONS)
    for path, method, access in table:
        assert OPERATIONS[path, method]["security"] in SECURITY[access], (path, method)


@pytest.mark.parametrize("path", list(SPEC["paths"]))
def test_methods_of_a_path(api, path):
    answer = api.admin("TRACE", concrete(path))  # that none takes
    assert answer.status == 405, answer
    methods = [method for p, method in OPERATIONS if p == path]  # …/stats is itself, not somebody's id
    assert sorted(answer.headers["Allow"].split(", ")) == sorted(methods)


@pytest.mark.parametrize("path,method", list(OPERATIONS))
def test_who_may_ask(api, path, method):
    answer = api.request(method, concrete(path))
    closed = OPERATIONS[path, method]["security"] and {} not in OPERATIONS[path, method]["security"]
    if closed or path == "/setup":
        assert answer.status == 401, answer
    else:
        assert answer.status in (200, 204, 400), answer
    assert not faults(path, method, answer), (faults(path, method, answer), answer)


def empty_values(node, at=""):
    """-> places whose value is nothing: an unquoted comma within braces makes a name of what follows it."""
    if node is None:
        return [at]
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for name, value in items for found in empty_values(value, f"{at}/{name}")]


def test_the_description_is_sound():
    assert not empty_values(SPEC)
    assert empty_values(yaml.safe_load("{description: one, two}")) == ["/two"]
    ids = [o.get("operationId") for o in OPERATIONS.values()]
    assert all(ids) and len(ids) == len(set(ids))
    for schema in SPEC["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    used = set(re.findall(r"#/components/(\w+/\w+)", text_of("docs/api/openapi.yaml")))
    there = {f"{kind}/{name}" for kind in ("schemas", "responses", "parameters") for name in SPEC["components"][kind]}
    assert used == there, used ^ there
    version = re.search(r"project\(barracuda VERSION ([\d.]+)", text_of("CMakeLists.txt")).group(1)
    assert SPEC["info"]["version"] == version


def nodes(node):
    """Every object within."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def test_generators_can_read_it():
    """What public generators stumble over: aliases, values of several types at once, constants, two components of one
    name; and a `default` where absent means something else: clients would send it."""
    assert not [token for token in yaml.scan(text_of("docs/api/openapi.yaml")) if isinstance(token, yaml.AliasToken)]
    for node in nodes(SPEC["components"]["schemas"]):
        several = node.get("type") if isinstance(node.get("type"), list) else []
        assert "const" not in node and len([one for one in several if one != "null"]) <= 1, node
    names = [name.lower() for kind in ("schemas", "parameters") for name in SPEC["components"][kind]]
    names = [name for name in names if names.count(name) > 1 and not name.endswith("_id")]
    assert not set(names) & {"id", "network", "error"}, names
    for path, method in OPERATIONS:
        if path in REPORTS and method == "POST":
            assert not [name for name, field in properties(body_of(path, method)).items() if "default" in field], path


def test_a_problem_need_not_name_a_field(api):
    """Where no field is to blame a typed client reads the message all the same."""
    assert SPEC["components"]["schemas"]["Problem"]["required"] == ["success", "message"]
    for path in ("/api/admin/networks", "/api/admin/goals", "/api/admin/offers"):
        for query, body in (("?check=1&check=1", b"{}"), ("", b"{"), ("", b"[]"), ("", b"\xff")):
            answer = api.admin("POST", path + query, body=body)
            assert answer.status == 400 and answer.message, answer
            assert not faults(path, "POST", answer), (faults(path, "POST", answer), answer)


def test_shapes_of_bodies_are_said():
    said = SPEC["info"]["description"]
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "Content-Encoding"):
        assert f"`{kind}`" in said, kind


REPORTS = ("/api/private/conversions", "/api/contact", "/api/register", "/api/ftd", "/api/postback", "/api/goals/postback",
           "/api/admin/conversions")


# ----------------------------------------------------------------------------------------------- what is read

VALUES = {"click_id": "c", "affiliate_id": "7", "amount": 1, "goal": "deposit", "goal_type": "deposit", "goal_id": "6",
          "goal_type_id": "6", "email": "a@example.com", "type": "other", "name": "N", "company": "C", "token": "x",
          "password": PASSWORD, "kind": "irev_v3", "role": "operator", "scope": "ingest", "group": "goal", "action": "approve", "q": "c"}
BODIES = [(path, method, name, inner) for path, method in OPERATIONS if body_of(path, method)
          for name, schema in properties(body_of(path, method)).items() if name != "sub1"  # never a reason to refuse
          for inner in [None, *(properties(schema) if name in ("limits", "postback") else ())]]


@pytest.mark.parametrize("path,method,name,inner", BODIES)
def test_a_field_is_read(api, person, path, method, name, inner):
    """A value of a wrong type is refused by the field's name."""
    schema = body_of(path, method)
    body = {field: VALUES.get(field, "x" * 32) for field in required(schema)}
    if path in ("/api/contact", "/api/register"):
        body["type"] = "user"
    wrong = "text" if resolve(properties(schema)[name]).get("type") == "object" else {"x": 1}
    body[name] = {inner: {"x": 1}} if inner else wrong
    ask = person if OPERATIONS[path, method]["security"] == SESSION else api.admin
    answer = ask(method, concrete(path), json_body=body)
    assert answer.status == 400 and (f"{name}.{inner}" if inner else name) in answer.message, answer
    assert not faults(path, method, answer), faults(path, method, answer)


QUERIES = [(path, method, name) for path, method in OPERATIONS if method == "GET"
           for name, parameter in parameters_of(path, method).items()
           if parameter["in"] == "query" and name not in ("explain", "token", "sub1")]


@pytest.mark.parametrize("path,method,name", QUERIES)
def test_a_parameter_is_read(api, path, method, name):
    """Text that is no UTF-8 is refused by the parameter's name."""
    query = {n: VALUES[n] for n, p in parameters_of(path, method).items() if p.get("required") and p["in"] == "query"}
    answer = api.admin(method, f"{concrete(path)}?{name}=%ff", query={n: v for n, v in query.items() if n != name})
    assert answer.status == 400 and name in answer.message and "is no filter" not in answer.message, answer


def test_what_is_read_is_described():
    named = set()
    for path, method in OPERATIONS:
        named |= set(parameters_of(path, method))
    for schema in SPEC["components"]["schemas"].values():
        named |= set(properties(schema)) | set(schema.get("enum", []))
    source = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "src/api").glob("*.cc")) if "_test" not in p.name)
    read = re.findall(r'[rR]eader\w*\.(?:Required)?(?:Id|Text|Sought|Amount|Bool|Count|Int|Object|Texts|Ids|Sum|Ints<\w+>)\(\s*"(\w+)"', source)
    read += re.findall(r'(?:Read(?:Time|Number|Flag|Word)|AddNumber|AddText|AddWord)\((?:request, )?reader, "(\w+)"', source)
    for listed in re.findall(r"for \(const char\* \w+ :\s*\{([^}]*)\}", source):
        read += re.findall(r'"(\w+)"', listed)
    assert len(set(read)) > 60
    assert not set(read) - named


def test_the_common_fields():
    own = {"affiliate_id", "offer_id", "amount", "sale_amount", "payout", "revenue", "unique", "click_hash"}
    fields = set(re.findall(r'\{Field::\w+, "(\w+)"', text_of("src/domain/fields.h")))
    assert own < fields and set(properties(SPEC["components"]["schemas"]["Report"])) == fields - own
    assert fields < set(properties(SPEC["components"]["schemas"]["Conversion"]))


# -------------------------------------------------------------------------------------------- what is answered

def reports(call, api):
    key, click = api.ingest_key, new_id()
    more = {"transaction_id": "t1", "sub1": "s", "country": "DE", "is_test": True, "metadata": {"a": [1, {"b": None}]}}
    ftd = {"click_id": click, "affiliate_id": "7", "amount": "9.5", "sale_amount": 3, **more}
    call("POST", "/api/ftd", json_body=ftd, key=key, query={"explain": 1})
    call("POST", "/api/ftd", json_body={**ftd, "amount": 10}, key=key, query={"explain": 1})
    postback = {"click_id": new_id(), "affiliate_id": "7", "goal": "deposit", "amount": "1.5", "sale_amount": "1"}
    for method, parts in (("HEAD", {"query": postback}), ("GET", {"query": postback}), ("POST", {"form": postback})):
        call(method, "/api/postback", key=key, **parts)
    call("HEAD", "/api/postback", 400, key=key)
    call("POST", "/api/goals/postback", key=key, json_body={"click_id": new_id(), "affiliate_id": "7", "goal_type": "registration"})
    call("GET", "/api/goals/postback", key=key)
    private = {"click_hash": new_hash(), "goal_type_id": 6, "deposit_amount": 5, "payout": 1, "unique": "u"}
    call("POST", "/api/private/conversions", key=key, json_body=private)
    lines = "".join(json.dumps({**private, "click_hash": new_hash()}) + "\n" for _ in range(2)) + "{}\n"
    batch = call("POST", "/api/v1/conversions/batch", key=key, body=lines, query={"explain": 1})
    described = Draft202012Validator(strict(SPEC["components"]["schemas"]["BatchLine"]))
    for line in batch.body.decode().splitlines():
        assert not list(described.iter_errors(json.loads(line))), line
    call("POST", "/api/v1/conversions/batch", 400, key=key, body="\n")
    call("GET", "/api/private/conversions", key=api.admin_key)
    stated = {"click_id": click, "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": 11, "metadata": {"a": 1}}
    call("POST", "/api/admin/conversions", key=api.admin_key, json_body=stated)
    call("GET", "/api/admin/conversions", key=api.admin_key, query={"limit": 2})
    call("GET", "/api/admin/conversions", key=api.admin_key)
    call("GET", "/api/admin/conversions/stats", key=api.admin_key)
    call("GET", "/api/admin/conversions/export", key=api.admin_key)
    counted = lambda: api.admin("GET", "/api/admin/reports", query={"group": "goal"}).status == 200
    wait_until(counted, 20, "MongoDB's cells are counted first")
    call("GET", "/api/admin/reports", key=api.admin_key, query={"group": "day,goal,status", "compare": "previous", "limit": 2})
    call("GET", "/api/admin/reports", 400, key=api.admin_key, query={"group": "nothing"})
    call("GET", "/api/admin/conversions/export", 400, key=api.admin_key, query={"columns": "nothing"})


def corrections(call, api):
    key, click = api.admin_key, new_id()
    call("POST", "/api/ftd", key=api.ingest_key, json_body={"click_id": click, "affiliate_id": "7", "amount": 4})
    call("GET", "/api/postback", key=api.ingest_key, query={"click_id": click, "affiliate_id": "7", "goal": "registration"})
    seen = call("GET", "/api/admin/conversions", key=key, query={"click_id": click, "goal_type": "deposit"}).data[0]
    one = f"/api/admin/conversions/{seen['id']}"
    assert len(call("GET", one, key=key).data["siblings"]) == 1
    call("PATCH", one, key=key, json_body={"amount": 5, "sale_amount": 6, "currency": "EUR", "status": "rejected", "reason": "r", "rev": seen["rev"]})
    call("PATCH", one, 409, key=key, json_body={"amount": 5, "reason": "r", "rev": seen["rev"]})
    call("PATCH", one, 400, key=key, json_body={"amount": 5, "rev": 1})
    call("GET", "/api/admin/conversions/" + "0" * 24, 404, key=key)
    bulk, filter = "/api/admin/conversions/bulk", {"click_id": click}
    call("POST", bulk, key=key, query={"dry_run": 1}, json_body={"action": "approve", "filter": filter})
    call("POST", bulk, 409, key=key, json_body={"action": "approve", "filter": filter, "expect": 9})
    call("POST", bulk, 400, key=key, json_body={"action": "approve"})
    job = "/api/admin/jobs/" + call("POST", bulk, 201, key=key, json_body={"action": "approve", "filter": filter, "expect": 2}).data["id"]
    wait_until(lambda: call("GET", job, key=key).data["state"] == "done", 10, "the job ends")
    call("POST", job + "/undo", 201, key=key, json_body={"reason": "too soon"})
    call("DELETE", job, key=key)
    call("GET", "/api/admin/jobs", key=key)
    call("POST", "/api/admin/jobs/nothing/undo", 404, key=key)
    assert call("GET", "/api/admin/search", key=key, query={"q": click}).data


def listens(call, api):
    """A stream has no end, so only its head is read."""
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
    connection.request("GET", "/api/admin/events", headers={"X-Api-Key": api.admin_key})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/event-stream"
    connection.close()
    call.seen.add(("/api/admin/events", "GET", 200))
    call("GET", "/api/admin/events", 400, key=api.admin_key, query={"types": "x"})


def forms(call, api):
    for path in ("/api/contact", "/api/register"):
        call("OPTIONS", path, 204)
        for kind in ("affiliate", "user"):
            person = {"email": new_id("m") + "@example.com", "type": kind, "name": "N", "company": "C", "messenger": "m"}
            call("POST", path, json_body=person)
        call("POST", path, 409, form=person)
    listed = call("GET", "/api/admin/contacts", key=api.admin_key).data
    one = "/api/admin/contacts/" + listed[0]["id"]
    call("GET", one, key=api.admin_key)
    call("PUT", one, key=api.admin_key, json_body={"status": "contacted", "notes": "n", "affiliate_status": "approved"})
    call("GET", one + "/timeline", key=api.admin_key)
    listed = {"click_id": "c", "affiliate_id": "7", "ftd": "true", "from": "2026-01-01", "to": "2026-12-31", "limit": 1}
    call("GET", "/api/admin/contacts", key=api.admin_key, query=listed)
    call("GET", "/api/admin/contacts", 400, key=api.admin_key, query={"cursor": "x"})
    call("GET", "/api/admin/contacts/stats", key=api.admin_key)
    call("POST", "/api/admin/contacts", key=api.admin_key, json_body={"type": "user"})
    call("POST", one + "/reject-affiliate", key=api.admin_key, json_body={"reason": "no traffic"})
    call("POST", one + "/approve-affiliate", key=api.admin_key)
    call("DELETE", one, key=api.admin_key)
    call("GET", one, 404, key=api.admin_key)
    email = call("GET", "/api/admin/contacts", key=api.admin_key).data[0]["email"]
    call("POST", "/api/admin/erasures", key=api.admin_key, json_body={"email": email}, query={"dry_run": "1"})
    call("POST", "/api/admin/erasures", key=api.admin_key, json_body={"email": email})
    call("POST", "/api/admin/erasures", 404, key=api.admin_key, json_body={"email": email})
    call("POST", "/api/admin/erasures", 404, key=api.admin_key, json_body={"click_id": new_id()})


def admins(call, api):
    token = wait_until(lambda: (api.data / "setup-link").read_text(), 10).strip().partition("token=")[2]
    call("GET", "/setup", query={"token": token})
    boss = {"email": "boss@example.com", "name": "Boss", "password": PASSWORD}
    call("POST", "/api/admin/auth/setup", json_body={"token": token, **boss})
    call("POST", "/api/admin/auth/login", 401, json_body={**boss, "password": PASSWORD + "x"})
    session = call("POST", "/api/admin/auth/login", json_body=boss).data["token"]
    call("GET", "/api/admin/auth/profile", key=session)
    likes = {"name": "Boss", "tz": "Europe/Lisbon", "theme": "dark", "views": [{"name": "mine", "page": "/conversions", "query": "status=pending"}]}
    call("PUT", "/api/admin/auth/profile", key=session, json_body=likes)
    account(call, boss, session)
    team(call, api)
    call("POST", "/api/admin/auth/logout", key=call("POST", "/api/admin/auth/login", json_body={**boss, "password": NEW}).data["token"])


def account(call, boss, session):
    auth = "/api/admin/auth"
    other = call("POST", auth + "/login", json_body=boss).data["token"]
    listed = call("GET", auth + "/sessions", key=session).data
    ended = next(one["id"] for one in call("GET", auth + "/sessions", key=other).data if one["current"])
    assert ended in [one["id"] for one in listed]
    call("DELETE", f"{auth}/sessions/{ended}", key=session)
    call("DELETE", f"{auth}/sessions/{ended}", 404, key=session)
    secret = call("POST", auth + "/totp/device", key=session).data["secret"]
    call("POST", auth + "/totp/confirm", 400, key=session, json_body={"code": "no code"})
    recovery = call("POST", auth + "/totp/confirm", key=session, json_body={"code": totp(secret)}).data["recovery"]
    call("POST", auth + "/totp/device", 409, key=session)
    challenge = call("POST", auth + "/login", json_body=boss).data["challenge"]
    call("POST", auth + "/totp", 401, json_body={"challenge": challenge, "code": "no code"})
    session = call("POST", auth + "/totp", json_body={"challenge": challenge, "recovery": recovery[0]}).data["token"]
    call("DELETE", auth + "/totp/device", key=session, json_body={"recovery": recovery[1]})
    call("DELETE", auth + "/totp/device", 409, key=session, json_body={"recovery": recovery[1]})
    call("POST", auth + "/password", 400, key=session, json_body={"old": NEW, "new": NEW})
    call("POST", auth + "/password", key=session, json_body={"old": PASSWORD, "new": NEW})


def team(call, api):
    path, key = "/api/admin/admins", api.admin_key
    ann = {"email": "ann@example.com", "name": "Ann", "role": "operator"}
    invited = call("POST", path, key=key, json_body=ann).data
    call("POST", "/api/admin/auth/invitation", 401, json_body={"token": "x", "password": PASSWORD})
    call("POST", "/api/admin/auth/invitation", json_body={"token": invited["token"], "password": PASSWORD})
    call("POST", path, 409, key=key, json_body=ann)
    boss = next(one for one in call("GET", path, key=key).data if one["role"] == "owner")
    call("PUT", f"{path}/{boss['id']}", 409, key=key, json_body={"name": "Boss", "role": "operator"})
    call("PUT", f"{path}/{invited['id']}", key=key, json_body={"name": "Ann B", "role": "read_only"})
    call("DELETE", f"{path}/{boss['id']}", 409, key=key)
    call("DELETE", f"{path}/{invited['id']}", key=key)
    call("DELETE", f"{path}/{invited['id']}", 404, key=key)
    made = call("POST", "/api/admin/keys", key=key, json_body={"name": "k", "scope": "ingest", "affiliate": 7}).data
    call("GET", "/api/admin/keys", key=key)
    call("DELETE", f"/api/admin/keys/{made['id']}", key=key)


def deliveries(call, api, net):
    key, click = api.admin_key, new_id()
    net.set_mode("refuse", "goal")
    call("POST", "/api/goals/postback", 502, key=key, json_body={"click_id": click, "affiliate_id": "7", "goal_type": "deposit"})

    def dead():
        found = call("GET", "/api/admin/deliveries", key=key, query={"state": "dead", "click_id": click}).data
        return found and "/api/admin/deliveries/" + found[0]["ref"]

    one = wait_until(dead, 10, "dead")
    assert call("GET", one, key=key).data["log"]
    job = call("POST", "/api/admin/replays", 201, key=key, json_body={"click_id": click, "code": 422, "rate": 10}).data["id"]
    ended = wait_until(lambda: (j := call("GET", f"/api/admin/replays/{job}", key=key).data)["state"] == "done" and j, 10)
    assert ended["replayed"] == 1 and wait_until(dead, 10)
    call("POST", "/api/admin/replays", key=key, json_body={"click_id": click}, query={"dry_run": 1})
    nobodys = {"action": "cancel", "state": "waiting", "network": "nobody"}
    call("POST", "/api/admin/replays", 201, key=key, json_body=nobodys)
    call("GET", "/api/admin/replays", key=key)
    call("DELETE", f"/api/admin/replays/{job}", key=key)
    call("POST", "/api/admin/deliveries/retry", key=key, json_body={"click_id": click, "goal_id": "6"})
    wait_until(dead, 10, "dead again")
    call("POST", one + "/cancel", key=key)
    call("POST", one + "/cancel", 409, key=key)
    call("POST", one + "/replay", key=key)
    wait_until(dead, 10, "dead once more")
    call("POST", one + "/done", key=key)
    call("GET", "/api/admin/attempts", key=key)
    call("GET", "/api/admin/deliveries/counts", key=key)
    call("GET", "/api/admin/received/counts", key=key)
    record = call("GET", "/api/admin/received", key=key).data[0]
    call("GET", f"/api/admin/received/{record['id']}", key=key)
    call("GET", "/api/admin/received/nothing", 404, key=key)
    call("GET", "/api/admin/received", key=key, query={"conflict": "true"})
    net.set_mode("ok")


def entities(call, api, net):
    key, base = api.admin_key, "/api/admin/networks"
    network = {"name": "tracker", "kind": "template", "active": False,
               "postback": {"url": f"http://127.0.0.1:{net.port}/in?cid={{click_id}}&d={{delivery_id}}"}}
    call("POST", base, key=key, json_body=network, query={"check": 1})
    call("POST", base, key=key, json_body=network)
    call("POST", base, 409, key=key, json_body=network)
    call("POST", base, 400, key=key, json_body={**network, "name": "x", "postback": {"url": "http://h/{nothing}"}})
    call("GET", base, key=key)
    saved = call("GET", base + "/tracker", key=key).data
    call("PUT", base + "/tracker", key=key, json_body={**saved, "active": True})
    call("PUT", base + "/tracker", 409, key=key, json_body=saved)
    for what in ("preview", "test"):
        call("POST", f"{base}/tracker/{what}", key=key, json_body={"parameters": {"click_id": "c"}})
    for what in ("stop", "resume"):
        call("POST", f"{base}/tracker/{what}", key=key)
        call("POST", f"{base}/nobody/{what}", 404, key=key)
    for kind, new in (("offers", {"id": "77", "title": "T", "networks": ["tracker"]}), ("goals", {"id": "9", "type": "other"})):
        path = f"/api/admin/{kind}"
        call("POST", path, key=key, json_body=new)
        call("GET", path, key=key)
        call("PUT", f"{path}/{new['id']}", key=key, json_body=call("GET", f"{path}/{new['id']}", key=key).data)
        call("POST", path, 409, key=key, json_body=new)
        call("DELETE", f"{path}/{new['id']}", key=key)
        call("DELETE", f"{path}/{new['id']}", 404, key=key)
    call("DELETE", base + "/tracker", key=key)
    call("DELETE", base + "/default", 409, key=key)


def test_every_operation_answers_as_described(api, net):
    call = Described(api)
    admins(call, api)
    reports(call, api)
    corrections(call, api)
    listens(call, api)
    forms(call, api)
    deliveries(call, api, net)
    entities(call, api, net)
    for path in ("/livez", "/readyz", "/metrics", "/", "/thanks"):
        call("GET", path)
        call("HEAD", path)
    call("GET", "/api/admin/status", key=api.admin_key)
    for path in ("/landing.css", "/landing-logo"):
        call("GET", path)
    done = {(path, method) for path, method, status in call.seen if status < 300}
    assert done == set(OPERATIONS), set(OPERATIONS) - done


def test_an_answer_that_is_not_described_is_found():
    def given(path, status, body, kind="application/json"):
        return faults(path, "GET", Answer(status, {"Content-Type": kind}, body))

    assert not given("/livez", 200, b'{"success": true, "message": "alive"}')
    for status, body in ((200, b'{"success": true}'), (200, b'{"success": true, "message": "alive", "more": 1}'),
                         (200, b'{"success": true, "message": 1}'), (418, b'{"success": false, "message": "tea"}')):
        assert given("/livez", status, body), (status, body)
    assert given("/livez", 200, b"alive", "text/plain")
    deep = b'{"success": true, "data": {"id": "9", "type": "other", "repeatable": false, "then": "", "then_amount": 0,' \
           b' "then_when": "recorded", "builtIn": true, "rev": 0%s}}'
    assert not given("/api/admin/goals/9", 200, deep % b"") and given("/api/admin/goals/9", 200, deep % b', "more": 1')
    assert template_of("/api/admin/deliveries/retry") == "/api/admin/deliveries/retry"
