"""RFC 9112 (HTTP/1.1 message syntax), requirement by requirement, on the real program.

A row is a section, what it demands of a server, the bytes of a client, and what must come back: a status for each
answer in order, whether the connection ends, and how many reports were recorded. `MAY` rows hold down a choice that the
RFC leaves open (docs/decisions/http-parser.md). `{id}` is a click id of the row's own, `{body}` a report with it."""
import itertools
import re
import socket
from dataclasses import dataclass

import pytest

from harness import Server, new_id, read_one, wait_until

KEEPS, ENDS = False, True
HOST = "Host: 127.0.0.1\r\n"
JSON = HOST + "Content-Type: application/json\r\n"
POST = "POST /api/ftd HTTP/1.1\r\n" + JSON
LENGTH = "Content-Length: {length}\r\n"
GET = "GET /livez HTTP/1.1\r\n"
REPORT = '{"click_id":"{id}","affiliate_id":"7","amount":1}'
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"


@dataclass
class Row:
    section: str
    demand: str
    sent: str
    statuses: tuple
    ends: bool
    recorded: int = 0


def refused(section, demand, sent, status=400):
    """Answered with the status, the connection ends (9112 9.6), nothing is recorded."""
    return Row(section, demand, sent, (status,), ENDS)


def taken(section, demand, sent, *, answers=1):
    return Row(section, demand, sent, (200,) * answers, KEEPS, answers)


def alive(section, demand, sent, *, status=200, ends=KEEPS):
    return Row(section, demand, sent, (status,), ends)


def chunks(*lines):
    return POST + CHUNKED + "".join(lines)


ONE_CHUNK = "{hex}\r\n{body}\r\n"
LAST = "0\r\n\r\n"

ROWS = [
    # 2.1, 2.2: message format and parsing
    taken("2.1", "start line, fields, empty line, body", POST + LENGTH + "\r\n{body}"),
    alive("2.2", "SHOULD ignore at least one empty line before the request line", "\r\n" + GET + HOST + "\r\n"),
    alive("2.2", "SHOULD ignore at least one empty line before the request line", "\r\n\r\n" + GET + HOST + "\r\n"),
    refused("2.2", "MAY refuse more of them: bounded", "\r\n\r\n\r\n" + GET + HOST + "\r\n"),
    refused("2.2", "MAY refuse a bare LF as the end of the request line", GET[:-2] + "\n" + HOST + "\r\n"),
    refused("2.2", "MAY refuse a bare LF as the end of a field", GET + HOST[:-2] + "\n\r\n"),
    refused("2.2", "MAY refuse a bare LF as the empty line", GET + HOST + "\n"),
    refused("2.2", "MUST NOT take a bare CR within a field for its end", GET + HOST + "A: b\rC: d\r\n\r\n"),
    refused("2.2", "MUST NOT take a bare CR within the request line for its end", "GET /livez\r HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("2.2", "MUST reject blanks between the request line and the first field", GET + " " + HOST + "\r\n"),
    refused("2.2", "MUST reject blanks between the request line and the first field", GET + "\t" + HOST + "\r\n"),
    refused("2.2", "MUST reject a line of blanks before the first field", GET + "  \r\n" + HOST + "\r\n"),
    refused("2.2", "SHOULD answer 400 to what is not HTTP", "{body}\r\n\r\n"),
    refused("2.2", "SHOULD answer 400 to what is not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    refused("2.2", "SHOULD answer 400 to what is not HTTP", "\x00\x00\x00\x00\r\n\r\n"),
    # 2.3: version
    refused("2.3", "the version is case-sensitive", "GET /livez http/1.1\r\n" + HOST + "\r\n"),
    refused("2.3", "the version is two digits and a dot", "GET /livez HTTP/1.10\r\n" + HOST + "\r\n"),
    refused("2.3", "the version is two digits and a dot", "GET /livez HTTP/1\r\n" + HOST + "\r\n"),
    refused("2.3", "the version is two digits and a dot", "GET /livez HTTP/a.b\r\n" + HOST + "\r\n"),
    refused("2.3", "the version is two digits and a dot", "GET /livez HTTP/1,1\r\n" + HOST + "\r\n"),
    refused("9110 15.6.6", "505 to a major version that is not spoken", "GET /livez HTTP/2.0\r\n" + HOST + "\r\n", 505),
    refused("9110 15.6.6", "505 to a major version that is not spoken", "GET /livez HTTP/0.9\r\n" + HOST + "\r\n", 505),
    refused("9113 3.4", "505 to the preface of HTTP/2 without its proof", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    alive("9110 2.5", "SHOULD process a higher minor version as the highest it knows", "GET /livez HTTP/1.2\r\n" + HOST + "\r\n"),
    alive("9110 2.5", "SHOULD process a higher minor version as the highest it knows", "GET /livez HTTP/1.9\r\n" + HOST + "\r\n"),
    alive("2.3", "an HTTP/1.0 request is answered and ends", "GET /livez HTTP/1.0\r\n\r\n", ends=ENDS),
    # 3: request line
    refused("3", "a request line has three parts", "GET\r\n" + HOST + "\r\n"),
    refused("3", "a request line has three parts", "GET /livez\r\n" + HOST + "\r\n"),
    refused("3", "a request line has three parts", "GET HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3", "MAY refuse other white space between the parts", "GET  /livez HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3", "MAY refuse other white space between the parts", "GET\t/livez\tHTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3", "MAY refuse other white space between the parts", "GET /livez HTTP/1.1 \r\n" + HOST + "\r\n"),
    refused("3", "SHOULD refuse blanks within the target", "GET /live z HTTP/1.1\r\n" + HOST + "\r\n"),
    alive("3", "RECOMMENDED: request lines of 8,000 octets", "GET /livez?a=" + "a" * 7975 + " HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3", "MUST answer 414 to a target that is too long", "GET /livez?a=" + "a" * 9000 + " HTTP/1.1\r\n" + HOST + "\r\n", 414),
    alive("3.1", "MAY name what the target takes to an unknown method (contract)", "BREW /livez HTTP/1.1\r\n" + HOST + "\r\n", status=405),
    alive("3.1", "the method is case-sensitive", "get /livez HTTP/1.1\r\n" + HOST + "\r\n", status=405),
    alive("9110 15.5.6", "405 to a known method that the target has not", "DELETE /livez HTTP/1.1\r\n" + HOST + "\r\n", status=405),
    refused("3.1", "a method is a token", "GE/T /livez HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3.1", "a method is a token", "GE(T /livez HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3.1", "bounded", "A" * 200 + " /livez HTTP/1.1\r\n" + HOST + "\r\n"),
    # 3.2: target and Host
    refused("3.2", "MUST answer 400 where HTTP/1.1 has no Host", GET + "\r\n"),
    refused("3.2", "MUST answer 400 to more than one Host", GET + HOST + "Host: other\r\n\r\n"),
    refused("3.2", "MUST answer 400 to more than one Host, the same one too", GET + HOST + HOST + "\r\n"),
    refused("3.2", "MUST answer 400 to an invalid Host", GET + "Host: a b\r\n\r\n"),
    refused("3.2", "MUST answer 400 to an invalid Host", GET + "Host: a/b\r\n\r\n"),
    refused("3.2", "MUST answer 400 to an invalid Host", GET + "Host: user@127.0.0.1\r\n\r\n"),
    refused("3.2", "MUST answer 400 to an invalid Host", GET + "Host: a\\b\r\n\r\n"),
    alive("3.2", "an empty Host is valid", GET + "Host:\r\n\r\n"),
    alive("3.2", "a Host with a port is valid", GET + "Host: [::1]:8080\r\n\r\n"),
    alive("3.2.1", "origin form", "GET /livez?x=y HTTP/1.1\r\n" + HOST + "\r\n"),
    alive("3.2.2", "MUST accept the absolute form", "GET http://127.0.0.1/livez HTTP/1.1\r\n" + HOST + "\r\n"),
    alive("3.2.2", "MUST accept the absolute form", "GET HTTPS://127.0.0.1:443/livez?a=b HTTP/1.1\r\n" + HOST + "\r\n"),
    alive("3.2.2", "MUST ignore Host where the target has an authority", "GET http://127.0.0.1/livez HTTP/1.1\r\nHost: other\r\n\r\n"),
    refused("3.2.2", "Host is needed beside it", "GET http://127.0.0.1/livez HTTP/1.1\r\n\r\n"),
    refused("9110 4.2.1", "MUST reject an empty host", "GET http:///livez HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("9110 4.2.4", "SHOULD treat user information as an error", "GET http://a:b@127.0.0.1/livez HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3.2.3", "no tunnels: an authority is no target", "CONNECT 127.0.0.1:443 HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3.2.3", "no tunnels: an authority is no target", "GET 127.0.0.1:443 HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3.2.4", "the asterisk is for OPTIONS alone", "GET * HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3.2", "no control bytes in the target", "GET /livez\x01 HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3.2", "no control bytes in the target", "GET /livez\x7f HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3986 2.1", "an escape has two hexadecimal digits", "GET /live%zz HTTP/1.1\r\n" + HOST + "\r\n"),
    refused("3986 7.3", "an escaped NUL is no path", "GET /livez%00 HTTP/1.1\r\n" + HOST + "\r\n"),
    # 5: fields
    refused("5", "a field has a colon", GET + HOST + "Nothing\r\n\r\n"),
    refused("5", "a field has a name", GET + HOST + ": a\r\n\r\n"),
    refused("5.1", "MUST answer 400 to blanks before the colon", GET + HOST + "A : b\r\n\r\n"),
    refused("5.1", "MUST answer 400 to blanks before the colon", GET + HOST + "A\t: b\r\n\r\n"),
    refused("5.1", "MUST answer 400 to blanks before the colon", POST + "Content-Length : {length}\r\n\r\n{body}"),
    alive("5.1", "blanks around a value are not part of it", GET + "Host: \t 127.0.0.1 \t\r\n\r\n"),
    alive("5.1", "a value may be empty, and without a blank", GET + "Host:127.0.0.1\r\nA:\r\n\r\n"),
    alive("5", "names do not heed case", GET + "hOsT: 127.0.0.1\r\n\r\n"),
    refused("5.2", "MUST reject or replace a folded line", GET + HOST + "A: b\r\n c\r\n\r\n"),
    refused("5.2", "MUST reject or replace a folded line", GET + HOST + "A: b\r\n\tc\r\n\r\n"),
    refused("5.2", "MUST reject or replace a folded line", GET + HOST + "A: b\r\n \r\n\r\n"),
    refused("9110 5.1", "a name is a token", GET + HOST + "A(b): c\r\n\r\n"),
    refused("9110 5.1", "a name is a token", GET + HOST + "Ä: c\r\n\r\n"),
    refused("9110 5.5", "MUST reject or replace CR, LF and NUL in a value", GET + HOST + "A: b\x00c\r\n\r\n"),
    refused("9110 5.5", "MAY reject other control bytes", GET + HOST + "A: b\x01c\r\n\r\n"),
    alive("9110 5.5", "tabs and bytes beyond ASCII are data", GET + HOST + "A: b\tc \xe4\xff\r\n\r\n"),
    refused("9110 5.4", "MUST answer 4xx to fields that are too large", GET + HOST + "A: " + "b" * 17000 + "\r\n\r\n", 431),
    refused("9110 5.4", "MUST answer 4xx to too many fields", GET + HOST + "A: b\r\n" * 101 + "\r\n", 431),
    # 6: body
    refused("6.1", "MUST answer 400 where chunked is not the last coding", POST + "Transfer-Encoding: chunked, gzip\r\n\r\n{body}"),
    refused("6.1", "MUST answer 400 where chunked is not the last coding", POST + "Transfer-Encoding: gzip\r\n\r\n{body}"),
    refused("6.1", "MUST answer 400 where chunked is not the last coding", POST + "Transfer-Encoding: identity\r\n\r\n{body}"),
    refused("6.1", "MUST answer 400 where chunked is not the last coding", POST + "Transfer-Encoding:\r\n\r\n{body}"),
    refused("6.1", "SHOULD answer 501 to a coding it does not know", POST + "Transfer-Encoding: gzip, chunked\r\n\r\n{body}", 501),
    refused("6.1", "MAY refuse codings spread over two fields", POST + "Transfer-Encoding: gzip\r\n" + CHUNKED + LAST),
    refused("6.1", "chunked MUST NOT be applied twice", POST + "Transfer-Encoding: chunked, chunked\r\n\r\n" + LAST),
    refused("6.1", "chunked MUST NOT be applied twice", POST + "Transfer-Encoding: chunked\r\n" + CHUNKED + LAST),
    refused("6.1", "a coding that only looks like chunked", POST + "Transfer-Encoding: xchunked\r\n\r\n" + LAST),
    refused("6.1", "a coding that only looks like chunked", POST + "Transfer-Encoding: \x0bchunked\r\n\r\n" + LAST),
    refused("6.1", "a coding that only looks like chunked", POST + 'Transfer-Encoding: "chunked"\r\n\r\n' + LAST),
    refused("6.1", "MUST treat a coding in HTTP/1.0 as faulty", "POST /api/ftd HTTP/1.0\r\n" + JSON + CHUNKED + LAST),
    refused("6.1", "MUST treat a coding in HTTP/1.0 as faulty", "POST /api/ftd HTTP/1.0\r\n" + JSON + LENGTH + CHUNKED + LAST),
    taken("6.1", "the name of a coding does not heed case", POST + "Transfer-Encoding: ChUnKeD\r\n\r\n" + ONE_CHUNK + LAST),
    refused("6.3", "MAY reject a length beside a coding, MUST close", POST + LENGTH + CHUNKED + ONE_CHUNK + LAST),
    refused("6.3", "MAY reject a length beside a coding, MUST close", POST + "Transfer-Encoding: chunked\r\n" + LENGTH + "\r\n" + ONE_CHUNK + LAST),
    *[refused("6.3", f"MUST answer 400 to an invalid length: {text!r}", POST + f"Content-Length: {text}\r\n\r\n" + "{body}")
      for text in ("", "-1", "+1", "1 1", "0x10", "1e2", "1.0", "ten", "1,1", "1, 2", "١", "\x0b1")],
    refused("6.3", "MUST answer 400 to differing lengths", POST + LENGTH + "Content-Length: 3\r\n\r\n{body}"),
    refused("6.3", "MAY refuse the same length twice", POST + LENGTH + LENGTH + "\r\n{body}"),
    refused("6.2", "MUST anticipate lengths beyond any integer", POST + "Content-Length: 18446744073709551617\r\n\r\n{body}", 413),
    alive("6.3", "no length and no coding: no body", "POST /api/ftd HTTP/1.1\r\n" + HOST + "\r\n", status=400),
    # 7: chunks
    taken("7.1", "MUST be able to parse chunks", chunks(ONE_CHUNK, LAST)),
    taken("7.1", "sizes are hexadecimal, in either case, with zeros before", chunks("000{hex}\r\n{body}\r\n", "0000\r\n\r\n")),
    taken("7.1.1", "MUST ignore an extension it does not know", chunks("{hex};a\r\n{body}\r\n", "0;b=c\r\n\r\n")),
    taken("7.1.1", "MUST ignore an extension it does not know", chunks('{hex};a="b;c";d=e\r\n{body}\r\n', LAST)),
    taken("7.1.1", "MUST remove blanks around the extension's semicolon", chunks("{hex} ; a\r\n{body}\r\n", LAST)),
    refused("7.1.1", "blanks without an extension", chunks("{hex} \r\n{body}\r\n", LAST)),
    refused("7.1.1", "SHOULD limit extensions", chunks("{hex};" + "a" * 17000 + "\r\n{body}\r\n", LAST)),
    refused("7.1.1", "no control bytes in an extension", chunks("{hex};a\x01\r\n{body}\r\n", LAST)),
    taken("7.1.2", "MAY drop trailers", chunks(ONE_CHUNK, "0\r\nA: b\r\n\r\n")),
    taken("7.1.2", "a trailer frames nothing", chunks(ONE_CHUNK, "0\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\nHost: x\r\n\r\n")),
    refused("7.1.2", "trailers are fields", chunks(ONE_CHUNK, "0\r\nnothing\r\n\r\n")),
    refused("7.1.2", "trailers are bounded", chunks(ONE_CHUNK, "0\r\n", "A: b\r\n" * 200, "\r\n"), 431),
    *[refused("7.1", f"a size that is none: {text!r}", chunks(text + "\r\n{body}\r\n", LAST))
      for text in ("", "-1", "+{hex}", "0x{hex}", "{hex}h", " {hex}", "{hex},", "ä", "1 1")],
    refused("7.1", "MUST anticipate sizes beyond any integer", chunks("1{hex:0>17}\r\n{body}\r\n", LAST), 413),
    refused("7.1", "MUST anticipate sizes beyond any integer", chunks("ffffffffffffffff\r\n{body}\r\n", LAST), 413),
    refused("7.1", "a chunk ends with CR LF", chunks("{hex}\r\n{body}\n", LAST)),
    refused("7.1", "a chunk ends where its size says", chunks("{hex}\r\n{body}x\r\n", LAST)),
    refused("7.1", "a chunk's size ends with CR LF", chunks("{hex}\n{body}\r\n", LAST)),
    refused("7.1", "a chunk's size ends with CR LF", chunks("{hex}\r{body}\r\n", LAST)),
    refused("7.4", "an expectation that is none", POST + "Expect: nothing\r\n" + LENGTH + "\r\n{body}", 417),
    # 9: connections
    taken("9.3", "a connection is kept, requests are answered in order", (POST + LENGTH + "\r\n{body}") * 3, answers=3),
    taken("9.3.2", "MUST answer what is sent ahead in its order", chunks(ONE_CHUNK, LAST) + POST + LENGTH + "\r\n{body}", answers=2),
    alive("9.6", "MUST end after close", GET + HOST + "Connection: close\r\n\r\n", ends=ENDS),
    alive("9.6", "MUST end after close, whatever stands beside it", GET + HOST + "Connection: keep-alive, Close\r\n\r\n", ends=ENDS),
    alive("9.3", "HTTP/1.0 is kept where it asks for it", "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    Row("9.6", "MUST NOT process what follows close", GET + HOST + "Connection: close\r\n\r\n" + POST + LENGTH + "\r\n{body}", (200,), ENDS),
]


@pytest.fixture(scope="module")
def server(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("rfc9112"), net) as running:
        yield running


def bytes_of(row, click):
    """Every report of a row has an id of its own: the first `click`, then `click`-1 and so on."""
    out, number = row.sent, itertools.count()
    pieces = out.split("{body}")
    done = ""
    for i, piece in enumerate(pieces):
        n = next(number)
        body = REPORT.replace("{id}", f"{click}-{n}")
        piece = piece.replace("{length}", str(len(body))).replace("{hex:0>17}", f"{len(body):0>17x}").replace("{hex}", f"{len(body):x}")
        done += piece + (body if i + 1 < len(pieces) else "")
    return done.encode("utf-8" if any(ord(c) > 255 for c in done) else "latin1")


def answered(s):
    """-> status and fields of one answer, which are as every answer's."""
    status, fields, _ = read_one(s)
    assert "date" in fields and "transfer-encoding" not in fields
    return status, fields


def converse(server, data, count):
    """-> (status and fields of `count` answers, whether the connection ended after them)."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as s:
        try:
            s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was read
        answers = [answered(s) for _ in range(count)]
        s.settimeout(0.3)
        try:
            rest = s.recv(1)
        except TimeoutError:
            return answers, KEEPS
        except ConnectionResetError:
            rest = b""
        assert rest == b"", "more answers than requests"
        return answers, ENDS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section}-{row.demand[:60]}")
def test_the_requirement(server, row):
    click = new_id()
    answers, ended = converse(server, bytes_of(row, click), len(row.statuses))
    assert tuple(status for status, _ in answers) == row.statuses
    assert ended == row.ends
    assert (answers[-1][1].get("connection") == "close") == row.ends, "the last answer says whether it is the last"
    stored = [c for c in server.conversions() if c["click_id"].startswith(click)]
    assert len(stored) == row.recorded


def test_every_row_says_what_it_demands():
    assert len(ROWS) >= 130 and len({(row.section, row.sent) for row in ROWS}) == len(ROWS)


def test_405_names_what_is_allowed(server):
    answers, _ = converse(server, b"DELETE /livez HTTP/1.1\r\n" + HOST.encode() + b"\r\n", 1)
    assert "get" in answers[0][1]["allow"]


def test_options_of_the_server(server):
    answers, ended = converse(server, b"OPTIONS * HTTP/1.1\r\n" + HOST.encode() + b"\r\n", 1)
    assert answers[0][0] in (200, 204, 404, 405) and not ended


def test_head_is_get_without_its_body(server):
    with socket.create_connection(("127.0.0.1", server.port), 10) as s:
        s.sendall(b"HEAD /livez HTTP/1.1\r\n" + HOST.encode() + b"Connection: close\r\n\r\n")
        answer = b""
        while part := s.recv(4096):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and b"\r\nContent-Length: " in head and body == b""


def said(server, data):
    """-> all bytes that come back until the connection ends."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as s:
        s.sendall(data.encode("latin1"))
        out = b""
        while part := s.recv(65536):
            out += part
    return out


def test_an_http_1_0_client_is_sent_no_coding(server):
    """9112 6.1: MUST NOT. What has no length ends with its connection (6.3)."""
    path = "/api/admin/conversions/export"
    for version, coded in (("1.1", True), ("1.0", False)):
        out = said(server, f"GET {path} HTTP/{version}\r\n{HOST}Authorization: Bearer {server.admin_key}\r\nConnection: close\r\n\r\n")
        head, _, body = out.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and (b"Transfer-Encoding: chunked" in head) == coded and b"Content-Length" not in head
        assert bool(re.match(rb"[0-9a-f]+\r\n", body)) == body.endswith(b"0\r\n\r\n") == coded, body[:80]


def test_a_304_has_no_body(server):
    """9112 6.3: whatever its fields say."""
    first = server.get("/admin")
    out = said(server, f"GET /admin HTTP/1.1\r\n{HOST}If-None-Match: {first.headers['ETag']}\r\nConnection: close\r\n\r\n")
    head, _, body = out.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 304 ") and body == b"" and b"Transfer-Encoding" not in head


@pytest.mark.parametrize("version,continued", [("1.1", True), ("1.0", False)])
def test_who_waits_for_a_100_gets_it(server, version, continued):
    """9110 10.1.1: 100 to who awaits it before the body, before the final status; HTTP/1.0's expectation is ignored."""
    body = REPORT.replace("{id}", new_id())
    head = f"POST /api/ftd HTTP/{version}\r\n{JSON}Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 10) as s:
        s.sendall(head.encode())
        s.settimeout(1)
        try:
            first = s.recv(4096)
        except TimeoutError:
            first = b""
        assert first == (b"HTTP/1.1 100 Continue\r\n\r\n" if continued else b"")
        s.settimeout(10)
        s.sendall(body.encode())
        assert answered(s)[0] == 200


# 9112 8: an unfinished message is no message.
WHOLE = {
    "length": POST + LENGTH + "\r\n{body}",
    "chunks": chunks("5\r\n{first}\r\n{left_hex}\r\n{rest}\r\n", "0\r\nTrailer: x\r\n\r\n"),
    "query": "GET /api/postback?click_id={id}&affiliate_id=7&goal=deposit&amount=1 HTTP/1.1\r\n" + HOST + "\r\n",
}


def whole(kind, click):
    body = REPORT.replace("{id}", click)
    text = WHOLE[kind].replace("{body}", body).replace("{length}", str(len(body))).replace("{id}", click)
    return text.replace("{first}", body[:5]).replace("{left_hex}", f"{len(body) - 5:x}").replace("{rest}", body[5:]).encode()


@pytest.mark.parametrize("kind", list(WHOLE))
def test_a_request_cut_at_any_byte_is_none(server, kind):
    click = new_id()
    for cut in range(len(whole(kind, click))):
        with socket.create_connection(("127.0.0.1", server.port), 10) as s:
            s.sendall(whole(kind, click)[:cut])
    wait_until(lambda: server.get("/livez").status == 200, 10)
    assert not [c for c in server.conversions() if c["click_id"] == click]


@pytest.mark.parametrize("kind", list(WHOLE))
def test_the_result_does_not_depend_on_how_a_request_arrives(server, kind):
    """Every cut into two reads; the negative control of the test above is that all of these are recorded."""
    length = len(whole(kind, new_id()))
    clicks = [new_id() for _ in range(length - 1)]
    with socket.create_connection(("127.0.0.1", server.port), 10) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut, click in enumerate(clicks, 1):
            data = whole(kind, click)
            s.sendall(data[:cut])
            s.sendall(data[cut:])
            assert answered(s)[0] == 200, (cut, data)
    stored = {c["click_id"] for c in server.conversions()}
    assert stored.issuperset(clicks)
