"""Measures durable conversions over HTTP: starts the program on an empty directory, drives route 5 with wrk.

Prints one line a run; exits 1 when an answer was not 2xx, or when the store does not know what was sent.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
from ports import free_port  # noqa: E402
from processes import cpu_us, resident_mb  # noqa: E402


def wait_ready(process, url, log):
    started = time.monotonic()
    while time.monotonic() - started < 30:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return time.monotonic() - started
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    sys.exit(f"the server was not ready (exit status {process.poll()}):\n{log.read_text(errors='replace')[-4000:]}")


@contextlib.contextmanager
def own_directory():
    """An empty one on the repository's disk, gone afterwards."""
    parent = ROOT / "build" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp(dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def end(process, seconds=15):
    """SIGTERM, and where that is not enough SIGKILL."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def server(program, more=None, say=print):
    """The program on a free port and an empty directory; gone afterwards. `more`: its environment."""
    with own_directory() as directory:
        url = f"http://127.0.0.1:{free_port()}"
        log = directory / "log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BARRACUDA_")}
        environment.update({"BARRACUDA_AUTH_INGEST": "open", **(more or {})})
        command = [program, "serve", "--data", directory / "data", "--listen", url.removeprefix("http://")]
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            seconds = wait_ready(process, url, log)
            say(f"ready after {seconds * 1000:.0f} ms, {resident_mb(process.pid):.0f} MB resident")
            yield process, url
        finally:
            end(process)


def drive(process, url, run, repeats, options, script="route5.lua"):
    """One wrk run; returns its figures with the server's CPU time beside them."""
    command = ["wrk", f"-t{options.threads}", f"-c{options.connections}", f"-d{options.seconds}s",
               "-s", ROOT / "bench" / script, url, "--", run, str(repeats)]
    before = cpu_us(process.pid)
    done = subprocess.run(command, capture_output=True, text=True, timeout=options.seconds + 60, check=False)
    used = cpu_us(process.pid) - before
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode != 0 or not lines:
        sys.exit(f"wrk failed:\n{done.stdout}{done.stderr}")
    figures = json.loads(lines[0].removeprefix("RESULT "))
    figures["rate"] = figures["requests"] / (figures["microseconds"] / 1e6)
    figures["cpu_us"] = used / max(figures["requests"], 1)
    print(f"{run:<10} {figures['rate']:>9,.0f} requests/s  {figures['cpu_us']:6.1f} us CPU each  "
          f"p50 {figures['p50_us'] / 1000:.1f} ms  p99 {figures['p99_us'] / 1000:.1f} ms  "
          f"{figures['requests']:,} requests  {figures['not_2xx']} not 2xx  "
          f"{figures['socket_errors']} socket errors")
    return figures


def beside_bare_http(options, ours):
    """The same load on a server that does nothing but HTTP: absolute times of a noisy machine say little."""
    program = ROOT / "build" / "release" / "bench_bare_http"
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bare:
        figures = drive(bare, f"http://127.0.0.1:{bare.stdout.readline().strip()}", "bare-http", 0, options)
        bare.stdin.close()
    print(f"a durable conversion costs {ours['cpu_us'] / figures['cpu_us']:.1f} times the CPU of bare HTTP")


def known(url, run):
    """True when the first click of the run's first thread is answered as a duplicate."""
    number = 2  # wrk asks the script once before it starts, and throws that request away
    click = f"{number * 2654435761 % 2**32:08x}-{run}-1-{number}"
    query = f"click_id={click}&affiliate_id=7&goal=registration"
    with urllib.request.urlopen(f"{url}/api/postback?{query}", timeout=10) as answer:
        return json.load(answer)["isDuplicate"] is True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=ROOT / "build" / "release" / "barracuda", type=pathlib.Path)
    parser.add_argument("--seconds", default=10, type=int)
    parser.add_argument("--connections", default=64, type=int)
    parser.add_argument("--threads", default=2, type=int)
    options = parser.parse_args()
    for needed, hint in ((options.program, "./dev build"), (shutil.which("wrk"), "apt-get install wrk")):
        if not needed or not pathlib.Path(needed).exists():
            sys.exit(f"missing {needed or 'wrk'}: {hint}")
    print(f"{options.connections} connections, {options.seconds} s a run, "
          f"{os.cpu_count()} cores shared with the load generator")
    sound = True
    with server(options.program) as (process, url):
        runs = {}
        for run, repeats in (("distinct", 0), ("repeats-20", 20)):
            figures = runs[run] = drive(process, url, run, repeats, options)
            sound &= figures["not_2xx"] == 0 and figures["socket_errors"] == 0
            if not known(url, run):
                print(f"{run}: the first click sent is not known to the store")
                sound = False
        print(f"{resident_mb(process.pid):.0f} MB resident afterwards")
    beside_bare_http(options, runs["distinct"])
    commit = ROOT / "build" / "release" / "bench_commit"
    if commit.exists():
        sys.stdout.flush()
        sound &= subprocess.run([commit], timeout=600, check=False).returncode == 0
    else:
        print("build/release/bench_commit is not there: the commit path alone was not measured")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
