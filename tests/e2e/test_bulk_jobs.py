"""Many conversions at once: counted first, each once over kill -9, what is left is named, and all of it can be taken back."""
import collections

import pytest

from harness import Server, new_id, wait_until

STATUSES = ("pending", "approved", "rejected")


def fill(srv, count, affiliate="7", status="pending"):
    for i in range(count):
        answer = srv.get("/api/postback", click_id=new_id(), affiliate_id=affiliate, goal="deposit", amount=1 + i % 5, status=status)
        assert answer.status == 200, answer


def bulk(srv, status=201, query=None, **body):
    answer = srv.admin("POST", "/api/admin/conversions/bulk", json_body=body, query=query)
    assert answer.status == status, answer
    return answer if status >= 400 else answer.data


def count(srv, filter):
    counted = bulk(srv, 200, {"dry_run": 1}, action="approve", filter=filter)
    assert counted["complete"] is True
    return counted["count"]


def job(srv, id):
    answer = srv.admin("GET", f"/api/admin/jobs/{id}")
    assert answer.status == 200, answer
    return answer.data


def ended(srv, id, seconds=60):
    return wait_until(lambda: (j := job(srv, id))["state"] != "running" and j, seconds, "the job ends")


def by_status(srv, **query):
    return dict(collections.Counter(row["status"] for row in srv.conversions(**query)))


@pytest.mark.bounded(180)
def test_killed_in_the_middle_each_is_approved_once(net, tmp_path):
    with Server(tmp_path, net) as srv:
        fill(srv, 900)
        fill(srv, 20, affiliate="8")
        filter = {"affiliate_id": "7", "status": "pending"}
        assert count(srv, filter) == 900 == srv.admin("GET", "/api/admin/conversions", query=filter).json["pagination"]["total"]
        id = bulk(srv, action="approve", filter=filter, expect=900, reason="checked")["id"]
        srv.kill9()
        srv.start()
        done = ended(srv, id)
        assert (done["matched"], done["done"], done["skippedCount"], done["error"]) == (900, 900, 0, None)
        assert by_status(srv, affiliate_id="7") == {"approved": 900} and by_status(srv, affiliate_id="8") == {"pending": 20}
        for row in srv.conversions(affiliate_id="7"):
            moves = [change for change in row["history"] if change["field"] == "status"]
            assert len(moves) == 1 and moves[0]["reason"] == "checked" and id in moves[0]["by"]
        undo = srv.admin("POST", f"/api/admin/jobs/{id}/undo", json_body={"reason": "too soon"}).data
        srv.kill9()
        srv.start()
        assert ended(srv, undo["id"])["done"] == 900
        assert by_status(srv) == {"pending": 920}
        srv.stop()
        srv.command("verify")


def test_taking_back_leaves_what_somebody_moved_since(srv):
    fill(srv, 5, affiliate="31")
    id = bulk(srv, action="reject", filter={"affiliate_id": "31"}, expect=5, reason="fraud")["id"]
    assert ended(srv, id)["done"] == 5
    moved = srv.conversions(affiliate_id="31")[0]
    body = {"status": "approved", "rev": moved["rev"], "reason": "it was none"}
    assert srv.admin("PATCH", f"/api/admin/conversions/{moved['id']}", json_body=body).status == 200
    undo = srv.admin("POST", f"/api/admin/jobs/{id}/undo")
    assert undo.status == 201 and undo.data["undoes"] == id and undo.data["kind"] == "undo"
    back = ended(srv, undo.data["id"])
    assert back["done"] == 4 and back["skipped"] == [{"id": moved["id"], "why": "its status was changed since"}]
    assert by_status(srv, affiliate_id="31") == {"pending": 4, "approved": 1}
    assert {j["id"] for j in srv.admin("GET", "/api/admin/jobs").data} >= {id, back["id"]}
    assert id not in {j["id"] for j in srv.admin("GET", "/api/admin/replays").data}
    assert srv.admin("GET", f"/api/admin/replays/{id}").status == 404


def test_ids_and_what_is_left(srv):
    fill(srv, 2, affiliate="32")
    fill(srv, 1, affiliate="32", status="approved")
    rows = srv.conversions(affiliate_id="32")
    ids = [row["id"] for row in rows] + ["f" * 24]
    assert bulk(srv, 200, {"dry_run": 1}, action="approve", ids=ids)["count"] == 3
    done = ended(srv, bulk(srv, action="approve", ids=ids)["id"])
    assert done["matched"] == 4 and done["done"] == 2 and done["skippedCount"] == 2
    approved = next(row["id"] for row in rows if row["status"] == "approved")
    assert {(s["id"], s["why"]) for s in done["skipped"]} == {(approved, "it is approved already"), ("f" * 24, "there is no such conversion")}


def test_another_count_begins_nothing(srv):
    fill(srv, 3, affiliate="33")
    answer = bulk(srv, 409, action="approve", filter={"affiliate_id": "33"}, expect=2)
    assert answer.json["field"] == "expect" and answer.data == {"count": 3, "complete": True}
    assert by_status(srv, affiliate_id="33") == {"pending": 3}


def test_a_resend_wakes_the_dead_and_cannot_be_taken_back(srv, net):
    net.set_mode("refuse")
    click = new_id()
    assert srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "34", "goal_type": "deposit"}).status == 502
    net.set_mode("ok")
    id = bulk(srv, action="resend", filter={"affiliate_id": "34"}, expect=1)["id"]
    assert ended(srv, id)["done"] == 1
    wait_until(lambda: srv.conversion(click)["deliveries"][0]["state"] == "done", 10, "sent")
    assert srv.admin("POST", f"/api/admin/jobs/{id}/undo").status == 409
    assert srv.admin("DELETE", f"/api/admin/jobs/{id}").data["state"] == "done"


@pytest.mark.parametrize("body, field", [
    ({}, "action"), ({"action": "erase", "ids": ["f" * 24]}, "action"), ({"action": "approve"}, "ids"),
    ({"action": "approve", "ids": []}, "ids"), ({"action": "approve", "ids": ["x"]}, "ids"), ({"action": "approve", "ids": ["f" * 24] * 1001}, "ids"),
    ({"action": "approve", "ids": ["f" * 24], "filter": {}, "expect": 1}, "ids"), ({"action": "approve", "filter": {}}, "expect"),
    ({"action": "reject", "ids": ["f" * 24]}, "reason"), ({"action": "approve", "filter": {"stauts": "pending"}, "expect": 1}, "stauts"),
    ({"action": "approve", "filter": {"status": "new"}, "expect": 1}, "filter.status"), ({"action": "approve", "filter": "status=new", "expect": 1}, "filter"),
    ({"action": "approve", "filter": {"status": ["new"]}, "expect": 1}, "filter.status"), ({"action": "approve", "ids": ["f" * 24], "dry": 1}, "dry")])
def test_what_is_wrong_is_named(srv, body, field):
    assert field in bulk(srv, 400, **body).message


def test_an_id_that_is_no_job(srv):
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/undo")):
        assert srv.admin(method, f"/api/admin/jobs/{'0' * 24}{path}").status == 404
