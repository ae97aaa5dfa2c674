"""Every difference between environments is told with its reason, and one without is found."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from checks.parity import ABSENT, Environment, differences, findings
from tests.checks.planned import SCIENTISTS, STORE, grant, resource

DEV = Environment(
    stack="dev",
    settings={
        "twinloop:lake": {"sku": "Standard_LRS", "softDeleteDays": 7},
        "twinloop:clusters": [{"name": "cpu", "maxNodes": 4}, {"name": "gpu", "maxNodes": 1}],
        "twinloop:protect": False,
    },
    reasons={},
)


def prod(reasons=None, **changed):
    settings = {**DEV.settings, **{f"twinloop:{key}": value for key, value in changed.items()}}
    return Environment(stack="prod", settings=settings, reasons=reasons or {})


def only(other, base=DEV):
    (one,) = differences(base, [other])
    return one


def rules(found):
    return [(one.severity, one.rule) for one in findings(found, base="dev")]


def test_environments_that_are_alike_differ_in_nothing():
    assert differences(DEV, [prod()]) == ()


def test_a_value_that_differs_is_told_at_its_path_and_found_without_a_reason():
    one = only(prod(lake={"sku": "Standard_ZRS", "softDeleteDays": 7}))
    assert (one.where, one.base, one.here, one.reason) == (
        "twinloop:lake.sku",
        "Standard_LRS",
        "Standard_ZRS",
        "",
    )
    (found,) = findings([one], base="dev")
    assert (found.severity, found.rule, found.stack) == ("warn", "setting-differs-without-reason", "prod")
    assert "Standard_ZRS in prod, Standard_LRS in dev" in found.what
    assert "Pulumi.prod.yaml" in found.fix


def test_the_reason_that_an_entry_states_itself_counts_before_that_of_its_list():
    rules = [{"name": "registry", "reason": "models are read from it"}]
    found = only(prod({"twinloop:rules": "of all of them"}, rules=rules), base=prod(rules=[]))
    assert found.reason == "models are read from it"


def test_a_reason_beside_it_or_beside_what_holds_it_counts_the_nearest_first():
    lake = {"sku": "Standard_ZRS", "softDeleteDays": 7}
    both = {"twinloop:lake": "the lake", "twinloop:lake.sku": "a lost zone"}
    assert only(prod(both, lake=lake)).reason == "a lost zone"
    assert only(prod({"twinloop:lake": "the lake"}, lake=lake)).reason == "the lake"
    assert rules([only(prod(both, lake=lake))]) == []


def test_the_reason_may_stand_in_the_file_that_is_compared_with():
    base = replace(DEV, reasons={"twinloop:protect": "made and destroyed at will"})
    assert only(prod(protect=True), base).reason == "made and destroyed at will"


def test_entries_of_lists_are_told_apart_by_their_names_not_by_their_places():
    turned = [{"name": "gpu", "maxNodes": 1}, {"name": "cpu", "maxNodes": 10}]
    assert only(prod(clusters=turned)).where == "twinloop:clusters[cpu].maxNodes"


def test_an_entry_that_only_one_of_them_has_is_one_difference():
    one = only(prod(clusters=[*DEV.settings["twinloop:clusters"], {"name": "batch", "maxNodes": 2}]))
    assert (one.where, one.base) == ("twinloop:clusters[batch]", ABSENT)


def test_a_section_that_is_only_there_takes_the_reasons_within_it():
    rules_ = [{"name": "pypi", "type": "fqdn", "reason": "packages of the image build"}]
    assert only(prod(outboundRules=rules_)).reason == "packages of the image build"
    nested = prod({"twinloop:nat.subnets": "nodes get out"}, nat={"subnets": ["kubernetes"]})
    assert only(nested).reason == "nodes get out"


def test_what_differs_by_nature_needs_no_words():
    base = replace(DEV, settings={**DEV.settings, "twinloop:environment": "dev"})
    assert rules(differences(base, [prod(environment="prod")])) == []


def test_a_resource_is_there_for_the_setting_that_says_why():
    lock = resource("authorization:ManagementLockByScope", "locks-lake", f"{STORE}/locks/keep", stack="prod")
    silent = replace(prod(), resources=(lock,))
    (one,) = differences(DEV, [silent])
    assert (one.kind, one.base, one.here, one.resource) == ("resource", ABSENT, "declared", lock.urn)
    assert rules([one]) == [("note", "resource-differs-without-reason")]
    said = replace(silent, reasons={"twinloop:protect": "what is lost is lost"})
    assert only(said).reason == "twinloop:protect: what is lost is lost"


def test_a_grant_says_its_reason_itself():
    given = grant(SCIENTISTS, "Reader", STORE, description="people look", stack="prod")
    assert only(replace(prod(), resources=(given,))).reason == "people look"


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from("xyz"), values, max_size=3),
    st.dictionaries(st.sampled_from("xyz"), values, max_size=3),
)
def test_nothing_is_told_of_equal_settings_and_something_of_others(one, other):
    base, compared = (
        Environment(stack=name, settings=said, reasons={}) for name, said in (("a", one), ("b", other))
    )
    assert differences(base, [base]) == ()
    normal = [{key: value for key, value in said.items() if value is not None} for said in (one, other)]
    told = differences(base, [compared])
    if normal[0] == normal[1]:
        assert told == ()
    if told:
        assert all(found.where and found.stack == "b" for found in told)
