"""The setting network.offer: of the call that acquires a click, and of every report on it that names no offer."""
from harness import Server, new_hash, new_id, wait_until


def test_a_report_without_an_offer_is_of_the_settings(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_NETWORK_OFFER": "17"}) as srv:
        told, named, private = new_id(), new_id(), new_hash()
        body = {"affiliate_id": "7", "goal_type": "deposit"}
        assert srv.post("/api/goals/postback", {**body, "click_id": told}).status in (200, 202)
        assert srv.post("/api/goals/postback", {**body, "click_id": named, "offer_id": "5"}).status in (200, 202)
        assert srv.post("/api/private/conversions", {"click_hash": private, "goal_type_id": "6"}).status == 200
        assert [srv.conversion(c)["offer_id"] for c in (told, named, private)] == ["17", "5", "17"]

        email = new_id("m") + "@example.com"
        person = {"email": email, "name": "N", "company": "C", "type": "affiliate"}
        assert srv.post("/api/register", person).status == 200
        contact = wait_until(lambda: (c := srv.contact(email)).get("ftd") is True and c, 20, "the flow is done", step=0.1)
        assert {c["offer_id"] for c in srv.of_click(contact["click_id"])} == {"17"}
        assert any("/offer/17" in call.path for call in net.seen("offer")), "its click was acquired for the same"
