"""The first start: what the program prints works as pasted, and its secrets show where they may, once."""
import os
import pty
import re
import select
import stat
import subprocess
import time

import pytest

import harness
from harness import BINARY, Server, request, wait_until

LINK = re.compile(r"http://127\.0\.0\.1:\d+/setup\?token=(bkt_[A-Za-z0-9_-]+)")
NEW_ADMIN = {"email": "first@example.com", "name": "First", "password": "correct horse battery"}


class OnTerminal:
    """The program with a terminal as its stdout; stderr goes to a file, like `2> log` (or to the terminal)."""

    def __init__(self, server, all_on_terminal=False, typing=True, before=()):
        self.server, self.text = server, ""
        self.master, slave = pty.openpty()
        with open(server.stderr, "ab") as log:
            self.process = subprocess.Popen(
                [*before, str(BINARY), "serve", "--data", str(server.data), "--listen", f"127.0.0.1:{server.port}"],
                env=server.env, cwd=server.directory, stdin=slave if typing else subprocess.DEVNULL, stdout=slave,
                stderr=slave if all_on_terminal else log)
        os.close(slave)
        server.process = self.process
        harness._running[self.process.pid] = self.process

    def read_until(self, wanted, seconds=15):
        deadline = time.monotonic() + seconds
        while wanted not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 65536).decode().replace("\r\n", "\n")
        return self.text

    def stop(self):
        self.server.stop()
        os.close(self.master)


def fresh(tmp_path, net):
    """A server over a data directory that nobody has touched."""
    return Server(tmp_path, net, ingest="key", start=False, keys=False)


def commands(text):
    """The curl commands as printed, with their continuation lines."""
    return re.findall(r"^  (curl (?:.*\\\n)*.*)$", text, re.M)


def paste(command):
    done = subprocess.run(["bash", "-c", command.replace("curl ", "curl -sS ", 1)], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_on_a_terminal(tmp_path, net):
    server = fresh(tmp_path, net)
    first = OnTerminal(server)
    text = first.read_until("Stop with Ctrl-C.")
    token = LINK.search(text).group(1)
    postback, ftd = commands(text)
    assert '"verdict":"recorded"' in paste(postback)
    assert '"message":"FTD recorded successfully"' in paste(ftd)
    assert '"verdict":"duplicate"' in paste(ftd), "pasted twice it counts once"
    key = re.search(r"bki_[A-Za-z0-9_-]+", text).group()
    assert not (server.data / "setup-link").exists(), "the terminal has it"
    first.stop()

    second = OnTerminal(server)
    text = second.read_until("/setup?token=bkt_")
    assert "curl" not in text and key not in text, "the key was shown once"
    assert request(server.port, "GET", "/setup", query={"token": token}).status == 401, "void since the next start"
    second.stop()
    assert token.encode() not in server.stderr.read_bytes() and key.encode() not in server.stderr.read_bytes()


def test_the_link_makes_one_admin(tmp_path, net):
    server = fresh(tmp_path, net)
    terminal = OnTerminal(server, all_on_terminal=True)
    token = LINK.search(terminal.read_until("Stop with Ctrl-C.")).group(1)
    page = request(server.port, "GET", "/setup", query={"token": token})
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/plain")
    assert page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer"
    command, = commands(page.body.decode())
    assert '"success":false' in paste(command), "as it stands it names nobody"
    for name, value in (("E-MAIL", NEW_ADMIN["email"]), ("NAME", "First"), ("PASSWORD", NEW_ADMIN["password"])):
        command = command.replace(name, value)
    assert '"message":"Admin created"' in paste(command)
    assert '"success":false' in paste(command), "once"
    assert request(server.port, "GET", "/setup", query={"token": token}).status == 401
    login = request(server.port, "POST", "/api/admin/auth/login", json_body=NEW_ADMIN)
    assert login.status == 200 and login.data["email"] == NEW_ADMIN["email"]
    terminal.stop()

    again = OnTerminal(server)
    again.read_until("barracuda listens on")
    wait_until(lambda: request(server.port, "GET", "/readyz").status == 200, 10)
    server.stop()
    assert "setup" not in again.text


@pytest.mark.parametrize("change,field", [
    ({"name": "a\nb"}, "name"), ({"name": "n" * 65}, "name"), ({"name": " \t "}, "name"), ({"name": "\x1b[2J"}, "name"), ({"name": {}}, "name"),
    ({"email": "a@b@c"}, "email"), ({"email": "a\nb@example.com"}, "email"), ({"password": "short"}, "password"), ({"password": ["x" * 12]}, "password"),
    ({"cookie": "perhaps"}, "cookie"), ({"token": None}, "token")])
def test_a_first_admin_who_cannot_be_leaves_the_link_good(tmp_path, net, change, field):
    server = fresh(tmp_path, net)
    server.start()
    try:
        link = wait_until(lambda: (server.data / "setup-link").read_text(), 20)
        good = {"token": link.strip().partition("token=")[2], "name": "First", **NEW_ADMIN}
        answer = request(server.port, "POST", "/api/admin/auth/setup", json_body={**good, **change})
        assert answer.status == 400 and answer.json["field"] == field and answer.message.startswith(field), answer
        assert request(server.port, "POST", "/api/admin/auth/login", json_body=NEW_ADMIN).status == 401
        made = request(server.port, "POST", "/api/admin/auth/setup", json_body={**good, "name": " First "})
        assert made.status == 200 and made.data["name"] == "First", made
    finally:
        server.kill9()


CONTAINER = ["unshare", "--pid", "--fork", "--kill-child=KILL"]  # its first process, as a container's is


@pytest.mark.parametrize("typing,before", [(False, []), (True, CONTAINER)], ids=["no stdin", "in a container"])
def test_a_terminal_that_nobody_types_at_is_a_log(tmp_path, net, typing, before):
    if before and subprocess.run([*before, "true"], capture_output=True).returncode != 0:
        pytest.skip("no namespaces here")
    server = fresh(tmp_path, net)
    terminal = OnTerminal(server, all_on_terminal=True, typing=typing, before=before)
    text = terminal.read_until("Stop with Ctrl-C.")
    assert "/setup?token" not in text and "bki_" not in text and "bkt_" not in text
    path = server.data / "setup-link"
    assert str(path) in text and LINK.fullmatch(path.read_text().strip())
    terminal.process.kill() if before else terminal.stop()


def test_without_a_terminal(tmp_path, net):
    server = fresh(tmp_path, net)
    server.start()
    path = server.data / "setup-link"
    wait_until(lambda: path.exists() and path.read_text(), 10, "the link in its file")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = LINK.fullmatch(path.read_text().strip()).group(1)
    log = wait_until(lambda: "Stop with Ctrl-C." in server.log_tail() and server.log_tail(), 10)
    assert first not in log and str(path) in log, "a log names the file, never the link"
    assert "bki_" not in log, "no key for nobody"
    key = server.create_key("ingest")
    postback, ftd = commands(log)
    assert '"verdict":"recorded"' in paste(f"KEY={key}; {postback}")
    assert '"success":true' in paste(f"KEY={key}; {ftd}")
    server.stop()

    # What somebody put in its place is never written through.
    victim = tmp_path / "victim"
    path.unlink()
    path.symlink_to(victim)
    server.start()
    wait_until(lambda: path.exists() and not path.is_symlink() and path.read_text(), 10)
    assert not victim.exists()
    second = LINK.fullmatch(path.read_text().strip()).group(1)
    for token, status in ((first, 401), ("", 401), (second, 200)):
        setup = request(server.port, "POST", "/api/admin/auth/setup", json_body={"token": token, **NEW_ADMIN})
        assert setup.status == (status if token else 400), setup
    assert not path.exists(), "gone with its use"
    server.restart()
    assert not path.exists(), "there is an admin"
    server.stop()


def test_an_admin_made_otherwise_voids_the_link(tmp_path, net):
    server = fresh(tmp_path, net)
    server.start()
    path = server.data / "setup-link"
    wait_until(path.exists, 10, "the link's file")
    token = LINK.fullmatch(wait_until(path.read_text, 5).strip()).group(1)
    server.command("admin", "create", "--email", "a@example.com", "--name", "A", "--password-stdin",
                   stdin="long enough password\n")
    assert not path.exists()
    setup = request(server.port, "POST", "/api/admin/auth/setup", json_body={"token": token, **NEW_ADMIN})
    assert setup.status == 401, setup
    server.stop()
