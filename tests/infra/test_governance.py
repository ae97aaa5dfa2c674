"""What guards an environment: who may act for CI, policies, keys, snapshots, money."""

from __future__ import annotations

from itertools import pairwise

import pytest

from checks.catalogue.policies import policy_definitions, policy_for
from checks.catalogue.resource_types import resource_types
from checks.catalogue.roles import builtin_roles
from checks.catalogue.schemas import input_problems, schema_of
from checks.permissions import guid_of, parse_condition
from infra.own_roles import OWN_ROLES, own_role_guids
from infra.program import build
from infra.rights.ci_federation import trusts
from infra.rights.table import Role
from infra.sections.policies import Policies
from infra.stackfile.files import read
from tests.infra.conftest import CI_PRINCIPALS, STACKS, declare, declared, settings_of

ENVIRONMENTS = ("dev", "staging", "prod")
KEY = {
    "of": ["workspace", "storage", "lake", "images"],
    "cosmosPrincipalId": "c05e0000-0000-4000-8000-00000000c05e",
}


LOGIN = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"  # gives no right inside


def changed(config, stack, **more):
    """What a stack declares with other settings."""
    whole = config(stack) | {f"twinloop:{key}": value for key, value in more.items()}
    return declare(lambda: build(read(whole, source="s", stack=stack)))


def known_to_azure(engine):
    """Every declared resource is one that its type's schema knows."""
    for resource in engine.declared:
        row = resource_types().get(resource.typ)
        if row is not None:
            found = input_problems(schema_of(row.arm_type), resource.inputs)
            assert not found, f"{resource.name}: {[str(one) for one in found]}"


def test_a_pull_request_gets_the_identity_that_only_reads_and_an_environment_its_own():
    shared = settings_of("shared")
    found = {(one.purpose, one.subject) for one in trusts(shared.ci, ("dev", "prod"))}
    repository = f"repo:{shared.ci.github.repository}"
    assert found == {
        ("ci-preview", f"{repository}:pull_request"),
        ("ci-preview", f"{repository}:environment:dev-plan"),
        ("ci-preview", f"{repository}:environment:prod-plan"),
        ("ci-deploy-dev", f"{repository}:environment:dev"),
        ("ci-deploy-prod", f"{repository}:environment:prod"),
        ("ci-models-dev", f"{repository}:environment:dev-models"),
        ("ci-models-prod", f"{repository}:environment:prod-models"),
    }


def test_no_subject_opens_two_identities():
    subjects = [
        (one.inputs["issuer"], one.inputs["subject"])
        for one in declared("shared").of(":FederatedIdentityCredential")
    ]
    assert subjects
    assert len(subjects) == len(set(subjects))


def test_credentials_of_one_identity_are_written_one_after_the_other():
    engine = declared("shared")
    names = [one.name for one in engine.of(":FederatedIdentityCredential") if "ci-preview" in one.name]
    for before, after in pairwise(names):
        assert before in engine.waits_for(after)


def test_azure_devops_gets_a_service_connection_per_purpose(config):
    place = {
        "issuer": "https://vstoken.dev.azure.com/8c5f1d7e-0b7a-4f0e-9a53-2f6f5a1c9d10",
        "organization": "contoso",
        "project": "ml",
    }
    engine = changed(config, "shared", ci={"azureDevOps": place})
    found = {one.inputs["subject"] for one in engine.of(":FederatedIdentityCredential")}
    assert found == {f"sc://contoso/ml/{purpose}" for purpose in CI_PRINCIPALS}
    known_to_azure(engine)


@pytest.mark.parametrize("stack", STACKS)
def test_what_previews_holds_only_roles_that_only_read(stack):
    me = {CI_PRINCIPALS["ci-preview"], "principal-of-identity-ci-preview"}
    held = {
        guid_of(r.inputs["roleDefinitionId"])
        for r in declared(stack).of(":RoleAssignment")
        if r.inputs["principalId"] in me
    }
    assert held or stack == "shared"
    for guid in held:
        for permission in builtin_roles()[guid].permissions:
            for action in (*permission.actions, *permission.data_actions):
                assert action.endswith("/read") or action == LOGIN, f"{guid}: {action}"


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_what_deploys_may_assign_the_roles_of_our_table_and_no_others(stack):
    engine, own = declared(stack), own_role_guids(settings_of(stack).shared_names)
    by_guid = {role.guid: role.name for role in builtin_roles().values()} | {
        own[role]: role.value for role in own
    }
    by_guid |= {r.inputs["roleDefinitionId"]: r.inputs["roleName"] for r in engine.of(":RoleDefinition")}
    group = settings_of(stack).names.resource_group_id
    (limited,) = [r for r in engine.of(":RoleAssignment") if r.inputs.get("condition")]
    assert limited.inputs["scope"] == group
    roles_of = parse_condition(limited.inputs["condition"]).roles_of
    allowed = {frozenset(roles) for roles in roles_of.values()}
    assert len(allowed) == 1, "what it may give it may take away, and no more"
    given = {guid_of(r.inputs["roleDefinitionId"]) for r in engine.of(":RoleAssignment")}
    named = {by_guid[guid] for guid in next(iter(allowed))}
    assert named == {by_guid[guid] for guid in given} - {Role.RBAC_ADMINISTRATOR.value}
    assert not named & {"Owner", "User Access Administrator"}


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_every_policy_of_the_settings_is_assigned_to_the_group_with_its_effect(stack):
    engine, settings = declared(stack), settings_of(stack)
    wanted = dict(settings.policies.effects())
    found = {one.inputs["policyAssignmentName"]: one.inputs for one in engine.of(":PolicyAssignment")}
    assert found.keys() == wanted.keys()
    for word, effect in wanted.items():
        one = found[word]
        assert one["policyDefinitionId"] == policy_for(word, effect).id
        assert one["parameters"]["effect"] == {"value": effect}
        assert one["scope"] == settings.names.resource_group_id
        acts = effect in {"Modify", "DeployIfNotExists"}
        assert acts == ("identity" in one) == ("location" in one)
        if acts:
            for role in policy_for(word, effect).roles:
                assert any(
                    row.inputs["principalId"] == "principal-of-identity-policy"
                    and guid_of(row.inputs["roleDefinitionId"])
                    == next(guid for guid, known in builtin_roles().items() if known.name == role)
                    for row in engine.of(":RoleAssignment")
                ), role


def test_the_settings_have_each_policy_of_the_catalogue_with_its_effects():
    fields = {info.alias: field for field, info in Policies.model_fields.items()}
    words = {one.word for one in policy_definitions()}
    assert fields.keys() == words
    for word, field in fields.items():
        for definition in policy_definitions():
            if definition.word == word:
                for effect in definition.effects:
                    assert getattr(Policies.model_validate({word: effect}), field) == effect
        with pytest.raises(ValueError, match=r"Input should be"):
            Policies.model_validate({word: "Everything"})


def test_with_a_key_every_store_uses_it_and_can_read_it_before_it_is_made(config):
    engine = changed(config, "prod", encryption=KEY)
    known_to_azure(engine)
    names = settings_of("prod").names
    uri = f"https://{names.vault}.vault.azure.net"
    for account in engine.of("storage:StorageAccount"):
        encryption = account.inputs["encryption"]
        assert encryption["keySource"] == "Microsoft.Keyvault"
        assert encryption["keyVaultProperties"] == {"keyName": "platform", "keyVaultUri": uri}
        assert encryption["encryptionIdentity"]["encryptionUserAssignedIdentity"] == "identity-encryption-id"
        assert {"encryption-key", "encryption-crypto-user-vault"} <= engine.waits_for(account.name)
    images = engine.one("containerregistry:Registry")
    assert images["encryption"]["keyVaultProperties"]["keyIdentifier"] == f"{uri}/keys/platform"
    workspace = engine.one("machinelearningservices:Workspace")["encryption"]
    assert workspace["status"] == "Enabled"
    assert workspace["keyVaultProperties"]["keyVaultArmId"] == names.vault_id
    readers = {r.name for r in engine.of(":RoleAssignment") if r.name.endswith("crypto-user-vault")}
    assert readers == {f"{who}-crypto-user-vault" for who in ("encryption", "workspace", "cosmos-db")}
    limited = next(r for r in engine.of(":RoleAssignment") if r.inputs.get("condition"))
    crypto = next(g for g, role in builtin_roles().items() if role.name == Role.CRYPTO_USER.value)
    assert crypto in parse_condition(limited.inputs["condition"]).roles_of.popitem()[1]


def test_on_the_services_side_the_workspace_says_so_and_nobody_else_reads_the_key(config):
    service_side = {"of": ["workspace"], "mode": "serviceSide"}
    vault = {"sku": "standard", "softDeleteDays": 7, "purgeProtection": True}
    engine = changed(config, "dev", encryption=service_side, vault=vault)
    known_to_azure(engine)
    assert engine.one("machinelearningservices:Workspace")["enableServiceSideCMKEncryption"] is True
    assert all("encryption" not in account.inputs for account in engine.of("storage:StorageAccount"))


def test_snapshots_stay_for_their_days_and_nobody_gets_more_than_to_add_to_them():
    engine, names = declared("prod"), settings_of("prod").names
    policy = engine.one(":BlobContainerImmutabilityPolicy")
    assert policy["immutabilityPeriodSinceCreationInDays"] == settings_of("prod").snapshots.retention_days
    on_it = {
        r.name for r in engine.of(":RoleAssignment") if r.inputs["scope"] == names.lake_zone_id("snapshots")
    }
    assert on_it == {
        "training-blob-contributor-lake-snapshots",
        "data-scientists-blob-reader-lake-snapshots",
        "auditors-blob-reader-lake-snapshots",
    }


@pytest.mark.parametrize("stack", STACKS)
def test_budgets_speak_at_five_shares_and_to_the_action_group(stack):
    (budget,) = declared(stack).of("consumption:Budget")
    said = {(one["thresholdType"], one["threshold"]) for one in budget.inputs["notifications"].values()}
    assert said == {("Actual", 50), ("Actual", 75), ("Actual", 90), ("Actual", 100), ("Forecasted", 110)}
    for one in budget.inputs["notifications"].values():
        assert one["contactGroups"] == ["alerting-group-id"]


def test_an_export_of_costs_can_be_declared(config):
    export = {"recurrence": "Daily", "since": "2026-12-01", "until": "2036-12-01"}
    engine = changed(config, "dev", costExport=export)
    known_to_azure(engine)
    made = engine.one("costmanagement:Export")
    assert made["scope"] == settings_of("dev").names.resource_group_id
    assert made["schedule"]["recurrencePeriod"]["from"] == "2026-12-01T00:00:00Z"


@pytest.mark.parametrize("stack", ["shared", "prod"])
def test_what_is_shipped_is_known_to_azure(stack):
    known_to_azure(declared(stack))


def test_the_registry_lies_in_every_region_and_can_be_private(config):
    engine = changed(
        config, "shared", registry={"regions": ["westeurope", "northeurope"], "publicAccess": "Disabled"}
    )
    registry = engine.one("machinelearningservices:Registry")
    assert [one["location"] for one in registry["regionDetails"]] == ["westeurope", "northeurope"]
    assert registry["publicNetworkAccess"] == "Disabled"
    known_to_azure(engine)


def test_own_roles_are_of_the_table():
    assert set(own_role_guids(settings_of("shared").names)) == {*OWN_ROLES} - {Role.RETRAIN_SUBMITTER}


def test_a_lock_waits_for_everything_below_what_it_locks_so_that_it_goes_first(config):
    more = {
        "encryption": KEY,
        "costExport": {"recurrence": "Daily", "since": "2026-12-01", "until": "2036-12-01"},
    }
    engine, names = changed(config, "prod", **more), settings_of("prod").names
    holders = {
        "workspace": ("workspaceName", names.workspace),
        "storage": ("accountName", names.storage),
        "lake": ("accountName", names.lake),
        "vault": ("vaultName", names.vault),
    }
    for kept, (parameter, name) in holders.items():
        waits = engine.waits_for(f"locks-{kept}")
        for resource in engine.declared:
            inputs = resource.inputs
            scope = str(inputs.get("scope", ""))
            of_type = resource.typ.split(":")[1] in {"machinelearningservices", "storage", "keyvault"}
            inside = of_type and inputs.get(parameter) == name
            inside = inside or scope.lower().startswith(f"{getattr(names, f'{kept}_id', '-')}/".lower())
            if inside and "ManagementLock" not in resource.typ:
                assert resource.name in waits, f"{kept}: {resource.typ} {resource.name}"
