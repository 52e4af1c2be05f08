"""/metrics is Prometheus text to the letter, whatever has happened: a strict reader takes all of it."""
import math
import os
import re
import resource
import time

import pytest

from harness import descriptors, new_id, Server, wait_until
from seven_routes import check, route6

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
TYPES = {"counter", "gauge", "histogram"}
PARTS = {"histogram": ("_bucket", "_sum", "_count")}


def read(text):
    """-> {family: (type, {(sample, labels): value})}; a ValueError names the first line that is not as it has to be."""
    families, name = {}, None

    def need(condition, what):
        if not condition:
            raise ValueError(f"{what}: {line!r}")

    line = text[-40:]
    need(text.endswith("\n"), "the last line has no end")
    described = None
    for line in text[:-1].split("\n"):
        head = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (\S.*)", line)
        if head and head[1] == "HELP":
            need(described is None and head[2] not in families, "a family comes once")
            described = head[2]
        elif head:
            need(head[2] == described and head[3] in TYPES, "a type follows its help")
            families[described] = (head[3], {})
            name, described = described, None
        else:
            sample(line, need, described, name, families)
    need(described is None, "a help without its type")
    for name, (kind, values) in families.items():
        line = name
        whole(name, kind, values, need)
    return families


def sample(line, need, described, family, families):
    found = re.fullmatch(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)", line)
    need(found and described is None and family is not None, "not a value of a family")
    kind, values = families[family]
    need(found[1] in [family + part for part in PARTS.get(kind, ("",))], "between the values of another family")
    labels = re.findall(LABEL, found[2] or "")
    need(len({label for label, _ in labels}) == len(labels), "a label comes once")
    key = found[1], tuple(sorted(labels))
    need(key not in values, "a value comes once")
    values[key] = float(found[found.re.groups].replace("Inf", "inf"))


def whole(family, kind, values, need):
    """What holds for all values of a family together."""
    if kind == "counter":
        need(family.endswith("_total"), "a counter's name")
    else:
        need(not family.endswith(("_total", "_bucket", "_sum", "_count")), "a name of another type")
    if kind != "gauge":
        need(all(v >= 0 and math.isfinite(v) for v in values.values()), "counts")
    if kind != "histogram":
        return
    series = {}
    for (name, labels), value in values.items():
        rest = tuple(label for label in labels if label[0] != "le")
        le = dict(labels).get("le")
        need((le is not None) == name.endswith("_bucket"), "le belongs to buckets")
        series.setdefault(rest, {})[name.removeprefix(family), le and float(le.replace("Inf", "inf"))] = value
    for parts in series.values():
        buckets = [value for (part, _), value in sorted((k, v) for k, v in parts.items() if k[0] == "_bucket")]
        need(buckets == sorted(buckets), "buckets add up")
        need(parts.get(("_bucket", math.inf)) == parts.get(("_count", None)) and ("_sum", None) in parts, "the whole")


def test_all_of_it(srv):
    seen = read(srv.get("/metrics").body.decode())  # nothing was sent: every counter is there, and is 0
    for family in ("barracuda_destination_attempts_total", "barracuda_destination_attempt_seconds"):
        values = {value for (_, labels), value in seen[family][1].items() if ("destination", "default") in labels}
        assert values == {0}, family
    check(route6(srv, new_id()), verdict="recorded")

    def written():
        counts = read(srv.get("/metrics").body.decode())["barracuda_log_written_total"][1].values()
        return len(counts) == 2 and all(counts)

    wait_until(written, 10, "both logs have a record")
    answer = srv.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    seen = read(answer.body.decode())
    assert all(values for _, values in seen.values()), "every family has a value by now"
    kind, values = seen["barracuda_log_records"]
    assert kind == "gauge" and set(values) == {("barracuda_log_records", (("log", log),)) for log in ("received", "attempts")}


def test_answers_by_route_and_status(srv):
    def answers():
        values = read(srv.get("/metrics").body.decode())["barracuda_answers_total"][1]
        return {tuple(dict(labels)[name] for name in ("route", "method", "status")): n for (_, labels), n in values.items()}

    before = answers()
    check(route6(srv, new_id()), verdict="recorded")
    assert srv.post("/api/goals/postback", {}).status == 400
    assert srv.admin("GET", "/api/admin/deliveries/" + "0" * 32).status == 404
    assert srv.get("/nowhere").status == 404 and srv.request("PATCH", "/api/ftd").status == 405
    after = answers()
    new = {key: n - before.get(key, 0) for key, n in after.items() if n != before.get(key, 0) and key[0] != "/metrics"}
    route = ("/api/goals/postback", "POST")
    assert new == {(*route, "2xx"): 1, (*route, "4xx"): 1, ("/api/admin/deliveries/{id}", "GET", "4xx"): 1, ("-", "-", "4xx"): 2}


def test_every_series_is_born_at_0(net, tmp_path):
    """A counter that is born at 120 has had no increase: an alarm would miss the first burst."""
    with Server(tmp_path, net) as server:
        def series():
            families = read(server.get("/metrics").body.decode())
            return {key: v for kind, values in families.values() if kind != "gauge" for key, v in values.items()}

        template = {"name": "later", "kind": "template", "postback": {"method": "GET", "url": net.base_url + "/{click_id}"}}
        assert server.admin("POST", "/api/admin/networks", json_body=template).status == 200
        before = series()
        for path in ("/api/ftd", "/api/postback", "/api/contact", "/api/admin/networks", "-"):
            for status in ("2xx", "4xx", "5xx"):
                assert any(dict(labels).get("route") == path and dict(labels).get("status") == status
                           for _, labels in before), (path, status)
        kinds = {dict(labels)["kind"] for (name, labels) in before if name == "barracuda_faults_total"}
        assert {"accept", "route", "answer", "store"} <= kinds
        assert {v for (name, _), v in before.items() if name == "barracuda_faults_total"} == {0}
        check(route6(server, new_id()), verdict="recorded")
        assert server.post("/api/ftd", {}).status == 400
        assert server.get("/api/FTD/").status == 404
        wait_until(lambda: server.admin("GET", "/api/admin/attempts").data, 10, "told")
        after = series()
        born = {key: v for key, v in after.items() if key not in before and v != 0}
        assert not born, born


def test_what_took_how_long(srv):
    check(route6(srv, new_id()), verdict="recorded")
    values = read(srv.get("/metrics").body.decode())["barracuda_answer_seconds"][1]
    of_route = {name: v for (name, labels), v in values.items()
                if dict(labels).get("route") == "/api/goals/postback" and dict(labels).get("method") == "POST"
                and dict(labels).get("le", "+Inf") == "+Inf"}
    assert of_route["barracuda_answer_seconds_count"] == of_route["barracuda_answer_seconds_bucket"] >= 1
    assert 0 < of_route["barracuda_answer_seconds_sum"] < 60
    attempts = read(srv.get("/metrics").body.decode())["barracuda_destination_attempt_seconds"][1]
    assert max(float(dict(labels)["le"]) for _, labels in attempts if dict(labels).get("le", "+Inf") != "+Inf") >= 9


def test_the_process_and_its_disk(srv):
    seen = read(srv.get("/metrics").body.decode())
    pid = srv.process.pid
    value = {name: v for name, (_, values) in seen.items() if name.startswith("process_") for v in values.values()}
    assert abs(value["process_open_fds"] - len(descriptors(pid))) <= 3
    assert value["process_max_fds"] == resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
    assert abs(value["process_start_time_seconds"] - time.time()) < 3600
    assert 1 << 20 < value["process_resident_memory_bytes"] < value["process_virtual_memory_bytes"]
    assert value["process_cpu_seconds_total"] > 0
    (_, labels), = seen["barracuda_build_info"][1]
    assert dict(labels) == {"version": srv.command("--version").stdout.split()[-1]}
    free, = seen["barracuda_data_free_bytes"][1].values()
    room = os.statvfs(srv.data)
    assert 0 < free <= room.f_blocks * room.f_frsize, "others write meanwhile"


GOOD = """# HELP a_total A.
# TYPE a_total counter
a_total{x="1"} 1
a_total{x="\\\\\\"\\n"} 2
# HELP h H.
# TYPE h histogram
h_bucket{le="0.5"} 1
h_bucket{le="+Inf"} 2
h_sum 1.5
h_count 2
"""


@pytest.mark.parametrize("wrong,instead", [
    ("# HELP a_total A.\n", ""), ("# TYPE a_total counter\n", ""), ("counter", "untyped"), ("h_count 2\n", "h_count 2"),
    ('a_total{x="1"} 1\n', 'a_total{x="1"} 1\na_total{x="1"} 1\n'), ('{x="1"}', '{x=1}'), ('{x="1"}', '{x="1",x="1"}'),
    ("h_sum 1.5\n", ""), ("h_count 2", "h_count 3"), ('{le="0.5"} 1', '{le="0.5"} 3'), ("h_sum 1.5", "h_sum many"),
    ("h_sum 1.5", "a_total 1.5"), ("# HELP h H.", "# HELP a_total A."), ("a_total", "a"), ('"} 1\n', '"} -1\n'), ('_bucket{le="0.5"}', "_bucket")])
def test_the_reader_is_strict(wrong, instead):
    assert set(read(GOOD)) == {"a_total", "h"}
    assert wrong in GOOD
    with pytest.raises(ValueError):
        read(GOOD.replace(wrong, instead))
