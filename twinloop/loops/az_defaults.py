"""What the Azure CLI takes for granted on this machine: default group, workspace and subscription."""

from __future__ import annotations

import configparser
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class AzDefaults:
    """Defaults of `az`; empty where it has none."""

    group: str
    workspace: str
    subscription: str
    source: str


def read(environment: Mapping[str, str]) -> AzDefaults:
    """What `az configure --defaults` and `az account set` wrote; variables win, as they do for az.

    Args:
        environment: variables; `AZURE_CONFIG_DIR` moves az's folder.
    """
    folder = Path(environment.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(folder / "config", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        parser = configparser.ConfigParser()  # az's own file, az's own complaint
    group = environment.get("AZURE_DEFAULTS_GROUP", "")
    workspace = environment.get("AZURE_DEFAULTS_WORKSPACE", "")
    variables = [
        name for name in ("AZURE_DEFAULTS_GROUP", "AZURE_DEFAULTS_WORKSPACE") if environment.get(name)
    ]
    if not (group and workspace):
        variables.append(str(folder / "config"))
    return AzDefaults(
        group=group or parser.get("defaults", "group", fallback=""),
        workspace=workspace or parser.get("defaults", "workspace", fallback=""),
        subscription=environment.get("AZURE_SUBSCRIPTION_ID") or _signed_in(folder),
        source="az's defaults (" + " and ".join(variables) + ")",
    )


def _signed_in(folder: Path) -> str:
    """The subscription that `az account set` chose; empty where nobody is signed in."""
    try:
        profile = json.loads((folder / "azureProfile.json").read_text(encoding="utf-8-sig"))
        chosen = [one["id"] for one in profile["subscriptions"] if one.get("isDefault")]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return str(chosen[0]) if chosen else ""
