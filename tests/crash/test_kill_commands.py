"""kill -9 in what happens seldom: a first start, a backup, a restore, an import, the building of indexes and roll-ups after an
older version, a job. Each is killed at one call to the system after another, from the first on, and what is there afterwards is
whole, or is refused in words until the command is run again.

KILL_COMMANDS (default 5) kills of each, at calls spread over all that it makes.
"""
import collections
import contextlib
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

import faults
import harness
import proof
from harness import BINARY, Server, burst, wait_until
from load import new_report, send

pytestmark = pytest.mark.skipif(harness.STORE != "rocksdb", reason="the calls are RocksDB's")

KILLS = int(os.environ.get("KILL_COMMANDS", "5"))
ANY = "write,sync,rename,link,unlink"
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
ENV = {"BARRACUDA_STORE_URL": "rocksdb"}
REPORTS = 60


def reported(srv, count=REPORTS):
    reports = [new_report("5") for _ in range(count)]
    for answer in burst(count, lambda i: send(srv, reports[i])):
        assert answer.status == 200, answer
    return reports


@pytest.fixture(scope="module")
def original(net, tmp_path_factory):
    """-> a server that stands still, its reports, a backup and an export of it"""
    top = tmp_path_factory.mktemp("original")
    with Server(top, net, env=ENV) as srv:
        reports = reported(srv)
        srv.command("backup", str(top / "backup"))
        srv.command("export", str(top / "export"))
        srv.stop()
        yield srv, reports, top


def spread(calls):
    """Which of them is the last: from the first to the last."""
    return sorted({1 + (calls - 1) * i // max(1, KILLS - 1) for i in range(KILLS)})


def run(srv, arguments, env):
    return subprocess.run([str(BINARY), *arguments, "--data", str(srv.data)], env={**srv.env, **env}, cwd=srv.directory,
                          capture_output=True, text=True, timeout=60)


def counted(library, tally, below, kinds, attempt):
    """How many calls a whole run makes."""
    attempt(faults.environment(library, below, kinds, 0, tally=tally))
    return faults.tally_of(tally)[0]


def fresh(top, name, net, original):
    """A server without a store yet, with the key of the original."""
    srv = Server(top / name, net, env=ENV, start=False, keys=False)
    srv.admin_key = original.admin_key
    srv.data.chmod(0o700)
    return srv


def whole(srv, reports, stopped=True):
    """-> what is wrong with the store of a server that starts"""
    srv.start()
    verdict = proof.judge(srv.conversions(), reports)
    assert srv.command("verify").stdout == "the store is sound\n"
    if stopped:
        srv.stop()
    return verdict


def killed_all_along(net, top, library, original, arguments, fault):
    """A command that fills an empty data directory: killed, looked at, run again, looked at."""
    srv, reports, _ = original
    tally, verdict = top / "tally", proof.SOUND
    calls = counted(library, tally, top / "whole" / "data", ANY, lambda env: run(fresh(top, "whole", net, srv), arguments, env))
    assert calls > 20, "the shim sees hardly anything"
    for at in spread(calls):
        one = fresh(top, f"at{at}", net, srv)
        done = run(one, arguments, faults.environment(library, one.data, ANY, at, then="kill"))
        # The last few may be those of a file that is closed anyway: a run can make one less.
        assert done.returncode == -9 or (at > calls - 5 and done.returncode == 0), (at, calls, done)
        there = one.command("key", "list", check=False)
        if there.returncode == 2:
            assert any(words in there.stderr for words in ("unfinished", "there is no store", "it does not exist")), there
            finished = run(one, arguments, {})
            assert finished.returncode == 0, finished
        with one:
            verdict = proof.added(verdict, whole(one, reports))
        shutil.rmtree(one.directory)
    assert proof.tried(fault, len(spread(calls)), verdict, len(reports), f"at calls 1 to {calls} of the command") == proof.SOUND


RESTORE, IMPORT = "kill -9 in a restore", "kill -9 in an import"
BACKUP, FIRST = "kill -9 in a backup of a running server", "kill -9 in the first start of a store"
REBUILD, JOB = "kill -9 while indexes and roll-ups are built anew", "kill -9 while a job changes conversions"


@pytest.mark.bounded(120 + 4 * KILLS)
def test_killed_in_a_restore(net, tmp_path, library, original):
    killed_all_along(net, tmp_path, library, original, ["restore", str(original[2] / "backup")], RESTORE)


@pytest.mark.bounded(120 + 4 * KILLS)
def test_killed_in_an_import(net, tmp_path, library, original):
    killed_all_along(net, tmp_path, library, original, ["import", str(original[2] / "export")], IMPORT)


@pytest.mark.bounded(120 + 4 * KILLS)
def test_killed_in_the_first_start(net, tmp_path, library):
    """A store that is being made when the first command ends: the next one makes it."""
    make = ["key", "create", "--name", "t", "--scope", "admin"]
    calls = counted(library, tmp_path / "tally", tmp_path / "whole" / "data", ANY,
                    lambda env: run(Server(tmp_path / "whole", net, env=ENV, start=False, keys=False), make, env))
    verdict = proof.SOUND
    for at in spread(calls):
        with Server(tmp_path / f"at{at}", net, env=ENV, start=False, keys=False) as one:
            done = run(one, make, faults.environment(library, one.data, ANY, at, then="kill"))
            assert done.returncode == -9 or (at > calls - 5 and done.returncode == 0), (at, calls, done)
            one.admin_key = one.create_key("admin")
            one.start()
            verdict = proof.added(verdict, proof.judge(one.conversions(), []))
            reports = reported(one, 4)
            one.kill9()
            verdict = proof.added(verdict, whole(one, reports))
    assert proof.tried(FIRST, len(spread(calls)), verdict, 4 * len(spread(calls)), f"at calls 1 to {calls}") == proof.SOUND


@pytest.mark.bounded(120 + 4 * KILLS)
def test_killed_in_a_backup(net, tmp_path, library, original):
    """The server, or the command, goes down within a backup: the server comes up whole, and the half backup is no store."""
    source, reports, _ = original
    verdict, acked, halves = proof.SOUND, list(reports), 0
    with Server(tmp_path, net, env=ENV, start=False, keys=False) as srv:
        shutil.rmtree(srv.data)
        shutil.copytree(source.data, srv.data)
        srv.admin_key = source.admin_key
        backups = tmp_path / "backups"  # a backup is made beside its place, and moved there
        backups.mkdir()
        tallies = tmp_path / "server", tmp_path / "command"
        # The server links its tables below its data, the command copies them from there.
        of_server, of_command = (srv.data, "link"), (backups, ANY)
        srv.start(env=faults.environment(library, *of_server, 0, tally=tallies[0]))
        done = run(srv, ["backup", str(backups / "counted")], faults.environment(library, *of_command, 0, tally=tallies[1]))
        assert done.returncode == 0, done
        srv.stop()
        links, calls = (faults.tally_of(tally)[0] for tally in tallies)
        assert links > 1 and calls > 10, "the shim sees hardly anything"
        points = [(of_server, at, {}) for at in spread(links)] + [({}, at, of_command) for at in spread(calls)]
        for number, (server, at, command) in enumerate(points):
            to = backups / f"at{number}"
            srv.start(env=faults.environment(library, *server, at, then="kill") if server else {})
            acked += reported(srv, 6)
            done = run(srv, ["backup", str(to)], faults.environment(library, *command, at, then="kill") if command else {})
            if server:
                wait_until(lambda: not srv.alive() or done.returncode == 0, 10, "killed")
            assert done.returncode != 0 or at > (links if server else calls) - 5, (number, at, done)
            assert srv.alive() or server, "a command that is killed takes no server with it"
            srv.kill9()
            verdict = proof.added(verdict, whole(srv, acked))
            copy = fresh(tmp_path, f"restored{number}", net, source)
            restored = copy.command("restore", str(to), check=False)
            if restored.returncode == 0:
                with copy:
                    verdict = proof.added(verdict, whole(copy, acked))
            else:
                halves += 1
                assert not any(p for p in copy.data.iterdir() if p.suffix == ".sst"), restored
    assert halves > 0
    assert proof.tried(BACKUP, len(points), verdict, len(acked), f"{halves} half backups, none of them restored") == proof.SOUND


@pytest.mark.bounded(120 + 6 * KILLS)
def test_killed_while_indexes_are_built(net, tmp_path, library):
    """A store of the first released version: its indexes and cells are made anew at the first start of this one."""
    made = json.loads((FIXTURES / "store-0.1.0.json").read_text())
    expected = {(click, goal): (affiliate, amount) for click, goal, affiliate, amount, _ in made["conversions"]}

    def unpacked(name):
        server = Server(tmp_path / name, net, env={**ENV, "BARRACUDA_AUTH_INGEST": "key"}, start=False, keys=False)
        with tarfile.open(FIXTURES / "store-0.1.0.tar.xz") as tar:
            tar.extractall(server.data)
        server.admin_key = made["admin_key"]
        return server

    def of_build(server, at, **more):
        return faults.environment(library, server.data, "write,sync", at, ending=".log", flat=1, thread="index-build", **more)

    with unpacked("whole") as server:
        server.start(env=of_build(server, 0, tally=tmp_path / "tally"))
        server.stop()
    calls = faults.tally_of(tmp_path / "tally")[0]
    assert calls >= 2, "no index is built"
    verdict = proof.SOUND
    for at in spread(calls):
        with unpacked(f"at{at}") as server:
            server.start(ready=False, env=of_build(server, at, then="kill"))
            wait_until(lambda: not server.alive(), 20, "killed within the building")
            server.kill9()
            server.start()
            stored = server.conversions()
            found = collections.Counter((c["click_id"], c["goal_id"]) for c in stored)
            wrong = sum((c["affiliate_id"], str(c["amount"])) != expected.get((c["click_id"], c["goal_id"])) for c in stored)
            wrong += server.admin("GET", "/api/admin/conversions/stats").data["total"] != len(expected)
            verdict = proof.added(verdict, proof.Verdict(len(set(expected) - set(found)), sum(found.values()) - len(found), wrong))
            server.stop()
            assert server.command("verify").stdout == "the store is sound\n"
    assert proof.tried(REBUILD, len(spread(calls)), verdict, len(expected), f"at calls 1 to {calls} of the building") == proof.SOUND


MANY = 240
PENDING = {"affiliate_id": "7", "status": "pending"}


def approve_all(srv):
    """Begins the job where there is none yet; a kill may come first."""
    body = {"action": "approve", "filter": PENDING, "expect": MANY, "reason": "checked"}
    with contextlib.suppress(OSError, harness.http.client.HTTPException):
        if job_of(srv) is None:
            srv.admin("POST", "/api/admin/conversions/bulk", json_body=body)


def job_of(srv):
    """-> the job, or None"""
    return next(iter(srv.admin("GET", "/api/admin/jobs").data), None)


def over(srv):
    with contextlib.suppress(OSError, harness.http.client.HTTPException):
        job = job_of(srv)
        return job is not None and job["state"] != "running"
    return False


def approved_over_kills(srv, library, kills_max):
    """One job, killed at one sync of the log after another until it is through. -> how often"""
    kills, flag = 0, srv.directory / "now"
    while kills < kills_max:
        srv.start(env=faults.environment(library, srv.data, "sync", 1 + kills % 4, ending=".log", flat=1, while_=flag,
                                         then=("kill", "kill-after")[kills % 2]))
        flag.touch()
        approve_all(srv)
        wait_until(lambda: not srv.alive() or over(srv), 30, "killed, or through", step=0.05)
        flag.unlink()
        if srv.alive():
            break
        srv.kill9()
        kills += 1
    srv.kill9()
    return kills


@pytest.mark.bounded(120 + 10 * KILLS)
def test_killed_in_a_job(net, tmp_path, library):
    """A job that approves, killed again and again: each conversion is approved once, by one change of its history."""
    verdict, kills, stores = proof.SOUND, 0, 0
    while kills < KILLS:
        stores += 1
        with Server(tmp_path / str(stores), net, env=ENV) as srv:
            reports = [report for _ in range(MANY // REPORTS) for report in reported(srv)]
            srv.stop()
            struck = approved_over_kills(srv, library, KILLS - kills)
            assert struck > 0, "a job that no kill meets"
            kills += struck
            srv.start()
            approve_all(srv)
            wait_until(lambda: over(srv), 60, "the job ends", step=0.1)
            rows = srv.conversions()
            moves = [sum(change["field"] == "status" for change in row["history"]) for row in rows]
            found = proof.judge(rows, reports)
            verdict = proof.added(verdict, found, proof.Verdict(moves.count(0), sum(n > 1 for n in moves), 0))
            srv.stop()
            srv.command("verify")
    assert proof.tried(JOB, kills, verdict, MANY * stores) == proof.SOUND


@pytest.mark.bounded(120)
def test_the_control_of_the_commands(net, tmp_path, original):
    """The same look, where a report is held to be acknowledged that was made behind the backup."""
    source, reports, top = original
    with fresh(tmp_path, "control", net, source) as one:
        one.command("restore", str(top / "backup"))
        one.start()
        later = reported(one, 7)
        one.stop()
        one.data.rename(one.directory / "later")
        one.data.mkdir(mode=0o700)
        one.command("restore", str(top / "backup"))
        lost = whole(one, reports + later).lost
    assert lost == 7
    for fault in (RESTORE, IMPORT, BACKUP, FIRST, REBUILD, JOB):
        proof.control(fault, lost, "what was acknowledged after a backup, looked for in the backup")
