"""The control socket: commands beside a running server are what they are without one, and whatever else is sent to it ends in one answer,
or in none, and changes nothing."""
import json
import os
import socket
import stat

import pytest

import desk_state
from harness import Server, burst, new_id, wait_until


pytestmark = pytest.mark.bounded(180)


@pytest.fixture(scope="module")
def furnished(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("control"), net) as server:
        server.made = desk_state.furnish(server, net)
        yield server


def ask(srv, data, whole=True, seconds=30):
    """-> what the socket answers, b"" where it ends without a word."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(seconds)
        folder = os.open(srv.data, os.O_PATH)
        try:
            client.connect(f"/proc/self/fd/{folder}/control.sock")  # an address holds 107 bytes
        finally:
            os.close(folder)
        try:
            client.sendall(data)
            if whole:
                client.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while part := client.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def line(**asked):
    return json.dumps(asked).encode() + b"\n"


def good(srv):
    answer = json.loads(ask(srv, line(command="key.list")))
    assert answer["exit"] == 0 and answer["out"].startswith("ID "), answer


def test_it_is_this_users_alone(furnished):
    path = furnished.data / "control.sock"
    assert stat.S_ISSOCK(path.stat().st_mode) and stat.S_IMODE(path.stat().st_mode) == 0o600
    furnished.stop()
    assert not path.exists(), "a stop takes it away"
    furnished.start()
    furnished.kill9()
    assert path.exists()
    furnished.start()
    good(furnished)


HOSTILE = [
    b"", b"\n", b"\r\n", b"{}\n", b"[]\n", b"null\n", b"\x00\n", b"\xff\xfe\n", b'{"command"}\n', b'{"command": 5}\n', b'{"command": "serve"}\n', b'{"command": "key.Create"}\n',
    b'{"command": "key.create"}\n', b'{"command": "key.create", "name": "", "scope": "ingest"}\n', b'{"command": "key.create", "name": "n", "scope": "owner"}\n',
    b'{"command": "key.create", "name": "a\\nb", "scope": "ingest"}\n', b'{"command": "key.create", "name": ["n"], "scope": "ingest"}\n',
    b'{"command": "key.create", "name": "n", "scope": "admin", "affiliate": "7"}\n', b'{"command": "key.create", "name": "n", "scope": "ingest", "affiliate": "{x}"}\n',
    b'{"command": "key.revoke", "ids": "x"}\n', b'{"command": "key.revoke", "ids": [1]}\n', b'{"command": "key.revoke", "ids": ["nobody"]}\n',
    b'{"command": "admin.create", "email": "nobody", "name": "A"}\n', b'{"command": "admin.create", "email": "a@example.com", "name": "A\\u0007"}\n',
    b'{"command": "admin.create", "email": "a@example.com", "name": "A", "role": "admin"}\n', b'{"command": "admin.password", "email": "nobody@example.com"}\n',
    b'{"command": "backup"}\n', b'{"command": "backup", "directory": ""}\n', b'{"command": "export", "directory": ""}\n', b'{"command": "export", "directory": "/nowhere/at/all/file"}\n',
    b'{"command": "\x1b[31mred"}\n', b'{"command": "\\ud800"}\n', b"[" * 5000 + b"\n", b'{"a":' * 5000 + b"\n",
    b'{"command": "key.list"} {"command": "key.list"}\n', b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"x" * 3_000_000, b"x" * 3_000_000 + b"\n", b'{"command": "key.list"}']


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:40]) + (f" of {len(data)}" if len(data) > 40 else ""))
def test_what_is_no_command_ends_in_one_answer_and_changes_nothing(furnished, data):
    before, process = desk_state.of(furnished), furnished.process.pid
    answer = ask(furnished, data)
    if answer:
        assert answer.endswith(b"\n") and answer.count(b"\n") == 1, answer
        said = json.loads(answer)
        assert said["exit"] in (1, 2) and said["out"] == "" and said["note"], said
        assert "\x1b" not in said["note"] and "\n" not in said["note"], "a terminal is shown it"
    assert furnished.alive() and furnished.process.pid == process
    assert desk_state.of(furnished) == before
    good(furnished)


def test_who_says_nothing_holds_up_nobody(furnished):
    """Four that hang take the four commands there may be at a time: they are let go, and others have their turn."""
    silent = []
    here = os.getcwd()
    os.chdir(furnished.data)
    try:
        for _ in range(8):
            silent.append(socket.socket(socket.AF_UNIX))
            silent[-1].connect("control.sock")
            silent[-1].sendall(b'{"command": "key')
    finally:
        os.chdir(here)
    click = new_id()
    assert furnished.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").status == 200, "reports are no commands"
    good(furnished)
    for one in silent:
        one.settimeout(60)
        assert one.recv(1) == b"", "let go without an answer"
        one.close()


def test_many_commands_at_once(furnished):
    """More than there may be at a time: each has its own answer."""
    names = [new_id("k") for _ in range(12)]
    made = burst(len(names), lambda n: json.loads(ask(furnished, line(command="key.create", name=names[n], scope="ingest"), seconds=60)))
    assert all(one["exit"] == 0 for one in made) and len({one["out"] for one in made}) == len(names)
    listed = json.loads(ask(furnished, line(command="key.list")))["out"]
    assert all(name in listed for name in names)
    revoked = burst(len(names), lambda n: json.loads(ask(furnished, line(command="key.revoke", ids=[names[n]]), seconds=60)))
    assert [one["out"] for one in revoked] == [f"revoked {name}\n" for name in names]


LOOKS = [["key", "list"], ["deliveries", "list"], ["verify"]]
FAILS = [["key", "revoke", "nobody"], ["deliveries", "retry", "nobody"], ["admin", "password", "--email", "nobody@example.com", "--password-stdin"], ["backup", "."], ["export", "."]]


def test_a_command_says_the_same_with_a_server_and_without(furnished):
    def said(arguments):
        done = furnished.command(*arguments, stdin="correct horse battery\n", check=False)
        return done.returncode, done.stdout, done.stderr

    wait_until(lambda: not desk_state.listed(furnished, "/api/admin/deliveries", state="waiting"), 60, "nothing moves")
    beside = {tuple(arguments): said(arguments) for arguments in LOOKS + FAILS}
    furnished.stop()
    alone = {tuple(arguments): said(arguments) for arguments in LOOKS + FAILS}
    furnished.start()
    assert beside == alone
    assert all(beside[tuple(arguments)][0] == 0 for arguments in LOOKS) and all(beside[tuple(arguments)][0] in (1, 2) for arguments in FAILS)
    assert "invited@example.com" not in str(beside)


def test_an_export_beside_a_server_is_the_one_without(furnished, tmp_path):
    """Every document, also while others write: what was there before is in both, letter for letter."""
    first, second = tmp_path / "beside", tmp_path / "alone"
    furnished.command("export", str(first))
    furnished.stop()
    furnished.command("export", str(second))
    furnished.start()

    def documents(path):
        return {text for text in path.read_text(encoding="utf-8").splitlines() if '"seen"' not in text and '"beat"' not in text}

    one, other = documents(first), documents(second)
    assert len(one) > 20 and len(one ^ other) <= 8, sorted(one ^ other)[:8]
