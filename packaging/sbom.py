"""A CycloneDX list of what the built program is made of: the Debian packages whose libraries it loads, whose archives and headers
are compiled into it, and the npm packages in the desk's bundle. Asked of the build itself (ninja's link line and its record of
headers), of the loader and of dpkg; nothing is listed by hand."""
import argparse
import base64
import json
import os
import re
import shlex
import subprocess
import uuid
from pathlib import Path

SPEC = "1.6"
CODE = {".js", ".mjs", ".cjs"}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def loaded(program):
    """-> paths of the shared libraries that the loader maps, the indirect ones too."""
    return set(re.findall(r"(?:=> |^\s*)(/\S+) \(0x", run("ldd", str(program)), re.M))


def archives(build):
    """-> archives and objects outside of the build that the program is linked with."""
    line = re.search(r"^build barracuda: .*?\n(?:  .*\n)*?  LINK_LIBRARIES = (.*)$",
                     (build / "build.ninja").read_text(encoding="utf-8"), re.M)
    words = shlex.split(line.group(1).replace("$ ", " "))  # for a shell, in ninja's own escapes
    return {packaged(word) for word in words if word.startswith("/") and word.endswith((".a", ".o"))}


# What a package has only as a shared library, and tools/ make out of its source as an object.
SHARED = {"mimalloc.o": "libmimalloc.so"}


def packaged(archive):
    """The file of Debian in whose place `archive` is: tools/rocksdb.sh and mimalloc.sh make one out of the same package's source."""
    if archive.startswith("/usr/"):
        return archive
    name = os.path.basename(archive)
    found = subprocess.run(["dpkg-query", "-S", f"*/{SHARED.get(name, name)}"], capture_output=True, text=True).stdout
    return found.partition("\n")[0].rpartition(": ")[2] or archive


def headers(build):
    """-> headers of the system that the program's own objects were compiled with."""
    found, ours = set(), False
    for line in run("ninja", "-C", str(build), "-t", "deps").splitlines():
        if not line.startswith(" "):
            ours = line.startswith("src/") and "_test.dir/" not in line
        elif ours and line.strip().startswith("/usr/"):
            found.add(line.strip())
    return found


def spellings(path):
    """A path as dpkg may know it: before /lib became a link to /usr/lib, after it, and where a link leads."""
    for one in {path, os.path.realpath(path)}:
        yield one
        yield one.removeprefix("/usr") if one.startswith("/usr/lib") else "/usr" + one


def owners(paths):
    """-> {package: its files among them}"""
    wanted = {spelling: path for path in paths for spelling in spellings(path)}
    names, found = sorted(wanted), {}
    for at in range(0, len(names), 1000):
        done = subprocess.run(["dpkg-query", "-S", *names[at:at + 1000]], capture_output=True, text=True)
        for line in done.stdout.splitlines():
            package, _, file = line.rpartition(": ")
            if file in wanted and not package.startswith("diversion by"):
                found.setdefault(package.split(", ")[0], set()).add(wanted[file])
    known = set().union(*found.values()) if found else set()
    lost = sorted(set(paths) - known)
    if lost:
        raise SystemExit(f"sbom: no package has {lost[:5]}")
    return found


def debian(package, how):
    fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Homepage}"
    name, version, architecture, source, source_version, home = run("dpkg-query", "-W", f"-f={fields}", package).split("\t")
    escaped = version.replace(":", "%3A").replace("+", "%2B").replace("~", "%7E")
    purl = f"pkg:deb/debian/{name.replace('+', '%2B')}@{escaped}?arch={architecture}"
    component = {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "properties": [{"name": "barracuda:how", "value": ", ".join(sorted(how))},
                       {"name": "barracuda:source", "value": f"{source} {source_version}"}],
    }
    if home:
        component["externalReferences"] = [{"type": "website", "url": home}]
    return component


def npm(lock):
    for path, entry in sorted(json.loads(Path(lock).read_text(encoding="utf-8"))["packages"].items()):
        name = path.rpartition("node_modules/")[2]
        installed = Path(lock).parent / path
        if not path or entry.get("dev") or not any(one.suffix in CODE for one in installed.rglob("*")):
            continue  # what only builds, or is nothing but types, is in no page
        purl = f"pkg:npm/{name.replace('@', '%40', 1)}@{entry['version']}"
        algorithm, _, digest = entry["integrity"].partition("-")
        yield {
            "type": "library", "bom-ref": purl, "name": name, "version": entry["version"], "purl": purl,
            "licenses": [{"license": {"id": entry["license"]}}],
            "hashes": [{"alg": {"sha512": "SHA-512"}[algorithm], "content": base64.b64decode(digest).hex()}],
            "properties": [{"name": "barracuda:how", "value": "bundled"}],
        }


def bill(version, build, lock):
    how = {}
    for word, files in (("loaded", loaded(build / "barracuda")), ("linked in", archives(build)), ("headers", headers(build))):
        for package in owners(files):
            how.setdefault(package, set()).add(word)
    components = [debian(package, words) for package, words in sorted(how.items())] + list(npm(lock))
    root = f"pkg:generic/barracuda@{version}"
    made = {
        "bomFormat": "CycloneDX", "specVersion": SPEC, "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": root, "name": "barracuda", "version": version}},
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": [one["bom-ref"] for one in components]}],
    }
    # The same build gives the same bytes.
    made["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))}"
    return made


def main():
    parser = argparse.ArgumentParser()
    for name in ("version", "build", "lock", "out"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    made = bill(arguments.version, Path(arguments.build), arguments.lock)
    Path(arguments.out).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
