"""Routes 2 and 3: the forms and the flow behind them."""
import re
import time
import urllib.parse
from decimal import Decimal

from harness import CLIENTS, Server, burst_requests, new_hash, raw_request, wait_until
from seven_routes import check, contact_with_click, mail

HEX32 = re.compile(r"^[a-f0-9]{32,}$")


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
        assert call.query["hash"] == "testhash" and call.query["affiliate_id"] == "31" and call.delivery, "no form's word"
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
    assert contact["click_id"] == data["clickId"] and contact["click_hash"] == data["hash"]
    assert contact["sub1"] == data["sub1"] == "facebook", "what the visitor brought"
    assert srv.conversion(data["clickId"], "5")["sub1"] == "facebook"
    goal = net.goals(data["clickId"], 5)
    assert len(goal) == 1 and goal[0].query["hash"] == data["hash"], "the click's own hash"


def test_route2_a_report_by_what_the_visitor_brought(srv, net):
    """It is a conversion of its own, which the contact follows; it becomes no alias of the acquired click."""
    email, brought = mail(), f"trk-{new_hash()[:8]}"
    data = check(srv.post("/api/contact", {"email": email, "type": "affiliate", "sub1": brought}))["data"]
    assert data["sub1"] == brought and data["clickId"] not in ("", brought) and data["hash"] != brought
    check(srv.get("/api/postback", click_id=brought, affiliate_id="2", goal="deposit", amount=250), verdict="recorded", duplicate=False)
    contact = wait_until(lambda: (c := srv.contact(email))["ftd_amount"] == 250 and c, 10, "the flags follow")
    assert contact["sub1"] == brought and contact["click_id"] == data["clickId"]
    assert srv.conversion(data["clickId"], "6")["amount"] == 100 and srv.conversion(brought, "6")["amount"] == 250
    body = check(srv.post("/api/private/conversions", {"click_hash": brought, "goal_type_id": "6"}), verdict="duplicate")
    assert body["data"]["id"] == srv.conversion(brought, "6")["id"], "not the acquired click's"
    body = check(srv.post("/api/private/conversions", {"click_hash": data["hash"], "goal_type_id": "6"}))
    assert body["data"]["id"] == srv.conversion(data["clickId"], "6")["id"], "the network's own hash is"
    assert brought in srv.admin("POST", "/api/admin/contacts", json_body={"search": email}).body.decode()


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


def test_route3_affiliate(srv, net):
    email, before = mail(), len(net.seen("offer"))
    begin = time.monotonic()
    data = check(srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate", "affiliate_id": "8"}))["data"]
    assert time.monotonic() - begin < 2, "answers at once"
    assert data["affiliatePosted"] is True and data["isAffiliate"] is True and data["affiliateId"] == "8"
    assert data["trackingLink"].startswith(net.base_url + "/offer/2?"), data
    called = wait_until(lambda: net.seen("offer")[before:], 10, "the offer call")[0]
    link = urllib.parse.urlsplit(data["trackingLink"])
    assert dict(urllib.parse.parse_qsl(link.query)) == called.query, "the URL called"
    assert called.query["source"] == "contact_form" and called.query["name"] == "N" and "sub1" not in called.query
    assert "dashboardUrl" in data and "note" in data
    contact = wait_until(lambda: (c := srv.contact(email)).get("ftd") is True and c, 10, "flow done")
    assert len(net.seen("offer")) == before + 1 and net.seen("offer")[before].query["url_id"] == "2"
    assert contact["tracking_link"] == data["trackingLink"] and contact["tracking_source"] == "contact_form"
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


def test_route2_says_what_became_of_the_call(srv, net):
    """Recorded is not reported: one of two notes goes by what the network was told."""
    notes = {"down": "Stored; the network is being told", "refuse": "Stored; the network refused it",
             "ok": "Stored and reported to the network"}
    for mode, note in notes.items():
        net.set_mode(mode, "goal")
        data = check(srv.post("/api/contact", {"email": mail(), "type": "affiliate", "sub1": new_hash()}))["data"]
        assert (data["deliveryNote"], data["registrationStatus"]) == (note, "approved" if mode == "ok" else "pending"), data


def test_what_a_visitor_reads_goes_by_type_and_is_a_setting(srv, net, tmp_path):
    def said(server, path, kind):
        form = {"email": mail(), "type": kind, "name": "N", "company": "C", "sub1": new_hash()}
        body = check(server.post(path, form))
        return body["message"], body["data"].get("note")

    affiliate = ("Your application has been submitted", "It is under review, and we will contact you")
    for path in ("/api/contact", "/api/register"):
        assert said(srv, path, "affiliate") == affiliate
        assert said(srv, path, "user")[0] == "Your registration is complete"
    assert said(srv, "/api/contact", "publisher")[1] == "We will contact you"
    words = {f"BARRACUDA_FORMS_{name}": f"{name} é \"1\"" for name in ("AFFILIATE_MESSAGE", "AFFILIATE_NOTE", "MESSAGE", "NOTE")}
    with Server(tmp_path, net, env=words) as server:
        for path in ("/api/contact", "/api/register"):
            assert said(server, path, "affiliate") == ('AFFILIATE_MESSAGE é "1"', 'AFFILIATE_NOTE é "1"')
            assert said(server, path, "user")[0] == 'MESSAGE é "1"'
        assert said(server, "/api/contact", "user")[1] == 'NOTE é "1"'


def test_what_a_form_records_says_who_it_was(srv):
    click = new_hash()
    check(srv.post("/api/contact", {"email": mail(), "type": "agency", "sub1": click}))
    for conversion in srv.of_click(click):
        assert conversion["hash"] == conversion["click_hash"] == click and conversion["metadata"] == {"role": "agency"}


def test_route3_unreachable_offer_makes_no_random_click(srv, net):
    net.set_mode("error", "offer")
    email = mail()
    check(srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate"}))
    contact = wait_until(lambda: (c := srv.contact(email)).get("affiliateError") and c, 10, "affiliateError")
    assert not contact.get("click_id") and not contact.get("sub1")
    net.set_mode("ok")
    wait_until(lambda: srv.contact(email).get("ftd") is True, 15, "retried like any delivery")


def test_a_flood_of_forms_is_refused_beyond_the_lane(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_LIMITS_QUEUE": "1"}) as server:
        taken, refused = set(), []

        def press():
            emails = [mail() for _ in range(CLIENTS)]
            answers = burst_requests(server.port, [
                raw_request("POST", path, json_body={"email": email, "type": "user", "name": "N", "company": "C"})
                for email, path in zip(emails, ["/api/contact", "/api/register"] * CLIENTS)])
            for email, answer in zip(emails, answers):
                assert answer.status in (200, 503), answer
                taken.add(email) if answer.status == 200 else refused.append((email, answer))
            return refused

        wait_until(press, 40, "a full lane")
        for email, answer in refused:
            check(answer, 503, success=False)
            assert answer.headers.get_all("Retry-After") == ["1"] and answer.message == "too many requests wait already, try again"
            assert server.admin("GET", "/api/admin/contacts", query={"search": email}).data == []
        for email in taken:
            assert server.contact(email)
        check(server.post("/api/register", {"email": refused[0][0], "type": "user", "name": "N", "company": "C"}))
