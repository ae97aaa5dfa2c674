"""Policy packs beside the embedded engine: real processes, the real protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.conftest import Bench
from twinloop.engine import NotSupported, PolicyPackFailed, PolicyViolated

PACK = """
from pulumi_policy import *


def small(args, report):
    if args.resource_type == "toy:index:Thing" and args.props.get("size", 0) > 3:
        report(f"size is {args.props['size']}; allowed: up to 3")


def few(args, report):
    things = [one for one in args.resources if one.resource_type == "toy:index:Thing"]
    if len(things) > 2:
        report(f"{len(things)} things: {', '.join(sorted(one.name for one in things))}", things[0].urn)


def protected(args, report):
    if args.resource_type == "toy:index:Thing" and not args.opts.protect:
        report(f"not protected, in {Config}")


import json, os
Config = json.loads(os.environ["PULUMI_CONFIG"])
PolicyPack("toy", policies=[
    ResourceValidationPolicy("small", "Things are small.", small, EnforcementLevel.MANDATORY),
    ResourceValidationPolicy("protected", "Things are protected.", protected, EnforcementLevel.ADVISORY),
    StackValidationPolicy("few", "Things are few.", few, EnforcementLevel.MANDATORY),
])
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 2.1.0\n")
    (folder / "__main__.py").write_text(PACK)
    return folder


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "bench", config={"toy:region": "north", "demo:word": "hush-hush"},
                 secret_keys=frozenset({"demo:word"}))  # fmt: skip


def said(outcome):
    return sorted((one.policy, one.level, one.urn.rsplit("::", 1)[-1]) for one in outcome.violations)


def test_a_preview_tells_every_violation_and_touches_nothing(bench, pack):
    bench.program('[Thing(n, size=i) for i, n in enumerate("abcdef", 1)]')
    outcome = bench.run("preview", policy_packs=(pack,))
    assert isinstance(outcome.error, PolicyViolated)
    assert [name for policy, _, name in said(outcome) if policy == "small"] == ["d", "e", "f"]
    (few,) = [one for one in outcome.violations if one.policy == "few"]
    assert "6 things: a, b, c, d, e, f" in few.message
    assert (few.pack, few.version) == ("toy", "2.1.0")
    assert bench.cloud.ids() == set()
    assert not bench.file.exists()


def test_what_is_advised_stops_nothing_and_no_pack_is_given_a_secret(bench, pack):
    bench.program('Thing("a", size=3)')
    outcome = bench.run("up", policy_packs=(pack,))
    assert outcome.ok, outcome.error
    assert said(outcome) == [("protected", "advisory", "a")]
    (told,) = [one for one in outcome.diagnostics if one.severity == "warning"]
    assert "[advisory] protected (toy@v2.1.0): Things are protected." in told.message
    assert "hush-hush" not in told.message
    assert "'toy:region': 'north'" in told.message


def test_a_run_that_writes_stops_before_the_resource_that_violates_a_policy(bench, pack):
    bench.program('a = Thing("a", size=1)\nb = Thing("b", size=9, of=a.serial)\nThing("c", of=b.serial)')
    outcome = bench.run("up", policy_packs=(pack,))
    assert isinstance(outcome.error, PolicyViolated)
    assert bench.cloud.ids() == bench.ids() == {"/things/a"}


def test_what_goes_away_is_no_part_of_the_stack_that_is_asked_about(bench, pack):
    bench.up('Thing("a")\nThing("b")')
    bench.program('Thing("c")\nThing("d")')
    outcome = bench.run("up", policy_packs=(pack,))
    assert outcome.ok, outcome.error
    assert bench.ids() == {"/things/c", "/things/d"}


def test_a_pack_that_does_not_start_says_why_and_nothing_is_touched(bench, pack):
    (pack / "__main__.py").write_text('raise LookupError("no rules today")')
    bench.program('Thing("a")')
    outcome = bench.run("up", policy_packs=(pack,))
    assert isinstance(outcome.error, PolicyPackFailed)
    assert "no rules today" in str(outcome.error)
    assert bench.cloud.ids() == set()


def test_a_folder_that_is_no_pack_and_a_pack_in_another_language_are_refused_by_name(bench, pack, tmp_path):
    bench.program('Thing("a")')
    nothing = bench.run("preview", policy_packs=(tmp_path / "nowhere",))
    assert isinstance(nothing.error, PolicyPackFailed)
    assert "PulumiPolicy.yaml cannot be read" in str(nothing.error)
    (pack / "PulumiPolicy.yaml").write_text("runtime: nodejs\n")
    foreign = bench.run("preview", policy_packs=(pack,))
    assert isinstance(foreign.error, NotSupported)
    assert "nodejs" in str(foreign.error)


def test_a_pack_that_would_change_resources_is_refused_by_name(bench, pack):
    (pack / "__main__.py").write_text(PACK.replace("EnforcementLevel.ADVISORY", "EnforcementLevel.REMEDIATE"))
    bench.program('Thing("a")')
    outcome = bench.run("preview", policy_packs=(pack,))
    assert isinstance(outcome.error, NotSupported)
    assert "remediate (policy 'protected'" in str(outcome.error)
