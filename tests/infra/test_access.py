"""What the table of grants lets people and machines do, evaluated over what is really declared."""

from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from checks import access_needs
from checks.catalogue.roles import builtin_roles, role_named
from checks.permissions import Assignment, Permission, RoleDefinition, evaluate, guid_of
from infra.own_roles import OWN_ROLES, own_role_guids, role_definition_id
from infra.rights.access import assignment_name
from infra.rights.table import (
    CI,
    ENVIRONMENT,
    SHARED,
    SHARED_CI,
    Grant,
    Role,
    in_force,
)
from tests.infra.conftest import CI_PRINCIPALS, STACKS, declared, settings_of

ML = "Microsoft.MachineLearningServices/workspaces"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
RIGHTS = Path(__file__).parents[2] / "infra" / "rights"
TABLES = sorted(file.stem for file in RIGHTS.glob("*.py") if " row(" in file.read_text())
OWN = own_role_guids(settings_of("shared").names)
READER = OWN[Role.REGISTRY_READER]
ROLES = builtin_roles() | {
    guid: RoleDefinition(guid, role.value, (Permission(OWN_ROLES[role].actions),))
    for role, guid in OWN.items()
}


def assignments(*stacks):
    return [
        Assignment(
            principal=r.inputs["principalId"],
            role=guid_of(r.inputs["roleDefinitionId"]),
            scope=r.inputs["scope"],
            condition=r.inputs.get("condition"),
        )
        for stack in stacks
        for r in declared(stack).of(":RoleAssignment")
    ]


def may(who, action, on, *stacks, **rest):
    return evaluate(action, on, {who}, assignments(*stacks), ROLES, **rest).allowed


def of(stack):
    settings = settings_of(stack)
    names, groups = settings.names, settings.access.groups
    return names, groups, f"{names.storage_id}/blobServices/default/containers/azureml-blobstore"


def test_a_data_scientist_works_in_dev_and_cannot_change_the_platform():
    names, groups, blobstore = of("dev")
    me, ws = groups.data_scientists, names.workspace_id
    for action in (
        "read",
        "jobs/write",
        "jobs/read",
        "jobs/cancel/action",
        "models/versions/write",
        "data/versions/write",
    ):
        assert may(me, f"{ML}/{action}", ws, "dev"), action
    for action in ("read", "write"):
        assert may(me, f"{BLOBS}/{action}", blobstore, "dev", data=True), action
    assert may(me, f"{ML}/computes/read", f"{ws}/computes/cpu", "dev")
    for action in ("delete", "write", "computes/write", "computes/delete", "listKeys/action"):
        assert not may(me, f"{ML}/{action}", ws, "dev"), action
    assert not may(me, f"{BLOBS}/write", names.lake_zone_id("curated"), "dev", data=True)
    assert not may(me, "Microsoft.Authorization/roleAssignments/write", names.resource_group_id, "dev")


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_a_data_scientist_only_looks_at_what_is_not_dev(stack):
    names, groups, blobstore = of(stack)
    me, ws = groups.data_scientists, names.workspace_id
    assert may(me, f"{ML}/jobs/read", ws, stack)
    assert may(me, f"{BLOBS}/read", names.lake_zone_id("monitoring"), stack, data=True)
    assert not may(me, f"{ML}/jobs/write", ws, stack)
    assert not may(me, f"{BLOBS}/read", blobstore, stack, data=True)
    assert not may(me, f"{BLOBS}/read", names.lake_zone_id("curated"), stack, data=True)


def test_a_training_job_reads_data_writes_outputs_registers_models_and_nothing_more():
    names, _, blobstore = of("dev")
    me, ws = "principal-of-identity-training", names.workspace_id
    assert may(me, f"{BLOBS}/read", names.lake_zone_id("curated"), "dev", data=True)
    assert may(me, f"{BLOBS}/write", blobstore, "dev", data=True)
    assert may(me, f"{ML}/models/versions/write", ws, "dev")
    assert may(me, "Microsoft.ContainerRegistry/registries/pull/read", names.images_id, "dev")
    registry = settings_of("dev").shared_names.registry_id
    assert may(me, "Microsoft.MachineLearningServices/registries/assets/read", registry, "dev")
    assert not may(me, "Microsoft.MachineLearningServices/registries/assets/write", registry, "dev")
    assert not may(me, f"{BLOBS}/write", names.lake_zone_id("curated"), "dev", data=True)
    # Retraining compares itself with what was asked and answered; it writes none of its own proof.
    assert may(me, f"{BLOBS}/read", names.lake_zone_id("monitoring"), "dev", data=True)
    assert not may(me, f"{BLOBS}/write", names.lake_zone_id("monitoring"), "dev", data=True)
    assert not may(me, f"{BLOBS}/write", names.lake_zone_id("landing"), "dev", data=True)
    assert not may(me, "Microsoft.ContainerRegistry/registries/push/write", names.images_id, "dev")
    assert not may(me, "Microsoft.KeyVault/vaults/secrets/getSecret/action", names.vault_id, "dev", data=True)
    for action in ("delete", "write", "computes/write", "computes/delete"):
        assert not may(me, f"{ML}/{action}", ws, "dev"), action


def test_the_machines_of_one_environment_reach_nothing_of_another():
    everything = assignments(*STACKS)
    for stack in ("dev", "staging", "prod"):
        group = settings_of(stack).names.resource_group_id.lower()
        registry = settings_of(stack).shared_names.registry_id.lower()
        for resource in declared(stack).of(":RoleAssignment"):
            assert resource.inputs["scope"].lower().startswith((group, registry)), resource.name
    assert everything


def test_pull_requests_are_previewed_by_an_identity_that_cannot_write():
    me = CI_PRINCIPALS["ci-preview"]
    names = settings_of("prod").names
    assert may(me, "Microsoft.Storage/storageAccounts/read", names.storage_id, "prod")
    for action in ("Microsoft.Storage/storageAccounts/write", f"{ML}/jobs/write", f"{ML}/delete"):
        assert not may(me, action, names.workspace_id, "prod")


def test_the_deployer_of_prod_assigns_the_roles_of_the_table_and_never_owner():
    me, group = CI_PRINCIPALS["ci-deploy-prod"], settings_of("prod").names.resource_group_id
    assign = "Microsoft.Authorization/roleAssignments/write"

    def may_assign(name):
        return may(me, assign, group, "prod", role_definition=role_named(name).guid)

    assert may_assign("AcrPull")
    assert not may_assign("Owner")
    assert not may_assign("User Access Administrator")
    assert not may_assign("Role Based Access Control Administrator")


def test_the_deployer_of_an_environment_can_assign_every_role_that_its_own_run_assigns():
    for stack in ("dev", "staging", "prod"):
        me, group = CI_PRINCIPALS[f"ci-deploy-{stack}"], settings_of(stack).names.resource_group_id
        registry = settings_of(stack).shared_names.registry_id
        for row in declared(stack).of(":RoleAssignment"):
            role = guid_of(row.inputs["roleDefinitionId"])
            if role == role_named("Role Based Access Control Administrator").guid:
                continue  # given once, by a person
            outside = row.inputs["scope"] == registry
            on, stacks = (registry, ("shared",)) if outside else (group, (stack,))
            assign = "Microsoft.Authorization/roleAssignments/write"
            assert may(me, assign, on, *stacks, role_definition=role), f"{stack}: {row.name}"


def test_the_deployer_of_dev_has_no_word_in_prod():
    me, names = CI_PRINCIPALS["ci-deploy-dev"], settings_of("prod").names
    assert not may(me, "Microsoft.Storage/storageAccounts/read", names.storage_id, *STACKS)


def test_the_registry_is_written_by_engineers_and_ci_and_read_by_scientists():
    registry, groups = settings_of("shared").names.registry_id, settings_of("shared").access.groups
    write = "Microsoft.MachineLearningServices/registries/assets/write"
    assert may(groups.ml_engineers, write, registry, "shared")
    assert may(CI_PRINCIPALS["ci-models-prod"], write, registry, "shared")
    assert not may(groups.data_scientists, write, registry, "shared")
    assert may(groups.data_scientists, write.replace("write", "read"), registry, "shared")


def test_nobody_gets_owner_and_no_grant_goes_above_a_resource_group():
    for stack in STACKS:
        for resource in declared(stack).of(":RoleAssignment"):
            assert guid_of(resource.inputs["roleDefinitionId"]) != role_named("Owner").guid
            assert "/resourceGroups/" in resource.inputs["scope"]


def test_every_assignment_says_why_and_what_kind_of_principal_it_is_for():
    for stack in STACKS:
        for resource in declared(stack).of(":RoleAssignment"):
            assert len(resource.inputs["description"]) > 10
            assert resource.inputs["principalType"] in {"Group", "ServicePrincipal"}


@pytest.mark.parametrize(
    "table", [ENVIRONMENT + CI, SHARED, SHARED_CI], ids=["environment", "shared", "shared CI"]
)
def test_a_row_stands_once_and_its_role_is_in_the_catalogue(table):
    assert not [row for row, times in Counter((g.who, g.role, g.on) for g in table).items() if times > 1]
    for grant in table:
        assert grant.role in OWN_ROLES or role_named(grant.role.value)


def test_rows_for_one_way_of_working_are_not_in_force_in_the_other():
    develop, observe = (set(in_force(ENVIRONMENT, way)) for way in ("develop", "observe"))
    assert {grant.when for grant in develop} == {"always", "develop"}
    assert {grant.when for grant in observe} == {"always", "observe"}


def test_without_a_managed_network_nobody_approves_private_endpoints():
    assert Role.NETWORK_APPROVER not in {grant.role for grant in in_force(ENVIRONMENT, "develop")}


def test_the_same_grant_has_the_same_id_everywhere_and_another_grant_another():
    scope, guid = settings_of("dev").names.storage_id, role_named("Reader").guid
    assert assignment_name(scope, "me", guid) == assignment_name(scope.upper(), "ME", guid.upper())
    assert len({assignment_name(scope, who, guid) for who in ("me", "you")}) == 2


def test_a_role_is_named_in_the_subscription_of_its_scope():
    guid = role_named("Reader").guid
    assert role_definition_id("/subscriptions/s/resourceGroups/g", guid) == (
        f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    )


@pytest.mark.parametrize("table", TABLES)
def test_the_row_that_a_check_tells_to_write_can_be_written_in_every_table(table):
    told = access_needs.row("training", "AcrPull", "images")
    written = eval(told, vars(import_module(f"infra.rights.{table}")))  # noqa: S307 - our own text
    assert written == Grant(who="training", role=Role.ACR_PULL, on="images", reason="say what needs it")


def test_the_tables_of_grants_are_found():
    assert {"batch", "kubernetes", "table"} <= set(TABLES)
