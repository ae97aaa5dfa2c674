"""How wide is a text, and how is one that is too long cut? Estimated: no browser draws here."""

from __future__ import annotations

import unicodedata
from html import escape

_NARROW = frozenset("iljtfrI1.,:;'|!()[]{}/\\ -")
_WIDE = frozenset("mwMWQOGDC@%&")
_ELLIPSIS = "…"


def text_width(text: str, size: float = 13) -> float:
    """Pixels that a line of text takes in a common sans-serif, rather too many than too few.

    Args:
        text: one line.
        size: of the font, pixels.

    Returns:
        Pixels.
    """
    return sum(_share(letter) for letter in text) * size


def fitted(text: str, width: float, size: float = 13) -> str:
    """The text, or its two ends about an ellipsis, so that it fits.

    Names of resources differ in their ends (`st-mlp-dev-weu`, `st-mlp-dev-neu`), so the middle goes.

    Args:
        text: one line.
        width: pixels that there are, >= one letter.
        size: of the font, pixels.

    Returns:
        At most as many letters as were given.
    """
    if text_width(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        head = kept - kept // 2
        short = text[:head] + _ELLIPSIS + (text[-(kept // 2) :] if kept // 2 else "")
        if text_width(short, size) <= width:
            return short
    return _ELLIPSIS


def attributes(**pairs: str | float) -> str:
    """XML attributes, escaped; an empty text is left out; `_` stands for `-`, and a last `_` goes."""
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{printable(number(value))}"'
        for name, value in pairs.items()
        if value != ""
    )


def number(value: str | float) -> str:
    """A coordinate without needless digits; a text as it is."""
    if isinstance(value, str):
        return value
    return f"{value:.1f}".rstrip("0").rstrip(".")


def printable(text: str) -> str:
    """Escaped for XML; characters that XML refuses even escaped become a visible mark."""
    kept = "".join(c if c in _BLANKS or unicodedata.category(c) not in _NOT_XML else _MARK for c in text)
    return escape(kept, quote=True)


_NOT_XML, _BLANKS = frozenset({"Cc", "Cs", "Cn"}), "\n\t"
_MARK = "\N{REPLACEMENT CHARACTER}"


def _share(letter: str) -> float:
    if letter in _NARROW:
        return 0.38
    if letter in _WIDE:
        return 0.92
    if unicodedata.east_asian_width(letter) in {"W", "F"}:
        return 1.1
    if unicodedata.combining(letter):
        return 0.0
    return 0.7 if letter.isupper() or letter.isdigit() else 0.62
