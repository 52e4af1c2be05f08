"""Checks the house rules: of src/, and that no path of one machine stands anywhere. `--self-test` is its negative control."""
import pathlib
import re
import sys
import tempfile

MAX_LINES = 500
FORBIDDEN = [
    (re.compile(r"\b(TODO|FIXME)\b"), "an open end: do it or write it down in docs/"),
    (re.compile(r"\bGTEST_SKIP\b"), "a test must not skip itself"),
    (re.compile(r"\bDISABLED_"), "a test must not be disabled"),
]
# A path of one machine, by its shape: somebody's home, or where this checkout happens to lie.
HOMES = ("home/[\\w.-]+", "Users/[\\w.-]+", "root/")
HOME = re.compile("|".join(r"(?<![\w.}/])/" + home for home in HOMES))
TEXTS = {".h", ".cc", ".py", ".md", ".yaml", ".txt", ".cmake", ".supp", ".toml", ""}
FOLDERS = ("src", "tests", "tools", "bench", "docs", "cmake", "packaging", "sim")


def violations(root):
    """Yields `file:line: what` for every broken rule."""
    for path in sorted(p for p in (root / "src").rglob("*") if p.suffix in {".h", ".cc"}):
        place = path.relative_to(root)
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            yield f"{place}:{MAX_LINES + 1}: {len(lines)} lines, at most {MAX_LINES}"
        if path.suffix == ".h" and "#pragma once" not in (line.strip() for line in lines):
            yield f"{place}:1: a header without #pragma once"
        for number, line in enumerate(lines, 1):
            for pattern, why in FORBIDDEN:
                if pattern.search(line):
                    yield f"{place}:{number}: {pattern.search(line).group(0)}: {why}"


def machine_paths(root):
    """Yields `file:line: what` for every path of one machine."""
    here = str(root.resolve())
    there = [p for folder in FOLDERS for p in (root / folder).rglob("*")] + [p for p in root.iterdir()]
    for path in sorted(p for p in there if p.is_file() and p.suffix in TEXTS and "__pycache__" not in p.parts):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if HOME.search(line) or (len(here) > 1 and here in line):
                yield f"{path.relative_to(root)}:{number}: {line.strip()[:60]}: a path of one machine"


def equal_names(root):
    """Yields `file: what` for every test of tests/ that another folder has by the same name: pytest collects only one of them."""
    first = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        other = first.setdefault(path.name, path)
        if other != path:
            yield f"{path.relative_to(root)}: a test of this name is in {other.parent.relative_to(root)} too"


def self_test():
    open_end = "TO" + "DO"
    cases = {
        ("a.h", "#pragma once\nint x;\n"): 0,
        ("a.cc", "int methodology;\n"): 0,
        ("a.cc", "\n" * MAX_LINES): 0,
        ("a.cc", "\n" * (MAX_LINES + 1)): 1,
        ("a.h", "int x;\n"): 1,
        ("a.cc", f"// {open_end}: later\n"): 1,
        ("a.cc", "// FIXME\n"): 1,
        ("a_test.cc", "GTEST_SKIP();\n"): 1,
        ("a_test.cc", "TEST(A, DISABLED_B) {}\n"): 1,
        ("a.cc", 'auto p = "/" "home/ann/x";\n'): 0,
        ("a.cc", 'auto p = "/' + 'home/ann/x";\n'): 1,
        ("a.cc", "// as in /" + "Users/ann\n"): 1,
        ("a.cc", "// HERE/main.cc\n"): 1,
        ("a.cc", '{"/api/home/x", "https://x.example/home/y"}\n'): 0,
    }
    for (name, text), expected in cases.items():
        with tempfile.TemporaryDirectory() as directory:
            text = text.replace("HERE", str(pathlib.Path(directory).resolve()))
            path = pathlib.Path(directory, "src", "base", name)
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            found = [*violations(pathlib.Path(directory)), *machine_paths(pathlib.Path(directory))]
            if len(found) != expected:
                sys.exit(f"house self-test: {name} {text[:40]!r}: expected {expected}, found {found}")
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for folder, name, expected in (("a", "test_x.py", 0), ("b", "test_y.py", 0), ("b", "test_x.py", 1)):
            (root / "tests" / folder).mkdir(parents=True, exist_ok=True)
            (root / "tests" / folder / name).touch()
            if len([*equal_names(root)]) != expected:
                sys.exit(f"house self-test: tests/{folder}/{name}: expected {expected} equal names")
    print(f"house self-test: {len(cases) + 3} cases as expected")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    root = pathlib.Path(__file__).resolve().parent.parent
    found = [*violations(root), *machine_paths(root), *equal_names(root)]
    print("\n".join(found) if found else "house: every rule is kept")
    return sys.exit(1 if found else 0)


main()
