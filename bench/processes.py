"""What processes of this machine have used so far, by /proc: for what is measured from outside."""
import os
import pathlib

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
PROC = pathlib.Path("/proc")


def _stat(pid):
    """-> the fields behind the name: state, parent, …"""
    return (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()


def cpu_us(pid):
    """User and system time of a process so far, all threads."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * TICK_US


def resident_mb(pid):
    for line in (PROC / str(pid) / "status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def tree(roots):
    """These processes and all below them -> {pid: fields of its stat}."""
    every = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                every[int(entry.name)] = _stat(entry.name)
            except (FileNotFoundError, ProcessLookupError):
                pass  # ended meanwhile
    found, more = {}, [pid for pid in roots if pid in every]
    while more:
        pid = more.pop()
        found[pid] = every[pid]
        more += [child for child, fields in every.items() if int(fields[1]) == pid and child not in found]
    return found


def _written(pid):
    """Bytes given to the disk; None where the kernel does not tell us. What ended children wrote is in it."""
    try:
        lines = (PROC / str(pid) / "io").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # ended meanwhile: its parent has it
    except PermissionError:  # another user's, or one that lets nobody look into it: root may
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


class Use:
    """CPU time and bytes written of whole trees meanwhile: with Use(pids) as use: …; use.cpu_us, use.bytes (or None)

    A server's children count while they live and, once it has waited for them, with what they had used.
    """

    def __init__(self, roots):
        self.roots = list(roots)

    def _now(self):
        processes = tree(self.roots)
        cpu = sum(sum(map(int, fields[11:15])) for fields in processes.values()) * TICK_US
        written = [_written(pid) for pid in processes]
        return cpu, None if None in written else sum(written)

    def __enter__(self):
        self.begin = self._now()
        return self

    def __exit__(self, *_):
        cpu, written = self._now()
        self.cpu_us = cpu - self.begin[0]
        known = written is not None and self.begin[1] is not None
        self.bytes = written - self.begin[1] if known else None


def load_average():
    return os.getloadavg()[0]
