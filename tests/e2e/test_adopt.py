"""The seed's database is taken over: what becomes of each document, and that a run may be killed at any moment."""
import datetime
import random
import signal
import subprocess
import threading
import time

import pytest

import proof
from harness import BINARY, Server, new_id, request, wait_until
from ports import free_port
from seed import Seed, difference, everything, seeded

pytestmark = pytest.mark.bounded(240)

KILLED = "kill -9 in an adoption of the old application's database, at random moments"


def env_of(mongo, database, **more):
    return {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database.name, **more}


@pytest.fixture
def node(tmp_path, net, mongo, database):
    """A server on the seed's database; started by the test, as nothing can be done with it before."""
    with Server(tmp_path, net, env=env_of(mongo, database), start=False, keys=False) as server:
        server.database = None  # the fixture's
        yield server


@pytest.fixture
def seed(database):
    seed = Seed(database)
    seed.indexes()
    return seed


def adopt(node, *arguments, check=True, **env):
    node.env.update(env)
    return node.command("adopt", *arguments, check=check)


def counts(done):
    """-> the report's lines with a number: text -> number, within its part."""
    out, part = {}, ""
    for line in done.stdout.splitlines():
        head, _, number = line.rpartition(" ")
        if number.isdigit() and not line.startswith(("merged", "differs", "set aside")):
            if not line.startswith(" "):
                part = head.split()[0]
            out[f"{part}: {head.strip()}"] = int(number)
    return out


def ready(node):
    return node.get("/readyz").status == 200


# --------------------------------------------------------------------------------------- before and after

def test_a_running_node_waits_for_the_adoption(node, seed, net):
    told, fresh = new_id(), new_id()
    seed.accepted(told, "6", 100.0)
    seed.flush()
    node.start(ready=False)
    answer = wait_until(lambda: node.alive() and _answer(node, "/readyz"), 20, "it answers")
    assert answer.status == 503 and "barracuda adopt" in answer.json["message"], answer
    assert node.get("/livez").status == 200
    metrics = node.get("/metrics")
    assert metrics.status == 200 and "barracuda_store_writable 0" in metrics.body.decode().splitlines(), "what the runbook says"
    report = {"click_id": told, "affiliate_id": "7", "amount": 5}
    for refused in (node.post("/api/ftd", report), node.get("/api/postback", click_id=told, affiliate_id="7", goal="deposit"),
                    node.post("/api/contact", {"email": "a@example.com", "type": "user"}),
                    node.get("/api/admin/conversions")):
        assert refused.status == 503 and "adopt" in refused.json["message"] and refused.headers["Retry-After"], refused
    keys = node.command("key", "create", "--name", "k", "--scope", "admin", check=False)
    assert keys.returncode == 2 and "barracuda adopt" in keys.stderr

    process = node.process.pid
    assert adopt(node).returncode == 0
    wait_until(lambda: ready(node), 10, "it serves by itself")
    assert node.process.pid == process and node.alive(), "without a restart"
    again = node.post("/api/goals/postback", {"click_id": told, "affiliate_id": "7", "goal_type": "deposit"})
    assert again.status == 200 and again.json["verdict"] == "updated" and again.json["isDuplicate"] is False, again
    assert again.data["postbackStatusCode"] == 200
    new = node.post("/api/goals/postback", {"click_id": fresh, "affiliate_id": "7", "goal_type": "deposit"})
    assert new.status == 200 and new.json["verdict"] == "recorded"
    assert len(net.goals(fresh)) == 1 and not net.goals(told), "the network is not told again"


def _answer(node, path):
    try:
        return node.get(path)
    except OSError:
        return None


def test_sigterm_while_waiting(node, seed):
    seed.conversion("c", "6")
    seed.flush()
    node.start(ready=False)
    wait_until(lambda: _answer(node, "/livez"), 20, "it answers")
    assert node.stop() < 5


def test_adopt_on_start(node, seed):
    seed.many(300)
    seed.flush()
    node.start(env={"BARRACUDA_STORE_ADOPT_ON_START": "true"}, seconds=60)
    node.admin_key = node.create_key("admin")
    assert node.conversion("2", "6")["provenance"] == "unknown"
    assert adopt(node).stdout == "the database is adopted already\n"
    node.restart(env={"BARRACUDA_STORE_ADOPT_ON_START": "true"})


def test_the_operators_own_address(node, seed):
    seed.conversion("c", "6")
    seed.flush()
    ops = free_port()
    node.start(ready=False, env={"BARRACUDA_SERVER_OPS_LISTEN": f"127.0.0.1:{ops}"})

    def there(path):
        try:
            return request(ops, "GET", path, timeout=5)
        except OSError:
            return None
    wait_until(lambda: there("/livez"), 20, "it answers")
    assert there("/readyz").status == 503 and there("/api/ftd").status == 404
    assert node.get("/readyz").status == 404 and node.get("/api/postback").status == 503
    adopt(node)
    wait_until(lambda: there("/readyz").status == 200, 15, "it serves")
    assert node.get("/readyz").status == 404 and node.get("/api/postback").status == 400


def test_nothing_to_adopt(node, database, tmp_path):
    assert adopt(node).stdout == "the database is empty: nothing to adopt\n"
    done = subprocess.run([str(BINARY), "adopt", "--data", str(tmp_path / "r"), "--store", "rocksdb"], capture_output=True,
                          text=True, timeout=30, env={"PATH": node.env["PATH"]})
    assert done.returncode == 2 and "RocksDB" in done.stderr


def test_another_applications_database_is_refused(node, database):
    database.orders.insert_one({"total": 5})
    for command in (["adopt"], ["adopt", "--dry-run"], ["serve", "--listen", f"127.0.0.1:{node.port}"]):
        done = node.command(*command, check=False)
        assert done.returncode == 2 and "orders" in done.stderr and "another application" in done.stderr, done
    assert database.list_collection_names() == ["orders"]


def test_clicks_say_whose_the_contacts_are(node, database):
    """Contacts of few fields were taken for another application's, and the whole database with them."""
    database.contacts.insert_one({"email": "a@example.com", "name": "A", "type": "user"})
    database.admins.insert_one({"email": "boss@example.com", "hash": "5e88"})
    done = adopt(node, "--dry-run", check=False)
    assert done.returncode == 2 and "not the old application's" in done.stderr, "they say nothing alone"
    database.conversions.insert_one({"click_id": 5, "goal_id": 5})
    assert counts(adopt(node))["contacts: email_key set"] == 1
    assert database.contacts.find_one()["email_key"] == "a@example.com"


# --------------------------------------------------------------------------------------------- the rules

def test_what_becomes_of_each_document(node, seed, database):
    plain = seed.conversion("plain", "6", amount=12.5, theirs={"kept": [1]})
    both_number = seed.conversion(2, 5, amount=40.0, status="approved", affiliate_id=7)
    text_click = seed.conversion("2", 5, amount=0, sub3="x")
    text_goal = seed.conversion(2, "5", amount=9, status="pending")
    lone = seed.conversion(9, 6.0, amount=1, hash="h9")
    confirmed = seed.conversion("f", "6", amount=100)
    seed.ftd("f", 250.25, sale_amount=300)
    only_ftd, only_postback = seed.ftd(77, 5), seed.postback("p", "registration", status="approved", sub2="s")
    seed.postback("plain", "deposit", status="approved")
    lost = seed.conversion(None, "5")
    seed.flush()
    done = adopt(node)
    stored = {d["_id"]: d for d in database.conversions.find()}

    moved = {"status": "approved", "rev": 1, "history": stored[plain["_id"]]["history"], "updatedAt": stored_at(database, "plain")}
    assert stored[plain["_id"]] == {**plain, **moved}, "what does not change is as it was, numbers too"
    assert stored[plain["_id"]]["amount"] == 12.5 and isinstance(stored[plain["_id"]]["amount"], float)

    merged = stored[both_number["_id"]]  # none had text in both: the oldest stays
    assert (merged["click_id"], merged["goal_id"], merged["status"]) == ("2", "5", "approved")
    assert merged["sub3"] == "x" and merged["amount"] == 40.0 and merged["affiliate_id"] == 7
    assert text_click["_id"] not in stored and text_goal["_id"] not in stored
    assert {h["from"] for h in merged["history"]} == {f"conversions/{text_click['_id']}", f"conversions/{text_goal['_id']}"}
    aside = database.adoption_aside.find_one({"_id": f"conversions/{text_goal['_id']}"})
    assert aside["document"] == text_goal and aside["into"] == str(both_number["_id"]) and aside["reason"] == "merged"

    assert stored[lone["_id"]]["click_id"] == "9" and stored[lone["_id"]]["goal_id"] == "6" and stored[lone["_id"]]["hash"] == "h9"
    assert str(stored[confirmed["_id"]]["amount"]) == "250.25" and stored[confirmed["_id"]]["provenance"] == "reported"
    assert stored[confirmed["_id"]]["status"] == "approved" and stored[confirmed["_id"]]["createdAt"] == confirmed["createdAt"]
    made = database.conversions.find_one({"click_id": "77", "goal_id": "6"})
    assert made["_id"] == only_ftd["_id"] and made["provenance"] == "reported" and made["createdAt"] == only_ftd["createdAt"]
    made = database.conversions.find_one({"click_id": "p"})
    assert made["_id"] == only_postback["_id"] and made["goal_id"] == "5" and made["provenance"] == "unknown"
    assert lost["_id"] not in stored and database.adoption_aside.find_one({"_id": f"conversions/{lost['_id']}"})["why"] == "no click"
    assert database.ftds.count_documents({}) == 2 and database.postbacks.count_documents({}) == 2, "they stay as they are"

    told = counts(done)
    assert told["conversions: merged into another of the same click and goal"] == 2
    assert told["ftds: confirmed one, reported"] == 1 and told["postbacks: made a conversion"] == 1
    assert f"click 2 goal 5: conversions/{text_click['_id']} is part of {both_number['_id']}" in done.stdout
    assert f"click 2 goal 5: amount 40 kept, 9 in conversions/{text_goal['_id']}" in done.stdout
    assert f"conversions/{lost['_id']}: no click" in done.stdout
    assert "click_id_1_goal_id_1" in database.conversions.index_information(), "every goal counts once"
    assert not [name for name in database.conversions.index_information() if "adopt" in name]

    node.start()
    node.admin_key = node.create_key("admin")
    assert node.conversion("2", "5")["amount"] == 40
    again = node.post("/api/ftd", {"click_id": 2, "affiliate_id": "7", "amount": 5})
    assert again.json["verdict"] == "recorded", "goal 6 of click 2 is another sale"
    again = node.get("/api/postback", click_id="2", affiliate_id="7", goal="registration")
    assert again.json["verdict"] == "updated" and again.json["isDuplicate"] is False, "the first to confirm it"
    # What the program does not know is still there after its own change.
    assert node.get("/api/postback", click_id="plain", affiliate_id="7", goal="deposit").json["verdict"] == "updated"
    assert database.conversions.find_one({"click_id": "plain"})["theirs"] == {"kept": [1]}
    verify = node.command("verify")
    assert verify.stdout == "the store is sound\n"


def stored_at(database, click):
    """When the postback was written that completed it."""
    return database.postbacks.find_one({"click_id": click})["updatedAt"]


def test_contacts_and_admins(node, seed, database):
    first = seed.contact("Ann@Example.com", sub1=5, ftd=True, ftd_amount=10.0)
    second = seed.contact("ann@example.com", sub1="other", affiliate_id="7", ftd=True, ftd_amount=10.0)
    form = seed.contact("form@example.com", affiliateRegistered=True, ftd=True, ftd_amount=100)
    ghost = seed.ghost("clickg")
    seed.conversion("5", "6", amount=33.0)
    for goal in ("5", "6"):
        conversion = seed.accepted("formclick", goal, 100.0 if goal == "6" else 0)
        conversion["metadata"]["email"] = "form@example.com"
    boss = {k: v for k, v in seed.admin("boss@example.com").items() if v is not ...}
    seed.flush()
    adopt(node)
    stored = {d["_id"]: d for d in database.contacts.find()}
    assert stored[first["_id"]]["email_key"] == "ann@example.com" and stored[first["_id"]]["email"] == "Ann@Example.com"
    assert stored[first["_id"]]["sub1"] == "5" and str(stored[first["_id"]]["ftd_amount"]) == "33"
    assert "email_key" not in stored[second["_id"]] and stored[second["_id"]]["ftd"] is False, "no deposit of its own click"
    assert "email_key" not in stored[ghost["_id"]] and stored[ghost["_id"]]["ftd"] is False
    linked = stored[form["_id"]]
    assert (linked["click_id"], linked["sub1"]) == ("formclick", "hformclick")
    assert linked["ftd"] is True and linked["affiliateRegistered"] is True and linked["ftd_amount"] == 100
    assert database.admins.find_one() == boss, "as it was"

    node.start()
    taken = node.post("/api/contact", {"email": "ANN@example.com", "type": "user"})
    assert taken.status == 409
    login = {"email": "boss@example.com", "password": "password"}
    begin = time.monotonic()
    assert node.post("/api/admin/auth/login", login).status == 401
    assert time.monotonic() - begin > 0.03, "hashed as nobody's is: the time tells no e-mail"
    node.command("admin", "create", "--email", "boss@example.com", "--name", "B", "--password-stdin", stdin="long enough\n")
    assert node.post("/api/admin/auth/login", {**login, "password": "long enough"}).status == 200


def test_without_the_seeds_index_true_duplicates_are_merged_too(node, database):
    seed = Seed(database)  # no indexes: somebody has dropped them
    kept = seed.conversion("c", "6", amount=5)
    for amount in (5, 7):
        seed.conversion("c", "6", amount=amount, sub4="y")
    seed.conversion("c", 6, amount=5)
    seed.flush()
    adopt(node)
    assert [d["_id"] for d in database.conversions.find()] == [kept["_id"]]
    assert database.conversions.find_one()["sub4"] == "y"
    assert database.adoption_aside.count_documents({"reason": "merged"}) == 3
    index = database.conversions.index_information()
    assert index["barracuda_key_v2"]["unique"] and not [name for name in index if "adopt" in name]


def test_blanks_and_unseen_characters_of_ids_are_trimmed(node, seed, database):
    for click in ("w-1", "w-1 ", "\u200bw-1", "w-2\ufeff\n"):
        seed.conversion(click, "6", amount=5)
    seed.conversion("w-2", "6\u00a0", amount=7)
    seed.flush()
    done = adopt(node)
    kept = {d["click_id"]: d for d in database.conversions.find()}
    assert sorted(kept) == ["w-1", "w-2"] and {d["goal_id"] for d in kept.values()} == {"6"}, done.stdout
    assert database.adoption_aside.count_documents({"reason": "merged"}) == 3
    node.start()
    for click in ("w-1", " w-2 "):
        answer = node.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 5})
        assert answer.status == 200 and answer.json["verdict"] == "updated", answer


def test_ids_that_are_no_object_ids(node, seed, database):
    seed.put("conversions", _id="own", click_id="c1", goal_id="6", goal_type="deposit", amount=5, theirs=1)
    seed.put("conversions", _id=7, click_id=2, goal_id=6, goal_type="deposit", amount=5)
    seed.put("contacts", _id="person", email="a@example.com", sub1="c1")
    seed.flush()
    adopt(node)
    from bson import ObjectId
    conversions = {d["click_id"]: d for d in database.conversions.find()}
    assert all(isinstance(d["_id"], ObjectId) for d in [*conversions.values(), *database.contacts.find()])
    assert conversions["c1"]["theirs"] == 1 and conversions["2"]["goal_id"] == "6"
    assert database.contacts.find_one()["email_key"] == "a@example.com"
    node.start()
    assert node.post("/api/ftd", {"click_id": "c1", "affiliate_id": "7", "amount": 6}).json["verdict"] == "updated"


def test_a_document_that_gets_another_id_is_counted_once_and_stays_undated(node, seed, database):
    """It comes back later in the order of `_id`, with a time in its new one that nobody meant: the report counted it twice,
    and it was of the year 2089. What lists and sums ask for is in the document."""
    for i in range(30):
        seed.put("conversions", _id=f"own-{i}", click_id=f"c{i}", goal_id="6", createdAt=None, updatedAt=None, status=None)
        seed.put("contacts", _id=f"own-{i}", email=f"a{i}@example.com", createdAt=None, updatedAt=None)
    seed.put("conversions", _id=1, click_id="s", goal_id=9, createdAt=1700000000, status="weird")
    seed.flush()
    told, done = counts(adopt(node, "--dry-run")), counts(adopt(node))
    assert told == done and done["conversions: conversions read"] == 31 and done["contacts: contacts read"] == 30
    assert done["conversions: status set"] == 31 and done["conversions: goal_type set"] == 31
    for one in [*database.conversions.find({"goal_id": "6"}), *database.contacts.find()]:
        assert one["createdAt"].year == 1970, one
    assert database.conversions.find_one({"click_id": "s"})["createdAt"].year == 2023
    node.start()
    node.admin_key = node.create_key("admin")
    listed = node.admin("GET", "/api/admin/conversions?status=pending&limit=50").json
    assert len(listed["data"]) == 31 and listed["stats"]["byStatus"] == {"pending": 31}
    assert listed["stats"]["byGoalType"] == {"deposit": 30, "other": 1}


def test_a_repeatable_goal_drops_the_narrow_index(node, seed, database, tmp_path):
    seed.conversion("c", "6", amount=5)
    seed.flush()
    (tmp_path / "b.toml").write_text('[[goal]]\nid = "5"\ntype = "registration"\n'
                                     '[[goal]]\nid = "6"\ntype = "deposit"\nrepeatable = true\n')
    config = ["--config", str(tmp_path / "b.toml")]
    adopt(node, *config)
    assert "click_id_1_goal_id_1" not in database.conversions.index_information()
    node.start(arguments=config)
    for n in range(2):
        body = {"click_id": "c", "affiliate_id": "7", "amount": 5, "transaction_id": f"t{n}"}
        assert node.post("/api/ftd", body).json["verdict"] == "recorded"
    node.stop()
    database.conversions.delete_many({"occurrence": "t1"})
    database.conversions.delete_many({"occurrence": "t0"})
    seed.indexes()  # the seed's application was started again
    done = node.command("serve", "--listen", f"127.0.0.1:{node.port}", *config, check=False)
    assert done.returncode == 2 and "two unique indexes" in done.stderr and "dropIndex" in done.stderr


# --------------------------------------------------------------------------------- killed, twice, at once

def test_a_dry_run_writes_nothing_and_tells_the_truth(node, seed, database):
    seed.many(2500)
    seed.admin("boss@example.com")
    seed.flush()
    before = everything(database, but=())
    indexes = {name: database[name].index_information() for name in database.list_collection_names()}
    dry = adopt(node, "--dry-run")
    assert everything(database, but=()) == before
    assert {name: database[name].index_information() for name in database.list_collection_names()} == indexes
    done = adopt(node)
    assert counts(dry) == counts(done) and len(counts(done)) > 20
    listed = [line for line in dry.stdout.splitlines() if line.startswith(("merged", "differs", "set aside"))]
    assert sorted(listed) == sorted(line for line in done.stdout.splitlines()
                                    if line.startswith(("merged", "differs", "set aside")))
    assert "conversions: 0 of" in done.stderr and "building indexes" in done.stderr
    assert adopt(node).stdout == "the database is adopted already\n"


def test_killed_at_any_moment_it_comes_to_the_same_end(node, mongo, database):
    other = seeded(mongo, database, database.name + "_b", 4000)
    try:
        whole = adopt(node)
        node.env["BARRACUDA_STORE_DATABASE"] = other.name
        kills, done = 0, None
        pause = random.Random(7)
        while done is None:
            process = subprocess.Popen([str(BINARY), "adopt", "--data", str(node.data)], env=node.env, cwd=node.directory,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                out, err = process.communicate(timeout=pause.uniform(0.15, 0.6) if kills < 12 else 100)
                assert process.returncode == 0, err
                done = out
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
        print(f"{kills} kills")
        assert kills >= 2
        assert done in (whole.stdout, "the database is adopted already\n")
        assert everything(other) == everything(database)
        record = other.settings.find_one({"_id": "adoption"})
        assert record["counts"] == database.settings.find_one({"_id": "adoption"})["counts"]
        assert other.settings.find_one({"_id": "barracuda"})
        found = proof.Verdict(*difference(everything(database), everything(other)))
        assert proof.tried(KILLED, kills, found, database.conversions.estimated_document_count()) == proof.SOUND
        other.conversions.delete_many({"_id": {"$in": [c["_id"] for c in other.conversions.find().limit(3)]}})
        proof.control(KILLED, difference(everything(database), everything(other))[0], "three conversions removed from the adopted database")
    finally:
        other.client.drop_database(other.name)


def test_two_at_once(node, mongo, database):
    seed = Seed(database)
    seed.indexes()
    seed.many(2500)
    seed.flush()
    done = []
    threads = [threading.Thread(target=lambda: done.append(adopt(node, check=False))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [d.returncode for d in done] == [0, 0, 0], done
    assert sum("is adopted already" in d.stdout for d in done) == 2
    assert any("waiting for it" in d.stderr for d in done)
    expected = 2500 // 10
    assert database.adoption_aside.count_documents({"reason": "merged"}) == 2 * expected


def test_the_seed_still_writes(node, seed, database):
    """Its writes raise no `rev`: whatever changes under the adoption is planned again, and nothing of it is lost."""
    seed.many(1500)
    seed.flush()
    stop, written = threading.Event(), []

    def write():
        n = 0
        while not stop.is_set():
            n += 1
            database.conversions.update_one({"click_id": 2 + 10 * (n % 100), "goal_id": 6},
                                            {"$set": {"amount": 1000 + n, "updatedAt": datetime.datetime.utcnow()}})
            written.append(n)
            time.sleep(0.002)
    thread = threading.Thread(target=write)
    thread.start()
    try:
        done = adopt(node, check=False)
    finally:
        stop.set()
        thread.join()
    assert written and done.returncode in (0, 1), done.stderr
    if done.returncode == 1:
        assert "stop the old application" in done.stderr
        adopt(node)
    assert database.conversions.count_documents({"click_id": {"$type": "number"}}) == 0

