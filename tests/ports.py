"""Ports on loopback for servers that are told where to listen."""
import collections
import socket

_held = collections.deque(maxlen=256)  # the oldest are let go


def free_port():
    """A port that stays ours: bound here and not listened on, so that no connection, no other server and no other
    process of a parallel run is given it, also while its server is down. One that sets SO_REUSEADDR, as all do that
    can be started again, listens on it beside us."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    _held.append(s)
    return s.getsockname()[1]
