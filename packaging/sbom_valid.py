"""Checks a list of parts against the CycloneDX schema, and that the check can fail: `sbom_valid.py SCHEMAS SBOM`."""
import json
import sys
from pathlib import Path

import jsonschema


def problems(schemas, bill):
    names = {"bom": f"bom-{bill['specVersion']}", "spdx": "spdx", "jsf": "jsf-0.82"}
    read = {word: json.loads((schemas / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8")) for word, name in names.items()}
    base = read["bom"]["$id"].rpartition("/")[0]
    known = {f"{base}/{name}{middle}.schema.json": read[word] for word, name in names.items() for middle in ("", ".SNAPSHOT")}
    resolver = jsonschema.RefResolver(read["bom"]["$id"], read["bom"], store=known)
    return [f"{'/'.join(map(str, one.path))}: {one.message[:200]}"
            for one in jsonschema.Draft7Validator(read["bom"], resolver=resolver).iter_errors(bill)]


def main():
    schemas, bill = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    found = problems(schemas, bill)
    refs = [one["bom-ref"] for one in bill["components"]]
    if len(set(refs)) != len(refs):
        found.append("two components have one bom-ref")
    for breaking in ({"components": [{"type": "library"}]}, {"serialNumber": "1"}, {"bomFormat": "SPDX"},
                     {"components": [{"type": "library", "name": "x", "licenses": [{"license": {"id": "Mine"}}]}]}):
        if not problems(schemas, {**bill, **breaking}):
            found.append(f"the check takes {breaking}")
    for one in found:
        print(one, file=sys.stderr)
    print(f"{len(refs)} components")
    return 1 if found else 0


sys.exit(main())
