"""How a figure is taken: several runs, the peers in turn, medians and the ratio pair by pair."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table: what was measured, its goal, and how it stands beside its peer."""

    what: str
    ours: str  # as shown: "1.9 s", "0.42 ms"
    peer: str = ""  # name and value of the peer in the same run
    ratio: float | None = None  # ours / peer, the median over pairs
    goal: str = ""  # in words, from the design
    met: bool | None = None
    note: str = ""


def pairs(ours: Callable[[], float], peer: Callable[[], float], *, runs: int) -> tuple[float, float, float]:
    """Run both in turn after one warm-up each.

    Returns:
        Median of ours, median of the peer, median of the ratios pair by pair; in the unit of the callables.
    """
    ours(), peer()
    taken = [(ours(), peer()) for _ in range(runs)]
    return (
        statistics.median(a for a, _ in taken),
        statistics.median(b for _, b in taken),
        statistics.median(a / b for a, b in taken),
    )


def wall(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, ok: Sequence[int] = (0,)
) -> float:
    """Wall seconds of one whole process.

    Raises:
        RuntimeError: it ended with an exit code that is not in `ok`; its output is in the message.
    """
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=dict(env) if env is not None else None,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode not in ok:
        message = (
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
        raise RuntimeError(message)
    return took


def percentile(samples: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the samples lie; nearest rank."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
