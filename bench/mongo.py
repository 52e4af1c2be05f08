"""Our node over HTTP on a three-member replica set, against one findOneAndUpdate upsert a conversion from 64 threads.

All on the same set in the same run, one after the other, twice: the upserts, the node with 64 and with 256
connections, and raw bulk inserts of the documents the node made, into the indexes it made. Then the node with one
delivery for each conversion. With every rate goes the CPU time of the three members: on a machine that others share
it says more than the rate. Exits 1 when an answer was not 2xx or a conversion is missing in the database.
"""
import argparse
import copy
import json
import pathlib
import subprocess
import sys

from run import ROOT, cpu_us, drive, known, server  # makes tests/ known
from mongo_server import ReplicaSet
from receiver import receiver

MANY = 256  # connections


class Members:
    """CPU time of the set's servers: with Members(mongo) as m: …; m.each(n)"""

    def __init__(self, mongo):
        self.pids = [process.pid for process in mongo.processes]

    def __enter__(self):
        self.begin = sum(map(cpu_us, self.pids))
        return self

    def __exit__(self, *_):
        self.used = sum(map(cpu_us, self.pids)) - self.begin

    def each(self, count):
        return f"{self.used / max(count, 1):6.0f} us CPU of the members each"


def written(program, mongo, database, threads, seconds, batch=None):
    """-> what bench/mongo_writer prints."""
    command = [program, mongo.uri(), database, str(threads), str(seconds)]
    done = subprocess.run(command + ([str(batch)] if batch else []), capture_output=True, text=True,
                          timeout=seconds + 60, check=False)
    if done.returncode != 0:
        sys.exit(f"mongo_writer failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def writer(options, mongo, name, database, threads, batch=None):
    """-> writes a second of bench/mongo_writer."""
    with Members(mongo) as members:
        figures = written(options.writer, mongo, database, threads, options.seconds, batch)
    rate = figures["written"] / figures["seconds"]
    print(f"{name:<10} {rate:>9,.0f} a second  {members.each(figures['written'])}", flush=True)
    return rate


def node(options, mongo, database, connections):
    """-> (conversions a second, whether everything answered is stored)."""
    options = copy.copy(options)
    options.connections = connections
    run = f"c{connections}"
    more = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database}
    conversions = mongo.database(database).conversions
    before = conversions.count_documents({})
    with server(options.program, more) as (process, url):
        with Members(mongo) as members:
            figures = drive(process, url, run, 0, options)
        print(f"{'':<10} {members.each(figures['requests'])}", flush=True)
        sound = figures["not_2xx"] == 0 and figures["socket_errors"] == 0 and known(url, run)
    found = conversions.count_documents({}) - before
    if found < figures["requests"]:
        print(f"{figures['requests']} answered, {found} stored")
        sound = False
    return figures["rate"], sound


def delivered(options, mongo, connections):
    """Each conversion notified to a network on loopback, answered when the network's answer is stored."""
    options = copy.copy(options)
    options.connections = connections
    with receiver(options.program) as net:
        more = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": f"bench_delivered_{connections}",
                "BARRACUDA_NETWORK_BASE_URL": f"http://127.0.0.1:{net.port}/d", "BARRACUDA_NETWORK_HASH": "h",
                "BARRACUDA_NETWORK_ALLOW_ADDRESSES": "127.0.0.0/8"}
        with server(options.program, more) as (process, url), Members(mongo) as members:
            figures = drive(process, url, f"d{connections}", 0, options, "route6.lua")
        calls = net.stats("goal/5")["calls"]
    print(f"delivered  {figures['rate']:>9,.0f} a second with {connections} connections  "
          f"{members.each(figures['requests'])}  {calls} calls", flush=True)
    return figures["not_2xx"] == 0 and calls >= figures["requests"]


def round_of(options, mongo, number):
    upserted = f"bench_upsert_{number}"
    mongo.database(upserted).conversions.create_index([("click_id", 1), ("goal_id", 1)], unique=True)
    theirs = writer(options, mongo, "upserts", upserted, options.connections)
    sound = True
    database = f"bench_node_{number}"
    for connections in (options.connections, MANY):
        ours, fine = node(options, mongo, database, connections)
        raw = writer(options, mongo, f"bulks/{connections}", database, 1, connections)
        print(f"ratio      {ours / theirs:>9.1f} of the upserts, {ours / raw:.2f} of one writer's raw bulk inserts of "
              f"{connections} ({raw / theirs:.1f} of the upserts)", flush=True)
        sound &= fine
    return sound


def main():
    built = ROOT / "build" / "release"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=built / "barracuda", type=pathlib.Path)
    parser.add_argument("--writer", default=built / "bench" / "mongo_writer", type=pathlib.Path)
    parser.add_argument("--seconds", default=10, type=int)
    parser.add_argument("--connections", default=64, type=int)
    parser.add_argument("--threads", default=1, type=int)
    options = parser.parse_args()
    sound = True
    with ReplicaSet() as mongo:
        print(f"three members, {options.connections} connections or threads, {options.seconds} s a run", flush=True)
        for number in (1, 2):
            sound &= round_of(options, mongo, number)
        for connections in (options.connections, MANY):
            sound &= delivered(options, mongo, connections)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
