"""Metrics and parameters of runs, read from the tracking store as it lies on disk, and their plots.

MLflow's process need not run for it, and the page reads while a job still writes. Its tables are those of the
one version that the lock names; were they others, the page would say so rather than show nothing.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from twinloop.localazure.jobs.tracking import workspace_name
from twinloop.localazure.pages.markup import Child, Markup, el, join, table, trusted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from twinloop.localazure.pages.job_facts import Facts

Points = list[tuple[float, float]]
_MOST = 400  # points of a line; more cannot be told apart
_SQL = (
    "SELECT run_uuid, key, step, value, is_nan FROM metrics WHERE run_uuid IN ({}) "
    "ORDER BY key, step, timestamp"
)


@dataclass(frozen=True)
class Measured:
    """What one run logged."""

    curves: dict[str, Points] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


def read(file: Path, runs: Sequence[str]) -> dict[str, Measured]:
    """What runs have logged so far; nothing for those that logged nothing.

    Raises:
        sqlite3.Error: the store cannot be read.
    """
    if not file.exists() or not runs:
        return {}
    marks = ",".join("?" * len(runs))
    found: defaultdict[str, Measured] = defaultdict(Measured)
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=2)) as db:
        for run, key, step, value, is_nan in db.execute(_SQL.format(marks), runs):
            found[run].curves.setdefault(key, []).append((step, math.nan if is_nan else value))
        for run, key, value in db.execute(
            f"SELECT run_uuid, key, value FROM params WHERE run_uuid IN ({marks}) ORDER BY key",  # noqa: S608
            runs,
        ):
            found[run].parameters[key] = value
    return dict(found)


def store_of(facts: Facts) -> Path:
    """The file in which MLflow keeps the workspace's runs."""
    return facts.twin.azure / "mlflow" / f"{workspace_name(facts.job.workspace)}.sqlite3"


def panel(facts: Facts, measured: dict[str, Measured] | None) -> Markup:
    """Per run that logged something: plots of what has a history, a table of what has not, parameters."""
    if measured is None:
        return el("p", "The tracking store cannot be read at this moment.", class_="empty")
    parts = []
    for run in facts.runs:
        if (one := measured.get(run.name)) is None:
            continue
        title = el("h3", run.display_name) if facts.children else None
        parts.append(join(title, _of_one(one)))
    yet = "" if facts.job.ended_already else " yet"
    return join(parts) if parts else el("p", f"Nothing was logged to MLflow{yet}.", class_="empty")


def _of_one(one: Measured) -> Markup:
    from twinloop.pictures.lines import plot

    curves = {key: points for key, points in one.curves.items() if len(points) > 1}
    last = {key: points[-1][1] for key, points in one.curves.items()}
    plots = [
        el("figure", trusted(plot({key: thinned(points)}, title=key, x="step", y=key)), el("figcaption", key))
        for key, points in curves.items()
    ]
    numbers: list[tuple[Child, Child]] = [(key, _number(value)) for key, value in last.items()]
    return join(
        el("div", plots, class_="plots") if plots else None,
        el(
            "div",
            table(("metric", "last value"), numbers) if numbers else None,
            table(("parameter", "value"), one.parameters.items()) if one.parameters else None,
            class_="columns",
        ),
    )


def thinned(points: Points) -> Points:
    """At most `_MOST` points: of each stretch its lowest and highest, so that no spike is lost."""
    if len(points) <= _MOST:
        return points
    size = math.ceil(len(points) / (_MOST // 2))
    kept: Points = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        ends = {min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])}
        kept += sorted(ends)
    return [points[0], *kept, points[-1]]


def _number(value: float) -> str:
    return f"{value:.6g}"
