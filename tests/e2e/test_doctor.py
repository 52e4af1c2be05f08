"""The doctor names what is wrong and what to do, and touches nothing."""
import socket
import subprocess

import pytest

import mongo_server
from harness import BINARY, Server, new_id
from ports import free_port
from seed import Seed, everything

pytestmark = pytest.mark.bounded(120)


def doctor(node, *arguments, **env):
    """-> exit code, and what it says about each thing: about -> [(health, text)]."""
    done = subprocess.run([str(BINARY), "doctor", "--data", str(node.data), *arguments], env={**node.env, **env},
                          cwd=node.directory, capture_output=True, text=True, timeout=60)
    found = {}
    for line in done.stdout.splitlines():
        health, rest = line[:4].strip(), line[6:]
        assert health in ("ok", "warn", "fail"), line
        assert health == "ok" or "; do: " in rest, f"{line}: what to do?"
        about, text = rest.split(": ", 1)
        found.setdefault(about, []).append((health, text))
    worst = max(["ok", "warn", "fail"].index(health) for lines in found.values() for health, _ in lines)
    assert done.returncode == worst, done
    return done.returncode, found


def said(found, about, health, text):
    assert any(h == health and text in t for h, t in found.get(about, [])), (about, health, text, found)


@pytest.fixture
def rocks(tmp_path, net):
    with Server(tmp_path, net, env={"BARRACUDA_STORE_URL": "rocksdb", "BARRACUDA_SERVER_LISTEN": f"127.0.0.1:{free_port()}"},
                start=False, keys=False) as server:
        server.database = None
        server.data.chmod(0o700)
        yield server


@pytest.fixture
def node(tmp_path, net, mongo, database):
    env = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database.name,
           "BARRACUDA_SERVER_LISTEN": f"127.0.0.1:{free_port()}"}
    with Server(tmp_path, net, env=env, start=False, keys=False) as server:
        server.database = None
        server.data.chmod(0o700)
        yield server


# -------------------------------------------------------------------------------------------------- RocksDB

def test_nothing_there_yet(rocks):
    code, found = doctor(rocks)
    said(found, "store", "ok", "none yet")
    said(found, "keys", "ok", "0 active")  # auth.ingest is open
    said(found, "admins", "warn", "there is none")
    said(found, "network default", "ok", f"127.0.0.1:{rocks.net.port}")
    for api in ("public", "private"):  # two of one host are told apart
        said(found, "network default", "ok", f"its {api} API 127.0.0.1:")
    assert code == 1 and not (rocks.data / "CURRENT").exists()
    _, found = doctor(rocks, BARRACUDA_AUTH_INGEST="key")
    said(found, "keys", "warn", "nobody can report")


def test_a_sound_one_running_and_stopped(rocks):
    rocks.create_key("ingest")
    rocks.command("admin", "create", "--email", "a@example.com", "--name", "A", "--password-stdin", stdin="long enough\n")
    code, found = doctor(rocks)
    assert code == 0, found
    said(found, "store", "ok", "RocksDB opens")
    said(found, "server", "ok", "none runs on this")
    rocks.start()
    code, found = doctor(rocks)
    assert code == 0, found
    said(found, "server", "ok", "one runs")
    said(found, "store", "ok", "open in the running server")
    said(found, "keys", "ok", "1 active")
    said(found, "admins", "ok", "1 can log in")


def test_the_machine(rocks):
    rocks.create_key("ingest")
    rocks.data.chmod(0o755)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, found = doctor(rocks, BARRACUDA_SERVER_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}")
    said(found, "data", "warn", "others may look into")
    said(found, "server", "fail", "cannot listen on")
    assert code == 2
    rocks.data.chmod(0o700)
    code, found = doctor(rocks, BARRACUDA_AUTH_INGEST="perhaps")
    said(found, "settings", "fail", "auth.ingest")
    _, found = doctor(rocks, BARRACUDA_FORMS_TRUST_AMOUNTS="true", BARRACUDA_SERVER_LISTEN=f"0.0.0.0:{free_port()}")
    said(found, "settings", "warn", "forms.trust_amounts")
    said(found, "settings", "warn", "auth.ingest is open")
    (rocks.data / "CURRENT").write_text("no manifest\n")
    code, found = doctor(rocks)
    said(found, "store", "fail", "cannot open the store in")


def test_a_stored_network_in_place_of_the_settings(rocks):
    """Whoever edits [network] then wonders why nothing changes: the log of a start and the doctor say why."""
    rocks.start()
    rocks.admin_key = rocks.create_key("admin")
    notice = "a stored network stands in place of the settings' [network]"
    assert notice not in rocks.log_tail()
    assert rocks.admin("PUT", "/api/admin/networks/default", json_body={"kind": "irev_v3", "base_url": rocks.net.base_url}).status == 200
    click = {"click_id": new_id(), "affiliate_id": "7", "goal_type": "deposit"}
    assert rocks.post("/api/goals/postback", click).status == 202
    why = rocks.admin("GET", "/api/admin/attempts", query={"click_id": click["click_id"]}).json["data"][0]["error"]
    assert why == 'the stored network "default" has no secrets', "and not that network.hash is not set"
    before = rocks.log_tail().count(notice)
    rocks.restart()
    assert rocks.log_tail().count(notice) == before + 1 == 2
    _, found = doctor(rocks)
    assert [health for health, _ in found["network default"]] == ["warn", "ok"], found  # once, not the settings' as well
    said(found, "network default", "warn", notice)


def test_networks(rocks):
    rocks.start()
    rocks.admin_key = rocks.create_key("admin")
    made = rocks.admin("POST", "/api/admin/networks", json_body={
        "name": "inside", "kind": "template", "secrets": ["env:BARRACUDA_SECRET_ABSENT"],
        "postback": {"method": "GET", "url": f"http://127.0.0.1:{rocks.net.port}/x?c={{click_id}}"}})
    assert made.status in (200, 201), made
    for _ in range(2):  # in the running server, then in the store itself
        code, found = doctor(rocks)
        said(found, "network inside", "ok", "127.0.0.1")
        said(found, "network inside", "fail", "env:BARRACUDA_SECRET_ABSENT")
        assert code == 2
        if rocks.alive():
            rocks.stop()
    _, found = doctor(rocks, BARRACUDA_NETWORK_ALLOW_ADDRESSES="10.0.0.0/8")
    said(found, "network default", "fail", "which deliveries may not reach")
    _, found = doctor(rocks, BARRACUDA_NETWORK_BASE_URL="https://nowhere.invalid/api")
    said(found, "network default", "fail", "nowhere.invalid")
    _, found = doctor(rocks, BARRACUDA_NETWORK_BASE_URL="", BARRACUDA_NETWORK_PRIVATE_API_TOKEN="")
    said(found, "network default", "warn", "network.base_url is empty")
    said(found, "network default", "warn", "network.private_api_token is empty")


def test_dead_deliveries_and_goals(rocks, tmp_path):
    toml = tmp_path / "b.toml"
    goals = '[[goal]]\nid = "5"\ntype = "registration"\n[[goal]]\nid = "6"\ntype = "deposit"\n'
    toml.write_text(goals + "repeatable = true\n")
    rocks.start(arguments=["--config", str(toml)])
    rocks.net.set_mode("refuse", "goal")
    body = {"click_id": new_id(), "affiliate_id": "7", "goal_type": "deposit", "transaction_id": "t"}
    assert rocks.post("/api/goals/postback", body).status == 502
    _, found = doctor(rocks, "--config", str(toml))
    said(found, "deliveries", "warn", "refused for good")
    said(found, "goals", "ok", "2 configured")
    rocks.stop()
    toml.write_text(goals)
    code, found = doctor(rocks, "--config", str(toml))
    said(found, "goals", "fail", "6 counts several times a click")
    assert code == 2


# -------------------------------------------------------------------------------------------------- MongoDB

def test_a_database_of_each_kind(node, database):
    _, found = doctor(node)
    said(found, "database", "ok", "is empty")
    assert database.list_collection_names() == [], "nothing was made"
    node.create_key("ingest")
    _, found = doctor(node)
    said(found, "database", "ok", "is ours")
    said(found, "indexes", "ok", "all are there")
    said(found, "clock", "ok", "ms from the server's")
    said(found, "store", "warn" if "of 1 members" in str(found) else "ok", "MongoDB")
    said(found, "privileges", "warn", "nobody is logged in")
    assert not any(h == "fail" for lines in found.values() for h, _ in lines), found

    before = everything(database, but=())
    database.conversions.drop_index("barracuda_createdAt_v2")
    database.contacts.drop_index("barracuda_email_key_v2")
    database.contacts.create_index("email_key", name="barracuda_email_key_v2")
    code, found = doctor(node)
    said(found, "indexes", "fail", "conversions lacks barracuda_createdAt_v2")
    said(found, "indexes", "fail", "barracuda_email_key_v2 is not unique")
    assert code == 2 and everything(database, but=()) == before
    assert "barracuda_createdAt_v2" not in database.conversions.index_information(), "it builds nothing"

    Seed(database).indexes()
    _, found = doctor(node)
    said(found, "indexes", "fail", "lacks")
    database.settings.update_one({"_id": "goal_rules"}, {"$set": {"repeatable": ["6"], "epoch": 1, "rev": 1}}, upsert=True)
    _, found = doctor(node)
    said(found, "indexes", "fail", "two unique indexes")
    said(found, "goals", "fail", "6 counts several times a click")
    database.settings.insert_one({"_id": "migration", "state": "copying", "source": "rocksdb:/x"})
    _, found = doctor(node)
    said(found, "store", "fail", "an unfinished copy of rocksdb:/x")


def test_not_ours(node, database):
    seed = Seed(database)
    seed.conversion("c", "6")
    seed.flush()
    code, found = doctor(node)
    said(found, "database", "fail", "is not adopted")
    assert code == 2 and database.list_collection_names() == ["conversions"]
    database.settings.insert_one({"_id": "adoption", "step": "ftds", "done": 5, "total": 9})
    _, found = doctor(node)
    said(found, "database", "fail", "being adopted (ftds: 5 of about 9)")
    database.settings.drop()
    database.conversions.drop()
    database.orders.insert_one({"total": 1})
    _, found = doctor(node)
    said(found, "database", "fail", "another application")
    node.command("adopt", "--dry-run", check=False)
    assert database.list_collection_names() == ["orders"]


def test_who_may_what(tmp_path, net):
    with mongo_server.locked("mine") as (locked, _):
        at = f"127.0.0.1:{locked.ports[0]}/mine?authSource=admin"
        node = Server(tmp_path, net, env={"BARRACUDA_STORE_ALLOW_STANDALONE": "true"}, start=False, keys=False)
        node.env.pop("BARRACUDA_STORE_DATABASE", None)

        def look(user, password="secret-word", **env):
            code, found = doctor(node, BARRACUDA_STORE_URL=f"mongodb://{user}:{password}@{at}", **env)
            assert "secret-word" not in str(found)
            return found
        found = look("w")
        said(found, "privileges", "ok", "all that a node needs")
        said(found, "store", "warn", "a standalone")
        said(found, "database", "ok", "mine is empty")
        said(look("r"), "privileges", "fail", "the user lacks insert, update, remove, createIndex")
        said(look("w", "wrong"), "store", "fail", "wrong credentials")
        said(look("w", BARRACUDA_STORE_ALLOW_STANDALONE="false"), "store", "fail", "standalone")
    code, found = doctor(node, BARRACUDA_STORE_URL=f"mongodb://127.0.0.1:{free_port()}/x")
    said(found, "store", "fail", "no MongoDB primary can be reached")
    assert code == 2
