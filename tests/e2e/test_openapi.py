"""docs/api/openapi.yaml is true: its paths are the router's, it says who may ask, every field it names is read, and
what is answered is what it describes."""
import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from documents import ROOT, text_of
from harness import Answer, Server, new_hash, new_id, wait_until
from openapi import (OPERATIONS, SPEC, Described, body_of, faults, parameters_of, properties, required, resolve,
                     template_of)

INGEST, SESSION = [{"bearer": []}, {"apiKey": []}], [{"bearer": []}, {"session": []}]
SECURITY = {"Ingest": [INGEST], "IngestUrl": [INGEST + [{"urlKey": []}]], "Admin": [INGEST + [{"session": []}]],
            "Open": [[], [{}] + INGEST, SESSION]}  # forms look at a key, sessions ask for themselves
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def api(net, tmp_path_factory):
    """A server that asks for keys, and has no admin yet."""
    env = {"BARRACUDA_DELIVERY_INLINE_WAIT": "2s"}
    with Server(tmp_path_factory.mktemp("api"), net, ingest="key", env=env) as server:
        server.ingest_key = server.create_key("ingest")
        yield server


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
    answer = api.admin("PATCH", concrete(path))
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
    ids = [o["operationId"] for o in OPERATIONS.values() if "operationId" in o]
    assert len(ids) == len(set(ids))
    for schema in SPEC["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    used = set(re.findall(r"#/components/(\w+/\w+)", text_of("docs/api/openapi.yaml")))
    there = {f"{kind}/{name}" for kind in ("schemas", "responses", "parameters") for name in SPEC["components"][kind]}
    assert used == there, used ^ there
    version = re.search(r"project\(barracuda VERSION ([\d.]+)", text_of("CMakeLists.txt")).group(1)
    assert SPEC["info"]["version"] == version


# ----------------------------------------------------------------------------------------------- what is read

VALUES = {"click_id": "c", "affiliate_id": "7", "amount": 1, "goal": "deposit", "goal_type": "deposit", "goal_id": "6",
          "goal_type_id": "6", "email": "a@example.com", "type": "other", "name": "N", "company": "C", "token": "x",
          "password": PASSWORD, "kind": "irev_v3"}
BODIES = [(path, method, name, inner) for path, method in OPERATIONS if body_of(path, method)
          for name, schema in properties(body_of(path, method)).items()
          for inner in [None, *(properties(schema) if name in ("limits", "postback") else ())]]


@pytest.mark.parametrize("path,method,name,inner", BODIES)
def test_a_field_is_read(api, path, method, name, inner):
    """A value of a wrong type is refused by the field's name."""
    schema = body_of(path, method)
    body = {field: VALUES.get(field, "x" * 32) for field in required(schema)}
    if path in ("/api/contact", "/api/register"):
        body["type"] = "user"
    wrong = "text" if resolve(properties(schema)[name]).get("type") == "object" else {"x": 1}
    body[name] = {inner: {"x": 1}} if inner else wrong
    answer = api.admin(method, concrete(path), json_body=body)
    assert answer.status == 400 and (f"{name}.{inner}" if inner else name) in answer.message, answer
    assert not faults(path, method, answer), faults(path, method, answer)


QUERIES = [(path, method, name) for path, method in OPERATIONS if method == "GET"
           for name, parameter in parameters_of(path, method).items()
           if parameter["in"] == "query" and name not in ("explain", "token")]


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
    read = re.findall(r'[rR]eader\w*\.(?:Required)?(?:Id|Text|Amount|Bool|Count|Int|Object|Texts|Ints<\w+>)\(\s*"(\w+)"', source)
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
    call("GET", "/api/private/conversions", key=api.admin_key)
    stated = {"click_id": click, "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": 11, "metadata": {"a": 1}}
    call("POST", "/api/admin/conversions", key=api.admin_key, json_body=stated)
    call("GET", "/api/admin/conversions", key=api.admin_key, query={"limit": 2})
    call("GET", "/api/admin/conversions", key=api.admin_key)
    call("GET", "/api/admin/conversions/stats", key=api.admin_key)


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
    call("GET", "/api/admin/contacts/stats", key=api.admin_key)
    call("POST", "/api/admin/contacts", key=api.admin_key, json_body={"type": "user"})
    call("DELETE", one, key=api.admin_key)
    call("GET", one, 404, key=api.admin_key)


def admins(call, api):
    token = wait_until(lambda: (api.data / "setup-link").read_text(), 10).strip().partition("token=")[2]
    call("GET", "/setup", query={"token": token})
    boss = {"email": "boss@example.com", "name": "Boss", "password": PASSWORD}
    call("POST", "/api/admin/auth/setup", json_body={"token": token, **boss})
    call("POST", "/api/admin/auth/login", 401, json_body={**boss, "password": PASSWORD + "x"})
    session = call("POST", "/api/admin/auth/login", json_body=boss).data["token"]
    call("GET", "/api/admin/auth/profile", key=session)
    call("POST", "/api/admin/auth/logout", key=session)


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
    call("GET", "/api/admin/received", key=key)
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
    forms(call, api)
    deliveries(call, api, net)
    entities(call, api, net)
    for path in ("/livez", "/readyz", "/metrics"):
        call("GET", path)
        call("HEAD", path)
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
