"""The same again: a write of the desk that is sent twice, as browsers and impatient people do, changes once; and says so in the same way
whether the server was killed in between or not."""
import pytest

import desk_state
from harness import Server, new_id, wait_until
from seven_routes import check


@pytest.fixture(scope="module")
def desk(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("desk"), net) as server:
        server.made = desk_state.furnish(server, net)
        yield server


def steps():
    """(what, method, path, body, status of the first, status of the second, whether the second adds to a history)"""
    template = desk_state.template("again", "http://127.0.0.1:1/?c={click_id}", active=False)
    return [
        ("make a network", "POST", "/api/admin/networks", template, 200, 409), ("save it as it is", "PUT", "/api/admin/networks/again", template, 200, 200),
        ("stop it", "POST", "/api/admin/networks/again/stop", None, 200, 200), ("resume it", "POST", "/api/admin/networks/again/resume", None, 200, 200),
        ("delete it", "DELETE", "/api/admin/networks/again", None, 200, 404),
        ("make a goal", "POST", "/api/admin/goals", {"id": "again", "type": "other"}, 200, 409),
        ("change it", "PUT", "/api/admin/goals/again", {"type": "other", "then_amount": "9.5"}, 200, 200), ("delete the goal", "DELETE", "/api/admin/goals/again", None, 200, 404),
        ("put an offer that is not there", "PUT", "/api/admin/offers/again", {"title": "T"}, 200, 200), ("delete the offer", "DELETE", "/api/admin/offers/again", None, 200, 404),
        ("put a built-in goal", "PUT", "/api/admin/goals/6", {"type": "deposit"}, 200, 200), ("take it back", "DELETE", "/api/admin/goals/6", None, 200, 409),
        ("revoke a key", "DELETE", "/api/admin/keys/{key}", None, 200, 404), ("invite", "POST", "/api/admin/admins", {"email": "again@example.com", "name": "A", "role": "owner"}, 200, 200),
        ("another role", "PUT", "/api/admin/admins/{admin}", {"name": "B", "role": "read_only"}, 200, 200), ("remove a person", "DELETE", "/api/admin/admins/{admin}", None, 200, 404),
        ("notes of a contact", "PUT", "/api/admin/contacts/{contact}", {"notes": "called"}, 200, 200),
        ("approve an affiliate", "POST", "/api/admin/contacts/{contact}/approve-affiliate", None, 200, 200),
        ("reject an affiliate", "POST", "/api/admin/contacts/{contact}/reject-affiliate", {"reason": "r"}, 200, 200), ("erase a person", "DELETE", "/api/admin/contacts/{contact}", None, 200, 404),
        ("mark a delivery as done", "POST", "/api/admin/deliveries/{delivery}/done", None, 200, 409), ("cancel what is done", "POST", "/api/admin/deliveries/{delivery}/cancel", None, 409, 409),
        ("end a job that has ended", "DELETE", "/api/admin/jobs/{job}", None, 200, 200), ("end a replay that has ended", "DELETE", "/api/admin/replays/{replay}", None, 200, 200),
    ]


# What an entity may show of a second, equal save besides what it showed of the first.
SAVED_AGAIN = {"rev", "updatedAt"}


def bare(state):
    """Without revisions and moments of saving: what people see of it."""
    if isinstance(state, dict):
        return {name: bare(inner) for name, inner in state.items() if name not in SAVED_AGAIN | {"invitedUntil", "since"}}
    return [bare(inner) for inner in state] if isinstance(state, list) else state


@pytest.mark.bounded(300)
@pytest.mark.parametrize("kill", [False, True], ids=["at once", "after kill -9"])
def test_the_second_time_changes_nothing(net, tmp_path, kill):
    with Server(tmp_path, net) as srv:
        made = desk_state.furnish(srv, net)
        untouched = desk_state.of(srv)
        for what, method, path, body, first, second in steps():
            path = path.format(**made)
            answer = srv.admin(method, path, json_body=body)
            assert answer.status == first, (what, answer)
            after = desk_state.of(srv)
            if first == 200 and "ended" not in what and what != "resume it":
                assert after != untouched, (what, "the first time is seen")
            if kill:
                srv.kill9()
                srv.start()
                assert desk_state.of(srv) == after, (what, "it is as it was answered")
            again = srv.admin(method, path, json_body=body)
            assert again.status == second, (what, again)
            assert bare(desk_state.of(srv)) == bare(after), (what, "the second time changes nothing that is seen")
            untouched = after


def test_an_equal_save_adds_no_step_to_the_history(desk):
    for kind, body in (("networks", desk_state.template("steps", "http://127.0.0.1:1/?c={click_id}", active=False)), ("goals", {"id": "steps", "type": "other"}),
                       ("offers", {"id": "steps", "title": "T"})):
        made = desk.admin("POST", f"/api/admin/{kind}", json_body=body).data
        path = f"/api/admin/{kind}/steps"
        for n in range(3):
            entity = desk.admin("GET", path).data
            saved = desk.admin("PUT", path, json_body=entity)
            assert saved.status == 200 and saved.data["history"] == made["history"], (kind, n, saved)
        stale = desk.admin("PUT", path, json_body={**entity, "rev": made["rev"] + 99})
        assert stale.status == 409 and "rev is" in stale.message
        assert desk.admin("DELETE", path).status == 200
        gone = desk.admin("PUT", path, json_body=entity)
        assert gone.status == 409, "its revision is of what was deleted: it is not made again"
        assert desk.admin("GET", path).status == 404


def test_a_correction_sent_twice(desk):
    """By its revision the second finds another one; without a change there is none to find."""
    click = new_id()
    check(desk.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 5}))
    row = desk.conversion(click)
    path, body = f"/api/admin/conversions/{row['id']}", {"rev": row["rev"], "amount": 6, "reason": "typed wrong"}
    check(desk.admin("PATCH", path, json_body=body))
    corrected = desk.conversion(click)
    for _ in range(2):
        again = desk.admin("PATCH", path, json_body=body)
        assert again.status == 409 and again.json["field"] == "rev" and again.data["amount"] == 6, again
    same = desk.admin("PATCH", path, json_body={**body, "rev": corrected["rev"]})
    assert same.status == 200 and same.json["message"] == "It is so already"
    assert desk.conversion(click) == corrected
    steps = [change for change in corrected["history"] if change["field"] == "amount"]
    assert [(change["from"], change["to"]) for change in steps] == [("5", "6")]


def test_a_report_as_an_admin_again(desk):
    """Route 7 is an edit: the same again changes nothing, adds nothing to the history and tells nobody."""
    click = new_id()
    body = {"click_id": click, "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": 5, "status": "approved", "sub3": "x", "metadata": {"a": [1]}}
    check(desk.admin("POST", "/api/admin/conversions", json_body=body), verdict="recorded", duplicate=False)
    first = desk.conversion(click)
    for _ in range(3):
        check(desk.admin("POST", "/api/admin/conversions", json_body=body), verdict="updated", duplicate=True)
    again = desk.conversion(click)
    assert {**again, "updatedAt": 0, "rev": 0} == {**first, "updatedAt": 0, "rev": 0}


def test_the_same_job_again_finds_nothing_left(desk):
    affiliate = new_id("aff")
    for _ in range(5):
        check(desk.get("/api/postback", click_id=new_id(), affiliate_id=affiliate, goal="deposit"))
    ids = [row["id"] for row in desk.conversions(affiliate_id=affiliate)]
    done = []
    for _ in range(3):
        job = desk.admin("POST", "/api/admin/conversions/bulk", json_body={"action": "approve", "ids": ids + ids[:2]}).data
        assert job["matched"] == 5, "an id twice is one conversion"
        done.append(wait_until(lambda job=job: (j := desk.admin("GET", f"/api/admin/jobs/{job['id']}").data)["state"] == "done" and j, 30, "it ends"))
    assert [job["done"] for job in done] == [5, 0, 0] and [job["skippedCount"] for job in done] == [0, 5, 5]
    assert {skip["why"] for skip in done[2]["skipped"]} == {"it is approved already"}
    assert [job["undoable"] for job in done] == [True, False, False]
    for row in desk.conversions(affiliate_id=affiliate):
        assert len([change for change in row["history"] if change["field"] == "status"]) == 1
    # Of the jobs that did nothing there is nothing to take back, and the first one's is taken back once.
    for job, back in ((done[1], 0), (done[0], 5), (done[0], 0)):
        undo = desk.admin("POST", f"/api/admin/jobs/{job['id']}/undo").data
        ended = wait_until(lambda: (j := desk.admin("GET", f"/api/admin/jobs/{undo['id']}").data)["state"] == "done" and j, 30, "it ends")
        assert ended["done"] == back, (job, ended)


def test_a_taking_back_is_taken_back(desk):
    """Undo of an undo: as after the job itself; each step stands in the history with its reason."""
    click = new_id()
    check(desk.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit"))
    id = desk.conversion(click)["id"]

    def run(path, **body):
        job = desk.admin("POST", path, json_body=body).data
        return wait_until(lambda: (j := desk.admin("GET", f"/api/admin/jobs/{job['id']}").data)["state"] == "done" and j, 30, "it ends")

    rejected = run("/api/admin/conversions/bulk", action="reject", ids=[id], reason="fraud")
    pending = run(f"/api/admin/jobs/{rejected['id']}/undo", reason="it was none")
    again = run(f"/api/admin/jobs/{pending['id']}/undo", reason="it was after all")
    assert [job["done"] for job in (rejected, pending, again)] == [1, 1, 1]
    row = desk.conversion(click)
    moves = [(change["from"], change["to"], change["reason"]) for change in row["history"] if change["field"] == "status"]
    assert moves == [("pending", "rejected", "fraud"), ("rejected", "pending", "it was none"), ("pending", "rejected", "it was after all")]
    assert row["status"] == "rejected"
