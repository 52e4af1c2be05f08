"""Every curl line of the README and of the operator's documents works as pasted."""
import json
import os
import shlex
import subprocess

import pytest

from documents import curls, text_of
from harness import BINARY, Server

SHELL = "curl() { command curl -sS --fail -m 20 -w '\\n' \"$@\"; }; journalctl() { :; }\n"


@pytest.fixture(scope="module")
def keyed(net, tmp_path_factory):
    """A server that asks for keys, and knows the conversions that the documents speak of."""
    with Server(tmp_path_factory.mktemp("keyed"), net, ingest="key") as server:
        for goal in ("registration", "deposit"):
            server.get("/api/postback", key=server.admin_key, click_id="abc", affiliate_id="7", goal=goal)
        yield server


def paste(server, text, **env):
    """Runs the lines where DATA is ./data, as it is for who follows the README; -> the answers."""
    url = f"http://127.0.0.1:{server.port}"
    for said, here in (("http://127.0.0.1:8080", url), ("build/release/barracuda", shlex.quote(str(BINARY))),
                       ("https://tracker.example", f"http://127.0.0.1:{server.net.port}")):
        text = text.replace(said, here)
    done = subprocess.run(["bash", "-eu", "-c", SHELL + text], cwd=server.directory, capture_output=True, text=True,
                          timeout=60, env={"PATH": os.environ["PATH"], "URL": url, "ADMIN_KEY": server.admin_key, **env})
    assert done.returncode == 0, (done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_the_readme(keyed):
    text = curls(text_of("README.md"))
    assert text.count("curl ") == 6
    answers = paste(keyed, text)
    assert [a.get("verdict") for a in answers] == ["recorded", "recorded", "recorded", "duplicate", None, None]
    assert answers[3]["conflict"][0]["field"] == "affiliate_id" and answers[3]["trace"]
    assert len(answers[4]["data"]) == 5 and len(answers[5]["data"]) == 2
    assert [a.get("verdict") for a in paste(keyed, text)][:4] == ["duplicate"] * 4, "pasted again"


@pytest.mark.parametrize("name,count", [("logs", 4), ("networks", 6), ("runbook", 4)])
def test_the_operators_documents(keyed, name, count):
    text = curls(text_of(f"docs/operating/{name}.md"))
    assert text.count("curl ") == count
    answers = paste(keyed, text)
    assert len(answers) == (count - 1 if "/metrics" in text else count)
    # The network on loopback does not know the template's address: its test is answered, and says so.
    refused = [i for i, a in enumerate(answers) if not a["success"]]
    assert refused == ([3] if name == "networks" else [])
