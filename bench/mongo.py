"""Our node over HTTP on a three-member replica set, against one findOneAndUpdate upsert a conversion from 64 threads.

Both on the same set in the same run, one after the other, twice. Then the node with one delivery for each conversion.
Exits 1 when an answer was not 2xx or a conversion is missing in the database.
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]
from mock_network import MockNetwork  # noqa: E402
from mongo_server import ReplicaSet  # noqa: E402
from run import drive, known, server  # noqa: E402


def upserts(options, mongo, number):
    database = f"bench_upsert_{number}"
    mongo.database(database).conversions.create_index([("click_id", 1), ("goal_id", 1)], unique=True)
    done = subprocess.run([options.upsert, mongo.uri(), database, str(options.connections), str(options.seconds)],
                          capture_output=True, text=True, timeout=options.seconds + 60, check=False)
    if done.returncode != 0:
        sys.exit(f"mongo_upsert failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    figures = json.loads(done.stdout)
    rate = figures["upserts"] / figures["seconds"]
    print(f"upserts    {rate:>9,.0f} a second, one findOneAndUpdate each, {options.connections} threads", flush=True)
    return rate


def stored(mongo, database):
    return mongo.database(database).conversions.count_documents({})


def node(options, mongo, number):
    """-> (conversions a second, whether everything answered is stored)."""
    database = f"bench_node_{number}"
    more = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database}
    with server(options.program, more) as (process, url):
        figures = drive(process, url, "distinct", 0, options)
        sound = figures["not_2xx"] == 0 and figures["socket_errors"] == 0 and known(url, "distinct")
    found = stored(mongo, database)
    if found < figures["requests"]:
        print(f"{figures['requests']} answered, {found} stored")
        sound = False
    return figures["rate"], sound


def delivered(options, mongo):
    """-> conversions a second, each notified to a network on loopback, counted when the last one is."""
    with MockNetwork() as net:
        more = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": "bench_delivered",
                "BARRACUDA_NETWORK_BASE_URL": net.base_url, "BARRACUDA_NETWORK_HASH": "h",
                "BARRACUDA_NETWORK_ALLOW_ADDRESSES": "127.0.0.0/8"}
        with server(options.program, more) as (process, url):
            figures = drive(process, url, "delivered", 0, options, "route6.lua")
        calls = len(net.calls)
    print(f"delivered  {figures['rate']:>9,.0f} requests/s answered after the network's answer, {calls} calls")
    return figures["not_2xx"] == 0 and calls >= figures["requests"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "barracuda", type=pathlib.Path)
    parser.add_argument("--upsert", default=ROOT / "build" / "release" / "bench" / "mongo_upsert", type=pathlib.Path)
    parser.add_argument("--seconds", default=10, type=int)
    parser.add_argument("--connections", default=64, type=int)
    parser.add_argument("--threads", default=1, type=int)
    options = parser.parse_args()
    sound = True
    with ReplicaSet() as mongo:
        print(f"three members, {options.connections} connections, {options.seconds} s a run", flush=True)
        for number in (1, 2):
            theirs = upserts(options, mongo, number)
            ours, fine = node(options, mongo, number)
            print(f"ratio      {ours / theirs:>9.1f}", flush=True)
            sound &= fine
        sound &= delivered(options, mongo)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
