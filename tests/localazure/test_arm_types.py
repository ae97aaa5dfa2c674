"""Every ARM type of the catalogue, from its creation to the cascade of its group."""

V = {"rg": "2024-03-01"}


def test_all(twin_server):
    t = twin_server
    g = t.make_group()

    def put(path, body, v, want=(200, 201, 202)):
        r = t.call("PUT", f"{path}?api-version={v}", body)
        assert r.status_code in want, (path, r.status_code, r.text)
        s = t.settle(r)
        r2 = t.call("GET", f"{path}?api-version={v}")
        assert r2.status_code == 200, r2.text
        print(r.status_code, r2.json())
        return r2.json()

    P = f"{g}/providers/"
    loc = {"location": "westeurope"}
    ident = put(P + "Microsoft.ManagedIdentity/userAssignedIdentities/id-1", loc, "2023-01-31")
    nsg = put(
        P + "Microsoft.Network/networkSecurityGroups/nsg-1",
        {
            **loc,
            "properties": {
                "securityRules": [
                    {
                        "name": "a",
                        "properties": {
                            "priority": 100,
                            "direction": "Inbound",
                            "access": "Allow",
                            "protocol": "*",
                            "sourceAddressPrefix": "*",
                            "destinationAddressPrefix": "*",
                            "sourcePortRange": "*",
                            "destinationPortRange": "*",
                        },
                    }
                ]
            },
        },
        "2024-05-01",
    )
    put(
        P + "Microsoft.Network/virtualNetworks/vnet",
        {**loc, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
        "2024-05-01",
    )
    put(
        P + "Microsoft.Network/virtualNetworks/vnet/subnets/s1",
        {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": nsg["id"]}}},
        "2024-05-01",
    )
    n = t.subscription and g[-8:]
    sa = put(
        P + f"Microsoft.Storage/storageAccounts/st{n}",
        {
            **loc,
            "sku": {"name": "Standard_LRS"},
            "kind": "StorageV2",
            "properties": {"allowSharedKeyAccess": False},
        },
        "2024-01-01",
    )
    put(
        sa["id"] + "/blobServices/default",
        {"properties": {"deleteRetentionPolicy": {"enabled": True, "days": 7}}},
        "2024-01-01",
    )
    put(sa["id"] + "/blobServices/default/containers/data1", {}, "2024-01-01")
    put(
        sa["id"] + "/managementPolicies/default",
        {
            "properties": {
                "policy": {
                    "rules": [
                        {
                            "name": "r",
                            "type": "Lifecycle",
                            "enabled": True,
                            "definition": {
                                "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 10}}},
                                "filters": {"blobTypes": ["blockBlob"]},
                            },
                        }
                    ]
                }
            }
        },
        "2024-01-01",
    )
    kv = put(
        P + f"Microsoft.KeyVault/vaults/kv{n}",
        {
            **loc,
            "properties": {
                "tenantId": t.tenant,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": True,
            },
        },
        "2024-11-01",
    )
    cr = put(
        P + f"Microsoft.ContainerRegistry/registries/cr{n}",
        {**loc, "sku": {"name": "Standard"}},
        "2023-01-01-preview",
    )
    lw = put(P + "Microsoft.OperationalInsights/workspaces/log-1", loc, "2023-09-01")
    ai = put(
        P + "Microsoft.Insights/components/appi",
        {**loc, "kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": lw["id"]}},
        "2020-02-02",
    )
    ws = put(
        P + "Microsoft.MachineLearningServices/workspaces/mlw",
        {
            **loc,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {ident["id"]: {}}},
            "properties": {
                "storageAccount": sa["id"],
                "keyVault": kv["id"],
                "applicationInsights": ai["id"],
                "containerRegistry": cr["id"],
                "primaryUserAssignedIdentity": ident["id"],
                "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
            },
        },
        "2025-12-01",
    )
    put(
        ws["id"] + "/computes/cpu",
        {
            **loc,
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "computeType": "AmlCompute",
                "properties": {
                    "vmSize": "Standard_DS3_v2",
                    "vmPriority": "Dedicated",
                    "scaleSettings": {
                        "minNodeCount": 0,
                        "maxNodeCount": 4,
                        "nodeIdleTimeBeforeScaleDown": "PT120S",
                    },
                },
            },
        },
        "2025-12-01",
    )
    put(
        ws["id"] + "/outboundRules/r1",
        {"properties": {"type": "FQDN", "destination": "pypi.org"}},
        "2025-12-01",
    )
    put(
        ws["id"] + "/datastores/extra",
        {
            "properties": {
                "datastoreType": "AzureBlob",
                "accountName": sa["name"],
                "containerName": "data1",
                "credentials": {"credentialsType": "None"},
            }
        },
        "2025-12-01",
    )
    put(
        P + f"Microsoft.MachineLearningServices/registries/mlr{n}",
        {
            **loc,
            "identity": {"type": "SystemAssigned"},
            "properties": {"regionDetails": [{"location": "westeurope"}]},
        },
        "2025-12-01",
    )
    put(
        ws["id"] + "/providers/Microsoft.Insights/diagnosticSettings/tolog",
        {"properties": {"workspaceId": lw["id"], "logs": [{"categoryGroup": "allLogs", "enabled": True}]}},
        "2021-05-01-preview",
    )
    put(
        g + "/providers/Microsoft.Consumption/budgets/monthly",
        {
            "properties": {
                "category": "Cost",
                "amount": 100,
                "timeGrain": "Monthly",
                "timePeriod": {"startDate": "2026-11-01T00:00:00Z"},
            }
        },
        "2024-08-01",
    )
    r = t.grant("data-scientist", "f6c7c914-8db3-469d-8ca1-694a8f32e121", ws["id"])
    assert r.status_code == 201, r.text
    put(
        g + "/providers/Microsoft.Authorization/roleDefinitions/11111111-2222-4333-8444-555555555555",
        {
            "properties": {
                "roleName": "Custom " + n,
                "type": "CustomRole",
                "permissions": [{"actions": ["Microsoft.X/y/read"]}],
                "assignableScopes": [g],
            }
        },
        "2022-05-01-preview",
    )
    put(
        sa["id"] + "/providers/Microsoft.Authorization/locks/keep",
        {"properties": {"level": "CanNotDelete"}},
        "2020-05-01",
    )
    r = t.call("DELETE", g + "?api-version=2024-03-01")
    assert r.status_code == 409, r.text
    r = t.call("DELETE", sa["id"] + "/providers/Microsoft.Authorization/locks/keep?api-version=2020-05-01")
    assert r.status_code == 200
    r = t.call("DELETE", g + "?api-version=2024-03-01")
    print(r.status_code, dict(r.headers))
    t.settle(r)
    assert t.call("GET", g + "?api-version=2024-03-01").status_code == 404
