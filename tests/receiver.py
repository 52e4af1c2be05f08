"""bench_receiver (bench/receiver.cc) from Python: a fast network that counts deliveries by id and misbehaves."""
import collections
import contextlib
import json
import pathlib
import subprocess
import urllib.parse
import urllib.request

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

    def set(self, label, mode, share=100):
        self.get("/set", label=label, mode=mode, share=share)

    def stats(self, label):
        return json.loads(self.get("/stats", label=label))

    def deliveries(self, label):
        rows = (line.split(" ") for line in self.get("/deliveries", label=label).splitlines())
        return [Delivered(click, id, int(calls), int(accepted)) for click, id, calls, accepted in rows]


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
