"""Reports that keep coming while a server is replaced, and what became of each: half of the clients keep their connection, half make
a new one for every report. The load holds what was acknowledged; nobody else does."""
import http.client
import threading
import time

from harness import ask, new_id


class SteadyLoad:
    def __init__(self, port, clients=8, key=None):
        self.port, self.key = port, key
        self.acknowledged, self.refused = [], []
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(i % 2 == 0,), daemon=True) for i in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads), "a client hangs"

    def count(self):
        with self._lock:
            return len(self.acknowledged)

    def _run(self, keep):
        connection, fresh = None, True
        while not self._stop.is_set():
            if connection is None:
                connection, fresh = http.client.HTTPConnection("127.0.0.1", self.port, timeout=25), True
            click = new_id()
            try:
                answer = ask(connection, "GET", "/api/postback", key=self.key,
                             query={"click_id": click, "affiliate_id": "7", "goal": "deposit", "amount": "1"})
                good = answer.status == 200 and answer.json["verdict"] == "recorded"
                ends = answer.headers.get("Connection", "").lower() == "close"
                why = None if good else repr(answer)
            except (OSError, http.client.HTTPException) as error:
                good, ends, why = False, True, f"{'new' if fresh else 'kept'} connection: {error!r}"
            with self._lock:
                (self.acknowledged if good else self.refused).append(click if good else why)
            fresh = False
            if ends or not keep:
                connection.close()
                connection = None
            if not good:
                time.sleep(0.01)
