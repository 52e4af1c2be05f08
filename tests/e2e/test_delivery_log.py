"""Deliveries as an operator sees them: the list, every attempt, and send again, cancel, mark as done."""
import time

import pytest

from harness import Server, new_id, wait_until

FAST = {"BARRACUDA_DELIVERY_INLINE_WAIT": "2s", "BARRACUDA_DELIVERY_RETRY_SCHEDULE": "0s,3s,1h"}


@pytest.fixture(scope="module")
def owed(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("deliveries"), net, env=FAST) as server:
        yield server


def report(srv, click, affiliate="7", goal_type="deposit"):
    return srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": affiliate, "goal_type": goal_type, "amount": 5})


def listed(srv, **query):
    answer = srv.admin("GET", "/api/admin/deliveries", query=query)
    assert answer.status == 200, answer
    return answer.json["data"]


def one(srv, **query):
    rows = listed(srv, **query)
    assert len(rows) == 1, rows
    return rows[0]


def detail(srv, delivery):
    answer = srv.admin("GET", f"/api/admin/deliveries/{delivery}")
    assert answer.status == 200, answer
    return answer.data


def act(srv, delivery, action):
    return srv.admin("POST", f"/api/admin/deliveries/{delivery}/{action}")


def dead_one(srv, net, click, **more):
    net.set_mode("refuse")
    assert report(srv, click, **more).status == 502
    net.set_mode("ok")
    return one(srv, state="dead", click_id=click)


def test_an_accepted_delivery_and_its_attempt(owed, net):
    click = new_id()
    assert report(owed, click).status == 200
    row = one(owed, click_id=click)
    call = net.goals(click)[0]
    assert row["state"] == "done" and row["id"] == call.delivery and row["network"] == "default" and row["status"] == 200
    assert row["kind"] == "goal_postback" and row["affiliate_id"] == "7" and row["goal_id"] == "6"
    for name in (row["id"], row["ref"]):
        data = detail(owed, name)
        assert data["ref"] == row["ref"] and data["conversion_id"] == owed.conversion(click)["id"]
        attempt, = data["log"]
        assert attempt["outcome"] == "accepted" and attempt["code"] == 200 and attempt["number"] == 1
        assert attempt["address"] == f"127.0.0.1:{net.port}" and attempt["host"] == "127.0.0.1" and attempt["method"] == "GET"
        assert f"click_id={click}" in attempt["url"] and "testhash" not in attempt["url"], "the secret is masked"
        assert click in attempt["response"] and attempt["timings"]["total_us"] > 0
        assert attempt["timings"]["first_byte_us"] <= attempt["timings"]["total_us"]


def test_a_refused_delivery_is_dead_and_is_sent_again(owed, net):
    click = new_id()
    row = dead_one(owed, net, click)
    assert row["status"] == 422 and row["attempts"] == 1 and row["error"] and "next_at" not in row
    assert row["id"] in {r["id"] for r in listed(owed, state="dead")}
    answer = act(owed, row["id"], "replay")
    assert answer.status == 200 and answer.data["state"] == "waiting", answer
    wait_until(lambda: one(owed, click_id=click)["state"] == "done", 10, "delivered")
    assert not listed(owed, state="dead", click_id=click)
    log = detail(owed, row["id"])["log"]
    assert [(a["outcome"], a["code"]) for a in log] == [("accepted", 200), ("dead", 422)], "newest first"
    assert len(net.goals(click)) == 2 and len({c.delivery for c in net.goals(click)}) == 1
    history = [h for h in owed.conversion(click)["history"] if h["field"] == f"delivery {row['id']}"]
    assert [(h["from"], h["to"], h["by"]) for h in history] == [("dead", "waiting", "key:t")]
    assert act(owed, row["id"], "replay").status == 409, "a delivery that arrived is not sent again"


def test_mark_as_done(owed, net):
    click = new_id()
    row = dead_one(owed, net, click)
    answer = act(owed, row["ref"], "done")
    assert answer.status == 200 and answer.data["state"] == "done", answer
    refused = act(owed, row["ref"], "done")
    assert refused.status == 409 and "is done" in refused.message, "and not: see some list"
    conversion = owed.conversion(click)
    assert conversion["status"] == "pending", "no network has accepted it"
    assert conversion["history"][-1]["by"] == "key:t" and conversion["history"][-1]["to"] == "done"
    assert owed.command("deliveries", "retry", row["id"], check=False).returncode == 1, "not dead any more"


def test_cancel_what_waits(owed, net):
    click = new_id()
    net.set_mode("error")
    assert report(owed, click).status == 202
    row = wait_until(lambda: [r for r in listed(owed, state="waiting", click_id=click) if r["attempts"] > 0], 10, "one attempt")[0]
    assert row["next_at"]
    assert act(owed, row["id"], "cancel").status == 200
    assert one(owed, click_id=click)["state"] == "cancelled" and not owed.conversion(click).get("due")
    calls = len(net.goals(click))
    net.set_mode("ok")
    assert owed.command("deliveries", "list").stdout.count(row["id"]) == 0, "cancelled is not dead"
    time.sleep(5)  # past its next attempt
    assert len(net.goals(click)) == calls, "it is not sent any more"
    assert act(owed, row["id"], "replay").status == 200, "named, it is sent after all"
    wait_until(lambda: one(owed, click_id=click)["state"] == "done", 10, "delivered")


def test_filters(owed, net):
    affiliate = new_id("aff")
    first, second = new_id(), new_id()
    dead_one(owed, net, first, affiliate=affiliate)
    dead_one(owed, net, second, affiliate=affiliate, goal_type="registration")
    clicks = lambda **query: [r["click_id"] for r in listed(owed, affiliate_id=affiliate, **query)]
    assert clicks() == [second, first] and clicks(state="dead") == [second, first]
    assert clicks(state="dead", goal_id="5") == [second] and clicks(state="done") == []
    assert clicks(code=422) == [second, first] and clicks(code=500) == [] and clicks(network="default", kind="goal_postback") == [second, first]
    assert clicks(network="other") == [] and clicks(host="127.0.0.1") == [second, first] and clicks(host="elsewhere") == []
    died = one(owed, click_id=second)["last_at"]
    assert clicks(state="dead", **{"from": died}) == [second] and clicks(state="dead", to=died) == [first]
    page = owed.admin("GET", "/api/admin/deliveries", query={"state": "dead", "affiliate_id": affiliate, "limit": 1}).json
    assert [r["click_id"] for r in page["data"]] == [second]
    page = owed.admin("GET", "/api/admin/deliveries", query={
        "state": "dead", "affiliate_id": affiliate, "limit": 1, "cursor": page["pagination"]["nextCursor"]}).json
    assert [r["click_id"] for r in page["data"]] == [first]
    attempts = owed.admin("GET", "/api/admin/attempts", query={"click_id": first, "code": 422}).json["data"]
    assert len(attempts) == 1 and attempts[0]["outcome"] == "dead"
    for bad in ({"state": "lost"}, {"code": "x"}, {"from": "x"}, {"cursor": "xyz"}, {"stat": "dead"}, {"kind": "x"}, {"state ": "dead"}):
        answer = owed.admin("GET", "/api/admin/deliveries", query=bad)
        assert answer.status == 400 and answer.message.startswith(next(iter(bad))), bad
    for bad in ({"clickid": first}, {"kind": "x"}, {"state": "dead"}):  # would list others, or none
        assert owed.admin("GET", "/api/admin/attempts", query=bad).status == 400, bad


def test_unknown_ids_and_other_callers(owed):
    assert owed.admin("GET", "/api/admin/deliveries/" + "0" * 32).status == 404
    assert act(owed, "0" * 24 + "-" + "0" * 32, "replay").status == 404
    assert owed.admin("POST", "/api/admin/deliveries/x/explode").status == 404
    assert owed.get("/api/admin/deliveries").status == 401


def test_a_form_leaves_no_person_in_the_log(owed, net):
    email = new_id("m") + "@example.com"
    answer = owed.post("/api/contact", {"email": email, "name": "Ann Person", "company": "Secret Ltd", "type": "affiliate"})
    assert answer.status == 200, answer
    click = answer.data["clickId"]
    attempts = wait_until(lambda: owed.admin("GET", "/api/admin/attempts", query={"click_id": click}).json["data"], 10, "attempts")
    assert any(net_call.query.get("email") == email for net_call in net.goals(click)), "the network was told"
    text = owed.admin("GET", "/api/admin/attempts", query={"limit": 200}).body.decode()
    assert email not in text and email.replace("@", "%40") not in text and "Ann" not in text and "Secret" not in text
    assert any("email=***" in a["url"] for a in attempts)


def test_attempts_survive_kill9(net, tmp_path):
    with Server(tmp_path, net, env=FAST) as srv:
        click = new_id()
        assert report(srv, click).status == 200
        row = one(srv, click_id=click)
        assert len(detail(srv, row["id"])["log"]) == 1
        srv.kill9()
        srv.start()
        assert [a["code"] for a in detail(srv, row["id"])["log"]] == [200]
