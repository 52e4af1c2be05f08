"""Under a service manager: readiness that is told, and a listening socket that outlives the program."""
import http.client
import signal

import pytest

from harness import BINARY, Server, request, wait_until
from service_manager import ServiceManager
from steady_load import SteadyLoad


@pytest.fixture
def manager():
    with ServiceManager() as one:
        yield one


@pytest.fixture
def managed(net, tmp_path, manager):
    """A server that is not started, a way to start it under the manager, and to stop it."""
    with Server(tmp_path, net, start=False) as server:
        server.port, log = manager.port, open(server.stderr, "ab")

        def start(held=True, **env):
            argv = [BINARY, "serve", "--data", server.data, "--listen", manager.address]
            server.process = manager.start(argv, {**server.env, **env}, log, tmp_path, held=held)
            return server

        yield start
        log.close()


def stop(server):
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(15) == 0, server.log_tail()


def test_it_is_ready_when_it_serves_and_says_so_when_it_stops(manager, managed):
    server = managed()
    assert "STATUS=serving" in manager.wait_for("READY=1", 15).split("\n")
    assert request(manager.port, "GET", "/readyz").status == 200
    stop(server)
    manager.wait_for("STOPPING=1", 5)


def test_without_a_held_socket_it_binds_its_own_and_tells_all_the_same(manager, managed):
    manager.listening.close()
    server = managed(held=False)
    manager.wait_for("READY=1", 15)
    assert request(manager.port, "GET", "/readyz").status == 200
    stop(server)


def test_what_connects_while_nothing_runs_is_answered_by_who_comes_next(manager, managed):
    early = http.client.HTTPConnection("127.0.0.1", manager.port, timeout=20)
    early.request("GET", "/livez")
    managed()
    assert early.getresponse().status == 200
    early.close()


RESTARTS = 4


def restarts_under_load(manager, managed, held):
    server = managed(held)
    manager.wait_for("READY=1", 15)
    with SteadyLoad(manager.port) as load:
        for _ in range(RESTARTS):
            seen = load.count()
            wait_until(lambda: load.count() > seen + 100, 30, "reports between two restarts")
            stop(server)
            server = managed(held)
            manager.wait_for("READY=1", 15)
        seen = load.count()
        wait_until(lambda: load.count() > seen + 100, 30, "reports after the last restart")
    return server, load


def test_a_restart_refuses_nobody_and_loses_nothing(manager, managed):
    server, load = restarts_under_load(manager, managed, held=True)
    assert load.refused == [] and load.count() > 100 * RESTARTS
    stored = [one["click_id"] for one in server.conversions()]
    assert sorted(stored) == sorted(load.acknowledged)


def test_the_load_sees_a_door_that_closes(manager, managed):
    """The negative control of the test above: without a held socket the same restarts refuse some."""
    manager.listening.close()
    server, load = restarts_under_load(manager, managed, held=False)
    assert load.refused
    assert set(load.acknowledged) <= {one["click_id"] for one in server.conversions()}


def refusal(manager, server, listen, **env):
    with open(server.stderr, "ab") as log:
        started = manager.start([BINARY, "serve", "--data", server.data, "--listen", listen], {**server.env, **env}, log)
        assert started.wait(15) == 2
    return server.log_tail()


def test_a_held_address_that_no_setting_names(net, tmp_path, manager):
    with Server(tmp_path, net, start=False) as server:
        said = refusal(manager, server, f"127.0.0.1:{server.port}")
        assert f"the service manager listens on {manager.address}, which neither server.listen nor" in said


@pytest.mark.parametrize("count, why", [("two", "LISTEN_FDS is no number of sockets"),
                                        ("2", "descriptor 4 of the service manager is no listening TCP socket")])
def test_sockets_that_are_none(net, tmp_path, manager, count, why):
    with Server(tmp_path, net, start=False) as server:
        assert why in refusal(manager, server, manager.address, LISTEN_FDS=count)


def test_sockets_of_another_process_are_left_alone(net, tmp_path):
    with Server(tmp_path, net, start=False) as server:
        server.start(env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
        assert server.get("/readyz").status == 200
