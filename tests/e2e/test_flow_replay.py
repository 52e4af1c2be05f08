"""A registration that the network refused for good and that is replayed later still brings its deposit."""
import pytest

from harness import Server, new_id, wait_until


def refused_partner(srv, net):
    net.set_mode("refuse", "goal")
    email = f"{new_id('p')}@example.com"
    answer = srv.post("/api/register", {"email": email, "name": "N", "company": "C", "type": "affiliate"})
    assert answer.status == 200, answer
    contact = wait_until(lambda: (c := srv.contact(email)).get("flow", {}).get("step") == "refused" and c, 10, "refused")
    assert contact["affiliateError"] and contact["ftd"] is False
    assert [c["goal_id"] for c in srv.of_click(contact["click_id"])] == ["5"]
    return contact


@pytest.mark.parametrize("restart", ["none", "clean", "kill -9"])
def test_replayed_registration_brings_its_deposit_once(net, tmp_path, restart):
    with Server(tmp_path, net) as srv:
        contact = refused_partner(srv, net)
        if restart == "clean":
            srv.restart()
        if restart == "kill -9":
            srv.kill9()
            srv.start()
        net.set_mode("ok")
        assert srv.command("deliveries", "retry").stdout == "1 delivery will be sent again\n"
        contact = wait_until(lambda: (c := srv.contact(contact["email"])).get("ftd") is True and c, 20, "deposited")
        assert "affiliateError" not in contact and contact["affiliateRegistered"] is True and contact["ftd_amount"] == 100
        click = contact["click_id"]
        wait_until(lambda: len(net.goals(click, 6)) == 1, 10, "the deposit is told")
        assert {c["goal_id"]: c["provenance"] for c in srv.of_click(click)} == {"5": "form", "6": "auto"}
        srv.restart()
        assert len(net.goals(click, 5, accepted=True)) == 1 and len(net.goals(click, 6)) == 1, "each told once"
        srv.stop()
        srv.command("verify")
