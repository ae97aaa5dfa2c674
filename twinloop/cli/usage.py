"""A command line that cannot be read, told as every other problem: what was typed, and what there is."""

from __future__ import annotations

import difflib
import re
import shlex
from typing import TYPE_CHECKING

from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typer._click import Context
    from typer._click.exceptions import ClickException

_NO_COMMAND = re.compile(r"^No such command '(?P<name>.*?)'")
_EXTRA = re.compile(r"^Got unexpected extra arguments? ?(?:\(s\) )?\(.*\)$", re.DOTALL)
_NOT_ONE_OF = re.compile(r"^(?P<given>.+?) is not one of (?P<allowed>.+?)\.?$", re.DOTALL)
_NO_VALUE = re.compile(r"^Option '(?P<name>.+?)' requires an argument\.$")
_RANGE = "Input should be "  # how the validator begins when it tells what it allows
_INNER = "Value error, "  # what the validator writes before our own words


def problem_of(error: ClickException, command: str, words: Sequence[str]) -> BadUsage:
    """The problem of a person behind an error of the parser.

    Args:
        error: as the parser raised it.
        command: what was called, as far as it could be read: `jobs list`.
        words: the whole command line without the program's name.
    """
    from typer._click import exceptions as parser

    context = error.ctx if isinstance(error, parser.UsageError) else None
    at = context.command_path if context else f"twinloop {command}".strip()
    line = shlex.join(["twinloop", *words])
    said = error.format_message().replace(_INNER, "")
    if (found := _NO_COMMAND.match(said)) is not None:
        return _no_command(found["name"], context, at)
    if isinstance(error, parser.NoSuchOption):
        return _no_option(error, context, at)
    if isinstance(error, parser.BadParameter) and not isinstance(error, parser.MissingParameter):
        return _bad_value(error, said, at, line)
    message, allowed = f"{said.rstrip('.')}.", _help_of(error) or _usage(context)
    if (found := _NO_VALUE.match(said)) is not None:
        message, allowed = f"{found['name']} has no value.", f"{found['name']} VALUE"
    elif _EXTRA.match(said):
        message = "These are more words than this command takes."
    return BadUsage(message, where=at, given=line, allowed=allowed, next_step=f"{at} --help")


def _no_command(name: str, context: Context | None, at: str) -> BadUsage:
    names = list(context.command.list_commands(context)) if context else []  # type: ignore[attr-defined]
    near = difflib.get_close_matches(name, names, n=1)
    return BadUsage(
        f"There is no command '{name}'" + (f"; did you mean '{near[0]}'?" if near else "."),
        where=at,
        given=name,
        allowed=", ".join(names),
        next_step=f"{at} {near[0]}" if near else f"{at} --help",
    )


def _no_option(error: ClickException, context: Context | None, at: str) -> BadUsage:
    name = str(getattr(error, "option_name", ""))
    names = [one for one in _options(context) if one.startswith("--")]
    near = difflib.get_close_matches(name, names, n=1)
    return BadUsage(
        f"There is no option '{name}' here" + (f"; did you mean {near[0]}?" if near else "."),
        where=at,
        given=name,
        allowed=", ".join(names),
        next_step=f"{at} --help",
    )


def _bad_value(error: ClickException, said: str, at: str, line: str) -> BadUsage:
    param = getattr(error, "param", None)
    where = param.get_error_hint().replace("'", "") if param is not None else at
    told = said.partition(": ")[2] or said
    found = _NOT_ONE_OF.match(told)
    if found:
        given, allowed = found["given"].strip("'"), found["allowed"].replace("'", "")
    elif told.startswith(_RANGE):
        given, allowed = line, told.removeprefix(_RANGE)
    else:
        given, allowed = f"{line}: {told}", _help_of(error)
    return BadUsage(
        f"{where} does not take this.",
        where=at,
        given=given,
        allowed=allowed,
        next_step=f"{at} --help",
    )


def _help_of(error: ClickException) -> str:
    return str(getattr(getattr(error, "param", None), "help", "") or "")


def _options(context: Context | None) -> Iterable[str]:
    for param in context.command.get_params(context) if context else ():
        yield from (*param.opts, *param.secondary_opts)


def _usage(context: Context | None) -> str:
    return " ".join(context.command.collect_usage_pieces(context)) if context else ""
