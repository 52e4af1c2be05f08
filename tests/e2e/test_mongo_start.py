"""What a node says about a MongoDB it cannot use: one readable line, exit code 2."""
import contextlib
import socket
import struct
import threading

import bson
import pytest

import mongo_server
from harness import STORE, Server, new_id
from ports import free_port

pytestmark = pytest.mark.bounded(120)
NODE = {"BARRACUDA_STORE_DATABASE": "start"}


@pytest.fixture(scope="module")
def locked():
    """w may write to the database `start`, r may only read it, and two others lack one privilege each."""
    with mongo_server.locked("start") as (mongo, client):
        actions = ["find", "insert", "update", "createIndex", "listIndexes", "listCollections", "createCollection"]
        everything = {"db": "start", "collection": ""}
        for name, more in (("without_remove", {}), ("by_collection", {"collection": "conversions"})):
            privileges = [{"resource": everything, "actions": actions},
                          *([{"resource": {**everything, **more}, "actions": ["remove"]}] if more else [])]
            client.admin.command("createRole", name, privileges=privileges, roles=[])
            client.admin.command("createUser", name, pwd="secret-word", roles=[name])
        yield mongo


def refused(tmp_path, net, uri, **env):
    """-> the line on stderr of a node that does not start. `env`: None takes a variable away."""
    env = {name: value for name, value in {**NODE, **env, "BARRACUDA_STORE_URL": uri}.items() if value is not None}
    node = Server(tmp_path, net, env=env, start=False, keys=False)
    done = node.command("serve", "--listen", f"127.0.0.1:{free_port()}", check=False)
    assert done.returncode == 2, (done.returncode, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, lines
    assert "secret-word" not in done.stderr
    return lines[0]


@pytest.mark.parametrize("uri", ["mongodb://h/?journal", "mongodb://u:secret-word@@h/x", "mongodb://h:99999/x"])
def test_a_bad_address(tmp_path, net, uri):
    line = refused(tmp_path, net, uri)
    assert "store.url" in line or "MongoDB address" in line


def test_nobody_there(tmp_path, net):
    line = refused(tmp_path, net, f"mongodb://127.0.0.1:{free_port()}/x")
    assert "no MongoDB primary can be reached" in line


def test_a_standalone(tmp_path, net, locked):
    line = refused(tmp_path, net, f"mongodb://127.0.0.1:{locked.ports[0]}/start")
    assert "standalone" in line and "allow_standalone" in line


def test_wrong_credentials(tmp_path, net, locked):
    uri = f"mongodb://w:secret-word-not@127.0.0.1:{locked.ports[0]}/start?authSource=admin"
    assert "credentials" in refused(tmp_path, net, uri, BARRACUDA_STORE_ALLOW_STANDALONE="true")


@pytest.mark.parametrize("user, lacks", [("r", "insert, update, remove, createIndex"), ("without_remove", "remove"),
                                         ("by_collection", "remove")])
def test_a_missing_privilege(tmp_path, net, locked, user, lacks):
    """Also one that the start itself needs not: a node without `remove` served, and no key could be revoked."""
    uri = f"mongodb://{user}:secret-word@127.0.0.1:{locked.ports[0]}/start?authSource=admin"
    line = refused(tmp_path, net, uri, BARRACUDA_STORE_ALLOW_STANDALONE="true")
    assert line == (f"barracuda: the MongoDB user lacks a privilege on the database start: {lacks}; "
                    "give it readWrite there")


def test_no_user(tmp_path, net, locked):
    line = refused(tmp_path, net, f"mongodb://127.0.0.1:{locked.ports[0]}/start", BARRACUDA_STORE_ALLOW_STANDALONE="true")
    assert "wants a user and a password" in line


def test_a_standalone_that_is_allowed(tmp_path, net, locked):
    uri = f"mongodb://w:secret-word@127.0.0.1:{locked.ports[0]}/start?authSource=admin"
    env = {**NODE, "BARRACUDA_STORE_URL": uri, "BARRACUDA_STORE_ALLOW_STANDALONE": "true"}
    with Server(tmp_path, net, env=env) as node:
        click = new_id()
        for verdict in ("recorded", "duplicate"):
            answer = node.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", amount="5")
            assert (answer.status, answer.json["verdict"]) == (200, verdict)


class OldServer:
    """Says hello as MongoDB 3.6 did, and nothing else."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        hello = {"ismaster": True, "maxBsonObjectSize": 1 << 24, "maxMessageSizeBytes": 48_000_000,
                 "maxWriteBatchSize": 100_000, "minWireVersion": 0, "maxWireVersion": 6, "setName": "old",
                 "hosts": [f"127.0.0.1:{self.port}"], "me": f"127.0.0.1:{self.port}", "ok": 1.0}
        with contextlib.suppress(OSError, struct.error):
            while True:
                length, number, _, opcode = struct.unpack("<iiii", self._exactly(connection, 16))
                self._exactly(connection, length - 16)
                document = bson.BSON.encode(hello)
                if opcode == 2013:  # OP_MSG
                    body, answer = struct.pack("<iB", 0, 0) + document, 2013
                else:  # OP_QUERY, answered by OP_REPLY
                    body, answer = struct.pack("<iqii", 8, 0, 0, 1) + document, 1
                connection.sendall(struct.pack("<iiii", 16 + len(body), 1, number, answer) + body)

    @staticmethod
    def _exactly(connection, size):
        data = b""
        while len(data) < size:
            part = connection.recv(size - len(data))
            if not part:
                raise OSError("closed")
            data += part
        return data


def test_too_old_a_server(tmp_path, net):
    with contextlib.closing(OldServer()) as old:
        assert "too old" in refused(tmp_path, net, f"mongodb://127.0.0.1:{old.port}/x")


@pytest.mark.parametrize("name", ["admin", "local", "config", "Admin", "%61dmin", "a.b"])
def test_a_database_of_mongodb_itself(tmp_path, net, name):
    """Hosted addresses name admin, as the place to log in: nothing of ours belongs there."""
    uri = f"mongodb://127.0.0.1:{free_port()}/"
    for place, env in ((uri + name, {}), (uri, {"BARRACUDA_STORE_DATABASE": name}), (uri, {"DB_NAME": name})):
        line = refused(tmp_path, net, place, **{"BARRACUDA_STORE_DATABASE": None, **env})
        assert "store.database" in line, (env, line)
        assert ("MongoDB's own" in line) == (name.lower() in ("admin", "local", "config")), line
    node = Server(tmp_path, net, env=NODE, start=False, keys=False)
    for side in (("--from", uri + name, "--to", f"rocksdb:{tmp_path}/other"), ("--from", "rocksdb:x", "--to", uri + name)):
        moved = node.command("migrate", *side, check=False)
        assert moved.returncode == 2 and "store.database" in moved.stderr, moved.stderr


def test_rocksdb_needs_no_database(tmp_path, net):
    with Server(tmp_path, net, env={"BARRACUDA_STORE_URL": "rocksdb", "DB_NAME": "admin"}):
        pass


def test_another_database_with_conversions_is_named(tmp_path, net, mongo, database):
    """The address of the old application may name none, and its DB_NAME be forgotten."""
    if STORE == "mongodb":
        pytest.skip("other tests keep databases on this server")
    database.conversions.insert_one({"click_id": "c", "goal_id": "6"})
    fresh = f"{database.name}_new"
    env = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": fresh}
    try:
        with Server(tmp_path / "a", net, env=env) as node:
            line = next(line for line in node.stderr.read_text().splitlines() if "holds no conversions" in line)
            assert database.name in line and fresh in line and "DB_NAME" in line, line
            node.get("/api/postback", click_id=new_id(), affiliate_id="7", goal="deposit")
            node.stop()
            node.stderr.unlink()
            node.start()
            assert "holds no conversions" not in node.stderr.read_text()
    finally:
        database.client.drop_database(fresh)
