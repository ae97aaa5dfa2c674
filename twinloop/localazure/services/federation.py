"""Trust in tokens of others: federated credentials of user-assigned identities.

The trust is kept and checked as Azure does. Tokens of those issuers are not exchanged here: their keys lie
with GitHub or Azure DevOps, and this twin asks nobody.
"""

from __future__ import annotations

import re
from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type
from twinloop.localazure.core.twin import Twin

CREDENTIALS = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
# Microsoft, "Important considerations and restrictions for federated identity credentials"
_MOST = 20
_LENGTH = 600  # characters


@on_type(CREDENTIALS)
class FederatedCredentialHooks(ResourceHooks):
    """One issuer and subject once per identity, and at most twenty."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Issuer, subject, audience; and the others of the identity."""
        properties, arm_id = body["properties"], request.arm_id
        for key in ("issuer", "subject"):
            value = str(properties[key])
            if not value or len(value) > _LENGTH or "*" in value:
                message = (
                    f"{arm_id}: properties.{key}: given '{value[:60]}'; allowed: 1 to {_LENGTH} characters "
                    "without a star, as they stand in the token"
                )
                raise InvalidRequest("InvalidFederatedIdentityCredential", message, target=key)
        if not re.match(r"https://[^\s/]+", str(properties["issuer"])):
            message = f"{arm_id}: properties.issuer: '{properties['issuer']}' is no https address"
            raise InvalidRequest("InvalidFederatedIdentityCredential", message, target="issuer")
        if len(properties["audiences"]) != 1:
            message = (
                f"{arm_id}: properties.audiences: given {len(properties['audiences'])}; allowed: one, e.g. "
                "api://AzureADTokenExchange"
            )
            raise InvalidRequest("InvalidFederatedIdentityCredential", message, target="audiences")
        _check_beside(properties, arm_id, twin, new=old is None)


def _check_beside(properties: dict[str, Any], arm_id: ArmId, twin: Twin, *, new: bool) -> None:
    parent = arm_id.parent
    where = f"{parent.key if parent else ''}/federatedidentitycredentials/"
    others = [doc for _, doc in twin.store.list(kind_of(CREDENTIALS), where) if ArmId(doc["id"]) != arm_id]
    if new and len(others) >= _MOST:
        message = f"'{parent}' has {len(others)} federated identity credentials; it can have {_MOST}."
        raise InvalidRequest("FederatedIdentityCredentialLimitExceeded", message)
    wanted = (properties["issuer"], properties["subject"])
    for doc in others:
        there = doc["body"]["properties"]
        if (there["issuer"], there["subject"]) == wanted:
            message = (
                "Issuer and subject combination already exists for this Managed Identity: "
                f"'{doc['name']}' has it."
            )
            raise Conflict("Conflict", message)
