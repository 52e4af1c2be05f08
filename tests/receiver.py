"""bench_receiver (bench/receiver.cc) from Python: a fast network that counts deliveries by id and misbehaves."""
import collections
import contextlib
import http.client
import json
import pathlib
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from harness import new_id

Delivered = collections.namedtuple("Delivered", "click id calls accepted")


class Receiver:
    def __init__(self, process):
        self.process = process
        self.port = int(process.stdout.readline())

    def address(self, label):
        """A template's address: it carries the click, and the moment of sending where the report put it into sub1."""
        return f"http://127.0.0.1:{self.port}/d/{label}?c={{click_id}}&t={{sub1}}"

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read().decode()

    def set(self, label, mode, share=100, calls=0):
        """`calls`: only the first so many of each delivery; 0: all."""
        self.get("/set", label=label, mode=mode, share=share, calls=calls)

    def stats(self, label):
        return json.loads(self.get("/stats", label=label))

    def deliveries(self, label):
        rows = (line.split(" ") for line in self.get("/deliveries", label=label).splitlines())
        return [Delivered(click, id, int(calls), int(accepted)) for click, id, calls, accepted in rows]

    def calls(self, label, number):
        """When the deliveries' first, second, … calls came, in seconds, in order."""
        rows = (line.split(" ") for line in self.get("/calls", label=label).splitlines())
        return sorted(int(at) / 1e6 for n, at in rows if int(n) == number)


@contextlib.contextmanager
def receiver(program):
    """`program`: barracuda's own path; bench_receiver is built beside it."""
    process = subprocess.Popen([pathlib.Path(program).parent / "bench_receiver"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        yield Receiver(process)
    finally:
        process.stdin.close()
        process.wait(20)


class Clients:
    """Report `count` clicks; one that is not answered, or with 503, is reported again until it is acknowledged."""

    def __init__(self, srv, count, threads=8):
        self.srv, self.acknowledged, self.lock = srv, set(), threading.Lock()
        self.clicks = [new_id("storm") for _ in range(count)]
        self.threads = [threading.Thread(target=self.run, args=(self.clicks[t::threads],), daemon=True)
                        for t in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            thread.join(600)
            assert not thread.is_alive(), "a client hangs"

    def run(self, clicks):
        connection = None
        for click in clicks:
            while True:
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.srv.port, timeout=20)
                    connection.request("GET", f"/api/postback?click_id={click}&affiliate_id=7&goal=deposit")
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status == 200:
                        break
                    assert answer.status == 503, answer.status
                except (OSError, http.client.HTTPException):
                    connection = None
                time.sleep(0.05)
            with self.lock:
                self.acknowledged.add(click)

    def done(self):
        return not any(thread.is_alive() for thread in self.threads)
