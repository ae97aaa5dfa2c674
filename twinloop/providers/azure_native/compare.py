"""What differs between two sets of inputs, compared as ARM compares.

Ids, locations and open enumerations have no case; sets have no order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from checks.catalogue.resource_types import ResourceType
from checks.catalogue.schemas import Node, Schema
from twinloop.providers.azure_native.bodies import at_path, to_body
from twinloop.providers.values import UNKNOWN, Value

_ANY = Node("any", ("",))
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    path: str  # as Pulumi writes it: a.b[0]["c.d"]
    kind: Literal["add", "delete", "update"]
    wire: tuple[str, ...]  # where it stands in the body; empty for a parameter of the URL

    @property
    def key(self) -> str:
        """Name of the top-level property."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


def same(schema: Schema, node: Node, old: Value, new: Value) -> bool:
    """Whether two values mean the same to ARM."""
    if isinstance(old, str) and isinstance(new, str):
        return old == new or _text(node, old) == _text(node, new)
    if node.kind == "set" and isinstance(old, list | dict) and isinstance(new, list | dict):
        return _set(old) == _set(new)
    if isinstance(old, dict) and isinstance(new, dict):
        nodes = _nodes(schema, node, new)
        return all(same(schema, nodes(key), old.get(key), new.get(key)) for key in {*old, *new})
    if isinstance(old, list) and isinstance(new, list):
        item = node.items or _ANY
        return len(old) == len(new) and all(same(schema, item, a, b) for a, b in zip(old, new, strict=True))
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def changes(
    row: ResourceType, schema: Schema, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[Change]:
    """Every property of the inputs that differs, parameters of the URL first."""
    found = []
    for name in row.parameters:
        before, after = old.get(name), new.get(name)
        if before != after and not _same_parameter(before, after):
            found.append(Change(name, _kind(before, after), ()))
    found += [
        Change(name, _kind(old.get(name), new.get(name)), (name,))
        for name in row.query
        if old.get(name) != new.get(name)
    ]
    for name, node in schema.body.nodes.items():
        if not node.read_only:
            before, after = old.get(name), new.get(name)
            if before is not after:
                found += _walk(schema, node, before, after, name, node.at)
    return found


def replacing(row: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any], schema: Schema) -> list[str]:
    """Body paths that cannot change in place and do change."""
    before, after = to_body(schema, old), to_body(schema, new)
    found = []
    for path in row.create_only:
        node = Node("any", tuple(path.split(".")))
        default = at_path(row.defaults, path)
        was, becomes = at_path(before, path, default), at_path(after, path, default)
        if not same(schema, node, was, becomes):
            found.append(path)
    return found


def overlaps(wire: tuple[str, ...], path: str) -> bool:
    """Whether a change lies on the way to a body path, or below it."""
    steps = tuple(path.split("."))
    length = min(len(wire), len(steps))
    return bool(wire) and wire[:length] == steps[:length]


def _walk(  # noqa: PLR0917 - the two values side by side, and where they stand
    schema: Schema, node: Node, old: Value, new: Value, path: str, wire: tuple[str, ...]
) -> Iterator[Change]:
    if same(schema, node, old, new):
        return
    if node.kind != "set" and isinstance(old, dict) and isinstance(new, dict):
        nodes = _nodes(schema, node, new)
        for key in dict.fromkeys([*old, *new]):
            below = nodes(key)
            at = below.at if below is not _ANY and node.kind == "object" else (key,)
            yield from _walk(schema, below, old.get(key), new.get(key), path + _step(key), (*wire, *at))
    elif isinstance(old, list) and isinstance(new, list):
        item = node.items or _ANY
        for index in range(max(len(old), len(new))):
            a = old[index] if index < len(old) else None
            b = new[index] if index < len(new) else None
            yield from _walk(schema, item, a, b, f"{path}[{index}]", wire)
    else:
        yield Change(path, _kind(old, new), wire)


def _nodes(schema: Schema, node: Node, value: Mapping[str, Any]) -> Value:
    if node.kind == "object":
        shape = schema.shape_for(node, value, wire=False)
        nodes: Mapping[str, Node] = shape.nodes if shape else {}
        return lambda key: nodes.get(key, _ANY)
    items = node.items or _ANY
    return lambda _: items


def _text(node: Node, value: str) -> str:
    if value[:1] == "/":
        return value.strip("/").lower()
    if node.at[-1:] == ("location",):
        return value.replace(" ", "").lower()
    return value.lower() if node.open else value


def _set(value: list[Any] | dict[str, Any]) -> set[str]:
    return {str(item).strip("/").lower() for item in value}


def _same_parameter(old: object, new: object) -> bool:
    return isinstance(old, str) and isinstance(new, str) and old.strip("/").lower() == new.strip("/").lower()


def _kind(old: object, new: object) -> Literal["add", "delete", "update"]:
    if old is None:
        return "add"
    return "delete" if new is None and new is not UNKNOWN else "update"


def _step(key: str) -> str:
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else '["' + key.replace('"', '\\"') + '"]'
