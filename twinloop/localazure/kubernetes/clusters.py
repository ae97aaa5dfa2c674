"""Which managed cluster an API server belongs to, and what of ARM shows inside of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import kind_of, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes.status import StatusError

TYPE: Final = "Microsoft.ContainerService/managedClusters"
EXTENSIONS: Final = "Microsoft.KubernetesConfiguration/extensions"
AZUREML: Final = "microsoft.azureml.kubernetes"
BASE: Final = "/kubernetes/{subscription}/{group}/{cluster}"
# Of every AKS cluster with Entra: https://azure.github.io/kubelogin/concepts/aks.html
SERVER_ID: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"


@dataclass(frozen=True)
class Cluster:
    """One managed cluster as its API server sees it."""

    id: str  # as ARM spells it
    key: str  # lower case: what its objects are kept under
    version: str  # of Kubernetes, e.g. 1.33.0
    admin_groups: frozenset[str]
    azure_roles: bool  # whether role assignments in Azure count, beside the cluster's own bindings
    release_namespaces: tuple[str, ...]  # of Azure ML extensions in it; empty: none is installed

    @property
    def has_azureml(self) -> bool:
        """Whether the Azure ML extension has brought its kinds."""
        return bool(self.release_namespaces)


def cluster_of(request: Request, twin: Twin) -> Cluster:
    """The cluster of a path.

    Raises:
        StatusError: there is none, or it is stopped.
    """
    names = request.params
    arm_id = ArmId(
        f"/subscriptions/{names['subscription']}/resourceGroups/{names['group']}/providers/{TYPE}/{names['cluster']}"
    )
    doc = resource(twin, arm_id)
    if doc is None:
        raise StatusError(
            503,
            "ServiceUnavailable",
            f"no API server answers here: managed cluster '{arm_id}' does not exist",
        )
    properties = doc["body"].get("properties") or {}
    power = (properties.get("powerState") or {}).get("code", "Running")
    if power != "Running":
        raise StatusError(
            503, "ServiceUnavailable", f"the API server is stopped: powerState of '{arm_id}' is {power}"
        )
    entra = properties.get("aadProfile") or {}
    return Cluster(
        id=doc["id"],
        key=arm_id.key,
        version=_patched(
            str(properties.get("currentKubernetesVersion") or properties.get("kubernetesVersion") or "")
        ),
        admin_groups=frozenset(one.lower() for one in entra.get("adminGroupObjectIDs") or ()),
        azure_roles=bool(entra.get("enableAzureRBAC")),
        release_namespaces=_azureml(twin, arm_id),
    )


def server_path(cluster: ArmId) -> str:
    """The path of a cluster's API server on the twin."""
    return f"/kubernetes/{cluster.subscription}/{cluster.group}/{cluster.name}"


def _azureml(twin: Twin, cluster: ArmId) -> tuple[str, ...]:
    found = []
    for _, doc in twin.store.list(kind_of(EXTENSIONS), f"{cluster.key}/"):
        properties: dict[str, Any] = doc["body"].get("properties") or {}
        if str(properties.get("extensionType", "")).lower() == AZUREML:
            scope = (properties.get("scope") or {}).get("cluster") or {}
            found.append(str(scope.get("releaseNamespace") or "azureml"))
    return tuple(found)


def _patched(version: str) -> str:
    return version if version.count(".") > 1 or not version else f"{version}.0"
