"""The addresses of pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from twinloop.localazure.core.ids import ArmId

if TYPE_CHECKING:
    from twinloop.localazure.jobs.records import Job


_HASH = re.compile(r"^([0-9a-f]{8})[0-9a-f-]{16,}$")  # of what was sent along without a name


def run_page(job: Job, *more: str, **query: str) -> str:
    """A job's page, or one below it."""
    tail = "".join(f"/{quote(part, safe='/')}" for part in more)
    words = urlencode({"wsid": job.workspace, **query}, safe="/")
    return f"/studio/runs/{quote(job.name, safe='')}{tail}?{words}"


def asset_page(collection: str, asset_id: str) -> str:
    """The page of a model, a data asset or an environment, from the ARM id of one of its versions."""
    arm_id = ArmId(asset_id)
    version = arm_id.name if arm_id.segments[-2:-1] == ("versions",) else ""
    container = arm_id.parent if version and arm_id.parent else arm_id
    owner = container.parent.text if container.parent else ""
    anchor = f"#v{quote(version)}" if version else ""
    return f"/studio/{collection}/{quote(container.name)}?{urlencode({'wsid': owner}, safe='/')}{anchor}"


def experiment_page(name: str) -> str:
    """The jobs of an experiment."""
    return f"/studio/jobs?{urlencode({'experiment': name})}"


def group_page(group: ArmId) -> str:
    """The page of a resource group."""
    return f"/studio/groups/{group.subscription}/{quote(group.group)}"


def short_id(arm_id: str) -> str:
    """`name:version` of an asset's id, the last name of any other."""
    parts = ArmId(arm_id).segments
    if len(parts) > 3 and parts[-2].lower() == "versions":  # noqa: PLR2004 - name/versions/version
        version = _HASH.match(parts[-1])
        return f"{parts[-3]}:{version[1] if version else parts[-1]}"
    return parts[-1] if parts else arm_id
