"""The received log: every write request and how it ended, without secrets and without the persons behind the forms."""
import time
from decimal import Decimal

import pytest

from harness import Server, burst, new_hash, new_id, request, wait_until


@pytest.fixture(scope="module")
def keyed(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("received"), net, ingest="key") as server:
        server.ingest_key = server.create_key("ingest", name="tracker")
        yield server


def received(srv, **query):
    answer = srv.admin("GET", "/api/admin/received", query=query)
    assert answer.status == 200, answer
    return answer.json["data"]


def metric(srv, name):
    lines = srv.get("/metrics").body.decode().splitlines()
    return int(next(line for line in lines if line.startswith(name + " ")).rsplit(" ", 1)[1])


def test_a_report_and_its_duplicate(keyed):
    click = new_id()
    before = time.time()
    for amount in (10, 10, 25):
        answer = keyed.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": amount}, key=keyed.ingest_key)
        assert answer.status == 200, answer
    rows = received(keyed, click_id=click)
    assert [r["verdict"] for r in rows] == ["duplicate", "duplicate", "recorded"], "newest first"
    conflict, again, first = rows
    assert first["route"] == "ftd" and first["method"] == "POST" and first["status"] == 200 and first["goal_id"] == "6"
    assert first["by"] == "key:tracker" and first["address"] == "127.0.0.1" and len(first["command"]) == 24
    assert first["isDuplicate"] is False and again["isDuplicate"] is True and first["trace"]
    assert first["at"].startswith(time.strftime("%Y-%m-%dT%H:", time.gmtime(before)))
    assert "conflict" not in again
    assert conflict["conflict"] is True and conflict["conflicts"] == [{"field": "amount", "stored": "10", "given": "25"}]
    assert [r["click_id"] for r in received(keyed, conflict="true", click_id=click)] == [click]


def test_refusals_have_their_reason(keyed):
    click = new_id()
    assert keyed.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").status == 401
    newest = received(keyed, limit=1)[0]
    assert newest["status"] == 401 and "key" in newest["reason"] and newest["route"] == "postback" and "by" not in newest
    assert keyed.post("/api/ftd", {"affiliate_id": "7", "amount": 1}, key=keyed.ingest_key).status == 400
    newest = received(keyed, limit=1)[0]
    assert newest["status"] == 400 and "click_id" in newest["reason"] and newest["by"] == "key:tracker"
    assert "verdict" not in newest
    assert [r["status"] for r in received(keyed, status=400, limit=1)] == [400]


def test_a_key_in_the_url_is_nowhere(keyed):
    click = new_id()
    assert keyed.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", key=None,
                     **{"sub1": "x"}).status == 401
    answer = request(keyed.port, "GET", f"/api/postback?key={keyed.ingest_key}&click_id={click}&affiliate_id=7&goal=deposit")
    assert answer.status == 200, answer
    assert received(keyed, click_id=click)[0]["by"] == "key:tracker"
    everything = keyed.admin("GET", "/api/admin/received", query={"limit": 200}).body.decode()
    assert keyed.ingest_key not in everything
    keyed.stop()
    for path in (keyed.data / "logs").iterdir():
        if path.is_file():
            assert keyed.ingest_key.encode() not in path.read_bytes(), path
    keyed.start()
    assert received(keyed, click_id=click), "kept over a restart"


def test_forms_leave_no_person(keyed):
    email = new_id("person") + "@example.com"
    body = {"email": email, "name": "Ann Person", "company": "Secret Ltd", "type": "user", "sub1": new_hash()}
    for path, route in (("/api/contact", "contact"), ("/api/register", "register")):
        keyed.post(path, body)
        newest = received(keyed, route=route, limit=1)[0]
        assert newest["method"] == "POST" and "address" not in newest and newest["status"] in (200, 409)
    everything = keyed.admin("GET", "/api/admin/received", query={"limit": 200}).body.decode()
    assert email not in everything and "Ann Person" not in everything and "Secret" not in everything


def test_only_writes_are_logged(keyed):
    before = metric(keyed, 'barracuda_log_written_total{log="received"}')
    keyed.admin("GET", "/api/admin/conversions")
    keyed.request("HEAD", "/api/postback", query={"click_id": "x", "affiliate_id": "7", "goal": "deposit"}, key=keyed.ingest_key)
    keyed.get("/api/goals/postback", key=keyed.ingest_key)
    received(keyed)
    assert metric(keyed, 'barracuda_log_written_total{log="received"}') == before


def test_pages_by_cursor(keyed):
    affiliate_clicks = [new_id() for _ in range(25)]
    burst(25, lambda i: keyed.post("/api/ftd", {"click_id": affiliate_clicks[i], "affiliate_id": "7", "amount": 1},
                                   key=keyed.ingest_key))
    seen, cursor, last = [], None, None
    while True:
        answer = keyed.admin("GET", "/api/admin/received", query={"limit": 4, "route": "ftd", **({"cursor": cursor} if cursor else {})})
        assert answer.status == 200 and len(answer.json["data"]) <= 4, answer
        seen += [r.get("click_id") for r in answer.json["data"]]
        cursor = answer.json["pagination"]["nextCursor"]
        assert cursor != last
        last = cursor
        if not cursor:
            break
    assert set(affiliate_clicks) <= set(seen) and len([c for c in seen if c in affiliate_clicks]) == 25
    assert keyed.admin("GET", "/api/admin/received", query={"cursor": "00"}).status == 400
    for bad in ({"status": "many"}, {"clickid": "k1"}, {"route": "x"}, {"network": "default"}):
        assert keyed.admin("GET", "/api/admin/received", query=bad).status == 400, bad
    assert keyed.admin("GET", "/api/admin/received", query={"from": "yesterday"}).status == 400
    for path, bad in (("received", {"verdict": "recordd"}), ("attempts", {"outcome": "died"})):
        answer = keyed.admin("GET", f"/api/admin/{path}", query=bad)
        assert answer.status == 400 and answer.message.startswith(next(iter(bad)) + " must be "), answer
    assert keyed.get("/api/admin/received", key=keyed.ingest_key).status == 403


def test_kill9_keeps_what_was_written_and_bounds_hold(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_LOG_RECEIVED_MAX_MB": "1"}) as srv:
        clicks = [new_id() for _ in range(20)]
        for click in clicks:
            assert srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 1}).status == 200
        assert len(received(srv)) == 20
        srv.kill9()
        srv.start()
        assert [r["click_id"] for r in received(srv)] == clicks[::-1]
        srv.command("verify")
        padding = "p" * 200

        def many(_):
            for _ in range(250):
                srv.post("/api/ftd", {"click_id": new_id(padding), "affiliate_id": "7", "amount": 1})

        burst(16, many)
        received(srv, limit=1)  # what waits is written first
        wait_until(lambda: metric(srv, 'barracuda_log_bytes{log="received"}') <= 1 << 20, 10, "trimmed")
        written = metric(srv, 'barracuda_log_written_total{log="received"}')
        dropped = metric(srv, 'barracuda_log_dropped_total{log="received"}')
        assert written + dropped == 4000 and written >= 3000, (written, dropped)
        assert metric(srv, 'barracuda_log_records{log="received"}') < written
        assert not received(srv, click_id=clicks[0]), "the oldest go first"
        assert len(srv.conversions()) == 4020, "the ledger keeps everything"


def test_off_means_off(net, tmp_path):
    env = {"BARRACUDA_LOG_RECEIVED_MAX_MB": "0", "BARRACUDA_LOG_ATTEMPTS_MAX_MB": "0"}
    with Server(tmp_path, net, env=env) as srv:
        assert srv.post("/api/ftd", {"click_id": "c", "affiliate_id": "7", "amount": Decimal("1")}).status == 200
        assert srv.admin("GET", "/api/admin/received").status == 404
        assert srv.admin("GET", "/api/admin/attempts").status == 404
        assert not (srv.data / "logs").exists()
