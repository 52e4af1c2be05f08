"""What became of the deliveries that a replay job woke (M19), over either engine: accepted, waiting, dead again. What somebody else
cancels or wakes since is in none of them."""
import pytest

from harness import Server, new_id, wait_until

EACH = 4
OTHERS = "8"  # the affiliate of one of those that the network refuses


@pytest.fixture
def srv(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_DELIVERY_INLINE_WAIT": "2s"}) as server:
        yield server


def dead_ones(srv, net, modes):
    """-> {mode: clicks}, each with a delivery that the network refused, and that it will meet with that mode from now on."""
    clicks = {mode: [new_id(mode.replace(":", "")) for _ in range(EACH)] for mode in modes}
    net.set_mode("refuse")
    for click in sum(clicks.values(), []):
        affiliate = OTHERS if click == clicks["refuse"][0] else "7"
        answer = srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": affiliate, "goal_type": "deposit"})
        assert answer.status == 502, answer
    for mode, of in clicks.items():
        net.per_key.update(dict.fromkeys(of, mode))
    return clicks


def replay(srv, **body):
    """-> the id of a job that has ended."""
    answer = srv.admin("POST", "/api/admin/replays", json_body=body)
    assert answer.status == 201, answer
    id = answer.data["id"]
    wait_until(lambda: srv.admin("GET", f"/api/admin/replays/{id}").data["state"] == "done", 20, "the job ends")
    return id


def outcomes(srv, id):
    job = srv.admin("GET", f"/api/admin/replays/{id}").data
    return job["accepted"], job["waiting"], job["dead_again"]


def becomes(srv, id, wanted):
    wait_until(lambda: outcomes(srv, id) == wanted, 20, f"{wanted}, not {outcomes(srv, id)}")


def deliveries(srv, **query):
    return {one["click_id"]: one["id"] for one in srv.admin("GET", "/api/admin/deliveries", query={"limit": 100, **query}).data}


def test_each_outcome_is_counted_once(srv, net):
    clicks = dead_ones(srv, net, ["ok", "refuse", "status:503"])
    job = replay(srv)
    becomes(srv, job, (EACH, EACH, EACH))
    # By the lists, which are another way to the same documents.
    for state, mode in (("done", "ok"), ("waiting", "status:503"), ("dead", "refuse")):
        assert set(deliveries(srv, state=state)) == set(clicks[mode]), state

    waiting = deliveries(srv, state="waiting")
    taken_back = clicks["status:503"][0]
    answer = srv.admin("POST", f"/api/admin/deliveries/{waiting[taken_back]}/cancel")
    assert answer.status == 200, answer
    becomes(srv, job, (EACH, EACH - 1, EACH))

    # Another job's from now on, whatever becomes of it.
    net.per_key.update(dict.fromkeys(clicks["refuse"], "ok"))
    other = replay(srv, affiliate_id=OTHERS)
    becomes(srv, other, (1, 0, 0))
    becomes(srv, job, (EACH, EACH - 1, EACH - 1))

    srv.restart()
    becomes(srv, other, (1, 0, 0))
    becomes(srv, job, (EACH, EACH - 1, EACH - 1))
    assert outcomes(srv, replay(srv, network="nobody")) == (0, 0, 0), "a job that woke nothing"
