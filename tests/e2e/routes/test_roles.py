"""Roles on the server: every route of the router's table by every role, the team, and who is the last owner."""
import re

import pytest

from documents import text_of
from harness import Server, burst, concrete
from seven_routes import check

PASSWORD = "correct horse battery"
TABLE = re.findall(r'^    \{"(/[^"]*)",\s+"([A-Z]+)",\s+Access::k(\w+),', text_of("src/api/router.cc"), re.M)
ROUTES = [(path, method, access) for path, method, access in TABLE if access in ("Admin", "Reader", "Owner", "Person")]
ROLES = ("read_only", "operator", "owner")
TEAM = "/api/admin/admins"


def least(method, access):
    if access == "Owner":
        return "owner"
    return "operator" if access == "Admin" and method not in ("GET", "HEAD") else "read_only"


def create(srv, email, role=None):
    named = ("--role", role) if role else ()
    srv.command("admin", "create", "--email", email, "--name", "N", *named, "--password-stdin", stdin=PASSWORD + "\n")


def token(srv, email, password=PASSWORD):
    return srv.post("/api/admin/auth/login", {"email": email, "password": password}).data["token"]


@pytest.fixture(scope="module")
def house(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("house"), net, ingest="key") as server:
        for role in ROLES:
            create(server, f"{role}@example.com", role)
        server.tokens = {role: token(server, f"{role}@example.com") for role in ROLES}
        yield server


@pytest.fixture
def srv(net, tmp_path):
    with Server(tmp_path, net) as server:
        create(server, "owner@example.com")
        server.owner = token(server, "owner@example.com")
        yield server


def test_the_table_is_read():
    assert len(ROUTES) > 50 and {access for _, _, access in ROUTES} == {"Admin", "Reader", "Owner", "Person"}
    assert all(path.startswith("/api/admin/") or path == "/api/private/conversions" for path, _, _ in ROUTES)


@pytest.mark.parametrize("path,method,access", ROUTES)
def test_each_route_by_each_role(house, path, method, access):
    for role in ROLES:
        answer = house.request(method, concrete(path), key=house.tokens[role])
        may = ROLES.index(role) >= ROLES.index(least(method, access))
        assert (answer.status == 403) == (not may) and answer.status != 401, (role, answer)
        assert may or least(method, access) in answer.message and role in answer.message, answer
    by_key = house.admin(method, concrete(path)).status
    assert (by_key == 403) == (access == "Person") and by_key != 401, "a key is nobody, and may everything else"


def test_a_role_counts_at_once(srv):
    create(srv, "o@example.com", "operator")
    operator, goal = token(srv, "o@example.com"), {"id": "77", "type": "other"}
    check(srv.post("/api/admin/goals", goal, key=operator))
    one = next(a for a in srv.get(TEAM, key=srv.owner).data if a["email"] == "o@example.com")
    assert one["role"] == "operator" and one["active"] and one["lastSeenAt"] and one["invitedUntil"] is None
    path = f"{TEAM}/{one['id']}"
    check(srv.request("PUT", path, key=srv.owner, json_body={"name": "O", "role": "read_only"}))
    check(srv.post("/api/admin/goals", {**goal, "id": "78"}, key=operator), 403, success=False)
    assert srv.get("/api/admin/auth/profile", key=operator).data["role"] == "read_only"
    srv.restart()
    assert srv.get("/api/admin/auth/profile", key=operator).data["role"] == "read_only"
    check(srv.request("DELETE", path, key=srv.owner))
    assert srv.get("/api/admin/auth/profile", key=operator).status == 401, "her sessions are over"
    check(srv.post("/api/admin/auth/login", {"email": "o@example.com", "password": PASSWORD}), 401, success=False)


def test_the_last_owner_stays(srv):
    create(srv, "second@example.com")
    ids = {one["email"]: one["id"] for one in srv.get(TEAM, key=srv.owner).data}
    demote = {"name": "N", "role": "operator"}
    answers = burst(2, lambda i: srv.request("PUT", f"{TEAM}/{list(ids.values())[i]}", key=srv.admin_key, json_body=demote))
    assert sorted(a.status for a in answers) == [200, 409], "two at once, and one is left"
    owner = next(one for one in srv.admin("GET", TEAM).data if one["role"] == "owner")
    check(srv.admin("PUT", f"{TEAM}/{owner['id']}", json_body=demote), 409, success=False)
    check(srv.admin("DELETE", f"{TEAM}/{owner['id']}"), 409, success=False)
    invited = srv.admin("POST", TEAM, json_body={"email": "i@example.com", "name": "I", "role": "owner"}).data
    check(srv.admin("DELETE", f"{TEAM}/{owner['id']}"), 409, success=False), "who is invited cannot log in yet"
    check(srv.admin("DELETE", f"{TEAM}/{invited['id']}"))


def test_an_invitation(srv):
    ann = {"email": "Ann@Example.com", "name": "Ann", "role": "read_only"}

    def accept(secret, password="ann's own password"):
        return srv.post("/api/admin/auth/invitation", {"token": secret, "password": password})

    old = srv.post(TEAM, ann, key=srv.owner).data["token"]
    invited = srv.post(TEAM, {**ann, "name": "Ann B"}, key=srv.owner).data
    assert invited["email"] == "ann@example.com" and invited["invitedUntil"] and not invited["active"] and not invited["lastSeenAt"]
    assert sum(one["email"] == "ann@example.com" for one in srv.get(TEAM, key=srv.owner).data) == 1
    srv.restart()
    check(accept(old), 401, success=False)
    check(accept(invited["token"], "short"), 400, success=False)
    first = accept(invited["token"])
    assert first.status == 200 and first.data["name"] == "Ann B" and first.data["role"] == "read_only"
    check(accept(invited["token"], "another password"), 401, success=False)
    assert token(srv, "ann@example.com", "ann's own password")
    check(srv.post(TEAM, ann, key=srv.owner), 409, success=False)
    stored = b"".join(p.read_bytes() for p in srv.data.rglob("*") if p.is_file())
    assert invited["token"].encode() not in stored and "@example.com" not in srv.stderr.read_text()


@pytest.mark.parametrize("body,field", [
    ({"email": "x", "name": "N", "role": "owner"}, "email"), ({"email": "a@b.example", "name": "N", "role": "admin"}, "role"),
    ({"email": "a@b.example", "name": "N" * 65, "role": "owner"}, "name"), ({"email": "a@b.example", "name": "N"}, "role"),
    ({"email": "a@b.example", "name": "N", "role": "owner", "password": PASSWORD}, "password")])
def test_bad_invitations(srv, body, field):
    answer = srv.post(TEAM, body, key=srv.owner)
    check(answer, 400, success=False)
    assert answer.message.startswith(field), answer
    assert len(srv.get(TEAM, key=srv.owner).data) == 1


def test_the_command_takes_a_role(srv):
    bad = srv.command("admin", "create", "--email", "x@example.com", "--name", "X", "--role", "admin", "--password-stdin",
                      stdin=PASSWORD + "\n", check=False)
    assert bad.returncode == 2 and "--role" in bad.stderr
    assert [one["role"] for one in srv.get(TEAM, key=srv.owner).data] == ["owner"], "without one it is an owner"
