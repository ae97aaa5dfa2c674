"""What the twin holds a write against: Azure Policy, trust in other issuers, days of immutability."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.mgmt.resource.resources import ResourceManagementClient

from checks.catalogue.policies import policy_definitions, policy_for
from checks.catalogue.resource_types import by_arm_type
from tests.localazure.conftest import refused
from tests.localazure.storage.conftest import CONTRIBUTOR, StorageAccount

COMPUTES = "Microsoft.MachineLearningServices/workspaces"
STORE = "Microsoft.Storage/storageAccounts"


def version(arm_type: str) -> str:
    return by_arm_type()[arm_type.lower()].api_version


def path_of(group: str, arm_type: str, name: str) -> str:
    return f"{group}/providers/{arm_type}/{name}?api-version={version(arm_type)}"


def assign(twin: Any, group: str, word: str, effect: str, **more: Any) -> Any:
    definition = policy_for(word, effect)
    properties = {
        "policyDefinitionId": definition.id,
        "displayName": word,
        "parameters": {"effect": {"value": effect}} | more.pop("parameters", {}),
    }
    kind = "Microsoft.Authorization/policyAssignments"
    return twin.call(
        "PUT", path_of(group, kind, word), {"properties": properties | more.pop("properties", {}), **more}
    )


@pytest.fixture(scope="module")
def workshop(twin_server):
    """A group with all that a workspace stands on; ids by word."""
    twin, group = twin_server, twin_server.make_group()
    n, here = uuid.uuid4().hex[:10], {"location": twin_server.location}
    ids = {
        "identity": f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a",
        "account": f"{group}/providers/{STORE}/st{n}",
        "vault": f"{group}/providers/Microsoft.KeyVault/vaults/kv-{n}",
        "log": f"{group}/providers/Microsoft.OperationalInsights/workspaces/log-a",
        "insights": f"{group}/providers/Microsoft.Insights/components/appi-a",
    }
    bodies = {
        "identity": here,
        "account": {**here, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}},
        "vault": {
            **here,
            "properties": {"tenantId": twin.tenant, "sku": {"family": "A", "name": "standard"}},
        },
        "log": {**here, "properties": {"retentionInDays": 30}},
        "insights": {
            **here,
            "kind": "web",
            "properties": {"Application_Type": "web", "WorkspaceResourceId": ids["log"]},
        },
    }
    for word, body in bodies.items():
        kind = "/".join(ids[word].split("/providers/")[1].split("/")[:2])
        twin.settle(twin.call("PUT", f"{ids[word]}?api-version={version(kind)}", body))
    return {"group": group, **ids}


def a_workspace(workshop: dict[str, str], location: str, **properties: Any) -> dict[str, Any]:
    return {
        "location": location,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {workshop["identity"]: {}}},
        "properties": {
            "storageAccount": workshop["account"],
            "keyVault": workshop["vault"],
            "applicationInsights": workshop["insights"],
            "primaryUserAssignedIdentity": workshop["identity"],
            **properties,
        },
    }


def test_a_denied_workspace_is_not_made_and_its_policy_is_named(twin_server, workshop):
    assert assign(twin_server, workshop["group"], "workspacePrivate", "Deny").status_code == 201
    name = f"mlw-{uuid.uuid4().hex[:8]}"
    path = path_of(workshop["group"], COMPUTES, name)
    open_one = a_workspace(workshop, twin_server.location, publicNetworkAccess="Enabled")
    answer = twin_server.call("PUT", path, open_one)
    refused(answer, 403, "RequestDisallowedByPolicy", "workspacePrivate", 'publicNetworkAccess = "Disabled"')
    (info,) = answer.json()["error"]["additionalInfo"]
    assert info["type"] == "PolicyViolation"
    assert info["info"]["policyDefinitionId"] == policy_for("workspacePrivate", "Deny").id
    said_nothing = twin_server.call("PUT", path, a_workspace(workshop, twin_server.location))
    refused(said_nothing, 403, "RequestDisallowedByPolicy")
    assert twin_server.call("GET", path).status_code == 404
    private = a_workspace(workshop, twin_server.location, publicNetworkAccess="Disabled")
    twin_server.settle(twin_server.call("PUT", path, private))
    opened = twin_server.call("PATCH", path, {"properties": {"publicNetworkAccess": "Enabled"}})
    refused(opened, 403, "RequestDisallowedByPolicy")

    assign(twin_server, workshop["group"], "computeNoLocalAuth", "Deny")
    assign(twin_server, workshop["group"], "instanceIdleShutdown", "Deny")
    cluster = path.replace("?", "/computes/cpu?")
    body = {
        "location": twin_server.location,
        "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2"}},
    }
    refused(
        twin_server.call("PUT", cluster, body), 403, "RequestDisallowedByPolicy", "disableLocalAuth = true"
    )

    found = {
        (one["policyAssignmentName"], one["complianceState"])
        for one in states(twin_server, workshop["group"])
        if one["resourceId"].endswith(name)
    }
    assert found == {("workspacePrivate", "Compliant")}


def states(twin: Any, scope: str) -> list[dict[str, Any]]:
    asked = f"{scope}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults"
    reply = twin.call("POST", f"{asked}?api-version=2019-10-01", {})
    assert reply.status_code == 200, reply.text
    return reply.json()["value"]


def test_audit_lets_pass_and_remembers_and_what_cannot_be_judged_is_unknown(twin_server, workshop):
    group = workshop["group"]
    assign(twin_server, group, "workspacePrivate", "Deny", properties={"enforcementMode": "DoNotEnforce"})
    for word in ("workspaceUserIdentity", "workspacePrivateLink", "workspaceLogs"):
        effect = next(one.effects[0] for one in policy_definitions() if one.word == word)
        assert assign(twin_server, group, word, effect).status_code == 201
    name = f"mlw-{uuid.uuid4().hex[:8]}"
    body = a_workspace(workshop, twin_server.location, publicNetworkAccess="Enabled")
    path = path_of(group, COMPUTES, name)
    twin_server.settle(twin_server.call("PUT", path, body))
    mine = {
        one["policyAssignmentName"]: one
        for one in states(twin_server, group)
        if one["resourceId"].endswith(name)
    }
    assert {word: one["complianceState"] for word, one in mine.items()} == {
        "workspacePrivate": "NonCompliant",
        "workspaceUserIdentity": "Compliant",
        "workspacePrivateLink": "Unknown",
        "workspaceLogs": "NonCompliant",
    }
    assert "private endpoint" in mine["workspacePrivateLink"]["complianceReasonCode"]
    setting = path_of(path.partition("?")[0], "Microsoft.Insights/diagnosticSettings", "to-log")
    logs = {"workspaceId": workshop["log"], "logs": [{"categoryGroup": "allLogs", "enabled": True}]}
    twin_server.call("PUT", setting, {"properties": logs})
    after = {
        one["policyAssignmentName"]: one["complianceState"]
        for one in states(twin_server, group)
        if one["resourceId"].endswith(name)
    }
    assert after["workspaceLogs"] == "Compliant"


def test_modify_puts_right_what_is_sent_and_needs_an_identity(twin_server, workshop):
    group = twin_server.make_group()
    without = assign(twin_server, group, "workspacePrivate", "Modify")
    refused(without, 400, "ResourceIdentityRequired", "workspacePrivate")
    nowhere = assign(twin_server, group, "workspacePrivate", "Modify", identity={"type": "SystemAssigned"})
    refused(nowhere, 400, "LocationRequired")
    whole = {"identity": {"type": "SystemAssigned"}, "location": twin_server.location}
    made = assign(twin_server, group, "workspacePrivate", "Modify", **whole)
    assert made.json()["identity"]["principalId"]
    path = path_of(group, COMPUTES, f"mlw-{uuid.uuid4().hex[:8]}")
    twin_server.settle(twin_server.call("PUT", path, a_workspace(workshop, twin_server.location)))
    assert twin_server.call("GET", path).json()["properties"]["publicNetworkAccess"] == "Disabled"


NO_SUCH = "/providers/Microsoft.Authorization/policyDefinitions/x"
WRONG = {
    "PolicyDefinitionNotFound": ({"policyDefinitionId": NO_SUCH}, 404, "not emulated"),
    "PolicyParameterValueNotAllowed": (
        {"parameters": {"effect": {"value": "Deploy"}}},
        400,
        "Audit, Deny, Disabled",
    ),
    "UndefinedPolicyParameter": ({"parameters": {"efect": {"value": "Deny"}}}, 400, "effect"),
}


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_assignment_is_refused(twin_server, group, code):
    change, status, said = WRONG[code]
    refused(assign(twin_server, group, "workspacePrivate", "Audit", properties=change), status, code, said)


def test_definitions_are_listed_and_read_by_the_official_client(twin_server, sdk):
    listed = twin_server.call(
        "GET", "/providers/Microsoft.Authorization/policyDefinitions?api-version=2023-04-01"
    )
    assert {one["name"] for one in listed.json()["value"]} == {one.guid for one in policy_definitions()}
    client = sdk(ResourceManagementClient)
    definition = policy_for("workspaceLogs", "DeployIfNotExists")
    found = client.resources.get_by_id(definition.id, api_version="2023-04-01")
    assert found.properties["displayName"] == definition.name
    assert "logAnalytics" in found.properties["parameters"]


FEDERATIONS = [
    ({"issuer": "http://tokens.example.com"}, 400, "no https address"),
    ({"subject": "repo:example/*"}, 400, "without a star"),
    ({"audiences": ["a", "b"]}, 400, "allowed: one"),
]


@pytest.mark.parametrize(("change", "status", "said"), FEDERATIONS)
def test_a_federated_credential_that_azure_refuses_is_refused(twin_server, workshop, change, status, said):
    body = {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:example/platform:pull_request",
        "audiences": ["api://AzureADTokenExchange"],
    }
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
    at = f"{workshop['identity']}/federatedIdentityCredentials"
    answer = twin_server.call("PUT", f"{at}/wrong?api-version={version(kind)}", {"properties": body | change})
    refused(answer, status, "InvalidFederatedIdentityCredential", said)
    first = twin_server.call("PUT", f"{at}/first?api-version={version(kind)}", {"properties": body})
    assert first.status_code in (200, 201), first.text
    again = twin_server.call("PUT", f"{at}/second?api-version={version(kind)}", {"properties": body})
    refused(again, 409, "Conflict", "'first' has it")


def test_what_lies_in_an_immutable_container_stays_and_its_container_too(twin_server, workshop):
    container = f"{workshop['account']}/blobServices/default/containers/snapshots"
    policy = f"{container}/immutabilityPolicies/default"
    api = version(f"{STORE}/blobServices/containers/immutabilityPolicies")
    twin_server.settle(twin_server.call("PUT", f"{container}?api-version={api}", {"properties": {}}))
    days = {"properties": {"immutabilityPeriodSinceCreationInDays": 30}}
    none = {"properties": {"immutabilityPeriodSinceCreationInDays": 0}}
    answer = twin_server.call("PUT", f"{policy}?api-version={api}", none)
    refused(answer, 400, "InvalidRequestPropertyValue", "1 to 146000")
    made = twin_server.call("PUT", f"{policy}?api-version={api}", days)
    assert made.json()["properties"]["state"] == "Unlocked"
    assert twin_server.grant("data-scientist", CONTRIBUTOR, container).status_code == 201
    account = StorageAccount(twin_server, workshop["account"], workshop["account"].rpartition("/")[2])
    blobs = account.container("snapshots")
    blobs.upload_blob("run-1/data.csv", b"a,b\n1,2\n")
    for change in (
        lambda: blobs.upload_blob("run-1/data.csv", b"other", overwrite=True),
        lambda: blobs.delete_blob("run-1/data.csv"),
        lambda: blobs.get_blob_client("run-1/data.csv").set_blob_metadata({"a": "b"}),
    ):
        with pytest.raises(ResourceExistsError) as kept:
            change()
        assert kept.value.error_code == "BlobImmutableDueToPolicy"
    assert blobs.download_blob("run-1/data.csv").readall() == b"a,b\n1,2\n"
    blobs.upload_blob("run-2/data.csv", b"new names are free")

    refused(
        twin_server.call("DELETE", f"{container}?api-version={api}"), 409, "ContainerProtectedFromDeletion"
    )
    locked = twin_server.call("POST", f"{policy}/lock?api-version={api}", {})
    assert locked.json()["properties"]["state"] == "Locked"
    shorter = {"properties": {"immutabilityPeriodSinceCreationInDays": 7}}
    refused(
        twin_server.call("PUT", f"{policy}?api-version={api}", shorter),
        409,
        "ContainerImmutabilityPolicyLocked",
    )
    refused(
        twin_server.call("DELETE", f"{policy}?api-version={api}"), 409, "ContainerImmutabilityPolicyLocked"
    )
    refused(
        twin_server.call("POST", f"{policy}/extend?api-version={api}", shorter),
        400,
        "InvalidRequestPropertyValue",
    )
    longer = {"properties": {"immutabilityPeriodSinceCreationInDays": 60}}
    assert twin_server.call("POST", f"{policy}/extend?api-version={api}", longer).status_code == 200
    shown = twin_server.call("GET", f"{container}?api-version={api}").json()["properties"]
    assert shown["hasImmutabilityPolicy"] is True


CRYPTO = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User


def test_a_key_is_used_only_where_it_is_kept_and_its_reader_may_wrap_with_it(twin_server, workshop):
    vault, name = workshop["vault"], workshop["vault"].rpartition("/")[2]
    account = f"{workshop['group']}/providers/{STORE}/st{uuid.uuid4().hex[:10]}"
    path = f"{account}?api-version={version(STORE)}"
    body = {
        "location": twin_server.location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {workshop["identity"]: {}}},
        "properties": {
            "encryption": {
                "keySource": "Microsoft.Keyvault",
                "keyvaultproperties": {
                    "keyvaulturi": f"https://{name}.vault.azure.net",
                    "keyname": "platform",
                },
                "identity": {"userAssignedIdentity": workshop["identity"]},
            }
        },
    }

    def answer():
        return twin_server.call("PUT", path, body)

    refused(answer(), 400, "KeyVaultKeyNotUsable", f"vault '{name}' has no key 'platform'")
    vaults = version("Microsoft.KeyVault/vaults")
    key = {"properties": {"kty": "RSA", "keySize": 3072}}
    twin_server.call("PUT", f"{vault}/keys/platform?api-version={vaults}", key)
    refused(answer(), 400, "KeyVaultKeyNotUsable", "has no purge protection")
    guarded = {"properties": {"enablePurgeProtection": True}}
    twin_server.settle(twin_server.call("PATCH", f"{vault}?api-version={vaults}", guarded))
    refused(answer(), 400, "KeyVaultKeyNotUsable", "it needs Key Vault Crypto Service Encryption User")
    api = version("Microsoft.ManagedIdentity/userAssignedIdentities")
    shown = twin_server.call("GET", f"{workshop['identity']}?api-version={api}").json()
    assert twin_server.grant(shown["properties"]["principalId"], CRYPTO, vault).status_code == 201
    twin_server.settle(answer())
    other = {**body, "identity": {"type": "SystemAssigned"}}
    refused(twin_server.call("PUT", path, other), 400, "KeyVaultKeyNotUsable", "not among the resource's own")
