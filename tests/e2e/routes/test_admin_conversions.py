"""Route 7: /api/admin/conversions, its list and its statistics."""
import re
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from harness import Server, new_id, wait_until
from seven_routes import check, mail, route5, route7


def test_route7_fresh_and_again(srv, net):
    click = new_id()
    body = check(route7(srv, click, amount=5, metadata={"a": {"b": [1, "x"]}}, offer_id="4"), verdict="recorded", duplicate=False)
    assert body["message"] == "Conversion recorded successfully"
    data = body["data"]
    assert (data["click_id"], data["affiliate_id"], data["goal_id"], data["goal_type"]) == (click, "7", "6", "deposit")
    assert data["amount"] == 5 and data["status"] == "pending" and data["isDuplicate"] is False and data["id"]
    again = check(route7(srv, click, amount=6, status="approved"), verdict="updated", duplicate=True)
    assert again["message"] == "Conversion already exists, updated"
    assert again["data"]["id"] == data["id"] and again["data"]["amount"] == 6 and again["data"]["status"] == "approved"
    stored = srv.conversion(click)
    assert stored["provenance"] == "admin" and stored["offer_id"] == "4" and stored["metadata"] == {"a": {"b": [1, "x"]}}
    assert "amount" in str(stored["history"]) and "status" in str(stored["history"]), "history says what"
    time.sleep(0.2)
    assert not net.goals(click)


@pytest.fixture(scope="module")
def listed(net, tmp_path_factory):
    """A server with 60 conversions: registrations and deposits of three affiliates."""
    with Server(tmp_path_factory.mktemp("listed"), net) as server:
        for i in range(30):
            check(route5(server, f"row-{i:03}", "registration", affiliate_id=str(i % 3), status="approved"), verdict="recorded")
            check(route5(server, f"row-{i:03}", "deposit", affiliate_id=str(i % 3), amount="0.1"), verdict="recorded")
        yield server


def test_list_pages(listed):
    first = listed.page()
    assert first["success"] is True
    pagination = first["pagination"]
    assert (pagination["page"], pagination["limit"], pagination["total"], pagination["totalPages"]) == (1, 50, 60, 2)
    assert len(first["data"]) == 50 and all(c["id"] for c in first["data"])
    second = listed.page(page=2)
    assert len(second["data"]) == 10
    ids = [c["id"] for c in first["data"] + second["data"]]
    assert len(set(ids)) == 60
    times = [c["createdAt"] for c in first["data"] + second["data"]]
    assert times == sorted(times, reverse=True)
    assert [c["id"] for c in listed.conversions(limit=7)] == ids, "cursor and pages agree"
    ascending = listed.page(sortOrder="asc", sortBy="createdAt", limit=200)["data"]
    assert [c["createdAt"] for c in ascending] == sorted(times)
    assert listed.page(page=9)["data"] == []


@pytest.mark.parametrize("query,total", [({"affiliate_id": "1"}, 20), ({"affiliate_id": "1", "status": "approved"}, 10), ({"search": "row-01"}, 20)])
def test_list_total_is_the_same_on_every_page(listed, query, total):
    cursor, shown = "", 0
    while cursor is not None:
        page = listed.page(limit=3, **query, **({"cursor": cursor} if cursor else {}))
        pagination, shown = page["pagination"], shown + len(page["data"])
        assert (pagination["total"], pagination["totalPages"]) == (total, -(-total // 3))
        cursor = pagination["nextCursor"]
    assert shown == total


def test_list_cursor_of_no_list_or_another_is_refused(listed):
    other = listed.page(limit=3)["pagination"]["nextCursor"]
    for cursor in ("00", "ff", "deadbeef", "02"):
        for path in ("/api/admin/conversions", "/api/admin/deliveries"):
            for more in ({}, {"affiliate_id": "1"}):
                answer = check(listed.admin("GET", path, query={"cursor": cursor, **more}), 400, success=False)
                assert "cursor" in answer["message"]
    check(listed.admin("GET", "/api/admin/conversions", query={"cursor": other, "affiliate_id": "1"}), 400, success=False)


def test_list_total_travels_in_the_cursor_of_a_filter(listed):
    """It is counted for the first page alone; one that somebody made up does no harm, and is no number of anything else."""
    query = {"search": "row-01", "limit": 3}
    first = listed.page(**query)["pagination"]["nextCursor"]
    place, total = first.split(".")
    assert total == "20" and "." not in listed.page(limit=3)["pagination"]["nextCursor"], "the statistics know that one"
    data = listed.page(**query, cursor=first)["data"]
    for cursor, said in ((place, 20), (place + ".7", 7), (place + ".999999999", 999999999)):
        page = listed.page(**query, cursor=cursor)
        assert page["data"] == data and page["pagination"]["total"] == said, cursor
    for bad in (place + ".", place + ".-1", place + ".+1", place + ".x", place + ".1.1", place + ".1e3", place + "." + "9" * 30, ".20", "."):
        answer = check(listed.admin("GET", "/api/admin/conversions", query={**query, "cursor": bad}), 400, success=False)
        assert "cursor" in answer["message"], bad
    assert listed.page(limit=3, cursor=listed.page(limit=3)["pagination"]["nextCursor"] + ".7")["pagination"]["total"] == 60


def test_list_limit_over_200(listed):
    assert listed.page(limit=1000)["pagination"]["limit"] == 200


@pytest.mark.parametrize("query,count", [
    ({"goal_type": "deposit"}, 30), ({"goal_type": "registration"}, 30), ({"affiliate_id": "1"}, 20), ({"status": "approved"}, 30),
    ({"status": "rejected"}, 0), ({"goal_type": "deposit", "affiliate_id": "2"}, 10), ({"search": "row-00"}, 20), ({"search": "row-007"}, 2),
    ({"search": "ow-00"}, 0), ({"from": "2001-01-01T00:00:00Z"}, 60), ({"to": "2001-01-01T00:00:00Z"}, 0),
    ({"affiliate_id": "1", "status": "pending", "search": "row-01"}, 4)])
def test_list_filters(listed, query, count):
    page = listed.page(limit=200, **query)
    assert len(page["data"]) == count and page["pagination"]["total"] == count
    for c in page["data"]:
        for field in ("goal_type", "affiliate_id", "status"):
            assert query.get(field, c[field]) == c[field]
    assert len(listed.conversions(**{**query, "limit": 3})) == count


def test_list_time_window(listed):
    now = datetime.now(timezone.utc)
    window = {"from": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"), "to": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert listed.page(**window)["pagination"]["total"] == 60


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "-1"}, {"page": "x"}, {"sortBy": "nonsense"}, {"sortBy": "$where"}, {"cursor": "nonsense"},
                                   {"from": "yesterday"}, {"to": "2024-13-01T00:00:00Z"}, {"sortOrder": "sideways"}])
def test_list_bad_queries(listed, query):
    body = check(listed.admin("GET", "/api/admin/conversions", query=query), 400, success=False)
    assert next(iter(query)) in body["message"]


def test_list_statistics(listed):
    def fresh():
        stats = listed.page(goal_type="deposit")["stats"]
        return stats["total"] == 60 and stats
    stats = wait_until(fresh, 13, "statistics within 10 s", step=0.25)
    assert stats["byGoalType"] == {"registration": 30, "deposit": 30}
    assert stats["byStatus"]["approved"] == 30 and stats["byStatus"]["pending"] == 30
    assert stats["totalAmount"] == 3, "thirty times 0.1 is exactly 3"
    assert stats["thisMonth"] == 60 and stats["approvedCount"] == 30


def test_sums_of_several_currencies(net, tmp_path):
    """The contract's fields are the default currency's; the others stand beside it, never added to it."""
    with Server(tmp_path, net) as srv:
        def ftd(amount, **more):
            check(srv.post("/api/ftd", {"click_id": new_id(), "affiliate_id": "7", "amount": amount, **more}))

        def stats():
            data = check(srv.admin("GET", "/api/admin/conversions/stats"))["data"]
            return srv.page()["stats"], data

        big = Decimal(10) ** 12
        for _ in range(12):
            ftd(big)
        listed, data = stats()
        assert listed["totalAmount"] == data["totalRevenue"] == data["approvedRevenue"] == 12 * big, "beyond 64 bits of micro-units"
        assert "byCurrency" not in listed and "byCurrency" not in data
        ftd(Decimal("0.1"), currency="EUR")
        ftd(Decimal("0.2"), currency="eur")
        ftd(5, currency="JPY")
        listed, data = stats()
        sums = {"EUR": Decimal("0.3"), "JPY": 5, "USD": 12 * big}
        assert listed["totalAmount"] == data["totalRevenue"] == data["thisMonth"]["revenue"] == 12 * big
        for where in (listed["byCurrency"], data["byCurrency"], data["approvedByCurrency"], data["thisMonth"]["byCurrency"],
                      data["topAffiliates"][0]["byCurrency"]):
            assert where == sums
        email = mail()
        check(srv.post("/api/contact", {"email": email, "type": "user"}))
        click = wait_until(lambda: (c := srv.contact(email)).get("ftd") and c, 10, "deposited")["click_id"]
        check(srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 40, "currency": "EUR"}))
        wait_until(lambda: srv.contact(email).get("ftd_currency") == "EUR", 10, "the contact follows")
        ftd_totals = check(srv.admin("GET", "/api/admin/contacts/stats"))["data"]["ftd"]
        assert ftd_totals == {"total": 16, "revenue": 12 * big, "byCurrency": {**sums, "EUR": Decimal("40.3")}}
        listed = check(srv.admin("GET", "/api/admin/contacts"))["stats"]
        assert listed["totalFtdAmount"] == 0 and listed["byCurrency"] == {"EUR": 40}
        srv.restart()
        assert stats()[0]["byCurrency"]["EUR"] == Decimal("40.3")
        srv.stop()
        assert srv.command("verify").stdout == "the store is sound\n"


def test_conversion_stats(listed):
    def fresh():
        data = check(listed.admin("GET", "/api/admin/conversions/stats"))["data"]
        return data["total"] == 60 and data
    data = wait_until(fresh, 13, "statistics within 10 s", step=0.25)
    assert data["byGoalType"]["deposit"] == {"count": 30, "percentage": "50.00"}
    assert data["approvedConversions"] == 30 and data["totalRevenue"] == 3 and data["approvedRevenue"] == 0
    assert data["thisMonth"]["count"] == 60
    assert {a["affiliate_id"]: a["conversions"] for a in data["topAffiliates"]} == {"0": 20, "1": 20, "2": 20}
    assert re.fullmatch(r"\d+\.\d\d%", data["conversionRate"])
