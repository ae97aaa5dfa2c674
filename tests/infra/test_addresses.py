"""The address plan: inside the space, never overlapping, stable when a small subnet is added."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.networks.addresses import PLAN, SubnetPlan, next_free, overlapping, subnets

spaces = st.builds(
    lambda second, third, prefix: str(IPv4Network((f"10.{second}.{third}.0", prefix), strict=False)),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(16, 20),
)
large_spaces = st.integers(0, 255).map(lambda second: f"10.{second}.0.0/16")
plans = st.lists(st.integers(22, 29), min_size=1, max_size=8).map(
    lambda prefixes: tuple(
        SubnetPlan(name=f"s{index}", prefix=prefix, reason="a test")
        for index, prefix in enumerate(sorted(prefixes))
    )
)


@given(spaces)
def test_the_plan_fits_into_every_space_that_settings_allow(space):
    assert all(network.subnet_of(IPv4Network(space)) for network in subnets(space).values())


@given(large_spaces, plans)
def test_subnets_never_overlap_and_have_the_size_that_was_asked_for(space, plan):
    laid = subnets(space, plan)
    assert overlapping({name: str(network) for name, network in laid.items()}) == []
    assert [network.prefixlen for network in laid.values()] == [subnet.prefix for subnet in plan]


@given(large_spaces, plans)
def test_one_more_small_subnet_moves_no_other(space, plan):
    more = (*plan, SubnetPlan(name="new", prefix=29, reason="a test"))
    assert subnets(space, plan).items() <= subnets(space, more).items()


def test_a_plan_that_does_not_fit_names_the_subnet_that_is_too_much():
    with pytest.raises(ValueError, match=r"10.0.0.0/24 is too small: subnet 'kubernetes' \(/22\)"):
        subnets("10.0.0.0/24")


def test_a_plan_with_a_small_subnet_before_a_large_one_is_refused():
    with pytest.raises(ValueError, match="from the largest subnet to the smallest"):
        subnets("10.0.0.0/16", tuple(reversed(PLAN)))


@given(st.lists(st.builds("10.{}.0.0/16".format, st.integers(0, 254)), max_size=30))
def test_the_next_free_space_overlaps_no_other(others):
    free = IPv4Network(next_free(others))
    assert not [other for other in others if free.overlaps(IPv4Network(other))]


def test_the_next_free_space_follows_those_of_the_shipped_environments():
    assert next_free(["10.20.0.0/20", "10.21.0.0/20", "10.22.0.0/20"]) == "10.23.0.0/20"


def test_spaces_that_share_an_address_are_found_in_either_order():
    spaces_of = {"a": "10.0.0.0/16", "b": "10.1.0.0/16", "c": "10.1.4.0/22"}
    assert overlapping(spaces_of) == [("b", "c")]
