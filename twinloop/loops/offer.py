"""What a workspace offers to jobs: where it is, its computes, its datastores, its MLflow service."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from twinloop.loops.client import quietly
from twinloop.loops.runs import WorkspaceHistory

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One workspace as a person who submits jobs sees it; each compute and datastore in one line."""

    location: str
    mlflow: str
    computes: tuple[str, ...]
    datastores: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def offer_of(client: MLClient) -> Offer:
    """Ask the client's workspace what it has."""
    with quietly():
        entity: Any = WorkspaceHistory(client).workspace()
        return Offer(
            location=str(entity.location or ""),
            # as azureml-mlflow reads it for the MLflow of today
            mlflow=str(entity.ml_flow_tracking_uri or "").replace("/mlflow/v1.0", "/mlflow/v2.0"),
            computes=tuple(_compute(one) for one in client.compute.list()),
            datastores=tuple(
                f"{one.name} ({str(one.type).rpartition('.')[2].lower()})" for one in client.datastores.list()
            ),
        )


def _compute(one: Any) -> str:
    nodes = getattr(one, "max_instances", None)
    parts = [str(getattr(one, "size", None) or one.type)]
    if nodes is not None:
        parts.append(f"{getattr(one, 'min_instances', 0) or 0} to {nodes} nodes")
    if tier := getattr(one, "tier", None):
        parts.append(str(tier))
    return f"{one.name} ({', '.join(parts)})"
