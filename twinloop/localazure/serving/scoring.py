"""`POST .../score`: who asks is checked, a deployment is drawn by its share, its answer is passed on.

The statuses are those of MicrosoftDocs/azure-ai-docs, machine-learning/how-to-troubleshoot-online-endpoints,
"HTTP status codes" of managed online endpoints.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import kind_of, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.tokens import InvalidToken
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.identity.metadata import LEARNING
from twinloop.localazure.serving import keys
from twinloop.localazure.serving.processes import NotReady
from twinloop.localazure.serving.running import TooMany, running
from twinloop.localazure.serving.staging import StagingFailed
from twinloop.localazure.serving.traffic import drawn, mirrored, shares_of

log = logging.getLogger("twinloop.localazure.serving")
router = Router("serving")
ONLINE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
SCORE = f"{ONLINE}/score/action"
NAMED = "azureml-model-deployment"  # header: by which a caller names a deployment, and learns who answered
_KEPT_BACK = ("authorization", "host", "content-length", "connection", "transfer-encoding", "expect")
_OK, _BAD_INPUT = 200, 400
Doc = dict[str, Any]


def address(twin: Twin, endpoint: Doc) -> str:
    """Where an endpoint is asked: its name is its own in its region."""
    return f"{twin.base}/endpoints/online/{endpoint['body'].get('location', '')}/{endpoint['name']}"


@router.on("POST", "/endpoints/online/{location}/{endpointName}/score", auth="own")
async def score(request: Request, twin: Twin) -> Reply:
    """One request to score."""
    endpoint = _admitted(request, twin)
    doc = _chosen(endpoint, request.headers.get(NAMED, ""), twin)
    body = await request.read()
    headers = {name: text for name, text in request.headers.items() if name not in _KEPT_BACK}
    if (other := mirrored(endpoint)) and (copy := resource(twin, ArmId(doc["id"]).sibling(other))):
        twin.spawn(_mirror(twin, copy, body, headers), name=f"mirror to {other}")
    return await _asked(twin, doc, body, headers)


async def _asked(twin: Twin, doc: Doc, body: bytes, headers: dict[str, str]) -> Reply:
    name = doc["name"]
    try:
        answer = await running(twin).ask(doc, body, headers)
    except TooMany as error:
        message = (
            f"deployment '{name}' is asked more than it takes at once ({error}, that is twice "
            "requestSettings.maxConcurrentRequestsPerInstance for each instance); ask again a little later"
        )
        raise ArmError(429, "TooManyPendingRequests", message, headers={"retry-after": "1"}) from None
    except TimeoutError:
        message = (
            f"deployment '{name}' took longer than requestSettings.requestTimeout; give it more there (up to "
            "PT3M), or look into its log: az ml online-deployment get-logs"
        )
        raise ArmError(408, "RequestTimeout", message) from None
    except (NotReady, StagingFailed) as error:
        raise _model_error(name, 502, str(error)) from error
    if answer.status != _OK:
        said = answer.content.decode(errors="replace")
        raise _model_error(name, answer.status, _message(said))
    return Reply(_OK, answer.content, {"content-type": answer.kind, NAMED: name})


def _model_error(name: str, status: int, reason: str) -> ArmError:
    """424: what the model's own server said, in the headers that Azure has for it."""
    headers = {
        NAMED: name,
        "ms-azureml-model-error-statuscode": str(status),
        "ms-azureml-model-error-reason": "model_error" if status >= _BAD_INPUT else "",
    }
    return ArmError(424, "ModelError", f"deployment '{name}' answered {status}: {reason}", headers=headers)


def _message(said: str) -> str:
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return said


async def _mirror(twin: Twin, doc: Doc, body: bytes, headers: dict[str, str]) -> None:
    """Ask a deployment that nobody waits for."""
    try:
        await running(twin).ask(doc, body, headers)
    except (TooMany, TimeoutError, NotReady, StagingFailed) as error:
        log.info("mirrored request to %s: %r", doc["name"], error)


def _admitted(request: Request, twin: Twin) -> Doc:
    """The endpoint, for who has a key, a token of it, or a role, whichever it asks for."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given:
        raise _stranger(
            "the header 'Authorization: Bearer ...' is missing: an Entra token, or a key or a token of the "
            "endpoint"
        )
    endpoint = _endpoint(request, twin)
    if endpoint is None:
        _caller(given, twin)  # strangers do not learn what there is
        name, place = request.params["endpointName"], request.params["location"]
        message = f"there is no online endpoint '{name}' in region '{place}' of this twin"
        raise ArmError(404, "NotFound", message)
    mode, arm_id = endpoint["body"]["properties"]["authMode"], ArmId(endpoint["id"])
    ask = "ask for one: az ml online-endpoint get-credentials"
    if mode == "AADToken":
        _admit_by_role(arm_id, given, twin)
    elif mode == "Key" and not keys.opens(twin, arm_id, given):
        raise _stranger(f"this is no key of the endpoint; {ask}")
    elif mode == "AMLToken" and not keys.token_opens(twin, arm_id, given):
        raise _stranger(f"this is no token of the endpoint, or it has expired; {ask}")
    return endpoint


def _endpoint(request: Request, twin: Twin) -> Doc | None:
    name, place = request.params["endpointName"].lower(), request.params["location"].lower()
    for _, doc in twin.store.list(kind_of(ONLINE)):
        if doc["name"].lower() == name and doc["body"].get("location") == place:
            return doc
    return None


def _caller(token: str, twin: Twin) -> Principal:
    """Whom an Entra token for Azure ML names."""
    try:
        principal, audience = twin.tokens.verify_use(token)
    except InvalidToken as error:
        raise _stranger(f"{error}") from error
    if audience not in LEARNING:
        raise _stranger(f"the token is for '{audience}'; get one for '{LEARNING[0]}'")
    return principal


def _admit_by_role(endpoint: ArmId, token: str, twin: Twin) -> None:
    principal = _caller(token, twin)
    if not twin.authorization.allows(principal, SCORE, endpoint.text):
        raise _stranger(
            f"'{principal.name}' ({principal.id}) may not perform '{SCORE}' on '{endpoint}'; give it a role "
            "that may, e.g. AzureML Data Scientist, on the endpoint or its workspace"
        )


def _stranger(why: str) -> ArmError:
    return ArmError(401, "Unauthorized", why, headers={"www-authenticate": "Bearer"})


def _chosen(endpoint: Doc, named: str, twin: Twin) -> Doc:
    """The deployment that answers: the one that the caller names, else one by the shares."""
    home = ArmId(endpoint["id"])
    name = named or drawn(shares_of(endpoint))
    doc = resource(twin, home.child("deployments", name)) if name else None
    if doc is None:
        what = f"deployment '{named}' is not there" if named else "no deployment has traffic"
        raise ArmError(
            404,
            "NotFound",
            f"endpoint '{endpoint['name']}': {what}; give one traffic (az ml online-endpoint update "
            f"--traffic NAME=100), or name one in the header {NAMED}",
        )
    return doc
