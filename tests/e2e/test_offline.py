"""Commands beside a server, without one, beside one that hangs, and by the wrong user."""
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from documents import text_of
from harness import BINARY, descriptors, new_id, Server, wait_until

NOBODY, NAMELESS = 65534, 54321


@pytest.fixture
def rocks(tmp_path, net):
    with Server(tmp_path, net, env={"BARRACUDA_STORE_URL": "rocksdb"}, start=False, keys=False) as server:
        server.database = None
        server.data.rmdir()
        yield server


def files(directory):
    return {p.name: (s.st_size, s.st_mtime_ns, s.st_uid) for p in directory.iterdir() for s in [p.lstat()]}


def report(server):
    click = new_id()
    answer = server.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit")
    assert answer.json["verdict"] == "recorded", answer
    return click


def refused(server, *arguments, seconds=20):
    """-> what it says; it has not begun."""
    done = server.command(*arguments, check=False, seconds=seconds)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.startswith("barracuda: "), done
    return done.stderr


# ------------------------------------------------------------------------------------------------- whose it is

def own_backup(server, top):
    def run(*arguments):
        subprocess.run([str(BINARY), *arguments, "--data", str(top / "own")], env=server.env, check=True, capture_output=True, timeout=30)
    run("key", "create", "--name", "n", "--scope", "ingest")
    run("backup", str(top / "backup"))
    return top / "backup"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_a_mount_whose_user_has_no_name_here(rocks):
    rocks.data.mkdir(mode=0o700)
    os.chown(rocks.data, NAMELESS, NAMELESS)
    for _ in range(2):
        rocks.command("key", "create", "--name", "n", "--scope", "ingest")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_who_else_works_on_a_store_breaks_it_not(net):
    # A place that others may pass, and the program in it: a checkout may lie in a home that only its owner enters.
    top = Path(tempfile.mkdtemp(prefix="barracuda-offline-", dir="/var/tmp"))
    try:
        top.chmod(0o755)
        program = shutil.copy(BINARY, top / "barracuda")
        with Server(top, net, env={"BARRACUDA_STORE_URL": "rocksdb"}, start=False, keys=False) as server:
            server.database = None

            def as_nobody(*arguments):
                return subprocess.run([str(program), *arguments, "--data", str(server.data)], user=NOBODY, group=NOBODY,
                                      extra_groups=[], env=server.env, cwd="/", capture_output=True, text=True, timeout=30)
            server.data.chmod(0o700)
            os.chown(server.data, NOBODY, NOBODY)
            for command in (["key", "create", "--name", "n", "--scope", "ingest"], ["serve"]):
                assert "belongs to user nobody" in refused(server, *command), "the first file must not be root's"
            backup = own_backup(server, top)
            assert "belongs to user nobody" in refused(server, "restore", str(backup)), "nor what it restores"
            assert files(server.data) == {}
            assert as_nobody("key", "create", "--name", "n", "--scope", "ingest").returncode == 0
            before = files(server.data)
            for command in (["key", "list"], ["verify"], ["serve"]):
                assert "sudo -u nobody barracuda" in refused(server, *command)
            looked = server.command("doctor", check=False)
            assert "RocksDB opens" in looked.stdout and looked.returncode < 2, looked
            assert files(server.data) == before
            assert as_nobody("key", "list").returncode == 0
            os.chown(server.data / "CURRENT", NAMELESS, NAMELESS)  # a mount that gives all files to one user
            os.chmod(server.data / "CURRENT", 0o666)
            assert as_nobody("key", "list").returncode == 0

            for path in (server.data, *server.data.iterdir()):
                os.chown(path, 0, 0)
            assert as_nobody("key", "list").stderr.startswith(f"barracuda: {server.data} belongs to user root")
            assert "belongs to user root" in as_nobody("restore", "/nowhere").stderr
            doctor = as_nobody("doctor")
            assert doctor.returncode == 2
            assert [line[:12] for line in doctor.stdout.splitlines() if line.startswith("fail")] == ["fail  data: "], doctor
    finally:
        shutil.rmtree(top)


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o770, 0o1777, 0o2775, 0o702])
def test_a_directory_that_others_may_write_to(rocks, mode, tmp_path):
    """Who writes there can answer commands in the server's place, with a key of their own."""
    backup = own_backup(rocks, tmp_path)
    rocks.data.mkdir()
    for filled in (False, True):
        rocks.data.chmod(mode)
        before = files(rocks.data)
        for command in (["serve"], ["key", "create", "--name", "n", "--scope", "ingest"], ["restore", str(backup)],
                        *([["key", "list"], ["verify"]] if filled else [])):
            said = refused(rocks, *command)
            assert "others may write to" in said and "chmod go-w" in said or "holds a store already" in said, said
        doctor = rocks.command("doctor", check=False)
        assert doctor.returncode == 2 and "fail  data: others may write to" in doctor.stdout, doctor
        assert files(rocks.data) == before
        rocks.data.chmod(0o750)
        rocks.command("key", "create", "--name", "n", "--scope", "ingest")
    rocks.data.chmod(0o777)
    rocks.data = rocks.data / "inside"
    rocks.command("key", "create", "--name", "n", "--scope", "ingest")
    assert rocks.data.stat().st_mode & 0o777 == 0o700


LISTENS = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("control.sock")
os.chmod("control.sock", 0o777)
s.listen()
print("here", flush=True)
while True:
    c = s.accept()[0]
    print(c.recv(4096), flush=True)
    c.sendall(b'{"exit":0,"out":"bki_false","note":""}\\n')
    c.close()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
@pytest.mark.parametrize("command", [["key", "create", "--name", "n", "--scope", "ingest"], ["key", "list"], ["serve"], ["doctor"]])
def test_another_user_at_the_control_socket_is_asked_nothing(rocks, command):
    rocks.data.mkdir()
    rocks.data.chmod(0o777)
    with subprocess.Popen(["/usr/bin/python3", "-c", LISTENS], cwd=rocks.data, user=NOBODY, group=NOBODY, extra_groups=[],
                          stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "here\n"
            rocks.data.chmod(0o700)
            if command == ["serve"]:
                rocks.start()  # it takes the place
                rocks.create_key("ingest")
                return
            done = rocks.command(*command, check=False)
            assert done.returncode == 2 and "is answered by user nobody" in done.stderr + done.stdout, done
            assert "bki_false" not in done.stdout
        finally:
            other.kill()
            assert set(other.stdout.read().split()) <= {"b''"}, "it heard something"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_a_parent_that_may_not_be_searched(rocks, net):
    top = Path(tempfile.mkdtemp(prefix="barracuda-offline-"))
    try:
        shut = top / "shut"
        top.chmod(0o755)
        shut.mkdir(mode=0o700)
        program = shutil.copy(BINARY, top)  # the checkout may lie where nobody else looks
        for data in (shut / "data", shut / "a" / "b"):
            for there in (False, True):
                if there:
                    data.mkdir(parents=True, mode=0o777)
                for command in (["serve"], ["verify"], ["key", "list"], ["key", "create", "--name", "n", "--scope", "ingest"],
                                ["deliveries", "list"], ["backup", str(top / "x")], ["export", str(top / "y")],
                                ["restore", str(top)], ["import", str(top / "y")], ["doctor"], ["migrate", "--to", f"rocksdb:{shut}/m"]):
                    done = subprocess.run([str(program), *command, "--data", str(data)], user=NOBODY, group=NOBODY, extra_groups=[],
                                          env=rocks.env, cwd="/", capture_output=True, text=True, timeout=30)
                    assert done.returncode == 2, (command, done)
                    assert command == ["doctor"] or len(done.stderr.splitlines()) == 1, (command, done)
    finally:
        shutil.rmtree(top)


def test_a_restore_that_finds_no_room_says_so(rocks, tmp_path):
    backup = own_backup(rocks, tmp_path)
    (backup / "BACKUP").unlink()  # as an earlier version made them: whatever lies there is copied
    (backup / "000999.sst").write_bytes(bytes(2_000_000))
    rocks.data.mkdir(mode=0o700)
    done = subprocess.run([str(BINARY), "restore", str(backup), "--data", str(rocks.data)], env=rocks.env, capture_output=True, text=True,
                          timeout=30, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)))
    assert done.returncode == 2 and done.stderr == "barracuda: cannot copy 000999.sst: File too large\n", done
    assert not files(rocks.data), "nothing is left of it"


def test_the_doctor_touches_nothing(rocks):
    rocks.start()
    report(rocks)
    rocks.kill9()
    before = files(rocks.data)
    assert "RocksDB opens" in rocks.command("doctor", check=False).stdout
    assert files(rocks.data) == before


# ------------------------------------------------------------------------------------------- a server that hangs

def test_a_server_that_hangs_is_named(rocks):
    rocks.start()
    os.kill(rocks.process.pid, signal.SIGSTOP)
    try:
        assert "does not answer within 5 s" in refused(rocks, "key", "list")
        doctor = rocks.command("doctor", check=False)
        assert doctor.returncode == 2 and "fail  server: the server that runs on" in doctor.stdout, doctor
    finally:
        os.kill(rocks.process.pid, signal.SIGCONT)
    assert rocks.command("key", "list").returncode == 0
    rocks.stop()


# ------------------------------------------------------------------------------------------------ the log is gone

def test_a_store_without_its_log_does_not_open(rocks, tmp_path):
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    rocks.start()
    rocks.kill9()
    rocks.start()  # right after the first start
    click = report(rocks)
    rocks.command("backup", str(backup))
    report(rocks)
    rocks.stop()
    rocks.start()
    rocks.kill9()
    logs = list(rocks.data.glob("*.log"))
    assert logs
    for log in logs:
        log.unlink()
    for command in (["serve"], ["verify"], ["key", "list"]):
        assert "its *.log files are gone" in refused(rocks, *command)
    assert "its *.log files are gone" in rocks.command("doctor", check=False).stdout
    (rocks.data / "HAS_LOG").unlink()  # it is not the only one that knows
    assert "writes are missing" in refused(rocks, "key", "list")
    (rocks.data / "HAS_LOG").touch()
    assert "accepted as lost" in rocks.command("verify", "--accept-loss").stdout  # who knows what is lost may go on without it
    assert rocks.command("key", "list").returncode == 0

    rocks.data = restored
    rocks.command("restore", str(backup))
    rocks.start()
    assert rocks.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").json["verdict"] == "duplicate"
    rocks.stop()


def test_a_backup_that_does_not_open_leaves_nothing(rocks, tmp_path):
    rocks.command("key", "create", "--name", "n", "--scope", "ingest")
    good, bad = tmp_path / "good", tmp_path / "bad"
    rocks.command("backup", str(good))
    shutil.copytree(good, bad)
    next(bad.glob("MANIFEST-*")).write_bytes(b"nothing that RocksDB knows")
    (bad / "BACKUP").unlink()
    rocks.data = tmp_path / "new"
    rocks.data.mkdir(mode=0o700)
    (rocks.data / "mine").write_text("stays")
    assert "cannot open the store" in refused(rocks, "restore", str(bad))
    assert [p.name for p in rocks.data.iterdir()] == ["mine"]
    assert "the store is sound" in rocks.command("restore", str(good)).stdout


# ---------------------------------------------------------------------------------------------------- a new store

def test_a_new_store_is_named_and_made_for_good_arguments_only(rocks):
    for wrong in (["--name", "n\n", "--scope", "ingest"], ["--name", "n", "--scope", "admin", "--affiliate", "7"],
                  ["--name", "n", "--scope", "ingest", "--affiliate", "{aff}"]):
        refused(rocks, "key", "create", *wrong)
    assert not rocks.data.exists()
    first = rocks.command("key", "create", "--name", "n", "--scope", "ingest")
    assert first.stderr == f"a new store was made in {rocks.data}; no server runs on it\n"
    assert rocks.command("key", "create", "--name", "m", "--scope", "ingest").stderr == ""
    none = rocks.command("key", "revoke", "nobody", check=False)
    assert none.returncode == 1 and none.stderr.startswith("barracuda: "), none
    assert "no directory" in subprocess.run([str(BINARY), "key", "create", "--name", "n", "--scope", "ingest", "--data", str(BINARY)],
                                            env=rocks.env, capture_output=True, text=True, timeout=20).stderr


# ------------------------------------------------------------------------------------------------------ the edges

def run(rocks, *arguments, **more):
    return subprocess.run([str(BINARY), *arguments], env=rocks.env, cwd=rocks.directory, text=True, timeout=20, **more)


@pytest.mark.parametrize("arguments", [["check-config"], ["check-config", "--reference"], ["version"], ["--help"]], ids=" ".join)
def test_what_nobody_got_is_not_done(rocks, arguments):
    with open("/dev/full", "w") as full:
        done = run(rocks, *arguments, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2 and "stdout took nothing" in done.stderr


def test_no_file_of_the_store_stands_where_a_stream_is_closed(rocks):
    script = '"$0" serve --data "$1" --listen 127.0.0.1:0 >&- 2>&- <&- & echo $!; wait $!'
    shell = subprocess.Popen(["bash", "-c", script, str(BINARY), str(rocks.data)], env=rocks.env, stdout=subprocess.PIPE, text=True)
    pid = int(shell.stdout.readline())
    try:
        wait_until(lambda: (rocks.data / "setup-link").exists(), 10)
        assert [descriptors(pid)[fd] for fd in range(3)] == ["/dev/null"] * 3
    finally:
        os.kill(pid, signal.SIGHUP)
    assert shell.wait(15) == 0, "a terminal that is closed is a stop like any other"
    assert (rocks.data / "LOCK").read_bytes() == b""
    keys = subprocess.run(["bash", "-c", '"$0" key create --name n --scope ingest --data "$1" >&-', str(BINARY), str(rocks.data)],
                          env=rocks.env, capture_output=True, text=True, timeout=20)
    assert keys.returncode == 2 and "stdout took nothing" in keys.stderr, "a key that nobody saw"


def test_nohup_goes_on(rocks):
    rocks.data.mkdir(mode=0o700)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what is ignored stays so in a child
    try:
        rocks.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    os.kill(rocks.process.pid, signal.SIGHUP)
    report(rocks)
    rocks.stop()


def test_a_slip_in_the_environment_is_named(rocks):
    rocks.env["BARRACUDA_NETWORK_BASEURL"] = "https://n.example"
    said = "BARRACUDA_NETWORK_BASEURL in the environment is no setting"
    checked = run(rocks, "check-config", capture_output=True)
    assert checked.returncode == 1 and checked.stderr == f"barracuda: {said}\n" and "network.base_url = " in checked.stdout
    assert f"warn  settings: {said}" in rocks.command("doctor", check=False).stdout
    assert said in rocks.command("key", "create", "--name", "n", "--scope", "ingest").stderr
    rocks.start()
    warned, = [json.loads(line) for line in rocks.log_tail().splitlines() if "is no setting" in line]
    assert warned["level"] == "warning" and warned["name"] == "BARRACUDA_NETWORK_BASEURL"
    rocks.stop()


def test_a_part_of_a_password_is_no_host(rocks):
    said = run(rocks, "migrate", "--from", "mongodb://a:pass@word@h/x", "--to", f"rocksdb:{rocks.data}", capture_output=True)
    assert said.returncode == 2 and "%40" in said.stderr and "word@" not in said.stderr and not rocks.data.exists()


def test_a_password_that_no_login_can_hold(rocks):
    done = subprocess.run([str(BINARY), "admin", "create", "--email", "a@example.com", "--name", "A", "--password-stdin", "--data",
                           str(rocks.data)], input=b"caf\xe9 long enough\n", env=rocks.env, capture_output=True, timeout=20)
    assert done.returncode == 2 and b"UTF-8" in done.stderr and not rocks.data.exists()


def test_goals_that_change_the_routes(rocks, tmp_path):
    """What check-config warns of is so, and the example of settings.md does none of it."""
    toml = tmp_path / "b.toml"
    toml.write_text('[[goal]]\nid = "7"\ntype = "deposit"\nrepeatable = true\n')
    checked = run(rocks, "check-config", "--config", str(toml), capture_output=True)
    assert checked.returncode == 0 and "routes 4, 5 and 6 refuse" in checked.stderr and "no deposit follows" in checked.stderr
    rocks.data.mkdir(mode=0o700)
    rocks.start(arguments=["--config", str(toml)])
    answer = rocks.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="deposit")
    assert answer.status == 400 and "transaction_id" in answer.message
    rocks.stop()
    example = text_of("docs/operating/settings.md").split("For example:\n")[1].split("\n- **")[0]
    toml.write_text("\n".join(line.strip() for line in example.splitlines()))
    checked = run(rocks, "check-config", "--config", str(toml), capture_output=True)
    assert checked.returncode == 0 and checked.stderr == "" and "goal 7 = other, repeatable" in checked.stdout
