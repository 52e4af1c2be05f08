"""A file is the list behind it: every row, in its order, cell for cell, for conversions, contacts and reports, in any zone and after any
number of pages; and a file that cannot be whole is not begun."""
import csv
import io
import itertools
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

import desk_state
from harness import Server, burst, new_hash, new_id, wait_until
from seven_routes import check, mail, route7

ROWS, CONTACTS = 260, 30  # more than a page
SORTS = ["createdAt", "updatedAt", "amount", "affiliate_id", "click_id", "goal_type", "status"]


def fields(i):
    goal = ("5", "registration") if i % 3 == 0 else ("6", "deposit")
    return {"click_id": f"e-{i * 7919 % 1000:03}-{i}", "goal_id": goal[0], "goal_type": goal[1], "affiliate_id": str(i % 11), "amount": Decimal(i * 37 % 101) / 4,
            "status": ("pending", "approved", "rejected")[i % 3], "currency": ("USD", "EUR", "JPY")[i % 3], "country": ("DE", "RO", "=DE")[i % 3],
            "source": f"s{i % 5}", "transaction_id": f"t,{i}\"", "offer_id": str(i % 4), "is_test": i % 10 == 0}


@pytest.fixture(scope="module")
def filled(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("filled"), net) as server:
        def some(part):
            for i in range(part, ROWS, 8):
                row = fields(i)
                check(route7(server, row.pop("click_id"), **row), verdict="recorded")

        burst(8, some)
        for n in range(CONTACTS):
            person = {"email": mail(), "type": ("user", "agency")[n % 2], "name": f"N, {n}\n\"x\"", "company": f"=C{n}", "sub1": new_hash()}
            check(server.post("/api/contact", person))
        wait_until(lambda: not desk_state.listed(server, "/api/admin/deliveries", state="waiting"), 60, "all is sent")
        yield server


def read(answer):
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/csv; charset=utf-8", answer
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Content-Disposition"].startswith('attachment; filename="')
    assert answer.body.endswith(b"\r\n") and b"\x00" not in answer.body
    head, *rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""))
    assert all(len(row) == len(head) for row in rows), "every line has every column"
    return [dict(zip(head, row)) for row in rows]


def cell(value):
    """As a file says what an answer says."""
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


@pytest.mark.parametrize("sort,order", itertools.product(SORTS, ("asc", "desc")))
def test_conversions_in_every_order(filled, sort, order):
    listed = filled.conversions(sortBy=sort, sortOrder=order, limit=77)
    rows = read(filled.admin("GET", "/api/admin/conversions/export", query={"sortBy": sort, "sortOrder": order}))
    assert len(rows) == len(listed) == ROWS + 2 * CONTACTS
    assert [row["id"] for row in rows] == [row["id"] for row in listed], "the same ones in the same order"
    for row, shown in zip(rows, listed):
        for column in ("click_id", "goal_id", "goal_type", "transaction_id", "status", "provenance", "affiliate_id", "offer_id", "currency", "country", "source", "createdAt", "updatedAt"):
            assert row[column] == cell(shown.get(column)), (column, row, shown)
        assert Decimal(row["amount"] or 0) == shown["amount"] and (row["is_test"] or "false") == cell(shown.get("is_test", False))


@pytest.mark.parametrize("query", [{"status": "approved"}, {"affiliate_id": "3,7", "goal_type": "deposit"}, {"currency": "EUR", "min_amount": "5", "max_amount": "20"}, {"source": "s4", "country": "RO"},
                                   {"search": "e-1"}, {"is_test": "true"}, {"provenance": "form"}, {"provenance": "admin,auto"}, {"transaction_id": "t\\,5\",t\\,6\""}, {"search": "nobody"}], ids=str)
def test_conversions_of_a_filter(filled, query):
    listed = filled.conversions(limit=13, **query)
    rows = read(filled.admin("GET", "/api/admin/conversions/export", query=query))
    assert [row["id"] for row in rows] == [row["id"] for row in listed]
    assert bool(rows) == (query != {"search": "nobody"})


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"])
def test_times_are_the_zones_and_the_same_moments(filled, zone):
    rows = read(filled.admin("GET", "/api/admin/conversions/export", query={"columns": "id,createdAt,updatedAt", "tz": zone}))
    moments = {row["id"]: (row["createdAt"], row["updatedAt"]) for row in filled.conversions()}
    for row in rows:
        for shown, moment in zip((row["createdAt"], row["updatedAt"]), moments[row["id"]]):
            local, utc = datetime.fromisoformat(shown.replace("Z", "+00:00")), datetime.fromisoformat(moment.replace("Z", "+00:00"))
            assert local == utc and local.utcoffset() == utc.astimezone(ZoneInfo(zone)).utcoffset()
            assert shown.endswith("Z") == (zone == "UTC")


def test_columns_stand_as_they_were_asked_for(filled):
    usual = list(read(filled.admin("GET", "/api/admin/conversions/export"))[0])
    for columns in (usual, usual[::-1], [usual[0]] * 3, ["amount", "click_id"]):
        answer = filled.admin("GET", "/api/admin/conversions/export", query={"columns": ",".join(columns), "search": "e-"})
        head, *rows = csv.reader(io.StringIO(answer.body.decode(), newline=""))
        assert head == columns and all(len(set(zip(columns, row))) == len(set(columns)) for row in rows)
    marked = filled.admin("GET", "/api/admin/conversions/export", query={"bom": "true"})
    assert marked.body == b"\xef\xbb\xbf" + filled.admin("GET", "/api/admin/conversions/export").body


@pytest.mark.parametrize("filter", [{}, {"type": "agency"}, {"type": "user", "status": "new"}, {"search": "n, 1"}, {"affiliate_status": "all"}, {"type": "publisher"}], ids=str)
def test_contacts(filled, filter):
    answer = filled.admin("GET", "/api/admin/contacts", query={**filter, "limit": 200})
    assert answer.status == 200 and answer.json["pagination"]["total"] == len(answer.data), answer
    rows = read(filled.admin("POST", "/api/admin/contacts", json_body=filter))
    assert sorted(row["Email"] for row in rows) == sorted(cell(one["email"]) for one in answer.data)
    by_email = {one["email"]: one for one in answer.data}
    for row in rows:
        one = by_email[row["Email"]]
        assert (row["Name"], row["Type"], row["Status"], row["Sub1"], row["Created At"]) == (one["name"], one["type"], one["status"], one["sub1"], one["createdAt"])
        assert row["Company"] == "'" + one["company"] and row["Affiliate ID"] == one["affiliate_id"]
        assert row["FTD"] == ("Yes" if one["ftd"] else "No")
        assert (Decimal(row["FTD Amount"]), row["FTD Currency"]) == (one["ftd_amount"], "USD") if one["ftd"] else not row["FTD Amount"]


@pytest.mark.parametrize("group", ["goal", "affiliate_id", "country,status", "source,offer_id,goal", "day"])
@pytest.mark.parametrize("compare", ["", "previous"])
def test_reports(filled, group, compare):
    query = {"group": group, "limit": 1000, **({"compare": compare} if compare else {})}
    answer = wait_until(lambda: (a := filled.admin("GET", "/api/admin/reports", query=query)).status == 200 and a, 30, "the cells are counted")
    rows = read(filled.admin("GET", "/api/admin/reports", query={**query, "format": "csv"}))
    assert len(rows) == len(answer.json["rows"]) > 0
    for row, shown in zip(rows, answer.json["rows"]):
        assert [row[name] for name in group.split(",")] == [cell(shown["keys"][name]) for name in group.split(",")]
        for counted in ("conversions", "registrations", "ftds", "approved", "pending", "rejected"):
            assert int(row[counted]) == shown[counted]
            assert not compare or int(row[counted + "_before"]) == shown["before"][counted]
        sums = {column.partition("_")[2]: Decimal(text) for column, text in row.items() if column.startswith("amount_") and not column.endswith("_before")}
        assert {currency: total for currency, total in sums.items() if total} == shown["sums"]
    assert sum(row["conversions"] for row in answer.json["rows"]) == answer.json["total"]["conversions"]


def test_a_file_is_whole_while_others_write(filled):
    """What was there before it began is in it, once, whatever is written meanwhile."""
    before = {row["id"] for row in filled.conversions(search="e-")}

    def press(n):
        if n % 2:
            return read(filled.admin("GET", "/api/admin/conversions/export", query={"columns": "id", "search": "e-", "sortBy": ("click_id", "amount")[n % 4 == 1]}))
        for _ in range(20):
            check(filled.post("/api/ftd", {"click_id": f"e-new-{new_id()}", "affiliate_id": "7", "amount": 1}))

    for rows in filter(None, burst(8, press)):
        ids = [row["id"] for row in rows]
        assert len(ids) == len(set(ids)) and before <= set(ids)


@pytest.mark.parametrize("path,method", [("/api/admin/conversions/export", "GET"), ("/api/admin/contacts", "POST"), ("/api/admin/reports?group=goal&format=csv", "GET")])
def test_who_may_take_a_file_along(filled, path, method):
    for key, status in ((None, 401), ("nonsense", 401), (filled.create_key("ingest"), 403)):
        answer = filled.request(method, path, key=key)
        assert answer.status == status and answer.json["success"] is False and "Content-Disposition" not in answer.headers
    reader = desk_state.person(filled, mail(), "read_only")
    read(filled.request(method, path, key=reader))
