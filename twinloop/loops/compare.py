"""Several jobs side by side: what they logged, what they were given, and in which code and environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinloop.loops import metrics
from twinloop.loops.client import quietly
from twinloop.loops.jobs import get, show
from twinloop.loops.rerun import STEP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure.ai.ml import MLClient

    from twinloop.loops.jobs import Details
    from twinloop.loops.metrics import Logged
    from twinloop.loops.workspaces import Workspace

# Words in a metric's name that say which way is better. A name with neither is not judged.
_HIGHER = (
    "accuracy",
    "auc",
    "f1",
    "precision",
    "recall",
    "r2",
    "score",
    "specificity",
    "sensitivity",
    "map",
    "iou",
)
_LOWER = ("loss", "error", "rmse", "mse", "mae", "mape", "brier", "perplexity", "deviation", "latency", "wer")
_COMPONENT = re.compile(
    r"(?:azureml:)?(?:.*/components/)?(?P<name>[^/:]+)(?:/versions/|:)(?P<version>[^/:]+)"
)
_COMMIT = "mlflow.source.git.commit"
_DIRTY = "azureml.git.dirty"

Row = tuple[Any, ...]  # one value per job; None where the job has none


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Jobs are columns; each table has a row per name."""

    jobs: tuple[str, ...]
    status: Row = ()
    metrics: Mapping[str, Row] = field(default_factory=dict)  # "step/metric"
    best: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # columns of the best value
    params: Mapping[str, Row] = field(default_factory=dict)  # these four: only where the jobs differ
    inputs: Mapping[str, Row] = field(default_factory=dict)
    environments: Mapping[str, Row] = field(default_factory=dict)
    code: Mapping[str, Row] = field(default_factory=dict)


def compare(client: MLClient, workspace: Workspace, names: Sequence[str]) -> Comparison:
    """What several jobs logged and what they were made of, beside each other.

    Raises:
        NotFound: one of them does not exist.
    """
    details = [show(client, name) for name in names]
    logged = [metrics.of_steps(client, workspace, one.name, tuple(one.steps)) for one in details]
    made = [_made_of(client, one) for one in details]
    scores = _table([_flat(job, steps, "metrics") for job, steps in zip(details, logged, strict=True)])
    params = _table([_flat(job, steps, "params") for job, steps in zip(details, logged, strict=True)])
    return Comparison(
        jobs=tuple(names),
        status=tuple(one.status for one in details),
        metrics=scores,
        best={key: found for key, row in scores.items() if (found := best(key, row))},
        params=_differing_steps(params),
        inputs=_differing(_table([dict(one.inputs) for one in details])),
        environments=_differing_steps(_table([one[0] for one in made])),
        code=_differing_steps(_table([one[1] for one in made])),
    )


def best(metric: str, row: Sequence[float | None]) -> tuple[int, ...]:
    """Columns with the best value; empty where it cannot be told, or where all are the same.

    Args:
        metric: its name, which tells whether more is better.
        row: one value per job.
    """
    words = set(re.split(r"[^a-z0-9]+", metric.lower()))
    higher, lower = bool(words & set(_HIGHER)), bool(words & set(_LOWER))
    present = [value for value in row if value is not None and value == value]  # noqa: PLR0124 - NaN is not
    if (higher == lower and not lower) or len(set(present)) < 2:  # noqa: PLR2004 - nothing to compare
        return ()
    wanted = min(present) if lower else max(present)  # "roc_auc_deviation": less of a deviation is better
    return tuple(at for at, value in enumerate(row) if value == wanted)


def _flat(job: Details, steps: Mapping[str, Logged], kind: str) -> dict[str, Any]:
    """`step/name` -> value. A step that ran again alone stands where it stood in its pipeline."""
    alone = job.tags.get(STEP, "")
    found: dict[str, Any] = {}
    for step, one in steps.items():
        title = step if job.steps else alone
        prefix = f"{title}/" if title else ""
        found |= {f"{prefix}{key}": value for key, value in getattr(one, kind).items()}
    return found


def _made_of(client: MLClient, job: Details) -> tuple[dict[str, str], dict[str, str]]:
    """Environment and code of a job's steps. Equal code has one id in a workspace: it is filed by hash."""
    entity = get(client, job.name)
    properties = entity.properties or {}
    environments, code = {}, {}
    if commit := properties.get(_COMMIT):
        dirty = str(properties.get(_DIRTY, "")).lower() == "true"
        code["commit"] = commit[:12] + (" with uncommitted changes" if dirty else "")
    if job.environment:
        alone = job.tags.get(STEP, "")
        environments[alone or "environment"] = job.environment
        code[alone or "code"] = _short(getattr(entity, "code", ""))
        code[f"{alone} command".strip()] = job.command
    for step, node in (getattr(entity, "jobs", None) or {}).items():
        reference = node.component
        found = _COMPONENT.fullmatch(reference) if isinstance(reference, str) else None
        if found is None:
            code[step] = str(reference)
            continue
        with quietly():
            component = client.components.get(found["name"], version=found["version"])
        environments[step] = _short(node.environment or component.environment)
        code[step] = _short(component.code)
        code[f"{step} command"] = str(component.command)
    return environments, code


def _short(given: Any) -> str:
    """The last parts of an id: enough to see that two differ, and to look them up."""
    parts = str(given or "").removeprefix("azureml:").split("/")
    return f"{parts[-3]}:{parts[-1]}" if len(parts) > 3 else parts[-1]  # noqa: PLR2004 - .../NAME/versions/V


def _table(columns: Sequence[Mapping[str, Any]]) -> dict[str, Row]:
    names = sorted({name for column in columns for name in column})
    return {name: tuple(column.get(name) for column in columns) for name in names}


def _differing(table: Mapping[str, Row]) -> dict[str, Row]:
    return {name: row for name, row in table.items() if len(set(row)) > 1}


def _differing_steps(table: Mapping[str, Row]) -> dict[str, Row]:
    """Rows that differ among the jobs that have the step at all."""
    columns: dict[str, set[int]] = {}
    for name, row in table.items():
        columns.setdefault(name.partition("/")[0], set()).update(
            at for at, value in enumerate(row) if value is not None
        )
    return {
        name: row
        for name, row in table.items()
        if len({row[at] for at in columns[name.partition("/")[0]]}) > 1
    }
