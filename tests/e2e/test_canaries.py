"""Canaries: whatever lets somebody in stands where it must and nowhere else: not in another file, an answer, a log, a metric, an error
or a process's arguments (docs/security/inventory.md). What a network is shown, and persons: test_erasure.py."""
import base64
import contextlib
import hashlib
import re
import subprocess
import time
from pathlib import Path

import pytest

from authenticator import fresh
from harness import BINARY, Server, new_id, send_raw, wait_until
from seven_routes import check
from persons import found_in, in_answers, in_files, spellings

AUTH = "/api/admin/auth"
HASH, TOKEN = "net/hash+Canary~7", "priv/token+Canary~8"
EMAIL = "first@example.com"
FACTOR = "the secret of the second factor"
KEPT = {FACTOR}  # the server makes codes of it (docs/decisions/identity.md)


@pytest.fixture(scope="module")
def house(net, tmp_path_factory):
    """A server through which every kind of secret has gone by every way there is. `secrets`: name -> text; `said`: what it answered
    where none of them may stand."""
    directory = tmp_path_factory.mktemp("canaries")
    files = {"BARRACUDA_NETWORK_HASH_FILE": HASH, "BARRACUDA_NETWORK_PRIVATE_API_TOKEN_FILE": TOKEN}
    env = {"BARRACUDA_LOG_REQUESTS": "true"}
    for name, text in files.items():
        path = directory / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        env[name] = str(path)
    server = Server(directory, net, ingest="key", env=env, start=False, keys=False)
    for name in files:
        del server.env[name.removesuffix("_FILE")]
    with server.start():
        server.secrets, server.said = {"the network's hash": HASH, "the network's token": TOKEN}, []
        first_admin(server)
        second_factor(server)
        passwords(server)
        an_invitation(server)
        keys(server)
        server.admin_key = server.create_key("admin", name="look")
        server.secrets["a key of scope admin"] = server.admin_key
        yield server


def first_admin(srv):
    link = wait_until(lambda: (srv.data / "setup-link").exists() and (srv.data / "setup-link").read_text(), 10, "the link")
    token = re.search(r"bkt_[\w-]+", link).group()
    srv.secrets["the setup token"], srv.secrets["the first password"] = token, "first canary pass"
    assert in_files(srv.data, [token]) == {"setup-link": [token]}, "until it is used, in its file alone"
    given = {"email": EMAIL, "name": "First", "password": "first canary pass"}
    srv.said.append(srv.post(AUTH + "/setup", {**given, "token": token + "x"}))
    opened = srv.post(AUTH + "/setup", {**given, "token": token})
    check(opened)
    srv.token = srv.secrets["a session's token"] = opened.data["token"]
    srv.secrets["a device's token"] = opened.data["device"]
    srv.said += [srv.post(AUTH + "/setup", {**given, "token": token}), srv.request("GET", "/setup", query={"token": token})]


def second_factor(srv):
    srv.secrets[FACTOR] = secret = srv.post(AUTH + "/totp/device", {}, key=srv.token).data["secret"]
    used = [fresh(secret, [])]
    confirmed = srv.post(AUTH + "/totp/confirm", {"code": used[0]}, key=srv.token)
    check(confirmed)
    for n, code in enumerate(confirmed.data["recovery"]):
        srv.secrets[f"recovery code {n}"] = code
    asked = srv.post(AUTH + "/login", {"email": EMAIL, "password": srv.secrets["the first password"], "cookie": True})
    srv.secrets["a login's challenge"] = challenge = asked.data["challenge"]
    srv.said.append(srv.post(AUTH + "/totp", {"challenge": challenge, "recovery": "aaaa-bbbb-cccc-dddd"}))
    opened = srv.post(AUTH + "/totp", {"challenge": challenge, "recovery": confirmed.data["recovery"][0], "cookie": True})
    check(opened)
    for line in opened.headers.get_all("Set-Cookie"):
        name, _, value = line.partition(";")[0].partition("=")
        srv.secrets["the cookie " + name] = value
    srv.said += [opened, srv.get(AUTH + "/profile", key=srv.token), srv.get(AUTH + "/sessions", key=srv.token)]


def passwords(srv):
    """A slip is nearly the password, so it is a secret, too."""
    slip, new = "first canary pasS", "second canary pass"
    srv.secrets["a mistyped password"], srv.secrets["a new password"] = slip, new
    srv.said.append(srv.post(AUTH + "/login", {"email": EMAIL, "password": slip}))
    srv.said.append(srv.post(AUTH + "/password", {"old": slip, "new": new}, key=srv.token))
    changed = srv.post(AUTH + "/password", {"old": srv.secrets["the first password"], "new": new}, key=srv.token)
    check(changed)
    srv.token = srv.secrets["the session after it"] = changed.data["token"]
    srv.secrets["a password by command"] = "third canary pass"
    created = srv.command("admin", "create", "--email", "b@example.com", "--name", "B", "--password-stdin", stdin="third canary pass\n")
    assert not found_in((created.stdout + created.stderr).encode(), srv.secrets.values())


def an_invitation(srv):
    invited = srv.post("/api/admin/admins", {"email": "c@example.com", "name": "C", "role": "read_only"}, key=srv.token)
    check(invited)
    srv.secrets["an invitation's token"], srv.secrets["a guest's password"] = invited.data["token"], "fourth canary pass"
    accepted = srv.post(AUTH + "/invitation", {"token": invited.data["token"], "password": "fourth canary pass"})
    check(accepted)
    srv.secrets["a guest's session"] = accepted.data["token"]
    srv.said += [srv.post(AUTH + "/invitation", {"token": invited.data["token"], "password": "fourth canary pass"}),
                 srv.get("/api/admin/admins", key=srv.token)]


def keys(srv):
    """Where a key is meant to stand, and where trackers put it by mistake."""
    key = srv.secrets["a key"] = srv.create_key("ingest", name="canary")
    made = srv.post("/api/admin/keys", {"name": "by page", "scope": "ingest"}, key=srv.token)
    check(made)
    srv.secrets["a key made in the desk"] = other = made.data["key"]
    report = {"click_id": new_id(), "affiliate_id": "7", "amount": 5}
    check(srv.post("/api/ftd", report, key=key))
    check(srv.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="deposit", key=other))
    check(srv.request("POST", "/api/postback", query={"key": key}, form={"click_id": new_id(), "affiliate_id": "7", "goal": "deposit"}))
    refused = [
        srv.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="deposit", key=key + "x"),
        srv.get("/api/postback", affiliate_id="7", goal="deposit", key=key),
        srv.request("GET", "/api/goals/postback", query={"key": key}),
        srv.post("/api/ftd", report, headers={"Authorization": "Basic " + base64.b64encode(f"user:{key}".encode()).decode()}),
        srv.post("/api/ftd", report, headers={"X-Api-Key": key[:-1]}),
        srv.post("/api/ftd", {**report, "amount": -1, "api_key": key, "password": key}, key=key),
        srv.request("POST", "/api/ftd", body='{"click_id": "' + key, headers={"Content-Type": "application/json"}, key=key),
        srv.request("GET", "/metrics", query={"key": key}),
        send_raw(srv.port, f"GET /livez?key={key} HTTP/1.1\r\nHost: x\r\nX: {key}\x01\r\n\r\n".encode())]
    assert {answer.status for answer in refused} >= {400, 401}
    srv.said += refused
    srv.request("POST", f"/api/ftd/{key}", json_body=report)  # its answer says the path that was asked for
    check(srv.request("DELETE", "/api/admin/keys/" + made.data["id"], key=srv.token))
    srv.said.append(srv.get("/api/admin/keys", key=srv.token))


def names_of(house, found):
    return {name for name, text in house.secrets.items() if text in found}


def test_every_kind_has_gone_through(house):
    assert len(house.secrets) == len(set(house.secrets.values())) >= 28
    assert all(len(text) >= 12 for text in house.secrets.values()), "none is found by chance"


def test_in_no_file_but_its_own(house):
    """Blocks of the store may be packed, so an export, which is plain, is searched as well."""
    wait_until(lambda: house.admin("GET", "/api/admin/received").data, 10, "the log is written")
    exported = house.directory / "export"
    exported.mkdir()
    house.command("export", str(exported / "all.jsonl"))
    for directory in (house.data, exported):
        found = in_files(directory, house.secrets.values())
        assert names_of(house, sum(found.values(), [])) <= KEPT, found
    assert in_files(exported, [house.secrets[FACTOR]]), "the control: one that is kept is found"
    in_logs = in_files(house.data / "logs", house.secrets.values())
    assert not in_logs and not (house.data / "setup-link").exists(), in_logs


def test_in_no_answer(house):
    for answer in house.said:
        assert not found_in(answer.body, house.secrets.values()), answer
    assert not in_answers(house, house.secrets.values())


def test_in_no_log_and_no_metric(house):
    assert not found_in(house.stderr.read_bytes(), house.secrets.values())
    assert not found_in(house.get("/metrics").body, house.secrets.values())


def arguments_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_in_no_processs_arguments(house):
    assert not found_in(arguments_of(house.process.pid), house.secrets.values())
    begun = [str(BINARY), "admin", "password", "--email", "b@example.com", "--password-stdin", "--data", str(house.data)]
    with subprocess.Popen(begun, env=house.env, cwd=house.directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asking:
        asking.stdin.write(b"fifth canary pass")
        asking.stdin.flush()
        time.sleep(0.2)
        with contextlib.suppress(FileNotFoundError):
            assert not found_in(arguments_of(asking.pid), ["fifth canary pass"])
        out, err = asking.communicate(b"\n", 20)
    assert asking.returncode == 0, err
    assert not found_in(out + err, ["fifth canary pass"])


def test_only_hashes_of_what_is_only_compared(house):
    """The control of the files: they hold the hash of a key, where the key itself would stand."""
    exported = house.directory / "hashes.jsonl"
    house.command("export", str(exported))
    text = exported.read_text()
    for name in ("a key", "a guest's session"):
        assert hashlib.sha256(house.secrets[name].encode()).hexdigest() in text, name


@pytest.mark.parametrize("place", ["a file", "a line", "an answer"])
def test_control_each_of_them_would_be_seen(house, tmp_path, place):
    for name, text in house.secrets.items():
        for spelling in spellings(text):
            held = {"a file": b"\0" * 100 + spelling + b"\0", "a line": b'{"message":"x ' + spelling + b' y"}\n',
                    "an answer": b'{"data":"' + spelling + b'"}'}[place]
            (tmp_path / "one").write_bytes(held)
            assert text in in_files(tmp_path, house.secrets.values()).get("one", []), (name, spelling)
