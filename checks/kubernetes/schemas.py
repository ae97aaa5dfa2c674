"""Strict checks of objects against Kubernetes' own schemas, and how lists and maps in them merge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from checks.kubernetes.kinds import Kind

FILE = Path(__file__).parents[1] / "catalogue" / "kubernetes_schemas.json"
Node = Mapping[str, Any]
ANYTHING: Final[Node] = {}
META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"
Fault = Literal["unknown", "type", "required", "value"]


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field.

    Attributes:
        path: with a dot first, as the API server writes it: `.spec.hard`, `.spec.rules[0].verbs`.
    """

    path: str
    fault: Fault
    words: str


@cache
def definitions() -> Mapping[str, Node]:
    """Kubernetes' definitions by name."""
    found: dict[str, Node] = json.loads(FILE.read_text("utf-8"))["definitions"]
    return found


def schema_of(kind: Kind) -> Node:
    """The schema of a built-in kind's objects."""
    return definitions()[kind.schema]


def custom_schema(given: Mapping[str, Any]) -> Node:
    """The schema of a custom resource: what its definition says, with the metadata that every object has."""
    base = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"$ref": META}}
    return {**given, "type": "object", "properties": {**given.get("properties", {}), **base}}


def resolved(node: Node) -> Node:
    """The node that a reference means."""
    return definitions()[node["$ref"]] if "$ref" in node else node


def child(node: Node, name: str) -> Node | None:
    """The schema of one field; None where the object has no such field."""
    node = resolved(node)
    found = node.get("properties", {}).get(name)
    if found is not None:
        return dict(found)
    more = node.get("additionalProperties")
    if isinstance(more, Mapping):
        return more
    if more is False and "properties" in node:
        return None
    closed = "properties" in node and not node.get(_PRESERVE) and more is not True
    return None if closed else ANYTHING


def item(node: Node) -> Node:
    """The schema of a list's items."""
    found: Node = resolved(node).get("items", ANYTHING)
    return found


def is_map(node: Node) -> bool:
    """Whether keys are data (labels), not fields of a structure."""
    return "properties" not in resolved(node)


def is_atomic_map(node: Node) -> bool:
    """Whether an object belongs to one manager as a whole."""
    kind = node.get("x-kubernetes-map-type") or resolved(node).get("x-kubernetes-map-type")
    return bool(kind == "atomic")


def list_keys(node: Node) -> tuple[str, ...] | None:
    """What tells items of a list apart: fields, nothing in a set; None where a list is one value."""
    node = resolved(node) if "x-kubernetes-list-type" not in node else node
    kind = node.get("x-kubernetes-list-type")
    if kind == "map":
        return tuple(node.get("x-kubernetes-list-map-keys", ()))
    return () if kind == "set" else None


def problems(value: Any, node: Node, path: str = "") -> Iterator[Problem]:
    """Everything that a strict API server would not take; null stands for: not given."""
    node = resolved(node)
    if value is None:
        return
    if node.get(_INT_OR_STRING) or "oneOf" in node:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            yield Problem(path, "type", f"expected a string or a number, got {_name(value)}")
        return
    wanted = node.get("type")
    if wanted and not _fits(value, wanted):
        yield Problem(path, "type", f"expected {wanted}, got {_name(value)}")
        return
    if "enum" in node and value not in node["enum"]:
        allowed = ", ".join(f'"{one}"' for one in node["enum"] if one is not None)
        yield Problem(path, "value", f'Unsupported value: "{value}": supported values: {allowed}')
    if isinstance(value, Mapping):
        yield from _of_object(value, node, path)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from problems(one, item(node), f"{path}[{at}]")


def _of_object(value: Mapping[str, Any], node: Node, path: str) -> Iterator[Problem]:
    for name in node.get("required", ()):
        if value.get(name) is None:
            yield Problem(f"{path}.{name}", "required", "Required value")
    for name, one in value.items():
        below = child(node, name)
        if below is None:
            yield Problem(f"{path}.{name}", "unknown", "field not declared in schema")
        else:
            yield from problems(one, below, f"{path}.{name}")


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


def _fits(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    if isinstance(value, float) and value.is_integer() and wanted == "integer":
        return True
    return isinstance(value, _TYPES.get(wanted, (object,)))


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return next((name for name, types in _TYPES.items() if isinstance(value, types)), type(value).__name__)
