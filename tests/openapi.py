"""docs/api/openapi.yaml as data, and a client that holds every answer against it."""
import copy
import re

import yaml
from jsonschema import Draft202012Validator

from documents import text_of

SPEC = yaml.safe_load(text_of("docs/api/openapi.yaml"))
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
OPERATIONS = {(path, method.upper()): item[method]
              for path, item in SPEC["paths"].items() for method in METHODS if method in item}


def resolve(node):
    """What a $ref points to, with what stands beside it."""
    while "$ref" in node:
        assert node["$ref"].startswith("#/"), node
        to = SPEC
        for part in node["$ref"][2:].split("/"):
            to = to[part]
        node = {**to, **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def parameters_of(path, method):
    """-> {name: parameter} of an operation, the path's own included."""
    item = SPEC["paths"][path]
    return {p["name"]: p for p in map(resolve, item.get("parameters", []) + OPERATIONS[path, method].get("parameters", []))}


def properties(schema):
    """Every property of an object, also through allOf."""
    schema = resolve(schema)
    out = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        out.update(properties(part))
    return out


def required(schema):
    schema = resolve(schema)
    return set(schema.get("required", [])).union(*[required(part) for part in schema.get("allOf", [])])


def body_of(path, method):
    """The JSON schema of an operation's body, or None."""
    content = OPERATIONS[path, method].get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def strict(schema, part=False):
    """The schema with its references in place, refusing every field it does not name: what is answered is documented."""
    out = copy.copy(resolve(schema))
    if "allOf" in out:
        out["allOf"] = [strict(one, part=True) for one in out["allOf"]]
        if not part:
            out["unevaluatedProperties"] = False
    if "properties" in out:
        out["properties"] = {name: strict(one) for name, one in out["properties"].items()}
        if not part:
            out.setdefault("additionalProperties", False)
            if "id" in out["properties"]:
                out["patternProperties"] = {"^_id$": {}}  # the same as `id`, and generators would name both alike
    if isinstance(out.get("items"), dict):
        out["items"] = strict(out["items"])
    if isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = strict(out["additionalProperties"])
    return out


def template_of(path):
    path = path.split("?")[0]
    if path in SPEC["paths"]:
        return path
    fits = [t for t in SPEC["paths"] if re.fullmatch(t.replace("{id}", "[^/]+"), path)]
    assert len(fits) == 1, (path, fits)
    return fits[0]


def faults(path, method, answer):
    """What an answer has that the description does not say; empty: it is as described."""
    responses = OPERATIONS[template_of(path), method]["responses"]
    said = responses.get(str(answer.status), responses.get("default"))
    if said is None:
        return [f"{answer.status} is not described"]
    content = resolve(said).get("content")
    kind = answer.headers.get("Content-Type", "").split(";")[0]
    if method == "HEAD" or not content:
        return [] if not answer.body else ["a body where none is described"]
    if kind not in content:
        return [f"{kind} is not described"]
    if kind != "application/json":
        return []
    found = Draft202012Validator(strict(content[kind]["schema"])).iter_errors(answer.json)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]


class Described:
    """Requests of one server whose answers must be as described; `seen` holds (path of the description, method, status)."""

    def __init__(self, server):
        self.server, self.seen = server, set()

    def __call__(self, method, path, status=200, **parts):
        answer = self.server.request(method, path, **parts)
        assert answer.status == status, f"{method} {path}: {answer}"
        assert not faults(path, method, answer), (method, path, faults(path, method, answer), answer)
        self.seen.add((template_of(path), method, answer.status))
        return answer
