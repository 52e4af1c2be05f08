"""Whatever people and trackers write stands where it was written, letter for letter: in the lists, in the exports, in the history, in what a
network is told; and never does anything there."""
import csv
import io
import json
import urllib.parse

import pytest

import desk_state
from harness import Server, new_hash, new_id, wait_until
from seven_routes import check, mail, route7

WORDS = {
    "quotes": "he said \"no\", it's `fine` \\ \\\" \\u0022", "markup": "<script>alert(1)</script><!--]]>&amp;</td>", "formula": "=HYPERLINK(\"http://evil.example\",\"x\")",
    "plus": "+1+cmd|' /C calc'!A0", "minus": "-2+3", "at": "@SUM(1+1)*cmd", "sql": "'; DROP TABLE conversions; --", "json": "{\"$ne\": null}", "dollar": "$where", "template": "{{constructor}} {click_id} ${x} %s %n",
    "commas": "a,b;c\ta|b", "bidi": "\u202eevil\u202c \u2066x\u2069", "wide": "𝔘𝔫𝔦 🐟👩‍👩‍👧 𠜎", "combining": "e\u0301 \u00e9 \uac00 \u1100\u1161", "separators": "a\u2028b\u2029c\u0085d",
    "proto": "__proto__", "long": "ß" * 1500, "bom": "a\ufeffb", "replacement": "\ufffd\uffff", "path": "../../etc/passwd", "percent": "%00%0d%0aSet-Cookie:%20a=b", "empty tags": "<>", "zero": "0", "null": "null"}
BREAKS = {"lines": "one\ntwo\r\nthree\rfour", "control": "a\x01\x02\x1b[31mb\x7f"}


@pytest.fixture(scope="module")
def desk(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("desk"), net, ingest="key") as server:
        yield server


def exported(srv, **query):
    answer = srv.admin("GET", "/api/admin/conversions/export", query=query)
    assert answer.status == 200, answer
    return list(csv.reader(io.StringIO(answer.body.decode(), newline="")))


def harmless(cell, text):
    """A cell is the text, with an apostrophe before whatever a spreadsheet would run, at its beginning or behind a separator."""
    runs = ("=", "+", "-", "@", "\t", "\r", "\n")
    return cell.replace("'", "") == text.replace("'", "") and not cell.startswith(runs) and (text.startswith(runs) or cell[:1] == text[:1])


FIELDS = ("sub2", "sub3", "user_agent", "country", "region", "source", "platform", "browser", "os", "manufacturer", "device_type", "affiliate_source")


@pytest.mark.parametrize("name", list(WORDS) + list(BREAKS))
def test_in_a_conversion(desk, name):
    text, click = {**WORDS, **BREAKS}[name], new_id()
    body = dict.fromkeys(FIELDS, text)
    metadata = {"k" + str(len(text)): text, "list": [text, {"in": text}]}
    check(route7(desk, click, metadata=metadata, **body), verdict="recorded")
    row = desk.conversion(click)
    assert {field: row[field] for field in FIELDS} == body and row["metadata"] == metadata
    assert desk.admin("GET", f"/api/admin/conversions/{row['id']}").data["sub2"] == text
    header, line = exported(desk, click_id=click, columns="click_id,source,country")
    assert header == ["click_id", "source", "country"] and line[0] == click and all(harmless(cell, text) for cell in line[1:]), line
    if name not in ("commas", "long", "bidi", *BREAKS):  # several values with commas between; a text is trimmed as an id's
        found = desk.conversions(source=text.replace(",", "\\,"), click_id=click)
        assert [one["click_id"] for one in found] == [click]


def test_in_a_report(desk):
    """All of them in one report: over MongoDB it counts a moment later."""
    words = {**WORDS, **BREAKS}
    for text in words.values():
        check(route7(desk, new_id(), source=text), verdict="recorded")

    def unseen():
        report = desk.admin("GET", "/api/admin/reports", query={"group": "source", "limit": 200})
        assert report.status == 200, report
        keys = [one["keys"]["source"] for one in report.json["rows"]]
        return [name for name, text in words.items()
                if not any(key == text or (len(text) > 100 and key[:20] == text[:20]) for key in keys)]

    wait_until(lambda: not unseen(), 40, "the report names every word", step=0.5)


@pytest.mark.parametrize("name", [name for name in WORDS if name not in ("separators", "bom", "bidi", "long", "template", "null", "dollar", "wide")])
def test_as_an_id(desk, name):
    """An id is kept digit for digit: in filters, in paths of a search and in what is exported too."""
    text, affiliate = f"id {WORDS[name]}", WORDS[name] if name not in ("zero",) else "00"
    answer = route7(desk, text, affiliate_id=affiliate, transaction_id=text)
    if answer.status == 400:  # a macro that nobody replaced, or what programs write for no value
        assert "macro" in answer.message or "placeholder" in answer.message or "character" in answer.message, answer
        assert desk.of_click(text) == []
        return
    row = desk.conversion(text)
    assert (row["click_id"], row["affiliate_id"], row["transaction_id"]) == (text, affiliate, text)
    assert [one["id"] for one in desk.conversions(click_id=text.replace(",", "\\,"))] == [row["id"]]
    hits = desk.admin("GET", "/api/admin/search", query={"q": text}).data
    assert ("click", text) in [(hit["kind"], hit["id"]) for hit in hits]
    _, line = exported(desk, search=text, columns="click_id,transaction_id,affiliate_id")
    assert harmless(line[0], text) and harmless(line[1], text) and harmless(line[2], affiliate)


@pytest.mark.parametrize("name", list(WORDS) + list(BREAKS))
def test_of_a_person(desk, net, name):
    text, email, click = {**WORDS, **BREAKS}[name], mail(), new_hash()
    typed = {"name": text, "company": text, "messenger": text, "username": text, "message": text, "trackingSource": text}
    check(desk.post("/api/contact", {"email": email, "type": "user", "sub1": click, **typed}))
    contact = desk.contact(email)
    kept = {"name": "name", "company": "company", "message": "message", "messenger": "messenger", "username": "username"}
    assert {field: contact.get(field) for field in kept} == {field: typed[field] for field in kept}, contact
    answer = desk.admin("POST", "/api/admin/contacts", json_body={"search": email})
    header, line = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
    row = dict(zip(header, line))
    assert all(harmless(row[column], text) for column in ("Name", "Company", "Messenger", "Username")), row
    assert set(answer.headers) >= {"Content-Disposition"} and "\n" not in answer.headers["Content-Disposition"]
    if name != "long":
        found = desk.admin("GET", "/api/admin/contacts", query={"search": text.strip()[:40]}).data
        assert email in [one["email"] for one in found] or name in BREAKS or text[:40] != text
    note = f"note: {text}"
    check(desk.admin("PUT", f"/api/admin/contacts/{contact['id']}", json_body={"notes": note, "affiliate_reason": note}))
    read = desk.admin("GET", f"/api/admin/contacts/{contact['id']}").data
    assert (read["notes"], read["affiliate_reason"]) == (note, note)


@pytest.mark.parametrize("name", list(WORDS))
def test_of_an_admin(desk, name):
    """Titles, reasons, names of keys and of people: what one admin writes another one reads."""
    text = WORDS[name]
    id = new_id("o")
    if any(c in text for c in "\t\x85") or len(text.encode()) > 256:
        refused = desk.admin("POST", "/api/admin/offers", json_body={"id": id, "title": text})
        check(refused, 400, success=False)
        assert refused.json["field"] == "title" and desk.admin("GET", f"/api/admin/offers/{id}").status == 404
        text = text.replace("\t", " ").replace("\x85", " ")[:100]
    made = desk.admin("POST", "/api/admin/offers", json_body={"id": id, "title": text})
    assert made.status == 200 and made.data["title"] == text, made
    edited = desk.admin("PUT", f"/api/admin/offers/{id}", json_body={**made.data, "title": text + "!"})
    step = edited.data["history"][-1]
    assert (step["field"], step["from"], step["to"]) == ("title", text, text + "!")
    click = new_id()
    check(desk.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 1}, key=desk.admin_key))
    row = desk.conversion(click)
    reason = text[:900].strip()
    patched = desk.admin("PATCH", f"/api/admin/conversions/{row['id']}", json_body={"rev": row["rev"], "amount": 2, "reason": reason})
    assert patched.status == 200 and patched.data["history"][-1]["reason"] == reason, patched
    job = desk.admin("POST", "/api/admin/conversions/bulk", json_body={"action": "reject", "ids": [row["id"]], "reason": reason}).data
    assert job["reason"] == reason and desk.admin("GET", f"/api/admin/jobs/{job['id']}").data["reason"] == reason
    for path, body in (("keys", {"name": text, "scope": "ingest"}), ("admins", {"name": text, "role": "operator", "email": mail()})):
        answer = desk.admin("POST", f"/api/admin/{path}", json_body=body)
        if len(text.encode()) > 64 or "\x85" in WORDS[name]:
            body["name"] = WORDS[name]
            answer = desk.admin("POST", f"/api/admin/{path}", json_body=body)
            check(answer, 400, success=False)
            assert answer.json["field"] == "name"
            continue
        assert answer.status == 200 and answer.data["name"] == text.strip(), answer
        listed = next(one for one in desk.admin("GET", f"/api/admin/{path}").data if one["id"] == answer.data["id"])
        assert listed["name"] == text.strip()
        assert desk.admin("DELETE", f"/api/admin/{path}/{answer.data['id']}").status == 200
    assert desk.command("key", "list").stdout.count("\n") == len(desk.admin("GET", "/api/admin/keys").data) + 1, "a line a key"


TOLD = [name for name in WORDS if name not in ("long",)]


def test_what_a_network_is_told(desk, net):
    """In an address, in a form, in JSON and in a header: escaped where it stands, the same text where it is read."""
    places = {"address": {"url": "@?s={sub2}"}, "form": {"url": "@", "method": "POST", "body_type": "form", "body": "s={sub2}"},
              "json": {"url": "@", "method": "POST", "body_type": "json", "body": '{"s": "{sub2}", "at": "{click_id}"}'}}
    for place, postback in places.items():
        postback = {**postback, "url": postback["url"].replace("@", f"http://127.0.0.1:{net.port}/landing")}
        saved = desk.admin("POST", "/api/admin/networks", json_body={"name": f"told-{place}", "kind": "template", "active": False, "postback": postback})
        assert saved.status == 200, saved
    for name in TOLD:
        for place in places:
            shown = desk.admin("POST", f"/api/admin/networks/told-{place}/preview", json_body={"parameters": {"sub2": WORDS[name]}})
            assert shown.status == 200, (name, place, shown)
            call = shown.data
            if place == "json":
                assert json.loads(call["body"])["s"] == WORDS[name], (name, call)
            else:
                text = urllib.parse.urlsplit(call["url"]).query if place == "address" else call["body"]
                assert urllib.parse.parse_qs(text, keep_blank_values=True, strict_parsing=True)["s"] == [WORDS[name]], (name, call)
            assert call["url"].startswith(f"http://127.0.0.1:{net.port}/landing") and call["url"].isascii() and " " not in call["url"]
    for name in ("quotes", "wide", "percent"):
        tested = desk.admin("POST", "/api/admin/networks/told-address/test", json_body={"parameters": {"sub2": WORDS[name]}})
        assert tested.status == 200 and tested.json["success"] is True, tested
        wait_until(lambda name=name: any(call.query.get("s") == WORDS[name] for call in net.calls), 20, "it came as it was")


def test_in_what_came_in(desk):
    """The log of what came in, its filters and its counts: by whatever a stranger put there."""
    for name, text in {**WORDS, **BREAKS}.items():
        click = f"in {name} {new_id()}"
        answer = desk.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": text[:1000], text[:60].strip() or "x": "1"}, key=desk.admin_key)
        if answer.status == 200:  # "0" is a sum, and no deposit; a formula is none
            continue
        assert answer.status == 400 and answer.json["field"] == "amount", (name, answer)
        row = desk.admin("GET", "/api/admin/received", query={"limit": 1}).data[0]
        assert (row["status"], row["route"], row["by"]) == (400, "ftd", "key:t"), (name, row)
        assert click not in json.dumps(row), "of what was refused no value is kept"
        assert desk.admin("GET", f"/api/admin/received/{row['id']}").data == row
        assert row["reason"] and "\n" not in row["reason"]
        counted = desk.admin("GET", "/api/admin/received/counts", query={"reason": row["reason"]}).data
        assert counted["total"] == counted["refused"] >= 1
    for line in desk.stderr.read_text(encoding="utf-8").splitlines():
        assert not line.startswith("{") or isinstance(json.loads(line), dict), "a line of the log is one object"


def test_afterwards_nothing_of_it_ran(desk):
    before = desk_state.of(desk)
    desk.kill9()
    desk.start()
    assert desk_state.of(desk) == before
    page = desk.request("GET", "/", headers={"Accept": "text/html"}).body.decode()
    assert "alert(1)" not in page
    desk.stop()
    assert desk.command("verify").stdout == "the store is sound\n"
