"""Private in prod: every target has its endpoint with all its zones; networks meet; who comes in is let in."""

# ruff: noqa: E501 - tables of refusals, one a line

from ipaddress import IPv4Network

import pytest

from checks.permissions import Assignment, Permission, RoleDefinition, evaluate, guid_of
from infra.naming import ALL_ZONES
from infra.networks.addresses import HUB_PLAN, moved, subnets
from infra.networks.private_endpoints import GROUPS
from infra.own_roles import OWN_ROLES, own_role_guids
from infra.program import build
from infra.rules.together import across_stacks
from infra.stackfile.files import read
from tests.infra.conftest import CI_PRINCIPALS, STACKS, declare, declared, settings_of
from tests.infra.test_settings_refusals import refusals
from tests.journeys import company

PRIVATE = ["staging", "prod"]
# What the documents ask for, independent of the program's own table: group -> suffixes of its zones.
ASKED = {
    "amlworkspace": {"api.azureml.ms", "notebooks.azure.net"},
    "amlregistry": {"api.azureml.ms"},
    **{service: {f"{service}.core.windows.net"} for service in ("blob", "dfs", "file", "queue", "table")},
    "vault": {"vaultcore.azure.net"},
    "registry": {"azurecr.io"},
    "azuremonitor": {
        "monitor.azure.com",
        "oms.opinsights.azure.com",
        "ods.opinsights.azure.com",
        "agentsvc.azure-automation.net",
        "blob.core.windows.net",
    },
}


def endpoints(engine):
    """Group and target of each endpoint, by the endpoint's name in Azure."""
    found = {}
    for one in engine.of(":PrivateEndpoint"):
        (connection,) = one.inputs["privateLinkServiceConnections"]
        (group,) = connection["groupIds"]
        found[one.inputs["privateEndpointName"]] = (group, connection["privateLinkServiceId"])
    return found


def zones(engine):
    """Names of the zones of each endpoint's group."""
    return {
        group.inputs["privateEndpointName"]: {
            config["privateDnsZoneId"].rpartition("/")[2].removeprefix("privatelink.")
            for config in group.inputs["privateDnsZoneConfigs"]
        }
        for group in engine.of(":PrivateDnsZoneGroup")
    }


@pytest.fixture
def of(config):
    def changed(stack, **sections):
        document = config(stack)
        for name, change in sections.items():
            if isinstance(change, dict):
                document.setdefault(f"twinloop:{name}", {})
                document[f"twinloop:{name}"] = {**document[f"twinloop:{name}"], **change}
            else:
                document[f"twinloop:{name}"] = change
        return document

    return changed


def engine_of(document, stack):
    settings = read(document, source="s", stack=stack)
    return declare(lambda: build(settings))


def said(document, stack, key):
    return [str(problem) for problem in refusals(document, stack) if problem.key == key]


@pytest.mark.parametrize("stack", PRIVATE)
def test_everything_that_answers_nobody_else_has_its_endpoint(stack):
    reached = {(group, target.removesuffix("-id")) for group, target in endpoints(declared(stack)).values()}
    wanted = {
        ("amlworkspace", "ml-workspace"),
        *((service, "storage-account") for service in ("blob", "file", "queue", "table")),
        *((service, "lake-account") for service in ("blob", "dfs")),
        ("vault", "vault-vault"),
        ("registry", "images-registry"),
    }
    if stack == "prod":
        wanted.add(("azuremonitor", "monitor-scope"))
    assert wanted <= reached


@pytest.mark.parametrize("stack", [*PRIVATE, "shared"])
def test_every_endpoint_s_group_names_every_zone_that_its_clients_look_in(stack):
    engine = declared(stack)
    found = zones(engine)
    for name, (group, _) in endpoints(engine).items():
        if stack != "shared":  # there, ids of zones are known once these are made
            assert found[name] == ASKED[group], name
    assert found.keys() == endpoints(engine).keys()


def test_the_table_of_groups_holds_what_the_documents_ask_for():
    told = {
        group: {ALL_ZONES[word].removeprefix("privatelink.") for word in words}
        for group, words in GROUPS.items()
        if group in ASKED
    }
    assert {group: told[group] for group in ASKED} == ASKED
    assert all(len(words) <= 5 for words in GROUPS.values()), "a zone group has five zones at most"


def test_an_environment_that_answers_the_internet_has_no_endpoint():
    assert endpoints(declared("dev")) == {}


def test_the_registry_has_one_endpoint_in_the_network_that_all_environments_meet():
    ((group, target),) = endpoints(declared("shared")).values()
    assert (group, target) == ("amlregistry", "registry-registry-id")
    hub = settings_of("shared").names.network_id
    for stack in PRIVATE:
        sides = {one.name: one.inputs for one in declared(stack).of(":VirtualNetworkPeering")}
        assert sides["peering-hub"]["remoteVirtualNetwork"] == {"id": hub}
        assert sides["peering-hub-back"]["virtualNetworkName"] == hub.rpartition("/")[2]
        assert sides["peering-hub-back"]["remoteVirtualNetwork"] == {"id": "network-vnet-id"}


@pytest.mark.parametrize("stack", PRIVATE)
def test_every_shipped_private_environment_says_how_ci_gets_in(stack):
    network = settings_of(stack).network
    assert "runnerPool" in {way.kind for way in network.entry}
    hub = subnets(settings_of("shared").network.address_space, HUB_PLAN)["runners"]
    (runners,) = [way for way in network.entry if way.kind == "runnerPool"]
    assert [IPv4Network(part) for part in runners.address_space] == [hub]
    assert runners.id == f"{settings_of('shared').names.network_id}/subnets/snet-runners"


def test_people_get_into_prod_by_a_machine_of_its_own_network():
    network = settings_of("prod").network
    (bastion,) = [way for way in network.entry if way.kind == "bastion"]
    assert bastion.address_space == (str(subnets(network.address_space)["runners"]),)


@pytest.mark.parametrize("stack", PRIVATE)
def test_private_endpoints_answer_their_own_network_and_those_who_come_in_and_nobody_else(stack):
    settings, engine = settings_of(stack).network, declared(stack)
    (rules,) = [
        one.inputs["securityRules"]
        for one in engine.of(":NetworkSecurityGroup")
        if one.name == "network-private-links-rules"
    ]
    let_in = {rule["sourceAddressPrefix"] for rule in rules if rule["access"] == "Allow"}
    entries = {part for way in settings.entry for part in way.address_space}
    assert let_in == {settings.address_space} | entries
    denied = [rule for rule in rules if rule["access"] == "Deny"]
    assert {rule["sourceAddressPrefix"] for rule in denied} == {"VirtualNetwork", "Internet"}
    allowed = [rule["priority"] for rule in rules if rule["access"] == "Allow"]
    assert max(allowed) < min(rule["priority"] for rule in denied)
    filtered = [one for one in engine.of(":Subnet") if one.name == "network-private-links"]
    assert filtered[0].inputs["privateEndpointNetworkPolicies"] == "NetworkSecurityGroupEnabled"


@pytest.mark.parametrize("stack", PRIVATE)
def test_only_nodes_of_kubernetes_have_a_way_out_and_by_addresses_of_their_own(stack):
    engine = declared(stack)
    out = {one.name for one in engine.of(":Subnet") if one.inputs.get("natGateway")}
    assert out == {"network-kubernetes"}
    (gateway,) = engine.of(":NatGateway")
    assert gateway.inputs["publicIpAddresses"] == [{"id": "network-nat-address-1-id"}]
    assert all(one.inputs["defaultOutboundAccess"] is False for one in engine.of(":Subnet"))


def test_logs_and_traces_of_prod_answer_no_public_address():
    engine = declared("prod")
    (scope,) = engine.of(":PrivateLinkScope")
    assert set(scope.inputs["accessModeSettings"].values()) == {"PrivateOnly"}
    linked = {one.inputs["linkedResourceId"] for one in engine.of(":PrivateLinkScopedResource")}
    assert linked == {"logs-workspace-id", "traces-insights-id"}
    for token in ("operationalinsights:Workspace", "applicationinsights:Component"):
        (one,) = engine.of(token)
        assert one.inputs["publicNetworkAccessForIngestion"] == "Disabled"
        assert one.inputs["publicNetworkAccessForQuery"] == "Disabled"


def test_the_networks_of_all_stacks_share_no_address():
    spaces = [IPv4Network(settings_of(stack).network.address_space) for stack in STACKS]
    pairs = [(one, other) for n, one in enumerate(spaces) for other in spaces[n + 1 :]]
    assert not [pair for pair in pairs if pair[0].overlaps(pair[1])]


def test_a_taken_network_gets_endpoints_where_it_is_asked_for_and_records_too(of):
    network = {
        "existing": company.NETWORK,
        "subnets": {"privateLinks": company.subnet("links")},
        "publicAccess": "Disabled",
        "endpoints": True,
    }
    document = of("prod")
    document.pop("twinloop:kubernetes", None)  # its nodes would need a subnet of their own
    document["twinloop:network"] = network
    document["twinloop:dns"] = {"existing": company.HUB}
    document["twinloop:vault"] = {"existing": company.VAULT, "endpoint": True}
    document["twinloop:managedNetwork"]["outboundRules"] = [
        rule
        for rule in document["twinloop:managedNetwork"]["outboundRules"]
        if rule.get("target") != "monitor"
    ]
    engine = engine_of(document, "prod")
    assert ("vault", company.VAULT) in endpoints(engine).values()
    assert zones(engine) == {}, "a policy writes the records unless dns.records says otherwise"
    document["twinloop:dns"] = {"existing": company.HUB, "records": True}
    assert zones(engine_of(document, "prod")).keys() == endpoints(engine).keys()
    document["twinloop:network"] = {key: one for key, one in network.items() if key != "endpoints"}
    document["twinloop:dns"] = {"existing": company.HUB}
    assert endpoints(engine_of(document, "prod")) == {}


def test_without_a_network_the_shared_stack_declares_nothing_of_one(of):
    document = of("shared")
    del document["twinloop:network"]
    engine = engine_of(document, "shared")
    assert not engine.of(":VirtualNetwork")
    assert not engine.of(":PrivateEndpoint")
    assert not [one for one in engine.of(":RoleAssignment") if "peerer" in one.name]


def test_another_network_is_peered_one_way_where_its_owner_makes_the_other_side(of):
    other = {
        "name": "company",
        "network": company.NETWORK,
        "addressSpace": ["10.80.0.0/16"],
        "bothWays": False,
    }
    document = of("prod")
    document["twinloop:network"]["peerings"].append(other)
    sides = {one.name for one in engine_of(document, "prod").of(":VirtualNetworkPeering")}
    assert sides == {"peering-hub", "peering-hub-back", "peering-company"}


def test_the_identity_that_deploys_meets_the_hub_and_writes_records_of_endpoints_and_nothing_more():
    names = settings_of("shared").names
    guids = own_role_guids(names)
    roles = {
        guid: RoleDefinition(guid, role.value, (Permission(OWN_ROLES[role].actions),))
        for role, guid in guids.items()
    }
    given = [
        Assignment(
            principal=one.inputs["principalId"],
            role=guid_of(one.inputs["roleDefinitionId"]),
            scope=one.inputs["scope"],
        )
        for one in declared("shared").of(":RoleAssignment")
        if guid_of(one.inputs["roleDefinitionId"]) in roles
    ]
    networks, zones = "Microsoft.Network/virtualNetworks", "Microsoft.Network/privateDnsZones"

    def may(action, scope):
        return evaluate(action, scope, {CI_PRINCIPALS["ci-deploy-prod"]}, given, roles).allowed

    hub, zone = names.network_id, names.zone_ids["vault"]
    assert may(f"{networks}/peer/action", hub)
    assert all(may(f"{networks}/virtualNetworkPeerings/{verb}", hub) for verb in ("read", "write", "delete"))
    assert may(f"{zones}/join/action", zone)
    assert not any(may(f"{networks}/{verb}", hub) for verb in ("write", "delete", "subnets/write"))
    assert not any(may(f"{zones}/{verb}", zone) for verb in ("A/write", "A/delete", "write", "delete"))


ENTRY = {
    "kind": "bastion",
    "id": "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a001/resourceGroups/rg/providers"
    "/Microsoft.Network/bastionHosts/bas",
    "addressSpace": ["10.22.5.0/26"],
    "reason": "people look at runs there",
}
HUB = {"name": "hub", "network": "shared", "addressSpace": ["10.255.0.0/20"]}
REFUSED = [
    ("entry", [ENTRY | {"kind": "tunnel"}], "network.entry[0].kind", "'runnerPool', 'vpn' or 'bastion'"),
    ("entry", [ENTRY | {"kind": "vpn"}], "network.entry[0]", "Microsoft.Network/virtualNetworkGateways"),
    ("entry", [ENTRY | {"id": "bas"}], "network.entry[0]", "is no ARM id"),
    ("entry", [ENTRY | {"addressSpace": []}], "network.entry[0].addressSpace", "at least 1"),
    ("entry", [ENTRY | {"addressSpace": ["203.0.113.0/24"]}], "network.entry[0].addressSpace[0]", "10.22.0.0/20, 10.255.0.0/20"),
    ("entry", [ENTRY | {"addressSpace": ["10.99.0.0/26"]}], "network.entry[0].addressSpace[0]", "from where no packet gets here"),
    ("entry", [ENTRY | {"addressSpace": ["10.22.5.1/26"]}], "network.entry[0].addressSpace[0]", "host bits are zero"),
    ("entry", [ENTRY | {"reason": "so"}], "network.entry[0].reason", "10 characters"),
    ("peerings", [HUB | {"addressSpace": ["10.22.8.0/24"]}], "network.peerings[0].addressSpace[0]", "overlaps 10.22.0.0/20 of this network"),
    ("peerings", [HUB, HUB], "network", "each name and each network of peerings once"),
    ("peerings", [HUB | {"network": "elsewhere"}], "network.peerings[0].network", "the ARM id of a Microsoft.Network/virtualNetworks"),
    ("nat", {"subnets": ["private-links"]}, "network.nat.subnets[0]", "'kubernetes' or 'runners'"),
    ("nat", {"subnets": ["kubernetes", "kubernetes"]}, "network.nat", "each subnet once"),
    ("nat", {"subnets": ["kubernetes"], "addresses": 17}, "network.nat.addresses", "16"),
    ("privateLinkScope", {"ingestion": "Closed", "query": "Open"}, "network.privateLinkScope.ingestion", "'Open' or 'PrivateOnly'"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "at", "words"), REFUSED)
def test_a_setting_that_makes_no_sense_is_refused_with_what_does(key, value, at, words, of):
    found = said(of("prod", network={key: value}), "prod", f"twinloop:{at}")
    assert len(found) == 1, [str(one) for one in refusals(of("prod", network={key: value}), "prod")]
    assert words in found[0]


def test_ways_in_make_no_sense_where_the_public_is_let_in(of):
    document = of("dev", network={"entry": [ENTRY]})
    (found,) = said(document, "dev", "twinloop:network.entry")
    assert "config rm --path 'twinloop:network.entry'" in found


def test_a_private_only_scope_needs_a_way_for_jobs_to_send_their_traces(of):
    document = of("prod")
    rules = document["twinloop:managedNetwork"]["outboundRules"]
    document["twinloop:managedNetwork"]["outboundRules"] = [
        one for one in rules if one["target"] != "monitor"
    ]
    (found,) = said(document, "prod", "twinloop:managedNetwork.outboundRules")
    assert "target monitor, subresource azuremonitor" in found
    document = of("prod")
    del document["twinloop:network"]["privateLinkScope"]
    assert len(said(document, "prod", "twinloop:managedNetwork.outboundRules[5].target")) == 1


def test_a_scope_without_endpoints_reaches_nothing(of):
    scope = {"ingestion": "Open", "query": "Open"}
    (found,) = said(
        of("dev", network={"privateLinkScope": scope}), "dev", "twinloop:network.privateLinkScope"
    )
    assert "no private endpoint is made" in found


def test_one_scope_of_azure_monitor_answers_in_a_set_of_zones(of):
    stacks = {name: settings_of(name) for name in STACKS}
    document = of("staging", network={"privateLinkScope": {"ingestion": "Open", "query": "Open"}})
    both = stacks | {"staging": read(document, source="s", stack="staging")}
    assert across_stacks(stacks) == []
    (problem,) = across_stacks(both)
    assert problem.key == "twinloop:network.privateLinkScope"
    assert "the last one would win" in str(problem)


def test_what_an_environment_says_of_the_shared_network_is_so(of):
    stacks = {name: settings_of(name) for name in ("shared", "prod")}
    document = of("shared", network={"addressSpace": "10.254.0.0/20"})
    moved_hub = stacks | {"shared": read(document, source="s", stack="shared")}
    (problem,) = across_stacks(moved_hub)
    assert "10.255.0.0/20, and Pulumi.shared.yaml has 10.254.0.0/20" in str(problem)
    del document["twinloop:network"]
    (problem,) = across_stacks(stacks | {"shared": read(document, source="s", stack="shared")})
    assert "Pulumi.shared.yaml makes no network" in str(problem)


def test_the_shared_network_shares_no_address_with_an_environment_s(of):
    document = of("shared", network={"addressSpace": "10.20.0.0/20"})
    stacks = {"shared": read(document, source="s", stack="shared"), "dev": settings_of("dev")}
    assert [problem.key for problem in across_stacks(stacks)] == ["twinloop:network.addressSpace"]


def test_records_are_asked_for_only_where_endpoints_are_made(of):
    document = of("dev")
    document["twinloop:dns"] = {"existing": company.HUB, "records": True}
    (found,) = said(document, "dev", "twinloop:dns.records")
    assert "makes no private endpoint" in found


@pytest.mark.parametrize(
    ("part", "new", "there"),
    [
        ("10.22.5.0/26", "10.40.0.0/20", "10.40.5.0/26"),
        ("10.255.0.64/26", "10.40.0.0/20", "10.255.0.64/26"),
        ("10.22.15.0/24", "10.40.0.0/22", "10.22.15.0/24"),
    ],
)
def test_a_part_of_a_space_moves_with_it_and_others_stay(part, new, there):
    assert moved(part, "10.22.0.0/20", new) == there
