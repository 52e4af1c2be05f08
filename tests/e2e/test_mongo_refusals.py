"""What MongoDB refuses for good: nobody is told that it is stored, and the operator reads why, in the database's words."""
import time

import pytest

from harness import Server, new_id, wait_until

WORDS = "Document failed validation"
pytestmark = pytest.mark.bounded(120)


@pytest.fixture
def node(net, mongo, database, tmp_path):
    env = {"BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database.name,
           "BARRACUDA_DELIVERY_INLINE_WAIT": "100ms"}
    with Server(tmp_path, net, env=env) as server:
        yield server


def validate(database, collection, rule):
    database.command("collMod", collection, validator=rule)


def told(node):
    """The lines of the log that say so; they wait a moment for stderr."""
    def look():
        return [line for line in node.stderr.read_text().splitlines() if WORDS in line and '"store"' in line]
    return wait_until(look, 5, "the operator reads why", step=0.1)


def faults(node):
    body = node.get("/metrics").body
    text = body.decode() if isinstance(body, bytes) else body
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith('barracuda_faults_total{kind="store"}'))


def test_a_report_that_a_validator_refuses(node, database):
    validate(database, "conversions", {"affiliate_id": {"$ne": "bad"}})
    report = {"click_id": new_id(), "affiliate_id": "bad", "amount": 5}
    answers = [node.post("/api/ftd", report) for _ in range(5)]
    assert {answer.status for answer in answers} == {503} and all(answer.headers.get("Retry-After") for answer in answers)
    assert not any(WORDS in str(answer) for answer in answers), "no client reads the database's words"
    assert node.post("/api/ftd", {**report, "affiliate_id": "good"}).status == 200
    [line] = told(node)  # once a minute, with a count
    assert "conversions" in line
    assert faults(node) >= 5
    entries = wait_until(lambda: [e for e in node.admin("GET", "/api/admin/received").json["data"] if WORDS in str(e)], 10,
                         "the received log says why", step=0.2)
    assert len(entries) == 5


def test_an_outcome_that_a_validator_refuses(node, database, net):
    """It is tried every second, for to forget it would tell the network twice; that is said once a minute."""
    validate(database, "conversions", {"deliveries.state": {"$ne": "done"}})
    click = new_id()
    assert node.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"}).status == 202
    wait_until(lambda: faults(node) >= 3, 15, "the outcome is tried again", step=0.2)
    assert len(told(node)) == 1
    assert len(net.goals(click)) == 1
    validate(database, "conversions", {})
    wait_until(lambda: database.conversions.find_one({"click_id": click})["deliveries"][0]["state"] == "done", 10,
               "stored once the cause is gone", step=0.2)
    time.sleep(1.5)
    assert len(net.goals(click)) == 1
    assert faults(node) >= 3


@pytest.mark.parametrize("collection, ask", [
    ("contacts", lambda node: node.post("/api/contact", {"email": new_id() + "@example.com", "type": "user"})),
    ("settings", lambda node: node.admin("PUT", "/api/admin/offers/77", json_body={"id": "77", "title": "x"})),
])
def test_other_documents_alike(node, database, collection, ask):
    validate(database, collection, {"nothing": {"$exists": True}})
    answer = ask(node)
    assert answer.status == 503, answer
    lines = told(node)
    assert collection in lines[0], lines
    assert "example.com" not in "".join(lines)
