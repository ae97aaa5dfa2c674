"""Queues of the compute clusters: as many runs at once as a cluster has nodes, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Cluster:
    """One cluster as it stands."""

    busy: dict[str, int] = field(default_factory=dict)  # run -> nodes
    waiting: deque[tuple[str, int, asyncio.Future[None]]] = field(default_factory=deque)
    idle_since: float | None = None  # twin time in seconds; None while all its nodes are busy or it has none
    idle: int = 0  # nodes that wait for the next run or their end

    @property
    def running(self) -> int:
        """Nodes that run something."""
        return sum(self.busy.values())


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The limits of a cluster."""

    most: int
    least: int = 0
    idle_seconds: float = 120.0


class Clusters:
    """All clusters by ARM id; the limits are read anew each time, as they may be changed."""

    def __init__(self, scale: Callable[[str], Scale], now: Callable[[], float]) -> None:
        self._scale = scale
        self._now = now
        self._clusters: dict[str, Cluster] = {}

    @asynccontextmanager
    async def nodes(
        self, compute: str, run: str, count: int, *, at_once: bool = False
    ) -> AsyncIterator[None]:
        """Hold nodes of a cluster; wait for them unless the run has them already (`at_once`)."""
        cluster = self._of(compute)
        if at_once or not self.must_wait(compute, count):
            self._take(cluster, run, count)
        else:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            entry = (run, count, turn)
            cluster.waiting.append(entry)
            try:
                await turn
            except asyncio.CancelledError:
                if entry in cluster.waiting:
                    cluster.waiting.remove(entry)
                else:
                    self._release(compute, cluster, run)
                self._admit(compute, cluster)
                raise
        try:
            yield
        finally:
            self._release(compute, cluster, run)
            self._admit(compute, cluster)

    def counts(self, compute: str) -> dict[str, int]:
        """How many nodes run, idle and are wanted by runs in the queue."""
        cluster, scale = self._of(compute), self._scale(compute)
        idle = cluster.idle
        if cluster.idle_since is not None and self._now() - cluster.idle_since > scale.idle_seconds:
            idle = cluster.idle = 0
        idle = max(idle, scale.least - cluster.running, 0)
        wanted = sum(count for _, count, _ in cluster.waiting)
        return {"running": cluster.running, "idle": idle, "waiting": wanted, "runs": len(cluster.waiting)}

    def must_wait(self, compute: str, count: int) -> bool:
        """Whether a run that comes now has to queue."""
        cluster = self._of(compute)
        return bool(cluster.waiting) or not self._fits(compute, cluster, count)

    def taken(self, compute: str) -> int:
        """Nodes, or cores of a serverless queue, that runs hold now."""
        return self._of(compute).running

    def idle_since(self, compute: str) -> float | None:
        """Twin time in seconds at which the last run ended; None while one runs, or where none has."""
        return self._of(compute).idle_since

    def runs(self, compute: str) -> list[str]:
        """The run on each busy node."""
        return [run.rpartition("/")[2] for run, count in self._of(compute).busy.items() for _ in range(count)]

    def resized(self, compute: str) -> None:
        """Let runs in that a raised limit has room for."""
        self._admit(compute, self._of(compute))

    def _of(self, compute: str) -> Cluster:
        return self._clusters.setdefault(compute.lower(), Cluster())

    def _fits(self, compute: str, cluster: Cluster, count: int) -> bool:
        return cluster.running + count <= self._scale(compute).most

    def _take(self, cluster: Cluster, run: str, count: int) -> None:
        cluster.busy[run] = count
        cluster.idle = max(0, cluster.idle - count)
        if cluster.idle == 0:
            cluster.idle_since = None

    def _release(self, compute: str, cluster: Cluster, run: str) -> None:
        freed = cluster.busy.pop(run, 0)
        if freed and compute:
            cluster.idle += freed
            cluster.idle_since = self._now()

    def _admit(self, compute: str, cluster: Cluster) -> None:
        while cluster.waiting and self._fits(compute, cluster, cluster.waiting[0][1]):
            run, count, turn = cluster.waiting.popleft()
            if not turn.done():
                self._take(cluster, run, count)
                turn.set_result(None)
