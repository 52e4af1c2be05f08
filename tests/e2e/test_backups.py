"""Backups: several in a place, streams, what is harmed, who is killed (docs/operating/backup.md). The store is RocksDB."""
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time

import pytest

import harness
from harness import BINARY, Server, new_id

ENV = {"BARRACUDA_STORE_URL": "rocksdb"}


class Rocks(Server):
    def __init__(self, directory, net, **more):
        super().__init__(directory, net, env=ENV, **more)
        self.database = None

    def run(self, *arguments, data=None, **more):
        return subprocess.run([str(BINARY), *map(str, arguments), "--data", str(data or self.data)], env=self.env, cwd=self.directory,
                              capture_output=True, timeout=60, **more)


@pytest.fixture(scope="module")
def rocks(net, tmp_path_factory):
    """A server with some conversions, and a place with three backups of it, each with more than the one before."""
    with Rocks(tmp_path_factory.mktemp("backups"), net) as server:
        server.place, server.clicks = server.directory / "place", []
        for _ in range(3):
            for _ in range(5):
                server.clicks.append(report(server))
            done = server.command("backup", str(server.place), "--keep", "10")
            assert done.stdout.startswith(f"backed up to {server.place}/2") and done.stderr == "", done
        yield server


def report(server):
    click = new_id()
    assert server.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", amount="5").json["verdict"] == "recorded"
    return click


def backups_in(place):
    return sorted(path for path in place.iterdir() if path.is_dir())


def restored(rocks, net, source, to, *more, stdin=None):
    """-> the clicks of what was restored there, once it was checked; or the words of the refusal, with nothing left."""
    done = rocks.run("restore", source, *more, data=to, input=stdin)
    if done.returncode != 0:
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
        assert not to.exists() or not [path for path in to.iterdir() if path.name != "LOCK"], "nothing is left of it"
        return done.stderr.decode()
    assert b"the store is sound" in done.stdout, done
    exported = to.with_suffix(".jsonl")
    exported.unlink(missing_ok=True)
    assert rocks.run("export", exported, data=to).returncode == 0
    lines = exported.read_text().splitlines()
    return {json.loads(line)["conversions"]["click_id"] for line in lines if line.startswith('{"conversions"')}


def test_several_share_their_tables_and_each_is_whole(rocks, net, tmp_path):
    kept = backups_in(rocks.place)
    assert len(kept) == 3
    for number, backup in enumerate(kept):
        assert restored(rocks, net, backup, tmp_path / str(number)) == set(rocks.clicks[:5 * (number + 1)])
    assert restored(rocks, net, rocks.place, tmp_path / "newest") == set(rocks.clicks)
    shared = [path for path in kept[-1].glob("*.sst") if path.stat().st_nlink > 1]
    assert shared and not [path for path in kept[-1].iterdir() if path.suffix != ".sst" and path.stat().st_nlink > 1]
    listed = rocks.command("backups", "list", str(rocks.place)).stdout.splitlines()
    assert len(listed) == 3 and "15 conversions" in listed[-1] and listed[-1].startswith(kept[-1].name)
    assert rocks.command("backup", "list", str(rocks.place)).stdout.splitlines() == listed, "as people type it"
    checked = rocks.command("backups", "verify", str(rocks.place)).stdout.splitlines()
    assert checked == [f"{path.name}: whole" for path in kept]
    assert not list(rocks.data.glob("backup.*")), "no checkpoint is left"


def test_the_oldest_go(rocks, tmp_path):
    place = tmp_path / "place"
    names = []
    for _ in range(4):
        assert rocks.command("backup", str(place), "--keep", "2").returncode == 0
        names.append(backups_in(place)[-1].name)
    assert [path.name for path in backups_in(place)] == names[-2:]
    assert rocks.command("backups", "verify", str(place)).returncode == 0
    for wrong in (["--keep", "0"], ["--keep", "x"], ["--keep", "-1"], ["--keep"]):
        assert rocks.command("backup", str(place), *wrong, check=False).returncode == 2
    assert [path.name for path in backups_in(place)] == names[-2:]


def test_what_is_no_place_is_left_alone(rocks, tmp_path):
    (tmp_path / "mine").write_text("stays")
    done = rocks.command("backup", str(tmp_path), "--keep", "1", check=False)
    assert done.returncode == 2 and "holds something else than backups" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert rocks.command("backups", "list", str(tmp_path), check=False).returncode == 2


@pytest.mark.bounded(180)
def test_a_flipped_bit_in_any_file_is_seen(rocks, net, tmp_path):
    """By verify and by restore, which leaves nothing behind; the same without harm is the control."""
    original = backups_in(rocks.place)[-1]
    tried = 0
    for path in sorted(original.iterdir()):
        size = path.stat().st_size
        for place in {0, size // 2, size - 1}:
            copy = tmp_path / f"copy{tried}"
            shutil.copytree(original, copy)
            data = bytearray(path.read_bytes())
            data[place] ^= 1 << (tried % 8)
            (copy / path.name).write_bytes(data)
            checked = rocks.run("backups", "verify", copy)
            assert checked.returncode == 1 and path.name.encode() in checked.stdout, (path, place, checked)
            said = restored(rocks, net, copy, tmp_path / f"to{tried}")
            assert isinstance(said, str) and "damaged" in said, (path, place, said)
            shutil.rmtree(copy)
            tried += 1
    assert tried >= 15
    assert restored(rocks, net, original, tmp_path / "control") == set(rocks.clicks)


def test_a_backup_without_its_list_is_an_old_one(rocks, net, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(backups_in(rocks.place)[-1], copy)
    (copy / "BACKUP").unlink()
    done = rocks.run("restore", copy, data=tmp_path / "to")
    assert done.returncode == 0 and b"has no list of its files" in done.stderr
    assert rocks.run("backups", "verify", copy).returncode == 1


def test_a_stream_goes_through_a_pipe_and_is_a_tar(rocks, net, tmp_path):
    sent = rocks.run("backup", "-")
    assert sent.returncode == 0 and b"backed up" in sent.stderr, sent.stderr
    with tarfile.open(fileobj=io.BytesIO(sent.stdout)) as tar:
        names = tar.getnames()
        assert names[-1] == "BACKUP" and "CURRENT" in names
        assert f"conversions {len(rocks.clicks)}\n" in tar.extractfile("BACKUP").read().decode()
        tar.extractall(tmp_path / "unpacked")
    assert rocks.run("backups", "verify", tmp_path / "unpacked").returncode == 0, "unpacked it is a backup like any"
    assert restored(rocks, net, "-", tmp_path / "to", stdin=sent.stdout) == set(rocks.clicks)
    size = len(sent.stdout)
    for cut in (0, 100, 512, size // 3, size // 2, size - 1024, size - 1):
        assert "cut off" in restored(rocks, net, "-", tmp_path / "cut", stdin=sent.stdout[:cut]), cut
    for at in (10, 150, 600, size // 2):
        harmed = bytearray(sent.stdout)
        harmed[at] ^= 4
        assert "no whole backup" in restored(rocks, net, "-", tmp_path / "harmed", stdin=bytes(harmed)), at
    assert "no whole backup" in restored(rocks, net, "-", tmp_path / "other", stdin=b"\x1f\x8b" + bytes(5000))
    for wrong in (["--until", "2026-01-31T18:00:00Z"], ["--until", "yesterday"]):
        assert rocks.run("restore", "-", *wrong, data=tmp_path / "no", input=b"").returncode == 2
    assert rocks.run("backup", "-", "--keep", "2").returncode == 2


def test_who_reads_a_stream_may_go(rocks):
    process = subprocess.Popen([str(BINARY), "backup", "-", "--data", str(rocks.data)], env=rocks.env, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.read(10)
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) in (0, 1) and b"Sanitizer" not in said
    assert not list(rocks.data.glob("backup.*"))


def test_two_at_once(rocks, tmp_path):
    """Into one place: one of them is refused, or comes after the other. Elsewhere: both are whole."""
    def started(*arguments):
        return subprocess.Popen([str(BINARY), "backup", *map(str, arguments), "--data", str(rocks.data)], env=rocks.env,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    runs = [started(tmp_path / "place", "--keep", "9") for _ in range(4)] + [started(tmp_path / f"alone{n}") for n in range(2)]
    ended = [(run.wait(60), run.stdout.read(), run.stderr.read()) for run in runs]
    done = [code for code, _, _ in ended[:4]]
    assert 0 in done and set(done) <= {0, 2}, ended
    for code, _, said in ended[:4]:
        assert code == 0 or "is under way" in said, said
    assert [code for code, _, _ in ended[4:]] == [0, 0], ended
    assert len(backups_in(tmp_path / "place")) == done.count(0)
    for place in ("place", "alone0", "alone1"):
        assert rocks.run("backups", "verify", tmp_path / place).returncode == 0
    assert not list(rocks.data.glob("backup.*"))


def test_one_that_is_killed_leaves_nothing_that_counts(rocks, net, tmp_path):
    place = tmp_path / "place"
    assert rocks.run("backup", place, "--keep", "50").returncode == 0
    for number in range(12):
        process = subprocess.Popen([str(BINARY), "backup", str(place), "--keep", "50", "--data", str(rocks.data)], env=rocks.env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.006 * number)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert rocks.run("backups", "verify", place).returncode == 0, "what is listed is whole"
    for left in rocks.data.glob("backup.*"):
        os.utime(left, (0, 0))  # as if it had lain there for a while
    assert rocks.run("backup", place, "--keep", "1").returncode == 0
    assert not list(rocks.data.glob("backup.*")) and sorted(p.name for p in place.iterdir())[1:] == ["BACKUPS"]
    assert restored(rocks, net, place, tmp_path / "to") == set(rocks.clicks)


def test_a_place_that_takes_nothing_is_told(rocks, tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([str(BINARY), "backup", "-", "--data", str(rocks.data)], env=rocks.env, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1 and b"cannot write the stream: No space left on device" in done.stderr, done
    (tmp_path / "file").touch()
    for more in ([], ["--keep", "2"], ["--follow"]):
        done = rocks.run("backup", tmp_path / "file" / "x", *more)
        assert done.returncode in (1, 2) and b"Not a directory" in done.stderr, done
    assert [path.name for path in tmp_path.iterdir()] == ["file"] and not list(rocks.data.glob("backup.*"))


def test_a_server_under_load_is_backed_up_whole(rocks, net, tmp_path):
    """Everything acknowledged before the command is in it, and nothing that was never sent."""
    with Rocks(tmp_path / "own", net) as server:
        acked, sent = [], []

        def client(n):
            for i in range(60):
                click = f"{n}-{i}"
                sent.append(click)
                if server.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").status == 200:
                    acked.append(click)
                if n == 0 and i % 20 == 10:
                    before = set(acked)
                    done = server.run("backup", tmp_path / "place", "--keep", "9")
                    assert done.returncode == 0, done.stderr
                    moments.append((before, backups_in(tmp_path / "place")[-1]))
        moments = []
        harness.burst(8, client)
        assert len(moments) == 3
        for number, (before, backup) in enumerate(moments):
            there = restored(server, net, backup, tmp_path / f"to{number}")
            assert before <= there <= set(sent)


def test_over_mongodb_it_says_what_to_use(rocks, tmp_path):
    for command in (["backup", "x"], ["backup", "x", "--keep", "2"], ["backup", "x", "--follow"], ["restore", "x"]):
        done = subprocess.run([str(BINARY), *command, "--data", str(tmp_path / "d"), "--store", "mongodb://127.0.0.1:1/x"], env=rocks.env,
                              cwd=tmp_path, capture_output=True, text=True, timeout=20)
        tool = "mongorestore" if command[0] == "restore" else "mongodump --oplog"
        assert done.returncode in (1, 2) and tool in done.stderr and "docs/operating/mongodb.md" in done.stderr
    assert not list(tmp_path.iterdir())
