"""The harness: the real program, and clients that press together. The network they tell is mock_network.py's.

    with MockNetwork() as net, Server(tmp_path, net) as srv:
        answer = srv.get("/api/postback", click_id="c1", affiliate_id="7", goal="deposit", amount="5")
        assert answer.json["verdict"] == "recorded"
        srv.kill9(); srv.restart()
        assert [d["click_id"] for d in srv.conversions()] == ["c1"]

Numbers with a fraction in answers are read as Decimal, so that money can be compared exactly.
Standard library only; written from contract.md, it shares nothing with the program.
"""
import atexit
import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
from decimal import Decimal
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("BARRACUDA_BINARY", ROOT / "build/release/barracuda"))
CLIENTS = 64
# "mongodb": every Server gets a database of its own on the set that BARRACUDA_TEST_MONGODB names
# (tests/mongo_server.py); else RocksDB in its data directory.
STORE = os.environ.get("BARRACUDA_TEST_STORE", "rocksdb")

_running = {}  # pid -> Popen, started by us and not yet reaped


def kill_leftovers():
    """Ends what we started and nothing else."""
    for process in list(_running.values()):
        if process.poll() is None:
            process.kill()
            process.wait(10)
    _running.clear()


atexit.register(kill_leftovers)


def new_hash():
    """A click hash as the network makes them."""
    return secrets.token_hex(16)


def new_id(prefix="c"):
    return f"{prefix}-{secrets.token_hex(8)}"


def descriptors(pid):
    """-> {number: what it is} of a process. The program lets nobody look into it (PR_SET_DUMPABLE): an ordinary user asks sudo."""
    at = f"/proc/{pid}/fd"
    found = {}
    try:
        for name in os.listdir(at):
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                found[int(name)] = os.readlink(f"{at}/{name}")
        return found
    except PermissionError:
        listed = subprocess.run(["sudo", "-n", "find", at, "-type", "l", "-printf", "%f %l\\n"], check=True, capture_output=True, text=True).stdout
        return {int(name): target for name, _, target in (line.partition(" ") for line in listed.splitlines())}


def wait_until(condition, seconds, what="condition", step=0.02):
    """Polls until condition() is true; returns its value, or fails the test."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(step)


# --------------------------------------------------------------------------------------------- HTTP client

class Answer:
    """One HTTP answer. .json is None when the body is no JSON."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        names = [name.lower() for name in headers.keys() if name.lower() != "set-cookie"]
        assert len(names) == len(set(names)), f"a header is there twice: {names}"
        try:
            self.json = json.loads(body, parse_float=Decimal)
        except ValueError:
            self.json = None

    @property
    def data(self):
        return self.json["data"]

    @property
    def message(self):
        return self.json["message"]

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"


def to_json(value):
    """JSON with Decimals written digit for digit (json.dumps has no way to do that)."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {to_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(to_json, value)) + "]"
    return json.dumps(value)


def encode(method, path, query=None, json_body=None, form=None, body=None, headers=None, key=None):
    """-> (target, body, headers) of a request."""
    headers = dict(headers or {})
    if query:
        path += ("&" if "?" in path else "?") + urllib.parse.urlencode(query)
    if json_body is not None:
        body = to_json(json_body).encode()
        headers.setdefault("Content-Type", "application/json")
    elif form is not None:
        body = urllib.parse.urlencode(form).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    elif isinstance(body, str):
        body = body.encode()
    if key:
        headers.setdefault("Authorization", f"Bearer {key}")
    return path, body, headers


def ask(connection, method, path, **parts):
    """One request on a connection that stays open."""
    target, body, headers = encode(method, path, **parts)
    connection.request(method, target, body=body, headers=headers)
    reply = connection.getresponse()
    return Answer(reply.status, reply.headers, reply.read())


def request(port, method, path, timeout=20, **parts):
    """One request on its own connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        return ask(connection, method, path, **parts)
    finally:
        connection.close()


STREAMS = ("/api/admin/events",)


def concrete(path):
    """A path of the router's table as it can be asked: with an id; a stream, which has no end, for what it refuses."""
    return path.replace("{id}", "0" * 24) + ("?types=none" if path in STREAMS else "")


def raw_request(method, path, **parts):
    """The bytes of a request, for sockets that are opened before they send."""
    target, body, headers = encode(method, path, **parts)
    headers = {"Host": "127.0.0.1", "Connection": "close", **headers}
    if body is not None:
        headers["Content-Length"] = str(len(body))
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    return head.encode() + (body or b"")


def send_raw(port, data, timeout=20):
    """Sends bytes as they are and reads one answer."""
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        try:
            s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may answer and close before it has read everything
        return read_answer(s)


def read_answer(s):
    reply = http.client.HTTPResponse(s)
    reply.begin()
    return Answer(reply.status, reply.headers, reply.read())


def read_one(s):
    """One answer with a length and no byte more, where others follow it: http.client would read ahead.
    -> status, fields by their names in lower case, body"""
    head, body = b"", b""
    while not head.endswith(b"\r\n\r\n"):
        byte = s.recv(1)
        assert byte, f"the connection ended within {head!r}"
        head += byte
    lines = head.decode("latin1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    while len(body) < int(fields["content-length"]):
        part = s.recv(int(fields["content-length"]) - len(body))
        assert part, f"the connection ended within {body!r}"
        body += part
    return int(lines[0].split(" ")[1]), fields, body


def burst(n, fn):
    """Runs fn(0) … fn(n-1) in n threads released at one moment; -> their results in order."""
    barrier, results, errors = threading.Barrier(n), [None] * n, []

    def run(i):
        try:
            barrier.wait(20)
            results[i] = fn(i)
        except Exception as error:  # handed to the test below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not errors, f"{len(errors)} of {n} clients failed: {errors[0]!r}"
    assert all(not t.is_alive() for t in threads), "clients hang"
    return results


def burst_requests(port, requests):
    """Opens one socket a request, then sends all at one moment; -> answers in order."""
    sockets = [socket.create_connection(("127.0.0.1", port), 20) for _ in requests]
    try:
        def one(i):
            sockets[i].sendall(requests[i])
            return read_answer(sockets[i])
        return burst(len(requests), one)
    finally:
        for s in sockets:
            s.close()


# --------------------------------------------------------------------------------------------- the program

class Server:
    """The real program on a free port over a data directory, and with MongoDB a database, of its own."""

    def __init__(self, directory, net, ingest="open", env=None, start=True, keys=True):
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.net, self.port, self.process = net, free_port(), None
        self.stderr = self.directory / "server.stderr"
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.directory),
            "BARRACUDA_AUTH_INGEST": ingest,
            "BARRACUDA_NETWORK_BASE_URL": net.base_url,
            "BARRACUDA_NETWORK_HASH": "testhash",
            "BARRACUDA_NETWORK_PRIVATE_API_URL": net.private_url,
            "BARRACUDA_NETWORK_PRIVATE_API_TOKEN": "t",
            "BARRACUDA_NETWORK_ALLOW_ADDRESSES": "127.0.0.0/8",
            "BARRACUDA_LIMITS_FORMS_PER_MINUTE": "0",
        }
        self.database = None
        if STORE == "mongodb":
            self.database = f"barracuda_{secrets.token_hex(6)}"
            self.env["BARRACUDA_STORE_URL"] = os.environ["BARRACUDA_TEST_MONGODB"]
            self.env["BARRACUDA_STORE_DATABASE"] = self.database
        self.env.update(env or {})
        for name in os.environ:  # sanitizer settings go through
            if name.endswith("SAN_OPTIONS"):
                self.env[name] = os.environ[name]
        assert BINARY.exists(), f"{BINARY} is missing: ./dev build first"
        self.admin_key = self.create_key("admin") if keys else None
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill9()
        if self.database:
            import pymongo  # only where a database is there to be dropped
            pymongo.MongoClient(os.environ["BARRACUDA_TEST_MONGODB"]).drop_database(self.database)

    def command(self, *arguments, stdin=None, check=True, seconds=30):
        """Runs one command of the program on our data directory."""
        done = subprocess.run([str(BINARY), *arguments, "--data", str(self.data)], input=stdin, env=self.env,
                              cwd=self.directory, capture_output=True, text=True, timeout=seconds)
        if check:
            assert done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stderr[-2000:]}"
        return done

    def create_key(self, scope, affiliate=None, name="t"):
        """With a server running this goes through its control socket, else into the store itself."""
        more = ["--affiliate", affiliate] if affiliate else []
        out = self.command("key", "create", "--name", name, "--scope", scope, *more).stdout
        lines = out.split("\n")
        assert len(lines) == 2 and lines[1] == "" and lines[0].strip() == lines[0] != "", \
            f"the key must stand alone on one line: {out!r}"
        return lines[0]

    def start(self, env=None, ready=True, seconds=15, arguments=()):
        assert self.process is None or self.process.poll() is not None, "already running"
        with open(self.stderr, "ab") as log:
            self.process = subprocess.Popen(
                [str(BINARY), "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}", *arguments],
                env={**self.env, **(env or {})}, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _running[self.process.pid] = self.process
        if ready:
            self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds=15):
        deadline = time.monotonic() + seconds
        last = None
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"server ended with {self.process.returncode}: {self.log_tail()}")
            try:
                last = request(self.port, "GET", "/readyz", timeout=2)
                if last.status == 200:
                    return
            except OSError as error:
                last = error
            except http.client.HTTPException as error:
                last = error
            time.sleep(0.01)
        raise AssertionError(f"not ready within {seconds} s: {last!r}: {self.log_tail()}")

    def log_tail(self, size=3000):
        return self.stderr.read_bytes()[-size:].decode("utf-8", "replace") if self.stderr.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def _reap(self, seconds):
        code = self.process.wait(seconds)
        _running.pop(self.process.pid, None)
        return code

    def kill9(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self._reap(10)

    def stop(self):
        """SIGTERM; the promise is exit 0 within 10 s."""
        assert self.alive(), f"the server died before it was stopped: {self.log_tail()}"
        begin = time.monotonic()
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            code = self._reap(10)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError("SIGTERM: still running after 10 s")
        assert code == 0, f"SIGTERM: exit {code}: {self.log_tail()}"
        return time.monotonic() - begin

    def restart(self, env=None):
        """Starts again on the same data and port; stops first when running."""
        if self.alive():
            self.stop()
        return self.start(env)

    # requests

    def request(self, method, path, **parts):
        return request(self.port, method, path, **parts)

    def get(self, path, key=None, **query):
        return self.request("GET", path, query=query, key=key)

    def post(self, path, json_body, key=None, **parts):
        return self.request("POST", path, json_body=json_body, key=key, **parts)

    def admin(self, method, path, **parts):
        return self.request(method, path, key=self.admin_key, **parts)

    # views

    def page(self, **query):
        answer = self.admin("GET", "/api/admin/conversions", query=query)
        assert answer.status == 200, answer
        return answer.json

    def conversions(self, **query):
        """All conversions, through the cursor."""
        out, cursor, seen = [], None, set()
        while True:
            page = self.page(**{"limit": 200, **query, **({"cursor": cursor} if cursor else {})})
            out += page["data"]
            cursor = page["pagination"].get("nextCursor")
            if not cursor:
                return out
            assert cursor not in seen, "the cursor does not move"
            seen.add(cursor)

    def conversion(self, click_id, goal_id=None):
        """The one conversion of a click (and goal)."""
        found = self.of_click(click_id, goal_id)
        assert len(found) == 1, found
        return found[0]

    def of_click(self, click_id, goal_id=None):
        return [c for c in self.conversions(search=click_id)
                if c["click_id"] == click_id and goal_id in (None, c["goal_id"])]

    def contact(self, email):
        answer = self.admin("GET", "/api/admin/contacts", query={"search": email, "limit": 200})
        assert answer.status == 200, answer
        found = [c for c in answer.data if c.get("email", "").lower() == email.lower()]
        assert len(found) == 1, found
        return found[0]
