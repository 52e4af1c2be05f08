"""The pages for strangers: `/` with the contact form, `/thanks`, and route 2 as a page of ours posts it."""
import html
import re
import urllib.parse
from html.parser import HTMLParser

import pytest

from harness import Server, new_hash, request, wait_until
from seven_routes import mail

PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9"}


def own(srv):
    """As a browser posts our own page's form."""
    return {**PAGE, "Origin": f"http://127.0.0.1:{srv.port}", "Referer": f"http://127.0.0.1:{srv.port}/"}


class Tags(HTMLParser):
    """The page as a browser takes it: [(tag, {attribute: value})]."""

    def __init__(self, page):
        super().__init__()
        self.all = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.all.append((tag, dict(attrs)))


def hidden(page):
    """-> {name: value} of what the form hands on unseen."""
    return {a["name"]: a["value"] for tag, a in Tags(page).all if tag == "input" and a.get("type") == "hidden"}


def text(answer):
    """The page, of which nothing runs."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8", answer
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "script-src" not in policy and "unsafe" not in policy
    page = answer.body.decode()
    for tag, attributes in Tags(page).all:
        assert tag not in ("script", "style", "iframe", "base") and not [n for n in attributes if n == "style" or n.startswith("on")], (tag, attributes)
    return page


def test_tracking_parameters_become_a_conversion(srv, net):
    click, email = new_hash(), mail()
    page = text(srv.request("GET", "/", query={"sub1": click, "affiliate_id": "204", "url_id": "9", "sub2": "nl & co", "more": "x"}, headers=PAGE))
    kept = hidden(page)
    assert kept == {"sub1": click, "affiliate_id": "204", "url_id": "9", "sub2": "nl & co"}
    form = {**kept, "type": "affiliate", "name": "Jo & Söhne", "email": email, "company": "", "message": "two\r\nlines"}
    answer = srv.request("POST", "/api/contact?lang=de", form=form, headers=own(srv))
    assert answer.status == 303 and answer.headers["Location"] == "/thanks?type=affiliate&lang=de" and answer.body == b"", answer
    thanks = text(srv.request("GET", answer.headers["Location"], headers=PAGE))
    assert 'lang="de"' in thanks and "Danke" in thanks
    stored = wait_until(lambda: srv.of_click(click, "5"), 10, "the registration")[0]
    assert stored["affiliate_id"] == "204" and stored["provenance"] == "form" and stored["sub2"] == "nl & co"
    contact = srv.contact(email)
    assert contact["name"] == "Jo & Söhne" and contact["message"] == "two\r\nlines" and contact["url_id"] == "9"


def test_a_fault_stands_beside_its_field(srv):
    form = {"type": "boss", "name": "n" * 5000, "company": "C", "email": "a@b@c", "message": "</textarea><b>", "sub1": "s", "affiliate_id": "7"}
    answer = srv.request("POST", "/api/contact?lang=en", form=form, headers=own(srv))
    assert answer.status == 400
    page = text(answer)
    for name in ("name", "email", "type"):
        assert f'id="w-{name}"' in page, name
    assert 'id="w-company"' not in page and 'role="alert"' not in page
    assert 'value="a@b@c"' in page and "&lt;/textarea&gt;&lt;b&gt;</textarea>" in page and page.count("n" * 5000) == 1
    assert hidden(page) == {"sub1": "s", "affiliate_id": "7"}
    assert not [c for c in srv.admin("GET", "/api/admin/contacts", query={"search": "a@b@c"}).data]
    # A script is told the field's name.
    answer = srv.post("/api/contact", {"type": "affiliate", "email": "a@b@c"})
    assert answer.status == 400 and answer.json["field"] == "email" and answer.message.startswith("email ")


def test_a_known_address_and_an_empty_form(srv):
    email = mail()
    form = {"type": "publisher", "name": "", "company": "", "email": email, "message": ""}
    assert srv.request("POST", "/api/contact", form=form, headers=own(srv)).headers["Location"] == "/thanks?type=other&lang=en"
    again = srv.request("POST", "/api/contact", form=form, headers=own(srv))
    assert again.status == 409 and 'id="w-email"' in text(again) and "before" in text(again)
    empty = srv.request("POST", "/api/contact", form={}, headers=own(srv))
    assert empty.status == 400 and 'id="w-email"' in text(empty) and 'id="w-type"' in text(empty)
    bad = srv.request("POST", "/api/contact", body=b"{", headers={**own(srv), "Content-Type": "application/json"})
    assert bad.status == 400 and 'role="alert"' in text(bad)


def test_who_may_post(srv):
    """Our own page may, by whatever its browser says of itself; another site's may not, and is told so as a page."""
    ours, form = f"http://127.0.0.1:{srv.port}", {"type": "user", "email": ""}
    for headers in ({"Origin": ours}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {}):
        assert srv.request("POST", "/api/contact", form=form, headers={**PAGE, **headers}).status == 400, headers
    for headers in ({"Origin": "null"}, {"Origin": "http://shop.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = srv.request("POST", "/api/contact", form={**form, "email": mail()}, headers={**PAGE, **headers})
        assert answer.status == 403 and 'role="alert"' in text(answer), headers
    assert srv.request("GET", "/", headers=PAGE).headers["Referrer-Policy"] == "same-origin", "else our Origin were null"


@pytest.mark.parametrize("value", ["{click_id}", "undefined", "a\x07b", "%ff", "9" * 2000], ids=["macro", "placeholder", "control", "no text", "long"])
def test_a_trackers_slip_loses_no_visitor(srv, value):
    query = f"/?affiliate_id={urllib.parse.quote(value, safe='%')}&affiliate_id=7&sub3=kept"
    page = text(srv.request("GET", query, headers=PAGE))
    assert hidden(page) == {"sub3": "kept"}
    form = {**hidden(page), "type": "user", "email": mail()}
    assert srv.request("POST", "/api/contact", form=form, headers=own(srv)).status == 303


HOSTILE = ["<script>harmed=1</script>", "\"><img src=x onerror=harmed=1>", "' onfocus=harmed=1 '", "</textarea></form><b>", "\u202e31 &amp; &lt;"]


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_text_is_text(srv, said):
    page = text(srv.request("GET", "/", query={"sub2": said, "trackingSource": said, "lang": said}, headers=PAGE))
    assert hidden(page) == {"sub2": said, "trackingSource": said}
    names = ("name", "company", "email", "message", "type", "sub2", "sub3")
    page = text(srv.request("POST", "/api/contact", query={"lang": said}, form=dict.fromkeys(names, said), headers={**own(srv), "Accept-Language": said.encode("ascii", "ignore").decode()}))
    assert hidden(page) == {"sub2": said, "sub3": said}
    typed = {a.get("name"): a.get("value") for _, a in Tags(page).all}
    assert [typed[name] for name in ("name", "company", "email")] == [said] * 3
    assert html.escape(said, quote=True).replace("&#x27;", "&#39;") + "</textarea>" in page


def test_languages(srv):
    for accept, tag in (("de-AT,de;q=0.9,en;q=0.5", "de"), ("fr", "en"), ("en, de;q=0.9", "en")):
        page = text(srv.request("GET", "/?sub1=a%26b", headers={**PAGE, "Accept-Language": accept}))
        assert f'<html lang="{tag}">' in page
        other = {"de": "en", "en": "de"}[tag]
        link = html.unescape(re.search(rf'<a href="([^"]*)" hreflang="{other}"', page).group(1))
        assert link == f"/?sub1=a%26b&lang={other}"
        assert f'<html lang="{other}">' in text(srv.request("GET", link, headers={**PAGE, "Accept-Language": accept}))


def test_its_files(srv):
    page = text(srv.request("GET", "/"))
    style = re.search(r'href="(/landing\.css\?v=[0-9a-f]+)"', page).group(1)
    answer = srv.request("GET", style)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8" and "immutable" in answer.headers["Cache-Control"]
    assert b"--accent:" in answer.body and b".join" in answer.body
    logo = srv.request("GET", re.search(r'src="(/landing-logo\?v=[0-9a-f]+)"', page).group(1))
    assert logo.headers["Content-Type"] == "image/svg+xml" and "sandbox" in logo.headers["Content-Security-Policy"]
    assert srv.request("HEAD", "/").body == b"" and srv.request("POST", "/").status == 405


def test_settings_say_what_is_there(net, tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"\x89PNG")
    env = {"BARRACUDA_LANDING_NAME": "North <b>", "BARRACUDA_LANDING_TITLE": "Join us", "BARRACUDA_LANDING_LANGUAGE": "de",
           "BARRACUDA_LANDING_LOGO": str(logo), "BARRACUDA_LANDING_COLOURS": "#102030,#ffee00", "BARRACUDA_FORMS_NOTE": "We ring you",
           "BARRACUDA_LANDING_PRIVACY_URL": "https://north.example/privacy"}
    with Server(tmp_path / "a", net, env=env) as srv:
        page = text(srv.request("GET", "/", headers={"Accept-Language": "en"}))
        assert "North &lt;b&gt;" in page and "Join us" in page and '<html lang="de">' in page and "https://north.example/privacy" in page
        assert srv.request("GET", "/landing-logo").body == b"\x89PNG"
        assert b"#ffee00" in srv.request("GET", "/landing.css").body
        assert "We ring you" in text(srv.request("GET", "/thanks", query={"type": "agency"}))


def test_where_it_is_off(net, tmp_path):
    with Server(tmp_path / "a", net, env={"BARRACUDA_LANDING_PAGE": "false"}) as srv:
        assert srv.request("GET", "/").status in (200, 302) and b"<form" not in srv.request("GET", "/").body
        assert srv.request("GET", "/thanks").status == 404
        answer = srv.request("POST", "/api/contact", form={"type": "user", "email": mail()}, headers=own(srv))
        assert answer.status == 200 and answer.json["success"], "as ever"


def test_a_logo_that_is_none(net, tmp_path):
    srv = Server(tmp_path / "a", net, env={"BARRACUDA_LANDING_LOGO": str(tmp_path / "no.png")}, start=False, keys=False)
    with pytest.raises(AssertionError):
        srv.start(seconds=5)
    assert "landing.logo: cannot read file" in srv.log_tail()


def test_too_many(net, tmp_path):
    with Server(tmp_path / "a", net, env={"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "1"}) as srv:
        form = {"type": "user", "email": mail()}
        answers = [srv.request("POST", "/api/contact", form=form, headers=own(srv)) for _ in range(12)]
        late = [one for one in answers if one.status == 429]
        assert late and 'role="alert"' in text(late[0]) and int(late[0].headers["Retry-After"]) > 0
        assert request(srv.port, "GET", "/").status == 200
