"""The Dockerfile and the samples for Kubernetes, their steps done in a root of Debian: no builder of images is needed. `./dev package test` runs it."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from test_package import ENVIRONMENT, PACKAGES, PLACE, Debian, base

PACKAGING = Path(__file__).resolve().parent


def instructions(text):
    """-> [(instruction, the rest)], continued lines joined, comments gone"""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    return [tuple(line.strip().split(None, 1)) for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip()]


class Image:
    """What the Dockerfile makes of the minimal Debian; an instruction it does not know fails."""

    def __init__(self, path):
        self.debian, self.settings = Debian(path, "bookworm"), {}
        for name, rest in instructions((PACKAGING / "Dockerfile").read_text()):
            getattr(self, name.lower())(rest)

    def _from(self, rest):
        assert rest == "debian:bookworm-slim"

    def run(self, rest):
        self.debian.run("sh", "-c", rest)

    def copy(self, rest):
        what, to = rest.split()
        newest, = [one for one in PACKAGES.glob(what) if "+next" not in one.name]
        shutil.copy(newest, self.debian.file(to))

    def user(self, rest):
        self.settings["user"] = rest

    def volume(self, rest):
        self.settings["volume"] = rest

    def expose(self, rest):
        self.settings["port"] = int(rest)

    def entrypoint(self, rest):
        self.settings["entrypoint"] = json.loads(rest)

    def cmd(self, rest):
        self.settings["cmd"] = json.loads(rest)

    def healthcheck(self, rest):
        self.settings["health"] = json.loads(rest[rest.index("CMD ") + 4:])

    def argv(self, args=None):
        return ["chroot", f"--userspec={self.settings['user']}", str(self.debian.path), *self.settings["entrypoint"],
                *(self.settings["cmd"] if args is None else args)]

    def healthy(self):
        return self.debian.run(*self.settings["health"], check=False).returncode == 0


setattr(Image, "from", Image._from)


@pytest.fixture(scope="module")
def image():
    path = PLACE / "image"
    shutil.rmtree(path, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(base("bookworm")), str(path)], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", str(path / "proc")], check=True)  # as every container has it
    yield Image(path)
    subprocess.run(["umount", str(path / "proc")], check=True)


def serving(image, args, environment, ready):
    with open(PLACE / "image.log", "ab") as log:
        process = subprocess.Popen(image.argv(args), env={**ENVIRONMENT, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(ready, timeout=2).read()
            return process
        except (urllib.error.URLError, OSError):
            assert process.poll() is None and time.monotonic() < deadline, (PLACE / "image.log").read_text()[-2000:]
            time.sleep(0.1)


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_the_image_serves_as_nobody_important_and_tells_its_health(image):
    assert not image.healthy()
    process = serving(image, None, {}, "http://127.0.0.1:8080/readyz")
    try:
        uid = re.search(r"^Uid:\t(\d+)\t(\d+)", Path(f"/proc/{process.pid}/status").read_text(), re.M)
        assert uid.groups() == ("990", "990") and image.settings["port"] == 8080
        assert image.healthy()
        data = image.debian.file(image.settings["volume"])
        assert (data / "CURRENT").exists() and (data / "setup-link").exists()
    finally:
        stop(process)
    assert not image.healthy()


def pods(name):
    for document in yaml.safe_load_all((PACKAGING / "kubernetes" / name).read_text()):
        if document["kind"] in ("StatefulSet", "Deployment"):
            yield document


@pytest.mark.parametrize("name, kind", [("rocksdb.yaml", "StatefulSet"), ("mongodb.yaml", "Deployment")])
def test_the_samples_for_kubernetes(image, name, kind):
    """What a kubelet does: a volume of root's that the group may write to, the settings, the probes, the end."""
    workload, = pods(name)
    assert workload["kind"] == kind
    pod = workload["spec"]["template"]["spec"]
    container, = pod["containers"]
    assert pod["securityContext"]["runAsUser"] == 990 and container["securityContext"]["readOnlyRootFilesystem"]
    volume, secrets = (image.debian.file(mount["mountPath"]) for mount in container["volumeMounts"])
    shutil.rmtree(volume)
    volume.mkdir(mode=0o2775)
    os.chown(volume, 0, pod["securityContext"]["fsGroup"])
    volume.chmod(0o2775)
    shutil.rmtree(secrets, ignore_errors=True)
    secrets.mkdir(parents=True)
    environment = {one["name"]: one["value"] for one in container["env"]}
    for name_, path in environment.items():
        if name_.endswith("_FILE"):
            assert image.debian.file(path).parent == secrets
            known = {"hash": "deadbeef", "store-url": "mongodb://127.0.0.1:1/barracuda?replicaSet=rs0"}
            image.debian.file(path).write_text(known[Path(path).name])
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}

    def probe(which):
        at = container[which]["httpGet"]
        return f"http://127.0.0.1:{ports[at['port']]}{at['path']}"

    checked = subprocess.run(image.argv(["check-config"]), env={**ENVIRONMENT, **environment}, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    if kind == "Deployment":
        assert "store.url = mongodb://" in checked.stdout
        environment.pop("BARRACUDA_STORE_URL_FILE")  # no database here: what is left is the same over RocksDB
    process = serving(image, container["args"], environment, probe("startupProbe"))
    try:
        for which in ("livenessProbe", "readinessProbe"):
            deadline = time.monotonic() + 20
            while True:
                try:
                    assert urllib.request.urlopen(probe(which), timeout=5).status == 200
                    break
                except urllib.error.HTTPError:
                    assert time.monotonic() < deadline
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{ports['http']}/metrics", timeout=5)
    finally:
        began = time.monotonic()
        stop(process)
    assert time.monotonic() - began < pod["terminationGracePeriodSeconds"]
