"""A network behind TLS is told what is whose only if its certificate holds: it is handed over by someone that the machine trusts, and
names the host that was called."""
import contextlib
import socket
import ssl
import threading

import pytest

from harness import Server, new_id, wait_until
from proxies import certificate
from seven_routes import check


class TlsNetwork:
    """Answers every request 200 over TLS; `heard` has the first line of each, `handshakes` what became of each connection."""

    def __init__(self, directory):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(*certificate(directory))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard, self.handshakes = [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), plain:
                plain.settimeout(5)
                try:
                    with self.context.wrap_socket(plain, server_side=True) as one:
                        self.handshakes.append("done")
                        if data := one.recv(65536):
                            self.heard.append(data.split(b"\r\n")[0].decode())
                            one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                except ssl.SSLError as error:
                    self.handshakes.append(error.reason)


@pytest.fixture
def https(tmp_path):
    network = TlsNetwork(tmp_path)
    yield network
    network.listener.close()


def ask_without_looking(port):
    """The control: to a client that looks at no certificate it is a network like any other."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain) as one:
        one.sendall(b"GET /control HTTP/1.1\r\nHost: x\r\n\r\n")
        return one.recv(4096)


def test_a_network_whose_certificate_nobody_vouches_for_is_told_nothing(net, tmp_path, https):
    assert ask_without_looking(https.port).startswith(b"HTTP/1.1 200") and https.heard == ["GET /control HTTP/1.1"]
    env = {"BARRACUDA_NETWORK_BASE_URL": f"https://127.0.0.1:{https.port}/api/v3", "BARRACUDA_DELIVERY_INLINE_WAIT": "5s"}
    with Server(tmp_path / "server", net, env=env) as server:
        answer = server.post("/api/goals/postback", {"click_id": new_id(), "affiliate_id": "7", "goal_type": "deposit", "amount": 3})
        check(answer, 202, verdict="recorded")
        tried = wait_until(lambda: server.admin("GET", "/api/admin/attempts").data, 10, "an attempt")
        assert "its certificate is not trusted" in tried[0]["error"], tried
        offered = {"name": "other", "kind": "template", "postback": {"url": f"https://127.0.0.1:{https.port}/{{click_id}}"}}
        check(server.admin("POST", "/api/admin/networks", json_body=offered))
        server.admin("POST", "/api/admin/networks/other/test", json_body={})
    assert https.heard == ["GET /control HTTP/1.1"] and len(https.handshakes) >= 2, https.handshakes
