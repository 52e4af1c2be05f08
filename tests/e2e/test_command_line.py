"""Every command and every setting from outside: its help, what its page says, each wrong argument and each wrong value. What is wrong
ends with exit code 2, one line that names it, nothing on stdout and nothing made."""
import re
import subprocess
import tomllib

import pytest

from documents import text_of
from harness import BINARY

COMMANDS = {}  # name -> its arguments, of commands.md
for name, takes in re.findall(r"^\| `([a-z][a-z -]*)` \|([^|]*)\|", text_of("docs/operating/commands.md"), re.M):
    COMMANDS[name] = re.findall(r"`([^`]+)`", takes)
PLACES = ["--config", "--data", "--store"]
# [(setting, default, accepts, {environment names})] of settings.md
SETTINGS = [(name, default.strip().strip("`"), accepts.strip(), re.findall(r"`([A-Z_]+)`", environment))
            for name, default, accepts, environment in re.findall(r"^\| `(\w+\.\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|", text_of("docs/operating/settings.md"), re.M)]


@pytest.fixture
def at(tmp_path):
    """Runs the program in an empty place, with nothing of ours in its environment."""
    def run(*arguments, env=None, stdin=""):
        done = subprocess.run([str(BINARY), *arguments], input=stdin, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **(env or {})},
                              cwd=tmp_path, capture_output=True, text=True, timeout=60)
        run.made = sorted(p.name for p in tmp_path.iterdir())
        return done

    return run


def fault(done, *words):
    """One line that says what is wrong; behind it may stand the word about help."""
    assert done.returncode == 2 and done.stdout == "", done
    first, *rest = done.stderr.splitlines()
    assert first.startswith("barracuda: ") and len(rest) <= 1 and all("--help" in line for line in rest), done
    for word in words:
        assert word in first, (word, first)
    return first


# ------------------------------------------------------------------------------------------------------------ help

def test_the_pages_are_read():
    assert len(COMMANDS) == 22 and COMMANDS["key create"] == ["--name", "--scope", "--affiliate"]
    assert len(SETTINGS) > 45 and all(env for _, _, _, env in SETTINGS)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_its_help_has_what_its_page_says(at, command):
    done = at(*command.split(" "), "--help")
    assert done.returncode == 0 and done.stderr == "" and at.made == [], done
    assert f"Usage: barracuda {command}" in done.stdout
    shown = set(re.findall(r"^  (?:-h,)?(--[a-z-]+)", done.stdout, re.M)) - {"--help"}
    said = {word.split(" ")[0] for word in COMMANDS[command] if word.startswith("--")} | (set() if command == "demo" else set(PLACES))
    assert shown == said, shown ^ said
    for word in COMMANDS[command]:
        assert word.split(" ")[0] in done.stdout, word
    assert at(*command.split(" "), "-h").stdout == done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120, "fits a terminal"


def test_the_programs_own_help_names_every_command(at):
    shown = at("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command.split(' ')[0]} ", shown, re.M), command
    for group in {command.split(" ")[0] for command in COMMANDS if " " in command}:
        listed = at(group, "--help").stdout
        for command in COMMANDS:
            if command.startswith(group + " "):
                assert re.search(rf"^  {command.split(' ')[1]} ", listed, re.M), command
        alone = at(group)
        assert alone.returncode == 2 and alone.stdout == "" and f"Usage: barracuda {group}" in alone.stderr


# ------------------------------------------------------------------------------------------------- wrong arguments

GOOD = {"key create": ["--name", "n", "--scope", "ingest"], "key revoke": ["nobody"], "backup": ["copy"], "backups list": ["copy"], "backups verify": ["copy"], "restore": ["copy"], "export": ["file"],
        "import": ["file"], "migrate": ["--to", "rocksdb:there"], "admin create": ["--email", "a@example.com", "--name", "A", "--password-stdin"],
        "admin password": ["--email", "a@example.com", "--password-stdin"], "erase": ["--click", "c"]}


@pytest.mark.parametrize("command", list(COMMANDS))
def test_what_it_does_not_take_is_named(at, command):
    words, good = command.split(" "), GOOD.get(command, [])
    for wrong in (["--nonsense=1"], ["-x"], ["--Data", "x"]):
        fault(at(*words, *good, *wrong), wrong[0].split("=")[0])
    takes_more = any(word == "ID" for word in COMMANDS[command])
    if not takes_more:
        fault(at(*words, *good, "surplus"), "surplus")
    for place in PLACES if command != "demo" else []:
        fault(at(*words, *good, place), place)
        fault(at(*words, *good, place, "x", place, "y"), place)
    assert at.made == []


@pytest.mark.parametrize("command,missing", [
    ("key create", "--name"), ("key create", "--scope"), ("admin create", "--email"), ("admin create", "--name"), ("admin create", "--password-stdin"),
    ("admin password", "--email"), ("admin password", "--password-stdin")])
def test_what_it_needs_is_named(at, command, missing):
    good = GOOD[command]
    place = good.index(missing)
    values = 0 if missing == "--password-stdin" else 1
    fault(at(*command.split(" "), *good[:place], *good[place + 1 + values:]), missing)
    if values:
        fault(at(*command.split(" "), *good[:place], *good[place + 2:], missing), missing)
        fault(at(*command.split(" "), *good[:place], *good[place + 2:], missing, ""), missing)
    assert at.made == []


@pytest.mark.parametrize("command", ["key revoke", "backup", "backups list", "backups verify", "restore", "export", "import"])
def test_what_it_works_on_is_named(at, command):
    word = next(word for word in COMMANDS[command] if word.isupper())
    fault(at(*command.split(" ")), word)
    fault(at(*command.split(" "), ""), word)
    assert at.made == []


@pytest.mark.parametrize("arguments,word", [
    (["key", "create", "--name", "n" * 65, "--scope", "ingest"], "--name"), (["key", "create", "--name", "a\x07", "--scope", "ingest"], "--name"),
    (["key", "create", "--name", "n", "--scope", "Ingest"], "--scope"), (["key", "create", "--name", "n", "--scope", "owner"], "--scope"),
    (["key", "create", "--name", "n", "--scope", "admin", "--affiliate", "7"], "--affiliate"),
    (["key", "create", "--name", "n", "--scope", "ingest", "--affiliate", "{affiliate_id}"], "--affiliate"),
    (["key", "create", "--name", "n", "--scope", "ingest", "--affiliate", "a\tb"], "--affiliate"),
    (["admin", "create", "--email", "nobody", "--name", "A", "--password-stdin"], "--email"),
    (["admin", "create", "--email", "a@b@c", "--name", "A", "--password-stdin"], "--email"),
    (["admin", "create", "--email", "a@example.com", "--name", "A\nB", "--password-stdin"], "--name"),
    (["admin", "create", "--email", "a@example.com", "--name", "A", "--role", "admin", "--password-stdin"], "--role"),
    (["serve", "--listen", "8080"], "server.listen"), (["serve", "--listen", "localhost:8080"], "server.listen"), (["serve", "--listen", "127.0.0.1:65536"], "server.listen"),
    (["serve", "--store", "postgres://h/d"], "store.url"), (["serve", "--store", "mongodb://a:b@c@d/x"], "store.url"), (["check-config", "--store", "RocksDB"], "store.url"),
    (["serve", "--seed", "1"], "--demo"), (["serve", "--conversions", "5"], "--demo"), (["serve", "--demo", "--data", "x"], "--data"), (["serve", "--demo", "--store", "rocksdb"], "--store"),
    (["demo", "--conversions", "0"], "--conversions"), (["demo", "--conversions", "many"], "--conversions"), (["demo", "--conversions", "-1"], "--conversions"),
    (["demo", "--conversions", "20000001"], "--conversions"), (["demo", "--seed", "x"], "--seed"), (["demo", "--seed", "-1"], "--seed"), (["demo", "--seed", "+1"], "--seed"), (["serve", "--demo", "--seed", "9" * 30], "--seed"), (["demo", "--seed", "0x10"], "--seed"), (["demo", "--listen", "x"], "server.listen"),
    (["demo", "--data", "x"], "--data"), (["serve", "--config", "nowhere.toml"], "nowhere.toml"), (["version", "--config"], "--config"),
    (["erase"], "--email or --click"), (["erase", "--email", "a@example.com", "--click", "c"], "--email or --click"), (["erase", "--click", " "], "--click"),
    (["backup", "x", "--keep", "0"], "--keep"), (["backup", "x", "--keep", "many"], "--keep"), (["backup", "x", "--keep", "-1"], "--keep"),
    (["restore", "x", "--until", "yesterday"], "--until"), (["restore", "x", "--until", "2026-01-31"], "--until"), (["restore", "x", "--until", "2026-01-31T18:00:00"], "--until"),
    (["migrate", "--to", "nowhere"], "nowhere"), (["migrate", "--from", "mongodb://", "--to", "rocksdb:x"], "MongoDB address")], ids=lambda value: " ".join(value)[-60:] if isinstance(value, list) else value)
def test_a_wrong_value_is_named(at, arguments, word):
    fault(at(*arguments, stdin="correct horse battery\n"), word)
    assert at.made == []


@pytest.mark.parametrize("said,words", [("", "password"), ("\n", "password"), ("short\n", "10"), ("x" * 2000 + "\n", "password"), ("         \n", "password")])
def test_a_password_that_is_none(at, said, words):
    for command in (["admin", "create", "--email", "a@example.com", "--name", "A"], ["admin", "password", "--email", "a@example.com"]):
        done = at(*command, "--password-stdin", stdin=said)
        assert done.returncode in (1, 2) and done.stdout == "" and len(done.stderr.splitlines()) == 1 and words in done.stderr, done
        assert at.made == []


@pytest.mark.parametrize("command", [["key", "list"], ["key", "revoke", "x"], ["admin", "password", "--email", "a@example.com", "--password-stdin"], ["deliveries", "list"], ["erase", "--email", "a@example.com"],
                                     ["deliveries", "retry"], ["backup", "copy"], ["export", "file"], ["verify"], ["verify", "--repair"]], ids=" ".join)
def test_where_no_store_is_none_is_made(at, command):
    fault(at(*command, "--data", "none", stdin="correct horse battery\n"), "none")
    assert at.made == []


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["Serve"], ["key", "nonsense"], ["key", "Create"], ["--nonsense"], ["-v"], ["help"], ["serve", "serve"]], ids=" ".join)
def test_what_is_no_command(at, arguments):
    done = at(*arguments)
    assert done.returncode == 2 and done.stdout == "" and done.stderr and at.made == []
    if arguments:
        assert arguments[-1] in done.stderr.splitlines()[0], done


# --------------------------------------------------------------------------------------------------------- settings

def bad_value(accepts):
    """A value that a setting of this kind does not have."""
    for part, value in (("whole", "1.5"), ("a duration", "soon"), ("durations", "0s, soon"), ("a size", "much"), ("true or false", "perhaps"), ("address ranges", "10.0.0.0/99"),
                        ("ADDRESS:PORT", "nowhere"), ("an address such as", "nowhere"), ("names such as", "a b"), ("an id", "a b"), ("parameter name", "a b"), ("database name", "a/b"),
                        ("mongodb://", "postgres://h"), ("printable", "a b"), ("without line breaks", "x" * 1025), ("colour", "blurple"), ("origins", "nowhere"), ("https://", "nowhere")):
        if part in accepts:
            return value
    return "no such word"


# A directory may be any text; so may what a file's own checks refuse later.
FREE = {"store.data"}
BAD = [pytest.param(name, env, bad_value(accepts), id=name) for name, _, accepts, env in SETTINGS if name not in FREE]


def toml_of(name, value):
    section, key = name.split(".")
    return f'[{section}]\n{key} = "{value}"\n'


@pytest.mark.parametrize("name,environment,value", BAD)
def test_a_setting_that_cannot_be_is_named_wherever_it_is_said(at, tmp_path, name, environment, value):
    for variable in environment:
        said = fault(at("check-config", env={variable: value}), name, variable)
        assert value[:40] in said or name in ("network.hash", "network.private_api_token", "store.url"), "what was given is shown, but for secrets"
    (tmp_path / "b.toml").write_text(toml_of(name, value))
    fault(at("check-config", "--config", "b.toml"), name, "b.toml:2")
    fault(at("serve", "--config", "b.toml"), name)
    assert at.made == ["b.toml"], "nothing is begun by settings that cannot be"


@pytest.mark.parametrize("name,default,environment", [(name, default, env[0]) for name, default, _, env in SETTINGS if default], ids=lambda value: str(value)[:40])
def test_a_default_said_aloud_is_the_default(at, name, default, environment):
    silent, said = at("check-config"), at("check-config", env={environment: default})
    assert silent.returncode == said.returncode == 0, said

    def shown(done):
        line, = [line for line in done.stdout.splitlines() if line.startswith(name + " = ")]
        return line.split("#")[0].split(" (")[0].strip()

    assert shown(silent) == shown(said)


@pytest.mark.parametrize("text,words", [
    ("[limits]\nqueu = 5\n", ("limits.queu", "b.toml:2")), ("[limit]\nqueue = 5\n", ("limit", "b.toml:1")), ("queue = 5\n", ("queue", "b.toml:1")), ("[limits]\nqueue = 5\nqueue = 6\n", ("queue", "b.toml:3")),
    ("[limits\nqueue = 5\n", ("b.toml:1",)), ("[limits]\nqueue =\n", ("b.toml:2",)), ("[limits]\nqueue = \"5\"\n", ("limits.queue",)), ("[limits]\nqueue = [5]\n", ("limits.queue",)),
    ("[log]\nrequests = \"true\"\n", ("log.requests",)), ("[server]\nhosts = \"a, b\"\n", ("server.hosts",)), ("[server]\nhosts = [1]\n", ("server.hosts",)), ("[delivery]\nretry_schedule = []\n", ("delivery.retry_schedule",)),
    ("[delivery]\nretry_schedule = [\"5s\"]\n", ("delivery.retry_schedule",)), ("[[goal]]\ntype = \"deposit\"\n", ("goal",)), ("[[goal]]\nid = \"7\"\ntype = \"sale\"\n", ("goal",)), ("\x00", ("b.toml",)), ("[limits]\r\nqueue = 0\r\n", ("limits.queue",))],
    ids=lambda value: repr(value)[:40])
def test_a_file_that_is_wrong_says_where(at, tmp_path, text, words):
    (tmp_path / "b.toml").write_text(text)
    fault(at("check-config", "--config", "b.toml"), *words)
    assert at.made == ["b.toml"]


def test_the_reference_is_a_file_that_is_taken(at, tmp_path):
    reference = at("check-config", "--reference")
    assert reference.returncode == 0
    settings, _, goals = reference.stdout.partition("#[[goal]]")
    assert goals.count("#id = ") == 2
    bare = re.sub(r"^#(\w+ = )", r"\1", settings, flags=re.M)
    read = tomllib.loads(bare)
    assert {f"{section}.{key}" for section, keys in read.items() if isinstance(keys, dict) for key in keys} == {name for name, _, _, _ in SETTINGS}
    (tmp_path / "b.toml").write_text(bare)
    taken, silent = at("check-config", "--config", "b.toml"), at("check-config")
    assert taken.returncode == 0, taken

    def values(done):
        return {line.split(" = ")[0]: line.split(" = ")[1].split(" (")[0].split("#")[0].strip() for line in done.stdout.splitlines() if " = " in line}

    assert values(taken).keys() == values(silent).keys() and len(values(taken)) >= len(SETTINGS)
