"""The clusters of an environment, if its settings have any: one of ours, and one connected by Azure Arc."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.clusters.aks_chapter import Aks
    from infra.environment import Environment


def clusters(environment: Environment) -> Aks | None:
    """Declare them, and attach them to the workspace: the cluster of ours, if there is one.

    The types of AKS and Arc take their time to import: an environment without them does not.
    """
    settings = environment.settings
    if settings.arc is not None:
        _connect(environment)
    if settings.kubernetes is None:
        return None
    from infra.clusters.aks_chapter import Aks, Ground

    aks = Aks(
        Ground(
            settings=settings,
            resource_group=environment.group.name,
            identities=environment.identities,
            principals=environment.principals,
            network=environment.network,
            subnet_id=environment.network.subnet_ids["kubernetes"],
            images=environment.images,
            logs_id=environment.logs.logs_id,
            tags=environment.tags,
        ),
        settings.kubernetes,
    )
    workspace = environment.workspace
    if settings.kubernetes.inside is None:
        aks.attach(workspace.workspace_name, workspace.workspace_id)
        environment.attached += aks.parts
        return aks
    from infra.clusters.inside import furnish

    inside = furnish(environment, aks, settings.kubernetes.inside)
    attached = aks.attach(workspace.workspace_name, workspace.workspace_id, inside.namespaces)
    inside.instance_types(attached.extension)
    environment.attached += aks.parts
    return aks


def _connect(environment: Environment) -> None:
    from infra.clusters.arc import ArcArgs, ArcCluster

    settings = environment.settings.arc
    assert settings is not None  # noqa: S101 - asked before
    connected = ArcCluster(
        "arc",
        ArcArgs(
            whole=environment.settings,
            settings=settings,
            resource_group=environment.group.name,
            principals=environment.principals,
            workspace_name=environment.workspace.workspace_name,
            workspace_id=environment.workspace.workspace_id,
            after=[],
            tags=environment.tags,
        ),
    )
    environment.attached += connected.parts
