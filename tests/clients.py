"""Clients that press until they are told to stop: what every test under load begins with.

    class Load(Clients):
        def run(self, i):                       # client number i
            while not self.stopping.is_set(): …  # under self.lock: what is counted

    with Load(8) as load: …                     # all run inside; a client that hangs or fails fails the test
"""
import threading


class Clients:
    def __init__(self, count, patience=40):
        self.lock, self.stopping, self.patience = threading.Lock(), threading.Event(), patience
        self.failures = []
        self.threads = [threading.Thread(target=self._guarded, args=(i,), daemon=True) for i in range(count)]

    def _guarded(self, i):
        try:
            self.run(i)
        except Exception as error:  # told to the test when it ends
            with self.lock:
                self.failures.append(error)

    def run(self, i):
        raise NotImplementedError

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(self.patience)
        assert not any(t.is_alive() for t in self.threads), "clients hang"
        assert not self.failures, f"{len(self.failures)} clients failed: {self.failures[0]!r}"
