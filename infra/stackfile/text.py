"""Changes to the text of a stack file: its comments stay, but those of what changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from infra.stackfile.lines import steps_of


def with_value(text: str, key: str, value: object, reason: str = "") -> str:
    """The text with a plain value set; it is added where it is missing.

    Args:
        text: of a stack file.
        key: as `pulumi config` takes it.
        value: text, number, boolean, or a list of such.
        reason: becomes the comment behind the value; an old one there goes, it spoke of the old value.

    Raises:
        KeyError: what should hold the key is not there, or is no mapping.
    """
    *above, last = _path(key)
    parent = _node(text, above)
    pair = next((pair for pair in _pairs(parent) if pair[0].value == last), None)
    if pair is None:
        return _with_line(text, parent, f"{last}: {_shown(value)}", reason)
    start, end = pair[1].start_mark.index, pair[1].end_mark.index
    if getattr(pair[1], "flow_style", True) is False:  # a block: its lines go with it
        return with_block(text, key, [f" {_shown(value)}"], reason)
    rest = text[end:]
    line, newline, after = rest.partition("\n")
    if reason and not line.split("#", 1)[0].strip():
        line = f" # {reason}"
    return text[:start] + _shown(value) + line + newline + after


def with_block(text: str, key: str, lines: Sequence[str], reason: str = "") -> str:
    """The text with all lines below a key replaced; the first of `lines` stands behind the key itself."""
    path = _path(key)
    holder, content = _found(text, path)
    rows = text.splitlines()
    first, last = holder.start_mark.line, _last_line(content)
    head = rows[first][: holder.end_mark.column]
    comment = f" # {reason}" if reason else ""
    return "\n".join([*rows[:first], f"{head}:{lines[0]}{comment}", *lines[1:], *rows[last + 1 :]]) + "\n"


def without(text: str, key: str) -> str:
    """The text without a key or an element of a list; as it is where there is none."""
    try:
        holder, content = _found(text, _path(key))
    except KeyError:
        return text
    rows = text.splitlines()
    del rows[holder.start_mark.line : _last_line(content) + 1]
    return "\n".join(rows) + "\n"


def with_element(text: str, key: str, value: object) -> str:
    """The text with one more element at the end of a list that is written in one line, `[a, b]`."""
    node = _node(text, _path(key))
    before = node.end_mark.index - 1  # at the closing bracket
    separator = ", " if node.value else ""
    return text[:before] + separator + _shown(value) + text[before:]


def _path(key: str) -> list[str | int]:
    return ["config", *steps_of(key)] if ":" in key else [key]


def _compose(text: str) -> Any:
    import yaml

    return yaml.compose(text, Loader=yaml.SafeLoader)


def _node(text: str, path: Sequence[str | int]) -> Any:
    return _found(text, path)[1] if path else _compose(text)


def _found(text: str, path: Sequence[str | int]) -> tuple[Any, Any]:
    """What begins the key's lines (its name, or the element itself), and its value."""
    holder = node = _compose(text)
    for step in path:
        if isinstance(step, int):
            if not isinstance(node.value, list) or step >= len(node.value):
                raise KeyError(f"[{step}]")
            holder = node = node.value[step]
            continue
        pair = next((pair for pair in _pairs(node) if pair[0].value == step), None)
        if pair is None:
            raise KeyError(step)
        holder, node = pair
    return holder, node


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    value = getattr(node, "value", None)
    return [pair for pair in value if isinstance(pair, tuple)] if isinstance(value, list) else []


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node.value, list) and not node.flow_style and node.value:
        for inner in node.value:
            yield from _leaves(inner[1] if isinstance(inner, tuple) else inner)
    else:
        yield node


def _last_line(node: Any) -> int:
    return max(int(leaf.end_mark.line) for leaf in _leaves(node))


def _with_line(text: str, parent: Any, line: str, reason: str) -> str:
    pairs = _pairs(parent)
    if not pairs or parent.flow_style:
        raise KeyError(line)
    rows = text.splitlines()
    indent = " " * pairs[0][0].start_mark.column
    rows.insert(_last_line(parent) + 1, f"{indent}{line}" + (f" # {reason}" if reason else ""))
    return "\n".join(rows) + "\n"


def _shown(value: object) -> str:
    import yaml

    if isinstance(value, list | tuple):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    if isinstance(value, str) and not _plain(value):
        quoted: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=sys.maxsize)
        return quoted.strip()
    return value if isinstance(value, str) else json.dumps(value)


def _plain(value: str) -> bool:
    """Whether YAML reads the bare word as this very text."""
    import yaml

    signs = set(":#,[]{}&*!|>'\"%`?@")
    try:
        return bool(value) and not signs & set(value.replace("://", "")) and yaml.safe_load(value) == value
    except yaml.YAMLError:
        return False
