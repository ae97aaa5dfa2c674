"""The profile `sandbox`: it fits a fresh subscription, and costs less than dev while nobody works."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from checks.catalogue.default_quotas import default_quota
from checks.catalogue.vm_sizes import LOW_PRIORITY, vm_sizes
from checks.cost import estimate
from checks.plan import Resource
from infra.program import build
from infra.rules.together import across_stacks, worst_case_cores
from infra.stackfile.files import load
from tests.infra.conftest import STACKS, declare, declared
from twinloop.clouds.new_draft import Answers
from twinloop.clouds.new_stack import plan

REPOSITORY = Path(__file__).resolve().parents[2]
FRESH = "3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a0ff"  # a subscription that no stack file names


@pytest.fixture(scope="module")
def sandbox():
    answers = Answers(name="play", profile="sandbox", ci=False, subscription=FRESH)
    return plan(REPOSITORY, answers, today=date(2026, 12, 1)).settings


def costs(engine):
    """What a recorded program costs."""
    return estimate(
        Resource(stack="any", urn=one.name, type=one.typ, name=one.name, inputs=one.inputs)
        for one in engine.declared
    )


def test_it_fits_into_the_cores_that_a_fresh_subscription_has(sandbox):
    quota, used = default_quota(), Counter(worst_case_cores(sandbox.clusters))
    assert used.pop(LOW_PRIORITY) <= quota.low_priority
    assert sum(used.values()) <= quota.dedicated
    assert not any(vm_sizes()[cluster.vm_size].gpus for cluster in sandbox.clusters)
    assert {one.family: one.limit for one in sandbox.quotas}[LOW_PRIORITY] == quota.low_priority


def test_it_trains_and_builds_and_nothing_of_it_runs_by_itself(sandbox):
    assert [cluster.purpose for cluster in sandbox.clusters] == ["training", "build"]
    assert all(cluster.min_nodes == 0 for cluster in sandbox.clusters)
    assert sandbox.kubernetes is None
    assert sandbox.endpoints is None
    assert sandbox.instances is None
    assert sandbox.budget.actual_percent == (50, 75, 90, 100)
    assert sandbox.tombstones is not None


def test_it_costs_less_than_dev_at_rest_and_at_worst(sandbox):
    here, dev = costs(declare(lambda: build(sandbox))), costs(declared("dev"))
    assert here.at_rest < dev.at_rest / 2
    assert here.at_worst < dev.at_worst / 2
    assert here.at_rest > 0, "its clusters' load balancers and its private endpoints are paid for"
    assert {one.what for one in here.unknown} <= {one.what for one in dev.unknown}


def test_it_holds_beside_all_other_stacks(sandbox):
    stacks = {name: load(REPOSITORY / f"Pulumi.{name}.yaml") for name in STACKS}
    before = across_stacks(stacks)
    assert across_stacks({**stacks, "play": sandbox}) == before
