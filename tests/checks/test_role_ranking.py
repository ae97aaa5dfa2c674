"""Which role is named first to someone who lacks a right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.roles import builtin_roles
from checks.permissions import Assignment, Permission, RoleDefinition, evaluate
from checks.role_ranking import breadth, roles_allowing, shares

segments = st.text("abcXY", min_size=1, max_size=4)
actions = st.lists(segments, min_size=1, max_size=5).map("/".join)
patterns = st.lists(st.one_of(segments, st.just("*")), min_size=1, max_size=4).map("/".join)
roles = st.lists(st.lists(patterns, min_size=1, max_size=4), min_size=1, max_size=8).map(
    lambda found: {str(n): a_role(*allow, name=str(n)) for n, allow in enumerate(found)}
)
LEARNING = "Microsoft.MachineLearningServices/workspaces"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def a_role(*allow, name="A role"):
    return RoleDefinition(name, name, (Permission(tuple(allow)),))


def names(action, *, data=False):
    return [role.name for role in roles_allowing(action, builtin_roles(), data=data)]


@pytest.mark.parametrize(
    ("action", "data", "first"),
    [
        ("Microsoft.Resources/subscriptions/resourceGroups/read", False, "Reader"),
        ("Microsoft.Resources/subscriptions/resourceGroups/write", False, "Contributor"),
        (f"{LEARNING}/computes/write", False, "AzureML Compute Operator"),
        (f"{LEARNING}/jobs/write", False, "AzureML Data Scientist"),
        (f"{LEARNING}/read", False, "AzureML Data Scientist"),
        (f"{LEARNING}/delete", False, "Contributor"),
        ("Microsoft.Storage/storageAccounts/write", False, "Storage Account Contributor"),
        (f"{BLOBS}/read", True, "Storage Blob Data Reader"),
        (f"{BLOBS}/write", True, "Storage Blob Data Contributor"),
        ("Microsoft.KeyVault/vaults/write", False, "Key Vault Contributor"),
        (
            "Microsoft.Authorization/roleAssignments/write",
            False,
            "Role Based Access Control Administrator",
        ),
        ("Microsoft.Network/virtualNetworks/write", False, "Network Contributor"),
        ("Microsoft.ContainerRegistry/registries/pull/read", False, "AcrPull"),
        ("Microsoft.Insights/diagnosticSettings/write", False, "Monitoring Contributor"),
    ],
)
def test_the_role_that_a_person_would_name_comes_first(action, data, first):
    assert names(action, data=data)[0] == first


def test_a_role_made_for_something_else_comes_after_the_general_ones():
    found = names("Microsoft.Resources/subscriptions/resourceGroups/read")
    assert found.index("EventGrid Data Sender") > found.index("Owner")


def test_rights_that_every_role_carries_do_not_tell_what_it_is_for():
    role = a_role("Microsoft.Resources/deployments/*", "Microsoft.Support/*", "Microsoft.Storage/a/read")
    assert shares(role) == {"microsoft.storage": 1.0}


@given(actions)
def test_exactly_the_roles_that_allow_are_named(action):
    named = {role.guid for role in roles_allowing(action, builtin_roles())}
    for guid in builtin_roles():
        decision = evaluate(action, "/s", {"me"}, [Assignment("me", guid, "/")], builtin_roles())
        assert decision.allowed == (guid in named)


@given(actions, roles)
def test_the_order_does_not_depend_on_how_the_roles_are_listed(action, known):
    assert roles_allowing(action, known) == roles_allowing(action, dict(reversed(known.items())))


@given(st.lists(patterns, min_size=1, max_size=4), patterns)
def test_more_actions_make_a_role_broader(allow, more):
    assert breadth(a_role(*allow, more)) > breadth(a_role(*allow))


@given(actions, roles)
def test_general_roles_stand_in_the_order_of_their_rights(action, known):
    general = [role for role in roles_allowing(action, known) if not shares(role)]
    assert general == sorted(general, key=lambda role: (breadth(role), role.name))


@given(actions, roles)
def test_a_role_for_nothing_but_the_provider_is_never_behind_another_kind(action, known):
    provider = action.lower().partition("/")[0]
    own = [shares(role) == {provider: 1.0} for role in roles_allowing(action, known)]
    assert own == sorted(own, reverse=True)
