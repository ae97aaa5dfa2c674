"""Aliases of API versions are dropped, moves and the program's own are kept; held against the real SDK."""

import importlib
import re
from pathlib import Path

import pulumi
import pytest

from checks.catalogue.resource_types import resource_types
from infra.version_aliases import without_versions


def declared_aliases(token):
    """The aliases that the SDK's class for a token declares, read from its source."""
    _, namespace, name = token.split(":")
    module = importlib.import_module(f"pulumi_azure_native.{namespace}")
    source = importlib.import_module(getattr(module, name).__module__).__file__
    text = Path(source).read_text(encoding="utf-8")
    found = re.search(r"alias_opts = pulumi\.ResourceOptions\(aliases=\[(.*?)\]\)", text)
    return re.findall(r'type_="(.*?)"', found[1]) if found else []


@pytest.mark.parametrize("token", sorted(resource_types()))
def test_of_every_type_in_use_only_moves_between_namespaces_are_kept(token):
    all_of_them = declared_aliases(token)
    assert all_of_them, "the SDK has changed how it declares aliases"
    kept = [alias.type_ for alias in without_versions([pulumi.Alias(type_=type_) for type_ in all_of_them])]
    assert kept == MOVES.get(token, []), "a provider update brought a move: keep it, and add it here"


# Golden: what must survive, per type in use (pulumi-azure-native 3.29.0).
MOVES = {
    "azure-native:applicationinsights:Component": ["azure-native:insights:Component"],
    "azure-native:machinelearningservices:Datastore": [
        "azure-native:machinelearningservices:MachineLearningDatastore"
    ],
    "azure-native:monitor:DiagnosticSetting": ["azure-native:insights:DiagnosticSetting"],
    "azure-native:monitor:PrivateLinkScope": ["azure-native:insights:PrivateLinkScope"],
    "azure-native:monitor:PrivateLinkScopedResource": ["azure-native:insights:PrivateLinkScopedResource"],
    "azure-native:network:PrivateEndpoint": ["azure-native:network:InterfaceEndpoint"],
    "azure-native:privatedns:PrivateZone": ["azure-native:network:PrivateZone"],
    "azure-native:privatedns:VirtualNetworkLink": ["azure-native:network:VirtualNetworkLink"],
}


def test_a_move_of_a_token_is_kept():
    moves = ["azure-native:network:PrivateZone", "azure-native:insights:Component"]
    versions = [
        "azure-native:network/v20200601:PrivateZone",
        "azure-native_network_v20200601:network:PrivateZone",
    ]
    aliases = [pulumi.Alias(type_=type_) for type_ in moves + versions]
    assert [alias.type_ for alias in without_versions(aliases)] == moves


def test_what_the_program_declares_itself_is_kept():
    own = [
        "urn:pulumi:dev::twinloop::a:b:c::old",
        pulumi.Alias(name="old"),
        pulumi.Alias(type_="a:b:c", name="x"),
    ]
    assert without_versions(own) == own
