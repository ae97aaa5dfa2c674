"""Which line most likely says it: of the stack file where a setting changed, else of the program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import yaml

from checks.plan import Change, Difference
from twinloop.review.model import Place

Lines = Sequence[tuple[int, int]]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml reads a stack file four times as fast
_QUOTED = re.compile(r"""["']([a-z0-9][a-z0-9-]{2,})["']""")


@dataclass(frozen=True)
class Leaf:
    """One setting that differs between the two stack files."""

    path: str
    before: str | None
    after: str | None
    line: int
    """In the head's file; 0 where it is not there any more."""

    @property
    def name(self) -> str:
        """The last key of its path."""
        return self.path.rpartition(".")[2].partition("[")[0].rpartition(":")[2]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All that can say something in the head's revision of one stack.

    Args:
        root: the revision's files.
        prefix: of the checkout in its repository, empty or with a slash at its end.
        stack_file: name of the stack's file.
        settings: which of its settings differ.
        code: file -> changed lines, of the program.
        declared: URN -> `file:line`, as the program said.
        elsewhere: something else changed too (the lock, another stack's file), so that nothing is certain.
    """

    root: Path
    prefix: str = ""
    stack_file: str = ""
    settings: tuple[Leaf, ...] = ()
    code: Mapping[str, Lines] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    elsewhere: bool = False

    def place(self, change: Change) -> Place | None:
        """The line that says what happens to a resource; None where that is not sure."""
        return self._setting(change) or self.only or self._row(change) or self._declared(change)

    @cached_property
    def only(self) -> Place | None:
        """The one line behind everything, where only one thing changed."""
        if self.elsewhere:
            return None
        spans = [(file, span) for file, found in self.code.items() for span in found]
        lines = sorted({leaf.line for leaf in self.settings})
        if not self.settings and len(spans) == 1:
            return self._at(spans[0][0], spans[0][1][0])
        together = len(lines) == 1 or (len(lines) > 1 and lines[-1] - lines[0] < len(lines) + 1)
        if lines and lines[0] and together and not self.code:
            return self._at(self.stack_file, lines[0])
        return None

    def _setting(self, change: Change) -> Place | None:
        for difference in change.differences:
            if (leaf := self._behind(difference)) is not None:
                return self._at(self.stack_file, leaf.line)
        if change.op == "create":
            names = {change.resource.name, change.resource.id.rpartition("/")[2]} - {""}
            found = [
                leaf for leaf in self.settings if leaf.line and leaf.name == "name" and leaf.after in names
            ]
            if len(found) == 1:
                return self._at(self.stack_file, found[0].line)
        return None

    def _behind(self, difference: Difference) -> Leaf | None:
        values = (_text(difference.before), _text(difference.after))
        found = [leaf for leaf in self.settings if leaf.line and (leaf.before, leaf.after) == values]
        if len(found) > 1:
            last = difference.path.rpartition(".")[2].lower()
            found = [
                leaf for leaf in found if last.startswith(leaf.name.lower()) or leaf.name.lower() in last
            ]
        return found[0] if len(found) == 1 else None

    def _row(self, change: Change) -> Place | None:
        """The one changed line of a table whose words the resource's name is made of: a grant, a subnet."""
        name = change.resource.name
        found: dict[tuple[str, int], int] = {}
        for file, line, text in self._changed_lines():
            words = {word for word in _QUOTED.findall(text) if word in name}
            if words and max(map(len, words)) < len(name):
                found[file, line] = sum(map(len, words))
        best = [at for at, score in found.items() if score == max(found.values()) and 2 * score > len(name)]
        return self._at(*best[0]) if change.op == "create" and len(best) == 1 else None

    def _changed_lines(self) -> Iterator[tuple[str, int, str]]:
        for file, spans in self.code.items():
            try:
                lines = (self.root / file).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError):
                continue
            for first, last in spans:
                yield from ((file, at, lines[at - 1]) for at in range(first, min(last, len(lines)) + 1))

    def _declared(self, change: Change) -> Place | None:
        if change.after is None:
            return None
        file, line = self._source(change.after.urn)
        if not file:
            return None
        changed = [
            span for span in self.code.get(file, ()) if span[1] >= line and span[0] <= self._end(file, line)
        ]
        return self._at(file, max(changed[0][0], line) if changed else line)

    def _source(self, urn: str) -> tuple[str, int]:
        uri, _, line = self.declared.get(urn, "").rpartition(":")
        path = Path(unquote(urlparse(uri).path))
        if not line.isdigit() or not path.is_relative_to(self.root):
            return "", 0
        inside = path.relative_to(self.root)
        return ("", 0) if inside.parts[0].startswith(".") else (inside.as_posix(), int(line))

    def _end(self, file: str, line: int) -> int:
        """The last line of the statement that begins at a line, or holds it."""
        try:
            tree = ast.parse((self.root / file).read_bytes())
        except (OSError, SyntaxError, ValueError):
            return line
        ends = [
            node.end_lineno or line
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and node.lineno == line
        ]
        return max(ends, default=line)

    def _at(self, file: str, line: int) -> Place:
        return Place(file=f"{self.prefix}{file}", line=line)


def differing(before: str, after: str) -> tuple[Leaf, ...]:
    """The settings that differ between two texts of a stack file."""
    if before == after:
        return ()
    old, new = _leaves(before), _leaves(after)
    return tuple(
        Leaf(path, _value(old, path), _value(new, path), new[path][1] if path in new else 0)
        for path in {**new, **old}
        if _value(old, path) != _value(new, path)
    )


def places(sources: Sources, changes: Iterable[Change]) -> dict[str, Place]:
    """By URN: where it is said what happens to the resource."""
    found = {}
    for change in changes:
        if change.op != "same" and (place := sources.place(change)) is not None:
            found[change.resource.urn] = place
    return found


def _value(leaves: Mapping[str, tuple[str, int]], path: str) -> str | None:
    return leaves[path][0] if path in leaves else None


def _leaves(text: str) -> dict[str, tuple[str, int]]:
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return {}
    found: dict[str, tuple[str, int]] = {}
    if node is not None:
        _walk(node, "", found)
    return found


def _walk(node: yaml.Node, path: str, found: dict[str, tuple[str, int]]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _walk(value, f"{path}.{key.value}" if path else str(key.value), found)
    elif isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            _walk(item, f"{path}[{_label(item) or at}]", found)
    else:
        found[path] = (_text(node.value) or "", node.start_mark.line + 1)


def _label(item: yaml.Node) -> str:
    """Elements of a list are known by their names, so that one that moves is still the same."""
    if isinstance(item, yaml.MappingNode):
        return next((str(value.value) for key, value in item.value if key.value in {"name", "family"}), "")
    return str(item.value) if isinstance(item, yaml.ScalarNode) else ""


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text.lower() if text in {"True", "False"} else text
