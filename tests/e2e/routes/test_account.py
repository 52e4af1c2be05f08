"""One's own account: sessions seen and ended, the password, the second factor."""
import pytest

from authenticator import fresh, totp
from harness import Server, burst
from seven_routes import check

EMAIL, PASSWORD, NEW = "owner@example.com", "correct horse battery", "staple correct horse"
AUTH = "/api/admin/auth"


@pytest.fixture
def srv(net, tmp_path):
    with Server(tmp_path, net) as server:
        server.command("admin", "create", "--email", EMAIL, "--name", "O", "--password-stdin", stdin=PASSWORD + "\n")
        yield server


def login(srv, password=PASSWORD, **more):
    return srv.post(AUTH + "/login", {"email": EMAIL, "password": password, **more}, headers={"User-Agent": "Tester/1"})


def session(srv, **more):
    return login(srv, **more).data["token"]


def alive(srv, token):
    return srv.get(AUTH + "/profile", key=token).status == 200


# ------------------------------------------------------------------------------------------------------- sessions

def test_sessions_are_seen_and_ended(srv):
    first, second = session(srv), session(srv)
    listed = srv.get(AUTH + "/sessions", key=first).data
    assert [one["current"] for one in sorted(listed, key=lambda one: one["createdAt"])] == [True, False]
    assert all(one["address"] == "127.0.0.1" and one["agent"] == "Tester/1" for one in listed)
    assert all(one["createdAt"] <= one["seenAt"] < one["idleAt"] < one["endsAt"] for one in listed)
    other = next(one["id"] for one in listed if not one["current"])
    check(srv.request("DELETE", f"{AUTH}/sessions/{other}", key=first))
    assert alive(srv, first) and not alive(srv, second)
    srv.restart()
    assert alive(srv, first) and not alive(srv, second)
    check(srv.request("DELETE", f"{AUTH}/sessions/{other}", key=first), 404, success=False)


def test_a_new_login_ends_what_this_browser_held(srv):
    def cookies(answer):
        return {"Cookie": "; ".join(line.split(";")[0] for line in answer.headers.get_all("Set-Cookie"))}

    other = session(srv)
    first = cookies(login(srv, cookie=True))
    body = {"email": EMAIL, "password": PASSWORD, "cookie": True}
    assert srv.post(AUTH + "/login", {**body, "password": NEW}, headers=first).status == 401
    assert srv.request("GET", AUTH + "/profile", headers=first).status == 200, "a wrong password ends nothing"
    second = cookies(srv.post(AUTH + "/login", body, headers=first))
    assert srv.request("GET", AUTH + "/profile", headers=first).status == 401, "whoever has a copy of it has nothing"
    assert srv.request("GET", AUTH + "/profile", headers=second).status == 200 and alive(srv, other)


def test_nobody_sees_or_ends_anothers(srv):
    srv.command("admin", "create", "--email", "b@example.com", "--name", "B", "--password-stdin", stdin=PASSWORD + "\n")
    mine, hers = session(srv), srv.post(AUTH + "/login", {"email": "b@example.com", "password": PASSWORD}).data["token"]
    id = srv.get(AUTH + "/sessions", key=hers).data[0]["id"]
    assert id not in [one["id"] for one in srv.get(AUTH + "/sessions", key=mine).data]
    check(srv.request("DELETE", f"{AUTH}/sessions/{id}", key=mine), 404, success=False)
    assert alive(srv, hers)


# -------------------------------------------------------------------------------------------------------- profile

def test_preferences_are_kept(srv):
    token = session(srv)
    assert srv.get(AUTH + "/profile", key=token).data["preferences"] == {}
    likes = {"tz": "America/Argentina/Buenos_Aires", "language": "pt-BR", "theme": "dark", "density": "compact", "times": "exact",
             "keys": False, "views": [{"name": "“Mine”", "page": "/conversions", "query": "status=pending"}]}
    check(srv.request("PUT", AUTH + "/profile", key=token, json_body={**likes, "name": "Olive"}))
    srv.restart()
    kept = srv.get(AUTH + "/profile", key=token).data
    assert kept["name"] == "Olive" and kept["preferences"] == likes
    check(srv.request("PUT", AUTH + "/profile", key=token, json_body={"theme": "light"}))
    kept = srv.get(AUTH + "/profile", key=token).data
    assert kept["name"] == "Olive" and kept["preferences"] == {"theme": "light"}, "as a whole, but for the name"


VIEW = {"name": "n", "page": "/", "query": ""}


@pytest.mark.parametrize("body,field", [
    ({"name": ""}, "name"), ({"name": 5}, "name"), ({"theme": "blue"}, "theme"), ({"theme": ""}, "theme"), ({"tz": "../etc passwd"}, "tz"),
    ({"language": "l" * 65}, "language"), ({"keys": "on"}, "keys"), ({"views": {}}, "views"), ({"views": [VIEW] * 33}, "views"),
    ({"views": [{**VIEW, "query": "q" * 1025}]}, "views"), ({"views": [{**VIEW, "more": "m"}]}, "views"), ({"colour": "red"}, "colour")])
def test_bad_preferences(srv, body, field):
    token = session(srv)
    answer = srv.request("PUT", AUTH + "/profile", key=token, json_body=body)
    check(answer, 400, success=False)
    assert answer.message.startswith(field), answer
    assert srv.get(AUTH + "/profile", key=token).data["preferences"] == {}


# ------------------------------------------------------------------------------------------------------- password

def test_a_new_password(srv):
    def change(token, **parts):
        return srv.post(AUTH + "/password", parts, key=token)

    mine, other = session(srv), session(srv)
    wrong = change(mine, old=NEW, new=NEW)
    check(wrong, 400, success=False)
    assert wrong.message.startswith("old ") and alive(srv, mine)
    short = change(mine, old=PASSWORD, new="short")
    assert short.status == 400 and short.message.startswith("new ") and login(srv).status == 200
    done = change(mine, old=PASSWORD, new=NEW)
    check(done)
    assert alive(srv, done.data["token"]) and not alive(srv, mine) and not alive(srv, other)
    assert login(srv).status == 401 and login(srv, NEW).status == 200


def test_a_new_password_by_cookie(srv):
    own = {"Origin": f"http://127.0.0.1:{srv.port}"}

    def cookies(answer):
        return {"Cookie": "; ".join(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie")), **own}

    before = cookies(login(srv, cookie=True))
    done = srv.post(AUTH + "/password", {"old": PASSWORD, "new": NEW}, headers=before)
    assert done.status == 200 and "token" not in done.data
    assert srv.request("GET", AUTH + "/profile", headers=cookies(done)).status == 200
    assert srv.request("GET", AUTH + "/profile", headers=before).status == 401


def test_guessing_the_old_password_is_slowed(srv):
    token = session(srv)
    statuses = [srv.post(AUTH + "/password", {"old": f"guess {n} guess", "new": NEW}, key=token).status for n in range(12)]
    assert statuses[:10] == [400] * 10 and statuses[-1] == 429
    assert alive(srv, token) and login(srv).status == 429, "one count for both ways in"


# ------------------------------------------------------------------------------------------------- the second factor

class Factor:
    """An admin with a second factor on, and the codes that counted."""

    def __init__(self, srv):
        self.srv, self.token, self.used = srv, session(srv), []
        given = srv.post(AUTH + "/totp/device", {}, key=self.token).data
        self.secret = given["secret"]
        assert given["uri"] == f"otpauth://totp/Barracuda:owner%40example%2Ecom?secret={self.secret}&issuer=Barracuda"
        assert "token" in login(srv).data, "not asked for before it is confirmed"
        confirmed = srv.post(AUTH + "/totp/confirm", {"code": self.code()}, key=self.token)
        check(confirmed)
        self.recovery = confirmed.data["recovery"]

    def code(self):
        self.used.append(fresh(self.secret, self.used))
        return self.used[-1]

    def challenge(self, **more):
        answer = login(self.srv, **more)
        assert answer.status == 200 and set(answer.data) == {"email", "challenge"}, answer
        assert not answer.headers.get_all("Set-Cookie")
        return answer.data["challenge"]

    def show(self, challenge, **shown):
        return self.srv.post(AUTH + "/totp", {"challenge": challenge, **shown})


def test_a_login_takes_a_code_once(srv):
    factor = Factor(srv)
    assert srv.get(AUTH + "/profile", key=factor.token).data["totp"] is True
    challenge = factor.challenge()
    check(factor.show(challenge, code=factor.used[0]), 401, success=False), "it confirmed the device already"
    check(factor.show(challenge, code="000000" if totp(factor.secret) != "000000" else "111111"), 401, success=False)
    check(factor.show(challenge), 400, success=False)
    check(factor.show(challenge, code="1", recovery="2"), 400, success=False)
    check(factor.show("x" + challenge, code="1"), 401, success=False)
    check(factor.show(challenge[:-1] + "0", code="1"), 401, success=False)
    code = factor.code()
    opened = burst(4, lambda _: factor.show(challenge, code=code))
    assert sorted(a.status for a in opened) == [200, 401, 401, 401], "one of four at once"
    token = next(a.data["token"] for a in opened if a.status == 200)
    assert alive(srv, token)
    srv.restart()
    check(factor.show(factor.challenge(), code=code), 401, success=False)
    stored = b"".join(p.read_bytes() for p in srv.data.rglob("*") if p.is_file())
    assert not [one for one in factor.recovery if one.encode() in stored or one.replace("-", "").encode() in stored]


def test_a_recovery_code_counts_once(srv):
    factor = Factor(srv)
    assert len(set(factor.recovery)) == 10
    opened = factor.show(factor.challenge(), recovery=factor.recovery[3].upper().replace("-", ""))
    check(opened)
    assert srv.get(AUTH + "/profile", key=opened.data["token"]).data["recoveryLeft"] == 9
    check(factor.show(factor.challenge(), recovery=factor.recovery[3]), 401, success=False)


def test_guessing_codes_is_slowed(srv):
    factor = Factor(srv)
    challenge = factor.challenge()
    statuses = [factor.show(challenge, code=f"{n:06}x").status for n in range(11)]
    assert statuses[0] == 401 and statuses[-1] == 429
    answer = factor.show(challenge, recovery=factor.recovery[0])
    check(answer, 429, success=False)
    assert int(answer.headers["Retry-After"]) <= 30
    assert login(srv).status == 429, "a right password makes no guess free"


def test_it_is_given_up_by_a_code(srv):
    factor = Factor(srv)

    def drop(**shown):
        return srv.request("DELETE", AUTH + "/totp/device", key=factor.token, json_body=shown)

    check(drop(), 400, success=False)
    wrong = drop(code="no code")
    assert wrong.status == 400 and wrong.message.startswith("code ")
    check(drop(recovery=factor.recovery[0]))
    assert "token" in login(srv).data
    check(drop(recovery=factor.recovery[1]), 409, success=False)


def test_who_lost_it_is_helped(srv):
    Factor(srv)
    admin = srv.admin("GET", "/api/admin/admins").data[0]
    assert admin["totp"] is True
    path = f"/api/admin/admins/{admin['id']}"
    check(srv.admin("PUT", path, json_body={"name": "O", "role": "owner", "totp": True}), 400, success=False)
    check(srv.admin("PUT", path, json_body={"name": "O", "role": "owner"}))
    assert "challenge" in login(srv).data
    check(srv.admin("PUT", path, json_body={"name": "O", "role": "owner", "totp": False}))
    assert "token" in login(srv).data


def test_the_command_ends_it_too(srv):
    factor = Factor(srv)
    challenge = factor.challenge()
    srv.command("admin", "password", "--email", EMAIL, "--password-stdin", stdin=NEW + "\n")
    check(factor.show(challenge, recovery=factor.recovery[0]), 401, success=False), "of the old password"
    assert "challenge" in login(srv, NEW).data
    srv.command("admin", "password", "--email", EMAIL, "--without-totp", "--password-stdin", stdin=NEW + "\n")
    assert "token" in login(srv, NEW).data
