"""On what a job or a step runs: the cluster or serverless, how many nodes, of which size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twinloop.loops.client import quietly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.ai.ml import MLClient

    from twinloop.loops.runs import Run

SERVERLESS = "serverless"


@dataclass(frozen=True)
class Nodes:
    """Where something runs."""

    compute: str = ""  # name of a cluster, or `serverless`
    nodes: str = ""  # "2 x Standard_DS3_v2, low priority", as far as it is known

    def __str__(self) -> str:
        return ", ".join(part for part in (self.compute, self.nodes) if part)


def nodes_of(client: MLClient, job: Any, run: Run) -> Nodes:
    """The nodes of a job that is no pipeline.

    Args:
        client: on the workspace.
        job: the job, or a pipeline's node.
        run: its run; on the twin it says which size was chosen where none was named.
    """
    return _nodes(client, job, run, {})


def nodes_of_steps(client: MLClient, pipeline: Any, runs: Mapping[str, Run]) -> dict[str, Nodes]:
    """The nodes of each step of a pipeline by the step's name; of those that were not taken from another run.

    Args:
        client: on the workspace.
        pipeline: the job.
        runs: of its steps, by name.
    """
    default = _name(getattr(pipeline.settings, "default_compute", None))
    found: dict[str, Nodes] = {}
    sizes: dict[str, str] = {}
    for step, node in (pipeline.jobs or {}).items():
        run = runs.get(step)
        if run is None or run.reused_from:
            continue
        found[step] = _nodes(client, node, run, sizes, default)
    return found


def _nodes(client: MLClient, job: Any, run: Run, sizes: dict[str, str], default: str = "") -> Nodes:
    name = _name(getattr(job, "compute", None)) or default or SERVERLESS
    if name == SERVERLESS:
        return Nodes(name, run.nodes or _asked(job))
    if name not in sizes:
        sizes[name] = _size(client, name)
    count = getattr(getattr(job, "resources", None), "instance_count", None) or 1
    return Nodes(name, f"{count} x {sizes[name]}" if sizes[name] else "")


def _asked(job: Any) -> str:
    """What a serverless job asks for, where nobody says what it got."""
    resources = getattr(job, "resources", None)
    size = str(getattr(resources, "instance_type", None) or "")
    tier = str(getattr(getattr(job, "queue_settings", None), "job_tier", None) or "")
    count = getattr(resources, "instance_count", None) or 1
    return ", ".join(part for part in (f"{count} x {size}" if size else "", tier) if part)


def _name(given: Any) -> str:
    """The name in an id, a reference or a name."""
    return str(given or "").removeprefix("azureml:").rstrip("/").rpartition("/")[2]


def _size(client: MLClient, name: str) -> str:
    """Size of a cluster's nodes; empty where it is gone, is no cluster, or may not be read."""
    from azure.core.exceptions import HttpResponseError

    try:
        with quietly():
            return str(getattr(client.compute.get(name), "size", None) or "")
    except HttpResponseError:
        return ""
