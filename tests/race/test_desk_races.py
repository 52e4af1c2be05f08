"""The desk's writes at one moment: of many that exclude each other exactly one is done, and what two edits say together still holds.

Each race runs in rounds, since one round may be lucky. test_the_presses_meet is the control: an edit that names no revision is lost
under the others, so that what does not get lost here is held by the server and not by chance.
"""
import collections
import time

import pytest

import desk_state
from authenticator import fresh, totp
from harness import Server, burst, new_id, wait_until

EMAIL, PASSWORD = "owner@example.com", desk_state.PASSWORD
pytestmark = pytest.mark.bounded(240)
AUTH = "/api/admin/auth"
ROUNDS, PRESSES = 12, 12


@pytest.fixture(scope="module")
def desk(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("desk"), net) as server:
        server.url = f"http://127.0.0.1:{net.port}/landing?c={{click_id}}"
        yield server


def statuses(answers):
    return dict(collections.Counter(answer.status for answer in answers))


def refused(srv):
    """What of the stored networks, goals and offers does not hold together."""
    return srv.admin("GET", "/api/admin/networks").json["refused"]


# -------------------------------------------------------------------------------------------------------- control

def test_the_presses_meet(desk):
    """Read, add, write back, without a revision: were they one after the other, nothing would be lost."""
    assert desk.admin("POST", "/api/admin/offers", json_body={"id": "counted", "title": "0"}).status == 200
    path, lost = "/api/admin/offers/counted", 0

    def add(_):
        title = int(desk.admin("GET", path).data["title"])
        assert desk.admin("PUT", path, json_body={"title": str(title + 1)}).status == 200

    for begun in range(ROUNDS):
        before = int(desk.admin("GET", path).data["title"])
        burst(PRESSES, add)
        lost += before + PRESSES - int(desk.admin("GET", path).data["title"])
    assert lost > 0, "the presses never met: these tests would see no race"
    for n in range(PRESSES):
        add(n)
    assert desk.admin("DELETE", path).status == 200


@pytest.mark.parametrize("kind,made,change", [
    ("networks", {"name": "counted", "kind": "template", "active": False, "postback": {"url": "http://127.0.0.1/?n="}}, "postback"),
    ("goals", {"id": "counted", "type": "other", "then_amount": 0}, "then_amount"),
    ("offers", {"id": "counted", "title": "0"}, "title")])
def test_by_its_revision_nothing_is_lost(desk, kind, made, change):
    """As above, with the revision that was read: who comes second is told, reads again, and nothing is lost."""
    path = f"/api/admin/{kind}/counted"
    assert desk.admin("POST", f"/api/admin/{kind}", json_body=made).status == 200
    conflicts = []

    def count(entity):
        value = entity[change]["url"].partition("=")[2] if change == "postback" else entity[change]
        return int(value or 0)

    def with_count(entity, n):
        value = {**entity[change], "url": f"http://127.0.0.1/?n={n}"} if change == "postback" else n if kind == "goals" else str(n)
        return {**entity, change: value}

    def add(_):
        while True:
            entity = desk.admin("GET", path).data
            answer = desk.admin("PUT", path, json_body=with_count(entity, count(entity) + 1))
            if answer.status == 200:
                return
            assert answer.status == 409 and "changed meanwhile" in answer.message, answer
            conflicts.append(answer)

    for _ in range(3):
        burst(PRESSES, add)
    entity = desk.admin("GET", path).data
    assert count(entity) == 3 * PRESSES and entity["rev"] == 1 + 3 * PRESSES and conflicts
    steps = [change for change in entity["history"] if change["from"] != change["to"]]
    assert len(steps) >= 3 * PRESSES, "and the history has every step"
    assert desk.admin("DELETE", path).status == 200


# ------------------------------------------------------------------------------------- one of many that are the same

@pytest.mark.parametrize("kind,body", [
    ("networks", {"name": "same", "kind": "template", "active": False, "postback": {"url": "http://127.0.0.1/?c={click_id}"}}),
    ("goals", {"id": "same", "type": "other"}), ("offers", {"id": "same", "title": "of press {n}"})])
def test_one_of_a_name_is_made_and_one_deletion_deletes_it(desk, kind, body):
    path = f"/api/admin/{kind}"
    for _ in range(ROUNDS):
        def make(n):
            return desk.admin("POST", path, json_body={k: v.format(n=n) if k == "title" else v for k, v in body.items()})

        made = burst(PRESSES, make)
        assert statuses(made) == {200: 1, 409: PRESSES - 1}, made
        mine = next(answer.data for answer in made if answer.status == 200)
        there = desk_state.lasting(desk.admin("GET", f"{path}/same").data)
        assert there == desk_state.lasting(mine) and there["rev"] == 1, "and it is the one that was told so"
        gone = burst(PRESSES, lambda _: desk.admin("DELETE", f"{path}/same"))
        assert statuses(gone) == {200: 1, 404: PRESSES - 1}, gone


def test_an_edit_and_a_deletion_leave_one_of_both(desk):
    """Whatever the order was, an edit by its revision does not bring back what was deleted."""
    seen = collections.Counter()
    for _ in range(ROUNDS):
        made = desk.admin("POST", "/api/admin/offers", json_body={"id": "edited", "title": "0"}).data

        def press(n):
            if n == 0:
                return desk.admin("DELETE", "/api/admin/offers/edited")
            return desk.admin("PUT", "/api/admin/offers/edited", json_body={**made, "title": str(n)})

        answers = burst(6, press)
        edits = statuses(answers[1:])
        assert answers[0].status == 200 and edits.get(200, 0) <= 1 and set(edits) <= {200, 409}, answers
        assert desk.admin("GET", "/api/admin/offers/edited").status == 404
        seen[edits.get(200, 0)] += 1
    assert sum(seen.values()) == ROUNDS


# --------------------------------------------------------------------------------- what holds only of several together

def test_two_rules_never_make_a_circle(desk):
    """Each of the two passes by itself: 20 is followed by 21, 21 by 20. Together they are a chain without an end."""
    for goal in ("20", "21"):
        assert desk.admin("POST", "/api/admin/goals", json_body={"id": goal, "type": "other"}).status == 200
    rule = {"20": "21", "21": "20"}
    for round in range(2 * ROUNDS):
        def press(n):
            goal = ("20", "21")[n % 2]
            return desk.admin("PUT", f"/api/admin/goals/{goal}", json_body={"type": "other", "then": rule[goal]})

        answers = burst(8, press)
        assert set(statuses(answers)) <= {200, 400}
        assert all(answer.json["field"] == "then" for answer in answers if answer.status == 400)
        assert refused(desk) == [], f"round {round}: two that contradict each other were both stored: {refused(desk)}"
        rules = {goal: desk.admin("GET", f"/api/admin/goals/{goal}").data["then"] for goal in rule}
        assert sorted(rules.values()) in ([[""] + [a] for a in rule.values()]), rules
        for goal in rule:
            assert desk.admin("PUT", f"/api/admin/goals/{goal}", json_body={"type": "other"}).status == 200
    desk.restart()
    assert refused(desk) == []
    for goal in rule:
        assert desk.admin("DELETE", f"/api/admin/goals/{goal}").status == 200


@pytest.mark.parametrize("kind,used,user", [
    ("goals", {"id": "used", "type": "other"}, ("networks", {"name": "user", "kind": "template", "active": False, "goals": ["used"], "postback": {"url": "@"}})),
    ("goals", {"id": "used", "type": "other"}, ("offers", {"id": "user", "goals": ["used"]})),
    ("goals", {"id": "used", "type": "other"}, ("goals", {"id": "user", "type": "other", "then": "used"})),
    ("networks", {"name": "used", "kind": "template", "active": False, "postback": {"url": "@"}}, ("offers", {"id": "user", "networks": ["used"]}))],
    ids=["a goal of a network", "a goal of an offer", "a goal of a rule", "a network of an offer"])
def test_what_is_named_is_there(desk, kind, used, user):
    """A deletion and who comes to name it: of the two exactly one is done, in any order."""
    def at(body):
        return {**body, "postback": {"url": desk.url}} if "postback" in body else body

    who_first = collections.Counter()
    for round in range(ROUNDS):
        assert desk.admin("POST", f"/api/admin/{kind}", json_body=at(used)).status == 200

        def press(n):
            if n % 2 == round % 2:
                return "deleted", desk.admin("DELETE", f"/api/admin/{kind}/used")
            return "named", desk.admin("POST", f"/api/admin/{user[0]}", json_body=at(user[1]))

        done = {what for what, answer in burst(4, press) if answer.status == 200}
        assert len(done) == 1, f"round {round}: both {sorted(done)}, and what is named is not there"
        who_first[done.pop()] += 1
        assert refused(desk) == []
        desk.admin("DELETE", f"/api/admin/{user[0]}/user")
        desk.admin("DELETE", f"/api/admin/{kind}/used")
    assert sum(who_first.values()) == ROUNDS


def test_no_more_are_owed_than_a_conversion_has_room_for(desk):
    """Thirty may be owed: each of many networks passes while there is room for one more, and only one has it."""
    names = [f"owed{n}" for n in range(40)]

    def make(n):
        while True:  # a busy server says 503: nothing was done, try again
            answer = desk.admin("POST", "/api/admin/networks", json_body=desk_state.template(names[n], desk.url))
            if answer.status != 503:
                return answer
            time.sleep(0.1)

    made = burst(len(names), make)
    try:
        assert statuses(made) == {200: 30, 400: 10}, statuses(made)
        assert all(answer.json["field"] == "active" and "room for 30" in answer.message for answer in made if answer.status == 400)
    finally:
        for name in names:
            desk.admin("PUT", f"/api/admin/networks/{name}", json_body=desk_state.template(name, desk.url, active=False))
            wait_until(lambda name=name: desk.admin("DELETE", f"/api/admin/networks/{name}").status in (200, 404), 30, f"{name} goes", step=0.1)


# ------------------------------------------------------------------------------------------------------- one person

@pytest.fixture
def house(net, tmp_path):
    with Server(tmp_path, net) as server:
        server.token = desk_state.person(server, EMAIL, "owner", "O")
        yield server


def login(srv, password=PASSWORD):
    return srv.post(AUTH + "/login", {"email": EMAIL, "password": password}, timeout=60)


def test_one_new_password_of_many(house):
    """All of them know the old one; the first to be done makes it the old one no more."""
    wanted = [f"new password number {n}" for n in range(5)]
    answers = burst(len(wanted), lambda n: house.post(AUTH + "/password", {"old": PASSWORD, "new": wanted[n]}, key=house.token, timeout=60))
    done = [n for n, answer in enumerate(answers) if answer.status == 200]
    assert len(done) == 1, answers
    assert all(answer.status in (400, 401) for n, answer in enumerate(answers) if n not in done), answers
    assert house.get(AUTH + "/profile", key=answers[done[0]].data["token"]).status == 200
    assert house.get(AUTH + "/profile", key=house.token).status == 401
    house.kill9()
    house.start()
    assert login(house, wanted[done[0]]).status == 200, "and it is that one"


def test_an_invitation_is_accepted_once(house):
    for round in range(2):
        invited = house.admin("POST", "/api/admin/admins", json_body={"email": f"i{round}@example.com", "name": "I", "role": "read_only"}).data
        words = [f"password of press {n}" for n in range(4)]
        answers = burst(len(words), lambda n: house.post(AUTH + "/invitation", {"token": invited["token"], "password": words[n]}, timeout=60))
        done = [n for n, answer in enumerate(answers) if answer.status == 200]
        assert len(done) == 1 and statuses(answers)[401] == len(words) - 1, answers
        opened = [house.post(AUTH + "/login", {"email": f"i{round}@example.com", "password": word}, timeout=60).status for word in words]
        assert [n for n, status in enumerate(opened) if status == 200] == done, "by the password of the one that was told yes"


def test_two_invitations_of_one_person_leave_one_link(house):
    body = {"email": "twice@example.com", "name": "T", "role": "operator"}
    answers = burst(6, lambda n: house.admin("POST", "/api/admin/admins", json_body={**body, "name": f"T {n}"}))
    assert all(answer.status in (200, 409) for answer in answers)
    listed, = [one for one in house.admin("GET", "/api/admin/admins").data if one["email"] == "twice@example.com"]
    opened = [house.post(AUTH + "/invitation", {"token": answer.data["token"], "password": "a password of hers"}, timeout=60)
              for answer in answers if answer.status == 200]
    good, = [answer for answer in opened if answer.status == 200]
    assert good.data["name"] == listed["name"], "the link that counts is of the row that is shown"


def factor_of(srv):
    """-> (secret, recovery codes, codes that counted) of a second factor that is on."""
    secret = srv.post(AUTH + "/totp/device", {}, key=srv.token).data["secret"]
    code = totp(secret)
    answers = burst(4, lambda _: srv.post(AUTH + "/totp/confirm", {"code": code}, key=srv.token))
    confirmed, = [answer for answer in answers if answer.status == 200]
    assert statuses(answers) == {200: 1, 409: 3}, "one gets the recovery codes, and they are the ones that count"
    return secret, confirmed.data["recovery"], [code]


def test_the_second_factor_counts_once_each(house):
    secret, recovery, used = factor_of(house)
    challenges = [login(house).data["challenge"] for _ in range(4)]
    for shown in ({"recovery": recovery[0]}, {"recovery": recovery[1].upper()}, {"code": fresh(secret, used)}):
        answers = burst(4, lambda n: house.post(AUTH + "/totp", {"challenge": challenges[n], **shown}))
        assert statuses(answers) == {200: 1, 401: 3}, (shown, answers)
        opened = next(answer.data["token"] for answer in answers if answer.status == 200)
        house.kill9()
        house.start()
        assert house.get(AUTH + "/profile", key=opened).status == 200, "a session over kill -9"
        challenges = [login(house).data["challenge"] for _ in range(4)]
        assert house.post(AUTH + "/totp", {"challenge": challenges[0], **shown}).status == 401, "and what counted stays used"
    assert house.get(AUTH + "/profile", key=opened).data["recoveryLeft"] == 8
    answers = burst(4, lambda _: house.request("DELETE", AUTH + "/totp/device", key=opened, json_body={"recovery": recovery[2]}))
    assert statuses(answers)[200] == 1 and set(statuses(answers)) <= {200, 400, 409}, answers
    assert "token" in login(house).data


def test_a_session_ends_once(house):
    other = login(house).data["token"]
    id = next(one["id"] for one in house.get(AUTH + "/sessions", key=other).data if one["current"])
    answers = burst(PRESSES, lambda _: house.request("DELETE", f"{AUTH}/sessions/{id}", key=house.token))
    assert statuses(answers) == {200: 1, 404: PRESSES - 1}
    assert house.get(AUTH + "/profile", key=other).status == 401
    answers = burst(PRESSES, lambda _: house.request("POST", AUTH + "/logout", key=house.token))
    assert statuses(answers) == {200: 1, 401: PRESSES - 1}


def test_a_ring_of_owners_keeps_one(house):
    """Each removes the next one at one moment: whoever is left can let the others in again."""
    tokens = [house.token] + [desk_state.person(house, f"o{n}@example.com", "owner") for n in range(3)]
    ids = [house.get(AUTH + "/profile", key=token).data["id"] for token in tokens]
    answers = burst(len(ids), lambda n: house.request("DELETE", f"/api/admin/admins/{ids[(n + 1) % len(ids)]}", key=tokens[n]))
    assert set(statuses(answers)) <= {200, 401, 409}, answers
    left = [one for one in house.admin("GET", "/api/admin/admins").data if one["role"] == "owner" and one["active"]]
    assert left, "somebody is an owner still"
    house.restart()
    assert [one["id"] for one in house.admin("GET", "/api/admin/admins").data if one["role"] == "owner"] == [one["id"] for one in left]


# ------------------------------------------------------------------------------------------------------------ keys

def test_a_key_is_revoked_once_and_for_ever(house):
    for round in range(ROUNDS):
        made = house.admin("POST", "/api/admin/keys", json_body={"name": f"k{round}", "scope": "ingest"}).data
        twin = house.admin("POST", "/api/admin/keys", json_body={"name": made["id"], "scope": "ingest"}).data
        answers = burst(PRESSES, lambda _: house.admin("DELETE", f"/api/admin/keys/{made['id']}"))
        assert set(statuses(answers)) <= {200, 404} and statuses(answers).get(200, 0) >= 1
        state = {one["id"]: one["revoked"] for one in house.admin("GET", "/api/admin/keys").data}
        assert state[made["id"]] and not state[twin["id"]], "a key that is called as another one's id is another one"


# ---------------------------------------------------------------------------------------------- conversions and jobs

def test_one_correction_of_those_that_saw_the_same(desk):
    click = new_id()
    assert desk.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 1}).status == 200
    for round in range(ROUNDS):
        seen = desk.conversion(click)

        def press(n):
            if n % 3 == 2:  # a report, which names no revision, moves it too
                return None, desk.admin("POST", "/api/admin/conversions", json_body={
                    "click_id": click, "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": 1000 * (round + 1) + n})
            body = {"rev": seen["rev"], "amount": 100 * (round + 1) + n, "reason": f"round {round} press {n}"}
            return n, desk.admin("PATCH", f"/api/admin/conversions/{seen['id']}", json_body=body)

        patches = [(n, answer) for n, answer in burst(9, press) if n is not None]
        done = [n for n, answer in patches if answer.status == 200]
        assert len(done) <= 1 and all(answer.status in (200, 409) for _, answer in patches), patches
        reasons = [change.get("reason") for change in desk.conversion(click)["history"]]
        assert [n for n in range(9) if f"round {round} press {n}" in reasons] == done, "whoever was told yes, and nobody else"


def test_jobs_over_the_same_do_each_conversion_once(desk):
    """Approve, reject and approve again at one moment: every conversion was moved by whoever the job's count says."""
    affiliate = new_id("aff")
    for _ in range(40):
        assert desk.get("/api/postback", click_id=new_id(), affiliate_id=affiliate, goal="deposit").status == 200
    ids = [row["id"] for row in desk.conversions(affiliate_id=affiliate)]
    wanted = [{"action": "approve", "ids": ids}, {"action": "reject", "ids": ids, "reason": "r"}] * 2
    jobs = [answer.data["id"] for answer in burst(4, lambda n: desk.admin("POST", "/api/admin/conversions/bulk", json_body=wanted[n]))]
    ended = [wait_until(lambda job=job: (j := desk.admin("GET", f"/api/admin/jobs/{job}").data)["state"] == "done" and j, 60, "it ends") for job in jobs]
    assert all(job["done"] + job["skippedCount"] == len(ids) for job in ended), ended
    moved = collections.Counter()
    for row in desk.conversions(affiliate_id=affiliate):
        moves = [change for change in row["history"] if change["field"] == "status"]
        assert [change["from"] for change in moves[1:]] == [change["to"] for change in moves[:-1]], "each from where the one before left it"
        moved.update(job for job in jobs for change in moves if job in change["by"])
    assert {job["id"]: job["done"] for job in ended} == {job: moved[job] for job in jobs}


def test_a_job_taken_back_by_many_is_taken_back_once(desk):
    affiliate = new_id("aff")
    for _ in range(20):
        assert desk.get("/api/postback", click_id=new_id(), affiliate_id=affiliate, goal="deposit").status == 200
    body = {"action": "approve", "filter": {"affiliate_id": affiliate}, "expect": 20}
    job = desk.admin("POST", "/api/admin/conversions/bulk", json_body=body).data["id"]
    wait_until(lambda: desk.admin("GET", f"/api/admin/jobs/{job}").data["state"] == "done", 30, "it ends")
    undone = [answer.data["id"] for answer in burst(5, lambda _: desk.admin("POST", f"/api/admin/jobs/{job}/undo")) if answer.status == 201]
    assert undone
    ended = [wait_until(lambda id=id: (j := desk.admin("GET", f"/api/admin/jobs/{id}").data)["state"] == "done" and j, 30, "it ends") for id in undone]
    assert sum(one["done"] for one in ended) == 20, [(one["done"], one["skippedCount"]) for one in ended]
    for row in desk.conversions(affiliate_id=affiliate):
        assert [change["to"] for change in row["history"] if change["field"] == "status"] == ["approved", "pending"], row["history"]


def test_a_delivery_takes_one_of_the_things_done_to_it(desk, net):
    """Sent again, cancelled or marked as done at one moment: each answer says what was so, and the end is one of the three."""
    outcomes = collections.Counter()
    for round in range(ROUNDS):
        click = new_id()
        net.set_mode("refuse", "goal")
        assert desk.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"}).status == 502
        net.set_mode("ok")
        row, = desk_state.listed(desk, "/api/admin/deliveries", state="dead", click_id=click)
        actions = ["replay", "cancel", "done"]
        answers = burst(6, lambda n: desk.admin("POST", f"/api/admin/deliveries/{row['ref']}/{actions[(n + round) % 3]}"))
        assert set(statuses(answers)) <= {200, 409} and statuses(answers).get(200, 0) >= 1, answers
        end = wait_until(lambda: (d := desk.admin("GET", f"/api/admin/deliveries/{row['ref']}").data)["state"] != "waiting" and d, 30, "it ends")
        sent = len(net.goals(click)) - 1
        replays = sum(answer.status == 200 for n, answer in enumerate(answers) if actions[(n + round) % 3] == "replay")
        assert sent <= replays and end["state"] in ("done", "cancelled"), (sent, replays, end)
        outcomes[end["state"]] += 1
    assert sum(outcomes.values()) == ROUNDS


def test_stop_and_resume_end_as_one_of_both(desk, net):
    assert desk.admin("POST", "/api/admin/networks", json_body=desk_state.template("halting", desk.url)).status == 200
    path = "/api/admin/networks/halting"
    for _ in range(ROUNDS):
        answers = burst(8, lambda n: desk.admin("POST", f"{path}/{('stop', 'resume')[n % 2]}"))
        assert statuses(answers) == {200: 8}
        stopped = desk.admin("GET", path).data["stopped"] is not None
        click = new_id()
        assert desk.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").status == 200
        if not stopped:
            wait_until(lambda: any(call.query.get("c") == click for call in net.calls), 30, "what is not stopped is told")
        assert (desk.admin("GET", path).data["stopped"] is not None) == stopped
    desk.kill9()
    desk.start()
    assert (desk.admin("GET", path).data["stopped"] is not None) == stopped, "over kill -9 too"
    assert desk.admin("POST", f"{path}/resume").status == 200


def test_after_all_races_the_store_is_whole(desk):
    desk.stop()
    assert desk.command("verify", seconds=60).stdout == "the store is sound\n"
    desk.start()
    assert refused(desk) == []
