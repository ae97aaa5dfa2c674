"""Endpoints on the control plane: addresses, identities, ways in, traffic; batch ones have no deployments."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest, NotEmulated
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    ResourceHooks,
    children_of,
    kind_of,
    on_type,
    require,
)
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning import endpoint_grants
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace_id
from twinloop.localazure.serving import keys
from twinloop.localazure.serving.scoring import ONLINE, address
from twinloop.localazure.serving.traffic import problem

router = Router("machinelearning")
Doc = dict[str, Any]
BATCH = f"{WORKSPACES}/batchEndpoints"
_WAYS_IN = ("AADToken", "AMLToken", "Key")
_REACH = ("Enabled", "Disabled")
_WHICH = {"primary": "primaryKey", "secondary": "secondaryKey"}


class EndpointHooks(ResourceHooks):
    """What both kinds share: the way in."""

    def prepare(self, body: Doc, old: Doc | None, twin: Twin) -> None:
        """The way in, spelled as the service does."""
        del old, twin
        properties = body.get("properties") or {}
        given = str(properties.get("authMode", "")).lower()
        for word in _WAYS_IN:
            if word.lower() == given:
                properties["authMode"] = word

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The way in is one of the service's."""
        del old, twin
        given = body["properties"]["authMode"]
        if given not in _WAYS_IN:
            raise InvalidRequest(
                "UserError",
                f"{request.arm_id}: properties.authMode: given '{given}'; allowed: {', '.join(_WAYS_IN)}",
            )


@on_type(ONLINE)
class OnlineEndpointHooks(EndpointHooks):
    """Where deployments are asked."""

    def prepare(self, body: Doc, old: Doc | None, twin: Twin) -> None:
        """The kind stays: azure-ai-ml 1.35 writes an endpoint that it has read without it (run)."""
        super().prepare(body, old, twin)
        body.setdefault("kind", (old or {}).get("kind") or "Managed")

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """Its name is free in the region, and traffic goes to deployments that there are."""
        super().validate(body, old, request, twin)
        properties, where = body["properties"], request.arm_id
        reach = properties.setdefault("publicNetworkAccess", "Enabled")
        if reach not in _REACH:
            raise InvalidRequest(
                "UserError",
                f"{where}: properties.publicNetworkAccess: given '{reach}'; allowed: {' or '.join(_REACH)}",
            )
        if old is None:
            _demand_free(twin, where, str(body.get("location", "")))
            if given := properties.get("keys"):
                keys.make(twin, where, given)
        there = [one.name for one in children_of(twin, where, "deployments")]
        for word in ("traffic", "mirrorTraffic"):
            if found := problem(word, properties.get(word) or {}, there):
                raise InvalidRequest("UserError", f"{where}: {found}")

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Where it is asked: at the twin."""
        del api_version
        base, properties = address(twin, doc), doc["body"]["properties"]
        # The client reads `properties` and `traffic` of every endpoint as objects (azure-ai-ml 1.35.2).
        read = {word: properties.get(word) or {} for word in ("properties", "traffic")}
        return {"properties": {"scoringUri": f"{base}/score", "swaggerUri": f"{base}/swagger.json", **read}}

    def created(self, doc: Doc, twin: Twin) -> None:
        """An identity of its own may read models at once; one that was given may what it was granted."""
        endpoint_grants.grant(twin, doc)

    def deleted(self, doc: Doc, twin: Twin) -> None:
        """Its keys and its own identity's grants go with it."""
        endpoint_grants.withdraw(twin, doc)
        keys.forget(twin, ArmId(doc["id"]))


@on_type(BATCH)
class BatchEndpointHooks(EndpointHooks):
    """An endpoint without deployments scores nothing."""

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The default deployment is one that there is."""
        super().validate(body, old, request, twin)
        wanted = (body["properties"].get("defaults") or {}).get("deploymentName")
        if wanted:
            raise InvalidRequest(
                "UserError",
                f"{request.arm_id}: properties.defaults.deploymentName: deployment '{wanted}' is not there; "
                "make the endpoint without a default, then the deployment, then name it",
            )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Where it would be asked: at the twin, which says that it does not answer."""
        del api_version
        return {"properties": {"scoringUri": f"{twin.base}/endpoints/batch/{doc['name']}/jobs"}}


def _demand_free(twin: Twin, arm_id: ArmId, location: str) -> None:
    """A name is unique in its region, as it is in the address (machine-learning/concept-endpoints-online)."""
    for _, doc in twin.store.list(kind_of(ONLINE)):
        if doc["name"].lower() == arm_id.name.lower() and doc["body"].get("location") == location:
            raise Conflict(
                "UserError", f"the name '{arm_id.name}' is taken in {location} by '{doc['id']}'; take another"
            )


def _batch_endpoint(request: Request, twin: Twin) -> None:
    require(twin, workspace_id(request).child("batchEndpoints", request.params["endpointName"]))


def _refuse_batch(request: Request, twin: Twin) -> Reply:
    """Deployments of batch endpoints cannot be made here, and all that is asked of one is refused by name."""
    _batch_endpoint(request, twin)
    what = f"deployments of batch endpoint '{request.params['endpointName']}': batch endpoints have none yet"
    raise NotEmulated(request.method, what)


_OF_BATCH = f"{WORKSPACE}/batchEndpoints/{{endpointName}}/deployments"


@router.on("GET", _OF_BATCH, action=f"{BATCH}/deployments/read")
def no_batch_deployments(request: Request, twin: Twin) -> Reply:
    """None: they cannot be made."""
    _batch_endpoint(request, twin)
    return Reply(200, {"value": []})


for _method, _verb in (("GET", "read"), ("PUT", "write"), ("PATCH", "write"), ("DELETE", "delete")):
    router.on(_method, f"{_OF_BATCH}/{{deploymentName}}", action=f"{BATCH}/deployments/{_verb}")(
        _refuse_batch
    )


def _online(request: Request, twin: Twin, mode: str) -> ArmId:
    """Id of the online endpoint in the path, which has this way in.

    Raises:
        InvalidRequest: it has another one.
    """
    doc = require(twin, workspace_id(request).child("onlineEndpoints", request.params["endpointName"]))
    has = doc["body"]["properties"]["authMode"]
    if has != mode:
        none = {"Key": "keys", "AMLToken": "tokens of its own"}[mode]
        ask = {
            "AADToken": "ask for an Entra token for https://ml.azure.com instead",
            "Key": "POST .../listKeys instead",
            "AMLToken": "POST .../token instead",
        }[has]
        raise InvalidRequest("UserError", f"{doc['id']}: authMode is {has}: there are no {none}; {ask}")
    return ArmId(doc["id"])


_ONE = f"{WORKSPACE}/onlineEndpoints/{{endpointName}}"


@router.on("POST", f"{_ONE}/listKeys", action=f"{ONLINE}/listKeys/action")
def list_keys(request: Request, twin: Twin) -> Reply:
    """Both keys, for those who may have them."""
    return Reply(200, keys.of(twin, _online(request, twin, "Key")))


@router.on("POST", f"{_ONE}/regenerateKeys", action=f"{ONLINE}/regenerateKeys/action")
def regenerate_keys(request: Request, twin: Twin) -> Reply:
    """Replace one key; the old one opens nothing from now on."""
    endpoint, given = _online(request, twin, "Key"), request.json()
    which = _WHICH.get(str(given.get("keyType", "")).lower())
    if which is None:
        message = f"keyType: given {given.get('keyType')!r}; allowed: Primary or Secondary"
        raise InvalidRequest("UserError", message)
    keys.renew(twin, endpoint, which, str(given.get("keyValue") or ""))
    return Reply(200)


@router.on("POST", f"{_ONE}/token", action=f"{ONLINE}/token/action")
def get_token(request: Request, twin: Twin) -> Reply:
    """A token of the endpoint's own."""
    return Reply(200, keys.token(twin, _online(request, twin, "AMLToken"), request.caller))
