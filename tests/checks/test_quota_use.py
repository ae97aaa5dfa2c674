"""Cores at the worst case against the quota, by the same rule as the local Azure's and the settings'."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.vm_sizes import LOW_PRIORITY, family_key, vm_sizes
from checks.quota import findings, quota_use
from infra.rules.together import worst_case_cores
from infra.sections.core import Cluster
from tests.checks.planned import GROUP, SUBSCRIPTION, WORKSPACE, resource
from tests.infra.conftest import settings_of

SUB = SUBSCRIPTION.rpartition("/")[2]


def cluster(name, size, most, priority="Dedicated", *, location="westeurope", stack="dev", subscription=SUB):
    return resource(
        "machinelearningservices:Compute",
        name,
        f"{WORKSPACE}/computes/{name}".replace(SUB, subscription),
        location=location,
        stack=stack,
        properties={
            "computeType": "AmlCompute",
            "properties": {
                "vmSize": size,
                "vmPriority": priority,
                "scaleSettings": {"minNodeCount": 0, "maxNodeCount": most},
            },
        },
    )


def limit(family, cores):
    return {(SUB, "westeurope", family.lower()): cores}


def one(before, after, limits):
    (use,) = quota_use(before, after, limits)
    return use


def rules(before, after, limits):
    return [(found.severity, found.rule) for found in findings(quota_use(before, after, limits), after)]


def test_a_cluster_counts_with_its_largest_number_of_nodes():
    use = one([], [cluster("cpu", "Standard_DS3_v2", 4)], limit("standardDSv2Family", 24))
    assert (use.family, use.before, use.after, use.limit) == ("standardDSv2Family", None, 16, 24)
    assert use.resources[0].endswith("::cpu")


def test_low_priority_is_counted_together_whatever_the_family():
    use = one(
        [],
        [
            cluster("cpu", "Standard_DS3_v2", 4, "LowPriority"),
            cluster("gpu", "Standard_NC4as_T4_v3", 1, "lowpriority"),
        ],
        limit(LOW_PRIORITY, 40),
    )
    assert (use.family, use.after, use.limit) == (LOW_PRIORITY, 20, 40)


def test_the_portal_s_name_for_low_priority_is_the_same_quota():
    use = one([], [cluster("cpu", "Standard_DS3_v2", 4, "LowPriority")], limit("lowPriority", 40))
    assert use.limit == 40


def test_stacks_that_share_a_subscription_share_its_quota():
    shared = [cluster("cpu", "Standard_DS3_v2", 4), cluster("cpu", "Standard_DS3_v2", 4, stack="staging")]
    use = one([], shared, limit("standardDSv2Family", 24))
    assert use.after == 32
    assert use.stacks == ("dev", "staging")
    found = findings([use], shared)
    assert [(two.stack, two.rule) for two in found] == [
        ("dev", "quota-exceeded"),
        ("staging", "quota-exceeded"),
    ]


def test_other_regions_and_subscriptions_are_apart():
    uses = quota_use(
        [],
        [
            cluster("cpu", "Standard_DS3_v2", 1),
            cluster("cpu2", "Standard_DS3_v2", 1, location="North Europe"),
            cluster("cpu3", "Standard_DS3_v2", 1, subscription="3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a003"),
        ],
        limit("standardDSv2Family", 24),
    )
    assert [use.limit for use in uses] == [None, 24, None]


def test_over_the_limit_is_refused_with_both_numbers():
    after = [cluster("cpu", "Standard_DS3_v2", 400)]
    (found,) = findings(quota_use([], after, limit("standardDSv2Family", 24)), after)
    assert (found.severity, found.rule) == ("refuse", "quota-exceeded")
    assert "1,600 cores of standardDSv2Family in westeurope" in found.what
    assert "the limit is 24" in found.what
    assert "cpu of dev" in found.what
    assert "twinloop:quotas" in found.fix


def test_what_was_over_the_limit_and_does_not_grow_is_a_warning_as_the_local_azure_lets_it_be():
    over, less = [cluster("cpu", "Standard_DS3_v2", 10)], [cluster("cpu", "Standard_DS3_v2", 8)]
    assert rules(over, less, limit("standardDSv2Family", 24)) == [("warn", "quota-exceeded")]


def test_within_a_tenth_of_the_limit_is_a_note():
    assert rules([], [cluster("cpu", "Standard_DS3_v2", 9)], limit("standardDSv2Family", 40)) == [
        ("note", "quota-nearly-used")
    ]
    assert rules([], [cluster("cpu", "Standard_DS3_v2", 8)], limit("standardDSv2Family", 40)) == []


def test_a_family_without_a_limit_is_told():
    assert rules([], [cluster("cpu", "Standard_DS3_v2", 8)], {}) == [("note", "quota-unknown")]


def test_a_size_that_nobody_knows_is_told_and_not_passed_over():
    after = [cluster("cpu", "Standard_X1_v9", 8)]
    (found,) = findings(quota_use([], after, {}), after)
    assert (found.severity, found.rule) == ("warn", "quota-unknown-size")
    assert "'Standard_X1_v9'" in found.what
    assert "vm_sizes.csv" in found.fix


def test_a_size_is_known_in_any_case():
    assert one([], [cluster("cpu", "STANDARD_ds3_V2", 1)], {}).after == 4


def test_a_compute_instance_counts_as_one_machine():
    instance = resource(
        "machinelearningservices:Compute",
        "ci",
        f"{WORKSPACE}/computes/ci",
        location="westeurope",
        properties={"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}},
    )
    assert one([], [instance], {}).after == 4


def test_pools_of_kubernetes_are_virtual_machines_with_a_quota_of_their_own():
    pools = [
        {"vmSize": "Standard_DS3_v2", "count": 1, "maxCount": 3, "enableAutoScaling": True},
        {"vmSize": "Standard_DS3_v2", "count": 2, "scaleSetPriority": "Spot"},
    ]
    aks = resource(
        "containerservice:ManagedCluster",
        "aks",
        f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks",
        location="westeurope",
        agentPoolProfiles=pools,
    )
    uses = quota_use([], [aks, cluster("cpu", "Standard_DS3_v2", 1)], limit("vm/standardDSv2Family", 100))
    assert {use.family: (use.after, use.limit) for use in uses} == {
        "standardDSv2Family": (4, None),
        "vm/standardDSv2Family": (16, 100),  # a tenth more nodes during an upgrade, rounded up
        f"vm/{LOW_PRIORITY}": (12, None),
    }


def test_a_cluster_that_goes_leaves_the_family_unused():
    use = one([cluster("cpu", "Standard_DS3_v2", 4)], [], limit("standardDSv2Family", 24))
    assert (use.before, use.after, use.stacks) == (16, 0, ("dev",))
    assert findings([use]) == ()


clusters = st.lists(
    st.tuples(
        st.sampled_from(sorted(vm_sizes())),
        st.integers(min_value=1, max_value=1000),
        st.sampled_from(["Dedicated", "LowPriority"]),
    ),
    max_size=6,
)


def worst(made):
    uses = quota_use([], [cluster(f"c{i}", *row) for i, row in enumerate(made)], {})
    return {family_key(use.family): use.after for use in uses}


@given(clusters)
def test_the_settings_count_the_same_cores(made):
    by_settings = worst_case_cores(
        tuple(
            Cluster(
                name=f"c{i}x",
                purpose="training",
                vmSize=size,
                priority=priority,
                maxNodes=most,
                idleSeconds=120,
                gpu=vm_sizes()[size].gpus > 0,
            )
            for i, (size, most, priority) in enumerate(made)
        )
    )
    assert worst(made) == {family_key(family): cores for family, cores in by_settings.items()}


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_environment_of_ours_fits(stack):
    settings = settings_of(stack)
    made = [cluster(c.name, c.vm_size, c.max_nodes, c.priority) for c in settings.clusters]
    limits = {(SUB, "westeurope", quota.family.lower()): quota.limit for quota in settings.quotas}
    found = findings(quota_use([], made, limits), made)
    assert {one.rule for one in found} <= {"quota-nearly-used"}
