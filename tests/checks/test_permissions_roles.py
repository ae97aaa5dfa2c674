"""The table of built-in roles: complete in itself, sourced, and never guessed."""

import re

import pytest

from checks.catalogue.roles import builtin_roles, read, role_named
from checks.permissions import GUID

ROW = {"guid": "ACDD72A7-3385-48EF-BD42-F606FBA81AE7", "name": "Reader", "source": "s", "permissions": []}


def table(**change):
    return {"sources": {"s": "somewhere"}, "roles": [ROW | change]}


def test_every_row_has_a_guid_in_lower_case_a_name_of_its_own_and_a_permission():
    roles = builtin_roles()
    assert all(
        GUID.fullmatch(guid) and role.guid == guid and role.permissions for guid, role in roles.items()
    )
    assert len({role.name.lower() for role in roles.values()}) == len(roles)


def test_every_action_is_one_that_azure_could_have():
    form = re.compile(r"[A-Za-z0-9.*]+(/[A-Za-z0-9._*$-]+)*")
    for role in builtin_roles().values():
        for block in role.permissions:
            for action in (*block.actions, *block.not_actions, *block.data_actions, *block.not_data_actions):
                assert form.fullmatch(action), f"{role.name}: {action}"


def test_a_guid_is_compared_in_lower_case():
    assert list(read(table())) == ["acdd72a7-3385-48ef-bd42-f606fba81ae7"]


def test_a_role_without_a_source_is_refused():
    with pytest.raises(ValueError, match="Reader: 'source' must be one of"):
        read(table(source="from memory"))


def test_a_permission_with_a_condition_is_refused_and_not_read_without_it():
    with pytest.raises(ValueError, match=r"Reader: permission keys \['condition'\] are not understood"):
        read(table(permissions=[{"actions": ["*/read"], "condition": "..."}]))


def test_two_rows_with_one_guid_are_refused():
    with pytest.raises(ValueError, match="share a GUID"):
        read({"sources": {"s": "somewhere"}, "roles": [ROW, ROW | {"name": "Copy"}]})


def test_a_role_is_found_by_its_name_and_a_wrong_name_lists_the_known_ones():
    assert role_named("acrpull").name == "AcrPull"
    with pytest.raises(LookupError, match=r"role 'AcrPul' is not in roles.json; known: .*AcrPull"):
        role_named("AcrPul")
