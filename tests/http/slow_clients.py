"""Clients that are slow in every way there is, many of each, as a process of its own: what it costs is not the measurer's.

    slow_clients.py PORT FILE KIND=COUNT…      FILE: the path of something large; says `open` once all are there; ends when its stdin does, and says how often each kind was cut off

Each sends a byte a second, or reads nothing; one that is cut off comes again at the next second."""
import select
import socket
import sys
import time

FORM = b"POST /api/contact HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# What each sends at once, and then every second.
KINDS = {
    "silent": (b"", b""),  # says nothing at all
    "idle": (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b""),  # asked once and stays
    "header": (b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"a"),
    "body": (FORM + b"Content-Length: 60000\r\n\r\n", b" "),
    "chunks": (FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "reader": (f"GET {sys.argv[2]} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 50, b""),  # asks for much and reads none of it
    "answers": (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 100, b""),  # asks for many and reads none of them
}


class Slow:
    def __init__(self, port, kind):
        self.port, self.kind, self.cut = port, kind, 0
        self.socket = None

    def open(self):
        first, _ = KINDS[self.kind]
        self.socket = socket.socket()
        if self.kind in ("reader", "answers"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.setblocking(False)
        self.send(first)

    def send(self, data):
        try:
            self.socket.send(data)
        except BlockingIOError:
            pass  # it is slow, after all
        except OSError:
            self.drop()

    def drop(self):
        self.socket.close()
        self.socket, self.cut = None, self.cut + 1

    def tick(self):
        """A second later."""
        if self.socket is None:
            return self.open()
        if self.kind not in ("reader", "answers"):
            try:
                while part := self.socket.recv(4096):
                    del part
                self.drop()  # the server ended it
                return None
            except BlockingIOError:
                pass
            except OSError:
                return self.drop()
        _, more = KINDS[self.kind]
        return self.send(more) if more else None


def main():
    port, counts = int(sys.argv[1]), dict(word.split("=") for word in sys.argv[3:])
    every = [Slow(port, kind) for kind, count in counts.items() for _ in range(int(count))]
    for one in every:
        one.open()
    print("open", flush=True)
    while True:
        begun = time.monotonic()
        for one in every:
            one.tick()
        left = max(0.01, 1 - (time.monotonic() - begun))
        if select.select([sys.stdin], [], [], left)[0]:
            break
    print({kind: sum(one.cut for one in every if one.kind == kind) for kind in counts}, flush=True)


main()
