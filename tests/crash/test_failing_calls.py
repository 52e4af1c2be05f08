"""The store's disk refuses one call: the nth write, sync, rename or open below the data directory, from the first of the
start on, once or from then on, with each of the errors that a disk has. Whatever it was, nothing acknowledged is lost and
nothing doubled, no process dies of it, and the next start on a sound disk serves everything.

By default a spread of the calls that a start and some reports make; FAILING_CALLS=200 tries each of the first 200."""
import collections
import errno
import itertools
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import faults
import harness
import proof
from faults import tally_of
from harness import Server
from load import Sent, send

pytestmark = pytest.mark.skipif(harness.STORE != "rocksdb", reason="MongoDB keeps its own files")

ALL = int(os.environ.get("FAILING_CALLS", "0"))
BEFORE, DURING = 30, 12  # reports before the fault, and while it may strike
# A sync that has no room is a disk that took the bytes and finds no place for them: in the long form.
ERRORS = {"write": (errno.EIO, errno.ENOSPC), "sync": (errno.EIO, errno.ENOSPC) if ALL else (errno.EIO,),
          "rename": (errno.EIO, errno.ENOSPC), "open": (errno.EIO, errno.ENOSPC, errno.EMFILE)}
SPREAD = {"write": (1, 2, 3, 8, 21, 55, 144, 300, 500, 600, 650, 680, 710, 740, 770, 800),
          "sync": (1, 2, 4, 8, 14, 20, 24, 27, 30, 33, 36, 39), "rename": (1, 2, 3, 4), "open": (1, 2, 5, 14, 27, 44, 52, 55)}

FAULT = "one of the store's {} calls fails, or all from then on"

Case = collections.namedtuple("Case", "kind at error for_ torn")
Outcome = collections.namedtuple("Outcome", "counted failed ended acked refused")


@pytest.fixture(scope="module")
def original(net, tmp_path_factory):
    """A store with some conversions in tables and some in the log; -> its directory, its reports, its key."""
    directory = tmp_path_factory.mktemp("original")
    with Server(directory, net) as srv:
        reports = [report(i, "before") for i in range(BEFORE)]
        for one in reports:
            assert send(srv, one).status == 200
        srv.kill9()
        return directory / "data", reports, srv.admin_key


def report(number, phase):
    route = "56"[number % 2]
    return Sent(route, f"{phase}-{number}", route)


def cases():
    for kind, errors in ERRORS.items():
        for at, error in itertools.product(range(1, ALL + 1) if ALL else SPREAD[kind], errors):
            for for_ in (1, 0):
                yield Case(kind, at, error, for_, False)
        if kind == "write":
            for at in range(1, ALL + 1) if ALL else SPREAD[kind]:
                yield Case(kind, at, errno.ENOSPC, 0, True)


def failing(library, below, tally, case):
    """The environment of a program whose disk fails so."""
    return faults.environment(library, below, case.kind, case.at, for_=case.for_, errno=case.error, torn=int(case.torn), tally=tally)


def serve(net, directory, original, library, case):
    """One life on the failing disk. -> the server (ended) and what it promised."""
    data, before, key = original
    srv = Server(directory, net, start=False, keys=False)
    shutil.rmtree(srv.data)
    shutil.copytree(data, srv.data, ignore=shutil.ignore_patterns("control.sock"))
    srv.admin_key = key
    tally = directory / "tally"
    srv.start(ready=False, env=failing(library, srv.data, tally, case))
    acked, refused = [], []
    if serves(srv):
        for one in [report(i, "during") for i in range(DURING)]:
            answer = send(srv, one)
            assert answer.status in (200, 202, 503), (case, answer)
            (refused if answer.status == 503 else acked).append(one)
        for one in before[:4]:  # a duplicate is answered from what is there, or not at all
            answer = send(srv, one)
            assert answer.status == 503 or answer.json["verdict"] == "duplicate", (case, answer)
        if refused:
            look_around(srv)
        srv.process.terminate()
    code = srv.process.wait(20)
    return srv, Outcome(*tally_of(tally), code, acked, refused)


def look_around(srv):
    """What an operator does with a server whose disk failed; it may be refused, and the process does not die of it."""
    for arguments in (("backup", str(srv.directory / "backup")), ("verify",), ("doctor",), ("deliveries", "list")):
        srv.command(*arguments, check=False)
    for path in ("/livez", "/metrics", "/api/admin/received", "/api/admin/conversions?limit=5"):
        assert srv.admin("GET", path).status in (200, 503), path


def serves(srv):
    """Whether it listens, be it to say 503 for good, as a store does whose disk failed. False: it ended instead."""
    deadline, since = time.monotonic() + 20, None
    while time.monotonic() < deadline and srv.alive():
        try:
            answer = harness.request(srv.port, "GET", "/readyz", timeout=2)
            since = since or time.monotonic()
            if answer.status == 200 or time.monotonic() - since > 3:
                return True
        except (OSError, harness.http.client.HTTPException):
            pass
        time.sleep(0.02)
    assert not srv.alive(), "neither listens nor ended"
    return False


def told(srv):
    """The line that an operator reads where the server ended at once."""
    return [line for line in srv.log_tail().splitlines() if line.startswith("barracuda: ")]


def try_one(net, directory, original, library, case):
    directory.mkdir()
    srv, outcome = serve(net, directory, original, library, case)
    with srv:
        assert outcome.ended in (0, 2), (case, outcome, srv.log_tail())
        assert outcome.ended == 0 or len(told(srv)) == 1, (case, srv.log_tail())
        srv.start()
        verdict = proof.judge(srv.conversions(), original[1] + outcome.acked, outcome.refused)
        assert verdict == proof.SOUND, (case, outcome, verdict)
        srv.stop()
        srv.command("verify")
    shutil.rmtree(directory)
    return outcome


@pytest.mark.bounded(max(240, ALL * 30))
def test_a_call_that_fails_loses_nothing(net, tmp_path, original, library):
    tried = list(cases())
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(try_one, net, tmp_path / str(i), original, library, case) for i, case in enumerate(tried)]
        outcomes = [job.result() for job in jobs]
    struck = [o for o in outcomes if o.failed]
    for kind in ERRORS:
        of_kind = [o for case, o in zip(tried, outcomes) if case.kind == kind]
        proof.tried(FAULT.format(kind), len(of_kind), proof.SOUND, sum(len(o.acked) + BEFORE for o in of_kind),
                    f"{sum(o.failed for o in of_kind)} calls failed, {sum(o.ended == 2 for o in of_kind)} starts ended with a line, "
                    f"{sum(len(o.refused) for o in of_kind)} reports were answered 503")
    assert len(struck) >= len(tried) * 0.6 or ALL, "the shim hardly strikes: this test would prove little"
    assert any(o.refused for o in struck) and any(o.ended == 2 for o in struck) and any(o.acked and not o.refused for o in struck)


def test_the_control_that_no_call_fails(net, tmp_path, original, library):
    """Where nothing fails everything is acknowledged: what is refused above is refused for the disk's sake."""
    for kind in ERRORS:
        outcome = try_one(net, tmp_path / kind, original, library, Case(kind, 0, errno.EIO, 1, False))
        assert outcome.failed == 0 and outcome.counted > 0 and outcome.ended == 0
        assert len(outcome.acked) == DURING and not outcome.refused


def test_the_control_that_a_lost_report_is_seen(net, tmp_path, original, library):
    """The same look at a store that lacks one acknowledged report must fail."""
    data, before, key = original
    missing = (data, before + [Sent("5", "never-sent", "5")], key)
    for kind in ERRORS:
        with pytest.raises(AssertionError, match="lost=1"):
            try_one(net, tmp_path / kind, missing, library, Case(kind, 0, errno.EIO, 1, False))
        proof.control(FAULT.format(kind), 1, "a report is held to be acknowledged that the store lacks")


def test_the_log_of_requests_goes_on_once_its_disk_does(net, tmp_path, library):
    """RocksDB ends a process that appends to a write-ahead log which has failed: the log's database is opened anew."""
    tally = tmp_path / "tally"
    with Server(tmp_path, net, start=False) as srv:
        case = Case("write", 8, errno.ENOSPC, 3, True)
        srv.start(env={**failing(library, srv.data / "logs", tally, case), "FAIL_ENDING": ".log"})

        def logged(click):
            return srv.admin("GET", "/api/admin/received", query={"click_id": click, "limit": 5}).data

        def report_and_look():
            click = harness.new_id()
            assert send(srv, Sent("5", click, "5")).status == 200, "the ledger has a database of its own"
            time.sleep(0.3)
            return logged(click)

        assert harness.wait_until(report_and_look, 10, "the log works")
        harness.wait_until(lambda: report_and_look() is not None and tally_of(tally)[1] > 0, 60, "the disk has failed")
        harness.wait_until(report_and_look, 30, "the log works again")
        assert "the log database" in srv.log_tail(20_000), "an operator is told"
        srv.stop()
