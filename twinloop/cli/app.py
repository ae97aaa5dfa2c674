"""The `twinloop` command: imports the module of the command that was called, behind one error boundary."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
import traceback
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from twinloop.cli import garbage
from twinloop.cli.commands import COMMANDS, Entry
from twinloop.cli.errors import EXIT_OF, Exit, of_machine
from twinloop.cli.help_text import unwrap
from twinloop.cli.output import Invocation, begin, fail
from twinloop.problems import Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer._click import Command, Context

HELP = """Machine-learning platforms on Azure, with a local twin of the cloud.

[bold]Examples[/]

  twinloop preview -s dev              what would change
  twinloop up -s dev                   make it so, on the local twin
  twinloop stack output -s dev         what the stack tells others
  twinloop submit -f pipelines/classical/training.yml
  twinloop twin env -- az account show run any client against the twin
"""


class LazyGroup(TyperGroup):
    """Lists its commands from the table; imports a command's module only when it is called."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - signature of the base class
        """Names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002 - signature of the base class
        """A stand-in that carries name and help; enough for `--help` and completion."""
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else _stand_in(cmd_name, entry)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """The real command, imported now."""
        self.commands = {name: _stand_in(name, entry) for name, entry in COMMANDS.items()}
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else None, rest


def _stand_in(name: str, entry: Entry) -> Command:
    from typer.core import TyperCommand

    return TyperCommand(name, help=entry.help, rich_help_panel=entry.panel)


def load(name: str) -> Command:
    """The Typer command behind one word of the table.

    Raises:
        KeyError: the table has no such word.
    """
    entry = COMMANDS[name]
    app: typer.Typer = getattr(importlib.import_module(entry.module), entry.attribute)
    command = typer.main.get_command(app)
    command.name = name
    unwrap(command)
    return command


root = typer.Typer(
    cls=LazyGroup, help=HELP, no_args_is_help=True, rich_markup_mode="rich", add_completion=True
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - Typer hands the flag's value over by position
    if value:
        from twinloop import __version__

        sys.stdout.write(f"twinloop {__version__}\n")
        raise typer.Exit


@root.callback(help=HELP)
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Nothing happens before a command is known."""


def invocation_of(argv: Sequence[str]) -> Invocation:
    """Command and `--json` read off the raw words, so that usage errors have them too."""
    own = list(argv[: argv.index("--")]) if "--" in argv else list(argv)
    plain = [word for word in own if not word.startswith("-")]
    taken = plain[:1]
    if taken and taken[0] in COMMANDS and COMMANDS[taken[0]].noun:
        taken = plain[:2]
    return Invocation(" ".join(taken), "--json" in own)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises for what a person can put right."""
    words = list(sys.argv[1:] if argv is None else argv)
    begin(invocation_of(words))
    garbage.rarely()
    try:
        code = typer.main.get_command(root).main(words, prog_name="twinloop", standalone_mode=False)
    except Problem as problem:
        fail(problem)
        return EXIT_OF[problem.kind]
    except typer.Abort:
        fail(
            Problem(
                "Stopped at your word.",
                where=f"twinloop {invocation_of(words).command}".strip(),
                given="Ctrl-C, or no to a question",
                next_step="nothing more is done; run the command again to go on",
            )
        )
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # the reader of a pipe (head, less) has gone: no error, and no second one at interpreter exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - the boundary
        return _unforeseen(error, words)
    return int(code) if isinstance(code, int) else Exit.OK


def _unforeseen(error: Exception, words: Sequence[str]) -> int:
    """A usage error of Typer's own, or a bug: the one thing that is shown with its traceback."""
    from typer._click.exceptions import ClickException, NoArgsIsHelpError

    if isinstance(error, OSError) and (problem := of_machine(error)) is not None:
        fail(problem)
        return EXIT_OF[problem.kind]
    if isinstance(error, NoArgsIsHelpError):
        sys.stderr.write(error.format_message() + "\n")
        return Exit.USAGE
    if isinstance(error, ClickException):
        from twinloop.cli.usage import problem_of

        fail(problem_of(error, invocation_of(words).command, words))
        return Exit.USAGE
    fail(
        Problem(
            f"{type(error).__name__}: {error}",
            where="inside Twinloop: this is a bug, not your mistake",
            given=shlex.join(["twinloop", *words]),
            next_step="report it with the lines below; nothing that was acknowledged is lost",
            kind=Kind.FAILED,
        )
    )
    traceback.print_exception(error, file=sys.stderr)
    return Exit.BUG
