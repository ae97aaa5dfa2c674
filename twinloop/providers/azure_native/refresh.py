"""What an answer of ARM means for the state: outputs, and the inputs that a program manages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.catalogue.resource_types import ResourceType
from checks.catalogue.schemas import Node, Schema
from twinloop.providers.azure_native.addresses import parameters_of
from twinloop.providers.azure_native.bodies import from_body
from twinloop.providers.azure_native.check import provider_path
from twinloop.providers.azure_native.compare import same
from twinloop.providers.values import Value

_ABSENT: Any = object()
_ANY = Node("any", ("",))


def outputs_of(
    row: ResourceType, schema: Schema, body: Mapping[str, Any], inputs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The outputs of an answered body.

    A list that other resources write too (the subnets of a network) is left out where the program does not
    set it here: it would change with every one of those; where it sets some elements (pools of a cluster),
    the others are left out. None for inputs takes everything: an import.
    """
    outputs = from_body(schema, body)
    for wire in row.keep_if_unset if inputs is not None else ():
        path = provider_path(schema, wire)
        if _get(inputs or {}, path) is None:
            _drop(outputs, path)
    for wire, key in row.shared.items() if inputs is not None else ():
        _leave_ours(outputs, inputs or {}, provider_path(schema, wire), key)
    # Every class has these, also where `name` is a parameter of the URL and so no part of the body.
    outputs |= {name: body[name] for name in ("name", "type") if name in body}
    if row.flat_outputs:
        outputs |= body.get("properties") or {}
    outputs["azureApiVersion"] = row.api_version
    return outputs


def _leave_ours(outputs: Mapping[str, Any], inputs: Mapping[str, Any], path: str, key: str) -> None:
    """Of a list that other resources add to, keep the elements that the program gives, in its order."""
    given, found, owner = _get(inputs, path), _get(outputs, path), _owner(outputs, path)
    if not isinstance(given, list) or not isinstance(found, list) or owner is None:
        return
    by_name = {str(item.get(key)).lower(): item for item in found if isinstance(item, dict)}
    names = [str(item.get(key)).lower() for item in given if isinstance(item, dict)]
    owner[path.rpartition(".")[2]] = [by_name[name] for name in names if name in by_name]


def keep_volatile(row: ResourceType, schema: Schema, outputs: dict[str, Any], old: Mapping[str, Any]) -> None:
    """Leave outputs that change by themselves (etags, node counts) as they were recorded."""
    for wire in row.volatile:
        path = provider_path(schema, wire)
        was = _get(old, path)
        if was is None:
            _drop(outputs, path)
        elif (owner := _owner(outputs, path)) is not None:
            owner[path.rpartition(".")[2]] = was


def all_inputs(row: ResourceType, schema: Schema, text: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Every input that an existing resource could have been made with: for an import."""
    parameters = parameters_of(row, text) or {}
    parameters.pop("subscriptionId", None)
    found = _writable(schema, schema.body.nodes, outputs)
    for wire in row.read_only:
        _drop(found, provider_path(schema, wire))
    return {**parameters, **found}


def managed_inputs(
    row: ResourceType,
    schema: Schema,
    old_inputs: Mapping[str, Any],
    old_outputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
) -> dict[str, Any]:
    """The old inputs with what has changed in the cloud since; properties that they do not set stay unset."""
    names = {*row.parameters, *row.query}
    before = _writable(schema, schema.body.nodes, old_outputs) if old_outputs else _ABSENT
    now = _writable(schema, schema.body.nodes, outputs)
    found = {}
    for name, value in old_inputs.items():
        node = schema.body.nodes.get(name)
        if name in names or node is None:
            found[name] = value
            continue
        was = before if before is _ABSENT else before.get(name)
        merged = _merge(schema, node, value, was, now.get(name))
        if merged is not None:
            found[name] = merged
    return found


def _merge(schema: Schema, node: Node, given: Value, was: Value, now: Value) -> Value:
    """What the program gave, unless the cloud's value changed since it was recorded."""
    if was is not _ABSENT and same(schema, node, was, now):
        return given
    if same(schema, node, given, now):
        return given
    if now is None:
        # Never recorded: the service does not answer it (a secret, a one-time switch). Else it is gone.
        return given if was is _ABSENT or was is None else None
    if node.kind == "object" and isinstance(given, dict) and isinstance(now, dict):
        shape = schema.shape_for(node, given, wire=False)
        nodes = shape.nodes if shape else {}
        merged = {}
        for key, value in given.items():
            before = was.get(key) if isinstance(was, dict) else _ABSENT
            item = _merge(schema, nodes.get(key, _ANY), value, before, now.get(key))
            if item is not None:
                merged[key] = item
        return merged
    if (
        isinstance(given, list)
        and isinstance(now, list)
        and len(given) == len(now)
        and node.items is not None
    ):
        olds = was if isinstance(was, list) and len(was) == len(now) else [_ABSENT] * len(now)
        items = [_merge(schema, node.items, *each) for each in zip(given, olds, now, strict=True)]
        return [item for item in items if item is not None]
    return now


def _writable(schema: Schema, nodes: Mapping[str, Node], values: Mapping[str, Any]) -> dict[str, Any]:
    """The part of outputs that could be inputs."""
    return {
        name: _input(schema, node, values[name])
        for name, node in nodes.items()
        if not node.read_only and values.get(name) is not None
    }


def _input(schema: Schema, node: Node, value: Value) -> Value:
    if node.kind == "set" and isinstance(value, dict):
        return list(value)
    if node.kind == "array" and isinstance(value, list) and node.items is not None:
        return [_input(schema, node.items, item) for item in value]
    if node.kind == "map" and isinstance(value, dict) and node.items is not None:
        return {key: _input(schema, node.items, item) for key, item in value.items()}
    if node.kind == "object" and isinstance(value, dict):
        shape = schema.shape_for(node, value, wire=False)
        return _writable(schema, shape.nodes, value) if shape else value
    return value


def _owner(values: Mapping[str, Any], path: str) -> Value:
    owner: Any = values
    for step in path.split(".")[:-1]:
        owner = owner.get(step) if isinstance(owner, Mapping) else None
    return owner if isinstance(owner, dict) else None


def _get(values: Mapping[str, Any], path: str) -> Value:
    owner = _owner(values, path)
    return None if owner is None else owner.get(path.rpartition(".")[2])


def _drop(values: Mapping[str, Any], path: str) -> None:
    owner = _owner(values, path)
    if owner is not None:
        owner.pop(path.rpartition(".")[2], None)
