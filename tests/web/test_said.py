"""What the desk says in another language of the API's own texts (web/src/words/said_de.ts) and of the doctor's (doctor_de.ts), held against
the program's sources: every phrase is one that the program says, and what the program says to a page has its phrase. No browser."""
import re

import pytest

from harness import ROOT

TABLE = ROOT / "web/src/words/said_de.ts"
DOCTORS = ROOT / "web/src/words/doctor_de.ts"
# Whose words a running server's findings are of. doctor_mongo.cc looks from outside, for the command alone.
DOCTORS_SOURCES = [ROOT / "src" / name for name in (
    "app/doctor.cc", "app/doctor_content.cc", "app/store_operations.cc", "app/descriptors.cc", "app/owner.cc", "app/secrets.cc",
    "store/accepted_loss.cc")]
# Of these files, but said by the command alone, which looks from outside; or a command line, which is one in every language.
NO_FINDING = re.compile(r"RocksDB.*|another process has the port.*|ask (as that user|its /readyz)|barracuda (key create|admin password .*)"
                        r"|contacts? follows?|doctor: ask without a server|let the commands end.*|no answer|no(ne|) runs on this.*"
                        r"|one runs on this.*|the running server does not tell of it|the store is sound.*|\{\}\{\} by \{\}|\{\}: \{\}")
# Where errors, refusals and traces come from that a page may show.
FOLDERS = ("api", "auth", "base", "contacts", "delivery", "domain", "ledger", "net", "nodes", "report", "store")
# Files that say nothing to a page: texts of metrics, of commands, of damage to a store, of tests, of the page for strangers.
ELSEWHERE = re.compile(r"(_test|_fixture|metrics|setup_page|landing|copy|document_file|accepted_loss|kv_verify\w*|flag_check|schedule_check"
                       r"|test_server|check|timeline)\.(cc|h)$")
# Said where no page shows it, or shown as it is.
NOT_SHOWN = re.compile(r"a stored \w+ (is not valid BSON|holds a NUL)|shorter words are looked for by nobody.*|it was stopped|.*; charset=.*"
                       r"|a stored \{\} holds a NUL|(Accept|Content-Type|Connection|webhook-id): .*|attachment; .*|\(a name of .*"
                       r"|\{\} attempt.*|POST /api/.*|(registration|pending|reported|waiting), .* or \w+|explain \{\}|secret \{\}: \{\}"
                       r"|Authorization: Bearer \{\}|request in the log any more")


def without_comments(source):
    """The source with its comments blanked; quotes in character constants are blanked too."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)
    return pattern.sub(lambda m: m.group(0) if m.group(0).startswith('"') else " " * len(m.group(0)), source)


LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*')


def unquoted(literal):
    text = "".join(re.findall(r'"((?:\\.|[^"\\\n])*)"', literal))
    return text.encode().decode("unicode_escape").encode("latin-1", "ignore").decode("utf-8", "ignore") if "\\x" in text else text.replace('\\"', '"')


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / "src" / folder).glob("*")):
            if path.suffix in (".cc", ".h") and not ELSEWHERE.search(path.name):
                yield path


def literals(paths=None):
    for path in paths or sources():
        for found in LITERAL.finditer(without_comments(path.read_text())):
            yield unquoted(found.group(0))


def phrases(table=TABLE):
    rows = re.findall(r'^  \["((?:\\.|[^"\\])*)", "((?:\\.|[^"\\])*)"\],$', table.read_text(), re.M)
    return [(english.replace('\\"', '"'), other.replace('\\"', '"')) for english, other in rows]


def pattern(english):
    return re.compile(".+?".join(re.escape(part) for part in english.split("{}")), re.S)


def parts(text):
    return [part.strip() for part in text.split("{}") if len(part.strip()) > 1]


def is_sentence(text):
    """A whole text that says something: no name, and no piece of one that is put together."""
    return re.fullmatch(r"[A-Za-z{].*[^ ]", text, re.S) and re.search(r"[a-z]{2,} [a-z0-9{]{1,}", text) and not NOT_SHOWN.fullmatch(text)


def uncovered(texts, table):
    """Those that no row fits, whole or behind the name of a field: as said.ts goes by them."""
    patterns = [pattern(english) for english in table]

    def fits(text):
        shown = re.sub(r"\{(\d?|:[^{}]*)\}", "7", text).replace("{{", "{").replace("}}", "}")
        behind = re.sub(r"^\S+ ", "", shown)
        return any(one.fullmatch(shown) or one.fullmatch(behind) for one in patterns)

    return sorted({text for text in texts if is_sentence(text) and not fits(text)})


@pytest.fixture(scope="module")
def everything():
    return list(literals())


@pytest.fixture(scope="module")
def doctors():
    """What the doctor says on a page: the whole of its own files, and of the others what they say to it."""
    return [text for text in literals(DOCTORS_SOURCES) if not NO_FINDING.fullmatch(text)]


@pytest.mark.parametrize("table", [TABLE, DOCTORS], ids=lambda path: path.stem)
def test_the_table_is_whole(table):
    lines = [line for line in table.read_text().splitlines() if line.startswith("  [")]
    assert len(lines) == len(phrases(table)), "each row stands on a line of its own"
    english = [row[0] for row in phrases(table)]
    assert len(english) == len(set(english)), "a phrase stands there once"
    for text, other in phrases(table):
        assert text.count("{}") == len(re.findall(r"\{!?\}", other)), text
        assert text != other or re.fullmatch(r"\w+", text), text


def is_said(english, texts):
    """Whether its parts stand in the sources, each in one literal or in two that are put together."""
    def there(part):
        return part in texts or any(part[:at].strip() in texts and part[at:].strip() in texts for at in range(8, len(part) - 8))
    return all(there(part) for part in parts(english))


def test_every_phrase_is_one_that_the_program_says(everything):
    texts = "\n".join(everything)
    assert [english for english, _ in phrases() if not is_said(english, texts)] == []
    assert not is_said("nobody ever says this {} here", texts), "the negative control"


def test_what_is_said_to_a_page_has_its_phrase(everything):
    table = [english for english, _ in phrases()]
    assert sum(bool(is_sentence(text)) for text in everything) > 250, "they are found"
    assert uncovered(everything, table) == []
    assert uncovered(everything, table[1:]) != [] and uncovered(["is a new way to be wrong"], table) != [], "the negative control"


def test_the_doctors_phrases_are_the_programs(doctors):
    texts = "\n".join(literals([*DOCTORS_SOURCES, ROOT / "src/config/config.cc"]))  # which says where a setting comes from
    assert [english for english, _ in phrases(DOCTORS) if not is_said(english, texts)] == []
    table = [english for english, _ in phrases(DOCTORS)]
    # These would fit nearly everything: a text has to have a phrase of its own.
    table = [english for english in table if not english.startswith("{} by {}")]
    assert sum(bool(is_sentence(text)) for text in doctors) > 60, "they are found"
    assert uncovered(doctors, table) == []
    lacking = [english for english in table if english != "network.hash is empty"]
    assert uncovered(doctors, lacking) == ["network.hash is empty"], "the negative control"
