"""A log that nobody reads holds up nobody: requests are answered, a stop ends, and what was lost is counted."""
import fcntl
import http.client
import os
import signal
import subprocess
import threading
import time

import pytest

from harness import BINARY, Server, request, wait_until
from test_metrics import read

F_SETPIPE_SZ = 1031


class Unread:
    """A pipe that is full and stays so."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, F_SETPIPE_SZ, 4096)

    def fill(self):
        os.set_blocking(self.writer, False)
        try:
            while True:
                os.write(self.writer, b"x")
        except BlockingIOError:
            pass
        os.set_blocking(self.writer, True)

    def close(self):
        os.close(self.reader)
        os.close(self.writer)


def serve(server, out, err, **env):
    process = subprocess.Popen([str(BINARY), "serve", "--data", str(server.data), "--listen", f"127.0.0.1:{server.port}"],
                               env={**server.env, **env}, cwd=server.directory, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def ready():
        try:
            return request(server.port, "GET", "/readyz", timeout=2).status == 200
        except OSError:
            return False

    wait_until(ready, 20, "ready")
    return process


def ends(process, seconds=10):
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(seconds) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return time.monotonic() - begin


@pytest.mark.parametrize("both", [False, True], ids=["stderr", "stdout-and-stderr"])
@pytest.mark.parametrize("full", ["from the start", "later"])
def test_a_stop_ends(net, tmp_path, both, full):
    pipe = Unread()
    with Server(tmp_path, net, start=False) as server:
        if full == "from the start":
            pipe.fill()
        process = serve(server, pipe.writer if both else subprocess.DEVNULL, pipe.writer, BARRACUDA_LOG_REQUESTS="true")
        try:
            pipe.fill()
            slowest = 0
            for _ in range(300):
                begin = time.monotonic()
                assert request(server.port, "GET", "/livez").status == 200
                slowest = max(slowest, time.monotonic() - begin)
            assert slowest < 5, "no request waits for the reader"
        finally:
            took = ends(process)
        assert took < 10
    pipe.close()


def test_what_was_lost_is_counted_and_told(net, tmp_path):
    pipe = Unread()
    with Server(tmp_path, net, start=False) as server:
        process = serve(server, subprocess.DEVNULL, pipe.writer, BARRACUDA_LOG_REQUESTS="true")
        try:
            pipe.fill()

            def dropped():
                values = read(request(server.port, "GET", "/metrics").body.decode())["barracuda_log_lines_dropped_total"][1]
                return next(iter(values.values()))

            assert dropped() == 0

            def ask_many():
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                for _ in range(2500):
                    connection.request("GET", "/livez")
                    connection.getresponse().read()

            threads = [threading.Thread(target=ask_many) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            lost = dropped()
            assert lost > 0
            seen, done = [], threading.Event()

            def drain():
                while chunk := os.read(pipe.reader, 65536):
                    seen.append(chunk)
                    if b"lines not logged" in b"".join(seen[-2:]):
                        done.set()

            threading.Thread(target=drain, daemon=True).start()
            wait_until(lambda: request(server.port, "GET", "/livez") and done.is_set(), 20, "it is told")
        finally:
            ends(process)
