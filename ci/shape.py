"""Does a value fit a JSON Schema? The keywords that our schema uses, and refusal of all others.

The workflow that comments holds a token that may write, so it runs nothing but this repository's own files:
no package is installed there, and the few keywords that are needed are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_WORDS = {"$schema", "$id", "$defs", "title", "description"}  # say nothing about a value
_KNOWN = _WORDS | {
    "type", "properties", "required", "additionalProperties", "items",
    "enum", "const", "pattern", "minimum", "anyOf", "$ref",
}  # fmt: skip


def misfits(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What is wrong with the value, each with its path; empty where it fits."""
    return list(_misfits(value, schema, schema, "$"))


def _misfits(value: Any, rule: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    unknown = rule.keys() - _KNOWN
    if unknown:
        raise ValueError(f"the schema has keywords that are not read here: {', '.join(sorted(unknown))}")
    if "$ref" in rule:
        yield from _misfits(value, root["$defs"][rule["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in rule and all(any(_misfits(value, one, root, at)) for one in rule["anyOf"]):
        yield f"{at} fits none of {len(rule['anyOf'])} forms"
    if "const" in rule and not _equal(value, rule["const"]):
        yield f"{at} is not {rule['const']!r}"
    if "enum" in rule and value not in rule["enum"]:
        yield f"{at} is none of {rule['enum']}"
    if "type" in rule and not _is(value, rule["type"]):
        yield f"{at} is a {type(value).__name__}, not {rule['type']}"
        return
    yield from _of_kind(value, rule, root, at)


def _of_kind(value: Any, rule: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    if (
        isinstance(value, str)
        and "pattern" in rule
        and not re.search(rule["pattern"].replace("$", r"\Z"), value)
    ):
        yield f"{at} does not match {rule['pattern']}"
    if isinstance(value, int) and value < rule.get("minimum", value):
        yield f"{at} is less than {rule['minimum']}"
    if isinstance(value, list) and "items" in rule:
        for index, item in enumerate(value):
            yield from _misfits(item, rule["items"], root, f"{at}[{index}]")
    if isinstance(value, dict):
        yield from _object(value, rule, root, at)


def _object(
    value: dict[str, Any], rule: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    known = rule.get("properties", {})
    yield from (f"{at}.{key} is missing" for key in rule.get("required", ()) if key not in value)
    if rule.get("additionalProperties") is False:
        yield from (f"{at} has a key that is not known: {key[:40]!r}" for key in value if key not in known)
    for key in value.keys() & known.keys():
        yield from _misfits(value[key], known[key], root, f"{at}.{key}")


def _is(value: Any, wanted: str | list[str]) -> bool:
    kinds = [wanted] if isinstance(wanted, str) else wanted
    # True is an int to Python, and none to JSON
    return any(
        isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
        for kind in kinds
    )


def _equal(value: Any, constant: Any) -> bool:
    return type(value) is type(constant) and value == constant
