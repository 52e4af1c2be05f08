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
    kept = kept_of(journal)
    kept.mkdir(parents=True, exist_ok=True)
    return {"LD_PRELOAD": str(library), "POWERCUT_JOURNAL": str(journal), "POWERCUT_KEPT": str(kept)}


def kept_of(journal):
    return Path(f"{journal}.kept")


def read_journal(journal):
    """-> {(dev, ino): size at the last successful sync}, number of syncs, {directory: what was done in it since its last sync}"""
    sizes, syncs, open_ = {}, 0, collections.defaultdict(list)
    for line in Path(journal).read_text().splitlines() if Path(journal).exists() else []:
        kind, *rest = line.split("\t")
        if kind == "S":
            sizes[int(rest[0]), int(rest[1])] = int(rest[2])
            syncs += 1
        elif kind == "F":
            open_.pop(rest[0], None)
        else:
            open_[os.path.dirname(rest[0])].append((kind, *rest))
    return sizes, syncs, open_


def take_back(change):
    """One change of a directory that was never synced."""
    kind, name, *more = change
    path = Path(name)
    if kind == "N":
        path.unlink(missing_ok=True)
    elif kind == "U" and path.parent.is_dir() and not path.exists() and more[0] != "-":  # a directory that went stays away
        os.link(more[0], path)
    elif kind == "M" and path.parent.is_dir() and not path.exists() and Path(more[0]).exists():
        os.rename(more[0], path)
        if more[1] != "-":
            os.link(more[1], more[0])


HOLE_LEAST = 100  # bytes: fewer may be all that a batch has there
Cut = collections.namedtuple("Cut", "syncs shortened bytes_lost names_back")


def cut(data, journal, dice=None, in_place=False):
    """Names come back as their directory's last sync left them, and every file loses what was written after its own: all of it, if
    that never was. With `dice` a beginning of each survives, cut at any byte. `in_place`: what was written over durable bytes
    survives. What is left counts as durable from now on (the journal starts anew)."""
    sizes, syncs, open_ = read_journal(journal)
    back = 0
    for directory, changes in open_.items():
        if Path(directory) != Path(data) and Path(data) not in Path(directory).parents:
            continue
        for change in reversed(changes[dice.randint(0, len(changes)) if dice else 0:]):
            take_back(change)
            back += 1
    shortened, lost, durable = [], 0, []
    for folder, _, names in os.walk(data):
        for path in (Path(folder) / name for name in names):
            info = path.lstat()
            if not stat.S_ISREG(info.st_mode):
                continue
            size = sizes.get((info.st_dev, info.st_ino), 0)
            copy = kept_of(journal) / f"{info.st_dev}-{info.st_ino}"
            if copy.exists() and size == info.st_size and not (in_place or dice and dice.random() < 0.5):
                path.write_bytes(copy.read_bytes())  # in place: the same inode
            if size < info.st_size:
                shortened.append(path.name)
                lost += shorten(path, size, info.st_size, dice)
            durable.append(f"S\t{info.st_dev}\t{info.st_ino}\t{path.lstat().st_size}\t{path}\n")
    for path in kept_of(journal).iterdir():
        if "-" not in path.name:
            path.unlink()
    Path(journal).write_text("".join(durable))
    return Cut(syncs, shortened, lost, back)


def dig(path, durable, written, dice):
    """The file keeps its size, and some of its blocks were never written: zeros. -> how many"""
    begin = dice.randint(durable, written - HOLE_LEAST)
    end = dice.choice((written, min(written, begin + dice.randint(HOLE_LEAST, 8192))))
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(bytes(end - begin))
    return end - begin


def shorten(path, durable, written, dice):
    """-> how many bytes are lost of what was written after the last sync"""
    if dice and path.suffix == ".log" and path.parent.name != "logs" and written - durable > HOLE_LEAST and dice.random() < 0.4:
        return dig(path, durable, written, dice)
    left = dice.randint(durable, written) if dice else durable
    os.truncate(path, left)
    return written - left


@contextlib.contextmanager
def server(directory, net, shim, **env):
    """A server on a disk whose power can be cut. -> it, and what cuts the power once it is killed."""
    journal = directory / "journal"
    with Server(directory, net, env={**WAIT, **environment(shim, journal), **env}) as srv:
        yield srv, lambda dice=None, **more: cut(srv.data, journal, dice, **more)


def cut_while_the_disk_lies(srv, cut_power, **load):
    """Some load, then more of it on a disk that only says it has synced, a kill, a power cut. -> the load that was lied to."""
    loaded_and_killed(srv, least=50, **load)
    srv.start()
    srv.stop()
    srv.start(env={"POWERCUT_IGNORE_SYNC": "1"})
    lied_to = loaded_and_killed(srv, least=50, **load)
    cut_power()
    return lied_to
