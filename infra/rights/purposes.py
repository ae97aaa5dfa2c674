"""What identities are for: the machines of an environment, and CI per environment that it deploys."""

from __future__ import annotations

from collections.abc import Iterable

ENVIRONMENT = ("workspace", "training", "build")  # of every environment
KUBERNETES = ("aks", "kubelet")  # the control plane of a Kubernetes cluster, and its nodes
BATCH = "batch"  # where a cluster scores in batches


def environment_purposes(clusters: Iterable[str], *, kubernetes: bool = False) -> tuple[str, ...]:
    """Purposes of an environment's identities.

    Args:
        clusters: the purposes of its clusters.
        kubernetes: whether it has a Kubernetes cluster.
    """
    return (*ENVIRONMENT, *((BATCH,) if BATCH in clusters else ()), *(KUBERNETES if kubernetes else ()))


def ci_purposes(environments: tuple[str, ...]) -> tuple[str, ...]:
    """Purposes of CI's identities: one that previews everything, and two per environment that it deploys."""
    return ("ci-preview", *(f"ci-{task}-{name}" for name in environments for task in ("deploy", "models")))
