"""Why a revision could not be evaluated, as a person is told: settings refused, program failed, limit met."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from twinloop import engine
from twinloop.problems import BadUsage, NotSupported, Problem

if TYPE_CHECKING:
    from twinloop.clouds.stack_file import StackFile
    from twinloop.review.evaluation import Bench

_SETTINGS = re.compile(
    r"the program raised SettingsError: [^\n]*?: (\d+) settings? not usable\n(.*)", re.DOTALL
)


def problem_of(error: Exception, file: StackFile, bench: Bench) -> Problem:
    """What a person is told about an error of the engine.

    Args:
        error: it.
        file: the stack's file at the revision.
        bench: where it was evaluated: paths are told as seen from its folder, its command is to be run again.
    """
    text = str(error).replace(f"{bench.root.resolve()}/", "").replace(f"{bench.root}/", "")
    again = f"{bench.command} -s {file.name}"
    if isinstance(error, engine.ProgramFailed):
        return _program(text, file, again)
    if isinstance(error, engine.NotSupported | engine.UnknownProvider):
        return NotSupported(
            text,
            where=f"the program of stack {file.name}",
            allowed="packages: azure-native",
            next_step=f"twinloop preview -s {file.name} --engine pulumi   (with the official plugins)",
        )
    if isinstance(error, engine.ResourceFailed):
        return Problem(
            "The cloud would refuse what the program declares.",
            where=f"{file.path.name} and the program",
            given="\n".join(f"{urn.rpartition('::')[2]}: {why}" for urn, why in error.failures),
            next_step=f"put it right, then: {again}",
        )
    return Problem(
        text,
        where=f"stack {file.name}",
        given=f"{file.path.name} and the program of that revision",
        next_step=f"twinloop preview -s {file.name}   shows whether the working tree has it too",
    )


def _program(text: str, file: StackFile, again: str) -> Problem:
    if found := _SETTINGS.search(text):
        count, lines = found[1], dedent(found[2].partition('\n  File "')[0].rstrip())
        return BadUsage(
            f"The settings of stack '{file.name}' cannot be used: {count} "
            + ("problems." if count != "1" else "problem."),
            where=file.path.name,
            given=lines,
            next_step=f"edit {file.path.name}, then: {again}",
        )
    if "was stopped: it took more than" in text:
        return Problem(
            "The program took too long and was stopped.",
            where=f"the program of stack {file.name}",
            given=text,
            next_step="find what it waits for, or allow more: --time-limit SECONDS",
        )
    if "had no more memory than" in text:
        return Problem(
            "The program wanted more memory than it may have and was stopped.",
            where=f"the program of stack {file.name}",
            given=text,
            next_step="find what it holds, or allow more: --memory-limit MIB",
        )
    return Problem(
        "The program failed.",
        where=f"the program of stack {file.name}",
        given=text,
        next_step=f"put it right, then: {again}",
    )
