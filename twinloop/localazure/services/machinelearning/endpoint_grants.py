"""What Azure ML grants by itself to an endpoint with a system-assigned identity; any other gets nothing.

Source: MicrosoftDocs/azure-ai-docs, machine-learning/concept-endpoints-online-auth, "Permissions needed for
scoring" and "system-assigned identity": the three roles are assigned automatically.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from checks.catalogue.roles import role_named
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import delete_resource, put_resource, resource
from twinloop.localazure.core.twin import Twin

Doc = dict[str, Any]


def grant(twin: Twin, endpoint: Doc) -> None:
    """Let the identity that lives with the endpoint pull images, read models, write metrics."""
    if "principalId" not in endpoint:
        return
    for arm_id, role in _assignments(twin, endpoint):
        definition = (
            f"/subscriptions/{arm_id.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        )
        properties = {
            "principalId": endpoint["principalId"],
            "principalType": "ServicePrincipal",
            "roleDefinitionId": definition,
            "description": f"made by Azure ML with endpoint {endpoint['name']}",
        }
        put_resource(twin, arm_id, {"properties": properties})


def withdraw(twin: Twin, endpoint: Doc) -> None:
    """End what was granted: the identity is gone."""
    for arm_id, _ in _assignments(twin, endpoint) if "principalId" in endpoint else ():
        delete_resource(twin, arm_id)


def _assignments(twin: Twin, endpoint: Doc) -> Iterator[tuple[ArmId, str]]:
    """Id and role of each assignment."""
    home = ArmId(endpoint["id"]).parent
    workspace = resource(twin, home) if home else None
    if workspace is None:
        return
    properties = workspace["body"]["properties"]
    rows = (
        ("AcrPull", properties.get("containerRegistry")),
        ("Storage Blob Data Reader", properties.get("storageAccount")),
        ("AzureML Metrics Writer (preview)", workspace["id"]),
    )
    for role, scope in rows:
        if scope:
            name = uuid.uuid5(uuid.NAMESPACE_URL, f"{endpoint['principalId']}{role}{scope}".lower())
            yield (
                ArmId(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
                role_named(role).guid,
            )
