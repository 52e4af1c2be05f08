"""verify beside a running server: writers do not wait for it, and it sees one moment of what they write."""
import threading

from harness import Server, new_id


def test_verify_while_clients_write(net, tmp_path):
    """Conversions that owe nothing, that are delivered, that are changed, and contacts, all the time."""
    stop, failures, written = threading.Event(), [], [0] * 8

    def write(t):
        while not stop.is_set():
            click = new_id()
            answers = [srv.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", amount="5"),
                       srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"})]
            if t == 0:
                answers.append(srv.post("/api/register", {"email": f"{click}@example.com", "name": "N", "company": "C", "type": "user"}))
            failures.extend(a for a in answers if a.status not in (200, 202))
            written[t] += 1

    with Server(tmp_path, net, env={"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "0"}) as srv:
        threads = [threading.Thread(target=write, args=(t,)) for t in range(len(written))]
        for t in threads:
            t.start()
        try:
            for _ in range(5):
                before = sum(written)
                done = srv.command("verify")
                assert done.stdout == "the store is sound\n", done
                while sum(written) < before + 20 and not failures:
                    stop.wait(0.01)
        finally:
            stop.set()
            for t in threads:
                t.join(30)
        assert not failures, failures[:3]
        assert sum(written) >= 100
        srv.stop()
        assert srv.command("verify").stdout == "the store is sound\n"
