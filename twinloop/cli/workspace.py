"""`twinloop workspace ...`: which Azure ML workspace is in use, for every client on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from twinloop.cli.nouns import noun
from twinloop.cli.options import CloudName, bundled
from twinloop.cli.output import emit, say
from twinloop.cli.scene import Where, located, opened
from twinloop.clouds.home import find_home
from twinloop.stacks.choice import choose

app = noun(
    """The Azure ML workspace in use.

    [bold]Examples[/]

      twinloop workspace config -s dev        MLClient.from_config() and this tool find it from now on
      twinloop workspace show                 which one it is, by which rule, and what is in it
    """
)


@app.command("config")
@bundled
def config(
    *,
    folder: Annotated[
        Path | None,
        typer.Option("--path", help="Folder to write below; the checkout if left out.", show_default=False),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that names another workspace.")
    ] = False,
    where: Where,
) -> None:
    """Write `.azureml/config.json`, which every Azure ML client reads; asks nothing of any cloud.

    [bold]Examples[/]

      twinloop workspace config -s dev
      twinloop workspace config -g GROUP -w WORKSPACE --subscription ID --force
    """
    from rich.markup import escape

    from twinloop.loops import workspace_files

    home = find_home()
    by_flags = bool(where.group or where.workspace)
    chosen = (
        ""
        if by_flags and not where.stack
        else choose(home, where.stack, on_twin=where.cloud is CloudName.TWIN)
    )
    found = located(
        Where(chosen, where.group, where.workspace, where.subscription, where.cloud), home, chosen
    )
    path = workspace_files.write(
        (found.subscription, found.group, found.name), folder or home.checkout, force=force
    )
    for other in found.passed_over:
        if str(path) not in other:
            say(f"[yellow]note:[/] {escape(other)}")
    emit(
        {"file": str(path), **found.config()},
        f"{path} names workspace {found.name} of {found.group}; MLClient.from_config() finds it now.",
    )


@app.command("show")
@bundled
def show(*, where: Where) -> None:
    """Show the workspace in use: by which rule it was found, and what it offers to jobs.

    [bold]Examples[/]

      twinloop workspace show
      twinloop workspace show -s dev --json
    """
    from twinloop.loops.offer import offer_of

    with opened(where) as scene:
        offer = offer_of(scene.client)
    result: dict[str, Any] = {
        **scene.workspace.config(),
        "id": scene.workspace.id,
        "namedBy": scene.workspace.source,
        "passedOver": list(scene.workspace.passed_over),
        **offer.as_json(),
    }
    lines = [
        ("workspace", scene.workspace.name),
        ("group", scene.workspace.group),
        ("subscription", scene.workspace.subscription),
        ("location", offer.location),
        ("named by", scene.workspace.source),
        *(("compute", text) for text in offer.computes),
        *(("datastore", text) for text in offer.datastores),
        ("MLflow", offer.mlflow),
    ]
    emit(result, "\n".join(f"{label:<13} {value}" for label, value in lines if value))
