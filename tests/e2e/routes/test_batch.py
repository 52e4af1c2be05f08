"""POST /api/v1/conversions/batch: each line as if it had come alone, whatever stands beside it and however it ends."""
import collections
import json
import socket
import threading
import time
from decimal import Decimal

import pytest

from harness import Server, burst, new_hash, new_id, raw_request, read_answer, request, wait_until
from seven_routes import route1

PATH = "/api/v1/conversions/batch"
LINES_MAX = 10_000
pytestmark = pytest.mark.bounded(240)


def line_of(click, goal="6", **more):
    return json.dumps({"click_hash": click, "goal_type_id": goal, **more}).encode()


def fresh(count):
    """Lines of new clicks that no network is told of: rejected ones owe nothing."""
    return [line_of(new_hash(), 5, status="rejected") for _ in range(count)]


def read(answer):
    """-> the answers of the lines, which are whole."""
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/x-ndjson", answer
    assert answer.headers["Cache-Control"] == "no-store" and answer.body.endswith(b"\n"), answer
    return [json.loads(line, parse_float=Decimal) for line in answer.body.splitlines()]


def batch(srv, lines, **parts):
    return read(srv.request("POST", PATH, body=b"\n".join(lines) + b"\n", timeout=60, **parts))


def verdicts(answers):
    return dict(collections.Counter(one.get("verdict", one["code"]) for one in answers))


# ------------------------------------------------------------------------------------------------ as it is alone

def test_each_line_is_answered_in_order_and_told_to_the_network(srv, net):
    clicks = [new_hash() for _ in range(5)]
    lines = [line_of(click, 6, deposit_amount=n + 1, sub2="two") for n, click in enumerate(clicks)]
    answers = batch(srv, lines)
    assert [one["line"] for one in answers] == [1, 2, 3, 4, 5] and {one["code"] for one in answers} == {200}
    for n, (click, one) in enumerate(zip(clicks, answers)):
        assert one["success"] and one["verdict"] == "recorded" and one["isDuplicate"] is False
        assert set(one["data"]) == {"id", "click_hash", "goal_type_id", "goal_type", "amount", "status"}
        assert one["data"]["click_hash"] == click and one["data"]["amount"] == n + 1 and one["data"]["goal_type_id"] == 6
    for click in clicks:
        wait_until(lambda: net.creations(click), 10, "the network is told as by route 1")
    again = batch(srv, lines)
    assert verdicts(again) == {"duplicate": 5} and all(one["isDuplicate"] for one in again)
    assert [one["data"]["id"] for one in again] == [one["data"]["id"] for one in answers]
    stored = srv.conversion(clicks[0])
    assert stored["sub2"] == "two" and stored["offer_id"] == "2" and stored["sale_amount"] == 1
    assert all(len(net.creations(click)) == 1 for click in clicks)


def test_of_equal_lines_the_first_records(srv):
    click = new_hash()
    answers = batch(srv, [line_of(click, deposit_amount=3)] * 4 + [line_of(click, deposit_amount=9)])
    assert [one["verdict"] for one in answers] == ["recorded"] + ["duplicate"] * 4
    assert srv.conversion(click)["amount"] == 3
    updated = batch(srv, [line_of(click, status="rejected")])[0]
    assert updated["verdict"] == "updated" and updated["isDuplicate"] is True


WRONG = [{}, {"goal_type_id": "6"}, {"click_hash": "@"}, {"click_hash": "{click}", "goal_type_id": "6"}, {"click_hash": "null", "goal_type_id": 6},
         {"click_hash": "@", "goal_type_id": 6.5}, {"click_hash": "@", "goal_type_id": "6", "deposit_amount": -1},
         {"click_hash": "@", "goal_type_id": "6", "deposit_amount": "x"}, {"click_hash": "@", "goal_type_id": "6", "payout": 1e13},
         {"click_hash": "@", "goal_type_id": "6", "status": "paid"}, {"click_hash": "@", "goal_type_id": "6", "goal_type": "registration"},
         {"click_hash": "@", "goal_type_id": "6", "sub2": "a\0b"}, {"click_hash": "@", "goal_type_id": "6", "country": "x" * 5000},
         {"click_hash": "@", "goal_type_id": "6", "metadata": [1]}, {"click_hash": "@", "goal_type_id": "6", "currency": "XXX"},
         {"click_hash": ["@"], "goal_type_id": "6"}, {"click_hash": "a\nb", "goal_type_id": "6"}, {"click_hash": True, "goal_type_id": "6"}]


def test_a_bad_line_is_refused_in_the_words_of_the_route_and_changes_nothing(srv):
    """Between two good ones each, which are recorded."""
    lines, clicks = [], []
    for body in WRONG:
        clicks.append(new_hash())
        lines += [json.dumps({**body, **({"click_hash": clicks[-1]} if body.get("click_hash") == "@" else {})}).encode(), *fresh(1)]
    answers = batch(srv, lines)
    assert len(answers) == 2 * len(WRONG) and verdicts(answers[1::2]) == {"recorded": len(WRONG)}
    for n, line in enumerate(lines[::2]):
        alone = srv.request("POST", "/api/private/conversions", body=line, headers={"Content-Type": "application/json"})
        assert alone.status == 400, (alone, line)
        got = dict(answers[2 * n])
        assert got.pop("line") == 2 * n + 1 and got.pop("code") == 400 and got == alone.json and got["field"], (got, alone)
    assert not [click for click in clicks if srv.of_click(click)]


def test_a_line_that_is_no_object_names_the_byte(srv):
    texts = [b"{", b"[]", b"7", b"null", b'"x"', b"{}{}", b'{"click_hash":"a",}', b"a=1", b"\xff\xfe{", b"{'click_hash':1}", b'{"a":1}\0', b"\0"]
    answers = batch(srv, [line for text in texts for line in (text, *fresh(1))])
    for text, one in zip(texts, answers[::2]):
        assert one["code"] == 400 and one["field"] == "line" and "the line" in one["message"], (text, one)
    assert "at byte" in answers[0]["message"] and verdicts(answers[1::2]) == {"recorded": len(texts)}


def test_bytes_that_are_no_utf8_are_the_lines_alone(srv):
    bad = [b'{"click_hash":"a\xff","goal_type_id":"6"}', b'{"click_hash":"%s","goal_type_id":"6","sub3":"\xc0\x80"}' % new_hash().encode()]
    answers = batch(srv, [*bad, *fresh(1)])
    assert [one["code"] for one in answers] == [400, 400, 200] and [one["field"] for one in answers[:2]] == ["click_hash", "sub3"]


def test_explain_and_what_nobody_read(srv):
    answers = batch(srv, [line_of(new_hash(), ammount=5), *fresh(1)], key=srv.admin_key, query={"explain": 1})
    assert answers[0]["ignored"] == ["ammount"] and answers[1]["ignored"] == [] and answers[0]["trace"] and answers[0]["conflict"] is None
    assert "trace" not in batch(srv, fresh(1), key=srv.admin_key)[0]


def test_each_line_is_in_the_received_log(srv):
    good, bad = new_hash(), new_id()
    batch(srv, [line_of(good, ammount=1), b'{"click_hash":"%s"}' % bad.encode()])

    def found(**query):
        return srv.admin("GET", "/api/admin/received", query={"route": "conversions_batch", **query}).data

    kept = wait_until(lambda: found(click_id=good), 10, "the record of a line")
    assert len(kept) == 1 and kept[0]["verdict"] == "recorded" and kept[0]["status"] == 200 and kept[0]["ignored"] == ["ammount"]
    refused = wait_until(lambda: [one for one in found() if one["status"] == 400], 10)
    assert "goal_type_id is required" in refused[0]["reason"]


# ------------------------------------------------------------------------------------------------- shapes of bodies

@pytest.mark.parametrize("name,body,numbers", [
    ("CRLF", lambda a, b: a + b"\r\n" + b + b"\r\n", [1, 2]), ("no last end", lambda a, b: a + b"\n" + b, [1, 2]),
    ("blank lines", lambda a, b: b"\n \t\r\n" + a + b"\n\n\n" + b + b"\n\n", [3, 6]),
    ("a mark in front", lambda a, b: b"\xef\xbb\xbf" + a + b"\n" + b, [1, 2]),
    ("blanks around", lambda a, b: b"  " + a + b" \t\n\t" + b + b" ", [1, 2])])
def test_lines_however_they_end(srv, name, body, numbers):
    for kind in ({}, {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "text/plain"}):
        answers = read(srv.request("POST", PATH, body=body(*fresh(2)), headers=kind))
        assert [one["line"] for one in answers] == numbers and verdicts(answers) == {"recorded": 2}, (name, kind, answers)


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_a_body_without_a_line(srv, body):
    answer = srv.request("POST", PATH, body=body)
    assert answer.status == 400 and "the body is empty" in answer.message and answer.json["field"] == "body"


def test_ten_thousand_lines_and_not_one_more(srv):
    """All of them fit the body's bound."""
    lines = fresh(LINES_MAX + 1)
    over = srv.request("POST", PATH, body=b"\n".join(lines))
    assert over.status == 400 and "more than 10000 lines" in over.message, over
    clicks = [json.loads(line)["click_hash"] for line in (lines[0], lines[-1])]
    assert not [click for click in clicks if srv.of_click(click)], "nothing of it is recorded"
    assert verdicts(batch(srv, lines[:-1])) == {"recorded": LINES_MAX}


def test_a_line_of_a_mebibyte(srv, net, tmp_path):
    """Beyond the bound of bodies it is 413; where that is larger, the line is refused and the others are not."""
    long = line_of(new_hash(), sub2="x" * (1 << 20))
    assert srv.request("POST", PATH, body=long).status == 413
    with Server(tmp_path, net, env={"BARRACUDA_LIMITS_BODY_BYTES": "4MiB"}) as wide:
        answers = batch(wide, [*fresh(1), long, *fresh(1)])
        assert [one["code"] for one in answers] == [200, 400, 200] and answers[1]["field"] == "sub2"
        assert batch(wide, [b"{" * (1 << 20), *fresh(1)])[0]["code"] == 400, "and a mebibyte of levels"


def test_methods_and_codings(srv):
    assert srv.request("GET", PATH).status == 405
    coded = srv.request("POST", PATH, body=b"x", headers={"Content-Encoding": "gzip"})
    assert coded.status == 415


# ------------------------------------------------------------------------------------------------------------- keys

def test_the_keys_of_route_1(net, tmp_path):
    with Server(tmp_path, net, ingest="key") as keyed:
        line = fresh(1)
        assert keyed.request("POST", PATH, body=line[0]).status == 401
        assert keyed.request("POST", PATH, body=line[0], key="nobody").status == 401
        assert keyed.request("POST", PATH, body=line[0], query={"key": keyed.create_key("ingest", name="url")}).status == 401
        assert verdicts(batch(keyed, line, key=keyed.admin_key)) == {"recorded": 1}
        assert verdicts(batch(keyed, fresh(1), key=keyed.create_key("ingest", name="i"))) == {"recorded": 1}

        bound = keyed.create_key("ingest", affiliate="7", name="bound")
        others, mine, none = new_hash(), new_hash(), new_hash()
        assert verdicts(batch(keyed, [line_of(others, affiliate_id=8)], key=keyed.admin_key)) == {"recorded": 1}
        answers = batch(keyed, [line_of(new_hash(), affiliate_id=8), line_of(mine, affiliate_id=7), line_of(none), line_of(others)], key=bound)
        assert [one["code"] for one in answers] == [403, 200, 200, 403]
        assert answers[3]["message"] == answers[0]["message"] and "data" not in answers[3], "of others it sees nothing"
        assert keyed.conversion(none)["affiliate_id"] == "7"


# -------------------------------------------------------------------------------------------- races and interruptions

def test_equal_batches_at_one_moment(srv):
    """Of every key exactly one is recorded, and all of them tell the same id."""
    for _ in range(3):
        lines = fresh(400)
        all_answers = burst(4, lambda n: batch(srv, lines if n % 2 else lines[::-1]))
        straight = [answers if n % 2 else answers[::-1] for n, answers in enumerate(all_answers)]
        for of_key in zip(*straight):
            assert sorted(one["verdict"] for one in of_key) == ["duplicate"] * 3 + ["recorded"]
            assert len({one["data"]["id"] for one in of_key}) == 1


def test_a_small_queue_is_waited_for_and_others_get_through(net, tmp_path):
    """A batch waits for its own answers; only where others have filled the queue its lines are 503, to be sent again."""
    with Server(tmp_path, net, env={"BARRACUDA_LIMITS_QUEUE": "4"}) as small:
        assert verdicts(batch(small, fresh(200))) == {"recorded": 200}
        lines, recorded, rounds = fresh(100), collections.Counter(), 0
        open_lines = {n: lines for n in range(6)}
        while any(open_lines.values()):
            rounds += 1
            assert rounds < 100
            busy = [n for n in open_lines if open_lines[n]]
            for n, answers in zip(busy, burst(len(busy), lambda i: batch(small, open_lines[busy[i]]))):
                sent = open_lines[n]
                assert {one["code"] for one in answers} <= {200, 503}
                recorded.update(sent[at] for at, one in enumerate(answers) if one.get("verdict") == "recorded")
                open_lines[n] = [sent[at] for at, one in enumerate(answers) if one["code"] == 503]
        assert recorded == collections.Counter(lines), "each exactly once"
        done = threading.Event()

        def flood():
            while not done.is_set():
                batch(small, fresh(300))

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        try:
            alone = [route1(small, new_hash()).status for _ in range(15)]
        finally:
            done.set()
            thread.join(60)
        assert alone.count(200) > 10, f"who reports one is not starved: {alone}"


def test_killed_within_a_batch_and_sent_again(net, tmp_path):
    """Whatever was recorded is a duplicate then, and nothing is twice. The control: some rounds were broken off in the middle."""
    with Server(tmp_path, net) as srv:
        amidst = 0
        for n in range(8):
            lines = fresh(2_000)
            lost = []

            def send():
                try:
                    lost.append(batch(srv, lines))
                except Exception as error:  # the connection broke
                    lost.append(error)

            thread = threading.Thread(target=send)
            thread.start()
            time.sleep(0.02 + 0.02 * n)
            srv.kill9()
            thread.join(30)
            srv.start()
            answers = batch(srv, lines)
            seen = verdicts(answers)
            assert set(seen) <= {"recorded", "duplicate"} and sum(seen.values()) == len(lines)
            amidst += len(seen) == 2
            if isinstance(lost[0], list):
                assert seen == {"duplicate": len(lines)}, "it was answered, and is there"
            assert verdicts(batch(srv, lines)) == {"duplicate": len(lines)}
            if amidst:
                break
        assert amidst, "no kill came within a batch: this test would see nothing"
        assert srv.command("verify").stdout == "the store is sound\n"


def test_a_slow_sender_and_one_that_goes(srv):
    def line_of_none(click):
        return line_of(click, status="rejected")

    clicks = [new_hash() for _ in range(300)]
    body = b"\n".join(map(line_of_none, clicks))
    raw = raw_request("POST", PATH, body=body)
    cut = len(raw) - len(body) // 2
    with socket.create_connection(("127.0.0.1", srv.port), 20) as slow:
        for part in (raw[:50], raw[50:400], raw[400:cut]):
            slow.sendall(part)
            time.sleep(0.1)
            assert route1(srv, new_hash()).status == 200, "nobody waits for it"
        assert not srv.of_click(clicks[0]), "nothing of half a body is recorded"
        slow.sendall(raw[cut:])
        assert verdicts(read(read_answer(slow))) == {"recorded": 300}

    gone = [new_hash() for _ in range(300)]
    with socket.create_connection(("127.0.0.1", srv.port), 20) as s:
        s.sendall(raw_request("POST", PATH, body=b"\n".join(map(line_of_none, gone)))[:-40])
    half = [new_hash() for _ in range(300)]
    with socket.create_connection(("127.0.0.1", srv.port), 20) as s:
        s.sendall(raw_request("POST", PATH, body=b"\n".join(map(line_of_none, half))))
    wait_until(lambda: srv.of_click(half[-1]), 20, "what came whole is recorded, though nobody hears it")
    assert not srv.of_click(gone[0])
    assert verdicts(batch(srv, list(map(line_of_none, half)))) == {"duplicate": 300}
    assert request(srv.port, "GET", "/livez").status == 200
