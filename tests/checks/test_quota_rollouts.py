"""What is in use only while something is rolled out needs quota too, and the sum says how it is made."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.vm_sizes import vm_sizes
from checks.quota import findings, quota_use
from checks.quota_limits import largest
from checks.quota_machines import NO_RESERVE, ExpectedDeployment
from tests.checks.planned import GROUP, SUBSCRIPTION, WORKSPACE, resource

SUB = SUBSCRIPTION.rpartition("/")[2]
AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"


def cluster():
    return resource("containerservice:ManagedCluster", "aks", AKS, location="westeurope")


def pool(most, **more):
    return resource(
        "containerservice:AgentPool",
        "inference",
        f"{AKS}/agentPools/inference",
        vmSize="Standard_D4s_v5",
        maxCount=most,
        enableAutoScaling=True,
        **more,
    )


def deployment(size, instances):
    return resource(
        "machinelearningservices:OnlineDeployment",
        "blue",
        f"{WORKSPACE}/onlineEndpoints/taxi/deployments/blue",
        location="westeurope",
        properties={"endpointComputeType": "Managed", "instanceType": size},
        sku={"name": "Default", "capacity": instances},
    )


def expected(instances, size="Standard_DS3_v2", colours=2):
    return ExpectedDeployment(
        stack="dev",
        subscription=SUB,
        location="westeurope",
        endpoint="taxi",
        size=size,
        instances=instances,
        colours=colours,
    )


def only(*resources, coming=()):
    (use,) = quota_use([], resources, {}, coming)
    return use


@pytest.mark.parametrize(
    ("upgrade", "nodes"),
    [({}, 11), ({"maxSurge": "33%"}, 14), ({"maxSurge": "2"}, 12), ({"maxSurge": "0"}, 10)],
)
def test_an_upgrade_of_a_pool_starts_extra_nodes(upgrade, nodes):
    use = only(cluster(), pool(10, upgradeSettings=upgrade))
    assert (use.family, use.after) == ("vm/standardDSv5Family", nodes * 4)


def test_a_pool_that_is_upgraded_in_place_starts_none():
    assert only(cluster(), pool(10, upgradeSettings={"maxUnavailable": "1"})).after == 40


def test_a_pool_is_where_its_cluster_is():
    assert only(cluster(), pool(1)).location == "westeurope"


def test_ten_instances_of_a_deployment_need_the_quota_of_twelve():
    use = only(deployment("Standard_DS3_v2", 10))
    assert use.after == 48
    assert use.terms == ("blue of dev: (10 nodes + 2 for upgrades) x 4 cores = 48",)


def test_sizes_that_azure_names_need_no_reserve():
    assert only(deployment("Standard_NC24ads_A100_v4", 2)).after == 48


def test_a_deployment_on_kubernetes_uses_the_cluster_s_nodes():
    made = deployment("Standard_DS3_v2", 10)
    properties = {**made.inputs["properties"], "endpointComputeType": "Kubernetes"}
    on_pods = resource("machinelearningservices:OnlineDeployment", "blue", made.id, properties=properties)
    assert quota_use([], [on_pods], {}) == ()


def test_a_deployment_that_the_outer_loop_makes_counts_beside_its_successor():
    use = only(coming=[expected(3)])
    assert use.after == 2 * ceil(1.2 * 3) * 4
    assert "2 beside each other x (3 nodes + 1 for upgrades) x 4 cores" in use.terms[0]


def test_what_is_expected_is_refused_with_the_arithmetic_where_it_does_not_fit():
    limits = {(SUB, "westeurope", "standarddsv2family"): 24}
    uses = quota_use([], [deployment("Standard_DS3_v2", 1)], limits, [expected(3)])
    (found,) = findings(uses)
    assert (found.severity, found.rule, found.stack) == ("refuse", "quota-exceeded", "dev")
    assert "taxi of dev: 2 beside each other" in found.what
    assert "the limit is 24" in found.what


@given(
    st.sampled_from(sorted(vm_sizes())),
    st.integers(min_value=1, max_value=500),
    st.integers(min_value=1, max_value=3),
)
def test_the_reserve_is_a_fifth_rounded_up_and_each_colour_needs_it(size, instances, colours):
    use = only(coming=[expected(instances, size, colours)])
    kept = instances if size.lower() in NO_RESERVE else -(-instances * 6 // 5)
    assert use.after == colours * kept * vm_sizes()[size].vcpus


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(min_value=0))))
def test_of_several_limits_for_one_place_the_largest_counts(stated):
    found = largest(stated)
    assert set(found) == {place for place, _ in stated}
    assert all(found[place] >= limit for place, limit in stated)
    assert all((place, limit) in stated for place, limit in found.items())
