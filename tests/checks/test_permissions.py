"""The role evaluator: what Azure's rules say, as properties over all roles and as single sentences."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.roles import builtin_roles, role_named
from checks.permissions import (
    Assignment,
    Permission,
    RoleDefinition,
    UnknownRole,
    UnsupportedCondition,
    covers,
    evaluate,
    limit_assignable_roles,
    parse_condition,
)

GROUP = "/subscriptions/0/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
READ_BLOB = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"

segments = st.text("abcXY", min_size=1, max_size=4)
actions = st.lists(segments, min_size=1, max_size=5).map("/".join)
patterns = st.lists(
    st.one_of(segments, st.just("*"), segments.map(lambda s: f"{s}*")), min_size=1, max_size=5
).map("/".join)
scopes = st.lists(segments, min_size=0, max_size=6).map(lambda parts: "/" + "/".join(parts))


def a_role(*, allow=("*",), without=(), data=(), without_data=()):
    block = Permission(tuple(allow), tuple(without), tuple(data), tuple(without_data))
    return RoleDefinition("r", "A role", (block,))


def allowed(action, scope="/s", *, role=None, on="/", condition=None, **rest):
    role = role or a_role()
    given_ = [Assignment("me", role.guid, on, condition)]
    return evaluate(action, scope, {"me"}, given_, {role.guid: role}, **rest).allowed


def builtin(name, on):
    return Assignment("me", role_named(name).guid, on)


def may(action, scope, *assignments, **rest):
    return evaluate(action, scope, {"me"}, assignments, builtin_roles(), **rest).allowed


def naive(pattern, action, *, border=True):
    """The definition of a wildcard, by recursion; `border` says that a segment of the pattern begins here."""
    if not pattern:
        return not action
    if border and pattern.startswith("*/") and naive(pattern[2:], action):
        return True
    if pattern[0] == "*":
        return any(naive(pattern[1:], action[i:], border=False) for i in range(len(action) + 1))
    return (
        bool(action) and pattern[0] == action[0] and naive(pattern[1:], action[1:], border=pattern[0] == "/")
    )


@given(patterns, actions)
def test_a_star_stands_for_any_characters_or_no_segment_and_case_does_not_matter(pattern, action):
    assert allowed(action.swapcase(), role=a_role(allow=[pattern])) == naive(pattern.lower(), action.lower())


@given(actions, st.lists(patterns, max_size=3), st.lists(patterns, max_size=3), patterns)
def test_one_more_not_action_never_allows_more(action, allow, without, more):
    if not allowed(action, role=a_role(allow=allow, without=without)):
        assert not allowed(action, role=a_role(allow=allow, without=[*without, more]))


@given(actions, st.lists(patterns, max_size=3), patterns)
def test_one_more_action_never_allows_less(action, allow, more):
    if allowed(action, role=a_role(allow=allow)):
        assert allowed(action, role=a_role(allow=[*allow, more]))


@given(scopes, scopes)
def test_a_scope_covers_itself_and_what_lies_below_at_a_border(outer, inner):
    above = [part for part in outer.lower().split("/") if part]
    below = [part for part in inner.lower().split("/") if part]
    assert covers(outer, inner) == (below[: len(above)] == above)


@given(st.lists(st.tuples(scopes, patterns), max_size=4), st.tuples(scopes, patterns), actions, scopes)
def test_one_more_assignment_never_takes_a_right_away(grants, more, action, scope):
    def decide(pairs):
        roles = {str(i): RoleDefinition(str(i), "r", (Permission((p,)),)) for i, (_, p) in enumerate(pairs)}
        given_ = [Assignment("me", str(i), on) for i, (on, _) in enumerate(pairs)]
        return evaluate(action, scope, {"me"}, given_, roles).allowed

    if decide(grants):
        assert decide([*grants, more])


def test_nothing_is_allowed_without_an_assignment():
    assert not may("Microsoft.Storage/storageAccounts/read", GROUP)


def test_a_group_that_only_begins_with_the_same_letters_is_not_covered():
    assert not covers("/subscriptions/0/resourceGroups/rg", "/subscriptions/0/resourceGroups/rg-other")


def test_a_not_action_of_one_role_does_not_take_away_what_another_role_gives():
    action = "Microsoft.Authorization/roleAssignments/write"
    assert not may(action, GROUP, builtin("Contributor", GROUP))
    assert may(
        action, GROUP, builtin("Contributor", GROUP), builtin("Role Based Access Control Administrator", "/")
    )


def test_a_not_action_is_subtracted_within_its_own_permission_only():
    role = RoleDefinition("r", "two blocks", (Permission(("a/*",), ("a/b",)), Permission(("a/b",))))
    assert allowed("a/b", role=role)


def test_rights_of_the_data_plane_and_of_management_are_apart():
    assert not may(READ_BLOB, GROUP, builtin("Owner", "/"), data=True)
    assert may(READ_BLOB, GROUP, builtin("Storage Blob Data Reader", GROUP), data=True)
    assert not may(READ_BLOB, GROUP, builtin("Storage Blob Data Reader", GROUP))


def test_a_right_of_a_group_is_a_right_of_its_members():
    given_ = [Assignment("GROUP-ID", role_named("Reader").guid, "/")]
    decision = evaluate("Microsoft.X/y/read", GROUP, ["me", "group-id"], given_, builtin_roles())
    assert decision.allowed
    assert decision.by is given_[0]


def test_a_data_scientist_submits_jobs_and_does_not_touch_the_workspace_or_its_computes():
    grant = builtin("AzureML Data Scientist", WORKSPACE)
    of = "Microsoft.MachineLearningServices/workspaces"
    assert may(f"{of}/read", WORKSPACE, grant)
    assert may(f"{of}/jobs/write", f"{WORKSPACE}/jobs/j", grant)
    assert may(f"{of}/computes/read", f"{WORKSPACE}/computes/c", grant)
    for refused in ("delete", "write", "listKeys/action", "computes/write", "computes/delete"):
        assert not may(f"{of}/{refused}", f"{WORKSPACE}/computes/c", grant), refused


def test_an_identity_operator_assigns_identities():
    grant = builtin("Managed Identity Operator", GROUP)
    assert may("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", GROUP, grant)
    assert not may("Microsoft.ManagedIdentity/userAssignedIdentities/write", GROUP, grant)


def test_an_assignment_of_a_role_that_nobody_defined_is_an_error_not_a_no():
    with pytest.raises(UnknownRole, match="'ghost' is not defined"):
        evaluate("a/b", "/s", {"me"}, [Assignment("me", "ghost", "/")], {})


LIMIT = limit_assignable_roles([role_named("Reader").guid, role_named("AcrPull").guid])
MANAGER = role_named("Role Based Access Control Administrator")


@pytest.mark.parametrize("verb", ["write", "delete"])
def test_a_limited_administrator_assigns_and_unassigns_the_listed_roles_only(verb):
    def decide(role):
        action = f"Microsoft.Authorization/roleAssignments/{verb}"
        return allowed(action, role=MANAGER, condition=LIMIT, role_definition=role)

    assert decide(f"/providers/Microsoft.Authorization/roleDefinitions/{role_named('Reader').guid.upper()}")
    assert not decide(role_named("Owner").guid)
    assert not decide(None)


def test_the_limit_does_not_touch_other_actions():
    assert allowed("Microsoft.Storage/storageAccounts/read", role=MANAGER, condition=LIMIT)


def test_a_condition_is_read_whatever_its_spaces_and_case():
    assert parse_condition(re.sub(r"\s+", "\n   ", LIMIT).swapcase()) == parse_condition(LIMIT)


@pytest.mark.parametrize(
    "text",
    [
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'blobs'",
        LIMIT.replace("ForAnyOfAnyValues", "ForAnyOfAllValues"),
        LIMIT.replace("AND", "OR"),
        LIMIT.replace("@Request", "@Resource"),
        LIMIT.replace("acdd72a7", "reader"),
        f"{LIMIT} AND {LIMIT}",
        "",
    ],
)
def test_a_condition_of_another_form_is_refused_with_the_form_that_is_known(text):
    with pytest.raises(UnsupportedCondition, match="the one form that is"):
        parse_condition(text)


def test_a_condition_that_is_not_understood_is_never_dropped():
    with pytest.raises(UnsupportedCondition):
        allowed("a/b", condition="true")


def test_a_limit_to_no_role_at_all_is_refused():
    with pytest.raises(ValueError, match="lets nobody assign anything"):
        limit_assignable_roles([])
