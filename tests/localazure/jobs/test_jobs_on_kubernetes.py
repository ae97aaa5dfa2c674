"""Kubernetes clusters as computes: attached when all is ready, never changed, and jobs run on them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.localazure.arm_bodies_kubernetes import cluster
from tests.localazure.kubernetes.conftest import CLUSTER_ADMIN, Cluster

AKS = "?api-version=2025-09-01"
COMPUTE = "?api-version=2025-12-01"
EXTENSION = {
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "extensionType": "Microsoft.AzureML.Kubernetes",
        "configurationSettings": {"enableTraining": "True", "nodeSelector.workload": "azureml"},
        "scope": {"cluster": {"releaseNamespace": "azureml"}},
    },
}
TYPES = {
    "small": {"nodeSelector": {"pool": "aml"}, "resources": {"limits": {"cpu": "2", "memory": "4Gi"}}},
    "gpu": {"nodeSelector": {"pool": "gpu"}, "resources": {"limits": {"cpu": "2", "nvidia.com/gpu": "1"}}},
}


class Attached:
    """A cluster beside the platform's workspace, made ready step by step by the tests in their order."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.twin = platform, platform.twin
        self.name = f"aks-{uuid.uuid4().hex[:6]}"
        self.aks = f"{platform.group}/providers/Microsoft.ContainerService/managedClusters/{self.name}"
        self.put(self.aks, cluster({"location": self.twin.location}), AKS)
        for pool, taint in (("aml", "ml.azure.com/amlarc=true"), ("gpu", "sku=gpu")):
            labels = {"pool": pool, "workload": "azureml"}
            body = {"vmSize": "Standard_F4s_v2", "enableAutoScaling": True, "minCount": 1, "maxCount": 2}
            body |= {"nodeLabels": labels, "nodeTaints": [f"{taint}:NoSchedule"]}
            self.put(f"{self.aks}/agentPools/{pool}", {"properties": body}, AKS)
        self.extension = f"{self.aks}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
        self.compute = f"{platform.workspace}/computes/{self.name}"

    def put(self, path: str, body: dict[str, Any], version: str) -> Any:
        reply = self.twin.call("PUT", f"{path}{version}", body)
        if reply.status_code < 300:
            self.twin.settle(reply)
        return reply

    def attach(self, **more: Any) -> Any:
        inner = {"namespace": "jobs", "defaultInstanceType": "small", "instanceTypes": TYPES} | more
        body = {
            "location": self.twin.location,
            "identity": {
                "type": "UserAssigned",
                "userAssignedIdentities": {self.platform.identity: {}},
            },
            "properties": {"computeType": "Kubernetes", "resourceId": self.aks, "properties": inner},
        }
        return self.put(self.compute, body, COMPUTE)

    def detach(self) -> None:
        self.platform.settle_delete(self.twin.call("DELETE", f"{self.compute}{COMPUTE}"))

    def said(self, **more: Any) -> str:
        reply = self.attach(**more)
        assert reply.status_code in (400, 409), reply.text
        return str(reply.json()["error"]["message"])


@pytest.fixture(scope="module")
def ready(platform: Any) -> Attached:
    """All that an attachment needs, each step after its absence was refused with the right words."""
    made = Attached(platform)
    assert "Microsoft.AzureML.Kubernetes is not installed" in made.said()
    assert made.put(made.extension, EXTENSION, "?api-version=2023-05-01").status_code < 300
    assert "give the workspace a trustedAccessRoleBinding" in made.said()
    trusted = {
        "sourceResourceId": platform.workspace,
        "roles": ["Microsoft.MachineLearningServices/workspaces/mlworkload"],
    }
    made.put(f"{made.aks}/trustedAccessRoleBindings/azureml", {"properties": trusted}, AKS)
    assert "the namespace 'jobs' does not exist" in made.said()
    platform.grant("infra-engineer", CLUSTER_ADMIN, made.aks)
    Cluster(made.twin, made.aks).core().create_namespace({"metadata": {"name": "jobs"}})
    assert "defaultInstanceType 'huge' is not one of small, gpu" in made.said(defaultInstanceType="huge")
    assert made.attach().status_code in (200, 201)
    return made


def test_an_attached_cluster_is_shown_by_the_official_client(ready, scientist):
    compute = scientist.compute.get(ready.name)
    assert (compute.type, compute.namespace) == ("kubernetes", "jobs")
    assert compute.resource_id.lower() == ready.aks.lower()


def test_an_attachment_never_changes(ready):
    assert "'properties.properties.namespace' is fixed at creation" in ready.said(namespace="default")
    assert "is fixed at creation" in ready.said(instanceTypes={"small": TYPES["small"]})
    assert ready.attach().status_code == 200, "the same again is no change"


def test_a_job_runs_on_the_cluster_with_its_identity(ready, scientist, environment):
    from azure.ai.ml import command

    job = scientist.jobs.create_or_update(
        command(
            command="echo on kubernetes",
            environment=environment,
            compute=ready.name,
            resources={"instance_type": "small"},
        )
    )
    details = ready.platform.wait(job.name)
    assert details["status"] == "Completed", details
    assert "on kubernetes" in ready.platform.log(details)


def test_a_job_that_would_stay_pending_is_refused_with_the_reason(ready, environment):
    def said(**more: Any) -> str:
        reply = ready.platform.submit(
            f"j-{uuid.uuid4().hex[:8]}",
            command="true",
            computeId=ready.compute,
            environmentId=environment,
            **more,
        )
        assert reply.status_code == 400, reply.text
        return str(reply.json()["error"]["message"])

    pending = said(resources={"instanceType": "gpu", "instanceCount": 1})
    assert "pods of instance type 'gpu' would stay pending" in pending, "sku=gpu is not tolerated"
    assert "ml.azure.com/amlarc-workload" in pending
    unknown = said(resources={"instanceType": "huge", "instanceCount": 1})
    assert "instance type 'huge' is not one of small, gpu" in unknown


def test_a_job_on_a_stopped_cluster_is_refused(ready, environment):
    ready.twin.settle(ready.twin.call("POST", f"{ready.aks}/stop{AKS}"))
    reply = ready.platform.submit(
        f"j-{uuid.uuid4().hex[:8]}", command="true", computeId=ready.compute, environmentId=environment
    )
    ready.twin.settle(ready.twin.call("POST", f"{ready.aks}/start{AKS}"))
    assert reply.status_code == 400
    assert "is stopped; start it" in reply.json()["error"]["message"]


def test_a_cluster_of_arc_is_attached_and_jobs_on_it_are_refused_by_name(platform, ready, environment):
    name = f"arc-{uuid.uuid4().hex[:6]}"
    cluster_id = f"{platform.group}/providers/Microsoft.Kubernetes/connectedClusters/{name}"
    body = {
        "location": platform.twin.location,
        "identity": {"type": "SystemAssigned"},
        "properties": {"agentPublicKeyCertificate": "A" * 120},
    }
    ready.put(cluster_id, body, "?api-version=2024-02-01-preview")
    extension = f"{cluster_id}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
    assert ready.put(extension, EXTENSION, "?api-version=2023-05-01").status_code < 300
    compute = f"{platform.workspace}/computes/{name}"
    attached = {"computeType": "Kubernetes", "resourceId": cluster_id, "properties": {"namespace": "jobs"}}
    assert ready.put(compute, {"properties": attached}, COMPUTE).status_code < 300
    reply = platform.submit(
        f"j-{uuid.uuid4().hex[:8]}", command="true", computeId=compute, environmentId=environment
    )
    assert reply.status_code == 400
    assert "not emulated on clusters that are connected by Azure Arc" in reply.json()["error"]["message"]
