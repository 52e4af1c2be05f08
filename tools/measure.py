"""Prints the measured table of the house and holds its gates. `--self-test` is its negative control.

A function is a brace at namespace or class level behind a parameter list; its length counts the lines from the one its
name stands on to the closing brace. Tests are *_test.cc, *_fixture.h, test_*.h, tests/, fuzz/ and sim/; source is the rest of src/."""
import pathlib
import re
import statistics
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 450
TESTS_TO_SOURCE_MIN = 0.75
# Strings, characters and comments hold braces too: each becomes blanks, lines stay.
NO_CODE = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|(?<![0-9a-fA-F])\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*.*?\*/', re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
TYPE = re.compile(r"\b(class|struct|union|enum|namespace|extern)\b")
CHECK = re.compile(r"\b(BARRACUDA_CHECK|static_assert)\s*\(")


def code_of(text):
    """The text without strings, comments and directives, line for line."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    return DIRECTIVE.sub(blank, NO_CODE.sub(blank, text))


def functions(text):
    """-> [(first line, lines)] of every function that has a body."""
    out, stack, head, head_line, line = [], [], "", None, 1
    for char in code_of(text):
        if char == "\n":
            line += 1
        if char == "{":
            outside = all(kind == "scope" for kind, _ in stack)
            bare = re.sub(r"<[^<>]*>", "", head)
            if outside and TYPE.search(bare) and "(" not in bare.split("{")[0].replace("__attribute__((", ""):
                stack.append(("scope", None))
            elif outside and "(" in head and not re.search(r"=\s*$", head.strip()):
                stack.append(("function", head_line))
            else:
                stack.append(("block", None))
                continue
            head, head_line = "", None
        elif char == "}":
            kind, begin = stack.pop() if stack else ("block", None)
            if kind == "function":
                out.append((begin, line - begin + 1))
            if kind != "block":
                head, head_line = "", None
        elif all(kind == "scope" for kind, _ in stack):
            if char == ";" or (char == ":" and re.search(r"\b(public|private|protected)\s*$", head)):
                head, head_line = "", None
            else:
                if head_line is None and not char.isspace():
                    head_line = line
                head += char
    return out


def is_test(path):
    return path.name.endswith("_test.cc") or path.name.endswith("_fixture.h") or path.name.startswith("test_")


def pairs(sources):
    """-> (edges, pairs of folders that include each other)."""
    edges = set()
    for path, text in sources.items():
        own = path.parts[0]
        for target in re.findall(r'^\s*#\s*include\s*"(\w+)/', text, re.M):
            if target != own:
                edges.add((own, target))
    return edges, {tuple(sorted(edge)) for edge in edges if edge[::-1] in edges}


def lines_of(text):
    return text.count("\n") + (not text.endswith("\n"))


def measure(root):
    files = {p.relative_to(root / "src"): p.read_text(encoding="utf-8")
             for p in sorted((root / "src").rglob("*")) if p.suffix in {".h", ".cc"}}
    source = {p: t for p, t in files.items() if not is_test(p)}
    tests = [t for p, t in files.items() if is_test(p)]
    tests += [p.read_text(encoding="utf-8") for folder, kinds in (("tests", {".py", ".c"}), ("fuzz", {".cc", ".h"}), ("sim", {".cc", ".h"}))
              for p in (root / folder).rglob("*") if p.suffix in kinds]
    found = [(lines, f"src/{path}:{first}") for path, text in source.items() for first, lines in functions(text)]
    edges, mutual = pairs(source)
    return {
        "source_lines": sum(map(lines_of, source.values())), "test_lines": sum(map(lines_of, tests)),
        "files": sorted((lines_of(t), f"src/{p}") for p, t in source.items()), "functions": sorted(found),
        "edges": edges, "mutual": mutual, "checks": sum(len(CHECK.findall(t)) for t in source.values()),
    }


def violations(m):
    for one, other in sorted(m["mutual"]):
        yield f"src/{one} and src/{other} include each other"
    for lines, place in m["functions"]:
        if lines > FUNCTION_LINES_MAX:
            yield f"{place}: a function of {lines} lines, at most {FUNCTION_LINES_MAX}"
    for lines, place in m["files"]:
        if lines > FILE_LINES_MAX:
            yield f"{place}: {lines} lines, at most {FILE_LINES_MAX}"
    if m["test_lines"] < TESTS_TO_SOURCE_MIN * m["source_lines"]:
        yield f"tests are {m['test_lines'] / m['source_lines']:.2f} of the source, at least {TESTS_TO_SOURCE_MIN}"


def table(m):
    sizes, lengths = [n for n, _ in m["files"]], [n for n, _ in m["functions"]]
    within = sum(n <= FUNCTION_LINES_MAX for n in lengths) / len(lengths)
    yield "folder edges / mutual pairs", f"{len(m['edges'])} / {len(m['mutual'])}"
    yield "source lines", f"{m['source_lines']}"
    yield "file: mean / median / longest", f"{statistics.mean(sizes):.0f} / {statistics.median(sizes):.0f} / {sizes[-1]} {m['files'][-1][1]}"
    yield "functions: mean / p99 / longest", (f"{statistics.mean(lengths):.1f} / {sorted(lengths)[int(len(lengths) * 0.99)]} / "
                                              f"{lengths[-1]} {m['functions'][-1][1]}")
    yield f"functions within {FUNCTION_LINES_MAX} lines", f"{within:.2%} of {len(lengths)}"
    yield "checks a thousand lines", f"{m['checks'] / m['source_lines'] * 1000:.1f}"
    yield "tests to source", f"{m['test_lines'] / m['source_lines']:.2f}"


def self_test():
    body = "    x();\n"
    long_one = "int F(int a) {\n" + body * 69 + "}\n"
    cases = [
        ("int F() { return 1; }\n", [1]),
        ("class A {\npublic:\n    A() : a_(1) {}\n    int G() const {\n        return 1;\n    }\n};\n", [1, 3]),
        ("namespace a {\nstruct S {\n    int x = 1;\n};\nconstexpr int kTable[] = {1, 2};\n}\n", []),
        ('void F() {\n    auto s = "{";\n    char c = \'{\';\n    // {\n    if (s) {\n    }\n}\n', [7]),
        ("template <class T>\nvoid F(T f = {}) {\n    f([] {\n        return 1;\n    });\n}\n", [6]),
        (long_one, [71]),
    ]
    for text, expected in cases:
        got = [lines for _, lines in functions(text)]
        if got != expected:
            sys.exit(f"measure self-test: {text!r}: expected {expected}, found {got}")
    good = {"mutual": set(), "functions": [(70, "a")], "files": [(450, "a")], "test_lines": 75, "source_lines": 100}
    bad = [{"mutual": {("a", "b")}}, {"functions": [(71, "a")]}, {"files": [(451, "a")]}, {"test_lines": 74}]
    if list(violations(good)) or not all(len(list(violations({**good, **one}))) == 1 for one in bad):
        sys.exit("measure self-test: a gate does not hold")
    print(f"measure self-test: {len(cases) + len(bad) + 1} cases as expected")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    measured = measure(pathlib.Path(__file__).resolve().parent.parent)
    for name, value in table(measured):
        print(f"{name:34} {value}")
    found = list(violations(measured))
    print("\n".join(found) if found else "measure: every gate holds")
    return sys.exit(1 if found else 0)


main()
