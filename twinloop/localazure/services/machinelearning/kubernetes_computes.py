"""Kubernetes clusters as computes: attached where all is ready, never changed, with room for so many pods.

Source: MicrosoftDocs/azure-ai-docs, articles/machine-learning: how-to-attach-kubernetes-to-workspace.md,
reference-kubernetes.md, how-to-manage-kubernetes-instance-types.md.
"""

from __future__ import annotations

from typing import Any

from checks.kubernetes.kinds import by_type
from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes.objects import Objects
from twinloop.localazure.services.containerservice.bindings import trusts
from twinloop.localazure.services.containerservice.types import CLUSTERS, properties_of
from twinloop.localazure.services.kubernetesconfiguration import azure_ml_in
from twinloop.localazure.services.machinelearning import kubernetes_nodes

KIND = "Kubernetes"
DEFAULT = "defaultinstancetype"
CONNECTED = "Microsoft.Kubernetes/connectedClusters"
# What Azure ML does with the cluster, by the role that people give its workspace for that.
_NEEDS = (
    ("{cluster}/read", "Reader"),
    ("Microsoft.KubernetesConfiguration/extensions/read", "Kubernetes Extension Contributor"),
)
_ADMIN = (f"{CLUSTERS}/listClusterAdminCredential/action", "Azure Kubernetes Service Cluster Admin Role")


def check(body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
    """Refuse an attachment that would not work; that one does not change is the table's rule (createOnly).

    Raises:
        InvalidRequest: the cluster, the extension, the way in, the namespace or a role is missing.
    """
    properties, arm_id = body["properties"], request.arm_id
    inner: dict[str, Any] = properties.setdefault("properties", {}) or {}
    properties["properties"] = inner
    if old is not None:
        return
    cluster = _cluster(properties, arm_id, twin)
    target = ArmId(cluster["id"])
    extension = azure_ml_in(twin, target)
    if extension is None:
        _refuse(arm_id, f"the extension Microsoft.AzureML.Kubernetes is not installed in '{target}'")
    workspace = arm_id.parent or arm_id
    managed = cluster["type"].lower() == CLUSTERS.lower()
    if managed and properties_of(cluster).get("disableLocalAccounts") and not trusts(twin, target, workspace):
        _refuse(
            arm_id,
            f"'{target}' has no local accounts; give the workspace a trustedAccessRoleBinding with the role "
            "Microsoft.MachineLearningServices/workspaces/mlworkload",
        )
    _check_roles(cluster, workspace, arm_id, twin)
    namespace = inner.setdefault("namespace", "default")
    if managed and Objects(twin.store, target.key).get(by_type()["v1", "Namespace"], "", namespace) is None:
        _refuse(arm_id, f"the namespace '{namespace}' does not exist in '{target}'; make it first")
    _check_types(inner, arm_id)


def why_not(doc: Doc, twin: Twin, instance_type: str = "") -> str:
    """Why a job could not run on an attached cluster; empty where it can."""
    cluster = resource(twin, ArmId(str(properties_of(doc).get("resourceId"))))
    if cluster is None:
        problem = f"its cluster {properties_of(doc).get('resourceId')} does not exist any more"
    elif cluster["type"].lower() != CLUSTERS.lower():
        problem = "jobs are not emulated on clusters that are connected by Azure Arc"
    elif (properties_of(cluster).get("powerState") or {}).get("code") == "Stopped":
        problem = f"its cluster '{cluster['name']}' is stopped; start it: POST {cluster['id']}/start"
    elif _settings(cluster, twin).get("enableTraining", "").lower() != "true":
        problem = f"the Azure ML extension of '{cluster['name']}' is not there, or not for training"
    else:
        problem = _pending(doc, cluster, instance_type, twin)
    return f"compute '{doc['name']}': {problem}" if problem else ""


def _pending(doc: Doc, cluster: Doc, instance_type: str, twin: Twin) -> str:
    """Why pods of an instance type would stay pending; empty where they would not."""
    inner = properties_of(doc).get("properties") or {}
    types, settings = inner.get("instanceTypes") or {}, _settings(cluster, twin)
    name = instance_type or inner.get("defaultInstanceType") or DEFAULT
    if name not in types and name != DEFAULT:
        return f"instance type '{name}' is not one of {', '.join(types) or DEFAULT}"
    if _pools(doc, cluster, types.get(name) or {}, settings, twin):
        return ""
    return (
        f"pods of instance type '{name}' would stay pending: no pool of '{cluster['name']}' has the labels "
        f"{_selector(types.get(name) or {}, settings)} and only taints that Azure ML's jobs tolerate "
        "(ml.azure.com/amlarc, ml.azure.com/amlarc-workload, ...)"
    )


def _settings(cluster: Doc, twin: Twin) -> dict[str, str]:
    """The settings of a cluster's Azure ML extension; empty where it has none."""
    extension = azure_ml_in(twin, ArmId(cluster["id"]))
    found = properties_of(extension).get("configurationSettings") or {} if extension else {}
    return {key: str(value) for key, value in found.items()}


def pods(doc: Doc, twin: Twin) -> int:
    """How many pods fit at once on the pools of all instance types, at their largest."""
    inner = properties_of(doc).get("properties") or {}
    cluster = resource(twin, ArmId(str(properties_of(doc).get("resourceId"))))
    if cluster is None:
        return 1
    settings = _settings(cluster, twin)
    room: dict[str, int] = {}
    for kind in (inner.get("instanceTypes") or {DEFAULT: {}}).values():
        limits = (kind.get("resources") or {}).get("limits") or {}
        for pool in _pools(doc, cluster, kind, settings, twin):
            key = str(pool.get("nodeLabels"))
            room[key] = max(room.get(key, 0), kubernetes_nodes.pods_of(pool, limits))
    return max(sum(room.values()), 1)


def _pools(
    doc: Doc, cluster: Doc, kind: dict[str, Any], settings: dict[str, str], twin: Twin
) -> list[kubernetes_nodes.Pool]:
    arm_id = ArmId(doc["id"])
    workspace = arm_id.parent or arm_id
    limits = (kind.get("resources") or {}).get("limits") or {}
    return kubernetes_nodes.pools_for_jobs(
        twin,
        ArmId(cluster["id"]),
        _selector(kind, settings),
        {"resource-group": workspace.group, "workspace": workspace.name, "compute": arm_id.name},
        gpus=kubernetes_nodes.GPU in limits,
    )


def _selector(kind: dict[str, Any], settings: dict[str, str]) -> dict[str, str]:
    """Labels that an instance type asks for, and those that the extension adds to all pods."""
    head = "nodeSelector."
    whole = {key[len(head) :]: value for key, value in settings.items() if key.startswith(head)}
    return whole | dict(kind.get("nodeSelector") or {})


def _cluster(properties: dict[str, Any], arm_id: ArmId, twin: Twin) -> Doc:
    given = ArmId(str(properties.get("resourceId") or ""))
    if given.type.lower() not in {CLUSTERS.lower(), CONNECTED.lower()}:
        _refuse(arm_id, f"resourceId: '{given}' is not the id of a managed or a connected cluster")
    if given.subscription != arm_id.subscription:
        _refuse(
            arm_id,
            f"resourceId: '{given}' lies in another subscription than the workspace; connect it by Azure Arc",
        )
    doc = resource(twin, given)
    if doc is None:
        _refuse(arm_id, f"resourceId: '{given}' does not exist")
    assert doc is not None  # noqa: S101 - refused above
    return doc


def _check_roles(cluster: Doc, workspace: ArmId, arm_id: ArmId, twin: Twin) -> None:
    who = _identity(workspace, twin)
    if who is None:
        return  # the service acts with a role of its own, which Azure gives it
    kind = cluster["type"]
    needs = (*_NEEDS, _ADMIN) if kind.lower() == CLUSTERS.lower() else _NEEDS
    for action, role in needs:
        if not twin.authorization.allows(who, action.format(cluster=kind), cluster["id"]):
            words = f"the workspace's identity '{who.name}' lacks the role '{role}' on {cluster['id']}"
            _refuse(arm_id, words)


def _identity(workspace: ArmId, twin: Twin) -> Principal | None:
    doc = resource(twin, workspace)
    primary = (properties_of(doc) if doc else {}).get("primaryUserAssignedIdentity")
    there = resource(twin, ArmId(str(primary))) if primary else None
    return twin.directory.find(there["principalId"]) if there else None


def _check_types(inner: dict[str, Any], arm_id: ArmId) -> None:
    types, default = inner.get("instanceTypes") or {}, inner.get("defaultInstanceType") or DEFAULT
    if default != DEFAULT and default not in types:
        _refuse(arm_id, f"defaultInstanceType '{default}' is not one of {', '.join(types) or DEFAULT}")


def _refuse(arm_id: ArmId, words: str) -> None:
    raise InvalidRequest("ValidationError", f"computes/{arm_id.name}: {words}.")
