"""The table "What a second report does", cell by cell."""
import time
from decimal import Decimal

import pytest

from harness import new_hash, new_id
from seven_routes import KEYED, check, contact_with_click, explained, mail, route4, route5, route6, route7


@pytest.mark.parametrize("route,expected", [("1", "reported"), ("4", "reported"), ("5", "reported"), ("6", "reported"), ("7", "admin")])
def test_table_nothing_stored(srv, route, expected):
    click = new_hash()
    check((route7 if route == "7" else KEYED[route])(srv, click), verdict="recorded", duplicate=False)
    assert srv.conversion(click)["provenance"] == expected


def test_table_nothing_stored_form_and_chain(srv):
    _, click = contact_with_click(srv)
    assert srv.conversion(click, "5")["provenance"] == "form" and srv.conversion(click, "6")["provenance"] == "auto"


@pytest.mark.parametrize("route", ["1", "4", "5", "6"])
def test_table_unconfirmed_then_keyed(srv, net, route):
    """The chain rule's invented 100 gives way to the report."""
    _, click = contact_with_click(srv)
    before = srv.conversion(click, "6")
    sent = len(net.goals(click, 6))
    amount = {"deposit_amount": "41.5"} if route == "1" else {"amount": "41.5"}
    check(KEYED[route](srv, click, affiliate_id="9", offer_id="12", country="FR", **amount), verdict="updated", duplicate=False)
    stored = srv.conversion(click, "6")
    assert stored["id"] == before["id"] and stored["provenance"] == "reported"
    assert stored["amount"] == Decimal("41.5") and stored["affiliate_id"] == "9" and stored["offer_id"] == "12"
    assert stored["country"] == "FR" and stored["status"] == "approved"
    check(KEYED[route](srv, click, affiliate_id="9", offer_id="12", country="FR", **amount), verdict="duplicate", duplicate=True)
    time.sleep(0.2)
    assert len(net.goals(click, 6)) == sent, "the delivery was there already"


@pytest.mark.parametrize("route", ["5", "6"])
def test_table_form_registration_then_keyed(srv, route):
    _, click = contact_with_click(srv)
    arguments = ("registration",)
    check(KEYED[route](srv, click, *arguments, affiliate_id="9"), verdict="updated", duplicate=False)
    stored = srv.conversion(click, "5")
    assert stored["provenance"] == "reported" and stored["affiliate_id"] == "9"


def test_table_unconfirmed_status_only_moves_forward(srv):
    _, click = contact_with_click(srv)
    assert srv.conversion(click, "5")["status"] == "approved"
    check(route5(srv, click, "registration", status="pending"), verdict="updated", duplicate=False)
    assert srv.conversion(click, "5")["status"] == "approved"


def test_table_unconfirmed_then_form(srv, net):
    _, click = contact_with_click(srv, affiliate_id="31")
    before = {c["goal_id"]: c for c in srv.of_click(click)}
    check(srv.post("/api/contact", {"email": mail(), "type": "user", "sub1": click, "affiliate_id": "66"}))
    time.sleep(0.5)
    after = {c["goal_id"]: c for c in srv.of_click(click)}
    for goal in ("5", "6"):
        for field in ("id", "affiliate_id", "amount", "status", "provenance"):
            assert before[goal][field] == after[goal][field], (goal, field)
    assert len(net.goals(click)) == 2


def test_table_unconfirmed_then_admin(srv):
    _, click = contact_with_click(srv)
    check(route7(srv, click, amount=77, affiliate_id="9"), verdict="updated", duplicate=False)
    stored = srv.conversion(click, "6")
    assert stored["provenance"] == "admin" and stored["amount"] == 77 and stored["affiliate_id"] == "9"


@pytest.mark.parametrize("route", ["5", "6"])
def test_table_reported_amount_is_filled(srv, route):
    click = new_id()
    check(route5(srv, click), verdict="recorded", duplicate=False)
    assert srv.conversion(click)["amount"] == 0
    body = check(KEYED[route](srv, click, amount="8.5"), verdict="updated", duplicate=True)
    if route == "5":
        assert body["message"] == "Postback 'deposit' updated"
        assert body["data"]["click_id"] == click and body["data"]["amount"] == Decimal("8.5") and body["data"]["id"]
    assert srv.conversion(click)["amount"] == Decimal("8.5")
    check(KEYED[route](srv, click, amount="9.5"), verdict="duplicate", duplicate=True)
    assert srv.conversion(click)["amount"] == Decimal("8.5"), "an amount of a confirmed conversion is never changed"


def test_table_reported_ftd_updates(srv):
    click = new_id()
    route5(srv, click)
    body = check(route4(srv, click, amount=12), verdict="updated", duplicate=True)
    assert body["message"] == "FTD updated" and body["isDuplicate"] is True
    assert body["data"]["amount"] == 12 and body["data"]["status"] == "approved", "route 4's default status counts as given"
    assert body["data"]["affiliate_id"] == "7" and body["data"]["id"] == srv.conversion(click)["id"]


@pytest.mark.parametrize("stored,given,expected", [
    ("pending", "approved", "approved"), ("pending", "rejected", "rejected"), ("approved", "rejected", "rejected"),
    ("pending", "pending", None), ("approved", "pending", None), ("approved", "approved", None),
    ("rejected", "approved", None), ("rejected", "pending", None), ("rejected", "rejected", None)])
def test_table_reported_status(srv, stored, given, expected):
    click = new_id()
    check(route5(srv, click, status=stored, amount=1), verdict="recorded", duplicate=False)
    check(route5(srv, click, status=given, amount=1), verdict="updated" if expected else "duplicate", duplicate=True)
    assert srv.conversion(click)["status"] == (expected or stored)


def test_table_reported_default_status_does_not_count(srv):
    click = new_id()
    check(route5(srv, click, status="approved", amount=1), verdict="recorded")
    body = check(explained(srv, "5", click, amount=1), verdict="duplicate", duplicate=True)
    assert not body.get("conflict")
    assert srv.conversion(click)["status"] == "approved"


@pytest.mark.parametrize("field,value", [("amount", "11"), ("affiliate_id", "8"), ("offer_id", "55")])
def test_table_reported_differences_are_named(srv, field, value):
    click = new_id()
    check(route5(srv, click, amount="10", offer_id="2"), verdict="recorded")
    before = srv.conversion(click)
    body = check(explained(srv, "5", click, **{"amount": "10", "offer_id": "2", field: value}), verdict="duplicate", duplicate=True)
    assert field in str(body["conflict"]), body
    assert body["trace"]
    assert srv.conversion(click)[field] == before[field]


@pytest.mark.parametrize("first", ["5", "7"])
def test_table_confirmed_then_form(srv, net, first):
    click = new_hash()
    (route7 if first == "7" else route5)(srv, click, amount=10)
    before = srv.conversion(click, "6")
    contact_with_click(srv, click, affiliate_id="66")
    stored = srv.conversion(click, "6")
    for field in ("id", "amount", "affiliate_id", "provenance"):
        assert stored[field] == before[field]
    calls = net.goals(click, 6)
    assert len(calls) == 1 and Decimal(calls[0].query["amount"]) == 10, "the delivery the rule asks for is added"


def test_table_reported_then_admin(srv):
    click = new_id()
    route5(srv, click, amount=10, status="approved")
    check(route7(srv, click, amount=12, affiliate_id="9", status="pending"), verdict="updated", duplicate=True)
    stored = srv.conversion(click)
    assert stored["provenance"] == "reported" and stored["amount"] == 12 and stored["affiliate_id"] == "9"
    assert stored["status"] == "pending", "an admin may move a status back"
    assert stored["history"]


@pytest.mark.parametrize("route", ["1", "4", "5", "6"])
def test_table_admin_then_keyed(srv, route):
    click = new_hash()
    check(route7(srv, click, amount=10, status="rejected"), verdict="recorded", duplicate=False)
    amount = {"deposit_amount": "11"} if route == "1" else {"amount": "11"}
    body = KEYED[route](srv, click, affiliate_id="9", **amount).json
    assert body["verdict"] == "duplicate" and body["isDuplicate"] is True
    stored = srv.conversion(click)
    assert (stored["amount"], stored["affiliate_id"], stored["provenance"], stored["status"]) == (10, "7", "admin", "rejected")


def test_table_admin_then_keyed_names_the_difference(srv):
    click = new_id()
    route7(srv, click, amount=10)
    body = check(explained(srv, "4", click, amount=11), verdict="duplicate", duplicate=True)
    assert "amount" in str(body["conflict"])


def test_table_rejected_gets_no_new_deliveries(srv, net):
    click = new_id()
    check(route5(srv, click, status="rejected"), verdict="recorded")
    body = route6(srv, click).json
    assert body["verdict"] == "duplicate"
    time.sleep(0.5)
    assert not net.goals(click)


def test_explain_needs_a_key(srv):
    body = check(srv.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="deposit", explain=1), verdict="recorded")
    assert "trace" not in body
    assert check(explained(srv, "5", new_id()), verdict="recorded")["trace"]


@pytest.mark.parametrize("route", ["1", "6"])
def test_a_given_status_counts_on_routes_that_notify(srv, net, route):
    """A network is not told that a goal was reached by the very report that says it was not."""
    fresh = new_id()
    told = route == "6"  # route 1's success says that the network has accepted
    answer = check(KEYED[route](srv, fresh, status="rejected"), success=told, verdict="recorded", duplicate=False)
    assert answer["message"] == "Conversion is rejected, nothing is delivered" and answer["data"]["status"] == "rejected" and srv.conversion(fresh)["deliveries"] == []
    known = new_id()
    check(route5(srv, known), verdict="recorded", duplicate=False)
    check(KEYED[route](srv, known, status="rejected"), success=told, verdict="updated", duplicate=True)
    assert srv.conversion(known)["status"] == "rejected"
    check(KEYED[route](srv, known, status="pending"), success=told, verdict="duplicate", duplicate=True)
    time.sleep(0.2)
    assert not net.creations(fresh) + net.creations(known) + net.goals(fresh) + net.goals(known)
    pending = new_id()
    check(KEYED[route](srv, pending, status="pending"), verdict="recorded", duplicate=False)
    assert srv.conversion(pending)["status"] == "approved", "the network has accepted"


def test_table_an_invented_sum_gives_way_also_after_a_report_without_one(srv):
    """Automatic 100, then a tracker that knows no sum, then the advertiser's deposit in its own currency."""
    _, click = contact_with_click(srv)
    check(route5(srv, click), verdict="updated", duplicate=False)
    stored = srv.conversion(click, "6")
    assert stored["amount"] == 100 and stored["provenance"] == "reported"
    check(route4(srv, click, amount=250, currency="EUR"), verdict="updated", duplicate=True)
    stored = srv.conversion(click, "6")
    assert (stored["amount"], stored["currency"]) == (250, "EUR")
    check(route4(srv, click, amount=300), verdict="duplicate", duplicate=True)
    assert srv.conversion(click, "6")["amount"] == 250
