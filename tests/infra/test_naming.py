"""Names and ids are computed, fit Azure's limits, and stay apart."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.resource_types import resource_types
from infra.naming import REGIONS, RULES, Names
from tests.infra.conftest import STACKS, settings_of

words = st.from_regex(r"[a-z][a-z0-9]{1,5}", fullmatch=True)
environments = st.from_regex(r"[a-z](-?[a-z0-9]){1,11}", fullmatch=True).filter(lambda name: len(name) <= 12)
subscriptions = st.uuids().map(str)
names = st.builds(
    Names,
    workload=words,
    environment=environments,
    location=st.sampled_from(sorted(REGIONS)),
    subscription_id=subscriptions,
)
purposes = st.sampled_from(["", "ws", "lake", "workspace", "training", "private-links"])


@given(names, st.sampled_from(sorted(RULES)), purposes)
def test_every_name_is_one_that_azure_takes(of, kind, purpose):
    name = of.physical(kind, purpose)
    assert len(name) <= RULES[kind].max_length
    assert re.fullmatch(resource_types()[RULES[kind].of].name_pattern, name), name


@given(names, names, st.sampled_from(sorted(kind for kind, rule in RULES.items() if rule.unique)))
def test_names_that_the_whole_world_shares_differ_where_the_stacks_do(one, other, kind):
    assert (one.physical(kind) == other.physical(kind)) == (one == other)


@given(names, st.sampled_from(sorted(RULES)))
def test_purposes_keep_names_apart_even_where_they_are_cut(of, kind):
    made = [of.physical(kind, purpose) for purpose in ("workspace", "workspaces", "work", "space")]
    assert len(set(made)) == len(made)


def test_a_name_is_readable_while_it_fits():
    dev = settings_of("dev").names
    assert dev.workspace == "mlw-mlp-dev-weu"
    assert re.fullmatch("stmlpdevweulake[0-9a-f]{4}", dev.lake)
    assert dev.resource_group == "rg-mlp-dev-weu"


def test_two_subscriptions_do_not_ask_for_the_same_vault():
    first, second = (
        Names(workload="mlp", environment="dev", location="westeurope", subscription_id=subscription)
        for subscription in ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")
    )
    assert first.vault != second.vault
    assert first.workspace == second.workspace  # unique in its group only


def test_regions_have_codes_of_their_own():
    assert len(set(REGIONS.values())) == len(REGIONS)


def test_ids_are_known_without_a_cloud():
    dev = settings_of("dev").names
    group = "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a002/resourceGroups/rg-mlp-dev-weu"
    assert dev.resource_group_id == group
    assert (
        dev.workspace_id == f"{group}/providers/Microsoft.MachineLearningServices/workspaces/mlw-mlp-dev-weu"
    )
    assert dev.lake_zone_id("curated").endswith(f"/{dev.lake}/blobServices/default/containers/curated")


def test_environments_compute_the_registry_that_the_shared_stack_makes():
    made = settings_of("shared").names.registry_id
    assert all(settings_of(stack).shared_names.registry_id == made for stack in ("dev", "staging", "prod"))


@pytest.mark.parametrize(("one", "other"), list(combinations(STACKS, 2)))
def test_stacks_make_no_name_twice(one, other):
    def made(stack):
        of = settings_of(stack).names
        return {of.physical(kind, purpose) for kind in RULES for purpose in ("", "ws", "lake", "training")}

    assert not made(one) & made(other)
