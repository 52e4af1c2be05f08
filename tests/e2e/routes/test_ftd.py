"""Route 4: /api/ftd."""
import time
from decimal import Decimal

from harness import new_id, wait_until
from seven_routes import check, contact_with_click, route4


def test_route4_fresh_and_duplicate(srv, net):
    click = new_id()
    body = check(route4(srv, click, amount="99.95", sale_amount=80, offer_id=3), verdict="recorded", duplicate=False)
    assert body["message"] == "FTD recorded successfully"
    data = body["data"]
    assert isinstance(data["id"], str) and data["click_id"] == click and data["affiliate_id"] == "7"
    assert data["amount"] == Decimal("99.95") and data["sale_amount"] == 80
    assert data["status"] == "approved" and data["isDuplicate"] is False
    again = check(route4(srv, click, amount="99.95", sale_amount=80, offer_id=3), verdict="duplicate", duplicate=True)
    assert again["message"] == "Duplicate FTD ignored"
    assert again["data"]["click_id"] == click and again["data"]["isDuplicate"] is True
    stored = srv.conversion(click)
    assert stored["id"] == data["id"] and stored["goal_id"] == "6" and stored["goal_type"] == "deposit"
    assert stored["offer_id"] == "3" and stored["provenance"] == "reported" and stored["currency"] == "USD"
    time.sleep(0.3)
    assert not net.goals(click), "no network call"


def test_route4_after_an_automatic_deposit(srv):
    email, click = contact_with_click(srv)
    body = check(route4(srv, click, amount=33), verdict="updated", duplicate=False)
    assert body["message"] == "FTD recorded successfully" and body["data"]["amount"] == 33
    assert body["data"]["isDuplicate"] is False
    wait_until(lambda: srv.contact(email)["ftd_amount"] == 33, 5, "the contact follows")


def test_route4_metadata_up_to_its_bounds(srv):
    """Bounded by bytes and depth, not by how many keys it has; a plain value is no level."""
    click, many, deep = new_id(), {f"k{i:04}": 1 for i in range(1070)}, {"v": 1}
    for _ in range(15):
        deep = {"v": deep}
    check(route4(srv, click, metadata=many), verdict="recorded")
    assert srv.conversion(click)["metadata"] == many
    click = new_id()
    check(route4(srv, click, metadata=deep), verdict="recorded")
    assert srv.conversion(click)["metadata"] == deep
    check(route4(srv, new_id(), metadata={"v": deep}), 400, success=False)
