"""Where a client puts the files of an asset before it registers it: a fresh container and its signature."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from functools import partial
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.datastores import DEFAULT
from twinloop.localazure.services.machinelearning.workspace_identity import delegate
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace
from twinloop.localazure.storage import sas
from twinloop.localazure.storage.accounts import ensure_container

router = Router("machinelearning")
_SIGNED_FOR = timedelta(hours=24)
_COLLECTIONS = ("codes", "models", "data", "environments")
_KIND = "TemporaryBlobReference"


def start_pending_upload(collection: str, request: Request, twin: Twin) -> Reply:
    """A container of its own for this upload, named after the workspace as Azure names it."""
    doc = workspace(request, twin)
    kind = request.json().get("pendingUploadType", _KIND)
    if kind not in {_KIND, "None"}:
        raise InvalidRequest("UserError", f"pendingUploadType: {kind!r} is not emulated; allowed: {_KIND}.")
    storage = ArmId(doc["body"]["properties"]["storageAccount"])
    owner, account = delegate(twin, doc, storage), storage.name.lower()
    container = f"{doc['workspaceId']}-{_random()}"
    ensure_container(twin, account, container)
    token = sas.mint(twin, account, container, permissions="racwl", lifetime=_SIGNED_FOR, owner=owner)
    place = blob_address(twin, account, container)
    reference: dict[str, Any] = {
        "blobUri": place,
        "storageAccountArmId": doc["body"]["properties"]["storageAccount"],
        "credential": {"credentialType": "SAS", "sasUri": f"{place}?{token}"},
    }
    reply = {
        "blobReferenceForConsumption": reference,
        "pendingUploadId": f"{collection}-{request.params['name']}-{request.params['version']}",
        "pendingUploadType": _KIND,
        "dataReferenceType": None,
        "datastoreName": DEFAULT,
    }
    return Reply(200, reply)


def blob_address(twin: Twin, account: str, container: str, path: str = "") -> str:
    """Where a container, or a blob in it, is reached on the port that takes signatures without TLS."""
    tail = f"/{path}" if path else ""
    return f"{twin.http_base}/{account}.blob.twin/{container}{tail}"


def _random() -> str:
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


for _collection in _COLLECTIONS:
    router.on(
        "POST",
        f"{WORKSPACE}/{_collection}/{{name}}/versions/{{version}}/startPendingUpload",
        action=f"{WORKSPACES}/{_collection}/versions/startPendingUpload/action",
    )(partial(start_pending_upload, _collection))
