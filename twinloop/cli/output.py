"""What a command prints: data on stdout, words and progress on stderr, one JSON shape for both ends."""

from __future__ import annotations

import json
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.errors import as_json, as_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console, RenderableType
    from rich.text import Text

    from twinloop.problems import Problem

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout, in success and in failure.")
]


@dataclass(frozen=True)
class Invocation:
    """Which command runs, and whether its answer is read by a program."""

    command: str = ""
    json: bool = False


_NONE = Invocation()
_current: ContextVar[Invocation] = ContextVar("twinloop_invocation", default=_NONE)


def begin(invocation: Invocation) -> None:
    """Remember what runs; called once by `main`, before any command."""
    _current.set(invocation)


def wants_json() -> bool:
    """Whether this command was given `--json`."""
    return _current.get().json


def running() -> str:
    """The command that runs, as it is typed, without its options: `twinloop check permissions`."""
    return f"twinloop {_current.get().command}".strip()


def console() -> Console:
    """Rich console for stdout: tables and trees that are the data a person asked for."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def words() -> Console:
    """Rich console for stderr: words and progress, which no pipe should swallow."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())


def emit(result: object, text: RenderableType | Callable[[Console], None] | None = None) -> None:
    """Print a command's result: as the JSON shape with `--json`, else as `text`.

    Args:
        result: plain data (dicts, lists, strings, numbers); what `--json` shows under `result`.
        text: what a person sees on stdout: something Rich can print, or a function that prints on the
            console it is given; None prints nothing.
    """
    if wants_json():
        _print_json(ok=True, result=result, error=None)
    elif callable(text):
        text(console())
    elif text is not None:
        # text is never cut: a pipe gets whole values; what has a shape of its own (a table) is fitted
        console().print(text, soft_wrap=not hasattr(text, "__rich_console__") or hasattr(text, "plain"))


def rows(header: Sequence[str], lines: Sequence[Sequence[str]]) -> Text:
    """Aligned columns as plain text, never cut: a pipe gets whole values."""
    from rich.text import Text

    widths = [max(len(line[at]) for line in (header, *lines)) for at in range(len(header))]

    def row(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    shown = Text(row(header), style="bold")
    for line in lines:
        shown.append("\n" + row(line), style="not bold")
    return shown


def say(message: str) -> None:
    """Print words for a person on stderr (Rich markup is obeyed; escape what users typed)."""
    words().print(message)


def fail(problem: Problem) -> None:
    """Print a problem: as the JSON shape with `--json` (on stdout), and always as words on stderr."""
    if wants_json():
        _print_json(ok=False, result=problem.result, error=as_json(problem))
    from rich.text import Text

    shown = Text()
    for number, (label, content) in enumerate(as_words(problem)):
        shown.append("\n" if number else "")
        shown.append(f"{label:>7}: ", style="bold red" if label == "error" else "bold")
        shown.append(content.replace("\n", "\n" + " " * 9))
    words().print(shown)


def _print_json(*, ok: bool, result: object, error: dict[str, str] | None) -> None:
    shape = {"ok": ok, "command": _current.get().command, "result": result, "error": error}
    sys.stdout.write(json.dumps(shape, indent=2, default=str) + "\n")
    sys.stdout.flush()
