"""Who may call a route: keys, admins, sessions."""
import pytest

from harness import Server, new_hash, new_id
from seven_routes import check, mail


@pytest.fixture(scope="module")
def keyed(net, tmp_path_factory):
    """A server that asks for keys, as it is by default."""
    with Server(tmp_path_factory.mktemp("keyed"), net, ingest="key") as server:
        server.ingest_key = server.create_key("ingest", name="tracker")
        server.bound_key = server.create_key("ingest", affiliate="7", name="bound")
        yield server


BODIES = {"/api/private/conversions": {"click_hash": "x", "goal_type_id": "6", "affiliate_id": "7"},
          "/api/ftd": {"click_id": "x", "affiliate_id": "7", "amount": 1},
          "/api/postback": {"click_id": "x", "affiliate_id": "7", "goal": "deposit"},
          "/api/goals/postback": {"click_id": "x", "affiliate_id": "7", "goal_type": "deposit"}}


@pytest.mark.parametrize("path", list(BODIES))
def test_keys_on_write_routes(keyed, path):
    def send(**more):
        body = dict(BODIES[path])
        body[next(iter(body))] = click
        return keyed.request("POST", path, json_body=body, **more)

    click = new_id()
    for answer in (send(), send(key="nonsense"), send(headers={"X-Api-Key": "nonsense"}), send(key=keyed.ingest_key[:-1] + "~")):
        check(answer, 401, success=False)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert not keyed.of_click(click)
    check(send(key=keyed.ingest_key), verdict="recorded", duplicate=False)
    check(send(headers={"X-Api-Key": keyed.ingest_key}), verdict="duplicate", duplicate=True)
    check(send(key=keyed.admin_key), verdict="duplicate", duplicate=True)
    check(send(key=keyed.bound_key), verdict="duplicate", duplicate=True)


@pytest.mark.parametrize("path", list(BODIES))
def test_key_bound_to_an_affiliate(keyed, path):
    body = {**BODIES[path], "affiliate_id": "8"}
    body[next(iter(body))] = click = new_id()
    check(keyed.post(path, body, key=keyed.bound_key), 403, success=False)
    assert not keyed.of_click(click)


@pytest.mark.parametrize("path", list(BODIES))
def test_key_bound_to_an_affiliate_leaves_what_others_have(keyed, path):
    click, first = new_id(), next(iter(BODIES[path]))
    taken = {"click_id": click, "affiliate_id": "8", "amount": 40, "status": "pending"}
    check(keyed.post("/api/ftd", taken, key=keyed.ingest_key), verdict="recorded", duplicate=False)
    (before,) = keyed.of_click(click)
    answer = keyed.request("POST", path, query={"explain": "1"}, key=keyed.bound_key,
                           json_body={**BODIES[path], first: click, "status": "rejected"})
    check(answer, 403, success=False)
    assert before["id"].encode() not in answer.body and b"40" not in answer.body, "nor is it shown"
    assert keyed.of_click(click) == [before]


def test_key_bound_to_an_affiliate_confirms_what_a_form_said(keyed):
    click = new_hash()
    check(keyed.post("/api/contact", {"email": mail(), "type": "user", "sub1": click}))  # affiliate_id: the default, 2
    check(keyed.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 60}, key=keyed.bound_key), verdict="updated", duplicate=False)
    assert {c["affiliate_id"] for c in keyed.of_click(click) if c["goal_id"] == "6"} == {"7"}


def test_key_bound_to_an_affiliate_means_it_where_route1_names_none(keyed):
    click = new_hash()
    check(keyed.post("/api/private/conversions", {"click_hash": click, "goal_type_id": "6"}, key=keyed.bound_key), verdict="recorded")
    assert keyed.conversion(click)["affiliate_id"] == "7"


def test_head_says_what_get_would(keyed):
    query = {"click_id": new_id(), "affiliate_id": "8", "goal": "deposit"}
    assert keyed.request("HEAD", "/api/postback", query=query, key=keyed.bound_key).status == 403
    assert keyed.request("HEAD", "/api/postback", query=query, key=keyed.ingest_key).status == 200


def test_key_in_the_query_on_route5_only(keyed):
    click = new_id()
    without = keyed.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit")
    check(without, 401, success=False)
    assert "?key=KEY" in without.message and "?key=KEY" not in keyed.post("/api/ftd", {}).message, "said where it helps"
    check(keyed.request("GET", "/api/postback", query={"click_id": click, "affiliate_id": "7", "goal": "deposit", "key": keyed.ingest_key}),
          verdict="recorded", duplicate=False)
    never = keyed.request("GET", "/api/postback", query={"click_id": new_id(), "affiliate_id": "7", "goal": "deposit", "key": keyed.admin_key})
    assert never.status in (401, 403), "never an admin key there"
    other = keyed.request("POST", "/api/ftd", query={"key": keyed.ingest_key}, json_body={"click_id": new_id(), "affiliate_id": "7", "amount": 1})
    assert other.status in (400, 401)
    head = keyed.request("HEAD", "/api/postback", query={"click_id": click, "affiliate_id": "7", "goal": "deposit"})
    assert head.status == 401
    log = keyed.stderr.read_bytes()
    assert keyed.ingest_key.encode() not in log and keyed.admin_key.encode() not in log


ADMIN = [("GET", "/api/admin/conversions"), ("POST", "/api/admin/conversions"), ("GET", "/api/admin/contacts"),
         ("GET", "/api/admin/contacts/stats"), ("GET", "/api/admin/conversions/stats"), ("GET", "/api/private/conversions")]


@pytest.mark.parametrize("method,path", ADMIN)
def test_admin_routes_need_an_admin(srv, keyed, method, path):
    body = {"json_body": {"click_id": "x", "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit"}} if method == "POST" else {}
    for server in (srv, keyed):  # open mode opens nothing here
        check(server.request(method, path, **body), 401, success=False)
        check(server.request(method, path, key="nonsense", **body), 401, success=False)
    check(keyed.request(method, path, key=keyed.ingest_key, **body), 403, success=False)


def test_forms_are_public(keyed):
    check(keyed.post("/api/contact", {"email": mail(), "type": "user", "sub1": new_hash()}))
    check(keyed.post("/api/register", {"email": mail(), "type": "user", "name": "N", "company": "C"}))


def test_login(srv):
    srv.command("admin", "create", "--email", "boss@example.com", "--name", "Boss", "--password-stdin", stdin="correct horse battery\n")
    for email, password in (("boss@example.com", "wrong horse battery"), ("nobody@example.com", "correct horse battery")):
        check(srv.post("/api/admin/auth/login", {"email": email, "password": password}), 401, success=False)
    answer = srv.post("/api/admin/auth/login", {"email": "boss@example.com", "password": "correct horse battery"})
    data = check(answer)["data"]
    assert data["email"] == "boss@example.com" and data["name"] == "Boss" and data["role"] and data["token"]
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    check(srv.get("/api/admin/auth/profile"), 401, success=False)
    assert b"boss@example.com" in srv.get("/api/admin/auth/profile", key=data["token"]).body
    check(srv.get("/api/admin/conversions", key=data["token"]))
    pair = cookie.split(";")[0]
    check(srv.request("GET", "/api/admin/conversions", headers={"Cookie": pair}))
    body = {"click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit"}
    foreign = srv.request("POST", "/api/admin/conversions", json_body=body, headers={"Cookie": pair, "Origin": "https://evil.example"})
    check(foreign, 403, success=False)
    own = srv.request("POST", "/api/admin/conversions", json_body=body, headers={"Cookie": pair, "Origin": f"http://127.0.0.1:{srv.port}"})
    check(own, verdict="recorded", duplicate=False)
