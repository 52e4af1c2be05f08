"""GET /api/admin/status: how the server is, in the doctor's own words."""
import re

from harness import Server


def test_it_says_what_the_doctor_says(net, tmp_path):
    with Server(tmp_path / "a", net, env={"BARRACUDA_FORMS_TRUST_AMOUNTS": "true"}) as srv:
        assert srv.request("GET", "/api/admin/status").status == 401
        status = srv.admin("GET", "/api/admin/status").data
        printed = srv.command("doctor", check=False).stdout
        said = {(one["health"], one["about"], one["text"]) for one in status["findings"]}
        lines = re.findall(r"^(ok|warn|fail) +([^:]+): (.*?)(?:; do: (.*))?$", printed, re.M)
        # Where it is asked of a server it does not say that one runs; its place may be written otherwise.
        told = {(health, about, text) for health, about, text, _ in lines if about not in ("server", "data", "settings")}
        assert told and told <= said, told - said
        assert ("warn", "settings") in {(health, about) for health, about, _ in said}
        assert all((one["todo"] is None) == (one["health"] == "ok") for one in status["findings"])
        assert {one["about"] for one in status["findings"]} >= {"data", "store", "open files", "goals", "keys", "admins"}


def test_its_numbers(net, tmp_path):
    with Server(tmp_path / "a", net, env={"BARRACUDA_LOG_ATTEMPTS_MAX_MB": "0"}) as srv:
        assert srv.get("/api/postback", click_id="c", affiliate_id="7", goal="registration").status == 200
        status = srv.admin("GET", "/api/admin/status").data
        assert status["demo"] is False and status["version"] == srv.command("version").stdout.split()[1]
        assert status["store"]["writable"] is True and status["store"]["trouble"] is None and status["store"]["accepted_loss"] == 0
        assert status["free_bytes"] > 0 and 0 <= status["queue"] < 5 and status["queue_max"] == 65536 and status["oldest_due_at"] is None
        received, attempts = status["logs"]
        assert received["name"] == "received" and received["on"] and received["dropped"] == 0 and attempts == {"name": "attempts", "on": False}
        nodes = [one for one in status["nodes"] if one["here"]]
        assert len(nodes) == 1 and nodes[0]["state"] == "alive" and nodes[0]["pid"] == srv.process.pid
