"""POST /api/admin/erasures and `barracuda erase`: a person, found by an e-mail or a click id (docs/operating/privacy.md)."""
import pytest

from harness import STORE, Server, new_hash, new_id
from persons import PERSON, VISITOR, WORDS, found_in, in_answers, in_database, in_files, is_nowhere, settled
from seven_routes import check

ERASURES = "/api/admin/erasures"


@pytest.fixture
def srv(net, tmp_path):
    with Server(tmp_path, net) as server:
        yield server
    with net.lock:
        net.created_more = {}


def visit(srv, click, **more):
    """Two conversions of a visitor whom no contact names; the networks are told of the second."""
    ftd = {"click_id": click, "affiliate_id": "7", "amount": 250, "sub3": PERSON["username"], **VISITOR}
    check(srv.post("/api/ftd", ftd))
    created = {"click_hash": click, "goal_type_id": "5", "affiliate_id": "7", "sub2": "mail:" + PERSON["email"], **VISITOR, **more}
    check(srv.request("POST", "/api/private/conversions", json_body=created))


def facts(srv, click):
    return [(c["goal_id"], c["amount"], c["status"], c["affiliate_id"], c["provenance"]) for c in srv.of_click(click)]


def test_a_click_without_a_contact_is_erased(srv, net):
    click, other = new_hash(), new_hash()
    with net.lock:
        net.created_more = {"client": {"mail": PERSON["email"]}}
    visit(srv, click)
    kept = {"click_id": other, "affiliate_id": "7", "amount": 5, "ip_address": "192.0.2.5", "sub3": "stays"}
    check(srv.post("/api/ftd", kept))
    settled(srv)
    before = facts(srv, click)
    assert len(before) == 2
    dry = srv.admin("POST", ERASURES, query={"dry_run": 1}, json_body={"click_id": click})
    check(dry)
    assert dry.data == {"dryRun": True, "contacts": [], "conversions": 2, "deliveries": 1}
    # Control: they are where they are looked for, and a dry run took nothing.
    assert set(in_answers(srv, WORDS)) >= {"/api/admin/conversions"} and in_files(srv.data, WORDS)
    assert STORE != "mongodb" or in_database(srv, WORDS)
    done = srv.admin("POST", ERASURES, json_body={"click_id": click})
    check(done)
    assert done.data == {**dry.data, "dryRun": False}
    is_nowhere(srv)
    assert facts(srv, click) == before, "what happened stays"
    assert [(c["ip_address"], c["sub3"]) for c in srv.of_click(other)] == [("192.0.2.5", "stays")], "another's click does"
    again = srv.admin("POST", ERASURES, json_body={"click_id": click})
    check(again)
    assert (again.data["conversions"], again.data["deliveries"]) == (0, 0)


def test_an_email_is_found_by_its_contact_alone(srv, net):
    """The command, in another case of letters, with a conversion that says the e-mail and has no contact."""
    click, sale = new_hash(), new_id("SALE")
    check(srv.post("/api/ftd", {"click_id": sale, "affiliate_id": "7", "amount": 2, "sub4": "w@nowhere.example"}))
    check(srv.post("/api/contact", {**PERSON, "type": "affiliate", "sub1": click, "affiliate_id": "7"}))
    visit(srv, click)
    settled(srv)
    before, contact = facts(srv, click), srv.contact(PERSON["email"])["id"]
    dry = srv.command("erase", "--email", PERSON["email"].upper(), "--dry-run")
    assert f"contact {contact}\n" in dry.stdout and " would lose " in dry.stdout and "nothing is erased" in dry.stderr, dry
    assert found_in(srv.admin("GET", "/api/admin/contacts").body, WORDS), "control"
    missing = srv.admin("POST", ERASURES, json_body={"email": "w@nowhere.example"})
    check(missing, 404, success=False)
    assert "e-mail" in missing.message and "click_id" in missing.message, missing
    refused = srv.command("erase", "--email", "w@nowhere.example", check=False)
    assert refused.returncode == 1 and refused.stdout == "" and "--click" in refused.stderr, refused
    done = srv.command("erase", "--email", PERSON["email"].upper())
    assert f"contact {contact}\n" in done.stdout and " lost " in done.stdout, done
    is_nowhere(srv)
    assert facts(srv, click) == before and srv.conversion(sale)["sub4"] == "w@nowhere.example"
    check(srv.admin("GET", "/api/admin/contacts/" + contact), 404, success=False)


def test_a_click_takes_its_own_contacts_along(srv, net):
    """By the click's hash: the contact whose click it is goes; one that merely named it in a form stays."""
    sale, click = new_id("SALE"), new_hash()
    check(srv.post("/api/contact", {**PERSON, "type": "affiliate", "sub1": click, "affiliate_id": "7"}))
    check(srv.post("/api/contact", {"email": "named@mail.example", "name": "Nora", "type": "user", "sub1": sale}))
    visit(srv, sale)
    settled(srv)
    own = srv.contact(PERSON["email"])
    done = srv.admin("POST", ERASURES, json_body={"click_id": sale})
    check(done)
    assert done.data["contacts"] == [] and srv.contact("named@mail.example")["name"] == "Nora"
    done = srv.admin("POST", ERASURES, json_body={"click_id": click})
    check(done)
    assert done.data["contacts"] == [own["id"]]
    is_nowhere(srv)
    pair = srv.admin("POST", ERASURES, query={"dry_run": "true"}, json_body={"click_id": own["click_id"]})
    check(pair)  # its pair is kept without a contact


def test_an_erasure_names_one_person(srv, net):
    click = new_id("SALE")
    check(srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 2, **VISITOR}))
    for body, field in (({}, "email"), ({"email": " "}, "email"), ({"email": "a@b.example", "click_id": click}, "email"),
                        ({"clickId": click}, "clickId"), ({"click_id": ["x"]}, "click_id"), ({"click_id": click, "dry_run": 1}, "dry_run")):
        answer = srv.admin("POST", ERASURES, json_body=body)
        check(answer, 400, success=False)
        assert answer.json["field"] == field, answer
    for query in ({"dry_run": "yes"}, {"dry_run": ""}, {"dryRun": 1}):
        check(srv.admin("POST", ERASURES, query=query, json_body={"click_id": click}), 400, success=False)
    answer = srv.admin("POST", ERASURES, json_body={"click_id": click + "x"})
    check(answer, 404, success=False)
    assert "click_id" in answer.message
    assert srv.conversion(click)["ip_address"] == VISITOR["ip_address"], "nothing of it erased anything"


def test_a_command_without_a_server_erases_from_the_files_too(srv, net):
    click = new_hash()
    visit(srv, click)
    settled(srv)
    before = facts(srv, click)
    srv.stop()
    assert in_files(srv.data, WORDS) or in_database(srv, WORDS), "control"
    assert "lost" in srv.command("erase", "--click", click).stdout
    assert not in_files(srv.data, WORDS) and not in_database(srv, WORDS), "no server has run since"
    srv.start()
    assert facts(srv, click) == before
    is_nowhere(srv)
