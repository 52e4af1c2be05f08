"""Fixtures of the guard's tests: the shim, our DNS server, our mock networks, and a server with and one without the guard."""
import subprocess
from pathlib import Path

import pytest

import corpus
from dns_server import DnsServer, always
from mock_network import MockNetwork
from world import GUARDED, HOME, OPEN, OTHER, World


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "guard_shim.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, Path(__file__).with_name("guard_shim.c"), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"the shim needs cc, glibc and libcurl's headers: {done.stderr}"
    return library


@pytest.fixture(scope="module")
def dns():
    with DnsServer() as server:
        server.answers.update(corpus.names())
        server.answers["home.guard.test"] = always(HOME)
        yield server


@pytest.fixture(scope="module")
def home():
    with MockNetwork(HOME) as network:
        yield network


@pytest.fixture(scope="module")
def other():
    with MockNetwork(OTHER) as network:
        yield network


@pytest.fixture(scope="module")
def guarded(home, dns, shim, tmp_path_factory):
    with World(tmp_path_factory.mktemp("guarded"), home, dns, shim, GUARDED) as world:
        yield world


@pytest.fixture(scope="module")
def unguarded(home, dns, shim, tmp_path_factory):
    with World(tmp_path_factory.mktemp("open"), home, dns, shim, OPEN) as world:
        yield world
