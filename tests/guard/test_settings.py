"""The address guard and the settings: the APIs they name, the ranges and ports they open, and what a network may not open by
itself. The server runs under guard_shim.c (world.py)."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from corpus import PUBLIC
from dns_server import always
from harness import new_hash, new_id, wait_until
from world import FORBIDDEN, GUARDED, HOME, OPEN, OTHER, REFUSED, World, one_by_one, template


def owe(world, n):
    """n deliveries to each of the two APIs of the settings."""
    for _ in range(n):
        body = {"click_id": new_id(), "affiliate_id": "7", "goal_type": "deposit", "amount": 10}
        answer = world.srv.post("/api/goals/postback", body)
        assert answer.status == 202, answer
        answer = world.srv.post("/api/private/conversions", {"click_hash": new_hash(), "goal_type_id": "6", "deposit_amount": 5})
        assert answer.status == 200 and answer.json["success"] is False, answer


def apis(base, private):
    return {"BARRACUDA_NETWORK_BASE_URL": base + "/api/v3", "BARRACUDA_NETWORK_PRIVATE_API_URL": private + "/backend/open-api/v1"}


# Written in the settings themselves.
LITERALS = [("http://2130706433:{}", "http://[::ffff:7f00:1]:{}"), ("http://localhost:{}", "http://0x7f.1:{}"),
            ("http://169.254.169.254:{}", "http://[fd00:ec2::254]:{}")]


def named_apis(dns, port):
    """APIs of the settings by names that have every forbidden address in turn."""
    run = new_id("s").lower()
    names = [f"base.{run}.guard.test", f"private.{run}.guard.test"]
    for name in names:
        dns.answers[name] = one_by_one
    return names, apis(*(f"http://{name}:{port}" for name in names))


def test_the_apis_of_the_settings(home, dns, shim, tmp_path):
    names, env = named_apis(dns, home.port)
    alarms = "barracuda_deliveries_alarms_total"
    with World(tmp_path, home, dns, shim, GUARDED, **env) as world:
        owe(world, len(FORBIDDEN))
        wait_until(lambda: world.counter(alarms) >= 2 * 2 * len(FORBIDDEN), 30, "two attempts of each", step=0.1)
        assert all(dns.addresses_given(name) >= set(FORBIDDEN) for name in names)
        for base, private in LITERALS:
            world.srv.restart(apis(base.format(home.port), private.format(home.port)))
            owe(world, 1)
            wait_until(lambda: world.counter(alarms) >= 4, 15, f"two attempts of each at {base} and {private}")
        errors = [a["error"] for a in world.attempts()]
        assert len(errors) == 200 and all(REFUSED in e for e in errors), set(errors)
        assert world.strangers() == []


def test_without_the_guard_the_apis_of_the_settings_are_called(home, dns, shim, tmp_path):
    _, env = named_apis(dns, home.port)
    with World(tmp_path, home, dns, shim, OPEN, **env) as world:
        owe(world, 4)
        wait_until(lambda: len({a for a, _ in world.strangers()}) >= 4, 15, "forbidden addresses are called")
        for (base, private), expected in zip(LITERALS, ({"127.0.0.1"}, {"127.0.0.1"}, {"169.254.169.254", "fd00:ec2::254"})):
            before = len(world.strangers())
            world.srv.restart(apis(base.format(home.port), private.format(home.port)))
            owe(world, 1)
            wait_until(lambda: {a for a, _ in world.strangers()[before:]} >= expected, 15, f"{base} and {private} are called")


# ------------------------------------------------------------------------------------------------- opt-in, ports

def test_a_networks_own_range_narrows_the_settings(home, dns, shim, other, tmp_path):
    """Not for another network, not over the connection that it left open, and no address more."""
    name = "shared.guard.test"
    url = f"http://{name}:{other.port}/api/v3/goal/{{}}?click_id={{{{click_id}}}}"
    with World(tmp_path, home, dns, shim, f"{HOME}/32, {OTHER}/32") as world:
        dns.answers[name] = always(OTHER)
        own = template("inner", url.format("inner"), every_offer=False, limits={"allowed_addresses": [f"{OTHER}/32"]})
        world.must_save(own)
        outer = template("outer", url.format("outer"), every_offer=False, limits={"allowed_addresses": [f"{HOME}/32"]})
        assert world.save(outer).status == 400
        dns.answers[name] = always(*PUBLIC)
        world.must_save(outer)
        dns.answers[name] = always(OTHER)

        assert world.test("inner")["accepted"] is True and world.strangers() == [(OTHER, other.port)]
        for _ in range(3):  # the first finds the connection open
            assert REFUSED in world.test("outer")["error"]
        assert world.strangers() == [(OTHER, other.port)], "the other network opened none"
        assert [c.path for c in other.seen("goal")] == ["/api/v3/goal/inner"], "and used none"
        assert world.test("inner")["accepted"] is True
        ours = len(world.strangers())
        assert set(world.strangers()) == {(OTHER, other.port)}

        dns.answers["near.guard.test"] = always(*PUBLIC)
        world.must_save({**own, "name": "near", "postback": {"url": f"http://near.guard.test:{other.port}/"}})
        for address in (HOME, "127.78.0.0", "127.78.0.2", "127.0.0.1", "::1", "169.254.169.254"):
            dns.answers["near.guard.test"] = always(address)
            assert REFUSED in world.test("near")["error"], address
        assert len(world.strangers()) == ours


@pytest.mark.parametrize("ranges", [
    ["0.0.0.0/0"], ["::/0"], ["127.0.0.0/8"], ["127.0.0.1"], ["::1"], ["169.254.0.0/16"], ["169.254.169.254/32"], ["fe80::/10"],
    ["fd00::/8"], ["10.0.0.0/8"], ["::ffff:127.0.0.1"], [f"{OTHER}/32"], ["127.77.0.0/16"], [f"{HOME}/32", "10.1.2.3"]])
def test_an_admin_opens_nothing_that_the_settings_have_not(guarded, dns, ranges):
    """Neither by a save, nor by a check, nor by an edit: the settings alone open what is not public."""
    before = len(guarded.connects())
    dns.answers["opened.guard.test"] = always(*PUBLIC)
    network = template("opened", "http://opened.guard.test:9/", every_offer=False)
    if not any(n["name"] == "opened" for n in guarded.srv.admin("GET", "/api/admin/networks").data):
        guarded.must_save(network)
    wide = {**network, "limits": {"allowed_addresses": ranges}}
    for answer in (guarded.check({**wide, "name": "opened2"}), guarded.save({**wide, "name": "opened2"}),
                   guarded.srv.admin("PUT", "/api/admin/networks/opened", json_body=wide)):
        assert answer.status == 400 and answer.json["field"] == f"limits.allowed_addresses[{len(ranges) - 1}]", answer
        assert "network.allow_addresses" in answer.json["reason"]
    guarded.srv.admin("POST", "/api/admin/networks/opened/test", json_body={"network": wide})
    assert guarded.strangers() == [] and all(a in PUBLIC for a, _ in guarded.connects()[before:])


def test_what_the_settings_deny_is_not_called(home, dns, shim, other, tmp_path):
    denied = {"BARRACUDA_NETWORK_DENY_ADDRESSES": f"{OTHER}/32, {PUBLIC[0]}"}
    with World(tmp_path, home, dns, shim, OPEN, **denied) as world:
        for address in (OTHER, PUBLIC[0]):
            dns.answers["denied.guard.test"] = always(address)
            network = template("denied", f"http://denied.guard.test:{other.port}/", every_offer=False)
            for answer in (world.check(network), world.save(network)):
                assert answer.status == 400 and "network.deny_addresses" in answer.json["reason"], answer
            assert address not in {a for a, _ in world.connects()}


def test_a_name_that_nobody_answers_holds_up_no_list(guarded, dns):
    """Saving asks for the name on a thread of its own, and not for ever."""
    names = [f"silent{i}.guard.test" for i in range(3)]
    for name in names:
        dns.answers[name] = lambda n: None
    with ThreadPoolExecutor(4) as pool:
        saves = [pool.submit(guarded.save, template(f"silent{i}", f"http://{name}/")) for i, name in enumerate(names)]
        time.sleep(0.5)
        for _ in range(5):
            begin = time.monotonic()
            for path in ("conversions", "contacts", "contacts/stats", "attempts"):
                assert guarded.srv.admin("GET", f"/api/admin/{path}").status == 200
            assert time.monotonic() - begin < 2
        assert not all(save.done() for save in saves), "control: the names are still being asked for"
        for save in saves:
            assert save.result().status == 400 and "does not resolve" in save.result().json["reason"], save.result()


def test_ports_that_are_not_listed(guarded, home):
    """Refused by name at save; a redirect to another port is refused when it would be followed."""
    answer = guarded.save(template("port", f"http://{HOME}:{home.port}/", limits={"ports": [443, 8443]}))
    assert answer.status == 400 and answer.json["field"] == "postback.url", answer
    assert answer.json["reason"] == f"port {home.port} is not among limits.ports"

    def redirected():
        """-> why a form got no click when the network sent it to another port of the same address."""
        run = new_id("p")
        home.per_key[run] = f"redirect:http://{HOME}:1/x"
        body = {"name": "N", "company": "C", "type": "affiliate", "email": f"{run}@guard.test", "affiliate_id": run}
        assert guarded.srv.post("/api/register", body).status == 200
        return wait_until(lambda: guarded.srv.contact(body["email"]).get("affiliateError"), 10, "a reason")

    assert "port" not in redirected()
    wait_until(lambda: guarded.connects().count((HOME, 1)) == 2, 10, "without a list any port is called, at both attempts")
    path = "/api/admin/networks/default"
    default = guarded.srv.admin("GET", path).data
    answer = guarded.srv.admin("PUT", path, json_body={**default, "limits": {**default["limits"], "ports": [home.port]}})
    assert answer.status == 200, answer
    wait_until(lambda: redirected() == "the port is not among the allowed ones", 10, "the edit is followed", step=0.2)
    called = guarded.connects().count((HOME, 1))
    assert redirected() == redirected() == "the port is not among the allowed ones"
    assert guarded.connects().count((HOME, 1)) == called
    assert guarded.srv.admin("DELETE", path).status == 200
