"""bench_load, by which others are compared with us: it hides no waiting, and counts what it is answered."""
import contextlib
import json
import socket
import subprocess
import threading
import time

import pytest

from harness import ROOT

BUILT = ROOT / "build" / "release"
BODY = b'{"isDuplicate":false}'


def http(status=b"200 OK", body=BODY):
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


class Peer:
    """Answers every request with `answer`; at `stall_at` seconds nobody is answered for `stall_s`. None: it closes."""

    def __init__(self, answer=http(), stall_at=None, stall_s=0.0):
        self.answer, self.begin = answer, None
        self.stall = (stall_at, stall_s)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.begin = self.begin or time.monotonic()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while request := connection.recv(4096):
                self.requests.append(request)
                at, lasts = self.stall
                if at is not None:
                    over = self.begin + at + lasts - time.monotonic()
                    if 0 < over < lasts:
                        time.sleep(over)
                if self.answer is None:
                    return
                connection.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def load(port, *arguments, status=0):
    done = subprocess.run([BUILT / "bench_load", str(port), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done
    return json.loads(done.stdout)


def test_a_server_that_hangs_has_made_all_wait_that_fell_due():
    """One that hangs for 0.6 of 2 s has made some 30 % of a steady load wait; a loop that sends when it is answered sees four."""
    with Peer(stall_at=0.7, stall_s=0.6) as peer:
        by_the_clock = load(peer.port, "--seconds", 2, "--rate", 300, "--connections", 4)
    assert by_the_clock["p99_us"] > 450_000
    assert by_the_clock["max_us"] > 500_000
    assert by_the_clock["answered"] > 450 and by_the_clock["unanswered"] == 0, "what fell due meanwhile is sent later"
    # The control: the same server, asked the way that hides it.
    with Peer(stall_at=0.7, stall_s=0.6) as peer:
        closed = load(peer.port, "--seconds", 2, "--connections", 4)
    assert closed["max_us"] > 500_000 and closed["p99_us"] < 200_000


def test_what_is_never_answered_counts_with_the_time_it_waited():
    with Peer(stall_at=0, stall_s=60) as peer:
        figures = load(peer.port, "--seconds", 0.5, "--rate", 40, "--connections", 2)
    assert figures["answered"] == 0 and 5 < figures["unanswered"] < 60
    assert figures["p50_us"] > 5_000_000, "it waits 5 s for what is under way"


def test_requests_fall_due_as_often_as_asked():
    with Peer() as peer:
        figures = load(peer.port, "--seconds", 3, "--rate", 400, "--connections", 8)
    assert 1_000 < figures["answered"] < 1_400, "a Poisson process: 1,200 and 35 more or less"


@pytest.mark.parametrize(("answer", "what", "status"), [
    (http(), "recorded", 0),
    (http(body=b'{"isDuplicate":true}'), "duplicates", 0),
    (http(b"503 Service Unavailable"), "failed", 1),
    (http(b"200 OK", b"").replace(b"Content-Length", b"X-Length"), "failed", 1),
    (None, "broken", 1)])
def test_answers_are_told_apart(answer, what, status):
    with Peer(answer) as peer:
        figures = load(peer.port, "--seconds", 0.3, "--rate", 50, "--connections", 2, status=status)
    assert figures[what] > 0
    assert all(figures[other] == 0 for other in {"recorded", "duplicates", "failed", "broken"} - {what})


def clicks(peer):
    return [request.split(b"click_id=")[1].split(b"&")[0] for request in peer.requests]


def test_keys_are_distinct_repeated_or_one():
    found = {}
    for keys in ("distinct", "repeats", "one"):
        with Peer() as peer:
            load(peer.port, "--seconds", 1, "--rate", 500, "--connections", 1, "--keys", keys)
            found[keys] = clicks(peer)
    assert len(set(found["distinct"])) == len(found["distinct"]) > 300
    assert 0.7 < len(set(found["repeats"])) / len(found["repeats"]) < 0.9
    assert len(set(found["one"])) == 1


@contextlib.contextmanager
def started(*command, **more):
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_the_prototype_knows_what_it_answered_before_it_was_killed(tmp_path):
    """bench_pipeline is a fair comparison only while it does what we do."""
    with started(BUILT / "bench_pipeline", tmp_path / "db") as (_, port):
        first = load(port, "--seconds", 0.5, "--connections", 32, "--run", "same")
        posted = load(port, "--seconds", 0.2, "--send", "post", "--run", "same")
        one = load(port, "--seconds", 0.3, "--connections", 32, "--keys", "one")
    assert first["recorded"] == first["answered"] > 0 and posted["recorded"] == posted["answered"] > 0
    assert one["recorded"] == 1 and one["duplicates"] == one["answered"] - 1 > 0
    with started(BUILT / "bench_pipeline", tmp_path / "db") as (_, port):
        again = load(port, "--seconds", 0.02, "--connections", 1, "--run", "same")
    assert again["duplicates"] == min(again["answered"], first["answered"])


def test_the_floor_answers_nothing_that_it_could_not_sync(tmp_path):
    """What is answered stands in its file, and one that cannot write answers nothing."""
    request = b"GET / HTTP/1.1\r\n\r\n"
    with started(BUILT / "bench_durable_floor", tmp_path / "file") as (_, port), socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(request)
        assert s.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert (tmp_path / "file").read_bytes() == request
    # Its file may have no more than 18 bytes: the second request cannot be written, and is not answered.
    with started("sh", "-c", 'trap "" XFSZ; exec prlimit --fsize=18 "$@"', "sh", BUILT / "bench_durable_floor", tmp_path / "short",
                 stderr=subprocess.DEVNULL) as (_, port):
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            s.sendall(request)
            assert s.recv(4096).startswith(b"HTTP/1.1 200 OK")
            s.sendall(request)
            with contextlib.suppress(ConnectionResetError):
                assert s.recv(4096) == b""
