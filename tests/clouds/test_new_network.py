"""What of a private network a copied stack file must not keep as it is."""

from tests.infra.conftest import STACKS, settings_of
from twinloop.clouds.new_network import of_the_scope, own_entries, spaces_of


def test_ways_in_from_the_networks_own_addresses_move_with_it_and_those_from_the_hub_stay():
    moved = dict(own_entries(settings_of("prod").network, "10.40.0.0/20"))
    assert moved == {"twinloop:network.entry[1].addressSpace": ["10.40.5.0/26"]}


def test_the_private_link_scope_and_the_rule_to_it_stay_with_the_copied_environment():
    prod = settings_of("prod")
    (rule,) = [n for n, one in enumerate(prod.managed_network.outbound_rules) if one.name == "monitor"]
    assert of_the_scope(prod) == [
        "twinloop:network.privateLinkScope",
        f"twinloop:managedNetwork.outboundRules[{rule}]",
    ]
    assert of_the_scope(settings_of("dev")) == []


def test_the_hubs_addresses_are_taken_too():
    assert "10.255.0.0/20" in spaces_of([settings_of(stack) for stack in STACKS] + [None])
