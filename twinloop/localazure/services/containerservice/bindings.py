"""Trusted access: a service of Azure comes into a cluster as itself, past local accounts."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice.types import BINDINGS, properties_of

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
# Roles by the type that they are for. Source: MicrosoftDocs/azure-aks-docs, articles/aks/
# trusted-access-feature.md; Azure/AML-Kubernetes #261 and #275.
ROLES = {WORKSPACES.lower(): (f"{WORKSPACES}/mlworkload",)}


@on_type(BINDINGS)
class BindingHooks(ResourceHooks):
    """A binding names a resource of a type that has roles, and some of them."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The roles are those of the source's type."""
        del old, twin
        properties = body["properties"]
        source = ArmId(str(properties["sourceResourceId"]))
        allowed = ROLES.get(source.type.lower(), ())
        given = properties["roles"]
        if not given or not {str(one).lower() for one in given} <= {one.lower() for one in allowed}:
            known = ", ".join(allowed) or f"none that this twin knows for {source.type}"
            message = f"{request.arm_id}: roles: given {given}; allowed: {known}"
            raise InvalidRequest("InvalidParameter", message, target="properties.roles")


def trusts(twin: Twin, cluster: ArmId, source: ArmId) -> bool:
    """Whether a cluster lets a resource in by a binding."""
    return any(
        ArmId(str(properties_of(doc)["sourceResourceId"])) == source
        for _, doc in twin.store.list(kind_of(BINDINGS), f"{cluster.key}/trustedaccessrolebindings/")
    )
