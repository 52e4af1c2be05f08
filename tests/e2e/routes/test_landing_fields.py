"""The page's form with every field wrong in every way: the complaint stands beside that field and no other, what was typed stands in its
place, nobody is stored and nobody is told; mended, the same form is taken."""
import html
import re

import pytest

from harness import new_hash, wait_until
from seven_routes import mail
from test_landing import Tags, hidden, own, text

SEEN = ("type", "name", "company", "email", "message")
GOOD = {"type": "affiliate", "name": "Jo", "company": "C", "email": "@", "message": "two\nlines"}
LONG, NUL, BAD = "x" * 4097, "a\x00b", b"a\xffb"

CASES = [
    ({"email": ""}, {"email"}), ({"email": "   "}, {"email"}), ({"email": "nobody"}, {"email"}), ({"email": "a@b@c"}, {"email"}), ({"email": "a b@c.example"}, {"email"}),
    ({"email": "a@" + "b" * 64 + ".example"}, {"email"}), ({"email": LONG}, {"email"}), ({"email": NUL}, {"email"}), ({"email": BAD}, {"email"}), ({"email": "<a@b.example>"}, {"email"}),
    ({"type": ""}, {"type"}), ({"type": "boss"}, {"type"}), ({"type": "Affiliate"}, {"type"}), ({"type": LONG}, {"type"}), ({"type": "affiliate user"}, {"type"}),
    ({"name": LONG}, {"name"}), ({"name": NUL}, {"name"}), ({"name": BAD}, {"name"}), ({"company": LONG}, {"company"}), ({"company": NUL}, {"company"}), ({"company": BAD}, {"company"}),
    ({"message": LONG}, {"message"}), ({"message": NUL}, {"message"}), ({"message": BAD}, {"message"}),
    ({"email": "", "type": "", "name": LONG, "company": LONG, "message": LONG}, set(SEEN)), ({"email": "x", "message": NUL}, {"email", "message"}),
    # What no visitor sees is to blame: said once, above the form, and left out of it.
    ({"affiliate_id": "a\tb"}, set()), ({"url_id": "x" * 1025}, set()), ({"sub2": LONG}, set()), ({"sub3": NUL}, set()), ({"trackingSource": LONG}, set()), ({"username": LONG}, set()),
    ({"messenger": BAD}, set()), ({"affiliate_id": "a\tb", "email": "x"}, {"email"})]


def post(srv, form, **query):
    body = "&".join(f"{name}=" + "".join(f"%{byte:02x}" for byte in (value if isinstance(value, bytes) else value.encode())) for name, value in form.items())
    return srv.request("POST", "/api/contact", query={"lang": "en", **query}, body=body, headers={**own(srv), "Content-Type": "application/x-www-form-urlencoded"})


def total(srv):
    return srv.admin("GET", "/api/admin/contacts", query={"limit": 1}).json["pagination"]["total"], srv.page(limit=1)["pagination"]["total"]


@pytest.mark.parametrize("change,blamed", CASES, ids=lambda value: repr(sorted(value) if isinstance(value, set) else value)[:60])
def test_a_complaint_stands_beside_its_field(srv, net, change, blamed):
    email = mail()
    good = {name: email if value == "@" else value for name, value in GOOD.items()}
    before, calls = total(srv), len(net.calls)
    answer = post(srv, {**good, **change})
    assert answer.status == 400, answer
    page = text(answer)
    controls = {a.get("name"): a for tag, a in Tags(page).all if tag in ("input", "textarea") and a.get("name") in SEEN and a.get("type") != "radio"}
    assert {name for name in SEEN if f'id="w-{name}"' in page} == blamed
    assert {name for name, a in controls.items() if a.get("aria-invalid") == "true"} == blamed - {"type"}
    assert all(a.get("aria-describedby") == f"w-{name}" for name, a in controls.items() if name in blamed)
    focused = [a.get("name") for _, a in Tags(page).all if "autofocus" in a]
    assert len(focused) <= 1 and set(focused) <= blamed, "the first that is wrong has the focus"
    assert ('role="alert"' in page) == (not blamed), "what is beside no field stands above the form"
    for name in set(SEEN) - {"type", "message"} - set(change):
        assert controls[name]["value"] == good[name], "what was right is not typed again"
    if "message" not in change:
        assert re.search(r"<textarea[^>]*>\n" + html.escape(good["message"]) + "</textarea>", page)
    assert not set(hidden(page)) & {name for name in change if name not in SEEN}, "what was wrong unseen is not sent again"
    assert total(srv) == before and len(net.calls) == calls, "nobody is stored, nobody is told"


@pytest.mark.parametrize("change", [{"email": "x"}, {"type": "", "name": LONG}, {"affiliate_id": "a\tb"}], ids=str)
def test_mended_it_is_taken(srv, change):
    """The page that came back, with the complaints seen to: as a visitor sends it the second time."""
    email, click = mail(), new_hash()
    good = {**GOOD, "email": email, "sub1": click, "sub2": "kept & sent"}
    page = text(post(srv, {**good, **change}))
    kept = hidden(page)
    assert kept["sub1"] == click and kept["sub2"] == "kept & sent"
    typed = {name: good[name] for name in SEEN}
    answer = post(srv, {**kept, **typed})
    assert answer.status == 303 and answer.headers["Location"] == "/thanks?type=affiliate&lang=en", answer
    contact = srv.contact(email)
    assert (contact["name"], contact["company"], contact["sub2"]) == ("Jo", "C", "kept & sent")
    wait_until(lambda: srv.of_click(click, "5"), 20, "the registration")


@pytest.mark.parametrize("lang", ["de", "en"])
def test_complaints_are_in_the_pages_language(srv, lang):
    pages = {name: text(post(srv, {**GOOD, "email": mail(), name: LONG if name in ("name", "company", "message") else ""}, lang=lang)) for name in SEEN}
    said = {name: html.unescape(re.search(rf'id="w-{name}">.*?<span>([^<]+)</span></span>', page, re.S).group(1)) for name, page in pages.items()}
    assert all(f'<html lang="{lang}">' in page for page in pages.values())
    assert len(set(said.values())) == 3, "too long is said alike of the three; missing of each in its own words"
    other = text(post(srv, {**GOOD, "email": ""}, lang={"de": "en", "en": "de"}[lang]))
    assert said["email"] not in html.unescape(other)


def test_the_same_form_by_a_script_names_the_same_field(srv):
    """One judgement for the page and for JSON: the first field that the page complains of is the one that a script is told."""
    for change, blamed in CASES:
        if any(isinstance(value, bytes) for value in change.values()):
            continue
        good = {name: mail() if value == "@" else value for name, value in GOOD.items()}
        answer = srv.post("/api/contact", {**good, **change})
        assert answer.status == 400 and answer.json["success"] is False, (change, answer)
        assert answer.json["field"] in (blamed or set(change)), (change, answer)
