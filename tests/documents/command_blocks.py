"""Reads the command blocks out of a document, and makes one shell script of them that says where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?:sh|bash|shell|console)\s*$")
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+?) -->")
MARK = "##block "  # printed before each block, so that a failure names its line


@dataclass(frozen=True)
class Block:
    """One fenced block of commands."""

    line: int
    text: str
    reason: str = ""
    """Why it is not run; empty where it is."""


def blocks(document: str) -> list[Block]:
    """Every block of shell commands, in order.

    Raises:
        ValueError: a fence is not closed.
    """
    found: list[Block] = []
    lines = document.splitlines()
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence is None:
            at += 1
            continue
        start = at + 1
        try:
            end = next(n for n in range(start, len(lines)) if lines[n].strip() == "```")
        except StopIteration:
            raise ValueError(f"the block that begins at line {start} is not closed") from None
        before = next((line for line in reversed(lines[:at]) if line.strip()), "")
        reason = NOT_RUN.search(before)
        indent = len(fence["indent"])
        text = "\n".join(line[indent:] for line in lines[start:end])
        found.append(Block(start, text, reason["reason"] if reason else ""))
        at = end + 1
    return found


def script(found: list[Block]) -> str:
    """The blocks that are run, one after the other in one shell, which stops at the first that fails."""
    parts = ["set -eu -o pipefail"]
    for block in found:
        if not block.reason:
            parts += [f"echo '{MARK}{block.line}' >&2", block.text]
    return "\n".join(parts) + "\n"


def documents(root: Path) -> list[Path]:
    """The README and all documents but those that are written from the code."""
    pages = [root / "README.md", root / "CONTRIBUTING.md", root / "SECURITY.md"]
    below = (page for page in (root / "docs").rglob("*.md") if "reference" not in page.parts)
    return [page for page in [*pages, *sorted(below)] if page.exists()]
