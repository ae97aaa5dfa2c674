"""Bodies by dotted path: read, write, remove, merge; `[]` in a path stands for every element of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Json = Any  # whatever a JSON text can hold
Body = dict[str, Any]
MISSING = object()


def at(body: Json, path: str) -> Json:
    """The value at a path without `[]`, or MISSING; keys are compared as written, then without case."""
    for key in path.split("."):
        body = _key(body, key)
        if body is MISSING:
            return MISSING
    return body


def every(body: Json, path: str) -> Iterator[Any]:
    """All values at a path, where `[]` stands for every element."""
    head, _, rest = path.partition(".")
    value = _key(body, head.removesuffix("[]"))
    if value is MISSING or value is None:
        return
    for one in value if head.endswith("[]") and isinstance(value, list) else [value]:
        if rest:
            yield from every(one, rest)
        else:
            yield one


def put(body: Body, path: str, value: Json) -> None:
    """Set the value at a path, making objects on the way."""
    *way, last = path.split(".")
    for key in way:
        body = body.setdefault(key, {})
    body[last] = value


def drop(body: Json, path: str) -> None:
    """Remove the value at a path, in every element where the path says `[]`."""
    head, _, rest = path.partition(".")
    name = head.removesuffix("[]")
    if not isinstance(body, dict) or name not in body:
        return
    if not rest:
        del body[name]
        return
    inner = body[name]
    for one in inner if isinstance(inner, list) else [inner]:
        drop(one, rest)


def fill(body: Body, defaults: Mapping[str, Any]) -> None:
    """Add what is missing, at any depth; what is there stays."""
    for key, value in defaults.items():
        if body.get(key) is None:
            body[key] = deepcopy(value)
        elif isinstance(value, Mapping) and isinstance(body[key], dict):
            fill(body[key], value)


def overlay(body: Body, more: Mapping[str, Any]) -> Body:
    """Lay values over a body, at any depth; lists are replaced."""
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(body.get(key), dict):
            overlay(body[key], value)
        else:
            body[key] = value
    return body


def merge_patch(body: Json, patch: Json) -> Json:
    """A JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(body) if isinstance(body, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def _key(body: Json, key: str) -> Json:
    if not isinstance(body, dict):
        return MISSING
    if key in body:
        return body[key]
    lower = key.lower()
    return next((value for name, value in body.items() if name.lower() == lower), MISSING)
