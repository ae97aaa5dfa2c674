"""Help for a terminal of any width: paragraphs are wrapped there, and not where the source wrapped them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer._click import Command


def unwrapped(text: str) -> str:
    """A help text with each paragraph in one line; indented lines, as examples are, stay as they are."""
    return "\n\n".join(map(_joined, inspect.cleandoc(text).split("\n\n")))


def unwrap(command: Command) -> None:
    """Do so with the help of a command and of all commands below it."""
    if command.help:
        command.help = unwrapped(command.help)
    for below in getattr(command, "commands", {}).values():
        unwrap(below)


def _joined(paragraph: str) -> str:
    lines = paragraph.splitlines()
    return paragraph if any(line[:1].isspace() for line in lines) else " ".join(lines)
