"""Builds the shim failing_calls.c and makes the environments under which a program's calls fail, take their time, or are its last."""
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("failing_calls.c")


def build(directory):
    made = Path(directory) / "failing_calls.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", made, SOURCE, "-ldl"], check=True, timeout=60)
    return made


def environment(library, below, kind, at=1, **more):
    """`more`: the other words of failing_calls.c, in lower case (`for_`, `while_` and `then` among them)."""
    env = {"LD_PRELOAD": str(library), "FAIL_BELOW": str(below), "FAIL_KIND": kind, "FAIL_AT": str(at)}
    return env | {f"FAIL_{name.rstrip('_').upper()}": str(value) for name, value in more.items() if value is not None}


def tally_of(path):
    """-> calls counted, calls struck"""
    return struct.unpack("QQ", path.read_bytes()) if path.exists() else (0, 0)
