"""Managed online deployments: checked as Azure ML does, made real by `serving`; their logs and sizes."""

from __future__ import annotations

from typing import Any

from checks.catalogue.vm_sizes import vm_sizes
from twinloop.localazure.core.errors import Conflict, InvalidRequest, NotEmulated
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.lifecycle import NEVER
from twinloop.localazure.core.rendering import state_of
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import ResourceHooks, on_type, require, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning import quotas
from twinloop.localazure.services.machinelearning.deployment_checks import MOST_INSTANCES, problems
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE
from twinloop.localazure.serving.deployment import DEPLOYMENTS
from twinloop.localazure.serving.running import running
from twinloop.localazure.serving.staging import SERVER, STORAGE
from twinloop.localazure.serving.traffic import shares_of

router = Router("machinelearning")
Doc = dict[str, Any]
_ONE = f"{WORKSPACE}/onlineEndpoints/{{endpointName}}/deployments/{{deploymentName}}"
_SIZE = "Standard_F4s_v2"  # azure-ai-ml 1.35, REST models: "Compute instance type. Default: Standard_F4s_v2"
_TAIL, _LONGEST_TAIL = 1000, 10_000  # lines; of this twin's own choosing


@on_type(DEPLOYMENTS)
class DeploymentHooks(ResourceHooks):
    """A deployment is there once its process has answered, and for as long as it may."""

    def prepare(self, body: Doc, old: Doc | None, twin: Twin) -> None:
        """What the service completes: sizes as they are spelled, one instance, scaling from outside."""
        del twin
        properties = body["properties"]
        if old is None:
            properties.setdefault("instanceType", _SIZE)
        size = str(properties.get("instanceType") or "").lower()
        properties["instanceType"] = next(
            (known for known in vm_sizes() if known.lower() == size), properties.get("instanceType")
        )
        body.setdefault("kind", "Managed")
        sku = body.setdefault("sku", {})
        sku.setdefault("name", "Default")
        if old is None:  # else it stays as it is
            sku.setdefault("capacity", 1)
        properties.setdefault("scaleSettings", {"scaleType": "Default"})
        properties.setdefault("egressPublicNetworkAccess", "Enabled")

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """Everything that it names exists, and nothing is asked that this twin cannot do."""
        where = request.arm_id
        if old is not None and state_of(old, twin) in ("Creating", "Updating"):
            message = f"{where}: it is {state_of(old, twin).lower()}; wait for that operation and try again"
            raise Conflict("AnotherOperationInProgress", message)
        _refuse(body["properties"], where)
        if found := problems(twin, ArmId(old["id"]) if old else where, body, request.caller):
            raise InvalidRequest("UserError", f"{where}: " + "; ".join(found))
        quotas.demand_instances(twin, where, body, old["body"] if old else None)

    def created(self, doc: Doc, twin: Twin) -> None:
        """It is ready when its process is, whatever the clock says."""
        del twin
        doc["readyAt"] = NEVER

    def updated(self, doc: Doc, twin: Twin) -> None:
        """As when it was made: what answered goes on until the new process does."""
        self.created(doc, twin)

    def begun(self, doc: Doc, operation: str, twin: Twin) -> None:
        """The work begins once all is on disk."""
        running(twin).accept(ArmId(doc["id"]).key, doc["serial"], operation)

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """What has traffic is in use."""
        endpoint = resource(twin, ArmId(doc["id"]).parent or "/")
        if endpoint is None:
            return
        if share := shares_of(endpoint).get(doc["name"], 0):
            name, holder = doc["name"], endpoint["name"]
            message = (
                f"deployment '{name}' has {share} % of the traffic of endpoint '{holder}'; move it first: "
                f"az ml online-endpoint update --name {holder} --traffic {name}=0"
            )
            raise Conflict("UserError", message)

    def deleted(self, doc: Doc, twin: Twin) -> None:
        """Its process ends, its files go."""
        running(twin).forget(ArmId(doc["id"]))


def _refuse(properties: Doc, where: ArmId) -> None:
    """What would be quietly without effect, or something else than on Azure."""
    kind = properties["endpointComputeType"]
    if kind == "Kubernetes":
        raise NotEmulated("PUT", f"{where}: endpointComputeType Kubernetes; on this twin it is Managed only")
    if properties.get("dataCollector"):
        raise NotEmulated("PUT", f"{where}: dataCollector: what is asked is kept nowhere; leave it out here")
    if properties.get("modelMountPath"):
        raise NotEmulated("PUT", f"{where}: modelMountPath: no container is run; read AZUREML_MODEL_DIR")


def _asked(request: Request) -> ArmId:
    """Id of the deployment in the path."""
    return ArmId(_ONE.format(**request.params))


@router.on("POST", f"{_ONE}/getLogs", action=f"{DEPLOYMENTS}/getLogs/action")
def get_logs(request: Request, twin: Twin) -> Reply:
    """The end of a log: of the server unless the other container is asked for."""
    doc = require(twin, _asked(request))
    given = request.json()
    container, tail = given.get("containerType") or SERVER, given.get("tail") or _TAIL
    if container not in (SERVER, STORAGE):
        message = f"containerType: given '{container}'; allowed: {SERVER} or {STORAGE}"
        raise InvalidRequest("UserError", message)
    if not isinstance(tail, int) or not 0 < tail <= _LONGEST_TAIL:
        raise InvalidRequest("UserError", f"tail: given {tail!r}; allowed: 1 to {_LONGEST_TAIL} lines")
    return Reply(200, {"content": running(twin).logs(ArmId(doc["id"]), container, tail)})


@router.on("GET", f"{_ONE}/skus", action=f"{DEPLOYMENTS}/skus/read")
def list_skus(request: Request, twin: Twin) -> Reply:
    """In which numbers of instances it may be had."""
    require(twin, _asked(request))
    capacity = {"minimum": 1, "maximum": MOST_INSTANCES, "default": 1, "scaleType": "Manual"}
    row = {"resourceType": DEPLOYMENTS, "sku": {"name": "Default"}, "capacity": capacity}
    return Reply(200, {"value": [row]})
