"""Keys over HTTP: made and shown once, listed with their last use, revoked."""
import pytest

from harness import Server, new_id, wait_until
from seven_routes import check

KEYS = "/api/admin/keys"


@pytest.fixture
def keyed(net, tmp_path):
    with Server(tmp_path, net, ingest="key") as server:
        yield server


def report(srv, key, affiliate="7"):
    return srv.post("/api/ftd", {"click_id": new_id(), "affiliate_id": affiliate, "amount": 1}, key=key)


def one_of(srv, id):
    return next(one for one in srv.admin("GET", KEYS).data if one["id"] == id)


def test_a_key_from_first_to_last(keyed):
    made = keyed.admin("POST", KEYS, json_body={"name": "tracker", "scope": "ingest", "affiliate": 7})
    check(made)
    secret, id = made.data["key"], made.data["id"]
    assert secret.startswith("bki_") and made.data["affiliate"] == "7" and made.data["lastUsedAt"] is None
    assert "key" not in one_of(keyed, id)
    check(report(keyed, secret))
    check(report(keyed, secret, "8"), 403, success=False)
    used = one_of(keyed, id)["lastUsedAt"]
    assert used > made.data["createdAt"]

    def kept():
        keyed.restart()
        return one_of(keyed, id)["lastUsedAt"]

    assert wait_until(kept, 10) == used, "over a restart"
    check(keyed.admin("DELETE", f"{KEYS}/{id}"))
    check(report(keyed, secret), 401, success=False)
    gone = one_of(keyed, id)
    assert gone["revoked"] and gone["revokedAt"] > used and gone["lastUsedAt"] == used
    keyed.restart()
    assert one_of(keyed, id) == gone
    check(keyed.admin("DELETE", f"{KEYS}/{id}"), 404, success=False)
    stored = b"".join(p.read_bytes() for p in keyed.data.rglob("*") if p.is_file())
    assert secret.encode() not in stored and secret not in keyed.stderr.read_text()


def test_a_key_that_is_called_as_another_ones_id(keyed):
    first = keyed.admin("POST", KEYS, json_body={"name": "first", "scope": "admin"}).data
    second = keyed.admin("POST", KEYS, json_body={"name": first["id"], "scope": "admin"}).data
    check(keyed.admin("DELETE", f"{KEYS}/{first['id']}"))
    assert one_of(keyed, first["id"])["revoked"] and not one_of(keyed, second["id"])["revoked"]
    check(keyed.get(KEYS, key=second["key"]))
    check(keyed.admin("DELETE", f"{KEYS}/{first['id']}"), 404, success=False)
    again = keyed.command("key", "revoke", first["id"], check=False)
    assert again.returncode == 1 and "no such key" in again.stderr, again
    check(keyed.get(KEYS, key=second["key"]))
    assert keyed.command("key", "revoke", second["id"]).stdout == f"revoked {second['id']}\n"
    check(keyed.get(KEYS, key=second["key"]), 401, success=False)


@pytest.mark.parametrize("body,field", [
    ({"scope": "ingest"}, "name"), ({"name": "n" * 65, "scope": "ingest"}, "name"), ({"name": "a\nb", "scope": "ingest"}, "name"),
    ({"name": "n"}, "scope"), ({"name": "n", "scope": "owner"}, "scope"), ({"name": "n", "scope": "admin", "affiliate": "7"}, "affiliate"),
    ({"name": "n", "scope": "ingest", "affiliate": "{aff}"}, "affiliate"), ({"name": "n", "scope": "ingest", "afiliate": "7"}, "afiliate")])
def test_bad_keys(keyed, body, field):
    before = len(keyed.admin("GET", KEYS).data)
    answer = keyed.admin("POST", KEYS, json_body=body)
    check(answer, 400, success=False)
    assert answer.message.startswith(field), answer
    assert len(keyed.admin("GET", KEYS).data) == before
