"""What cannot be undone is refused, with what is lost and what to write, unless it was waived in time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.one_way import kept, stateful, steps
from checks.catalogue.resource_types import by_arm_type
from checks.irreversibility import findings
from checks.plan import Change, Difference
from checks.waivers import WAIVABLE, Waiver
from infra.sections.waivers import Waiver as WaiverSettings
from tests.checks.planned import CURATED, GROUP, LANDING, STORE, VAULT, WORKSPACE, account, resource

TODAY = date(2026, 11, 21)
LAKE = account()
ZONE = resource("storage:BlobContainer", "lake-curated", CURATED, containerName="curated")
OTHER_ZONE = resource("storage:BlobContainer", "lake-landing", LANDING, containerName="landing")
SAFE = resource("keyvault:Vault", "vault", VAULT)
PLATFORM = resource("machinelearningservices:Workspace", "ml", WORKSPACE)
HNS = Difference(path="isHnsEnabled", before=False, after=True, replaces=True)


def change(op, of, *differences, after=None):
    return Change(
        op=op,
        before=None if op == "create" else of,
        after=None if op == "delete" else (after or of),
        differences=differences,
    )


def found(*changes, waivers=()):
    return findings(changes, waivers, today=TODAY, stack="dev")


def only(*changes, waivers=()):
    (one,) = found(*changes, waivers=waivers)
    return one


def waiver(rule="stateful-replace", of=LAKE, until=TODAY):
    return Waiver(rule=rule, resource=of.urn, who="ada@example.com", why="copied and compared", until=until)


def test_a_replaced_store_is_refused_with_the_reason_and_what_is_lost():
    one = only(change("replace", LAKE, HNS))
    assert (one.severity, one.rule, one.stack, one.resource) == (
        "refuse",
        "stateful-replace",
        "dev",
        LAKE.urn,
    )
    assert one.what.startswith("stlake (lake-account) is replaced because of isHnsEnabled (false to true)")
    assert "every blob" in one.what
    assert one.why.startswith("back: ")
    assert one.source


def test_a_deleted_store_is_refused():
    one = only(change("delete", LAKE))
    assert (one.severity, one.rule) == ("refuse", "stateful-delete")
    assert "stlake (lake-account) is deleted" in one.what


def test_what_goes_with_a_store_is_told_with_it_and_not_apart():
    one = only(change("delete", ZONE), change("delete", LAKE), change("delete", OTHER_ZONE))
    assert one.resource == LAKE.urn
    assert "with curated (lake-curated), landing (lake-landing) in it" in one.what


@pytest.mark.parametrize("row", stateful().values(), ids=lambda row: row.type)
def test_each_kind_of_resource_that_holds_something_is_known(row):
    parts = row.type.split("/")
    arm_id = GROUP if row.type.endswith("resourceGroups") else f"{GROUP}/providers/{parts[0]}"
    if arm_id != GROUP:
        arm_id += "".join(f"/{kind}/x" for kind in parts[1:])
    known = by_arm_type().get(row.type.lower())
    token = known.token.removeprefix("azure-native:") if known else "later:Type"
    one = only(change("delete", resource(token, "x", arm_id)))
    assert one.severity == row.severity
    assert row.lost in one.what


@pytest.mark.parametrize("op", ["create", "update", "same"])
def test_what_stays_is_not_lost(op):
    assert found(change(op, LAKE)) == ()


def test_what_was_only_taken_is_not_lost_when_it_is_let_go():
    assert found(change("delete", replace(LAKE, taken=True))) == ()


def test_a_cluster_may_be_replaced_with_a_word_on_the_jobs_that_run_on_it():
    cluster = resource("machinelearningservices:Compute", "cpu", f"{WORKSPACE}/computes/cpu")
    size = Difference(path="properties.properties.vmSize", before="A", after="B", replaces=True)
    one = only(change("replace", cluster, size))
    assert (one.severity, one.rule) == ("warn", "stateful-replace")
    assert "because of properties.properties.vmSize (A to B); lost: jobs that run on it" in one.what


def test_an_endpoint_is_not_replaced_without_a_waiver_its_identity_cannot_change():
    endpoint = resource("machinelearningservices:OnlineEndpoint", "taxi", f"{WORKSPACE}/onlineEndpoints/taxi")
    other = Difference(path="identity.userAssignedIdentities", before=["a"], after=["b"], replaces=True)
    one = only(change("replace", endpoint, other))
    assert (one.severity, one.rule) == ("refuse", "stateful-replace")
    assert "identity.userAssignedIdentities" in one.what
    noted = only(change("replace", endpoint, other), waivers=[waiver(of=endpoint)])
    assert noted.severity == "note"


def test_a_cluster_s_issuer_of_tokens_goes_on_and_never_off():
    aks = resource(
        "containerservice:ManagedCluster",
        "aks",
        f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks",
    )
    on = Difference(path="oidcIssuerProfile.enabled", before=False, after=True)
    off = replace(on, before=True, after=False)
    assert [one.rule for one in found(change("update", aks, on))] == ["one-way-property"]
    assert [(one.severity, one.rule) for one in found(change("update", aks, off))] == [
        ("refuse", "one-way-reversed")
    ]


PURGE = "properties.enablePurgeProtection"


def test_a_way_without_return_is_a_warning():
    one = only(change("update", SAFE, Difference(path=PURGE, before=None, after=True)))
    assert (one.severity, one.rule) == ("warn", "one-way-property")
    assert "properties.enablePurgeProtection (nothing to true) cannot be undone" in one.what
    assert one.why == "purge protection cannot be turned off"


def test_going_back_on_such_a_way_is_refused_and_cannot_be_waived():
    difference = Difference(
        path="managedNetwork.isolationMode", before="AllowOnlyApprovedOutbound", after="Disabled"
    )
    one, unused = found(
        change("update", PLATFORM, difference), waivers=[waiver("one-way-property", PLATFORM)]
    )
    assert unused.rule == "waiver-unused"
    assert (one.severity, one.rule) == ("refuse", "one-way-reversed")
    assert one.copied == ""


def test_the_steps_of_isolation_are_taken_in_order():
    path = "managedNetwork.isolationMode"
    forward = Difference(path=path, before="Disabled", after="AllowInternetOutbound")
    assert only(change("update", PLATFORM, forward)).rule == "one-way-property"
    back = Difference(path=path, before="AllowInternetOutbound", after="Disabled")
    assert only(change("update", PLATFORM, back)).rule == "one-way-reversed"


def test_what_is_kept_for_fewer_days_is_a_warning():
    lifecycle = resource("storage:ManagementPolicy", "lake-lifecycle", f"{STORE}/managementPolicies/default")
    path = "policy.rules[0].definition.actions.baseBlob.delete.daysAfterModificationGreaterThan"
    one = only(change("update", lifecycle, Difference(path=path, before=365.0, after=90.0)))
    assert (one.severity, one.rule) == ("warn", "kept-shorter")
    assert "(365 to 90)" in one.what
    assert found(change("update", lifecycle, Difference(path=path, before=90, after=365))) == ()


def test_soft_delete_for_fewer_days_is_a_warning():
    blobs = resource("storage:BlobServiceProperties", "lake-blobs", f"{STORE}/blobServices/default")
    one = only(change("update", blobs, Difference(path="deleteRetentionPolicy.days", before=30, after=7)))
    assert one.rule == "kept-shorter"


@pytest.mark.parametrize("op", ["update", "same"])
def test_a_resource_that_loses_its_protection_is_a_warning(op):
    one = only(change(op, replace(LAKE, protect=True), after=LAKE))
    assert (one.severity, one.rule) == ("warn", "protection-removed")


def test_a_finding_says_the_very_lines_that_waive_it():
    one = only(change("replace", LAKE, HNS))
    (row,) = yaml.safe_load(f"config:\n{one.copied}")["config"]["twinloop:waivers"]
    settings = WaiverSettings.model_validate(row)
    assert "Pulumi.dev.yaml" in one.fix
    given = Waiver(**settings.model_dump())
    assert only(change("replace", LAKE, HNS), waivers=[given]).severity == "note"


def test_a_waiver_makes_a_note_of_the_refusal_and_says_whose_it_is():
    one = only(change("replace", LAKE, HNS), waivers=[waiver()])
    assert (one.severity, one.rule) == ("note", "stateful-replace")
    assert "waived by ada@example.com until 2026-11-21: copied and compared" in one.what


def test_an_expired_waiver_refuses_and_says_so():
    one = only(change("replace", LAKE, HNS), waivers=[waiver(until=TODAY - timedelta(days=1))])
    assert one.severity == "refuse"
    assert "the waiver of ada@example.com ended on 2026-11-20" in one.what


def test_an_expired_waiver_refuses_even_what_alone_is_a_warning():
    purge = change("update", SAFE, Difference(path=PURGE, before=None, after=True))
    one = only(purge, waivers=[waiver("one-way-property", SAFE, TODAY - timedelta(days=1))])
    assert one.severity == "refuse"


def test_a_waiver_for_another_resource_or_rule_waives_nothing_and_is_told():
    for other in (waiver(of=SAFE), waiver("stateful-delete")):
        first, second = found(change("replace", LAKE, HNS), waivers=[other])
        assert first.severity == "refuse"
        assert (second.severity, second.rule) == ("note", "waiver-unused")


def test_rules_that_can_be_waived_are_those_that_are_found():
    assert set(WAIVABLE) == {
        "stateful-delete",
        "stateful-replace",
        "one-way-property",
        "kept-shorter",
        "protection-removed",
    }


def test_every_one_way_column_of_the_types_is_replaced_or_a_step():
    for arm_type, row in by_arm_type().items():
        for path in row.one_way:
            assert path in row.create_only or (arm_type, path) in steps(), f"{row.arm_type}: {path}"


def test_every_row_has_words_and_a_source():
    for step in steps().values():
        known = by_arm_type().get(step.type.lower())
        assert step.what or (known and step.path in known.one_way), step
    assert all(row.source for row in (*stateful().values(), *steps().values(), *kept()))


dates = st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31))


@given(dates, dates)
def test_a_waiver_holds_through_its_last_day_and_no_longer(until, today):
    (one,) = findings([change("delete", LAKE)], [waiver("stateful-delete", until=until)], today=today)
    assert (one.severity == "note") == (today <= until)


kinds = st.sampled_from([LAKE, ZONE, OTHER_ZONE, SAFE, PLATFORM])
some = st.lists(
    st.builds(change, st.sampled_from(["create", "update", "replace", "delete", "same"]), kinds), max_size=5
)


@given(some)
def test_nothing_that_holds_data_goes_unseen(changes):
    raised = found(*changes)
    assert all(one.severity != "refuse" or "lost: " in one.what for one in raised)
    gone = [one for one in changes if one.op in {"delete", "replace"}]
    assert bool(gone) == bool(raised)


@given(st.permutations([change("delete", one) for one in (LAKE, ZONE, OTHER_ZONE, SAFE)]))
def test_the_order_of_changes_does_not_matter(changes):
    assert {(one.rule, one.resource) for one in found(*changes)} == {
        ("stateful-delete", LAKE.urn),
        ("stateful-delete", SAFE.urn),
    }


def test_a_resource_that_only_has_another_name_in_the_program_is_told_the_alias():
    one = found(
        change("delete", LAKE), change("create", replace(LAKE, name="store", urn=f"{LAKE.urn}-store"))
    )[0]
    assert one.rule == "stateful-delete"
    assert f'aliases=[pulumi.Alias(name="{LAKE.name}")]' in one.fix
