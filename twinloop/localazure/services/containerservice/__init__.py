"""Managed Kubernetes clusters on the control plane: Microsoft.ContainerService.

What is inside of a cluster is answered by its API server, in the room `kubernetes`.
"""

from __future__ import annotations

from twinloop.localazure.core.router import Router
from twinloop.localazure.services.containerservice import (  # hooks hang themselves on their types
    bindings,
    clusters,
    credentials,
    machines,
    pools,
    power,
)

__all__ = ["bindings", "clusters", "pools", "router"]
router = Router("Microsoft.ContainerService")
for _module in (credentials, machines, power):
    router.include(_module.router)
