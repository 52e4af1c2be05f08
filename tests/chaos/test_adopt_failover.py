"""An adoption goes on over step-downs and a killed primary, and comes to the same end."""
import os
import subprocess

import pytest

from harness import BINARY
from mongo_server import ReplicaSet
from seed import everything, seeded

pytestmark = pytest.mark.bounded(240)


def adopt(mongo, database, directory):
    env = {"PATH": os.environ["PATH"], "BARRACUDA_STORE_URL": mongo.uri(), "BARRACUDA_STORE_DATABASE": database}
    return subprocess.Popen([str(BINARY), "adopt"], env=env, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def test_an_adoption_rides_out_failovers(tmp_path):
    with ReplicaSet() as mongo:
        first = mongo.database("first")
        second = seeded(mongo, first, "second", 12000)
        whole, err = adopt(mongo, "first", tmp_path).communicate(timeout=60)
        assert "adopted: barracuda serve" in whole, err
        run, moved = adopt(mongo, "second", tmp_path), 0
        try:
            while moved < 4:
                try:
                    run.wait(1.5)
                    break
                except subprocess.TimeoutExpired:
                    moved += 1
                if moved % 2:
                    mongo.step_down()
                else:
                    killed = mongo.primary()
                    mongo.kill9(killed)
                    mongo.start_member(killed)
                mongo.wait_healthy()
            out, err = run.communicate(timeout=120)
        finally:
            run.kill()
        print(f"{moved} failovers")
        assert run.returncode == 0, err
        assert moved >= 1
        assert out == whole
        assert everything(second) == everything(first)
