"""The outputs are a contract: a new one is free; a rename or a loss breaks CI, other stacks and scripts."""

from dataclasses import fields

import pytest
from pydantic.alias_generators import to_camel

from infra.outputs import EnvironmentOutputs, SharedOutputs
from infra.shared_stack import OUTPUT
from tests.infra.conftest import declared

PROMISED = {
    EnvironmentOutputs: {
        "kind",
        "environment",
        "subscriptionId",
        "location",
        "resourceGroup",
        "workspaceName",
        "workspaceId",
        "storageAccountId",
        "lakeAccountId",
        "vaultId",
        "imagesLoginServer",
        "logWorkspaceId",
        "networkId",
        "subnetIds",
        "clusterNames",
        "datastoreNames",
        "identityClientIds",
        "identityPrincipalIds",
        "registryName",
        "registryId",
    },
    SharedOutputs: {
        "kind",
        "environment",
        "subscriptionId",
        "location",
        "resourceGroup",
        "registryName",
        "registryId",
        "registryReaderRoleId",
        "logWorkspaceId",
        "ciPrincipalIds",
        "ciClientIds",
    },
}


@pytest.mark.parametrize("contract", list(PROMISED))
def test_every_promised_output_is_there_under_its_name(contract):
    assert {to_camel(field.name) for field in fields(contract)} >= PROMISED[contract]


def test_the_output_that_environments_ask_for_is_one_of_them():
    assert OUTPUT in PROMISED[SharedOutputs]


@pytest.mark.parametrize("stack", ["shared", "dev"])
def test_a_stack_fills_every_field_of_its_contract(stack):
    outputs = declared(stack).outputs
    assert all(getattr(outputs, field.name) is not None for field in fields(outputs))
