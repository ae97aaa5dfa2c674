"""HTML out of text that its author cannot use: every value escaped, every table of one shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from twinloop.review.labels import name_of, seen, shortened, shown, type_of

LONGEST = 1_500  # characters of a value or a sentence


def text(words: str) -> str:
    """A sentence, escaped."""
    return escape(shortened(seen(words), LONGEST))


def value(given: Any) -> str:
    """One value, escaped, in the type of code; nothing where there is none."""
    return "" if given is None else f"<code>{escape(shown(given, LONGEST))}</code>"


def resource(urn: str) -> str:
    """A resource as a person calls it, its whole URN under the pointer."""
    kind = type_of(urn).removeprefix("azure-native:")
    soft = f' <span class="soft">{text(kind)}</span>' if kind else ""
    return f'<span title="{escape(seen(urn))}"><b>{text(name_of(urn))}</b>{soft}</span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A table that scrolls by itself where it is too wide; cells are HTML, the head is text."""
    body = "".join(f"<tr>{_cells(row, numbers)}</tr>" for row in rows)
    titles = "".join(
        f'<th scope="col"{_class(at, numbers)}>{text(name)}</th>' for at, name in enumerate(head)
    )
    # a box that scrolls must be reachable by keys
    whole = f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0">{whole}</div>'


def _cells(row: Sequence[str], numbers: Sequence[int]) -> str:
    return "".join(f"<td{_class(at, numbers)}>{cell}</td>" for at, cell in enumerate(row))


def _class(at: int, numbers: Sequence[int]) -> str:
    return ' class="number"' if at in numbers else ""


def badge(kind: str, words: str = "") -> str:
    """A small coloured word: an operation or how grave it is."""
    return f'<span class="badge {escape(kind)}">{text(words or kind)}</span>'


def folded(title: str, body: str, *, count: int | None = None, is_open: bool = True) -> str:
    """A part of the page behind its own heading; title and body are HTML."""
    many = f' <span class="soft">{count}</span>' if count is not None else ""
    opened = " open" if is_open else ""
    return f'<details class="part"{opened}><summary><h3>{title}{many}</h3></summary>{body}</details>'
