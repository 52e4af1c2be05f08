"""`backup --follow` and `restore --until`: to any moment, whoever is killed, and nothing harmed unseen."""
import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

import harness
from harness import BINARY, Server, new_id, wait_until

ENV = {"BARRACUDA_STORE_URL": "rocksdb"}


class Followed(Server):
    """A server and, while `following`, a follower of it."""

    def __init__(self, directory, net):
        super().__init__(directory, net, env=ENV)
        self.database, self.follower = None, None
        self.place = self.directory / "place"
        self.acked, self.restores = [], 0  # (click, when its answer came)

    def __exit__(self, *exc):
        self.end_following(signal.SIGKILL)
        super().__exit__(*exc)

    def follow(self):
        with open(self.directory / "follower.stderr", "ab") as log:
            self.follower = subprocess.Popen([str(BINARY), "backup", str(self.place), "--follow", "--data", str(self.data)], env=self.env,
                                             stdout=log, stderr=log)
        self.wait_for_backup(len(self.kept()) + 1)

    def wait_for_backup(self, count):
        wait_until(lambda: len(self.kept()) >= count, 30, f"backup {count}; it says {self.said()[-500:]}")

    def said(self):
        return (self.directory / "follower.stderr").read_text()

    def kept(self):
        return sorted(p for p in self.place.glob("*Z")) if self.place.exists() else []

    def end_following(self, how=signal.SIGTERM):
        if self.follower is None:
            return
        self.follower.send_signal(how)
        code = self.follower.wait(20)
        assert how == signal.SIGKILL or code == 0, self.said()
        self.follower = None

    def report(self):
        """One after the other: at any moment between two answers what is stored is known exactly."""
        click = new_id()
        answer = self.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", amount="5")
        assert answer.json["verdict"] == "recorded"
        self.acked.append((click, time.time()))
        time.sleep(0.003)  # the clock of the log has milliseconds

    def until(self, moment, check=True):
        """-> the clicks in what is restored as of a moment (None: all that is kept)."""
        self.restores += 1
        to = self.directory / f"restored{self.restores}"
        more = [] if moment is None else ["--until", iso(moment)]
        done = subprocess.run([str(BINARY), "restore", str(self.place), *more, "--data", str(to)], env=self.env, capture_output=True, text=True,
                              timeout=60)
        if not check:
            return done
        assert done.returncode == 0 and "the store is sound" in done.stdout, done
        exported = self.directory / f"restored{self.restores}.jsonl"
        subprocess.run([str(BINARY), "export", str(exported), "--data", str(to)], env=self.env, check=True, capture_output=True, timeout=60)
        shutil.rmtree(to)
        lines = exported.read_text().splitlines()
        return {json.loads(line)["conversions"]["click_id"] for line in lines if line.startswith('{"conversions"')}

    def reach(self):
        """Waits until all that was acknowledged by now is kept."""
        wanted, listed = iso(time.time()), lambda: self.command("backups", "list", str(self.place)).stdout.rstrip().rpartition("until ")[2]
        wait_until(lambda: listed() > wanted, 20, f"the log reaches {wanted}", step=0.2)


def iso(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@pytest.fixture
def followed(net, tmp_path):
    with Followed(tmp_path, net) as server:
        yield server


def moments_of(server, count):
    """-> (moment, the clicks acknowledged until then), each just after an answer and before the next request."""
    numbers = sorted(random.sample(range(5, len(server.acked) - 1), count))
    return [(server.acked[n][1] + 0.0015, {click for click, _ in server.acked[:n + 1]}) for n in numbers]


@pytest.mark.bounded(180)
def test_to_any_acknowledged_conversion(followed):
    followed.report()
    followed.follow()
    base = followed.acked[-1][1]
    for _ in range(60):
        followed.report()
    followed.kill9()  # beneath the follower, which goes on
    followed.start()
    for _ in range(60):
        followed.report()
    followed.reach()
    for moment, there in moments_of(followed, 6):
        assert followed.until(moment) == there, iso(moment)
    assert followed.until(None) == {click for click, _ in followed.acked}
    assert len(followed.kept()) == 1, "the restart of the server broke nothing"
    # What it cannot know it says, with nothing left behind.
    for moment, words in ((time.time() + 3600, "knows of nothing later"), (base - 3600, "the oldest backup")):
        done = followed.until(moment, check=False)
        assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1, done
    followed.end_following()
    assert followed.command("backups", "verify", str(followed.place)).returncode == 0
    # Control: without the log what came since is missing.
    shutil.rmtree(str(followed.kept()[-1]) + ".log")
    assert len(followed.until(None)) < len(followed.acked) / 2
    assert not list(followed.data.glob("backup.*"))


@pytest.mark.bounded(180)
def test_a_follower_killed_anywhere(followed):
    """Nothing that was kept is lost, and a new one goes on from a backup of its own."""
    followed.report()
    kept_until = []
    for round_ in range(4):
        followed.follow()
        for _ in range(random.randint(5, 40)):
            followed.report()
        if round_ % 2:
            followed.reach()
            kept_until.append(len(followed.acked))
        followed.end_following(signal.SIGKILL)
        followed.report()
        done = followed.command("backups", "verify", str(followed.place), check=False)
        assert done.returncode == 0, done
        there = followed.until(None)
        assert there <= {click for click, _ in followed.acked}
        assert {click for click, _ in followed.acked[:kept_until[-1] if kept_until else 1]} <= there
    # The log of an earlier one still leads to its moments.
    moment = followed.acked[kept_until[0] - 2][1] + 0.0015
    assert followed.until(moment) == {click for click, _ in followed.acked[:kept_until[0] - 1]}


@pytest.mark.bounded(120)
def test_a_log_that_went_before_it_was_held(followed):
    """A follower that sleeps while the store's logs go notices, and takes a new backup."""
    followed.follow()
    for _ in range(5):
        followed.report()
    followed.reach()
    os.kill(followed.follower.pid, signal.SIGSTOP)
    for _ in range(2):  # each writes the tables out and deletes the log
        for _ in range(5):
            followed.report()
        followed.restart()
    os.kill(followed.follower.pid, signal.SIGCONT)
    followed.wait_for_backup(2)
    assert "a new backup is taken" in followed.said()
    for _ in range(5):
        followed.report()
    followed.reach()
    assert followed.until(None) == {click for click, _ in followed.acked}


@pytest.mark.bounded(120)
def test_a_harmed_log_is_refused(followed):
    followed.follow()
    for _ in range(40):
        followed.report()
    followed.reach()
    followed.end_following()
    log = next(followed.place.glob("*.log"))
    whole = {path: path.read_bytes() for path in log.iterdir()}
    segment = log / "00000001.batches"

    def tried(what):
        for command in (["backups", "verify", str(followed.place)], ["restore", str(followed.place), "--data", str(followed.directory / "no")]):
            arguments = command if command[0] == "restore" else [*command, "--data", str(followed.data)]
            done = subprocess.run([str(BINARY), *arguments], env=followed.env, capture_output=True, text=True, timeout=60)
            said = done.stdout + done.stderr
            assert done.returncode in (1, 2) and "the log " in said, (what, done)
        for path, data in whole.items():
            path.write_bytes(data)
    size = len(whole[segment])
    for at in (3, 60, size // 3, size // 2, size - 5):
        data = bytearray(whole[segment])
        data[at] ^= 1
        segment.write_bytes(data)
        tried(f"bit at {at}")
    for cut in (0, 30, size // 2, size - 1):
        segment.write_bytes(whole[segment][:cut])
        tried(f"cut to {cut}")
    segment.unlink()
    tried("segment missing")
    (log / "HIGH_WATER").unlink()
    tried("HIGH_WATER missing")
    # Control: it is whole; and so it is with half a batch behind its end, which was never said to be kept.
    assert followed.until(None) == {click for click, _ in followed.acked}
    segment.write_bytes(whole[segment] + whole[segment][56:100])
    assert followed.until(None) == {click for click, _ in followed.acked}


def test_one_follower_a_place(followed):
    followed.follow()
    done = followed.command("backup", str(followed.place), "--follow", check=False)
    assert done.returncode == 2 and "is under way" in done.stderr
    assert followed.command("backup", str(followed.directory / "beside")).returncode == 0, "another backup is free"
    assert followed.command("backup", "-", "--follow", check=False).returncode == 2
    assert harness.request(followed.port, "GET", "/readyz").status == 200
