"""A fresh primary shows, for seconds, less than what the old one had confirmed: what it shows then is not believed."""
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Server, new_id, wait_until
from mock_network import MockNetwork
from mongo_server import ReplicaSet

DATABASE = "barracuda_fresh"
TRIES = 8
ANSWER_S = 1.0
BLIND_S = 5  # how long the new primary's majority does not move
pytestmark = pytest.mark.bounded(180)


def fail_point(mongo, member, name, mode="alwaysOn", **data):
    with contextlib.closing(mongo.client(member)) as client:
        client.admin.command("configureFailPoint", name, mode=mode, **({"data": data} if data else {}))


def fail_over_right_after_the_outcome(mongo, node, net, click):
    """The network accepts, the node confirms it, and the primary dies before any secondary knows that a majority has it.
    -> what the new primary's majority says of the delivery for BLIND_S; None: the moment was missed, nothing happened."""
    old = mongo.primary()
    ahead, behind = (i for i in range(3) if i != old)
    net.set_mode("slow", "goal", delay=ANSWER_S)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(node.post, "/api/goals/postback",
                             {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"})
        wait_until(lambda: net.goals(click), 10, "the network is called")
        fail_point(mongo, behind, "stopReplProducer")  # it has what came before, and will vote
        time.sleep(max(0.0, net.goals(click)[0].time + ANSWER_S - 0.1 - time.monotonic()))
        # What the other waits for now still comes; that it is on a majority does not.
        fail_point(mongo, old, "waitAfterPinningCursorBeforeGetMoreBatch")
        status = answer.result(20).status
    if status != 200:  # another write came between
        fail_point(mongo, old, "waitAfterPinningCursorBeforeGetMoreBatch", mode="off")
        fail_point(mongo, behind, "stopReplProducer", mode="off")
        mongo.wait_healthy(60)
        return None
    mongo.kill9(old)
    with contextlib.closing(mongo.client(ahead)) as client:
        wait_until(lambda: step_up(client), 20, "the other is elected", step=0.05)
        seen = set()
        until = time.monotonic() + BLIND_S
        stored = client[DATABASE].get_collection("conversions", read_concern=majority())
        while time.monotonic() < until:
            seen.add(stored.find_one({"click_id": click})["deliveries"][0]["state"])
            time.sleep(0.2)
    fail_point(mongo, behind, "stopReplProducer", mode="off")
    mongo.start_member(old)
    mongo.wait_healthy(90)
    return seen


def step_up(client):
    import pymongo.errors
    with contextlib.suppress(pymongo.errors.PyMongoError):
        client.admin.command("replSetStepUp")
    return client.admin.command("isMaster")["ismaster"]


def majority():
    from pymongo.read_concern import ReadConcern
    return ReadConcern("majority")


def test_an_accepted_delivery_is_not_sent_again_after_a_failover(tmp_path):
    with ReplicaSet() as mongo, MockNetwork() as net:
        store = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": DATABASE}
        with Server(tmp_path, net, env=store) as node:
            for _ in range(TRIES):
                click = new_id()
                seen = fail_over_right_after_the_outcome(mongo, node, net, click)
                wait_until(lambda: node.get("/readyz").status == 200, 30, "the node goes on", step=0.2)
                net.set_mode("ok")
                time.sleep(2)  # it looks at what is due
                assert len(net.goals(click)) == 1, "the network was told twice"
                if seen and "waiting" in seen:
                    break
            else:
                pytest.fail(f"in {TRIES} fail-overs no new primary showed less than what was confirmed: nothing was tried")
            [delivery] = mongo.database(DATABASE).conversions.find_one({"click_id": click})["deliveries"]
            assert delivery["state"] == "done"
