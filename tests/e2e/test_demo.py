"""`barracuda demo`: made-up data over a store of its own, which goes when it ends."""
import os
import re
import signal
import subprocess

import pytest

from harness import BINARY, request, wait_until
from ports import free_port

pytestmark = pytest.mark.bounded(120)
COUNT = 3000


def began(tmp_path, *arguments, env=None):
    """-> (process, a function that reads what it said) of a demo whose temporary place is below `tmp_path`."""
    said = tmp_path / "said"
    with open(said, "wb") as out:
        process = subprocess.Popen([str(BINARY), *arguments], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp"), **(env or {})})
    return process, said.read_text


@pytest.fixture(params=["demo", "serve --demo"])
def demo(tmp_path, request):
    (tmp_path / "tmp").mkdir()
    port = free_port()
    words = request.param.split()
    process, said = began(tmp_path, *words, "--conversions", str(COUNT), "--listen", f"127.0.0.1:{port}",
                          env={"BARRACUDA_STORE_DATA": str(tmp_path / "mine"), "BARRACUDA_NETWORK_BASE_URL": "http://192.0.2.1"})
    try:
        wait_until(lambda: "listens on" in said() or process.poll() is not None, 60, "it listens", step=0.1)
        yield port, said, process, tmp_path
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def signed_in(port, said):
    email, password = re.search(r"Sign in at /admin as (\S+) with the password (\S+)", said()).groups()
    answer = request(port, "POST", "/api/admin/auth/login", json_body={"email": email, "password": password})
    assert answer.status == 200, answer
    return answer.data["token"]


def test_a_demo_from_its_start_to_its_end(demo):
    port, said, process, tmp_path = demo
    key = signed_in(port, said)

    def ask(path, **query):
        answer = request(port, "GET", path, key=key, query=query)
        assert answer.status == 200, answer
        return answer.json

    assert ask("/api/admin/auth/profile")["data"]["demo"] is True
    status = ask("/api/admin/status")["data"]
    assert status["demo"] is True and status["store"]["writable"] is True
    page = ask("/api/admin/conversions", limit=1)
    assert page["filtered"]["count"] >= COUNT and page["filtered"]["complete"] is True
    for query in ({"status": "rejected"}, {"status": "pending"}, {"goal_type": "deposit"}, {"country": "BR"}, {"currency": "EUR"}):
        assert ask("/api/admin/conversions", limit=1, **query)["data"], query
    networks = {one["name"]: one for one in ask("/api/admin/networks")["data"]}
    assert {"sandbox-north", "sandbox-east", "sandbox-south"} <= set(networks)
    assert all(one["postback"]["url"].startswith("http://127.0.0.1:") for one in networks.values() if one["name"].startswith("sandbox"))
    assert all(ask("/api/admin/received", **query)["data"] for query in ({"verdict": "duplicate"}, {"conflict": "true"}, {"status": "400"}))
    assert ask("/api/admin/attempts", network="sandbox-east")["data"]
    # What is reported now is told to the sandbox.
    report = {"click_id": "seen", "affiliate_id": "7", "offer_id": "2", "goal": "deposit", "amount": "5", "status": "approved"}
    assert request(port, "GET", "/api/postback", query=report).status == 200, "no key is asked for"
    wait_until(lambda: ask("/api/admin/attempts", network="sandbox-north")["data"], 20, "an attempt")
    # Nothing else is ever called, whoever asks for it.
    outside = {"name": "outside", "kind": "template", "postback": {"url": "http://192.0.2.1/in?c={click_id}"}}
    request(port, "POST", "/api/admin/networks", json_body=outside, key=key)
    tried = request(port, "POST", "/api/admin/networks/outside/test", json_body={"parameters": {"click_id": "c"}}, key=key)
    assert tried.status >= 400 or tried.data["status"] == 0, tried
    (store,) = (tmp_path / "tmp").glob("barracuda-demo-*")
    assert store.stat().st_mode & 0o077 == 0
    done = subprocess.run([str(BINARY), "verify", "--data", str(store / "data")], capture_output=True, text=True, timeout=60, env={})
    assert done.returncode == 0 and done.stdout == "the store is sound\n", done
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0, said()
    assert not list((tmp_path / "tmp").iterdir()) and not (tmp_path / "mine").exists()


def test_a_demo_that_is_broken_off_leaves_nothing(tmp_path):
    (tmp_path / "tmp").mkdir()
    process, said = began(tmp_path, "demo", "--conversions", "2000000", "--listen", "127.0.0.1:0")
    wait_until(lambda: "making up" in said(), 20, "it begins")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 2 and "broken off" in said()
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("arguments", [("demo", "--data", "d"), ("serve", "--demo", "--data", "d"), ("demo", "--conversions", "0"),
                                       ("serve", "--seed", "3"), ("demo", "--listen", "nowhere")])
def test_what_a_demo_does_not_take(tmp_path, arguments):
    (tmp_path / "tmp").mkdir()
    process, said = began(tmp_path, *arguments)
    assert process.wait(20) == 2 and not (tmp_path / "d").exists(), said()
    assert not list((tmp_path / "tmp").iterdir())
