"""A real MongoDB replica set of three members on loopback, for tests: starts it, breaks it on command, stops exactly it.

    with ReplicaSet() as mongo:
        mongo.uri("some_database")          # for the program
        mongo.step_down(); mongo.kill9(mongo.primary()); mongo.start_member(0)
        mongo.fail("insert", times=1, close_connection=True)

As a program it runs a command with the set's address in BARRACUDA_TEST_MONGODB:

    python3 tests/mongo_server.py -- ctest --test-dir build/release -R store

The server is `mongod` named by BARRACUDA_MONGOD, the one `./dev` installs under build/mongo, or one on PATH.
"""
import atexit
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pymongo
import pymongo.errors

from ports import free_port

ROOT = Path(__file__).resolve().parent.parent
MEMBERS = 3
NOT_YET = (pymongo.errors.PyMongoError, OSError)

_running = {}  # pid -> Popen, started by us and not yet reaped


def mongod_binary():
    named = os.environ.get("BARRACUDA_MONGOD")
    if named:
        return named
    wheel = sorted(ROOT.glob("build/mongo/venv/lib/python3*/site-packages/fiftyone/db/bin/mongod"))
    found = str(wheel[0]) if wheel else shutil.which("mongod")
    if not found:
        raise SystemExit("there is no mongod: ./dev test installs one, or put one on PATH")
    return found


def _kill_leftovers():
    for process in list(_running.values()):
        if process.poll() is None:
            process.kill()
            process.wait(10)
    _running.clear()


atexit.register(_kill_leftovers)


def _die_with_parent():
    """A runner that is killed must not leave servers behind (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class ReplicaSet:
    def __init__(self, members=MEMBERS, replica_set="barracuda_test", arguments=()):
        self.directory = Path(tempfile.mkdtemp(prefix="barracuda-mongo-"))
        self.name, self.arguments = replica_set, list(arguments)
        self.ports = [free_port() for _ in range(members)]
        self.processes = [None] * members
        try:
            for i in range(members):
                self.start_member(i)
            if self.name:
                self._initiate()
            else:
                self._wait(lambda: self.client(0).admin.command("ping"), 30, "a server that answers")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for i in range(len(self.processes)):
            self.kill9(i)
        shutil.rmtree(self.directory, ignore_errors=True)

    # members

    def start_member(self, i):
        assert self.processes[i] is None, "already running"
        data = self.directory / f"member{i}"
        data.mkdir(exist_ok=True)
        command = [mongod_binary(), "--dbpath", str(data), "--port", str(self.ports[i]), "--bind_ip", "127.0.0.1",
                   "--wiredTigerCacheSizeGB", "0.25", "--quiet",
                   "--setParameter", "enableTestCommands=1", "--setParameter", "diagnosticDataCollectionEnabled=false",
                   *self.arguments]
        if self.name:
            command += ["--replSet", self.name, "--oplogSize", "256"]
        with open(data / "log", "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       preexec_fn=_die_with_parent)
        _running[process.pid] = self.processes[i] = process

    def _signal(self, i, number):
        if self.processes[i] is not None and self.processes[i].poll() is None:
            os.kill(self.processes[i].pid, number)

    def kill9(self, i):
        process = self.processes[i]
        if process is None:
            return
        self._signal(i, signal.SIGCONT)
        self._signal(i, signal.SIGKILL)
        process.wait(20)
        _running.pop(process.pid, None)
        self.processes[i] = None

    def pause(self, i):
        """From outside a paused process looks like a partition: its connections stay open and say nothing."""
        self._signal(i, signal.SIGSTOP)

    def resume(self, i):
        self._signal(i, signal.SIGCONT)

    def client(self, i):
        """A direct connection to one member."""
        return pymongo.MongoClient("127.0.0.1", self.ports[i], serverSelectionTimeoutMS=2000, connectTimeoutMS=2000,
                                   socketTimeoutMS=10000, directConnection=True)

    # the set

    def _wait(self, condition, seconds, what):
        deadline, last = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            try:
                value = condition()
                if value is not None:
                    return value
            except NOT_YET as error:
                last = error
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {what} ({last!r})")

    def _initiate(self):
        members = [{"_id": i, "host": f"127.0.0.1:{port}"} for i, port in enumerate(self.ports)]
        # As docs/operating/mongodb.md advises: a member that copies from one that then hangs stops confirming, too.
        # The first election waits as long as a silent primary is waited for: it need not.
        config = {"_id": self.name, "members": members, "settings": {"chainingAllowed": False, "electionTimeoutMillis": 1000}}

        def initiate():
            with contextlib.closing(self.client(0)) as client:
                return client.admin.command("replSetInitiate", config)
        self._wait(initiate, 30, "replSetInitiate")
        self.wait_healthy(60)
        self.elect_after(10)

    def primary(self, seconds=30):
        """The index of the member that takes writes now."""
        def look():
            for i, process in enumerate(self.processes):
                if process is None:
                    continue
                with contextlib.suppress(*NOT_YET), contextlib.closing(self.client(i)) as client:
                    if client.admin.command("isMaster")["ismaster"]:
                        return i
            return None
        return self._wait(look, seconds, "a primary")

    def secondaries(self):
        first = self.primary()
        return [i for i in range(len(self.ports)) if i != first]

    def wait_healthy(self, seconds=60):
        """Every member is primary or secondary."""
        def healthy():
            with contextlib.closing(self.client(self.primary())) as client:
                states = [m["state"] for m in client.admin.command("replSetGetStatus")["members"]]
            return True if sorted(states) == [1] + [2] * (len(states) - 1) else None
        return self._wait(healthy, seconds, "every member healthy")

    def elect_after(self, seconds):
        """How long the members wait for a silent primary before they elect another (10 s by default)."""
        with contextlib.closing(self.client(self.primary())) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            config["version"] += 1
            config["settings"]["electionTimeoutMillis"] = int(1000 * seconds)
            client.admin.command("replSetReconfig", config)

    def step_down(self):
        """The primary steps down; another is elected. -> the one that was."""
        i = self.primary()
        with contextlib.closing(self.client(i)) as client:
            with contextlib.suppress(pymongo.errors.AutoReconnect):
                client.admin.command("replSetStepDown", 20, secondaryCatchUpPeriodSecs=10)
        return i

    def fail(self, *commands, times=1, error_code=None, close_connection=False, write_concern_error=None, labels=None):
        """Arms the failCommand fail point on the primary for the program's connections."""
        data = {"failCommands": list(commands), "appName": "barracuda"}
        if close_connection:
            data["closeConnection"] = True
        if error_code is not None:
            data["errorCode"] = error_code
        if labels is not None:
            data["errorLabels"] = labels
        if write_concern_error is not None:
            data["writeConcernError"] = write_concern_error
        mode = {"times": times} if times else "off"
        with contextlib.closing(self.client(self.primary())) as client:
            client.admin.command("configureFailPoint", "failCommand", mode=mode, data=data)

    def heal(self):
        for i, process in enumerate(self.processes):
            if process is not None:
                with contextlib.suppress(*NOT_YET), contextlib.closing(self.client(i)) as client:
                    client.admin.command("configureFailPoint", "failCommand", mode="off")

    def uri(self, database=""):
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"mongodb://{hosts}/{database}" + (f"?replicaSet={self.name}" if self.name else "")

    def database(self, name):
        """For looking and for seeding; majority in both directions."""
        return Named(self.uri()).database(name)


@contextlib.contextmanager
def locked(database):
    """A standalone with users, each with the password secret-word: w may write to the database, r may only read it.
    -> it, and a client that may do everything."""
    with ReplicaSet(members=1, replica_set=None, arguments=["--auth"]) as mongo:
        with contextlib.closing(mongo.client(0)) as client:
            client.admin.command("createUser", "root", pwd="root", roles=["root"])
        with contextlib.closing(mongo.client(0)) as client:
            client.admin.authenticate("root", "root")
            for name, role in (("w", "readWrite"), ("r", "read")):
                client.admin.command("createUser", name, pwd="secret-word", roles=[{"role": role, "db": database}])
            yield mongo, client


class Named:
    """A server that somebody else started, by its address."""

    def __init__(self, uri):
        self.address = uri

    def uri(self):
        return self.address

    def database(self, name):
        client = pymongo.MongoClient(self.address, serverSelectionTimeoutMS=20000, w="majority",
                                     readConcernLevel="majority")
        return client[name]


def main():
    arguments = sys.argv[1:]
    if arguments[:1] != ["--"] or len(arguments) < 2:
        raise SystemExit(__doc__)
    begin = time.monotonic()
    with ReplicaSet() as mongo:
        print(f"mongo: three members after {time.monotonic() - begin:.0f} s: {mongo.uri()}", flush=True)
        command = subprocess.Popen(arguments[1:], env={**os.environ, "BARRACUDA_TEST_MONGODB": mongo.uri()})
        signal.signal(signal.SIGTERM, lambda *_: command.terminate())
        status = command.wait()
    raise SystemExit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
