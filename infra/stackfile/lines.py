"""On which line of a stack file a key stands, so that a refusal can be found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


def line_of(path: Path, key: str) -> int:
    """The line of a key, counted from 1; of what holds it where the key itself is missing; 0 for neither.

    Args:
        path: a stack file.
        key: as `pulumi config` takes it, for example `twinloop:clusters[0].maxNodes`.
    """
    import yaml

    node: Any = None
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return 0
    line = 0
    for step in ("config", *steps_of(key)):
        found = _below(node, step)
        if found is None:
            break
        line, node = found[0], found[1]
    return line


def steps_of(key: str) -> list[str | int]:
    """The steps from `config` to a key: its name with the namespace, then names and numbers below it."""
    namespace, _, rest = key.partition(":")
    steps: list[str | int] = [int(number) if number else name for number, name in STEP.findall(rest)]
    return [f"{namespace}:{steps[0]}", *steps[1:]] if steps else []


def _below(node: Any, step: str | int) -> tuple[int, Any] | None:
    value: Any = getattr(node, "value", None)
    if isinstance(step, int):
        there = isinstance(value, list) and step < len(value) and not isinstance(value[step], tuple)
        return (value[step].start_mark.line + 1, value[step]) if there else None
    for pair in value if isinstance(value, list) else ():
        if isinstance(pair, tuple) and pair[0].value == step:
            return pair[0].start_mark.line + 1, pair[1]
    return None
