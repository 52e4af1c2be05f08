"""Has clang check which lock guards what (src/base/thread_safety.h). `--self-test` is its negative control.

    locks.py BUILD     BUILD has a compile_commands.json

Looks at the sources of src/, not at its tests, that name a lock themselves or in a header of their own folder or one
they include; not at those which the build itself compiles by clang with this very check (cmake/folder.cmake). A source is checked again when it, one of the headers of src/ under it, or its command has changed: what
passed stands in BUILD/locks.json."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

CLANG = "clang++-14"
FLAGS = ["-fsyntax-only", "-Wno-everything", "-Wthread-safety", "-Werror"]
HOME = "base/thread_safety.h"
ANNOTATED = re.compile(r"\b(GUARDED_BY|REQUIRES|REQUIRES_SHARED|EXCLUDES|Mutex|SharedMutex|MutexLock|WriteLock|ReadLock)\b")
BARE = re.compile(r"\bstd::(?:(?:shared_)?mutex|lock_guard|shared_lock|scoped_lock|condition_variable)\b(?!_any)|\bstd::unique_lock(?!<std::timed_mutex>)")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def is_test(path):
    return path.name.endswith(("_test.cc", "_fixture.h")) or path.name.startswith("test_")


def bare_locks(source):
    """Yields `file:line: what` for every lock that clang cannot see."""
    for path in sorted(p for p in source.rglob("*") if p.suffix in {".h", ".cc"} and not is_test(p)):
        if path == source / HOME:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = BARE.search(line.split("//")[0])
            if found:
                yield f"{path.relative_to(source.parent)}:{number}: {found.group(0)}: use {HOME}"


class Sources:
    """The files of src/, and which of them a file includes."""

    def __init__(self, source):
        self.source, self.texts, self.closures = source, {}, {}

    def text(self, name):
        if name not in self.texts:
            path = self.source / name
            self.texts[name] = path.read_text(encoding="utf-8") if path.is_file() else ""
        return self.texts[name]

    def below(self, name):
        """-> the file and all that it includes, directly or not."""
        if name not in self.closures:
            found, todo = {name}, [name]
            while todo:
                for one in INCLUDE.findall(self.text(todo.pop())):
                    if one not in found:
                        found.add(one)
                        todo.append(one)
            self.closures[name] = found
        return self.closures[name]

    def has_locks(self, name):
        folder, direct = name.split("/")[0] + "/", set(INCLUDE.findall(self.text(name)))
        near = {one for one in self.below(name) if one.startswith(folder)} | direct | {name}
        return any(ANNOTATED.search(self.text(one)) for one in near - {HOME})


def arguments(entry):
    """The compiler's, without its precompiled header, its output and what clang does not know."""
    out, skip = [], False
    words = shlex.split(entry["command"])
    for word in words[next(i for i, w in enumerate(words) if w.startswith("-")):]:
        if skip or word in {"-o", "-c", "-include"}:
            skip = not skip
        elif not word.startswith(("-W", "-g", "-f", "-O")):
            out.append(word)
    return out


def check(command):
    return subprocess.run(command, capture_output=True, text=True)


def precompile(build):
    """-> the arguments by which clang reads the headers of cmake/precompiled.cmake once: half of the time."""
    listed = (pathlib.Path(__file__).resolve().parent.parent / "cmake" / "precompiled.cmake").read_text(encoding="utf-8")
    text, out = build / "locks_pch.h", build / "locks.pch"
    headers = re.findall(r"<[\w./]+>", re.search(r"set\(PRECOMPILED(.*?)\)", listed, re.S).group(1))
    text.write_text("".join(f"#include {header}\n" for header in headers))
    made = check([CLANG, "-std=c++20", "-DFMT_SHARED", "-Wno-everything", "-x", "c++-header", str(text), "-o", str(out)])
    return ["-include-pch", str(out)] if made.returncode == 0 else []


def run(build, source):
    done_path = build / "locks.json"
    done = set(json.loads(done_path.read_text())) if done_path.is_file() else set()
    sources, due, same, built = Sources(source), [], set(), 0
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if source not in path.parents or is_test(path):
            continue
        name = str(path.relative_to(source))
        if not sources.has_locks(name):
            continue
        if {"-Wthread-safety", "-Werror"} <= set(shlex.split(entry["command"])):
            built += 1
            continue
        command = [CLANG, *FLAGS, *arguments(entry), str(path)]
        texts = "".join(one + sources.text(one) for one in sorted(sources.below(name)))
        print_of = hashlib.sha256(json.dumps(command).encode() + texts.encode()).hexdigest()
        if print_of in done:
            same.add(print_of)
        else:
            due.append((print_of, command, name))
    common = precompile(build) if len(due) > 1 else []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda one: check(one[1][:1] + common + one[1][1:]), due))
    bad = [(name, result) for (_, _, name), result in zip(due, results) if result.returncode]
    done_path.write_text(json.dumps(sorted(same | {one[0] for one, r in zip(due, results) if not r.returncode})))
    for name, result in bad:
        print(result.stderr.strip() or f"{name}: {CLANG} ended with {result.returncode}")
    print(f"locks: {built} sources compiled so, {len(due)} looked at, {len(same)} as they were, {len(bad)} with a fault")
    return not bad


CLASS = """#include "base/thread_safety.h"
using namespace barracuda;
class A {
    int Held() REQUIRES(mutex_) { return a_; }
    Mutex mutex_;
    SharedMutex shared_;
    Condition wake_;
    int a_ GUARDED_BY(mutex_) = 0;
    int b_ GUARDED_BY(shared_) = 0;
public:
"""
GOOD = [
    "MutexLock lock(mutex_); return a_ + Held();",
    "ReadLock lock(shared_); return b_;",
    "WriteLock lock(shared_); return b_ = 1;",
    "MutexLock lock(mutex_); wake_.wait(lock, [this]() REQUIRES(mutex_) { return a_ > 0; }); return a_;",
    "MutexLock lock(mutex_); lock.unlock(); lock.lock(); return a_;",
]
BAD = [
    "return a_;",
    "return Held();",
    "return b_;",
    "ReadLock lock(shared_); return b_ = 1;",
    "MutexLock lock(mutex_); lock.unlock(); return a_;",
    "MutexLock lock(mutex_); MutexLock again(mutex_); return a_;",
    "MutexLock lock(mutex_); wake_.wait(lock, [this] { return a_ > 0; }); return a_;",
    "WriteLock lock(shared_); return a_;",
]


def self_test():
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "a.cc")
        bodies = [f"    int F{n}() {{ {body} }}\n" for n, body in enumerate(GOOD + BAD)]
        path.write_text(CLASS + "".join(bodies) + "};\n")
        first = CLASS.count("\n") + 1
        result = check([CLANG, *FLAGS, "-std=c++20", f"-I{source}", str(path)])
        found = {int(line) - first for line in re.findall(r"a\.cc:(\d+):\d+: error:.*thread-safety", result.stderr)}
        if found != set(range(len(GOOD), len(bodies))):
            sys.exit(f"locks self-test: faults in {sorted(found)} of {bodies}\n{result.stderr}")
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory, "src")
        (root / "base").mkdir(parents=True)
        (root / "base" / "a.h").write_text("std::mutex a;\nMutex b;  // as std::mutex\n")
        (root / "base" / "a_test.cc").write_text("std::mutex a;\n")
        (root / "base" / "b.cc").write_text('#include "base/a.h"\n')
        if len(list(bare_locks(root))) != 1:
            sys.exit("locks self-test: a std::mutex is not seen")
        if not Sources(root).has_locks("base/b.cc"):
            sys.exit("locks self-test: the lock of a header is not seen")
    print(f"locks self-test: {len(GOOD) + len(BAD) + 2} cases as expected")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    bare = list(bare_locks(source))
    print("\n".join(bare) if bare else f"locks: every lock is one of {HOME}")
    build = pathlib.Path(sys.argv[1]).resolve()
    return sys.exit(0 if run(build, source) and not bare else 1)


if __name__ == "__main__":
    main()
