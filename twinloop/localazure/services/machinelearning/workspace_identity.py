"""On whose rights a workspace reaches its storage."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage import sas
from twinloop.localazure.storage.access import CONTAINERS

Doc = dict[str, Any]
_NEEDED = "Storage Blob Data Contributor"


def delegate(twin: Twin, workspace: Doc) -> str:
    """Object id of the principal whose rights a signature of the workspace rests on.

    That is the workspace's primary identity, which must have its role on the storage account. A
    system-assigned one is given the role by the service itself, as on Azure, so there the platform signs.

    Raises:
        InvalidRequest: the identity is gone, or has not been given the role.
    """
    primary = workspace["body"]["properties"].get("primaryUserAssignedIdentity")
    if not primary:
        return sas.SERVICE
    identity = resource(twin, ArmId(primary))
    principal = twin.directory.find(identity["principalId"]) if identity else None
    if principal is None:
        raise InvalidRequest(
            "UserError",
            f"The identity '{primary}' of workspace '{workspace['name']}' does not exist any more.",
        )
    account = workspace["body"]["properties"]["storageAccount"]
    if not twin.authorization.allows(principal, f"{CONTAINERS}/blobs/write", account, data=True):
        raise InvalidRequest(
            "UserError",
            f"The identity '{principal.name}' of workspace '{workspace['name']}' may not write to "
            f"'{account}': "
            f"grant it '{_NEEDED}' there.",
        )
    return principal.id
