"""User-assigned identities: Microsoft.ManagedIdentity."""

from __future__ import annotations

import uuid
from typing import Any

from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type
from twinloop.localazure.core.twin import Twin


@on_type("Microsoft.ManagedIdentity/userAssignedIdentities")
class UserAssignedIdentityHooks(ResourceHooks):
    """An identity is a principal of the tenant; a new one has new ids, even under an old name."""

    def created(self, doc: Doc, twin: Twin) -> None:
        """Enter it in the directory."""
        doc["principalId"], doc["clientId"] = str(uuid.uuid4()), str(uuid.uuid4())
        twin.directory.add(doc["principalId"], doc["name"])

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its ids."""
        del api_version
        ids = {"principalId": doc["principalId"], "clientId": doc["clientId"], "tenantId": twin.seed.tenant}
        return {"properties": ids}
