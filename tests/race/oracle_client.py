"""Clients that send a plan of requests over kept connections, as fast as they are answered, and count what they were told.

The plan is a function: request number i has a key and a route, the same in every process, so that the clients of many processes
share keys with no word between them. Every fifth request repeats a key that was first sent at most 128 requests before: mostly
by another client, and often while that one is still unanswered.
"""
import array
import collections
import http.client
import json
import random
import socket
import threading
import time

NEAR = 128
DUPLICATES = 0.2
# How often of a thousand requests each route comes; 2 and 3 are the forms.
SHARES = {"1": 60, "2": 10, "3": 5, "4": 250, "5": 420, "6": 80, "7": 175}
ROUTES = [route for route, share in SHARES.items() for _ in range(share)]
REPORTS, FORMS = "14567", "23"

Planned = collections.namedtuple("Planned", "key route repeats")


class Plan:
    def __init__(self, seed, count):
        self.run, self.count = f"{seed:08x}", count
        self.keys = array.array("L", range(count))
        dice = random.Random(seed)
        for i in range(1, count):
            if dice.random() < DUPLICATES:
                self.keys[i] = self.keys[i - dice.randint(1, min(NEAR, i))]
        self.routes = bytes(ord(dice.choice(ROUTES)) for _ in range(count))

    def at(self, i):
        """A key belongs to the forms or to the reports by its first request, whatever else repeats it."""
        key = self.keys[i]
        first, route = chr(self.routes[key]), chr(self.routes[i])
        if (first in FORMS) != (route in FORMS):
            route = first
        return Planned(key, route, key != i)

    def click(self, key):
        return f"{self.run}{key:024x}"

    def email(self, key):
        return f"{self.run}.{key}@example.com"

    def distinct(self, routes):
        return {self.keys[i] for i in range(self.count) if chr(self.routes[self.keys[i]]) in routes}


def request_of(plan, planned, host, admin_key):
    """-> the bytes of one request"""
    click = plan.click(planned.key)
    base = {"click_id": click, "affiliate_id": "7", "amount": 10}
    method, path, body, key = {
        "1": lambda: ("POST", "/api/private/conversions", {"click_hash": click, "goal_type_id": "6", "affiliate_id": "7",
                                                          "deposit_amount": 10}, None),
        "2": lambda: ("POST", "/api/contact", {"email": plan.email(planned.key), "type": "affiliate"}, None),
        "3": lambda: ("POST", "/api/register", {"email": plan.email(planned.key), "name": "N", "company": "C", "type": "user"}, None),
        "4": lambda: ("POST", "/api/ftd", base, None),
        "5": lambda: ("GET", f"/api/postback?click_id={click}&affiliate_id=7&goal=deposit&amount=10", None, None),
        "6": lambda: ("POST", "/api/goals/postback", {**base, "goal_type": "deposit"}, None),
        "7": lambda: ("POST", "/api/admin/conversions", {**base, "goal_id": "6", "goal_type": "deposit"}, admin_key),
    }[planned.route]()
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
    if key:
        head += f"Authorization: Bearer {key}\r\n"
    if body is None:
        return (head + "\r\n").encode()
    text = json.dumps(body)
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


class Answers:
    """What a process's clients were told."""

    def __init__(self, count):
        self.recorded = collections.Counter()  # key -> how often it was told to be new
        self.answered = self.repeated = 0
        self.wrong, self.examples = 0, []
        self.micros = array.array("L")

    def note(self, planned, status, body, micros):
        self.answered += 1
        self.repeated += planned.repeats
        self.micros.append(micros)
        told = body.get("verdict")
        if planned.route in FORMS:
            fits = status == 200 or (status == 409 and "already been registered" in body.get("message", ""))
            new = status == 200
        else:
            fits = status in (200, 202) and told in ("recorded", "duplicate", "updated") and \
                body.get("isDuplicate") is (told != "recorded")
            new = told == "recorded"
        self.recorded[planned.key] += new
        if not fits:
            self.wrong += 1
            self.examples = self.examples[:3] + [(planned, status, body)]

    def add(self, other):
        self.recorded += other.recorded
        self.answered += other.answered
        self.repeated += other.repeated
        self.wrong += other.wrong
        self.examples = (self.examples + other.examples)[:4]
        self.micros.extend(other.micros)


def pressed(plan, ports, admin_keys, first, clients, step):
    """Runs clients number first, first+1, … of `step` in all, a thread each; client c sends the requests c, c + step, …, to the
    server number i of `ports` by turns. -> Answers"""
    answers, lock, failures = Answers(plan.count), threading.Lock(), []

    def run(client):
        own = Answers(plan.count)
        try:
            servers = [(socket.create_connection(("127.0.0.1", port), 60), f"127.0.0.1:{port}", key)
                       for port, key in zip(ports, admin_keys)]
            for connection, _, _ in servers:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(client, plan.count, step):
                connection, host, key = servers[i // step % len(servers)]
                planned = plan.at(i)
                begin = time.perf_counter_ns()
                connection.sendall(request_of(plan, planned, host, key))
                reply = http.client.HTTPResponse(connection)
                reply.begin()
                body = json.loads(reply.read())
                own.note(planned, reply.status, body, (time.perf_counter_ns() - begin) // 1000)
                assert reply.getheader("Connection", "").lower() != "close"
        except Exception as error:  # told by the caller
            failures.append(error)
        with lock:
            answers.add(own)

    threads = [threading.Thread(target=run, args=(client,), daemon=True) for client in range(first, first + clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise AssertionError(f"{len(failures)} clients failed: {failures[0]!r}")
    return answers
