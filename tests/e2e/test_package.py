"""The Debian package as the build makes it, looked at without being installed; installed it is in packaging/test_package.py."""
import re
import subprocess

import pytest

from documents import ROOT
from harness import BINARY
from test_documents import leaves

PACKAGING = ROOT / "packaging"


def said(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ------------------------------------------------------------------------------------------------------ the unit

MOST = 1.7


def exposure(unit, tmp_path):
    path = tmp_path / "barracuda.service"
    path.write_text(unit)
    text = said("systemd-analyze", "security", "--offline=true", "--no-pager", path)
    return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", text).group(1))


def test_the_service_is_confined(tmp_path):
    unit = (PACKAGING / "barracuda.service").read_text()
    assert exposure(unit, tmp_path) <= MOST
    assert "\nLimitCORE=0\n" in unit, "keys and persons are in memory; no score counts this"
    assert exposure(re.sub(r"^(Protect|Private)\w+=.*\n", "", unit, flags=re.M), tmp_path) > MOST


def test_the_units_are_understood(tmp_path):
    for name in ("barracuda.service", "barracuda.socket"):
        text = (PACKAGING / name).read_text().replace("ExecStart=/usr/bin/barracuda", "ExecStart=/bin/true")
        (tmp_path / name).write_text(text)
    def complaints():
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(tmp_path / "barracuda.service")],
                              capture_output=True, text=True, timeout=60)
        return [line for line in done.stderr.splitlines() if "barracuda" in line]

    assert not complaints()
    with (tmp_path / "barracuda.service").open("a") as unit:
        unit.write("[Service]\nProtectEverything=yes\n")
    assert complaints()


def test_socket_and_settings_name_one_address():
    address, = re.findall(r"^ListenStream=(.*)$", (PACKAGING / "barracuda.socket").read_text(), re.M)
    reference = said(BINARY, "check-config", "--reference")
    assert f'#listen = "{address}"' in reference


# ---------------------------------------------------------------------------------- manual pages and completions

def plain(roff):
    return re.sub(r"\\f[BIR]", "", roff).replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def sections(page):
    """-> {heading of .SS: text}"""
    return {head: body for head, body in re.findall(r"^\.SS (.+)\n((?:(?!\.S[SH]).*\n)*)", page, re.M)}


def test_the_manual_has_every_command_and_option():
    pages = sections(plain(said(BINARY, "man", "barracuda.1")))
    known = leaves()
    assert set(pages) == set(known)
    for command, options in known.items():
        entries = re.findall(r"^\.TP\n(?:-\w, )?(\S+)", pages[command], re.M)
        assert sorted(entries) == sorted(options), command


def test_the_manual_has_every_setting():
    page = plain(said(BINARY, "man", "barracuda.toml.5"))
    reference = said(BINARY, "check-config", "--reference")
    shown = re.findall(r"^([a-z_]+\.[a-z_]+) = ", said(BINARY, "check-config", env={}), re.M)
    assert len(shown) > 40 and re.findall(r"^\.TP\n([a-z_]+\.[a-z_]+)$", page, re.M) == shown
    assert reference.count("[[goal]]") > 0 and "then_when" in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_have_every_command_and_option(shell):
    text, known = said(BINARY, "completion", shell), leaves()
    for command, options in known.items():
        flags = {one for one in options if one.startswith("--")}
        if shell == "bash":
            found = set(re.search(rf"^        '{command}'\) words='([^']*)'", text, re.M).group(1).split())
        elif shell == "zsh":
            block = re.search(rf"^        \('{command}'\)\n(.*?)^            ;;", text, re.M | re.S).group(1)
            found = set(re.findall(r"'(--[\w-]+)\[", block))
        else:
            found = {f"--{one}" for one in re.findall(rf"-n '__barracuda_at \"{command}\"' -l ([\w-]+)", text)}
        assert found == flags, command


def complete(*words):
    script = said(BINARY, "completion", "bash") + """
COMP_WORDS=(barracuda "$@"); COMP_CWORD=$#; _barracuda; printf '%s\\n' "${COMPREPLY[@]}"
"""
    return said("bash", "-c", script, "bash", *words).split()


def test_bash_completes():
    assert complete("ke") == ["key"]
    assert complete("key", "") == ["create", "list", "revoke", "--help"]
    assert complete("key", "create", "--scope", "") == ["ingest", "admin"]
    assert complete("admin", "create", "--name", "list", "--role", "re") == ["read_only"]
    assert complete("key", "create", "--na") == ["--name"]
    assert complete("serve", "--config", "/etc/hostn") == ["/etc/hostname"]
    assert "/etc/apt" in complete("backup", "/etc/a") and complete("version", "x") == []


# -------------------------------------------------------------------------------------------- what is in the file

@pytest.fixture(scope="module")
def package(tmp_path_factory):
    to = tmp_path_factory.mktemp("package")
    said("cpack", "--config", BINARY.parent / "CPackConfig.cmake", "-B", to, cwd=BINARY.parent)
    made, = to.glob("*.deb")
    return made


HOLDS = """usr/bin/barracuda
usr/lib/systemd/system/barracuda.service
usr/lib/systemd/system/barracuda.socket
etc/barracuda/barracuda.toml
usr/share/man/man1/barracuda.1.gz
usr/share/man/man5/barracuda.toml.5.gz
usr/share/bash-completion/completions/barracuda
usr/share/zsh/vendor-completions/_barracuda
usr/share/fish/vendor_completions.d/barracuda.fish
usr/share/doc/barracuda/sbom.cdx.json
usr/share/doc/barracuda/monitoring/alerts.yml
usr/share/doc/barracuda/monitoring/dashboard.json
usr/share/doc/barracuda/operating/install.md""".splitlines()


def test_what_the_package_holds(package, tmp_path):
    rows = [line.split(None, 5) for line in said("dpkg-deb", "-c", package).splitlines()]
    files = {row[5].removeprefix("./"): row for row in rows if row[0].startswith("-")}
    assert set(HOLDS) <= set(files)
    assert {one for one in files if not one.startswith("usr/share/doc/barracuda/operating/")} <= set(HOLDS)
    assert all(row[1] == "root/root" for row in rows)
    assert all(row[0] == ("-rwxr-xr-x" if name == "usr/bin/barracuda" else "-rw-r--r--") for name, row in files.items())
    said("dpkg-deb", "-x", package, tmp_path)
    # What is installed is what was tested, without its debug lines, and its settings are settings.
    assert said(tmp_path / "usr/bin/barracuda", "--version") == said(BINARY, "--version")
    config = tmp_path / "etc/barracuda/barracuda.toml"
    shown = said(BINARY, "check-config", "--config", config, env={})
    changed = [line for line in shown.splitlines() if "  # default" not in line and "barracuda.toml:" in line]
    assert len(changed) == 1 and changed[0].startswith("store.data = /var/lib/barracuda"), changed


# By these names in Debian 12 and 13, or provided by what has another there.
IN_BOTH = set("""adduser ca-certificates libbson-1.0-0 libbz2-1.0 libc6 libcurl4 libgcc-s1 liblz4-1 libmongoc-1.0-0 libsnappy1v5
    libsodium23 libssl3 libstdc++6 libzstd1 zlib1g""".split())


def packages(needs):
    return {one.split()[0] for one in needs.split(", ")}


def test_what_the_package_says_of_itself(package, tmp_path):
    said("dpkg-deb", "-e", package, tmp_path)
    control = dict(re.findall(r"^([\w-]+): (.*)$", (tmp_path / "control").read_text(), re.M))
    assert control["Package"] == "barracuda" and said(BINARY, "--version") == f"barracuda {control['Version']}\n"
    needs = control["Depends"]
    assert "adduser" in needs and re.search(r"libc6 \(>= ", needs) and "libssl3" in needs and "rocksdb" not in needs
    assert packages(needs) <= IN_BOTH, "a library that Debian 13 has under another name belongs into the program"
    assert packages(needs + ", libfmt9 (>= 9.1.0+ds1)") - IN_BOTH == {"libfmt9"}
    assert (tmp_path / "conffiles").read_text() == "/etc/barracuda/barracuda.toml\n"
    for script in ("postinst", "prerm", "postrm"):
        assert (tmp_path / script).stat().st_mode & 0o111
        said("sh", "-n", tmp_path / script)
    last = (tmp_path / "postinst").read_text().rstrip().splitlines()[-1]
    assert "barracuda doctor " in last
    assert not any("/var/lib/barracuda" in line for line in (tmp_path / "postrm").read_text().splitlines()
                   if not line.lstrip().startswith("#")), "no removal touches the data"
