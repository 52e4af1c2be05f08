"""The desk over a demo, in a browser."""
import os
import re
import subprocess

import pytest

from harness import BINARY
from test_desk import HERE, NODE, WALK_S

pytestmark = pytest.mark.bounded(WALK_S + 60)


def told(demo):
    """-> what a demo prints until it listens."""
    said = ""
    while "listens on" not in said:
        line = demo.stdout.readline()
        assert line, said
        said += line
    return said


def test_the_desk_says_so(tmp_path):
    place = tmp_path / ("temporary-" * 10)  # longer than the name of a socket may be, as a machine's own may be
    place.mkdir()
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(place)}
    with subprocess.Popen([str(BINARY), "demo", "--conversions", "2000", "--listen", "127.0.0.1:0"], cwd=tmp_path, env=home, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as demo:
        try:
            said = told(demo)
            email, password = re.search(r"as (\S+) with the password (\S+)", said).groups()
            env = {**home, "DESK_URL": said.split()[-1], "DESK_EMAIL": email, "DESK_PASSWORD": password, "DESK_SHOT": str(tmp_path / "failed.png")}
            done = subprocess.run([NODE, HERE / "walks" / "demo.mjs"], env=env, capture_output=True, text=True, timeout=WALK_S)
            assert done.returncode == 0, f"{done.stderr[-6000:]}\nthe page as it was: {tmp_path / 'failed.png'}"
        finally:
            demo.terminate()
