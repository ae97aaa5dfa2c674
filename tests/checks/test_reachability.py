"""What must be reached is followed, and each thing that stands in the way is told with what to write."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checks import reachability
from checks.catalogue.reach import groups, indexes, needs, services
from checks.reachability_managed import covers
from checks.reachability_model import JobNeeds, WayIn
from infra.sections import ManagedNetwork
from tests.checks.planned import GROUP, SUBSCRIPTION, WORKSPACE, resource

STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stws"
LAKE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlake"
IMAGES = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/cr"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
HUB = f"{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub"
SUBNET = f"{VNET}/subnets/snet-links"
ZONES = f"{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/privateDnsZones"
OFFICE = "203.0.113.0/24"
TRAINING = JobNeeds(
    name="training", file="pipelines/training.yml", computes=("cpu",), indexes=("PyPI", "conda")
)


def workspace(mode="AllowOnlyApprovedOutbound", access="Disabled", **more):
    network = {"isolationMode": mode, **more}
    return resource(
        "machinelearningservices:Workspace",
        "ml",
        WORKSPACE,
        storageAccount=STORE,
        keyVault=VAULT,
        containerRegistry=IMAGES,
        publicNetworkAccess=access,
        managedNetwork=network,
    )


def store(arm_id=STORE, access="Disabled", networks=()):
    rules = {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": one} for one in networks]}
    name = arm_id.rpartition("/")[2]
    return resource("storage:StorageAccount", name, arm_id, publicNetworkAccess=access, networkRuleSet=rules)


def images(access="Disabled"):
    return resource("containerregistry:Registry", "images", IMAGES, publicNetworkAccess=access)


def vault():
    return resource("keyvault:Vault", "vault", VAULT, properties={"publicNetworkAccess": "Disabled"})


def platform(*more, mode="AllowOnlyApprovedOutbound", access="Disabled"):
    cpu = resource("machinelearningservices:Compute", "cpu", f"{WORKSPACE}/computes/cpu", computeName="cpu")
    return [workspace(mode, access), store(), images(), vault(), cpu, *more]


def lake():
    container = resource(
        "storage:BlobContainer", "curated", f"{LAKE}/blobServices/default/containers/curated"
    )
    datastore = resource(
        "machinelearningservices:Datastore",
        "curated",
        f"{WORKSPACE}/datastores/curated",
        properties={"accountName": "stlake", "containerName": "curated"},
    )
    return [store(LAKE), container, datastore]


def rule(name, target, group):
    return resource(
        "machinelearningservices:ManagedNetworkSettingsRule",
        name,
        f"{WORKSPACE}/outboundRules/{name}",
        properties={
            "type": "PrivateEndpoint",
            "destination": {"serviceResourceId": target, "subresourceTarget": group},
        },
    )


def fqdn(name, host):
    return resource(
        "machinelearningservices:ManagedNetworkSettingsRule",
        name,
        f"{WORKSPACE}/outboundRules/{name}",
        properties={"type": "FQDN", "destination": host},
    )


def endpoint(name, target, group, subnet=SUBNET, zones=None):
    arm_id = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/{name}"
    made = resource(
        "network:PrivateEndpoint",
        name,
        arm_id,
        subnet={"id": subnet},
        privateLinkServiceConnections=[{"privateLinkServiceId": target, "groupIds": [group]}],
    )
    names = groups()[group].zones if zones is None else zones
    configs = [{"name": zone, "privateDnsZoneId": f"{ZONES}/{zone}"} for zone in names]
    group_id = f"{arm_id}/privateDnsZoneGroups/default"
    return [
        made,
        resource("network:PrivateDnsZoneGroup", f"{name}-z", group_id, privateDnsZoneConfigs=configs),
    ]


def link(zone, network=VNET):
    return resource(
        "privatedns:VirtualNetworkLink",
        f"link-{zone}-{network[-4:]}",
        f"{ZONES}/{zone}/virtualNetworkLinks/{network[-4:]}",
        privateZoneName=zone,
        virtualNetwork={"id": network},
    )


def network(arm_id=VNET, space="10.22.0.0/20"):
    return resource("network:VirtualNetwork", arm_id[-4:], arm_id, addressSpace={"addressPrefixes": [space]})


def subnet(**inputs):
    return resource("network:Subnet", "nodes", f"{VNET}/subnets/snet-nodes", **inputs)


def cluster(outbound="userDefinedRouting"):
    return resource(
        "containerservice:ManagedCluster",
        "aks",
        f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks",
        networkProfile={"outboundType": outbound},
        agentPoolProfiles=[{"name": "system", "vnetSubnetID": f"{VNET}/subnets/snet-nodes"}],
    )


def private_parts():
    """Private endpoints of everything that pods need, with zones that are linked."""
    made = [
        *endpoint("pe-images", IMAGES, "registry"),
        *endpoint("pe-blob", STORE, "blob"),
        *endpoint("pe-file", STORE, "file"),
        *endpoint("pe-ml", WORKSPACE, "amlworkspace"),
    ]
    zones = {zone for group in ("registry", "blob", "file", "amlworkspace") for zone in groups()[group].zones}
    return [network(), *made, *(link(zone) for zone in sorted(zones))]


def blocked(resources, who="computes", **more):
    return {
        path.to.partition(" ")[2].rpartition("/")[2] or path.to: path
        for path in reachability.paths(resources, **more)
        if path.way.verdict == "blocked" and who in path.client
    }


def told(resources, rule_="", **more):
    return [one for one in reachability.findings(resources, **more) if rule_ in one.rule]


def test_in_approved_mode_the_service_reaches_the_workspace_s_own_parts_by_itself():
    assert blocked(platform()) == {}


def test_a_data_lake_needs_a_rule_and_the_lines_to_write_are_settings_that_are_read():
    (one,) = [one for one in told(platform(*lake()), "path-blocked") if "computes" in one.what]
    assert (one.severity, one.resource) == ("warn", platform()[0].urn)
    assert "no private endpoint rule for blob" in one.what
    rows = yaml.safe_load(one.copied)
    read = ManagedNetwork.model_validate(
        {"isolationMode": "AllowOnlyApprovedOutbound", "outboundRules": rows}
    )
    assert [(row.type, row.target, row.subresource) for row in read.outbound_rules] == [
        ("privateEndpoint", "lake", "blob")
    ]
    assert blocked(platform(*lake(), rule("lake-blob", LAKE, "blob"))) == {}


def test_a_rule_for_another_sub_service_does_not_help():
    assert blocked(platform(*lake(), rule("lake-dfs", LAKE, "dfs")))


def test_with_the_internet_open_a_closed_lake_still_needs_a_rule():
    (path,) = blocked(platform(*lake(), mode="AllowInternetOutbound")).values()
    assert path.way.words.startswith("it answers no public address")


def test_a_list_of_addresses_keeps_nodes_out_though_the_internet_is_open():
    office = [workspace("AllowInternetOutbound", "Enabled"), store(access="Enabled", networks=[OFFICE])]
    paths = [one for one in reachability.paths(office) if one.way.verdict == "blocked"]
    assert [path.to for path in paths] == ["storage account stws (blob)", "storage account stws (file)"]
    path = paths[0]
    assert f"it answers {OFFICE} only" in path.way.words
    assert path.severity == "warn"  # an address in the list may be one of theirs


def test_without_any_network_nodes_reach_no_closed_store_and_that_is_refused():
    refused = [one for one in told(platform(mode="Disabled"), "path-blocked") if one.severity == "refuse"]
    assert {word for one in refused for word in ("(blob)", "(registry)") if word in one.what} == {
        "(blob)",
        "(registry)",
    }


def test_packages_of_a_pipeline_need_rules_which_are_written_out_with_the_firewall_they_bring():
    found = told(platform(), "path-blocked", jobs=[TRAINING])
    build = {
        one.what.partition(" reach ")[2].partition(":")[0]: one for one in found if "image build" in one.what
    }
    assert set(build) == {"PyPI", "conda"}
    rows = [row for one in build.values() for row in yaml.safe_load(one.copied)]
    read = ManagedNetwork.model_validate(
        {"isolationMode": "AllowOnlyApprovedOutbound", "firewallSku": "Basic", "outboundRules": rows}
    )
    hosts = [row.destination for row in read.outbound_rules]
    assert all(
        any(covers(rule_, host) for rule_ in hosts) for name in build for host in indexes()[name].hosts
    )
    assert all("firewallSku" in one.fix for one in build.values())
    opened = platform(*(fqdn(f"f{number}", host) for number, host in enumerate(hosts)))
    assert [one for one in told(opened, "path-blocked", jobs=[TRAINING]) if "image build" in one.what] == []


def test_a_pipeline_on_a_cluster_of_another_environment_is_not_followed_here():
    elsewhere = replace(TRAINING, computes=("somewhere-else",))
    assert [one for one in told(platform(), jobs=[elsewhere]) if "image build" in one.what] == []


def test_parallel_jobs_and_batch_endpoints_need_queues_and_tables():
    parallel = replace(TRAINING, indexes=(), parallel=True)
    paths = [one for one in reachability.paths(platform(), jobs=[parallel]) if one.way.verdict == "blocked"]
    assert sorted(one.to[-7:] for one in paths if "computes" in one.client) == ["(queue)", "(table)"]
    ruled = platform(rule("q", STORE, "queue"), rule("t", STORE, "table"))
    assert blocked(ruled, jobs=[parallel]) == {}


def test_an_fqdn_rule_brings_a_firewall_and_a_tier_that_nobody_chose_is_a_warning():
    resources = platform(fqdn("pypi", "pypi.org"))
    (one,) = told(resources, "paid-firewall")
    assert (one.severity, "of tier Standard" in one.what) == ("warn", True)
    chosen = [workspace(firewallSku="Basic"), *resources[1:]]
    (one,) = told(chosen, "paid-firewall")
    assert (one.severity, "of tier Basic" in one.what) == ("note", True)


def test_pods_reach_what_they_need_over_private_endpoints_with_linked_zones():
    assert blocked(platform(cluster(), *private_parts()), who="pods") == {}


@pytest.mark.parametrize("lost", ["pe-images", "pe-blob", "pe-ml"])
def test_each_private_endpoint_that_is_taken_away_blocks_the_pods(lost):
    parts = [one for one in private_parts() if not one.name.startswith(lost)]
    found = [one for one in told(platform(cluster(), *parts), "path-blocked") if "pods" in one.what]
    assert [(one.severity, "declare a private endpoint" in one.fix) for one in found] == [("refuse", True)]


@pytest.mark.parametrize(
    "zone", sorted({z for g in ("blob", "amlworkspace", "registry") for z in groups()[g].zones})
)
def test_each_zone_that_is_not_linked_is_refused_and_blocks_who_looks_there(zone):
    parts = [one for one in private_parts() if one.name != f"link-{zone}-vnet"]
    resources = platform(cluster(), *parts)
    assert {one.rule for one in told(resources) if zone in one.what} == {
        "private-zone-unlinked",
        "path-blocked",
    }
    assert all(one.severity == "refuse" for one in told(resources) if zone in one.what)


@pytest.mark.parametrize("group", sorted(groups()))
def test_each_zone_that_a_zone_group_lacks_is_refused_by_name(group):
    for lost in groups()[group].zones:
        kept = tuple(zone for zone in groups()[group].zones if zone != lost)
        resources = [
            *endpoint("pe", STORE, group, zones=kept),
            *(link(zone) for zone in groups()[group].zones),
        ]
        (one,) = told(resources, "private-endpoint-zone-missing")
        assert (one.severity, lost in one.what, lost in one.fix) == ("refuse", True, True)


def test_an_endpoint_without_a_zone_group_is_refused_unless_a_policy_may_write_the_names():
    alone = endpoint("pe", STORE, "blob")[:1]
    assert told(alone) == []
    (one,) = told([*alone, link("privatelink.blob.core.windows.net")])
    assert (one.severity, one.rule) == ("refuse", "private-endpoint-without-zones")


def test_an_endpoint_in_a_network_that_is_met_is_in_reach_and_one_elsewhere_is_not():
    hub = f"{HUB}/subnets/links"
    far = [*endpoint("pe-images", IMAGES, "registry", hub), link("privatelink.azurecr.io"), network()]
    far.append(link("privatelink.azurecr.io", HUB))
    images_only = [one for one in told(platform(cluster(), *far), "path-blocked") if "(registry)" in one.what]
    assert len([one for one in images_only if "pods" in one.what]) == 1
    peering = resource(
        "network:VirtualNetworkPeering",
        "hub",
        f"{VNET}/virtualNetworkPeerings/hub",
        remoteVirtualNetwork={"id": HUB},
    )
    met = told(platform(cluster(), *far, peering), "path-blocked")
    assert [one for one in met if "(registry)" in one.what and "pods" in one.what] == []


def test_pods_get_to_a_public_store_only_where_they_have_a_way_out():
    public = [workspace("AllowInternetOutbound", "Enabled"), images("Enabled"), network(), cluster()]
    shut = [*public, subnet(defaultOutboundAccess=False)]
    assert [one for one in told(shut) if "pods" in one.what and "no way out" in one.what]
    with_nat = [*public, subnet(defaultOutboundAccess=False, natGateway={"id": "nat"})]
    assert [one for one in told(with_nat) if "pods" in one.what and "(registry)" in one.what] == []


def test_a_closed_environment_without_an_entry_lets_nobody_in():
    (one,) = [one for one in told(platform()) if "people" in one.what]
    assert (one.severity, "no entry is declared" in one.what, "twinloop:network" in one.fix) == (
        "warn",
        True,
        True,
    )


def test_an_entry_is_followed_from_the_network_that_its_addresses_lie_in():
    runners = WayIn(stack="dev", kind="runnerPool", id=SUBNET, networks=("10.22.5.0/26",))
    inside = platform(*private_parts())
    assert [
        path.way.verdict for path in reachability.paths(inside, ways_in=[runners]) if "runner" in path.client
    ] == [
        "open",
        "open",
        "open",
    ]
    parts = [one for one in private_parts() if not one.name.startswith("pe-blob")]
    (one,) = [one for one in told(platform(*parts), ways_in=[runners]) if "runnerPool" in one.what]
    assert "no private endpoint for blob in reach" in one.what


def test_an_entry_from_addresses_that_are_nowhere_is_unknown_and_no_finding():
    vpn = WayIn(stack="dev", kind="vpn", id="gateway", networks=("172.16.0.0/24",))
    resources = platform(*private_parts())
    assert {
        one.way.verdict for one in reachability.paths(resources, ways_in=[vpn]) if "vpn" in one.client
    } == {"unknown"}
    assert [one for one in told(resources, ways_in=[vpn]) if "vpn" in one.what] == []


def test_people_come_from_the_networks_that_are_let_in():
    office = [workspace("AllowInternetOutbound", "Enabled"), store(access="Enabled", networks=[OFFICE])]
    assert {one.way.verdict for one in reachability.paths(office) if "people" in one.client} == {"open"}
    shut = [workspace("AllowInternetOutbound", "Enabled"), store()]
    assert [one.severity for one in told(shut) if "people" in one.what and "(blob)" in one.what] == ["warn"]


@pytest.mark.parametrize("open_", [store(access="Enabled"), images("Enabled")], ids=["store", "images"])
def test_a_public_door_beside_a_closed_workspace_is_refused(open_):
    resources = [one for one in platform() if one.id != open_.id]
    if open_.id == STORE:
        open_ = replace(open_, inputs={"publicNetworkAccess": "Enabled"})
    (one,) = told([*resources, open_], "exposure")
    assert (one.severity, one.resource) == ("refuse", open_.urn)


def test_what_is_taken_and_not_declared_is_unknown_and_no_finding():
    taken = [
        replace(one, taken=True) if one.id == IMAGES else one
        for one in platform(mode="AllowInternetOutbound")
    ]
    verdicts = {path.to: path.way.verdict for path in reachability.paths(taken) if "computes" in path.client}
    assert verdicts["image registry cr (registry)"] == "unknown"


@given(
    st.sampled_from(["AllowInternetOutbound", "AllowOnlyApprovedOutbound"]),
    st.sampled_from(["blob", "queue", "dfs"]),
)
def test_a_private_endpoint_rule_opens_its_path_whatever_the_mode_and_the_doors(mode, group):
    resources = platform(*lake(), rule("r", LAKE, "blob"), rule("s", STORE, group), mode=mode)
    assert not any("stlake" in path.to for path in blocked(resources).values())


@given(
    st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}", fullmatch=True),
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
)
def test_a_star_covers_what_is_below_it_and_not_the_name_itself(name, head):
    assert covers(f"*.{name}", f"{head}.{name}")
    assert covers(name, name)
    assert not covers(f"*.{name}", name)
    assert not covers(name, f"{head}.{name}")


def test_every_fact_has_a_document():
    for row in (*groups().values(), *needs(), *services(), *indexes().values()):
        assert "learn.microsoft.com" in row.source
    assert {need.group for need in needs()} <= set(groups())
