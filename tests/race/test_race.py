"""Promise 5: of 64 clients that press at one moment exactly one is told `recorded`, and the network hears of it once.

RACE_ROUNDS (default 10) repeats every race on a new key. The sockets are open before the first byte is sent.
"""
import collections
import os
import time

import pytest

from harness import CLIENTS, Server, burst_requests, new_hash, new_id, raw_request, wait_until

ROUNDS = int(os.environ.get("RACE_ROUNDS", "10"))
SETTLE_S = 0.5  # a second, wrong network call would come within this time

pytestmark = pytest.mark.bounded(int(60 + 6 * ROUNDS))


def route1(srv, click, goal_id, **more):
    return raw_request("POST", "/api/private/conversions", json_body={
        "click_hash": click, "goal_type_id": goal_id, "affiliate_id": "7", "deposit_amount": 10, **more})


def route4(srv, click, goal_id, **more):
    return raw_request("POST", "/api/ftd", json_body={"click_id": click, "affiliate_id": "7", "amount": 10, **more})


def route5(srv, click, goal_id, **more):
    return raw_request("GET", "/api/postback", query={
        "click_id": click, "affiliate_id": "7", "goal": GOALS[goal_id], "amount": "10", **more})


def route6(srv, click, goal_id, **more):
    return raw_request("POST", "/api/goals/postback", json_body={
        "click_id": click, "affiliate_id": "7", "goal_type": GOALS[goal_id], "amount": 10, **more})


def route7(srv, click, goal_id, **more):
    return raw_request("POST", "/api/admin/conversions", key=srv.admin_key, json_body={
        "click_id": click, "affiliate_id": "7", "goal_id": goal_id, "goal_type": GOALS[goal_id], "amount": 10, **more})


GOALS = {"5": "registration", "6": "deposit"}
ROUTES = {"1": route1, "4": route4, "5": route5, "6": route6, "7": route7}


def contact(email, **more):
    return raw_request("POST", "/api/contact", json_body={"email": email, "type": "affiliate", **more})


def verdicts(answers):
    """How often each (verdict, isDuplicate) came; every answer must be a success of storing."""
    for answer in answers:
        assert answer.status in (200, 202), answer
    return collections.Counter((a.json["verdict"], a.json["isDuplicate"]) for a in answers)


def assert_recorded_once(answers):
    seen = verdicts(answers)
    assert seen[("recorded", False)] == 1, seen
    assert sum(n for (verdict, duplicate), n in seen.items() if verdict == "recorded" or not duplicate) == 1, seen
    assert sum(seen.values()) == CLIENTS
    return seen


def assert_notified_once(net, clicks, goal_id, kind="goal"):
    def calls(click):
        return net.goals(click, goal_id) if kind == "goal" else net.creations(click)
    wait_until(lambda: all(calls(c) for c in clicks), 15, "every click notified")
    time.sleep(SETTLE_S)
    assert {c: len(calls(c)) for c in clicks if len(calls(c)) != 1} == {}


@pytest.mark.parametrize("route,goal_id", [("1", "5"), ("1", "6"), ("4", "6"), ("5", "5"), ("5", "6"), ("6", "5"), ("6", "6"), ("7", "5"), ("7", "6")])
def test_one_route(srv, net, route, goal_id):
    clicks = [new_hash() for _ in range(ROUNDS)]
    for click in clicks:
        answers = burst_requests(srv.port, [ROUTES[route](srv, click, goal_id)] * CLIENTS)
        seen = assert_recorded_once(answers)
        if route != "7":
            assert seen[("duplicate", True)] == CLIENTS - 1, "equal reports have nothing to update"
        document = srv.conversion(click)
        ids = {a.data["id"] for a in answers if isinstance(a.json.get("data"), dict) and "id" in a.data}
        assert ids <= {document["id"]} and document["goal_id"] == goal_id
    if route == "6":
        assert_notified_once(net, clicks, goal_id)
    elif route == "1":
        assert_notified_once(net, clicks, goal_id, "private")
        assert not any(net.goals(c) for c in clicks)
    else:
        time.sleep(SETTLE_S)
        assert not any(net.goals(c) or net.creations(c) for c in clicks), "no network call"


@pytest.mark.parametrize("goal_id,routes", [("6", "14567"), ("6", "45"), ("6", "56"), ("5", "1567"), ("5", "67")])
def test_mixed_routes(srv, net, goal_id, routes):
    clicks = [new_hash() for _ in range(ROUNDS)]
    for click in clicks:
        answers = burst_requests(srv.port, [ROUTES[routes[i % len(routes)]](srv, click, goal_id) for i in range(CLIENTS)])
        assert_recorded_once(answers)
        assert srv.conversion(click)["goal_id"] == goal_id
    if "6" in routes:
        assert_notified_once(net, clicks, goal_id)
    if "1" in routes:
        assert_notified_once(net, clicks, goal_id, "private")


def test_route5_first_then_route6(srv, net):
    clicks = [new_id() for _ in range(ROUNDS)]
    for click in clicks:
        assert_recorded_once(burst_requests(srv.port, [route5(srv, click, "6")] * CLIENTS))
        assert not net.goals(click)
        seen = verdicts(burst_requests(srv.port, [route6(srv, click, "6")] * CLIENTS))
        assert seen == {("duplicate", True): CLIENTS}, seen
        assert srv.conversion(click)["provenance"] == "reported"
    assert_notified_once(net, clicks, "6")
    assert all(len(srv.conversion(c)["deliveries"]) == 1 for c in clicks)


@pytest.mark.parametrize("route", ["1", "4", "5", "6"])
def test_unconfirmed_is_confirmed_once(srv, net, route):
    """A form's conversion, then 64 equal keyed reports: one `updated` with isDuplicate false."""
    clicks = [new_hash() for _ in range(ROUNDS)]
    for click in clicks:
        first = burst_requests(srv.port, [contact(new_id("m") + "@example.com", sub1=click)])[0]
        assert first.status == 200, first
        wait_until(lambda: len(net.goals(click)) == 2 and len(srv.of_click(click)) == 2
                   and all(c["status"] == "approved" for c in srv.of_click(click)), 10, "flow done")
        seen = verdicts(burst_requests(srv.port, [ROUTES[route](srv, click, "6", affiliate_id="9")] * CLIENTS))
        assert seen == {("updated", False): 1, ("duplicate", True): CLIENTS - 1}, seen
        stored = srv.conversion(click, "6")
        assert stored["provenance"] == "reported" and stored["amount"] == 10 and stored["affiliate_id"] == "9"
    time.sleep(SETTLE_S)
    assert {len(net.goals(c)) for c in clicks} == {2}


def test_form_and_reports_together(srv, net):
    """Whoever comes first: a keyed report wins, confirmed exactly once, each goal notified once."""
    clicks = [new_hash() for _ in range(ROUNDS)]
    for click in clicks:
        requests = [route5(srv, click, "6", affiliate_id="9") if i % 2 else contact(new_id("m") + "@example.com", sub1=click)
                    for i in range(CLIENTS)]
        answers = burst_requests(srv.port, requests)
        reports = verdicts(answers[1::2])
        assert sum(n for (_, duplicate), n in reports.items() if not duplicate) == 1, reports
        assert {a.status for a in answers[0::2]} == {200}
        wait_until(lambda: len(srv.of_click(click)) == 2, 10, "both goals")
        stored = srv.conversion(click, "6")
        assert stored["provenance"] == "reported" and stored["amount"] == 10 and stored["affiliate_id"] == "9"
        assert srv.conversion(click, "5")["provenance"] == "form"
    assert_notified_once(net, clicks, "5")
    assert_notified_once(net, clicks, "6")


def test_amount_is_filled_once(srv):
    for _ in range(ROUNDS):
        click = new_id()
        burst_requests(srv.port, [route5(srv, click, "6", amount="")])
        seen = verdicts(burst_requests(srv.port, [route5(srv, click, "6")] * CLIENTS))
        assert seen == {("updated", True): 1, ("duplicate", True): CLIENTS - 1}, seen


def test_different_amounts_one_wins(srv):
    for _ in range(ROUNDS):
        click = new_id()
        answers = burst_requests(srv.port, [route5(srv, click, "6", amount=str(i + 1)) for i in range(CLIENTS)])
        assert_recorded_once(answers)
        winner = next(i for i, a in enumerate(answers) if a.json["verdict"] == "recorded")
        assert srv.conversion(click)["amount"] == winner + 1, "the one that was told `recorded` is the one stored"


def test_distinct_keys_are_all_recorded(srv):
    clicks = [new_id() for _ in range(CLIENTS)]
    answers = burst_requests(srv.port, [route5(srv, c, "6") for c in clicks])
    assert verdicts(answers) == {("recorded", False): CLIENTS}
    assert all(len(srv.of_click(c)) == 1 for c in clicks)


def test_both_goals_of_a_click(srv):
    """Two keys of one click do not disturb each other."""
    for _ in range(ROUNDS):
        click = new_id()
        answers = burst_requests(srv.port, [route5(srv, click, "56"[i % 2]) for i in range(CLIENTS)])
        seen = verdicts(answers)
        assert seen == {("recorded", False): 2, ("duplicate", True): CLIENTS - 2}, seen
        assert {c["goal_id"] for c in srv.of_click(click)} == {"5", "6"}


@pytest.mark.parametrize("mixed", [False, True], ids=["contact", "contact and register"])
def test_same_email(srv, net, mixed):
    clicks = []
    for _ in range(ROUNDS):
        email, click = new_id("m") + "@example.com", new_hash()
        requests = [contact(email if i % 3 else email.upper(), sub1=click) for i in range(CLIENTS)]
        if mixed:
            requests[::2] = [raw_request("POST", "/api/register", json_body={
                "email": email, "name": "N", "company": "C", "type": "user"})] * (CLIENTS // 2)
        answers = burst_requests(srv.port, requests)
        statuses = collections.Counter(a.status for a in answers)
        assert statuses == {200: 1, 409: CLIENTS - 1}, statuses
        assert all(a.json["message"] == "This email has already been registered." for a in answers if a.status == 409)
        srv.contact(email)  # asserts that there is one
        if answers[next(i for i, a in enumerate(answers) if a.status == 200)].data.get("clickId"):
            clicks.append(click)
    assert_notified_once(net, clicks, "5")
    assert_notified_once(net, clicks, "6")


def test_different_emails_one_click(srv, net):
    clicks = []
    for _ in range(max(1, ROUNDS // 3)):
        click = new_hash()
        clicks.append(click)
        answers = burst_requests(srv.port, [contact(new_id("m") + "@example.com", sub1=click) for _ in range(CLIENTS)])
        assert {a.status for a in answers} == {200}
        wait_until(lambda: len(srv.of_click(click)) >= 2, 10, "both goals")
        assert {c["goal_id"] for c in srv.of_click(click)} == {"5", "6"} and len(srv.of_click(click)) == 2
    assert_notified_once(net, clicks, "5")
    assert_notified_once(net, clicks, "6")


def test_after_all_races_the_store_is_whole(srv):
    """No key twice in the whole list, and `verify` agrees."""
    keys = collections.Counter((c["click_id"], c["goal_id"]) for c in srv.conversions())
    assert keys and not [k for k, n in keys.items() if n > 1]
    srv.stop()
    srv.command("verify")
