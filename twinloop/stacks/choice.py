"""Which stack a command means: `-s`, else PULUMI_STACK, else the selected one, else dev, on the twin only."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from twinloop.clouds import stack_file
from twinloop.problems import BadUsage

DEFAULT = "dev"


def choose(checkout: Path, given: str, *, on_twin: bool = True) -> str:
    """Short name of the stack, known to have a file.

    Raises:
        NotFound: there is no such stack.
        BadUsage: none was named, and a default would be a guess about a real cloud.
    """
    name = given or os.environ.get("PULUMI_STACK", "") or selected(checkout)
    if not name and on_twin:
        name = DEFAULT
    if not name:
        raise BadUsage(
            "No stack is named, and on Azure none is assumed.",
            where="-s, PULUMI_STACK, or `pulumi stack select`",
            allowed=", ".join(stack_file.known(checkout)),
            next_step=f"run it again with -s {DEFAULT}",
        )
    return stack_file.read(checkout, name).name


def selected(checkout: Path) -> str:
    """The stack that `pulumi stack select` chose for this checkout; empty where there is none."""
    project = checkout / "Pulumi.yaml"
    mark = hashlib.sha1(str(project).encode(), usedforsecurity=False).hexdigest()
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    settings = home / "workspaces" / f"{stack_file.project_name(checkout)}-{mark}-workspace.json"
    try:
        chosen = str(json.loads(settings.read_text(encoding="utf-8")).get("stack", ""))
    except (OSError, ValueError):
        return ""
    name = chosen.rsplit("/", 1)[-1]
    return name if name in stack_file.known(checkout) else ""
