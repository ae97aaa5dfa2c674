"""What the provider knows without a cloud: checks, differences, previews."""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.providers.conftest import SUBSCRIPTION, Engine, ProviderError, Refused, Resource
from twinloop.providers.values import UNKNOWN, from_struct, to_struct

ACCOUNT = "storage:StorageAccount"
KIND = provider_pb2.PropertyDiff
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


def an_account(**more: Any) -> dict[str, Any]:
    return {
        "resourceGroupName": "rg",
        "accountName": "stmlpdev",
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        **more,
    }


def kept(engine: Engine, token: str, inputs: dict[str, Any]) -> Resource:
    planned = engine.preview(token, "one", inputs)
    return Resource(planned.urn, planned.id, planned.inputs, {})


# Check


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"isHnsEnabld": True}, "isHnsEnabld: not a property of this type; did you mean 'isHnsEnabled'?"),
        ({"isHnsEnabled": "yes"}, "isHnsEnabled: given 'yes'; true or false is wanted"),
        ({"kind": "StorageV3"}, "kind: given 'StorageV3'; allowed: Storage, StorageV2"),
        ({"sku": {}}, "sku.name: missing; it is required"),
        ({"accountName": "St_Dev"}, "accountName: given 'St_Dev'; allowed: 3 to 24 lower-case letters"),
        ({"resourceGroupName": GROUP_ID}, "a name is wanted, not an id"),
        (
            {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]}},
            "networkRuleSet.ipRules[0].value: not a property of this type",
        ),
        ({"tags": {"a": 1}}, "tags.a: given 1; a string is wanted"),
    ],
)
def test_what_azure_would_refuse_is_refused_with_path_given_and_allowed(
    offline: Engine, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused) as refusal:
        offline.check(ACCOUNT, "sa", an_account(**change))
    assert words in str(refusal.value)


def test_all_that_is_wrong_is_said_at_once(offline: Engine) -> None:
    with pytest.raises(Refused) as refusal:
        offline.check(ACCOUNT, "sa", an_account(kind="V3", accountName="A", isHnsEnabled=3))
    assert all(f"{name}: given" in str(refusal.value) for name in ("kind", "accountName", "isHnsEnabled"))


def test_a_missing_group_is_named_with_the_address_it_belongs_to(offline: Engine) -> None:
    inputs = an_account()
    del inputs["resourceGroupName"]
    with pytest.raises(
        Refused, match=r"resourceGroupName: missing; it is part of the address /subscriptions/"
    ):
        offline.check(ACCOUNT, "sa", inputs)


def test_a_discriminator_tells_what_may_stand_beside_it(offline: Engine) -> None:
    rule = {"resourceGroupName": "rg", "workspaceName": "mlw-dev", "ruleName": "r"}
    with pytest.raises(Refused, match=r"properties\.type: given 'Fqdn'; allowed: .*FQDN"):
        offline.check(
            "machinelearningservices:ManagedNetworkSettingsRule",
            "r",
            {**rule, "properties": {"type": "Fqdn", "destination": "example.org"}},
        )
    with pytest.raises(Refused, match=r"properties\.destination: given an object of 1; a string is wanted"):
        offline.check(
            "machinelearningservices:ManagedNetworkSettingsRule",
            "r",
            {**rule, "properties": {"type": "FQDN", "destination": {"serviceTag": "x"}}},
        )


def test_what_is_not_known_yet_passes(offline: Engine) -> None:
    inputs = an_account(accountName=UNKNOWN, sku={"name": UNKNOWN}, networkRuleSet=UNKNOWN)
    _, checked = offline.check(ACCOUNT, "sa", inputs)
    assert checked == inputs


def test_a_scope_must_be_an_id(offline: Engine) -> None:
    with pytest.raises(Refused, match="scope: given 'my-group'; the id of a resource"):
        offline.check(
            "authorization:ManagementLockByScope",
            "lock",
            {"scope": "my-group", "lockName": "keep", "level": "ReadOnly"},
        )


def test_the_location_comes_from_the_settings_where_none_is_given(offline: Engine) -> None:
    inputs = an_account()
    del inputs["location"]
    assert offline.check(ACCOUNT, "sa", inputs)[1]["location"] == "westeurope"


def test_a_name_that_is_not_given_fits_the_rule_and_comes_from_the_seed(offline: Engine) -> None:
    inputs = an_account()
    del inputs["accountName"]
    first = offline.check(ACCOUNT, "Feature_Store", inputs)[1]["accountName"]
    assert first == offline.check(ACCOUNT, "Feature_Store", inputs)[1]["accountName"]
    assert first.startswith("featurestore")
    assert first != offline.check(ACCOUNT, "feature-store", inputs)[1]["accountName"]


def test_a_name_once_chosen_stays(offline: Engine) -> None:
    inputs = an_account()
    del inputs["accountName"]
    _, checked = offline.check(ACCOUNT, "sa", inputs, old=an_account(accountName="stchosen"))
    assert checked["accountName"] == "stchosen"


def test_a_role_assignment_gets_a_guid_and_a_singleton_its_only_name(offline: Engine) -> None:
    _, assignment = offline.check(
        "authorization:RoleAssignment",
        "reads",
        {"scope": GROUP_ID, "principalId": "p", "roleDefinitionId": "/r", "principalType": "Group"},
    )
    assert uuid.UUID(assignment["roleAssignmentName"]).version == 4
    _, service = offline.check(
        "storage:BlobServiceProperties", "blobs", {"resourceGroupName": "rg", "accountName": "stmlpdev"}
    )
    assert service["blobServicesName"] == "default"


def test_a_type_without_a_row_is_refused_by_name(offline: Engine) -> None:
    with pytest.raises(ProviderError, match="compute:VirtualMachine is not a resource type of this provider"):
        offline.check("compute:VirtualMachine", "vm", {})


def test_a_secret_that_came_as_plain_text_leaves_the_check_wrapped(offline: Engine) -> None:
    inputs = {
        "resourceGroupName": "rg",
        "workspaceName": "mlw-dev",
        "name": "raw",
        "properties": {
            "datastoreType": "AzureBlob",
            "credentials": {
                "credentialsType": "AccountKey",
                "secrets": {"secretsType": "AccountKey", "key": "open sesame"},
            },
        },
    }
    urn = "urn:pulumi:dev::twinloop::azure-native:machinelearningservices:Datastore::raw"
    answer = offline.provider.Check(provider_pb2.CheckRequest(urn=urn, news=to_struct(inputs)), None)
    assert not answer.failures
    assert from_struct(answer.inputs).secret == {"properties"}


# Diff


def test_the_case_of_ids_and_the_spelling_of_a_location_are_no_difference(offline: Engine) -> None:
    identity = f"{GROUP_ID}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one"
    old = an_account(identity={"type": "UserAssigned", "userAssignedIdentities": [identity]})
    new = an_account(
        resourceGroupName="RG",
        location="West Europe",
        identity={"type": "UserAssigned", "userAssignedIdentities": [identity.upper()]},
    )
    assert offline.diff(kept(offline, ACCOUNT, old), new).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_each_property_that_differs_is_named(offline: Engine) -> None:
    old = an_account(tags={"a": "1", "b.c": "2"}, allowBlobPublicAccess=False)
    new = an_account(tags={"a": "9", "d": "3"}, minimumTlsVersion="TLS1_2", allowBlobPublicAccess=False)
    found = offline.diff(kept(offline, ACCOUNT, old), new)
    assert {path: each.kind for path, each in found.detailedDiff.items()} == {
        "tags.a": KIND.UPDATE,
        'tags["b.c"]': KIND.DELETE,
        "tags.d": KIND.ADD,
        "minimumTlsVersion": KIND.ADD,
    }
    assert not found.replaces
    assert not found.deleteBeforeReplace


def test_what_is_fixed_at_birth_replaces_and_deletes_first_as_the_name_stays(offline: Engine) -> None:
    found = offline.diff(kept(offline, ACCOUNT, an_account()), an_account(isHnsEnabled=True))
    assert list(found.replaces) == ["isHnsEnabled"]
    assert found.detailedDiff["isHnsEnabled"].kind == KIND.ADD_REPLACE
    assert found.deleteBeforeReplace


def test_saying_what_arm_does_anyway_replaces_nothing(offline: Engine) -> None:
    registry = {"resourceGroupName": "rg", "registryName": "crmlpdev", "sku": {"name": "Premium"}}
    made = kept(offline, "containerregistry:Registry", registry)
    assert not offline.diff(made, {**registry, "zoneRedundancy": "Disabled"}).replaces
    assert list(offline.diff(made, {**registry, "zoneRedundancy": "Enabled"}).replaces) == ["zoneRedundancy"]


def test_another_name_replaces_and_may_be_made_first(offline: Engine) -> None:
    subnet = {"resourceGroupName": "rg", "virtualNetworkName": "vnet", "subnetName": "a"}
    found = offline.diff(kept(offline, "network:Subnet", subnet), {**subnet, "subnetName": "b"})
    assert list(found.replaces) == ["subnetName"]
    assert not found.deleteBeforeReplace


def test_a_globally_unique_name_that_moves_to_another_group_is_deleted_first(offline: Engine) -> None:
    found = offline.diff(kept(offline, ACCOUNT, an_account()), an_account(resourceGroupName="other"))
    assert list(found.replaces) == ["resourceGroupName"]
    assert found.deleteBeforeReplace


def test_a_fixed_property_that_is_not_known_yet_replaces(offline: Engine) -> None:
    found = offline.diff(kept(offline, ACCOUNT, an_account()), an_account(location=UNKNOWN))
    assert list(found.replaces) == ["location"]


def test_what_the_program_ignores_is_no_difference(offline: Engine) -> None:
    resource = kept(offline, ACCOUNT, an_account(tags={"a": "1"}))
    found = offline.diff(resource, an_account(tags={"a": "2"}), ignore=("tags",))
    assert found.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_lists_differ_element_by_element(offline: Engine) -> None:
    def with_rules(*addresses: str) -> dict[str, Any]:
        rules = [{"iPAddressOrRange": address} for address in addresses]
        return an_account(networkRuleSet={"defaultAction": "Deny", "ipRules": rules})

    found = offline.diff(
        kept(offline, ACCOUNT, with_rules("1.1.1.1", "2.2.2.2")), with_rules("1.1.1.1", "3.3.3.3", "4.4.4.4")
    )
    assert {path: each.kind for path, each in found.detailedDiff.items()} == {
        "networkRuleSet.ipRules[1].iPAddressOrRange": KIND.UPDATE,
        "networkRuleSet.ipRules[2]": KIND.ADD,
    }


# Preview


def test_a_preview_knows_the_id_and_name_and_leaves_the_rest_open(offline: Engine) -> None:
    planned = offline.preview(ACCOUNT, "sa", an_account())
    assert planned.id == f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stmlpdev"
    assert planned.outputs["name"] == "stmlpdev"
    assert planned.outputs["kind"] == "StorageV2"
    assert planned.outputs["primaryEndpoints"] is UNKNOWN


def test_a_preview_below_an_unknown_parent_knows_no_id(offline: Engine) -> None:
    assert offline.preview(ACCOUNT, "sa", an_account(resourceGroupName=UNKNOWN)).id == ""


def test_ids_of_extensions_hang_on_their_scope(offline: Engine) -> None:
    lock = {"scope": GROUP_ID, "lockName": "keep", "level": "CanNotDelete"}
    planned = offline.preview("authorization:ManagementLockByScope", "lock", lock)
    assert planned.id == f"{GROUP_ID}/providers/Microsoft.Authorization/locks/keep"


def test_a_preview_imports_nothing_of_azure(offline: Engine) -> None:
    script = """
import sys
from pulumi.runtime.proto import provider_pb2 as p
from twinloop.providers.azure_native.provider import AzureNativeProvider
from twinloop.providers.values import to_struct
provider = AzureNativeProvider()
urn = "urn:pulumi:dev::t::azure-native:resources:ResourceGroup::g"
news = to_struct({"resourceGroupName": "rg", "location": "westeurope"})
inputs = provider.Check(p.CheckRequest(urn=urn, news=news), None).inputs
provider.Diff(p.DiffRequest(urn=urn, old_inputs=inputs, news=inputs), None)
provider.Create(p.CreateRequest(urn=urn, properties=inputs, preview=True), None)
print(sorted(name for name in sys.modules if name.split(".")[0] in {"azure", "requests", "msal"}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# The provider itself


def test_an_unknown_setting_is_refused_with_those_there_are(offline: Engine) -> None:
    request = provider_pb2.CheckRequest(news=to_struct({"subscriptionID": "x", "location": "westeurope"}))
    (failure,) = offline.provider.CheckConfig(request, None).failures
    assert failure.property == "subscriptionID"
    assert "subscriptionId" in failure.reason


def test_another_subscription_replaces_everything(offline: Engine) -> None:
    request = provider_pb2.DiffRequest(
        old_inputs=to_struct({"subscriptionId": "a", "location": "x"}),
        news=to_struct({"subscriptionId": "b", "location": "y"}),
    )
    found = offline.provider.DiffConfig(request, None)
    assert list(found.replaces) == ["subscriptionId"]
    assert list(found.diffs) == ["location", "subscriptionId"]


@pytest.mark.parametrize("method", ["GetSchema", "Parameterize", "Call", "Construct"])
def test_what_the_provider_does_not_do_is_refused_by_name(offline: Engine, method: str) -> None:
    requests = {
        "GetSchema": provider_pb2.GetSchemaRequest(),
        "Parameterize": provider_pb2.ParameterizeRequest(),
        "Call": provider_pb2.CallRequest(tok="x"),
        "Construct": provider_pb2.ConstructRequest(type="x"),
    }
    with pytest.raises(ProviderError, match=f"azure-native {method}"):
        getattr(offline.provider, method)(requests[method], None)


def test_a_credential_is_not_handed_out(offline: Engine) -> None:
    with pytest.raises(ProviderError, match="getClientToken hands out a credential"):
        offline.invoke("azure-native:authorization:getClientToken", {})
    with pytest.raises(ProviderError, match="listStorageAccountKeys: not a function of this provider"):
        offline.invoke("azure-native:storage:listStorageAccountKeys", {"accountName": "stmlpdev"})
