"""Who gains and loses access: evaluated, joined on what principals and scopes are, told in words."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.access import access_changes
from checks.catalogue.roles import role_named
from checks.permissions import Assignment, evaluate, limit_assignable_roles
from checks.plan import UNKNOWN
from tests.checks.planned import (
    CURATED,
    ENGINEERS,
    GROUP,
    LANDING,
    PEOPLE,
    SCIENTISTS,
    STORE,
    SUBSCRIPTION,
    VAULT,
    WORKSPACE,
    account,
    custom_role,
    grant,
    identity,
    resource,
)

READER_GUID = "7c1f52d0-0a55-4a3c-9a53-2f6f5a1c9d10"
MACHINE = "aaaaaaaa-0000-4000-8000-000000000001"


def changes(before, after, people=PEOPLE):
    return access_changes(before, after, people=people)


def only(before, after):
    (change,) = changes(before, after)
    return change


def test_a_role_that_is_given_is_a_gain_in_words():
    change = only([], [grant(SCIENTISTS, "Storage Blob Data Reader", CURATED)])
    assert (change.principal, change.gained, change.where, change.what) == (
        "data-scientists",
        True,
        "container stlake/curated",
        "read blobs",
    )
    assert "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read" in change.actions
    assert change.data
    assert change.by == f"Storage Blob Data Reader by {change.urn}"
    assert change.person
    assert not change.writes


def test_a_role_that_a_wider_one_includes_already_is_no_gain():
    wide = grant(SCIENTISTS, "Storage Blob Data Contributor", STORE)
    assert changes([wide], [wide, grant(SCIENTISTS, "Storage Blob Data Reader", CURATED)]) == ()


def test_a_role_on_the_group_already_reaches_what_is_in_it():
    wide = grant(ENGINEERS, "Reader", GROUP)
    assert changes([wide], [wide, grant(ENGINEERS, "Reader", WORKSPACE)]) == ()


def test_an_assignment_that_goes_is_no_loss_where_another_gives_the_same():
    wide, narrow = (
        grant(SCIENTISTS, "Storage Blob Data Contributor", STORE),
        grant(SCIENTISTS, "Storage Blob Data Reader", CURATED),
    )
    assert changes([wide, narrow], [wide]) == ()


def test_an_assignment_that_goes_is_a_loss():
    change = only([grant(SCIENTISTS, "Storage Blob Data Reader", CURATED)], [])
    assert not change.gained
    assert change.what == "read blobs"


def test_an_assignment_moved_from_a_container_to_its_account_is_a_gain_and_no_loss():
    change = only(
        [grant(SCIENTISTS, "Storage Blob Data Reader", CURATED)],
        [grant(SCIENTISTS, "Storage Blob Data Reader", STORE)],
    )
    assert change.gained
    assert change.where == "storage account stlake"


def test_an_assignment_moved_from_an_account_to_a_container_is_a_loss_on_the_account():
    change = only(
        [grant(SCIENTISTS, "Storage Blob Data Reader", STORE)],
        [grant(SCIENTISTS, "Storage Blob Data Reader", CURATED)],
    )
    assert not change.gained
    assert change.where == "storage account stlake"


def test_a_smaller_role_is_the_loss_of_the_rest_only():
    change = only(
        [grant(SCIENTISTS, "Storage Blob Data Contributor", STORE)],
        [grant(SCIENTISTS, "Storage Blob Data Reader", STORE)],
    )
    assert not change.gained
    assert "write blobs" in change.what
    assert "read blobs" not in change.what


def test_widening_a_role_is_a_gain_for_everybody_who_has_it():
    has_it = [grant(SCIENTISTS, READER_GUID, WORKSPACE), grant(ENGINEERS, READER_GUID, WORKSPACE)]
    narrow = custom_role(READER_GUID, "Microsoft.MachineLearningServices/workspaces/read")
    wide = custom_role(
        READER_GUID,
        "Microsoft.MachineLearningServices/workspaces/read",
        "Microsoft.MachineLearningServices/workspaces/jobs/write",
    )
    found = changes([narrow, *has_it], [wide, *has_it])
    assert [(one.principal, one.gained, one.what) for one in found] == [
        ("data-scientists", True, "submit jobs"),
        ("ml-engineers", True, "submit jobs"),
    ]
    assert found[0].by.startswith("Own Reader, whose actions change, by urn:")


def test_narrowing_a_role_is_a_loss_for_everybody_who_has_it():
    has_it = grant(SCIENTISTS, READER_GUID, WORKSPACE)
    wide = custom_role(READER_GUID, "Microsoft.MachineLearningServices/workspaces/*")
    narrow = custom_role(READER_GUID, "Microsoft.MachineLearningServices/workspaces/*/read")
    change = only([wide, has_it], [narrow, has_it])
    assert not change.gained
    assert "submit jobs" in change.what


def test_what_a_role_says_in_other_patterns_is_no_change():
    has_it = grant(SCIENTISTS, READER_GUID, WORKSPACE)
    one = custom_role(READER_GUID, "Microsoft.MachineLearningServices/workspaces/*")
    more = custom_role(
        READER_GUID,
        "Microsoft.MachineLearningServices/workspaces/*",
        "Microsoft.MachineLearningServices/workspaces/jobs/write",
    )
    assert changes([one, has_it], [more, has_it]) == ()


def test_an_operation_without_words_of_its_own_is_not_silent():
    change = only(
        [],
        [custom_role(READER_GUID, "Microsoft.Relay/namespaces/write"), grant(SCIENTISTS, READER_GUID, GROUP)],
    )
    assert change.what == "use Microsoft.relay"
    assert change.actions == ("Microsoft.Relay/namespaces/write",)


def test_an_identity_is_called_by_its_purpose_and_known_before_its_id_is():
    made = identity("training", MACHINE)
    change = only([made], [made, grant(MACHINE, "AcrPull", GROUP)])
    assert change.principal == "training (id-mlp-dev-training)"


def test_an_identity_that_is_taken_is_called_by_its_purpose_too():
    made = identity("training", MACHINE)
    taken = replace(made, name="identity-training-taken", taken=True)
    assert (
        only([taken], [taken, grant(MACHINE, "AcrPull", GROUP)]).principal == "training (id-mlp-dev-training)"
    )


def test_an_identity_is_the_same_before_and_after_whatever_its_id_is():
    other = "bbbbbbbb-0000-4000-8000-000000000002"
    assert (
        changes(
            [identity("training", MACHINE), grant(MACHINE, "AcrPull", GROUP, name="one")],
            [identity("training", other), grant(other, "AcrPull", GROUP, name="one")],
        )
        == ()
    )


def test_a_principal_whose_id_is_unknown_is_the_identity_that_the_assignment_waits_for():
    made = identity("training", UNKNOWN)
    waiting = replace(grant(UNKNOWN, "AcrPull", GROUP), depends_on=(made.urn,))
    assert only([made], [made, waiting]).principal == "training (id-mlp-dev-training)"


def test_a_principal_that_nothing_tells_is_shown_as_unknown():
    change = only([], [grant(UNKNOWN, "AcrPull", GROUP, name="someone-acr-pull")])
    assert change.principal == "a principal not known yet (of someone-acr-pull)"


def test_a_service_s_own_identity_is_called_after_the_service():
    workspace = resource(
        "machinelearningservices:Workspace",
        "ml-workspace",
        WORKSPACE,
        identity={"type": "SystemAssigned"},
        outputs={"identity": {"type": "SystemAssigned", "principalId": MACHINE}},
    )
    change = only([workspace], [workspace, grant(MACHINE, "Storage Blob Data Reader", STORE)])
    assert change.principal == "workspace mlw-mlp-dev (its own identity)"


def test_a_principal_of_nobody_s_is_shown_by_its_id():
    assert only([], [grant(MACHINE, "AcrPull", GROUP)]).principal == f"service principal {MACHINE}"


def test_a_store_that_gets_another_name_takes_its_access_with_it():
    before = [account("stlake"), grant(SCIENTISTS, "Storage Blob Data Reader", STORE, name="one")]
    renamed = STORE.replace("stlake", "stlake2")
    after = [account("stlake2"), grant(SCIENTISTS, "Storage Blob Data Reader", renamed, name="one")]
    assert changes(before, after) == ()


def test_contributor_on_a_vault_does_not_speak_of_storage_keys():
    change = only([], [grant(MACHINE, "Contributor", VAULT)])
    assert change.what == "create, change and delete every resource"
    assert only([], [grant(MACHINE, "Contributor", STORE)]).risks == ("read secrets",)


def test_a_role_that_nobody_knows_is_told_as_unknown_and_hides_nothing():
    unknown = "99999999-0a55-4a3c-9a53-2f6f5a1c9d10"
    found = changes(
        [], [grant(SCIENTISTS, unknown, GROUP), grant(SCIENTISTS, "Storage Blob Data Reader", GROUP)]
    )
    (change,) = found
    assert change.role_unknown
    assert f"whatever role {unknown} allows" in change.what
    assert "read blobs" in change.what


def limited(*roles):
    return limit_assignable_roles(role_named(role).guid for role in roles)


def administrator(condition):
    return grant(MACHINE, "Role Based Access Control Administrator", GROUP, name="admin", condition=condition)


def test_whoever_may_assign_one_role_more_gains_that_role():
    change = only([administrator(limited("AcrPull"))], [administrator(limited("AcrPull", "AcrPush"))])
    # AcrPush has no assignment here, and is told by its name all the same.
    assert change.what == "assign and take away the role AcrPush"
    assert change.risks == ("assign some roles",)


def test_an_administrator_without_a_limit_gains_every_role():
    change = only([administrator(limited("AcrPull"))], [administrator(None)])
    assert change.gained
    assert "assign any role" in change.what
    assert change.risks == ("assign roles",)


def test_a_limit_that_is_put_on_is_a_loss():
    change = only([administrator(None)], [administrator(limited("AcrPull"))])
    assert not change.gained
    assert "assign any role" in change.what


def test_a_condition_that_is_not_understood_counts_apart():
    odd = "@Resource[Microsoft.Storage/storageAccounts/name] StringEquals 'x'"
    plain = grant(SCIENTISTS, "Storage Blob Data Reader", STORE, name="one")
    conditional = grant(SCIENTISTS, "Storage Blob Data Reader", STORE, name="one", condition=odd)
    gained = only([], [conditional])
    assert gained.condition == odd
    lost = only([plain], [conditional])
    assert (lost.gained, lost.condition) == (False, "")
    assert only([conditional], [plain]).gained
    assert changes([conditional], [conditional]) == ()


def test_who_may_only_elevate_itself_has_no_standing_access():
    eligible = resource(
        "authorization:PimRoleEligibilitySchedule",
        "scientists-eligible",
        principalId=SCIENTISTS,
        roleDefinitionId=role_named("Contributor").guid,
        scope=GROUP,
    )
    assert not only([], [eligible]).standing
    standing = grant(SCIENTISTS, "Contributor", GROUP)
    assert changes([standing], [standing, eligible]) == ()


def test_an_identity_of_one_stack_is_known_in_another():
    made = replace(identity("ci-deploy-dev", MACHINE), stack="shared")
    change = only([made], [made, grant(MACHINE, "Contributor", GROUP)])
    assert change.principal.startswith("ci-deploy-dev")
    assert change.stack == "dev"


SCOPES = (SUBSCRIPTION, GROUP, STORE, CURATED, LANDING, WORKSPACE, VAULT)
ROLES = (
    "Reader",
    "Contributor",
    "Owner",
    "AzureML Data Scientist",
    "AzureML Compute Operator",
    "Storage Blob Data Reader",
    "Storage Blob Data Contributor",
    "Storage Blob Data Owner",
    "Key Vault Administrator",
    "Key Vault Secrets User",
    "User Access Administrator",
)
SAMPLES = (
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read", True),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write", True),
    ("Microsoft.KeyVault/vaults/secrets/getSecret/action", True),
    ("Microsoft.MachineLearningServices/workspaces/jobs/write", False),
    ("Microsoft.MachineLearningServices/workspaces/computes/write", False),
    ("Microsoft.MachineLearningServices/workspaces/delete", False),
    ("Microsoft.Storage/storageAccounts/listKeys/action", False),
    ("Microsoft.Authorization/roleAssignments/write", False),
    ("Microsoft.Relay/namespaces/read", False),
    ("Microsoft.Relay/namespaces/delete", False),
)
one_grant = st.builds(grant, st.sampled_from(tuple(PEOPLE)), st.sampled_from(ROLES), st.sampled_from(SCOPES))
grants = st.lists(one_grant, max_size=6, unique_by=lambda one: one.urn)


def permitted(found):
    """Every sampled operation that somebody may do somewhere, as the evaluator decides it."""
    held = [
        Assignment(
            principal=one.inputs["principalId"],
            role=one.inputs["roleDefinitionId"].rpartition("/")[2],
            scope=one.inputs["scope"],
        )
        for one in found
    ]
    from checks.catalogue.roles import builtin_roles

    return {
        (who, action, scope)
        for who in PEOPLE
        for action, data in SAMPLES
        for scope in SCOPES
        if evaluate(action, scope, [who], held, builtin_roles(), data=data).allowed
    }


@given(grants, grants)
def test_nothing_changes_only_where_everybody_may_do_the_same_as_before(before, after):
    found = changes(before, after)
    was, now = permitted(before), permitted(after)
    if not found:
        assert was == now
    gained = {one.principal for one in found if one.gained}
    lost = {one.principal for one in found if not one.gained}
    assert {PEOPLE[who] for who, _, _ in now - was} <= gained
    assert {PEOPLE[who] for who, _, _ in was - now} <= lost


@given(grants, grants)
def test_what_is_gained_one_way_is_lost_the_other(before, after):
    there, back = changes(before, after), changes(after, before)
    assert {(one.principal, one.scope, one.what, one.gained) for one in there} == {
        (one.principal, one.scope, one.what, not one.gained) for one in back
    }


@given(grants, one_grant)
def test_an_assignment_that_is_added_takes_nothing_from_anybody(before, added):
    found = changes(before, [*before, added])
    assert [one for one in found if not one.gained] == []
    assert {one.principal for one in found} <= {PEOPLE[added.inputs["principalId"]]}


@given(grants, grants, st.randoms(use_true_random=False))
def test_the_order_of_resources_does_not_matter(before, after, rng: random.Random):
    mixed_before, mixed_after = list(before), list(after)
    rng.shuffle(mixed_before)
    rng.shuffle(mixed_after)
    assert {replace(one, by="", urn="") for one in changes(before, after)} == {
        replace(one, by="", urn="") for one in changes(mixed_before, mixed_after)
    }


@pytest.mark.parametrize("role", ROLES)
def test_no_role_is_told_without_words(role):
    change = only([], [grant(SCIENTISTS, role, GROUP)])
    assert change.what
    assert change.actions
