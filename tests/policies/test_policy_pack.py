"""The pack over the real analyzer protocol says what the rules say as plain functions."""

import subprocess
import sys
from pathlib import Path

import pytest

from policies import kinds
from policies.evaluation import findings
from policies.table import RULES
from tests.infra.conftest import ROOT
from tests.policies.planned import config, planned, put, spoiled
from twinloop.engine import Operation, Options, Program, Stack
from twinloop.engine.analyzers import Analyzers
from twinloop.engine.deployment import Deployment
from twinloop.engine.goals import Goal
from twinloop.engine.passphrase import Crypter
from twinloop.engine.reporting import Report
from twinloop.engine.snapshot import Snapshot
from twinloop.engine.states import ResourceState
from twinloop.engine.values import UNKNOWN


def many_breaches():
    """Prod with something wrong in many of its resources, and one value that only the cloud knows."""
    changes = {
        kinds.STORAGE: put("allowSharedKeyAccess", True),
        kinds.VAULT: put("properties.enablePurgeProtection", False),
        kinds.COMPUTE: put("properties.properties.scaleSettings.minNodeCount", 2),
        kinds.AKS: put("disableLocalAccounts", False),
        kinds.ASSIGNMENT: put("principalType", None),
        kinds.IMAGES: put("publicNetworkAccess", "[unknown]"),
        kinds.BUDGET: put("notifications", {}),
    }
    found = {one.urn: one for one in planned("prod") if one.type not in {kinds.LOCK, kinds.DIAGNOSTICS}}
    for token, change in changes.items():
        found |= {one.urn: one for one in spoiled("prod", token, change, protect=False) if one.type == token}
    return tuple(found.values())


def sent(value):
    return UNKNOWN if value == "[unknown]" else value


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """What the pack's process said about a stack of many breaches, as the engine asks it."""
    resources = many_breaches()
    states = [
        ResourceState(
            urn=one.urn, type=one.type, custom=True, id="x", inputs=dict(one.inputs),
            outputs={key: sent(value) for key, value in one.inputs.items()},
            protect=one.protect, dependencies=list(one.depends_on),
        )
        for one in resources
    ]  # fmt: skip
    snapshot = Snapshot(Crypter.fresh("word", "here"), {})
    snapshot.end(None, confirm=states)
    stack = Stack(
        project="twinloop", name="prod", backend=tmp_path_factory.mktemp("state"), passphrase="word"
    )
    deployment = Deployment(
        operation=Operation.PREVIEW,
        stack=stack,
        options=Options(policy_packs=(ROOT / "policies",)),
        snapshot=snapshot,
        report=Report(lambda _event: None),
        dry_run=True,
        program=Program(main=ROOT / "infra", config=config("prod")),
    )
    analyzers = Analyzers(deployment)
    analyzers.start()
    try:
        for one in resources:
            goal = Goal(urn=one.urn, type=one.type, name=one.name, custom=True, protect=one.protect)
            analyzers.ask(goal, {key: sent(value) for key, value in one.inputs.items()})
        analyzers.ask_of_all()
    finally:
        analyzers.close()
    return resources, deployment.report.violations, deployment.report.error


def test_both_ways_find_the_same_breaches_of_the_same_gravity(answered):
    resources, violations, _ = answered
    plain = {
        (one.rule, one.resource, {"refuse": "mandatory", "warn": "advisory"}[one.severity])
        for one in findings("prod", resources, config("prod"))
    }
    assert len({rule for rule, _, _ in plain}) > 6
    assert {(one.policy, one.urn, one.level) for one in violations} == plain


def test_both_ways_use_the_same_words(answered):
    resources, violations, _ = answered
    rules = {rule.name: rule for rule in RULES}
    told = {(one.policy, one.urn, one.message) for one in violations}
    for one in findings("prod", resources, config("prod")):
        rule = rules[one.rule]
        words = f"{rule.title}\n{one.what}\nwhy: {one.why}\ndo: {one.fix}\nsource: {one.source}"
        assert (one.rule, one.resource, words) in told


def test_the_engine_ends_with_every_mandatory_violation_named(answered):
    _, violations, error = answered
    assert error.violations == [
        f"{one.policy}: {one.urn or 'the stack'}" for one in violations if one.level == "mandatory"
    ]


def test_the_rules_ask_neither_pulumi_nor_the_tool():
    code = "import policies.evaluation, sys; print(sorted({n.split('.')[0] for n in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"pulumi", "pulumi_policy", "twinloop", "infra", "grpc"} & set(eval(done.stdout))  # noqa: S307


def test_no_file_of_the_pack_hides_a_module_of_python():
    # the official CLI starts the pack in its own folder, which is then the first that imports look into
    names = {path.stem for path in (ROOT / "policies").glob("*.py")}
    assert not names & sys.stdlib_module_names
    assert Path(ROOT / "policies" / "PulumiPolicy.yaml").exists()
