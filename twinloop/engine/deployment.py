"""What every part of one run shares."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from twinloop.engine.errors import Cancelled
from twinloop.engine.model import Operation, Options, Program, Stack
from twinloop.engine.reporting import Report
from twinloop.engine.snapshot import Snapshot

if TYPE_CHECKING:
    from twinloop.engine.provider_registry import ProviderRegistry


@dataclass
class Deployment:
    """One run on one stack."""

    operation: Operation
    stack: Stack
    options: Options
    snapshot: Snapshot
    report: Report
    dry_run: bool
    program: Program | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._gate = threading.BoundedSemaphore(max(1, self.options.parallel))
        self.providers: ProviderRegistry

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One of the `parallel` places for work on the cloud."""
        with self._gate:
            if self.cancelled.is_set():
                raise Cancelled
            yield

    def targeted(self, urn: str) -> bool:
        """Whether the run may touch the resource."""
        return matches(urn, self.options.targets)


def matches(urn: str, targets: Iterable[str]) -> bool:
    """Whether a URN is meant by the targets; no targets mean everything."""
    targets = tuple(targets)
    return not targets or any(fnmatchcase(urn, target.replace("[", "[[]")) for target in targets)
