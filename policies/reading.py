"""Reads values of planned resources at paths, and puts them in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.plan import SECRET, UNKNOWN


def found_at(inputs: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value at a path, with where it is; one None where a step leads nowhere.

    `agentPoolProfiles[].mode` gives the mode of each entry, and nothing where there are none.
    """
    yield from _walk(inputs, path.split("."), "")


def _walk(value: Any, steps: Sequence[str], at: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield at, value
        return
    step, rest = steps[0], steps[1:]
    key = step.removesuffix("[]")
    where = f"{at}.{key}" if at else key
    if isinstance(value, str) and not is_known(value):
        yield ".".join((where, *rest)), value
        return
    inner = value.get(key) if isinstance(value, Mapping) else None
    if not step.endswith("[]"):
        yield from _walk(inner, rest, where)
        return
    for index, entry in enumerate(
        inner if isinstance(inner, Sequence) and not isinstance(inner, str) else ()
    ):
        yield from _walk(entry, rest, f"{where}[{index}]")


def value_at(inputs: Any, path: str) -> Any:
    """The first value at a path; None where there is none."""
    return next((value for _, value in found_at(inputs, path)), None)


def is_known(value: Any) -> bool:
    """Whether a value can be judged: only the cloud knows some, and secrets are nobody's business."""
    return not (isinstance(value, str) and value in {UNKNOWN, SECRET})


def said(value: Any) -> str:
    """A value as settings have it."""
    if value is None:
        return "left out"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # an engine sends every number as one with a fraction
    return str(value).lower() if isinstance(value, bool) else str(value)
