"""A DNS server on loopback whose answers are scripted by name, lookup by lookup. TTL 0.

    with DnsServer() as dns:
        dns.answers["fixed.test"] = always("10.0.0.1")
        dns.answers["rebound.test"] = lambda n: ["1.2.3.4"] if n == 0 else ["127.0.0.1"]
        dns.answers["alias.test"] = lambda n: "fixed.test"  # a CNAME, followed here
        dns.answers["silent.test"] = lambda n: None  # never answered

A lookup asks for A and AAAA from one port: both are the same n. Names that nobody scripted do not exist.
"""
import collections
import ipaddress
import socket
import struct
import threading

A, CNAME, AAAA = 1, 5, 28


def always(*addresses):
    return lambda n: list(addresses)


def _name(text):
    return b"".join(bytes([len(label)]) + label.encode("latin1") for label in text.split(".")) + b"\0"


def _record(name, kind, data):
    return name + struct.pack(">HHIH", kind, 1, 0, len(data)) + data


class DnsServer:
    def __init__(self):
        self.answers, self.given, self.lock = {}, collections.defaultdict(set), threading.Lock()
        self.lookups = collections.Counter()
        self.half = {}  # (name, port of the asker) -> (n, the types asked so far)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.closing = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing = True
        self.socket.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join(5)
        self.socket.close()

    def addresses_given(self, name):
        """Every address that was ever answered for it."""
        with self.lock:
            return set(self.given[name])

    def _serve(self):
        while not self.closing:
            query, asker = self.socket.recvfrom(4096)
            if len(query) > 12:
                answer = self._answer(query, asker[1])
                if answer:
                    self.socket.sendto(answer, asker)

    def _which(self, name, port, kind):
        """How many lookups of this name came before this one."""
        n, asked = self.half.pop((name, port), (None, set()))
        if n is None or kind in asked:
            n, asked = self.lookups[name], set()
            self.lookups[name] += 1
        if asked | {kind} < {A, AAAA}:
            self.half[name, port] = (n, asked | {kind})
        return n

    def _answer(self, query, port):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin1").lower())
            at += 1 + query[at]
        question = query[12:at + 5]
        kind, = struct.unpack(">H", query[at + 1:at + 3])
        records, asked = [], ".".join(labels)
        name, exists = asked, asked in self.answers
        with self.lock:
            found = self.answers[name](self._which(name, port, kind)) if exists else []
            if found is None:
                return b""
            while isinstance(found, str):
                records.append(_record(_name(name), CNAME, _name(found)))
                name = found
                found = self.answers[name](self._which(name, port, kind))
            for address in map(ipaddress.ip_address, found):
                if kind == (A if address.version == 4 else AAAA):
                    records.append(_record(_name(name), kind, address.packed))
                    self.given[asked].add(str(address))
        flags = 0x8580 if exists else 0x8583
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + question + b"".join(records)
