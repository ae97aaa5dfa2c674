"""`twinloop doctor`: what is missing on this machine, for which use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.machine import WORDS, Finding, Use, look
from twinloop.cli.nouns import verb
from twinloop.cli.output import Json, emit
from twinloop.clouds.home import find_home
from twinloop.problems import Kind, Problem

if TYPE_CHECKING:
    from rich.console import Console

app = verb()


@app.command()
def doctor(
    uses: Annotated[
        list[Use] | None,
        typer.Option("--for", help="Look at this use only, and fail if it lacks anything; repeatable."),
    ] = None,
    *,
    _json: Json = False,
) -> None:
    """Say what this machine has and lacks, for which use, and what to type.

    What the twin needs must be there: exit code 1 if not. What other uses need is told; asked for by
    `--for`, it must be there too.

    [bold]Examples[/]

      twinloop doctor
      twinloop doctor --for azure
    """
    asked = frozenset(uses or ())
    found = look(find_home(), asked or frozenset(Use))
    must = asked | {Use.TWIN}
    lacking = [one for one in found if not one.ok and must.intersection(one.uses)]
    able = {use: all(one.ok for one in found if use in one.uses) for use in (asked or Use)}
    result = {
        "uses": {use.value: ready for use, ready in able.items()},
        "findings": [
            {"what": one.what, "uses": list(one.uses), "found": one.found, "ok": one.ok, "fix": one.fix}
            for one in found
        ],
    }
    if not lacking:
        emit(result, lambda out: _describe(out, found, able))
        return
    problem = Problem(
        f"This machine lacks: {', '.join(one.what for one in lacking)}.",
        where="; ".join(f"{one.what}: {one.found}" for one in lacking),
        allowed="everything that the use needs; other uses: twinloop doctor",
        next_step="; ".join(one.fix for one in lacking),
        kind=Kind.FAILED,
    )
    problem.result = result
    raise problem


def _describe(out: Console, found: list[Finding], able: dict[Use, bool]) -> None:
    width = max(len(one.what) for one in found)
    for one in found:
        mark = "[green]has  [/]" if one.ok else "[yellow]lacks[/]"
        out.print(f"{mark}  {one.what:{width}}  ", end="")
        out.print(one.found, markup=False)
        if one.fix:
            out.print(f"       {'':{width}}  to have it: {one.fix}", markup=False)
    out.print()
    for use, ready in able.items():
        out.print(f"{'[green]ready[/]    ' if ready else '[yellow]not ready[/]'}  {use.value:7} {WORDS[use]}")
