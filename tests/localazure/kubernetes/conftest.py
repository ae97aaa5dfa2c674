"""A managed cluster on the session's twin, and the official Kubernetes client towards it."""

from __future__ import annotations

import uuid
from typing import Any

import kubernetes
import pytest
from kubernetes.dynamic import DynamicClient

SERVER_ID = "6dae42f8-4368-4678-94ff-3960e28e3630"
CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"  # Azure Kubernetes Service RBAC Cluster Admin


class Cluster:
    """One managed cluster and the ways to speak to its API server."""

    def __init__(self, twin: Any, arm_id: str) -> None:
        self.twin, self.id = twin, arm_id
        parts = arm_id.split("/")
        self.url = f"{twin.base}/kubernetes/{parts[2]}/{parts[4]}/{parts[-1]}"

    def api(self, persona: str = "infra-engineer", resource: str = SERVER_ID) -> kubernetes.client.ApiClient:
        """The official client, as a persona."""
        configuration = kubernetes.client.Configuration()
        configuration.host = self.url
        configuration.ssl_ca_cert = str(self.twin.ca_bundle)
        configuration.api_key = {"authorization": f"Bearer {self.twin.token(persona, resource)}"}
        return kubernetes.client.ApiClient(configuration)

    def core(self, persona: str = "infra-engineer") -> kubernetes.client.CoreV1Api:
        return kubernetes.client.CoreV1Api(self.api(persona))

    def dynamic(self, persona: str = "infra-engineer", **more: Any) -> DynamicClient:
        return DynamicClient(self.api(persona), **more)

    def apply(self, manifest: dict[str, Any], manager: str = "tests", **more: Any) -> Any:
        client = self.dynamic()
        resource = client.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])
        return client.server_side_apply(resource, body=manifest, field_manager=manager, **more)

    def namespace(self) -> str:
        """A new namespace of a test's own."""
        name = f"team-{uuid.uuid4().hex[:8]}"
        self.core().create_namespace({"metadata": {"name": name}})
        return name


def make_cluster(twin: Any, group: str, name: str = "", **properties: Any) -> Cluster:
    name = name or f"aks-{uuid.uuid4().hex[:8]}"
    arm_id = f"{group}/providers/Microsoft.ContainerService/managedClusters/{name}"
    body = {
        "location": twin.location,
        "identity": {"type": "SystemAssigned"},
        "sku": {"name": "Base", "tier": "Free"},
        "properties": {
            "dnsPrefix": name,
            "kubernetesVersion": "1.34",
            "enableRBAC": True,
            "aadProfile": {"managed": True, "enableAzureRBAC": True, **properties},
            "agentPoolProfiles": [
                {
                    "name": "system",
                    "mode": "System",
                    "count": 1,
                    "vmSize": "Standard_DS3_v2",
                    "osType": "Linux",
                }
            ],
        },
    }
    twin.settle(twin.call("PUT", f"{arm_id}?api-version=2025-09-01", body))
    return Cluster(twin, arm_id)


@pytest.fixture(scope="module")
def cluster(twin_server: Any) -> Cluster:
    """A cluster whose infra-engineer may do everything in it, by a role in Azure."""
    made = make_cluster(twin_server, twin_server.make_group())
    assert twin_server.grant("infra-engineer", CLUSTER_ADMIN, made.id).status_code < 300
    return made


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    return cluster.namespace()
