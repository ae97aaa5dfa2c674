"""What of the changes in access deserves a second pair of eyes."""

from dataclasses import replace

from checks.access import access_changes
from checks.access_findings import findings, perhaps_of
from checks.catalogue.roles import role_named
from checks.permissions import limit_assignable_roles
from tests.checks.planned import (
    GROUP,
    PEOPLE,
    SCIENTISTS,
    STORE,
    SUBSCRIPTION,
    VAULT,
    account,
    grant,
    resource,
)

MACHINE = "aaaaaaaa-0000-4000-8000-000000000001"
DEV = [resource("resources:ResourceGroup", "group", GROUP), account()]
PROTECTED = [DEV[0], replace(DEV[1], protect=True)]


def found(before, after):
    return findings(access_changes(before, after, people=PEOPLE), before, after)


def rules(before, after):
    return [(one.severity, one.rule) for one in found(before, after)]


def test_reading_secrets_is_a_warning_with_its_reason():
    (one,) = found(DEV, [*DEV, grant(MACHINE, "Key Vault Secrets User", VAULT)])
    assert (one.severity, one.rule, one.stack) == ("warn", "access-privileged", "dev")
    assert one.what.endswith("may read secrets on vault kv-mlp-dev, by Key Vault Secrets User")
    assert "works outside of Azure's roles" in one.why
    assert "infra/rights/table.py" in one.fix
    assert one.resource.startswith("urn:")


def test_giving_any_role_is_a_warning():
    assert rules(DEV, [*DEV, grant(MACHINE, "User Access Administrator", GROUP)]) == [
        ("warn", "access-privileged")
    ]


def test_giving_some_roles_only_is_told():
    limit = limit_assignable_roles([role_named("AcrPull").guid])
    added = grant(MACHINE, "Role Based Access Control Administrator", GROUP, condition=limit)
    (one,) = found(DEV, [*DEV, added])
    assert (one.severity, one.rule) == ("note", "access-gives-roles")
    assert "AcrPull" in one.what
    assert "decides who else" in one.why


def test_writing_data_is_a_warning_where_the_stack_is_protected_and_nowhere_else():
    added = grant(MACHINE, "Storage Blob Data Contributor", STORE)
    assert rules(DEV, [*DEV, added]) == []
    assert rules(PROTECTED, [*PROTECTED, added]) == [("warn", "access-writes-data")]


def test_people_who_may_change_a_protected_stack_are_a_warning():
    added = grant(SCIENTISTS, "AzureML Compute Operator", GROUP)
    assert ("warn", "access-people-write") in rules(PROTECTED, [*PROTECTED, added])
    assert ("warn", "access-people-write") not in rules(DEV, [*DEV, added])


def test_people_who_only_look_at_a_protected_stack_are_none():
    assert rules(PROTECTED, [*PROTECTED, grant(SCIENTISTS, "Reader", GROUP)]) == []


def test_a_role_on_the_subscription_reaches_the_protected_stack_in_it():
    assert ("warn", "access-people-write") in rules(
        PROTECTED, [*PROTECTED, grant(SCIENTISTS, "Contributor", SUBSCRIPTION)]
    )


def test_a_stack_stays_protected_for_a_change_that_takes_the_protection_away():
    added = grant(MACHINE, "Storage Blob Data Contributor", STORE)
    assert rules(PROTECTED, [*DEV, added]) == [("warn", "access-writes-data")]


def test_a_role_that_nobody_knows_is_refused():
    unknown = "99999999-0a55-4a3c-9a53-2f6f5a1c9d10"
    (one,) = found(DEV, [*DEV, grant(SCIENTISTS, unknown, GROUP)])
    assert (one.severity, one.rule) == ("refuse", "access-unknown-role")
    (told,) = perhaps_of("shared", [one])
    assert (told.severity, told.what) == ("note", f"{one.what} (stack 'shared' may make it)")
    assert unknown in one.what
    assert "roles.json" in one.fix


def test_a_condition_that_nobody_understands_is_a_warning():
    odd = "@Resource[Microsoft.Storage/storageAccounts/name] StringEquals 'x'"
    (one,) = found(DEV, [*DEV, grant(SCIENTISTS, "Storage Blob Data Reader", STORE, condition=odd)])
    assert one.rule == "access-unknown-condition"
    assert odd in one.why


def test_a_loss_is_told_and_not_found_fault_with():
    assert found([*DEV, grant(MACHINE, "Owner", GROUP)], DEV) == ()
