"""The operator's documents say what the program does: every setting, command, metric and message, in both directions."""
import os
import re
import subprocess
from pathlib import Path

import pytest

import documents
from documents import ROOT, commands, dead_links, literals, rows, spans, text_of
from harness import BINARY, Server, new_id, wait_until
from openapi import SPEC

SETTINGS = [row for row in rows(text_of("docs/operating/settings.md")) if "environment" in row]
BY_PATH = {spans(row["setting"])[0]: row for row in SETTINGS}


def one(cell):
    """The only code of a cell, or nothing."""
    found = spans(cell)
    assert len(found) <= 1, cell
    return found[0] if found else ""


# --------------------------------------------------------------------------------------------------- settings

def check_config(tmp_path, env=None, *arguments):
    done = subprocess.run([str(BINARY), "check-config", *arguments], env={"HOME": str(tmp_path), **(env or {})},
                          cwd=tmp_path, capture_output=True, text=True, timeout=20)
    shown = {path: (value, source) for path, value, source
             in re.findall(r"^([a-z_.]+) = (.*?)  # (.*)$", done.stdout, re.M)}
    return done, shown


def test_every_setting_and_no_other(tmp_path):
    assert len(BY_PATH) == len(SETTINGS)
    table = re.findall(r'\{"(\w+\.\w+)", Kind::', text_of("src/config/settings.cc"))
    assert table and set(BY_PATH) == set(table)
    done, shown = check_config(tmp_path)
    assert done.returncode == 0 and set(shown) == set(table)


def test_defaults_and_names_in_the_environment(tmp_path):
    _, by_default = check_config(tmp_path)
    env = {spans(row["environment"])[0]: one(row["default"]) for row in SETTINGS}
    done, shown = check_config(tmp_path, env)
    assert done.returncode == 0, done.stderr
    for path, row in BY_PATH.items():
        assert shown[path] == (by_default[path][0], "environment " + spans(row["environment"])[0]), path


def test_the_old_names(tmp_path):
    values = {"store.url": "mongodb://h/x", "network.private_api_url": "https://h/x"}
    documented = {path: spans(row["environment"])[1:] for path, row in BY_PATH.items()}
    table = re.findall(r'\{"(\w+\.\w+)", Kind::\w+, k\w+, "(\w*)"', text_of("src/config/settings.cc"))
    assert documented == {path: [alias] if alias else [] for path, alias in table}
    for path, alias in table:
        if alias:
            _, shown = check_config(tmp_path, {alias: values.get(path, "word")})
            assert shown[path][1] == "environment " + alias


@pytest.mark.parametrize("path", list(BY_PATH))
def test_what_a_setting_accepts(tmp_path, path):
    name = spans(BY_PATH[path]["environment"])[0]
    wrong = "" if path == "store.data" else "two\nlines" if "text" in BY_PATH[path]["accepts"] else "two words"
    done, _ = check_config(tmp_path, {name: wrong})
    assert done.returncode == 2
    assert f"{path} (environment {name}): expected {BY_PATH[path]['accepts']}" in done.stderr, done.stderr


def test_the_reference_sets_nothing_until_told_to(tmp_path):
    done, _ = check_config(tmp_path, {"BARRACUDA_SERVER_THREADS": "many"}, "--reference")
    assert done.returncode == 0, "also where the settings are wrong"
    (tmp_path / "b.toml").write_text(done.stdout.replace("#threads = 0", "threads = 3"))
    _, shown = check_config(tmp_path, {}, "--config", "b.toml")
    assert {path for path, (_, source) in shown.items() if source != "default"} == {"server.threads"}
    assert shown["server.threads"] == ("3", "b.toml:" + str(done.stdout[:done.stdout.index("#threads")].count("\n") + 1))


def test_the_flags(tmp_path):
    source = re.findall(r'line\.flags\["([\w.]+)"\] = (\w+);', text_of("src/app/command_line.cc"))
    assert source and {path: one(row["flag"]) for path, row in BY_PATH.items() if row["flag"]} == {
        path: "--" + flag for path, flag in source}
    _, shown = check_config(tmp_path, {}, "--data", "d", "--store", "mongodb://h/x")
    assert shown["store.data"] == ("d", "flag") and shown["store.url"] == ("mongodb://h/x", "flag")


def test_the_goals(tmp_path):
    table = {one(row["key"]): one(row["default"]) for row in rows(text_of("docs/operating/settings.md")) if "key" in row}
    source = text_of("src/config/file.cc")
    body = source[source.index("ReadGoalField("):source.index("ReadGoals(")]
    assert set(table) == set(re.findall(r'key == "(\w+)"', body))
    default = "".join(f'{key} = {value if value in ("true", "false") else chr(34) + value + chr(34)}\n'
                      for key, value in table.items() if key != "id")
    lines = []
    for name, more in (("bare", ""), ("defaults", default)):
        path = tmp_path / f"{name}.toml"
        path.write_text(f'[[goal]]\nid = "9"\n{more}')
        done, _ = check_config(tmp_path, {}, "--config", str(path))
        lines.append([line.split("  #")[0] for line in done.stdout.splitlines() if line.startswith("goal ")])
        assert done.returncode == 0, done.stderr
    assert lines[0] == lines[1] and any(line.startswith("goal 9") for line in lines[0])


# --------------------------------------------------------------------------------------------------- commands

def help_of(*words):
    done = subprocess.run([str(BINARY), *words, "--help"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return {name: re.findall(r"^  (?:-\w,)?(--[\w-]+|[\w-]+)", body, re.M)
            for name, body in re.findall(r"^(Subcommands|Options|Positionals):\n((?:  .*\n)+)", done.stdout, re.M)}


def leaves(*words):
    said = help_of(*words)
    if "Subcommands" not in said:
        return {" ".join(words): set(said["Options"]) | set(said.get("Positionals", []))}
    return {name: options for sub in said["Subcommands"] for name, options in leaves(*words, sub).items()}


def test_every_command_with_its_options():
    common = {"--help", "--config", "--data", "--store"}
    found = leaves()
    assert len(found) > 8 and all(common <= options for name, options in found.items() if name != "demo")
    documented = {one(row["command"]): set(spans(row["takes"]))
                  for row in rows(text_of("docs/operating/commands.md")) if "command" in row}
    assert documented == {name: options - common for name, options in found.items()}


def test_a_backup_by_the_book(net, tmp_path):
    """Everything of backup.md, in its order, as pasted; the last line starts the server that is asked afterwards."""
    bin_, new = tmp_path / "bin", tmp_path / "new"
    bin_.mkdir()
    (bin_ / "barracuda").symlink_to(BINARY)
    script, serve, rest = commands(text_of("docs/operating/backup.md")).rpartition('barracuda serve --data "$NEW"\n')
    assert serve and not rest
    click = new_id()
    with Server(tmp_path, net) as server:
        (server.data / "secrets").mkdir(mode=0o700)
        assert server.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").json["verdict"] == "recorded"
        places = {"DATA": server.data, "BACKUPS": tmp_path / "backups", "ELSEWHERE": tmp_path / "elsewhere",
                  "TRIAL": tmp_path / "trial", "NEW": new / "data"}
        for name in ("BACKUPS", "ELSEWHERE"):
            places[name].mkdir()
        env = {"PATH": f"{bin_}:{os.environ['PATH']}", "HOME": str(tmp_path), **{k: str(v) for k, v in places.items()}}
        done = subprocess.run(["bash", "-eu", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("the store is sound") == 3
    assert (new / "data" / "secrets").is_dir() and not (tmp_path / "trial").exists()
    with Server(new, net, keys=False) as restored:
        assert restored.get("/api/postback", click_id=click, affiliate_id="7", goal="deposit").json["verdict"] == "duplicate"


def test_what_the_service_names_is_brought_by_the_package():
    unit, postinst = text_of("packaging/barracuda.service"), text_of("packaging/debian/postinst")
    made = postinst + text_of("packaging/CMakeLists.txt")
    named = set(re.findall(r"(?<![\w%])/(?:etc|var)/[\w/.-]+", unit))
    assert named == {"/etc/barracuda/barracuda.toml", "/etc/barracuda/hash"} and all(path in made for path in named)
    assert "StateDirectory=barracuda\n" in unit and "/var/lib/barracuda" in postinst
    flags = re.search(r"serve (--config \S+)", unit).group(1)
    assert re.findall(r"sudo -u barracuda barracuda \w+ create (--config \S+) ", text_of("docs/operating/install.md")) == [flags] * 2
    assert f"barracuda doctor {flags}\n" in text_of("docs/operating/runbook.md")


# ----------------------------------------------------------------------- names in any document, not only in its table



def code_in(path):
    """-> every text that a document gives as code: between backticks, and the indented lines."""
    text = path.read_text(encoding="utf-8")
    return spans(re.sub(r"^    .*$", "", text, flags=re.M)) + commands(text).replace("\\\n", " ").splitlines()


def unknown_commands(code, known):
    """-> commands and options of the program that a piece of code names and the program does not have."""
    out = []
    for rest in re.findall(r"(?:^|(?<!-u)[\s/(])barracuda ((?:[a-z][a-z-]*\b)[^|;&>#)]*)", code):
        words = re.match(r"[a-z-]+(?: [a-z-]+)?", rest).group(0).split()
        name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
        if name is None:
            out += [] if any(one.startswith(words[0] + " ") for one in known) and len(words) == 1 else [rest]
            continue
        options = re.findall(r"(?<!\S)--[a-z][a-z-]*", rest)
        out += [f"{name} {option}" for option in options if option not in known[name]]
    return out


def test_commands_that_any_document_names():
    known = leaves()
    assert unknown_commands("sudo -u barracuda barracuda key burn --name x", known)
    assert unknown_commands("barracuda verify --mend", known) == ["verify --mend"]
    assert not unknown_commands("chown -R barracuda: x; barracuda key create --name x --config F", known)
    for path in documents.DOCS:
        for code in code_in(path):
            assert not unknown_commands(code, known), f"{path.relative_to(ROOT)}: {code}"


def test_settings_that_any_document_names():
    sections = {path.split(".")[0] for path in BY_PATH}
    variables = {name for row in SETTINGS for name in spans(row["environment"])}
    fields = {f"{name}.{field}" for name in ("limits", "network") for schema in ("Limits", "NetworkInput")
              for field in SPEC["components"]["schemas"][schema]["properties"]}  # a network's own, of the API
    ours = re.compile(rf"(?<![\w./])((?:{'|'.join(sections)})\.[a-z_]+)(?![\w.(/-])")
    for path in documents.DOCS:
        place = path.relative_to(ROOT)
        for code in code_in(path):
            for name in ours.findall(code):
                assert name in BY_PATH or name in fields or name.rpartition(".")[2] in ("cc", "h", "md", "py", "io", "toml", "jsonl", "example"), f"{place}: {name}"
            for section, name in re.findall(r"\[(\w+)\] (\w+)\b", code):
                assert section not in sections or f"{section}.{name}" in BY_PATH, f"{place}: [{section}] {name}"
            for name in re.findall(r"\bBARRACUDA_[A-Z_]+[A-Z]\b", code):
                known = name.removesuffix("_FILE") in variables or name.startswith(("BARRACUDA_SECTION", "BARRACUDA_SECRET_"))
                assert known or name in OF_TESTS, f"{place}: {name}"


OF_TESTS = {"BARRACUDA_BINARY", "BARRACUDA_TEST_MONGODB", "BARRACUDA_TEST_STORE", "BARRACUDA_SANITIZE", "BARRACUDA_WEB"}


# ---------------------------------------------------------------------------------------------------- metrics

def test_every_metric_with_its_type(srv):
    text = srv.get("/metrics").body.decode()
    names = set(re.findall(r"^(\w+)(?:\{[^}]*\})? [-\d.e+]+$", text, re.M))
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    parts = {name + part for name, type in types.items() if type == "histogram" for part in ("_bucket", "_sum", "_count")}
    names = names - parts | types.keys()  # some have no value before the first attempt
    documented = {one(row["metric"]): row["type"] for row in rows(text_of("docs/operating/metrics.md")) if "metric" in row}
    assert documented == {name: types.get(name, "untyped") for name in names}
    others = {"barracuda_session", "barracuda_export", "barracuda_adopt_click"}  # a cookie, a line of a file, an index
    for path in documents.DOCS:
        for name in re.findall(r"\bbarracuda_[a-z_]+[a-z]\b", path.read_text(encoding="utf-8")):
            assert name in names | others, f"{path.relative_to(ROOT)}: {name}"


# ---------------------------------------------------------------------------------------------------- threads

def test_every_thread_by_its_name(net, tmp_path):
    table = [row for row in rows(text_of("docs/architecture.md")) if "stopped by" in row]
    names = {one(row["name"]) for row in table}
    some = {one(row["name"]) for row in table if re.search("MongoDB|SIGTERM|after an older version|barracuda demo", row["how many"])}

    def there():
        tasks = (Path("/proc") / str(server.process.pid) / "task").iterdir()
        found = {(task / "comm").read_text().strip() for task in tasks}
        return {name for name in found if not name.startswith("rocksdb:")}

    env = {"BARRACUDA_LOG_REQUESTS": "true", "BARRACUDA_RETENTION_CONTACTS_MAX_AGE": "24h"}
    with Server(tmp_path, net, env=env) as server:
        wait_until(lambda: names - some <= there() <= names, 10, "the threads of architecture.md, and no other")


# ---------------------------------------------------------------------------------------------------- runbook

RUNBOOK = text_of("docs/operating/runbook.md")
MESSAGES = {"line on stderr", "`/readyz` says", "message", "the attempt's `error` or `code`"}


def test_what_the_runbook_quotes_is_said():
    source = "\n".join(literals("src/**/*.cc", "src/**/*.h"))
    quoted = [span for row in rows(RUNBOOK) for head in MESSAGES & set(row) for span in spans(row[head])]
    assert len(quoted) > 30
    assert not [span for span in quoted if span not in source]


# Log calls whose words are made elsewhere: the setup link's file, and what was accepted as lost.
MADE_ELSEWHERE = {"written.error().message", "loss.Text()"}


def warnings_of(source):
    """-> every text that a source logs as a warning or an error; None where a call has no text of its own and is not known."""
    out = []
    for call in re.findall(r"Level::k(?:Warning|Error),\s*(.*?)(?:\{\{|\);)", source, re.S):
        texts = re.findall(r'"([^"]+)"', re.sub(r'"\s*\n\s*"', "", call))
        out += texts or ([] if call.strip() in MADE_ELSEWHERE else [None])
    return out


def test_what_is_said_stands_in_the_runbook():
    """Warnings and errors of the log, bodies of a 503, reasons of /readyz."""
    app = "".join(p.read_text(encoding="utf-8") for p in sorted(ROOT.glob("src/app/*.cc")) if "_test" not in p.name)
    said = warnings_of(app)
    assert len(said) >= 24 and None not in said and warnings_of("Log(Level::kError, made.text);") == [None]
    assert warnings_of('log_(a ? Level::kError : Level::kWarning, a ? "one" : "two", {{"a", "b"}});') == ["one", "two"]
    everything = "".join(p.read_text(encoding="utf-8") for p in sorted(ROOT.glob("src/**/*.cc")) if "_test" not in p.name)
    said += re.findall(r'(?:JsonError|FailWith)\(\s*503,\s*"([^"]+)"', everything)
    membership = text_of("src/nodes/membership.cc")
    fenced = re.search(r"Membership::Fenced\(\) const \{(.*?)\n\}", membership, re.S).group(1)
    said += re.findall(r'return "([^"]+)"', fenced)
    said += re.findall(r'trouble_(?: = |\()"([^"]+)"', everything)
    assert len(said) >= 14
    assert not [text for text in said if text.rstrip(" :") not in RUNBOOK]


# ----------------------------------------------------------------------------------------------------- faults

def known_tests():
    """-> `test_file.py::name` of every test in Python, `Suite.Name` of every one in C++."""
    there = {f"{path.name}::{name}" for path in sorted((ROOT / "tests").rglob("test_*.py"))
             for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M)}
    for path in sorted((ROOT / "src").rglob("*_test.cc")):
        found = re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)", path.read_text(encoding="utf-8"), re.M)
        there |= {f"{suite}.{name}" for suite, name in found}
    return there


def without_test(faults, there):
    """-> rows that name a test which is not there, or neither a test nor the reason for none."""
    named = {row["number"] + " " + row["kind"]: row["test"] for row in faults}
    return [f"{which}: {cell}" for which, cell in named.items()
            if not (spans(cell) or re.match(r"none: .", cell)) or set(spans(re.sub(r"^none: .*", "", cell))) - there]


def test_every_fault_has_its_test():
    there, faults = known_tests(), [row for row in rows(text_of("docs/decisions/faults-0.1.md")) if "test" in row]
    assert len(there) > 900 and len(faults) > 100
    assert len({(row[""], row["number"], row["kind"]) for row in faults}) == len(faults)
    assert not without_test(faults, there)
    for wrong in ("`test_metrics.py::test_gone`", "`Lanes.Gone`", "", "none:", "by hand", "`Lanes.ABatchIsBounded`, `Lanes.Gone`"):
        assert without_test([{**faults[0], "test": wrong}], there), wrong
    for right in ("`Lanes.ABatchIsBounded`", "none: decided"):
        assert not without_test([{**faults[0], "test": right}], there), right


# ------------------------------------------------------------------------------------------------------ links

@pytest.mark.parametrize("path", documents.DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_dead_links(path):
    assert not dead_links(path, path.read_text(encoding="utf-8"))


def test_a_dead_link_is_found():
    here = ROOT / "docs" / "x.md"
    for text in ("[a](nothing.md)", "[a](architecture.md#nothing)", "`src/nothing.cc`", "`http/nothing.cc`"):
        assert dead_links(here, text), text
    assert not dead_links(here, "[a](architecture.md#threads) [b](https://x.example/y) `src/http/*.cc` `http/parser.cc`")


def test_documents_that_the_sources_name():
    for path in sorted(p for folder in ("src", "tests", "tools", "bench") for p in (ROOT / folder).rglob("*")):
        if path.suffix not in (".cc", ".h", ".py", ".txt"):
            continue
        for name in re.findall(r"docs/[\w./-]+\.md", path.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{path.relative_to(ROOT)} names {name}"
