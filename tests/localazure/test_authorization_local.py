"""What a caller may do: deny by default, declared assignments, and what a refusal says."""

from __future__ import annotations

import uuid

import pytest

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
RBAC_ADMIN = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
IDENTITIES = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
STORAGE = "providers/Microsoft.Storage/storageAccounts"


@pytest.fixture
def group(twin_server):
    return twin_server.make_group()


def _read(twin, scope, persona):
    return twin.call("GET", f"{scope}?api-version=2024-03-01", persona=persona)


def _role(twin, guid):
    return f"/subscriptions/{twin.subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def _identity(twin, group, name="id-a", persona="infra-engineer"):
    path = f"{group}/{IDENTITIES}/{name}?api-version=2023-01-31"
    return twin.call("PUT", path, {"location": twin.location}, persona=persona)


def test_nothing_is_allowed_that_is_not_assigned(twin_server, group):
    for persona in ("data-scientist", "ml-engineer", "platform-admin", "auditor", "nobody"):
        assert _read(twin_server, group, persona).status_code == 403
        assert (
            twin_server.call("DELETE", f"{group}?api-version=2024-03-01", persona=persona).status_code == 403
        )


def test_a_refusal_names_caller_action_scope_and_the_least_role_that_would_do(twin_server, group):
    error = _read(twin_server, group, "auditor").json()["error"]
    assert error["code"] == "AuthorizationFailed"
    assert error["message"].startswith(
        f"The client 'auditor' with object id '{twin_server.object_id('auditor')}' does not have "
        "authorization to perform "
        f"action 'Microsoft.Resources/subscriptions/resourceGroups/read' over scope '{group}' or the scope "
        "is invalid."
    )
    info = error["additionalInfo"][0]["info"]
    assert info["action"] == "Microsoft.Resources/subscriptions/resourceGroups/read"
    assert "Reader" in info["roles"]
    assert info["roles"].index("Reader") < info["roles"].index("Owner")


def test_what_does_not_exist_is_refused_before_it_is_missed(twin_server):
    missing = f"/subscriptions/{twin_server.subscription}/resourceGroups/rg-none"
    assert _read(twin_server, missing, "nobody").status_code == 403
    assert _read(twin_server, missing, "infra-engineer").status_code == 404


def test_a_role_holds_at_its_scope_and_below_and_not_beside(twin_server, group):
    other = twin_server.make_group()
    assert twin_server.grant("auditor", READER, group).status_code == 201
    _identity(twin_server, group)
    assert _read(twin_server, group, "auditor").status_code == 200
    inside = twin_server.call("GET", f"{group}/{IDENTITIES}/id-a?api-version=2023-01-31", persona="auditor")
    assert inside.status_code == 200
    assert _identity(twin_server, group, "id-b", "auditor").status_code == 403
    assert _read(twin_server, other, "auditor").status_code == 403


def test_a_role_of_a_group_is_a_role_of_its_members(twin_server, group):
    assert twin_server.grant(twin_server.groups["dataScientists"], READER, group).status_code == 201
    assert _read(twin_server, group, "data-scientist").status_code == 200
    assert _read(twin_server, group, "ml-engineer").status_code == 403


def test_a_role_that_is_taken_away_no_longer_holds(twin_server, group):
    granted = twin_server.grant("auditor", READER, group).json()
    assert _read(twin_server, group, "auditor").status_code == 200
    gone = twin_server.call("DELETE", f"{granted['id']}?api-version=2022-04-01")
    assert (gone.status_code, gone.json()["id"]) == (200, granted["id"])
    assert _read(twin_server, group, "auditor").status_code == 403
    assert twin_server.call("DELETE", f"{granted['id']}?api-version=2022-04-01").status_code == 204


def test_who_may_change_resources_may_not_change_roles(twin_server, group):
    twin_server.grant("platform-admin", CONTRIBUTOR, group)
    assert _identity(twin_server, group, persona="platform-admin").status_code == 201
    role = _role(twin_server, READER)
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    body = {"properties": {"principalId": twin_server.object_id("auditor"), "roleDefinitionId": role}}
    refused = twin_server.call("PUT", path, body, persona="platform-admin")
    assert refused.status_code == 403
    assert "Microsoft.Authorization/roleAssignments/write" in refused.json()["error"]["message"]


def test_a_condition_limits_which_roles_may_be_given_and_taken(twin_server, group):
    from checks.permissions import limit_assignable_roles

    def assign(principal, role, persona, name, **more):
        scope = _role(twin_server, role)
        path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01"
        body = {"properties": {"principalId": principal, "roleDefinitionId": scope, **more}}
        return twin_server.call("PUT", path, body, persona=persona)

    limit = {"condition": limit_assignable_roles([READER]), "conditionVersion": "2.0"}
    admin, auditor = twin_server.object_id("platform-admin"), twin_server.object_id("auditor")
    assert assign(admin, RBAC_ADMIN, "infra-engineer", uuid.uuid4(), **limit).status_code == 201
    mine = uuid.uuid4()
    assert assign(auditor, READER, "platform-admin", mine).status_code == 201
    assert assign(auditor, CONTRIBUTOR, "platform-admin", uuid.uuid4()).status_code == 403
    assert (
        assign(admin, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "platform-admin", uuid.uuid4()).status_code
        == 403
    )
    theirs = twin_server.grant("ml-engineer", CONTRIBUTOR, group).json()["id"]
    assert (
        twin_server.call("DELETE", f"{theirs}?api-version=2022-04-01", persona="platform-admin").status_code
        == 403
    )
    own = f"{group}/providers/Microsoft.Authorization/roleAssignments/{mine}"
    assert (
        twin_server.call("DELETE", f"{own}?api-version=2022-04-01", persona="platform-admin").status_code
        == 200
    )


def test_a_condition_that_is_not_understood_is_refused_and_never_dropped(twin_server, group):
    role = _role(twin_server, READER)
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    properties = {
        "principalId": twin_server.object_id("auditor"),
        "roleDefinitionId": role,
        "condition": "@Resource[x] StringEquals 'y'",
        "conditionVersion": "2.0",
    }
    refused = twin_server.call("PUT", path, {"properties": properties})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ConditionNotEmulated")


def test_a_role_for_nobody_is_refused(twin_server, group):
    refused = twin_server.grant("11111111-1111-4111-8111-111111111111", READER, group)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "PrincipalNotFound")


def test_a_role_that_is_none_is_refused(twin_server, group):
    refused = twin_server.grant("auditor", "11111111-1111-4111-8111-111111111111", group)
    assert refused.json()["error"]["code"] == "RoleDefinitionDoesNotExist"


def test_the_kind_of_a_principal_is_filled_in_or_held_against_what_it_is(twin_server, group):
    made = twin_server.grant(twin_server.groups["auditors"], READER, group).json()
    assert made["properties"]["principalType"] == "Group"
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    properties = {
        **made["properties"],
        "principalId": twin_server.object_id("auditor"),
        "principalType": "Group",
    }
    refused = twin_server.call("PUT", path, {"properties": properties})
    assert refused.json()["error"]["code"] == "UnmatchedPrincipalType"


def test_the_same_role_is_not_given_twice(twin_server, group):
    first = twin_server.grant("auditor", READER, group).json()
    path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    body = {"properties": {k: first["properties"][k] for k in ("principalId", "roleDefinitionId")}}
    refused = twin_server.call("PUT", path, body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "RoleAssignmentExists")
    assert first["name"] in refused.json()["error"]["message"]
    again = twin_server.call("PUT", f"{first['id']}?api-version=2022-04-01", body)
    assert again.status_code == 200


def test_an_identity_is_a_principal_while_it_exists(twin_server, group):
    made = _identity(twin_server, group).json()
    assert twin_server.grant(made["properties"]["principalId"], READER, group).status_code == 201
    twin_server.call("DELETE", f"{made['id']}?api-version=2023-01-31")
    again = _identity(twin_server, group).json()
    assert again["properties"]["principalId"] != made["properties"]["principalId"]
    refused = twin_server.grant(made["properties"]["principalId"], CONTRIBUTOR, group)
    assert refused.json()["error"]["code"] == "PrincipalNotFound"


def test_hanging_an_identity_on_a_resource_needs_the_right_to_assign_it(twin_server, group):
    identity = _identity(twin_server, twin_server.make_group()).json()["id"]
    twin_server.grant("platform-admin", CONTRIBUTOR, group)
    path = f"{group}/{STORAGE}/st{uuid.uuid4().hex[:10]}?api-version=2024-01-01"
    body = {
        "location": twin_server.location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
    }
    refused = twin_server.call("PUT", path, body, persona="platform-admin")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "LinkedAuthorizationFailed")
    assert "userAssignedIdentities/assign/action" in refused.json()["error"]["message"]
    twin_server.grant("platform-admin", IDENTITY_OPERATOR, identity)
    assert twin_server.call("PUT", path, body, persona="platform-admin").status_code == 202


def test_a_list_shows_what_the_caller_may_read(twin_server, group):
    shown = _identity(twin_server, group, "id-shown").json()["id"]
    _identity(twin_server, group, "id-hidden")
    twin_server.grant("auditor", READER, shown)
    for where in (group, f"/subscriptions/{twin_server.subscription}"):
        listed = twin_server.call("GET", f"{where}/{IDENTITIES}?api-version=2023-01-31", persona="auditor")
        assert [one["id"] for one in listed.json()["value"] if group in one["id"]] == [shown]
    everything = twin_server.call("GET", f"{group}/resources?api-version=2021-04-01", persona="auditor")
    assert [one["id"] for one in everything.json()["value"]] == [shown]


def test_subscriptions_are_seen_by_those_who_have_a_role_in_them(twin_server, group):
    def seen(persona):
        listed = twin_server.call("GET", "/subscriptions?api-version=2022-12-01", persona=persona)
        return {one["subscriptionId"] for one in listed.json()["value"]}

    assert seen("infra-engineer") == {twin_server.subscription, twin_server.other_subscription}
    assert seen("nobody") == set()
    twin_server.grant("ml-engineer", READER, group)
    assert seen("ml-engineer") == {twin_server.subscription}


def test_a_custom_role_gives_what_it_says_and_stays_while_it_is_assigned(twin_server, group):
    guid = str(uuid.uuid4())
    path = f"{group}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    body = {
        "properties": {
            "roleName": f"Group reader {guid[:8]}",
            "type": "CustomRole",
            "assignableScopes": [group],
            "permissions": [{"actions": ["Microsoft.Resources/subscriptions/resourceGroups/read"]}],
        }
    }
    assert twin_server.call("PUT", f"{path}?api-version=2022-05-01-preview", body).status_code == 201
    granted = twin_server.grant("auditor", guid, group).json()
    assert _read(twin_server, group, "auditor").status_code == 200
    kept = twin_server.call("DELETE", f"{path}?api-version=2022-05-01-preview")
    assert (kept.status_code, kept.json()["error"]["code"]) == (409, "RoleDefinitionHasAssignments")
    twin_server.call("DELETE", f"{granted['id']}?api-version=2022-04-01")
    assert twin_server.call("DELETE", f"{path}?api-version=2022-05-01-preview").status_code == 200


def test_roles_go_with_the_scope_that_they_were_given_on(twin_server, group):
    assert twin_server.grant("auditor", READER, group).status_code == 201
    twin_server.settle(twin_server.call("DELETE", f"{group}?api-version=2024-03-01"))
    name = group.rpartition("/")[2]
    twin_server.make_group(name)
    assert _read(twin_server, group, "auditor").status_code == 403


def test_an_assignment_names_its_role_as_the_roles_are_listed_at_any_scope(twin_server, group):
    granted = twin_server.grant("auditor", READER, group).json()["properties"]["roleDefinitionId"]
    listed = twin_server.call(
        "GET", f"{group}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-05-01-preview"
    )
    assert granted in {role["id"] for role in listed.json()["value"]}
