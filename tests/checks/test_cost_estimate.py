"""What holds for every bill: more never costs less, rest never more than worst, and unknown is never zero."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.prices import Meter, Price, Row, Tariff, tariff
from checks.catalogue.vm_sizes import vm_sizes
from checks.cost import Estimate, Item, estimate
from checks.plan import SECRET, UNKNOWN, Resource

SIZES = st.sampled_from([*vm_sizes(), "Standard_Unheard_v9"])
PRIORITIES = st.sampled_from(["Dedicated", "LowPriority", "Odd"])
REGIONS = st.sampled_from(["westeurope", "eastus", "japaneast", ""])
NODES = st.integers(0, 300)
ODD = st.sampled_from([UNKNOWN, SECRET, None, "four", -1, True, [], {}, float("nan"), float("inf")])


def cluster(least, most, size, priority, region):
    scale = {"minNodeCount": least, "maxNodeCount": most}
    settings = {"vmSize": size, "vmPriority": priority, "scaleSettings": scale}
    return Resource(
        stack="dev",
        urn="urn:pulumi:dev::twinloop::azure-native:machinelearningservices:Compute::cluster",
        type="azure-native:machinelearningservices:Compute",
        name="cluster",
        inputs={"location": region, "properties": {"computeType": "AmlCompute", "properties": settings}},
    )


def named(token, inputs):
    return Resource(stack="dev", urn=f"urn:pulumi:dev::t::{token}::it", type=token, name="it", inputs=inputs)


@given(NODES, NODES, SIZES, PRIORITIES, REGIONS)
def test_more_nodes_never_lower_the_worst_case(most, more, size, priority, region):
    few = estimate([cluster(0, most, size, priority, region)])
    many = estimate([cluster(0, most + more, size, priority, region)])
    assert many.at_worst >= few.at_worst
    assert len(many.unknown) >= len(few.unknown)


@given(st.integers(0, 300), st.integers(0, 300), SIZES, PRIORITIES, REGIONS)
def test_rest_never_costs_more_than_the_worst_case(first, second, size, priority, region):
    least, most = sorted((first, second))
    found = estimate([cluster(least, most, size, priority, region)])
    assert found.at_rest <= found.at_worst
    for item in found.items:
        if item.at_rest is not None and item.at_worst is not None:
            assert item.at_rest <= item.at_worst


@given(least=NODES | ODD, most=NODES | ODD, size=SIZES | ODD, priority=PRIORITIES | ODD)
def test_whatever_a_setting_holds_each_node_is_priced_or_unknown_never_left_out(least, most, size, priority):
    nodes, *rest = estimate([cluster(least, most, size, priority, "eastus")]).items
    assert rest
    assert nodes.is_unknown or nodes.unit_price is not None or nodes.at_worst == 0
    assert nodes.at_worst is None or nodes.at_worst >= (nodes.at_rest or 0) >= 0


@given(
    token=st.sampled_from(
        [
            "azure-native:containerregistry:Registry",
            "azure-native:storage:StorageAccount",
            "azure-native:operationalinsights:Workspace",
            "azure-native:machinelearningservices:Registry",
            "azure-native:machinelearningservices:ManagedNetworkSettingsRule",
            "azure-native:keyvault:Key",
            "azure-native:keyvault:Vault",
            "azure-native:some:Thing",
        ]
    ),
    name=st.sampled_from(["sku", "properties", "kind", "regionDetails", "workspaceCapping", "location"]),
    odd=ODD,
)
def test_an_odd_setting_is_an_item_not_a_crash(token, name, odd):
    assert estimate([named(token, {name: odd})]).items


@given(st.lists(st.tuples(st.decimals(0, 10**6, places=4) | st.none(), st.booleans()), max_size=8))
def test_unknown_items_are_told_and_never_in_a_sum(amounts):
    items = tuple(
        Item(
            stack="dev",
            resource="urn",
            what="it",
            at_rest=amount,
            at_worst=amount,
            basis="",
            by_use=use and amount is None,
        )
        for amount, use in amounts
    )
    found = Estimate(items=items)
    assert found.at_worst == found.at_rest == sum((one for one, _ in amounts if one is not None), Decimal(0))
    assert len(found.unknown) == sum(one is None for one, _ in amounts)


def test_an_empty_table_makes_everything_that_costs_unknown():
    found = estimate([cluster(1, 2, "Standard_DS3_v2", "Dedicated", "eastus")], prices=Tariff(()))
    assert len(found.unknown) == len(found.items) == 2
    assert found.at_worst == 0


def test_stacks_are_priced_together_each_in_its_own_region():
    def item_of(stack, region):
        return Resource(**{**vars(cluster(1, 1, "Standard_D4s_v3", "Dedicated", region)), "stack": stack})

    found = estimate([item_of("dev", "westeurope"), item_of("prod", "eastus")])
    nodes = {item.stack: item.at_worst for item in found.items if "nodes" in item.what}
    assert nodes == {"dev": Decimal("175.20"), "prod": Decimal("140.160")}  # 0.24 and 0.192 USD x 730 h


def offer(amount, region):
    price = Price(amount=Decimal(amount), unit="hour", region=region, source="s", as_of="2026-01-01")
    return Row(Meter(arm_type="A/b", sku="Big", meter="m"), price)


MINE = Meter(arm_type="a/B", sku="big", meter="m")


def test_a_price_is_that_of_the_region_else_the_global_one_else_a_neighbours_else_the_dearest():
    offers = [
        offer("1", "westeurope"),
        offer("2", "global"),
        offer("3", "northeurope"),
        offer("4", "uksouth"),
        offer("5", "eastus"),
        offer("9", "not stated"),
    ]
    seen = []
    while offers:
        found = Tariff(tuple(offers)).find(MINE, "westeurope")
        seen.append(found.region)
        offers = [row for row in offers if row.price is not found]
    assert seen == ["westeurope", "global", "uksouth", "northeurope", "eastus", "not stated"]
    assert Tariff(()).find(MINE, "westeurope") is None


def test_the_order_of_the_table_decides_nothing():
    rows = tariff().rows
    backwards = Tariff(tuple(reversed(rows)))
    for row in rows:
        for region in ("westeurope", "japaneast"):
            assert tariff().find(row.meter, region).amount == backwards.find(row.meter, region).amount
