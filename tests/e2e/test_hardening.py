"""The program as it is built: what turns a fault in memory into its end is in it, by what `hardening-check` looks at (readelf)."""
import os
import re
import subprocess

import pytest

from harness import BINARY


def lacking(path):
    """-> what a program lacks, by its headers and the functions it calls."""
    def told(*options):
        return subprocess.run(["readelf", "-W", *options, str(path)], capture_output=True, text=True, check=True, timeout=60).stdout

    headers, dynamic, symbols = told("-h", "-l"), told("-d"), told("--dyn-syms")
    out = []
    if not re.search(r"Type:\s+DYN", headers) or "INTERP" not in headers:
        out.append("position independent")
    if "GNU_RELRO" not in headers:
        out.append("read-only relocations")
    if not re.search(r"\(FLAGS(?:_1)?\).*\bNOW\b|BIND_NOW", dynamic):
        out.append("immediate binding")
    stack = re.search(r"GNU_STACK\s.*", headers)
    if not stack or "E" in re.search(r"\s([RWE ]{3})\s+0x\w+\s*$", stack.group()).group(1):
        out.append("no executable stack")
    if re.search(r"\((?:RPATH|RUNPATH)\)", dynamic):
        out.append("no path of its own for libraries")
    if not re.search(r"\b__stack_chk_fail\b", symbols):
        out.append("stack protector")
    if len(set(re.findall(r"\b__\w+_chk\b", symbols)) - {"__stack_chk_fail"}) < 2:
        out.append("checked functions")
    if re.search(r"LOAD\s.*\bRWE\b", headers):
        out.append("no segment that is written and run")
    return out


def test_the_program_is_hardened():
    assert lacking(BINARY) == []


# Each without one of them. What a compiler does by itself is said all the same: another one may not.
FLAGS = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack"]
SOURCE = """#include <cstdio>
#include <cstring>
int main(int count, char** words) {
    char text[64];
    memcpy(text, words[0], strlen(words[0]));
    snprintf(text + count, 60, "%s", words[count - 1]);
    return printf("%s", text);
}
"""


@pytest.mark.parametrize("more,lack", [
    ([], []), (["-fno-pie", "-no-pie"], ["position independent"]), (["-Wl,-z,norelro"], ["read-only relocations"]),
    (["-Wl,-z,lazy"], ["immediate binding"]), (["-Wl,-z,execstack"], ["no executable stack"]), (["-fno-stack-protector"], ["stack protector"]),
    (["-U_FORTIFY_SOURCE"], ["checked functions"]), (["-Wl,-rpath,/tmp"], ["no path of its own for libraries"])],
    ids=lambda value: " ".join(value) or "none")
def test_control_what_is_missing_is_seen(tmp_path, more, lack):
    source, program = tmp_path / "one.cc", tmp_path / "one"
    source.write_text(SOURCE)
    subprocess.run(["g++", *FLAGS, *more, str(source), "-o", str(program)], check=True, capture_output=True, timeout=60, env={**os.environ, "LC_ALL": "C"})
    assert lacking(program) == lack
