"""Splits the text of a Dockerfile into instructions with their line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SHOWN = 70  # characters of an instruction in a message


@dataclass(frozen=True)
class Line:
    """One instruction."""

    number: int  # of its first line, from 1
    word: str  # FROM, RUN, ...
    rest: str

    @property
    def shown(self) -> str:
        """As messages show it."""
        text = " ".join(f"{self.word} {self.rest}".split())
        return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 3] + '...'}`"


def lines(text: str) -> Iterator[Line]:
    """The instructions: continued lines are one, comments and blanks are none."""
    start, parts = 0, list[str]()
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        start = start or number
        parts.append(line.removesuffix("\\").strip())
        if line.endswith("\\"):
            continue
        yield _line(start, " ".join(parts))
        start, parts = 0, []
    if parts:
        yield _line(start, " ".join(parts))


def _line(number: int, text: str) -> Line:
    word, _, rest = text.partition(" ")
    return Line(number, word.upper(), rest.strip())
