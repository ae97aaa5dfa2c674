"""A step's command: the values put in place of its expressions, and a debugger put before its program."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from twinloop.loops.document import nearest
from twinloop.problems import BadUsage, NotSupported

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_PYTHON = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_TAKES_VALUE = frozenset({"-W", "-X"})  # options of Python's that are followed by a word of their own


def without_missing(command: str, given: Collection[str]) -> str:
    """The command with its optional parts (`$[[ ... ]]`) kept where their inputs are given, else left out."""

    def part(match: re.Match[str]) -> str:
        names = [name for kind, _, name in _references(match[1]) if kind == "inputs"]
        return match[1] if all(name in given for name in names) else ""

    return _OPTIONAL.sub(part, command)


def words_of(command: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> list[str]:
    """The words of a command with values in place of `${{inputs.NAME}}` and `${{outputs.NAME}}`.

    A value is put in after the command was split, so that a path with a blank stays one word.

    Raises:
        BadUsage: an expression has no value, or the quotes do not close.
    """

    def value(match: re.Match[str]) -> str:
        kind, _, name = match[1].partition(".")
        values = {"inputs": inputs, "outputs": outputs}.get(kind, {})
        if name not in values:
            known = [*(f"inputs.{one}" for one in inputs), *(f"outputs.{one}" for one in outputs)]
            raise BadUsage(
                f"The command uses '{match[1]}', which has no value here" + nearest(match[1], known) + ".",
                where="the command of the step",
                given=match[0],
                allowed=", ".join(known) or "no inputs and no outputs",
                next_step="correct the name in the command, or declare it under inputs or outputs",
            )
        return values[name]

    marked = _EXPRESSION.sub(lambda match: match[0].replace(" ", ""), without_missing(command, inputs))
    return [_EXPRESSION.sub(value, word) for word in _split(marked)]


def under_debugger(
    words: Sequence[str], python: str, debugger: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """The command with another interpreter and a debugger before its program.

    Args:
        words: of the command: `[NAME=VALUE ...] python [options] SCRIPT|-m MODULE [arguments]`.
        python: the interpreter to run.
        debugger: what stands between interpreter and program, such as `-m pdb`; empty for none.

    Returns:
        Variables that the command sets, and its words.

    Raises:
        NotSupported: the command is not one call of a Python program.
    """
    rest = list(words)
    variables: dict[str, str] = {}
    while rest and _ASSIGNMENT.fullmatch(rest[0]):
        name, _, value = rest.pop(0).partition("=")
        variables[name] = value
    if not rest or not _PYTHON.fullmatch(rest[0]):
        raise _refused(words, f"it begins with '{rest[0]}'" if rest else "it is empty")
    rest.pop(0)
    options: list[str] = []
    while rest and rest[0].startswith("-") and rest[0] not in {"-m", "-c", "-"}:
        options.append(rest.pop(0))
        if options[-1] in _TAKES_VALUE and rest:
            options.append(rest.pop(0))
    if not rest or rest[0] in {"-c", "-"}:
        raise _refused(words, "the program is given as text")
    return variables, [python, *options, *debugger, *rest]


def require_python(command: str) -> None:
    """Let a command pass that is one call of a Python program.

    Raises:
        NotSupported: it is something else.
        BadUsage: its quotes do not close.
    """
    under_debugger(_split(_EXPRESSION.sub("value", without_missing(command, ()))), "python", ())


def _split(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise BadUsage(
            "The command's quotes do not close.",
            where="the command of the step",
            given=command,
            allowed="quotes in pairs",
            next_step="close the quotes in the file, then run it again",
        ) from error
    operators = [word for word in words if word and set(word) <= set("();<>|&")]
    if operators:
        raise _refused([command], f"a shell would read '{operators[0]}'")
    return words


def _references(text: str) -> list[tuple[str, str, str]]:
    return [match[1].partition(".") for match in _EXPRESSION.finditer(text)]


def _refused(words: Sequence[str], why: str) -> NotSupported:
    return NotSupported(
        f"This command is not one call of a Python program: {why}.",
        where="the command of the step",
        given=" ".join(words),
        allowed="python [options] SCRIPT.py [arguments], or python -m MODULE [arguments]",
        next_step="put the other commands into the program, or run the step on the cluster: "
        "twinloop jobs rerun JOB --step NAME --code FOLDER",
    )
