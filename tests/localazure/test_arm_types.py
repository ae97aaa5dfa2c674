"""Every ARM type of the catalogue, reached by raw requests and by the official generic client."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.mgmt.resource.resources import ResourceManagementClient

from checks.catalogue.resource_types import by_arm_type, resource_types
from tests.localazure.arm_bodies_data import data
from tests.localazure.arm_bodies_kubernetes import clusters
from tests.localazure.arm_bodies_serving import DEPLOYMENT, export, serving
from tests.localazure.scoring_assets import script_of

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
RULE = {
    "name": "allow-https",
    "properties": {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "443",
    },
}
LIFECYCLE = {
    "name": "old",
    "type": "Lifecycle",
    "enabled": True,
    "definition": {
        "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 365}}},
        "filters": {"blobTypes": ["blockBlob"]},
    },
}


FEDERATION = {
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:example/platform:environment:dev",
    "audiences": ["api://AzureADTokenExchange"],
}
AUDITED = {
    "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/"
    "438c38d2-3772-465a-a9cc-7a6666a275ce",
    "parameters": {"effect": {"value": "Audit"}},
}


def platform(twin, group: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """One of each type below a group, in an order in which they can be made: type -> id, body."""
    n = uuid.uuid4().hex[:10]
    here, providers = {"location": twin.location}, f"{group}/providers"
    ids = {
        "identity": f"{providers}/Microsoft.ManagedIdentity/userAssignedIdentities/id-a",
        "nsg": f"{providers}/Microsoft.Network/networkSecurityGroups/nsg-a",
        "vnet": f"{providers}/Microsoft.Network/virtualNetworks/vnet-a",
        "zone": f"{providers}/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net",
        "account": f"{providers}/Microsoft.Storage/storageAccounts/st{n}",
        "vault": f"{providers}/Microsoft.KeyVault/vaults/kv-{n}",
        "images": f"{providers}/Microsoft.ContainerRegistry/registries/cr{n}",
        "log": f"{providers}/Microsoft.OperationalInsights/workspaces/log-a",
        "insights": f"{providers}/Microsoft.Insights/components/appi-a",
        "workspace": f"{providers}/Microsoft.MachineLearningServices/workspaces/mlw-{n}",
        "registry": f"{providers}/Microsoft.MachineLearningServices/registries/mlr-{n}",
    }
    role = f"/subscriptions/{twin.subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    cluster = {
        "vmSize": "Standard_DS3_v2",
        "vmPriority": "Dedicated",
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT120S"},
    }
    account_and_keys = {
        "storageAccount": ids["account"],
        "keyVault": ids["vault"],
        "applicationInsights": ids["insights"],
        "containerRegistry": ids["images"],
        "primaryUserAssignedIdentity": ids["identity"],
        "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
    }
    assigned = {"type": "UserAssigned", "userAssignedIdentities": {ids["identity"]: {}}}
    custom = {
        "roleName": f"Custom {n}",
        "type": "CustomRole",
        "permissions": [{"actions": ["Microsoft.Storage/*/read"]}],
        "assignableScopes": [group],
    }
    rows: list[tuple[str, dict[str, Any]]] = [
        (group, here),
        (ids["identity"], here),
        (f"{ids['identity']}/federatedIdentityCredentials/github-dev", {"properties": FEDERATION}),
        (ids["nsg"], {**here, "properties": {"securityRules": [RULE]}}),
        (ids["vnet"], {**here, "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}}),
        (
            f"{ids['vnet']}/subnets/snet-a",
            {"properties": {"addressPrefix": "10.1.1.0/24", "networkSecurityGroup": {"id": ids["nsg"]}}},
        ),
        (ids["zone"], {"location": "global"}),
        (
            f"{ids['zone']}/virtualNetworkLinks/link-a",
            {
                "location": "global",
                "properties": {"virtualNetwork": {"id": ids["vnet"]}, "registrationEnabled": False},
            },
        ),
        (ids["account"], {**here, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}),
        (f"{ids['account']}/blobServices/default", {"properties": {"isVersioningEnabled": True}}),
        (f"{ids['account']}/blobServices/default/containers/curated", {"properties": {}}),
        (
            f"{ids['account']}/blobServices/default/containers/curated/immutabilityPolicies/default",
            {"properties": {"immutabilityPeriodSinceCreationInDays": 30}},
        ),
        (f"{ids['account']}/managementPolicies/default", {"properties": {"policy": {"rules": [LIFECYCLE]}}}),
        (
            ids["vault"],
            {**here, "properties": {"tenantId": twin.tenant, "sku": {"family": "A", "name": "standard"}}},
        ),
        (f"{ids['vault']}/keys/pulumi", {"properties": {"kty": "RSA", "keySize": 3072}}),
        (ids["images"], {**here, "sku": {"name": "Standard"}, "properties": {}}),
        (ids["log"], {**here, "properties": {"retentionInDays": 30}}),
        (
            ids["insights"],
            {
                **here,
                "kind": "web",
                "properties": {"Application_Type": "web", "WorkspaceResourceId": ids["log"]},
            },
        ),
        (ids["workspace"], {**here, "identity": assigned, "properties": account_and_keys}),
        (
            f"{ids['workspace']}/computes/cpu",
            {**here, "properties": {"computeType": "AmlCompute", "properties": cluster}},
        ),
        (
            f"{ids['workspace']}/outboundRules/packages",
            {"properties": {"type": "FQDN", "destination": "packages.example.com"}},
        ),
        (
            f"{ids['workspace']}/datastores/curated",
            {
                "properties": {
                    "datastoreType": "AzureBlob",
                    "accountName": f"st{n}",
                    "containerName": "curated",
                    "credentials": {"credentialsType": "None"},
                }
            },
        ),
        (
            ids["registry"],
            {
                **here,
                "identity": {"type": "SystemAssigned"},
                "properties": {"regionDetails": [{"location": twin.location}]},
            },
        ),
        (
            f"{ids['workspace']}/providers/Microsoft.Insights/diagnosticSettings/to-log",
            {
                "properties": {
                    "workspaceId": ids["log"],
                    "logs": [{"categoryGroup": "allLogs", "enabled": True}],
                }
            },
        ),
        (
            f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}",
            {"properties": {"principalId": twin.object_id("auditor"), "roleDefinitionId": role}},
        ),
        (f"{group}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}", {"properties": custom}),
        (
            f"{group}/providers/Microsoft.Consumption/budgets/monthly",
            {
                "properties": {
                    "category": "Cost",
                    "amount": 100,
                    "timeGrain": "Monthly",
                    "timePeriod": {"startDate": "2026-11-01T00:00:00Z"},
                }
            },
        ),
        (f"{group}/providers/Microsoft.Authorization/policyAssignments/private", {"properties": AUDITED}),
        (
            f"{group}/providers/Microsoft.CostManagement/exports/daily-costs",
            {"properties": export(ids["account"])},
        ),
        (
            f"{ids['insights']}/providers/Microsoft.Authorization/locks/keep",
            {"properties": {"level": "CanNotDelete"}},
        ),
        *serving(group, ids, here),
        *data(group, ids, here),
        *clusters(group, ids, here),
        *_connected(ids, here, _network_elsewhere(twin)),
    ]
    from twinloop.localazure.core.ids import ArmId

    return {ArmId(arm_id).type: (arm_id, body) for arm_id, body in rows}


def _network_elsewhere(twin: Any) -> str:
    """A network in a group of its own, to be peered with."""
    group = f"/subscriptions/{twin.subscription}/resourceGroups/rg-{uuid.uuid4().hex[:8]}"
    here, space = {"location": twin.location}, {"addressSpace": {"addressPrefixes": ["10.2.0.0/16"]}}
    network = f"{group}/providers/Microsoft.Network/virtualNetworks/vnet-b"
    bodies = {group: here, network: {**here, "properties": space}}
    for arm_id, body in bodies.items():
        twin.settle(twin.call("PUT", _versioned(_type(arm_id), arm_id), body))
    return network


def _type(arm_id: str) -> str:
    from twinloop.localazure.core.ids import ArmId

    return ArmId(arm_id).type


def _connected(ids: dict[str, str], here: dict[str, Any], other: str) -> list[tuple[str, dict[str, Any]]]:
    """What connects networks, and what they reach privately."""
    net = ids["vnet"].rpartition("/virtualNetworks/")[0]
    endpoint = f"{net}/privateEndpoints/pep-a"
    scope = f"{ids['log'].partition('/providers/')[0]}/providers/Microsoft.Insights/privateLinkScopes/ampls-a"
    connection = {
        "name": "pep-a",
        "properties": {"privateLinkServiceId": ids["account"], "groupIds": ["blob"]},
    }
    modes = {"queryAccessMode": "Open", "ingestionAccessMode": "Open"}
    return [
        (
            f"{ids['vnet']}/virtualNetworkPeerings/peer-b",
            {"properties": {"remoteVirtualNetwork": {"id": other}, "allowVirtualNetworkAccess": True}},
        ),
        (
            f"{net}/publicIPAddresses/pip-a",
            {**here, "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}},
        ),
        (
            f"{net}/natGateways/ng-a",
            {
                **here,
                "sku": {"name": "Standard"},
                "properties": {"publicIpAddresses": [{"id": f"{net}/publicIPAddresses/pip-a"}]},
            },
        ),
        (
            endpoint,
            {
                **here,
                "properties": {
                    "subnet": {"id": f"{ids['vnet']}/subnets/snet-a"},
                    "privateLinkServiceConnections": [connection],
                },
            },
        ),
        (
            f"{endpoint}/privateDnsZoneGroups/default",
            {
                "properties": {
                    "privateDnsZoneConfigs": [
                        {"name": "blob", "properties": {"privateDnsZoneId": ids["zone"]}}
                    ]
                }
            },
        ),
        (scope, {"location": "global", "properties": {"accessModeSettings": modes}}),
        (f"{scope}/scopedResources/logs", {"properties": {"linkedResourceId": ids["log"]}}),
    ]


def _versioned(arm_type: str, arm_id: str) -> str:
    return f"{arm_id}?api-version={by_arm_type()[arm_type.lower()].api_version}"


@pytest.fixture(scope="module")
def made(twin_server):
    """The platform, made by raw requests: type -> id, body, first answer, what was read then."""
    group = f"/subscriptions/{twin_server.subscription}/resourceGroups/rg-{uuid.uuid4().hex[:8]}"
    found = {}
    for arm_type, (arm_id, body) in platform(twin_server, group).items():
        if arm_type == DEPLOYMENT:
            script_of(twin_server, found)
        path = _versioned(arm_type, arm_id)
        reply = twin_server.call("PUT", path, body)
        twin_server.settle(reply)
        found[arm_type] = (arm_id, body, reply, twin_server.call("GET", path))
    return found


def test_every_type_of_the_catalogue_is_here(made):
    assert set(made) == {row.arm_type for row in resource_types().values()}


@pytest.mark.parametrize("arm_type", sorted(row.arm_type for row in resource_types().values()))
def test_a_type_is_made_and_read_back_with_what_was_put(made, arm_type):
    arm_id, body, put, got = made[arm_type]
    assert put.status_code in (200, 201, 202), put.text
    assert got.status_code == 200, got.text
    shown = got.json()
    assert (shown["id"], shown["type"]) == (arm_id, arm_type)
    _holds(shown, body, arm_type)
    row = by_arm_type()[arm_type.lower()]
    if "properties.provisioningState" in row.read_only:
        assert shown["properties"]["provisioningState"] == "Succeeded"


def _holds(shown: Any, given: Any, where: str) -> None:
    """Everything that was given is shown, as it was given."""
    if isinstance(given, dict):
        for key, value in given.items():
            _holds(shown[key], value, f"{where}.{key}")
    elif isinstance(given, list):
        assert len(shown) == len(given), where
        for one, other in zip(shown, given, strict=True):
            _holds(one, other, where)
    else:
        assert shown == given, where


@pytest.mark.parametrize("arm_type", sorted(row.arm_type for row in resource_types().values()))
def test_putting_back_what_was_read_changes_nothing(twin_server, made, arm_type):
    arm_id, *_ = made[arm_type]
    path = _versioned(arm_type, arm_id)
    before = twin_server.call("GET", path).json()
    again = twin_server.call("PUT", path, before)
    assert again.status_code in (200, 202), again.text
    twin_server.settle(again)
    after = twin_server.call("GET", path).json()
    assert _lasting(after) == _lasting(before)


def _lasting(shown: Any) -> Any:
    """Without what tells the time or author of the last change."""
    volatile = {"systemData", "etag", "eTag", "updatedOn", "updatedBy", "modifiedOn", "modifiedDate"}
    volatile |= {"lastModifiedTime", "allocationStateTransitionTime"}
    if isinstance(shown, list):
        return [_lasting(one) for one in shown]
    if not isinstance(shown, dict):
        return shown
    return {key: _lasting(value) for key, value in shown.items() if key not in volatile}


@pytest.mark.parametrize("arm_type", sorted(row.arm_type for row in resource_types().values()))
def test_a_type_is_found_whatever_the_case_of_its_path(twin_server, made, arm_type):
    arm_id, *_ = made[arm_type]
    for path in (arm_id.lower(), arm_id.replace("resourceGroups", "resourcegroups")):
        assert twin_server.call("GET", _versioned(arm_type, path)).json()["id"] == arm_id


@pytest.mark.parametrize("arm_type", sorted(row.arm_type for row in resource_types().values()))
def test_a_type_is_listed_where_it_lives(twin_server, made, arm_type):
    arm_id, *_ = made[arm_type]
    listed = twin_server.call("GET", _versioned(arm_type, arm_id.rpartition("/")[0]))
    assert listed.status_code == 200, listed.text
    assert arm_id in [one["id"] for one in listed.json()["value"]]


def test_the_official_generic_client_makes_reads_lists_and_deletes_every_type(twin_server, sdk):
    client = sdk(ResourceManagementClient)
    name = f"rg-{uuid.uuid4().hex[:8]}"
    group = f"/subscriptions/{twin_server.subscription}/resourceGroups/{name}"
    made = platform(twin_server, group)
    for arm_type, (arm_id, body) in made.items():
        version = by_arm_type()[arm_type.lower()].api_version
        if arm_type == "Microsoft.Resources/resourceGroups":
            assert client.resource_groups.check_existence(name) is False
            assert client.resource_groups.create_or_update(name, body).id == arm_id
            assert client.resource_groups.check_existence(name) is True
            continue
        if arm_type == DEPLOYMENT:
            script_of(twin_server, made)
        done = client.resources.begin_create_or_update_by_id(arm_id, body, api_version=version).result()
        assert (done.id, done.type) == (arm_id, arm_type)
        assert client.resources.get_by_id(arm_id, api_version=version).id == arm_id
    listed = {resource.id for resource in client.resources.list_by_resource_group(name)}
    tracked = [row.arm_type for row in resource_types().values() if "location" in row.envelope]
    # They have a location for their identity, and extend a scope: a group does not list what extends it.
    apart = {"Microsoft.Authorization/policyAssignments", "Microsoft.CostManagement/exports"}
    apart |= {"Microsoft.Resources/resourceGroups"}
    top = [t for t in tracked if t.count("/") == 1 and t not in apart]
    assert {made[arm_type][0] for arm_type in top} <= listed
    for arm_type, (arm_id, _) in reversed(made.items()):
        row = by_arm_type()[arm_type.lower()]
        if row.delete == "none" or arm_type == "Microsoft.Resources/resourceGroups":
            continue
        client.resources.begin_delete_by_id(arm_id, api_version=row.api_version).result()
    assert list(client.resources.list_by_resource_group(name)) == []
    client.resource_groups.begin_delete(name).result()
    assert client.resource_groups.check_existence(name) is False
