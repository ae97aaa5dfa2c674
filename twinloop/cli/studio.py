"""`twinloop studio` and `twinloop mlflow`: pages of the local Azure in the browser, as a persona."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.nouns import verb
from twinloop.cli.options import As, Stack
from twinloop.cli.output import Json, emit, say, wants_json
from twinloop.clouds import personas
from twinloop.clouds.environment import MARK
from twinloop.clouds.home import find_home
from twinloop.clouds.session import open_twin

if TYPE_CHECKING:
    from twinloop.clouds.twin import Twin

studio = verb()
mlflow = verb()
HOME = "/studio/"
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the link; open nothing.")]


@studio.command()
def open_studio(
    *,
    as_persona: As = "",
    no_browser: NoBrowser = False,
    _json: Json = False,
) -> None:
    """Open the pages of the local Azure: jobs, models, computes, and the picture of what stands.

    Pages show what the persona may read, and change nothing. The link is good for a day or two.

    [bold]Examples[/]

      twinloop studio
      twinloop studio --as data-scientist --no-browser
    """
    found, _ = open_twin(find_home())
    _open(found, HOME, as_persona or _persona(personas.DEPLOYER), no_browser=no_browser)


@mlflow.command()
def open_mlflow(
    *,
    workspace: Annotated[str, typer.Option("--workspace-name", "-w", help="The workspace.")] = "",
    stack: Stack = "",
    as_persona: As = "",
    no_browser: NoBrowser = False,
    _json: Json = False,
) -> None:
    """Open MLflow's own pages on a workspace of the local Azure: experiments, runs, charts, models.

    They read only; jobs write to it by the MLflow client.

    [bold]Examples[/]

      twinloop mlflow
      twinloop mlflow -w mlw-mlp-dev-weu --no-browser
    """
    from twinloop.loops import workspaces
    from twinloop.stacks.choice import choose

    home = find_home()
    found, _ = open_twin(home)
    name = workspace or workspaces.of_stack(home.checkout / f"Pulumi.{choose(home, stack)}.yaml").name
    to = f"{HOME}mlflow?wsid={name}"
    _open(found, to, as_persona or _persona(personas.SCIENTIST), no_browser=no_browser)


def link(found: Twin, persona: str, to: str = HOME) -> str:
    """A signed link that opens a page as a persona.

    Raises:
        TwinUnreachable: the twin does not answer.
        Refused: it knows no such persona.
    """
    return str(found.call("POST", "/_twin/studio", {"persona": persona, "to": to})["url"])


def _open(found: Twin, to: str, persona: str, *, no_browser: bool) -> None:
    url = link(found, persona, to)
    opened = not no_browser and not wants_json() and sys.stdout.isatty() and typer.launch(url) == 0
    if opened:
        say(f"Opening it in your browser as [bold]{persona}[/].")
    say(
        "[dim]The browser warns once of a certificate that it does not know: it is this local Azure's own, "
        f"{found.home.authority}.[/]"
    )
    emit({"url": url, "persona": persona, "opened": opened}, url)


def _persona(usual: str) -> str:
    """Who this shell is, if it points at the twin already; else the usual one."""
    return os.environ.get("TWINLOOP_PERSONA", "") if os.environ.get(MARK) else usual
