"""Ids as senders really write them: blanks and characters nobody sees, macros, placeholders, long ones. One sale stays one
sale on every route, and no sale of many is lost in one."""
import re
from urllib.parse import quote

import pytest

from harness import Server, new_hash, new_id, to_json, wait_until
from seven_routes import KEYED, check, mail, route1, route4, route5, route6, route7

ROUTES = {**KEYED, "7": route7}
UNSEEN = [" ", "\t", "\n", "\r\n", "\u0085", "\u00a0", "\u00ad", "\u034f", "\u061c", "\u115f", "\u1680", "\u17b4", "\u180e",
          "\u2003", "\u200b", "\u200e", "\u2028", "\u202e", "\u202f", "\u205f", "\u2060", "\u3000", "\u3164", "\ufe0f", "\ufeff",
          "\uffa0", "\ufff0", "\U0001bca0", "\U0001d173", "\U000e0001", " \u200b\t\ufeff "]
INSIDE = [c for c in UNSEEN if c.strip(" ")] + ["\u0001", "\u001f", "\u007f", "\u0080", "\u009f"]
MACROS = ["{x}", "{{x}}", "${x}", "#x#", "##x##", "[x]", "%x%", "<x>", "$x", "__X__", "__CLICK_ID__", "{{ click.id }}"]
PLACEHOLDERS = ["undefined", "null", "none", "nil", "nan", "[object Object]", "Undefined", "NULL", "None", "NaN"]
HASH_OF = {"1": "click_hash"}


def written(value):
    """As it is, with blanks around it, and percent-encoded once more on the way."""
    encoded = quote(value, safe="")
    return {value, f" {value} ", f"\u200b{value}\u00a0", encoded, f"+{encoded}+", quote(f" {value} ", safe="")}


STAND_INS = [(text, word) for values, word in ((MACROS, "macro"), (PLACEHOLDERS, "placeholder")) for value in values
             for text in sorted(written(value))]


def total(srv):
    return srv.page(limit=1)["pagination"]["total"]


def ignored_values(srv):
    return int(re.search(rb"^barracuda_ignored_values_total (\d+)$", srv.get("/metrics").body, re.M).group(1))


@pytest.mark.parametrize("route", list(ROUTES))
def test_a_blank_makes_no_second_sale(srv, route):
    click = new_id()
    check(ROUTES[route](srv, click), verdict="recorded", duplicate=False)
    before = total(srv)
    for unseen in UNSEEN:
        for other in (unseen + click, click + unseen, unseen + click + unseen):
            answer = ROUTES[route](srv, other)
            assert answer.status == 200 and answer.json["verdict"] in ("duplicate", "updated"), (repr(other), answer)
    assert total(srv) == before
    assert [c["click_id"] for c in srv.of_click(click)] == [click]


@pytest.mark.parametrize("route", list(ROUTES))
def test_what_is_stored_has_no_blank_at_its_ends(srv, route):
    click, n = new_id(), 0
    for field in ("affiliate_id", "offer_id", "advertiser_id", "offer_url_id", "transaction_id", "sub1"):
        click = new_id()
        if route == "7" and field == "affiliate_id":
            continue  # named by the helper
        check(ROUTES[route](srv, click, **{field: "\ufeff\u00a0 a b\u200b\n"}), verdict="recorded")
        stored = srv.conversion(click)
        assert stored[field] == "a b", field
        n += 1
    assert n >= 5


def test_a_goal_with_a_blank_is_the_goal(srv):
    click = new_id()
    check(route1(srv, click, goal="6"), verdict="recorded")
    check(route1(srv, click, goal="6 "), verdict="duplicate")
    check(route1(srv, click, goal="\u200b6"), verdict="duplicate")
    check(route7(srv, click, goal_id=" 6\u00a0"), verdict="updated")
    check(route4(srv, click, goal_id="6 "), duplicate=True)
    assert len(srv.of_click(click)) == 1


@pytest.mark.parametrize("route", list(ROUTES))
def test_inside_only_a_plain_blank_stands(srv, route):
    before, name = total(srv), HASH_OF.get(route, "click_id")
    for character in INSIDE:
        answer = check(ROUTES[route](srv, f"a{character}b"), 400, success=False)
        assert answer["message"].startswith(name), (repr(character), answer)
        answer = check(ROUTES[route](srv, new_id(), offer_id=f"a{character}b"), 400, success=False)
        assert answer["message"].startswith("offer_id"), repr(character)
    assert total(srv) == before
    click = new_id() + " b"
    check(ROUTES[route](srv, click), verdict="recorded")
    assert srv.conversion(click)["click_id"] == click


@pytest.mark.parametrize("route", list(ROUTES))
def test_stand_ins_are_refused_by_name(srv, route):
    before = total(srv)
    for text, word in STAND_INS:
        name = HASH_OF.get(route, "click_id")
        message = check(ROUTES[route](srv, text), 400, success=False)["message"]
        assert message.startswith(name) and word in message, (text, message)
    for name in ("affiliate_id", "offer_id", "advertiser_id", "offer_url_id", "transaction_id"):
        for text, word in STAND_INS[::7]:
            body = {name: text}
            answer = (srv.admin("POST", "/api/admin/conversions", json_body={
                "click_id": new_id(), "affiliate_id": "7", "goal_id": "6", "goal_type": "deposit", **body})
                if route == "7" else ROUTES[route](srv, new_id(), **body))
            message = check(answer, 400, success=False)["message"]
            assert message.startswith(name) and word in message, (text, message)
    assert total(srv) == before


def test_stand_ins_as_goals(srv):
    for text, word in STAND_INS[::5]:
        assert word in check(route1(srv, new_id(), goal=text), 400, success=False)["message"]
        assert word in check(route7(srv, new_id(), goal_id=text), 400, success=False)["message"]


def test_a_macro_as_it_stands_in_a_url(srv):
    for macro in ("%click_id%", "%ad_id%", "%cafe%", "{click_id}", "%257Bclick_id%257D", "%7Bclick_id%7D", "+%7Bx%7D+", "__CLICKID__",
                  "%5Bobject%20Object%5D", "[object+Object]"):
        answer = srv.request("GET", f"/api/postback?affiliate_id=7&goal=deposit&click_id={macro}")
        assert answer.status == 400 and re.search("macro|placeholder", answer.json["message"]), (macro, answer)


@pytest.mark.parametrize("route", list(ROUTES))
def test_what_merely_looks_like_one_stays_an_id(srv, route):
    for text in ("nones", "nullable", "undefined1", "a{x}", "{x}a", "_x_", "5%", "a%41", "$5 off", "N/A", "0", "banana"):
        click = f"{text}"
        answer = ROUTES[route](srv, click)
        assert answer.status in (200, 202), (text, answer)


@pytest.mark.parametrize("route", list(ROUTES))
def test_sub1_is_never_a_reason_to_refuse(srv, route):
    counted = ignored_values(srv)
    kept = {"a\tb": "a\tb", "x" * 4096: "x" * 4096, " \ufeffy ": "y", "plain": "plain"}
    dropped = [text for text, _ in STAND_INS[::9]] + (["x" * 4097] if route != "5" else [])
    if route != "5":
        dropped += [["a"], {"a": 1}, True, "a\u0000b"]
    for value in list(kept) + dropped:
        click = new_id()
        if route == "5" and len(value) > 4000:
            value = kept[value] if value in kept else value
        answer = check(ROUTES[route](srv, click, sub1=value), verdict="recorded")
        stored = srv.conversion(click)
        if isinstance(value, str) and value in kept:
            assert stored["sub1"] == kept[value]
        else:
            assert "sub1" not in stored, (value, answer)
    assert ignored_values(srv) == counted + len(dropped)


@pytest.mark.parametrize("path", ["/api/contact", "/api/register"])
def test_a_form_loses_no_visitor_to_a_trackers_slip(srv, path):
    for text, _ in STAND_INS[::4]:
        counted, email = ignored_values(srv), mail()
        body = {"email": email, "type": "affiliate", "name": "N", "company": "C", "sub1": text, "affiliate_id": text,
                "url_id": text, "campaignId": text}
        answer = check(srv.post(path, body, query={"explain": 1}))
        assert sorted(answer["ignored"]) == ["affiliate_id", "campaignId", "sub1", "url_id"], text
        assert ignored_values(srv) == counted + 4
        assert answer["data"]["affiliateId"] == "2", "as if it were absent"
        contact = srv.contact(email)
        assert text not in (contact.get("sub1"), contact.get("affiliate_id"), contact.get("url_id"))
    for sub1 in ("x" * 4097, ["a"], {"a": 1}, True, "a\u0000"):
        check(srv.post(path, {"email": mail(), "type": "user", "name": "N", "company": "C", "sub1": sub1}))


def test_a_forms_click_is_trimmed(srv):
    click, email = new_hash(), mail()
    data = check(srv.post("/api/contact", {"email": f" {email}\u200b", "type": "affiliate", "sub1": f" {click}\ufeff"}))["data"]
    assert data["clickId"] == click and data["sub1"] == click
    check(srv.post("/api/contact", {"email": email, "type": "user"}), 409, success=False)
    check(route4(srv, click + " ", amount=250), verdict="updated", duplicate=False)
    wait_until(lambda: srv.contact(email)["ftd_amount"] == 250, 10, "the contact follows")


def test_a_hash_too_long_for_an_id_is_no_click(srv):
    data = check(srv.post("/api/contact", {"email": mail(), "type": "user", "sub1": "a" * 2000}))["data"]
    assert data["clickId"] and data["clickId"] != "a" * 2000


@pytest.mark.parametrize("route", list(ROUTES))
def test_long_ids(srv, route):
    click = new_id() + "x" * 1000
    click += "y" * (1024 - len(click))
    check(ROUTES[route](srv, click), verdict="recorded", duplicate=False)
    check(ROUTES[route](srv, f" {click} "), duplicate=True if route != "7" else None)
    assert srv.conversion(click)["click_id"] == click
    message = check(ROUTES[route](srv, click + "z"), 400, success=False)["message"]
    assert "1024 bytes" in message and HASH_OF.get(route, "click_id") in message
    umlauts = new_id() + "ü" * 480
    check(ROUTES[route](srv, umlauts), verdict="recorded")
    assert srv.conversion(umlauts)["click_id"] == umlauts


def test_long_ids_everywhere_else(srv):
    long = new_id() + "x" * 1000
    for i in range(5):
        check(route7(srv, f"{long}-{i}", offer_id=long, transaction_id=long))
    body = {"click_id": f"{long}-a", "affiliate_id": long, "goal_id": "6", "goal_type": "deposit"}
    check(srv.admin("POST", "/api/admin/conversions", json_body=body), verdict="recorded")
    check(srv.admin("POST", "/api/admin/conversions", json_body={**body, "click_id": f"{long}-b"}), verdict="recorded")
    seen, cursor = [], None
    while cursor or not seen:  # by cursor, through an index whose every part is long
        page = srv.page(affiliate_id=long, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [c["click_id"] for c in page["data"]]
        cursor = page["pagination"]["nextCursor"]
    assert sorted(seen) == [f"{long}-a", f"{long}-b"]
    assert len(srv.conversions(search=long)) == 7
    check(route6(srv, f"{long}-c"))
    check(srv.admin("GET", "/api/admin/deliveries", query={"click_id": f" {long}-c\u200b"}))
    listed = srv.admin("GET", "/api/admin/deliveries", query={"click_id": f" {long}-c\u200b"}).json["data"]
    assert [d["click_id"] for d in listed] == [f"{long}-c"]


def test_filters_and_paths_trim_as_reports_do(srv):
    click, affiliate = new_id(), new_id("a")
    body = {"click_id": click, "affiliate_id": affiliate, "goal_id": "6", "goal_type": "deposit"}
    check(srv.admin("POST", "/api/admin/conversions", json_body=body), verdict="recorded")
    for blank in (" ", "\u200b", "\ufeff", "\u00a0\t"):
        for query in ({"search": blank + click + blank}, {"affiliate_id": affiliate + blank}, {"search": blank + click[:-1]}):
            assert [c["click_id"] for c in srv.page(**query)["data"]] == [click], query
        for name in ("click_id", "goal_id", "by"):
            value = {"click_id": click, "goal_id": "6", "by": "key:admin"}[name]
            answer = srv.admin("GET", "/api/admin/received", query={name: blank + value + blank, "limit": 1})
            assert answer.status == 200, answer
        assert srv.admin("GET", "/api/admin/received", query={"click_id": click + blank}).json["data"], "the received log, too"
        assert srv.admin("GET", "/api/admin/goals/" + quote(blank + "6" + blank)).data["id"] == "6"


def test_a_key_is_bound_to_what_reports_name(net, tmp_path):
    with Server(tmp_path, net, ingest="key") as server:
        key = server.create_key("ingest", affiliate=" 7\u00a0", name="padded")
        for affiliate in ("7", " 7", "7\u200b"):
            check(server.post("/api/ftd", {"click_id": new_id(), "affiliate_id": affiliate, "amount": 1}, key=key), verdict="recorded")
        check(server.post("/api/ftd", {"click_id": new_id(), "affiliate_id": "8", "amount": 1}, key=key), 403, success=False)


def test_ids_of_goals_and_offers_are_text_or_whole_numbers(srv):
    for number in ("7.0", "1e3", "2.5e-42", "true", "[]", "{}"):
        for path, more in (("/api/admin/goals", '"type":"other"'), ("/api/admin/offers", '"title":"t"')):
            answer = srv.admin("POST", path, body=f'{{"id":{number},{more}}}', headers={"Content-Type": "application/json"})
            assert answer.status == 400 and answer.json["field"] == "id", answer
        for field in ("goals", "networks"):
            answer = srv.admin("POST", "/api/admin/offers", body=f'{{"id":"o1","{field}":[{number}]}}')
            assert answer.status == 400 and answer.json["field"] == f"{field}[0]", answer
    for word in ("undefined", "none", "__X__"):
        assert srv.admin("POST", "/api/admin/goals", json_body={"id": word, "type": "other"}).status == 400
    big = "12345678901234567890123"
    made = srv.admin("POST", "/api/admin/goals", body=f'{{"id":{big},"type":"other"}}')
    assert made.status == 200 and made.data["id"] == big, made
    made = srv.admin("POST", "/api/admin/offers", json_body={"id": " off-1\u200b", "goals": [big, " 6 "]})
    assert made.status == 200 and made.data["id"] == "off-1" and made.data["goals"] == [big, "6"], made
    assert srv.admin("POST", "/api/admin/offers", json_body={"id": "o2", "title": 5}).json["field"] == "title"


def test_the_networks_click_is_trimmed_and_may_be_long(srv, net):
    """to_json and the mock give the network's words; a long click id is the key that its reports name."""
    assert to_json("x") == '"x"'
    email = mail()
    data = check(srv.post("/api/contact", {"email": email, "type": "affiliate", "sub1": "no hash"}))["data"]
    click = data["clickId"]
    check(route5(srv, f" {click}\u200b", amount=19), verdict="updated", duplicate=False)
    assert len(srv.of_click(click, "6")) == 1
