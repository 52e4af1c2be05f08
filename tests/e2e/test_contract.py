"""docs/contract.md is held against the program: the table of second reports cell by cell, the seven routes' fields, and the
numbers that the page gives."""
import re
import time

import pytest

import openapi
from documents import rows, spans, text_of
from harness import Server, new_hash, new_id, send_raw, wait_until
from seven_routes import KEYED, contact_with_click, mail, route5, route7

CONTRACT = text_of("docs/contract.md")
TABLE = [row for row in rows(CONTRACT) if "stored" in row]
SPEAKERS = {"keyed": "a keyed route (1, 4, 5, 6)", "form": "a form or a chain rule", "admin": "an admin (7)"}


def cell(stored, speaker):
    """-> (verdict, provenance that the cell names or None, whether nothing of the document changes)."""
    found = [row for row in TABLE if row["stored"].strip("`") == stored]
    assert len(found) == 1, stored
    text = found[0][SPEAKERS[speaker]]
    named = re.findall(r"provenance `(\w+)`", text)
    return spans(text)[0], (named[0] if named else None), "nothing changes" in text


def store(srv, stored):
    """-> a click whose deposit is in that state."""
    click = new_hash()
    if stored == "unconfirmed":
        contact_with_click(srv, click)
    elif stored == "reported":
        assert route5(srv, click, amount="10", status="approved").json["verdict"] == "recorded"
    elif stored == "admin":
        assert route7(srv, click, amount=10, status="approved").json["verdict"] == "recorded"
    return click


def test_the_table_has_every_cell():
    assert [row["stored"].strip("`") for row in TABLE] == ["nothing", "unconfirmed", "reported", "admin"]
    assert all({cell(row["stored"].strip("`"), speaker)[0] for speaker in SPEAKERS} <= {"recorded", "updated", "duplicate"}
               for row in TABLE)


@pytest.mark.parametrize("stored", ["nothing", "unconfirmed", "reported", "admin"])
@pytest.mark.parametrize("route", [*KEYED, "7"])
def test_a_route_does_what_its_cell_says(srv, stored, route):
    verdict, provenance, _ = cell(stored, "admin" if route == "7" else "keyed")
    click = store(srv, stored)
    amount = {"deposit_amount": 12} if route == "1" else {"amount": 12}
    answer = (route7 if route == "7" else KEYED[route])(srv, click, affiliate_id="9", **amount)
    assert answer.status in (200, 202) and answer.json["verdict"] == verdict, answer
    expected = provenance or {"reported": "reported", "admin": "admin"}[stored]
    assert srv.conversion(click, "6")["provenance"] == expected
    assert srv.conversion(click, "6")["amount"] == (12 if verdict != "duplicate" else 10)


@pytest.mark.parametrize("stored", ["unconfirmed", "reported", "admin"])
def test_a_form_changes_what_its_cell_says(srv, stored):
    verdict, _, unchanged = cell(stored, "form")
    assert verdict == "duplicate" and unchanged
    click = store(srv, stored)
    before = srv.conversion(click, "6")
    email = mail()
    assert srv.post("/api/contact", {"email": email, "type": "user", "sub1": click, "affiliate_id": "66"}).status == 200
    wait_until(lambda: srv.contact(email).get("ftd"), 10, "the form's flow has come to the deposit")
    time.sleep(0.1)
    after = srv.conversion(click, "6")
    for field in ("id", "affiliate_id", "amount", "status", "provenance"):
        assert before[field] == after[field], field


# ------------------------------------------------------------------------------------- the fields of the seven routes

ROUTES = [("/api/private/conversions", "POST", "1. "), ("/api/contact", "POST", "2. "), ("/api/register", "POST", "3. "),
          ("/api/ftd", "POST", "4. "), ("/api/goals/postback", "POST", "6. "), ("/api/admin/conversions", "POST", "7. ")]


def section(head):
    return re.search(rf"^## {re.escape(head)}.*?(?=^## |\Z)", CONTRACT, re.S | re.M).group(0)


@pytest.mark.parametrize("path,method,head", ROUTES)
def test_required_fields_are_those_of_the_description(path, method, head):
    """What a route "takes" before the first semicolon is what openapi.yaml requires."""
    text = re.sub(r"\([^)]*\)", "", section(head))
    takes = re.search(r"[Tt]akes (.*?)[;.]", text, re.S).group(1)
    assert set(spans(takes)) == openapi.required(openapi.body_of(path, method)), takes


@pytest.mark.parametrize("path,method,head", ROUTES)
def test_every_field_of_an_answer_is_described(path, method, head):
    named = " ".join(re.findall(r"data\{([^}]*)\}", section(head)))
    described = set(re.findall(r"\w+", text_of("docs/api/openapi.yaml")))
    assert not [name for name in re.findall(r"[a-zA-Z_]\w*", named) if name not in described]


# ---------------------------------------------------------------------------------------------------- the refusals

def test_the_bounds_that_the_page_gives(srv):
    head = f"POST /api/ftd HTTP/1.1\r\nHost: 127.0.0.1:{srv.port}\r\nConnection: close\r\n"
    tries = {
        413: (head + f"Content-Length: {(1 << 20) + 1}\r\n\r\n").encode(),
        414: f"GET /api/postback?x={'a' * (8 << 10)} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        431: (head + f"X-Long: {'a' * (16 << 10)}\r\n\r\n").encode(),
    }
    refusals = {int(n) for row in rows(CONTRACT) if "when" in row for n in row["status"].split(", ")}
    for status, data in tries.items():
        assert status in refusals and send_raw(srv.port, data).status == status
    many = head + "".join(f"X-{i}: 1\r\n" for i in range(100)) + "\r\n"
    assert send_raw(srv.port, many.encode()).status == 431
    assert srv.post("/api/ftd", {"click_id": "c" * 1024, "affiliate_id": "7", "amount": 1}).json["verdict"] == "recorded"
    over = srv.post("/api/ftd", {"click_id": "c" * 1025, "affiliate_id": "7", "amount": 1})
    assert over.status == 400 and "click_id" in over.message


def test_a_key_that_is_bound_sees_no_stored_value(net, tmp_path):
    """The page's word on bound keys, by the route that shows most: explain."""
    with Server(tmp_path, net, ingest="key") as srv:
        click, key = new_id(), srv.create_key("ingest", affiliate="7")
        route7(srv, click, amount=41, payout=40)
        answer = srv.get("/api/postback", key=key, click_id=click, affiliate_id="7", goal="deposit", amount="3", explain=1)
        assert answer.status == 200 and "amount" in str(answer.json["conflict"]), answer
        assert "41" not in str(answer.json["conflict"]), answer
