"""Aliases of API versions are dropped, moves and the program's own are kept; held against the real SDK."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pulumi
import pytest

from checks.catalogue.resource_types import resource_types
from infra.version_aliases import without_versions


@cache
def modules(namespace):
    """The SDK's source files of one namespace."""
    return list((Path(find_spec("pulumi_azure_native").origin).parent / namespace).glob("*.py"))


def declared_aliases(token):
    """The aliases that the SDK's class for a token declares, read from its source: importing takes longer."""
    _, namespace, name = token.split(":")
    (source,) = [file for file in modules(namespace) if file.stem.replace("_", "") == name.lower()]
    text = source.read_text(encoding="utf-8")
    found = re.search(r"alias_opts = pulumi\.ResourceOptions\(aliases=\[(.*?)\]\)", text)
    return re.findall(r'type_="(.*?)"', found[1]) if found else []


@pytest.mark.parametrize("token", sorted(resource_types()))
def test_of_every_type_in_use_only_moves_between_namespaces_are_kept(token):
    all_of_them = declared_aliases(token)
    assert all_of_them, "the SDK has changed how it declares aliases"
    kept = [alias.type_ for alias in without_versions([pulumi.Alias(type_=type_) for type_ in all_of_them])]
    assert kept == MOVES.get(token, []), "a provider update brought a move: keep it, and add it here"


# Golden: what must survive, per type in use: the same ARM type under the token that it had before its own
# namespace was split off, as the classes of pulumi-azure-native 3.29.0 declare it (`alias_opts` of each).
MOVES = {
    "azure-native:applicationinsights:Component": ["azure-native:insights:Component"],
    "azure-native:applicationinsights:Workbook": ["azure-native:insights:Workbook"],
    "azure-native:cosmosdb:DatabaseAccount": ["azure-native:documentdb:DatabaseAccount"],
    "azure-native:cosmosdb:SqlResourceSqlDatabase": ["azure-native:documentdb:SqlResourceSqlDatabase"],
    "azure-native:cosmosdb:SqlResourceSqlRoleAssignment": [
        "azure-native:documentdb:SqlResourceSqlRoleAssignment"
    ],
    "azure-native:machinelearningservices:Datastore": [
        "azure-native:machinelearningservices:MachineLearningDatastore"
    ],
    "azure-native:monitor:ActionGroup": ["azure-native:insights:ActionGroup"],
    "azure-native:monitor:AutoscaleSetting": ["azure-native:insights:AutoscaleSetting"],
    "azure-native:monitor:DataCollectionEndpoint": ["azure-native:insights:DataCollectionEndpoint"],
    "azure-native:monitor:DataCollectionRule": ["azure-native:insights:DataCollectionRule"],
    "azure-native:monitor:DataCollectionRuleAssociation": [
        "azure-native:insights:DataCollectionRuleAssociation"
    ],
    "azure-native:monitor:MetricAlert": ["azure-native:insights:MetricAlert"],
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
