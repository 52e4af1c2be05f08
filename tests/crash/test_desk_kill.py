"""kill -9 under the desk: what was answered is there afterwards, every list says the same, and what was refused has not happened after all."""
import http.client
import threading

import pytest

import desk_state
from authenticator import totp
from harness import Server, new_id, request, wait_until

pytestmark = pytest.mark.bounded(300)
EMAIL, PASSWORD, NEW = "owner@example.com", desk_state.PASSWORD, "staple correct horse"
AUTH = "/api/admin/auth"
KILLS = 3


@pytest.fixture
def srv(net, tmp_path):
    with Server(tmp_path, net) as server:
        yield server


def killed(srv):
    srv.kill9()
    srv.start()


# ------------------------------------------------------------------------------------------------- every list the same

EXACT = ["/api/admin/networks", "/api/admin/goals", "/api/admin/offers", "/api/admin/keys", "/api/admin/admins", "/api/admin/jobs", "/api/admin/replays",
         "/api/admin/conversions", "/api/admin/conversions?sortBy=amount&sortOrder=asc", "/api/admin/conversions?status=rejected&limit=1",
         "/api/admin/conversions/export?columns=id,click_id,amount,status,createdAt,updatedAt", "/api/admin/conversions/stats", "/api/admin/contacts",
         "/api/admin/contacts/stats", "/api/admin/deliveries?state=dead", "/api/admin/deliveries/counts", "/api/admin/attempts",
         "/api/admin/attempts?outcome=dead", "/api/admin/received", "/api/admin/received/counts", "/api/admin/received?refused=true",
         "/api/admin/reports?group=goal,status", "/api/admin/reports?group=affiliate_id&format=csv", "/api/admin/search?q=furnished", "/thanks", "/landing.css"]


def answers(srv):
    """-> {path: what it says} without what the clock says."""
    found = {}
    for path in EXACT:
        answer = srv.admin("GET", path)
        assert answer.status == 200, (path, answer)
        body = answer.json if answer.json is not None else answer.body
        if isinstance(body, dict):
            body = {name: inner for name, inner in desk_state.lasting(body).items() if name not in ("asOf", "tookMs")}
        found[path] = body
    return found


def test_every_list_says_the_same(srv, net):
    made = desk_state.furnish(srv, net)
    rows = {path: srv.admin("GET", path).data for path in (f"/api/admin/conversions/{made['conversion']}", f"/api/admin/contacts/{made['contact']}",
                                                           f"/api/admin/deliveries/{made['delivery']}")}
    before = answers(srv)
    assert all(before[path] for path in EXACT)
    for _ in range(KILLS):
        killed(srv)
        after = answers(srv)
        assert {path: after[path] for path in EXACT if after[path] != before[path]} == {}
    for path, row in rows.items():
        assert srv.admin("GET", path).data == row
    srv.stop()
    assert srv.command("verify").stdout == "the store is sound\n"


# --------------------------------------------------------------------------------------- what was answered is there

class Writer(threading.Thread):
    """Writes one after the other until the server is gone; `told`: what it was answered yes to, `begun`: one that was under way."""

    def __init__(self, step):
        super().__init__(daemon=True)
        self.step, self.told, self.begun, self.fault = step, [], None, None
        self.start()

    def run(self):
        n = 0
        while True:
            n += 1
            self.begun = n
            try:
                answer = self.step(n)
            except (OSError, http.client.HTTPException):
                return
            if answer.status not in (200, 201):
                self.fault = answer
                return
            self.told.append((n, answer.data if "data" in answer.json else None))
            self.begun = None

    def killed_with(self, srv, least=15):
        wait_until(lambda: len(self.told) >= least or self.fault, 60, "some are done")
        srv.kill9()
        self.join(60)
        assert not self.is_alive() and self.fault is None, self.fault
        srv.start()
        return self.told


def writers(srv):
    """-> {what is written: (how the n-th is, whether it is there afterwards)}"""
    def admin(method, path, body=None):
        return request(srv.port, method, path, json_body=body, key=srv.admin_key)

    def there(path, **wanted):
        answer = srv.admin("GET", path)
        return answer.status == 200 and all(answer.data[name] == value for name, value in wanted.items())

    def row(kind, id):
        return next((one for one in srv.admin("GET", f"/api/admin/{kind}").data if one["id"] == id), None)

    assert srv.admin("POST", "/api/admin/offers", json_body={"id": "edited", "title": "0"}).status == 200
    return {
        "goals made": (lambda n: admin("POST", "/api/admin/goals", {"id": f"g{n}", "type": "other", "then_amount": n}),
                       lambda n, data: there(f"/api/admin/goals/g{n}", rev=1, type="other")),
        "networks made": (lambda n: admin("POST", "/api/admin/networks", desk_state.template(f"n{n}", "http://127.0.0.1:1/?c={click_id}", active=False)),
                          lambda n, data: there(f"/api/admin/networks/n{n}", rev=1, active=False)),
        "an offer edited": (lambda n: admin("PUT", "/api/admin/offers/edited", {"title": str(n)}),
                            lambda n, data: int(srv.admin("GET", "/api/admin/offers/edited").data["title"]) >= n),
        "keys made": (lambda n: admin("POST", "/api/admin/keys", {"name": f"k{n}", "scope": "ingest"}),
                      lambda n, data: srv.post("/api/ftd", {"click_id": new_id(), "affiliate_id": "7", "amount": 1}, key=data["key"]).status == 200),
        "admins invited": (lambda n: admin("POST", "/api/admin/admins", {"email": f"a{n}@example.com", "name": "A", "role": "operator"}),
                           lambda n, data: row("admins", data["id"])["invitedUntil"] == data["invitedUntil"]),
        "jobs begun": (lambda n: admin("POST", "/api/admin/conversions/bulk", {"action": "approve", "ids": [f"{n:024x}"]}),
                       lambda n, data: wait_until(lambda: (j := row("jobs", data["id"])) and j["state"] == "done" and j, 30, "it ends")["skippedCount"] == 1),
    }


@pytest.mark.parametrize("what", ["goals made", "networks made", "an offer edited", "keys made", "admins invited", "jobs begun"])
def test_what_was_answered_is_there(srv, what):
    for _ in range(KILLS):
        step, is_there = writers(srv)[what]
        told = Writer(step).killed_with(srv)
        missing = [n for n, data in told if not is_there(n, data)]
        assert not missing, f"answered and gone: {missing} of {len(told)}"
        assert srv.admin("GET", "/api/admin/networks").json["refused"] == []
        for kind in ("goals", "networks", "offers"):
            for entity in srv.admin("GET", f"/api/admin/{kind}").data:
                name = entity.get("id") or entity["name"]
                if not entity["builtIn"]:
                    assert srv.admin("DELETE", f"/api/admin/{kind}/{name}").status == 200


def test_an_edits_revisions_have_no_hole(srv):
    """The revision counts what was done: the one under way when it ended may be there, no other."""
    srv.admin("POST", "/api/admin/offers", json_body={"id": "edited", "title": "0"})
    for _ in range(KILLS):
        before = srv.admin("GET", "/api/admin/offers/edited").data
        writer = Writer(lambda n: request(srv.port, "PUT", "/api/admin/offers/edited", json_body={"title": f"{n}"}, key=srv.admin_key))
        told = writer.killed_with(srv)
        after = srv.admin("GET", "/api/admin/offers/edited").data
        assert after["rev"] - before["rev"] - len(told) in ((0, 1) if writer.begun else (0,)), (before["rev"], len(told), after["rev"])
        assert int(after["title"]) == after["rev"] - before["rev"]


def test_revoked_stays_revoked_and_ended_stays_ended(srv):
    token = desk_state.person(srv, EMAIL, "owner")
    for _ in range(KILLS):
        keys = [srv.admin("POST", "/api/admin/keys", json_body={"name": "k", "scope": "ingest"}).data for _ in range(4)]
        others = [srv.post(AUTH + "/login", {"email": EMAIL, "password": PASSWORD}).data["token"] for _ in range(2)]
        for key in keys[:2]:
            assert srv.admin("DELETE", f"/api/admin/keys/{key['id']}").status == 200
        id = next(one["id"] for one in srv.get(AUTH + "/sessions", key=others[0]).data if one["current"])
        assert srv.request("DELETE", f"{AUTH}/sessions/{id}", key=token).status == 200
        killed(srv)
        live = [srv.request("GET", "/api/goals/postback", key=key["key"]).status for key in keys]
        revoked = {one["id"]: one["revoked"] for one in srv.admin("GET", "/api/admin/keys").data}
        assert [revoked[key["id"]] for key in keys] == [True, True, False, False] and live == [401, 401, 200, 200]
        assert [srv.get(AUTH + "/profile", key=one).status for one in (token, *others)] == [200, 401, 200]
        assert srv.request("POST", AUTH + "/logout", key=others[1]).status == 200
        killed(srv)
        assert srv.get(AUTH + "/profile", key=others[1]).status == 401


# ------------------------------------------------------------------------------------ a person's secrets, each once

def test_what_counted_once_does_not_count_after_a_kill(srv):
    token = desk_state.person(srv, EMAIL, "owner")
    invited = srv.admin("POST", "/api/admin/admins", json_body={"email": "i@example.com", "name": "I", "role": "operator"}).data["token"]
    killed(srv)
    assert srv.post(AUTH + "/invitation", {"token": invited, "password": NEW}).status == 200, "a link is good over a kill"
    killed(srv)
    assert srv.post(AUTH + "/invitation", {"token": invited, "password": NEW}).status == 401, "and once"
    secret = srv.post(AUTH + "/totp/device", {}, key=token).data["secret"]
    killed(srv)
    assert "token" in srv.post(AUTH + "/login", {"email": EMAIL, "password": PASSWORD}).data, "a device that was not confirmed asks for nothing"
    code = totp(secret)
    recovery = srv.post(AUTH + "/totp/confirm", {"code": code}, key=token).data["recovery"]
    killed(srv)

    def show(**shown):
        challenge = srv.post(AUTH + "/login", {"email": EMAIL, "password": PASSWORD}).data["challenge"]
        return srv.post(AUTH + "/totp", {"challenge": challenge, **shown}).status

    assert show(code=code) == 401
    for n, one in enumerate(recovery[:3]):
        assert show(recovery=one) == 200
        killed(srv)
        assert show(recovery=one) == 401
        assert srv.get(AUTH + "/profile", key=token).data["recoveryLeft"] == 9 - n


def test_a_new_password_is_new_after_a_kill(srv):
    token = desk_state.person(srv, EMAIL, "owner")
    likes = {"theme": "dark", "views": [{"name": "“mine”", "page": "/conversions", "query": "status=pending"}]}
    assert srv.request("PUT", AUTH + "/profile", key=token, json_body=likes).status == 200
    other = srv.post(AUTH + "/login", {"email": EMAIL, "password": PASSWORD}).data["token"]
    mine = srv.post(AUTH + "/password", {"old": PASSWORD, "new": NEW}, key=token).data["token"]
    killed(srv)
    assert [srv.get(AUTH + "/profile", key=one).status for one in (mine, token, other)] == [200, 401, 401]
    assert srv.post(AUTH + "/login", {"email": EMAIL, "password": PASSWORD}).status == 401
    assert srv.post(AUTH + "/login", {"email": EMAIL, "password": NEW}).status == 200
    assert srv.get(AUTH + "/profile", key=mine).data["preferences"] == likes


# ------------------------------------------------------------------------------------------------ under way

def test_a_stop_holds_and_what_waited_goes_after_it(srv, net):
    url = f"http://127.0.0.1:{net.port}/landing?c={{click_id}}"
    assert srv.admin("POST", "/api/admin/networks", json_body=desk_state.template("halted", url)).status == 200
    assert srv.admin("POST", "/api/admin/networks/halted/stop").status == 200
    clicks = [new_id() for _ in range(5)]
    for click in clicks:
        assert srv.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").status == 200
        killed(srv)
    assert srv.admin("GET", "/api/admin/networks/halted").data["stopped"]["why"] == "by key:t"
    assert [row["click_id"] for row in desk_state.listed(srv, "/api/admin/deliveries", state="waiting")] == clicks, "the oldest first"
    assert not [call for call in net.calls if call.query.get("c") in clicks]
    assert srv.admin("POST", "/api/admin/networks/halted/resume").status == 200
    killed(srv)
    wait_until(lambda: {call.query.get("c") for call in net.calls} >= set(clicks), 60, "all are told")
    wait_until(lambda: not desk_state.listed(srv, "/api/admin/deliveries", state="waiting"), 60, "and noted")
    assert srv.admin("GET", "/api/admin/networks/halted").data["stopped"] is None


@pytest.mark.parametrize("action,after", [("reject", "rejected"), ("approve", "approved")])
def test_a_job_ended_by_hand_stays_ended_and_what_it_did_is_taken_back(srv, action, after):
    """Killed right after the answer that it has ended: no conversion is moved afterwards, and the undo finds exactly those moved before."""
    affiliate = new_id("aff")
    for _ in range(300):
        assert srv.get("/api/postback", click_id=new_id(), affiliate_id=affiliate, goal="deposit").status == 200
    body = {"action": action, "filter": {"affiliate_id": affiliate}, "expect": 300, "reason": "r"}
    job = srv.admin("POST", "/api/admin/conversions/bulk", json_body=body).data["id"]
    ended = srv.admin("DELETE", f"/api/admin/jobs/{job}").data
    killed(srv)

    def moved():
        return sorted(row["id"] for row in srv.conversions(affiliate_id=affiliate) if any(job in change["by"] for change in row.get("history", [])))

    before = moved()
    killed(srv)
    now = srv.admin("GET", f"/api/admin/jobs/{job}").data
    assert now["state"] == ended["state"] and moved() == before
    assert now["state"] == "cancelled" or now["done"] == 300, "or it was done already"
    undo = srv.admin("POST", f"/api/admin/jobs/{job}/undo")
    if not now["undoable"]:
        return
    assert undo.status == 201
    killed(srv)
    back = wait_until(lambda: (j := srv.admin("GET", f"/api/admin/jobs/{undo.data['id']}").data)["state"] == "done" and j, 120, "the undo ends")
    assert back["done"] == len(before) and {row["status"] for row in srv.conversions(affiliate_id=affiliate)} == {"pending"}
    again = srv.admin("POST", f"/api/admin/jobs/{job}/undo").data["id"]
    twice = wait_until(lambda: (j := srv.admin("GET", f"/api/admin/jobs/{again}").data)["state"] == "done" and j, 120, "it ends")
    assert twice["done"] == 0, "nothing is left to take back"


def test_a_correction_is_whole_or_not_at_all(srv):
    """Several fields of one correction, under a kill: never one without the other."""
    click = new_id()
    assert srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 1}).status == 200
    for _ in range(KILLS):
        def step(n):
            seen = request(srv.port, "GET", "/api/admin/conversions", query={"click_id": click}, key=srv.admin_key).data[0]
            body = {"rev": seen["rev"], "amount": n, "sale_amount": 2 * n, "currency": ("EUR", "USD")[n % 2], "reason": f"step {n}"}
            return request(srv.port, "PATCH", f"/api/admin/conversions/{seen['id']}", json_body=body, key=srv.admin_key)

        writer = Writer(step)
        told = writer.killed_with(srv, least=8)
        row = srv.conversion(click)
        n = int(row["amount"])
        assert n in ((len(told), writer.begun) if writer.begun else (len(told),)), (n, len(told), writer.begun)
        assert (row["sale_amount"], row["currency"]) == (2 * n, ("EUR", "USD")[n % 2])
        assert row["history"][-1]["reason"] == f"step {n}"
