"""Smuggling: a request that a proxy passes on as one and the server reads as two, through real nginx, HAProxy and Caddy.

A payload hides `GET /api/postback?click_id=smuggled…` where one of the two might take it for a request of its own. It is
recorded only where the proxy saw it too and so gave its client a second answer, and all behind the proxy get their own."""
import collections
import contextlib
import json
import socket

import pytest

from harness import Server, new_id, read_one
from proxies import Caddy, Haproxy, Nginx

HEAD = "POST /api/ftd HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
HIDDEN = "GET /api/postback?click_id={hidden}&affiliate_id=7&goal=deposit&amount=1 HTTP/1.1\r\nHost: {host}\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"

Payload = collections.namedtuple("Payload", "name text")


def length(text):
    """Content-Length of the hidden request, or of another text."""
    return f"Content-Length: {text}\r\n"


def codings():
    """Spellings of Transfer-Encoding that one reads as chunked and another does not."""
    yield from ("Transfer-Encoding : chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
                "Transfer-Encoding: xchunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked ", "Transfer-Encoding:\x0bchunked",
                "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: \x00chunked",
                "X: a\nTransfer-Encoding: chunked", "X: a\rTransfer-Encoding: chunked", "Transfer-Encoding\x00: chunked",
                "Transfer_Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: 'chunked'",
                " Transfer-Encoding: chunked", "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunk",
                "Transfer-Encoding: chunked\x0c", "Transfer-Encoding: chunked;q=0", "TE: chunked")


def lengths():
    """Spellings of a length of none, beside a true one or alone."""
    yield from ("Content-Length: 0", "Content-Length: {all}\r\nContent-Length: 0", "Content-Length: 0\r\nContent-Length: {all}",
                "Content-Length: 0, {all}", "Content-Length: +{all}", "Content-Length: -0", "Content-Length : {all}", "Content-Length:\x0b{all}",
                "Content-Length: {all}\x00", "Content_Length: {all}", "X: a\nContent-Length: {all}", "Content-Length: 0x{hex}",
                "Content-Length: 0{all}", "Content-Length: {all}.0", "Content-Length: 0\r\n {all}", "Connection: Content-Length\r\nContent-Length: {all}",
                "Content-Length: ", "Expect: 100-continue\r\nContent-Length: {all}", "Content-Length: 18446744073709551616")


def chunkings():
    """Bodies in chunks that end earlier for one than for the other."""
    yield from ("0\r\n\r\n{hid}", "0\n\n{hid}", "0;\n{hid}", "0\r\n{hid}", "00000000000000000\r\n\r\n{hid}", "-0\r\n\r\n{hid}", "0x0\r\n\r\n{hid}",
                "1\r\nx\r0\r\n\r\n{hid}", "1\r\nx0\r\n\r\n{hid}", "100000000\r\n\r\n{hid}", "0 \r\n\r\n{hid}", "0;a=\"\r\n\r\n{hid}", "0\r\nX: y\n\r\n{hid}",
                "0\r\n\r{hid}", "1;\nx\r\n0\r\n\r\n{hid}", "0\r\nContent-Length: 5\r\n\r\n{hid}", "3\r\n{{}}\n\r\n0\r\n\r\n{hid}")


def payloads():
    for i, spelling in enumerate(codings()):
        yield Payload(f"cl-te {i}", HEAD + length("{all5}") + spelling + "\r\n\r\n0\r\n\r\n" + HIDDEN)
        yield Payload(f"te-cl {i}", HEAD + length("4") + spelling + "\r\n\r\n{hex}\r\n" + HIDDEN + "\r\n0\r\n\r\n")
        yield Payload(f"te alone {i}", HEAD + spelling + "\r\n\r\n0\r\n\r\n" + HIDDEN)
    for i, spelling in enumerate(lengths()):
        yield Payload(f"cl {i}", HEAD + spelling + "\r\n\r\n" + HIDDEN)
        yield Payload(f"cl of get {i}", HEAD.replace("POST", "GET") + spelling + "\r\n\r\n" + HIDDEN)
    for i, body in enumerate(chunkings()):
        yield Payload(f"chunks {i}", HEAD + CHUNKED + "\r\n" + body.replace("{hid}", HIDDEN))
    for i, line in enumerate(("X: a\r\n\r\n", "X: \x00\r\n", "X:\r\n\r\r\n", "X: a\n\n", "Host: {host}\r\n", "Host: other\r\n")):
        yield Payload(f"head {i}", HEAD + length("0") + line + "\r\n" + HIDDEN)
    for i, first in enumerate(("GET {path}\r\n\r\n", "GET /livez HTTP/0.9\r\n\r\n", "GET /livez HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n")):
        yield Payload(f"line {i}", first.replace("{path}", "/livez") + HIDDEN)
    for i, target in enumerate(("/livez%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0a", "/livez?a=%0d%0a%0d%0a", "//livez", "/livez#", "/livez\\..\\")):
        yield Payload(f"target {i}", f"GET {target} HTTP/1.1\r\nHost: {{host}}\r\n" + length("{all}") + "\r\n" + HIDDEN)


PAYLOADS = list(payloads())


def bytes_of(payload, host, hidden):
    inner = HIDDEN.replace("{host}", host).replace("{hidden}", hidden)
    text = payload.text.replace("{host}", host).replace("{hidden}", hidden)
    text = text.replace("{all5}", str(len(inner) + 5)).replace("{all}", str(len(inner))).replace("{hex}", f"{len(inner):x}")
    return text.encode("latin1")


@pytest.fixture(scope="module")
def server(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("smuggling"), net, env={"BARRACUDA_SERVER_TRUSTED_PROXIES": "127.0.0.1/32"}) as running:
        yield running


def answers_to(port, data, patience=0.3):
    """Sends a payload; -> all bytes that come back until the other side is done, or silent for so many seconds."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 10) as s, contextlib.suppress(OSError):
        s.sendall(data)
        s.settimeout(patience)
        while part := s.recv(65536):
            got += part
    return got


def own_answers(port, host):
    """Three clean requests on a new connection, which the proxy sends on kept ones: each gets its own answer."""
    clicks = [new_id("clean") for _ in range(3)]
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        for click in clicks:
            s.sendall(f"GET /api/postback?click_id={click}&affiliate_id=7&goal=deposit HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = json.loads(read_one(s)[2])
            assert answer["data"]["click_id"] == click, (click, answer)
    return clicks


def hidden_ones(server, proxy, payloads, patience=0.3):
    """-> (payloads whose hidden request was recorded without an answer to its client, how many had one)."""
    clicks, answered = {}, set()
    for payload in payloads:
        click = clicks[payload] = new_id("smuggled")
        if click.encode() in answers_to(proxy.port, bytes_of(payload, proxy.host, click), patience):
            answered.add(payload)
        own_answers(proxy.port, proxy.host)
    recorded = {c["click_id"] for c in server.conversions()}
    return [p for p in payloads if clicks[p] in recorded and p not in answered], len(answered)


@pytest.mark.bounded(240)
@pytest.mark.parametrize("proxy", [Nginx, Haproxy, Caddy])
def test_nothing_hidden_is_read_through_a_proxy(server, tmp_path, proxy):
    """A hidden request is one that the proxy knows nothing of: its answer goes to no client, or to the next one."""
    with proxy(tmp_path, server.port) as one:
        unanswered, answered = hidden_ones(server, one, PAYLOADS)
        smuggled, _ = hidden_ones(server, one, unanswered, patience=5)  # an answer may have been late
        assert not smuggled, smuggled
        assert answered > 0, "the control: what a proxy sees as two requests is recorded and answered"
        print(f"\n{proxy.__name__}: {len(PAYLOADS)} payloads, {answered} seen as two requests, none smuggled")


def test_the_control_that_a_hidden_request_is_seen(server, monkeypatch):
    """The same look, where the second answer goes astray as it does for a proxy that saw one request."""
    class Sloppy:
        port, host = server.port, "127.0.0.1"

    plain, whole = [p for p in PAYLOADS if p.name == "cl 0"], answers_to
    with monkeypatch.context() as patched:
        patched.setitem(globals(), "answers_to", lambda *asked: whole(*asked).split(b"HTTP/1.1 ")[1])
        assert hidden_ones(server, Sloppy, plain) == (plain, 0)
    assert hidden_ones(server, Sloppy, plain) == ([], 1)
