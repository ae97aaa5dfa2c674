"""Inputs, before anything is sent: names and locations filled in, and everything that Azure would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.catalogue.resource_types import ResourceType
from checks.catalogue.schemas import Node, Schema, input_problems
from twinloop.providers.azure_native.bodies import at_path, to_body
from twinloop.providers.azure_native.names import physical_name
from twinloop.providers.values import UNKNOWN, Value

_WHOLE_ID = re.compile(r"/?(subscriptions|providers)/.+", re.IGNORECASE)


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    added: dict[str, Any] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)  # property path, reason


def check(
    row: ResourceType,
    schema: Schema,
    given: Mapping[str, Any],
    *,
    old: Mapping[str, Any],
    logical: str,
    seed: bytes,
    proposed: str,
    location: str | None,
) -> Checked:
    """Fill in what may be left out and refuse what Azure would refuse.

    Args:
        row: the resource type.
        schema: its body.
        given: the program's inputs.
        old: the inputs now in the state, if any.
        logical: the resource's name in the program.
        seed: the engine's random seed of this resource.
        proposed: the name that the engine's own naming settings propose, or nothing.
        location: the location to take where none is given.
    """
    result = Checked()
    own_name = row.parameters[-1]
    if given.get(own_name) is None:
        name = old.get(own_name) or proposed or physical_name(row, logical, seed)
        if name is not None:
            result.added[own_name] = name
    if location and given.get("location") is None and "location" in schema.body.writable:
        result.added["location"] = location
    values = {**given, **result.added}
    result.failures.extend(
        (found.path, f"{found.given}; {found.allowed}") for found in input_problems(schema, values)
    )
    result.failures.extend(_addresses(row, values))
    result.failures.extend(_required(row, schema, values, {path for path, _ in result.failures}))
    return result


def provider_path(schema: Schema, wire: str) -> str:
    """The name that a program uses for a body path."""
    steps, nodes, names = tuple(wire.split(".")), schema.body.nodes, list[str]()
    while steps:
        name, node = _leading(nodes, steps)
        if node is None:
            return ".".join([*names, *steps])
        names.append(name)
        steps = steps[len(node.at) :]
        nodes = {key: value for shape in node.shapes for key, value in schema.shapes[shape].nodes.items()}
    return ".".join(names)


def _leading(nodes: Mapping[str, Node], steps: tuple[str, ...]) -> tuple[str, Node | None]:
    for name, node in nodes.items():
        if steps[: len(node.at)] == node.at:
            return name, node
    return "", None


def _addresses(row: ResourceType, values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in row.parameters:
        value = values.get(name)
        if name == "subscriptionId" or value is UNKNOWN:
            continue
        if value is None or value == "":
            yield name, f"missing; it is part of the address {row.path}"
        elif not isinstance(value, str):
            continue  # its type is refused already
        elif name in {"scope", "resourceUri"}:
            if not _WHOLE_ID.fullmatch(value):
                yield name, f"given '{value}'; the id of a resource, group or subscription is wanted"
        elif name == row.parameters[-1]:
            if row.name_pattern and not re.fullmatch(row.name_pattern, value):
                yield name, f"given '{value}'; allowed: {row.name_rule}"
        elif "/" in value:
            yield name, f"given '{value}'; a name is wanted, not an id"


def _required(
    row: ResourceType, schema: Schema, values: Mapping[str, Any], known: set[str]
) -> Iterable[tuple[str, str]]:
    body = to_body(schema, values)
    for wire in row.required:
        if at_path(body, wire) is None and not _unknown_above(body, wire):
            path = provider_path(schema, wire)
            if not any(path == each or path.startswith(each + ".") for each in known):
                yield path, f"missing; {row.arm_type} requires it"


def _unknown_above(body: Value, wire: str) -> bool:
    for step in wire.split("."):
        if body is UNKNOWN:
            return True
        if not isinstance(body, dict):
            return False
        body = body.get(step)
    return body is UNKNOWN
