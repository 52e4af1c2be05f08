"""The page for strangers in a browser, with scripts and without: a tracker's link, a slip, the form, the thanks, the conversion."""
import os
import subprocess

import pytest

from harness import Server, new_hash, wait_until
from test_desk import HERE, NODE, WALK_S

pytestmark = pytest.mark.bounded(WALK_S + 10)


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_landing(net, tmp_path, scripts):
    click, email = new_hash(), f"visitor-{scripts}@desk.example"
    with Server(tmp_path / "site", net) as srv:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DESK_URL": f"http://127.0.0.1:{srv.port}", "DESK_SCRIPTS": scripts,
               "DESK_LANDING": f"/?sub1={click}&affiliate_id=204&url_id=9", "DESK_EMAIL_NEW": email, "DESK_SHOT": str(tmp_path / "failed.png")}
        done = subprocess.run([NODE, HERE / "walks" / "landing.mjs"], env=env, capture_output=True, text=True, timeout=WALK_S)
        assert done.returncode == 0, f"{done.stderr[-6000:]}\nthe page as it was: {tmp_path / 'failed.png'}"
        stored = wait_until(lambda: srv.of_click(click, "5"), 10, "the registration")[0]
        assert stored["affiliate_id"] == "204" and stored["provenance"] == "form"
        contact = srv.contact(email)
        assert contact["type"] == "media_buyer" and contact["url_id"] == "9"
        assert contact["message"].replace("\r\n", "\n") == "<b>three</b> countries\n& more", "as typed"
