"""Writes `schemas.json`: what may stand in the body of each resource type of the table.

The names, types, enumerations and what is required come from the classes of pulumi_azure_native; where a
value stands on the wire comes from the table's own rows (`resource_types/*.toml`). Run it after either has
changed: `python -m checks.catalogue.generate_schemas`.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import re
import typing
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pulumi

from checks.catalogue.resource_types import ResourceType, resource_types

FILE = Path(__file__).with_name("schemas.json")
PACKAGE = "pulumi-azure-native"

# What stays beside `properties` in an object that keeps its values under one.
NESTED_ENVELOPE = frozenset(
    {"id", "name", "type", "etag", "location", "tags", "zones", "sku", "identity", "extendedLocation"}
    | {"endpointType"}  # of destinations of events
)
_SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number"}
_ONLY_VALUE = re.compile(r"Expected value is '([^']*)'")
_FORWARD = {"Output": pulumi.Output, "T": Any}  # what the hints of pulumi.Input name without importing


def generate() -> dict[str, Any]:
    """The whole content of `schemas.json`."""
    rows = sorted(resource_types().values(), key=lambda row: row.arm_type)
    return {
        "source": {"package": PACKAGE, "version": version(PACKAGE), "table": "resource_types/*.toml"},
        "types": {row.arm_type: _Type(row).document() for row in rows},
    }


def text() -> str:
    """`schemas.json` as it is written: stable order, one short line per property."""
    document = generate()
    lines = ['{"source": ' + json.dumps(document["source"]) + ',\n "types": {']
    blocks = []
    for arm_type, content in document["types"].items():
        head = {key: value for key, value in content.items() if key != "shapes"}
        shapes = ",\n".join(
            f"   {json.dumps(name)}: {_lines(shape)}" for name, shape in content["shapes"].items()
        )
        blocks.append(f'  {json.dumps(arm_type)}: {json.dumps(head)[:-1]},\n  "shapes": {{\n{shapes}}}}}')
    return "\n".join([*lines, ",\n".join(blocks) + "}}"]) + "\n"


def _lines(shape: dict[str, Any]) -> str:
    return (
        "{"
        + ",\n".join(f"{' ' * 4}{json.dumps(k)}: {json.dumps(v)}" for k, v in shape.items()).lstrip()
        + "}"
    )


class _Type:
    """One resource type: its shapes by the name of the class that each comes from."""

    def __init__(self, row: ResourceType) -> None:
        self._row = row
        _, namespace, name = row.token.split(":")
        self._outputs = importlib.import_module(f"pulumi_azure_native.{namespace}.outputs")
        self._resource = getattr(importlib.import_module(f"pulumi_azure_native.{namespace}"), name)
        # Where the namespace has an input type of that name too, the resource's own arguments are InitArgs.
        own = vars(importlib.import_module(self._resource.__module__))
        self._arguments = own.get(name + "InitArgs") or own[name + "Args"]
        # A class that has `properties` itself is not flattened by azure-native; all others are.
        self._flat = "properties" not in {*_properties(self._arguments), *_properties(self._resource)}
        self._nested = self._nested_classes()
        self.shapes: dict[str, dict[str, Any]] = {}
        self._renamed: set[str] = set()

    def document(self) -> dict[str, Any]:
        """Parameters of the URL and query, and every shape that the body uses; the body's own is `Body`."""
        declared = _properties(self._arguments)
        outside = {*self._row.parameters, *self._row.query}
        parameters = {name: self._node(hint, "") for name, (hint, _) in declared.items() if name in outside}
        body = {
            name: self._placed(name, hint, words, self._top(name), name)
            for name, (hint, words) in declared.items()
            if name not in outside
        }
        for name, (hint, _) in _properties(self._resource).items():
            if name not in declared and name != "azureApiVersion":
                body[name] = self._answered(name, hint, self._top(name))
        if unused := self._row.rename.keys() - self._renamed:
            raise ValueError(f"{self._row.arm_type}: rename: no such property: {', '.join(sorted(unused))}")
        shapes = {"Body": body, **dict(sorted(self.shapes.items()))}
        return {"flat": self._flat, "parameters": parameters, "shapes": shapes}

    def _top(self, name: str) -> str:
        if renamed := self._row.rename.get(name):
            self._renamed.add(name)
            return renamed
        always = {"id", "name", "type", "systemData", "properties", *self._row.envelope}
        if name in always or not self._flat:
            return name
        beside = name in self._row.read_only
        return name if beside else f"properties.{name}"

    def _placed(self, name: str, hint: object, words: str, at: str, path: str) -> dict[str, Any]:
        node = self._node(hint, path)
        if only := _ONLY_VALUE.search(words):
            node["enum"] = [only[1]]
        if node.get("items", {}).get("type") == "string" and name == "userAssignedIdentities":
            node = {"type": "set"}  # a list in the program, an object with these keys on the wire
        if at != name:
            node["at"] = at
        if not _is_optional(hint):
            node["required"] = True
        return node

    def _answered(self, name: str, hint: object, at: str) -> dict[str, Any]:
        """A property that only answers have."""
        node: dict[str, Any] = {"type": "any", "readOnly": True}
        if any(part.__name__.removesuffix("Response") in self._nested for part in _parts(hint)):
            node["nested"] = True
        if at != name:
            node["at"] = at
        return node

    def _node(self, hint: object, path: str) -> dict[str, Any]:
        members = [part for part in _members(hint) if part is not type(None)]
        enums = [part for part in members if inspect.isclass(part) and issubclass(part, enum.Enum)]
        classes = [part for part in members if _is_shape(part)]
        if enums and path in self._row.any_value:
            return {"type": "string"}
        if enums:
            node: dict[str, Any] = {"type": "string", "enum": [item.value for item in enums[0]]}
            return {**node, "open": True} if str in members else node
        if classes:
            return {"type": "object", "shape": [self._shape(part, path) for part in classes]}
        if len(members) != 1 or members[0] is Any:
            return {"type": "any"}
        return self._of_one(members[0], path)

    def _of_one(self, only: Any, path: str) -> dict[str, Any]:
        origin, inner = typing.get_origin(only), typing.get_args(only)
        if only in _SCALARS:
            return {"type": _SCALARS[only]}
        if origin is not None and issubclass(origin, typing.Sequence):
            return {"type": "array", "items": self._node(inner[0], path + "[]")}
        if origin is not None and issubclass(origin, typing.Mapping):
            return {"type": "map", "items": self._node(inner[1], path + "[]")}
        raise TypeError(f"{self._row.arm_type}: {path}: no rule for {only!r}")

    def _shape(self, cls: type, path: str) -> str:
        name = cls.__name__.removesuffix("Args")
        if name in self.shapes:
            return name
        shape = self.shapes[name] = {}
        declared = _properties(cls)
        for key, (hint, words) in declared.items():
            here = f"{path}.{key}"
            shape[key] = self._placed(key, hint, words, self._below(here, name, key), here)
        answered = getattr(self._outputs, name + "Response", None)
        for key, (hint, _) in (_properties(answered) if answered else {}).items():
            if key not in declared:
                shape[key] = self._answered(key, hint, self._below(f"{path}.{key}", name, key))
        return name

    def _below(self, path: str, shape: str, key: str) -> str:
        if renamed := self._row.rename.get(path):
            self._renamed.add(path)
            parent = path.rpartition(".")[0]
            return renamed.removeprefix(self._wire(parent) + ".")
        return f"properties.{key}" if shape in self._nested and key not in NESTED_ENVELOPE else key

    def _wire(self, path: str) -> str:
        """The body path of a property that has others below it."""
        name_path = path.removesuffix("[]")
        elements = path[len(name_path) :]
        if renamed := self._row.rename.get(name_path):
            return renamed + elements
        parent, _, name = name_path.rpartition(".")
        if not parent:
            return self._top(name) + elements
        under = "properties." if parent.removesuffix("[]") in self._row.nested_properties else ""
        return f"{self._wire(parent)}.{under}{name}{elements}"

    def _nested_classes(self) -> frozenset[str]:
        """Names of the classes that keep their values under a `properties` of their own."""
        return frozenset(
            name
            for path in self._row.nested_properties
            for part in _parts(self._at(path.replace("[]", "").split(".")))
            if _is_shape(part)
            for name in (part.__name__.removesuffix("Args"),)
        )

    def _at(self, steps: list[str]) -> object:
        cls: Any = self._arguments
        hint: object = None
        for step in steps:
            properties = _properties(cls)
            if step not in properties:
                raise ValueError(f"{self._row.arm_type}: nestedProperties: '{step}' is not in {cls.__name__}")
            hint = properties[step][0]
            cls = next((part for part in _parts(hint) if _is_shape(part)), None)
        return hint


def _properties(cls: type) -> dict[str, tuple[Any, str]]:
    """Provider names of a class's properties with their type hints and words."""
    module = importlib.import_module(cls.__module__)
    found: dict[str, tuple[Any, str]] = {}
    for _, member in inspect.getmembers(cls, lambda value: isinstance(value, property)):
        getter: Any = member.fget
        if not hasattr(getter, "_pulumi_name"):
            continue  # what every Pulumi resource has: urn, id
        hints = typing.get_type_hints(getter, vars(module), _FORWARD)
        found[getter._pulumi_name] = (hints["return"], getter.__doc__ or "")
    return {name: found[name] for name in sorted(found)}


def _is_shape(part: object) -> bool:
    return inspect.isclass(part) and part.__name__.endswith("Args")


def _is_optional(hint: object) -> bool:
    return type(None) in _members(hint)


def _members(hint: object) -> list[Any]:
    """What a hint may be, without the wrappers of Pulumi's inputs and outputs."""
    if typing.get_origin(hint) is typing.Union:
        found = []
        for part in typing.get_args(hint):
            found += [] if _is_wrapper(part) else _members(part)
        return list(dict.fromkeys(found))
    if _is_wrapper(hint):
        return _members(typing.get_args(hint)[0])
    return [hint]


def _is_wrapper(part: object) -> bool:
    return getattr(typing.get_origin(part), "__name__", "") in {"Awaitable", "Output"}


def _parts(hint: object) -> Iterator[Any]:
    """Every class that a hint speaks of, at any depth."""
    for member in _members(hint):
        if inner := typing.get_args(member):
            for part in inner:
                yield from _parts(part)
        else:
            yield member


def main() -> None:
    """Write the file beside this module."""
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
