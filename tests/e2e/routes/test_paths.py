"""Methods, unknown paths, health, and a stop that loses nothing."""
import pytest

from harness import Server, new_id
from seven_routes import check, route6

METHODS = [("DELETE", "/api/private/conversions", {"GET", "POST"}), ("GET", "/api/contact", {"POST"}), ("GET", "/api/register", {"POST"}),
           ("GET", "/api/ftd", {"POST"}), ("PUT", "/api/postback", {"GET", "HEAD", "POST"}), ("DELETE", "/api/goals/postback", {"GET", "POST"}),
           ("DELETE", "/api/admin/conversions", {"GET", "POST"}), ("PUT", "/api/ftd", {"POST"}), ("DELETE", "/api/admin/contacts", {"GET", "POST"})]


@pytest.mark.parametrize("method,path,allowed", METHODS)
def test_wrong_method(srv, method, path, allowed):
    answer = srv.admin(method, path)
    check(answer, 405, success=False)
    assert allowed <= {m.strip() for m in answer.headers["Allow"].split(",")}
    assert method not in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/api", "/api/ftd/", "/api/ftds", "/api/postback/x", "/api/../api/ftd", "/nothing", "/API/ftd"])
def test_unknown_path(srv, path):
    check(srv.admin("POST", path, json_body={}), 404, success=False)


def test_health(srv):
    assert srv.get("/livez").status == 200 and srv.get("/readyz").status == 200
    metrics = srv.get("/metrics")
    assert metrics.status == 200 and b"# TYPE" in metrics.body
    for path in ("/livez", "/readyz", "/metrics"):  # what load balancers and `curl -I` send
        head = srv.request("HEAD", path)
        assert head.status == 200 and head.body == b"", head


def test_stop_is_clean_and_nothing_is_lost(net, tmp_path):
    with Server(tmp_path, net) as server:
        click = new_id()
        route6(server, click)
        before = server.conversions()
        server.restart()
        assert server.conversions() == before
        check(route6(server, click), verdict="duplicate", duplicate=True)
        assert len(net.goals(click)) == 1
        server.stop()
