"""The address guard: whatever an admin, a network's redirect or the DNS says, nothing that is not public is called.

The real program runs under guard_shim.c, which writes down every connect and lets none through but those to our own
mock networks, and over a DNS server of ours. The corpus is tried in every way that makes the program call somebody;
then once more with the guard off (every address allowed), which shows what would have been called.
"""
import collections
import ipaddress
import itertools
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import corpus
from corpus import FORMS, PUBLIC
from dns_server import DnsServer, always
from harness import Server, new_hash, new_id, wait_until
from mock_network import MockNetwork

HOME, OTHER = "127.77.0.1", "127.78.0.1"  # where our mock networks are: all that may be connected to
GUARDED, OPEN = f"{HOME}/32", "0.0.0.0/0, ::/0"
REFUSED = "is not public and not"  # of Reach, at save, and of the client, at connect
FORBIDDEN = [str(ipaddress.ip_address(a)) for a in corpus.IPV4 + corpus.IPV6]
WAYS = ("template", "base_url", "redirect")
ENV = {"BARRACUDA_DELIVERY_INLINE_WAIT": "0s", "BARRACUDA_DELIVERY_RETRY_SCHEDULE": "0s,1s,168h"}


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


class World:
    """A server under the shim."""

    def __init__(self, directory, net, dns, shim, allowed, **more):
        self.net, self.dns, self.log = net, dns, directory / "connects"
        preload = {"LD_PRELOAD": str(shim), "GUARD_LOG": str(self.log), "GUARD_OPEN": f"{HOME},{OTHER}", "GUARD_DNS_PORT": str(dns.port)}
        self.srv = Server(directory, net, env={**ENV, "BARRACUDA_NETWORK_ALLOW_ADDRESSES": allowed, **preload, **more}, start=False)
        # Before anything could be called: the shim is in the program, and names are ours.
        assert "loaded" in self.log.read_text(), "the program does not load the shim"
        self.srv.start()
        answer = self.check(template("probe", f"http://home.guard.test:{net.port}/"))
        assert answer.status == 200 and dns.addresses_given("home.guard.test") == {HOME}, f"names are not asked of our DNS server: {answer}"
        assert (HOME, net.port) in self.connects(), "the shim does not see connects"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.srv.kill9()

    def check(self, network):
        return self.srv.admin("POST", "/api/admin/networks", query={"check": 1}, json_body=network)

    def save(self, network):
        return self.srv.admin("POST", "/api/admin/networks", json_body=network)

    def must_save(self, network):
        answer = self.save(network)
        assert answer.status == 200, answer

    def test(self, name, click="c-test"):
        answer = self.srv.admin("POST", f"/api/admin/networks/{name}/test", json_body={"parameters": {"click_id": click}})
        assert answer.status == 200, answer
        return answer.data

    def connects(self):
        """(address, port) of every connect so far; one IPv4 address has one text, mapped or not."""
        out = []
        for line in self.log.read_text().splitlines():
            if line.startswith("connect "):
                _, address, port = line.split(" ")
                address = ipaddress.ip_address(address)
                out.append((str(getattr(address, "ipv4_mapped", None) or address), int(port)))
        return out

    def strangers(self):
        """Connects that should not have been: all but those to our network and to public addresses."""
        return [c for c in self.connects() if c[0] not in (HOME, *PUBLIC)]

    def attempts(self, **query):
        return self.srv.admin("GET", "/api/admin/attempts", query={"limit": 200, **query}).data

    def counter(self, name):
        text = self.srv.get("/metrics").body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


@pytest.fixture(scope="module")
def guarded(home, dns, shim, tmp_path_factory):
    with World(tmp_path_factory.mktemp("guarded"), home, dns, shim, GUARDED) as world:
        yield world


@pytest.fixture(scope="module")
def unguarded(home, dns, shim, tmp_path_factory):
    with World(tmp_path_factory.mktemp("open"), home, dns, shim, OPEN) as world:
        yield world


def template(name, url, **more):
    return {"name": name, "kind": "template", "postback": {"url": url}, **more}


# ------------------------------------------------------------------------------------------------- the corpus

def url_of(form, way):
    """Each form and way has a port of its own, so that a connect tells where it comes from."""
    return form.url.format(port=port_of(form, way))


def port_of(form, way):
    return 20000 + WAYS.index(way) * len(FORMS) + FORMS.index(form)


def network_of(form, way):
    name = f"form{FORMS.index(form)}"
    if way == "template":
        return template(name, url_of(form, way))
    return {"name": name, "kind": "irev_v3", "base_url": url_of(form, way)}


def send_redirects(world):
    """Every form as the target of the network's redirect; -> why each registration got no click."""
    srv, net, run = world.srv, world.net, new_id("r")
    for i, form in enumerate(FORMS):
        target = url_of(form, "redirect").encode().decode("latin1")  # bytes, as a header carries them
        # Every third one first to an address that may be called: a redirect behind a redirect.
        if i % 3 == 0:
            net.per_key[f"{run}-hop-{i}"] = "redirect:" + target
            target = f"{net.base_url}/offer/2?affiliate_id={run}-hop-{i}"
        net.per_key[f"{run}-{i}"] = "redirect:" + target

    def register(i):
        body = {"name": "N", "company": "C", "type": "affiliate", "email": f"{run}-{i}@guard.test", "affiliate_id": f"{run}-{i}"}
        answer = srv.post("/api/register", body)
        assert answer.status == 200, answer

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(register, range(len(FORMS))))
    # Both attempts of the schedule: a retry is judged as well.
    keys = {f"{run}-{i}" for i in range(len(FORMS))}

    def calls():
        return collections.Counter(c.query["affiliate_id"] for c in net.seen("offer") if c.query["affiliate_id"] in keys)

    wait_until(lambda: sum(n >= 2 for n in calls().values()) == len(keys), 60, "two attempts of each", step=0.2)
    return wait_until(lambda: reasons(srv, run), 20, "a reason of each", step=0.2)


def reasons(srv, run):
    """In the order of the forms; None while one is missing."""
    found = {}
    for page in itertools.count(1):
        answer = srv.admin("GET", "/api/admin/contacts", query={"search": f"{run}-", "limit": 200, "page": page})
        assert answer.status == 200, answer
        found.update({c["email"]: c.get("affiliateError") for c in answer.data})
        if len(answer.data) < 200:
            break
    out = [found.get(f"{run}-{i}@guard.test") for i in range(len(FORMS))]
    return out if all(out) else None


Sweep = collections.namedtuple("Sweep", "why connected")  # way -> reasons by form; way -> names of forms


def sweep(world):
    why = {}
    for way in ("template", "base_url"):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda f: world.check(network_of(f, way)), FORMS))
        for form, answer in zip(FORMS, answers):
            assert answer.status == 400 and answer.json["field"] == {"template": "postback.url"}.get(way, way), (form, answer)
        why[way] = [a.json["reason"] for a in answers]
    why["redirect"] = send_redirects(world)
    by_port = collections.defaultdict(set)
    for address, port in world.connects():
        by_port[port].add(address)
    connected = {}
    for way in WAYS:
        connected[way] = {f.name for f in FORMS if by_port[port_of(f, way)] & f.targets}
    return Sweep(why, connected)


@pytest.fixture(scope="module")
def kept(guarded):
    return sweep(guarded)


@pytest.fixture(scope="module")
def let_go(unguarded):
    return sweep(unguarded)


def test_nothing_of_the_corpus_is_called(guarded, kept):
    assert guarded.strangers() == []
    assert kept.connected == {way: set() for way in WAYS}
    for way in WAYS:
        for form, why in zip(FORMS, kept.why[way]):
            assert len(why) > 10 and why.isprintable(), (form, way, why)
    tried = {a for a, _ in guarded.connects() if a in PUBLIC}
    assert tried == set(PUBLIC), "of a name with a public address and another, the public one is tried"


def test_without_the_guard_it_would_have_been(kept, let_go):
    print(f"\n{len(FORMS)} forms; with the guard none connects in any way")
    for way in WAYS:
        connected = let_go.connected[way]
        rest = {f.name for f in FORMS} - connected
        assert rest <= corpus.MALFORMED[way], f"neither malformed nor called: {rest - corpus.MALFORMED[way]}"
        by_guard = {f.name for f, why in zip(FORMS, kept.why[way]) if REFUSED in why}
        assert connected <= by_guard, f"the guard must be the reason: {connected - by_guard}"
        print(f"{way}: {len(connected)} would have connected without it; {len(rest)} are malformed: {', '.join(sorted(rest))}")
        assert len(connected) >= 600
        assert set().union(*(f.targets for f in FORMS if f.name in connected)) >= set(FORBIDDEN), "every address has a form that is called"


def test_a_forbidden_address_is_not_saved(guarded):
    """A name with a public address beside is: what is called is judged when it is called."""
    def save(form):
        answer = guarded.save({**network_of(form, "template"), "every_offer": False})
        mixed = form.name.endswith("mixed")
        assert answer.status == (200 if mixed else 400), (form, answer)
        if not mixed:
            return assert_place(answer)
        why = guarded.test(network_of(form, "template")["name"])["error"]
        assert REFUSED in why, (form, why)

    def assert_place(answer):
        assert answer.json["field"] == "postback.url" and answer.json["reason"], answer

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, FORMS))
    assert guarded.strangers() == []


# ------------------------------------------------------------------------------------------------- rebinding

RETRIES = [0, 1000, 1000] + [3000] * 17


def one_by_one(n):
    return [FORBIDDEN[n % len(FORBIDDEN)]]


REBINDINGS = {
    "rebound": one_by_one,
    "alternating": lambda n: one_by_one(n // 2) if n % 2 else [HOME],
    "alias": lambda n: "target.guard.test",
    "beside": lambda n: [PUBLIC[0], *one_by_one(n)],
}


def rebind(world):
    """Saves a network for each of these names while they look well, then lets the DNS change its mind."""
    run = new_id("x").lower()
    names = {how: f"{how}.{run}.guard.test" for how in REBINDINGS}
    for how, name in names.items():
        world.dns.answers[name] = always(*PUBLIC)
        world.must_save(template(how, f"http://{name}:{world.net.port}/api/v3/goal/{how}?click_id={{click_id}}", limits={"retry_ms": RETRIES}))
    world.dns.answers["target.guard.test"] = one_by_one
    for how, name in names.items():
        world.dns.answers[name] = REBINDINGS[how]
    return names


def report(world, click):
    answer = world.srv.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit")
    assert answer.status == 200, answer


def test_a_name_that_is_rebound_after_the_save(home, dns, shim, tmp_path):
    with World(tmp_path, home, dns, shim, GUARDED) as world:
        names = rebind(world)
        clicks = [new_id() for _ in range(2 * len(FORBIDDEN))]
        home.per_key.update({c: "last" for c in clicks})  # no connection is kept: each attempt asks for the name
        for click in clicks:
            report(world, click)
        for how, name in names.items():
            wait_until(lambda: dns.addresses_given(name) >= set(FORBIDDEN), 30, f"{name} had every address", step=0.1)
        for how in ("rebound", "alias", "beside"):
            wait_until(lambda: dns.lookups[names[how]] > 2 * len(clicks), 30, f"{how} was tried again", step=0.1)
        assert world.strangers() == []
        assert not any(home.goals(c, how) for c in clicks for how in ("rebound", "alias", "beside"))
        for how in names:
            kinds = {(a["outcome"], a.get("error", "")) for a in world.attempts(network=how) if a["outcome"] != "accepted"}
            assert kinds and all(o == "retried" and REFUSED in e for o, e in kinds), (how, kinds)
        assert world.counter("barracuda_deliveries_alarms_total") >= 2 * 3 * len(clicks)
        for name in names.values():  # and when the DNS is right again
            dns.answers[name] = always(HOME)
        for how in names:
            wait_until(lambda: all(home.goals(c, how) for c in clicks), 20, f"{how} is delivered after all", step=0.2)
        assert world.strangers() == []


def test_without_the_guard_a_rebound_name_is_called(unguarded):
    names = rebind(unguarded)
    before = len(unguarded.connects())
    unguarded.net.per_key["c-last"] = "last"
    for how in names:  # one attempt each, which no breaker holds back
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: unguarded.test(how, "c-last"), range(2 * len(FORBIDDEN) + 2)))
        called = {address for address, _ in unguarded.connects()[before:]}
        assert called >= set(FORBIDDEN), (how, set(FORBIDDEN) - called)
        before = len(unguarded.connects())


def test_an_open_connection_ends_and_the_name_has_moved(guarded, home, dns):
    """200 over a new connection, 500 and 200 over the kept one, closed; the retry finds a forbidden address."""
    url = f"http://kept.guard.test:{home.port}/api/v3/goal/kept?click_id={{click_id}}"
    dns.answers["kept.guard.test"] = always(HOME)
    guarded.must_save(template("kept", url, limits={"retry_ms": [0] + [300] * 19}))
    first, second, third = (new_id() for _ in range(3))
    report(guarded, first)
    wait_until(lambda: home.goals(first, "kept"), 10, "delivered")
    connects = len(guarded.connects())
    dns.answers["kept.guard.test"] = always("127.0.0.1", "::1")
    home.per_key[second] = "error"
    report(guarded, second)
    wait_until(lambda: len(home.goals(second, "kept")) >= 2, 10, "tried again")
    del home.per_key[second]
    wait_until(lambda: home.goals(second, "kept", accepted=True), 10, "delivered over the connection that is open")
    assert len(guarded.connects()) == connects, "no connection was opened, and none is looked up"
    home.per_key[third] = "down"
    report(guarded, third)
    wait_until(lambda: len(refusals(guarded, third)) >= 2, 10, "refused after the connection had ended")
    assert len(home.goals(third, "kept")) == 1 and len(guarded.connects()) == connects
    del home.per_key[third]
    dns.answers["kept.guard.test"] = always(HOME)
    wait_until(lambda: home.goals(third, "kept", accepted=True), 20, "delivered when the name is right")
    assert guarded.strangers() == []


def refusals(world, click):
    return [a for a in world.attempts(click_id=click) if REFUSED in a.get("error", "")]


# ------------------------------------------------------------------------------------------------- settings

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

@pytest.fixture(scope="module")
def other():
    with MockNetwork(OTHER) as network:
        yield network


def test_a_networks_own_range_is_its_own(guarded, dns, other):
    """Not for another network, not over the connection that it left open, and no address more."""
    name = "shared.guard.test"
    url = f"http://{name}:{other.port}/api/v3/goal/{{}}?click_id={{{{click_id}}}}"
    own = template("inner", url.format("inner"), every_offer=False, limits={"allowed_addresses": [f"{OTHER}/32"]})
    dns.answers[name] = always(OTHER)
    assert guarded.save({**own, "limits": {}}).status == 400
    guarded.must_save(own)
    dns.answers[name] = always(*PUBLIC)
    guarded.must_save(template("outer", url.format("outer"), every_offer=False))
    dns.answers[name] = always(OTHER)

    assert guarded.test("inner")["accepted"] is True and guarded.strangers() == [(OTHER, other.port)]
    for _ in range(3):  # the first finds the connection open
        assert REFUSED in guarded.test("outer")["error"]
    assert guarded.strangers() == [(OTHER, other.port)], "the other network opened none"
    assert [c.path for c in other.seen("goal")] == ["/api/v3/goal/inner"], "and used none"
    assert guarded.test("inner")["accepted"] is True
    ours = len(guarded.strangers())
    assert set(guarded.strangers()) == {(OTHER, other.port)}

    dns.answers["near.guard.test"] = always(*PUBLIC)
    guarded.must_save({**own, "name": "near", "postback": {"url": f"http://near.guard.test:{other.port}/"}})
    for address in ("127.78.0.0", "127.78.0.2", "127.0.0.1", "::1", "169.254.169.254"):
        dns.answers["near.guard.test"] = always(address)
        assert REFUSED in guarded.test("near")["error"], address
    assert len(guarded.strangers()) == ours


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
