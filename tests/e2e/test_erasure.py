"""Canaries: no secret ever, and no erased person afterwards, in any file, answer, log or metric (docs/operating/privacy.md)."""
import base64
import json
import urllib.parse

import pytest

from harness import STORE, Server, new_hash, new_id, wait_until
from persons import MARKED_MAX_S, PERSON, VISITOR, WORDS, found_in, in_answers, in_database, in_files, settled
from seven_routes import check

HASH, TOKEN, TEMPLATE = "net/hash+Canary~1", "priv/token+Canary~2", "tmpl/secret+Canary"


@pytest.fixture
def srv(net, tmp_path):
    env = {"BARRACUDA_NETWORK_HASH": HASH, "BARRACUDA_NETWORK_PRIVATE_API_TOKEN": TOKEN, "BARRACUDA_SECRET_TRACKER": TEMPLATE,
           "BARRACUDA_LOG_REQUESTS": "true"}
    with Server(tmp_path, net, env=env) as server:
        yield server
    with net.lock:
        net.goal_more, net.created_more = {}, {}


def test_an_erased_person_is_nowhere(srv, net):
    click = new_hash()
    with net.lock:  # the network knows the person, whatever it is told
        net.goal_more = {"user": PERSON["email"], "who": {"first": "Zephyrine", "company": PERSON["company"].upper()}}
        net.created_more = {"client": {"mail": PERSON["email"]}, "note": urllib.parse.quote(PERSON["name"])}
    tracker = {"name": "tracker", "kind": "template", "postback": {"url": f"{net.base_url}/goal/9?click_id={{click_id}}&s={{sub2}}"}}
    check(srv.admin("POST", "/api/admin/networks", json_body=tracker))
    form = {**PERSON, "type": "affiliate", "sub1": click, "sub2": "mail:" + PERSON["email"], "affiliate_id": "7"}
    check(srv.post("/api/contact", form))
    check(srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 250, "sub3": PERSON["username"], **VISITOR}))
    created = {"click_hash": click, "goal_type_id": "6", "affiliate_id": "8", "sub4": PERSON["name"], **VISITOR, "ip_address": "198.51.100.78"}
    check(srv.request("POST", "/api/private/conversions", query={"explain": 1}, json_body=created))
    edit = {"click_id": click, "affiliate_id": "7", "goal_id": "5", "goal_type": "registration", "sub5": PERSON["email"], **VISITOR}
    check(srv.admin("POST", "/api/admin/conversions", json_body=edit))
    check(srv.admin("POST", "/api/admin/conversions", json_body={**edit, "sub5": "x", "user_agent": "other"}))
    settled(srv)
    before = [(c["goal_id"], c["amount"], c["status"], c["provenance"]) for c in srv.of_click(click)]

    # Control: they are where they are looked for.
    assert set(in_answers(srv, WORDS)) >= {"/api/admin/contacts", "/api/admin/conversions", "/api/admin/attempts", "csv"}
    assert in_files(srv.data, WORDS)
    if STORE == "mongodb":
        assert {"contacts", "conversions"} <= set(in_database(srv, WORDS))
    else:
        srv.command("backup", str(srv.directory / "before"))
        assert in_files(srv.directory / "before", [PERSON["email"]])

    check(srv.admin("DELETE", "/api/admin/contacts/" + srv.contact(PERSON["email"])["id"]))
    assert not in_database(srv, WORDS)
    wait_until(lambda: not in_answers(srv, WORDS), MARKED_MAX_S, "nothing in answers", step=0.5)
    wait_until(lambda: not in_files(srv.data, WORDS), MARKED_MAX_S, f"nothing in files: {in_files(srv.data, WORDS)}", step=0.5)
    assert [(c["goal_id"], c["amount"], c["status"], c["provenance"]) for c in srv.of_click(click)] == before, "what happened stays"
    assert not found_in(srv.stderr.read_bytes(), WORDS)
    if STORE != "mongodb":
        srv.command("backup", str(srv.directory / "after"))
        assert not in_files(srv.directory / "after", WORDS)
    srv.restart()
    assert not in_answers(srv, WORDS) and not in_files(srv.data, WORDS)
    check(srv.post("/api/contact", {**PERSON, "type": "user", "sub1": new_hash()}))  # the e-mail is free


@pytest.mark.parametrize("path", ["/api/contact", "/api/register"])
@pytest.mark.parametrize("kind", ["affiliate", "user"])
def test_a_click_that_a_form_merely_named_keeps_its_facts(srv, path, kind):
    """Whoever names another's click in a form, and is erased, takes nothing of it along but what says their own e-mail."""
    sale = new_id("SALE")
    ftd = {"click_id": sale, "affiliate_id": "7", "amount": 250, "sub3": PERSON["username"], "sub4": PERSON["email"],
           "browser": PERSON["company"], **VISITOR}
    check(srv.post("/api/ftd", ftd))
    check(srv.post(path, {**PERSON, "type": kind, "sub1": sale}))
    settled(srv)
    before = srv.conversion(sale)
    assert before["sub4"] == PERSON["email"], "control"
    received = srv.admin("GET", "/api/admin/received", query={"click_id": sale}).data
    assert received
    check(srv.admin("DELETE", "/api/admin/contacts/" + srv.contact(PERSON["email"])["id"]))
    after = srv.conversion(sale)
    assert "sub4" not in after
    changing = ("sub4", "history", "updatedAt", "rev")
    assert {k: v for k, v in after.items() if k not in changing} == {k: v for k, v in before.items() if k not in changing}
    assert srv.admin("GET", "/api/admin/received", query={"click_id": sale}).data == received, "nor do the logs lose it"


def test_an_attempt_under_way_brings_nobody_back(srv, net):
    """Neither into the document nor into the log of attempts, which hears of it after the erasure."""
    click = new_hash()
    with net.lock:
        net.goal_more = {"user": PERSON["email"]}
    net.set_mode("slow", "goal", delay=3)
    form = {**PERSON, "type": "affiliate", "name": PERSON["name"], "affiliate_id": "7", "sub1": click, "sub2": PERSON["email"]}
    assert srv.post("/api/register", form).status == 200
    wait_until(lambda: net.goals(), 10, "the network is being told")
    check(srv.admin("DELETE", "/api/admin/contacts/" + srv.contact(PERSON["email"])["id"]))
    net.set_mode("ok")
    settled(srv)
    assert "/api/admin/conversions" not in in_answers(srv, WORDS)
    wait_until(lambda: not in_answers(srv, WORDS) and not in_files(srv.data, WORDS), MARKED_MAX_S, "nothing anywhere", step=0.5)


def test_secrets_are_nowhere(srv, net):
    secrets = [HASH, TOKEN, TEMPLATE]
    echo = {"said": HASH, "quoted": urllib.parse.quote(HASH, safe=""), "lower": urllib.parse.quote(HASH, safe="").lower(),
            "php": json.dumps(HASH + TOKEN).replace("/", "\\/"), "blob": base64.b64encode(f"a:{TOKEN}".encode()).decode(),
            "auth": f"Bearer {TOKEN}"}
    with net.lock:
        net.created_more = echo
        net.goal_more = lambda query: {"template": TEMPLATE, "lower": TEMPLATE.replace("/", "%2f")} if "k" in query else echo
    tracker = {"name": "tracker", "kind": "template", "secrets": ["env:BARRACUDA_SECRET_TRACKER"],
               "postback": {"url": f"{net.base_url}/goal/9?click_id={{click_id}}&k={{secret}}"}}
    check(srv.admin("POST", "/api/admin/networks", json_body=tracker))
    click, key = new_hash(), srv.create_key("ingest", name="canary")
    said = [srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit", "amount": 3}, key=key),
            srv.post("/api/private/conversions", {"click_hash": click, "goal_type_id": "6", "deposit_amount": 3}, key=key),
            srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit", "amount": 3}, key=key),
            srv.get("/api/postback", click_id=click + "x", affiliate_id="7", goal="deposit", key=key),
            srv.admin("POST", "/api/admin/networks/tracker/test", json_body={}),
            srv.admin("POST", "/api/admin/networks/tracker/preview", json_body={})]
    settled(srv)
    assert found_in(repr(net.calls).encode(), [HASH, TOKEN, TEMPLATE]), "control: the network was sent them"
    assert b"postbackResponse" in said[0].body and said[0].data["postbackResponse"].count("***") > 3, "control: it sent them back"
    for answer in said:
        assert not found_in(answer.body, secrets), answer
    with net.lock:
        net.listed = {"data": [echo], "total": 1}
    listed = srv.admin("GET", "/api/private/conversions")
    with net.lock:
        net.listed = None
    assert listed.status == 200 and not found_in(listed.body, secrets), listed
    assert not in_answers(srv, [*secrets, key, srv.admin_key]) and not in_database(srv, [*secrets, key])
    assert not in_files(srv.data, [*secrets, key, srv.admin_key])
    assert not found_in(srv.stderr.read_bytes(), [*secrets, key, srv.admin_key])
