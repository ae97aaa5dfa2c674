"""Which stacks there are on the twin, and how a damaged state is put right."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop.clouds import stack_file
from twinloop.engine import locks
from twinloop.engine.backend import Backend
from twinloop.engine.errors import StackLocked, StackMissing, StateCorrupted
from twinloop.engine.model import Stack
from twinloop.problems import NotFound, Refused
from twinloop.stacks.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twinloop.clouds.home import Home
    from twinloop.stacks.target import Target


@dataclass(frozen=True)
class Row:
    """One stack of the checkout, and what it has on the twin."""

    name: str
    subscription: str
    exists: bool = False
    resources: int = 0
    changed_at: str = ""
    damaged: str = ""
    has_file: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self)


def stacks_on_twin(home: Home, names: Iterable[str]) -> list[Row]:
    """One row per stack file, and one per stack that stands on the twin without a file."""
    project = stack_file.project_name(home.checkout)
    known = list(names)
    standing = {path.stem for path in (home.state / ".pulumi" / "stacks" / project).glob("*.json")}
    found = [_row(home, project, name, stack_file.read(home.checkout, name).subscription) for name in known]
    left = [_row(home, project, name, "") for name in sorted(standing - set(known))]
    return found + [replace(row, has_file=False) for row in left if row.resources or row.damaged]


def _row(home: Home, project: str, name: str, subscription: str) -> Row:
    try:
        checkpoint = _backend(home, project, name).read()
    except StateCorrupted as error:
        return Row(name, subscription, exists=True, damaged=error.problem)
    if checkpoint is None:
        return Row(name, subscription)
    manifest = checkpoint.deployment.get("manifest") or {}
    resources = checkpoint.deployment.get("resources") or []
    return Row(
        name, subscription, exists=True, resources=len(resources), changed_at=str(manifest.get("time", ""))
    )


def restore(target: Target, *, force: bool) -> tuple[Path, Path]:
    """Put the newest good backup in place; the damaged file is moved aside.

    Args:
        target: the stack on the twin.
        force: do it even though the state can be read.

    Returns:
        The backup, and where the damaged file lies now.

    Raises:
        NotFound: there is no good backup.
        Refused: the state can be read, so there is nothing to rescue.
        Problem: another process holds the stack's lock.
    """
    backend = _backend(target.home, target.project, target.stack)
    try:
        with locks.held(backend, lambda _text: None):
            return _put_back(backend, target, force=force)
    except StackLocked as error:
        raise problem_of(error, target) from error


def _put_back(backend: Backend, target: Target, *, force: bool) -> tuple[Path, Path]:
    from twinloop.engine import durable

    try:
        backend.read()
        damaged = False
    except StateCorrupted:
        damaged = True
    if not damaged and not force and not backend.checkpoint.exists():
        raise problem_of(StackMissing(target.stack), target)
    if not damaged and not force:
        raise Refused(
            f"The state of stack '{target.stack}' can be read; there is nothing to rescue.",
            where=str(backend.checkpoint),
            given="a state in good order",
            allowed="a damaged one, or --yes",
            next_step=f"twinloop stack restore -s {target.stack} --yes   takes the newest backup anyway",
        )
    backup = backend.newest_good_backup()
    if backup is None:
        raise NotFound(
            f"There is no good backup of stack '{target.stack}'.",
            where=str(backend.backups),
            allowed="a backup in that folder that can be read",
            next_step="put the file back from your own backup, or start anew with: twinloop twin reset",
        )
    content = backup.read_bytes()
    aside = backend.checkpoint.with_name(f"{backend.checkpoint.name}.damaged-{time.time_ns()}")
    if backend.checkpoint.exists():
        backend.checkpoint.replace(aside)
    durable.write(backend.checkpoint, content)
    return backup, aside


def _backend(home: Home, project: str, name: str) -> Backend:
    return Backend(Stack(project=project, name=name, backend=home.state, passphrase=""))
