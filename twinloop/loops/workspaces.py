"""Which workspace a command means: flags, `.azureml/config.json`, az's defaults, or the stack's own names."""

from __future__ import annotations

import configparser
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONFIG = Path(".azureml") / "config.json"
_KEYS = ("subscription_id", "resource_group", "workspace_name")


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An Azure ML workspace by name, and where the name was found."""

    subscription: str
    group: str
    name: str
    source: str

    @property
    def id(self) -> str:
        """Its ARM id."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    def config(self) -> dict[str, str]:
        """The content of `.azureml/config.json`."""
        return dict(zip(_KEYS, (self.subscription, self.group, self.name), strict=True))


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

    Group and name come together from the first source that has both: the flags; the stack's names, where a
    stack was asked for; `.azureml/config.json` here or in a folder above; az's defaults; the default stack's
    names. The subscription is the flag's, else the same source's, else the stack's.

    Args:
        flags: what the command line said.
        computed: names of the stack's workspace from its settings; called only when needed.
        start: folder to look from; the working directory if left out.
        environment: variables; this process's if left out.

    Raises:
        BadUsage: only one of group and name is given, or the config file is broken.
    """
    variables = os.environ if environment is None else environment
    if bool(flags.group) != bool(flags.name):
        raise BadUsage(
            "A resource group and a workspace are named together.",
            given=f"-g {flags.group}" if flags.group else f"-w {flags.name}",
            allowed="both -g GROUP and -w WORKSPACE, or neither",
            next_step="leave both out to take the workspace of the stack",
        )
    if flags.group:
        subscription = flags.subscription or variables.get("ARM_SUBSCRIPTION_ID") or computed().subscription
        return Workspace(subscription=subscription, group=flags.group, name=flags.name, source="flags")
    if flags.stack:
        return computed()
    found = from_config(start or Path.cwd()) or from_az(variables)
    if found is None:
        return computed()
    subscription = flags.subscription or found.subscription or computed().subscription
    return Workspace(subscription=subscription, group=found.group, name=found.name, source=found.source)


def from_config(start: Path) -> Workspace | None:
    """The workspace of the nearest `.azureml/config.json` upwards; None when there is no such file.

    Raises:
        BadUsage: the file is not JSON or lacks a key.
    """
    here = start.resolve()
    path = next((folder / CONFIG for folder in (here, *here.parents) if (folder / CONFIG).is_file()), None)
    if path is None:
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        subscription, group, name = (str(document[key]) for key in _KEYS)
    except (ValueError, KeyError, TypeError) as error:
        raise BadUsage(
            "The workspace file cannot be read.",
            where=str(path),
            given=f"{type(error).__name__}: {error}",
            allowed="a JSON object with " + ", ".join(_KEYS),
            next_step="twinloop workspace config   (writes it anew)",
        ) from error
    return Workspace(subscription=subscription, group=group, name=name, source=str(path))


def from_az(environment: Mapping[str, str]) -> Workspace | None:
    """The workspace of az's defaults: `AZURE_DEFAULTS_GROUP` and `_WORKSPACE`, or `az configure`."""
    group = environment.get("AZURE_DEFAULTS_GROUP", "")
    name = environment.get("AZURE_DEFAULTS_WORKSPACE", "")
    source = "AZURE_DEFAULTS_GROUP and AZURE_DEFAULTS_WORKSPACE"
    if not (group and name):
        folder = Path(environment.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(folder / "config", encoding="utf-8")
        except configparser.Error:
            return None  # az's own file, az's own complaint
        group = group or parser.get("defaults", "group", fallback="")
        name = name or parser.get("defaults", "workspace", fallback="")
        source = str(folder / "config")
    if not (group and name):
        return None
    subscription = environment.get("AZURE_SUBSCRIPTION_ID", "")
    return Workspace(subscription=subscription, group=group, name=name, source=source)


def of_stack(path: Path) -> Workspace:
    """The workspace that a stack's settings name, computed without asking anything.

    Args:
        path: the stack's file, `Pulumi.<stack>.yaml`.

    Raises:
        BadUsage: the stack is shared and has no workspace.
        SettingsError: the file's settings cannot be meant.
    """
    from infra.settings import EnvironmentSettings
    from infra.stack_files import load

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
        subscription=names.subscription_id, group=names.resource_group, name=names.workspace, source=path.name
    )


def write_config(workspace: Workspace, folder: Path) -> Path:
    """Write `.azureml/config.json`, which every Azure ML client reads."""
    if not folder.is_dir():
        raise NotFound("There is no such folder.", where=str(folder), next_step=f"mkdir -p {folder}")
    path = folder / CONFIG
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(workspace.config(), indent=2) + "\n", encoding="utf-8")
    return path
