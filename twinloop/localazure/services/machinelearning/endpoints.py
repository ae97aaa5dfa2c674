"""Endpoints on the control plane: addresses with identities. Deployments and scoring are not emulated yet."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import InvalidRequest, NotEmulated
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import ResourceHooks, on_type, require
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace_id

router = Router("machinelearning")
Doc = dict[str, Any]
ONLINE, BATCH = f"{WORKSPACES}/onlineEndpoints", f"{WORKSPACES}/batchEndpoints"
_WAYS_IN = ("AADToken", "AMLToken", "Key")
_REACH = ("Enabled", "Disabled")


@on_type(ONLINE)
class OnlineEndpointHooks(ResourceHooks):
    """An endpoint without deployments answers nobody."""

    def prepare(self, body: Doc, old: Doc | None, twin: Twin) -> None:
        """The way in, spelled as the service does."""
        del old, twin
        _spell_way_in(body)

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The way in is one of the service's, and traffic goes to deployments that there are."""
        del old, twin
        properties = body["properties"]
        _check_way_in(properties, f"{request.arm_id}: properties.authMode")
        reach = properties.setdefault("publicNetworkAccess", "Enabled")
        if reach not in _REACH:
            raise InvalidRequest(
                "UserError",
                f"{request.arm_id}: properties.publicNetworkAccess: given '{reach}'; allowed: "
                f"{' or '.join(_REACH)}",
            )
        for word in ("traffic", "mirrorTraffic"):
            shares = {name: share for name, share in (properties.get(word) or {}).items() if share}
            if shares:
                name = next(iter(shares))
                raise InvalidRequest(
                    "UserError",
                    f"{request.arm_id}: properties.{word}: deployment '{name}' is not there; make the "
                    "endpoint without traffic, then the deployment, then give it traffic",
                )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Where it would be asked: at the twin, which says that it does not answer."""
        del api_version
        base = f"{twin.base}/endpoints/online/{doc['name']}"
        traffic = doc["body"]["properties"].get("traffic") or {}
        return {
            "properties": {
                "scoringUri": f"{base}/score",
                "swaggerUri": f"{base}/swagger.json",
                "traffic": traffic,
            }
        }


@on_type(BATCH)
class BatchEndpointHooks(ResourceHooks):
    """An endpoint without deployments scores nothing."""

    def prepare(self, body: Doc, old: Doc | None, twin: Twin) -> None:
        """The way in, spelled as the service does."""
        del old, twin
        _spell_way_in(body)

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The way in is Entra's, and the default deployment is one that there is."""
        del old, twin
        properties = body["properties"]
        _check_way_in(properties, f"{request.arm_id}: properties.authMode")
        wanted = (properties.get("defaults") or {}).get("deploymentName")
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


def _spell_way_in(body: Doc) -> None:
    properties = body.get("properties") or {}
    given = str(properties.get("authMode", "")).lower()
    for word in _WAYS_IN:
        if word.lower() == given:
            properties["authMode"] = word


def _check_way_in(properties: Doc, where: str) -> None:
    given = properties["authMode"]
    if given not in _WAYS_IN:
        raise InvalidRequest("UserError", f"{where}: given '{given}'; allowed: {', '.join(_WAYS_IN)}")


def _what(request: Request) -> str:
    return f"deployments of endpoint '{request.params['endpointName']}': endpoints of this twin have none yet"


def _refuse(kind: str) -> None:
    """Deployments cannot be made here, so that a list of them is empty, and all else is refused by name."""
    base = f"{WORKSPACE}/{kind}/{{endpointName}}"
    arm_type = f"{WORKSPACES}/{kind}"

    def refuse(request: Request, twin: Twin) -> Reply:
        require(twin, workspace_id(request).child(kind, request.params["endpointName"]))
        raise NotEmulated(request.method, _what(request))

    def none(request: Request, twin: Twin) -> Reply:
        require(twin, workspace_id(request).child(kind, request.params["endpointName"]))
        return Reply(200, {"value": []})

    router.on("GET", f"{base}/deployments", action=f"{arm_type}/deployments/read")(none)
    one = f"{base}/deployments/{{deploymentName}}"
    for method, verb in (("GET", "read"), ("PUT", "write"), ("PATCH", "write"), ("DELETE", "delete")):
        router.on(method, one, action=f"{arm_type}/deployments/{verb}")(refuse)


for _kind in ("onlineEndpoints", "batchEndpoints"):
    _refuse(_kind)


@router.on(
    "POST", f"{WORKSPACE}/onlineEndpoints/{{endpointName}}/listKeys", action=f"{ONLINE}/listKeys/action"
)
def list_keys(request: Request, twin: Twin) -> Reply:
    """This twin makes no keys: an endpoint with Entra tokens has none, and no other one is emulated."""
    doc = require(twin, workspace_id(request).child("onlineEndpoints", request.params["endpointName"]))
    mode = doc["body"]["properties"]["authMode"]
    if mode == "AADToken":
        message = f"{doc['id']}: authMode is AADToken: there are no keys; ask for an Entra token instead"
        raise InvalidRequest("UserError", message)
    raise NotEmulated("POST", f"keys of endpoint '{doc['name']}' (authMode {mode}); use authMode AADToken")
