"""Pods, people and CI come from networks: over private endpoints whose names they find, or not at all."""

from dataclasses import replace

import pytest

from checks import reachability
from checks.catalogue.reach import groups
from checks.reachability_model import WayIn
from tests.checks.networked import (
    HUB,
    IMAGES,
    OFFICE,
    STORE,
    SUBNET,
    VNET,
    blocked,
    cluster,
    endpoint,
    images,
    link,
    network,
    platform,
    private_parts,
    store,
    subnet,
    told,
    workspace,
)
from tests.checks.planned import resource


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


def test_nodes_without_a_way_out_reach_no_public_service_and_that_is_refused():
    inside = [*private_parts(), subnet(defaultOutboundAccess=False)]
    found = [one for one in told(platform(cluster("none"), *inside), "path-blocked") if "pods" in one.what]
    assert {(one.severity, one.what.partition(": ")[2]) for one in found} == {
        ("refuse", "its network has no way out")
    }
    assert all("nat under twinloop:network" in one.fix for one in found)
    routed = platform(cluster("userDefinedRouting"), *inside)
    assert [one for one in told(routed, "path-blocked") if "pods" in one.what] == []
    balanced = platform(cluster("loadBalancer"), *inside)
    assert [one for one in told(balanced, "path-blocked") if "pods" in one.what] == []
