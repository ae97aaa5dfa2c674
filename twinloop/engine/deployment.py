"""What every part of one run shares."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from twinloop.engine.errors import Cancelled, UnknownTarget
from twinloop.engine.model import Operation, Options, Program, Stack
from twinloop.engine.reporting import Report
from twinloop.engine.snapshot import Snapshot

if TYPE_CHECKING:
    from twinloop.engine.analyzers import Analyzers
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
    sources: dict[str, str] = field(default_factory=dict)
    """URN -> `file:line` that declares it."""

    def __post_init__(self) -> None:
        self._gate = threading.BoundedSemaphore(max(1, self.options.parallel))
        self.providers: ProviderRegistry
        self.analyzers: Analyzers
        self._met: set[str] = set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One of the `parallel` places for work on the cloud."""
        with self._gate:
            if self.cancelled.is_set():
                raise Cancelled
            yield

    def targeted(self, urn: str) -> bool:
        """Whether the run may touch the resource."""
        if not self.options.targets:
            return True
        meant = {one for one in self.options.targets if fnmatchcase(urn, one.replace("[", "[[]"))}
        self._met |= meant
        return bool(meant)

    def refuse_unmet_targets(self) -> None:
        """A target that no resource has met, of the state or of the program's so far, is a mistake.

        Raises:
            UnknownTarget: there are such; all are named.
        """
        for state in self.snapshot.states():
            self.targeted(state.urn)
        if unmet := [one for one in self.options.targets if one not in self._met]:
            raise UnknownTarget(unmet)
