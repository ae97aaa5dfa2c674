"""What nodes need is followed out of the managed network; what is in the way is told with what to write."""

from dataclasses import replace

import yaml
from hypothesis import given
from hypothesis import strategies as st

from checks import reachability
from checks.catalogue.reach import groups, indexes, needs, services
from checks.reachability_managed import covers
from infra.sections.core import ManagedNetwork
from tests.checks.networked import (
    IMAGES,
    LAKE,
    OFFICE,
    STORE,
    TRAINING,
    blocked,
    fqdn,
    lake,
    platform,
    rule,
    store,
    told,
    workspace,
)


def test_in_approved_mode_the_service_reaches_the_workspace_s_own_parts_by_itself():
    assert blocked(platform()) == {}


def test_a_data_lake_needs_a_rule_and_the_lines_to_write_are_settings_that_are_read():
    (one,) = [one for one in told(platform(*lake()), "path-blocked") if "computes" in one.what]
    assert (one.severity, one.resource) == ("warn", platform()[0].urn)
    assert "no private endpoint rule for blob" in one.what
    rows = yaml.safe_load(one.copied)
    read = ManagedNetwork.model_validate(
        {"isolationMode": "AllowOnlyApprovedOutbound", "outboundRules": rows}
    )
    assert [(row.type, row.target, row.subresource) for row in read.outbound_rules] == [
        ("privateEndpoint", "lake", "blob")
    ]
    assert blocked(platform(*lake(), rule("lake-blob", LAKE, "blob"))) == {}


def test_a_rule_for_another_sub_service_does_not_help():
    assert blocked(platform(*lake(), rule("lake-dfs", LAKE, "dfs")))


def test_with_the_internet_open_a_closed_lake_still_needs_a_rule():
    (path,) = blocked(platform(*lake(), mode="AllowInternetOutbound")).values()
    assert path.way.words.startswith("it answers no public address")


def test_a_list_of_addresses_keeps_nodes_out_though_the_internet_is_open():
    office = [workspace("AllowInternetOutbound", "Enabled"), store(access="Enabled", networks=[OFFICE])]
    paths = [one for one in reachability.paths(office) if one.way.verdict == "blocked"]
    assert [path.to for path in paths] == ["storage account stws (blob)", "storage account stws (file)"]
    path = paths[0]
    assert f"it answers {OFFICE} only" in path.way.words
    assert path.severity == "warn"  # an address in the list may be one of theirs


def test_without_any_network_nodes_reach_no_closed_store_and_that_is_refused():
    refused = [one for one in told(platform(mode="Disabled"), "path-blocked") if one.severity == "refuse"]
    assert {word for one in refused for word in ("(blob)", "(registry)") if word in one.what} == {
        "(blob)",
        "(registry)",
    }


def test_packages_of_a_pipeline_need_rules_which_are_written_out_with_the_firewall_they_bring():
    found = told(platform(), "path-blocked", jobs=[TRAINING])
    build = {
        one.what.partition(" reach ")[2].partition(":")[0]: one for one in found if "image build" in one.what
    }
    assert set(build) == {"PyPI", "conda"}
    rows = [row for one in build.values() for row in yaml.safe_load(one.copied)]
    read = ManagedNetwork.model_validate(
        {"isolationMode": "AllowOnlyApprovedOutbound", "firewallSku": "Basic", "outboundRules": rows}
    )
    hosts = [row.destination for row in read.outbound_rules]
    assert all(
        any(covers(rule_, host) for rule_ in hosts) for name in build for host in indexes()[name].hosts
    )
    assert all("firewallSku" in one.fix for one in build.values())
    opened = platform(*(fqdn(f"f{number}", host) for number, host in enumerate(hosts)))
    assert [one for one in told(opened, "path-blocked", jobs=[TRAINING]) if "image build" in one.what] == []


def test_a_pipeline_on_a_cluster_of_another_environment_is_not_followed_here():
    elsewhere = replace(TRAINING, computes=("somewhere-else",))
    assert [one for one in told(platform(), jobs=[elsewhere]) if "image build" in one.what] == []


def test_parallel_jobs_and_batch_endpoints_need_queues_and_tables():
    parallel = replace(TRAINING, indexes=(), parallel=True)
    paths = [one for one in reachability.paths(platform(), jobs=[parallel]) if one.way.verdict == "blocked"]
    assert sorted(one.to[-7:] for one in paths if "computes" in one.client) == ["(queue)", "(table)"]
    ruled = platform(rule("q", STORE, "queue"), rule("t", STORE, "table"))
    assert blocked(ruled, jobs=[parallel]) == {}


def test_an_fqdn_rule_brings_a_firewall_and_a_tier_that_nobody_chose_is_a_warning():
    resources = platform(fqdn("pypi", indexes()["PyPI"].hosts[0]))
    (one,) = told(resources, "paid-firewall")
    assert (one.severity, "of tier Standard" in one.what) == ("warn", True)
    chosen = [workspace(firewallSku="Basic"), *resources[1:]]
    (one,) = told(chosen, "paid-firewall")
    assert (one.severity, "of tier Basic" in one.what) == ("note", True)


def test_what_is_taken_and_not_declared_is_unknown_and_no_finding():
    taken = [
        replace(one, taken=True) if one.id == IMAGES else one
        for one in platform(mode="AllowInternetOutbound")
    ]
    verdicts = {path.to: path.way.verdict for path in reachability.paths(taken) if "computes" in path.client}
    assert verdicts["image registry cr (registry)"] == "unknown"


@given(
    st.sampled_from(["AllowInternetOutbound", "AllowOnlyApprovedOutbound"]),
    st.sampled_from(["blob", "queue", "dfs"]),
)
def test_a_private_endpoint_rule_opens_its_path_whatever_the_mode_and_the_doors(mode, group):
    resources = platform(*lake(), rule("r", LAKE, "blob"), rule("s", STORE, group), mode=mode)
    assert not any("stlake" in path.to for path in blocked(resources).values())


@given(
    st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}", fullmatch=True),
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
)
def test_a_star_covers_what_is_below_it_and_not_the_name_itself(name, head):
    assert covers(f"*.{name}", f"{head}.{name}")
    assert covers(name, name)
    assert not covers(f"*.{name}", name)
    assert not covers(name, f"{head}.{name}")


def test_every_fact_has_a_document():
    for row in (*groups().values(), *needs(), *services(), *indexes().values()):
        assert "learn.microsoft.com" in row.source
    assert {need.group for need in needs()} <= set(groups())
