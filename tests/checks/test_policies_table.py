"""The table of Azure's policies: every row is sourced, and judges a body as Azure's definition does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.default_quotas import default_quota
from checks.catalogue.policies import by_id, policy_definitions, policy_for
from checks.catalogue.roles import role_named
from checks.permissions import GUID

ROWS = policy_definitions()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.word}-{row.effects[0]}")
def test_a_row_says_where_it_is_from_and_either_judges_or_says_why_not(row):
    assert row.source.startswith("Azure/azure-policy built-in-policies/")
    assert GUID.fullmatch(row.guid)
    assert bool(row.violates) + bool(row.lacks) + bool(row.unevaluated) == 1
    assert by_id()[row.id.lower()] is row
    for role in row.roles:
        assert role_named(role).name == role


def test_a_word_has_one_definition_for_an_effect():
    pairs = [(row.word, effect) for row in ROWS for effect in row.effects]
    assert len(pairs) == len(set(pairs))


def test_an_effect_that_no_definition_has_is_refused_with_those_there_are():
    with pytest.raises(LookupError, match="Audit, Deny, Modify"):
        policy_for("workspacePrivate", "Deploy")


@given(st.sampled_from(["Enabled", "disabled", "Disabled", "", None]))
def test_a_workspace_is_private_only_where_it_says_so_in_any_case(value):
    row = policy_for("workspacePrivate", "Deny")
    body = {"properties": {} if value is None else {"publicNetworkAccess": value}}
    assert row.broken_by(body, {}) == (str(value).lower() != "disabled")


@given(st.sampled_from(["AmlCompute", "ComputeInstance", "Kubernetes"]), st.sampled_from([True, False, None]))
def test_only_computes_with_accounts_of_their_own_are_asked_to_have_none(kind, disabled):
    row = policy_for("computeNoLocalAuth", "Deny")
    properties = {"computeType": kind} | ({} if disabled is None else {"disableLocalAuth": disabled})
    assert row.broken_by({"properties": properties}, {}) == (kind != "Kubernetes" and disabled is not True)


@pytest.mark.parametrize(
    ("model", "broken"),
    [
        ("azureml://registries/mine/models/m/versions/1", False),
        ("azureml://registries/other/models/m/versions/1", True),
        ("azureml://registries/mine-too/models/m/versions/1", True),
        ("/subscriptions/s/models/m", False),
    ],
)
def test_models_of_other_registries_are_not_served(model, broken):
    row = policy_for("registryModelsOnly", "Deny")
    assert row.broken_by({"properties": {"model": model}}, {"allowedRegistryName": "mine"}) is broken


def test_a_parameter_decides_what_is_right():
    row = policy_for("workspaceApprovedOutbound", "Deny")
    body = {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}}
    assert row.broken_by(body, {"isolationMode": "AllowOnlyApprovedOutbound"})
    assert not row.broken_by(body, {"isolationMode": "AllowInternetOutbound"})


def test_the_cores_of_a_fresh_subscription_are_sourced():
    quota = default_quota()
    assert quota.dedicated > 0
    assert quota.gpu == 0
    assert "how-to-manage-quotas" in quota.source
