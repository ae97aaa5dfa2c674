"""Bodies of the types of Kubernetes clusters, for the tests of every ARM type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[str, dict[str, Any]]
PUBLIC_KEY = "MIICCgKCAgEA" + "A" * 120 + "=="  # not a key: ARM stores what the agents of Arc give
SYSTEM = {
    "name": "system",
    "mode": "System",
    "vmSize": "Standard_DS3_v2",
    "enableAutoScaling": True,
    "minCount": 1,
    "maxCount": 2,
    "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
}
WINDOW = {
    "schedule": {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}},
    "durationHours": 4,
    "startTime": "01:00",
    "utcOffset": "+00:00",
}


def cluster(here: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a cluster with one system pool, which Entra lets people into."""
    properties = {
        "dnsPrefix": "aks-a",
        "kubernetesVersion": "1.35",
        "disableLocalAccounts": True,
        "aadProfile": {"managed": True, "enableAzureRBAC": True},
        "agentPoolProfiles": [dict(SYSTEM)],
    }
    return {
        **here,
        "identity": {"type": "SystemAssigned"},
        "sku": {"name": "Base", "tier": "Free"},
        "properties": properties | more,
    }


def clusters(group: str, ids: Mapping[str, str], here: dict[str, Any]) -> list[Row]:
    """One of each type, in an order in which they can be made.

    Args:
        group: id of the resource group.
        ids: ids of what stands already, by the words of `test_arm_types`.
        here: the location, as a body has it.
    """
    aks = f"{group}/providers/Microsoft.ContainerService/managedClusters/aks-a"
    pool = {"vmSize": "Standard_D4s_v5", "enableAutoScaling": True, "minCount": 1, "maxCount": 2}
    settings = {"enableTraining": "True", "installVolcano": "True"}
    trusted = {
        "sourceResourceId": ids["workspace"],
        "roles": ["Microsoft.MachineLearningServices/workspaces/mlworkload"],
    }
    return [
        (aks, cluster(here)),
        (f"{aks}/agentPools/aml", {"properties": pool}),
        (
            f"{aks}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule",
            {"properties": {"maintenanceWindow": WINDOW}},
        ),
        (f"{aks}/trustedAccessRoleBindings/azureml", {"properties": trusted}),
        (
            f"{aks}/providers/Microsoft.KubernetesConfiguration/extensions/azureml",
            {
                "identity": {"type": "SystemAssigned"},
                "properties": {
                    "extensionType": "Microsoft.AzureML.Kubernetes",
                    "configurationSettings": settings,
                    "scope": {"cluster": {"releaseNamespace": "azureml"}},
                },
            },
        ),
        (
            f"{group}/providers/Microsoft.Kubernetes/connectedClusters/arc-a",
            {
                **here,
                "identity": {"type": "SystemAssigned"},
                "properties": {"agentPublicKeyCertificate": PUBLIC_KEY, "distribution": "k3s"},
            },
        ),
    ]
