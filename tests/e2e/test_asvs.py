"""docs/security/asvs.md is whole: every requirement of levels 1 and 2 once, with evidence that exists; and what it says is nowhere in the
sources is nowhere."""
import re

import pytest

from documents import ROOT, rows, spans, text_of
from test_documents import known_tests

PAGE = "docs/security/asvs.md"
STATES = ("met", "operator", "partly", "no", "n/a")
# ASVS 5.0.0: the last numbers of each section, by level.
LEVELS = {
    1: """1.2:1-5 1.3:1-2 1.5:1 2.1:1 2.2:1-2 2.3:1 3.2:1-2 3.3:1 3.4:1-2 3.5:1-3 4.1:1 4.4:1 5.2:1-2 5.3:1-2 6.1:1 6.2:1-8 6.3:1-2 6.4:1-2
          7.2:1-4 7.4:1-2 8.1:1 8.2:1-2 8.3:1 9.1:1-3 9.2:1 10.4:1-5 11.3:1-2 11.4:1 12.1:1 12.2:1-2 13.4:1 14.2:1 14.3:1 15.1:1 15.2:1 15.3:1""",
    2: """1.1:1-2 1.2:6-9 1.3:3-11 1.4:1-3 1.5:2 2.1:2-3 2.2:3 2.3:2-4 2.4:1 3.3:2-4 3.4:3-6 3.5:4-5 3.7:1-2 4.1:2-3 4.2:1 4.3:1-2 4.4:2-4
          5.1:1 5.2:3 5.4:1-3 6.1:2-3 6.2:9-12 6.3:3-4 6.4:3-4 6.5:1-5 6.6:1-3 6.8:1-4 7.1:1-3 7.3:1-2 7.4:3-5 7.5:1-2 7.6:1-2 8.1:2 8.2:3
          8.4:1 9.2:2-4 10.1:1-2 10.2:1-2 10.3:1-4 10.4:6-11 10.5:1-5 10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3 11.3:3 11.4:2-4 11.5:1 11.6:1
          12.1:2-3 12.3:1-4 13.1:1 13.2:1-5 13.3:1-2 13.4:2-5 14.1:1-2 14.2:2-4 14.3:2-3 15.1:2-3 15.2:2-3 15.3:2-7 16.1:1 16.2:1-5
          16.3:1-4 16.4:1-3 16.5:1-3 17.1:1 17.2:1-4 17.3:1-2""",
}


def numbers(level):
    out = []
    for section, _, span in (word.partition(":") for word in LEVELS[level].split()):
        first, _, last = span.partition("-")
        out += [f"{section}.{n}" for n in range(int(first), int(last or first) + 1)]
    return out


LEVEL_OF = {item: level for level in LEVELS for item in numbers(level)}


def faults(text, there):
    """What is wrong with a page of that kind, in words."""
    table = [row for row in rows(text) if "item" in row]
    items = [item for row in table for item in row["item"].split()]
    out = [f"{item} is missing" for item in LEVEL_OF if item not in items]
    out += [f"{item} is there twice" for item in set(items) if items.count(item) > 1]
    out += [f"{item} is none of these levels" for item in items if item not in LEVEL_OF]
    sums = {level: dict.fromkeys(STATES, 0) for level in LEVELS}
    for row in table:
        state, evidence = row["it is"], row["evidence"]
        tests = [span for span in spans(evidence) if re.fullmatch(r"test_\w+\.py::\w+|[A-Z]\w+\.[A-Z]\w+", span)]
        out += [f"{row['item']}: there is no {test}" for test in tests if test not in there]
        if state not in STATES:
            out.append(f"{row['item']}: {state!r} is no state")
            continue
        if state == "met" and not tests and "](" not in evidence:
            out.append(f"{row['item']}: nothing shows it")
        if state != "met" and len(re.sub(r"`[^`]*`", "", evidence).split()) < 3:
            out.append(f"{row['item']}: no reason")
        for item in row["item"].split():
            if item in LEVEL_OF:
                sums[LEVEL_OF[item]][state] += 1
    told = {int(row["level"]): {state: int(row[state]) for state in STATES} for row in rows(text) if "level" in row}
    return out + [f"level {level} is {sums[level]}" for level in LEVELS if told.get(level) != sums[level]]


def test_the_numbers_are_those_of_the_standard():
    assert [len(numbers(level)) for level in (1, 2)] == [70, 183] and len(LEVEL_OF) == 253


def test_every_requirement_has_its_evidence():
    assert not faults(text_of(PAGE), known_tests())


@pytest.mark.parametrize("old,new,said", [
    ("| 1.1.1 |", "| 1.1.9 |", "1.1.1 is missing"), ("| 1.1.2 |", "| 1.1.2 1.1.1 |", "1.1.1 is there twice"),
    ("| 1.1.1 |", "| 1.2.10 |", "1.2.10 is none"), ("| met | one parser", "| yes | one parser", "no state"),
    ("`ParseQuery.ReadsFormsOfTheWild`", "`ParseQuery.Gone`", "no ParseQuery.Gone"),
    ("test_kill.py::test_kill9_under_load", "test_kill.py::test_gone", "no test_kill.py::test_gone"),
    ("`Passwords.OneRuleForNewOnes`", "by hand", "nothing shows it"), ("nothing of the kind is spoken", "none", "no reason"),
    ("| partly | each admin", "| met | each admin", "level 2 is")])
def test_control_a_page_that_is_not_whole(old, new, said):
    text = text_of(PAGE)
    assert old in text
    assert any(said in fault for fault in faults(text.replace(old, new, 1), known_tests()))


# ------------------------------------------------------------------------------------------------- of the sources

PROGRAM = [p for p in sorted(ROOT.glob("src/**/*")) if p.suffix in (".cc", ".h") and "_test" not in p.name and "test_" not in p.name]
DESK = [p for p in sorted(ROOT.glob("web/src/**/*")) if p.suffix in (".ts", ".tsx") and ".test." not in p.name and "api/schema" not in str(p)]
NOWHERE = {
    "commands of the system": (PROGRAM, r"\b(?:popen|system|exec[vl]\w*|posix_spawnp?|fork)\s*\(", 'system ("ls")'),
    "regular expressions": (PROGRAM, r"(?<!\$)\bregex\b|\bregcomp\b|\bpcre", "std::regex(text)"),
    "formats made at run time": (PROGRAM, r"fmt::runtime|\bvformat\(|\bprintf\(\s*[a-z]", "fmt::format(fmt::runtime(text))"),
    "ciphers": (PROGRAM, r"crypto_(?:secretbox|aead|box|stream|sign)|EVP_(?:Encrypt|Cipher|aes|des)|\bMD5\b|EVP_md5", "EVP_EncryptInit_ex()"),
    "scripts made of text": (DESK, r"\beval\(|new Function\(|setTimeout\(\s*[\"'`]|document\.write|javascript:", 'eval("1")'),
    "markup made of text": (DESK, r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML", "a.innerHTML = b"),
    "regular expressions made of text": (DESK, r"new RegExp\(|[^.\w]RegExp\(", "new RegExp(text)"),
    "messages of other windows": (DESK, r"postMessage|window\.onmessage|window\.addEventListener\(\s*[\"']message", "window.postMessage(1)"),
    "plug-ins and frames": (DESK, r"<(?:object|embed|applet|iframe)\b", "<iframe />"),
    "what browsers keep": ([p for p in DESK if p.name != "preferences.ts"], r"localStorage|sessionStorage|indexedDB|document\.cookie", "localStorage.x = 1"),
}


def without_comments(text):
    return re.sub(r"(?m)(?<!:)//.*$", "", text)


@pytest.mark.parametrize("what", list(NOWHERE))
def test_what_is_nowhere_in_the_source(what):
    files, pattern, sample = NOWHERE[what]
    assert len(files) > 80 and re.search(pattern, sample), "the control: it would be seen"
    found = [str(p.relative_to(ROOT)) for p in files if re.search(pattern, without_comments(p.read_text(encoding="utf-8")))]
    assert not found


def test_cryptography_is_where_the_inventory_says():
    """Of the two libraries; hashes that no secret rests on stand in the last row."""
    no_secrets = ("app/import_source.cc", "base/text.cc", "store/copy.cc", "store/document_lines.cc", "store/document_lines.h",
                  "store/rocks/backup_list.cc", "store/rocks/backup_list.h", "store/rocks/followed_log.cc")
    used = {str(p.relative_to(ROOT / "src")): set(re.findall(r"\b(crypto_(?:pwhash|hash|auth|generichash)|EVP_sha1|HMAC)(?=[_(])", text))
            for p in PROGRAM if (text := without_comments(p.read_text(encoding="utf-8")))}
    assert {name: found for name, found in used.items() if found} == {
        "auth/credentials.cc": {"crypto_pwhash", "crypto_hash"}, "auth/second_factor.cc": {"EVP_sha1", "HMAC"},
        "domain/postback_template.cc": {"crypto_auth"}, **{name: {"crypto_generichash"} for name in no_secrets}}
    table = [row for row in rows(text_of("docs/security/inventory.md")) if "keys" in row]
    said = " ".join(row["what"] for row in table)
    assert all(word in said for word in ("argon2id", "SHA-256", "HMAC-SHA-256", "HMAC-SHA-1", "BLAKE2b"))
