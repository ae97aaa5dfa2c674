"""Identities on resources: the system-assigned one, and the right to assign user-assigned ones."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import Doc, resource

if TYPE_CHECKING:
    from twinloop.localazure.core.principal import Principal
    from twinloop.localazure.core.twin import Twin

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGN = f"{TYPE}/assign/action"


def check_assigned(body: dict[str, Any], old: Doc | None, caller: Principal, twin: Twin) -> None:
    """User-assigned identities exist, and the caller may assign those that are new on the resource.

    Raises:
        InvalidRequest: one does not exist.
        ArmError: 403, the caller may not assign one.
    """
    before = {ArmId(text).key for text in _assigned(old["body"])} if old else set()
    for text in _assigned(body):
        target = ArmId(text)
        if target.type.lower() != TYPE.lower() or resource(twin, target) is None:
            message = f"identity: '{text}' is not the id of a user-assigned identity that exists"
            raise InvalidRequest(
                "InvalidResourceReference", message, target="identity.userAssignedIdentities"
            )
        if target.key not in before:
            check_linked(twin, caller, ASSIGN, target)


def check_linked(twin: Twin, caller: Principal, action: str, scope: ArmId) -> None:
    """The caller may do to a linked resource what the link implies.

    Raises:
        ArmError: 403 `LinkedAuthorizationFailed`.
    """
    if not twin.authorization.allows(caller, action, scope.text):
        message = (
            f"The client '{caller.name}' with object id '{caller.id}' has permission to perform the action "
            "on the resource; "
            f"however, it does not have permission to perform action(s) '{action}' on the linked scope(s) "
            f"'{scope}' or the "
            "linked scope(s) are invalid."
        )
        raise ArmError(403, "LinkedAuthorizationFailed", message)


def give_system_identity(doc: Doc, twin: Twin) -> None:
    """Make, or end, the identity that lives and dies with the resource."""
    wanted = "systemassigned" in str((doc["body"].get("identity") or {}).get("type", "")).lower()
    if wanted and "principalId" not in doc:
        doc["principalId"] = twin.directory.add(str(uuid.uuid4()), doc["name"]).id
    elif not wanted and "principalId" in doc:
        twin.directory.remove(doc.pop("principalId"))


def _assigned(body: dict[str, Any]) -> list[str]:
    return list((body.get("identity") or {}).get("userAssignedIdentities") or ())
