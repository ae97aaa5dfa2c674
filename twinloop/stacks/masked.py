"""What is masked keeps its form: a secret object is an object of secrets, each of them masked.

A state and the official CLI's preview write one mask in place of a whole object that holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import resource_types
from checks.catalogue.schemas import schema_of
from checks.plan import SECRET, UNKNOWN

if TYPE_CHECKING:
    from checks.catalogue.schemas import Node, Schema

_DEPTH = 6  # objects within objects; what lies deeper is masked as a whole


def formed(token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a resource with masked objects and lists in the form that their type gives them.

    Args:
        token: Pulumi's type; inputs of a type that is not in the catalogue are left as they are.
        inputs: as a state or a preview has them.
    """
    row = resource_types().get(token)
    if row is None or not _has_mask(inputs):
        return dict(inputs)
    schema = schema_of(row.arm_type)
    return _members(schema, schema.body.writable, inputs)


def _members(schema: Schema, view: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _value(schema, node, inner) if (node := view.get(key)) is not None else inner
        for key, inner in value.items()
    }


def _value(schema: Schema, node: Node, value: Any) -> Any:
    if _is_mask(value):
        return _mask(schema, node, value, _DEPTH)
    if isinstance(value, list) and node.items is not None:
        return [_value(schema, node.items, one) for one in value]
    if node.kind == "object" and isinstance(value, Mapping):
        shape = schema.shape_for(node, value, wire=False)
        return value if shape is None else _members(schema, shape.writable, value)
    return value


def _mask(schema: Schema, node: Node, mask: str, depth: int) -> Any:
    """The mask itself for a single value, else the empty list, or an object of masks."""
    if node.kind in {"array", "set"}:
        return []
    if node.kind == "map":
        return {}
    if node.kind != "object" or depth == 0:
        return mask
    shapes = [schema.shapes[shape] for shape in node.shapes]
    return {
        name: _mask(schema, inner, mask, depth - 1)
        for shape in shapes
        for name, inner in shape.nodes.items()
        if not inner.read_only
    }


def _is_mask(value: Any) -> bool:
    return isinstance(value, str) and value in {SECRET, UNKNOWN}


def _has_mask(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_mask, value.values()))
    if isinstance(value, list):
        return any(map(_has_mask, value))
    return _is_mask(value)
