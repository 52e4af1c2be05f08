"""What the log tells an operator without being asked: a store that takes no writes, and deliveries that go wrong."""
import re
import resource

import pytest

from harness import STORE, Server, new_id, wait_until
from seven_routes import route5, route6
from test_log import leaks, lines_of

FULL_BYTES = 64 * 1024


def said(server, message):
    return [line for line in lines_of(server) if line["message"] == message]


@pytest.mark.skipif(STORE != "rocksdb", reason="MongoDB's trouble is in tests/chaos")
def test_a_store_that_refuses_writes_is_one_line(net, tmp_path):
    with Server(tmp_path, net) as server:
        assert route5(server, new_id()).status == 200
        assert said(server, "nothing can be written") == []
        # Room for the log on stderr, soon none for the store's, and none for RocksDB's diary.
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        wait_until(lambda: route5(server, new_id()).status == 503, 30, "the disk is full", step=0)
        line = wait_until(lambda: said(server, "nothing can be written"), 10, "it is told")[0]
        assert line["level"] == "error" and line["why"].startswith("the store refuses writes until a restart: ")
        assert line["why"] == server.get("/readyz").message

        def log_is_full():
            assert route5(server, new_id()).status == 503
            return b'barracuda_log_dropped_total{log="received"} 0\n' not in server.get("/metrics").body

        wait_until(log_is_full, 30, "the received log finds no room either", step=0)
        for _ in range(20):
            assert route5(server, new_id()).status == 503
        server.stop()
        assert len(said(server, "nothing can be written")) == 1 and not said(server, "writes are taken again")


def dead(server):
    return int(re.search(rb"^barracuda_deliveries_dead_total (\d+)$", server.get("/metrics").body, re.M).group(1))


def test_deliveries_that_go_wrong(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_DELIVERY_INLINE_WAIT": "0s"}) as server:
        def report():
            answer = route6(server, new_id())
            assert answer.json["verdict"] == "recorded", answer
            return answer

        def first(message):
            return wait_until(lambda: said(server, message), 20, message)[0]

        net.set_mode("status:401")
        report()
        line = first("an attempt points at our configuration")
        assert (line["level"], line["network"], line["why"], line["count"]) == ("error", "default", "it answered 401", "1")
        assert server.admin("GET", f"/api/admin/deliveries/{line['delivery']}").status == 200
        net.set_mode("refuse")
        report()
        line = first("a delivery was given up")
        assert (line["level"], line["network"], line["why"]) == ("warning", "default", "it answered 422")
        net.set_mode("error")
        for _ in range(12):
            report()
        line = first("a network is down: only probes are sent")
        assert (line["level"], line["network"], line["why"]) == ("warning", "default", "it answered 500")
        net.set_mode("ok")
        wait_until(lambda: report() and said(server, "a network answers again"), 40, "a probe gets through", step=0.2)
        assert said(server, "a network answers again")[0]["level"] == "info"
        net.set_mode("refuse")
        for _ in range(3):
            report()
        died = wait_until(lambda: (n := dead(server)) >= 4 and n, 20, "all have died")
        server.stop()
        counts = [int(line["count"]) for line in said(server, "a delivery was given up")]
        assert len(counts) >= 2 and sum(counts) >= died, "the swallowed ones are told at the latest at a stop"
        assert leaks(server.stderr.read_text(), [server.admin_key, "testhash"]) == []
