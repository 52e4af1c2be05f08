"""Checks that includes in src/ follow the arrows of the design. `--self-test` is its negative control."""
import pathlib
import re
import sys
import tempfile

BELOW_API = {"base", "config", "domain", "http", "net", "store", "ledger", "nodes", "auth", "delivery", "contacts", "report", "web", "site"}
ARROWS = {
    "base": set(),
    "config": {"base"},
    "domain": {"base"},
    "http": {"base"},
    "net": {"base"},
    "store": {"base", "domain"},
    "adopt": {"base", "domain", "store"},
    "ledger": {"base", "domain", "store"},
    "nodes": {"base", "domain", "store", "ledger"},
    "auth": {"base", "domain", "store", "ledger"},
    "delivery": {"base", "domain", "store", "ledger", "net", "nodes", "report"},
    "contacts": {"base", "domain", "store", "ledger", "net", "nodes", "delivery"},
    "report": {"base", "domain", "store"},
    "web": {"base", "http"},
    "site": {"base", "config", "http"},
    "demo": {"base", "domain", "store", "http", "delivery"},
    "api": BELOW_API,
    "app": BELOW_API | {"api", "adopt", "demo"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def violations(root):
    """Yields `file:line: what` for every include that the arrows forbid."""
    source = root / "src"
    for path in sorted(p for p in source.rglob("*") if p.suffix in {".h", ".cc"}):
        folder = path.relative_to(source).parts[0]
        place = path.relative_to(root)
        if folder not in ARROWS:
            yield f"{place}:1: folder '{folder}' is not in tools/layers.py"
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match.group(1).split("/")[0]
            if "/" not in match.group(1) or target not in ARROWS:
                yield f'{place}:{number}: "{match.group(1)}" does not begin with a folder of src/'
            elif target != folder and target not in ARROWS[folder]:
                yield f"{place}:{number}: {folder} must not include {target}"


def self_test():
    cases = {
        ("base/a.h", '#include "base/b.h"\n#include <vector>\n'): 0,
        ("ledger/a.cc", '#include "store/engine.h"\n'): 0,
        ("ledger/rocks/a.cc", '#include "ledger/rocks/b.h"\n'): 0,
        ("app/main.cc", '#include "api/routes.h"\n'): 0,
        ("base/a.h", '#include "domain/money.h"\n'): 1,
        ("store/a.cc", '#  include "ledger/ledger.h"\n'): 1,
        ("http/a.cc", '#include "domain/command.h"\n'): 1,
        ("api/a.cc", '#include "app/main.h"\n'): 1,
        ("ledger/a.cc", '#include "ledger.h"\n'): 1,
        ("other/a.cc", "\n"): 1,
    }
    for (name, text), expected in cases.items():
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "src", name)
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            found = list(violations(pathlib.Path(directory)))
            if len(found) != expected:
                sys.exit(f"layers self-test: {name} {text!r}: expected {expected}, found {found}")
    print(f"layers self-test: {len(cases)} cases as expected")


def main():
    if "--self-test" in sys.argv:
        return self_test()
    found = list(violations(pathlib.Path(__file__).resolve().parent.parent))
    print("\n".join(found) if found else "layers: no include goes against the arrows")
    return sys.exit(1 if found else 0)


main()
