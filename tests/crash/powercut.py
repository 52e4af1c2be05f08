"""Builds the shim powercut.c, runs a server over it, and does to its directory what a power cut would have done."""
import collections
import contextlib
import os
import stat
import subprocess
from pathlib import Path

from harness import Server
from load import WAIT, loaded_and_killed

SOURCE = Path(__file__).with_name("powercut.c")


def build(directory):
    library = Path(directory) / "powercut.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"], check=True, timeout=60)
    return library


def environment(library, journal):
    return {"LD_PRELOAD": str(library), "POWERCUT_JOURNAL": str(journal)}


def read_journal(journal):
    """-> {(dev, ino): size at the last successful sync}, number of syncs"""
    sizes, syncs = {}, 0
    for line in Path(journal).read_text().splitlines() if Path(journal).exists() else []:
        kind, dev, ino, *rest = line.split(" ", 4)
        if kind == "S":
            sizes[int(dev), int(ino)] = int(rest[0])
            syncs += 1
        else:
            sizes.pop((int(dev), int(ino)), None)
    return sizes, syncs


Cut = collections.namedtuple("Cut", "syncs removed shortened bytes_lost")


def cut(data, journal):
    """Every file loses what was written after its last sync; one that was never synced is gone. What is left counts as
    durable from now on (the journal starts anew)."""
    sizes, syncs = read_journal(journal)
    removed, shortened, lost, kept = [], [], 0, []
    for folder, _, names in os.walk(data):
        for name in names:
            path = Path(folder) / name
            info = path.lstat()
            if not stat.S_ISREG(info.st_mode):
                continue
            size = sizes.get((info.st_dev, info.st_ino))
            if size is None:
                removed.append(name)
                lost += info.st_size
                path.unlink()
                continue
            if size < info.st_size:
                shortened.append(name)
                lost += info.st_size - size
                os.truncate(path, size)
            kept.append(f"S {info.st_dev} {info.st_ino} {min(size, info.st_size)} {path}\n")
    Path(journal).write_text("".join(kept))
    return Cut(syncs, removed, shortened, lost)


@contextlib.contextmanager
def server(directory, net, shim, **env):
    """A server on a disk whose power can be cut. -> it, and what cuts the power once it is killed."""
    journal = directory / "journal"
    with Server(directory, net, env={**WAIT, **environment(shim, journal), **env}) as srv:
        yield srv, lambda: cut(srv.data, journal)


def cut_while_the_disk_lies(srv, cut_power, **load):
    """Some load, then more of it on a disk that only says it has synced, a kill, a power cut. -> the load that was lied to."""
    loaded_and_killed(srv, least=50, **load)
    srv.start()
    srv.stop()
    srv.start(env={"POWERCUT_IGNORE_SYNC": "1"})
    lied_to = loaded_and_killed(srv, least=50, **load)
    cut_power()
    return lied_to
