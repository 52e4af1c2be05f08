"""Whom ./dev bench peers measures, under which loads, and how one turn of each is measured."""
import contextlib
import dataclasses
import itertools
import json
import os
import re
import subprocess
import sys
import typing

import peer_servers as servers
from processes import Use, load_average

BUILT = servers.BUILT


@dataclasses.dataclass(frozen=True)
class Load:
    keys: str = "distinct"  # distinct, repeats (20 %), one
    send: str = "get"  # get, post
    connections: int = 64
    rate: int = 0  # requests that fall due a second; 0: as fast as they are answered

    def __str__(self):
        what = f"{self.keys}/{self.send}/{self.connections}"
        return f"{what} at {self.rate:,}/s" if self.rate else what


MAIN = Load()
EVERY = [Load(*of) for of in itertools.product(("distinct", "repeats", "one"), ("get", "post"), (64, 1, 1_000))]


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    what: str
    turn: typing.Callable  # (peer, load, seconds, run, resources) -> figures
    server: typing.Callable = None
    loads: typing.Callable = lambda load: load == MAIN  # which of EVERY it is measured under
    open: bool = False  # also at rates
    short: bool = False  # a short run has it
    needs: tuple = ()  # what ./dev fetches for it

    @property
    def mongo(self):
        return "mongo" in self.needs


WARM_S = 2  # first, and not counted: connections of pools, compilers at run time, files that grow for the first time


def loaded(peer, target, load, seconds, run):
    """What bench_load prints of one load."""
    command = [BUILT / "bench_load", target.port, "--connections", load.connections, "--seconds", seconds, "--rate", load.rate,
               "--run", run, "--keys", load.keys, "--send", "redis" if peer.name == "redis" else load.send]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=seconds + 60, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"bench_load against {peer.name} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def http_turn(peer, load, seconds, run, mongo, warm_s=WARM_S):
    """One load on a server that is started and warmed for it."""
    with peer.server(mongo) as target:
        loaded(peer, target, dataclasses.replace(load, keys="distinct"), warm_s, f"w{run}")
        with Use(target.pids) as use:
            figures = loaded(peer, target, load, seconds, run)
    check(peer, load, figures)
    return with_use(figures, use, figures["answered"])


def check(peer, load, figures):
    """A load that was refused, or whose duplicates were not told, is no measurement."""
    wrong = figures["failed"] + figures["broken"]
    if peer.loads != bare_loads and load.keys == "one" and figures["recorded"] > 1:
        wrong = figures["recorded"]
    if peer.loads != bare_loads and load.keys == "distinct" and figures["duplicates"] > 0:
        wrong = figures["duplicates"]
    if wrong:
        sys.exit(f"{peer.name}, {load}: {wrong} answers are wrong: {figures}")


def with_use(figures, use, count):
    each = max(count, 1)
    return {**figures, "cpu_us": use.cpu_us / each, "bytes": None if use.bytes is None else use.bytes / each,
            "load_average": load_average()}


def pgbench_turn(_peer, _load, seconds, _run, _mongo):
    with servers.postgres() as cluster, Use([cluster.process.pid]) as use:
        said = cluster.pgbench(max(int(seconds), 1))
    count = int(re.search(r"number of transactions actually processed: (\d+)", said).group(1))
    rate = float(re.search(r"tps = ([\d.]+)", said).group(1))
    return with_use({"rate": rate, "answered": count}, use, count)


def native_turn(_peer, load, seconds, _run, mongo):
    from mongo import written  # only where a mongod is there
    database = servers.new_database()
    mongo.database(database).conversions.create_index([("click_id", 1), ("goal_id", 1)], unique=True)
    with Use([process.pid for process in mongo.processes]) as use:
        figures = written(BUILT / "bench" / "mongo_writer", mongo, database, load.connections, max(int(seconds), 1))
    return with_use({"rate": figures["written"] / figures["seconds"], "answered": figures["written"]}, use, figures["written"])


COMMIT_A_SECOND = 25_000  # about: as many commands fill a turn


def commit_figures(commands, rounds, **environment):
    """What bench_commit prints last; its directories lie on the repository's disk."""
    with servers.own_directory() as directory:
        done = subprocess.run([BUILT / "bench_commit", str(commands), "64", str(rounds)], capture_output=True, text=True, timeout=600,
                              cwd=directory, env={**os.environ, **environment}, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode != 0 or not found:
        sys.exit(f"bench_commit failed:\n{done.stdout}{done.stderr}")
    return json.loads(found[0].removeprefix("RESULT "))


def commit_turn(_peer, _load, seconds, _run, _mongo):
    """The commit path, and right after it the bare writer of the same bytes, which is another row."""
    figures = commit_figures(int(COMMIT_A_SECOND * seconds), 1)
    return {**figures["commit"], "load_average": load_average(), "beside": {"writer": figures["writer"]}}


def bare_loads(load):
    return load.keys == "distinct" and load.connections != 1 or load == MAIN


def all_loads(_):
    return True


PEERS = [
    Peer("ours", "barracuda over RocksDB", http_turn, servers.ours, all_loads, True, True),
    Peer("pipeline", "the product's way without its features (bench/pipeline.cc)", http_turn, servers.pipeline, all_loads, True, True),
    Peer("floor", "durable floor: append what is ready, one fdatasync, answer all", http_turn, servers.durable_floor, bare_loads, True,
         True),
    Peer("bare-http", "epoll, a constant answer", http_turn, servers.bare_http, bare_loads, False, True),
    Peer("commit", "our commit path alone, no HTTP; beside it `writer`: bare RocksDB, the same bytes", commit_turn, short=True),
    Peer("nginx", "nginx, a constant answer", http_turn, servers.nginx, bare_loads, needs=("nginx",)),
    Peer("redis", "Redis SET … NX, appendfsync always, no HTTP", http_turn, servers.redis, lambda load: load.send == "get", True,
         needs=("debian",)),
    Peer("postgres", f"PostgreSQL 15, pgbench by its socket, prepared, {servers.CLIENTS} clients", pgbench_turn, needs=("debian",)),
    Peer("go-postgres", "a Go service with pgx over PostgreSQL 15", http_turn, servers.go_postgres, all_loads, True,
         needs=("debian", "go")),
    Peer("ours-mongo", "barracuda over MongoDB, three members", http_turn, servers.ours_mongo, all_loads, True, needs=("mongo",)),
    Peer("node-mongo", "a plain Node service, one findOneAndUpdate upsert a request", http_turn, servers.node_mongo, all_loads, True,
         needs=("mongo", "node")),
    Peer("native-mongo", "the same upsert from 64 native threads, no HTTP", native_turn, needs=("mongo",)),
]


class Mongo:
    """A replica set that is there only while its peers are measured: three idle members take CPU too."""

    def __init__(self):
        self.stack, self.set = contextlib.ExitStack(), None

    def of(self, peer):
        if not peer.mongo:
            self.close()
        elif self.set is None:
            from mongo_server import ReplicaSet
            self.set = self.stack.enter_context(ReplicaSet())
        return self.set

    def close(self):
        self.stack.close()
        self.set = None
