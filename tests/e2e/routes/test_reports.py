"""Reports: what is counted is what the list has, in every grouping; as CSV too; what cannot be answered is refused by name."""
import csv
import io
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from harness import Server, wait_until
from openapi import faults
from seven_routes import check, route7

ROWS = 40
STATUSES, SOURCES = ("pending", "approved", "rejected"), ("s 1", "s,2", "=1+1")
LATE_S = 20  # over MongoDB a report is up to 10 s late, on a machine with nothing else to do


def fields(i):
    return {"click_id": f"r-{i:02}", "affiliate_id": str(i % 3), "goal_id": "5" if i % 4 == 0 else "6",
            "goal_type": "registration" if i % 4 == 0 else "deposit", "offer_id": str(i % 5), "amount": i % 7, "payout": "0.5",
            "status": STATUSES[i % 3], "country": ("DE", "RO")[i % 2], "source": SOURCES[i % 3],
            "currency": "EUR" if i % 6 == 0 else "USD", "is_test": i % 8 == 0}


COUNTED = [row for row in map(fields, range(ROWS)) if not row["is_test"]]
NAMES = {"goal": "goal_id"}


@pytest.fixture(scope="module")
def filled(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("filled"), net, ingest="key") as server:
        for i in range(ROWS):
            row = fields(i)
            row.pop("payout")
            check(route7(server, row.pop("click_id"), **row))
        wait_until(lambda: report(server, group="status").get("total", {}).get("conversions") == len(COUNTED), LATE_S, "all are counted")
        yield server


def report(server, **query):
    answer = server.admin("GET", "/api/admin/reports", query=query)
    if answer.status == 503:  # over MongoDB, before the first count
        return {}
    assert not faults("/api/admin/reports", "GET", answer), (faults("/api/admin/reports", "GET", answer), answer)
    return check(answer)


def measures(rows):
    sums = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount"]
    of = lambda **asked: len([row for row in rows if all(row[name] == value for name, value in asked.items())])
    deposits = [row for row in rows if row["goal_type"] == "deposit" and row["status"] != "rejected"]
    return {"conversions": len(rows), "registrations": of(goal_type="registration"), "ftds": len(deposits),
            "approved": of(status="approved"), "pending": of(status="pending"), "rejected": of(status="rejected"),
            "sums": {currency: total for currency, total in sums.items() if total}}


def shown(line):
    return {name: line[name] for name in measures([])}


@pytest.mark.parametrize("group", ["goal", "affiliate_id", "offer_id", "country", "source", "status", "affiliate_id,status", "country,offer_id,goal"])
@pytest.mark.parametrize("query,fits", [
    ({}, lambda row: True), ({"affiliate_id": "1,2"}, lambda row: row["affiliate_id"] in "12"),
    ({"country": "DE", "status": "approved"}, lambda row: row["country"] == "DE" and row["status"] == "approved"),
    ({"source": "s\\,2"}, lambda row: row["source"] == "s,2"), ({"currency": "EUR", "goal_type": "deposit"}, lambda row: row["currency"] == "EUR" and row["goal_type"] == "deposit"),
    ({"provenance": "form"}, lambda row: False)])
def test_rows_are_sums_of_their_conversions(filled, group, query, fits):
    names = group.split(",")
    expected = {}
    for row in filter(fits, COUNTED):
        expected.setdefault(tuple(row[NAMES.get(name, name)] for name in names), []).append(row)
    found = report(filled, group=group, **query)
    assert {tuple(row["keys"][name] for name in names): shown(row) for row in found["rows"]} == {key: measures(rows) for key, rows in expected.items()}
    assert shown(found["total"]) == measures(list(filter(fits, COUNTED))) and found["total"]["rows"] == len(expected)
    counts = [row["conversions"] for row in found["rows"]]
    assert counts == sorted(counts, reverse=True), "most first"
    listed = filled.page(limit=1, is_test="false", **{NAMES.get(name, name): value for name, value in query.items()})
    assert found["total"]["conversions"] == listed["pagination"]["total"], "the list behind it"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
def test_days_are_the_zones(filled, zone):
    days = {}
    for row in filled.conversions(limit=200, is_test="false"):
        at = datetime.fromisoformat(row["createdAt"].replace("Z", "+00:00")).astimezone(ZoneInfo(zone))
        days[f"{at:%Y-%m-%d}"] = days.get(f"{at:%Y-%m-%d}", 0) + 1
    found = report(filled, group="day", tz=zone)
    assert {row["keys"]["day"]: row["conversions"] for row in found["rows"]} == days
    begin = datetime.fromisoformat(found["period"]["from"].replace("Z", "+00:00")).astimezone(ZoneInfo(zone))
    assert (begin.hour, begin.minute) == (0, 0)


def test_what_the_limit_leaves_out_is_the_rest(filled):
    all_of_it = report(filled, group="offer_id,status")
    some = report(filled, group="offer_id,status", limit=4)
    assert len(some["rows"]) == 4 and some["rest"]["rows"] == len(all_of_it["rows"]) - 4 and some["total"] == all_of_it["total"]
    assert sum(row["conversions"] for row in some["rows"]) + some["rest"]["conversions"] == len(COUNTED)
    by_offer = report(filled, group="offer_id,status", sort="offer_id")["rows"]
    assert [row["keys"]["offer_id"] for row in by_offer] == sorted(row["keys"]["offer_id"] for row in by_offer)
    by_money = [row["sums"].get("EUR", 0) for row in report(filled, group="affiliate_id", sort="-EUR")["rows"]]
    assert by_money == sorted(by_money, reverse=True)


def test_before(filled):
    today = datetime.now(timezone.utc)
    tomorrow, after = (f"{today + timedelta(days=n):%Y-%m-%d}" for n in (1, 2))
    found = report(filled, group="status", compare="previous", **{"from": tomorrow, "to": after})
    assert found["total"]["conversions"] == 0 and found["total"]["before"]["conversions"] in (len(COUNTED), 0), "0: midnight came between"
    assert found["beforePeriod"]["to"] == found["period"]["from"]
    year = report(filled, group="status", compare="year", **{"from": "2025-03-01", "to": "2025-03-31"})
    assert year["beforePeriod"] == {"from": "2024-03-01T00:00:00.000Z", "to": "2024-04-01T00:00:00.000Z"}


def test_an_edit_moves_what_it_changes(filled):
    before = report(filled, group="status", affiliate_id="77")
    assert before["rows"] == []
    check(route7(filled, "moves", affiliate_id="77", goal_id="6", goal_type="deposit", amount=5, status="pending"))
    check(route7(filled, "moves", affiliate_id="77", goal_id="6", goal_type="deposit", amount="7.5", status="approved"))
    rows = wait_until(lambda: [row for row in report(filled, group="status", affiliate_id="77")["rows"] if row["approved"]], LATE_S, "the edit is counted")
    assert [(row["keys"], shown(row)["sums"]) for row in rows] == [({"status": "approved"}, {"USD": 7.5})]
    filled.stop()
    filled.start()
    assert report(filled, group="status", affiliate_id="77")["rows"] == rows


def test_by_change(filled):
    """By the last change, of what the list of changes has; at once over MongoDB too, as it is counted from the documents."""
    tomorrow = f"{datetime.now(timezone.utc) + timedelta(days=1):%Y-%m-%d}"
    before = report(filled, group="day,status", by="changed")
    edited = {"affiliate_id": "1", "goal_id": "6", "goal_type": "deposit"}
    check(route7(filled, "r-01", status="rejected", **edited))
    after = report(filled, group="day,status", by="changed")
    assert after["total"]["conversions"] == before["total"]["conversions"] >= len(COUNTED), "it moved, and counts once"
    assert after["total"]["rejected"] == before["total"]["rejected"] + 1
    for group in ("goal", "affiliate_id,status", "source", "day"):
        for query in ({}, {"affiliate_id": "1"}, {"country": "DE", "status": "pending"}):
            found = report(filled, group=group, by="changed", **query)
            listed = filled.page(limit=1, is_test="false", updated_from=found["period"]["from"], updated_to=found["period"]["to"], **query)
            assert found["total"]["conversions"] == listed["pagination"]["total"], "the list behind it"
    none = report(filled, group="goal", by="changed", **{"from": tomorrow, "to": tomorrow})
    assert none["rows"] == [] and none["total"]["conversions"] == 0


def test_as_csv(filled):
    query = {"group": "source,affiliate_id", "sort": "source"}
    for asked, headers in (({**query, "format": "csv"}, {}), (query, {"Accept": "text/csv"})):
        answer = filled.admin("GET", "/api/admin/reports", query=asked, headers=headers)
        assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv"), answer
        lines = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
        assert lines[0][:4] == ["source", "affiliate_id", "conversions", "registrations"] and "amount_EUR" in lines[0]
        rows = report(filled, **query)["rows"]
        assert [line[1:3] for line in lines[1:]] == [[row["keys"]["affiliate_id"], str(row["conversions"])] for row in rows]
        assert "'=1+1" in [line[0] for line in lines], "a formula is text"


@pytest.mark.parametrize("query", [
    {}, {"group": "week"}, {"group": "day,day"}, {"group": "day,goal,status,source"}, {"tz": "Mars/Olympus"}, {"from": "soon"}, {"to": "2026-01-01T00:07:00Z"},
    {"from": "2026-02-01", "to": "2026-01-01"}, {"from": "1990-01-01"}, {"sort": "week"}, {"sort": "-offer_id"}, {"compare": "then"}, {"limit": "1001"},
    {"limit": "0"}, {"format": "pdf"}, {"bom": "yes"}, {"click_id": "a"}, {"search": "a"}, {"transaction_id": "t"}, {"network": "n"}, {"delivery_state": "dead"},
    {"min_amount": "1"}, {"max_amount": "1"}, {"updated_from": "2026-01-01"}, {"updated_to": "2026-01-01"}, {"is_test": "true"}, {"status": "no"}, {"by": "moved"}, {"compare": "previous", "by": "changed"}])
def test_what_no_report_answers_is_refused(filled, query):
    asked = {**({} if not query else {"group": "goal"}), **query}
    answer = check(filled.admin("GET", "/api/admin/reports", query=asked), 400, success=False)
    blamed = next(iter(query), "group") if "to" not in query else "to"
    assert answer["message"].startswith(blamed), answer
