"""Every page of the desk into docs/pictures, light and dark, wide and narrow, over data that is always the same, and the desk over a
demo: `./dev pictures`.
What changed nothing but the seconds of a time stays as it was in git; look at `git diff --stat` before committing."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import fill  # noqa: E402
from demo import demo, node  # noqa: E402
from harness import ROOT, Server  # noqa: E402
from mock_network import MockNetwork  # noqa: E402
from tracker import Tracker  # noqa: E402

# The desk's face is the system's own; here it is one that is the same everywhere.
DEMO_CONVERSIONS = 200_000
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><include>/etc/fonts/fonts.conf</include>%s</fontconfig>"""
FACE = """<match target="pattern"><test name="family"><string>%s</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>"""


def main():
    with tempfile.TemporaryDirectory() as directory, MockNetwork() as net, Tracker() as tracker:
        fonts = pathlib.Path(directory, "fonts.conf")
        fonts.write_text(FONTS % "".join(FACE % family for family in ("system-ui", "sans", "sans-serif")))
        with demo(directory, DEMO_CONVERSIONS) as shown, Server(pathlib.Path(directory, "full"), net) as full, Server(pathlib.Path(directory, "fresh"), net, ingest="key") as fresh:
            for server in (full, fresh):
                fill.add_admin(server)
            fill.fill(full, tracker.base_url)
            fresh.get("/api/postback", click_id="{click_id}", affiliate_id="7", goal="registration", key=fresh.create_key("ingest"))
            env = {"PATH": os.environ["PATH"], "HOME": directory, "FONTCONFIG_FILE": str(fonts), "DESK_EMAIL": fill.ADMIN["email"],
                   "DESK_PASSWORD": fill.ADMIN["password"], "DESK_URL": f"http://127.0.0.1:{full.port}",
                   "DESK_FRESH_URL": f"http://127.0.0.1:{fresh.port}", **shown, "DESK_PICTURES": str(ROOT / "docs/pictures")}
            return subprocess.run([node(), HERE / "pictures.mjs"], env=env, timeout=570).returncode


sys.exit(main())
