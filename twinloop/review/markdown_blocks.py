"""A comment as blocks: joined into Markdown, and cut between two of them where it would be too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, kw_only=True)
class Block:
    """The least that is shown or left out as a whole."""

    section: str
    """The heading that it stands under."""
    text: str
    """Markdown, its values escaped."""
    fold: str = ""
    """HTML of the line that it is hidden behind; neighbours with the same line share it."""


def joined(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown, each section under its heading and each fold closed."""
    return "\n\n".join(_section(heading, list(found)) for heading, found in _by(blocks, "section"))


def _by(blocks: Sequence[Block], field: str) -> Iterator[tuple[str, Iterator[Block]]]:
    return groupby(blocks, key=lambda block: getattr(block, field))


def _section(heading: str, blocks: Sequence[Block]) -> str:
    parts = [f"### {heading}"]
    for fold, found in _by(blocks, "fold"):
        text = "\n".join(block.text for block in found)
        parts.append(f"<details><summary>{fold}</summary>\n\n{text}\n\n</details>" if fold else text)
    return "\n\n".join(parts)


def size(text: str) -> int:
    """Length as the strictest reader counts it: characters beyond the basic plane count twice."""
    return len(text.encode("utf-16-le", errors="replace")) // 2


def most_that_fit(blocks: Sequence[Block], room: int) -> int:
    """How many of the first blocks fit into `room` characters."""
    least, most = 0, len(blocks)
    while least < most:
        middle = (least + most + 1) // 2
        if size(joined(blocks[:middle])) <= room:
            least = middle
        else:
            most = middle - 1
    return least


def left_out(blocks: Sequence[Block]) -> str:
    """What these blocks are, in one line: `12 of Updated, 30 of Created`."""
    counted = Counter(block.section for block in blocks)
    return ", ".join(f"{count} of “{section}”" for section, count in counted.items())
