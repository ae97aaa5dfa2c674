"""The identity that lives and dies with its resource, in the plan of what has not happened yet."""

from __future__ import annotations

from checks.catalogue.resource_types import resource_types
from checks.catalogue.schemas import schema_of
from twinloop.providers.azure_native.resources import Kind, planned, updated
from twinloop.providers.values import UNKNOWN

ROW = resource_types()["azure-native:eventgrid:SystemTopic"]
KIND = Kind(row=ROW, schema=schema_of(ROW.arm_type))
TOPIC = {"resourceGroupName": "rg", "systemTopicName": "t", "location": "westeurope"}
OWN = {"identity": {"type": "SystemAssigned"}}
MADE = {"identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"}}


def test_who_it_will_be_is_unknown_before_it_is_there() -> None:
    _, outputs = planned(KIND, TOPIC | OWN, "s")
    assert outputs["identity"]["principalId"] is UNKNOWN


def test_an_update_leaves_who_it_is() -> None:
    outputs = updated(KIND, TOPIC | OWN | {"tags": {"a": "b"}}, TOPIC | MADE)
    assert outputs["identity"] == MADE["identity"]


def test_a_resource_that_gets_an_identity_does_not_know_yet_who_it_will_be() -> None:
    outputs = updated(KIND, TOPIC | OWN, TOPIC)
    assert outputs["identity"]["principalId"] is UNKNOWN


def test_a_resource_without_an_identity_of_its_own_has_no_ids() -> None:
    assigned = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {}}}
    _, outputs = planned(KIND, TOPIC | assigned, "s")
    assert "principalId" not in outputs["identity"]
