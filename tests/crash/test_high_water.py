"""The high-water mark never refuses a store that lost nothing acknowledged, and always one that did.

HIGH_WATER_KILLS (default 12) kills and HIGH_WATER_CUTS (default 5) power cuts; the long form is 1,000 and 200.
"""
import os
import random

import pytest

import powercut
from harness import Server, wait_until
from load import WAIT, loaded_and_killed

KILLS = int(os.environ.get("HIGH_WATER_KILLS", "12"))
CUTS = int(os.environ.get("HIGH_WATER_CUTS", "5"))
SAMPLE = 40  # of the acknowledged conversions, looked for after each start; all of them at the end
ENV = {**WAIT, "BARRACUDA_STORE_URL": "rocksdb"}


def looked_for(srv, acked):
    for sent in random.sample(acked, min(SAMPLE, len(acked))) + acked[-SAMPLE:]:
        assert srv.of_click(sent.click, sent.goal_id), f"{sent} was acknowledged"


def all_there(srv, acked):
    stored = {(c["click_id"], c["goal_id"]) for c in srv.conversions()}
    missing = {(s.click, s.goal_id) for s in acked} - stored
    assert not missing, f"{len(missing)} of {len(acked)} acknowledged conversions lost"


def harmed_and_started(srv, rounds, harm):
    """Load, a kill at a random moment, the harm, a start: each must serve what was acknowledged. -> all of that."""
    acked = []
    for _ in range(rounds):
        acked += loaded_and_killed(srv, seconds=(0.0, 0.15), routes="457").acked
        harm()
        srv.start()
        looked_for(srv, acked[-400:])
    all_there(srv, acked)
    return acked


@pytest.mark.bounded(120 + 4 * KILLS)
def test_kills_refuse_nothing(net, tmp_path):
    with Server(tmp_path, net, env=ENV) as srv:
        acked = harmed_and_started(srv, KILLS, lambda: None)
        print(f"{KILLS} kills, {len(acked)} acknowledged conversions, none lost, no start refused")
        srv.stop()
        srv.command("verify")


@pytest.mark.bounded(120 + 6 * CUTS)
def test_power_cuts_refuse_nothing(net, shim, tmp_path):
    with powercut.server(tmp_path, net, shim, **ENV) as (srv, cut_power):
        acked = harmed_and_started(srv, CUTS, cut_power)
        print(f"{CUTS} power cuts, {len(acked)} acknowledged conversions, none lost, no start refused")
        srv.stop()
        srv.command("verify")


@pytest.mark.bounded(120)
def test_a_disk_that_lies_is_found_out(net, shim, tmp_path):
    """The negative control: the same cut, where the disk only said that it had synced. Refused every time, as long as the mark is
    newer than what is left (docs/operating/damage.md, What it cannot see)."""
    with powercut.server(tmp_path, net, shim, **ENV) as (srv, cut_power):
        powercut.cut_while_the_disk_lies(srv, lambda: cut_power(in_place=True), routes="457")
        for _ in range(3):
            srv.start(ready=False)
            assert srv.process.wait(20) == 2, srv.log_tail()
            assert "cannot open the store in" in srv.log_tail()


def serves(srv):
    """Starts it; -> whether it serves. Refused is exit code 2 and nothing else."""
    srv.start(ready=False)

    def settled():
        if srv.process.poll() is not None:
            return "ended"
        try:
            return "ready" if srv.request("GET", "/readyz", timeout=2).status == 200 else None
        except OSError:
            return None

    if wait_until(settled, 20, "it serves or ends") == "ready":
        return True
    assert srv.process.wait(5) == 2, srv.log_tail()
    return False


@pytest.mark.bounded(120)
def test_a_log_that_lost_its_end_is_found_out(net, tmp_path):
    """Kills again, and each time the log loses an end, at any byte: refused, but where that end held nothing that was
    acknowledged (the batch that the kill met)."""
    refused = 0
    with Server(tmp_path, net, env=ENV) as srv:
        for _ in range(6):
            load = loaded_and_killed(srv, least=61, routes="5")
            log = max(srv.data.glob("*.log"), key=lambda p: p.name)
            whole = log.read_bytes()
            for _ in range(3):
                os.truncate(log, random.randrange(len(whole) // 2, len(whole) * 9 // 10))
                if serves(srv):
                    break
                refused += 1
                log.write_bytes(whole)
            else:
                srv.start()
            all_there(srv, load.acked)
    assert refused >= 3, "no harm was one"
