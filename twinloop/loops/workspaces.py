"""Which workspace a command means: flags, a workspace file, az's defaults, or the stack's own names."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.loops import az_defaults, workspace_files
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from twinloop.loops.az_defaults import AzDefaults


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An Azure ML workspace by name, and by which rule the name was found."""

    subscription: str
    group: str
    name: str
    source: str
    passed_over: tuple[str, ...] = ()
    """Other places that name another workspace, in words; the rule above decided against them."""

    @property
    def id(self) -> str:
        """Its ARM id."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    def config(self) -> dict[str, str]:
        """The content of `.azureml/config.json`."""
        return workspace_files.content(self.subscription, self.group, self.name)

    def same_as(self, other: Workspace) -> bool:
        """Whether both are one workspace; Azure's names know no case."""
        return self.id.lower() == other.id.lower()


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What the command line said; empty where it said nothing."""

    subscription: str = ""
    group: str = ""
    name: str = ""
    stack: str = ""


def find(
    flags: Flags,
    computed: Callable[[], Workspace],
    *,
    start: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Workspace:
    """The workspace that is meant.

    Group and name come from the first source that knows them: the flags; the stack's names, where a stack was
    asked for; the workspace file here or in a folder above; az's defaults; the default stack's names. A flag
    that stands alone takes the other half from the workspace file or az's defaults. The subscription is the
    flag's, else the same source's, else the stack's.

    Args:
        flags: what the command line said.
        computed: names of the stack's workspace from its settings; called only when needed.
        start: folder to look from; the working directory if left out.
        environment: variables; this process's if left out.

    Raises:
        BadUsage: one of group and name is given and nothing knows the other, or the config file is broken.
    """
    variables = os.environ if environment is None else environment
    az = az_defaults.read(variables)
    noted = _noted(start or Path.cwd(), az)
    if flags.group or flags.name:
        chosen = _by_flags(flags, noted, az)
    elif flags.stack or not noted:
        chosen = computed()
    else:
        chosen = noted[0]
    if flags.subscription or not chosen.subscription:
        known = flags.subscription or variables.get("ARM_SUBSCRIPTION_ID") or computed().subscription
        chosen = replace(chosen, subscription=known)
    return replace(chosen, passed_over=tuple(_passed_over(chosen, noted, flags, computed)))


def of_stack(path: Path) -> Workspace:
    """The workspace that a stack's settings name, computed without asking anything.

    Args:
        path: the stack's file, `Pulumi.<stack>.yaml`.

    Raises:
        BadUsage: the stack is shared and has no workspace.
        SettingsError: the file's settings cannot be meant.
    """
    from infra.settings import EnvironmentSettings
    from twinloop.stack_settings import closed, load

    settings = load(path)
    if not isinstance(settings, EnvironmentSettings):
        raise BadUsage(
            "This stack has no workspace: it holds what the environments share.",
            where=str(path),
            allowed="a stack whose twinloop:kind is environment",
            next_step="-s dev",
        )
    names = settings.names
    return Workspace(
        subscription=names.subscription_id,
        group=names.resource_group,
        name=names.workspace,
        source=f"the settings of {path.name}" + _guessed(closed(path)),
    )


def _guessed(closed: Sequence[str]) -> str:
    """What must be said where a name or an id may not be the real one."""
    return f" (placeholders stand for what is encrypted there: {', '.join(closed)})" if closed else ""


def _noted(start: Path, az: AzDefaults) -> list[Workspace]:
    """Workspaces that files and variables of this machine name in full, first choice first."""
    found = []
    if file := workspace_files.nearest(start):
        path, (subscription, group, name) = file
        found.append(Workspace(subscription=subscription, group=group, name=name, source=str(path)))
    if az.group and az.workspace:
        found.append(
            Workspace(subscription=az.subscription, group=az.group, name=az.workspace, source=az.source)
        )
    return found


def _by_flags(flags: Flags, noted: list[Workspace], az: AzDefaults) -> Workspace:
    """The workspace of the flags; where one stands alone, the other half is taken from what is noted."""
    if flags.group and flags.name:
        return Workspace(subscription="", group=flags.group, name=flags.name, source="-g and -w")
    given = f"-g {flags.group}" if flags.group else f"-w {flags.name}"
    half = Workspace(subscription=az.subscription, group=az.group, name=az.workspace, source=az.source)
    other = next((one for one in [*noted, half] if (one.name if flags.group else one.group)), None)
    if other is None:
        raise BadUsage(
            "A resource group and a workspace are named together.",
            where="-g and -w",
            given=given,
            allowed="both -g GROUP and -w WORKSPACE, or neither; one alone where a workspace file or az's "
            "defaults know the other",
            next_step="leave both out to take the workspace of the stack",
        )
    return replace(
        other,
        group=flags.group or other.group,
        name=flags.name or other.name,
        source=f"{given.split(maxsplit=1)[0]}, and for the rest {other.source}",
    )


def _passed_over(
    chosen: Workspace, noted: list[Workspace], flags: Flags, computed: Callable[[], Workspace]
) -> Iterator[str]:
    """What else names a workspace, and another one."""
    by_flags = bool(flags.group or flags.name)
    others = [*noted, computed()] if by_flags and flags.stack else noted
    why = "the flags decide" if by_flags else f"-s {flags.stack} decides" if flags.stack else ""
    for other in others:
        full = other if other.subscription else replace(other, subscription=chosen.subscription)
        if not full.same_as(chosen):
            reason = why or f"{chosen.source} decides"
            yield f"{other.source} names workspace {other.name} of {other.group}; {reason}"
