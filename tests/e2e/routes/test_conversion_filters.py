"""Every filter of the conversions: a list, its count and its export are of the same ones; what cannot match is refused by name."""
import csv
import io
from datetime import datetime, timezone

import pytest

from harness import Server
from seven_routes import check, route7

ROWS = 40
COUNTRIES, SOURCES, STATUSES = ("DE", "RO"), ("s 1", "s,2", "=1+1"), ("pending", "approved", "rejected")


def fields(i):
    return {"click_id": f"f-{i:02}", "affiliate_id": str(i % 3), "goal_id": "5" if i % 4 == 0 else "6",
            "goal_type": "registration" if i % 4 == 0 else "deposit", "offer_id": str(i % 5), "amount": i % 7,
            "status": STATUSES[i % 3], "country": COUNTRIES[i % 2], "source": SOURCES[i % 3], "currency": "EUR" if i % 6 == 0 else "USD",
            "transaction_id": f"t{i % 10}", "is_test": i % 8 == 0}


@pytest.fixture(scope="module")
def filled(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("filled"), net, ingest="key") as server:
        for i in range(ROWS):
            row = fields(i)
            check(route7(server, row.pop("click_id"), **row))
        yield server


def exported(server, **query):
    answer = server.admin("GET", "/api/admin/conversions/export", query=query)
    assert answer.status == 200, answer
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.body.decode(), newline="")))


def has(name, *values):
    return lambda row: str(row[name]) in values


@pytest.mark.parametrize("query,fits", [
    ({}, lambda row: True),
    ({"click_id": "f-07"}, has("click_id", "f-07")),
    ({"click_id": "f-07,f-31, f-02,nobody"}, has("click_id", "f-07", "f-31", "f-02")),
    ({"search": "f-1"}, lambda row: row["click_id"].startswith("f-1")),
    ({"goal_id": "5"}, has("goal_id", "5")),
    ({"goal_id": "5,6"}, lambda row: True),
    ({"goal_type": "deposit", "status": "approved,rejected"},
     lambda row: row["goal_type"] == "deposit" and row["status"] in ("approved", "rejected")),
    ({"status": "pending"}, has("status", "pending")),
    ({"provenance": "admin"}, lambda row: True),
    ({"provenance": "form,auto"}, lambda row: False),
    ({"affiliate_id": "0,2"}, has("affiliate_id", "0", "2")),
    ({"offer_id": "3"}, has("offer_id", "3")),
    ({"offer_id": "3,4", "affiliate_id": "1"}, lambda row: row["offer_id"] in "34" and row["affiliate_id"] == "1"),
    ({"transaction_id": "t4,t9"}, has("transaction_id", "t4", "t9")),
    ({"currency": "EUR"}, has("currency", "EUR")),
    ({"country": "RO", "status": "approved"}, lambda row: row["country"] == "RO" and row["status"] == "approved"),
    ({"source": "s\\,2"}, has("source", "s,2")),
    ({"is_test": "true"}, lambda row: row["is_test"]),
    ({"is_test": "false", "goal_id": "6"}, lambda row: not row["is_test"] and row["goal_id"] == "6"),
    ({"min_amount": "3", "max_amount": "4"}, has("amount", "3", "4")),
    ({"min_amount": "6", "sortBy": "amount", "sortOrder": "asc"}, has("amount", "6")),
    ({"updated_from": "2001-01-01", "goal_id": "5"}, has("goal_id", "5")),
    ({"updated_to": "2001-01-01"}, lambda row: False),
    ({"network": "nobody"}, lambda row: False),
    ({"delivery_state": "dead,cancelled"}, lambda row: False),
])
def test_list_count_and_export_are_of_the_same(filled, query, fits):
    expected = {row["click_id"] for row in map(fields, range(ROWS)) if fits(row)}
    page = filled.page(limit=200, **query)
    assert {row["click_id"] for row in page["data"]} == expected and "complete" not in page
    assert page["pagination"]["total"] == page["filtered"]["count"] == len(expected) and page["filtered"]["complete"] is True
    assert sum(page["filtered"]["byStatus"].values()) == len(expected)
    sums = {}
    for row in page["data"]:
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount"]
    assert page["filtered"]["sums"] == {currency: total for currency, total in sums.items() if total}
    walked = [row["id"] for row in filled.conversions(**{**query, "limit": 7})]
    assert walked == [row["id"] for row in page["data"]], "by cursor, in the same order"
    lines = exported(filled, columns="id", **query)
    assert lines[0] == ["id"] and [line[0] for line in lines[1:]] == walked, "and so the export"


def test_a_day_includes_itself(filled):
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    assert filled.page(**{"from": today, "to": today})["pagination"]["total"] in (ROWS, 0), "0: midnight came between"
    assert filled.page(to=today)["pagination"]["total"] == ROWS


def test_an_exports_cells(filled):
    lines = exported(filled, sortBy="click_id", sortOrder="asc", columns="click_id,amount,source,createdAt", tz="Asia/Kolkata", bom="1")
    assert lines[0] == ["\ufeffclick_id", "amount", "source", "createdAt"]
    assert lines[3][:3] == ["f-02", "2", "'=1+1"] and lines[3][3].endswith("+05:30"), "a formula is text"
    usual = exported(filled, click_id="f-03")
    assert usual[0][:4] == ["id", "createdAt", "updatedAt", "click_id"] and len(usual) == 2
    row = dict(zip(*usual))
    assert (row["status"], row["amount"], row["is_test"], row["currency"]) == ("pending", "3", "false", "USD")
    assert row["createdAt"].endswith("Z")


@pytest.mark.parametrize("query", [
    {"status": "approved,no"}, {"provenance": "x"}, {"delivery_state": "sent"}, {"is_test": "perhaps"}, {"min_amount": "-1"},
    {"max_amount": "1", "min_amount": "2"}, {"updated_from": "soon"}, {"goal_id": ",".join(map(str, range(51)))}, {"conflict": "true"}])
def test_what_cannot_match_is_refused(filled, query):
    for path in ("/api/admin/conversions", "/api/admin/conversions/export"):
        answer = check(filled.admin("GET", path, query=query), 400, success=False)
        assert answer["message"].startswith(next(iter(query))), answer


@pytest.mark.parametrize("query", [{"columns": "id,nothing"}, {"columns": "metadata"}, {"tz": "Mars/Olympus"}, {"sortBy": "x"}, {"page": "2"}, {"bom": "yes"}])
def test_what_no_export_has_is_refused(filled, query):
    answer = check(filled.admin("GET", "/api/admin/conversions/export", query=query), 400, success=False)
    assert answer["message"].startswith(next(iter(query))), answer
