"""Everything that the desk's routes show as stored, to be compared before and after; and a server on which all of it is there.

    before = desk_state.of(srv)
    ...                                  # what must change nothing
    assert desk_state.of(srv) == before
"""
import itertools

from harness import new_id, wait_until

# What the program notes by itself while it only answers.
PASSING = {"lastUsedAt", "lastSeenAt", "seenAt", "idleAt", "sending", "sending_private_api"}
# What became of a job's deliveries is counted into it anew now and then, for as long as one of them waits.
OUTCOMES = {"accepted", "waiting", "dead_again", "outcomesAt", "updatedAt"}
LISTS = ("networks", "goals", "offers", "keys", "admins", "jobs", "replays")
PASSWORD = "correct horse battery"


def lasting(value):
    """`value` without what changes by looking."""
    if isinstance(value, dict):
        job = "outcomesAt" in value or {"kind", "done", "createdAt"} <= set(value)
        passing = PASSING | OUTCOMES if job else PASSING
        return {name: lasting(inner) for name, inner in value.items() if name not in passing}
    return [lasting(inner) for inner in value] if isinstance(value, list) else value


def listed(srv, path, **query):
    """Every row of a list that goes on by a cursor."""
    rows, cursor, seen = [], None, set()
    while True:
        answer = srv.admin("GET", path, query={**query, "limit": 200, **({"cursor": cursor} if cursor else {})})
        assert answer.status == 200, answer
        rows += answer.data
        cursor = answer.json["pagination"].get("nextCursor")
        if not cursor:
            return rows
        assert cursor not in seen, "the cursor moves"
        seen.add(cursor)


def of(srv):
    """-> {list: rows} of all that is stored, but for the two logs, which note every request."""
    state = {}
    for name in LISTS:
        answer = srv.admin("GET", f"/api/admin/{name}")
        assert answer.status == 200, answer
        state[name] = answer.data
        if name == "networks":
            state["refused networks"] = answer.json["refused"]
    state["conversions"] = srv.conversions()
    state["deliveries"] = {s: listed(srv, "/api/admin/deliveries", state=s) for s in ("waiting", "done", "dead", "cancelled")}
    contacts = srv.admin("GET", "/api/admin/contacts", query={"limit": 200})
    assert contacts.status == 200 and contacts.json["pagination"]["totalPages"] <= 1, contacts
    state["contacts"] = contacts.data
    return lasting(state)


def person(srv, email, role, name="N"):
    """-> the session token of a new admin."""
    srv.command("admin", "create", "--email", email, "--name", name, "--role", role, "--password-stdin", stdin=PASSWORD + "\n")
    answer = srv.post("/api/admin/auth/login", {"email": email, "password": PASSWORD})
    assert answer.status == 200, answer
    return answer.data["token"]


def template(name, url, **more):
    return {"name": name, "kind": "template", "postback": {"url": url}, **more}


def furnish(srv, net):
    """One of each thing that an admin can have: -> {kind: what its path calls it}."""
    made, count = {}, itertools.count(1)

    def make(kind, path, body, status=200):
        answer = srv.admin("POST", path, json_body=body)
        assert answer.status == status, answer
        made[kind] = answer.data.get("id") or answer.data.get("name")
        return answer.data

    url = f"http://127.0.0.1:{net.port}/in"
    make("network", "/api/admin/networks", template("tracker", url + "?c={click_id}", active=False))
    make("stopped", "/api/admin/networks", template("halted", url + "?h={click_id}", active=False))
    assert srv.admin("POST", "/api/admin/networks/halted/stop").status == 200
    make("goal", "/api/admin/goals", {"id": "31", "type": "other"})
    make("offer", "/api/admin/offers", {"id": "77", "title": "Seventy “seven”", "networks": ["tracker"], "goals": ["6"]})
    make("key", "/api/admin/keys", {"name": "kept", "scope": "ingest", "affiliate": "7"})
    make("revoked", "/api/admin/keys", {"name": "gone", "scope": "ingest"})
    assert srv.admin("DELETE", f"/api/admin/keys/{made['revoked']}").status == 200
    make("admin", "/api/admin/admins", {"email": "invited@example.com", "name": "Invited", "role": "operator"})
    click = new_id("furnished")
    for i in range(3):
        report = {"click_id": f"{click}-{i}", "affiliate_id": "7", "amount": next(count)}
        assert srv.post("/api/ftd", report, key=srv.admin_key).status == 200
    made["conversion"] = srv.conversion(f"{click}-0")["id"]
    net.set_mode("refuse", "goal")
    dead = {"click_id": new_id("dead"), "affiliate_id": "7", "goal_type": "deposit"}
    assert srv.post("/api/goals/postback", dead, key=srv.admin_key).status == 502
    net.set_mode("ok")
    row, = listed(srv, "/api/admin/deliveries", state="dead", click_id=dead["click_id"])
    made["delivery"], made["dead click"] = row["ref"], dead["click_id"]
    email = new_id("m") + "@example.com"
    answer = srv.post("/api/contact", {"email": email, "type": "user", "name": "Ann", "company": "Acme", "sub1": "ab" * 16})
    assert answer.status == 200, answer
    wait_until(lambda: len(srv.of_click("ab" * 16)) == 2 and not any(c.get("due") for c in srv.of_click("ab" * 16)), 20, "the flow ends")
    made["email"] = email
    made["contact"] = wait_until(lambda: (c := srv.contact(email)).get("ftd") is True and c, 20, "and the flags follow")["id"]
    ids = [row["id"] for row in srv.conversions(search=click)][:2]
    job = make("job", "/api/admin/conversions/bulk", {"action": "reject", "ids": ids, "reason": "a try"}, 201)
    wait_until(lambda: srv.admin("GET", f"/api/admin/jobs/{job['id']}").data["state"] == "done", 20, "the job ends")
    replay = make("replay", "/api/admin/replays", {"click_id": "nobody"}, 201)
    wait_until(lambda: srv.admin("GET", f"/api/admin/replays/{replay['id']}").data["state"] == "done", 20, "the replay ends")
    return made


# The kind of thing that `{id}` of a path names.
KIND_OF = {"networks": "network", "goals": "goal", "offers": "offer", "keys": "key", "admins": "admin", "conversions": "conversion",
           "deliveries": "delivery", "contacts": "contact", "jobs": "job", "replays": "replay"}


def path_of(template_path, made):
    """A path of the description with the id of something that is there."""
    if "{id}" not in template_path:
        return template_path
    kind = template_path.split("/{id}")[0].rsplit("/", 1)[1]
    return template_path.replace("{id}", made[KIND_OF[kind]])
