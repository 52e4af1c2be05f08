"""The alert rules that come with the program: each is the one of metrics.md, knows real metrics, points at a place of the runbook, fires at what it
is for, and is silent otherwise (Prometheus' own promtool says so)."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from documents import ROOT, rows, spans, text_of

RULES = ROOT / "packaging/monitoring/alerts.yml"
ALERTS = {one["annotations"]["summary"]: one for group in yaml.safe_load(RULES.read_text())["groups"] for one in group["rules"]}
TABLE = {row["alarm"]: row["when"] for row in rows(text_of("docs/operating/metrics.md")) if "alarm" in row}
# Where metrics.md cannot be pasted: the job's name is the scraper's, and the number of nodes nobody's but the operator's.
OF_THE_JOB = {"the process is gone", "open files run out", "a node is missing"}
MINUTES = 20


def promtool():
    found = os.environ.get("BARRACUDA_PROMTOOL") or shutil.which("promtool") or ROOT / "build/promtool/usr/bin/promtool"
    assert Path(found).exists(), "promtool is missing: ./dev test fetches it"
    return str(found)


def test_the_rules_are_those_of_the_table():
    assert set(ALERTS) == set(TABLE)
    for alarm, when in TABLE.items():
        if alarm not in OF_THE_JOB:
            assert ALERTS[alarm]["expr"] == spans(when)[0], alarm
        said = re.search(r"for (a|\d+) minutes?", when)
        assert ALERTS[alarm].get("for", "0m") == ("0m" if not said else said.group(1).replace("a", "1") + "m"), alarm


def test_each_points_at_the_runbook():
    headings = set(re.findall(r"^## (.+)$", text_of("docs/operating/runbook.md"), re.M))
    assert {one["annotations"]["runbook"] for one in ALERTS.values()} <= headings


def test_each_metric_is_one_of_ours():
    known = {spans(row["metric"])[0] for row in rows(text_of("docs/operating/metrics.md")) if "metric" in row} | {"up"}
    for alarm, one in ALERTS.items():
        named = set(re.findall(r"\b(?:barracuda|process)_\w+|\bup\b", one["expr"]))
        assert named and named <= known, alarm


# What a scrape finds, minute by minute, at trouble and when all is well: Prometheus' notation for series in tests.
FLAT, GROWS = f"0x{MINUTES}", f"0+1x{MINUTES}"
SERIES = {
    "the process is gone": ({"up": FLAT}, {"up": f"1x{MINUTES}"}),
    "writes are refused": ({"barracuda_store_writable": FLAT}, {"barracuda_store_writable": f"1x{MINUTES}"}),
    "deliveries stand still": (
        {"barracuda_destination_oldest_seconds": f"301x{MINUTES}", "barracuda_destination_breaker_open": FLAT,
         "barracuda_destination_stopped": FLAT},
        {"barracuda_destination_oldest_seconds": f"9999x{MINUTES}", "barracuda_destination_breaker_open": f"1x{MINUTES}",
         "barracuda_destination_stopped": FLAT}),
    "a network is down": ({"barracuda_destination_breaker_open": f"1x{MINUTES}"},
                          {"barracuda_destination_breaker_open": f"1x5 0x{MINUTES}"}),
    "a network is stopped": ({"barracuda_destination_stopped": f"1x{MINUTES}"}, {"barracuda_destination_stopped": FLAT}),
    "callers get errors": ({'barracuda_answers_total{route="/api/ftd",method="POST",status="5xx"}': GROWS},
                           {'barracuda_answers_total{route="/api/ftd",method="POST",status="4xx"}': GROWS}),
    "passwords are guessed": (
        {'barracuda_answers_total{route="/api/admin/auth/login",method="POST",status="4xx"}': f"0+10x{MINUTES}"},
        {'barracuda_answers_total{route="/api/admin/auth/login",method="POST",status="4xx"}': f"0+1x{MINUTES}"}),
    "a fault of ours": ({'barracuda_faults_total{kind="store"}': GROWS}, {'barracuda_faults_total{kind="store"}': FLAT}),
    "open files run out": ({"process_open_fds": f"950x{MINUTES}", "process_max_fds": f"1000x{MINUTES}"},
                           {"process_open_fds": f"850x{MINUTES}", "process_max_fds": f"1000x{MINUTES}"}),
    "the disk is nearly full": ({"barracuda_data_free_bytes": f"4e9x{MINUTES}"}, {"barracuda_data_free_bytes": f"6e9x{MINUTES}"}),
    "a node is missing": ({"barracuda_nodes_alive": f"3x10 2x{MINUTES}"}, {"barracuda_nodes_alive": f"3x{MINUTES}"}),
    "a dead node's work is left": ({"barracuda_nodes_takeable": f"1x{MINUTES}"}, {"barracuda_nodes_takeable": FLAT}),
}
for alarm, rule in ALERTS.items():  # of a counter: it grows, or does not
    counter = re.fullmatch(r"increase\((\w+)\[\w+\]\) > 0", rule["expr"])
    if counter:
        SERIES[alarm] = ({counter.group(1): GROWS}, {counter.group(1): FLAT})


def with_job(series):
    return series.replace("{", '{job="barracuda",') if "{" in series else series + '{job="barracuda"}'


def firing(tmp_path, rule, series):
    """promtool's word on whether the alert fires in the end; -> the process."""
    kept = {"by (route)": "route", "by (kind)": "kind"}
    label = next((name for by, name in kept.items() if by in rule["expr"]), None)
    labels = dict(rule["labels"])
    if label:
        labels[label] = re.search(rf'{label}="([^"]*)"', next(iter(series))).group(1)
    else:
        labels["job"] = "barracuda"
    test = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [{
        "interval": "1m", "input_series": [{"series": with_job(name), "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": f"{MINUTES}m", "alertname": rule["alert"],
                             "exp_alerts": [{"exp_labels": labels, "exp_annotations": rule["annotations"]}]}]}]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    return subprocess.run([promtool(), "test", "rules", str(tmp_path / "test.yml")], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("alarm", list(ALERTS))
def test_it_fires_at_trouble_and_not_without(tmp_path, alarm):
    trouble, well = SERIES[alarm]
    done = firing(tmp_path, ALERTS[alarm], trouble)
    assert done.returncode == 0, done.stdout + done.stderr
    done = firing(tmp_path, ALERTS[alarm], well)
    assert done.returncode == 1 and "got:[]" in re.sub(r"\s", "", done.stdout + done.stderr), done.stdout + done.stderr


# ------------------------------------------------------------------------------------------------ the dashboard

PANELS = [one for one in json.loads((ROOT / "packaging/monitoring/dashboard.json").read_text())["panels"] if one["type"] != "row"]
ASKED = [target["expr"] for panel in PANELS for target in panel["targets"]]


def parsed(tmp_path, expressions):
    """promtool's exit code over them as rules; the dashboard's own variables get values first."""
    of_grafana = {"$job": "barracuda", "$instance": ".*", "$__rate_interval": "5m"}
    for name, value in of_grafana.items():
        expressions = [one.replace(name, value) for one in expressions]
    rules = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(expressions)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    return subprocess.run([promtool(), "check", "rules", str(tmp_path / "rules.yml")], capture_output=True, timeout=60).returncode


def test_the_dashboard_asks_for_what_there_is(tmp_path):
    known = {spans(row["metric"])[0] for row in rows(text_of("docs/operating/metrics.md")) if "metric" in row}
    named = {re.sub("_bucket$", "", one) for text in ASKED for one in re.findall(r"\b(?:barracuda|process)_\w+", text)}
    assert len(named) > 20 and named <= known
    assert parsed(tmp_path, ASKED) == 0 and parsed(tmp_path, [*ASKED, "sum(rate("]) != 0


def test_panels_stand_side_by_side():
    taken = set()
    for at in (one["gridPos"] for one in PANELS):
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24
        taken |= cells


def test_the_running_program_has_every_series(srv):
    """With nothing reported yet: a panel that has no data at the start looks like one that is broken."""
    there = set(re.findall(r"^((?:barracuda|process)_\w+)[{ ]", srv.request("GET", "/metrics").body.decode(), re.M))
    named = {one for text in ASKED for one in re.findall(r"\b(?:barracuda|process)_\w+", text)}
    assert named <= there
