"""Has clang-tidy and clang's analyzer look for faults in src/, by what .clang-tidy names. `--self-test` is its negative control.

    analyze.py BUILD [FOLDER...]    BUILD has a compile_commands.json; without folders all of src/
    JOBS=2                          how many at a time

All of it takes over an hour of a processor, so what passed stands in BUILD/analyze.json, by a hash of the source, of the headers of
src/ under it, of its command, of .clang-tidy and of the tool's version; only what changed is looked at again. It is written
after every source: a run that is broken off has not been for nothing. Tests are not looked at."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from locks import Sources, arguments, is_test

TIDY = "clang-tidy-14"
ROOT = pathlib.Path(__file__).resolve().parent.parent
SETTINGS = ROOT / ".clang-tidy"
FINDING = re.compile(r"^(/\S+?):(\d+):\d+: (?:warning|error): (.*) \[([\w.+-]+?)(?:,-warnings-as-errors)?\]$", re.M)
SECONDS_MAX = 1800


def tidy(path, options):
    """-> (its output, whether it found nothing)"""
    command = [TIDY, "--quiet", f"--config-file={SETTINGS}", str(path), "--", "-x", "c++", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX)
    return done.stdout + "\n".join(line for line in done.stderr.splitlines() if "warnings generated" not in line), done.returncode == 0


class Passed:
    """The hashes of what passed, kept in a file."""

    def __init__(self, path):
        self.path, self.hashes = path, set(json.loads(path.read_text())) if path.is_file() else set()

    def add(self, one):
        self.hashes.add(one)
        half = self.path.with_suffix(".half")
        half.write_text(json.dumps(sorted(self.hashes)))
        half.replace(self.path)


def print_of(sources, name, options, version):
    texts = "".join(one + sources.text(one) for one in sorted(sources.below(name)))
    settings = re.sub(r"^#.*\n", "", SETTINGS.read_text(), flags=re.M)
    return hashlib.sha256(json.dumps([version, settings, options, texts]).encode()).hexdigest()


def listed(build, source, folders):
    """Yields (path, its name below src/, the compiler's options)."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if source in path.parents and not is_test(path):
            name = str(path.relative_to(source))
            if not folders or name.split("/")[0] in folders:
                yield path, name, [one for one in arguments(entry) if one != str(path)]


def run(build, source, folders, jobs, say=print):
    """-> (how many were looked at, as they were, with a fault)"""
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    passed, sources, due, same = Passed(build / "analyze.json"), Sources(source), [], 0
    for path, name, options in listed(build, source, folders):
        mark = print_of(sources, name, options, version)
        if mark in passed.hashes:
            same += 1
        else:
            due.append((path, name, options, mark))
    bad, told = 0, set()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        found = {pool.submit(tidy, path, options): (name, mark) for path, name, options, mark in due}
        for one in concurrent.futures.as_completed(found):
            name, mark = found[one]
            output, clean = one.result()
            if clean:
                passed.add(mark)
                continue
            bad += 1
            faults = sorted({match.groups() for match in FINDING.finditer(output)})
            for path, line, text, check in faults:
                if (path, line, check) not in told:
                    told.add((path, line, check))
                    say(f"{path}:{line}: {text} [{check}]", flush=True)
            if not faults:
                say(f"{name}: {output.strip()}", flush=True)
    say(f"analyze: {len(due)} sources looked at, {same} as they were, {bad} with a fault")
    return len(due), same, bad


GOOD = """#include <memory>
#include <string>
#include <utility>
std::string Moved(std::string a) { std::string b = std::move(a); a = "new"; return b + a; }
int Whole(const int* p) { return p ? *p : 0; }
int Kept() { auto p = std::make_unique<int>(3); return *p; }
"""
BAD = {
    "bugprone-use-after-move": "std::string F(std::string a) { std::string b = std::move(a); return b + a; }",
    "bugprone-string-constructor": "std::string F() { return std::string('x', 50); }",
    "bugprone-suspicious-semicolon": "int F(bool a) { int x = 0;\n    if (a);\n    x++;\n    return x; }",
    "bugprone-integer-division": "double F(int a) { return 1 / a; }",
    "clang-analyzer-core.NullDereference": "int F(bool a) { int* p = nullptr; if (a) return 1; return *p; }",
    "clang-analyzer-cplusplus.NewDeleteLeaks": "int F(bool a) { int* p = new int(3); if (a) return 1; int x = *p; delete p; return x; }",
    "clang-analyzer-deadcode.DeadStores": "int F(int a) { int x = a * 2; x = 3; return x; }",
}


def sources_of(root, texts):
    """A build of these files below root/src."""
    source, build = root / "src" / "one", root / "build"
    source.mkdir(parents=True, exist_ok=True)
    build.mkdir(exist_ok=True)
    entries = []
    for name, text in texts.items():
        path = source / name
        path.write_text(text)
        if name.endswith(".cc"):
            entries.append({"file": str(path), "directory": str(build), "command": f"g++ -I{root}/src -std=c++20 -o a.o -c {path}"})
    (build / "compile_commands.json").write_text(json.dumps(entries))
    return build, root / "src"


def self_test():
    with tempfile.TemporaryDirectory() as directory:
        root, lines = pathlib.Path(directory).resolve(), []
        texts = {"good.cc": '#include "one/good.h"\n' + GOOD, "good.h": "int Whole(const int* p);\n"}
        for number, (check, text) in enumerate(BAD.items()):
            texts[f"bad{number}.cc"] = f"#include <string>\n#include <utility>\n{text}\n"
        build, source = sources_of(root, texts)

        def say(line, **_):
            lines.append(line)

        def ran(expected, folders=()):
            lines.clear()
            counts = run(build, source, folders, os.cpu_count(), say)
            if counts != expected:
                sys.exit(f"analyze self-test: {counts} instead of {expected}\n" + "\n".join(lines))

        ran((len(BAD) + 1, 0, len(BAD)))
        for number, check in enumerate(BAD):
            if not any(f"/bad{number}.cc:" in line and check in line for line in lines):
                sys.exit(f"analyze self-test: {check} is not seen\n" + "\n".join(lines))
        ran((0, 0, 0), ["another"])
        build, source = sources_of(root, {name: text for name, text in texts.items() if name.startswith("good")})
        ran((0, 1, 0))  # what passed is not looked at again
        (source / "one" / "good.h").write_text("int Whole(const int* p);\ninline double Half(int a) { return 1 / a; }\n")
        ran((1, 0, 1))  # but where a header under it changed, and what is wrong in a header is seen
        (source / "one" / "good.h").write_text("int Whole(const int* p);\n")
        ran((0, 1, 0))
    print(f"analyze self-test: {len(BAD) + 5} cases as expected")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    build, *folders = sys.argv[1:]
    jobs = int(os.environ.get("JOBS") or os.cpu_count())
    return sys.exit(1 if run(pathlib.Path(build).resolve(), ROOT / "src", folders, jobs)[2] else 0)


if __name__ == "__main__":
    main()
