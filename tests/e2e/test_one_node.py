"""One node, as it shows itself to an operator, and the goal rule that its store records. Several nodes: chaos/test_nodes.py."""
import re

import pytest

from harness import Server, new_id, wait_until

WAIT = {"BARRACUDA_DELIVERY_INLINE_WAIT": "100ms"}


def metrics(srv):
    text = srv.get("/metrics").body.decode()
    return {name: float(value) for name, value in re.findall(r"^barracuda_(\w+) ([\d.]+)$", text, re.MULTILINE)}


def goal_file(directory, repeatable):
    path = directory / f"repeatable-{repeatable}.toml"
    path.write_text(f'[[goal]]\nid = "6"\ntype = "deposit"\nrepeatable = {repeatable}\n'
                    '[[goal]]\nid = "5"\ntype = "registration"\n')
    return ("--config", str(path))


def deposit(srv, click, **more):
    return srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 5, **more})


def test_metrics_say_that_the_node_lives(srv):
    seen = metrics(srv)
    assert seen["nodes_alive"] == 1 and seen["node_fenced"] == 0 and seen["nodes_takeable"] == 0
    assert seen["node_births_total"] == 0 and seen["node_heartbeat_age_seconds"] < 120
    assert srv.get("/readyz").status == 200


def test_a_new_boot_takes_over_what_a_killed_one_owed(net, tmp_path):
    with Server(tmp_path, net, env=WAIT) as srv:
        net.set_mode("hang", "goal")
        click = new_id()
        report = {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"}
        assert srv.post("/api/goals/postback", report).status == 202
        wait_until(lambda: net.goals(click), 5, "an attempt in flight")
        owner = srv.conversion(click).get("owner")
        for _ in range(3):  # killed again before anything could be sent
            srv.kill9()
            srv.start()
        srv.kill9()
        net.set_mode("ok")
        srv.start()
        wait_until(lambda: net.goals(click, accepted=True), 15, "the new boot sends it")
        assert len(net.goals(click, accepted=True)) == 1
        assert len({call.delivery for call in net.goals(click)}) == 1
        wait_until(lambda: not srv.conversion(click).get("due"), 5, "nothing is owed")
        assert owner is None or srv.conversion(click).get("owner") != owner
        wait_until(lambda: metrics(srv)["nodes_alive"] == 1, 5, "the dead are not alive")


def test_every_deposit_of_a_repeatable_goal_is_created_at_the_private_api(net, tmp_path):
    """The network, asked for the click and the goal, finds the deposit before."""
    with Server(tmp_path, net, start=False) as srv:
        srv.start(arguments=goal_file(tmp_path, "true"))
        click = new_id()
        for transaction in ("t1", "t2", "t1", "t3"):
            answer = srv.post("/api/private/conversions", {"click_hash": click, "goal_type_id": "6", "deposit_amount": 5, "transaction_id": transaction})
            assert answer.status == 200 and answer.json["success"], answer
        assert len(net.creations(click)) == 3 and len(srv.of_click(click)) == 3
        assert len({call.delivery for call, _ in net.creations(click)}) == 3


def test_a_goal_becomes_repeatable_and_never_goes_back(net, tmp_path):
    with Server(tmp_path, net, env=WAIT, start=False) as srv:
        srv.start(arguments=goal_file(tmp_path, "false"))
        click = new_id()
        assert deposit(srv, click).json["verdict"] == "recorded"
        srv.stop()

        srv.start(arguments=goal_file(tmp_path, "true"))
        other = new_id()
        assert deposit(srv, other).status == 400, "a transaction_id is needed now"
        assert deposit(srv, other, transaction_id="t1").json["verdict"] == "recorded"
        assert deposit(srv, other, transaction_id="t2").json["verdict"] == "recorded"
        assert deposit(srv, other, transaction_id="t1").json["verdict"] == "duplicate"
        assert len(srv.of_click(other)) == 2 and len(srv.of_click(click)) == 1
        srv.stop()

        srv.start(arguments=goal_file(tmp_path, "false"), ready=False)
        assert srv.process.wait(15) == 2
        line = srv.log_tail().strip().splitlines()[-1]
        assert 'goal "6"' in line and "repeatable = true" in line, line

        srv.start(arguments=goal_file(tmp_path, "true"))
        assert deposit(srv, other, transaction_id="t1").json["verdict"] == "duplicate"


@pytest.mark.parametrize("kill", [True, False])
def test_the_rule_is_recorded_before_anything_is_written_by_it(net, tmp_path, kill):
    with Server(tmp_path, net, env=WAIT, start=False) as srv:
        srv.start(arguments=goal_file(tmp_path, "true"))
        srv.kill9() if kill else srv.stop()
        srv.start(arguments=goal_file(tmp_path, "false"), ready=False)
        assert srv.process.wait(15) == 2
