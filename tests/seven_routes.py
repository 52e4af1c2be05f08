"""What the tests of the seven routes share: each route as a function of its click, and what every answer has."""
from harness import new_hash, new_id, wait_until


def mail():
    return new_id("m") + "@example.com"


def check(answer, status=200, success=True, verdict=None, duplicate=None):
    """What every answer has; -> its JSON."""
    assert answer.status == status, answer
    assert answer.headers.get("Content-Type", "").startswith("application/json"), dict(answer.headers)
    assert answer.headers.get("Cache-Control") == "no-store", dict(answer.headers)
    assert answer.json["success"] is success, answer
    if verdict is not None or not success:
        assert isinstance(answer.json["message"], str) and answer.json["message"], answer
    if verdict is not None:
        assert answer.json["verdict"] == verdict, answer
    if duplicate is not None:
        assert answer.json["isDuplicate"] is duplicate, answer
    return answer.json


# The four keyed routes as functions of (click, **more), so that the table can be walked cell by cell.

def route1(srv, click, goal="6", **more):
    return srv.post("/api/private/conversions", {"click_hash": click, "goal_type_id": goal, **more})


def route4(srv, click, **more):
    return srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 10, **more})


def route5(srv, click, goal="deposit", **more):
    return srv.get("/api/postback", **{"click_id": click, "affiliate_id": "7", "goal": goal, **more})


def route6(srv, click, goal_type="deposit", **more):
    return srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": goal_type, **more})


def route7(srv, click, goal_id="6", goal_type="deposit", **more):
    return srv.admin("POST", "/api/admin/conversions", json_body={
        "click_id": click, "affiliate_id": "7", "goal_id": goal_id, "goal_type": goal_type, **more})


def explained(srv, route, click, **more):
    """One of the POST routes again, with the steps of the decision."""
    if route == "5":
        return srv.get("/api/postback", key=srv.admin_key, explain=1,
                       **{"click_id": click, "affiliate_id": "7", "goal": "deposit", **more})
    return srv.post("/api/ftd", {"click_id": click, "affiliate_id": "7", "amount": 10, **more},
                    key=srv.admin_key, query={"explain": "true"})


KEYED = {"1": route1, "4": route4, "5": route5, "6": route6}


def contact_with_click(srv, click=None, **more):
    """A visitor fills in the form; -> (e-mail, hash), once both conversions are known and delivered."""
    email, click = mail(), click or new_hash()
    answer = srv.post("/api/contact", {"email": email, "type": "affiliate", "sub1": click, **more})
    check(answer)
    wait_until(lambda: len(srv.of_click(click)) == 2, 10, "registration and deposit recorded")
    wait_until(lambda: all(not c.get("due") for c in srv.of_click(click)), 10, "both delivered")
    return email, click
