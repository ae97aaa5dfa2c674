"""Whether a literal is of the type that an input declares, in words for whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LITERALS = frozenset({"string", "number", "integer", "boolean", "literal"})


def literal_problem(text: str, declared: Mapping[str, Any]) -> str:
    """What is wrong with a value for an input of a component; empty if nothing is.

    Args:
        text: the value as the wire has it.
        declared: the input's declaration: `type`, `min`, `max`, `enum`.
    """
    kind = str(declared.get("type", "string")).lower()
    if kind == "boolean":
        return "" if text.lower() in {"true", "false"} else f"'{text}' is not a boolean; give true or false"
    if kind in {"number", "integer"}:
        return _number_problem(text, kind, declared)
    allowed = [str(value) for value in declared.get("enum") or ()]
    if allowed and text not in allowed:
        return f"'{text}' is not allowed; allowed are: {', '.join(allowed)}"
    return ""


def _number_problem(text: str, kind: str, declared: Mapping[str, Any]) -> str:
    try:
        value = int(text) if kind == "integer" else float(text)
    except ValueError:
        return f"'{text}' is not {'an integer' if kind == 'integer' else 'a number'}"
    low, high = declared.get("min"), declared.get("max")
    if low is not None and value < float(low):
        return f"{text} is below the least value {low}"
    if high is not None and value > float(high):
        return f"{text} is above the greatest value {high}"
    return ""


def kinds_agree(given: str, wanted: str) -> bool:
    """Whether data of one type can be an input of another: folders among themselves, and so files."""
    if given == wanted or "custom_model" in {given, wanted}:
        return True
    return given != "uri_file" and wanted != "uri_file"
