"""Rules over everything that the four stacks declare: whatever breaks one of them fails here."""

import copy
import functools
import re
from pathlib import Path

import pytest

from checks.catalogue.resource_types import resource_types
from checks.permissions import GUID
from infra.program import build
from infra.stackfile.files import read
from infra.tagging import REQUIRED
from tests.infra.conftest import STACKS, declare, declared, settings_of
from tests.infra.every_key import CONFIGS

GOLDEN = Path(__file__).with_name("golden")
ENVIRONMENTS = ("dev", "staging", "prod")

# Types without tags in ARM; a type that is neither here nor tagged fails.
UNTAGGABLE = {
    "azure-native:eventgrid:SystemTopicEventSubscription",
    "azure-native:machinelearningservices:Schedule",  # its tags are those of an asset, under its properties
    "azure-native:storage:Queue",
    "azure-native:authorization:ManagementLockByScope",
    "azure-native:authorization:RoleAssignment",
    "azure-native:authorization:RoleDefinition",
    "azure-native:consumption:Budget",
    "azure-native:containerservice:MaintenanceConfiguration",
    "azure-native:containerservice:TrustedAccessRoleBinding",
    "azure-native:kubernetesconfiguration:Extension",
    "azure-native:machinelearningservices:Datastore",  # its tags are those of an asset, under its properties
    "azure-native:machinelearningservices:LabelingJob",  # as a datastore's
    "azure-native:machinelearningservices:ManagedNetworkSettingsRule",
    "azure-native:machinelearningservices:WorkspaceConnection",
    "azure-native:monitor:DiagnosticSetting",
    "azure-native:monitor:PrivateLinkScopedResource",
    "azure-native:network:PrivateDnsZoneGroup",
    "azure-native:network:Subnet",
    "azure-native:network:VirtualNetworkPeering",
    "azure-native:storage:BlobContainer",
    "azure-native:storage:BlobServiceProperties",
    "azure-native:storage:ManagementPolicy",
    "azure-native:authorization:PolicyAssignment",
    "azure-native:cosmosdb:SqlResourceSqlRoleAssignment",
    "azure-native:dashboard:DashboardDefinition",
    "azure-native:dbforpostgresql:Administrator",
    "azure-native:eventhub:EventHub",
    "azure-native:monitor:DataCollectionRuleAssociation",
    "azure-native:costmanagement:Export",
    "azure-native:managedidentity:FederatedIdentityCredential",
    "azure-native:storage:BlobContainerImmutabilityPolicy",
}
# What lets somebody in by a key or a password, and the value with which nobody gets in so.
NO_KEY = {
    "adminUserEnabled": False,
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": False,
    "apiKey": "Disabled",
    "authMode": "AADToken",
    "azureADOnlyAuthentication": True,
    "disableLocalAccounts": True,
    "disableLocalAuth": True,
    "enableRbacAuthorization": True,
    "passwordAuth": "Disabled",
    "remoteLoginPortPublicAccess": "Disabled",
    "sshPublicAccess": "Disabled",
    "systemDatastoresAuthMode": "Identity",
}
# Where Azure would let in by a key unless it is told not to: the switches that must be told.
TOLD = {
    "containerregistry:Registry": {"adminUserEnabled"},
    "containerservice:ManagedCluster": {"disableLocalAccounts"},
    "cosmosdb:DatabaseAccount": {"disableLocalAuth"},
    "dashboard:Grafana": {"apiKey"},
    "dbforpostgresql:Server": {"passwordAuth"},
    "eventhub:Namespace": {"disableLocalAuth"},
    "keyvault:Vault": {"enableRbacAuthorization"},
    "machinelearningservices:BatchEndpoint": {"authMode"},
    "machinelearningservices:Compute": {"disableLocalAuth"},
    "machinelearningservices:OnlineEndpoint": {"authMode"},
    "machinelearningservices:Workspace": {"systemDatastoresAuthMode"},
    "operationalinsights:Workspace": {"disableLocalAuth"},
    "storage:StorageAccount": {"allowSharedKeyAccess", "allowBlobPublicAccess"},
    "synapse:Workspace": {"azureADOnlyAuthentication"},
}
# The narrowest rule of names there is in a cluster, for namespaces: RFC 1123, at most 63 characters.
DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
WHOLE = (*STACKS, "more")  # `more` turns on all that is off in the stacks that are shipped
PUBLIC = ("publicNetworkAccess", "publicNetworkAccessForIngestion")


@functools.cache
def whole_settings(stack):
    if stack in STACKS:
        return settings_of(stack)
    config = copy.deepcopy(CONFIGS[stack])
    del config["twinloop:kubernetes"]["localAccounts"]  # a way in by a key: for a dev that asks for it
    return read(config, source="Pulumi.dev.yaml", stack="dev")


@functools.cache
def whole(stack):
    return declared(stack) if stack in STACKS else declare(lambda: build(whole_settings(stack)))


def azure(stack):
    return [resource for resource in whole(stack).declared if resource.typ.startswith("azure-native:")]


def inside(stack):
    """What is in a Kubernetes cluster."""
    return [resource for resource in whole(stack).declared if resource.typ.startswith("kubernetes:")]


def values(node, at=""):
    """Every leaf of a structure with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from values(value, f"{at}.{key}" if at else key)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from values(value, f"{at}[{index}]")
    else:
        yield at, node


@pytest.mark.parametrize("stack", WHOLE)
def test_whatever_can_carry_tags_carries_the_required_ones(stack):
    for resource in azure(stack):
        if resource.typ not in UNTAGGABLE:
            tags = resource.inputs.get("tags", {})
            assert tags.keys() >= REQUIRED, f"{resource.typ} {resource.name}"
            assert tags["environment"] == whole_settings(stack).environment


@pytest.mark.parametrize("stack", ["staging", "prod", "more"])
def test_whatever_is_in_the_cluster_carries_the_tags_that_a_label_can_hold(stack):
    found = inside(stack)
    assert len(found) > 10
    for resource in found:
        labels = resource.inputs["metadata"].get("labels", {})
        assert labels.keys() >= REQUIRED - {"owner"}, (
            f"{resource.typ} {resource.name}"
        )  # an address: no label
        assert labels["environment"] == whole_settings(stack).environment


@pytest.mark.parametrize("stack", ["staging", "prod", "more"])
def test_every_name_in_the_cluster_is_given_and_one_that_kubernetes_takes(stack):
    for resource in inside(stack):
        metadata = resource.inputs["metadata"]
        for name in (metadata["name"], metadata.get("namespace", "default")):
            assert re.fullmatch(DNS_LABEL, name), f"{resource.name}: '{name}'"


@pytest.mark.parametrize("stack", WHOLE)
def test_every_type_has_a_row_in_the_table(stack):
    for resource in azure(stack):
        assert resource.typ in resource_types(), f"{resource.name}: {resource.typ} has no row"


@pytest.mark.parametrize("stack", WHOLE)
def test_every_name_is_given_and_one_that_azure_takes(stack):
    for resource in azure(stack):
        row = resource_types()[resource.typ]
        name = resource.inputs.get(row.parameters[-1])
        assert name is not None, (
            f"{resource.name}: no {row.parameters[-1]}, so a random name and another every time"
        )
        assert re.fullmatch(row.name_pattern, name), f"{resource.name}: '{name}' is not {row.name_rule}"


@pytest.mark.parametrize("stack", STACKS)
def test_the_keys_of_the_state_are_the_golden_ones(stack):
    keys = sorted(f"{resource.typ}::{resource.name}" for resource in declared(stack).declared)
    golden = (GOLDEN / f"{stack}.txt").read_text().splitlines()
    assert keys == golden, "a renamed key replaces the resource: add an alias, then change the golden file"


@pytest.mark.parametrize("stack", STACKS)
def test_a_logical_name_holds_no_environment_and_no_region(stack):
    settings = settings_of(stack)
    for resource in declared(stack).declared:
        words = set(re.split(r"[-_]", resource.name))
        assert not words & {settings.environment, settings.azure.location, "weu"} - {"shared"}, resource.name


def test_the_program_holds_no_guid_in_line():
    for path in (Path(__file__).resolve().parents[2] / "infra").rglob("*.py"):
        examples = path.name == "shapes.py"  # the one that a refusal shows
        assert examples or not GUID.search(path.read_text().lower()), path.name


@pytest.mark.parametrize("stack", WHOLE)
def test_nothing_is_reached_by_a_key(stack):
    for resource in azure(stack):
        leaves = {path.rpartition(".")[2]: value for path, value in values(resource.inputs)}
        switches = leaves.keys() & NO_KEY.keys()
        assert {name: leaves[name] for name in switches} == {name: NO_KEY[name] for name in switches}, (
            resource.name
        )
        assert switches >= TOLD.get(resource.typ.removeprefix("azure-native:"), set()), resource.name


@pytest.mark.parametrize("stack", WHOLE)
def test_azure_ml_reaches_nothing_by_a_key(stack):
    engine = whole(stack)
    for datastore in engine.of(":Datastore"):
        assert datastore.inputs["properties"]["credentials"] == {"credentialsType": "None"}
    for connection in engine.of(":WorkspaceConnection"):
        assert connection.inputs["properties"]["authType"] in {"None", "AAD", "ManagedIdentity"}
    for compute in engine.of(":Compute"):
        inner, kind = compute.inputs["properties"]["properties"], compute.inputs["properties"]["computeType"]
        if kind == "AmlCompute":
            assert inner["remoteLoginPortPublicAccess"] == "Disabled"
        if kind == "ComputeInstance":
            assert inner["sshSettings"] == {"sshPublicAccess": "Disabled"}


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_the_workspace_avoids_the_traps_of_its_service(stack):
    engine, names = declared(stack), settings_of(stack).names
    (workspace,) = engine.of("machinelearningservices:Workspace")
    assert workspace.inputs["systemDatastoresAuthMode"] == "Identity"
    assert workspace.inputs["identity"]["type"] == "UserAssigned"
    assert (
        workspace.inputs["primaryUserAssignedIdentity"]
        in workspace.inputs["identity"]["userAssignedIdentities"]
    )
    assert workspace.inputs["imageBuildCompute"] in [c.inputs["computeName"] for c in engine.of(":Compute")]
    by_name = {account.inputs["accountName"]: account.inputs for account in engine.of(":StorageAccount")}
    assert by_name[names.storage]["isHnsEnabled"] is False
    assert not by_name[names.storage]["sku"]["name"].startswith("Premium")
    assert by_name[names.lake]["isHnsEnabled"] is True


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_a_subnet_is_a_resource_of_its_own_and_has_its_security_group(stack):
    engine = declared(stack)
    assert all("subnets" not in network.inputs for network in engine.of(":VirtualNetwork"))
    assert all(subnet.inputs["networkSecurityGroup"]["id"] for subnet in engine.of(":Subnet"))


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_what_is_not_for_development_is_not_open_to_the_internet(stack):
    for resource in azure(stack):
        of_monitor = resource.typ.split(":")[1] in {"operationalinsights", "applicationinsights"}
        if of_monitor and settings_of(stack).monitor_scope is None:
            continue  # public until there is a private link scope
        for path, value in values(resource.inputs):
            assert not (path.endswith(PUBLIC) and value != "Disabled"), f"{resource.name}: {path} is {value}"


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_every_open_door_of_a_store_has_a_guest_list(stack):
    for account in declared(stack).of(":StorageAccount"):
        rules = account.inputs["networkRuleSet"]
        assert rules["defaultAction"] == "Deny"
        assert bool(rules["ipRules"]) == (account.inputs["publicNetworkAccess"] == "Enabled")


def test_locks_are_on_single_resources_and_where_settings_protect():
    assert declared("dev").of(":ManagementLockByScope") == []
    locks = declared("prod").of(":ManagementLockByScope")
    assert {lock.name for lock in locks} == {"locks-workspace", "locks-storage", "locks-lake", "locks-vault"}
    assert [lock.name for lock in declared("shared").of(":ManagementLockByScope")] == ["locks-logs"]
    groups = {group.inputs["resourceGroupName"] + "-id" for group in declared("prod").of(":ResourceGroup")}
    assert not {lock.inputs["scope"] for lock in locks} & groups


@pytest.mark.parametrize("stack", STACKS)
def test_no_output_is_a_credential(stack):
    for name in vars(declared(stack).outputs):
        assert not re.search("key$|secret|password|token|connection_string|sas", name), name
