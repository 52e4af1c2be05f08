"""Contact flags, which follow the ledger, and the admin's pages about contacts."""
import csv
import datetime
import os
import time

from harness import new_hash, wait_until
from seven_routes import check, contact_with_click, mail, route4, route5, route7


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


def test_contacts_list_edit_delete(srv, net):
    email, click = contact_with_click(srv, name="Ann Search", company="Acme")
    contact = srv.contact(email)
    path = f"/api/admin/contacts/{contact['id'] if 'id' in contact else contact['_id']}"
    body = check(srv.admin("PUT", path, json_body={"status": "contacted", "notes": "called", "affiliate_status": "approved"}))
    one = check(srv.admin("GET", path))["data"]
    assert (one["status"], one["notes"], one["affiliate_status"]) == ("contacted", "called", "approved"), body
    srv.admin("PUT", path, json_body={"notes": "x", "email": "other@example.com", "ftd": False})
    one = check(srv.admin("GET", path))["data"]
    assert one["email"] == email and one["ftd"] is True, "only the fields that are an admin's"
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


def test_contacts_stats_count_the_ledgers_first_deposits(srv):
    def ftd():
        data = check(srv.admin("GET", "/api/admin/contacts/stats"))["data"]["ftd"]
        return data["total"], data["revenue"]

    if os.environ.get("BARRACUDA_TEST_STORE") == "mongodb":
        time.sleep(0.1)
    total, revenue = ftd()
    click = new_hash()
    route4(srv, click, amount=12)  # of no contact
    wait_until(lambda: ftd() == (total + 1, revenue + 12), 12, "counted without a contact")
    email, clicked = contact_with_click(srv)  # 100, by the chain rule
    wait_until(lambda: ftd() == (total + 2, revenue + 112), 12, "and with one")
    check(srv.admin("DELETE", "/api/admin/contacts/" + srv.contact(email)["id"]))
    assert ftd() == (total + 2, revenue + 112), "a person who goes takes no deposit along"
    check(route7(srv, clicked, status="rejected"), verdict="updated")
    check(route5(srv, new_hash(), "registration", amount=5), verdict="recorded", duplicate=False)
    wait_until(lambda: ftd() == (total + 1, revenue + 12), 12, "a rejected one is none, nor is a registration")


def test_contacts_approve_and_reject_an_affiliate(srv):
    email, _ = contact_with_click(srv)
    path = "/api/admin/contacts/" + srv.contact(email)["id"]

    def listed(status):
        query = {"affiliate_status": status, "search": email}
        return len(check(srv.admin("GET", "/api/admin/contacts", query=query))["data"])

    assert listed("pending") == 1 and listed("rejected") == 0 and listed("all") == 1
    data = check(srv.admin("POST", path + "/reject-affiliate", json_body={"reason": "no traffic"}))["data"]
    assert (data["affiliate_status"], data["affiliate_reason"]) == ("rejected", "no traffic")
    assert listed("pending") == 0 and listed("rejected") == 1
    data = check(srv.admin("POST", path + "/approve-affiliate"))["data"]
    assert data["affiliate_status"] == "approved" and "affiliate_reason" not in data
    data = check(srv.admin("PUT", path, json_body={"affiliate_status": "rejected", "affiliate_reason": "fraud"}))["data"]
    assert (data["affiliate_status"], data["affiliate_reason"]) == ("rejected", "fraud")
    assert check(srv.admin("GET", path))["data"]["affiliate_reason"] == "fraud"
    csv_of = {s: srv.admin("POST", "/api/admin/contacts", json_body={"affiliate_status": s, "search": email}) for s in ("rejected", "approved")}
    assert [len(a.body.decode().splitlines()) for a in csv_of.values()] == [2, 1]
    for action in ("approve-affiliate", "reject-affiliate"):
        check(srv.admin("POST", f"/api/admin/contacts/nonsense/{action}"), 400, success=False)
        check(srv.admin("POST", f"/api/admin/contacts/{'0' * 24}/{action}"), 404, success=False)
        check(srv.admin("POST", f"{path}/{action}", json_body={"reason": {"a": 1}}), 400, success=False)
        assert srv.request("POST", f"{path}/{action}").status == 401


def test_an_email_is_kept_as_typed(srv):
    typed = "Ann." + mail().upper()
    check(srv.post("/api/contact", {"email": typed, "type": "user", "sub1": new_hash()}))
    assert srv.contact(typed)["email"] == typed
    for other in (typed.lower(), typed.upper(), f" {typed} "):
        check(srv.post("/api/contact", {"email": other, "type": "user"}), 409, success=False)
    answer = srv.admin("POST", "/api/admin/contacts", json_body={"search": typed.lower()})
    assert f",{typed}," in answer.body.decode()


def test_contacts_csv(srv):
    email, _ = contact_with_click(srv, name="=cmd()", company="@evil", username="-1", messenger="+1")
    answer = srv.admin("POST", "/api/admin/contacts", json_body={"search": email})
    assert answer.status == 200 and "csv" in answer.headers["Content-Type"]
    lines = answer.body.decode().lstrip("\ufeff").splitlines()
    assert lines[0].replace('"', "") == ("Name,Email,Company,Type,Status,Messenger,Username,Affiliate ID,Sub1,Traffic Source,"
                                         "Campaign ID,FTD,FTD Amount,FTD Date,Created At,FTD Currency")
    assert len(lines) == 2 and email in lines[1]
    row = dict(zip(next(csv.reader([lines[0]])), next(csv.reader([lines[1]]))))
    for cell in row.values():
        assert not cell or cell[0] not in "=+-@\t", row
    assert "=cmd()" in row["Name"] and "@evil" in row["Company"]
    assert row["FTD"] == "Yes" and row["FTD Currency"] == "USD"
    today = datetime.datetime.now(datetime.timezone.utc).date()
    named = answer.headers["Content-Disposition"]
    assert named in [f'attachment; filename="contacts-{today + datetime.timedelta(days=d)}.csv"' for d in (-1, 0, 1)]
    marked = srv.admin("POST", "/api/admin/contacts", query={"bom": "1"}, json_body={"search": email})
    assert marked.body == b"\xef\xbb\xbf" + answer.body and not answer.body.startswith(b"\xef")
