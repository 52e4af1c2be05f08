"""Replay jobs: dead deliveries sent again by filter, at a rate, over kill -9, each exactly once more."""
import collections
import json
import os
import time

import pytest

from harness import Server, burst, new_id, wait_until

DEAD = int(os.environ.get("REPLAY_DEAD", "600"))
ENV = {"BARRACUDA_DELIVERY_INLINE_WAIT": "2s"}


def make_dead(srv, net, count, affiliate="7", threads=16):
    """-> click ids, each with one dead delivery."""
    net.set_mode("refuse")
    clicks = [new_id() for _ in range(count)]

    def some(t):
        for click in clicks[t::threads]:
            answer = srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": affiliate, "goal_type": "deposit"})
            assert answer.status == 502, answer

    burst(threads, some)
    return clicks


def create(srv, **body):
    answer = srv.admin("POST", "/api/admin/replays", json_body=body)
    assert answer.status == 201, answer
    return answer.data


def job(srv, id):
    answer = srv.admin("GET", f"/api/admin/replays/{id}")
    assert answer.status == 200, answer
    return answer.data


def outcomes(srv, id):
    """-> what became of the job's deliveries: accepted, waiting, dead again."""
    now = job(srv, id)
    return now["accepted"], now["waiting"], now["dead_again"]


def dry_run(srv, **body):
    answer = srv.admin("POST", "/api/admin/replays", json_body=body, query={"dry_run": 1})
    assert answer.status == 200, answer
    assert answer.data["complete"] is True
    return answer.data["count"]


@pytest.mark.bounded(240)
def test_killed_in_the_middle_each_is_delivered_once_more(net, tmp_path):
    with Server(tmp_path, net, env=ENV) as srv:
        clicks, others = make_dead(srv, net, DEAD), make_dead(srv, net, 20, affiliate="8")
        assert dry_run(srv, affiliate_id="7") == DEAD and dry_run(srv) == DEAD + 20 and dry_run(srv, code=500) == 0
        net.set_mode("ok")
        before = len(net.goals())
        id = create(srv, affiliate_id="7", rate=200)["id"]
        for part in (1, 2):
            wait_until(lambda: job(srv, id)["replayed"] >= DEAD * part // 4, 60, "a part is done")
            assert job(srv, id)["state"] == "running"
            srv.kill9()
            srv.start()
        done = wait_until(lambda: (j := job(srv, id))["state"] == "done" and j, 120, "the job ends")
        assert done["error"] is None and done["by"] == "key:t" and done["matched"] == DEAD, "counted once, before the first"
        wait_until(lambda: not srv.admin("GET", "/api/admin/deliveries", query={"state": "waiting"}).json["data"], 60, "all sent")
        assert dry_run(srv) == 20, "the others stay dead"
        wait_until(lambda: outcomes(srv, id) == (DEAD, 0, 0), 30, "counted in the ledger, so that no kill makes it wrong")
        counted = job(srv, id)
        assert counted["outcomesAt"] and counted["replayed"] <= DEAD
        srv.restart()
        assert job(srv, id) == counted
        per_click = collections.Counter(c.query["click_id"] for c in net.goals()[before:])
        assert set(per_click) == set(clicks)
        extra = sum(per_click.values()) - DEAD
        # A kill cuts off at most 64 calls in flight, and outcomes that wait for the commit under way.
        assert extra <= 2 * (64 + 64), f"{extra} calls more than once"
        for conversion in srv.conversions():
            delivery, = conversion["deliveries"]
            expected = conversion["click_id"] not in others
            assert delivery["state"] == ("done" if expected else "dead")
            replays = [h for h in conversion.get("history", []) if h["to"] == "waiting"]
            assert len(replays) == (1 if expected else 0), "woken exactly once"
        srv.stop()
        srv.command("verify")


def test_a_second_job_finds_nothing_and_a_bad_filter_is_refused(net, tmp_path):
    with Server(tmp_path, net, env=ENV) as srv:
        make_dead(srv, net, 5)
        first = create(srv)["id"]  # the network still refuses: all die again
        wait_until(lambda: job(srv, first)["state"] == "done", 10, "the first job ends")
        assert job(srv, first)["replayed"] == 5
        wait_until(lambda: dry_run(srv) == 5, 10, "dead again, and not its business any more")
        wait_until(lambda: outcomes(srv, first) == (0, 0, 5), 30, "and it says so")
        net.set_mode("ok")
        second = create(srv, network="default", kind="goal_postback", code=422, goal_id="6", rate=1000)["id"]
        wait_until(lambda: job(srv, second)["state"] == "done", 10, "the second job ends")
        assert job(srv, second)["replayed"] == 5 and dry_run(srv) == 0
        wait_until(lambda: outcomes(srv, second) == (5, 0, 0), 30, "the second job's work is accepted")
        jobs = srv.admin("GET", "/api/admin/replays").json["data"]
        assert [j["id"] for j in jobs] == [second, first]
        assert jobs[0]["filter"] == {"network": "default", "kind": "goal_postback", "goal_id": "6", "code": 422}
        for bad in ({"rate": 0}, {"rate": 10**6}, {"from": "x"}, {"code": "x"}, {"netwrok": "default"},
                    {"dry_run": 1}, {"state": "waiting"}):
            answer = srv.admin("POST", "/api/admin/replays", json_body=bad)
            assert answer.status == 400 and answer.message.startswith(next(iter(bad))), answer
        for slip in ("dry_run", "dry_run=", "dry_run=2", "dry_run=yes", "dryrun=1", "dry-run=1", "network=default"):  # would send
            answer = srv.admin("POST", "/api/admin/replays?" + slip, json_body={})
            assert answer.status == 400 and answer.message.startswith(slip.split("=")[0]), answer
        assert "count" in srv.admin("POST", "/api/admin/replays?dry_run=true", json_body={}).json["data"]
        assert len(srv.admin("GET", "/api/admin/replays").json["data"]) == 2
        assert srv.admin("GET", "/api/admin/replays/unknown").status == 404
        assert srv.admin("DELETE", "/api/admin/replays/unknown").status == 404
        assert srv.post("/api/admin/replays", {}).status == 401


def test_a_network_that_is_gone_is_drained_and_deleted(net, tmp_path):
    """What waits for it is cancelled by one job, however far off its next attempt is; nobody else's is touched."""
    with Server(tmp_path, net, env=ENV) as srv:
        for name, port in (("gone", 1), ("kept", 2)):
            body = {"name": name, "kind": "template", "postback": {"url": f"http://127.0.0.1:{port}/?c={{click_id}}"}}
            assert srv.admin("POST", "/api/admin/networks", json_body=body).status == 200
        for _ in range(30):
            assert srv.post("/api/goals/postback", {"click_id": new_id(), "affiliate_id": "7", "goal_type": "deposit"}).status == 200

        def waiting(name):
            query = {"state": "waiting", "network": name, "limit": 200}
            return len(srv.admin("GET", "/api/admin/deliveries", query=query).json["data"])

        wait_until(lambda: srv.admin("GET", "/api/admin/networks/gone").data.get("sending", {}).get("breaker") == "open", 20, "down")
        refused = srv.admin("DELETE", "/api/admin/networks/gone")
        assert refused.status == 409 and refused.message.startswith("30 deliveries still wait"), refused
        asked = json.loads(refused.message[refused.message.index("{"):])  # what it says to send is what is taken
        for left_out in ("state", "network"):
            slip = srv.admin("POST", "/api/admin/replays", json_body={k: v for k, v in asked.items() if k != left_out})
            assert slip.status == 400 and slip.message.startswith(left_out), slip
        assert srv.admin("POST", "/api/admin/replays", json_body={"action": "drop"}).status == 400
        saved = srv.admin("GET", "/api/admin/networks/gone").data
        assert srv.admin("PUT", "/api/admin/networks/gone", json_body={**saved, "active": False}).status == 200
        assert dry_run(srv, **asked) == 30
        id = create(srv, **asked)["id"]
        done = wait_until(lambda: (j := job(srv, id))["state"] == "done" and j, 20, "the job ends")
        assert (done["action"], done["matched"], done["cancelled"]) == ("cancel", 30, 30) and "replayed" not in done, done
        assert (waiting("gone"), waiting("kept")) == (0, 30)
        assert srv.admin("DELETE", "/api/admin/networks/gone").status == 200
        assert srv.admin("DELETE", "/api/admin/networks/kept").status == 409


def test_rate_and_cancel(net, tmp_path):
    with Server(tmp_path, net, env=ENV) as srv:
        make_dead(srv, net, 60)
        net.set_mode("ok")
        begin = time.monotonic()
        id = create(srv, rate=20)["id"]
        wait_until(lambda: job(srv, id)["replayed"] >= 20, 10, "begun")
        assert srv.admin("DELETE", f"/api/admin/replays/{id}").data["state"] == "cancelled"
        woken = (time.monotonic() - begin) * 20 + 40
        time.sleep(1.5)
        assert job(srv, id)["state"] == "cancelled"
        left = dry_run(srv)
        assert 60 - left <= woken and left > 0, "no faster than its rate, and stopped"
        assert srv.admin("DELETE", f"/api/admin/replays/{id}").data["state"] == "cancelled", "ending twice is no error"
        done = srv.command("deliveries", "retry")
        assert done.stdout.startswith(f"{left} deliveries"), "the command line goes the same way"
        wait_until(lambda: dry_run(srv) == 0, 10, "none is dead")
