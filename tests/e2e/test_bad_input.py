"""What is wrong is refused with a clear 4xx that names the field, and leaves nothing behind."""
import json
import socket

import pytest

from harness import Server, new_hash, raw_request, read_answer, send_raw

GOOD = {
    "/api/private/conversions": {"click_hash": "c-1", "goal_type_id": "6"},
    "/api/contact": {"email": "a@example.com", "type": "user", "sub1": "a" * 32},
    "/api/register": {"name": "N", "email": "a@example.com", "company": "C", "type": "user"},
    "/api/ftd": {"click_id": "c-1", "affiliate_id": "7", "amount": 10},
    "/api/postback": {"click_id": "c-1", "affiliate_id": "7", "goal": "deposit"},
    "/api/goals/postback": {"click_id": "c-1", "affiliate_id": "7", "goal_type": "deposit"},
    "/api/admin/conversions": {"click_id": "c-1", "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit"},
}
PRIVATE, CONTACT, REGISTER, FTD, POSTBACK, GOALS, ADMIN = GOOD
REQUIRED = {**{p: list(b) for p, b in GOOD.items()}, CONTACT: ["email", "type"]}
LEDGER = [PRIVATE, FTD, POSTBACK, GOALS, ADMIN]
CLICK = {PRIVATE: "click_hash"}
MACROS = ["{click_id}", "{{click_id}}", "${click_id}", "#click_id#", "##click_id##", "[click_id]", "%click_id%", "<click_id>", "$click_id"]

CASES = []  # (name, method, path, {query or body}, status, words of the message)


def case(path, body, *words, method="POST", status=400, name=""):
    text = body if isinstance(body, str) else json.dumps(body) if not isinstance(body, bytes) else repr(body)
    CASES.append(pytest.param(method, path, body, status, words, id=f"{len(CASES)} {method} {path} {name or text[:60]}".replace("\x00", "")))


def field(path, name, value, *words, **more):
    """The good body with one field changed. Scalars on route 5 go by GET."""
    body = {**GOOD[path], name: value}
    by_get = path == POSTBACK and isinstance(value, str)
    case(path, body, name, *words, method="GET" if by_get else "POST",
         name=f"{name}={json.dumps(value)[:40]}", **more)


# required fields: missing, empty, null
for path, names in REQUIRED.items():
    for required in names:
        case(path, {k: v for k, v in GOOD[path].items() if k != required}, required, name=f"without {required}",
             method="GET" if path == POSTBACK else "POST")
        field(path, required, "")
        if path != POSTBACK:
            field(path, required, None)

# ids: unreplaced macros, wrong types, forms a digit for digit string cannot have, bounds
for path in LEDGER:
    click = CLICK.get(path, "click_id")
    for macro in MACROS:
        field(path, click, macro, "macro")
    field(path, "affiliate_id", "{affiliate_id}", "macro")
    field(path, "offer_id", "{{offer.id}}", "macro")
    for value in ({}, {"$ne": None}, [], ["c-1"], True):
        field(path, click, value)
    field(path, "affiliate_id", {"$gt": ""})
    field(path, "offer_id", [2])
    for number in ("5.0", "1e3", "0.5"):
        case(path, json.dumps({**GOOD[path], click: "@"}).replace('"@"', number), click, name=f"{click}={number}")
    field(path, click, "x" * 1025)
    field(path, "affiliate_id", "x" * 1025)
    for control in ("\u0000", "a\nb", "\u007f", "a\tb"):
        field(path, click, control)
    case(path, json.dumps({**GOOD[path], click: "@"}).replace("@", "\\ud800"), click, name="lone surrogate")
    case(path, json.dumps({**GOOD[path], click: "@"}).encode().replace(b"@", b"\xff\xfe"), click, name="invalid UTF-8")
    case(path, json.dumps({**GOOD[path], click: "@"}).encode().replace(b"@", b"\xc0\xaf"), click, name="overlong UTF-8")
for path in (CONTACT, REGISTER):
    field(path, "affiliate_id", {})
    field(path, "url_id", "a\tb")
field(PRIVATE, "goal_type_id", "{goal}", "macro")
field(ADMIN, "goal_id", "$goal", "macro")
field(PRIVATE, "goal_type_id", {})
field(ADMIN, "goal_id", [6])

# money
BAD_MONEY = ["NaN", "Infinity", "-Infinity", "inf", "abc", "-1", "-0.01", "1,5", "1.2.3", "0x10", "10 USD", "1000000000001", "1e13", "1e400", "--1", "+-1"]
for path in (FTD, POSTBACK, GOALS, ADMIN):
    for money in BAD_MONEY:
        field(path, "amount", money)
    field(path, "sale_amount", "NaN")
for path in (PRIVATE, FTD, GOALS, ADMIN):
    name = "deposit_amount" if path == PRIVATE else "amount"
    for value in (-1, -0.000001, 1000000000001, {}, [], True, ["5"], {"$numberDecimal": "5"}):
        field(path, name, value)
    field(path, "sale_amount", -5)
field(FTD, "amount", 0)
field(FTD, "amount", "0")
field(FTD, "amount", "0.0000001")  # rounds to nothing
for name in ("payout", "revenue", "sale_amount", "deposit_amount"):
    field(PRIVATE, name, "many")
field(GOALS, "deposit_amount", "NaN")

# words from fixed lists
for path in LEDGER:
    for status in ("done", "approved'", "$ne"):
        field(path, "status", status)
    field(path, "status", {"$ne": "x"})
    field(path, "status", 5) if path != POSTBACK else None
for goal in ("purchase", "other", "5", "Deposit "):
    field(POSTBACK, "goal", goal)
    field(GOALS, "goal_type", goal)
field(ADMIN, "goal_type", "purchase")
field(ADMIN, "goal_type", {"$ne": 1})
case(ADMIN, {**GOOD[ADMIN], "goal_id": "5"}, "goal_id", name="goal_id contradicts goal_type")
field(GOALS, "goal_id", "5")
for path in (FTD, POSTBACK):
    field(path, "goal_id", "5")
    field(path, "goal_type", "registration")
    field(path, "goal_type", "nonsense")
case(ADMIN, {**GOOD[ADMIN], "goal_type": "registration"}, "goal_id", name="goal_type contradicts goal_id")
for path in (CONTACT, REGISTER):
    for value in ("boss", "Affiliate;", 5, {}, []):
        field(path, "type", value)
    for value in ("x", "a@", "@b.de", "a b@c.de", "a@b@c.de", "a@-b.de", "a@b..de", "a@b.de ,x", 5, {"$gt": ""}, ["a@b.de"], "a@" + "b" * 64 + ".de",
                  "a@b_c.de", "a\u0000@b.de"):
        field(path, "email", value)
for currency in ("US", "DOLLAR", "12$", "UDS"):
    field(FTD, "currency", currency)
    field(POSTBACK, "currency", currency)

# stored as given, but bounded and typed
deep = {}
for _ in range(17):
    deep = {"a": deep}
for path in (FTD, ADMIN):
    for value in ("text", [1], 5, deep, {"a": "x" * 17000}, {"": 1}, {"a": {"": 1}}):
        field(path, "metadata", value)
    case(path, {**GOOD[path], "metadata": {f"k{i}": 1 for i in range(1500)}}, "metadata", "16 KiB", name="metadata of too many bytes")
    case(path, {**GOOD[path], **{f"k{i}": 1 for i in range(1100)}}, name="too many fields")
    case(path, json.dumps({**GOOD[path], "metadata": {"a": "@"}}).replace('"@"', "1e400"), "metadata", name="metadata beyond a double")
for path in (PRIVATE, FTD, GOALS, ADMIN):
    for name in ("user_agent", "sub2", "country"):
        field(path, name, "x" * 4097)
        field(path, name, {"a": 1})
    field(path, "sub5", ["a"])
field(POSTBACK, "user_agent", "x" * 4097)
for path in (CONTACT, REGISTER):
    for name in ("name", "company", "message"):
        field(path, name, "x" * 4097)
        field(path, name, {"first": "A"})

# no JSON object at all
BROKEN = ["", "{", "}", '{"click_id"', '{"click_id":}', '{"click_id":"c-1",}', "{'click_id':'c-1'}", "null", "[]", "[{}]", '"text"', "5", "true",
          '{"click_id":"c-1"} x', '{"click_id":"c-1"}\v', '{"click_id":"c-1"}\f', '{"amount":NaN}', '{"amount":01}', "[" * 100000, '{"a":' * 100000, "\ufeff", "\x00", "<xml/>", "click_id=c-1"]
for path in GOOD:
    for body in BROKEN if path in (FTD, GOALS) else BROKEN[:4] + BROKEN[7:9]:
        case(path, body, name=f"body {body[:20]!r}")

# query strings
Q = "/api/postback?affiliate_id=7&goal=deposit&"
case(Q + "click_id=a&click_id=b", "", "click_id", method="GET")
case(Q + "click_id=a&click_id=a", "", "click_id", method="GET")
case(Q + "click_id=a&amount=1&amount=2", "", "amount", method="GET")
for path in (FTD, PRIVATE, GOALS, ADMIN, POSTBACK, CONTACT):
    case(path + "?explain=1&explain=0", GOOD[path], "explain", name="a parameter twice beside a body")
for path in ("/api/admin/conversions/stats", "/api/admin/contacts/stats"):
    case(path + "?a=1&a=2", "", "a is no parameter", method="GET")
case(Q + "click_id=%ff%fe", "", "click_id", method="GET")
case(Q + "click_id=a%00b", "", "click_id", method="GET")
case(Q + "click_id=%zz", "", method="GET")
case(Q + "click_id=%", "", method="GET")
case(Q + "click_id=%7Bclick_id%7D", "", "click_id", "macro", method="GET")
for macro in ("%click_id%", "%%click_id%%", "%ad_id%", "%cid%"):  # unreplaced it is no escape either
    case(Q + "click_id=" + macro, "", "click_id", "macro", method="GET")
case(Q + "click_id=a&sub2=5%", "", "sub2", "escape", method="GET")
case("/api/admin/auth/login", {"email": "a@b.de"}, "password")
case("/api/admin/auth/login", {"password": "x"}, "email")
case("/api/admin/auth/login", {"email": {"$gt": ""}, "password": {"$gt": ""}}, "email")


@pytest.fixture(scope="module")
def clean(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("clean"), net) as server:
        yield server


def stored(server):
    """-> (conversions, contacts); compared case by case, so that one defect is one failure, not all that follow."""
    contacts = server.admin("GET", "/api/admin/contacts", query={"limit": 1})
    assert contacts.status == 200, contacts
    return server.page(limit=1)["pagination"]["total"], contacts.json["pagination"]["total"]


def test_there_are_enough_cases():
    assert len(CASES) >= 150


@pytest.mark.parametrize("method,path,body,status,words", CASES)
def test_refused(clean, net, method, path, body, status, words):
    key = clean.admin_key if path.startswith("/api/admin/conv") else None
    calls, before = len(net.calls), stored(clean)
    if method == "GET" and isinstance(body, dict):
        answer = clean.request("GET", path, query=body)
    elif method == "GET":
        answer = clean.request("GET", path, key=clean.admin_key if path.startswith("/api/admin/") else None)
    elif isinstance(body, dict):
        answer = clean.post(path, body, key=key)
    else:
        answer = clean.request("POST", path, body=body, key=key, headers={"Content-Type": "application/json"})
    assert answer.status == status, answer
    assert answer.json["success"] is False and answer.headers["Cache-Control"] == "no-store"
    message = answer.json["message"]
    assert isinstance(message, str) and message
    for word in words:
        assert word in message, message
    assert stored(clean) == before and len(net.calls) == calls


def test_afterwards_nothing_is_stored(clean):
    assert stored(clean) == (0, 0)
    log = clean.stderr.read_text(errors="replace")
    assert clean.alive() and "Sanitizer" not in log


# --------------------------------------------------------------------------------- bytes no client library sends

LINE = b"POST /api/ftd HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = b'{"click_id":"c-1","affiliate_id":"7","amount":1}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
WIRE = {
    "body over 1 MiB announced": (LINE + b"Content-Length: 1048577\r\n\r\n", (413,)),
    "body over 1 MiB sent": (LINE + b"Content-Length: 1048577\r\n\r\n" + b" " * 1048577, (413,)),
    "huge length": (LINE + b"Content-Length: 99999999999999999999\r\n\r\n", (400, 413)),
    "body over 1 MiB in chunks": (LINE + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 17 + b"0\r\n\r\n", (413,)),
    "header over 16 KiB": (LINE + b"X-A: " + b"a" * 17000 + b"\r\n" + LENGTH + b"\r\n" + BODY, (431,)),
    "header over 16 KiB in many fields": (LINE + b"".join(b"X-%d: " % i + b"a" * 400 + b"\r\n" for i in range(60)) + LENGTH + b"\r\n" + BODY, (431,)),
    "over 100 fields": (LINE + b"".join(b"X-%d: a\r\n" % i for i in range(101)) + LENGTH + b"\r\n" + BODY, (431,)),
    "request line over 8 KiB": (b"GET /api/postback?click_id=" + b"a" * 8300 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (414,)),
    "no host": (b"POST /api/ftd HTTP/1.1\r\n" + LENGTH + b"\r\n" + BODY, (400,)),
    "two hosts": (LINE + b"Host: y\r\n" + LENGTH + b"\r\n" + BODY, (400,)),
    "length is no number": (LINE + b"Content-Length: abc\r\n\r\n" + BODY, (400,)),
    "negative length": (LINE + b"Content-Length: -1\r\n\r\n" + BODY, (400,)),
    "two lengths": (LINE + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, (400,)),
    "length and chunked": (LINE + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
    "unknown coding": (LINE + b"Transfer-Encoding: gzip\r\n\r\n" + BODY, (400, 501)),
    "bad chunk size": (LINE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY + b"\r\n0\r\n\r\n", (400,)),
    "space before colon": (LINE + b"Content-Length : 48\r\n\r\n" + BODY, (400,)),
    "folded header": (LINE + b"X-A: a\r\n b\r\n" + LENGTH + b"\r\n" + BODY, (400,)),
    "control byte in header": (LINE + b"X-A: a\x00b\r\n" + LENGTH + b"\r\n" + BODY, (400,)),
    "unknown version": (b"POST /api/ftd HTTP/3.0\r\nHost: 127.0.0.1\r\n" + LENGTH + b"\r\n" + BODY, (400, 505)),
    "no version": (b"POST /api/ftd\r\nHost: 127.0.0.1\r\n" + LENGTH + b"\r\n" + BODY, (400,)),
    "nonsense": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400,)),
}


@pytest.mark.parametrize("name", list(WIRE))
def test_refused_on_the_wire(clean, name):
    data, statuses = WIRE[name]
    before = stored(clean)
    answer = send_raw(clean.port, data, timeout=10)
    assert answer.status in statuses, answer
    assert stored(clean) == before


def test_a_request_cut_off_is_no_request(clean):
    whole, before = raw_request("POST", "/api/ftd", json_body=GOOD[FTD]), stored(clean)
    for cut in range(1, len(whole), 7):
        with socket.create_connection(("127.0.0.1", clean.port), 10) as s:
            s.sendall(whole[:cut])
    assert stored(clean) == before


def test_the_good_ones_are_good(net, tmp_path):
    """Negative control: the bodies that the cases above spoil are accepted unspoilt."""
    with Server(tmp_path, net) as server:
        for path, body in GOOD.items():
            body = {**body, **({"email": f"{len(path)}@example.com"} if "email" in body else {"sub1": new_hash()})}
            answer = server.post(path, body, key=server.admin_key)
            assert answer.status == 200, (path, answer)
        assert server.page()["pagination"]["total"] >= 3
        with socket.create_connection(("127.0.0.1", server.port), 10) as s:
            s.sendall(LINE + LENGTH + b"\r\n" + BODY)
            assert read_answer(s).status == 200
