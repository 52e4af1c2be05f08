"""Who may ask what, from which page: every admin route, the open routes, the forms, logins and sessions."""
import pytest

from harness import Server, concrete, new_hash, new_id
from openapi import OPERATIONS
from seven_routes import check, mail

EMAIL, PASSWORD = "boss@example.com", "correct horse battery"
ADMIN = [(path, method) for path, method in OPERATIONS
         if {"session": []} in (OPERATIONS[path, method]["security"] or []) and not path.startswith("/api/admin/auth")]


@pytest.fixture(scope="module")
def house(net, tmp_path_factory):
    """A server that asks for keys, with an admin and every kind of key."""
    with Server(tmp_path_factory.mktemp("house"), net, ingest="key") as server:
        server.command("admin", "create", "--email", EMAIL, "--name", "B", "--password-stdin", stdin=PASSWORD + "\n")
        server.ingest_key, server.bound_key = server.create_key("ingest"), server.create_key("ingest", affiliate="7")
        server.own = {"Origin": f"http://127.0.0.1:{server.port}"}
        answer = login(server, cookie=True)
        assert answer.status == 200, answer
        server.session = cookie_of(answer)
        yield server


def login(server, headers=None, password=PASSWORD, **more):
    return server.post("/api/admin/auth/login", {"email": EMAIL, "password": password, **more}, headers=headers)


def set_cookies(answer):
    return {c.split("=")[0]: c for c in answer.headers.get_all("Set-Cookie") or []}


def cookie_of(answer):
    return {"Cookie": set_cookies(answer)["barracuda_session"].split(";")[0]}


# ---------------------------------------------------------------------------------------------- the admin's routes

@pytest.mark.parametrize("path,method", ADMIN)
def test_admin_routes(house, path, method):
    def ask(**parts):
        return house.request(method, concrete(path), **parts).status

    safe = method in ("GET", "HEAD")
    assert ask() == 401 and ask(key="nonsense") == 401 and ask(headers={"X-Api-Key": "nonsense"}) == 401
    assert ask(key=house.ingest_key) == 403 and ask(key=house.bound_key) == 403
    assert ask(headers={"Cookie": "barracuda_session=nonsense", **house.own}) == 401
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": house.own["Origin"] + "0"},
                    {"Origin": "http://127.0.0.1"}, {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
                    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"}):
        assert (ask(headers={**house.session, **headers}) == 403) != safe, headers
    for headers in (house.own, {"Origin": "https://site.example", "Sec-Fetch-Site": "same-origin"}):
        assert ask(headers={**house.session, **headers}) not in (401, 403), headers
    assert ask(headers={**house.session, **house.own, "Authorization": "Basic eDp5"}) not in (401, 403), \
        "a proxy's own password stands beside the cookie"
    assert ask(key=house.admin_key, headers={"Origin": "https://evil.example"}) not in (401, 403), "a key is no cookie"


def test_default_ports_are_no_ports(house):
    body = {"click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit"}
    for host, origin, status in (
            ("ledger.example:443", "https://ledger.example", 200), ("ledger.example", "https://ledger.example:443", 200),
            ("ledger.example:80", "http://ledger.example", 200), ("LEDGER.example", "http://ledger.EXAMPLE:80", 200),
            ("[::1]:443", "https://[::1]", 200), ("ledger.example", "https://ledger.example:8443", 403),
            ("ledger.example:8443", "https://ledger.example", 403), ("ledger.example:8443", "https://ledger.example:8443", 200)):
        answer = house.post("/api/admin/conversions", body, headers={**house.session, "Host": host, "Origin": origin})
        assert answer.status == status, (host, origin, answer)


# ------------------------------------------------------------------------------------------------ logging in and out

def test_a_session_is_a_token_or_a_cookie(house):
    answer = login(house)
    assert answer.data["token"] and answer.data["device"] and not set_cookies(answer), "the old pages forget it themselves"
    assert house.request("GET", "/api/admin/contacts", key=answer.data["token"]).status == 200
    answer = login(house, cookie=True)
    assert "token" not in answer.data and "device" not in answer.data
    cookies = set_cookies(answer)
    assert set(cookies) == {"barracuda_session", "barracuda_device"}
    for cookie in cookies.values():
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    assert house.request("GET", "/api/admin/contacts", headers=cookie_of(answer)).status == 200
    assert not set_cookies(login(house, cookie=False))
    check(login(house, cookie="perhaps"), 400, success=False)


def test_a_login_from_another_site(house):
    evil = {"Origin": "https://evil.example"}
    assert login(house, evil).status == 200, "JSON asks first, and gets no yes"
    preflight = house.request("OPTIONS", "/api/admin/auth/login", headers={**evil, "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in preflight.headers and preflight.status == 405
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/plain;application/json", "application/jsonx", ""):
        for headers in (evil, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            check(login(house, {**headers, "Content-Type": kind}), 403, success=False)
        assert login(house, {**house.own, "Content-Type": kind}).status in (200, 400)
    assert login(house, {**evil, "Content-Type": "Application/JSON; charset=utf-8"}).status == 200
    form = house.request("POST", "/api/admin/auth/login", form={"email": EMAIL, "password": PASSWORD, "cookie": "true"},
                         headers=house.own)
    assert form.status == 200 and "barracuda_session" in set_cookies(form)
    setup = {"token": "x", "email": "a@example.com", "name": "A", "password": PASSWORD}
    assert house.post("/api/admin/auth/setup", setup, headers={**evil, "Content-Type": "text/plain"}).status == 403
    assert house.post("/api/admin/auth/setup", setup, headers=evil).status == 401


def test_a_login_is_short(house):
    for path in ("/api/admin/auth/login", "/api/admin/auth/setup"):
        for body, kind in (("{" + " " * 8192 + "}", "application/json"), ("a=1&" * 2049, "application/x-www-form-urlencoded")):
            answer = house.request("POST", path, body=body, headers={"Content-Type": kind})
            check(answer, 413, success=False)
    assert login(house, more="x" * 7000).status == 200


def test_logout(house):
    def logout(**parts):
        return house.request("POST", "/api/admin/auth/logout", **parts)

    for parts in ({}, {"key": "nonsense"}, {"key": house.admin_key}, {"key": house.ingest_key},
                  {"headers": {"X-Api-Key": house.admin_key}}, {"headers": {"Authorization": "Bearer"}},
                  {"headers": {"Authorization": "Basic eDp5"}}, {"headers": {"Cookie": "barracuda_session="}}):
        headers = {**house.own, **parts.pop("headers", {})}
        check(logout(headers=headers, **parts), 401, success=False)
    stale = logout(headers={"Cookie": "barracuda_session=nonsense", **house.own})
    assert stale.status == 401 and "Max-Age=0" in set_cookies(stale)["barracuda_session"]

    token = login(house).data["token"]
    check(logout(key=token))
    check(logout(key=token), 401, success=False)
    check(house.get("/api/admin/auth/profile", key=token), 401, success=False)

    session = cookie_of(login(house, cookie=True))
    check(logout(headers=session), 403, success=False)
    check(logout(headers={**session, "Origin": "https://evil.example"}), 403, success=False)
    ended = logout(headers={**session, **house.own})
    assert ended.status == 200 and "Max-Age=0" in set_cookies(ended)["barracuda_session"]
    check(house.request("GET", "/api/admin/auth/profile", headers=session), 401, success=False)


# ----------------------------------------------------------------------------------------------- without a key

def open_requests():
    for method in ("GET", "HEAD"):
        yield method, "/api/postback", {"query": {"click_id": new_id(), "affiliate_id": "666", "goal": "deposit"}}
    yield "POST", "/api/postback", {"form": {"click_id": new_id(), "affiliate_id": "666", "goal": "deposit"}}
    yield "POST", "/api/ftd", {"body": '{"click_id":"%s","affiliate_id":"666","amount":500}' % new_id()}
    yield "POST", "/api/goals/postback", {"body": '{"click_id":"%s","affiliate_id":"6","goal_type":"deposit"}' % new_id()}
    yield "POST", "/api/private/conversions", {"body": '{"click_hash":"%s","goal_type_id":"6"}' % new_hash()}
    yield "GET", "/api/goals/postback", {}


FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1"}, {"Origin": ""},
           {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},  # from nobody we trust
           {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
           {"Host": "evil.example"}, {"Host": "evil.example", "Origin": "http://evil.example"},  # DNS rebinding
           {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
           {"Host": "127.0.0.1.evil.example"}, {"Host": "localhost.evil.example:8080"}, {"Host": ""}]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_open_ingest_is_closed_to_other_sites(srv, headers):
    for method, path, parts in open_requests():
        if "body" in parts:  # no preflight stands before such a post
            headers = {**headers, "Content-Type": "text/plain"}
        answer = srv.request(method, path, headers=headers, **parts)
        assert answer.status == 403, (method, path, answer)
        if "query" in parts:
            assert not srv.of_click(parts["query"]["click_id"])
            invented = srv.request(method, path, headers=headers, query={**parts["query"], "key": "theirs"})
            assert invented.status == 403, "a parameter that happens to be called key opens nothing"
            keyed = srv.request(method, path, headers=headers, key=srv.admin_key, **parts)
            assert keyed.status == 200, "with a key nobody asks where it comes from"


def test_open_ingest_is_open_to_servers_and_our_pages(srv):
    for host in (f"127.0.0.1:{srv.port}", "10.0.0.5:8080", "[::1]:8080", "[2001:db8::1]", "localhost", "LocalHost:9"):
        for more in ({}, {"Origin": f"http://{host}"}, {"Sec-Fetch-Site": "none"},
                     {"Origin": "http://x.example", "Sec-Fetch-Site": "same-origin"}):
            for method, path, parts in open_requests():
                answer = srv.request(method, path, headers={"Host": host, **more}, **parts)
                assert answer.status in (200, 202), (host, more, path, answer)
    both = srv.request("POST", "/api/ftd", json_body={"click_id": new_id(), "affiliate_id": "6", "amount": 1},
                       headers={"Origin": f"http://127.0.0.1:{srv.port}", "Sec-Fetch-Site": "cross-site"})
    check(both, 403, success=False)


def test_names_of_this_server(net, tmp_path):
    env = {"BARRACUDA_SERVER_HOSTS": "Ledger.example, odd.example:8443", "BARRACUDA_SERVER_TRUSTED_PROXIES": "127.0.0.1/32"}
    with Server(tmp_path, net, env=env) as server:
        query = {"click_id": "x", "affiliate_id": "7", "goal": "deposit"}
        for host, status in (("ledger.example", 200), ("LEDGER.EXAMPLE:9000", 200), ("odd.example:8443", 200), ("odd.example", 403),
                             ("x.ledger.example", 403), ("ledger.example.evil", 403), ("127.0.0.1:80", 200)):
            assert server.request("GET", "/api/postback", query=query, headers={"Host": host}).status == status, host
        for forwarded, status in (("ledger.example", 200), ("evil.example", 403)):
            headers = {"Host": "127.0.0.1", "X-Forwarded-Host": forwarded}
            assert server.request("GET", "/api/postback", query=query, headers=headers).status == status, forwarded


# ------------------------------------------------------------------------------------------------------- forms

def forms():
    return [("/api/contact", {"email": mail(), "type": "user", "sub1": new_hash()}),
            ("/api/register", {"email": mail(), "type": "user", "name": "N", "company": "C"})]


def test_forms_take_no_other_sites_pages(srv):
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}):
        for kind in ("text/plain", "application/json"):
            for path, body in forms():
                answer = srv.post(path, body, headers={**headers, "Content-Type": kind})
                check(answer, 403, success=False)
                assert "Access-Control-Allow-Origin" not in answer.headers
                assert srv.admin("GET", "/api/admin/contacts", query={"search": body["email"]}).data == []
    for headers in ({}, {"Origin": f"http://127.0.0.1:{srv.port}"}, {"Host": "any.example", "Origin": "https://any.example"},
                    {"Origin": "https://site.example", "Sec-Fetch-Site": "same-origin"}):
        for path, body in forms():
            check(srv.post(path, body, headers=headers))


def test_forms_of_listed_origins(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_FORMS_ORIGINS": "https://site.example, http://old.example:80"}) as server:
        for origin, status in (("https://site.example", 200), ("https://SITE.example:443", 200), ("http://old.example", 200),
                               ("http://site.example", 403), ("https://site.example.evil", 403), ("null", 403)):
            for path, body in forms():
                answer = server.post(path, body, headers={"Origin": origin})
                assert answer.status == status, (origin, answer)
                assert answer.headers["Access-Control-Allow-Origin"] == (origin if status == 200 else None)
        server.restart({"BARRACUDA_FORMS_ORIGINS": "*"})
        for headers in ({"Origin": "https://any.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            for path, body in forms():
                check(server.post(path, body, headers=headers))


def test_forms_of_one_network_and_of_all(net, tmp_path):
    env = {"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "2", "BARRACUDA_LIMITS_FORMS_TOTAL_PER_MINUTE": "40",
           "BARRACUDA_SERVER_TRUSTED_PROXIES": "127.0.0.1/32"}
    with Server(tmp_path, net, env=env) as server:
        def taken(addresses):
            answers = [server.post("/api/register", {"email": mail(), "type": "user", "name": "N", "company": "C"},
                                   headers={"X-Forwarded-For": address}) for address in addresses]
            assert all(a.status in (200, 429) for a in answers), answers
            assert all(int(a.headers["Retry-After"]) >= 1 for a in answers if a.status == 429)
            return sum(a.status == 200 for a in answers)

        assert taken(["198.51.100.7"] * 6) == 2
        assert taken([f"2001:db8:1:{i:x}::1" for i in range(30)]) == 20, "ten addresses' worth of a /48"
        assert taken([f"2001:db8:{i:x}::1" for i in range(2, 40)]) in range(18, 26), "all together"
