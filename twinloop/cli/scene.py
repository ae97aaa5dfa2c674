"""Who a machine-learning command is, and on which workspace it acts; said before anything is done."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.options import CloudName
from twinloop.cli.output import say
from twinloop.clouds import environment, personas
from twinloop.clouds.home import find_home
from twinloop.clouds.session import acting
from twinloop.loops import workspaces
from twinloop.loops.workspaces import Flags, Workspace
from twinloop.problems import Refused
from twinloop.stacks.choice import choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.ai.ml import MLClient

    from twinloop.clouds.home import Home

POLL_TWIN = 0.25  # seconds between two looks at a job; the twin is on this machine
POLL_AZURE = 3.0

Group = Annotated[str, typer.Option("--resource-group", "-g", help="Resource group of the workspace.")]
Name = Annotated[str, typer.Option("--workspace-name", "-w", help="The workspace.")]
Subscription = Annotated[str, typer.Option("--subscription", help="Subscription of the workspace.")]


@dataclass(frozen=True)
class Scene:
    """A client on a workspace, and who it speaks for."""

    client: MLClient
    workspace: Workspace
    persona: str
    on_twin: bool

    @property
    def poll(self) -> float:
        """Seconds between two looks at a job."""
        return POLL_TWIN if self.on_twin else POLL_AZURE


@dataclass(frozen=True)
class Where:
    """What the command line said about where to act and as whom."""

    stack: str = ""
    group: str = ""
    name: str = ""
    subscription: str = ""
    cloud: CloudName = CloudName.TWIN
    persona: str = ""

    @property
    def flags(self) -> Flags:
        """The part that names a workspace."""
        return Flags(subscription=self.subscription, group=self.group, name=self.name, stack=self.stack)


@contextmanager
def opened(where: Where) -> Iterator[Scene]:
    """A client on the workspace that is meant; on the twin, within the persona's variables.

    Raises:
        NotFound: no such stack, persona or project.
        BadUsage: the workspace is not named unmistakably.
        TwinUnreachable: the twin did not come up.
    """
    from twinloop.loops.client import connect
    from twinloop.loops.refusals import asking

    home = find_home()
    on_twin = where.cloud is CloudName.TWIN
    if on_twin:
        stack = choose(home, where.stack)
        persona = where.persona or _persona_of_shell() or personas.SCIENTIST
        with acting(home, stack=stack, persona=persona):
            workspace = located(where, home, stack)
            say(f"[dim]on the twin as[/] {persona}[dim], workspace[/] {workspace.name}")
            with asking(workspace):
                yield Scene(connect(workspace), workspace, persona, on_twin)
        return
    if os.environ.get(environment.MARK):
        raise Refused(
            "This shell points at the twin.",
            where=environment.MARK,
            given="--cloud azure",
            next_step='eval "$(twinloop twin env --unset)", then run it again',
        )
    workspace = located(where, home, choose(home, where.stack, on_twin=False) if where.stack else "")
    say(f"[dim]on Azure, subscription [/]{workspace.subscription}[dim], workspace [/]{workspace.name}")
    with asking(workspace):
        yield Scene(connect(workspace), workspace, "", on_twin)


def located(where: Where, home: Home, stack: str) -> Workspace:
    """The workspace that is meant, found without asking any cloud.

    Raises:
        BadUsage: it is not named unmistakably.
    """

    def computed() -> Workspace:
        name = stack or choose(home, where.stack, on_twin=where.cloud is CloudName.TWIN)
        return workspaces.of_stack(home.checkout / f"Pulumi.{name}.yaml")

    return workspaces.find(where.flags, computed)


def _persona_of_shell() -> str:
    """Who this shell is, if it points at the twin already (`eval "$(twinloop twin env --as ...)"`)."""
    return os.environ.get("TWINLOOP_PERSONA", "") if os.environ.get(environment.MARK) else ""
