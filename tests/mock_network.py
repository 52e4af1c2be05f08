"""The affiliate network on loopback: it answers as contract.md says, or misbehaves on command.

    with MockNetwork() as net:
        net.set_mode("error", "goal")
        …
        assert len(net.goals("c1")) == 2
"""
import collections
import http.server
import json
import socket
import socketserver
import threading
import time
import urllib.parse
from decimal import Decimal

from harness import new_hash, to_json

Call = collections.namedtuple("Call", "time kind method path query headers body delivery mode")


class MockNetwork:
    """Network A (goal, offer) and B (private API) on loopback.

    Modes, for all calls or for one kind ("goal", "offer", "private", of which "lookup" and "create" singly): ok,
    refuse (422), error (500), slow (answers after `delay` s), hang (never answers), down (closes the connection
    unanswered), redirect (for ever), lost (acts, but the answer is lost), last (answers and closes the connection),
    "redirect:URL", "status:N". per_key goes before them: [click id] for goal calls, [affiliate id] for offer calls.
    `calls` holds every call in the order of arrival. Accepted ones are those with mode ok or slow.
    """

    def __init__(self, host="127.0.0.1"):
        self.host = host
        self.calls, self.lock = [], threading.Lock()
        self.modes, self.delay = collections.defaultdict(lambda: "ok"), 1.0
        self.per_key = {}
        self.created = {}  # (hash, goal_type_id) -> conversion of network B
        self.created_more = {}  # what network B says of every new conversion besides
        self.goal_more = {}  # what network A says of every goal besides, or a function of its query
        self.listed = None  # network B's whole answer to a look-up, if not by `created`
        self.clicks = {}  # click_id -> hash, handed out by offer
        self.click_numbers = 1000
        self.closing = threading.Event()
        handler = type("Handler", (_Handler,), {"network": self})
        self.http = _ThreadingServer((host, 0), handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    base_url = property(lambda self: f"http://{self.host}:{self.port}/api/v3")
    private_url = property(lambda self: f"http://{self.host}:{self.port}/backend/open-api/v1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()

    def set_mode(self, mode, kind=None, delay=1.0):
        with self.lock:
            self.delay = delay
            if kind is None:
                self.modes.clear()
                self.per_key.clear()
                self.modes["*"] = mode
            else:
                self.modes[kind] = mode

    def mode_of(self, kind, query):
        with self.lock:
            key = query.get({"goal": "click_id", "offer": "affiliate_id"}.get(kind))
            if key in self.per_key:
                return self.per_key[key]
            wider = "private" if kind in ("lookup", "create") else "*"
            return next((self.modes[k] for k in (kind, wider) if k in self.modes), self.modes["*"])

    def record(self, call):
        with self.lock:
            self.calls.append(call)

    def seen(self, kind=None, click=None, goal_id=None, accepted=None):
        """The recorded calls that fit. click: click id of a goal call, or hash of a created conversion."""
        with self.lock:
            calls = list(self.calls)
        out = []
        for c in calls:
            if kind and c.kind != kind:
                continue
            if accepted is not None and (c.mode in ("ok", "slow")) != accepted:
                continue
            if click is not None and not _concerns(c, click):
                continue
            if goal_id is not None and c.path.rsplit("/", 1)[-1] != str(goal_id):
                continue
            out.append(c)
        return out

    def goals(self, click=None, goal_id=None, **more):
        return self.seen("goal", click, goal_id, **more)

    def creations(self, click=None, **more):
        """Items of network B's POST /users/conversions for one hash."""
        return [(c, item) for c in self.seen("create", **more)
                for item in (c.body or {}).get("conversions", [])
                if click is None or item.get("hash") == click]


def _concerns(call, click):
    if call.kind == "goal":
        return call.query.get("click_id") == click
    if call.kind == "lookup":
        return call.query.get("hash") == click
    if call.kind == "create":
        return any(i.get("hash") == click for i in (call.body or {}).get("conversions", []))
    return False


class _ThreadingServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass  # clients that are killed break their connections; that is what the tests are about


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answer_lost = answer_last = False
    network = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def kind(self, method, path):
        if path.startswith("/api/v3/goal/"):
            return "goal"
        if path.startswith("/api/v3/offer/"):
            return "offer"
        if path.startswith("/backend/open-api/v1/users/conversions"):
            return "lookup" if method == "GET" else "create"
        return "landing" if path == "/landing" else "other"

    def serve(self, method):
        now = time.monotonic()
        net, parts = self.network, urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        try:
            body = json.loads(raw, parse_float=Decimal) if raw else None
        except ValueError:
            body = {"unreadable": raw.decode("latin1")}
        kind = self.kind(method, parts.path)
        mode = net.mode_of(kind, query)
        net.record(Call(now, kind, method, parts.path, query, dict(self.headers.items()), body,
                        self.headers.get("Barracuda-Delivery"), mode))
        if mode == "slow":
            net.closing.wait(net.delay)
        if mode == "hang":
            net.closing.wait(120)
        if mode in ("hang", "down"):
            return self.break_off()
        self.answer_lost, self.answer_last = mode == "lost", mode == "last"
        if mode == "refuse":
            return self.reply(422, {"error": "refused"})
        if mode == "error":
            return self.reply(500, {"error": "broken"})
        if mode.startswith("status:"):
            return self.reply(int(mode[7:]), {"error": mode})
        if mode.startswith("redirect:"):
            return self.reply(302, {}, {"Location": mode[9:]})
        if mode == "redirect":
            return self.reply(302, {}, {"Location": f"http://{net.host}:{net.port}{self.path}"})
        getattr(self, f"ok_{kind}")(query, body)

    def break_off(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def ok_goal(self, query, body):
        more = self.network.goal_more
        self.reply(200, {"ok": True, "click_id": query.get("click_id"), **(more(query) if callable(more) else more)})

    def ok_offer(self, query, body):
        net, click_hash = self.network, new_hash()
        with net.lock:
            net.click_numbers += 1
            click_id = str(net.click_numbers)
            net.clicks[click_id] = click_hash
        self.reply(302, {}, {"Location": f"http://{net.host}:{net.port}/landing?sub1={click_hash}&click_id={click_id}"})

    def ok_landing(self, query, body):
        self.reply(200, {"landing": True})

    def ok_lookup(self, query, body):
        net = self.network
        if net.listed is not None:
            return self.reply(200, net.listed)
        with net.lock:
            found = [c for c in net.created.values()
                     if all(str(c.get(k)) == v for k, v in query.items() if v and k in ("hash", "goal_type_id"))]
        self.reply(200, {"data": found, "total": len(found), "per_page": 50, "page": 1, "pages": 1})

    def ok_create(self, query, body):
        net, made = self.network, []
        with net.lock:
            for item in (body or {}).get("conversions", []):
                conversion = {**item, "id": str(len(net.created) + 1), **net.created_more}
                net.created.setdefault((item.get("hash"), str(item.get("goal_type_id"))), conversion)
                made.append(conversion)
        self.reply(200, {"conversions": made})

    def ok_other(self, query, body):
        self.reply(404, {"error": "unknown"})

    def reply(self, status, body, headers=None):
        data = to_json(body).encode()
        if self.answer_lost:
            return self.break_off()
        try:
            self.send_response(status)
            for k, v in (headers or {}).items():
                self.send_header(k, v)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if self.answer_last:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True
