"""The address guard: whatever an admin, a network's redirect or the DNS says, nothing that is not public is called.

The real program runs under guard_shim.c, which writes down every connect and lets none through but those to our own
mock networks, and over a DNS server of ours. The corpus is tried in every way that makes the program call somebody;
then once more with the guard off (every address allowed), which shows what would have been called.
"""
import collections
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

import corpus
from corpus import FORMS, PUBLIC
from dns_server import always
from harness import new_id, wait_until
from world import FORBIDDEN, GUARDED, HOME, REFUSED, World, one_by_one, template

WAYS = ("template", "base_url", "redirect")


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

    with ThreadPoolExecutor(4) as pool:  # as many tests of a network as run at once; a fifth is answered 429
        list(pool.map(save, FORMS))
    assert guarded.strangers() == []


# ------------------------------------------------------------------------------------------------- rebinding

RETRIES = [0, 1000, 1000] + [3000] * 17


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
        with ThreadPoolExecutor(4) as pool:  # as many tests as may be under way
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
