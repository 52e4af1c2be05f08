"""More conversions than one page looks at: no list is short in silence, and search is a seek."""
import hashlib
import json
import subprocess

import pytest

from harness import BINARY, Server

LOOKED_MAX, COUNTED_BY_CLICK = 200_000, 10_000  # docs/api/openapi.yaml, listConversions
MANY = LOOKED_MAX + 5_000
OLD = 30  # of another goal, and older than everything else

pytestmark = pytest.mark.bounded(600)


def multiplied(line, count):
    """An export with `count` conversions like the one in `line`: a minute apart, the first OLD ones registrations."""
    sample = json.loads(line)["conversions"]
    lines = ['{"barracuda_export":1}']
    for i in range(count):
        one = dict(sample)
        one["_id"] = {"$oid": f"{i:024x}"}
        one["click_id"] = f"m-{i:07d}"
        at = {"$date": {"$numberLong": str(1_700_000_000_000 + i * 60_000)}}
        one["createdAt"] = one["updatedAt"] = at
        if i < OLD:
            one["goal_id"], one["goal_type"], one["is_test"] = "5", "registration", True
        one["amount"] = {"$numberDecimal": str(i % 100)}
        lines.append(json.dumps({"conversions": one}, separators=(",", ":")))
    return lines


def ended(lines):
    """As docs/formats/export.md describes the last line."""
    digest = hashlib.blake2b("".join(lines[1:]).encode(), digest_size=32).hexdigest()
    return "\n".join([*lines, json.dumps({"end": len(lines) - 1, "hash": digest}, separators=(",", ":"))]) + "\n"


def command(*words):
    done = subprocess.run([str(BINARY), *map(str, words)], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def big(net, tmp_path_factory):
    place = tmp_path_factory.mktemp("big")
    with Server(place / "one", net, ingest="key") as one:
        one.admin("POST", "/api/admin/conversions", json_body={
            "click_id": "x", "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", "amount": 1, "status": "approved"})
        data = one.data
    command("export", place / "one.jsonl", "--data", data)
    sample = next(line for line in (place / "one.jsonl").read_text().splitlines() if line.startswith('{"conversions"'))
    (place / "big.jsonl").write_text(ended(multiplied(sample, MANY)))
    command("import", place / "big.jsonl", "--data", place / "many" / "data")
    with Server(place / "many", net, ingest="key") as server:
        yield server


def listed(server, **query):
    answer = server.admin("GET", "/api/admin/conversions", query=query)
    assert answer.status == 200, answer
    return answer.json


def test_rare_ones_are_found_by_an_index(big):
    for query in ({"goal_type": "registration"}, {"goal_id": "5"}, {"goal_id": "5,no", "status": "approved"}, {"goal_type": "registration", "sortBy": "amount"}):
        page = listed(big, **query)
        assert len(page["data"]) == OLD and "complete" not in page and page["pagination"]["nextCursor"] is None, query
        assert page["filtered"]["count"] == page["pagination"]["total"] == OLD and page["filtered"]["complete"] is True


def test_rare_ones_that_no_index_has_are_behind_what_is_looked_at(big):
    page = listed(big, is_test="true")
    assert page["data"] == [] and page["complete"] is False and page["filtered"] == {"count": 0, "complete": False}
    page = listed(big, is_test="true", cursor=page["pagination"]["nextCursor"])
    assert len(page["data"]) == OLD and page["pagination"]["nextCursor"] is None


def test_search_is_a_seek(big):
    page = listed(big, search="m-0000003")
    assert [one["click_id"] for one in page["data"]] == ["m-0000003"] and "complete" not in page
    assert page["pagination"]["total"] == 1
    page = listed(big, search="m-000", limit=200)
    assert page["pagination"]["total"] == 10_000 and len(page["data"]) == 200 and "complete" not in page
    assert page["data"][0]["click_id"] == "m-0009999"
    page = listed(big, search="m-", sortBy="click_id", sortOrder="asc", limit=3)
    assert [one["click_id"] for one in page["data"]] == [f"m-{i:07d}" for i in range(3)]
    assert page["complete"] is False and page["filtered"] == {"count": COUNTED_BY_CLICK, "complete": False}
    assert listed(big, search="M-0000003")["pagination"]["total"] == 0


def test_the_last_pages_are_there_and_those_between_want_a_cursor(big):
    last = (MANY + 49) // 50
    page = listed(big, page=last)
    assert page["pagination"]["totalPages"] == last and "complete" not in page
    assert [one["click_id"] for one in page["data"]] == [f"m-{i:07d}" for i in range(MANY - 50 * (last - 1) - 1, -1, -1)]
    assert listed(big, page=last + 1)["data"] == []
    refused = big.admin("GET", "/api/admin/conversions", query={"page": 201_000, "limit": 1, "sortBy": "amount"})
    assert refused.status == 400 and "cursor" in refused.message and refused.message.startswith("page"), refused


def test_another_order_is_of_a_part_and_says_so(big):
    page = listed(big, sortBy="amount", limit=200)
    assert page["complete"] is False and page["pagination"]["total"] == MANY and page["pagination"]["nextCursor"]
    assert {float(one["amount"]) for one in page["data"]} == {99.0}


def test_a_list_of_few_is_whole_in_any_order(big):
    page = listed(big, **{"to": "2023-11-20T00:00:00Z", "sortBy": "amount"})
    assert "complete" not in page and 0 < page["pagination"]["total"] < 10_000
    assert "complete" not in listed(big)
