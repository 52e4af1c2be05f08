"""verify: beside a running server writers do not wait for it, and it sees one moment of what they write; contacts whose flags
are not what the ledger says are found and mended."""
import hashlib
import json
import time

import pytest

from clients import Clients
from harness import Server, new_hash, new_id, wait_until
from seven_routes import check, contact_with_click, route7


class Writers(Clients):
    """Conversions that owe nothing, that are delivered, that are changed, and contacts, all the time."""

    def __init__(self, srv):
        super().__init__(8)
        self.srv, self.refused, self.written = srv, [], 0

    def run(self, i):
        while not self.stopping.is_set():
            click = new_id()
            answers = [
                self.srv.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", amount="5"),
                self.srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"})]
            if i == 0:
                answers.append(self.srv.post(
                    "/api/register", {"email": f"{click}@example.com", "name": "N", "company": "C", "type": "user"}))
            with self.lock:
                self.refused += [a for a in answers if a.status not in (200, 202)]
                self.written += 1


def test_verify_while_clients_write(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "0"}) as srv:
        with Writers(srv) as writers:
            for _ in range(5):
                before = writers.written
                done = srv.command("verify")
                assert done.stdout == "the store is sound\n", done
                while writers.written < before + 20 and not writers.refused:
                    writers.stopping.wait(0.01)
        assert not writers.refused, writers.refused[:3]
        assert writers.written >= 100
        srv.stop()
        assert srv.command("verify").stdout == "the store is sound\n"


# ------------------------------------------------------------------------------------------------------ contact flags

def sealed(lines):
    """An export of these lines: with the count and the hash that its last line wants (docs/formats/export.md)."""
    lines = [line.encode() for line in lines]
    digest = hashlib.blake2b(b"".join(lines), digest_size=32).hexdigest()
    return b"\n".join([b'{"barracuda_export":1}', *lines, json.dumps({"end": len(lines), "hash": digest}, separators=(",", ":")).encode(), b""])


def rewritten(path, change):
    """The same export with every contact as `change` leaves it, in a file beside it."""
    lines = path.read_text().splitlines()[1:-1]
    assert sealed(lines) == path.read_bytes(), "what is not changed is the same file"
    for i, line in enumerate(lines):
        document = json.loads(line)
        if "contacts" in document:
            change(document["contacts"])
            lines[i] = json.dumps(document, separators=(",", ":"))
    to = path.with_suffix(".damaged")
    to.write_bytes(sealed(lines))
    return to


class People:
    """Four contacts by id: `paid`, `more` and `other` have a registration and a deposit, those of `unpaid` were rejected."""

    def __init__(self, srv):
        self.emails = {}
        for name in ("paid", "more", "other", "unpaid"):
            email, click = contact_with_click(srv)
            if name == "unpaid":
                for goal, kind in (("5", "registration"), ("6", "deposit")):
                    check(route7(srv, click, goal, kind, status="rejected"), verdict="updated")
            self.emails[name] = email
        self.ids = {name: srv.contact(email)["id"] for name, email in self.emails.items()}
        wait_until(lambda: self.flags(srv) == self.right(), 10, "flags follow")

    def flags(self, srv):
        seen = {name: srv.contact(email) for name, email in self.emails.items()}
        return {name: (c["affiliateRegistered"], c["ftd"], c.get("ftd_amount")) for name, c in seen.items()}

    def right(self):
        return {**dict.fromkeys(("paid", "more", "other"), (True, True, 100)), "unpaid": (False, False, None)}

    def damage(self):
        """What is set, and what is taken away, by id; what verify has to say of it."""
        change = {
            self.ids["paid"]: ({"affiliateRegistered": False, "ftd": False}, ["ftd_amount", "ftd_date"]),
            self.ids["unpaid"]: ({"affiliateRegistered": True, "ftd": True}, []),
            self.ids["more"]: ({"ftd_amount": {"$numberDecimal": "999.99"}}, []),
        }
        said = {f"contact {self.ids[name]}: not what its conversions say: {fields}\n" for name, fields in (
            ("paid", "affiliateRegistered, ftd, ftd_amount, ftd_date"), ("unpaid", "affiliateRegistered, ftd"),
            ("more", "ftd_amount"))}
        return change, said


def assert_found_and_mended(srv, said):
    found = srv.command("verify", check=False)
    assert (found.returncode, set(found.stdout.splitlines(True))) == (1, said), found
    assert found.stderr == "3 findings left\n"
    mended = srv.command("verify", "--repair")
    assert set(mended.stdout.splitlines(True)) == {"found: " + line for line in said}, "to look changed nothing"
    assert srv.command("verify").stdout == "the store is sound\n"


@pytest.mark.parametrize("store", ["rocksdb", "mongodb"])
def test_contact_flags_with_no_server(store, request, net, tmp_path):
    env = {"BARRACUDA_STORE_URL": "rocksdb"}
    with Server(tmp_path / "from", net, env=env) as srv:
        srv.database = None
        people = People(srv)
        srv.stop()
        assert srv.command("verify").stdout == "the store is sound\n"
        srv.command("export", str(tmp_path / "store.jsonl"))
    change, said = people.damage()

    def damage(contact):
        sets, unsets = change.get(contact["_id"]["$oid"], ({}, []))
        contact.update(sets)
        for field in unsets:
            del contact[field]

    if store == "mongodb":
        database = request.getfixturevalue("database")
        env = {"BARRACUDA_STORE_URL": request.getfixturevalue("mongo").uri(), "BARRACUDA_STORE_DATABASE": database.name}
    with Server(tmp_path / "to", net, env=env, start=False, keys=False) as damaged:
        damaged.database, damaged.admin_key = None, srv.admin_key
        done = damaged.command("import", str(rewritten(tmp_path / "store.jsonl", damage)))
        assert "first of 3: contact " in done.stderr and "holds the same as the export" in done.stdout, done
        if store == "rocksdb":
            damaged.command("backup", str(tmp_path / "backup"))
        assert_found_and_mended(damaged, said)
        damaged.start()
        assert people.flags(damaged) == people.right()
    if store == "rocksdb":
        with Server(tmp_path / "again", net, env=env, start=False, keys=False) as restored:
            done = restored.command("restore", str(tmp_path / "backup"))
            assert done.stdout.endswith("\nthe store is sound\n"), "what trailed when it was taken is no damage"
            assert done.stderr == "3 contacts follow the ledger again\n"
            assert restored.command("verify").stdout == "the store is sound\n"


def test_a_clean_stop_leaves_no_contact_behind(net, tmp_path):
    """The network's yes comes during the stop: the registration is approved, and its contact says so."""
    with Server(tmp_path, net, env={"BARRACUDA_DELIVERY_INLINE_WAIT": "100ms"}) as srv:
        net.set_mode("slow", "goal", delay=2)
        click = new_hash()
        assert srv.post("/api/contact", {"email": "ann@example.com", "type": "user", "sub1": click}).status == 200
        wait_until(lambda: net.goals(click), 5, "the call is under way")
        assert srv.contact("ann@example.com")["affiliateRegistered"] is False
        srv.stop()
        assert srv.command("verify").stdout == "the store is sound\n"
        srv.command("export", str(tmp_path / "store.jsonl"))
        lines = [json.loads(line) for line in (tmp_path / "store.jsonl").read_text().splitlines()]
        assert [line["contacts"]["affiliateRegistered"] for line in lines if "contacts" in line] == [True]


@pytest.mark.bounded(120)
def test_contact_flags_beside_running_nodes(net, mongo, database, tmp_path):
    """Another process may follow a conversion a moment later: what differs counts once it has differed for 5 s."""
    from bson import Decimal128, ObjectId
    env = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database.name}
    with Server(tmp_path / "a", net, env=env) as srv, Server(tmp_path / "b", net, env=env, start=False, keys=False) as beside:
        srv.database = beside.database = None
        people = People(srv)
        time.sleep(3)  # flags also follow by themselves, after what a read has shown: not once they are damaged
        change, said = people.damage()

        def damage(ids):
            for id in ids:
                sets, unsets = change[id]
                sets = {k: Decimal128(v["$numberDecimal"]) if isinstance(v, dict) else v for k, v in sets.items()}
                update = {"$set": sets, **({"$unset": dict.fromkeys(unsets, "")} if unsets else {})}
                assert database.contacts.update_one({"_id": ObjectId(id)}, update).modified_count == 1

        damage(change)
        assert_found_and_mended(srv, said)
        assert people.flags(srv) == people.right()
        damage(change)
        beside.command("verify", "--repair")
        assert people.flags(srv) == people.right()
