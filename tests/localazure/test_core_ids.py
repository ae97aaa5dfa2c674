"""ARM ids as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinloop.localazure.core.ids import ArmId

S = "/subscriptions/5ab50000-0000-4000-8000-000000000001"
ACCOUNT = f"{S}/resourceGroups/Rg-1/providers/Microsoft.Storage/storageAccounts/Acct"


@pytest.mark.parametrize(
    ("text", "kind", "parent", "name", "group"),
    [
        (S, "Microsoft.Resources/subscriptions", None, S.rpartition("/")[2], ""),
        (f"{S}/resourceGroups/Rg-1", "Microsoft.Resources/resourceGroups", S, "Rg-1", "Rg-1"),
        (ACCOUNT, "Microsoft.Storage/storageAccounts", f"{S}/resourceGroups/Rg-1", "Acct", "Rg-1"),
        (
            f"{ACCOUNT}/blobServices/default/containers/data",
            "Microsoft.Storage/storageAccounts/blobServices/containers",
            f"{ACCOUNT}/blobServices/default",
            "data",
            "Rg-1",
        ),
        (
            f"{ACCOUNT}/providers/Microsoft.Authorization/locks/keep",
            "Microsoft.Authorization/locks",
            ACCOUNT,
            "keep",
            "Rg-1",
        ),
        (f"{S}/providers/Microsoft.Authorization/locks/k", "Microsoft.Authorization/locks", S, "k", ""),
        (
            "/providers/Microsoft.Authorization/roleDefinitions/g",
            "Microsoft.Authorization/roleDefinitions",
            None,
            "g",
            "",
        ),
    ],
)
def test_an_id_knows_its_type_parent_name_and_group(text, kind, parent, name, group):
    arm_id = ArmId(text)
    assert (arm_id.type, arm_id.name, arm_id.group) == (kind, name, group)
    assert arm_id.parent == (ArmId(parent) if parent else None)


@given(st.text("abcXYZ019-_.", min_size=1, max_size=20))
def test_ids_are_equal_whatever_their_case_and_keep_the_one_they_were_written_in(name):
    one, other = ArmId(f"{ACCOUNT}/{name}"), ArmId(f"{ACCOUNT.upper()}/{name.swapcase()}/")
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == f"{ACCOUNT}/{name}"


def test_a_scope_holds_itself_and_what_is_below_but_no_longer_name():
    scope = ArmId(ACCOUNT)
    assert scope.within(ArmId(S.upper()))
    assert scope.within(scope)
    assert not ArmId(f"{ACCOUNT}2").within(scope)
