"""What may stand in the body of a resource: property names, types, enumerations, what is required.

Two views on one schema: the wire (`properties.networkAcls.defaultAction`), and the names that a Pulumi
program uses (`networkRuleSet.defaultAction`). The data is `schemas.json`, written by `generate_schemas.py`.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from checks.catalogue.resource_types import by_arm_type

FILE = Path(__file__).with_name("schemas.json")

# Clients send back what they read; these stand in every ARM answer and are ignored in a request.
_EVERYWHERE = ("id", "name", "type", "systemData", "etag")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (int, float),
    "array": (list,),
    "map": (dict,),
    "object": (dict,),
    "set": (list, dict),
}
_KNOWN_VALUES = (str, bool, int, float, list, dict)


@dataclass(frozen=True)
class Problem:
    """One thing in a body that Azure would refuse."""

    path: str  # where, e.g. properties.networkAcls.defaultAction
    given: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.path}: {self.given}; {self.allowed}"


@dataclass(frozen=True)
class Node:
    """One property: what it may hold and where it stands on the wire."""

    kind: str  # string, boolean, integer, number, array, map, set, object, any
    at: tuple[str, ...]  # where it stands in the body of its owner
    required: bool = False
    read_only: bool = False
    nested: bool = False  # an answered list whose elements keep their values under `properties`
    enum: tuple[str, ...] = ()
    open: bool = False  # the service may know more values and compares without case
    items: Node | None = None
    shapes: tuple[str, ...] = ()  # more than one: the discriminator (an enum of one) tells which


# A view on a shape: property name -> node, or on the wire a container (`properties`) with names of its own.
View = dict[str, "Node | View"]


@dataclass(frozen=True)
class Shape:
    """The properties of one object, by the names that a Pulumi program uses."""

    name: str
    nodes: Mapping[str, Node]

    @cached_property
    def writable(self) -> View:
        """The view of a program: what may be given."""
        return {name: node for name, node in self.nodes.items() if not node.read_only}

    @cached_property
    def wire(self) -> View:
        """The view of the wire: what a request may hold."""
        view: View = {}
        for node in self.nodes.values():
            inner = view
            for step in node.at[:-1]:
                below = inner.setdefault(step, {})
                if isinstance(below, Node):
                    break
                inner = below
            else:
                inner[node.at[-1]] = node
        return view


@dataclass(frozen=True)
class Schema:
    """Everything that is known of one resource type's body."""

    arm_type: str
    flat: bool  # azure-native lifts `properties` to the top
    parameters: Mapping[str, Node]  # of URL and query
    shapes: Mapping[str, Shape] = field(repr=False)

    @property
    def body(self) -> Shape:
        """The body itself."""
        return self.shapes["Body"]

    def shape_for(self, node: Node, value: Mapping[str, Any], *, wire: bool) -> Shape | None:
        """The shape that an object has, told by its discriminator; None when that is missing or wrong."""
        if len(node.shapes) == 1:
            return self.shapes[node.shapes[0]]
        for name in node.shapes:
            shape = self.shapes[name]
            key, only = self._discriminator(shape)
            if value.get(shape.nodes[key].at[-1] if wire else key) == only:
                return shape
        return None

    def discriminators(self, node: Node) -> tuple[str, tuple[str, ...]]:
        """Name and allowed values of the property that tells the shapes of `node` apart."""
        pairs = [self._discriminator(self.shapes[name]) for name in node.shapes]
        return pairs[0][0], tuple(value for _, value in pairs)

    @staticmethod
    def _discriminator(shape: Shape) -> tuple[str, str]:
        return next(
            (name, node.enum[0])
            for name, node in shape.nodes.items()
            if node.required and len(node.enum) == 1 and not node.open
        )


def schema_of(arm_type: str) -> Schema:
    """The schema of one ARM type, whatever its case.

    Raises:
        LookupError: the table has no such type.
    """
    row = by_arm_type().get(arm_type.lower())
    if row is None:
        known = ", ".join(sorted(each.arm_type for each in by_arm_type().values()))
        raise LookupError(f"no schema for '{arm_type}'; known: {known}")
    return _schema(row.arm_type)


def problems(schema: Schema, body: object) -> list[Problem]:
    """What is wrong with a request's body as the wire has it; empty when nothing is."""
    found = _Walk(schema, wire=True)
    found.fields(schema.body.wire, body, "")
    return found.problems


def input_problems(schema: Schema, inputs: Mapping[str, Any]) -> list[Problem]:
    """The same with the names of a Pulumi program, URL and query parameters included.

    Values of other than JSON's types stand for what is not known yet, and pass.
    """
    found = _Walk(schema, wire=False)
    found.fields({**schema.parameters, **schema.body.writable}, inputs, "")
    return found.problems


class _Walk:
    """One pass over a body."""

    def __init__(self, schema: Schema, *, wire: bool) -> None:
        self._schema, self._wire = schema, wire
        self.problems: list[Problem] = []

    def fields(self, view: View, value: object, path: str) -> None:
        if not isinstance(value, dict):
            self._wrong(path or "body", value, "an object is wanted")
            return
        for key, given in value.items():
            here = f"{path}.{key}" if path else key
            below = view.get(key)
            if isinstance(below, Node):
                self.node(below, given, here)
            elif below is not None:
                self.fields(below, given, here)
            elif not (self._wire and key in _EVERYWHERE):
                self._unknown(view, key, here)
        self._missing(view, value, path)

    def node(self, node: Node, value: object, path: str) -> None:
        if value is None or node.kind == "any" or not isinstance(value, _KNOWN_VALUES):
            return
        if not isinstance(value, _TYPES[node.kind]) or (isinstance(value, bool) and node.kind != "boolean"):
            self._wrong(path, value, f"{_article(node.kind)} is wanted")
        elif node.kind == "integer" and isinstance(value, float) and not value.is_integer():
            self._wrong(path, value, "a whole number is wanted")
        elif node.enum and isinstance(value, str):
            self._enum(node, value, path)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.node(node.items or _NAME, item, f"{path}[{index}]")
        elif node.kind == "map" and isinstance(value, dict):
            for key, item in value.items():
                self.node(node.items or _ANY, item, f"{path}.{key}")
        elif node.kind == "object" and isinstance(value, dict):
            self._shaped(node, value, path)

    def _shaped(self, node: Node, value: dict[str, Any], path: str) -> None:
        shape = self._schema.shape_for(node, value, wire=self._wire)
        if shape is not None:
            self.fields(shape.wire if self._wire else shape.writable, value, path)
            return
        name, allowed = self._schema.discriminators(node)
        given = value.get(name)
        if given is None:
            self.problems.append(Problem(f"{path}.{name}", "missing", f"allowed: {', '.join(allowed)}"))
        elif isinstance(given, _KNOWN_VALUES):
            self._wrong(f"{path}.{name}", given, _choice(str(given), allowed))

    def _enum(self, node: Node, value: str, path: str) -> None:
        known = {item.lower() for item in node.enum} if node.open else set(node.enum)
        if (value.lower() if node.open else value) not in known:
            self._wrong(path, value, _choice(value, node.enum))

    def _missing(self, view: View, value: Mapping[str, Any], path: str) -> None:
        for key, below in view.items():
            here = f"{path}.{key}" if path else key
            if not isinstance(below, Node):
                if key not in value:
                    self._missing(below, {}, here)
            elif below.required and value.get(key) is None:
                self.problems.append(Problem(here, "missing", "it is required"))

    def _unknown(self, view: View, key: str, path: str) -> None:
        near = difflib.get_close_matches(key.lower(), [name.lower() for name in view], n=1)
        meant = next((name for name in view if near and name.lower() == near[0]), None)
        hint = f"did you mean '{meant}'?" if meant else f"allowed: {', '.join(sorted(view))}"
        self.problems.append(Problem(path, "not a property of this type", hint))

    def _wrong(self, path: str, value: object, allowed: str) -> None:
        shown = f"'{value}'" if isinstance(value, str) else _shown(value)
        self.problems.append(Problem(path, f"given {shown}", allowed))


_ANY = Node("any", ())
_NAME = Node("string", ())


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return f"{_article('array' if isinstance(value, list) else 'object')} of {len(value)}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _article(kind: str) -> str:
    names = {"array": "a list", "map": "a map", "set": "a list of ids", "boolean": "true or false"}
    return names.get(kind) or ("an " if kind[0] in "aeiou" else "a ") + kind


def _choice(value: str, allowed: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(value.lower(), [item.lower() for item in allowed], n=1)
    meant = next((item for item in allowed if near and item.lower() == near[0]), None)
    return f"allowed: {', '.join(allowed)}" + (f" (did you mean '{meant}'?)" if meant else "")


@cache
def _file() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_bytes())["types"]
    return document


@cache
def _schema(arm_type: str) -> Schema:
    entry = _file()[arm_type]
    shapes = {
        name: Shape(name, {key: _node(key, value) for key, value in shape.items()})
        for name, shape in entry["shapes"].items()
    }
    parameters = {key: _node(key, value) for key, value in entry["parameters"].items()}
    return Schema(arm_type, entry["flat"], parameters, shapes)


def steps_of(path: str) -> tuple[str, ...]:
    """The steps of a dotted path; a dot that belongs to a name is written with a backslash before it."""
    return tuple(step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", path))


def _node(name: str, entry: Mapping[str, Any]) -> Node:
    items = entry.get("items")
    return Node(
        kind=entry["type"],
        at=steps_of(entry.get("at", name)),
        required=entry.get("required", False),
        read_only=entry.get("readOnly", False),
        nested=entry.get("nested", False),
        enum=tuple(entry.get("enum", ())),
        open=entry.get("open", False),
        items=None if items is None else _node(name, items),
        shapes=tuple(entry.get("shape", ())),
    )
