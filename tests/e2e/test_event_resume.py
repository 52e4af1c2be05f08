"""The stream of events over what interrupts it: a restart, a kill, a lost connection at every point, and hostile words about where it stood."""
import http.client
import json

import pytest

from harness import Server, burst, new_id, wait_until
from test_events import Stream, report


pytestmark = pytest.mark.bounded(180)


@pytest.fixture
def srv(net, tmp_path):
    with Server(tmp_path, net) as server:
        yield server


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_after_a_restart_a_page_looks_anew(srv, kill):
    """Numbers of one start mean nothing in the next: whoever comes back with one is told to look anew, first of all."""
    stream = Stream(srv, types="conversion")
    assert stream.next()[0] == "hello"
    report(srv, "before")
    name, last, data = stream.until("conversion")
    assert data["click_id"] == "before"
    srv.kill9() if kill else srv.stop()
    with pytest.raises((IndexError, KeyError, ValueError, OSError, http.client.HTTPException, AssertionError)):
        for _ in range(50):
            line = stream.answer.readline()
            assert line, "the stream has ended"
    stream.close()
    srv.start()
    back = Stream(srv, types="conversion", last=last)
    name, first_id, _ = back.next()
    assert name == "reload" and first_id.split("-")[0] != last.split("-")[0]
    report(srv, "after")
    assert back.until("conversion")[2]["click_id"] == "after"
    back.close()


HOSTILE = ["-", "-1", "0", "x" * 64, "x" * 5000, "%s%n", "..", "{boot}", "{boot}-", "{boot}--1", "{boot}-x", "{boot}-18446744073709551615", "{boot}-99999999999999999999999", "{boot}-1-1",
           "{boot}-1\tx", "é", "\"", "{boot}-0x1"]


@pytest.mark.parametrize("last", HOSTILE)
def test_any_word_about_where_it_stood_ends_in_a_stream(srv, last):
    """Told to look anew, or given what it missed; never a fault, and what happens afterwards is told."""
    other = Stream(srv)
    _, id, _ = other.next()
    for _ in range(3):
        report(srv, new_id())
    said = last.replace("{boot}", id.split("-")[0]).encode().decode("latin1")
    stream = Stream(srv, types="conversion", last=said)
    click = new_id("later")
    report(srv, click)
    assert stream.until("conversion", lambda data: data["click_id"] == click)[2]["rev"] == 1
    assert srv.alive()
    stream.close()
    other.close()


def test_wherever_a_stream_is_cut_nothing_is_missed(srv):
    """A page that comes back after every event has each one, once, in order."""
    keeper = Stream(srv)  # as long as one listens, what happened is kept
    clicks = [new_id() for _ in range(12)]
    stream = Stream(srv, types="conversion")
    last = stream.next()[1]
    for click in clicks:
        report(srv, click)
    seen = []
    while len(seen) < len(clicks):
        stream.close()
        stream = Stream(srv, types="conversion", last=last)
        _, last, data = stream.until("conversion")
        seen.append(data["click_id"])
    assert seen == clicks
    stream.close()
    keeper.close()


def test_many_pages_hear_the_same(srv):
    streams = [Stream(srv, types="conversion") for _ in range(20)]
    for stream in streams:
        assert stream.next()[0] == "hello"
    clicks = [new_id() for _ in range(30)]
    burst(len(clicks), lambda n: report(srv, clicks[n]))
    heard = [[stream.until("conversion") for _ in clicks] for stream in streams]
    assert all({data["click_id"] for _, _, data in one} == set(clicks) for one in heard)
    orders = {tuple(id for _, id, _ in one) for one in heard}
    assert len(orders) == 1, "in one order, by one number each"
    numbers = [int(id.rpartition("-")[2]) for id in orders.pop()]
    assert numbers == sorted(set(numbers))
    for stream in streams:
        stream.close()


def test_what_is_told_is_one_line_whatever_it_says(srv):
    """Line breaks and separators of others' words end no event and begin none."""
    stream = Stream(srv, types="conversion,received")
    stream.next()
    words = ["a\u2028event: job", "a\u0085b", "data: {}", ": ping", "id: 1", "\U0001f41f\"\\"]
    for word in words:
        click = f"{word} {new_id()}"
        answer = srv.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", sub2=f"x\nevent: job\ndata: {word}")
        if answer.status == 400:
            continue  # an id with a line separator is none
        told = stream.until("conversion", lambda data, click=click: data["click_id"] == click)
        assert set(json.dumps(told[2])) and told[0] == "conversion"
    stream.close()


def test_who_may_listen(srv):
    ingest = srv.create_key("ingest")
    for key, status in ((None, 401), ("nonsense", 401), (ingest, 403)):
        connection = http.client.HTTPConnection("127.0.0.1", srv.port, timeout=20)
        connection.request("GET", "/api/admin/events", headers={"X-Api-Key": key} if key else {})
        answer = connection.getresponse()
        assert answer.status == status and json.loads(answer.read())["success"] is False
        connection.close()


def test_a_job_is_told_from_its_beginning_to_its_end_over_a_kill(srv):
    for _ in range(400):
        report(srv, new_id())
    body = {"action": "approve", "filter": {"affiliate_id": "7", "status": "pending"}, "expect": 400}
    id = srv.admin("POST", "/api/admin/conversions/bulk", json_body=body).data["id"]
    srv.kill9()
    srv.start()
    stream = Stream(srv, types="job")
    stream.next()
    job = srv.admin("GET", f"/api/admin/jobs/{id}").data
    if job["state"] == "running":
        told = stream.until("job", lambda data: data["id"] == id and data["state"] == "done")[2]
        assert told["state"] == "done"
    ended = wait_until(lambda: (j := srv.admin("GET", f"/api/admin/jobs/{id}").data)["state"] == "done" and j, 60, "it ends")
    assert ended["done"] == 400
    stream.close()
