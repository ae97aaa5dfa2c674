"""`twinloop twin ...`: start, stop, look at, forget and use the local Azure."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.nouns import noun
from twinloop.cli.options import As, Stack, Yes
from twinloop.cli.output import Json, emit, rows, say
from twinloop.clouds import personas
from twinloop.clouds import twin as twins
from twinloop.clouds.home import find_home
from twinloop.clouds.session import open_session, open_twin
from twinloop.problems import Kind, Problem, Refused

if TYPE_CHECKING:
    from rich.console import Console

    from twinloop.clouds.twin import Twin

app = noun(
    """The local Azure of this checkout.

    [bold]Examples[/]

      twinloop twin start
      eval "$(twinloop twin env --as data-scientist)"       point this shell at it
      twinloop twin env -s dev -- pulumi preview -s dev      one command, by the official CLI
      eval "$(twinloop twin env --unset)"                   point it back
    """
)


@app.command("start")
def start(*, _json: Json = False) -> None:
    """Start the local Azure, unless it serves already."""
    found, started = open_twin(find_home())
    emit(_facts(found) | {"started": started}, lambda out: _describe(out, found))


@app.command("status")
def status(*, _json: Json = False) -> None:
    """Say whether it serves, and where; exit code 8 if it does not."""
    home = find_home()
    found = twins.running(home)
    if found is None:
        raise Problem(
            "The local Azure is not running.",
            where=str(home.root),
            allowed="a local Azure that was started for this checkout",
            next_step="twinloop twin start",
            kind=Kind.TWIN_UNREACHABLE,
        )
    emit(_facts(found), lambda out: _describe(out, found))


@app.command("stop")
def stop(*, _json: Json = False) -> None:
    """Stop it and wait until it has ended; what it holds stays."""
    was_there = twins.stop(find_home())
    emit({"stopped": was_there}, "The local Azure has stopped." if was_there else "It was not running.")


@app.command("reset")
def reset(*, yes: Yes = False, _json: Json = False) -> None:
    """Delete all that the local Azure holds, and the state of every stack on it."""
    home = find_home()
    if not yes:
        if not sys.stdin.isatty():
            raise Refused(
                "This deletes everything the local Azure holds, so it asks first; there is nobody to ask.",
                where=str(home.root),
                allowed="--yes, or a terminal to answer at",
                next_step="twinloop twin reset --yes",
            )
        typer.confirm(f"Delete all resources, jobs, models and stack states under {home.root}?", abort=True)
    twins.reset(home)
    emit({"reset": str(home.root)}, f"{home.root} holds nothing any more.")


@app.command("purge")
def purge(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="End these; else list all.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="End all of the stack's subscription.")] = False,
    stack: Stack = "",
    as_persona: As = personas.DEPLOYER,
    _json: Json = False,
) -> None:
    """List what was deleted and still holds its name, as on Azure; or end it before its time.

    [bold]Examples[/]

      twinloop twin purge -s dev                 what holds which name, and until when
      twinloop twin purge kv-mlp-dev-weu
      twinloop twin purge --all -s dev           then `up` can take the names again
    """
    from twinloop.stacks import tombstones
    from twinloop.stacks.target import target

    on = target(find_home(), stack=stack, persona=as_persona, environment=os.environ)
    if not names and not every:
        found = tombstones.tombstones(on)
        lines = [(one.name, one.type, one.goes_at, "yes" if one.protected else "-") for one in found]
        emit(
            {"tombstones": [one.as_json() for one in found]},
            rows(("name", "type", "goes by itself", "protected"), lines) if found else "Nothing is held.",
        )
        return
    ended = tombstones.chosen(on, names or ())
    tombstones.purge(on, ended)
    emit(
        {"purged": [one.as_json() for one in ended]},
        "\n".join(f"purged {one.name}" for one in ended) or "There was nothing to purge.",
    )
    if every and (kept := [one for one in tombstones.tombstones(on) if one.protected]):
        for one in kept:
            say(f"kept {one.name}: purge protection holds it until {one.goes_at}")


@app.command("logs")
def logs(
    *,
    last: Annotated[int, typer.Option("--last", "-n", min=0, help="How many lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it writes; Ctrl-C ends.")] = False,
    _json: Json = False,
) -> None:
    """Show the end of its log."""
    home = find_home()
    lines = twins.log_lines(home, last)
    emit({"file": str(home.log), "lines": lines}, lambda out: out.print("\n".join(lines), markup=False))
    if follow:
        for line in twins.follow_log(home):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


@app.command("env", context_settings={"allow_interspersed_args": False})
def env(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND...]", help="Run this with the variables.")
    ] = None,
    *,
    stack: Stack = "",
    as_persona: As = personas.DEPLOYER,
    unset: Annotated[bool, typer.Option("--unset", help="Print the lines that undo it.")] = False,
    _json: Json = False,
) -> None:
    """Print the variables that point any official client at the twin, or run one command with them.

    `pulumi` gets all else it needs: our providers, the twin's backend, passphrase and `--config-file`.
    """
    from twinloop.clouds.environment import unset_lines
    from twinloop.stacks.choice import choose

    home = find_home()
    if unset:
        emit({"lines": unset_lines()}, lambda out: out.print("\n".join(unset_lines()), markup=False))
        return
    chosen = choose(home, stack)
    session = open_session(home, stack=chosen, persona=as_persona)
    if command:
        from twinloop.stacks.official import is_pulumi, run_on_twin

        if is_pulumi(command):
            raise typer.Exit(run_on_twin(session, chosen, command))
        environment = session.variables.applied_to(os.environ)
        raise typer.Exit(_run(command, environment))
    if sys.stdout.isatty():
        say(f'Lines for your shell; set them with: eval "$(twinloop twin env --as {as_persona})"')
    emit(
        {
            "persona": session.persona,
            "set": dict(session.variables.values),
            "unset": list(session.variables.removed),
        },
        lambda out: out.print("\n".join(session.variables.export_lines()), markup=False),
    )


def _run(command: list[str], environment: dict[str, str]) -> int:
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except FileNotFoundError:
        raise Problem(
            f"There is no program '{command[0]}'.",
            where="PATH",
            given=command[0],
            next_step="install it, or give its whole path",
            kind=Kind.NOT_FOUND,
        ) from None


def _facts(found: Twin) -> dict[str, object]:
    return {
        "home": str(found.home.root),
        "pid": found.pid,
        "base": found.base,
        "httpBase": found.http_base,
        "startedAt": found.started_at,
        "version": found.version,
        "certificateBundle": str(found.home.bundle),
    }


def _describe(out: Console, found: Twin) -> None:
    out.print(
        f"The local Azure serves [bold]{found.base}[/] (process {found.pid}, since {found.started_at})."
    )
    out.print(f"It lives in {found.home.root}; point a client at it with: twinloop twin env", markup=False)
    from twinloop.cli.studio import link

    out.print(
        f"Its pages, as {personas.DEPLOYER}: {link(found, personas.DEPLOYER)}", markup=False, soft_wrap=True
    )
