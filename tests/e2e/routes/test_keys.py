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


def test_key_bound_to_an_affiliate_confirms_what_a_form_said_of_it_alone(keyed):
    for affiliate in ("2", "7"):  # 2: the form's default
        click = new_hash()
        check(keyed.post("/api/contact", {"email": mail(), "type": "user", "sub1": click, "affiliate_id": affiliate}))
        before = keyed.of_click(click)
        answer = keyed.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 60}, key=keyed.bound_key)
        if affiliate == "7":
            check(answer, verdict="updated", duplicate=False)
        else:
            check(answer, 403, success=False)
            assert keyed.of_click(click) == before


@pytest.mark.parametrize("path", list(BODIES))
def test_key_bound_to_an_affiliate_leaves_what_is_nobodys(keyed, path):
    """Where no affiliate stands it may neither fill nor reject."""
    click, first = new_hash(), next(iter(BODIES[path]))
    goal = {"click_hash": click, "goal_type_id": "6", "deposit_amount": 0}
    check(keyed.post("/api/private/conversions", goal, key=keyed.ingest_key), verdict="recorded")
    before = keyed.of_click(click)
    assert "affiliate_id" not in before[0]
    body = {**BODIES[path], first: click, "status": "rejected", "amount": 5, "deposit_amount": 5}
    for name, deposit in (("goal", "deposit"), ("goal_type", "deposit"), ("goal_type_id", "6")):
        if name in body:
            body[name] = deposit
    check(keyed.post(path, body, key=keyed.bound_key), 403, success=False)
    assert keyed.of_click(click) == before


@pytest.mark.parametrize("path", ["/api/contact", "/api/register"])
@pytest.mark.parametrize("kind", ["affiliate", "user"])
def test_key_bound_to_an_affiliate_on_the_forms(keyed, path, kind):
    form = {"name": "N", "company": "C", "type": kind, "deposit_amount": 98765}
    email, click = mail(), new_hash()
    answer = keyed.post(path, {**form, "email": email, "sub1": click, "affiliate_id": "8"}, key=keyed.bound_key)
    assert check(answer, 403, success=False)["message"] == "this key is bound to another affiliate_id"
    assert not keyed.of_click(click) and not keyed.admin("GET", "/api/admin/contacts", query={"search": email}).data
    for given in ({"affiliate_id": "7"}, {}):  # it can mean no other
        email = mail()
        check(keyed.post(path, {**form, "email": email, "sub1": new_hash(), **given}, key=keyed.bound_key))
        assert keyed.contact(email)["affiliate_id"] == "7"


def test_key_bound_to_an_affiliate_never_sees_what_others_said(keyed, net):
    click = new_hash()
    said = {"click_hash": click, "goal_type_id": "6", "affiliate_id": "7", "deposit_amount": 10, "payout": 40, "revenue": 77,
            "sub5": "internal", "ip_address": "198.51.100.4"}
    answer = check(keyed.post("/api/private/conversions", said, key=keyed.ingest_key), verdict="recorded", duplicate=False)
    assert answer["data"]["privateApiConversion"]["hash"] == click, "control"
    again = {**said, "payout": 1, "revenue": 2, "sub5": "x", "ip_address": "198.51.100.5", "status": "pending"}
    bound = keyed.request("POST", "/api/private/conversions", query={"explain": "1"}, json_body=again, key=keyed.bound_key)
    body = check(bound, verdict="duplicate", duplicate=True)
    assert {c["field"] for c in body["conflict"]} >= {"payout", "revenue", "sub5", "ip_address"}
    assert all(set(c) == {"field", "given"} for c in body["conflict"])
    assert body["data"]["privateApiConversion"] is None
    for secret in (b'40', b'77', b"internal", b"198.51.100.4"):
        assert secret not in bound.body.replace(click.encode(), b"").replace(body["data"]["id"].encode(), b""), secret
    unbound = keyed.request("POST", "/api/private/conversions", query={"explain": "1"}, json_body=again, key=keyed.ingest_key)
    stored = {c["field"]: c["stored"] for c in unbound.json["conflict"]}
    assert stored["payout"] == "40" and stored["sub5"] == "internal", "control"

    goal = {"click_id": new_hash(), "affiliate_id": "7", "goal_type": "deposit", "amount": 3}
    assert check(keyed.post("/api/goals/postback", goal, key=keyed.ingest_key))["data"]["postbackResponse"], "control"
    data = check(keyed.post("/api/goals/postback", goal, key=keyed.bound_key), verdict="duplicate", duplicate=True)["data"]
    assert data["postbackResponse"] is None and data["postbackStatusCode"] == 200


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
    check(srv.get("/api/admin/auth/profile"), 401, success=False)
    assert b"boss@example.com" in srv.get("/api/admin/auth/profile", key=data["token"]).body
    check(srv.get("/api/admin/conversions", key=data["token"]))
