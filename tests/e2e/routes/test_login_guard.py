"""Guessing passwords is slow, and keeps nobody out who logged in before."""
import pytest

from harness import Server, burst, wait_until
from seven_routes import check

EMAIL, PASSWORD, NEW = "owner@example.com", "correct horse battery", "staple correct horse"


@pytest.fixture
def srv(net, tmp_path):
    """Behind a proxy that is trusted: X-Forwarded-For says who asks."""
    with Server(tmp_path, net, env={"BARRACUDA_SERVER_TRUSTED_PROXIES": "127.0.0.1/32"}) as server:
        server.command("admin", "create", "--email", EMAIL, "--name", "O", "--password-stdin", stdin=PASSWORD + "\n")
        yield server


def login(srv, address, password=PASSWORD, email=EMAIL, headers=None, **more):
    return srv.post("/api/admin/auth/login", {"email": email, "password": password, **more},
                    headers={"X-Forwarded-For": address, **(headers or {})}, timeout=55)  # 33 hashes, one after the other


def guess(srv, address="203.0.113.66", email=EMAIL):
    return login(srv, address, "wrong horse battery", email).status


def lock(srv):
    """One stranger fails until he has to wait: then he takes every slot there is."""
    assert [guess(srv) for _ in range(11)] == [401] * 10 + [429]


def test_one_stranger_keeps_no_known_device_out(srv):
    browser = login(srv, "198.51.100.1", cookie=True)
    cookies = {"Cookie": "; ".join(c.split(";")[0] for c in browser.headers.get_all("Set-Cookie"))}
    device = login(srv, "198.51.100.2").data["device"]
    lock(srv)
    for _ in range(3):
        assert guess(srv) == 429
        new = login(srv, "192.0.2.1")
        check(new, 429, success=False)
        assert 1 <= int(new.headers["Retry-After"]) <= 30, "who never logged in waits"
        assert login(srv, "192.0.2.2", headers=cookies).status == 200, "a browser from anywhere"
        assert login(srv, "192.0.2.3", device=device).status == 200, "a client that kept the answer's token"
        assert login(srv, "198.51.100.2").status == 200, "a client that kept nothing, from where it always logs in"
    srv.restart()  # over MongoDB the counts are still there
    wait_until(lambda: guess(srv) == 429, 30, "the stranger has used up what is free")
    assert login(srv, "192.0.2.4", headers=cookies).status == 200, "a device is known across a restart"
    assert login(srv, "192.0.2.5", device=device).status == 200


def test_a_device_has_a_count_of_its_own(srv):
    device = login(srv, "198.51.100.1").data["device"]
    answers = [login(srv, f"192.0.2.{i}", "wrong horse battery", device=device).status for i in range(12)]
    assert answers == [401] * 10 + [429] * 2
    check(login(srv, "192.0.2.99", device=device), 429, success=False)
    assert login(srv, "192.0.2.99").status == 200, "and uses up nobody else's"
    for forged in ("x", "bkd_x.y", device[:-1], device[:-1] + ("0" if device[-1] != "0" else "1"), device + "0"):
        assert login(srv, "192.0.2.100", "wrong horse battery", device=forged).status == 401
    other = "second@example.com"
    srv.command("admin", "create", "--email", other, "--name", "S", "--password-stdin", stdin=PASSWORD + "\n")
    lock_other = [guess(srv, "203.0.113.7", other) for _ in range(11)]
    assert lock_other == [401] * 10 + [429]
    check(login(srv, "192.0.2.101", email=other, device=device), 429, success=False)


@pytest.mark.parametrize("running", [True, False], ids=["through the control socket", "with no server"])
def test_a_new_password_lets_the_owner_in(srv, running):
    device = login(srv, "198.51.100.1").data["device"]
    assert [guess(srv, "192.0.2.1") for _ in range(11)] == [401] * 10 + [429], "the owner himself forgot it"
    if not running:
        srv.stop()
    srv.command("admin", "password", "--email", EMAIL, "--password-stdin", stdin=NEW + "\n")
    if not running:
        srv.start()
    assert login(srv, "192.0.2.1", NEW).status == 200, "at once, from the same address"
    assert [guess(srv) for _ in range(11)] == [401] * 10 + [429]
    check(login(srv, "192.0.2.9", NEW, device=device), 429, success=False)  # of the old password


def test_what_nobody_looked_at_is_no_failure(srv):
    """A flood fills the queue of passwords: attempts that are refused for it count nowhere."""
    def flood(i):
        return guess(srv, f"203.0.113.{i}", f"nobody{i}@example.com")

    def mine(i):
        return guess(srv, f"198.51.100.{i}")

    answers = burst(80, lambda i: flood(i) if i < 40 else mine(i))
    assert set(answers) <= {401, 503, 429} and 503 in answers, answers
    failed = sum(status == 401 for status in answers[40:])
    assert failed <= 10
    wait_until(lambda: flood(200) == 401, 30, "the queue is empty")
    while failed < 10:
        assert guess(srv, f"192.0.2.{failed}") == 401, f"{failed} failed"
        failed += 1
    assert guess(srv, "192.0.2.99") == 429


def test_a_flood_keeps_no_known_device_out(srv):
    device = login(srv, "198.51.100.1").data["device"]

    def ask(i):
        if i % 20 == 0:
            return login(srv, "192.0.2.1", device=device).status
        return guess(srv, f"203.0.{i}.1", f"nobody{i}@example.com")

    answers = burst(60, ask)
    assert 503 in answers and set(answers[::20]) == {200}, answers


def test_addresses_of_ipv6(srv):
    taken = [guess(srv, f"2001:db8:1:1::{i:x}", f"n{i}@example.com") for i in range(11)]
    assert taken == [401] * 10 + [429], "a /64 is one address"
    assert guess(srv, "2001:db8:1:2::1", "n@example.com") == 401
