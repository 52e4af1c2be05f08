"""Bodies as programs send them: byte order marks, multipart, codings, other types; and names that nobody reads."""
import json
from urllib.parse import urlencode

import pytest

from harness import new_id
from seven_routes import check, mail

MARK = b"\xef\xbb\xbf"
GOOD = {
    "/api/private/conversions": {"click_hash": "@", "goal_type_id": "6", "deposit_amount": "50"},
    "/api/contact": {"email": "@", "type": "user", "company": "C"},
    "/api/register": {"email": "@", "name": "N", "company": "C", "type": "user"},
    "/api/ftd": {"click_id": "@", "affiliate_id": "7", "amount": "50"},
    "/api/postback": {"click_id": "@", "affiliate_id": "7", "goal": "deposit", "amount": "50"},
    "/api/goals/postback": {"click_id": "@", "affiliate_id": "7", "goal_type": "deposit", "amount": "50"},
    "/api/admin/conversions": {"click_id": "@", "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": "50"},
}
FORMS = ("/api/contact", "/api/register")
REPORTS = [path for path in GOOD if path not in FORMS]


def fresh(path):
    value = mail() if path in FORMS else new_id()
    return {name: value if given == "@" else given for name, given in GOOD[path].items()}


def send(srv, path, body, kind="", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind:
        headers["Content-Type"] = kind
    return srv.request("POST", path, body=body, headers=headers, key=srv.admin_key)


def as_form(body):
    return urlencode(body).encode(), "application/x-www-form-urlencoded"


def as_json(body):
    return json.dumps(body).encode(), "application/json"


def as_multipart(body, more=b""):
    parts = b"".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode() for name, text in body.items())
    return parts + more + b"--b--\r\n", "multipart/form-data; boundary=b"


FILE = b'--b\r\nContent-Disposition: form-data; name="upload"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n5\r\n'


def stored(srv, path, body):
    if path in FORMS:
        return srv.contact(body["email"])
    return srv.conversion(body.get("click_id") or body["click_hash"])


def is_stored(srv, path, body):
    if path in FORMS:
        return bool(srv.admin("GET", "/api/admin/contacts", query={"search": body["email"]}).json["data"])
    return bool(srv.of_click(body.get("click_id") or body["click_hash"]))


@pytest.mark.parametrize("path", list(GOOD))
@pytest.mark.parametrize("shape", [as_form, as_json, as_multipart])
@pytest.mark.parametrize("mark", [b"", MARK], ids=["plain", "marked"])
def test_every_shape_on_every_route(srv, path, shape, mark):
    body = fresh(path)
    data, kind = shape(body)
    answer = send(srv, path, mark + data, kind)
    assert answer.status in (200, 202), answer
    kept = stored(srv, path, body)
    assert kept, "the first field too"
    assert path in FORMS or kept["amount"] == 50


@pytest.mark.parametrize("path", list(GOOD))
def test_codings_are_415(srv, path):
    for coding in ("gzip", "br", "deflate", "zstd", "identity, gzip", "GZIP", "x"):
        body = fresh(path)
        answer = send(srv, path, as_json(body)[0], "application/json", Content_Encoding=coding)
        check(answer, 415, success=False)
        assert answer.headers["Accept-Encoding"] == "identity", coding
        assert not is_stored(srv, path, body)
    assert send(srv, path, as_json(fresh(path))[0], "application/json", Content_Encoding="Identity").status in (200, 202)


def test_codings_of_the_admins_bodies(srv):
    for method, path in (("POST", "/api/admin/goals"), ("PUT", "/api/admin/contacts/" + "0" * 24), ("POST", "/api/admin/contacts"),
                         ("POST", "/api/admin/auth/login"), ("POST", "/api/admin/replays"), ("POST", "/api/admin/networks")):
        answer = srv.admin(method, path, body=b"{}", headers={"Content-Encoding": "gzip"})
        assert answer.status == 415 and answer.headers["Accept-Encoding"] == "identity", (path, answer)


@pytest.mark.parametrize("path", list(GOOD))
def test_a_file_is_named_in_ignored(srv, path):
    data, kind = as_multipart(fresh(path), FILE)
    answer = send(srv, path + "?explain=1", data, kind)
    assert answer.status in (200, 202) and answer.json["ignored"] == ["upload"], answer


@pytest.mark.parametrize("path", list(GOOD))
def test_what_came_instead_of_json_is_named(srv, path):
    text = json.dumps(fresh(path))
    for body, kind, words in ((b"<a/>", "text/xml", "text/xml is not taken"), (text.encode("utf-16"), "application/json", "UTF-16"),
                              (text.encode("utf-16-le"), "application/json", "UTF-16"), (b"click_id=a&amount=1", "application/json", "x-www-form-urlencoded"),
                              (text[:-1].encode() + b",}", "application/json", f"byte {len(text)},"), (b"\x1f\x8b\x08\x00", "application/json", "compressed"),
                              (b"a,b\n1,2", "text/csv", "text/csv"), (b"--b\r\n", "multipart/form-data", "boundary")):
        message = check(send(srv, path, body, kind), 400, success=False)["message"]
        assert words in message, message


@pytest.mark.parametrize("path", list(GOOD))
def test_a_name_that_nobody_reads_refuses_nothing(srv, path):
    extra = "ammount=5&items[]=1&items[]=2&promo=100%&x%=1&%ff=1&=1&=2&" + "y" * 80 + "=1"
    data, kind = as_form(fresh(path))
    answer = send(srv, path + "?explain=1", data + b"&" + extra.encode(), kind)
    assert answer.status in (200, 202), answer
    assert {"ammount", "items[]", "promo", "(a name of 80 bytes)"} <= set(answer.json["ignored"]), answer
    body = json.dumps({**fresh(path), "currancy": "EUR", "a": {"b": [1]}, "c": []})[:-1]
    for more in ('"d":1,"d":2', '"e":"' + "x" * 5000 + '"', '"' + "n" * 5000 + '":1', '"deep":' + "[" * 40 + "]" * 40):
        text = json.dumps({**fresh(path), "currancy": "EUR", "a": {"b": [1]}, "c": []})[:-1] + "," + more + "}"
        answer = send(srv, path + "?explain=1&other=1&other=2", text.encode(), "application/json")
        assert answer.status in (200, 202), (more[:40], answer)
        assert {"currancy", "a", "c", "other"} <= set(answer.json["ignored"]), answer
        assert not {"click_id", "email", "explain", "affiliate_id"} & set(answer.json["ignored"])
    bad = body.encode() + b',"f":"\xff\xfe","\xff":1}'
    answer = send(srv, path, bad, "application/json")
    assert answer.status in (200, 202, 409), answer


@pytest.mark.parametrize("path", REPORTS)
def test_ignored_is_in_the_received_log(srv, path):
    body = {**fresh(path), "ammount": "5", "sub1": "{sub1}"}
    data, kind = as_json(body)
    assert send(srv, path, data, kind).status in (200, 202)
    click = body.get("click_id") or body["click_hash"]
    row = srv.admin("GET", "/api/admin/received", query={"click_id": click}).json["data"][0]
    assert sorted(row["ignored"]) == ["ammount", "sub1"], row
    assert "{sub1}" not in json.dumps(row, default=str)


@pytest.mark.parametrize("path", REPORTS)
def test_a_name_that_is_read_given_twice_is_refused(srv, path):
    for name in GOOD[path]:
        data, kind = as_form(fresh(path))
        message = check(send(srv, path, data + f"&{name}=1".encode(), kind), 400, success=False)["message"]
        assert name in message and "twice" in message
    data, kind = as_form(fresh(path))
    assert "currency is given twice" in check(send(srv, path, data + b"&currency=USD&currency=USD", kind), 400, success=False)["message"]


@pytest.mark.parametrize("path, body, field", [
    ("networks", '{"name":"twice","name":"other","kind":"template"}', "name"),
    ("networks", '{"name":"twice","kind":"template","postback":{"url":"http://127.0.0.1/a","url":"http://127.0.0.1/b"}}', "postback.url"),
    ("networks?check=1", '{"name":"twice","kind":"template","limits":{"ports":[1],"p\\u006frts":[2]}}', "limits.ports"),
    ("offers", '{"id":"twice","id":"other","title":"t"}', "id"),
    ("goals", '{"id":"twice","type":"other","type":"deposit"}', "type"),
])
def test_a_name_given_twice_is_refused_at_any_depth(srv, path, body, field):
    answer = srv.admin("POST", f"/api/admin/{path}", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400 and answer.json["success"] is False, answer
    assert answer.json["field"] == field and "given twice" in answer.json["reason"], answer
    for name in ("twice", "other"):
        assert srv.admin("GET", f"/api/admin/{path.partition('?')[0]}/{name}").status == 404


def test_the_same_in_a_url(srv):
    click = new_id()
    url = "/api/postback?affiliate_id=7&goal=deposit&amount=5&explain=1&click_id=" + click
    answer = srv.request("GET", url + "&promo=100%&items[]=1&items[]=2&ammount=7", key=srv.admin_key)
    assert sorted(check(answer, verdict="recorded")["ignored"]) == ["ammount", "items[]", "promo"]
    for bad in ("&amount=6", "&sub2=5%", "&sub2=%ff", "&sub2=a%00", "&explain=0"):
        assert srv.request("GET", url + bad).status == 400, bad
    assert "NUL" in srv.request("GET", url + "&sub2=a%00").json["message"]


@pytest.mark.parametrize("path", REPORTS)
def test_an_empty_list_is_no_metadata(srv, path):
    body = {**fresh(path), "metadata": []}
    answer = send(srv, path + "?explain=1", *as_json(body))
    assert answer.status in (200, 202) and answer.json["ignored"] == [], answer
    assert "metadata" not in stored(srv, path, body)


CURRENCIES = ["UDS", "EUU", "AAA", "ZZZ", "DEM", "HRK", "CHE", "USN", "XXX", "XTS", "US$", "usdt"]


@pytest.mark.parametrize("path", REPORTS)
def test_currencies_are_those_of_the_list(srv, path):
    for currency in CURRENCIES:
        body = {**fresh(path), "currency": currency}
        message = check(send(srv, path, *as_json(body)), 400, success=False)["message"]
        assert "currency" in message and "ISO 4217" in message
        assert not is_stored(srv, path, body)
    for currency in ("EUR", "jpy", "VES", "XOF"):
        body = {**fresh(path), "currency": currency}
        assert send(srv, path, *as_json(body)).status in (200, 202)
        assert stored(srv, path, body)["currency"] == currency.upper()


@pytest.mark.parametrize("path", REPORTS)
def test_text_is_no_truth_value(srv, path):
    for name in ("ip_address", "user_agent", "country", "sub2"):
        body = {**fresh(path), name: True}
        assert name in check(send(srv, path, *as_json(body)), 400, success=False)["message"]


def test_lists_and_edits_refuse_a_name_they_do_not_know(srv):
    identity = "0" * 24
    for method, path, meant in (
            ("GET", "/api/admin/conversions?goaltype=deposit", "goal_type"), ("GET", "/api/admin/contacts?typ=user", "type"),
            ("GET", "/api/admin/deliveries?stat=dead", "state"), ("GET", "/api/admin/received?rout=ftd", "route"),
            ("GET", "/api/admin/attempts?netwrk=x", "network"), ("GET", "/api/private/conversions?perpage=5", "per_page"),
            ("GET", "/api/admin/conversions/stats?x=1", ""), ("GET", "/api/admin/contacts/stats?x=1", ""),
            ("GET", "/api/admin/replays?x=1", ""), ("GET", "/api/admin/networks?x=1", ""), ("GET", "/api/admin/goals?x=1", ""),
            ("GET", "/api/admin/offers?x=1", ""), ("GET", f"/api/admin/contacts/{identity}?x=1", ""),
            ("DELETE", f"/api/admin/contacts/{identity}?x=1", ""), ("DELETE", "/api/admin/goals/6?x=1", ""),
            ("POST", "/api/admin/networks/default/stop?x=1", ""), ("POST", "/api/admin/replays?dryrun=1", "dry_run"),
            ("POST", "/api/admin/goals?x=1", "")):
        answer = srv.admin(method, path, **({"body": b"{}"} if method == "POST" else {}))
        name = path.split("?")[1].split("=")[0]
        assert answer.status == 400 and name in answer.json["message"] and meant in answer.json["message"], (path, answer)
    email = mail()
    check(srv.post("/api/contact", {"email": email, "type": "user"}))
    contact = srv.contact(email)
    for method, path, body, meant in (
            ("PUT", f"/api/admin/contacts/{contact['id']}", {"stauts": "x"}, "status"), ("POST", "/api/admin/contacts", {"typ": "user"}, "type"),
            ("POST", "/api/admin/replays", {"netwrk": "x"}, "network"), ("POST", "/api/admin/goals", {"id": "g1", "typ": "other"}, "type"),
            ("POST", "/api/admin/offers", {"id": "o1", "titel": "x"}, "title"), ("PUT", "/api/admin/networks/default", {"kind": "irev_v3", "baseurl": "x"}, "base_url"),
            ("POST", "/api/admin/networks/default/preview", {"conversions": {}}, "conversion"),
            ("POST", "/api/admin/deliveries/retry", {"click_id": "a", "goal_id": "6", "delivery": "x"}, "delivery")):
        answer = srv.admin(method, path, json_body=body)
        assert answer.status == 400 and meant in answer.json["message"], (path, answer)
    assert srv.contact(email)["status"] == contact["status"]


def test_sizes_of_any_length(srv):
    for path in ("/api/admin/conversions", "/api/admin/contacts"):
        for digits in ("201", "2147483648", "9" * 30):
            answer = srv.admin("GET", path, query={"limit": digits})
            assert answer.status == 200 and answer.json["pagination"]["limit"] == 200, answer
        assert srv.admin("GET", path, query={"page": "999999999"}).json["data"] == []
        for bad in ("0", "-1", "1.5", "x"):
            assert srv.admin("GET", path, query={"limit": bad}).status == 400
            assert srv.admin("GET", path, query={"page": bad}).status == 400
        assert srv.admin("GET", path, query={"page": "9" * 30}).status == 400


def test_a_zone_whose_plus_was_not_encoded(srv):
    answer = srv.request("GET", "/api/admin/conversions?from=2026-01-01T00:00:00+02:00", key=srv.admin_key)
    assert answer.status == 400 and "%2B" in answer.json["message"], answer


def test_contacts_are_found_in_any_case(srv):
    word = new_id("q")
    for name in (f"JÜRGEN MÜLLER {word}", f"Straße {word}", f"ΣΊΣΥΦΟΣ {word}", f"Café {word}"):
        check(srv.post("/api/contact", {"email": mail(), "type": "user", "name": name}))
    for sought, found in ((f"müller {word}", 1), (f"MÜLLER {word}", 1), (f"Mu\u0308ller {word}", 1), (f"STRASSE {word}", 1),
                          (f"σίσυφοσ {word}", 1), (f"CAFÉ {word.upper()}", 1), (f"muller {word}", 0), (f" {word}\u200b", 4)):
        answer = srv.admin("GET", "/api/admin/contacts", query={"search": sought})
        assert answer.json["pagination"]["total"] == found, sought


def test_a_login_is_short(srv):
    body = json.dumps({"email": "a@example.com", "password": "x" * 9000}).encode()
    for path in ("/api/admin/auth/login", "/api/admin/auth/setup"):
        check(srv.request("POST", path, body=body, headers={"Content-Type": "application/json"}), 413, success=False)
    many = b"&".join(b"f%d=1" % i for i in range(1025))
    message = check(send(srv, "/api/contact", many, "application/x-www-form-urlencoded"), 400, success=False)["message"]
    assert "1024" in message
