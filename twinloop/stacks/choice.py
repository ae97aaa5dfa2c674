"""Which stack a command means: `-s`, else PULUMI_STACK, else the selected one, else dev, on the twin only."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop.clouds import stack_file
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from twinloop.clouds.home import Home

DEFAULT = "dev"


def choose(home: Home, given: str, *, on_twin: bool = True) -> str:
    """Short name of the stack, known to have a file.

    Raises:
        NotFound: there is no such stack.
        BadUsage: none was named, and a default would be a guess about a real cloud.
    """
    return stack_file.read(home.checkout, named(home, given, on_twin=on_twin)).name


def named(home: Home, given: str, *, on_twin: bool = True) -> str:
    """The stack as it was named, with its organisation where it has one: the official CLI wants it so.

    Raises:
        BadUsage: none was named, and a default would be a guess about a real cloud.
    """
    backend = f"file://{home.state}" if on_twin else _current_backend()
    name = given or os.environ.get("PULUMI_STACK", "") or selected(home.checkout, backend)
    if not name and on_twin:
        name = DEFAULT
    if not name:
        raise BadUsage(
            "No stack is named, and on Azure none is assumed.",
            where="-s, PULUMI_STACK, or `pulumi stack select`",
            allowed=", ".join(stack_file.known(home.checkout)),
            next_step=f"run it again with -s {DEFAULT}",
        )
    return name


def selected(checkout: Path, backend: str) -> str:
    """The stack that `pulumi stack select` chose for this checkout and backend; empty where there is none.

    With its organisation, as Pulumi's service knows it; a backend of one's own names it `organization`.
    """
    project = checkout / "Pulumi.yaml"
    mark = hashlib.sha1(str(project).encode(), usedforsecurity=False).hexdigest()
    settings = _pulumi_home() / "workspaces" / f"{stack_file.project_name(checkout)}-{mark}-workspace.json"
    chosen = _json(settings)
    full = (chosen.get("stacks") or {}).get(backend) or chosen.get("stack") or ""
    return str(full) if str(full).rsplit("/", 1)[-1] in stack_file.known(checkout) else ""


def _current_backend() -> str:
    return os.environ.get("PULUMI_BACKEND_URL") or str(
        _json(_pulumi_home() / "credentials.json").get("current", "")
    )


def _pulumi_home() -> Path:
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
