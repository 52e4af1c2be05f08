"""A count and its list are of one filter: each number is held against the rows behind it."""
import itertools

import pytest

from harness import Server, new_id, wait_until

STATES = ("waiting", "done", "dead", "cancelled")


@pytest.fixture(scope="module")
def filled(net, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("filled"), net, ingest="key") as srv:
        key = srv.create_key("ingest")
        for i, mode in enumerate(("ok", "refuse", "ok", "refuse", "refuse")):
            net.set_mode(mode)
            body = {"click_id": f"n{i}", "affiliate_id": str(i % 2), "goal_type": "deposit" if i % 3 else "registration"}
            srv.post("/api/goals/postback", body, key=key)
        net.set_mode("ok")
        dead = wait_until(lambda: (d := srv.admin("GET", "/api/admin/deliveries", query={"state": "dead"}).data) and len(d) == 3 and d, 10)
        assert srv.admin("POST", f"/api/admin/deliveries/{dead[0]['ref']}/cancel").status == 200
        for i in range(12):
            report = {"click_id": f"r{i % 5}", "affiliate_id": str(i % 2), "goal": "deposit", "amount": 1 + i % 4, "key": key}
            srv.get("/api/postback", **report)
        for body in ({"click_id": "x1", "affiliate_id": "1", "amount": -1}, {"click_id": "x2"}, {"click_id": "x2"}):
            assert srv.post("/api/ftd", body, key=key).status == 400
        assert srv.post("/api/ftd", {"click_id": "x3"}).status == 401
        yield srv


def rows(srv, path, **query):
    found, cursor = [], None
    while True:
        answer = srv.admin("GET", path, query={**query, "limit": 3, **({"cursor": cursor} if cursor else {})})
        assert answer.status == 200, answer
        found += answer.data
        cursor = answer.json["pagination"]["nextCursor"]
        if not cursor:
            return found


def counts(srv, path, **query):
    answer = srv.admin("GET", f"{path}/counts", query=query)
    assert answer.status == 200, answer
    return answer.data


FILTERS = [dict(pair) for pair in itertools.product([("affiliate_id", "0"), ("affiliate_id", "")], [("goal_id", "5"), ("goal_id", "")])]


@pytest.mark.parametrize("query", [{k: v for k, v in one.items() if v} for one in FILTERS] + [{"network": "default"}, {"network": "nobody"},
                         {"code": 422}, {"click_id": "n1"}, {"from": "2020-01-01"}, {"to": "2020-01-01"}])
def test_deliveries(filled, query):
    path = "/api/admin/deliveries"
    counted = counts(filled, path, **query)
    assert counted["atLeast"] == []
    lists = {state: rows(filled, path, state=state, **query) for state in STATES}
    assert counted["states"] == {state: len(found) for state, found in lists.items()}
    networks = {}
    for state in ("waiting", "dead"):
        for row in lists[state]:
            one = networks.setdefault(row["network"], {"waiting": 0, "dead": 0, "oldest_at": row["createdAt"]})
            one[state] += 1
            one["oldest_at"] = min(one["oldest_at"], row["createdAt"])
    assert {n["name"]: {k: n[k] for k in ("waiting", "dead", "oldest_at")} for n in counted["networks"]} == networks
    for state in STATES:
        codes = {c["code"]: c["count"] for c in counts(filled, path, state=state, **query)["codes"]}
        for code in codes:
            assert codes[code] == sum(row["status"] == code for row in lists[state])
        assert sum(codes.values()) == len(lists[state])


@pytest.mark.parametrize("query", [{}, {"affiliate_id": "1"}, {"route": "ftd"}, {"route": "postback"}, {"click_id": "r1"}, {"status": 400},
                                   {"by": "key:t"}, {"from": "2020-01-01"}, {"to": "2020-01-01"}])
def test_received(filled, query):
    path = "/api/admin/received"
    counted = counts(filled, path, **query)
    everything = rows(filled, path, **query)
    assert counted["total"] == len(everything) and counted["complete"] is True
    for verdict in ("recorded", "duplicate", "updated"):
        assert counted["verdicts"].get(verdict, 0) == len(rows(filled, path, verdict=verdict, **query))
    assert counted["refused"] == len(rows(filled, path, refused="true", **query))
    assert counted["total"] - counted["refused"] == len(rows(filled, path, refused="false", **query))
    assert counted["conflicts"] == len(rows(filled, path, conflict="true", **query))
    for reason in counted["reasons"]:
        named = {"by": reason["by"]} if reason["by"] else {}
        found = rows(filled, path, **{"refused": "true", "reason": reason["reason"], **query, **named})
        assert len([row for row in found if row.get("by", "") == reason["by"]]) == reason["count"]
    assert sum(r["count"] for r in counted["reasons"]) == counted["refused"], "fewer than twenty"
    if everything:
        assert counted["oldest_at"] == min(row["at"] for row in everything)


def test_a_record_has_an_id(filled):
    found = rows(filled, "/api/admin/received")
    assert len({row["id"] for row in found}) == len(found)
    for row in found[:: max(1, len(found) // 7)]:
        answer = filled.admin("GET", f"/api/admin/received/{row['id']}")
        assert answer.status == 200 and answer.data == row
    for id in ("x", found[0]["id"][:-2] + "AA"):
        assert filled.admin("GET", f"/api/admin/received/{id}").status == 404


@pytest.mark.parametrize("path, query, name", [("deliveries", {"state": "lost"}, "state"), ("deliveries", {"limit": 3, "hots": "a"}, "hots"),
                         ("received", {"refused": "yes"}, "refused"), ("received", {"verdict": "new"}, "verdict")])
def test_what_is_wrong_is_named(filled, path, query, name):
    answer = filled.admin("GET", f"/api/admin/{path}/counts", query=query)
    assert answer.status == 400 and name in answer.message


def test_search_finds_each_kind(filled):
    def hits(q):
        return [(h["kind"], h["id"]) for h in filled.admin("GET", "/api/admin/search", query={"q": q}).data]

    row = filled.conversion("n1")
    assert ("click", "n1") in hits("n") and ("click", "n1") in hits("n1")
    assert hits(row["id"]) == [("conversion", row["id"])]
    delivery = row["deliveries"][0]["id"]
    assert hits(delivery) == [("delivery", f"{row['id']}-{delivery}")]
    email = f"{new_id('s')}@example.com"
    assert filled.post("/api/contact", {"email": email, "type": "user", "name": "N", "company": "C"}).status in (200, 400)
    contact = filled.contact(email)
    if contact:
        assert ("contact", contact["id"]) in hits(email.upper()) and ("contact", contact["id"]) in hits(contact["id"])
    assert hits("nothing-begins-so") == []
    assert filled.admin("GET", "/api/admin/search").status == 400
