"""What the log tells an operator without being asked: a store that takes no writes, and deliveries that go wrong."""
import resource

import pytest

from harness import STORE, Server, new_id, wait_until
from seven_routes import route5
from test_log import lines_of

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
