"""Addresses that nobody may be made to call, and every way we know to write them.

A form is a URL with `{port}`, its name, and the addresses it would lead to. `names` is what our DNS server has to
answer for the forms that are names.
"""
import collections
import ipaddress

PUBLIC = ("1.2.3.4", "2600::1:2:3:4")  # what a name shows to whoever checks it; never called for real

IPV4 = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.254 100.64.0.1 100.100.100.200 100.127.255.254 127.0.0.1 127.0.0.2 127.255.255.254
168.63.129.16 169.254.0.1 169.254.0.23 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.254 192.0.0.1 192.0.0.170
192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.1.254 198.18.0.1 198.19.255.254 198.51.100.7 203.0.113.9 224.0.0.1
239.255.255.250 240.0.0.1 255.255.255.255
""".split()

IPV6 = """
:: ::1 ::2 ::7f00:1 ::a9fe:a9fe ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1
64:ff9b:1:7f00:0:100:: 100::1 100:0:0:1::1 200::1 2001::1 2001:0:7f00:1:0:0:80ff:fffe 2001:1::1 2001:2::1 2001:3::1
2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:db8::1 2002:7f00:1::1 2002:a9fe:a9fe::1 2002:a00:1::a00:1 3fff::1
4000::1 5f00::1 8000::1 fc00::1 fd00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::a9fe:a9fe fe80::5efe:7f00:1 febf::1
fec0::1 feff::1 ff01::1 ff02::1 ff05::1:3 ff0e::1
""".split()

# Written in every way; the others in the usual ones.
KEY = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "168.63.129.16")


class Form(collections.namedtuple("Form", "name url targets")):
    def __new__(cls, name, url, targets):
        return super().__new__(cls, name, url, frozenset(str(ipaddress.ip_address(a)) for a in targets))


FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")


def _every_ipv4_host(text):
    """(how, host) for one IPv4 address: what inet_aton, browsers or IDNA read as it."""
    a, b, c, d = map(int, text.split("."))
    whole, low24, low16 = int(ipaddress.ip_address(text)), b << 16 | c << 8 | d, c << 8 | d
    yield "hex", f"0x{whole:x}"
    yield "hex in upper case", f"0X{whole:08X}"
    yield "octal", f"0{whole:o}"
    yield "hex parts", f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"
    yield "padded hex parts", f"0x{a:08x}.0x{b:02x}.0x{c:02x}.0x{d:02x}"
    yield "octal parts", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield "padded octal parts", f"{a:04o}.{b:05o}.{c:06o}.{d:07o}"
    yield "three parts", f"{a}.{b}.{low16}"
    yield "two parts", f"{a}.{low24}"
    yield "three hex parts", f"0x{a:x}.0x{b:x}.0x{low16:x}"
    yield "two octal parts", f"0{a:o}.0{low24:o}"
    yield "mixed parts", f"0x{a:x}.{b}.0{c:o}.{d}"
    yield "mixed short parts", f"{a}.0x{low24:x}"
    yield "a dot behind", f"{text}."
    yield "percent-encoded digits", "".join(f"%{ord(x):02x}" if x.isdigit() else x for x in text)
    yield "percent-encoded whole", "".join(f"%{ord(x):02X}" for x in text)
    yield "a percent-encoded dot", text.replace(".", "%2e", 1)
    yield "full-width", text.translate(FULL_WIDTH)
    yield "percent-encoded full-width", "".join(f"%{x:02X}" for x in text.translate(FULL_WIDTH).encode())
    yield "circled", text.translate(CIRCLED)
    yield "ideographic dots", text.replace(".", "。")
    yield "a soft hyphen", text.replace(".", ".\u00ad", 1)


def _every_ipv4_in_ipv6(text):
    a, b, c, d = map(int, text.split("."))
    high, low = a << 8 | b, c << 8 | d
    yield "mapped", f"::ffff:{text}", text
    yield "mapped in hex", f"::ffff:{high:x}:{low:x}", text
    yield "mapped in full", f"0000:0000:0000:0000:0000:FFFF:{high:04X}:{low:04X}", text
    yield "mapped, half in full", f"0:0:0:0:0:ffff:{text}", text
    for how, host in (("compatible", f"::{text}"), ("translated", f"::ffff:0:{text}"), ("NAT64", f"64:ff9b::{text}"),
                      ("local NAT64", f"64:ff9b:1::{text}"), ("6to4", f"2002:{high:x}:{low:x}::1"),
                      ("Teredo", f"2001:0:{high:x}:{low:x}:0:0:{high ^ 0xffff:x}:{low ^ 0xffff:x}")):
        yield how, host, str(ipaddress.ip_address(host))


def _literals():
    for text in IPV4:
        yield Form(f"{text} dotted", f"http://{text}:{{port}}", [text])
        yield Form(f"{text} decimal", f"http://{int(ipaddress.ip_address(text))}:{{port}}", [text])
        if text in KEY:
            for how, host in _every_ipv4_host(text):
                yield Form(f"{text} {how}", f"http://{host}:{{port}}", [text])
        for how, host, target in _every_ipv4_in_ipv6(text):
            if text in KEY or how == "mapped":
                yield Form(f"{text} {how}", f"http://[{host}]:{{port}}", [target])
    for text in IPV6:
        for how, host in (("short", text), ("in full", ipaddress.ip_address(text).exploded.upper())):
            yield Form(f"{text} {how}", f"http://[{host}]:{{port}}", [text])


def _tricks():
    local = ["127.0.0.1", "::1"]
    for host in ("localhost", "LOCALHOST", "LocalHost", "localhost.", "a.localhost", "%6cocalhost", "localhos%74", "ｌocalhost"):
        yield Form(f"name {host}", f"http://{host}:{{port}}", local)
    for zone in ("%25lo", "%251", "%25eth0", "%lo"):
        yield Form(f"fe80::1 with the zone {zone}", f"http://[fe80::1{zone}]:{{port}}", ["fe80::1"])
    one = ["127.0.0.1"]
    yield Form("upper-case scheme", "HTTP://127.0.0.1:{port}", one)
    yield Form("no scheme", "//127.0.0.1:{port}/x", one)
    yield Form("one slash", "http:/127.0.0.1:{port}", one)
    yield Form("three slashes", "http:///127.0.0.1:{port}", one)
    yield Form("backslashes", "http:\\\\127.0.0.1:{port}", one)
    yield Form("a blank in front", " http://127.0.0.1:{port}", one)
    yield Form("a blank before the host", "http:// 127.0.0.1:{port}", one)
    yield Form("a public user", "http://1.2.3.4@127.0.0.1:{port}", one)
    yield Form("a public user with a port", "http://1.2.3.4:80@127.0.0.1:{port}", one)
    yield Form("an empty user", "http://@127.0.0.1:{port}", one)
    yield Form("two users", "http://a@1.2.3.4@127.0.0.1:{port}", one)
    yield Form("an encoded user", "http://1.2.3.4%40127.0.0.1:{port}", one)
    yield Form("a backslash and a user", "http://127.0.0.1:{port}\\@1.2.3.4", one)
    yield Form("a user and a backslash", "http://1.2.3.4\\@127.0.0.1:{port}", one)
    yield Form("a query in front of a user", "http://127.0.0.1:{port}?@1.2.3.4/", one)
    yield Form("a fragment in front of a user", "http://127.0.0.1:{port}#@1.2.3.4/", one)
    yield Form("an encoded slash", "http://127.0.0.1%2f:{port}", one)
    yield Form("an encoded NUL", "http://127.0.0.1%00.example.com:{port}", one)
    yield Form("an encoded line break", "http://127.0.0.1%0d%0a.example.com:{port}", one)
    yield Form("a padded port", "http://127.0.0.1:0{port}", one)
    yield Form("a signed port", "http://127.0.0.1:+{port}", one)
    yield Form("two dots behind", "http://127.0.0.1..:{port}", one)
    yield Form("a part too many", "http://127.0.0.0.1:{port}", one)
    yield Form("beyond 32 bits", "http://4294967297.0:{port}", one)
    yield Form("IPv6 without brackets", "http://::1:{port}", ["::1"])
    yield Form("IPv4 in brackets", "http://[127.0.0.1]:{port}", one)
    yield Form("https", "https://127.0.0.1:{port}", one)
    yield Form("file", "file://127.0.0.1:{port}/etc/passwd", one)
    yield Form("gopher", "gopher://127.0.0.1:{port}/_x", one)
    yield Form("ftp", "ftp://127.0.0.1:{port}/x", one)
    yield Form("dict", "dict://127.0.0.1:{port}/x", one)


def label(address):
    return address.replace(".", "-").replace(":", "x")


def _named():
    """Names of our DNS server for every address: plain, by CNAME, and beside a public one."""
    for address in IPV4 + IPV6:
        for how in ("plain", "alias", "mixed", "Upper"):
            yield Form(f"{address} {how}", f"http://{how}-{label(address)}.Guard.test:{{port}}", [address])


def names():
    """What the DNS server answers, lookup by lookup."""
    out = {}
    for address in IPV4 + IPV6:
        def fixed(n, address=address):
            return [address]
        plain = f"plain-{label(address)}.guard.test"
        out[plain] = out[f"upper-{label(address)}.guard.test"] = fixed
        out[f"alias-{label(address)}.guard.test"] = lambda n, plain=plain: plain
        out[f"mixed-{label(address)}.guard.test"] = lambda n, address=address: [PUBLIC[n % 2], address]
    for address in KEY:  # with a dot behind a number is a name, and a resolver may answer it
        out[address] = lambda n, address=address: [address]
    out["localhost"] = out["a.localhost"] = lambda n: ["127.0.0.1", "::1"]  # with a dot behind it is in no hosts file
    return out


# Some addresses are written alike in two ways: each once.
FORMS = list({form.url: form for form in [*_literals(), *_tricks(), *_named()]}.values())

# What is no address to the program, wherever it points: this much may go without a connect when the guard is off.
_NO_HOST = [f"{address} {how}" for address in KEY
            for how in ("full-width", "percent-encoded full-width", "circled", "ideographic dots", "a soft hyphen")]
_NO_HOST += [
    "name ｌocalhost", "backslashes", "a blank before the host", "a public user", "a public user with a port", "an empty user",
    "two users", "an encoded user", "a backslash and a user", "a user and a backslash", "an encoded slash", "an encoded NUL",
    "an encoded line break", "a signed port", "two dots behind", "a part too many", "beyond 32 bits", "IPv6 without brackets",
    "IPv4 in brackets", "file", "gopher", "ftp", "dict"]
# An admin's addresses are read more strictly than a redirect's: plain text, no zone.
_NOT_PLAIN = [f"{address} {how}" for address in KEY
              for how in ("percent-encoded digits", "percent-encoded whole", "a percent-encoded dot")]
_NOT_PLAIN += [
    "name %6cocalhost", "name localhos%74", "fe80::1 with the zone %25lo", "fe80::1 with the zone %251",
    "fe80::1 with the zone %25eth0", "fe80::1 with the zone %lo", "upper-case scheme", "no scheme", "one slash", "three slashes",
    "a blank in front", "a fragment in front of a user", "a query in front of a user", "a padded port"]
MALFORMED = {"redirect": set(_NO_HOST), "template": set(_NO_HOST + _NOT_PLAIN), "base_url": set(_NO_HOST + _NOT_PLAIN)}
