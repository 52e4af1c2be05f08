"""A server under a steady share of what it can do at most, for as long as is wanted, and what that does to it over time.

    figures = soak(directory, net, seconds=600)
    faults = faults_of(figures)          # [] when nothing grows and nothing becomes slower
"""
import collections
import contextlib
import http.client
import json
import subprocess
import threading
import time
from pathlib import Path

from harness import BINARY, Server, descriptors, new_id
from plot import svg
from receiver import receiver

SHARE = 0.7
CONNECTIONS = 64
SCRIPT = Path(__file__).with_name("soak.lua")
PROBE_EVERY_S = 0.02
# What a run's last third may have more than its second. Of memory that is a share, what each stored conversion keeps (filters and
# the index of its tables), and what it puts into the write buffers until they have been full once.
MEMORY_SHARE, MEMORY_MB, BYTES_A_CONVERSION = 0.02, 12, 64
BUFFERS_MB, BUFFERED_BYTES_A_CONVERSION = 140, 2_500
DESCRIPTORS_SHARE, DESCRIPTORS = 0.02, 8
LATENCY_SHARE, LATENCY_MS = 0.10, 1.0

Sample = collections.namedtuple("Sample", "second rss_mb descriptors threads p50_ms p99_ms")
Figures = collections.namedtuple("Figures", "maximum rate samples conversions not_2xx lost")


def wrk(srv, run, seconds, pause):
    done = subprocess.run(["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", SCRIPT, f"http://127.0.0.1:{srv.port}", "--", run,
                           f"{pause:.3f}", srv.admin_key], capture_output=True, text=True, timeout=seconds + 60)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert done.returncode == 0 and lines, done
    figures = json.loads(lines[0].removeprefix("RESULT "))
    return {**figures, "rate": figures["requests"] / (figures["microseconds"] / 1e6)}


def calibrated(srv, seconds):
    """-> the most it can do in a second, and the pause of each connection at which SHARE of that comes"""
    maximum = wrk(srv, "full", seconds, 0)["rate"]
    period = 1000 * CONNECTIONS / (maximum * SHARE)
    pause = max(0.0, period - 1)
    for number in range(3):
        rate = wrk(srv, f"try{number}", max(2, seconds // 3), pause)["rate"]
        pause = max(0.0, pause + period - 1000 * CONNECTIONS / rate)
    return maximum, pause


class Probe(threading.Thread):
    """One client beside the load: its latency is what a client feels, and what it was promised must be there at the end."""

    def __init__(self, srv):
        super().__init__(daemon=True)
        self.srv, self.stopping, self.lock = srv, threading.Event(), threading.Lock()
        self.acked, self.millis, self.failure = [], [], None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.srv.port, timeout=30)
        try:
            while not self.stopping.wait(PROBE_EVERY_S):
                click, begin = new_id("probe"), time.perf_counter()
                connection.request("GET", f"/api/postback?click_id={click}&affiliate_id=7&goal=deposit&amount=10")
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
                with self.lock:
                    self.acked.append(click)
                    self.millis.append((time.perf_counter() - begin) * 1000)
        except Exception as error:  # told at the end
            self.failure = error

    def taken(self):
        """-> p50 and p99 since the last call"""
        with self.lock:
            millis, self.millis = sorted(self.millis), []
        return (millis[len(millis) // 2], millis[len(millis) * 99 // 100]) if millis else (0.0, 0.0)


def status_of(pid):
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) / 1024, int(lines["Threads"])


def watched(srv, probe, seconds, every):
    """-> a Sample every so many seconds"""
    samples, begin = [], time.monotonic()
    while time.monotonic() - begin < seconds:
        time.sleep(every)
        assert srv.alive() and probe.failure is None, (probe.failure, srv.log_tail())
        rss, threads = status_of(srv.process.pid)
        samples.append(Sample(time.monotonic() - begin, rss, len(descriptors(srv.process.pid)), threads, *probe.taken()))
    return samples


@contextlib.contextmanager
def told(srv):
    """Deliveries go to a receiver that is as fast as the server."""
    with receiver(BINARY) as rec:
        answer = srv.admin("POST", "/api/admin/networks", json_body={"name": "soak", "kind": "template",
                                                                   "postback": {"url": rec.address("soak")}})
        assert answer.status == 200, answer
        yield


def soak(directory, net, seconds, warm_up=6, env=None, say=print):
    """Calibrates, then loads for `seconds`. `env`: the server's, for the control."""
    own = {"BARRACUDA_DELIVERY_INLINE_WAIT": "0s", "BARRACUDA_STORE_URL": "rocksdb"}
    with Server(directory, net, env=own) as srv, told(srv):
        maximum, pause = calibrated(srv, warm_up)
        say(f"at most {maximum:,.0f} requests a second; {SHARE:.0%} of it: a pause of {pause:.2f} ms")
        if env:
            srv.stop()
            srv.start(env=env)
        probe, result = Probe(srv), {}
        load = threading.Thread(target=lambda: result.update(wrk(srv, "soak", seconds, pause)), daemon=True)
        before = total(srv)
        load.start()
        probe.start()
        samples = watched(srv, probe, seconds - 0.5, max(0.5, seconds / 240))
        load.join(60)
        probe.stopping.set()
        probe.join(30)
        assert result, "the load did not end"
        lost = sum(not there(srv, click) for click in probe.acked[::max(1, len(probe.acked) // 200)])
        return Figures(maximum, result["rate"], samples, total(srv) - before, result["not_2xx"] + result["socket_errors"], lost)


def total(srv):
    return int(srv.admin("GET", "/api/admin/conversions/stats").data["total"])


def there(srv, click):
    return [c["click_id"] for c in srv.admin("GET", "/api/admin/conversions", query={"search": click, "limit": 5}).data] == [click]


def median(values):
    return sorted(values)[len(values) // 2]


def thirds(figures, name):
    """-> the medians of the second and the last third of a run: the first one fills what is filled once"""
    values = [getattr(sample, name) for sample in figures.samples]
    third = len(values) // 3
    return median(values[third:2 * third]), median(values[2 * third:])


def buffered_mb(figures):
    """What the last third may have put into write buffers that were not full before."""
    third = figures.conversions / 3 * BUFFERED_BYTES_A_CONVERSION / 2**20
    return max(0.0, min(third, BUFFERS_MB - 2 * third))


def faults_of(figures, latency=True):
    """What is not as it was, in words."""
    out = []
    before, after = thirds(figures, "rss_mb")
    allowed = before * MEMORY_SHARE + MEMORY_MB + figures.conversions / 3 * BYTES_A_CONVERSION / 2**20 + buffered_mb(figures)
    if after - before > allowed:
        out.append(f"memory grows: {before:.0f} MB, then {after:.0f} MB; {allowed:.0f} MB more are allowed")
    before, after = thirds(figures, "descriptors")
    if after > before * (1 + DESCRIPTORS_SHARE) + DESCRIPTORS:  # tables stay open
        out.append(f"descriptors grow: {before}, then {after}")
    before, after = thirds(figures, "threads")
    if after > before:
        out.append(f"threads grow: {before}, then {after}")
    before, after = thirds(figures, "p50_ms")
    if latency and after > before * (1 + LATENCY_SHARE) + LATENCY_MS:
        out.append(f"it becomes slower: p50 {before:.1f} ms, then {after:.1f} ms")
    if figures.not_2xx or figures.lost:
        out.append(f"{figures.not_2xx} requests failed, {figures.lost} acknowledged reports are lost")
    return out


def told_of(figures):
    """The figures as lines."""
    yield (f"{figures.rate:,.0f} requests a second of at most {figures.maximum:,.0f} ({figures.rate / figures.maximum:.0%}), "
           f"{figures.conversions:,} conversions stored")
    for name, unit in (("rss_mb", "MB resident"), ("descriptors", "descriptors"), ("threads", "threads"), ("p50_ms", "ms p50 of the probe"),
                       ("p99_ms", "ms p99 of the probe")):
        before, after = thirds(figures, name)
        yield f"{unit}: {before:.1f} in the second third, {after:.1f} in the last"


def drawn(figures, directory):
    """Writes the plots. -> their paths"""
    directory.mkdir(parents=True, exist_ok=True)
    seconds = [sample.second for sample in figures.samples]
    column = lambda name: [getattr(sample, name) for sample in figures.samples]
    plots = {"memory": ("memory resident", "MB", {"RSS": column("rss_mb")}),
             "descriptors": ("descriptors and threads", "number", {"descriptors": column("descriptors"), "threads": column("threads")}),
             "latency": ("latency of a report", "ms", {"p50": column("p50_ms"), "p99": column("p99_ms")})}
    paths = []
    for name, (title, unit, lines) in plots.items():
        paths.append(directory / f"soak-{name}.svg")
        paths[-1].write_text(svg(title, unit, seconds, lines))
    return paths
