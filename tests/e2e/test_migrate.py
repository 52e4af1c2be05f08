"""A whole store moves into another one, RocksDB to MongoDB and back: killed, refused, compared."""
import random
import signal
import subprocess

import pytest

import proof
from harness import BINARY, Server, new_id, wait_until
from seed import Seed, difference, everything

pytestmark = pytest.mark.bounded(240)

KILLED = "kill -9 in a migration, RocksDB to MongoDB and back, at random moments"


@pytest.fixture
def rocks(tmp_path, net):
    with Server(tmp_path / "rocks", net, env={"BARRACUDA_STORE_URL": "rocksdb"}) as server:
        server.database = None
        yield server


@pytest.fixture
def node(tmp_path, net, mongo, database):
    """A server for the MongoDB side; started by the test."""
    env = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database.name}
    with Server(tmp_path / "mongo", net, env=env, start=False, keys=False) as server:
        server.database = None
        yield server


def fill(server, net, count):
    """Conversions, one of them waiting for the network, a contact, an admin."""
    net.set_mode("error", "goal")
    owed = new_id()
    assert server.post("/api/goals/postback", {"click_id": owed, "affiliate_id": "7", "goal_type": "deposit"}).status == 202
    for n in range(count):
        assert server.get("/api/postback", click_id=f"click{n}", affiliate_id=str(n % 5), goal="deposit", amount=f"{n}.25").status == 200
    assert server.post("/api/contact", {"email": "ann@example.com", "type": "user", "sub1": "ab" * 16}).status == 200
    server.command("admin", "create", "--email", "boss@example.com", "--name", "B", "--password-stdin", stdin="long enough\n")
    server.stop()
    net.set_mode("ok")
    return owed


def place(server):
    return f"rocksdb:{server.data}"


def migrate(server, *arguments, check=True, seconds=60):
    done = subprocess.run([str(BINARY), "migrate", *arguments, "--data", str(server.data)], env=server.env, cwd=server.directory,
                          capture_output=True, text=True, timeout=seconds)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def settled(server, count):
    conversions = server.conversions()
    return len(conversions) == count and all(d["state"] == "done" for c in conversions for d in c["deliveries"])


def seen(server):
    """What a caller sees of the store."""
    stats = server.admin("GET", "/api/admin/conversions/stats").json["data"]
    stats.pop("thisMonth", None)
    conversions = sorted(server.conversions(), key=lambda c: (c["click_id"], c["goal_id"]))
    return conversions, stats, server.contact("ann@example.com")


def test_there_and_back(rocks, node, net, database, tmp_path):
    owed = fill(rocks, net, 300)
    rocks.start()
    wait_until(lambda: settled(rocks, 303), 30, "everything is delivered", step=0.2)
    before = seen(rocks)
    rocks.stop()
    done = migrate(node, "--from", place(rocks))
    assert "conversions" in done.stdout and f"/{database.name} holds the same as" in done.stdout, done.stdout
    assert "compared" in done.stderr and "verifying" in done.stderr

    node.start()
    node.admin_key = rocks.admin_key
    assert seen(node) == before, "the same answers, with the same key"
    assert node.command("verify").stdout == "the store is sound\n"
    again = node.get("/api/postback", click_id="click7", affiliate_id="2", goal="deposit", amount="7.25")
    assert again.json["verdict"] == "duplicate"
    fresh = new_id()
    assert node.get("/api/postback", click_id=fresh, affiliate_id="2", goal="deposit").json["verdict"] == "recorded"
    assert node.post("/api/admin/auth/login", {"email": "boss@example.com", "password": "long enough"}).status == 200
    assert len(net.goals(owed, accepted=True)) == 1
    # Sums over MongoDB may be 10 s old.
    wait_until(lambda: seen(node)[1]["total"] == 304, 20, "the statistics know the last one", step=0.5)
    before = seen(node)

    running = migrate(node, "--to", f"rocksdb:{tmp_path / 'back'}", check=False)
    assert running.returncode == 2 and "a node runs on the source" in running.stderr, running.stderr
    node.stop()
    migrate(node, "--to", f"rocksdb:{tmp_path / 'back'}")
    rocks.env["BARRACUDA_STORE_DATA"] = rocks.data = tmp_path / "back"
    rocks.env["BARRACUDA_STORE_DATA"] = str(rocks.data)
    rocks.start()
    assert seen(rocks) == before
    rocks.stop()
    assert rocks.command("verify").stdout == "the store is sound\n"


def test_what_is_owed_moves_too(rocks, node, net):
    owed = fill(rocks, net, 3)
    assert not net.goals(owed, accepted=True)
    migrate(node, "--from", place(rocks))
    node.start()
    wait_until(lambda: net.goals(owed, accepted=True), 40, "the new home delivers", step=0.2)
    assert len({call.delivery for call in net.goals(owed)}) == 1, "by the same id"


def migrate_killed(server, pause, *arguments):
    """Runs until it has ended by itself. -> how often it was killed, and its report."""
    for kills in range(100):
        process = subprocess.Popen([str(BINARY), "migrate", *arguments, "--data", str(server.data)], env=server.env,
                                   cwd=server.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate(timeout=pause.uniform(0.4, 1.4) if kills < 8 else 100)
            assert process.returncode == 0, err
            return kills, out
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()


@pytest.mark.bounded(400)
def test_killed_at_any_moment_both_ways(node, mongo, database, tmp_path):
    seed = Seed(database)
    seed.many(15000)
    seed.flush()
    node.command("adopt", seconds=100)
    pause, home = random.Random(3), f"rocksdb:{tmp_path / 'home'}"
    kills, out = migrate_killed(node, pause, "--to", home)
    assert kills >= 1 and "holds the same as" in out

    node.env["BARRACUDA_STORE_DATABASE"] = database.name + "_b"
    other = mongo.database(database.name + "_b")
    try:
        unfinished = 0
        process = subprocess.Popen([str(BINARY), "migrate", "--from", home, "--data", str(node.data)], env=node.env,
                                   cwd=node.directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: other.conversions.estimated_document_count() > 1000, 20, "it copies")
        process.kill()
        process.communicate()
        for command in (["serve", "--listen", f"127.0.0.1:{node.port}"], ["key", "list"]):
            refused = node.command(*command, check=False)
            unfinished += refused.returncode == 2 and "unfinished copy" in refused.stderr
        assert unfinished == 2, "nothing opens half a store"
        more, out = migrate_killed(node, pause, "--from", home)
        own = ("settings", "postbacks", "ftds", "adoption_aside")
        assert everything(other, but=own) == everything(database, but=own)
        found = proof.Verdict(*difference(everything(database, but=own), everything(other, but=own)))
        node.start()
        assert node.command("verify", seconds=100).stdout == "the store is sound\n"
        node.stop()
        assert proof.tried(KILLED, kills + more, found, database.conversions.estimated_document_count()) == proof.SOUND
        other.conversions.delete_many({"_id": {"$in": [c["_id"] for c in other.conversions.find().limit(3)]}})
        lost = difference(everything(database, but=own), everything(other, but=own))[0]
        proof.control(KILLED, lost, "three conversions removed from the copy")
    finally:
        other.client.drop_database(other.name)


def test_out_of_a_file(rocks, node, net, tmp_path):
    fill(rocks, net, 30)
    rocks.start()
    wait_until(lambda: settled(rocks, 33), 30, "everything is delivered", step=0.2)
    path = str(tmp_path / "store.jsonl")
    assert "documents in" in rocks.command("export", path).stdout, "while it serves"
    again = rocks.command("export", path, check=False)
    assert again.returncode == 1 and "File exists" in again.stderr
    before = seen(rocks)
    done = node.command("import", path)
    assert "conversions" in done.stdout and "holds the same as the export" in done.stdout
    node.start()
    node.admin_key = rocks.admin_key
    assert seen(node) == before
    mixed = node.command("import", path, check=False)
    assert mixed.returncode in (1, 2) and mixed.stderr
    text = (tmp_path / "store.jsonl").read_text()
    (tmp_path / "cut.jsonl").write_text(text[:len(text) // 2])
    cut = rocks.command("import", str(tmp_path / "cut.jsonl"), "--store", "rocksdb", check=False)
    assert cut.returncode == 2 and "cut.jsonl: line" in cut.stderr


def test_it_never_mixes_and_never_reads_a_store_in_use(rocks, node, net, database, tmp_path):
    running = migrate(node, "--from", place(rocks), check=False)
    assert running.returncode == 2 and "in use by a running barracuda" in running.stderr
    fill(rocks, net, 5)
    node.start()
    node.stop()
    mixed = migrate(node, "--from", place(rocks), check=False)
    assert mixed.returncode == 2 and "the target is not empty" in mixed.stderr, mixed.stderr
    same = migrate(rocks, "--from", place(rocks), "--to", place(rocks), check=False)
    assert same.returncode == 2 and "the same" in same.stderr
    absent = migrate(node, "--from", f"rocksdb:{tmp_path / 'nowhere'}", check=False)
    assert absent.returncode == 2 and "there is no store" in absent.stderr
    odd = migrate(node, "--from", "sqlite:x", check=False)
    assert odd.returncode == 2 and "rocksdb:DIR" in odd.stderr
    database.client.drop_database(database.name)
    database.orders.insert_one({"total": 1})
    foreign = migrate(node, "--from", place(rocks), check=False)
    assert foreign.returncode == 2 and "another application" in foreign.stderr
    assert database.list_collection_names() == ["orders"]
