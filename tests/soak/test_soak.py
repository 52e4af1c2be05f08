"""Nothing grows and nothing becomes slower under a steady load of 70 % of the maximum; a program that leaks is found out.

SOAK_SECONDS (default 18; the long form is `./dev soak MINUTES`). Latency counts from a minute on.
"""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import proof
from soak import Figures, Sample, drawn, faults_of, soak, told_of

SECONDS = int(os.environ.get("SOAK_SECONDS", "18"))
CONTROL_S = 14
RESULTS = Path(__file__).resolve().parent.parent.parent / "build" / "results"
FAULT = "seconds at a steady 70 % of the most it can do"

pytestmark = [pytest.mark.alone, pytest.mark.skipif(not shutil.which("wrk"), reason="apt-get install wrk"), pytest.mark.bounded(SECONDS + 200)]


def test_a_soak(net, tmp_path):
    figures = soak(tmp_path, net, SECONDS)
    print("\n" + "\n".join(told_of(figures)))
    print("\n".join(str(path) for path in drawn(figures, RESULTS)))
    found = faults_of(figures, latency=SECONDS >= 60)
    verdict = proof.Verdict(figures.lost, 0, figures.not_2xx)
    note = f"{figures.rate:,.0f} requests a second; " + ("; ".join(found) or "nothing grows")
    proof.tried(FAULT, SECONDS, verdict, figures.conversions, note)
    assert not found


@pytest.mark.bounded(200)
def test_the_control_that_leaks(net, tmp_path):
    library = tmp_path / "leak.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, Path(__file__).with_name("leak.c"), "-ldl"],
                   check=True, timeout=60)
    env = {"LD_PRELOAD": str(library), "LEAK_BYTES": "300000", "LEAK_EVERY": "8", "LEAK_SLOWER_NS": "1000000"}
    figures = soak(tmp_path, net, CONTROL_S, warm_up=3, env=env)
    found = faults_of(figures)
    print("\n" + "\n".join([*told_of(figures), *found]))
    assert {one.split()[0] for one in found} >= {"memory", "descriptors", "it"}, found
    proof.control(FAULT, len(found), "growths of a program that leaks and becomes slower")


def line(rss=200, descriptors=50, threads=20, p50=1.0):
    return [Sample(i, rss + i * 0.01, descriptors, threads, p50, 3.0) for i in range(90)]


def test_what_counts_as_growth():
    """Each limit, from both sides, without a server."""
    sound = Figures(1000, 700, line(), 1000, 0, 0)
    assert faults_of(sound) == []

    def last_third(**more):
        return sound._replace(samples=[s._replace(**more) if i >= 60 else s for i, s in enumerate(line())])

    assert faults_of(last_third(rss_mb=214)) == [] and "memory" in faults_of(last_third(rss_mb=220))[0]
    assert faults_of(last_third(descriptors=58)) == [] and "descriptors" in faults_of(last_third(descriptors=60))[0]
    assert "memory" in faults_of(last_third(rss_mb=220)._replace(conversions=100_000))[0], "the buffers are full by then"
    assert faults_of(last_third(rss_mb=240)._replace(conversions=30_000)) == [], "and here they are not"
    assert "threads" in faults_of(last_third(threads=21))[0]
    assert faults_of(last_third(p50_ms=2.0)) == [] and "slower" in faults_of(last_third(p50_ms=2.2))[0]
    assert "failed" in faults_of(sound._replace(not_2xx=1))[0] and "lost" in faults_of(sound._replace(lost=1))[0]
