"""What each resource costs: by its settings, from the table, and loudly unknown where nothing is sourced."""

from decimal import Decimal

import pytest

from checks.catalogue.free_types import free_types
from checks.catalogue.resource_types import resource_types
from checks.cost import estimate
from checks.cost.estimating import RULES
from checks.plan import UNKNOWN, Resource

GROUP = "/subscriptions/s/resourceGroups/rg-mlp-dev-weu/providers"


def resource(token, inputs, *, name="it", stack="dev", arm_id=""):
    urn = f"urn:pulumi:{stack}::twinloop::azure-native:{token}::{name}"
    return Resource(stack=stack, urn=urn, type=f"azure-native:{token}", name=name, id=arm_id, inputs=inputs)


def cluster(*, least=0, most=4, size="Standard_DS3_v2", priority="Dedicated", location="eastus"):
    scale = {"minNodeCount": least, "maxNodeCount": most}
    settings = {"vmSize": size, "vmPriority": priority, "scaleSettings": scale}
    properties = {"computeType": "AmlCompute", "properties": settings}
    return resource("machinelearningservices:Compute", {"location": location, "properties": properties})


def workspace(**network):
    inputs = {
        "location": "westeurope",
        "workspaceName": "mlw",
        "resourceGroupName": "rg",
        "managedNetwork": network,
    }
    return resource("machinelearningservices:Workspace", inputs, name="ml")


def rule(kind, name, **destination):
    properties = {"type": kind, "destination": destination or "packages.example.com"}
    inputs = {
        "ruleName": name,
        "workspaceName": "mlw",
        "resourceGroupName": "rg",
        "properties": properties,
    }
    return resource("machinelearningservices:ManagedNetworkSettingsRule", inputs, name=f"out-{name}")


def line(resources, words):
    (found,) = [item for item in estimate(resources).items if item.what.startswith(words)]
    return found


def usd(amount):
    return None if amount is None else f"{amount:.2f}"


def test_every_resource_type_in_use_is_priced_or_free_and_never_both():
    for row in resource_types().values():
        kind = row.arm_type.lower()
        assert (kind in RULES) != (kind in free_types()), f"{row.arm_type}: say what it costs, or why nothing"


def test_a_type_that_nobody_priced_is_an_unknown_item_and_no_zero():
    search = resource("search:Service", {}, arm_id=f"{GROUP}/Microsoft.Search/searchServices/s")
    (item,) = estimate([search]).unknown
    assert (item.at_rest, item.at_worst) == (None, None)
    assert item.basis == "nobody has said what microsoft.search/searchservices costs, nor that it is free"


def test_components_of_the_program_and_other_packages_make_nothing_on_azure():
    component = Resource(stack="dev", urn="urn:x", type="twinloop:infra:Storage", name="storage")
    assert estimate([component]).items == ()


def test_a_dedicated_cluster_costs_its_least_nodes_at_rest_and_its_most_at_worst():
    item = line([cluster(least=1, most=4)], "1 to 4 nodes")
    assert (usd(item.at_rest), usd(item.at_worst)) == ("213.89", "855.56")  # 0.293 USD x 730 h
    assert item.basis == "1 to 4 nodes x 730 hours x 0.293 USD"
    assert item.region == ""


def test_a_price_of_another_region_counts_and_says_so():
    item = line([cluster(location="westeurope")], "0 to 4 nodes")
    assert item.region == "eastus"
    assert line([cluster(location="westeurope", size="Standard_D4s_v3")], "0 to 4 nodes").region == ""


def test_a_low_priority_node_counts_at_most_as_a_dedicated_one_and_says_so():
    item = line([cluster(priority="LowPriority")], "0 to 4 nodes Standard_DS3_v2, low priority")
    assert usd(item.at_worst) == usd(line([cluster()], "0 to 4 nodes Standard_DS3_v2, dedicated").at_worst)
    assert "no low-priority price is sourced" in item.basis
    assert item.ceiling


def test_a_size_without_a_price_is_free_at_rest_and_unknown_at_worst():
    item = line([cluster(size="Standard_Unheard_v9")], "0 to 4 nodes")
    assert (usd(item.at_rest), item.at_worst) == ("0.00", None)
    assert item.is_unknown
    assert "refresh_prices --region eastus" in item.basis


@pytest.mark.parametrize("open_one", ["least", "most"])
def test_what_the_plan_leaves_open_is_unknown(open_one):
    item = line([cluster(**{open_one: UNKNOWN})], "nodes")
    assert (item.at_rest, item.at_worst) == (None, None)


@pytest.mark.parametrize(("most", "balancers"), [(1, "9.90"), (50, "9.90"), (51, "19.80")])
def test_a_cluster_brings_a_load_balancer_per_fifty_nodes_that_nobody_declared(most, balancers):
    item = line([cluster(most=most)], "load balancers")
    assert item.hidden
    assert (usd(item.at_rest), usd(item.at_worst)) == ("9.90", balancers)  # 0.33 USD x 30 days


@pytest.mark.parametrize(("stops", "rest"), [(True, "0.00"), (False, "213.89")])
def test_a_compute_instance_that_stops_by_itself_costs_its_disk_at_rest_and_one_that_does_not_all(
    stops, rest
):
    settings = {"vmSize": "Standard_DS3_v2"} | ({"idleTimeBeforeShutdown": "PT30M"} if stops else {})
    inputs = {
        "location": "eastus",
        "properties": {"computeType": "ComputeInstance", "properties": settings},
    }
    instance = [resource("machinelearningservices:Compute", inputs)]
    assert usd(line(instance, "compute instance Standard_DS3_v2").at_rest) == rest
    assert usd(line(instance, "disk").at_rest) == "19.71"


@pytest.mark.parametrize(("sku", "month"), [("Basic", "5.00"), ("Premium", "50.00"), ("Standard", None)])
def test_an_image_registry_costs_its_tier_a_day_and_one_without_a_sourced_price_is_unknown(sku, month):
    item = line(
        [resource("containerregistry:Registry", {"location": "westeurope", "sku": {"name": sku}})],
        "image registry",
    )
    assert usd(item.at_rest) == usd(item.at_worst) == month
    assert item.is_unknown == (month is None)


def test_stored_data_is_charged_by_use_and_in_no_sum():
    account = resource(
        "storage:StorageAccount",
        {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}},
    )
    item = line([account], "data stored")
    assert item.by_use
    assert (str(item.unit_price), item.unit) == ("0.0208", "GB month")
    assert estimate([account]).at_worst == 0


def test_use_without_a_sourced_unit_price_is_unknown():
    inputs = {
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_ZRS"},
        "isHnsEnabled": True,
    }
    assert all(item.is_unknown for item in estimate([resource("storage:StorageAccount", inputs)]).items)


def logs(**inputs):
    given = {"location": "westeurope", "sku": {"name": "PerGB2018"}, "retentionInDays": 30, **inputs}
    return [resource("operationalinsights:Workspace", given)]


def test_logs_cost_nothing_at_rest_and_at_worst_their_daily_cap_all_month():
    item = line(logs(workspaceCapping={"dailyQuotaGb": 20}), "logs, up to 20 GB a day")
    assert (usd(item.at_rest), usd(item.at_worst)) == ("0.00", "1794.00")  # 600 GB x 2.99 USD


def test_logs_that_are_kept_for_long_cost_that_too():
    item = line(logs(workspaceCapping={"dailyQuotaGb": 20}, retentionInDays=180), "logs kept for 180 days")
    assert usd(item.at_worst) == "387.40"  # 149 days x 20 GB x 0.13 USD
    assert len(estimate(logs(workspaceCapping={"dailyQuotaGb": 20})).items) == 1


@pytest.mark.parametrize("capping", [{}, {"workspaceCapping": {"dailyQuotaGb": -1}}])
def test_logs_without_a_daily_cap_have_no_worst_case_only_a_price_per_gb(capping):
    item = line(logs(**capping), "logs, no daily cap")
    assert item.by_use
    assert str(item.unit_price) == "2.99"


def test_traces_in_a_log_workspace_are_charged_there():
    traces = resource("applicationinsights:Component", {"workspaceResourceId": UNKNOWN})
    assert usd(line([traces], "traces").at_worst) == "0.00"
    assert line([resource("applicationinsights:Component", {"location": "eastus"})], "traces").by_use


def test_platform_logs_cost_extra_only_where_they_go_elsewhere_than_to_a_log_workspace():
    assert estimate([resource("monitor:DiagnosticSetting", {"workspaceId": "w"})]).items == ()
    assert line(
        [resource("monitor:DiagnosticSetting", {"storageAccountId": UNKNOWN})], "platform logs"
    ).by_use


APPROVED = "AllowOnlyApprovedOutbound"


def test_a_workspace_that_reaches_the_internet_brings_along_only_the_endpoints_of_its_rules():
    assert estimate([workspace(isolationMode="AllowInternetOutbound")]).items == ()
    inline = {"lake": {"type": "PrivateEndpoint"}}
    item = line([workspace(isolationMode="AllowInternetOutbound", outboundRules=inline)], "private endpoints")
    assert usd(item.at_rest) == "7.30"


@pytest.mark.parametrize("network", [{"isolationMode": UNKNOWN}, {"outboundRules": UNKNOWN}])
def test_what_a_network_brings_along_is_unknown_while_its_mode_or_rules_are(network):
    assert estimate([workspace(**network)]).unknown


def test_how_long_logs_are_kept_is_unknown_while_the_plan_leaves_it_open():
    found = estimate(logs(workspaceCapping={"dailyQuotaGb": 1}, retentionInDays=UNKNOWN))
    assert [item.what for item in found.unknown] == ["logs kept for long"]


def test_approved_outbound_brings_four_private_endpoints():
    item = line([workspace(isolationMode=APPROVED)], "private endpoints of the managed network")
    assert item.hidden
    assert usd(item.at_rest) == "29.20"  # 4 x 730 h x 0.01 USD


def test_the_first_fqdn_rule_brings_one_firewall_and_the_second_none():
    network, rules = workspace(isolationMode=APPROVED), [rule("FQDN", "pypi"), rule("FQDN", "conda")]
    assert not [item for item in estimate([network]).items if "firewall" in item.what]
    item = line([network, *rules], "managed firewall Standard")
    assert item.hidden
    assert item.resource == network.urn
    assert usd(item.at_rest) == usd(item.at_worst) == "912.50"  # 730 h x 1.25 USD


def test_the_cheap_firewall_has_no_sourced_price_and_is_unknown():
    item = line(
        [workspace(isolationMode=APPROVED, firewallSku="Basic"), rule("FQDN", "pypi")], "managed firewall"
    )
    assert item.is_unknown


def test_an_fqdn_rule_written_in_the_workspace_brings_the_firewall_too():
    inline = {"pypi": {"type": "FQDN", "destination": "packages.example.com"}}
    assert line([workspace(isolationMode=APPROVED, outboundRules=inline)], "managed firewall Standard").hidden


def test_fqdn_rules_of_a_workspace_that_was_taken_not_made_bring_one_firewall_themselves():
    assert line([rule("FQDN", "pypi"), rule("FQDN", "conda")], "managed firewall Standard").hidden


def test_an_fqdn_rule_is_the_workspaces_whose_id_it_has():
    network, one = workspace(isolationMode=APPROVED), rule("FQDN", "pypi")
    path = f"{GROUP}/Microsoft.MachineLearningServices/workspaces"

    def at(resource, arm_id):
        return Resource(**{**vars(resource), "id": arm_id})

    mine = [at(network, f"{path}/mlw"), at(one, f"{path}/MLW/outboundRules/pypi")]
    other = [at(network, f"{path}/mlw"), at(one, f"{path}/mlw2/outboundRules/pypi")]
    assert line(mine, "managed firewall").resource == network.urn
    assert line(other, "managed firewall").resource == one.urn


def test_an_outbound_rule_to_a_private_endpoint_is_a_hidden_endpoint():
    item = line([rule("PrivateEndpoint", "lake", subresourceTarget="dfs")], "private endpoint to dfs")
    assert item.hidden
    assert usd(item.at_worst) == "7.30"


@pytest.mark.parametrize(("regions", "month"), [(1, "50.00"), (2, "100.00")])
def test_an_azure_ml_registry_brings_an_image_registry_in_every_region(regions, month):
    details = [{"location": f"region{number}"} for number in range(regions)]
    registry = resource(
        "machinelearningservices:Registry", {"location": "westeurope", "regionDetails": details}
    )
    item = line([registry], "image registry Premium")
    assert item.hidden
    assert usd(item.at_rest) == month
    assert len([one for one in estimate([registry]).items if "data stored" in one.what]) == regions


@pytest.mark.parametrize(
    ("kind", "inputs", "month"),
    [
        ("Microsoft.Network/privateEndpoints/pe", {}, "7.30"),
        ("Microsoft.Network/natGateways/nat", {}, "32.85"),
        ("Microsoft.Network/publicIPAddresses/ip", {"publicIPAllocationMethod": "Static"}, "3.65"),
        ("Microsoft.Network/privateDnsZones/z", {}, "0.50"),
        ("Microsoft.EventHub/namespaces/eh", {"sku": {"name": "Standard", "capacity": 2}}, "43.80"),
        ("Microsoft.ContainerService/managedClusters/aks", {"sku": {"tier": "Standard"}}, "73.00"),
        ("Microsoft.ContainerService/managedClusters/aks", {"sku": {"tier": "Free"}}, "0.00"),
        ("Microsoft.Insights/metricAlerts/m", {}, "0.10"),
        ("Microsoft.Insights/scheduledQueryRules/q", {"evaluationFrequency": "PT5M"}, "1.50"),
    ],
)  # fmt: skip
def test_what_comes_next_is_priced_already(kind, inputs, month):
    found = resource("any:Thing", {"location": "westeurope", **inputs}, arm_id=f"{GROUP}/{kind}")
    assert usd(estimate([found]).at_worst) == month


def test_a_pool_that_scales_and_an_event_stream_that_inflates_have_a_worst_case():
    pool = {
        "location": "eastus",
        "vmSize": "Standard_DS3_v2",
        "enableAutoScaling": True,
        "minCount": 0,
        "maxCount": 3,
    }
    arm_id = f"{GROUP}/Microsoft.ContainerService/managedClusters/aks/agentPools/gpu"
    found = estimate([resource("containerservice:AgentPool", pool, arm_id=arm_id)])
    assert (usd(found.at_rest), usd(found.at_worst)) == ("0.00", "641.67")
    stream = {
        "sku": {"name": "Standard", "capacity": 1},
        "isAutoInflateEnabled": True,
        "maximumThroughputUnits": 4,
    }
    found = estimate(
        [resource("eventhub:Namespace", stream, arm_id=f"{GROUP}/Microsoft.EventHub/namespaces/eh")]
    )
    assert (usd(found.at_rest), usd(found.at_worst)) == ("21.90", "87.60")


def test_a_deployment_of_an_endpoint_costs_its_instances_all_month():
    arm_id = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e/deployments/blue"
    inputs = {
        "location": "eastus",
        "sku": {"capacity": 3},
        "properties": {"endpointComputeType": "Managed", "instanceType": "Standard_F4s_v2"},
    }
    found = estimate([resource("machinelearningservices:OnlineDeployment", inputs, arm_id=arm_id)])
    assert usd(found.at_rest) == usd(found.at_worst) == usd(3 * 730 * Decimal("0.169"))


@pytest.mark.parametrize(
    ("settings", "month", "use"),
    [
        ({"kty": "RSA", "keySize": 2048}, "0.00", "0.03"),
        ({"kty": "RSA", "keySize": 3072}, "0.00", "0.15"),
        ({"kty": "RSA-HSM", "keySize": 2048}, "1.00", "0.15"),
        ({"kty": "EC-HSM"}, "5.00", "0.15"),
    ],
)
def test_a_key_costs_its_operations_and_one_in_hardware_a_fee(settings, month, use):
    found = estimate([resource("keyvault:Key", {"properties": settings})])
    assert usd(found.at_worst) == month
    assert [str(item.unit_price) for item in found.by_use] == [use]


def test_what_is_taken_not_made_is_charged_to_whoever_made_it():
    taken = Resource(**{**vars(resource("containerregistry:Registry", {})), "taken": True})
    (item,) = estimate([taken]).items
    assert (usd(item.at_worst), item.is_unknown) == ("0.00", False)
    assert item.basis == "charged to whoever made it"


def test_an_fqdn_rule_in_a_workspace_that_was_taken_still_brings_its_firewall():
    taken = Resource(**{**vars(workspace(isolationMode=APPROVED)), "taken": True})
    assert line([taken, rule("FQDN", "conda")], "managed firewall Standard").hidden
