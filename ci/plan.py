"""What `twinloop ... --json` prints, and a short page of the steps in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

WRAPPING = ("ok", "error")  # of the object that the tool prints, beside its result
ROWS = 200  # steps of a page; all of them are in the artifact
QUIET = {"same", "read", "refresh"}


class Unreadable(Exception):
    """The tool left no JSON: its words stand in the log above."""


def read(file: Path) -> dict[str, Any]:
    """The result in the one JSON object that the tool prints, in success and in failure."""
    try:
        printed = json.loads(file.read_text("utf-8"))
        result = printed["result"] or {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable(
            f"{file.name} holds no JSON of the tool; put right what its words above say"
        ) from error
    return {**result, **{key: printed[key] for key in WRAPPING}}


def steps(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What is done, without what stays as it is."""
    return (step for step in plan.get("steps", ()) if step["op"] not in QUIET)


def markdown(plan: Mapping[str, Any], command: str) -> str:
    """What a person is shown before and after: where it acts, how many, which."""
    found = list(steps(plan))
    counted = ", ".join(f"{count} {op}" for op, count in Counter(step["op"] for step in found).items())
    where = f"stack {_code(plan.get('stack'))} on {_code(plan.get('place'))}"
    lines = [
        f"**{command}** of {where}: {counted or 'no changes'}",
        "",
        "<!-- twinloop-review -->",
        "",
    ]
    error = plan.get("error")
    if error:
        lines += [f"It did not end well: {_code(error.get('message'))}", ""]
    if found:
        lines += ["| | resource | type | properties |", "| --- | --- | --- | --- |", *map(_row, found[:ROWS])]
    if len(found) > ROWS:
        lines += ["", f"{len(found) - ROWS} more steps are in the artifact."]
    return "\n".join(lines) + "\n"


def _row(step: Mapping[str, Any]) -> str:
    changed = (
        ", ".join(_code(one["path"]) for one in step.get("changes", ())[:6]) if step["op"] != "create" else ""
    )
    return f"| {step['op']} | {_code(step['name'])} | {_code(step['type'])} | {changed} |"


def _code(value: object) -> str:
    """A value in a code span; what would end it or its cell is left out."""
    text = re.sub(r"[`|\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", "", str(value))[:160].strip()
    return f"`{text or '-'}`"
