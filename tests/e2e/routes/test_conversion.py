"""One conversion: whose it is and what else its click has; corrected with a reason, by one of two at a time."""
import pytest

from harness import burst, new_id
from seven_routes import check, route7


def one(srv, id, status=200):
    answer = srv.admin("GET", f"/api/admin/conversions/{id}")
    assert answer.status == status, answer
    return answer.data if status == 200 else answer


def patch(srv, conversion, expected=200, **body):
    answer = srv.admin("PATCH", f"/api/admin/conversions/{conversion['id']}", json_body={"rev": conversion["rev"], **body})
    assert answer.status == expected, answer
    return answer


@pytest.fixture
def stored(srv):
    click = new_id()
    about = {"click_id": click, "affiliate_id": "7"}
    assert srv.get("/api/postback", goal="registration", **about).status == 200
    assert srv.post("/api/ftd", {**about, "amount": "100"}).status == 200
    return {row["goal_type"]: row for row in srv.conversions(click_id=click)}


def test_it_has_its_siblings_and_its_contact(srv, stored):
    deposit, registration = stored["deposit"], stored["registration"]
    found = one(srv, deposit["id"])
    assert {**found, "siblings": 0, "contact_id": 0} == {**deposit, "siblings": 0, "contact_id": 0}
    assert [s["id"] for s in found["siblings"]] == [registration["id"]] and found["contact_id"] is None
    sibling, = found["siblings"]
    assert sibling["status"] == registration["status"] and sibling["createdAt"] == registration["createdAt"]
    email = f"{new_id('m')}@example.com"
    answer = srv.post("/api/contact", {"email": email, "type": "affiliate", "name": "N", "company": "C"})
    assert answer.status == 200, answer
    contact = srv.contact(email)
    of_form = srv.conversions(click_id=contact["click_id"])[0]
    assert one(srv, of_form["id"])["contact_id"] == contact["id"]
    for bad, status in (("0" * 24, 404), ("zz", 400)):
        one(srv, bad, status)


def test_a_correction_stays_with_its_reason(srv, stored):
    answer = patch(srv, stored["deposit"], amount="50.25", currency="eur", status="rejected", reason=" agreed with the advertiser ")
    after = answer.data
    assert (after["amount"], after["currency"], after["status"], after["rev"]) == (50.25, "EUR", "rejected", stored["deposit"]["rev"] + 1)
    changed = {change["field"]: change for change in after["history"]}
    assert set(changed) >= {"amount", "currency", "status"}
    assert all(changed[f]["reason"] == "agreed with the advertiser" and changed[f]["by"] == "key:t" for f in ("amount", "currency", "status"))
    assert one(srv, after["id"])["history"] == after["history"]
    again = patch(srv, after, status="rejected", reason="once more")
    assert again.json["message"] == "It is so already" and again.data == after


def test_a_sum_and_a_no_want_a_reason_and_a_yes_none(srv, stored):
    for body in ({"amount": 1}, {"status": "rejected"}, {"currency": "EUR", "reason": "  "}):
        assert "reason" in patch(srv, stored["deposit"], 400, **body).message
    assert patch(srv, stored["deposit"], status="approved").data["status"] == "approved"


@pytest.mark.parametrize("body, field", [
    ({"reason": "r"}, "status"), ({"status": "done", "reason": "r"}, "status"), ({"amount": "-1", "reason": "r"}, "amount"),
    ({"currency": "E", "reason": "r"}, "currency"), ({"amount": 1, "reason": "r", "rev": None}, "rev"), ({"amount": 1, "reason": "r", "rev": "x"}, "rev"),
    ({"amount": 1, "reason": "r" * 1001}, "reason"), ({"affiliate_id": "8", "reason": "r", "amount": 1}, "affiliate_id")])
def test_what_is_wrong_is_named_and_changes_nothing(srv, stored, body, field):
    before = one(srv, stored["deposit"]["id"])
    assert field in patch(srv, before, 400, **body).message
    assert one(srv, before["id"]) == before


def test_of_two_at_once_one_is_told_what_is_there(srv, stored):
    answers = []

    def correct(n):
        body = {"rev": stored["deposit"]["rev"], "amount": str(10 + n), "reason": f"by {n}"}
        answers.append(srv.admin("PATCH", f"/api/admin/conversions/{stored['deposit']['id']}", json_body=body))

    burst(4, correct)
    done = [a for a in answers if a.status == 200]
    refused = [a for a in answers if a.status == 409]
    assert len(done) == 1 and len(refused) == 3
    there = one(srv, stored["deposit"]["id"])
    for answer in refused:
        assert answer.json["field"] == "rev" and answer.data["amount"] == there["amount"] == done[0].data["amount"]
    assert len([c for c in there["history"] if c["field"] == "amount"]) == 1, "nothing of the others is written"
    assert patch(srv, there, amount="77", reason="after a look").data["amount"] == 77


def test_an_approval_tells_the_networks_and_leaves_whose_word_it_was(srv):
    click = new_id()
    check(srv.post("/api/contact", {"email": f"{click}@example.com", "type": "affiliate", "name": "N", "company": "C"}))
    made = srv.conversions(click_id=srv.contact(f"{click}@example.com")["click_id"])
    deposit = next(row for row in made if row["goal_type"] == "deposit")
    moved = patch(srv, deposit, status="rejected", reason="no").data
    assert moved["provenance"] == deposit["provenance"]
    stated = patch(srv, moved, amount=3, reason="as paid").data
    assert stated["provenance"] == "admin"


def test_the_old_route_still_changes_it(srv, stored):
    row = stored["deposit"]
    check(route7(srv, row["click_id"], affiliate_id="7", goal_id=row["goal_id"], goal_type="deposit", amount=9))
    patch(srv, row, 409, amount=8, reason="late")
