"""The log: a line a request when asked for, and never a secret or an e-mail address in any line."""
import json
import re
import urllib.parse

import pytest

from harness import Server, new_hash, new_id, send_raw, wait_until

FIELDS = {"time", "level", "message", "route", "method", "path", "status", "duration_us", "client", "bytes"}


def lines_of(server):
    """The log's lines; what the first steps print on stdout stands in the same file and is no JSON."""
    out = []
    for line in server.stderr.read_text().splitlines():
        try:
            out.append(json.loads(line))
        except ValueError:
            continue
    return out


def leaks(text, secrets):
    """What of `secrets` stands in a log's text, in any spelling it may have there, and every e-mail address."""
    found = []
    for secret in [*secrets, "Bearer"]:
        spellings = {secret, urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret)}
        spellings |= {json.dumps(s, ensure_ascii=a)[1:-1] for s in (secret,) for a in (True, False)}
        found += [s for s in spellings if s in text]
    return found + re.findall(r"[^\s\"]@[a-z][^\s\"]*|%40", text)


def requests_of(server):
    return [line for line in lines_of(server) if line["message"] == "request"]


@pytest.fixture(scope="module")
def logged(net, tmp_path_factory):
    env = {"BARRACUDA_LOG_REQUESTS": "true", "BARRACUDA_SERVER_TRUSTED_PROXIES": "127.0.0.0/8",
           "BARRACUDA_DELIVERY_INLINE_WAIT": "300ms"}
    with Server(tmp_path_factory.mktemp("logged"), net, ingest="key", env=env) as server:
        yield server


def last(server, status):
    """The newest line with this status, once it is there."""
    return wait_until(lambda: [r for r in requests_of(server) if r["status"] == status], 5)[-1]


def test_a_line_a_request(logged):
    key = logged.create_key("ingest")
    answer = logged.get("/api/postback", key=key, click_id=new_id(), affiliate_id="7", goal="registration")
    assert answer.status == 200
    line = last(logged, 200)
    while line["route"] == "/readyz":
        line = last(logged, 200)
    assert set(line) == FIELDS
    assert (line["route"], line["method"], line["path"], line["client"]) == (
        "/api/postback", "GET", "/api/postback", "127.0.0.1")
    assert line["bytes"] == len(answer.body) and line["duration_us"] > 0
    logged.request("GET", "/livez", headers={"X-Forwarded-For": "203.0.113.9"})
    wait_until(lambda: any(r["client"] == "203.0.113.9" for r in requests_of(logged)), 5)


def test_a_path_tells_no_person(logged):
    ours = "0123456789abcdef01234567"
    logged.admin("GET", f"/api/admin/contacts/{ours}")
    assert last(logged, 404)["path"] == f"/api/admin/contacts/{ours}"
    logged.admin("GET", "/api/admin/contacts/jane.secret@example.com")
    line = last(logged, 400)
    assert line["path"] == line["route"] == "/api/admin/contacts/{id}"
    logged.get("/jane.secret@example.com")
    wait_until(lambda: requests_of(logged)[-1]["path"] == "/***", 5)
    logged.get("/API/ftd/?click_id=secret")
    wait_until(lambda: requests_of(logged)[-1]["path"] == "/API/ftd/", 5)
    line = requests_of(logged)[-1]
    assert (line["route"], line["method"], line["status"]) == ("-", "GET", 404)
    send_raw(logged.port, b"janesecret /api/ftd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert last(logged, 405)["method"] == "-"
    assert "secret" not in logged.stderr.read_text()


def test_no_secret_and_no_address(logged, net):
    """Keys, passwords, sessions, e-mails and names go everywhere they may go, also where they fail."""
    key, word, name = logged.create_key("ingest"), "pass" + new_id("w"), "Zebulon" + new_id("n")
    email = new_id("jane") + "@example.com"
    logged.command("admin", "create", "--email", email, "--name", name, "--password-stdin", stdin=word + "\n")
    login = logged.post("/api/admin/auth/login", {"email": email, "password": word})
    token = login.data["token"]
    assert login.status == 200
    logged.post("/api/admin/auth/login", {"email": email, "password": word + "x"})
    logged.get("/api/admin/auth/profile", key=token)
    logged.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="deposit", key=key)
    assert logged.request("GET", "/api/postback", query={
        "click_id": new_id(), "affiliate_id": "7", "goal": "registration", "key": key}).status == 200
    logged.request("GET", "/api/postback", query={"key": key + "x", "click_id": email})
    click = new_hash()
    for mode in ("ok", "refuse", "error", "down"):  # a network's failures are logged as well
        net.set_mode(mode)
        person = new_id("joe") + "@example.com"
        for path in ("/api/contact", "/api/register"):
            logged.post(path, {"email": person, "name": name, "company": name, "type": "affiliate", "sub1": click})
        logged.admin("GET", "/api/admin/contacts", query={"search": person})
        logged.post("/api/private/conversions", {"click_hash": new_hash(), "goal_type_id": "6"}, key=key)
    logged.admin("POST", "/api/admin/contacts", json_body={"search": email})
    logged.request("POST", "/api/admin/auth/logout", key=token)
    logged.post("/api/admin/auth/setup", {"token": "bkt_" + word, "email": email, "name": name, "password": word})
    logged.stop()
    text = logged.stderr.read_text()
    requests = requests_of(logged)
    assert {r["route"] for r in requests} >= {"/api/contact", "/api/register", "/api/postback", "/api/admin/auth/login"}
    assert leaks(text, [key, logged.admin_key, word, token, name, "testhash"]) == []
    logged.start()


SECRETS = {"key": "bki_Zk9-xQ_0aBcDeF", "password": "pass w/ord+1\"2", "token": "bks_8-_YyZz", "name": "Zébulon Ünal"}


@pytest.mark.parametrize("field", ["message", "path", "client", "why"])
@pytest.mark.parametrize("form", [str, urllib.parse.quote_plus, urllib.parse.quote, lambda s: urllib.parse.quote(s, safe="")],
                         ids=["as it is", "form", "URL", "URL, all of it"])
def test_control_a_leak_is_seen(logged, field, form):
    """What the test above holds the log against would be found in it, in whatever field and spelling."""
    clean = logged.stderr.read_text()
    assert leaks(clean, SECRETS.values()) == []
    line = {**requests_of(logged)[0]}
    for what, secret in {**SECRETS, "an e-mail address": "jane.doe@example.com", "an Authorization header": "Bearer x"}.items():
        if what == "an Authorization header" and form is not str:
            continue
        for ascii_only in (True, False):
            line[field] = f"before {form(secret)} after"
            doctored = clean + json.dumps(line, ensure_ascii=ascii_only) + "\n"
            assert leaks(doctored, SECRETS.values()), (what, doctored.splitlines()[-1])


def test_no_line_unless_asked_for(net, tmp_path):
    with Server(tmp_path, net) as server:
        assert server.get("/livez").status == 200
        server.stop()
        assert lines_of(server) and not requests_of(server)
