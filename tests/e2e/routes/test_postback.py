"""Route 5: /api/postback."""
import json
import time
from decimal import Decimal

import pytest

from harness import new_hash, new_id
from seven_routes import check, route5, route6


@pytest.mark.parametrize("goal,goal_id", [("registration", "5"), ("deposit", "6")])
def test_route5_fresh_and_duplicate(srv, net, goal, goal_id):
    click = new_id()
    body = check(route5(srv, click, goal, amount="1.5", sub1="plain", country="DE"), verdict="recorded", duplicate=False)
    assert body["message"] == f"Postback '{goal}' recorded successfully"
    again = check(route5(srv, click, goal, amount="1.5", sub1="plain", country="DE"), verdict="duplicate", duplicate=True)
    assert again["message"] == "Duplicate postback ignored"
    stored = srv.conversion(click)
    assert (stored["goal_id"], stored["goal_type"], stored["status"]) == (goal_id, goal, "pending")
    assert stored["sub1"] == "plain" and stored["country"] == "DE" and stored["amount"] == Decimal("1.5")
    time.sleep(0.2)
    assert not net.goals(click), "no network call"


def test_route5_form_and_json(srv):
    fields = {"affiliate_id": "7", "goal": "deposit", "amount": "3"}
    click = new_id()
    check(srv.request("POST", "/api/postback", form={**fields, "click_id": click}), verdict="recorded", duplicate=False)
    check(srv.post("/api/postback", {**fields, "click_id": click}), verdict="duplicate", duplicate=True)
    check(route5(srv, click, amount="3"), verdict="duplicate", duplicate=True)
    assert srv.conversion(click)["amount"] == 3


def test_route5_post_with_everything_in_the_url(srv):
    click = new_id()
    query = {"click_id": click, "affiliate_id": "7", "goal": "deposit", "amount": "3"}
    check(srv.request("POST", "/api/postback", query=query), verdict="recorded", duplicate=False)
    check(srv.request("POST", "/api/postback", query=query, form={}), verdict="duplicate", duplicate=True)
    assert srv.conversion(click)["amount"] == 3


@pytest.mark.parametrize("path,body", [("/api/ftd", {"amount": 1}), ("/api/postback", {"goal": "deposit"}), ("/api/goals/postback", {"goal_type": "deposit"})])
def test_json_that_curl_calls_a_form(srv, path, body):
    """curl -d '{…}' without a header says application/x-www-form-urlencoded."""
    click = new_id()
    text = " " + json.dumps({"click_id": click, "affiliate_id": 7, **body})
    check(srv.request("POST", path, body=text, headers={"Content-Type": "application/x-www-form-urlencoded"}), verdict="recorded", duplicate=False)
    assert srv.conversion(click)["affiliate_id"] == "7"


def test_route5_head_records_nothing(srv):
    click = new_id()
    answer = srv.request("HEAD", "/api/postback", query={"click_id": click, "affiliate_id": "7", "goal": "deposit"})
    assert answer.status == 200 and answer.body == b""
    assert not srv.of_click(click)
    assert srv.request("HEAD", "/api/postback", query={"click_id": click, "affiliate_id": "7", "goal": "x"}).status == 400
    check(route5(srv, click), verdict="recorded", duplicate=False)


def test_route5_no_ghost_contact(srv):
    before = srv.admin("GET", "/api/admin/contacts").json["pagination"]["total"]
    route5(srv, new_id(), sub1=new_hash())
    route6(srv, new_id(), sub1=new_hash())
    assert srv.admin("GET", "/api/admin/contacts").json["pagination"]["total"] == before
