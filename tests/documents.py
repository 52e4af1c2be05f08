"""What the documents and the sources say, as data, for the tests that hold them against the program."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text):
    """Every row of every table, as a dictionary by the heads of its columns, with its section under ""."""
    out, head, section = [], None, ""
    for line in text.splitlines():
        if line.startswith("#"):
            section = line.lstrip("#").strip()
        if not line.startswith("|"):
            head = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if head is None:
            head = cells
        elif not set("".join(cells)) <= set("-: "):
            assert len(cells) == len(head), line
            out.append({**dict(zip(head, cells)), "": section})
    return out


def spans(text):
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def commands(text):
    """The indented lines: what is meant to be pasted."""
    return "".join(line[4:] + "\n" for line in text.splitlines() if line.startswith("    "))


def curls(text):
    """The indented blocks that call the program by curl, as they stand."""
    blocks = re.findall(r"(?:^    .*\n)+", text, re.M)
    return "".join(commands(b) for b in blocks if re.match(r"    (curl |\w+=\$\()", b))


def slugs(text):
    """The anchors of a document's headings, as the forges make them."""
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def dead_links(path, text):
    """Relative links, paths in backticks and anchors that lead nowhere."""
    out = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        to = (path.parent / name).resolve() if name else path
        if not to.exists() or (anchor and anchor not in slugs(to.read_text(encoding="utf-8"))):
            out.append(target)
    for name in re.findall(r"`((?:src|docs|tests|tools|bench)/[\w./*-]+)`", text):
        if not list(ROOT.glob(name.rstrip("/"))):
            out.append(name)
    folders = "|".join(p.name for p in (ROOT / "src").iterdir())
    for name in re.findall(rf"`((?:{folders})/[\w./*-]+\.(?:cc|h))`", text):
        if not list((ROOT / "src").glob(name)):
            out.append(name)
    return out


def literals(*globs):
    """The texts in quotes of the sources, those that stand side by side joined."""
    out = []
    for path in sorted(p for glob in globs for p in ROOT.glob(glob)):
        if path.name.endswith("_test.cc"):
            continue
        joined = re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
        out += [text.replace('\\"', '"') for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', joined)]
    return out
