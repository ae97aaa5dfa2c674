"""Private DNS: zones made, taken or made by policy; links where names must be found; rights as narrow."""

import re

import pytest

from checks.catalogue.resource_types import resource_types
from checks.permissions import Assignment, Permission, RoleDefinition, evaluate, guid_of
from infra.naming import ALL_ZONES, ZONES
from infra.own_roles import OWN_ROLES, own_role_guid
from infra.program import build
from infra.rights.table import Role
from infra.rules.together import across_stacks
from infra.stackfile.files import read
from tests.infra.conftest import CI_PRINCIPALS, declare, declared, settings_of
from tests.infra.test_settings_refusals import refusals
from tests.journeys import company

ZONE, LINK, PROVIDER = ":PrivateZone", ":VirtualNetworkLink", "pulumi:providers:azure-native"
HUB = {"existing": company.HUB}
POLICY = {"mode": "madeByPolicy"}


@pytest.fixture
def of(config):
    """Settings of a stack after a change of some of its sections."""

    def changed(stack, **sections):
        document = config(stack)
        if (sections.get("network") or {}).get("existing"):
            document.pop("twinloop:kubernetes", None)  # its nodes would need a subnet that is given, too
            rules = document["twinloop:managedNetwork"]["outboundRules"]
            rules[:] = [rule for rule in rules if rule["target"] != "monitor"]  # it has no scope
        for name, section in sections.items():
            document[f"twinloop:{name}"] = section
            if section is None:
                del document[f"twinloop:{name}"]
        return document

    return changed


def engine_of(document, stack):
    settings = read(document, source="s", stack=stack)
    return declare(lambda: build(settings))


def said_of(document, stack, key):
    return [str(problem) for problem in refusals(document, stack) if problem.key == key]


def test_the_shared_stack_makes_one_zone_per_kind_of_store_of_no_region():
    zones = declared("shared").of(ZONE)
    assert sorted(zone.inputs["privateZoneName"] for zone in zones) == sorted(ALL_ZONES.values())
    assert {zone.inputs["location"] for zone in zones} == {"global"}


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_an_isolated_environment_looks_names_up_in_the_zones_of_the_shared_stack(stack):
    engine, settings = declared(stack), settings_of(stack)
    links = {link.inputs["privateZoneName"]: link.inputs for link in engine.of(LINK)}
    assert set(links) == set((ALL_ZONES if stack == "prod" else ZONES).values())
    for link in links.values():
        assert link["resourceGroupName"] == settings.shared_names.resource_group
        assert link["registrationEnabled"] is False
        assert link["virtualNetwork"] == {"id": "network-vnet-id"}
    (provider,) = [r for r in engine.declared if r.typ == PROVIDER and r.name.startswith("dns-link")]
    assert provider.inputs["subscriptionId"] == settings_of("shared").azure.subscription_id


def test_the_ids_of_zones_are_those_of_the_stack_that_makes_them():
    assert settings_of("prod").zone_ids == settings_of("shared").names.zone_ids
    assert all(zone.startswith("/subscriptions/") for zone in settings_of("prod").zone_ids.values())


def test_an_environment_that_answers_the_internet_links_nothing():
    assert declared("dev").of(LINK) == []
    assert settings_of("dev").dns.mode == "shared"


def test_in_the_zones_own_subscription_no_second_provider_is_needed(of):
    document = of("staging")
    document["twinloop:shared"].pop("subscriptionId")
    engine = engine_of(document, "staging")
    assert len(engine.of(LINK)) == len(ZONES)
    assert not [r for r in engine.declared if r.typ == PROVIDER]


@pytest.mark.parametrize("stack", ["shared", "prod"])
@pytest.mark.parametrize("dns", [POLICY, None], ids=["made by policy", "not said"])
def test_what_a_policy_makes_is_not_declared(stack, dns, of):
    engine = engine_of(of(stack, dns=dns), stack)
    assert not engine.of(ZONE)
    assert not engine.of(LINK)
    assert not [r for r in engine.declared if "dns" in r.name]
    assert engine.outputs.private_zone_ids == {}


@pytest.mark.parametrize("stack", ["shared", "prod"])
def test_zones_that_are_taken_are_read_and_linked_by_their_owner(stack, of):
    engine = engine_of(of(stack, dns=HUB), stack)
    words = ALL_ZONES if stack == "prod" else ZONES
    assert {zone.name for zone in engine.of(ZONE)} == {f"dns-{word}-taken" for word in words}
    assert not engine.of(LINK)
    assert not [r for r in engine.declared if "dns-linker" in r.name], "rights are their owner's to give"


def test_links_are_written_into_taken_zones_where_that_is_asked_for(of):
    engine = engine_of(of("prod", dns=HUB | {"link": True}), "prod")
    assert {link.inputs["resourceGroupName"] for link in engine.of(LINK)} == {"rg-hub"}
    (provider,) = [r for r in engine.declared if r.typ == PROVIDER and r.name.startswith("dns-link")]
    assert provider.inputs["subscriptionId"] == company.CONNECTIVITY


def test_a_link_goes_to_the_network_that_is_taken(of):
    network = {
        "existing": company.NETWORK,
        "subnets": {"runners": company.subnet("runners")},
        "publicAccess": "Disabled",
    }
    engine = engine_of(of("prod", network=network), "prod")
    assert {link.inputs["virtualNetwork"]["id"] for link in engine.of(LINK)} == {company.NETWORK}


def test_the_identity_that_deploys_links_networks_and_changes_no_record():
    names = settings_of("shared").names
    guid = own_role_guid(names, Role.DNS_LINKER)
    roles = {guid: RoleDefinition(guid, "linker", (Permission(OWN_ROLES[Role.DNS_LINKER].actions),))}
    given = [
        Assignment(
            principal=r.inputs["principalId"],
            role=guid_of(r.inputs["roleDefinitionId"]),
            scope=r.inputs["scope"],
        )
        for r in declared("shared").of(":RoleAssignment")
        if guid_of(r.inputs["roleDefinitionId"]) == guid
    ]
    zone, zones = names.zone_ids["blob"], "Microsoft.Network/privateDnsZones"

    def may(action):
        return evaluate(f"{zones}/{action}", zone, {CI_PRINCIPALS["ci-deploy-prod"]}, given, roles).allowed

    assert all(may(f"virtualNetworkLinks/{verb}") for verb in ("read", "write", "delete"))
    assert not any(may(action) for action in ("write", "delete", "A/write", "A/delete", "CNAME/write"))


@pytest.mark.parametrize(
    ("stack", "dns", "key", "words"),
    [
        ("shared", {"mode": "shared"}, "dns.mode", "'made' or 'madeByPolicy'"),
        ("prod", {"mode": "made"}, "dns.mode", "'shared' or 'madeByPolicy'"),
        ("prod", {"mode": "shared", "link": True}, "dns.link", "mode"),
        ("prod", HUB | {"mode": "shared"}, "dns.mode", "existing, link"),
        ("prod", {"existing": company.VAULT}, "dns.existing", "Microsoft.Resources/resourceGroups"),
        ("dev", HUB | {"link": True}, "dns.link", "false"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(stack, dns, key, words, of):
    (said,) = said_of(of(stack, dns=dns), stack, f"twinloop:{key}")
    assert words in said


def test_a_shared_stack_does_not_take_the_zones_that_it_makes(of):
    own = {"existing": settings_of("shared").names.resource_group_id}
    (said,) = said_of(of("shared", dns=own), "shared", "twinloop:dns.existing")
    assert "mode: made" in said


@pytest.mark.parametrize(
    ("dns", "words"), [(POLICY, "makes no zones"), (HUB, f"existing: {company.HUB}")], ids=["policy", "taken"]
)
def test_an_environment_does_not_link_to_zones_that_its_shared_stack_does_not_make(dns, words, of):
    stacks = {name: settings_of(name) for name in ("dev", "prod")}
    stacks["shared"] = read(of("shared", dns=dns), source="s", stack="shared")
    (problem,) = across_stacks(stacks)
    assert problem.key == "twinloop:dns.mode"
    assert words in str(problem)


def test_two_environments_do_not_link_one_network_to_the_same_zones(of):
    network = {
        "existing": company.NETWORK,
        "subnets": {"runners": company.subnet("runners")},
        "publicAccess": "Disabled",
    }
    stacks = {name: read(of(name, network=network), source="s", stack=name) for name in ("staging", "prod")}
    (problem,) = across_stacks(stacks)
    assert "one link between a network and a zone" in str(problem)


def test_every_zone_has_a_name_that_azure_takes():
    row = resource_types()["azure-native:privatedns:PrivateZone"]
    assert all(re.fullmatch(row.name_pattern, zone) for zone in ALL_ZONES.values())
