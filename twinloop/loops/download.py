"""What a job has left, fetched to this machine: whole files or none."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.loops import stores
from twinloop.loops.client import quietly, without_bars
from twinloop.loops.document import nearest
from twinloop.loops.jobs import get
from twinloop.loops.runs import TERMINAL, WorkspaceHistory, state_of
from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.ai.ml import MLClient

_LOGS = "artifacts"  # folders as `az ml job download` names them
_OUTPUTS = "named-outputs"


@dataclass(frozen=True)
class Wanted:
    """What of a job is fetched: its logs, one output, or everything."""

    output: str = ""
    everything: bool = False


def download(
    client: MLClient,
    name: str,
    *,
    folder: Path,
    wanted: Wanted,
    on_part: Callable[[str, Path], None] | None = None,
) -> list[Path]:
    """Fetch a job's logs, one named output, or everything.

    Files arrive in a folder of their own beside the target and are moved when all have come: what is
    interrupted leaves nothing behind, and a file that was there before stays until its new content is whole.

    Args:
        client: on the workspace.
        name: of the job or of a step.
        folder: to write to.
        wanted: which part.
        on_part: told each part's name and the folder that it arrives in, before it is fetched.

    Returns:
        The files that were written.

    Raises:
        NotFound: there is no such job or output, or nothing was to be had.
        BadUsage: the job has not ended.
    """
    job = get(client, name)
    if state_of(job) not in TERMINAL:
        raise BadUsage(
            "This job has not ended.",
            where=name,
            given=state_of(job),
            next_step=f"twinloop jobs stream {name}",
        )
    history = WorkspaceHistory(client)
    name = history.run(name).reused_from or name
    outputs = history.outputs(name)
    if wanted.output and wanted.output not in outputs:
        raise NotFound(
            f"This job has no output '{wanted.output}'" + nearest(wanted.output, list(outputs)) + ".",
            where=name,
            given=wanted.output,
            allowed=", ".join(outputs) or "no named outputs",
            next_step="steps have outputs of their own: twinloop jobs list --parent " + name,
        )
    tell = on_part or (lambda *_: None)
    folder.mkdir(parents=True, exist_ok=True)
    arriving = Path(tempfile.mkdtemp(prefix=".arriving-", dir=folder))
    try:
        if not wanted.output:
            tell("logs", arriving)
            with quietly(), without_bars():
                client.jobs.download(name, download_path=str(arriving))
        for key in [wanted.output] if wanted.output else outputs if wanted.everything else []:
            tell(key, arriving)
            stores.fetch(client, outputs[key], arriving / _OUTPUTS / key)
        return _moved(arriving, folder, name, wanted)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)


def _moved(arriving: Path, folder: Path, name: str, wanted: Wanted) -> list[Path]:
    new = []
    for path in sorted(arriving.rglob("*")):
        if path.is_file():
            target = folder / path.relative_to(arriving)
            target.parent.mkdir(parents=True, exist_ok=True)
            new.append(path.replace(target))
    if not new:
        raise NotFound(
            "There was nothing to fetch.",
            where=name,
            given=wanted.output or "its logs",
            next_step=f"see what it has left: twinloop jobs show {name}",
        )
    return new
