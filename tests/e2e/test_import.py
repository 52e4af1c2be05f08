"""`barracuda import FILE` of conversions: through a running server and into a store at rest, whole or broken off."""
import csv
import io
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from decimal import Decimal

import pytest

from harness import BINARY, STORE, Server, new_hash, new_id, wait_until
from seven_routes import route5

at_rest = pytest.mark.skipif(STORE == "mongodb", reason="over MongoDB conversions are imported through a node")


@pytest.fixture(params=["served", pytest.param("at rest", marks=at_rest)])
def place(request, net, tmp_path):
    """A store that a server has open, and one that nobody has; `seen` starts a server where none runs."""
    with Server(tmp_path, net) as srv:
        if request.param == "at rest":
            srv.stop()
        srv.served = request.param == "served"
        srv.file = tmp_path / "file"
        yield srv


def put(srv, lines):
    srv.file.write_text("".join(line + "\n" for line in lines))
    return str(srv.file)


def importing(srv, *arguments, exit=0, **more):
    done = srv.command("import", str(srv.file), *arguments, check=False, **more)
    assert done.returncode == exit, (done.returncode, done.stdout, done.stderr)
    return done


def counts(done):
    """-> {"recorded": 3, …} of the report."""
    return {name: int(count) for count, name in re.findall(r"^ *(\d+)  (\w+)", done.stdout, re.M)}


def look(srv):
    if not srv.alive():
        srv.start()
    return srv


def json_lines(count, goal="5", **more):
    return [json.dumps({"click_id": new_id(), "goal_id": goal, **more}) for _ in range(count)]


def test_csv_by_its_header(place, net):
    clicks = [new_id() for _ in range(3)]
    put(place, ["Player ID;goal_id;affiliate_id;Sum;Currency;status;sub1;note",
                f"{clicks[0]};6;7;12,50;eur;approved;\"a;\"\"b\"\"\";x", f"{clicks[1]};6;7;12.50;eur;approved;\"a;\"\"b\"\"\";x",
                f"{clicks[2]};5;;;;;;"])
    assert "no column is the click_id" in importing(place, exit=2).stderr
    done = importing(place, "--map", "Player ID=click_id", "--map", "Sum=amount", exit=1)
    assert counts(done) == {"lines": 3, "recorded": 2, "updated": 0, "duplicate": 0, "refused": 1}
    assert "columns: Player ID=click_id, goal_id, affiliate_id, Sum=amount" in done.stderr and "not read: note" in done.stderr
    refused = [json.loads(line) for line in open(f"{place.file}.refused")]
    assert len(refused) == 1 and refused[0]["line"] == 2 and refused[0]["field"] == "amount" and "amount" in refused[0]["message"]
    assert json.loads(refused[0]["said"])["amount"] == "12,50"
    assert os.stat(f"{place.file}.refused").st_mode & 0o777 == 0o600
    stored = look(place).conversion(clicks[1])
    assert (stored["amount"], stored["currency"], stored["status"], stored["sub1"]) == (Decimal("12.5"), "EUR", "approved", 'a;"b"')
    assert stored["route"] == "import" and stored["provenance"] == "reported" and stored["affiliate_id"] == "7"
    assert not place.of_click(clicks[0]) and place.conversion(clicks[2])["goal_type"] == "registration"

    # What was refused is corrected and imported alone.
    said = json.loads(refused[0]["said"])
    put(place, [json.dumps({**said, "amount": "12.50"})])
    assert counts(importing(place))["recorded"] == 1


def test_again_is_duplicate_and_a_dry_run_writes_nothing(place):
    lines = json_lines(3000)
    put(place, lines + ["{", '{"click_id":"x"}', "", lines[0]])
    dry = importing(place, "--dry-run", exit=1)
    assert "nothing was written" in dry.stdout and "3001  would be taken" in dry.stdout and counts(dry)["refused"] == 2
    assert counts(importing(place, exit=1)) == {"lines": 3003, "recorded": 3000, "updated": 0, "duplicate": 1, "refused": 2}
    assert [json.loads(line)["line"] for line in open(f"{place.file}.refused")] == [3001, 3002]
    assert counts(importing(place, exit=1)) == {"lines": 3003, "recorded": 0, "updated": 0, "duplicate": 3001, "refused": 2}
    look(place)
    assert place.command("verify").stdout == "the store is sound\n"


def test_hostile_lines(place):
    good = json_lines(4)
    place.file.write_bytes(b"\xef\xbb\xbf" + good[0].encode() + b"\r\n\xff\xfe\n" + b'{"click_id":"a\0","goal_id":5}\n' + b"{" * 300_000 + b"\n \r\n"
                           + good[1].encode() + b"\n[]\n" + b'{"click_id":"\xc3\x28","goal_id":5}\n' + good[2].encode() + b"\n"
                           + b'{"click_id":"x","goal_id":5,"sub2":"' + b"y" * (1 << 20) + b'"}\n' + good[3].encode())
    done = importing(place, exit=1)
    assert counts(done) == {"lines": 10, "recorded": 4, "updated": 0, "duplicate": 0, "refused": 6}
    refused = {json.loads(line)["line"]: json.loads(line)["message"] for line in open(f"{place.file}.refused")}
    assert list(refused) == [2, 3, 4, 7, 8, 10] and "UTF-8" in refused[2] and "262144 bytes" in refused[10]


def test_long_lines_that_grow_where_they_are_quoted(place):
    """What is sent to a server is bounded in bytes: of a control character it becomes six."""
    good = json_lines(4)
    place.file.write_bytes(b"\n".join(part for n in range(4) for part in (good[n].encode(), b'"' * 262_000, b"{" + b"\x01" * 262_000)))
    done = importing(place, exit=1)
    assert counts(done) == {"lines": 12, "recorded": 4, "updated": 0, "duplicate": 0, "refused": 8}


def test_networks_hear_of_it_only_when_told_to(place, net):
    first, second = new_hash(), new_hash()
    put(place, [json.dumps({"click_id": first, "click_hash": first, "goal_id": "6", "amount": 3})])
    importing(place)
    put(place, [json.dumps({"click_id": second, "click_hash": second, "goal_id": "6", "amount": 3})])
    importing(place, "--notify")
    look(place)
    wait_until(lambda: net.creations(second), 20, "what is owed is sent, now or by the next server")
    assert not net.creations(first), "history is not told"


def test_from_a_line_and_by_a_state(place):
    lines = json_lines(200)
    put(place, lines)
    assert counts(importing(place, "--from-line", "151"))["recorded"] == 50
    state = str(place.file) + ".state"
    assert counts(importing(place, "--state", state)) == {"lines": 200, "recorded": 150, "updated": 0, "duplicate": 50, "refused": 0}
    more = json_lines(10)
    with open(place.file, "a") as grown:
        grown.write("".join(line + "\n" for line in more))
    again = importing(place, "--state", state)
    assert counts(again) == {"lines": 210, "recorded": 160, "updated": 0, "duplicate": 50, "refused": 0}, "of all its runs"
    assert "goes on behind line 200" in again.stderr
    put(place, json_lines(300))
    assert "the state of another file" in importing(place, "--state", state, exit=2).stderr
    (place.directory / "bad").write_text("{}")
    assert "no state of an import" in importing(place, "--state", str(place.directory / "bad"), exit=2).stderr


def test_killed_and_begun_again(place):
    """At whatever moment: each line is recorded once, and the second run goes on. The control: a kill came in between."""
    lines = json_lines(30_000)
    put(place, lines)
    state = str(place.file) + ".state"
    amidst = False
    for n in range(6):
        process = subprocess.Popen([str(BINARY), "import", str(place.file), "--state", state, "--data", str(place.data)], env=place.env,
                                   cwd=place.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(0.2 + 0.15 * n)
        process.kill()
        process.communicate()
        amidst |= process.returncode == -signal.SIGKILL
    total = counts(importing(place, "--state", state, seconds=80))
    assert amidst and total["recorded"] + total["duplicate"] == total["lines"] == len(lines) and total["refused"] == 0
    assert counts(importing(place, seconds=80)) == {"lines": len(lines), "recorded": 0, "updated": 0, "duplicate": len(lines), "refused": 0}
    look(place)
    assert place.command("verify").stdout == "the store is sound\n"


def test_a_server_that_is_killed_meanwhile_is_waited_for(net, tmp_path):
    with Server(tmp_path, net) as srv:
        srv.file = tmp_path / "file"
        lines = json_lines(60_000)
        put(srv, lines)
        process = subprocess.Popen([str(BINARY), "import", str(srv.file), "--data", str(srv.data)], env=srv.env, cwd=srv.directory,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.7)
        assert process.poll() is None, "the control: it is not through yet"
        srv.kill9()
        srv.start()
        assert route5(srv, new_id()).status == 200, "others report meanwhile"
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
        told = {name: int(count) for count, name in re.findall(r"^ *(\d+)  (\w+)", out, re.M)}
        assert told["recorded"] + told["duplicate"] == len(lines)
        assert re.search(r"import: \d+ lines, \d+ %, \d+ a second", err), err
        assert counts(importing(srv, seconds=80))["duplicate"] == len(lines)


def test_what_the_desk_exports_comes_back(net, tmp_path):
    """Its CSV has the names that an import reads."""
    with Server(tmp_path / "one", net) as one, Server(tmp_path / "two", net) as two:
        for n in range(30):
            route5(one, new_id(), goal=("deposit", "registration")[n % 2], amount=n, sub1="s", country="DE", status="approved")
        kept = ("click_id", "goal_id", "goal_type", "amount", "currency", "status", "affiliate_id", "sub1", "country")

        def export(srv):
            return srv.admin("GET", "/api/admin/conversions/export", query={"columns": ",".join(kept)}).body.decode()

        def rows(text):
            return Counter(tuple(row.items()) for row in csv.DictReader(io.StringIO(text)))

        two.file = tmp_path / "file"
        two.file.write_text(export(one))
        assert counts(importing(two))["recorded"] == 30
        assert rows(export(one)) == rows(export(two))


def test_not_begun(net, tmp_path):
    with Server(tmp_path / "srv", net, start=False, keys=False) as srv:
        srv.file = tmp_path / "absent"
        assert "absent" in importing(srv, exit=2).stderr
        srv.file = tmp_path / "lines"
        put(srv, json_lines(1))
        assert importing(srv, exit=2).stdout == "", "no store is made for it"
        assert "--map is for CSV" in importing(srv, "--map", "a=amount", exit=2).stderr
        srv.file.write_text('{"barracuda_export":1}\n')
        assert "only --dry-run" in importing(srv, "--notify", exit=2).stderr
        assert "cut off" in importing(srv, "--dry-run", exit=2).stderr


@at_rest
def test_an_export_is_broken_off_and_gone_on_with(net, tmp_path):
    """Through a server and without one, it is what a single run writes."""
    with Server(tmp_path / "srv", net) as srv:
        srv.file = tmp_path / "lines"
        put(srv, json_lines(5000))
        importing(srv)
        srv.stop()
        srv.command("export", str(tmp_path / "whole"))
        whole = (tmp_path / "whole").read_bytes()
        for serving in (False, True):
            if serving:
                srv.start()
                srv.command("export", str(tmp_path / "served"))
                whole = (tmp_path / "served").read_bytes()
            name = f"cut-{serving}"
            (tmp_path / f"{name}.part").write_bytes(whole[:len(whole) // 2])
            refused = srv.command("export", str(tmp_path / name), check=False)
            assert refused.returncode == 1 and "--resume" in refused.stderr
            srv.command("export", str(tmp_path / name), "--resume")
            there = (tmp_path / name).read_bytes()
            # A node's heartbeat may have moved between the two.
            same = [line for line in there.splitlines() if not line.startswith((b'{"nodes"', b'{"end"'))]
            assert same == [line for line in whole.splitlines() if not line.startswith((b'{"nodes"', b'{"end"'))]
            assert srv.command("import", str(tmp_path / name), "--dry-run").stdout.endswith("the export is whole\n")
