"""The words for access: each stands for an operation that a published role gives, and none is lost."""

import pytest

from checks.catalogue.access_words import phrases
from checks.catalogue.roles import role_named
from checks.permissions import Permission, RoleDefinition, allows


@pytest.mark.parametrize("row", phrases(), ids=lambda row: f"{row.words}-{row.action.split('/')[0]}")
def test_every_operation_is_one_that_the_named_role_gives_by_a_pattern_of_its_provider(row):
    role = role_named(row.role)
    assert allows(role, row.action.replace("*", "zz-any"), data=row.data)
    provider = row.action.split("/")[0].lower()
    patterns = [
        pattern.lower()
        for permission in role.permissions
        for pattern in (permission.data_actions if row.data else permission.actions)
    ]
    narrow = tuple(pattern for pattern in patterns if pattern.split("/")[0] == provider)
    permission = Permission(data_actions=narrow) if row.data else Permission(actions=narrow)
    only = RoleDefinition(guid="", name="", permissions=(permission,))
    assert allows(only, row.action.replace("*", "zz-any"), data=row.data)


def test_no_operation_has_two_rows():
    keys = [(row.action.lower(), row.data) for row in phrases()]
    assert len(set(keys)) == len(keys)


def test_what_reads_a_credential_is_a_risk():
    told = ("keys", "secret", "password", "credential")
    for row in phrases():
        if row.words.startswith("read ") and any(word in row.words for word in told):
            assert row.risk, row.words
