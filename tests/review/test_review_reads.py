"""What a stack takes from somebody else is there on paper too, with placeholders where only Azure knows."""

import uuid

import pytest
from pulumi.runtime.proto import provider_pb2

from twinloop.review.paper import Paper, PaperProvider

OURS = "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a003/resourceGroups/rg-company/providers"
IDENTITY = f"{OURS}/Microsoft.ManagedIdentity/userAssignedIdentities/id-company-build"


def read(provider, token, arm_id):
    urn = f"urn:pulumi:prod::twinloop::{token}::thing-taken"
    return provider.Read(provider_pb2.ReadRequest(id=arm_id, urn=urn), None)


def test_an_identity_that_is_read_has_a_principal_so_that_grants_can_be_given_to_it():
    token = "azure-native:managedidentity:UserAssignedIdentity"
    one, again = (read(PaperProvider(Paper()), token, IDENTITY).properties for _ in range(2))
    assert uuid.UUID(one["principalId"])
    assert one["principalId"] == again["principalId"], "the same on both sides of a comparison"


@pytest.mark.parametrize(
    ("token", "path", "key"),
    [
        (
            "azure-native:containerregistry:Registry",
            "Microsoft.ContainerRegistry/registries/crcompany",
            "loginServer",
        ),
        ("azure-native:keyvault:Vault", "Microsoft.KeyVault/vaults/kv-company", "name"),
    ],
)
def test_what_hangs_on_it_finds_what_it_needs(token, path, key):
    found = read(PaperProvider(Paper()), token, f"{OURS}/{path}")
    assert found.id == f"{OURS}/{path}"
    assert found.properties[key]
