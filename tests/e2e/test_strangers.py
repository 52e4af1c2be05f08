"""Strangers keep nobody out: their bodies, their connections, their refusals and what they may read."""
import json
import os
import resource
import socket
import time

import pytest

from harness import Server, new_id, raw_request, read_answer, request, send_raw, wait_until
from test_log import lines_of


@pytest.fixture(scope="module")
def server(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("strangers"), net, ingest="key") as one:
        yield one


def begin(port, path, length, headers="", sent=b""):
    s = socket.create_connection(("127.0.0.1", port), 20)
    s.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n".encode() + sent)
    return s


@pytest.mark.parametrize("path,status", [
    ("/api/ftd", 401), ("/api/postback", 401), ("/api/goals/postback", 401), ("/api/private/conversions", 401),
    ("/api/admin/conversions", 401), ("/api/admin/networks", 401), ("/api/nowhere", 404), ("/livez", 405)])
@pytest.mark.parametrize("headers", ["", "Authorization: Bearer bk_no\r\n", "X-Api-Key: no\r\n", "Cookie: barracuda_session=no\r\n",
                                     "Expect: 100-continue\r\n"])
def test_a_strangers_body_is_not_waited_for(server, path, status, headers):
    with begin(server.port, path, 1 << 20, headers, b"{") as s:
        asked = time.monotonic()
        answer = read_answer(s)
        assert answer.status == status and time.monotonic() - asked < 5, answer
        assert answer.headers["Connection"] == "close"


def test_a_body_with_a_key_is_waited_for(server):
    key = server.create_key("ingest")
    body = json.dumps({"click_id": new_id(), "affiliate_id": "7", "amount": 5}).encode()
    for path, more in (("/api/ftd", f"X-Api-Key: {key}\r\n"), (f"/api/postback?goal=deposit&key={key}", "")):
        more += "Content-Type: application/json\r\n"
        with begin(server.port, path, len(body), more) as s:
            time.sleep(0.3)
            s.sendall(body)
            answer = read_answer(s)
            assert answer.status == 200 and answer.json["verdict"] in ("recorded", "duplicate"), answer


def test_idle_bodies_keep_nobody_out(server):
    """Open routes take a stranger's body: it must come on, and one address has a share."""
    held = []
    try:
        for _ in range(40):
            s = begin(server.port, "/api/contact", 1 << 20, "Content-Type: application/json\r\n")
            s.sendall(b"x" * ((1 << 20) - 1))
            held.append(s)
        key = server.create_key("ingest", name="two packets")
        body = json.dumps({"click_id": new_id(), "affiliate_id": "7", "amount": 5}).encode()
        with begin(server.port, "/api/ftd", len(body), f"X-Api-Key: {key}\r\nContent-Type: application/json\r\n") as s:
            time.sleep(0.2)
            s.sendall(body)
            assert read_answer(s).status == 200, "a small body in two packets"
        answers = [read_answer(s) for s in held]  # within the 10 s that a body may stand still
        assert {a.status for a in answers} == {408, 503}
        assert sum(a.status == 408 for a in answers) <= 32
    finally:
        for s in held:
            s.close()


def test_a_tls_hello_is_refused_at_once(server):
    asked = time.monotonic()
    answer = send_raw(server.port, b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03")
    assert answer.status == 400 and time.monotonic() - asked < 3


@pytest.mark.parametrize("path,near", [
    ("/api/ftd/", "/api/ftd"), ("//api/ftd", "/api/ftd"), ("/API/FTD", "/api/ftd"), ("/Api//Goals/Postback/", "/api/goals/postback"),
    ("/api/admin/contacts/0123456789abcdef01234567/", "/api/admin/contacts/{id}"), ("/api/fdt", None), ("/nowhere", None)])
def test_a_404_names_the_path_and_the_one_that_was_meant(server, path, near):
    answer = server.request("POST", path + "?key=secret", json_body={})
    assert answer.status == 404 and path in answer.message and "secret" not in answer.message
    assert ("there is " in answer.message) == bool(near)
    if near:
        assert answer.message.endswith("there is " + near)


def test_what_came_to_a_wrong_path_is_in_the_received_log(server):
    assert server.post("/api/FTD?click_id=lost-1", {"click_id": "lost-1"}).status == 404
    assert server.request("PUT", "/api/ftd", json_body={}).status == 405

    def found():
        seen = server.admin("GET", "/api/admin/received", query={"route": "-"}).data
        return [(r["method"], r["path"], r["status"]) for r in seen]

    wait_until(lambda: {("POST", "/api/FTD", 404), ("PUT", "/api/ftd", 405)} <= set(found()), 10, "both are there")
    text = json.dumps(server.admin("GET", "/api/admin/received", query={"route": "-"}).json, default=str)
    assert "lost-1" not in text


def test_head_says_no_length_it_does_not_know(server):
    key = server.create_key("ingest", name="head")
    raw = raw_request("HEAD", f"/api/postback?click_id={new_id()}&affiliate_id=7&goal=deposit&amount=1&key={key}")
    with socket.create_connection(("127.0.0.1", server.port), 20) as s:
        s.sendall(raw)
        head = b""
        while chunk := s.recv(4096):
            head += chunk
    assert head.startswith(b"HTTP/1.1 200") and b"content-length" not in head.lower(), head
    with socket.create_connection(("127.0.0.1", server.port), 20) as s:  # where the body is made its length is right
        s.sendall(raw_request("HEAD", "/livez"))
        head = b""
        while chunk := s.recv(4096):
            head += chunk
    assert f"Content-Length: {len(server.get('/livez').body)}".encode() in head


def test_strangers_do_not_read_the_stores_words(net, tmp_path):
    with Server(tmp_path, net) as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (64 * 1024, resource.RLIM_INFINITY))
        text = {f"k{i}": "x" * 1000 for i in range(15)}

        def refused():
            return server.admin("POST", "/api/admin/conversions", json_body={
                "click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "metadata": text})

        answer = wait_until(lambda: (a := refused()).status == 503 and a, 60, "the disk is full", step=0)
        assert answer.message == "not available now, try again"
        assert "refuses writes" in server.get("/readyz").message, "the machine itself may know"
        for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
            answer = server.request("GET", "/readyz", headers={header: "203.0.113.9"})
            assert (answer.status, answer.message) == (503, "not ready, try again"), header
        told = wait_until(lambda: [line for line in lines_of(server) if line["message"] == "a fault of ours"], 10, "a voice")
        assert any(line["kind"] == "answer" and line["subject"] == "/api/admin/conversions" and "refuses writes" in line["why"]
                   or "store" in line["why"] for line in told), told
        metrics = server.get("/metrics").body
        assert b'barracuda_faults_total{kind="answer"} 0' not in metrics


@pytest.mark.skipif(os.getuid() == 0, reason="root's files are root's either way")
def test_no_core_holds_what_is_in_memory(server):
    assert os.stat(f"/proc/{server.process.pid}/mem").st_uid == 0, "not dumpable"


def test_a_process_that_is_not_dumpable_still_reads_its_own_proc(server):
    assert b"process_open_fds" in request(server.port, "GET", "/metrics").body
