"""The seven routes against the real program, field by field as contract.md has them."""
import re
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from harness import Server, new_hash, new_id, wait_until

HEX32 = re.compile(r"^[a-f0-9]{32,}$")


@pytest.fixture(scope="module")
def keyed(net, tmp_path_factory):
    """A server that asks for keys, as it is by default."""
    with Server(tmp_path_factory.mktemp("keyed"), net, ingest="key") as server:
        server.ingest_key = server.create_key("ingest", name="tracker")
        server.bound_key = server.create_key("ingest", affiliate="7", name="bound")
        yield server


def mail():
    return new_id("m") + "@example.com"


def check(answer, status=200, success=True, verdict=None, duplicate=None):
    """What every answer has; -> its JSON."""
    assert answer.status == status, answer
    assert answer.headers.get("Content-Type", "").startswith("application/json"), dict(answer.headers)
    assert answer.headers.get("Cache-Control") == "no-store", dict(answer.headers)
    assert answer.json["success"] is success, answer
    if verdict is not None or not success:
        assert isinstance(answer.json["message"], str) and answer.json["message"], answer
    if verdict is not None:
        assert answer.json["verdict"] == verdict, answer
    if duplicate is not None:
        assert answer.json["isDuplicate"] is duplicate, answer
    return answer.json


# The four keyed routes as functions of (click, **more), so that the table can be walked cell by cell.

def route1(srv, click, goal="6", **more):
    return srv.post("/api/private/conversions", {"click_hash": click, "goal_type_id": goal, **more})


def route4(srv, click, **more):
    return srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 10, **more})


def route5(srv, click, goal="deposit", **more):
    return srv.get("/api/postback", **{"click_id": click, "affiliate_id": "7", "goal": goal, **more})


def route6(srv, click, goal_type="deposit", **more):
    return srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": goal_type, **more})


def route7(srv, click, goal_id="6", goal_type="deposit", **more):
    return srv.admin("POST", "/api/admin/conversions", json_body={
        "click_id": click, "affiliate_id": "7", "goal_id": goal_id, "goal_type": goal_type, **more})


def explained(srv, route, click, **more):
    """One of the POST routes again, with the steps of the decision."""
    if route == "5":
        return srv.get("/api/postback", key=srv.admin_key, explain=1,
                       **{"click_id": click, "affiliate_id": "7", "goal": "deposit", **more})
    return srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 10, **more},
                    key=srv.admin_key, query={"explain": 1})


KEYED = {"1": route1, "4": route4, "5": route5, "6": route6}


def contact_with_click(srv, click=None, **more):
    """A visitor fills in the form; -> (e-mail, hash), once both conversions are known and delivered."""
    email, click = mail(), click or new_hash()
    answer = srv.post("/api/contact", {"email": email, "type": "affiliate", "sub1": click, **more})
    check(answer)
    wait_until(lambda: len(srv.of_click(click)) == 2, 10, "registration and deposit recorded")
    wait_until(lambda: all(not c.get("due") for c in srv.of_click(click)), 10, "both delivered")
    return email, click


# ---------------------------------------------------------------------------------- 1 private conversions

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
    net.set_mode("down", "private")
    check(srv.admin("GET", "/api/private/conversions", query={"hash": click}), 502, success=False)


def test_route1_hash_of_a_contact_is_its_click(srv, net):
    email = mail()
    check(srv.post("/api/contact", {"email": email, "type": "user"}))
    contact = wait_until(lambda: (c := srv.contact(email)).get("click_id") and c, 10, "click acquired")
    click, click_hash = contact["click_id"], contact["sub1"]
    assert net.clicks[click] == click_hash
    wait_until(lambda: len(srv.of_click(click)) == 2, 10, "flow done")
    body = check(route1(srv, click_hash, deposit_amount=55), verdict="updated", duplicate=False)
    assert body["data"]["click_hash"] == click_hash
    stored = srv.conversion(click, "6")
    assert stored["amount"] == 55 and stored["provenance"] == "reported"
    assert not srv.of_click(click_hash), "one sale has one key"
    assert net.creations(click_hash), "the network knows the click by its hash"


# ---------------------------------------------------------------------------------------------- 2 contact

def test_route2_with_a_click(srv, net):
    email, click = mail(), new_hash()
    name, company = "Jo & Söhne + 100%", "A=B?c#d/%41"
    answer = srv.post("/api/contact", {"email": email.upper(), "type": "affiliate", "name": name, "company": company,
                                       "affiliate_id": 31, "sub1": click, "sub2": "two"})
    data = check(answer)["data"]
    assert data["affiliatePosted"] is True and data["isAffiliate"] is True and data["affiliateRegistered"] is True
    assert data["ftd"] is True and data["ftd_amount"] == 100
    assert data["registrationStatus"] == "approved" and data["depositStatus"] == "approved"
    assert data["userType"] == "affiliate" and data["affiliateId"] == "31"
    assert data["clickId"] == click and data["sub1"] == click and data["hash"] == click
    assert "affiliateApplied" in data and "note" in data

    registration, deposit = srv.conversion(click, "5"), srv.conversion(click, "6")
    assert registration["provenance"] == "form" and registration["amount"] == 0 and registration["offer_id"] == "2"
    assert registration["status"] == "approved" and registration["affiliate_id"] == "31"
    assert deposit["provenance"] == "auto" and deposit["amount"] == 100 and deposit["sale_amount"] == 100
    calls = net.goals(click)
    assert sorted(c.path.rsplit("/", 1)[-1] for c in calls) == ["5", "6"]
    for call in calls:
        assert call.query["hash"] == click and call.query["affiliate_id"] == "31" and call.delivery
    first = net.goals(click, 5)[0].query
    assert first["name"] == name and first["company"] == company, "encoded once"
    assert first["email"].lower() == email and first["goal_type"] == "registration"
    assert Decimal(net.goals(click, 6)[0].query["amount"]) == 100

    contact = srv.contact(email)
    assert contact["status"] == "new" and contact["affiliate_status"] == "pending"
    assert contact["affiliateRegistered"] is True and contact["ftd"] is True and contact["ftd_amount"] == 100
    assert contact["createdAt"] and contact["updatedAt"] and contact["sub1"] == click and contact["click_id"] == click


def test_route2_acquires_a_click(srv, net):
    email, before = mail(), len(net.seen("offer"))
    data = check(srv.post("/api/contact", {"email": email, "type": "publisher", "url_id": "9", "sub1": "facebook"}))["data"]
    call = net.seen("offer")[before:]
    assert len(call) == 1 and call[0].path == "/api/v3/offer/2" and call[0].delivery
    assert call[0].query["url_id"] == "9" and call[0].query["affiliate_id"] == "2" and call[0].query["unique"] == "1"
    assert data["isAffiliate"] is False and data["userType"] == "publisher" and data["affiliateId"] == "2"
    assert net.clicks[data["clickId"]] == data["hash"]
    contact = srv.contact(email)
    assert contact["click_id"] == data["clickId"] and contact["sub1"] == data["hash"]
    goal = net.goals(data["clickId"], 5)
    assert len(goal) == 1 and goal[0].query["hash"] == data["hash"], "the click's own hash"


def test_route2_network_fails_a_random_click(srv, net):
    net.set_mode("error", "offer")
    email = mail()
    check(srv.post("/api/contact", {"email": email, "type": "user", "affiliate_id": "44", "url_id": "45"}))
    contact = wait_until(lambda: (c := srv.contact(email)).get("click_id") and c, 10, "a click id")
    assert HEX32.match(contact["click_id"]) and contact["click_id"] not in ("2", "44", "45")
    wait_until(lambda: len(srv.of_click(contact["click_id"])) == 2, 10, "flow goes on")


def test_route2_known_email(srv, net):
    email, click = contact_with_click(srv)
    for again in (email, email.upper()):
        body = check(srv.post("/api/contact", {"email": again, "type": "user"}), 409, success=False)
        assert body["message"] == "This email has already been registered."
        check(srv.post("/api/register", {"email": again, "type": "user", "name": "n", "company": "c"}), 409, success=False)
    assert len(net.goals(click)) == 2


def test_route2_visitors_do_not_name_the_sum(srv):
    _, click = contact_with_click(srv, deposit_amount=5000)
    assert srv.conversion(click, "6")["amount"] == 100
    click = new_hash()
    check(srv.post("/api/contact", {"email": mail(), "type": "user", "sub1": click, "deposit_amount": "250.5"}, key=srv.admin_key))
    wait_until(lambda: srv.of_click(click, "6"), 10, "deposit")
    stored = srv.conversion(click, "6")
    assert stored["amount"] == Decimal("250.5") and stored["sale_amount"] == Decimal("250.5")


# --------------------------------------------------------------------------------------------- 3 register

def test_route3_affiliate(srv, net):
    email, before = mail(), len(net.seen("offer"))
    begin = time.monotonic()
    data = check(srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate", "affiliate_id": "8"}))["data"]
    assert time.monotonic() - begin < 2, "answers at once"
    assert data["affiliatePosted"] is True and data["isAffiliate"] is True and data["affiliateId"] == "8"
    assert data["trackingLink"].startswith(net.base_url + "/offer/2?"), data
    assert "dashboardUrl" in data and "note" in data
    contact = wait_until(lambda: (c := srv.contact(email)).get("ftd") is True and c, 10, "flow done")
    assert len(net.seen("offer")) == before + 1 and net.seen("offer")[before].query["url_id"] == "2"
    assert contact["affiliateRegistered"] is True and contact["clicked_url"] and contact["ftd_amount"] == 100
    assert net.clicks[contact["click_id"]] == contact["sub1"]
    assert {c["goal_id"]: c["provenance"] for c in srv.of_click(contact["click_id"])} == {"5": "form", "6": "auto"}
    assert len(net.goals(contact["click_id"], 5)) == 1 and len(net.goals(contact["click_id"], 6)) == 1


def test_route3_others_do_not_touch_the_network(srv, net):
    before = len(net.calls)
    for kind in ("publisher", "advertiser", "influencer", "media_buyer", "agency", "user"):
        data = check(srv.post("/api/register", {"email": mail(), "name": "N", "company": "C", "type": kind}))["data"]
        assert data["isAffiliate"] is False and data["posted"] is True
    time.sleep(0.5)
    assert len(net.calls) == before


def test_route3_deposit_only_when_the_registration_is_accepted(srv, net):
    net.set_mode("refuse", "goal")
    email = mail()
    check(srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate"}))
    contact = wait_until(lambda: (c := srv.contact(email)).get("affiliateError") and c, 10, "affiliateError")
    time.sleep(0.5)
    assert [c["goal_id"] for c in srv.of_click(contact["click_id"])] == ["5"]
    assert contact["affiliateRegistered"] is False and contact["ftd"] is False


def test_route3_unreachable_offer_makes_no_random_click(srv, net):
    net.set_mode("error", "offer")
    email = mail()
    check(srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate"}))
    contact = wait_until(lambda: (c := srv.contact(email)).get("affiliateError") and c, 10, "affiliateError")
    assert not contact.get("click_id") and not contact.get("sub1")
    net.set_mode("ok")
    wait_until(lambda: srv.contact(email).get("ftd") is True, 15, "retried like any delivery")


# -------------------------------------------------------------------------------------------------- 4 ftd

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


# --------------------------------------------------------------------------------------------- 5 postback

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


# --------------------------------------------------------------------------------------- 6 goals/postback

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
    check(route6(srv, click, amount=10), verdict="duplicate", duplicate=True)
    time.sleep(0.2)
    assert len(net.goals(click)) == 1, "now, once"


def test_route6_refused_for_good(srv, net):
    net.set_mode("refuse")
    click = new_id()
    check(route6(srv, click), 502, success=False)
    assert srv.conversion(click)["status"] == "pending"
    check(route6(srv, click), 502, success=False)
    assert len(net.goals(click)) == 1, "dead until replayed"


@pytest.mark.parametrize("query", [{}, {"action": "test"}])
def test_route6_test_action(srv, net, query):
    answer = srv.get("/api/goals/postback", **query)
    body = check(answer)
    config, usage = body["config"], body["usage"]
    assert config["baseUrl"] == net.base_url and config["hashSet"] is True
    assert str(config["goalRegistration"]) == "5" and str(config["goalDeposit"]) == "6"
    assert set(usage) >= {"registration", "deposit"}
    assert b"testhash" not in answer.body, "never a secret"


def test_route6_other_actions(srv):
    check(srv.get("/api/goals/postback", action="send"), 400, success=False)


# ------------------------------------------------------------------------------------- 7 admin conversions

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


# -------------------------------------------------------------------------------- the table, cell by cell

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


# ------------------------------------------------------------------------------------------ ids and money

@pytest.mark.parametrize("digits", ["5000123", "12345678901234567890123", "0"])
def test_ids_as_number_or_string(srv, digits):
    unique = str(int(time.monotonic() * 1e6)) + digits
    check(route4(srv, int(unique), affiliate_id=7), verdict="recorded", duplicate=False)
    body = check(route4(srv, unique, affiliate_id="7"), verdict="duplicate", duplicate=True)
    assert body["data"]["click_id"] == unique
    assert srv.conversion(unique)["click_id"] == unique


def test_leading_zeros_are_kept(srv):
    click = "00" + str(int(time.monotonic() * 1e6))
    check(route4(srv, click), verdict="recorded")
    check(route4(srv, click[1:]), verdict="recorded")
    assert srv.conversion(click)["click_id"] == click


def test_empty_is_absent(srv):
    click = new_id()
    check(route5(srv, click, amount="", offer_id="", status=""), verdict="recorded")
    stored = srv.conversion(click)
    assert stored["amount"] == 0 and stored["status"] == "pending" and not stored.get("offer_id")


MONEY = [("0.1", "0.1"), ("12.345678", "12.345678"), ("1.0000005", "1"), ("1.0000015", "1.000002"), ("1.0000025", "1.000002"),
         ("1.00000250000001", "1.000003"), ("999999999999.999999", "999999999999.999999"), ("1000000000000", "1000000000000"),
         ("0.000001", "0.000001"), ("100.10", "100.1"), ("79228162514.264337", "79228162514.264337")]


@pytest.mark.parametrize("given,expected", MONEY)
@pytest.mark.parametrize("how", ["number", "string", "query"])
def test_money_is_exact(srv, given, expected, how):
    click = new_id()
    if how == "query":
        check(route5(srv, click, amount=given), verdict="recorded")
    else:
        answer = route4(srv, click, amount=Decimal(given) if how == "number" else given)
        assert check(answer, verdict="recorded")["data"]["amount"] == Decimal(expected)
    stored = srv.conversion(click)["amount"]
    assert not isinstance(stored, str) and stored == Decimal(expected)


def test_money_not_given_is_omitted_but_amount_is_there(srv):
    click = new_id()
    route5(srv, click)
    stored = srv.conversion(click)
    assert stored["amount"] == 0 and "sale_amount" not in stored


def test_json_without_a_content_type(srv):
    click = new_id()
    answer = srv.request("POST", "/api/ftd", body=f'{{"click_id":"{click}","affiliate_id":"7","amount":1}}')
    check(answer, verdict="recorded", duplicate=False)


# ------------------------------------------------------------------------------------------ contact flags

def test_flags_contact_arrives_later(srv):
    click = new_hash()
    route5(srv, click, amount=64)
    email, _ = contact_with_click(srv, click)
    contact = srv.contact(email)
    assert contact["ftd"] is True and contact["ftd_amount"] == 64, "it picks up what the ledger knows"


def test_flags_several_contacts_follow_and_no_other(srv):
    one, click = contact_with_click(srv, affiliate_id="500")
    two, _ = contact_with_click(srv, click, affiliate_id="500")
    other, _ = contact_with_click(srv, affiliate_id="500")
    route4(srv, click, amount=42, affiliate_id="500")
    for email in (one, two):
        wait_until(lambda: srv.contact(email)["ftd_amount"] == 42, 5, email)
    assert srv.contact(other)["ftd_amount"] == 100, "other contacts of the affiliate are not touched"


def test_flags_rejected_is_no_deposit(srv):
    email, click = contact_with_click(srv)
    check(route7(srv, click, status="rejected"), verdict="updated")
    wait_until(lambda: srv.contact(email)["ftd"] is False, 5, "deposit gone")
    assert srv.contact(email)["affiliateRegistered"] is True
    check(route7(srv, click, "5", "registration", status="rejected"), verdict="updated")
    wait_until(lambda: srv.contact(email)["affiliateRegistered"] is False, 5, "registration gone")


def test_flags_reported_pending_registration_counts(srv, net):
    net.set_mode("refuse", "goal")
    email, click = mail(), new_hash()
    data = check(srv.post("/api/contact", {"email": email, "type": "user", "sub1": click}))["data"]
    assert data["affiliateRegistered"] is False and data["registrationStatus"] == "pending"
    assert srv.contact(email)["affiliateRegistered"] is False
    check(route5(srv, click, "registration"), verdict="updated", duplicate=False)
    wait_until(lambda: srv.contact(email)["affiliateRegistered"] is True, 5, "reported and not rejected")


# --------------------------------------------------------------------------------------- keys and methods

BODIES = {"/api/private/conversions": {"click_hash": "x", "goal_type_id": "6", "affiliate_id": "7"},
          "/api/ftd": {"click_id": "x", "affiliate_id": "7", "amount": 1},
          "/api/postback": {"click_id": "x", "affiliate_id": "7", "goal": "deposit"},
          "/api/goals/postback": {"click_id": "x", "affiliate_id": "7", "goal_type": "deposit"}}


@pytest.mark.parametrize("path", list(BODIES))
def test_keys_on_write_routes(keyed, path):
    def send(**more):
        body = dict(BODIES[path])
        body[next(iter(body))] = click
        return keyed.request("POST", path, json_body=body, **more)

    click = new_id()
    for answer in (send(), send(key="nonsense"), send(headers={"X-Api-Key": "nonsense"}), send(key=keyed.ingest_key[:-1] + "~")):
        check(answer, 401, success=False)
    assert not keyed.of_click(click)
    check(send(key=keyed.ingest_key), verdict="recorded", duplicate=False)
    check(send(headers={"X-Api-Key": keyed.ingest_key}), verdict="duplicate", duplicate=True)
    check(send(key=keyed.admin_key), verdict="duplicate", duplicate=True)
    check(send(key=keyed.bound_key), verdict="duplicate", duplicate=True)


@pytest.mark.parametrize("path", list(BODIES))
def test_key_bound_to_an_affiliate(keyed, path):
    body = {**BODIES[path], "affiliate_id": "8"}
    body[next(iter(body))] = click = new_id()
    check(keyed.post(path, body, key=keyed.bound_key), 403, success=False)
    assert not keyed.of_click(click)


def test_key_in_the_query_on_route5_only(keyed):
    click = new_id()
    check(keyed.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit"), 401, success=False)
    check(keyed.request("GET", "/api/postback", query={"click_id": click, "affiliate_id": "7", "goal": "deposit", "key": keyed.ingest_key}),
          verdict="recorded", duplicate=False)
    never = keyed.request("GET", "/api/postback", query={"click_id": new_id(), "affiliate_id": "7", "goal": "deposit", "key": keyed.admin_key})
    assert never.status in (401, 403), "never an admin key there"
    other = keyed.request("POST", "/api/ftd", query={"key": keyed.ingest_key}, json_body={"click_id": new_id(), "affiliate_id": "7", "amount": 1})
    assert other.status in (400, 401)
    head = keyed.request("HEAD", "/api/postback", query={"click_id": click, "affiliate_id": "7", "goal": "deposit"})
    assert head.status == 401
    log = keyed.stderr.read_bytes()
    assert keyed.ingest_key.encode() not in log and keyed.admin_key.encode() not in log


ADMIN = [("GET", "/api/admin/conversions"), ("POST", "/api/admin/conversions"), ("GET", "/api/admin/contacts"),
         ("GET", "/api/admin/contacts/stats"), ("GET", "/api/admin/conversions/stats"), ("GET", "/api/private/conversions")]


@pytest.mark.parametrize("method,path", ADMIN)
def test_admin_routes_need_an_admin(srv, keyed, method, path):
    body = {"json_body": {"click_id": "x", "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit"}} if method == "POST" else {}
    for server in (srv, keyed):  # open mode opens nothing here
        check(server.request(method, path, **body), 401, success=False)
        check(server.request(method, path, key="nonsense", **body), 401, success=False)
    check(keyed.request(method, path, key=keyed.ingest_key, **body), 403, success=False)


def test_forms_are_public(keyed):
    check(keyed.post("/api/contact", {"email": mail(), "type": "user", "sub1": new_hash()}))
    check(keyed.post("/api/register", {"email": mail(), "type": "user", "name": "N", "company": "C"}))


METHODS = [("DELETE", "/api/private/conversions", {"GET", "POST"}), ("GET", "/api/contact", {"POST"}), ("GET", "/api/register", {"POST"}),
           ("GET", "/api/ftd", {"POST"}), ("PUT", "/api/postback", {"GET", "HEAD", "POST"}), ("DELETE", "/api/goals/postback", {"GET", "POST"}),
           ("DELETE", "/api/admin/conversions", {"GET", "POST"}), ("PUT", "/api/ftd", {"POST"}), ("DELETE", "/api/admin/contacts", {"GET", "POST"})]


@pytest.mark.parametrize("method,path,allowed", METHODS)
def test_wrong_method(srv, method, path, allowed):
    answer = srv.admin(method, path)
    check(answer, 405, success=False)
    assert allowed <= {m.strip() for m in answer.headers["Allow"].split(",")}
    assert method not in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/api", "/api/ftd/", "/api/ftds", "/api/postback/x", "/api/../api/ftd", "/nothing", "/API/ftd"])
def test_unknown_path(srv, path):
    check(srv.admin("POST", path, json_body={}), 404, success=False)


def test_health(srv):
    assert srv.get("/livez").status == 200 and srv.get("/readyz").status == 200
    metrics = srv.get("/metrics")
    assert metrics.status == 200 and b"# TYPE" in metrics.body


# ------------------------------------------------------------------------------------------- admin's lists

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


def test_conversion_stats(listed):
    def fresh():
        data = check(listed.admin("GET", "/api/admin/conversions/stats"))["data"]
        return data["total"] == 60 and data
    data = wait_until(fresh, 13, "statistics within 10 s", step=0.25)
    assert data["byGoalType"]["deposit"]["count"] == 30 and Decimal(str(data["byGoalType"]["deposit"]["percentage"]).rstrip("%")) == 50
    assert data["approvedConversions"] == 30 and data["totalRevenue"] == 3 and data["approvedRevenue"] == 0
    assert data["thisMonth"]["count"] == 60
    assert {a["affiliate_id"]: a["conversions"] for a in data["topAffiliates"]} == {"0": 20, "1": 20, "2": 20}
    assert re.fullmatch(r"\d+\.\d\d%", data["conversionRate"])


# --------------------------------------------------------------------------------------- admin's contacts

def test_contacts_list_edit_delete(srv, net):
    email, click = contact_with_click(srv, name="Ann Search", company="Acme")
    contact = srv.contact(email)
    path = f"/api/admin/contacts/{contact['id'] if 'id' in contact else contact['_id']}"
    body = check(srv.admin("PUT", path, json_body={"status": "contacted", "notes": "called", "affiliate_status": "approved"}))
    one = check(srv.admin("GET", path))["data"]
    assert (one["status"], one["notes"], one["affiliate_status"]) == ("contacted", "called", "approved"), body
    srv.admin("PUT", path, json_body={"notes": "x", "email": "other@example.com", "ftd": False})
    one = check(srv.admin("GET", path))["data"]
    assert one["email"] == email and one["ftd"] is True, "only the three fields"
    listed = check(srv.admin("GET", "/api/admin/contacts", query={"search": "Ann Sea", "type": "affiliate"}))
    assert email in [c["email"] for c in listed["data"]] and {"total", "page"} <= set(listed["pagination"])
    assert {"total", "byType", "byStatus", "affiliateStats", "thisMonth", "ftdCount", "totalFtdAmount"} <= set(listed["stats"])
    check(srv.admin("DELETE", path))
    check(srv.admin("GET", path), 404, success=False)
    assert len(srv.of_click(click)) == 2, "conversions stay"
    check(srv.post("/api/contact", {"email": email, "type": "user", "sub1": new_hash()}))  # the e-mail is free again


def test_contacts_bad_and_unknown_id(srv):
    for method, more in (("GET", {}), ("PUT", {"json_body": {"notes": "x"}}), ("DELETE", {})):
        check(srv.admin(method, "/api/admin/contacts/nonsense", **more), 400, success=False)
        check(srv.admin(method, "/api/admin/contacts/" + "0" * 24, **more), 404, success=False)


def test_contacts_stats(srv):
    contact_with_click(srv)
    data = check(srv.admin("GET", "/api/admin/contacts/stats"))["data"]
    assert {"total", "thisMonth", "byType", "byStatus", "affiliateStats", "ftd"} <= set(data)
    assert {"total", "revenue"} <= set(data["ftd"])


def test_contacts_csv(srv):
    email, _ = contact_with_click(srv, name="=cmd()", company="@evil", username="-1", messenger="+1")
    answer = srv.admin("POST", "/api/admin/contacts", json_body={"search": email})
    assert answer.status == 200 and "csv" in answer.headers["Content-Type"]
    lines = answer.body.decode().lstrip("\ufeff").splitlines()
    assert lines[0].replace('"', "") == ("Name,Email,Company,Type,Status,Messenger,Username,Affiliate ID,Sub1,Traffic Source,"
                                         "Campaign ID,FTD,FTD Amount,FTD Date,Created At")
    assert len(lines) == 2 and email in lines[1]
    import csv
    row = dict(zip(next(csv.reader([lines[0]])), next(csv.reader([lines[1]]))))
    for cell in row.values():
        assert not cell or cell[0] not in "=+-@\t", row
    assert "=cmd()" in row["Name"] and "@evil" in row["Company"]


# -------------------------------------------------------------------------------------------- admin's login

def test_login(srv):
    srv.command("admin", "create", "--email", "boss@example.com", "--name", "Boss", "--password-stdin", stdin="correct horse battery\n")
    for email, password in (("boss@example.com", "wrong horse battery"), ("nobody@example.com", "correct horse battery")):
        check(srv.post("/api/admin/auth/login", {"email": email, "password": password}), 401, success=False)
    answer = srv.post("/api/admin/auth/login", {"email": "boss@example.com", "password": "correct horse battery"})
    data = check(answer)["data"]
    assert data["email"] == "boss@example.com" and data["name"] == "Boss" and data["role"] and data["token"]
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    check(srv.get("/api/admin/auth/profile"), 401, success=False)
    assert b"boss@example.com" in srv.get("/api/admin/auth/profile", key=data["token"]).body
    check(srv.get("/api/admin/conversions", key=data["token"]))
    pair = cookie.split(";")[0]
    check(srv.request("GET", "/api/admin/conversions", headers={"Cookie": pair}))
    body = {"click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit"}
    foreign = srv.request("POST", "/api/admin/conversions", json_body=body, headers={"Cookie": pair, "Origin": "https://evil.example"})
    check(foreign, 403, success=False)
    own = srv.request("POST", "/api/admin/conversions", json_body=body, headers={"Cookie": pair, "Origin": f"http://127.0.0.1:{srv.port}"})
    check(own, verdict="recorded", duplicate=False)


def test_stop_is_clean_and_nothing_is_lost(net, tmp_path):
    with Server(tmp_path, net) as server:
        click = new_id()
        route6(server, click)
        before = server.conversions()
        server.restart()
        assert server.conversions() == before
        check(route6(server, click), verdict="duplicate", duplicate=True)
        assert len(net.goals(click)) == 1
        server.stop()
