"""Who a machine-learning command is, and on which workspace it acts; said before anything is done."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli.options import As, Cloud, CloudName, Stack
from twinloop.cli.output import Json, say
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

POLL_TWIN = 0.5  # seconds between two looks at a job; each is paid by the machine that runs the job, too
POLL_AZURE = 3.0

Group = Annotated[
    str, typer.Option("--resource-group", "-g", help="Resource group of the workspace.", show_default=False)
]
Name = Annotated[str, typer.Option("--workspace-name", "-w", help="The workspace.", show_default=False)]
Subscription = Annotated[
    str, typer.Option("--subscription", help="Subscription of the workspace.", show_default=False)
]


@dataclass(frozen=True)
class Where:
    """Options of every machine-learning command: where to act and as whom."""

    stack: Stack = ""
    group: Group = ""
    workspace: Name = ""
    subscription: Subscription = ""
    cloud: Cloud = CloudName.TWIN
    persona: As = ""
    _json: Json = False

    @property
    def flags(self) -> Flags:
        """The part that names a workspace."""
        return Flags(subscription=self.subscription, group=self.group, name=self.workspace, stack=self.stack)


@dataclass(frozen=True)
class Scene:
    """A client on a workspace, and who it speaks for."""

    client: MLClient
    workspace: Workspace
    persona: str
    on_twin: bool
    home: Home

    @property
    def poll(self) -> float:
        """Seconds between two looks at a job."""
        return POLL_TWIN if self.on_twin else POLL_AZURE


@contextmanager
def opened(where: Where) -> Iterator[Scene]:
    """A client on the workspace that is meant; on the twin, within the persona's variables.

    Raises:
        NotFound: no such stack, persona or project.
        BadUsage: the workspace is not named unmistakably.
        TwinUnreachable: the twin did not come up.
    """
    home = find_home()
    if where.cloud is CloudName.TWIN:
        stack = choose(home, where.stack)
        persona = where.persona or _persona_of_shell() or personas.SCIENTIST
        with acting(home, stack=stack, persona=persona):
            yield from _scene(home, located(where, home, stack), persona)
        return
    if os.environ.get(environment.MARK):
        raise Refused(
            "This shell points at the twin.",
            where=environment.MARK,
            given="--cloud azure",
            next_step='eval "$(twinloop twin env --unset)", then run it again',
        )
    workspace = located(where, home, choose(home, where.stack, on_twin=False) if where.stack else "")
    yield from _scene(home, workspace, "")


def located(where: Where, home: Home, stack: str) -> Workspace:
    """The workspace that is meant, found without asking any cloud.

    Raises:
        BadUsage: it is not named unmistakably.
    """

    def computed() -> Workspace:
        name = stack or choose(home, where.stack, on_twin=where.cloud is CloudName.TWIN)
        return workspaces.of_stack(home.checkout / f"Pulumi.{name}.yaml")

    return workspaces.find(where.flags, computed)


def _scene(home: Home, workspace: Workspace, persona: str) -> Iterator[Scene]:
    """Connect, say who and where in one line, and hand the client over."""
    from rich.markup import escape

    from twinloop.loops.client import connect
    from twinloop.loops.identity import who_is
    from twinloop.loops.refusals import asking

    with asking(workspace):
        client = connect(workspace)
        who = who_is(client)
        cloud = f"the twin as {persona}" if persona else f"Azure as {who.name}"
        say(
            escape(
                f"on {cloud} ({who.kind}), workspace {workspace.name} of {workspace.group}"
                + ("" if persona else f" in subscription {workspace.subscription}")
                + f", named by {workspace.source}"
            )
        )
        for other in workspace.passed_over:
            say(f"[yellow]note:[/] {escape(other)}")
        yield Scene(client, workspace, persona, bool(persona), home)


def _persona_of_shell() -> str:
    """Who this shell is, if it points at the twin already (`eval "$(twinloop twin env --as ...)"`)."""
    return os.environ.get("TWINLOOP_PERSONA", "") if os.environ.get(environment.MARK) else ""
