"""Role assignments, role definitions and locks: the rules of Microsoft.Authorization."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from checks.permissions import RoleDefinition, UnsupportedCondition, covers, parse_condition, scope_key
from twinloop.localazure.core.errors import ArmError, Conflict, InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import render
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin

router = Router("Microsoft.Authorization")
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
_ROLES_THERE = "GET .../providers/Microsoft.Authorization/roleDefinitions lists those that do."
_ASSIGNED_KINDS = {"User": "User", "Group": "Group"}  # every other kind is a ServicePrincipal to Azure


@on_type(ASSIGNMENTS)
class RoleAssignmentHooks(ResourceHooks):
    """Who is given which role, and whether the caller may."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The role and the principal exist, and the principal does not have it here already."""
        properties = body["properties"]
        role = properties["roleDefinitionId"]
        arm_id = request.arm_id
        guid = ArmId(role).name.lower()
        if guid not in twin.authorization.roles():
            message = f"The specified role definition with ID '{guid}' does not exist. {_ROLES_THERE}"
            raise ArmError(404, "RoleDefinitionDoesNotExist", message)
        _check_principal(properties, twin)
        _check_condition(properties)
        if old is None:
            _check_new(properties, guid, arm_id, twin)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Scope, times and authors as Azure shows them."""
        del twin, api_version
        scope = ArmId(doc["id"]).parent
        return {
            "properties": {
                "scope": scope.text if scope else "/",
                "createdOn": doc["createdAt"],
                "updatedOn": doc["changedAt"],
                "createdBy": doc["createdBy"]["id"],
                "updatedBy": doc["changedBy"]["id"],
            }
        }


def _check_principal(properties: dict[str, Any], twin: Twin) -> None:
    object_id = str(properties["principalId"])
    principal = twin.directory.find(object_id)
    if principal is None:
        raise InvalidRequest(
            "PrincipalNotFound",
            f"Principal {object_id} does not exist in the directory {twin.seed.tenant}. Check that you "
            "have the correct "
            "principal ID: a group or persona of the settings, or the principalId of an identity.",
        )
    kind = _ASSIGNED_KINDS.get(principal.kind, "ServicePrincipal")
    given = properties.setdefault("principalType", kind)
    if given != kind:
        raise InvalidRequest(
            "UnmatchedPrincipalType",
            f"The PrincipalId '{object_id}' has type '{kind}', which is different from specified "
            f"PrincipalType '{given}'.",
        )


def _check_condition(properties: dict[str, Any]) -> None:
    condition = properties.get("condition")
    if not condition:
        return
    if properties.get("conditionVersion") != "2.0":
        given = properties.get("conditionVersion")
        raise InvalidRequest(
            "InvalidConditionVersion", f"conditionVersion: given {given!r}; a condition needs '2.0'"
        )
    try:
        parse_condition(condition)
    except UnsupportedCondition as error:
        raise InvalidRequest("ConditionNotEmulated", f"properties.condition: {error}") from error


def _check_new(properties: dict[str, Any], guid: str, arm_id: ArmId, twin: Twin) -> None:
    """One principal has one role once at one scope."""
    scope = arm_id.parent
    wanted = (str(properties["principalId"]).lower(), guid)
    where = f"{scope.key if scope else ''}/providers/microsoft.authorization/roleassignments/"
    for _, doc in twin.store.list(kind_of(ASSIGNMENTS), where):
        there = doc["body"]["properties"]
        if (there["principalId"].lower(), ArmId(there["roleDefinitionId"]).name.lower()) == wanted:
            message = (
                f"The role assignment already exists. The ID of the existing role assignment is "
                f"{doc['name']}."
            )
            raise Conflict("RoleAssignmentExists", message)


@on_type(DEFINITIONS)
class RoleDefinitionHooks(ResourceHooks):
    """Custom roles."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The name is free, and every permission is a pattern of an action."""
        del old
        guid = request.arm_id.name.lower()
        name = body["properties"]["roleName"]
        for role in twin.authorization.roles().values():
            if role.name.lower() == name.lower() and role.guid != guid:
                message = (
                    f"A role definition cannot be created with the name '{name}': it exists as {role.guid}. "
                    "Give another roleName, or change that one."
                )
                raise Conflict("RoleDefinitionWithSameNameExists", message)
        for permission in body["properties"]["permissions"]:
            for key in ("actions", "notActions", "dataActions", "notDataActions"):
                for action in permission.get(key) or ():
                    if action != "*" and not re.fullmatch(r"[\w.*-]+(/[\w.*-]+)+", action):
                        message = (
                            f"properties.permissions.{key}: '{action}' is not '*' or like "
                            "'Microsoft.X/y/read'"
                        )
                        raise InvalidRequest("InvalidActionOrNotAction", message)

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """A role that is assigned stays."""
        guid = doc["name"].lower()
        users = [a.id or a.scope for a in twin.authorization.assignments() if a.role == guid]
        if users:
            message = (
                f"There are existing role assignments referencing role '{guid}': {', '.join(users[:5])}. "
                "Delete them first."
            )
            raise Conflict("RoleDefinitionHasAssignments", message)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Times and authors as Azure shows them."""
        del twin, api_version
        return {
            "properties": {
                "createdOn": doc["createdAt"],
                "updatedOn": doc["changedAt"],
                "createdBy": doc["createdBy"]["id"],
                "updatedBy": doc["changedBy"]["id"],
            }
        }


def show_definition(role: RoleDefinition, scope: str) -> dict[str, Any]:
    """A built-in role as ARM shows it: below a subscription its id is always the subscription's."""
    subscription = re.match(r"/subscriptions/[^/]+", scope, re.IGNORECASE)
    return {
        "id": f"{subscription[0] if subscription else ''}/providers/{DEFINITIONS}/{role.guid}",
        "name": role.guid,
        "type": DEFINITIONS,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(p.actions),
                    "notActions": list(p.not_actions),
                    "dataActions": list(p.data_actions),
                    "notDataActions": list(p.not_data_actions),
                }
                for p in role.permissions
            ],
        },
    }


def definitions_at(scope: str, twin: Twin, filter_text: str = "") -> list[dict[str, Any]]:
    """Built-in and custom roles seen from a scope; `$filter` as Azure's: roleName eq, type eq."""
    custom = {ArmId(key).name: doc for key, doc in twin.store.list(kind_of(DEFINITIONS))}
    shown = [
        render(custom[role.guid], twin) if role.guid in custom else show_definition(role, scope)
        for role in twin.authorization.roles().values()
    ]
    wanted = dict(re.findall(r"(roleName|type) eq '([^']*)'", filter_text))
    if name := wanted.get("roleName"):
        shown = [role for role in shown if role["properties"]["roleName"].lower() == name.lower()]
    if kind := wanted.get("type"):
        shown = [role for role in shown if role["properties"]["type"].lower() == kind.lower()]
    return shown


@router.on("GET", "/providers/Microsoft.Authorization/roleDefinitions")
@router.on("GET", "/{scope:path}/providers/Microsoft.Authorization/roleDefinitions")
def list_definitions(request: Request, twin: Twin) -> Reply:
    """All roles."""
    scope = request.params.get("scope", "")
    return Reply(200, {"value": definitions_at(f"/{scope}", twin, request.query.get("$filter", ""))})


@router.on("GET", "/providers/Microsoft.Authorization/roleDefinitions/{guid}")
@router.on("GET", "/{scope:path}/providers/Microsoft.Authorization/roleDefinitions/{guid}")
def get_definition(request: Request, twin: Twin) -> Reply:
    """One role, built-in or custom, by GUID."""
    guid, scope = request.params["guid"].lower(), request.params.get("scope", "")
    for role in definitions_at(f"/{scope}", twin):
        if role["name"].lower() == guid:
            return Reply(200, role)
    message = f"The specified role definition with ID '{guid}' does not exist. {_ROLES_THERE}"
    raise ResourceNotFound(guid, message, code="RoleDefinitionDoesNotExist")


@router.on(
    "GET",
    "/{scope:path}/providers/Microsoft.Authorization/roleAssignments",
    action=f"{ASSIGNMENTS}/read",
    scope="/{scope}",
)
def list_assignments(request: Request, twin: Twin) -> Reply:
    """The assignments that hold at a scope and, unless filtered by atScope(), below it; seeded ones too."""
    scope = ArmId(request.params["scope"])
    docs = [render(doc, twin) for _, doc in twin.store.list(kind_of(ASSIGNMENTS))] + list(_seeded(twin))
    here = [
        doc
        for doc in docs
        if (at := ArmId(doc["properties"]["scope"])) and (scope.within(at) or at.within(scope))
    ]
    return Reply(200, {"value": assignment_filter(here, request.query.get("$filter", ""), scope, twin)})


def _seeded(twin: Twin) -> Iterator[dict[str, Any]]:
    """The assignments that existed before anything was deployed."""
    by_name = {role.name.lower(): role.guid for role in twin.authorization.roles().values()}
    for principal, role, scope in twin.seed.assignments:
        guid = by_name[role.lower()]
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{principal} {guid} {scope}"))
        yield {
            "id": f"{scope}/providers/{ASSIGNMENTS}/{name}",
            "name": name,
            "type": ASSIGNMENTS,
            "properties": {
                "principalId": principal,
                "roleDefinitionId": f"{scope}/providers/{DEFINITIONS}/{guid}",
                "scope": scope,
            },
        }


@router.on("GET", "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/permissions")
@router.on(
    "GET",
    "/subscriptions/{subscriptionId}/resourceGroups/{group}/providers/Microsoft.Authorization/permissions",
)
def permissions(request: Request, twin: Twin) -> Reply:
    """What the caller may do at a scope: the permissions of the roles that hold there."""
    at = scope_key(request.path.lower().partition("/providers/microsoft.authorization")[0])
    ids = set(twin.authorization.ids_of(request.caller))
    roles = twin.authorization.roles()
    held = [
        roles[a.role] for a in twin.authorization.assignments() if a.principal in ids and covers(a.scope, at)
    ]
    shown = [show_definition(role, "")["properties"]["permissions"] for role in held]
    return Reply(200, {"value": [permission for some in shown for permission in some]})


def assignment_filter(
    docs: list[dict[str, Any]], filter_text: str, scope: ArmId, twin: Twin
) -> list[dict[str, Any]]:
    """`$filter` of a list of assignments: atScope(), principalId eq, assignedTo()."""
    principal = re.search(r"principalId eq '([^']+)'", filter_text)
    assigned = re.search(r"assignedTo\('([^']+)'\)", filter_text)
    if principal:
        docs = [doc for doc in docs if doc["properties"]["principalId"].lower() == principal[1].lower()]
    if assigned:
        found = twin.directory.find(assigned[1])
        ids = set(found.ids) if found else {assigned[1].lower()}
        docs = [doc for doc in docs if doc["properties"]["principalId"].lower() in ids]
    if "atScope()" in filter_text:
        docs = [doc for doc in docs if scope.within(ArmId(doc["properties"]["scope"]))]
    return docs
