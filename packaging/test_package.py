"""The package in a fresh Debian of each release: installed by one command, served from, upgraded under load, removed, purged.
`./dev package test` runs it: it needs root, debootstrap and a Debian mirror.

The root reaches a mirror as this machine does: its apt and its certificates are copied into it, with the release's name in its lists.
No systemd runs there: what it would do (hold the socket, start ExecStart as User, restart after an upgrade) is done here, by
the lines of the installed unit."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from service_manager import ServiceManager  # noqa: E402
from steady_load import SteadyLoad  # noqa: E402

PACKAGES = Path(os.environ["BARRACUDA_PACKAGES"])  # two versions of it
PLACE = Path(os.environ["BARRACUDA_ROOTS"])
HERE = re.search(r"^VERSION_CODENAME=(\w+)$", Path("/etc/os-release").read_text(), re.M).group(1)
SUITES = os.environ.get("BARRACUDA_SUITES", "bookworm trixie").split()
CONFIG = "/etc/barracuda/barracuda.toml"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def copied(path, into):
    """A file or folder of this machine, at the same place in the root; links are followed."""
    target = into / str(path).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if Path(path).is_dir():
        shutil.copytree(path, target, dirs_exist_ok=True, ignore_dangling_symlinks=True)
    elif Path(path).exists():
        shutil.copyfile(path, target)


def mirror():
    """-> (where this machine's apt has Debian from, the environment that leads there)"""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {HERE}"]
    found = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    dumped = subprocess.run(["apt-config", "dump", "--format", "%f %v%n"], check=True, capture_output=True, text=True).stdout
    proxies = re.findall(r"^Acquire::(https?)::proxy (\S+)$", dumped, re.M | re.I)
    return found[0], {**os.environ, **{f"{scheme}_proxy": at for scheme, at in proxies if at != "DIRECT"}}


def its_own_apt(root, suite):
    shutil.rmtree(root / "etc/apt")
    for path in ("/etc/apt", "/etc/ssl/certs", "/usr/share/keyrings", "/etc/hosts", "/etc/resolv.conf", os.environ.get("SSL_CERT_FILE")):
        if path:
            copied(path, root)
    # Mirrors of other software are none of ours.
    for source in (*(root / "etc/apt/sources.list.d").glob("*"), *(root / "etc/apt").glob("sources.list")):
        text = source.read_text()
        if "debian.org" in text or "debian" in source.name or source.name == "sources.list":
            source.write_text(re.sub(rf"\b{HERE}\b", suite, text))
        else:
            source.unlink()


def base(suite):
    """A root of Debian's minimum, made once."""
    made = PLACE / f"base-{suite}"
    if (made / "complete").exists():
        return made
    shutil.rmtree(made, ignore_errors=True)
    at, environment = mirror()
    subprocess.run(["debootstrap", "--variant=minbase", suite, str(made), at], check=True, env=environment)
    its_own_apt(made, suite)
    subprocess.run(["chroot", str(made), "apt-get", "update", "-qq"], check=True, env=ENVIRONMENT)
    (made / "complete").touch()
    return made


class Debian:
    def __init__(self, path, suite):
        self.path, self.suite = path, suite

    def run(self, *command, check=True, as_user=None, **more):
        done = subprocess.run(["chroot", *([f"--userspec={as_user}:{as_user}"] if as_user else []), str(self.path), *command],
                              env={**ENVIRONMENT, **more}, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def file(self, path):
        return self.path / path.lstrip("/")


@pytest.fixture(scope="module", params=SUITES)
def debian(request):
    path = PLACE / f"installed-{request.param}"
    shutil.rmtree(path, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(base(request.param)), str(path)], check=True)
    for package in PACKAGES.glob("*.deb"):
        shutil.copy(package, path)
    (path / "proc").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "proc", "proc", str(path / "proc")], check=True)
    yield Debian(path, request.param)
    subprocess.run(["umount", str(path / "proc")], check=True)


@pytest.fixture(scope="module")
def versions():
    """-> file names of the two packages, the older first"""
    found = sorted(PACKAGES.glob("barracuda_*.deb"), key=lambda one: one.stat().st_mtime)
    assert len(found) == 2
    return [one.name for one in found]


@pytest.fixture(scope="module")
def manager(debian):  # one for each: no socket is held while the next is installed
    with ServiceManager(port=8080) as one:
        yield one


class Unit:
    """What the installed unit says, done by hand."""

    def __init__(self, debian, manager):
        self.debian, self.manager, self.process = debian, manager, None

    def lines(self, name):
        unit = self.debian.file("/usr/lib/systemd/system/barracuda.service").read_text()
        return re.findall(rf"^{name}=(.*)$", unit, re.M)

    def start(self):
        user, = self.lines("User")
        # LoadCredential: a copy that only the user reads.
        credential = self.debian.file("/run/barracuda-hash")
        shutil.copyfile(self.debian.file("/etc/barracuda/hash"), credential)
        identity = self.debian.run("id", "-u", user).stdout.strip()
        os.chown(credential, int(identity), -1)
        credential.chmod(0o400)
        assert self.lines("Environment") == ["BARRACUDA_NETWORK_HASH_FILE=%d/hash"]
        environment = {**ENVIRONMENT, "BARRACUDA_NETWORK_HASH_FILE": "/run/barracuda-hash"}
        with open(PLACE / "service.log", "ab") as log:
            self.process = self.manager.start(self.lines("ExecStart")[0].split(), environment, log,
                                              within=["chroot", f"--userspec={user}:{user}", str(self.debian.path)])
        self.manager.wait_for("READY=1", 30)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(15) == 0


@pytest.fixture(scope="module")
def unit(debian, manager):
    one = Unit(debian, manager)
    yield one
    if one.process and one.process.poll() is None:
        one.process.kill()
        one.process.wait(10)


def ask(path, **headers):
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:8080{path}", headers=headers), timeout=10) as answer:
        return answer.read().decode()


def barracuda(debian, *arguments):
    return debian.run("barracuda", *arguments, "--config", CONFIG, as_user="barracuda").stdout


KEPT = {}


def test_it_installs_by_one_command(debian, versions):
    done = debian.run("apt-get", "install", "-y", "--no-install-recommends", f"./{versions[0]}")
    said = done.stdout.partition("Setting up barracuda")[2]
    assert "ok    settings:" in said and "\nwarn  keys: there is none" in said, "the doctor speaks"
    assert "\nfail " not in said, said


def test_control_a_package_that_needs_a_library_of_one_release_is_refused_in_the_other(debian, versions):
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "DEBIAN").mkdir()
        needs = subprocess.run(["dpkg-deb", "-f", PACKAGES / versions[0], "Depends"], check=True, capture_output=True, text=True).stdout.strip()
        for name, more in (("same", ""), ("more", ", libfmt9")):
            (Path(made) / "DEBIAN/control").write_text(
                f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: M <m@localhost>\nDescription: d\nDepends: {needs}{more}\n")
            subprocess.run(["dpkg-deb", "-b", made, debian.file(f"/tmp/{name}.deb")], check=True, capture_output=True)
    assert debian.run("apt-get", "install", "-s", "/tmp/same.deb", check=False).returncode == 0
    assert (debian.run("apt-get", "install", "-s", "/tmp/more.deb", check=False).returncode == 0) == (debian.suite == "bookworm")


def test_whose_its_files_are(debian):
    def stat(path):
        return debian.run("stat", "-c", "%U:%G %a", path).stdout.strip()
    assert stat("/var/lib/barracuda") == "barracuda:barracuda 700"
    assert stat("/etc/barracuda") == "root:barracuda 750"
    assert stat(CONFIG) == "root:barracuda 640"
    assert stat("/etc/barracuda/hash") == "root:root 600"
    assert debian.run("barracuda", "--version").stdout.startswith("barracuda ")
    assert "\nstore.data = /var/lib/barracuda  # /etc/barracuda/barracuda.toml:" in barracuda(debian, "check-config")


def test_the_units_are_enabled(debian):
    wanted = "/etc/systemd/system"
    assert debian.file(f"{wanted}/multi-user.target.wants/barracuda.service").is_symlink()
    assert debian.file(f"{wanted}/sockets.target.wants/barracuda.socket").is_symlink()


def test_it_serves(debian, unit):
    unit.start()
    assert '"success":true' in ask("/readyz")
    KEPT["key"] = barracuda(debian, "key", "create", "--name", "t", "--scope", "ingest").strip()
    KEPT["admin"] = barracuda(debian, "key", "create", "--name", "a", "--scope", "admin").strip()
    assert "Barracuda" in ask("/admin")


def test_an_upgrade_under_load_refuses_nobody_and_loses_nothing(debian, unit, versions):
    before = debian.run("dpkg-query", "-W", "-f=${Version}", "barracuda").stdout
    with debian.file(CONFIG).open("a") as config:
        config.write("# an administrator was here\n")
    with SteadyLoad(8080, key=KEPT["key"]) as load:
        while load.count() < 200:
            time.sleep(0.05)
        debian.run("apt-get", "install", "-y", f"./{versions[1]}")
        unit.stop()  # what postinst's restart does where systemd runs
        unit.start()
        seen = load.count()
        while load.count() < seen + 200:
            time.sleep(0.05)
    KEPT["clicks"] = sorted(load.acknowledged)
    print(f"acknowledged {len(load.acknowledged)}, refused {len(load.refused)}")
    assert load.refused == []
    assert debian.run("dpkg-query", "-W", "-f=${Version}", "barracuda").stdout != before
    assert debian.file(CONFIG).read_text().endswith("# an administrator was here\n"), "a conffile stays as it was changed"
    assert stored(debian) == KEPT["clicks"]


def stored(debian):
    """Click ids of every conversion, out of an export."""
    debian.file("/tmp/export").unlink(missing_ok=True)
    barracuda(debian, "export", "/tmp/export")
    return sorted(re.findall(r'"click_id" : "([^"]+)"', debian.file("/tmp/export").read_text()))


def test_letters_and_zones_are_its_own(debian):
    """ICU is in the program: another release has another one."""
    def export(zone):
        return ask(f"/api/admin/conversions/export?columns=createdAt&search={KEPT['clicks'][0]}&tz={zone}", Authorization=f"Bearer {KEPT['admin']}")
    assert re.search(r"\+05:45\s*$", export("Asia/Kathmandu"))
    with pytest.raises(urllib.error.HTTPError, match="400"):
        export("Mars/Olympus")


def test_the_store_is_sound(debian):
    assert "the store is sound" in barracuda(debian, "verify")


def test_manuals_and_completions_are_read_by_what_they_are_for(debian):
    debian.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "mandoc", "bash-completion", "zsh", "fish")
    for page in ("man1/barracuda.1", "man5/barracuda.toml.5"):
        said = debian.run("mandoc", "-T", "lint", "-W", "warning", f"/usr/share/man/{page}.gz", check=False).stdout
        # The same build gives the same bytes: there is no date.
        assert [line for line in said.splitlines() if "missing date" not in line] == []
    bash = debian.run("bash", "-c", """
        . /usr/share/bash-completion/completions/barracuda
        try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _barracuda; echo "${COMPREPLY[*]}"; }
        try barracuda ke; try barracuda key ''; try barracuda key create --scope ''; try barracuda export /etc/ho""").stdout
    assert bash.splitlines()[0] == "key" and "create list revoke" in bash.splitlines()[1]
    assert bash.splitlines()[2] == "ingest admin" and "/etc/hosts" in bash.splitlines()[3]
    fish = debian.run("fish", "-c", 'complete -C "barracuda key create --scope "; complete -C "barracuda mig"').stdout
    assert [line.split("\t")[0] for line in fish.splitlines()] == ["admin", "ingest", "migrate"]
    debian.run("zsh", "-n", "/usr/share/zsh/vendor-completions/_barracuda")
    zsh = debian.run("zsh", "-c", "autoload -Uz compinit; compinit -u; whence -v _barracuda; print $_comps[barracuda]").stdout
    assert zsh.splitlines()[-1] == "_barracuda"


def test_removal_leaves_the_data(debian, unit, versions):
    unit.stop()
    debian.run("apt-get", "remove", "-y", "barracuda")
    assert not debian.file("/usr/bin/barracuda").exists()
    assert debian.file(CONFIG).exists() and debian.file("/var/lib/barracuda/CURRENT").exists()


def test_a_purge_takes_the_settings_and_leaves_the_data(debian, unit, versions):
    debian.run("apt-get", "purge", "-y", "barracuda")
    assert not debian.file("/etc/barracuda").exists()
    assert debian.file("/var/lib/barracuda/CURRENT").exists()
    assert debian.run("stat", "-c", "%U", "/var/lib/barracuda").stdout.strip() == "barracuda"
    debian.run("apt-get", "install", "-y", f"./{versions[1]}")
    unit.start()
    assert stored(debian) == KEPT["clicks"], "installed again it goes on with what there was"
    unit.stop()
