"""The reasons in a stack file: what is written behind a setting, or above it, as a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from checks.parity import entry_name


def reasons(path: Path) -> dict[str, str]:
    """Comments by the path of the setting that they stand behind or above.

    A comment behind `lake:` is about everything in it. An entry of a list is called by what tells it apart,
    as `checks.parity` does: `twinloop:clusters[gpu].maxNodes`. A comment `no kubernetes: ...` is about a
    section that is left out.

    Args:
        path: a stack file that is YAML.
    """
    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    comments = _comments(text)
    found: dict[str, str] = {}
    for line, said in list(comments.items()):
        if missing := _LEFT_OUT.match(said):
            found[f"twinloop:{missing['section']}"] = missing["why"]
            del comments[line]
    for key, value in _pairs(root):
        if key.value == "config":
            _collect(value, "", comments, found)
    return found


# What a comment says of a section that the file does not have.
_LEFT_OUT = re.compile(r"no (?P<section>[a-z][A-Za-z]*): (?P<why>.+)")


def _collect(node: Any, path: str, comments: dict[int, str], found: dict[str, str]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            name = entry_name(yaml.SafeLoader("").construct_document(item)) if _is_block(item) else ""
            if not name:
                continue
            _note(f"{path}[{name}]", item, comments, found)
            _collect(item, f"{path}[{name}]", comments, found)
        return
    for key, value in _pairs(node):
        inner = f"{path}.{key.value}" if path else str(key.value)
        _note(inner, key, comments, found)
        _collect(value, inner, comments, found)


def _note(path: str, node: Any, comments: dict[int, str], found: dict[str, str]) -> None:
    """Take the comment of the line that a key stands on; in a list in one line it is about the whole line."""
    said = comments.get(node.start_mark.line)
    if said:
        found.setdefault(path, said)


def _is_block(node: Any) -> bool:
    return isinstance(node, yaml.MappingNode)


def _pairs(node: Any) -> Iterator[tuple[Any, Any]]:
    yield from node.value if isinstance(node, yaml.MappingNode) else ()


def _comments(text: str) -> dict[int, str]:
    """Comments by the line that they are about: their own, or the next one that says something."""
    lines = text.splitlines()
    ends: dict[int, int] = {}
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if not isinstance(token, yaml.StreamEndToken | yaml.BlockEndToken):
            ends[token.end_mark.line] = max(ends.get(token.end_mark.line, 0), token.end_mark.column)
    found: dict[int, str] = {}
    above: list[str] = []
    for number, line in enumerate(lines):
        rest = line[ends.get(number, 0) :].strip()
        said = rest.removeprefix("#").strip() if rest.startswith("#") else ""
        if number not in ends:
            above = [*above, said] if said else []
            continue
        if said or above:
            found[number] = " ".join((*above, said)).strip()
        above = []
    return found
