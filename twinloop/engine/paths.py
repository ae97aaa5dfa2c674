"""Property paths as Pulumi writes them: `a.b[0]["x.y"]`, `*` for any one part; read, set, match."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from twinloop.engine.values import Secret

Part = str | int
Path = tuple[Part, ...]

MISSING: Final = object()
_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|\.?([^.\[\]]+)')


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """The parts of a path.

    Raises:
        ValueError: the text is not a path.
    """
    parts: list[Part] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(
                f"'{text}' is not a property path: cannot read it from character {position + 1} on"
            )
        quoted, index, word = match.groups()
        if quoted is not None:
            parts.append(re.sub(r"\\(.)", r"\1", quoted))
        elif index is not None:
            parts.append(index if index == "*" else int(index))
        else:
            parts.append(word)
        position = match.end()
    return tuple(parts)


def render(path: Path) -> str:
    """The path as text; `parse` gives it back."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part and not re.search(r'[.\[\]"\\*]', part):
            text += f".{part}" if text else part
        else:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            text += "[*]" if part == "*" else f'["{escaped}"]'
    return text


def get(value: Any, path: Path) -> Any:
    """What stands at the path, or MISSING; a secret on the way is looked through, one at the end is kept."""
    for part in path:
        if isinstance(value, Secret):
            value = value.value
        if isinstance(value, dict) and part in value:  # noqa: SIM114 (mypy cannot follow the two as one)
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return MISSING
    return value


def put(value: Any, path: Path, item: Any) -> Any:
    """A copy of the value with `item` at the path, or without the path where `item` is MISSING.

    A place that is not there and has no home (a list index beyond the end, a part of a scalar) leaves it
    unchanged.
    """
    if not path:
        return item
    if isinstance(value, Secret):
        return Secret(put(value.value, path, item))
    head, rest = path[0], path[1:]
    if isinstance(value, dict) and isinstance(head, str):
        return _put_key(value, head, rest, item)
    if isinstance(value, list) and isinstance(head, int) and head < len(value):
        copy = list(value)
        changed = put(value[head], rest, item)
        if changed is MISSING:
            del copy[head]
        else:
            copy[head] = changed
        return copy
    return value


def _put_key(value: dict[str, Any], head: str, rest: Path, item: Any) -> dict[str, Any]:
    copy = dict(value)
    if head not in copy:
        if not rest and item is not MISSING:
            copy[head] = item
        return copy
    changed = put(copy[head], rest, item)
    if changed is MISSING:
        del copy[head]
    else:
        copy[head] = changed
    return copy


def expand(path: Path, *values: Any) -> list[Path]:
    """The concrete paths that a path with `*` means in any of the values; a key may itself be called `*`."""
    return _expand((), path, values)


def _expand(done: Path, rest: Path, values: tuple[Any, ...]) -> list[Path]:
    if "*" not in rest:
        return [(*done, *rest)]
    star = rest.index("*")
    above = (*done, *rest[:star])
    found: dict[Part, None] = {}
    for value in values:
        here = get(value, above)
        here = here.value if isinstance(here, Secret) else here
        if isinstance(here, dict):
            found.update(dict.fromkeys(here))
        elif isinstance(here, list):
            found.update(dict.fromkeys(range(len(here))))
    return [concrete for part in found for concrete in _expand((*above, part), rest[star + 1 :], values)]


def touches(pattern: Path, path: Path) -> bool:
    """Whether a change at `path` is one at, below or above the pattern."""
    return all(p in {"*", part} for p, part in zip(pattern, path, strict=False))
