"""verify beside a running server: writers do not wait for it, and it sees one moment of what they write."""
from clients import Clients
from harness import Server, new_id


class Writers(Clients):
    """Conversions that owe nothing, that are delivered, that are changed, and contacts, all the time."""

    def __init__(self, srv):
        super().__init__(8)
        self.srv, self.refused, self.written = srv, [], 0

    def run(self, i):
        while not self.stopping.is_set():
            click = new_id()
            answers = [
                self.srv.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit", amount="5"),
                self.srv.post("/api/goals/postback", {"click_id": click, "affiliate_id": "7", "goal_type": "deposit"})]
            if i == 0:
                answers.append(self.srv.post(
                    "/api/register", {"email": f"{click}@example.com", "name": "N", "company": "C", "type": "user"}))
            with self.lock:
                self.refused += [a for a in answers if a.status not in (200, 202)]
                self.written += 1


def test_verify_while_clients_write(net, tmp_path):
    with Server(tmp_path, net, env={"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "0"}) as srv:
        with Writers(srv) as writers:
            for _ in range(5):
                before = writers.written
                done = srv.command("verify")
                assert done.stdout == "the store is sound\n", done
                while writers.written < before + 20 and not writers.refused:
                    writers.stopping.wait(0.01)
        assert not writers.refused, writers.refused[:3]
        assert writers.written >= 100
        srv.stop()
        assert srv.command("verify").stdout == "the store is sound\n"
