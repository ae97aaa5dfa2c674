"""Who may do what where, asked of a plan."""

from dataclasses import replace

import pytest

from checks.access_query import Rights, UnknownPrincipal
from checks.catalogue.roles import role_named
from checks.permissions import limit_assignable_roles
from tests.checks.planned import (
    CURATED,
    ENGINEERS,
    GROUP,
    LANDING,
    PEOPLE,
    SCIENTISTS,
    STORE,
    WORKSPACE,
    grant,
    identity,
)

MACHINE = "aaaaaaaa-0000-4000-8000-000000000001"
READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
SUBMIT = "Microsoft.MachineLearningServices/workspaces/jobs/write"
ASSIGN = "Microsoft.Authorization/roleAssignments/write"
ODD = "@Resource[Microsoft.Storage/storageAccounts/name] StringEquals 'x'"
PLAN = (
    identity("training", MACHINE),
    grant(MACHINE, "Storage Blob Data Reader", CURATED),
    grant(SCIENTISTS, "AzureML Data Scientist", WORKSPACE),
    grant(ENGINEERS, "Storage Blob Data Contributor", STORE),
)
RIGHTS = Rights(PLAN, people=PEOPLE)


def test_who_can_names_everybody_with_the_assignment_that_lets_them():
    found = RIGHTS.who_can(READ, CURATED, data=True)
    assert [(one.principal, one.role) for one in found] == [
        ("ml-engineers", "Storage Blob Data Contributor"),
        ("training (id-mlp-dev-training)", "Storage Blob Data Reader"),
    ]
    assert all(one.urn.startswith("urn:pulumi:dev::") for one in found)


def test_a_grant_on_one_container_does_not_reach_another():
    assert [one.principal for one in RIGHTS.who_can(READ, LANDING, data=True)] == ["ml-engineers"]


@pytest.mark.parametrize(
    "word", ["training", "id-mlp-dev-training", MACHINE, "training (id-mlp-dev-training)"]
)
def test_a_principal_is_asked_for_by_any_of_its_names(word):
    assert RIGHTS.can(word, READ, CURATED, data=True)
    assert RIGHTS.can(word, SUBMIT, WORKSPACE) is None


def test_principals_of_the_same_purpose_are_told_apart_by_their_stack():
    other = replace(
        identity("training", "bbbbbbbb-0000-4000-8000-000000000002"),
        stack="prod",
        urn="urn:pulumi:prod::x",
        id="/x",
    )
    rights = Rights([*PLAN, other], people=PEOPLE)
    with pytest.raises(UnknownPrincipal, match="several"):
        rights.can("training", READ, CURATED, data=True)
    assert rights.can("dev/training", READ, CURATED, data=True)
    assert rights.can("prod/training", READ, CURATED, data=True) is None


def test_a_name_that_nobody_has_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownPrincipal, match=r"'trainer' is no principal.*data-scientists.*training"):
        RIGHTS.can("trainer", READ, CURATED, data=True)


def test_an_administrator_of_some_roles_can_assign_those():
    pull = role_named("AcrPull").guid
    admin = grant(
        SCIENTISTS,
        "Role Based Access Control Administrator",
        GROUP,
        condition=limit_assignable_roles([pull]),
    )
    rights = Rights([admin], people=PEOPLE)
    assert rights.can("data-scientists", ASSIGN, GROUP, role=pull)
    assert not rights.can("data-scientists", ASSIGN, GROUP, role=role_named("Owner").guid)
    assert not rights.can("data-scientists", ASSIGN, GROUP)


def test_what_holds_under_a_condition_says_so():
    rights = Rights([grant(SCIENTISTS, "Storage Blob Data Reader", STORE, condition=ODD)], people=PEOPLE)
    right = rights.can("data-scientists", READ, STORE, data=True)
    assert right is not None
    assert right.condition == ODD
