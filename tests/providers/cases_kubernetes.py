"""The cases of Kubernetes clusters, their pools and extensions; the form is in `cases.py`."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

from tests.localazure.arm_bodies_kubernetes import PUBLIC_KEY, SYSTEM, WINDOW
from tests.providers.cases import Case, Inputs, Scene, in_group

CLUSTER = "containerservice:ManagedCluster"
WORKSPACE = "machinelearningservices:Workspace"


def _in_cluster(scene: Scene, more: Inputs) -> Inputs:
    return in_group(scene, {"resourceName": scene.name(CLUSTER), **more})


KUBERNETES = [
    Case(
        CLUSTER,
        lambda scene, tag: in_group(
            scene,
            {
                "resourceName": f"aks-{tag}",
                "dnsPrefix": f"aks-{tag}",
                "kubernetesVersion": "1.35",
                "sku": {"name": "Base", "tier": "Free"},
                "identity": {"type": "SystemAssigned"},
                "enableRBAC": True,
                "disableLocalAccounts": True,
                "aadProfile": {"managed": True, "enableAzureRBAC": True},
                "oidcIssuerProfile": {"enabled": True},
                "agentPoolProfiles": [SYSTEM],
            },
        ),
        {"sku": {"tier": "Standard"}},
        {"dnsPrefix": "other"},
        "dnsPrefix",
    ),
    Case(
        "containerservice:AgentPool",
        lambda scene, tag: _in_cluster(
            scene,
            {
                "agentPoolName": f"p{tag}"[:12],
                "mode": "User",
                "vmSize": "Standard_D4s_v5",
                "enableAutoScaling": True,
                "minCount": 0,
                "maxCount": 2,
                "nodeTaints": ["ml.azure.com/amlarc-workload=true:NoSchedule"],
            },
        ),
        {"maxCount": 3},
        {"vmSize": "Standard_D8s_v3"},
        "vmSize",
    ),
    Case(
        "containerservice:MaintenanceConfiguration",
        lambda scene, tag: _in_cluster(
            scene, {"configName": "aksManagedAutoUpgradeSchedule", "maintenanceWindow": WINDOW}
        ),
        {"maintenanceWindow": {"durationHours": 8}},
        {"configName": "aksManagedNodeOSUpgradeSchedule"},
        "configName",
    ),
    Case(
        "containerservice:TrustedAccessRoleBinding",
        lambda scene, tag: _in_cluster(
            scene,
            {
                "trustedAccessRoleBindingName": f"b{tag}",
                "sourceResourceId": scene.id(WORKSPACE),
                "roles": ["Microsoft.MachineLearningServices/workspaces/mlworkload"],
            },
        ),
        {"roles": ["microsoft.machinelearningservices/workspaces/MLWORKLOAD"]},
        {"trustedAccessRoleBindingName": "other"},
        "trustedAccessRoleBindingName",
    ),
    Case(
        "kubernetesconfiguration:Extension",
        lambda scene, tag: in_group(
            scene,
            {
                "clusterRp": "Microsoft.ContainerService",
                "clusterResourceName": "managedClusters",
                "clusterName": scene.name(CLUSTER),
                "extensionName": f"ext{tag}",
                "extensionType": "microsoft.flux",
                "releaseTrain": "Stable",
                "autoUpgradeMinorVersion": True,
                "configurationSettings": {"helm-controller.enabled": "true"},
            },
        ),
        {"autoUpgradeMinorVersion": False},
        {"extensionType": "microsoft.dapr"},
        "extensionType",
    ),
    Case(
        "kubernetes:ConnectedCluster",
        lambda scene, tag: in_group(
            scene,
            {
                "clusterName": f"arc-{tag}",
                "identity": {"type": "SystemAssigned"},
                "agentPublicKeyCertificate": PUBLIC_KEY,
                "distribution": "k3s",
            },
        ),
        {"distribution": "aks_engine"},
        {"agentPublicKeyCertificate": f"B{PUBLIC_KEY}"},
        "agentPublicKeyCertificate",
    ),
]
