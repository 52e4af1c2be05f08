"""Stores of released versions open with the present program, whole (tests/fixtures/make_old_store.py made them)."""
import json
import tarfile
from pathlib import Path

import pytest

from harness import Server, new_id, wait_until

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
VERSIONS = sorted(p.name.removeprefix("store-").removesuffix(".tar.xz") for p in FIXTURES.glob("store-*.tar.xz"))


def unpacked(version, tmp_path, net, **more):
    server = Server(tmp_path, net, env={"BARRACUDA_STORE_URL": "rocksdb", **more}, start=False, keys=False)
    server.database = None
    with tarfile.open(FIXTURES / f"store-{version}.tar.xz") as tar:
        tar.extractall(server.data)
    return server, json.loads((FIXTURES / f"store-{version}.json").read_text())


def test_there_are_old_stores():
    assert {"0.1.0", "0.2.0", "0.3.0"} <= set(VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_store_opens_whole(net, tmp_path, version):
    server, made = unpacked(version, tmp_path, net, BARRACUDA_AUTH_INGEST="key")
    try:
        server.start()
        server.admin_key = made["admin_key"]
        stored = {(c["click_id"], c["goal_id"]): c for c in server.conversions()}
        assert len(stored) == len(made["conversions"])
        for click, goal, affiliate, amount, status in made["conversions"]:
            there = stored[click, goal]
            assert (there["affiliate_id"], str(there["amount"])) == (affiliate, amount)
            assert there["status"] in (status, "approved"), there  # what waited may have arrived
        for field in ("goal_id", "goal_type", "status", "affiliate_id", "provenance"):
            values = {c[field] for c in stored.values()}
            # One that arrives just now is in two of the lists by status.
            wait_until(lambda: sum(len(server.conversions(**{field: value})) for value in values) == len(stored), 10,
                       f"the lists by {field} are whole")
        for email in made["contacts"]:
            assert server.contact(email)["ftd"] is True
        click = new_id()
        report = {"click_id": click, "affiliate_id": "8", "goal": "deposit"}
        assert server.get("/api/postback", key=made["ingest_key"], **report).json["verdict"] == "recorded"
        assert server.get("/api/postback", key=made["bound_key"], **{**report, "click_id": new_id()}).status == 403
        assert server.get("/api/postback", key=made["revoked_key"], **report).status == 401
        again = server.get("/api/postback", key=made["ingest_key"], click_id="old-1", affiliate_id="8", goal="registration")
        assert again.json["verdict"] == "duplicate"
        login = server.post("/api/admin/auth/login", {"email": "admin@example.com", "password": "an old password"})
        assert login.status == 200, login
        wait_until(lambda: {c.query["click_id"] for c in net.goals(accepted=True)} >= set(made["waiting"]), 60, "what waited is sent")
        assert not [c for c in net.goals() if c.query["click_id"] == "old-sent"], "what was sent is not sent again"
        server.stop()
        assert (server.data / "HIGH_WATER").stat().st_size == 1024
        assert server.command("verify").stdout == "the store is sound\n"
        server.data, before = tmp_path / "back", server.data / "before-upgrade"  # the way back to the version before
        assert "the store is sound" in server.command("restore", str(before)).stdout
    finally:
        server.kill9()
