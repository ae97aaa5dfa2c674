"""What the official client's schemas find wrong with a job's file: key by key, out of their JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def problems_of(said: str) -> list[str]:
    """`key: what is wrong with it`, one each; the words as they are where they hold no JSON.

    Args:
        said: the message of a schema's error. It may hold JSON, whose messages may hold JSON again.
    """
    body = _object_in(said)
    if body is None:
        return [line.strip() for line in said.splitlines() if line.strip()][:1]
    errors = body.get("errors")
    if isinstance(errors, list):
        return [line for one in errors for line in problems_of(str(one.get("message", one)))]
    return list(_leaves(body, ""))


def _object_in(said: str) -> dict[str, Any] | None:
    """The first JSON object in a text."""
    start = said.find("{")
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(said, start)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _leaves(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, path if key == "_schema" else f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield f"{path}: {value}" if path else str(value)
