"""Fixtures shared by the tests that run the real program. See harness.py and mock_network.py."""
import os
import secrets
import signal

import pytest

import harness
from mock_network import MockNetwork

TEST_TIMEOUT_S = 90


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """No test may hang: a stuck one is interrupted where it stands and fails."""
    marker = item.get_closest_marker("bounded")
    seconds = marker.args[0] if marker else TEST_TIMEOUT_S

    def expired(signum, frame):
        raise TimeoutError(f"test took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def pytest_configure(config):
    config.addinivalue_line("markers", "bounded(seconds): time limit of one test, default 90 s")
    config.addinivalue_line("markers", "alone: compares rates or times, so nothing else may run beside it")


def pytest_sessionfinish(session, exitstatus):
    harness.kill_leftovers()


@pytest.fixture(scope="module")
def net():
    with MockNetwork() as network:
        yield network


@pytest.fixture(scope="module")
def srv(net, tmp_path_factory):
    """One server in open mode for a whole module, with an admin key; tests use their own click ids."""
    with harness.Server(tmp_path_factory.mktemp("srv"), net) as server:
        yield server


@pytest.fixture(scope="session")
def mongo():
    """A MongoDB for tests that need one whatever the store under test is: the one that BARRACUDA_TEST_MONGODB names, else a
    replica set of one member."""
    import mongo_server  # only where a mongod is there
    named = os.environ.get("BARRACUDA_TEST_MONGODB")
    if named:
        yield mongo_server.Named(named)
    else:
        with mongo_server.ReplicaSet(members=1) as one:
            yield one


@pytest.fixture
def database(mongo):
    """A database of its own, by pymongo; gone afterwards."""
    made = mongo.database(f"barracuda_{secrets.token_hex(6)}")
    yield made
    made.client.drop_database(made.name)
    made.client.close()


@pytest.fixture(autouse=True)
def network_is_well(request):
    """Every test starts with a network that accepts."""
    if "net" in request.fixturenames:
        request.getfixturevalue("net").set_mode("ok")
    yield
