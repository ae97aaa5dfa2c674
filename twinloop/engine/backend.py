"""Pulumi's file backend: where a stack's state, backups, history and journal lie, and how they are read."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twinloop.engine import durable
from twinloop.engine.errors import StateCorrupted
from twinloop.engine.model import Stack

ENGINE_VERSION: Final = "v3.260.0"
"""The engine version whose format is written; the official CLI refuses none of its own line."""
_MAGIC: Final = hashlib.sha256(ENGINE_VERSION.encode()).hexdigest()
DEPLOYMENT_VERSION: Final = 3


def digest(data: bytes) -> str:
    """What the journal remembers of a checkpoint."""
    return hashlib.sha256(data).hexdigest()


def manifest(moment: str) -> dict[str, str]:
    """Who wrote the state, and when."""
    return {"time": moment, "magic": _MAGIC, "version": ENGINE_VERSION}


@dataclass(frozen=True)
class Checkpoint:
    """A state file as it was read."""

    data: bytes
    deployment: dict[str, Any]

    @property
    def digest(self) -> str:
        """The file's fingerprint; of nothing where there is no file."""
        return digest(self.data)


class Backend:
    """The files of one stack."""

    def __init__(self, stack: Stack) -> None:
        root = stack.backend / ".pulumi"
        self.stack = stack
        self.meta = root / "meta.yaml"
        self.checkpoint = root / "stacks" / stack.project / f"{stack.name}.json"
        self.journal = self.checkpoint.with_name(f"{stack.name}.json.journal")
        self.backups = root / "backups" / stack.project / stack.name
        self.history = root / "history" / stack.project / stack.name
        self.locks = root / "locks" / stack.organization / stack.project / stack.name

    def read(self) -> Checkpoint | None:
        """The state file, or None where the stack has none yet.

        Raises:
            StateCorrupted: it is there and cannot be read.
        """
        try:
            data = self.checkpoint.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return Checkpoint(data, _deployment(data))
        except (ValueError, KeyError, TypeError) as error:
            raise self.corrupted(str(error)) from error

    def corrupted(self, problem: str) -> StateCorrupted:
        """The error for a state file that cannot be read, with the way out."""
        return StateCorrupted(self.checkpoint, problem, self.newest_good_backup())

    def newest_good_backup(self) -> Path | None:
        """The newest copy that can be read: what a run left, what stood before it, Pulumi's own `.bak`."""
        aside = self.checkpoint.with_name(f"{self.checkpoint.name}.bak")
        found = [*self.history.glob("*.checkpoint.json"), *self.backups.glob("*.json")]
        found += [aside] if aside.exists() else []
        for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True):
            try:
                _deployment(path.read_bytes())
            except (ValueError, KeyError, TypeError, OSError):
                continue
            return path
        return None

    def back_up(self, checkpoint: Checkpoint) -> None:
        """Keep the state as it was before a change."""
        durable.write(self.backups / f"{self.stack.name}.{time.time_ns()}.json", checkpoint.data)

    def write(self, data: bytes) -> None:
        """Replace the state file."""
        if not self.meta.exists():
            durable.write(self.meta, b"version: 1\n")
        durable.write(self.checkpoint, data)

    def record(self, entry: dict[str, Any], data: bytes) -> None:
        """Add one run to the history."""
        stem = f"{self.stack.name}-{time.time_ns()}"
        durable.write(
            self.history / f"{stem}.history.json", json.dumps(entry, separators=(",", ":")).encode()
        )
        durable.write(self.history / f"{stem}.checkpoint.json", data)


def _deployment(data: bytes) -> dict[str, Any]:
    document = json.loads(data)
    if not isinstance(document, dict) or "checkpoint" not in document:
        raise ValueError("it has no 'checkpoint'")
    if document.get("version") != DEPLOYMENT_VERSION:
        raise ValueError(
            f"its version is {document.get('version')!r}; this engine reads {DEPLOYMENT_VERSION}"
        )
    latest = document["checkpoint"].get("latest") or {}
    if not isinstance(latest, dict) or not isinstance(latest.get("resources") or [], list):
        raise TypeError("its 'latest' is not a deployment")
    return latest
