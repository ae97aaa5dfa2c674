"""The official management clients, as a user's script has them."""

from __future__ import annotations

import threading
import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

from tests.localazure.conftest import StaticToken

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture
def group(twin_server):
    return twin_server.make_group()


def _name(group: str) -> str:
    return group.rpartition("/")[2]


def test_storage_accounts_by_their_own_client(twin_server, sdk, group):
    client, name = sdk(StorageManagementClient), "st" + uuid.uuid4().hex[:10]
    body = {"location": twin_server.location, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    made = client.storage_accounts.begin_create(_name(group), name, body).result()
    assert made.provisioning_state == "Succeeded"
    assert made.primary_endpoints.blob == f"https://{name}.blob.core.windows.net/"
    container = client.blob_containers.create(_name(group), name, "curated", {})
    assert container.name == "curated"
    assert [one.name for one in client.blob_containers.list(_name(group), name)] == ["curated"]
    service = client.blob_services.set_service_properties(
        _name(group), name, {"properties": {"isVersioningEnabled": True}}
    )
    assert service.is_versioning_enabled is True
    tagged = client.storage_accounts.update(_name(group), name, {"tags": {"owner": "ml"}})
    assert tagged.tags == {"owner": "ml"}
    assert name in [one.name for one in client.storage_accounts.list_by_resource_group(_name(group))]
    client.storage_accounts.delete(_name(group), name)
    with pytest.raises(ResourceNotFoundError):
        client.storage_accounts.get_properties(_name(group), name)


def test_vaults_by_their_own_client(twin_server, sdk, group):
    client, name = sdk(KeyVaultManagementClient), "kv-" + uuid.uuid4().hex[:10]
    properties = {
        "tenantId": twin_server.tenant,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    body = {"location": twin_server.location, "properties": properties}
    made = client.vaults.begin_create_or_update(_name(group), name, body).result()
    assert made.properties.vault_uri == f"https://{name}.vault.azure.net/"
    assert (
        client.vaults.check_name_availability(
            {"name": name, "type": "Microsoft.KeyVault/vaults"}
        ).name_available
        is False
    )
    client.vaults.delete(_name(group), name)
    assert client.vaults.get_deleted(name, twin_server.location).name == name
    client.vaults.begin_purge_deleted(name, twin_server.location).result()
    with pytest.raises(HttpResponseError):
        client.vaults.get_deleted(name, twin_server.location)


def test_keys_of_a_vault_by_their_own_client(twin_server, sdk, group):
    client, vault = sdk(KeyVaultManagementClient), "kv-" + uuid.uuid4().hex[:10]
    properties = {"tenantId": twin_server.tenant, "sku": {"family": "A", "name": "standard"}}
    body = {"location": twin_server.location, "properties": properties}
    client.vaults.begin_create_or_update(_name(group), vault, body).result()
    wanted = {"properties": {"kty": "RSA", "keySize": 3072}}
    made = client.keys.create_if_not_exist(_name(group), vault, "pulumi", wanted)
    assert made.properties.key_uri == f"https://{vault}.vault.azure.net/keys/pulumi"
    again = client.keys.create_if_not_exist(_name(group), vault, "pulumi", wanted)
    assert again.properties.key_uri_with_version == made.properties.key_uri_with_version
    assert [one.name for one in client.keys.list(_name(group), vault)] == ["pulumi"]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"kty": "RSA", "keySize": 1024}, "2048, 3072, 4096"),
        ({"kty": "DSA"}, "RSA, EC"),
        ({"kty": "RSA-HSM", "keySize": 2048}, "sku premium"),
    ],
)
def test_a_key_that_the_vault_cannot_hold_is_refused(twin_server, sdk, group, properties, words):
    client, vault = sdk(KeyVaultManagementClient), "kv-" + uuid.uuid4().hex[:10]
    own = {"tenantId": twin_server.tenant, "sku": {"family": "A", "name": "standard"}}
    body = {"location": twin_server.location, "properties": own}
    client.vaults.begin_create_or_update(_name(group), vault, body).result()
    with pytest.raises(HttpResponseError, match=words):
        client.keys.create_if_not_exist(_name(group), vault, "pulumi", {"properties": properties})


def test_nothing_is_made_of_a_provider_that_is_not_registered(make_twin):
    twin = make_twin()
    client = ResourceManagementClient(
        StaticToken(twin, "infra-engineer"),
        twin.subscription,
        base_url=twin.base,
        credential_scopes=[f"{twin.base}/.default"],
        connection_verify=str(twin.ca_bundle),
    )
    group = twin.make_group()
    client.providers.unregister("Microsoft.ManagedIdentity")
    assert client.providers.get("Microsoft.ManagedIdentity").registration_state == "NotRegistered"
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    body = {"location": twin.location}
    with pytest.raises(HttpResponseError, match="MissingSubscriptionRegistration"):
        client.resources.begin_create_or_update_by_id(identity, body, api_version="2023-01-31")
    client.providers.register("Microsoft.ManagedIdentity")
    client.resources.begin_create_or_update_by_id(identity, body, api_version="2023-01-31").result()
    with pytest.raises(HttpResponseError, match="CannotUnregisterProvider"):
        client.providers.unregister("Microsoft.ManagedIdentity")


def test_roles_by_their_own_client(twin_server, sdk, group):
    client = sdk(AuthorizationManagementClient)
    reader = next(iter(client.role_definitions.list(group, filter="roleName eq 'Reader'")))
    assert (reader.name, reader.role_type) == (READER, "BuiltInRole")
    body = {"properties": {"principalId": twin_server.object_id("auditor"), "roleDefinitionId": reader.id}}
    made = client.role_assignments.create(group, str(uuid.uuid4()), body)
    found = client.role_assignments.list_for_scope(
        group, filter=f"principalId eq '{twin_server.object_id('auditor')}'"
    )
    assert [one.id for one in found] == [made.id]
    above = client.role_assignments.list_for_scope(group, filter="atScope()")
    assert twin_server.object_id("infra-engineer") in [one.principal_id for one in above]
    assert client.role_assignments.delete_by_id(made.id).id == made.id
    assert (
        list(
            client.role_assignments.list_for_scope(
                group, filter=f"principalId eq '{twin_server.object_id('auditor')}'"
            )
        )
        == []
    )


def test_a_refusal_reaches_the_client_with_its_code_and_words(twin_server, sdk, group):
    client = sdk(ResourceManagementClient, persona="data-scientist")
    with pytest.raises(HttpResponseError) as refused:
        client.resource_groups.get(_name(group))
    assert refused.value.status_code == 403
    assert refused.value.error.code == "AuthorizationFailed"
    assert "data-scientist" in refused.value.error.message


def test_a_client_waits_for_a_group_to_go(twin_server, sdk, group):
    client = sdk(ResourceManagementClient)
    client.resource_groups.begin_delete(_name(group)).result()
    assert _name(group) not in [one.name for one in client.resource_groups.list()]


def test_providers_and_their_versions_are_listed(sdk):
    provider = sdk(ResourceManagementClient).providers.get("Microsoft.Storage")
    assert provider.registration_state == "Registered"
    kinds = {kind.resource_type: kind.api_versions for kind in provider.resource_types}
    assert "2024-01-01" in kinds["storageAccounts"]


def test_parallel_writers_lose_nothing(twin_server, group):
    path = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    statuses: list[int] = []

    def work(number: int) -> None:
        import ssl

        import httpx

        context = ssl.create_default_context(cafile=str(twin_server.home / "ca.pem"))
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(
            base_url=twin_server.base, verify=context, trust_env=False, headers=headers
        ) as client:
            for i in range(15):
                body = {"location": twin_server.location, "tags": {f"by-{number}": str(i)}}
                own = client.put(f"{path}/id-{number}-{i}?api-version=2023-01-31", json=body)
                shared = client.patch(f"{path}/id-shared?api-version=2023-01-31", json={"tags": body["tags"]})
                statuses.extend((own.status_code, shared.status_code))

    token = twin_server.token()
    twin_server.call("PUT", f"{path}/id-shared?api-version=2023-01-31", {"location": twin_server.location})
    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200, 201}
    listed = twin_server.call("GET", f"{path}?api-version=2023-01-31").json()["value"]
    assert len(listed) == 6 * 15 + 1
    shared = next(one for one in listed if one["name"] == "id-shared")
    assert shared["tags"] == {f"by-{n}": "14" for n in range(6)}
