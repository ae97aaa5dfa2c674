"""`twinloop workspace ...`: which Azure ML workspace is in use, for every client on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twinloop.cli.nouns import noun
from twinloop.cli.options import Cloud, CloudName, Stack
from twinloop.cli.output import Json, emit
from twinloop.cli.scene import Group, Name, Subscription, Where, located
from twinloop.clouds.home import find_home
from twinloop.stacks.choice import choose

app = noun(
    """The Azure ML workspace in use.

    [bold]Examples[/]

      twinloop workspace config -s dev        MLClient.from_config() and this tool find it from now on
    """
)


@app.command("config")
def config(
    *,
    folder: Annotated[
        Path | None, typer.Option("--path", help="Folder to write below; the checkout if left out.")
    ] = None,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    _json: Json = False,
) -> None:
    """Write `.azureml/config.json`, which every Azure ML client reads; asks nothing of any cloud."""
    from twinloop.loops.workspaces import write_config

    home = find_home()
    chosen = choose(home, stack, on_twin=cloud is CloudName.TWIN)
    where = Where(chosen if not group else "", group, workspace, subscription, cloud)
    found = located(where, home, chosen)
    path = write_config(found, folder or home.checkout)
    emit(
        {"file": str(path), **found.config()},
        f"{path} names workspace {found.name} of {found.group}; MLClient.from_config() finds it now.",
    )
