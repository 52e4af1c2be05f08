"""The store never becomes smaller in silence: every file of a data directory is harmed in every way, and the program started
twice on what is left. It refuses (exit 2, one line) or serves every conversion that was ever acknowledged; nothing in between.

docs/operating/damage.md holds the table that this prints; STORE_FILES_TABLE=FILE writes it.
"""
import collections
import concurrent.futures
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

import proof
from harness import BINARY, Server, new_id, wait_until

ENV = {"BARRACUDA_STORE_URL": "rocksdb"}
WORKERS = 4
FAULT = "any file of the data directory removed, cut, emptied, flipped or replaced by an older one"
REFUSED, UNREADABLE, WHOLE = "refused", "refused when read", "whole"


def report(server, count, prefix):
    clicks = [new_id(prefix) for _ in range(count)]
    for click in clicks:
        answer = server.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", amount="5")
        assert answer.status == 200 and answer.json["verdict"] == "recorded", answer
    return clicks


class Original:
    """A data directory as a killed server leaves it, with tables, several manifests' worth of changes and a live log; `older` is
    the same one before its last hundred conversions."""

    def __init__(self, top, net):
        self.top, self.net, self.acked = top, net, []
        with Server(top / "original", net, env=ENV) as server:
            self.key = server.admin_key
            for number in range(2):
                self.acked += report(server, 60, "flushed")
                server.command("backup", str(top / f"backup{number}"))  # writes tables
            report_to_log = report(server, 30, "logged")
            server.stop()
            self.older = top / "older"
            shutil.copytree(server.data, self.older)
            server.start()
            self.acked += report_to_log + report(server, 60, "newer")
            self.keep(server, "MANIFEST-*")
            server.command("backup", str(top / "backup-last"))
            self.acked += report(server, 50, "last")
            self.keep(server, "*.log")
            self.acked += report(server, 50, "last")
            server.kill9()
            server.data.joinpath("control.sock").unlink()
            self.data = server.data

    def keep(self, server, pattern):
        """These are replaced at a start: an older one under the same name is of this life."""
        for path in server.data.glob(pattern):
            shutil.copy(path, self.older)

    def files(self):
        return sorted(p.relative_to(self.data) for p in self.data.rglob("*") if p.is_file())


# ------------------------------------------------------------------------------------------------------- the harms

def flip(position):
    def harm(path, _):
        data = bytearray(path.read_bytes())
        if not data:
            return False
        at = min(int(len(data) * position), len(data) - 1)
        data[at] ^= 0x10
        path.write_bytes(data)
    return harm


def remove(path, _):
    path.unlink()


def empty(path, _):
    if path.stat().st_size == 0:
        return False
    os.truncate(path, 0)


def halve(path, _):
    if path.stat().st_size < 2:
        return False
    os.truncate(path, path.stat().st_size // 2)


def shorten(path, _):
    if path.stat().st_size <= 100:
        return False
    os.truncate(path, path.stat().st_size - 100)


def put_older(path, older):
    if not older.exists() or older.read_bytes() == path.read_bytes():
        return False
    shutil.copyfile(older, path)


HARMS = {
    "removed": remove, "emptied": empty, "cut in half": halve, "last 100 bytes cut": shorten,
    "a bit flipped at the beginning": flip(0.001), "at a third": flip(0.33), "in the middle": flip(0.5), "near the end": flip(0.97),
    "an older copy": put_older,
}
# A name that stands for several files.
KINDS = [("MANIFEST-", "MANIFEST-*"), ("OPTIONS-", "OPTIONS-*"), (".sst", "*.sst"), (".log", "*.log")]


def kind_of(file):
    name = next((kind for part, kind in KINDS if file.name.startswith(part) or file.name.endswith(part)), file.name)
    return "logs/ (any file)" if file.parent.name == "logs" else name


# ------------------------------------------------------------------------------------------------------ what it does

def lines_of(server):
    text = server.stderr.read_text()
    server.stderr.write_text("")
    return text


def served(server, original):
    """-> how many of the acknowledged conversions a running server shows; None where it refuses to read."""
    there, cursor = set(), None
    while True:
        answer = server.request("GET", "/api/admin/conversions", key=original.key,
                                query={"limit": 200, **({"cursor": cursor} if cursor else {})})
        if answer.status == 503 or answer.status == 401:  # the key's own document lies in a damaged block
            return None
        assert answer.status == 200, answer
        there |= {c["click_id"] for c in answer.data}
        cursor = answer.json["pagination"].get("nextCursor")
        if not cursor:
            return len(there & set(original.acked))


def start(server, original, *arguments):
    """One start -> REFUSED, UNREADABLE, WHOLE, or how many were served."""
    server.start(ready=False, arguments=arguments)
    wait_until(lambda: not server.alive() or ready(server), 30, "it serves or ends", step=0.02)
    if not server.alive():
        server.kill9()
        text = lines_of(server)
        assert server.process.returncode == 2, (server.process.returncode, text)
        said = [line for line in text.splitlines() if not line.startswith("{")]
        assert len(said) == 1 and said[0].startswith("barracuda: "), text
        # A block that cannot be read is met when the store is open already, and its log in tables.
        return REFUSED if "cannot open the store in" in text else UNREADABLE
    count = served(server, original)
    server.kill9()
    lines_of(server)
    if count is None:
        return UNREADABLE
    return WHOLE if count == len(original.acked) else count


def ready(server):
    try:
        return server.request("GET", "/readyz", timeout=2).status == 200
    except OSError:
        return False


def commands(server, outcome):
    """What commands say without a server must agree with it: a store that is refused is refused to them too."""
    for command in (["verify"], ["key", "list"]):
        done = server.command(*command, check=False)
        if outcome == REFUSED:
            assert done.returncode == 2 and done.stdout == "", (command, done)
            assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("barracuda: "), (command, done)
        elif outcome == WHOLE:
            assert done.returncode in (0, 1), (command, done)
            assert "no keys yet" not in done.stderr + done.stdout, (command, done)


def names_in(directory):
    return {p.name: p.stat().st_size for p in directory.iterdir() if p.is_file() and not p.name.startswith("LOG")}


def tried(original, number, file, harm):
    """-> the outcome of both starts, or None where this harm changes nothing of this file."""
    top = original.top / f"case{number}"
    server = Server(top, original.net, env=ENV, start=False, keys=False)
    try:
        shutil.rmtree(server.data)
        shutil.copytree(original.data, server.data)
        if HARMS[harm](server.data / file, original.older / file) is False:
            return None
        before = names_in(server.data)
        first = start(server, original)
        if first == REFUSED:
            left = names_in(server.data)
            left.pop("LOCK", None), before.pop("LOCK", None)
            assert left == before, f"{file} {harm}: a refused open changed {set(left.items()) ^ set(before.items())}"
        commands(server, first)
        return first, start(server, original)
    except AssertionError as error:
        raise AssertionError(f"{file} {harm}: {error}") from error
    finally:
        server.kill9()
        shutil.rmtree(top, ignore_errors=True)


def text_of(outcomes):
    """Of one harm to all files of a kind."""
    return ", ".join(sorted({str(o[0]) for o in outcomes}, key=[WHOLE, UNREADABLE, REFUSED].index)) or "–"


def table(results):
    kinds = list(dict.fromkeys(kind for kind, _ in results))
    rows = ["| file | " + " | ".join(HARMS) + " |", "|---" * (len(HARMS) + 1) + "|"]
    for kind in kinds:
        rows.append(f"| `{kind}` | " + " | ".join(text_of(results[kind, harm]) for harm in HARMS) + " |")
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def original(net, tmp_path_factory):
    return Original(tmp_path_factory.mktemp("files"), net)


@pytest.mark.bounded(600)
def test_every_file_harmed_in_every_way(original):
    files = original.files()
    kinds = {kind_of(file) for file in files}
    assert {"CURRENT", "MANIFEST-*", "*.sst", "*.log", "HAS_LOG", "HIGH_WATER", "IDENTITY", "OPTIONS-*", "logs/ (any file)"} <= kinds
    cases = [(file, harm) for file in files for harm in HARMS]
    results, wrong, lock = collections.defaultdict(list), [], threading.Lock()

    def one(numbered):
        number, (file, harm) = numbered
        outcomes = tried(original, number, file, harm)
        with lock:
            if outcomes is None:
                return
            if outcomes[0] not in (REFUSED, UNREADABLE, WHOLE) or outcomes[0] != outcomes[1]:
                wrong.append((str(file), harm, outcomes))
            else:
                results[kind_of(file), harm].append(outcomes)

    for kind in sorted(kinds):
        for harm in HARMS:
            results[kind, harm] = []
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, enumerate(cases)))
    text = table(results)
    print("\n" + text)
    if os.environ.get("STORE_FILES_TABLE"):
        Path(os.environ["STORE_FILES_TABLE"]).write_text(text)
    assert not wrong, f"of {len(original.acked)} acknowledged: {wrong}"
    count = sum(len(outcomes) for outcomes in results.values())
    assert count > 100
    proof.tried(FAULT, count, proof.SOUND, len(original.acked), "each started twice; a table of its own below")
    for harm in HARMS:  # the logs of what came in are no part of the ledger, and the mark only says less when it is harmed
        for kind in ("logs/ (any file)", "HIGH_WATER", "HAS_LOG", "LOG", "IDENTITY"):
            assert all(o == (WHOLE, WHOLE) for o in results[kind, harm]), (kind, harm, results[kind, harm])


@pytest.mark.bounded(180)
def test_what_is_accepted_as_lost_is_seen_and_said(original, tmp_path):
    """The negative control: with the refusal overruled, the very check above sees that conversions are missing."""
    server = Server(tmp_path, original.net, env=ENV, start=False, keys=False)
    shutil.rmtree(server.data)
    shutil.copytree(original.data, server.data)
    log = max(server.data.glob("*.log"))
    os.truncate(log, log.stat().st_size // 2)
    for _ in range(3):
        server.start(ready=False)
        assert server.process.wait(20) == 2
        said = lines_of(server)
        assert "writes are missing" in said and "conversions)" in said and "--accept-loss" in said, said
    assert "writes are missing" in server.command("doctor", check=False).stdout
    count = start(server, original, "--accept-loss")
    assert isinstance(count, int) and 0 < count < len(original.acked), count
    proof.control(FAULT, len(original.acked) - count, "half of the log cut off, and the refusal overruled by --accept-loss")
    assert start(server, original) == count, "from now on it opens by itself"
    server.start()
    try:
        said = server.command("verify").stdout
        assert said.startswith("accepted as lost (--accept-loss): ") and "the store is sound" in said, said
        metrics = server.get("/metrics").body.decode().splitlines()
        lost = next(int(line.split()[1]) for line in metrics if line.startswith("barracuda_store_accepted_loss_writes "))
        assert lost > 100 and f"{lost} writes, 1 time" in said
        assert "accepted as lost" in server.command("doctor", check=False).stdout
        report(server, 3, "later")
        server.stop()
        assert server.command("verify").returncode == 0
        server.command("backup", str(tmp_path / "backup"))
        server.start()
    finally:
        server.kill9()


@pytest.mark.parametrize("left", [["*.sst"], ["MANIFEST-*"], ["HAS_LOG"], ["HIGH_WATER"], ["*.log"], ["OPTIONS-*"], ["IDENTITY"],
                                  ["LOG"], ["*.sst", "CURRENT"], ["*.sst", "MANIFEST-*", "*.log"]])
def test_nothing_is_made_beside_a_trace_of_a_store(original, tmp_path, left):
    server = Server(tmp_path, original.net, env=ENV, start=False, keys=False)
    for pattern in left:
        for path in original.data.glob(pattern):
            shutil.copy(path, server.data)
    server.data.chmod(0o700)
    before = names_in(server.data)
    for _ in range(3):
        for command in (["serve"], ["key", "create", "--name", "n", "--scope", "ingest"], ["import", "/nowhere/x"],
                        ["admin", "create", "--email", "a@example.com", "--name", "A", "--password-stdin"], ["key", "list"], ["verify"]):
            done = server.command(*command, check=False, stdin="a long password\n")
            assert done.returncode == 2 and not done.stdout and len(done.stderr.splitlines()) == 1, (command, done)
            if command[0] == "serve":
                assert "CURRENT" in done.stderr or "MANIFEST" in done.stderr, done
    now = names_in(server.data)
    now.pop("LOCK", None)
    assert now == before


def test_a_restore_that_was_cut_off_is_no_store(original, tmp_path):
    backup = original.top / "backup-last"
    server = Server(tmp_path, original.net, env=ENV, start=False, keys=False)
    server.data.chmod(0o700)
    (server.data / "UNFINISHED").write_text(f"restore of {backup}\n")
    for path in list(backup.iterdir())[::2]:
        shutil.copy(path, server.data)
    for _ in range(3):
        for command in (["serve"], ["key", "list"], ["verify"]):
            done = server.command(*command, check=False)
            assert done.returncode == 2 and f"holds an unfinished restore of {backup}: run barracuda restore" in done.stderr, done
    assert "the store is sound" in server.command("restore", str(backup)).stdout, "it starts over"
    assert not (server.data / "UNFINISHED").exists()
    assert "the store is sound" in server.command("verify").stdout
    again = server.command("restore", str(backup), check=False)
    assert again.returncode == 2 and "holds a store already" in again.stderr, again


@pytest.mark.bounded(120)
def test_a_restore_killed_anywhere(original, tmp_path):
    backup = original.top / "backup-last"
    for number in range(12):
        server = Server(tmp_path / str(number), original.net, env=ENV, start=False, keys=False)
        server.data.rmdir()
        process = subprocess.Popen([str(BINARY), "restore", str(backup), "--data", str(server.data)], env=server.env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.004 * number)
        process.kill()
        process.wait(10)
        if not server.data.exists():
            continue
        listed = server.command("key", "list", check=False)
        if listed.returncode == 2:
            assert "unfinished restore" in listed.stderr or "there is no store" in listed.stderr, listed
            assert server.command("restore", str(backup), check=False).returncode == 0
        assert "no keys yet" not in server.command("key", "list").stderr


def test_a_backup_that_lacks_something_is_not_restored(original, tmp_path):
    backup = original.top / "backup-last"
    for number, path in enumerate(sorted(backup.iterdir())):
        copy, server = tmp_path / f"copy{number}", Server(tmp_path / f"to{number}", original.net, env=ENV, start=False, keys=False)
        shutil.copytree(backup, copy)
        (copy / path.name).unlink()
        done = server.command("restore", str(copy), check=False)
        needed = path.name != "BACKUP"  # without its list it is one of an earlier version: RocksDB tells what it needs
        assert (done.returncode == 2) == needed, (path.name, done)
        assert not needed or not any(server.data.iterdir()), "nothing is left of it"
