"""The list of contacts by its filters, number and cursor, its count and its export; and what became of one person."""
import datetime

import pytest

from harness import new_hash, wait_until
from seven_routes import check, contact_with_click, mail, route7

LIST = "/api/admin/contacts"


def listed(srv, **query):
    return check(srv.admin("GET", LIST, query=query))


def form(srv, **more):
    email = mail()
    check(srv.post("/api/contact", {"email": email, "type": "user", **more}))
    return email


def walk(srv, **query):
    """Every row by cursor, and each page's total."""
    rows, totals, cursor = [], [], None
    while True:
        page = listed(srv, limit=3, **query, **({"cursor": cursor} if cursor else {}))
        rows += page["data"]
        totals.append(page["pagination"]["total"])
        cursor = page["pagination"]["nextCursor"]
        if not cursor:
            return rows, totals


def emails(rows):
    return [row["email"] for row in rows]


def exported(srv, **body):
    answer = srv.admin("POST", LIST, json_body=body)
    assert answer.status == 200, answer
    return len(answer.body.decode().splitlines()) - 1


def test_by_click_affiliate_and_deposit(srv):
    email, click = contact_with_click(srv, affiliate_id="900")
    contact = srv.contact(email)
    other = form(srv, affiliate_id="901", sub1=new_hash())
    for asked in {contact["sub1"], contact.get("click_id", contact["sub1"])}:
        page = listed(srv, click_id=asked)
        assert emails(page["data"]) == [email] and page["pagination"]["total"] == 1 and "complete" not in page
        assert page["filtered"]["count"] == 1 and page["filtered"]["complete"] is True
        assert page["filtered"]["sums"] == {"USD": contact["ftd_amount"]} and exported(srv, click_id=asked) == 1
    assert set(emails(listed(srv, affiliate_id="900,901", limit=200)["data"])) == {email, other}
    assert emails(listed(srv, affiliate_id="900,901", click_id=click)["data"]) == [email]
    assert listed(srv, affiliate_id="901", click_id=click)["data"] == []
    check(route7(srv, click, status="rejected"), verdict="updated")
    wait_until(lambda: srv.contact(email)["ftd"] is False, 5, "deposit gone")
    assert emails(listed(srv, affiliate_id="900", ftd="true")["data"]) == []
    assert emails(listed(srv, affiliate_id="900", ftd="false")["data"]) == [email]
    assert exported(srv, affiliate_id="900", ftd=False) == 1 and exported(srv, affiliate_id="900", ftd=True) == 0


def test_by_period(srv):
    email = form(srv, affiliate_id="902")
    now = datetime.datetime.now(datetime.timezone.utc)
    today, tomorrow = now.date().isoformat(), (now + datetime.timedelta(days=1)).date().isoformat()
    assert emails(listed(srv, affiliate_id="902", **{"from": today, "to": today})["data"]) == [email], "that day is within"
    assert listed(srv, affiliate_id="902", **{"from": tomorrow})["data"] == []
    assert listed(srv, affiliate_id="902", to=srv.contact(email)["createdAt"])["data"] == [], "the end is not"
    month = listed(srv, **{"from": today[:8] + "01", "limit": 200})
    assert month["filtered"]["count"] == month["pagination"]["total"] >= 1 and month["filtered"]["complete"] is True


def test_every_page_by_cursor_and_by_number(srv):
    made = [form(srv, affiliate_id="903", company="Cursor") for _ in range(8)]
    for query in ({"affiliate_id": "903"}, {"search": "Cursor"}, {"search": "Cursor", "sortBy": "email"},
                  {"affiliate_id": "903", "sortOrder": "asc"}, {"type": "user", "affiliate_id": "903", "sortBy": "name"}):
        rows, totals = walk(srv, **query)
        assert sorted(emails(rows)) == sorted(made) and set(totals) == {8}, query
        by_number = [row for page in (1, 2, 3) for row in listed(srv, limit=3, page=page, **query)["data"]]
        assert emails(by_number) == emails(rows), query
        assert listed(srv, limit=3, page=4, **query)["data"] == []
    assert emails(walk(srv, affiliate_id="903")[0]) == made[::-1], "newest first"
    assert emails(walk(srv, affiliate_id="903", sortBy="email")[0]) == sorted(made, reverse=True)
    everybody = walk(srv)
    assert len(everybody[0]) == listed(srv)["stats"]["total"] == everybody[1][0] == len({row["id"] for row in everybody[0]})


@pytest.mark.parametrize("name,values", [
    ("ftd", ["maybe", "yes", "2"]), ("from", ["x", "2026-13-01"]), ("to", ["x"]), ("cursor", ["x", "AAAA", "."]),
    ("sortBy", ["nothing"]), ("sortOrder", ["up"]), ("limit", ["0", "x"]), ("page", ["0"]),
    ("click_id", [",".join(map(str, range(51)))]), ("affiliate", ["7"])])
def test_what_is_wrong_is_named(srv, name, values):
    for value in values:
        answer = srv.admin("GET", LIST, query={name: value})
        body = check(answer, 400, success=False)
        assert body["field"] == name and body["message"].startswith(name), body
    if name in ("ftd", "from", "to", "affiliate"):
        assert check(srv.admin("POST", LIST, json_body={name: values[0]}), 400, success=False)["field"] == name


def test_a_cursor_is_of_its_list(srv):
    for _ in range(3):
        form(srv, affiliate_id="904")
    cursor = listed(srv, affiliate_id="904", limit=1)["pagination"]["nextCursor"]
    assert cursor
    for other in ({"affiliate_id": "905"}, {"affiliate_id": "904", "sortBy": "name"}, {"affiliate_id": "904", "ftd": "1"}, {}):
        answer = srv.admin("GET", LIST, query={"cursor": cursor, **other})
        assert check(answer, 400, success=False)["field"] == "cursor", other


def timeline(srv, id, **parts):
    return srv.request("GET", f"{LIST}/{id}/timeline", **{"key": srv.admin_key, **parts})


def test_what_became_of_one_person(srv):
    email, click = contact_with_click(srv, affiliate_id="906", name="Tim Line")
    contact = srv.contact(email)
    check(route7(srv, click, amount="12.5", status="approved"))
    check(srv.admin("PUT", f"{LIST}/{contact['id']}", json_body={"status": "contacted"}))
    data = check(timeline(srv, contact["id"]))["data"]
    items = data["items"]
    assert data["complete"] is True and [i["at"] for i in items] == sorted((i["at"] for i in items), reverse=True)
    of = {kind: [i for i in items if i["kind"] == kind] for kind in ("contact", "edit", "conversion", "change", "delivery")}
    conversions = {c["id"]: c for c in srv.of_click(click)}
    assert [i["id"] for i in of["contact"]] == [contact["id"]] and "906" in of["contact"][0]["text"]
    assert "contacted" in of["edit"][0]["text"]
    assert {i["id"] for i in of["conversion"]} == set(conversions)
    deliveries = {f"{c['id']}-{d['id']}": d for c in conversions.values() for d in c["deliveries"]}
    assert {i["id"] for i in of["delivery"]} == set(deliveries)
    assert all(deliveries[i["id"]]["state"] in i["text"] for i in of["delivery"])
    changes = [h for c in conversions.values() for h in c.get("history", [])]
    assert len(of["change"]) == len(changes) > 0
    assert {i["at"] for i in of["change"]} == {h["at"] for h in changes}
    assert any("amount" in i["text"] and "12.5" in i["text"] for i in of["change"]), of["change"]


def test_a_timeline_for_whom_and_of_whom(srv, net):
    email, _ = contact_with_click(srv)
    id = srv.contact(email)["id"]
    check(timeline(srv, id, key=None), 401, success=False)
    check(timeline(srv, "nonsense"), 400, success=False)
    check(timeline(srv, "0" * 24), 404, success=False)
    assert srv.admin("POST", f"{LIST}/{id}/timeline").status == 405
    assert srv.admin("GET", f"{LIST}/{id}/timeline", query={"limit": 1}).status == 400


def test_of_an_erased_person_there_is_the_erasure(srv):
    email, click = contact_with_click(srv, name="Era Sure")
    id = srv.contact(email)["id"]
    check(srv.admin("DELETE", f"{LIST}/{id}"))
    answer = timeline(srv, id)
    assert [(i["kind"], i["id"]) for i in check(answer)["data"]["items"]] == [("erasure", id)]
    assert email not in answer.body.decode() and click not in answer.body.decode()
