"""A registration that waits for the network keeps the goal and the key that its step was written with."""
import pytest

from harness import Server, new_id, wait_until

GOALS = """
[[goal]]
id = "5"
type = "registration"
repeatable = {repeatable}
then = "6"

[[goal]]
id = "6"
type = "deposit"

[[goal]]
id = "15"
type = "registration"
"""
MOVED = """
[[goal]]
id = "15"
type = "registration"
then = "16"

[[goal]]
id = "16"
type = "deposit"

[[goal]]
id = "5"
type = "registration"

[[goal]]
id = "6"
type = "deposit"
"""


@pytest.mark.parametrize("after", [GOALS.format(repeatable="true"), MOVED], ids=["repeatable", "another goal"])
@pytest.mark.parametrize("route", ["register", "contact"])
def test_a_waiting_registration_is_made_and_told_once(net, tmp_path, route, after):
    settings = tmp_path / "goals.toml"
    settings.write_text(GOALS.format(repeatable="false"))
    net.set_mode("error", "goal")
    with Server(tmp_path, net, start=False) as srv:
        srv.start(arguments=["--config", str(settings)])
        email = f"{new_id('p')}@example.com"
        assert srv.post(f"/api/{route}", {"email": email, "name": "N", "company": "C", "type": "affiliate"}).status == 200
        contact = wait_until(lambda: (c := srv.contact(email)).get("click_id") and c, 10, "a click")
        click = contact["click_id"]
        wait_until(lambda: net.goals(click, 5), 10, "it is tried")
        srv.stop()
        settings.write_text(after)
        srv.start(arguments=["--config", str(settings)])
        net.set_mode("ok")
        wait_until(lambda: net.goals(click, 5, accepted=True), 20, "told")
        contact = wait_until(lambda: (c := srv.contact(email))["flow"]["step"] == "done" and c, 20, "the flow ends")
        stored = srv.of_click(click)
        assert sum(c["goal_type"] == "registration" for c in stored) == 1, stored
        assert sum(c["goal_type"] == "deposit" for c in stored) == 1, stored
        assert len(net.goals(click, 5, accepted=True)) == 1 and not net.goals(click, 15)
        assert len({c.delivery for c in net.goals(click, 5)}) == 1, "one id on every attempt"
