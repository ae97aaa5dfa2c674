"""Roles of our own are made by the stack or taken by their ids; what is taken is no role of Azure's own."""

import pytest

from checks.catalogue.roles import role_named
from infra.own_roles import made_guid, own_role_guid
from infra.rights.table import Role
from infra.stackfile.files import read
from infra.stackfile.refusals import SettingsError
from tests.infra.conftest import settings_of

GUID = "0c0a9a7e-0000-4000-8000-00000000b0b0"


def role(guid, stack="prod"):
    scope = settings_of(stack).names.subscription
    return f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def taking(config, arm_id):
    prod = config("prod")
    prod["twinloop:roles"] = {"retrain-submitter": {"existing": arm_id}}
    return read(prod, source="s", stack="prod")


def test_a_role_that_is_taken_is_the_one_that_is_assigned(config):
    assert own_role_guid(taking(config, role(GUID)).names, Role.RETRAIN_SUBMITTER) == GUID


@pytest.mark.parametrize(
    ("arm_id", "said"),
    [
        (role(role_named("Owner").guid), "that is 'Owner'"),
        (role(made_guid(settings_of("prod").names, Role.RETRAIN_SUBMITTER)), "the next up would delete it"),
        (role(GUID, "dev"), "where it is assigned"),
        (GUID, "the ARM id of a Microsoft.Authorization/roleDefinitions"),
    ],
)
def test_a_role_that_cannot_be_taken_is_refused_with_the_reason(config, arm_id, said):
    with pytest.raises(SettingsError, match=said):
        taking(config, arm_id)
