"""A made-up person, and where a trace of anybody is looked for: files, the database, answers of the API."""
import base64
import json
import os
import urllib.parse

from harness import STORE, wait_until

PERSON = {"email": "Zephyrine.Quill@Canary-Mail.example", "name": "Zephyrine Quillfeather", "company": "Obsidian Wombat",
          "messenger": "@zephyquill", "username": "quillzephy", "message": "please ring my zither bell"}
VISITOR = {"ip_address": "198.51.100.77", "user_agent": "CanaryBrowser/9.9", "metadata": {"card": "canary-metadata-text"}}
WORDS = [*PERSON.values(), "198.51.100.77", "CanaryBrowser", "canary-metadata-text"]
MARKED_MAX_S = 40  # docs/operating/privacy.md: a minute


def spellings(word):
    """How it may stand somewhere, in lower case."""
    plain = [word, urllib.parse.quote(word, safe=""), urllib.parse.quote_plus(word), json.dumps(word)[1:-1],
             json.dumps(word)[1:-1].replace("/", "\\/"), base64.b64encode(word.encode()).decode().rstrip("=")]
    return {text.lower().encode() for text in plain}


def found_in(data, words):
    low = data.lower()
    return [word for word in words if any(text in low for text in spellings(word))]


def in_files(directory, words):
    """-> {file: words}."""
    found = {}
    for path in sorted(directory.rglob("*")):
        try:
            here = found_in(path.read_bytes(), words) if path.is_file() else []
        except FileNotFoundError:
            continue  # the store took it away
        if here:
            found[str(path.relative_to(directory))] = here
    return found


def in_database(srv, words):
    if STORE != "mongodb":
        return {}
    import bson
    import pymongo
    database = pymongo.MongoClient(os.environ["BARRACUDA_TEST_MONGODB"])[srv.database]
    found = {name: found_in(b"".join(map(bson.encode, database[name].find())), words) for name in database.list_collection_names()}
    return {name: here for name, here in found.items() if here}


def answers(srv):
    """What every list and page of an admin says, and the metrics."""
    deliveries = srv.admin("GET", "/api/admin/deliveries", query={"limit": 200})
    paths = ["/api/admin/contacts", "/api/admin/conversions", "/api/admin/attempts", "/api/admin/received", "/api/admin/networks",
             "/api/admin/networks/default", "/api/goals/postback", "/metrics",
             *("/api/admin/deliveries/" + row["ref"] for row in deliveries.data)]
    pages = {"deliveries": deliveries, "csv": srv.admin("POST", "/api/admin/contacts"), **{p: srv.admin("GET", p) for p in paths}}
    assert all(answer.status == 200 for answer in pages.values()), pages
    return pages


def in_answers(srv, words):
    return {name: here for name, answer in answers(srv).items() if (here := found_in(answer.body, words))}


def settled(srv):
    """Every delivery has ended."""
    wait_until(lambda: not srv.admin("GET", "/api/admin/deliveries", query={"state": "waiting"}).data, 20, "all is told")


def is_nowhere(srv, words=None):
    """Waits until the erasure's work behind its answer is done."""
    words = words or WORDS
    assert not in_database(srv, words)
    wait_until(lambda: not in_answers(srv, words), MARKED_MAX_S, "nothing in answers", step=0.5)
    wait_until(lambda: not in_files(srv.data, words), MARKED_MAX_S, f"nothing in files: {in_files(srv.data, words)}", step=0.5)
    assert not found_in(srv.stderr.read_bytes(), words)
