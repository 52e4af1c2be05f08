"""Retention by age: a store whose documents are made older serves with ages set, over either engine (docs/operating/privacy.md)."""
import hashlib
import json

import pytest

from harness import STORE, Server, new_hash, new_id, wait_until
from persons import MARKED_MAX_S, PERSON, VISITOR, WORDS, in_answers, in_database, in_files, settled
from seven_routes import check

DAY_MS, AGE_DAYS = 24 * 3600 * 1000, 100
AGES = {"BARRACUDA_RETENTION_CONTACTS_MAX_AGE": "2400h", "BARRACUDA_RETENTION_CONVERSIONS_PERSONAL_MAX_AGE": "2400h"}


def older(line, days):
    """A document of an export, as if it had been written so many days before."""
    (collection, document), = json.loads(line).items()
    for field in ("createdAt", "updatedAt"):
        moment = document.get(field, {}).get("$date")
        if moment:
            moment["$numberLong"] = str(int(moment["$numberLong"]) - days * DAY_MS)
    return json.dumps({collection: document}, separators=(",", ":"), ensure_ascii=False)


def aged(export, to, is_old, days):
    """The export with what `is_old` older by so many days."""
    first, *documents, last = export.read_text().splitlines()
    documents = [older(line, days) if is_old(line) else line for line in documents]
    digest = hashlib.blake2b("".join(documents).encode(), digest_size=32).hexdigest()
    assert json.loads(last)["end"] == len(documents)
    end = json.dumps({"end": len(documents), "hash": digest}, separators=(",", ":"))
    to.write_text("\n".join([first, *documents, end]) + "\n")


@pytest.fixture
def old(net, tmp_path):
    """A server, not started, over a store of which half is 200 days old."""
    click, young = new_hash(), new_id("YOUNG")
    with Server(tmp_path / "first", net) as srv:
        check(srv.post("/api/contact", {**PERSON, "type": "affiliate", "sub1": click, "affiliate_id": "7"}))
        check(srv.post("/api/contact", {"email": "young@mail.example", "name": "Nora", "type": "user", "sub1": young}))
        for one in (click, new_id("OLD")):
            check(srv.post("/api/ftd", {"click_id": one, "affiliate_id": "7", "amount": 250, "sub3": "campaign-9", **VISITOR}))
        check(srv.post("/api/ftd", {"click_id": young, "affiliate_id": "7", "amount": 9, "ip_address": "192.0.2.5"}))
        settled(srv)
        srv.stop()
        srv.command("export", str(tmp_path / "now.jsonl"))
        key = srv.admin_key
    aged(tmp_path / "now.jsonl", tmp_path / "old.jsonl", lambda line: young not in line and "young@" not in line, 2 * AGE_DAYS)
    with Server(tmp_path / "later", net, start=False, keys=False) as later:
        later.admin_key, later.young = key, young
        later.command("import", str(tmp_path / "old.jsonl"))
        yield later


def facts(srv):
    return sorted((c["click_id"], c["goal_id"], c["amount"], c["status"], c.get("sub3")) for c in srv.conversions())


def count(srv, name):
    line = next(line for line in srv.get("/metrics").body.decode().splitlines() if line.startswith(f"barracuda_retention_{name}_total "))
    return int(line.split()[1])


def test_what_is_too_old_goes_and_the_ledger_stays(old):
    old.start()
    before = facts(old)
    assert set(in_answers(old, WORDS)) >= {"/api/admin/contacts", "/api/admin/conversions"}, "control: without an age all of it stays"
    assert in_files(old.data, WORDS) if STORE != "mongodb" else in_database(old, WORDS)
    assert count(old, "contacts") == count(old, "conversions") == 0
    doctor = old.command("doctor", check=False).stdout
    assert "retention" not in doctor
    old.stop()
    old.env.update(AGES)
    assert "warn  retention: contacts are older" in old.command("doctor", check=False).stdout
    old.start()
    wait_until(lambda: not in_answers(old, WORDS), 20, "nothing in answers", step=0.3)
    assert facts(old) == before, "no conversion goes, and what an affiliate said of it stays"
    young = old.conversion(old.young, "6")
    assert young["ip_address"] == "192.0.2.5" and old.contact("young@mail.example")["name"] == "Nora"
    assert count(old, "contacts") == 1 and count(old, "conversions") >= 1
    assert not in_database(old, WORDS)
    assert "ok    retention" in old.command("doctor", check=False).stdout
    # The person is gone from the files as after any erasure; of a visitor's traces the next compaction disposes.
    wait_until(lambda: not in_files(old.data, [PERSON["email"], PERSON["name"]]), MARKED_MAX_S, "nobody in files", step=0.5)
    kept = old.admin("GET", "/api/admin/conversions", query={"limit": 200}).body
    old.restart()
    assert old.admin("GET", "/api/admin/conversions", query={"limit": 200}).body == kept, "it is done once"
