"""Writes `kubernetes_schemas.json`: Kubernetes' own definitions of the kinds in `kubernetes_kinds.toml`.

They come from the package kubernetes-validate, which carries the OpenAPI document of each Kubernetes version;
descriptions are left out. Run it after the table or the package has changed:
`python -m checks.catalogue.generate_kubernetes`.
"""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from checks.kubernetes.kinds import builtin_kinds

FILE = Path(__file__).with_name("kubernetes_schemas.json")
PACKAGE = "kubernetes-validate"
VERSION = "1.34.0"  # of Kubernetes; setup/kubernetes builds an API server of the same minor version
_DOCUMENT = f"kubernetes_validate/kubernetes-json-schema/v{VERSION}-local-strict/_definitions.json"
_KEPT = ("$ref", "type", "enum", "format", "items", "properties", "additionalProperties", "required", "oneOf")
_KEPT_OF_KUBERNETES = (
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
)


def generate() -> dict[str, Any]:
    """The whole content of `kubernetes_schemas.json`."""
    package = distribution(PACKAGE)
    known = json.loads(Path(str(package.locate_file(_DOCUMENT))).read_text("utf-8"))["$defs"]
    wanted, found = [kind.schema for kind in builtin_kinds()], dict[str, Any]()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = _bare(known[name])
            wanted.extend(_references(found[name]))
    source = {"package": PACKAGE, "version": package.version, "kubernetes": VERSION}
    return {"source": source, "definitions": dict(sorted(found.items()))}


def text() -> str:
    """`kubernetes_schemas.json` as it is written: one line per definition."""
    document = generate()
    lines = [f"  {json.dumps(name)}: {json.dumps(node)}" for name, node in document["definitions"].items()]
    joined = ",\n".join(lines)
    return f'{{"source": {json.dumps(document["source"])},\n "definitions": {{\n{joined}}}}}\n'


def _bare(node: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key in (*_KEPT, *_KEPT_OF_KUBERNETES):
        if key not in node:
            continue
        value = node[key]
        if key == "$ref":
            kept[key] = value.rpartition("/")[2]
        elif key == "type" and isinstance(value, list):
            kept[key] = next(one for one in value if one != "null")  # null stands for: not given
        elif key == "properties":
            kept[key] = {name: _bare(each) for name, each in value.items()}
        elif key == "oneOf":
            kept[key] = [_bare(each) for each in value]
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            kept[key] = _bare(value)
        else:
            kept[key] = value
    return kept


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for each in node for name in _references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [name for each in node.values() for name in _references(each)]


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
