"""Commands beside a server, without one, beside one that hangs, and by the wrong user."""
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import BINARY, Server, new_id

NOBODY = 65534


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

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_who_else_works_on_a_store_breaks_it_not(net):
    top = Path(tempfile.mkdtemp(prefix="barracuda-offline-"))  # one that others may pass
    try:
        top.chmod(0o755)
        with Server(top, net, env={"BARRACUDA_STORE_URL": "rocksdb"}, start=False, keys=False) as server:
            server.database = None

            def as_nobody(*arguments):
                return subprocess.run([str(BINARY), *arguments, "--data", str(server.data)], user=NOBODY, group=NOBODY,
                                      extra_groups=[], env=server.env, cwd="/", capture_output=True, text=True, timeout=30)
            server.data.chmod(0o700)
            os.chown(server.data, NOBODY, NOBODY)
            for command in (["key", "create", "--name", "n", "--scope", "ingest"], ["serve"]):
                assert "belongs to user nobody" in refused(server, *command), "the first file must not be root's"
            assert files(server.data) == {}
            assert as_nobody("key", "create", "--name", "n", "--scope", "ingest").returncode == 0
            before = files(server.data)
            for command in (["key", "list"], ["verify"], ["serve"]):
                assert "sudo -u nobody barracuda" in refused(server, *command)
            looked = server.command("doctor", check=False)
            assert "RocksDB opens" in looked.stdout and looked.returncode < 2, looked
            assert files(server.data) == before
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
    (rocks.data / "IDENTITY").unlink()  # who knows what is lost may go on without it (runbook.md)
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
    assert "no directory" in subprocess.run([str(BINARY), "key", "create", "--name", "n", "--scope", "ingest", "--data", str(BINARY)],
                                            env=rocks.env, capture_output=True, text=True, timeout=20).stderr
