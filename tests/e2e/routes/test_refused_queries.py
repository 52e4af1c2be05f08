"""Every parameter of every list of the desk, given a value that its description excludes: refused by its name; and given one that the
description allows at its very bound: taken."""
import pytest

import desk_state
from harness import Server
from openapi import OPERATIONS, faults, parameters_of, resolve
from seven_routes import check

LISTS = [path for path, method in OPERATIONS if method == "GET" and (path.startswith("/api/admin/") or path == "/api/private/conversions")
         and any(p["in"] == "query" for p in parameters_of(path, "GET").values())]
STREAM = "/api/admin/events"
NEEDED = {"/api/admin/reports": {"group": "goal"}, "/api/admin/search": {"q": "c"}, STREAM: {"types": "job"}}
# Words that a description tells in its text: the parameter takes several with commas between.
WORDS = {"goal_type": "registration", "status": "pending", "provenance": "form", "delivery_state": "dead"}


def is_when(name, schema):
    return "ISO 8601" in str(schema.get("description")) or name in ("from", "to", "updated_from", "updated_to")


def wrong(path, name, schema):
    """-> values that this parameter does not have."""
    yield "a\x00b"
    yield "x" * 4097
    if "enum" in schema:
        yield from ("nothing", schema["enum"][0] + " ", schema["enum"][0].upper() if schema["enum"][0].isalpha() else "2", "$ne")
    elif schema.get("type") == "boolean":
        yield from ("yes", "2", "TRUE", "null")
    elif is_when(name, schema):
        yield from ("soon", "2026", "2026-13-01", "2026-02-30", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "01.02.2026",
                    "2026-01-01T00:00:00+99:99", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "-2026-01-01", "20260101", "1767225600")
    elif schema.get("type") == "integer":
        yield from ("one", "1.5", "1e3", "-1", "+1", "0x10", "1 2", "9" * 30 if name != "limit" or path == "/api/admin/reports" else "1,5")
        if "maximum" in schema:
            yield str(schema["maximum"] + 1)
        if schema.get("minimum") == 1:
            yield "0"
    elif name in ("min_amount", "max_amount"):
        yield from ("-1", "-0.01", "much", "NaN", "Infinity", "1,5", "0x10", "1000000000001", "1e400")
    elif name == "cursor":
        yield from ("x", "!", "AAAA", "00" * 20, "=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    elif name == "tz":
        yield from ("Mars/Olympus", "europe", "+02:00", "../etc/localtime", "UTC\n", "z" * 65)
    elif name in ("group", "sort", "columns", "types"):
        yield from ("nothing", "$where", "constructor")
    elif name in WORDS and path not in ("/api/admin/contacts", "/api/admin/received", "/api/admin/received/counts"):
        yield from ("nothing", f"{WORDS[name]},nothing", WORDS[name].upper())


PARAMETERS = [(path, name) for path in LISTS for name, p in parameters_of(path, "GET").items() if p["in"] == "query"]


@pytest.fixture(scope="module")
def desk(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("desk"), net, ingest="key") as server:
        server.made = desk_state.furnish(server, net)
        yield server


@pytest.mark.parametrize("path,name", PARAMETERS)
def test_what_a_parameter_cannot_be_is_named(desk, path, name):
    schema = resolve(parameters_of(path, "GET")[name]["schema"])
    others = {n: v for n, v in NEEDED.get(path, {}).items() if n != name}
    for value in wrong(path, name, schema):
        answer = desk.admin("GET", path, query={**others, name: value})
        check(answer, 400, success=False)
        assert answer.json["field"] == name and answer.message.startswith(name), (value, answer)
        assert not faults(path, "GET", answer), faults(path, "GET", answer)


@pytest.mark.parametrize("path", LISTS)
def test_a_parameter_twice_or_unknown(desk, path):
    names = [name for p, name in PARAMETERS if p == path]
    for name in names:
        value = NEEDED.get(path, {}).get(name, "1")
        others = {n: v for n, v in NEEDED.get(path, {}).items() if n != name}
        answer = desk.request("GET", f"{path}?{name}={value}&{name}={value}", query=others, key=desk.admin_key)
        check(answer, 400, success=False)
        assert answer.json["field"] == name and "twice" in answer.message, answer
    for near in (names[0][:-1] + "_", names[-1].upper(), "$where", "__proto__", "a[]", " " + names[0]):
        answer = desk.admin("GET", path, query={**NEEDED.get(path, {}), near: "1"})
        check(answer, 400, success=False)
        assert answer.json["field"].strip() == near.strip(), answer


@pytest.mark.parametrize("path", [path for path in LISTS if path != STREAM])
def test_who_may_not_list(desk, path):
    query = NEEDED.get(path, {})
    assert desk.request("GET", path, query=query).status == 401
    assert desk.request("GET", path, query=query, key="bka_" + "0" * 40).status == 401
    assert desk.request("GET", path, query={**query, "key": desk.admin_key}).status == 401, "no key in an address"
    assert desk.request("POST", path, query=query).status in (401, 405)


def test_a_cursor_of_another_list(desk):
    """Sound by itself, and no place of this list: refused by its name wherever it is not the list's own."""
    cursors = {path: desk.admin("GET", path, query={**query, "limit": 1}).json["pagination"]["nextCursor"] for path, query in (
        ("/api/admin/conversions", {"status": "rejected"}), ("/api/admin/received", {}), ("/api/admin/attempts", {}),
        ("/api/admin/deliveries", {"state": "done"}))}
    assert all(cursors.values()), cursors
    refused = 0
    for path in cursors:
        for of, cursor in cursors.items():
            answer = desk.admin("GET", path, query={"cursor": cursor})
            assert answer.status in (200, 400), (path, of, answer)
            assert answer.status == 400 or not answer.data or of == path or {path, of} == {"/api/admin/received", "/api/admin/attempts"}, (path, of, answer)
            if answer.status == 400:
                refused += 1
                assert answer.json["field"] == "cursor" and answer.message.startswith("cursor"), (path, of, answer)
                assert not faults(path, "GET", answer), faults(path, "GET", answer)
    assert refused >= 6
    for cursor in cursors.values():
        answer = desk.admin("GET", f"/api/admin/received/{cursor.split('.')[0]}")
        assert answer.status == 404 or cursor == cursors["/api/admin/received"] or cursor == cursors["/api/admin/attempts"], answer


# ------------------------------------------------------------------------------------------------- what is taken

BOUNDS = [
    ("/api/admin/conversions", {"page": "999999999"}), ("/api/admin/conversions", {"limit": "9" * 30}), ("/api/admin/conversions", {"min_amount": "0", "max_amount": "1000000000000"}),
    ("/api/admin/conversions", {"min_amount": "0.000001"}), ("/api/admin/conversions", {"from": "0000-01-01", "to": "9999-12-31"}),
    ("/api/admin/conversions", {"from": "2026-01-01T00:00Z"}), ("/api/admin/conversions", {"from": "2026-01-01T23:59:60.123456789-23:59"}),
    ("/api/admin/conversions", {"click_id": ",".join("c" * 80 for _ in range(50))}), ("/api/admin/conversions", {"click_id": "\\,\\,,\\,"}),
    ("/api/admin/conversions", {"search": "\u2028\U0001f41f%00%2e"}), ("/api/admin/conversions", {"goal_type": "registration,deposit,other,registration"}),
    ("/api/admin/conversions", {"from": "", "to": "", "status": "", "is_test": "", "cursor": "", "sortBy": "", "min_amount": "", "page": "", "limit": ""}),
    ("/api/admin/conversions/export", {"columns": "id,click_id,id", "tz": "America/Argentina/Buenos_Aires", "bom": "0"}),
    ("/api/admin/contacts", {"page": "999999999", "limit": "200", "sortBy": "ftd_amount"}), ("/api/admin/contacts", {"type": "all", "status": "all", "affiliate_status": "all"}),
    ("/api/admin/contacts", {"search": ".*[" + "a" * 900}), ("/api/admin/deliveries", {"code": "999", "from": "1969-01-01", "host": "nobody.example"}),
    ("/api/admin/deliveries/counts", {"code": "0", "host": "127.0.0.1"}), ("/api/admin/attempts", {"code": "0", "delivery_id": "x" * 900}),
    ("/api/admin/received", {"status": "999", "by": "admin:nobody", "address": "::1", "refused": "1", "conflict": "0", "isDuplicate": "false"}),
    ("/api/admin/received/counts", {"to": "9999-12-31", "reason": "€" * 900}), ("/api/admin/search", {"q": "x" * 1024}), ("/api/admin/search", {"q": "a@b.example"}),
    ("/api/admin/search", {"q": "f" * 24}), ("/api/admin/search", {"q": "0" * 24 + "-" + "1" * 32}), ("/api/admin/search", {"q": "'; drop table conversions; --"}),
    ("/api/admin/search", {"q": "\U0001f41f" * 100})]


@pytest.mark.parametrize("path,query", BOUNDS, ids=str)
def test_what_is_just_allowed_is_taken(desk, path, query):
    answer = desk.admin("GET", path, query=query)
    assert answer.status == 200, answer
    assert not faults(path, "GET", answer), faults(path, "GET", answer)


# Every way in which a period of a report can leave the calendar, by every comparison and zone.
PERIODS = [("1970-01-01", "1970-01-02", 200), ("1970-01-01", "1970-01-01", 200), ("1972-02-29", "1972-02-29", 200), ("1970-01-01T00:15Z", "1970-01-01T00:30Z", 200),
           ("9998-01-01", "9998-12-30", 200), ("9998-12-01", "9998-12-31", None), ("9999-01-01", "9999-12-31", 400), ("9999-12-31", "9999-12-31", 400),
           ("9999-12-31T23:45Z", "9999-12-31T23:59:60Z", 400), ("0001-01-01", "0001-01-02", 400), ("1969-12-31", "1970-01-02", 400), ("0000-01-01", "", 400), ("", "0000-02-29", 400)]


@pytest.mark.parametrize("begin,end,status", PERIODS)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Tongatapu", "Pacific/Pago_Pago"])
def test_a_report_at_the_ends_of_the_calendar(desk, begin, end, status, zone):
    """None of them may end the server: another admin's page is beside it."""
    for compare in ("", "previous", "year"):
        query = {"group": "day", "from": begin, "to": end, "tz": zone, "compare": compare}
        answer = desk.admin("GET", "/api/admin/reports", query={name: value for name, value in query.items() if value})
        east = zone == "Pacific/Tongatapu" and begin.startswith("1970-01-01") and "T" not in begin  # began in 1969 there
        if status and not east:
            assert answer.status == status, (compare, answer)
        assert answer.status in (200, 400) and not faults("/api/admin/reports", "GET", answer), (compare, answer)
        if answer.status == 400:
            assert answer.json["field"] in ("from", "to"), answer
        else:
            assert answer.json["total"]["conversions"] == 0
            for moment in answer.json["period"].values():
                assert len(moment) == len("2026-01-01T00:00:00.000Z"), answer
    assert desk.alive() and desk.admin("GET", "/api/admin/status").status == 200


def test_a_year_before_a_leap_day(desk):
    for begin, end, first, last in (("2024-02-29", "2024-02-29", "2023-03-01", "2023-03-01"), ("2025-02-28", "2025-02-28", "2024-02-28", "2024-03-01"),
                                    ("2024-03-01", "2024-03-31", "2023-03-01", "2023-04-01"), ("2001-01-01", "2001-12-31", "2000-01-01", "2001-01-01")):
        found = check(desk.admin("GET", "/api/admin/reports", query={"group": "day", "from": begin, "to": end, "compare": "year"}))
        assert found["beforePeriod"] == {"from": f"{first}T00:00:00.000Z", "to": f"{last}T00:00:00.000Z"}, (begin, found["beforePeriod"])


def test_afterwards_the_desk_is_whole(desk):
    before = desk_state.of(desk)
    desk.kill9()
    desk.start()
    assert desk_state.of(desk) == before
