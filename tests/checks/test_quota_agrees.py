"""The review counts cores as the local Azure does: what one lets pass, the other takes."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.vm_sizes import LOW_PRIORITY, family_key, vm_sizes
from checks.quota import quota_use
from tests.checks.planned import SUBSCRIPTION
from tests.checks.test_quota_use import cluster
from twinloop.localazure.services.machinelearning.quotas import family_room

SUB = SUBSCRIPTION.rpartition("/")[2]
some_clusters = st.lists(
    st.tuples(
        st.sampled_from(sorted(vm_sizes())),
        st.integers(min_value=0, max_value=500),
        st.sampled_from(["Dedicated", "LowPriority"]),
        st.sampled_from(["westeurope", "West Europe", "northeurope"]),
    ),
    max_size=8,
)


def twin_with(made):
    """A twin that holds nothing but these clusters."""
    docs = [
        (
            one.id.lower(),
            {"body": {"location": one.inputs["location"], "properties": one.inputs["properties"]}},
        )
        for one in made
    ]
    return SimpleNamespace(store=SimpleNamespace(list=lambda *_: docs), seed=SimpleNamespace(quotas={}))


@given(some_clusters)
def test_the_local_azure_counts_the_same_cores_per_family_and_region(rows):
    made = [
        cluster(f"c{index}", size, most, priority, location=location)
        for index, (size, most, priority, location) in enumerate(rows)
    ]
    twin = twin_with(made)
    for use in quota_use([], made, {}):
        family = LOW_PRIORITY if use.family == LOW_PRIORITY else family_key(use.family)
        assert family_room(twin, SUB, use.location, family).claimed == use.after
