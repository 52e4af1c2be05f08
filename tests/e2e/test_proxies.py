"""Behind real proxies, set up by the samples of docs/operating/install.md, and behind one that changes Host: logins, cookies,
edits, forms and the open routes work from our own pages, and from no other's."""
import re

import pytest

from harness import Server, new_hash, new_id
from proxies import Caddy, Haproxy, Nginx, Rewriting, sample
from seven_routes import check, mail

EMAIL, PASSWORD = "boss@example.com", "correct horse battery"
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def ledger(net, tmp_path_factory):
    """A server that asks for no key, and has an admin."""
    env = {"BARRACUDA_SERVER_TRUSTED_PROXIES": "127.0.0.1/32", "BARRACUDA_SERVER_HOSTS": "ledger.example"}
    with Server(tmp_path_factory.mktemp("ledger"), net, env=env) as server:
        server.command("admin", "create", "--email", EMAIL, "--name", "B", "--password-stdin", stdin=PASSWORD + "\n")
        yield server


def cookies_of(answer):
    return dict(value.split(";")[0].split("=", 1) for value in answer.headers.get_all("Set-Cookie") or [])


def shown(cookies):
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def admin_report():
    return {"click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": 1}


def pages_work(proxy):
    """All that the admin's and the public pages do, from `proxy.origin`; and nothing of it from elsewhere."""
    own = {"Origin": proxy.origin}
    credentials = {"email": EMAIL, "password": PASSWORD, "cookie": True}
    for headers in (own, {**own, "Content-Type": "text/plain"}):
        login = proxy.ask("POST", "/api/admin/auth/login", json_body=credentials, headers=headers)
        assert login.status == 200 and "token" not in login.data, login
        for cookie in login.headers.get_all("Set-Cookie"):
            assert ("Secure" in cookie) == proxy.tls == cookie.startswith("__Host-"), cookie
    session = shown(cookies_of(login))
    planted = shown({name.removeprefix("__Host-"): value for name, value in cookies_of(login).items()})
    check(proxy.ask("GET", "/api/admin/contacts", headers=planted), 401 if proxy.tls else 200, success=not proxy.tls)
    foreign = proxy.ask("POST", "/api/admin/auth/login", json_body=credentials, headers={**EVIL, "Content-Type": "text/plain"})
    check(foreign, 403, success=False)

    check(proxy.ask("GET", "/api/admin/contacts", headers=session))
    check(proxy.ask("POST", "/api/admin/conversions", json_body=admin_report(), headers={**session, **own}), verdict="recorded")
    for headers in ({}, EVIL, {"Origin": "null"}, {"Origin": proxy.origin + "1"}):
        answer = proxy.ask("POST", "/api/admin/conversions", json_body=admin_report(), headers={**session, **headers})
        check(answer, 403, success=False)

    for path in ("/api/contact", "/api/register"):  # the forms
        body = {"type": "user", "sub1": new_hash(), "name": "N", "company": "C"}
        check(proxy.ask("POST", path, json_body={**body, "email": mail()}, headers=own))
        check(proxy.ask("POST", path, json_body={**body, "email": mail()}, headers=EVIL), 403, success=False)
        check(proxy.ask("POST", path, json_body={**body, "email": mail()}), 200)

    ftd = {"click_id": new_id(), "affiliate_id": "7", "amount": 5}  # the old page's button
    check(proxy.ask("POST", "/api/ftd", json_body=ftd, headers=EVIL), 403, success=False)
    check(proxy.ask("POST", "/api/ftd", json_body=ftd, headers=own), verdict="recorded", duplicate=False)
    query = {"click_id": new_id(), "affiliate_id": "7", "goal": "deposit"}
    image = proxy.ask("GET", "/api/postback", query=query, headers={"Sec-Fetch-Site": "cross-site"})
    check(image, 403, success=False)
    check(proxy.ask("GET", "/api/postback", query=query), verdict="recorded", duplicate=False)

    check(proxy.ask("POST", "/api/admin/auth/logout", headers={**session, **EVIL}), 403, success=False)
    check(proxy.ask("POST", "/api/admin/auth/logout", headers={**session, **own}))
    check(proxy.ask("GET", "/api/admin/contacts", headers=session), 401, success=False)


@pytest.mark.parametrize("name", ["127.0.0.1", "ledger.example"])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])
@pytest.mark.parametrize("proxy", [Nginx, Haproxy, Caddy])
def test_the_samples(ledger, tmp_path, proxy, tls, name):
    with proxy(tmp_path, ledger.port, tls=tls, name=name) as one:
        pages_work(one)
        desk = one.ask("GET", "/admin")
        assert desk.status == 200 and desk.headers["Content-Type"].startswith("text/html"), desk
        for answer in (desk, one.ask("GET", "/api/admin/contacts")):
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        for path in ("/metrics", "/livez", "/readyz"):
            answer = one.ask("GET", path)
            assert answer.status == 404 and answer.json is None, "the machines around ask the program itself"


def test_a_name_that_is_not_ours_is_refused_behind_nginx(ledger, tmp_path):
    with Nginx(tmp_path, ledger.port, name="evil.example") as proxy:  # a stranger's name for our address
        query = {"click_id": new_id(), "affiliate_id": "7", "goal": "deposit"}
        for headers in ({}, {"Origin": proxy.origin}, {"Sec-Fetch-Site": "same-origin", "Origin": proxy.origin}):
            check(proxy.ask("GET", "/api/postback", query=query, headers=headers), 403, success=False)
        check(proxy.ask("GET", "/api/postback", query=query, key=ledger.admin_key), verdict="recorded")


def test_a_proxy_that_changes_host(ledger):
    with Rewriting(ledger.port) as proxy:
        pages_work(proxy)
        body = {"email": EMAIL, "password": PASSWORD}
        # Next overwrites what a client writes there; the rule does not depend on it.
        said = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "Content-Type": "text/plain"}
        check(proxy.ask("POST", "/api/admin/auth/login", json_body=body, headers=said), 403, success=False)


def test_a_proxy_that_changes_host_and_does_not_say_so(ledger):
    """Then the browser's own word helps, and nothing else."""
    with Rewriting(ledger.port, says_host=False) as proxy:
        form = {"email": mail(), "type": "user"}
        check(proxy.ask("POST", "/api/contact", json_body=form, headers={"Origin": proxy.origin}), 403, success=False)
        same = {"Origin": proxy.origin, "Sec-Fetch-Site": "same-origin"}
        check(proxy.ask("POST", "/api/contact", json_body=form, headers=same))


def test_two_proxies(ledger, tmp_path):
    """TLS ends at the first; what it said of the client's request stands first."""
    with Rewriting(ledger.port) as inner:
        headers = {"X-Forwarded-Proto": "https,http"}
        answer = inner.ask("POST", "/api/admin/auth/login", headers=headers,
                           json_body={"email": EMAIL, "password": PASSWORD, "cookie": True})
        assert all("Secure" in cookie for cookie in answer.headers.get_all("Set-Cookie")), answer.headers
        headers = {"X-Forwarded-Proto": "http, https"}
        answer = inner.ask("POST", "/api/admin/auth/login", headers=headers,
                           json_body={"email": EMAIL, "password": PASSWORD, "cookie": True})
        assert not any("Secure" in cookie for cookie in answer.headers.get_all("Set-Cookie")), answer.headers


@pytest.mark.parametrize("proxy", [Nginx, Haproxy])
def test_setup_behind_tls(net, tmp_path, proxy):
    """What the link's page prints is to be pasted: never an address without TLS."""
    env = {"BARRACUDA_SERVER_TRUSTED_PROXIES": "127.0.0.1/32"}
    with Server(tmp_path / "server", net, keys=False, env=env) as server:
        link = (server.data / "setup-link").read_text().strip()
        path = link[link.index("/setup"):]
        with proxy(tmp_path, server.port, tls=True, name="ledger.example") as one:
            page = one.ask("GET", path)
            assert page.status == 200, page
            assert f"curl {one.origin}/api/admin/auth/setup".encode() in page.body, page
        claimed = server.request("GET", path, headers={"Host": "ledger.example", "X-Forwarded-Proto": "https"})
        assert b"https://ledger.example/" in claimed.body
        server.restart({"BARRACUDA_SERVER_TRUSTED_PROXIES": ""})
        link = (server.data / "setup-link").read_text().strip()
        claimed = server.request("GET", link[link.index("/setup"):], headers={
            "Host": "a.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"})
        assert b"http://a.example/" in claimed.body and b"evil" not in claimed.body, "anybody may write those headers"


def test_many_requests_through_kept_connections(ledger, tmp_path):
    assert re.search(r"keepalive_timeout 60s", sample("upstream barracuda {"))
    with Nginx(tmp_path, ledger.port) as proxy:
        for i in range(50):
            query = {"click_id": f"kept-{proxy.port}-{i}", "affiliate_id": "7", "goal": "deposit"}
            check(proxy.ask("GET", "/api/postback", query=query), verdict="recorded")
