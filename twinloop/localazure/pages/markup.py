"""HTML from Python values: everything is escaped unless it is markup already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Union

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML; only `el`, `join` and `trusted` make it."""

    __slots__ = ()


Child = Union[str, int, float, None, "Iterable[Child]"]
Attribute = str | int | bool | None


def el(tag: str, *children: Child, **attributes: Attribute) -> Markup:
    """An element.

    Args:
        tag: its name.
        children: text (escaped), markup (as it is), None (nothing), or lists of these.
        attributes: values are escaped; True stands bare, False and None are left out. A last `_` of a name is
            dropped (`class_`), other `_` become `-`.
    """
    words = "".join(
        _attribute(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items()
    )
    if tag in _VOID:
        return Markup(f"<{tag}{words}>")
    return Markup(f"<{tag}{words}>{join(*children)}</{tag}>")


def join(*children: Child) -> Markup:
    """Children one after the other."""
    return Markup("".join(_text(child) for child in children))


def trusted(html: str) -> Markup:
    """Say that a text is HTML: what the pictures draw, which escape for themselves."""
    return Markup(html)


def link(text: Child, href: str, **attributes: Attribute) -> Markup:
    """A link; the text alone where there is nothing to link to."""
    return el("a", text, href=href, **attributes) if href else join(text)


def table(header: Iterable[str], rows: Iterable[Iterable[Child]], **attributes: Attribute) -> Markup:
    """A table in a frame that scrolls sideways where the window is narrow."""
    head = el("thead", el("tr", [el("th", title, scope="col") for title in header]))
    body = el("tbody", [el("tr", [el("td", cell) for cell in row]) for row in rows])
    return el("div", el("table", head, body, **attributes), class_="scroll")


def facts(pairs: Iterable[tuple[str, Child]], *, rows: bool = False) -> Markup:
    """Names with values, side by side or in rows; what has no value is left out."""
    shown = [
        el("div", el("dt", name), el("dd", value)) for name, value in pairs if value not in (None, "", [])
    ]
    return el("dl", shown, class_="facts rows" if rows else "facts") if shown else Markup()


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value), quote=True)}"'


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(child, quote=True)
    if isinstance(child, int | float):
        return str(child)
    return "".join(_text(one) for one in child)
