"""Each rule of the pack, by a change of a shipped stack that it must catch."""

import importlib
import typing
from dataclasses import replace

import pulumi._types as pulumi_types
import pytest

from checks.catalogue.roles import role_named
from infra.tagging import REQUIRED
from policies import keeping, kinds
from policies.evaluation import findings
from policies.levels import NOWHERE, level, purpose
from policies.table import RULES
from tests.infra.conftest import STACKS
from tests.policies.planned import config, planned, put, spoiled, with_more, without

PROD_GROUP = "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a003/resourceGroups/rg-mlp-prod-weu"
UNHEARD = "0a1b2c3d-0000-4000-8000-00000000abcd"
OPEN_RULE = {
    "name": "ssh", "direction": "Inbound", "access": "Allow", "priority": 100, "protocol": "Tcp",
    "sourceAddressPrefix": "Internet", "destinationPortRange": "22", "destinationAddressPrefix": "*",
}  # fmt: skip
NAMESPACE = {"metadata": {"name": "team-a"}}
INSTANCE = {
    "tags": dict.fromkeys(REQUIRED, "x"),
    "properties": {
        "computeType": "ComputeInstance",
        "disableLocalAuth": True,
        "properties": {"vmSize": "Standard_DS3_v2", "enableNodePublicIp": False},
    },
}


def assigned(role, scope=PROD_GROUP, **more):
    guid = role_named(role).guid if not role.startswith("0a1b") else role
    return {
        "roleDefinitionId": f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        "scope": scope,
        "principalType": "Group",
        **more,
    }


def with_assignment(*given, **more):
    return lambda: with_more("prod", kinds.ASSIGNMENT, "another", assigned(*given, **more))


def put_in(token, path, value, stack="prod", **more):
    return lambda: spoiled(stack, token, put(path, value), **more)


def in_first_pool(key, value):
    def change(inputs):
        inputs["agentPoolProfiles"][0][key] = value

    return lambda: spoiled("prod", kinds.AKS, change)


CLUSTER = "properties.properties"
# rule -> the changes that it must catch
CAUGHT = {
    "public-access-closed": [
        put_in(kinds.STORAGE, "publicNetworkAccess", "Enabled"),
        put_in(kinds.VAULT, "properties.publicNetworkAccess", "Enabled"),
        put_in(kinds.IMAGES, "publicNetworkAccess", None),
        put_in(kinds.ML_WORKSPACE, "publicNetworkAccess", "Enabled"),
        put_in(kinds.ONLINE_ENDPOINT, "properties.publicNetworkAccess", "Enabled"),
    ],
    "network-default-deny": [
        put_in(kinds.STORAGE, "networkRuleSet.defaultAction", "Allow"),
        put_in(kinds.VAULT, "properties.networkAcls", {}),
        put_in(kinds.IMAGES, "publicNetworkAccess", "Enabled"),
    ],
    "no-inbound-from-the-internet": [put_in(kinds.SECURITY_GROUP, "securityRules", [OPEN_RULE])],
    "subnets-have-rules": [put_in(kinds.SUBNET, "networkSecurityGroup", None)],
    "closed-stores-have-private-endpoints": [lambda: without("prod", kinds.PRIVATE_ENDPOINT)],
    "jobs-leave-by-approved-ways": [
        put_in(kinds.ML_WORKSPACE, "managedNetwork.isolationMode", "AllowInternetOutbound")
    ],
    "kubernetes-api-private": [
        put_in(kinds.AKS, "apiServerAccessProfile", {"authorizedIPRanges": ["203.0.113.0/24"]})
    ],
    "no-shared-keys": [
        put_in(kinds.STORAGE, "allowSharedKeyAccess", None),
        put_in(kinds.LOGS, "features.disableLocalAuth", False),
        lambda: with_more("prod", kinds.EVENT_HUBS, "hubs", {"tags": dict.fromkeys(REQUIRED, "x")}),
    ],
    "traces-by-identity": [put_in(kinds.INSIGHTS, "disableLocalAuth", False)],
    "datastores-by-identity": [
        put_in(kinds.DATASTORE, "properties.credentials.credentialsType", "AccountKey"),
        put_in(kinds.ML_WORKSPACE, "systemDatastoresAuthMode", None),
    ],
    "image-registry-has-no-admin": [put_in(kinds.IMAGES, "adminUserEnabled", True)],
    "image-registry-knows-who-pulls": [put_in(kinds.IMAGES, "anonymousPullEnabled", True)],
    "no-anonymous-blobs": [
        put_in(kinds.STORAGE, "allowBlobPublicAccess", True),
        put_in(kinds.CONTAINER, "publicAccess", "Blob"),
    ],
    "vault-by-roles": [put_in(kinds.VAULT, "properties.enableRbacAuthorization", False)],
    "endpoints-by-identity": [
        put_in(kinds.ONLINE_ENDPOINT, "properties.authMode", "Key"),
        put_in(kinds.BATCH_ENDPOINT, "properties.authMode", "Key"),
    ],
    "tls-1-2": [
        put_in(kinds.STORAGE, "minimumTlsVersion", "TLS1_0"),
        put_in(kinds.STORAGE, "enableHttpsTrafficOnly", False),
    ],
    "own-keys-everywhere-or-nowhere": [put_in(kinds.ML_WORKSPACE, "encryption.status", "Enabled")],
    "user-assigned-identities": [
        put_in(kinds.ML_WORKSPACE, "identity.type", "SystemAssigned"),
        put_in(kinds.COMPUTE, "identity", None),
        put_in(kinds.ONLINE_ENDPOINT, "identity.type", "SystemAssigned"),
        put_in(kinds.AKS, "identity.type", "SystemAssigned"),
    ],
    "roles-of-the-table": [with_assignment(UNHEARD)],
    "no-wide-roles": [
        with_assignment("Contributor", "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a003"),
        with_assignment("Owner"),
    ],
    "giving-roles-is-limited": [
        with_assignment("Role Based Access Control Administrator"),
        with_assignment("Role Based Access Control Administrator", condition="anything goes"),
    ],
    "principal-kind-said": [with_assignment("Reader", principalType=None)],
    "ci-trusts-one-subject": [
        put_in(kinds.CI_CREDENTIAL, "subject", "repo:acme/platform:*", "shared"),
        put_in(kinds.CI_CREDENTIAL, "subject", "repo:acme/platform:ref:refs/heads/main", "shared"),
    ],
    "nodes-have-no-public-address": [
        put_in(kinds.COMPUTE, f"{CLUSTER}.enableNodePublicIp", None),
        in_first_pool("enableNodePublicIP", True),
    ],
    "nodes-are-not-logged-in-to": [
        put_in(kinds.COMPUTE, f"{CLUSTER}.remoteLoginPortPublicAccess", "Enabled")
    ],
    "computes-by-identity": [put_in(kinds.COMPUTE, "properties.disableLocalAuth", False)],
    "clusters-scale-to-zero": [
        put_in(kinds.COMPUTE, f"{CLUSTER}.scaleSettings.minNodeCount", 1),
        put_in(kinds.COMPUTE, f"{CLUSTER}.scaleSettings.nodeIdleTimeBeforeScaleDown", "PT1H"),
        put_in(kinds.COMPUTE, f"{CLUSTER}.scaleSettings.nodeIdleTimeBeforeScaleDown", None),
    ],
    "instances-stop-when-idle": [lambda: with_more("prod", kinds.COMPUTE, "notebook", INSTANCE)],
    "serverless-has-no-public-address": [put_in(kinds.ML_WORKSPACE, "serverlessComputeSettings", None)],
    "kubernetes-has-no-local-accounts": [put_in(kinds.AKS, "disableLocalAccounts", False)],
    "kubernetes-asks-entra": [put_in(kinds.AKS, "aadProfile.enableAzureRBAC", False)],
    "kubernetes-tier": [put_in(kinds.AKS, "sku.tier", "Free")],
    "kubernetes-is-patched": [put_in(kinds.AKS, "autoUpgradeProfile.upgradeChannel", "none")],
    "pools-follow-the-work": [put_in(kinds.POOL, "enableAutoScaling", False)],
    "taints-that-jobs-tolerate": [put_in(kinds.POOL, "nodeTaints", ["sku=gpu:NoSchedule"])],
    "namespaces-have-quotas": [lambda: with_more("prod", kinds.NAMESPACE, "team-a", NAMESPACE)],
    "namespaces-deny-by-default": [lambda: with_more("prod", kinds.NAMESPACE, "team-a", NAMESPACE)],
    "vault-keeps-what-is-deleted": [put_in(kinds.VAULT, "properties.enablePurgeProtection", None)],
    "blobs-can-be-had-back": [put_in(kinds.BLOBS, "deleteRetentionPolicy", None)],
    "state-is-protected": [put_in(kinds.STORAGE, "kind", "StorageV2", protect=False)],
    "state-is-locked": [lambda: without("prod", kinds.LOCK)],
    "no-lock-on-a-group": [put_in(kinds.LOCK, "scope", PROD_GROUP)],
    "logs-are-sent": [lambda: without("prod", kinds.DIAGNOSTICS)],
    "logs-are-kept": [put_in(kinds.LOGS, "retentionInDays", 30), put_in(kinds.LOGS, "retentionInDays", None)],
    "stack-has-a-budget": [lambda: without("prod", kinds.BUDGET)],
    "budget-tells-somebody": [put_in(kinds.BUDGET, "notifications", {})],
    "everything-is-tagged": [
        put_in(kinds.STORAGE, "tags", {"owner": "me"}), put_in(kinds.AKS, "tags", None),
    ],
}  # fmt: skip


def found(stack, resources, settings=None):
    return findings(stack, resources, settings or config(stack))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_change_of_a_shipped_stack_that_breaks_the_rule_is_caught(rule):
    for change in CAUGHT[rule.name]:
        resources = change()
        stack = resources[0].stack
        caught = [one for one in found(stack, resources) if one.rule == rule.name]
        assert {one.severity for one in caught} == {"warn" if rule.advisory_in == NOWHERE else "refuse"}
        assert all(one.what and one.fix and one.why and one.source for one in caught)


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_in_a_shipped_stack_is_refused(stack):
    assert [one for one in found(stack, planned(stack)) if one.severity == "refuse"] == []


def test_what_stops_production_is_only_advice_in_development():
    breach = put_in(kinds.IMAGES, "publicNetworkAccess", "Enabled", "dev")()
    assert {one.severity for one in found("dev", breach)} == {"warn"}
    assert {one.severity for one in found("dev", planned("dev"))} == {"warn"}


def test_some_things_are_refused_everywhere():
    given = with_more("dev", kinds.ASSIGNMENT, "another", assigned("Owner"))
    assert {one.rule for one in found("dev", given) if one.severity == "refuse"} == {
        "no-wide-roles", "giving-roles-is-limited",
    }  # fmt: skip


def test_there_are_rules_enough_each_with_its_document_and_a_name_of_its_own():
    assert len(RULES) >= 28
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert CAUGHT.keys() == {rule.name for rule in RULES}
    for rule in RULES:
        assert rule.title.endswith(".")
        assert len(rule.source) > 20, rule.name
        assert sum(bool(one) for one in (rule.demands or rule.check, rule.whole)) == 1, rule.name


def test_what_a_namespace_needs_can_be_given():
    quota = with_more("prod", kinds.QUOTA, "team-a", {"metadata": {"namespace": "team-a"}})[-1]
    closed = {
        "metadata": {"namespace": "team-a"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }
    policy = with_more("prod", kinds.NETWORK_POLICY, "team-a", closed)[-1]
    given = (*with_more("prod", kinds.NAMESPACE, "team-a", NAMESPACE), quota, policy)
    assert not [one for one in found("prod", given) if one.rule.startswith("namespaces")]


def test_what_only_the_cloud_knows_is_not_judged():
    for value in ("[unknown]", "[secret]"):
        given = spoiled("prod", kinds.STORAGE, put("publicNetworkAccess", value))
        assert not [one for one in found("prod", given) if one.severity == "refuse"]


@pytest.mark.parametrize(
    ("quota", "namespace"),
    [
        ("[unknown]", NAMESPACE["metadata"]),
        ({"namespace": "[unknown]"}, NAMESPACE["metadata"]),
        ({}, "[unknown]"),
    ],
)
def test_what_only_a_cluster_knows_of_a_namespace_is_not_judged(quota, namespace):
    given = [
        with_more("prod", kinds.NAMESPACE, "team-a", {"metadata": namespace})[-1],
        with_more("prod", kinds.QUOTA, "team-a", {"metadata": quota})[-1],
        with_more("prod", kinds.NETWORK_POLICY, "team-a", {"metadata": quota, "spec": "[unknown]"})[-1],
    ]
    assert not [one for one in found("prod", given) if one.rule.startswith("namespaces-")]


def test_what_is_taken_is_not_judged():
    given = [
        replace(one, taken=True) if one.type == kinds.IMAGES else one
        for one in put_in(kinds.IMAGES, "adminUserEnabled", True)()
    ]
    assert not [one for one in found("prod", given) if one.severity == "refuse"]


def test_the_tags_are_those_of_the_program():
    assert set(keeping.TAGS) == REQUIRED


@pytest.mark.parametrize(
    ("settings", "what_for"),
    [
        ({}, "production"),
        ({"twinloop:environment": "prod-eu", "twinloop:access": '{"peopleMay": "develop"}'}, "production"),
        ({"twinloop:environment": "live", "twinloop:protect": "true"}, "production"),
        ({"twinloop:environment": "shared", "twinloop:kind": "shared"}, "shared"),
        ({"twinloop:environment": "staging", "twinloop:protect": "false"}, "rehearsal"),
        ({"twinloop:environment": "lab", "twinloop:access": '{"peopleMay": "develop"}'}, "development"),
        ({"twinloop:environment": "lab", "twinloop:access": "not json"}, "rehearsal"),
    ],
)
def test_what_a_stack_is_for_is_in_its_settings_and_not_in_its_name(settings, what_for):
    assert purpose(settings) == what_for


@pytest.mark.parametrize("stack", STACKS)
def test_no_setting_weakens_production_and_one_may_strengthen_any_stack(stack):
    rule = next(one for one in RULES if one.name == "tls-1-2")
    closed = next(one for one in RULES if one.name == "public-access-closed")
    weak = config(stack) | {"twinloop:gate": '{"enforcement": "advisory"}'}
    strong = config(stack) | {"twinloop:gate": '{"enforcement": "mandatory"}'}
    expected = "mandatory" if stack in {"prod", "shared"} else "advisory"
    assert level(rule.advisory_in, weak) == expected
    assert level(closed.advisory_in, strong) == "mandatory"


def known_at(kind, path):
    """Whether some class of the SDK that a value may be of has every step of a path of wire names."""
    owners = variants(kind)
    for step in path.split("."):
        fields = [pulumi_types.input_type_types(one) for one in owners if pulumi_types.is_input_type(one)]
        owners = [
            inner
            for one in fields
            for inner in variants(one.get(step.removesuffix("[]"), type(None)))
            if inner is not type(None)
        ]
    return bool(owners)


def variants(kind):
    """The types that a property may have, without what the SDK wraps them in."""
    if typing.get_origin(kind) is None:
        return [kind]
    return [inner for argument in typing.get_args(kind) for inner in variants(argument)]


@pytest.mark.parametrize("token", sorted({demand.type for rule in RULES for demand in rule.demands}))
def test_demands_are_about_properties_that_exist(token):
    package, namespace, name = token.split(":")
    assert package == "azure-native"
    module = importlib.import_module(f"pulumi_azure_native.{namespace}")
    args = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    demands = [demand for rule in RULES for demand in rule.demands if demand.type == token]
    paths = {demand.path for demand in demands} | {demand.only[0] for demand in demands if demand.only}
    assert not {path for path in paths if not known_at(args, path)}
    assert not known_at(args, "noSuchProperty")
