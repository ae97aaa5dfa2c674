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


def delegate(twin: Twin, workspace: Doc, account: ArmId) -> str:
    """Object id of the principal whose rights a signature of the workspace rests on.

    That is the workspace's primary identity, which must have its role on the storage account. To a
    system-assigned one the service itself gives the role on the workspace's own account, as on Azure: there
    the platform signs.

    Raises:
        InvalidRequest: the identity is gone, or has not been given the role.
    """
    properties = workspace["body"]["properties"]
    primary = properties.get("primaryUserAssignedIdentity")
    if not primary and account == ArmId(properties["storageAccount"]):
        return sas.SERVICE
    identity = resource(twin, ArmId(primary)) if primary else workspace
    principal = twin.directory.find((identity or {}).get("principalId") or "")
    if principal is None:
        raise InvalidRequest(
            "UserError",
            f"The identity of workspace '{workspace['name']}' does not exist any more "
            f"({primary or 'system'}): bring it up again, or give the workspace another one as "
            "properties.primaryUserAssignedIdentity.",
        )
    if not twin.authorization.allows(principal, f"{CONTAINERS}/blobs/write", account.text, data=True):
        raise InvalidRequest(
            "UserError",
            f"The identity '{principal.name}' of workspace '{workspace['name']}' may not write to "
            f"'{account}': "
            f"grant it '{_NEEDED}' there.",
        )
    return principal.id
