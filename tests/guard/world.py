"""A server under guard_shim.c, which writes down every connect and lets none through but those to our own mock networks,
and over a DNS server of ours."""
import ipaddress

import corpus
from corpus import PUBLIC
from harness import Server

HOME, OTHER = "127.77.0.1", "127.78.0.1"  # where our mock networks are: all that may be connected to
GUARDED, OPEN = f"{HOME}/32", "0.0.0.0/0, ::/0"
REFUSED = "is not public and not"  # of Reach, at save, and of the client, at connect
FORBIDDEN = [str(ipaddress.ip_address(a)) for a in corpus.IPV4 + corpus.IPV6]
ENV = {"BARRACUDA_DELIVERY_INLINE_WAIT": "0s", "BARRACUDA_DELIVERY_RETRY_SCHEDULE": "0s,1s,168h"}


class World:
    """A server under the shim."""

    def __init__(self, directory, net, dns, shim, allowed, **more):
        self.net, self.dns, self.log = net, dns, directory / "connects"
        preload = {"LD_PRELOAD": str(shim), "GUARD_LOG": str(self.log), "GUARD_OPEN": f"{HOME},{OTHER}", "GUARD_DNS_PORT": str(dns.port)}
        self.srv = Server(directory, net, env={**ENV, "BARRACUDA_NETWORK_ALLOW_ADDRESSES": allowed, **preload, **more}, start=False)
        # Before anything could be called: the shim is in the program, and names are ours.
        assert "loaded" in self.log.read_text(), "the program does not load the shim"
        self.srv.start()
        answer = self.check(template("probe", f"http://home.guard.test:{net.port}/"))
        assert answer.status == 200 and dns.addresses_given("home.guard.test") == {HOME}, f"names are not asked of our DNS server: {answer}"
        assert (HOME, net.port) in self.connects(), "the shim does not see connects"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.srv.kill9()

    def check(self, network):
        return self.srv.admin("POST", "/api/admin/networks", query={"check": 1}, json_body=network)

    def save(self, network):
        return self.srv.admin("POST", "/api/admin/networks", json_body=network)

    def must_save(self, network):
        answer = self.save(network)
        assert answer.status == 200, answer

    def test(self, name, click="c-test"):
        answer = self.srv.admin("POST", f"/api/admin/networks/{name}/test", json_body={"parameters": {"click_id": click}})
        assert answer.status == 200, answer
        return answer.data

    def connects(self):
        """(address, port) of every connect so far; one IPv4 address has one text, mapped or not."""
        out = []
        for line in self.log.read_text().splitlines():
            if line.startswith("connect "):
                _, address, port = line.split(" ")
                address = ipaddress.ip_address(address)
                out.append((str(getattr(address, "ipv4_mapped", None) or address), int(port)))
        return out

    def strangers(self):
        """Connects that should not have been: all but those to our network and to public addresses."""
        return [c for c in self.connects() if c[0] not in (HOME, *PUBLIC)]

    def attempts(self, **query):
        return self.srv.admin("GET", "/api/admin/attempts", query={"limit": 200, **query}).data

    def counter(self, name):
        text = self.srv.get("/metrics").body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


def template(name, url, **more):
    return {"name": name, "kind": "template", "postback": {"url": url}, **more}


def one_by_one(n):
    return [FORBIDDEN[n % len(FORBIDDEN)]]
