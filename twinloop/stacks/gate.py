"""The gate: what is known to be wrong with a plan stops `up` before anything is touched.

Whichever engine planned, the same rules judge: the policy packs, and the checks that need what stood before.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twinloop.clouds import stack_file
from twinloop.engine import PolicyViolated
from twinloop.problems import Problem
from twinloop.stacks import packs
from twinloop.stacks.plan_refused import PlanRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checks.findings import Finding
    from checks.plan import Resource, StackPlan
    from twinloop.clouds.stack_file import StackFile
    from twinloop.engine import Outcome
    from twinloop.stacks.target import Target

_GRAVEST_FIRST = ("refuse", "warn", "note")


def judge_planned(target: Target, outcome: Outcome) -> tuple[Outcome, tuple[Finding, ...]]:
    """Judge what the embedded engine planned.

    Args:
        target: what was previewed.
        outcome: of the preview.

    Returns:
        The outcome, with its error where the plan may not be carried out, and every finding.
    """
    from twinloop.stacks import plans

    if outcome.error is not None and not isinstance(outcome.error, PolicyViolated):
        return outcome, ()
    before = [plans.resource_of(target.stack, state) for state in outcome.standing.before]
    after = plans.evaluated(target.stack, outcome.standing.after, outcome)
    return _judged(target, outcome, plans.plan(before, after))


def judge_official(target: Target, outcome: Outcome) -> tuple[Outcome, tuple[Finding, ...]]:
    """Judge what the official CLI planned: its preview, on what its state knows.

    Raises:
        Problem: its state cannot be read.
    """
    from twinloop.stacks import official_plan, plans

    if outcome.error is not None and not isinstance(outcome.error, PolicyViolated):
        return outcome, ()
    entries = official_plan.deployment(target) or ()
    before = official_plan.standing(target.stack, entries)
    return _judged(target, outcome, plans.plan(before, official_plan.evaluated(target, outcome, entries)))


def _judged(target: Target, outcome: Outcome, plan: StackPlan) -> tuple[Outcome, tuple[Finding, ...]]:
    config, hush = _settings(target)
    found = [
        *(packs.finding(target.stack, one) for one in outcome.violations),
        *packs.judged(target, plan.after, config),
        *_checked(target, plan),
    ]
    told = tuple(sorted((hush(one) for one in dict.fromkeys(found)), key=_rank))
    refused = [one for one in told if one.severity == "refuse"]
    if refused:
        return replace(outcome, ok=False, error=PlanRefused(refused)), told
    return outcome, told


def _rank(one: Finding) -> tuple[int, str, str, str]:
    """The gravest first; in the same order however the plan came about."""
    return (_GRAVEST_FIRST.index(one.severity), one.rule, one.resource, one.what)


def _checked(target: Target, plan: StackPlan) -> tuple[Finding, ...]:
    """What the checks say about the change, beside what else stands on the twin."""
    if all(change.op == "same" for change in plan.changes):
        return ()
    from checks import access_findings, gate
    from twinloop.stacks import stated, stated_needs

    files = _files(target)
    others = _others(target, files)
    found = gate.findings(
        plan,
        others=others,
        limits=stated.quotas(files),
        waivers=stated.waivers(target.file),
        people=stated.people(files),
        ways_in=[one for file in files for one in stated_needs.ways_in(file)],
        expected=[one for file in files for one in stated_needs.expected_deployments(file)],
    )
    needed = stated.needed_stack(target.file)
    if needed and not others.get(needed):
        found = tuple(access_findings.perhaps_of(needed, found))
    # Of a stack that is new everything opens and everybody gains: that says nothing about a change.
    return found if plan.before else tuple(one for one in found if one.severity == "refuse")


def _files(target: Target) -> list[StackFile]:
    """The stack files that can be read: a broken one of another stack is told of when it is acted on."""
    found = [target.file]
    for name in stack_file.known(target.home.checkout):
        if name != target.stack:
            with suppress(Problem):
                found.append(stack_file.read(target.home.checkout, name))
    return found


def _others(target: Target, files: Iterable[StackFile]) -> dict[str, tuple[Resource, ...]]:
    """What stands in the twin's other stacks; what stands on Azure in others is not asked for."""
    if target.cloud != "twin":
        return {}
    from twinloop.stacks import official_plan

    found = {}
    for file in files:
        if file.name != target.stack:
            with suppress(Problem):
                entries = official_plan.deployment(replace(target, file=file))
                found[file.name] = official_plan.standing(file.name, entries or ())
    return found


def _settings(target: Target) -> tuple[dict[str, str], Any]:
    """The stack's settings as text, and a function that keeps its secrets out of what is told."""
    from twinloop.engine.hushing import hush
    from twinloop.stacks.local_state import configuration

    given = configuration(target.file)
    return dict(given.values), hush(given.hushed)
