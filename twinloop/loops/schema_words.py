"""What the official client's schemas find wrong with a job's file: key by key, out of their JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_IN_SET = re.compile(r"Value '(?P<value>.*)' passed is not in set \[(?P<allowed>.*)\]")
_QUOTED = re.compile(r"'([^']*)'")
# What the client adds of other ways to write a reference, whatever was meant.
_HINTS = ("In order to specify", "Not a valid URL.")


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
        return [line for one in errors for line in _of_entry(one)]
    return _told(_leaves(body, ""))


def _of_entry(entry: Any) -> list[str]:
    """One of the client's own list: its message, which may hold JSON with the keys, or else its path."""
    if not isinstance(entry, dict) or "message" not in entry:
        return [str(entry)]
    said, path = str(entry["message"]), str(entry.get("path") or "*")
    if _object_in(said) is not None or path == "*":
        return problems_of(said)
    return _told((path, one.strip()) for one in said.split("; "))


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


def _told(found: Iterator[tuple[str, str]]) -> list[str]:
    """One line for a key: what its alternatives allow is put together, hints on other ways are left out."""
    by_key: dict[str, list[str]] = {}
    for key, said in found:
        by_key.setdefault(key, []).append(" ".join(said.split()))
    return [line for key, said in by_key.items() for line in _of_key(key, said)]


def _of_key(key: str, said: list[str]) -> Iterator[str]:
    start = f"{key}: " if key else ""
    if sets := [match for one in said if (match := _NOT_IN_SET.fullmatch(one))]:
        allowed = dict.fromkeys(word for match in sets for word in _QUOTED.findall(match["allowed"]))
        yield f"{start}'{sets[0]['value']}' is none of {', '.join(allowed)}"
        return
    plain = [one for one in said if not one.startswith(_HINTS)]
    for one in dict.fromkeys(plain or said[:1]):
        yield start + one


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, path if key == "_schema" else f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    else:
        yield path, str(value)
