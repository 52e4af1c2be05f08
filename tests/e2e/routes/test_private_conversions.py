"""Route 1: /api/private/conversions, field by field."""
from decimal import Decimal

import pytest

from harness import new_hash, wait_until
from seven_routes import check, mail, route1, route7


def test_route1_fresh_and_duplicate(srv, net):
    click = new_hash()
    answer = route1(srv, click, goal=6, affiliate_id=7, deposit_amount=Decimal("12.5"), sub2="two")
    body = check(answer, verdict="recorded", duplicate=False)
    data = body["data"]
    assert data["click_hash"] == click and data["goal_type_id"] == 6 and data["goal_type"] == "deposit"
    assert isinstance(data["id"], str) and data["id"]
    assert data["amount"] == Decimal("12.5") and data["status"] == "approved"
    assert data["privateApiConversion"] and data["apiError"] is None
    lookups, creations = net.seen("lookup", click), net.creations(click)
    assert len(lookups) == 1 and len(creations) == 1, "looked up first, then created"
    call, item = creations[0]
    assert lookups[0].time <= call.time and str(item["goal_type_id"]) == "6"
    assert item["unique"] == "API" and Decimal(str(item["deposit_amount"])) == Decimal("12.5")
    assert call.headers["Authorization"] == "Bearer t"
    assert call.delivery, "every delivery's call carries its id"

    again = check(route1(srv, click, goal=6, affiliate_id=7, deposit_amount=Decimal("12.5")),
                  verdict="duplicate", duplicate=True)
    assert again["data"]["id"] == data["id"] and again["data"]["privateApiConversion"]
    assert len(net.creations(click)) == 1, "the stored outcome is answered"
    stored = srv.conversion(click)
    assert stored["click_hash"] == click and stored["goal_id"] == "6" and stored["offer_id"] == "2"
    assert stored["sale_amount"] == Decimal("12.5") and stored["sub2"] == "two" and stored["affiliate_id"] == "7"


def test_route1_goal_type_id_comes_back_as_it_came(srv):
    assert route1(srv, new_hash(), goal="5").data["goal_type_id"] == "5"
    body = route1(srv, new_hash(), goal=5)
    assert body.data["goal_type_id"] == 5 and body.data["goal_type"] == "registration" and body.data["amount"] == 0


def test_route1_known_to_the_network_is_accepted_without_creating(srv, net):
    click = new_hash()
    net.created[(click, "6")] = {"id": "77", "hash": click, "goal_type_id": 6}
    body = check(route1(srv, click), verdict="recorded", duplicate=False)
    assert body["data"]["status"] == "approved" and not net.creations(click)


def test_route1_answers_what_the_network_said_digit_for_digit_and_however_long_it_is(srv, net):
    """What is kept is 1 KiB: of a longer answer the conversion, of a longer conversion its id."""
    def made(item):
        with net.lock:
            net.created_more = item
        answer = route1(srv, new_hash(), goal=6, deposit_amount=5)
        check(answer, verdict="recorded", duplicate=False)
        with net.lock:
            net.created_more = {}
        return answer

    numbers = made({"payout": Decimal("50.1"), "big": 12345678901234567890123, "share": Decimal("0.1234567890123456789")})
    for text in ('"payout":50.1,', '12345678901234567890123', '0.1234567890123456789'):
        assert text in numbers.body.decode().replace(" ", ""), numbers
    long = made({"pad": "é" * 200 + " " * 100 + "x" * 700})
    assert list(long.data["privateApiConversion"]) == ["id"]

    known = new_hash()
    net.created[(known, "6")] = {"id": "77", "hash": known, "goal_type_id": 6, "pad": "x" * 2000}
    found = check(route1(srv, known), verdict="recorded", duplicate=False)
    assert found["data"]["privateApiConversion"] == {"id": "77"}


def test_route1_refused(srv, net):
    net.set_mode("refuse", "private")
    click = new_hash()
    body = check(route1(srv, click), success=False, verdict="recorded", duplicate=False)
    assert body["data"]["status"] == "pending" and isinstance(body["data"]["apiError"], str)
    assert srv.conversion(click)["status"] == "pending"


def test_route1_list(srv, net):
    click = new_hash()
    route1(srv, click, affiliate_id="7")
    assert srv.get("/api/private/conversions", hash=click).status == 401, "an admin's route in open mode too"
    body = check(srv.admin("GET", "/api/private/conversions", query={"hash": click}))
    assert [c["hash"] for c in body["data"]] == [click]
    assert body["pagination"] == {"total": 1, "per_page": 50, "page": 1, "pages": 1}
    check(srv.admin("GET", "/api/private/conversions", query={"page": "3", "per_page": "7"}))
    asked = net.seen("lookup")[-1].query
    assert (asked["page"], asked["per_page"]) == ("3", "7")
    calls = len(net.calls)
    for name in ("page", "per_page"):
        for bad in ("0", "-1", "1.5", "x", "9" * 30):
            answer = check(srv.admin("GET", "/api/private/conversions", query={name: bad}), 400, success=False)
            assert name in answer["message"]
    assert len(net.calls) == calls, "a bad page asks nobody"
    net.set_mode("down", "private")
    check(srv.admin("GET", "/api/private/conversions", query={"hash": click}), 502, success=False)


@pytest.mark.parametrize("data", [None, {}, "x"])
def test_route1_list_that_is_none_is_the_networks_fault(srv, net, data):
    net.listed = {"data": data, "total": 0}
    try:
        check(srv.admin("GET", "/api/private/conversions"), 502, success=False)
    finally:
        net.listed = None


def test_route1_hash_of_a_contact_is_its_click(srv, net):
    email = mail()
    check(srv.post("/api/contact", {"email": email, "type": "user"}))
    contact = wait_until(lambda: (c := srv.contact(email)).get("click_id") and c, 10, "click acquired")
    click, click_hash = contact["click_id"], contact["click_hash"]
    assert net.clicks[click] == click_hash
    wait_until(lambda: len(srv.of_click(click)) == 2, 10, "flow done")
    body = check(route1(srv, click_hash, deposit_amount=55), verdict="updated", duplicate=False)
    assert body["data"]["click_hash"] == click_hash
    stored = srv.conversion(click, "6")
    assert stored["amount"] == 55 and stored["provenance"] == "reported"
    assert not srv.of_click(click_hash), "one sale has one key"
    assert net.creations(click_hash), "the network knows the click by its hash"


def test_route1_tells_the_network_the_hash_also_where_another_route_recorded_the_click(srv, net):
    """Route 7 knows the click id alone; the network's private API knows nothing but the hash."""
    email = mail()
    check(srv.post("/api/contact", {"email": email, "type": "user"}))
    contact = wait_until(lambda: (c := srv.contact(email)).get("click_id") and c, 10, "click acquired")
    click, click_hash = contact["click_id"], contact["click_hash"]
    check(route7(srv, click, goal_id="9", goal_type="other"), verdict="recorded", duplicate=False)
    body = check(route1(srv, click_hash, goal=9))
    assert body["data"]["click_hash"] == click_hash and body["data"]["id"] == srv.conversion(click, "9")["id"]
    assert net.creations(click_hash) and not net.seen("lookup", click) and not net.creations(click)
