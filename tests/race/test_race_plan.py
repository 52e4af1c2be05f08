"""64 clients, all seven routes, every fifth request the repetition of one that is hardly answered: exactly one client of each key
is told that it is new, each key is stored once as it was sent, and the network hears of it once.

RACE_REQUESTS (default 12,000; the long form 1,000,000), RACE_SEED.
"""
import collections
import multiprocessing
import os
import secrets

import pytest

import proof
from harness import CLIENTS, STORE, Server, wait_until
from oracle_client import FORMS, REPORTS, Answers, Plan, pressed

REQUESTS = int(os.environ.get("RACE_REQUESTS", "12000")) // (1 if STORE == "rocksdb" else 3)
SEED = int(os.environ.get("RACE_SEED", "0")) or secrets.randbits(31)
PROCESSES = 4
FAULT = "64 clients race, 20 % repeat a report, all seven routes" + ("" if STORE == "rocksdb" else ", over MongoDB")
ENV = {"BARRACUDA_DELIVERY_INLINE_WAIT": "200ms"}


def part(plan, ports, keys, first, out):
    try:
        out.put(pressed(plan, ports, keys, first, CLIENTS // PROCESSES, CLIENTS))
    except AssertionError as error:
        out.put(error)


def run(plan, servers):
    """-> what all clients were told, together"""
    context = multiprocessing.get_context("fork")
    out, answers = context.Queue(), Answers(plan.count)
    ports, keys = [s.port for s in servers], [s.admin_key for s in servers]
    processes = [context.Process(target=part, args=(plan, ports, keys, n * CLIENTS // PROCESSES, out), daemon=True)
                 for n in range(PROCESSES)]
    for process in processes:
        process.start()
    for _ in processes:
        told = out.get()
        if isinstance(told, AssertionError):
            raise told
        answers.add(told)
    for process in processes:
        process.join(60)
    return answers


def judged(plan, answers, stored, contacts):
    """-> lost: told to be new by nobody, or not stored; doubled: told to be new, or stored, more than once; wrong: answers that fit
    no report, and conversions or contacts that nobody sent, or otherwise than they were sent"""
    reports = {plan.click(key): key for key in plan.distinct(REPORTS)}
    forms = {plan.email(key): key for key in plan.distinct(FORMS)}
    own = [c for c in stored if c["click_id"] in reports]
    there = collections.Counter([reports[c["click_id"]] for c in own] + [forms.get(email) for email in contacts])
    keys = set(reports.values()) | set(forms.values())
    lost = sum(there[key] == 0 or answers.recorded[key] == 0 for key in keys)
    doubled = sum(max(there[key], answers.recorded[key], 1) - 1 for key in keys)
    otherwise = sum((c["affiliate_id"], c["amount"], c["goal_id"]) != ("7", 10, "6") for c in own)
    # A form's contact makes two conversions of a click that the network named: the form's own, and the automatic deposit.
    strangers = sum(email not in forms for email in contacts)
    strangers += sum(c["provenance"] not in ("form", "auto") for c in stored if c["click_id"] not in reports)
    return proof.Verdict(lost, doubled, answers.wrong + otherwise + strangers)


def contacts_of(srv):
    out, cursor = [], None
    while True:
        answer = srv.admin("GET", "/api/admin/contacts", query={"limit": 200, **({"cursor": cursor} if cursor else {})})
        out += [contact["email"] for contact in answer.data]
        cursor = answer.json["pagination"].get("nextCursor")
        if not cursor:
            return out


@pytest.mark.bounded(240 + REQUESTS // 300)
def test_a_race_of_all_routes(net, tmp_path):
    plan = Plan(SEED, REQUESTS)
    with Server(tmp_path, net, env=ENV) as srv:
        answers = run(plan, [srv])
        assert answers.answered == REQUESTS
        verdict = judged(plan, answers, srv.conversions(), contacts_of(srv))
        owed = {plan.click(plan.keys[i]) for i in range(REQUESTS) if plan.at(i).route == "6"}
        waiting = lambda: srv.admin("GET", "/api/admin/deliveries", query={"state": "waiting", "limit": 1}).data
        wait_until(lambda: not waiting(), 120 + REQUESTS / 500, "what is owed is paid", step=0.5)
        heard = collections.Counter(call.query["click_id"] for call in net.goals(accepted=True))
        verdict = verdict._replace(lost=verdict.lost + sum(heard[click] == 0 for click in owed),
                                   doubled=verdict.doubled + sum(heard[click] > 1 for click in owed))
        srv.stop()
        srv.command("verify", seconds=600)
    micros = sorted(answers.micros)
    note = (f"seed {SEED}, {answers.repeated} repetitions; p50 {micros[len(micros) // 2] / 1000:.1f} ms, "
            f"p99 {micros[len(micros) * 99 // 100] / 1000:.1f} ms")
    assert proof.tried(FAULT, REQUESTS, verdict, sum(answers.recorded.values()), note) == proof.SOUND, answers.examples


@pytest.mark.bounded(180)
def test_the_control_of_the_race(net, tmp_path):
    """Two servers that share no store take the requests by turns: the same look finds what both of them call new."""
    plan = Plan(SEED, 3000)
    with Server(tmp_path / "one", net, env=ENV) as one, Server(tmp_path / "other", net, env=ENV) as other:
        answers = run(plan, [one, other])
        stored, contacts = [], []
        for srv in (one, other):
            stored += srv.conversions()
            contacts += contacts_of(srv)
    verdict = judged(plan, answers, stored, contacts)
    assert verdict.lost == 0 and verdict.doubled > 100
    proof.control(FAULT, verdict.doubled, "two servers with a store each")


def test_the_plan():
    """Every process has the same; a fifth of it repeats, soon after, what was sent before; every route comes."""
    plan = Plan(7, 20000)
    begin, same, other = ([one.at(i) for i in range(500)] for one in (plan, Plan(7, 20000), Plan(8, 20000)))
    assert begin == same != other
    repeats = [i for i in range(plan.count) if plan.at(i).repeats]
    assert 0.18 < len(repeats) / plan.count < 0.22 and {plan.at(i).route for i in range(plan.count)} == set(REPORTS + FORMS)
    assert all((plan.at(i).route in FORMS) == (plan.at(plan.keys[i]).route in FORMS) for i in repeats)


def test_the_judge_of_the_race():
    plan = Plan(7, 400)
    answers = Answers(plan.count)
    reports, forms = plan.distinct(REPORTS), plan.distinct(FORMS)
    for key in reports | forms:
        answers.recorded[key] = 1
    rows = [{"click_id": plan.click(key), "affiliate_id": "7", "amount": 10, "goal_id": "6", "provenance": "reported"} for key in reports]
    contacts = [plan.email(key) for key in forms]
    assert judged(plan, answers, rows, contacts) == proof.SOUND
    assert judged(plan, answers, rows[1:], contacts) == proof.Verdict(1, 0, 0)
    assert judged(plan, answers, [*rows, rows[0]], contacts) == proof.Verdict(0, 1, 0)
    assert judged(plan, answers, [{**rows[0], "amount": 9}, *rows[1:]], contacts) == proof.Verdict(0, 0, 1)
    assert judged(plan, answers, rows, [*contacts, "another@example.com"]).wrong == 1
    answers.recorded[next(iter(reports))] += 1
    assert judged(plan, answers, rows, contacts) == proof.Verdict(0, 1, 0), "told twice to be new"
