"""Route 6: /api/goals/postback."""
import time
from decimal import Decimal

import pytest

from harness import Server, new_hash, new_id
from seven_routes import KEYED, check, route6, route7


@pytest.mark.parametrize("goal,goal_id", [("registration", "5"), ("deposit", "6")])
def test_route6_fresh_and_duplicate(srv, net, goal, goal_id):
    click = new_id()
    body = check(route6(srv, click, goal, deposit_amount="20.25", sub1="s&1"), verdict="recorded", duplicate=False)
    data = body["data"]
    assert isinstance(data["id"], str) and data["click_id"] == click and data["affiliate_id"] == "7"
    assert data["goal_id"] == goal_id and data["goal_type"] == goal and data["amount"] == Decimal("20.25")
    assert data["status"] == "approved" and data["postbackStatusCode"] == 200 and data["isDuplicate"] is False
    assert click in str(data["postbackResponse"]), "what the network said"
    calls = net.goals(click)
    assert len(calls) == 1 and calls[0].path == f"/api/v3/goal/{goal_id}" and calls[0].method == "GET"
    query = calls[0].query
    assert query["hash"] == "testhash" and query["affiliate_id"] == "7" and query["goal_type"] == goal
    assert query["sub1"] == "s&1" and Decimal(query["amount"]) == Decimal("20.25") and calls[0].delivery

    again = check(route6(srv, click, goal, deposit_amount="20.25"), verdict="duplicate", duplicate=True)
    assert again["data"]["id"] == data["id"] and again["data"]["postbackStatusCode"] == 200
    assert again["data"]["postbackResponse"] == data["postbackResponse"] and again["data"]["isDuplicate"] is True
    time.sleep(0.2)
    assert len(net.goals(click)) == 1
    assert srv.conversion(click)["offer_id"] == "2"


@pytest.mark.parametrize("first", ["4", "5", "7"])
def test_route6_after_a_route_that_does_not_notify(srv, net, first):
    click = new_id()
    (route7 if first == "7" else KEYED[first])(srv, click, amount=10)
    assert not net.goals(click)
    body = check(route6(srv, click, amount=10), verdict="duplicate", duplicate=True)
    assert body["data"]["postbackStatusCode"] == 200 and body["data"]["status"] == "approved"
    assert body["message"] == "Conversion delivered to the network", "by this report"
    body = check(route6(srv, click, amount=10), verdict="duplicate", duplicate=True)
    assert body["message"] == "Duplicate conversion, already delivered"
    time.sleep(0.2)
    assert len(net.goals(click)) == 1, "now, once"


def test_route6_refused_for_good(srv, net):
    net.set_mode("refuse")
    click = new_id()
    check(route6(srv, click), 502, success=False)
    assert srv.conversion(click)["status"] == "pending"
    check(route6(srv, click), 502, success=False)
    assert len(net.goals(click)) == 1, "dead until replayed"
    (delivery,) = srv.conversion(click)["deliveries"]
    check(srv.admin("POST", f"/api/admin/deliveries/{delivery['id']}/cancel"))
    assert "cancelled" in check(route6(srv, click))["message"], "not 202: nothing follows"
    assert len(net.goals(click)) == 1


@pytest.mark.parametrize("query", [{}, {"action": "test"}])
def test_route6_test_action(srv, net, query):
    answer = srv.get("/api/goals/postback", **query)
    body = check(answer)
    config, usage = body["config"], body["usage"]
    assert config["baseUrl"] == net.base_url and config["hashSet"] is True
    assert str(config["goalRegistration"]) == "5" and str(config["goalDeposit"]) == "6"
    assert set(usage) >= {"registration", "deposit"} and body["message"]
    for goal, id in (("registration", "5"), ("deposit", "6")):
        assert usage["example"][goal].startswith(f"{net.base_url}/goal/{id}?hash=***&click_id={{click_id}}&")
    assert b"testhash" not in answer.body, "never a secret"


def test_route6_other_actions(srv):
    check(srv.get("/api/goals/postback", action="send"), 400, success=False)


def test_route6_sends_the_clicks_own_hash(net, tmp_path):
    """A contact knows the click by the hash that the network gave; also after a restart."""
    (tmp_path / "goals.toml").write_text('[[goal]]\nid = "5"\ntype = "registration"\n[[goal]]\nid = "6"\ntype = "deposit"\n')
    arguments = ["--config", str(tmp_path / "goals.toml")]  # no chain rule: route 6 is the first to tell of the deposit
    with Server(tmp_path, net, start=False) as srv:
        srv.start(arguments=arguments)
        given, clicks = new_hash(), []
        for more in ({}, {}, {"sub1": given}):
            contact = srv.post("/api/contact", {"email": f"{new_id('h')}@example.com", "type": "user", **more}).data
            clicks.append((contact["clickId"], contact["hash"]))
        assert clicks[2] == (given, given) and all(click != own for click, own in clicks[:2])
        for number, (click, own) in enumerate(clicks):
            if number == 1:
                srv.stop()
                srv.start(arguments=arguments)
                time.sleep(0.5)
            check(route6(srv, click, "deposit", amount=5), verdict="recorded", duplicate=False)
            assert [c.query["hash"] for c in net.goals(click, 6)] == [own if number < 2 else "testhash"], "what a form typed is not told"


def test_route6_tells_no_hash_of_a_strangers_choice(srv, net):
    """A form names somebody's click, as its own sub1 or with another spelling of it."""
    sale, email = new_id("sale"), f"{new_id('v')}@example.com"
    data = srv.post("/api/contact", {"email": email, "type": "user"}).data
    for route, sub1 in (("register", sale), ("contact", sale), ("register", data["clickId"]), ("contact", data["clickId"]),
                        ("contact", new_hash()), ("register", data["hash"])):
        form = {"email": f"{new_id('s')}@example.com", "name": "N", "company": "C", "type": "user", "sub1": sub1}
        assert srv.post(f"/api/{route}", form).status == 200
    check(route6(srv, sale), verdict="recorded", duplicate=False)
    assert [c.query["hash"] for c in net.goals(sale)] == ["testhash"]
    assert {c.query["hash"] for c in net.goals(data["clickId"])} == {data["hash"]}
    typed = new_hash()
    assert srv.post("/api/register", {"email": f"{new_id('t')}@example.com", "name": "N", "company": "C", "type": "user", "sub1": typed}).status == 200
    check(route6(srv, typed), verdict="recorded", duplicate=False)
    assert [c.query["hash"] for c in net.goals(typed)] == ["testhash"]
