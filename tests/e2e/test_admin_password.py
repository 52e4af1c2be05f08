"""admin password: a new password by the command line, and every session of that admin is over."""
import pytest

from harness import Server, request

OLD, NEW = "correct horse battery", "staple correct horse"


def login(srv, email, password):
    return srv.post("/api/admin/auth/login", {"email": email, "password": password})


def session(srv, email, password):
    answer = login(srv, email, password)
    assert answer.status == 200, answer
    return answer.data["token"]


def alive(srv, token):
    return request(srv.port, "GET", "/api/admin/auth/profile", key=token).status == 200


def create(srv, email):
    srv.command("admin", "create", "--email", email, "--name", "N", "--password-stdin", stdin="\ufeff" + OLD + "\r\n")


def set_password(srv, email, password=NEW, check=True):
    return srv.command("admin", "password", "--email", email, "--password-stdin", stdin=password + "\n", check=check)


@pytest.mark.parametrize("running", [True, False], ids=["through the control socket", "with no server"])
def test_a_new_password_ends_every_session(net, tmp_path, running):
    with Server(tmp_path, net) as srv:
        create(srv, "a@example.com")
        create(srv, "b@example.com")
        tokens = [session(srv, "a@example.com", OLD) for _ in range(3)]
        other = session(srv, "b@example.com", OLD)
        assert all(alive(srv, t) for t in tokens) and alive(srv, other)
        if not running:
            srv.stop()
        done = set_password(srv, "A@Example.com")
        assert done.stdout == "admin a@example.com has a new password; 3 sessions ended\n"
        if not running:
            srv.start()
        assert not any(alive(srv, t) for t in tokens)
        assert srv.request("GET", "/api/admin/contacts", headers={"Cookie": f"barracuda_session={tokens[0]}"}).status == 401
        assert alive(srv, other), "nobody else's"
        assert login(srv, "a@example.com", OLD).status == 401
        token = session(srv, "a@example.com", NEW)
        srv.restart()
        assert alive(srv, token) and alive(srv, other) and not any(alive(srv, t) for t in tokens)
        text = srv.stderr.read_text()
        assert OLD not in text and NEW not in text and "@example.com" not in text


def test_what_is_refused(net, tmp_path):
    with Server(tmp_path, net) as srv:
        create(srv, "a@example.com")
        token = session(srv, "a@example.com", OLD)
        unknown = set_password(srv, "nobody@example.com", check=False)
        assert unknown.returncode == 1 and "no admin with this e-mail" in unknown.stderr
        short = set_password(srv, "a@example.com", "short", check=False)
        assert short.returncode == 2 and "10 characters" in short.stderr
        bare = srv.command("admin", "password", "--email", "a@example.com", check=False)
        assert bare.returncode == 2 and "--password-stdin" in bare.stderr
        assert alive(srv, token) and login(srv, "a@example.com", OLD).status == 200, "nothing has changed"
