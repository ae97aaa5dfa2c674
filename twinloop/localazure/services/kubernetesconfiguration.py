"""Extensions of Kubernetes clusters: Microsoft.KubernetesConfiguration; of Azure ML's, its rules too.

Source of those: MicrosoftDocs/azure-ai-docs, articles/machine-learning/how-to-deploy-kubernetes-extension.md
(its settings) and reference-kubernetes.md (taints that its pods tolerate).
"""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import state_of
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type, require
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice.types import CLUSTERS
from twinloop.localazure.services.machinelearning.kubernetes_nodes import nodes_for_services

EXTENSIONS = "Microsoft.KubernetesConfiguration/extensions"
AZURE_ML = "microsoft.azureml.kubernetes"
_ROUTERS = ("loadbalancer", "nodeport", "clusterip")
_REPLICAS = 3  # of the inference router, with inferenceRouterHA


@on_type(EXTENSIONS)
class ExtensionHooks(ResourceHooks):
    """An extension is installed in a cluster that runs; Azure ML's must have nodes to run on."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The cluster is there and the settings make sense."""
        cluster = require(twin, cluster_of(request.arm_id))
        if state_of(cluster, twin) == "Creating":
            message = (
                f"'{cluster['id']}' is still being created; wait for its operation to end and try again."
            )
            raise Conflict("ParentResourceNotReady", message)
        properties = body["properties"]
        if str(properties["extensionType"]).lower() != AZURE_ML:
            return
        _check_once(request.arm_id, old, twin)
        settings = {
            key.lower(): str(value) for key, value in (properties.get("configurationSettings") or {}).items()
        }
        protected = {key.lower() for key in properties.get("configurationProtectedSettings") or {}}
        _check_settings(settings, protected, request.arm_id)
        if str(cluster["type"]).lower() == CLUSTERS.lower():
            _check_nodes(settings, cluster, request.arm_id, twin)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """What the agents report."""
        del twin, api_version
        statuses = doc["body"]["properties"].get("statuses") or []
        return {"properties": {"isSystemExtension": False, "statuses": statuses}}


def cluster_of(extension: ArmId) -> ArmId:
    """The cluster that an extension is in."""
    return ArmId(extension.key.rpartition("/providers/")[0])


def azure_ml_in(twin: Twin, cluster: ArmId) -> Doc | None:
    """The Azure ML extension of a cluster, or None."""
    prefix = f"{cluster.key}/providers/microsoft.kubernetesconfiguration/extensions/"
    for _, doc in twin.store.list(kind_of(EXTENSIONS), prefix):
        if str(doc["body"]["properties"]["extensionType"]).lower() == AZURE_ML:
            return doc
    return None


def _check_once(arm_id: ArmId, old: Doc | None, twin: Twin) -> None:
    there = azure_ml_in(twin, cluster_of(arm_id))
    if old is None and there is not None:
        message = f"{arm_id}: '{there['name']}' of the same type is installed already; a cluster has one."
        raise Conflict("ExtensionTypeAlreadyInstalled", message)


def _check_settings(settings: dict[str, str], protected: set[str], arm_id: ArmId) -> None:
    def on(key: str, default: str = "false") -> bool:
        return settings.get(key, default).lower() == "true"

    if not on("enabletraining") and not on("enableinference"):
        _refuse(arm_id, "enableTraining and enableInference: one of them must be True")
    if not on("enableinference"):
        return
    if settings.get("inferencerouterservicetype", "").lower() not in _ROUTERS:
        _refuse(arm_id, "inferenceRouterServiceType: LoadBalancer, NodePort or ClusterIP")
    if on("allowinsecureconnections"):
        return
    certificate = "sslsecret" in settings or {"sslcertpemfile", "sslkeypemfile"} <= protected
    if not certificate or "sslcname" not in settings:
        _refuse(
            arm_id,
            "sslCname, and sslSecret or the protected sslCertPemFile and sslKeyPemFile: required unless "
            "allowInsecureConnections is True",
        )


def _check_nodes(settings: dict[str, str], cluster: Doc, arm_id: ArmId, twin: Twin) -> None:
    head = "nodeselector."
    selector = {key[len(head) :]: value for key, value in settings.items() if key.startswith(head)}
    nodes = nodes_for_services(twin, ArmId(cluster["id"]), selector)
    inference = settings.get("enableinference", "").lower() == "true"
    needed = _REPLICAS if inference and settings.get("inferencerouterha", "true").lower() == "true" else 1
    if nodes < needed:
        _refuse(
            arm_id,
            f"its services find {nodes} nodes in '{cluster['name']}' and need {needed}, with the labels "
            f"{selector or 'of any kind'} and no taint but ml.azure.com/amlarc, ml.azure.com/amlarc-system; "
            "raise minCount, or set inferenceRouterHA False",
        )


def _refuse(arm_id: ArmId, words: str) -> None:
    raise InvalidRequest(
        "ExtensionOperationFailed", f"{arm_id}: {words}.", target="properties.configurationSettings"
    )
