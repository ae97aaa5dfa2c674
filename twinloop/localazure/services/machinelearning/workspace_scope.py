"""The workspace that a request is about, and the small things every answer about it needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinloop.localazure.core.errors import ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.rendering import render
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import children_of, resource
from twinloop.localazure.core.twin import Twin

PROVIDER = "Microsoft.MachineLearningServices"
GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
WORKSPACE = f"{GROUP}/providers/{PROVIDER}/workspaces/{{workspaceName}}"
WORKSPACES = f"{PROVIDER}/workspaces"

Doc = dict[str, Any]


def workspace_id(request: Request) -> ArmId:
    """Id of the workspace in the path."""
    return ArmId(WORKSPACE.format(**request.params))


def workspace(request: Request, twin: Twin) -> Doc:
    """The workspace in the path.

    Raises:
        ResourceNotFound: there is none.
    """
    return find_workspace(twin, workspace_id(request))


def find_workspace(twin: Twin, arm_id: ArmId) -> Doc:
    """A workspace by id.

    Raises:
        ResourceNotFound: there is none.
    """
    doc = resource(twin, arm_id)
    if doc is None:
        raise ResourceNotFound(arm_id)
    return doc


def shown_children(request: Request, twin: Twin, kind: str) -> list[Doc]:
    """What lies below the workspace in the path, of one kind, as it is answered, by name.

    Raises:
        ResourceNotFound: there is no such workspace.
    """
    workspace(request, twin)
    ids = children_of(twin, workspace_id(request), kind)
    return [render(doc, twin, request.api_version) for one in ids if (doc := resource(twin, one))]


def system_data(principal: Principal | None, now: datetime, old: Doc | None = None) -> Doc:
    """Who made and last changed something, as ARM words it."""
    who, kind = (principal.name, _kind(principal)) if principal else (PROVIDER, "Application")
    moment = now.isoformat()
    created = old or {"createdAt": moment, "createdBy": who, "createdByType": kind}
    first = {name: created[name] for name in ("createdAt", "createdBy", "createdByType")}
    return first | {"lastModifiedAt": moment, "lastModifiedBy": who, "lastModifiedByType": kind}


def _kind(principal: Principal) -> str:
    return {"User": "User", "ManagedIdentity": "ManagedIdentity"}.get(principal.kind, "Application")
