"""Server-sent events: what happens is told as it happens, nothing is lost without a word, and nobody is waited for."""
import http.client
import json
import socket
import time

import pytest

from harness import Server, new_id, wait_until


class Stream:
    """Events of one connection, read until it has what is asked for."""

    def __init__(self, srv, types=None, last=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", srv.port, timeout=20)
        headers = {"X-Api-Key": srv.admin_key, **({"Last-Event-ID": last} if last else {})}
        self.connection.request("GET", "/api/admin/events" + (f"?types={types}" if types else ""), headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()

    def next(self):
        """-> (name, id, data) of the next event."""
        event = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if not line and event:
                return event["event"], event["id"], json.loads(event["data"])
            name, _, value = line.partition(": ")
            if name:
                event[name] = value

    def until(self, name, fits=lambda data: True):
        while True:
            event = self.next()
            if event[0] == name and fits(event[2]):
                return event

    def close(self):
        self.connection.close()


def report(srv, click):
    assert srv.get("/api/postback", click_id=click, affiliate_id="7", goal="registration").status == 200


def test_what_happens_is_told(srv, net):
    stream = Stream(srv)
    assert stream.answer.headers["Content-Type"] == "text/event-stream" and stream.next()[0] == "hello"
    click = new_id()
    assert srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"}).status == 200
    seen = {}
    while set(seen) < {"conversion", "delivery", "received"}:
        name, _, data = stream.next()
        if data.get("click_id") == click:
            seen.setdefault(name, data)
    assert seen["conversion"]["rev"] == 1 and seen["delivery"]["outcome"] == "accepted" and seen["received"]["verdict"] == "recorded"
    assert srv.post("/api/ftd", {"click_id": click}).status == 400
    assert stream.until("received", lambda data: data["status"] == 400)[2]["reason"]
    ids = [row["id"] for row in srv.conversions(click_id=click)]
    job = srv.admin("POST", "/api/admin/conversions/bulk", json_body={"action": "resend", "ids": ids}).data["id"]
    assert stream.until("job", lambda data: data["state"] == "done")[2]["id"] == job
    network = {"name": new_id("n"), "kind": "template", "active": False, "postback": {"url": f"http://127.0.0.1:{net.port}/in?c={{click_id}}"}}
    assert srv.admin("POST", "/api/admin/networks", json_body=network).status == 200
    stream.until("network")
    stream.close()


def test_only_what_is_asked_for(srv):
    stream = Stream(srv, types="received")
    stream.next()
    report(srv, new_id())
    report(srv, new_id())
    assert [stream.next()[0] for _ in range(2)] == ["received", "received"]
    stream.close()
    answer = srv.admin("GET", "/api/admin/events", query={"types": "conversion,nothing"})
    assert answer.status == 400 and "types" in answer.message
    assert srv.request("GET", "/api/admin/events").status == 401


def test_whoever_comes_back_misses_nothing_or_is_told(srv):
    other = Stream(srv)  # as long as somebody listens, what happens is kept for a while
    first = Stream(srv, types="conversion")
    first.next()
    report(srv, new_id())
    last = first.until("conversion")[1]
    first.close()
    clicks = [new_id() for _ in range(3)]
    for click in clicks:
        report(srv, click)
    back = Stream(srv, types="conversion", last=last)
    assert [back.until("conversion")[2]["click_id"] for _ in clicks] == clicks
    back.close()
    for strange in ("another-1", last.split("-")[0] + "-0"):
        told = Stream(srv, types="conversion", last=strange)
        assert told.next()[0] == "reload"
        told.close()
    other.close()


@pytest.mark.bounded(60)
def test_one_that_does_not_read_is_told_to_look_anew(net, tmp_path):
    with Server(tmp_path, net) as srv:
        slow = Stream(srv, types="conversion")
        slow.next()
        slow.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        begun = time.monotonic()
        for _ in range(20):
            answers = [srv.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="registration") for _ in range(60)]
            assert all(answer.status == 200 for answer in answers)
        assert time.monotonic() - begun < 30, "nobody waits for it"
        report(srv, "the-last")
        names = []
        while True:
            name, _, data = slow.next()
            names.append(name)
            if data.get("click_id") == "the-last":
                break
        assert names, "it goes on"
        slow.close()


@pytest.mark.bounded(60)
def test_as_many_listen_as_may_and_a_stop_waits_for_none(net, tmp_path):
    with Server(tmp_path, net) as srv:
        streams = [Stream(srv) for _ in range(64)]
        assert srv.admin("GET", "/api/admin/events").status == 503
        streams.pop().close()
        report(srv, new_id())
        streams[0].until("conversion")
        wait_until(lambda: _may_listen(srv), 20, "one that has gone makes room")
        begun = time.monotonic()
        srv.stop()
        assert time.monotonic() - begun < 5
        for stream in streams:
            stream.close()


def _may_listen(srv):
    connection = http.client.HTTPConnection("127.0.0.1", srv.port, timeout=5)
    connection.request("GET", "/api/admin/events", headers={"X-Api-Key": srv.admin_key})
    status = connection.getresponse().status
    connection.close()
    return status == 200
