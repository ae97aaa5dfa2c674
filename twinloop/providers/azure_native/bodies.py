"""A program's inputs as a request's body, and an answer's body as a program's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.catalogue.schemas import Node, Schema
from twinloop.providers.values import UNKNOWN, Value

_MISSING = object()
# What stays beside `properties` in an answered element that keeps its values under one.
_BESIDE = frozenset({"id", "name", "type", "etag", "location", "tags", "zones", "sku", "identity"})


def to_body(schema: Schema, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a PUT."""
    return _object_out(schema, schema.body.nodes, inputs, strict=True)


def foreseen(schema: Schema, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What inputs will show as once they are set: in the shape of outputs, before ARM was asked."""
    nodes = schema.body.nodes
    return {
        name: _value_foreseen(schema, nodes[name], value) for name, value in inputs.items() if name in nodes
    }


def from_body(schema: Schema, body: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that an answered body holds; what the type does not know is left out."""
    return _object_in(schema, schema.body.nodes, body)


def at_path(body: Value, path: str, default: Value = None) -> Value:
    """The value at a dotted path."""
    for step in path.split("."):
        if not isinstance(body, Mapping) or step not in body:
            return default
        body = body[step]
    return body


def put_at(body: dict[str, Any], path: str | tuple[str, ...], value: Value) -> None:
    """Set the value at a dotted path, making the objects on the way."""
    *steps, last = path.split(".") if isinstance(path, str) else path
    for step in steps:
        body = body.setdefault(step, {})
    body[last] = value


def _object_out(
    schema: Schema, nodes: Mapping[str, Node], values: Mapping[str, Any], *, strict: bool = False
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in values.items():
        node = nodes.get(name)
        if node is None:
            if not strict:  # of an object whose shape is not told: as it is
                body[name] = value
        elif value is not None and not node.read_only:
            put_at(body, node.at, _value_out(schema, node, value))
    return body


def _value_out(schema: Schema, node: Node, value: Value) -> Value:
    if node.kind == "set" and isinstance(value, list):
        return {item: {} for item in value}
    if node.kind == "array" and isinstance(value, list) and node.items is not None:
        return [_value_out(schema, node.items, item) for item in value]
    if node.kind == "map" and isinstance(value, dict) and node.items is not None:
        return {key: _value_out(schema, node.items, item) for key, item in value.items()}
    if node.kind == "object" and isinstance(value, dict):
        shape = schema.shape_for(node, value, wire=False)
        return _object_out(schema, shape.nodes if shape else {}, value)
    return value


def _value_foreseen(schema: Schema, node: Node, value: Value) -> Value:
    """A value in its output's shape: a list of ids becomes a map, unknown while one of them is."""
    if node.kind == "set" and isinstance(value, list):
        return UNKNOWN if UNKNOWN in value else {item: {} for item in value}
    if node.kind == "array" and isinstance(value, list) and node.items is not None:
        return [_value_foreseen(schema, node.items, item) for item in value]
    if node.kind == "object" and isinstance(value, dict):
        shape = schema.shape_for(node, value, wire=False)
        nodes = shape.nodes if shape else {}
        return {
            key: _value_foreseen(schema, nodes[key], item) if key in nodes else item
            for key, item in value.items()
        }
    return value


def _object_in(schema: Schema, nodes: Mapping[str, Node], body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, node in nodes.items():
        value: Value = body
        for step in node.at:
            value = value.get(step, _MISSING) if isinstance(value, Mapping) else _MISSING
        if value is not _MISSING and value is not None:
            found[name] = _value_in(schema, node, value)
    return found


def _value_in(schema: Schema, node: Node, value: Value) -> Value:
    if node.nested and isinstance(value, list):
        return [_lifted(item) for item in value]
    if node.kind == "array" and isinstance(value, list) and node.items is not None:
        return [_value_in(schema, node.items, item) for item in value]
    if node.kind == "map" and isinstance(value, dict) and node.items is not None:
        return {key: _value_in(schema, node.items, item) for key, item in value.items()}
    if node.kind == "object" and isinstance(value, dict):
        shape = schema.shape_for(node, value, wire=True)
        return _object_in(schema, shape.nodes, value) if shape else value
    return value


def _lifted(item: Value) -> Value:
    if isinstance(item, dict) and isinstance(item.get("properties"), dict):
        return {**{key: value for key, value in item.items() if key in _BESIDE}, **item["properties"]}
    return item
